"""What checkpoints need of files, wherever these are.

A file appears under its name when all of it is durable, and not before. What the system refuses is a StorageError that
names the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyflinkx.errors import StorageError

# Bytes that wait to be written with those behind them.
GATHERED = 1 << 20
# How the name of a file begins that is being written: nobody reads it.
HIDDEN = "."


class Output:
    """A file that is being written. Small pieces are gathered; ``finish`` makes it durable and gives it its name.

    Args:
        path: its name at last.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        self._gathered = bytearray()

    def write(self, data: Any) -> None:
        """Append the bytes of a contiguous buffer.

        Raises:
            StorageError: they cannot be written; the file is to be aborted.
        """
        with memoryview(data) as view, view.cast("B") as piece:
            self.size += piece.nbytes
            if piece.nbytes < GATHERED // 8:
                self._gathered += piece
                if len(self._gathered) >= GATHERED:
                    self._flush()
            else:
                self._flush()
                self._write(piece)

    def _flush(self) -> None:
        if self._gathered:
            gathered, self._gathered = self._gathered, bytearray()
            self._write(memoryview(gathered))

    def _write(self, data: memoryview) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        """All is written: make it durable under its name.

        Raises:
            StorageError: that cannot be done; the file is to be aborted.
        """
        raise NotImplementedError

    def abort(self) -> None:
        """Leave nothing of it, if that can be done; also after ``finish``."""
        raise NotImplementedError


class Input:
    """A file that is being read.

    Args:
        path: its name.
        size: how many bytes it has.
    """

    def __init__(self, path: str, size: int) -> None:
        self.path = path
        self.size = size

    def read(self, offset: int, size: int) -> bytes | bytearray:
        """So many bytes from there on.

        Raises:
            StorageError: they are not there, or cannot be read.
        """
        if offset < 0 or size < 0 or offset > self.size or size > self.size - offset:
            raise StorageError(
                f"{self.path} has {self.size} bytes, so none of the {size} bytes at {offset} can be trusted: it was cut"
            )
        try:
            return self._read(offset, size)
        except MemoryError:
            raise StorageError(f"{self.path}: there is no memory for the {size} bytes at {offset}") from None

    def _read(self, offset: int, size: int) -> bytes | bytearray:
        raise NotImplementedError

    def close(self) -> None:
        """The file is not needed any more."""


class FileSystem:
    """What checkpoints need of a file system. Paths are whole, and those that ``join`` made.

    All methods raise StorageError where the system refuses.
    """

    def join(self, folder: str, *names: str) -> str:
        """The path of what lies in a folder."""
        return "/".join([folder.rstrip("/") or folder, *names])

    def make_folder(self, folder: str) -> None:
        """Make a folder, and those that it lies in, unless they are there."""
        raise NotImplementedError

    def create(self, path: str) -> Output:
        """A new file; its folder is there."""
        raise NotImplementedError

    def linked(self, path: str, source: str) -> Output | None:
        """A new file that is a hard link to a local one; None where there can be none: its bytes are to be written.

        Args:
            path: of the new file, whose folder is there.
            source: the path of the other, which nobody changes.
        """
        return None

    def link(self, path: str, target: str) -> bool:
        """Make ``target``, a new file of this machine, a hard link to a file; whether that can be done."""
        return False

    def open(self, path: str) -> Input:
        """A file that is there."""
        raise NotImplementedError

    def list(self, folder: str) -> list[str]:
        """The names of what lies in a folder, sorted; none if it is not there."""
        raise NotImplementedError

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        raise NotImplementedError

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        raise NotImplementedError

    def remove_folder(self, folder: str) -> bool:
        """Remove an empty folder; False if there is something in it."""
        raise NotImplementedError

    def make_durable(self, folder: str) -> None:
        """What a folder has inside is durable from now on, by name."""

    def read_all(self, path: str) -> bytes | bytearray:
        """All bytes of a file."""
        source = self.open(path)
        try:
            return source.read(0, source.size)
        finally:
            source.close()


@contextmanager
def refused(action: str, path: str, *others: type[Exception]) -> Iterator[None]:
    """Turns what a system raises into an error that names the file."""
    kinds: tuple[type[Exception], ...] = (OSError, *others)
    try:
        yield
    except kinds as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{path} cannot be {action}: {reason(error)}") from error


def reason(error: Exception) -> str:
    """Why a system refuses, in its words."""
    text = error.strerror if isinstance(error, OSError) else None
    return text or str(error) or type(error).__name__
