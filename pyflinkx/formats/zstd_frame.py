"""A frame of Zstandard (RFC 8878), decompressed block by block.

A decompressor gives all that its input stands for, and four bytes of it may stand for 128 KiB. So it is fed one block
at a time: the walk over their headers bounds what comes out, and sees where a frame is cut off and how large its window
is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MAGIC = 0xFD2FB528
SKIPPABLE = 0x184D2A5
DICTIONARY_ID_BYTES = (0, 1, 2, 4)
CONTENT_SIZE_BYTES = (0, 2, 4, 8)
RLE, RESERVED = 1, 3


class WindowTooLargeError(Exception):
    """A frame needs a larger window than is allowed."""


class ZstdFrame:
    """Decompresses one frame, with the methods of ``bz2.BZ2Decompressor``.

    Args:
        make: makes what decompresses a frame, with a method ``decompress``; as ``ZstdDecompressor().decompressobj``.
        max_window_bytes: the largest window.

    Raises, in ``decompress``:
        ValueError: this is no such frame.
        WindowTooLargeError: its window is too large.
    """

    def __init__(self, make: Callable[[], Any], max_window_bytes: int) -> None:
        self.frame = make()
        self.max_window_bytes = max_window_bytes
        self.waiting = bytearray()
        self.step: Callable[[], bytes | None] = self._magic
        self.skipped = 0
        self.checksum_bytes = 0
        self.needs_input = True
        self.eof = False

    @property
    def unused_data(self) -> bytes:
        """What was given after the end of the frame."""
        return bytes(self.waiting) if self.eof else b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take more input, and give what one block holds, whatever ``max_length`` is: up to 128 KiB."""
        self.waiting += data
        while not self.eof:
            piece = self.step()
            if piece is None:
                self.needs_input = True
                return b""
            output: bytes = self.frame.decompress(piece) if piece else b""
            if output:
                self.needs_input = False
                return output
        return b""

    # Each step returns bytes for the decompressor, none if there is only something else to do next, or None where it
    # needs more input.

    def _take(self, count: int) -> bytes | None:
        if len(self.waiting) < count:
            return None
        piece = bytes(self.waiting[:count])
        del self.waiting[:count]
        return piece

    def _number(self, start: int, count: int) -> int:
        return int.from_bytes(self.waiting[start : start + count], "little")

    def _magic(self) -> bytes | None:
        if len(self.waiting) < 4:
            return None
        magic = self._number(0, 4)
        if magic == MAGIC:
            self.step = self._header
        elif magic >> 4 == SKIPPABLE:
            self.step = self._skippable
        else:
            raise ValueError("no Zstandard frame begins there")
        return b""

    def _skippable(self) -> bytes | None:
        if len(self.waiting) < 8:
            return None
        self.skipped = self._number(4, 4)
        del self.waiting[:8]
        self.step = self._skip
        return b""

    def _skip(self) -> bytes | None:
        count = min(self.skipped, len(self.waiting))
        del self.waiting[:count]
        self.skipped -= count
        if self.skipped:
            return None
        self.eof = True
        return b""

    def _header(self) -> bytes | None:
        if len(self.waiting) < 5:
            return None
        descriptor = self.waiting[4]
        single = descriptor >> 5 & 1
        size_bytes = CONTENT_SIZE_BYTES[descriptor >> 6] or single
        window_at = 5
        size_at = window_at + 1 - single + DICTIONARY_ID_BYTES[descriptor & 3]
        if len(self.waiting) < size_at + size_bytes:
            return None
        if single:
            window = self._number(size_at, size_bytes)
        else:
            exponent, mantissa = self.waiting[window_at] >> 3, self.waiting[window_at] & 7
            window = (8 + mantissa) << (7 + exponent)
        if window > self.max_window_bytes:
            raise WindowTooLargeError
        self.checksum_bytes = descriptor & 4
        self.step = self._block
        return self._take(size_at + size_bytes)

    def _block(self) -> bytes | None:
        if len(self.waiting) < 3:
            return None
        header = self._number(0, 3)
        kind, size = header >> 1 & 3, header >> 3
        if kind == RESERVED:
            raise ValueError("a block is of no known kind")
        piece = self._take(3 + (1 if kind == RLE else size))
        if piece is not None and header & 1:
            self.step = self._checksum
        return piece

    def _checksum(self) -> bytes | None:
        piece = self._take(self.checksum_bytes)
        if piece is not None:
            self.eof = True
        return piece
