"""Object container files of Avro, block by block: each can be read by itself, once the header is known."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from pyflinkx.errors import SourceError
from pyflinkx.formats.avro_schema import fastavro_module
from pyflinkx.formats.opening import open_file, os_error_text

MAGIC = b"Obj\x01"
SYNC = 16
READ = 1 << 16
# A block whose head says more than this is none; bounds the memory that a damaged file can take.
MAX_BLOCK = 1 << 30


class AvroBlocks:
    """The blocks of a part of a file.

    Args:
        path: of the file.

    Raises:
        SourceError: it is missing, unreadable, or no Avro file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.file = open_file(path)
        try:
            self._window, self._at = b"", 0  # bytes that were read, and where in the file they begin
            self.at = 0  # of the next byte
            if self._take(len(MAGIC)) != MAGIC:
                raise self._failure("it has no header of one")
            self._pass_metadata()
            sync_at = self.at
            self.sync = self._take(SYNC)
            self.first = self.at
            self.header = self._between(0, sync_at) + self.sync
            reader = self._reader(self.header, None)
            self.schema: Any = reader.writer_schema
        except BaseException:
            self.file.close()
            raise

    def _failure(self, why: str) -> SourceError:
        return SourceError(f"{self.path}: cannot be read as an Avro file, or not on: {why}")

    # ---- bytes ----

    def _fill(self, count: int) -> None:
        """Have so many bytes from here on in the window, fewer at the end of the file."""
        start = self.at - self._at
        if start >= 0 and start + count <= len(self._window):
            return
        try:
            self.file.seek(self.at)
            pieces, size = [], 0
            while size < count:
                piece = self.file.read(max(READ, count - size))
                if not piece:
                    break
                pieces.append(piece)
                size += len(piece)
        except OSError as error:
            raise self._failure(os_error_text(error)) from error
        self._window, self._at = b"".join(pieces), self.at

    def _take(self, count: int) -> bytes:
        self._fill(count)
        start = self.at - self._at
        data = self._window[start : start + count]
        if len(data) < count:
            raise self._failure(f"it ends at byte {self.at + len(data)}, in the middle: it was cut off")
        self.at += count
        return data

    def _between(self, start: int, end: int) -> bytes:
        here, self.at = self.at, start
        data = self._take(end - start)
        self.at = here
        return data

    def _number(self) -> int:
        """A number of Avro: seven bits a byte, the sign in the lowest."""
        number = shift = 0
        while True:
            (byte,) = self._take(1)
            number |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return (number >> 1) ^ -(number & 1)
            shift += 7
            if shift > 63:
                raise self._failure(f"there is no number at byte {self.at - 10}")

    def _pass_metadata(self) -> None:
        while (count := self._number()) != 0:
            if count < 0:
                self._size()
            for _ in range(2 * abs(count)):
                self._take(self._size())

    def _size(self) -> int:
        size = self._number()
        if not 0 <= size <= MAX_BLOCK:
            raise self._failure(f"there is no size before byte {self.at}")
        return size

    # ---- blocks ----

    def find(self, start: int) -> None:
        """Go to the first block whose sync marker before it begins at a byte or behind it."""
        if start <= self.first - SYNC:
            self.at = self.first
            return
        self.at = start
        while True:
            self._fill(READ)
            begin = self.at - self._at
            found = self._window.find(self.sync, begin)
            if found >= 0:
                self.at = self._at + found + SYNC
                return
            if len(self._window) - begin < READ:
                self.at = self._at + len(self._window)  # the end of the file
                return
            self.at += READ - SYNC

    def next(self, end: int | None) -> tuple[int, bytes] | None:
        """How many records the next block has, and its bytes; None at the end of the file, or of the part.

        Args:
            end: of the part, in bytes; None for that of the file.
        """
        if end is not None and self.at - SYNC >= end:
            return None
        self._fill(1)
        if self.at - self._at >= len(self._window):
            return None
        begin = self.at
        count = self._number()
        size = self._size()
        if count < 0:
            raise self._failure(f"there is no block at byte {begin}")
        head = self.at - begin
        self.at = begin
        data = self._take(head + size + SYNC)
        if data[-SYNC:] != self.sync:
            raise self._failure(f"the block at byte {begin} does not end with the file's marker: it is damaged")
        return count, data

    def records(self, block: bytes, reader_schema: Any) -> Iterator[Any]:
        """The records of blocks.

        Args:
            block: their bytes, one after the other.
            reader_schema: what they are read with; None for the schema that they were written with.
        """
        try:
            yield from self._reader(self.header + block, reader_schema)
        except SourceError:
            raise
        except Exception as error:  # fastavro raises what there is, also for damaged data
            raise self._failure(f"{type(error).__name__}: {error}") from error

    def _reader(self, data: bytes, reader_schema: Any) -> Any:
        library = fastavro_module()
        try:
            return library.reader(io.BytesIO(data), reader_schema)
        except Exception as error:
            raise self._failure(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self.file.close()
