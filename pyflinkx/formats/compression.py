"""Files that are compressed, by the ending of their names."""

from __future__ import annotations

import bz2
import importlib
import lzma
import os
import zlib
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from pyflinkx.errors import MissingExtraError
from pyflinkx.formats.opening import file_size, open_file
from pyflinkx.formats.zstd_frame import WindowTooLargeError, ZstdFrame

CHUNK_BYTES = 1 << 16
# What a frame begins with; doubled from there. What follows a frame is copied, and there may be many small ones.
FIRST_BYTES = 1 << 10
# The window that a decompressor has to keep; what the zstd program accepts too, and twice what xz -9 needs.
MAX_WINDOW_BYTES = 128 << 20
# What liblzma needs besides the window.
XZ_OVERHEAD = 1 << 20
GZIP_HEADER = 16


class CompressedDataError(Exception):
    """Compressed data is damaged, cut off, or needs more memory than is allowed."""


class Frame(Protocol):
    """Decompresses one frame, in pieces; as ``bz2.BZ2Decompressor``."""

    @property
    def eof(self) -> bool:
        """Whether the frame has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more without more input."""

    @property
    def unused_data(self) -> bytes:
        """What was given after the end of the frame."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take more input, and give some output: about ``max_length`` bytes at most."""


class ZlibFrame:
    """A frame of zlib or gzip.

    Args:
        wbits: as of ``zlib.decompressobj``.
    """

    def __init__(self, wbits: int) -> None:
        self.frame = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        """Whether the frame has ended."""
        return self.frame.eof

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more without more input."""
        return not self.frame.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """What was given after the end of the frame."""
        return self.frame.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take more input if all before was used up, and give at most ``max_length`` bytes."""
        return self.frame.decompress(self.frame.unconsumed_tail or data, max_length)


class FramesReader:
    """Reads frames that follow each other, in pieces of bounded size: a small file may hold very much.

    Args:
        file: of compressed bytes.
        make: makes what decompresses one frame.
        padded: whether zeros after a frame mean nothing.
        errors: what a frame raises for damaged data.
    """

    def __init__(self, file: Any, make: Callable[[], Frame], padded: bool, errors: tuple[type[Exception], ...]) -> None:
        self.file = file
        self.make = make
        self.padded = padded
        self.errors = errors
        self.frame: Frame | None = None
        self.frame_at = 0
        self.given = 0  # bytes, decompressed
        self.frames: deque[tuple[int, int]] = deque([(0, 0)])
        self.chunk = b""
        self.chunk_at = 0
        self.position = 0
        self.piece_at = 0
        self.piece_bytes = FIRST_BYTES
        self.data = b""

    def seek(self, frame_at: int, frame_offset: int, offset: int) -> bool:
        """Go on at another place of the text.

        Args:
            frame_at, frame_offset: as ``frame_before`` gave them.
            offset: in the text, at or after the frame's begin.

        Returns:
            Whether the text is that long.

        Raises:
            CompressedDataError: the data before is damaged.
        """
        self.file.seek(frame_at)
        self.frame, self.data, self.chunk, self.position = None, b"", b"", 0
        self.chunk_at = frame_at
        self.given = frame_offset
        self.frames = deque([(frame_at, frame_offset)])
        while self.given < offset:
            if not self.read(min(CHUNK_BYTES, offset - self.given)):
                return False
        return True

    def frame_before(self, offset: int) -> tuple[int, int]:
        """Where a frame begins at or before an offset in the text, in the file and in the text.

        Args:
            offset: at or after that of the call before.
        """
        while len(self.frames) > 1 and self.frames[1][1] <= offset:
            self.frames.popleft()
        return self.frames[0]

    def read(self, count: int) -> bytes:
        """Up to ``count`` bytes, none at the end.

        Raises:
            CompressedDataError: the data is damaged, or the file ends within a frame.
        """
        while not self.data:
            frame = self.frame or self._begin()
            if frame is None:
                return b""
            piece = self._piece() if frame.needs_input else b""
            try:
                self.data = frame.decompress(piece, count)
            except self.errors as error:
                raise self._failure(error) from error
            if frame.eof:
                # It is the end of the last piece: what came before the piece was used up when the piece was asked for.
                self.position -= len(frame.unused_data)
                self.frame = None
        data, self.data = self.data[:count], self.data[count:]
        self.given += len(data)
        return data

    def _begin(self) -> Frame | None:
        """The next frame, None at the end of the file."""
        if self.padded and self.chunk_at + self.position:
            self._skip_zeros()
        if self.position == len(self.chunk) and not self._next_chunk():
            return None
        self.frame_at = self.chunk_at + self.position
        if self.given - self.frames[-1][1] >= CHUNK_BYTES:  # few enough to remember, though frames may be small
            self.frames.append((self.frame_at, self.given))
        self.piece_bytes = FIRST_BYTES
        self.frame = self.make()
        return self.frame

    def _skip_zeros(self) -> None:
        while self.position < len(self.chunk) or self._next_chunk():
            if self.chunk[self.position]:
                return
            rest = self.chunk[self.position :].lstrip(b"\0")
            self.position = len(self.chunk) - len(rest)

    def _piece(self) -> bytes:
        if self.position == len(self.chunk) and not self._next_chunk():
            raise CompressedDataError(
                f"the compressed data ends in the middle, at byte {self.chunk_at}, of what begins at byte "
                f"{self.frame_at}"
            )
        piece = self.chunk[self.position : self.position + self.piece_bytes]
        self.piece_at = self.chunk_at + self.position
        self.position += len(piece)
        self.piece_bytes = min(2 * self.piece_bytes, CHUNK_BYTES)
        return piece

    def _next_chunk(self) -> bool:
        self.chunk_at += len(self.chunk)
        self.chunk, self.position = self.file.read(CHUNK_BYTES), 0
        return bool(self.chunk)

    def _failure(self, error: Exception) -> CompressedDataError:
        if isinstance(error, WindowTooLargeError) or "Memory usage limit" in str(error):
            return CompressedDataError(
                f"what begins at byte {self.frame_at} was compressed with a window of more than "
                f"{MAX_WINDOW_BYTES >> 20} MiB, which reading has to keep in memory; decompress the file first, or "
                "compress it with a smaller one"
            )
        end = self.chunk_at + self.position
        return CompressedDataError(f"the compressed data is damaged at or before byte {end}: {error}")

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def _zstd(file: Any) -> FramesReader:
    try:
        zstandard = importlib.import_module("zstandard")
    except ImportError as error:
        raise MissingExtraError("reading .zst files needs zstandard: pip install 'pyflinkx[zstd]'") from error
    # One context for all frames: making it takes longer than reading a small frame.
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
    errors = (zstandard.ZstdError, WindowTooLargeError, ValueError)
    return FramesReader(file, lambda: ZstdFrame(decompressor.decompressobj, MAX_WINDOW_BYTES), False, errors)


def _gzip(file: Any) -> FramesReader:
    return FramesReader(file, lambda: ZlibFrame(zlib.MAX_WBITS + GZIP_HEADER), True, (zlib.error,))


def _xz(file: Any) -> FramesReader:
    limit = MAX_WINDOW_BYTES + XZ_OVERHEAD
    return FramesReader(file, lambda: lzma.LZMADecompressor(memlimit=limit), True, (lzma.LZMAError,))


READERS: dict[str, Callable[[Any], FramesReader]] = {
    ".gz": _gzip,
    ".gzip": _gzip,
    ".bz2": lambda file: FramesReader(file, bz2.BZ2Decompressor, True, (OSError,)),
    ".xz": _xz,
    ".deflate": lambda file: FramesReader(file, lambda: ZlibFrame(zlib.MAX_WBITS), False, (zlib.error,)),
    ".zst": _zstd,
    ".zstd": _zstd,
}


def open_data(path: str) -> tuple[Any, int]:
    """A file, decompressed where its name says that it is compressed, and its size as far as that can be held to.

    Returns:
        What has ``read(count)`` and ``close()``, and the bytes that it must have; 0 where only reading tells.

    Raises:
        SourceError: it is missing, unreadable, or no regular file.
        MissingExtraError: reading it needs a package that is not installed.
    """
    file = open_file(path)
    try:
        reader = READERS.get(os.path.splitext(path)[1].lower())
        if reader is None:
            return file, file_size(path)
        return reader(file), 0
    except BaseException:
        file.close()
        raise
