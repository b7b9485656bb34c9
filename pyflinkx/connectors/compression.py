"""Files that are compressed, by the ending of their names."""

from __future__ import annotations

import bz2
import gzip
import importlib
import lzma
import os
import zlib
from collections.abc import Callable
from typing import Any

from pyflinkx.connectors.files import open_file
from pyflinkx.errors import MissingExtraError

CHUNK_BYTES = 1 << 16


class FramesReader:
    """Reads frames that follow each other, by an object such as ``zlib.decompressobj()`` for each.

    Args:
        file: of compressed bytes.
        make: makes what decompresses one frame; it has ``decompress``, ``eof`` and ``unused_data``.
    """

    def __init__(self, file: Any, make: Callable[[], Any]) -> None:
        self.file = file
        self.make = make
        self.frame: Any = None
        self.compressed = b""
        self.data = b""

    def read(self, count: int) -> bytes:
        """Up to ``count`` bytes, none at the end.

        Raises:
            EOFError: the file ends within a frame.
        """
        while not self.data:
            if not self.compressed:
                self.compressed = self.file.read(CHUNK_BYTES)
            if not self.compressed:
                if self.frame is not None:
                    raise EOFError("the compressed data ends in the middle")
                return b""
            if self.frame is None:
                self.frame = self.make()
            self.data = self.frame.decompress(self.compressed)
            self.compressed = b""
            if self.frame.eof:
                self.compressed = self.frame.unused_data
                self.frame = None
        data, self.data = self.data[:count], self.data[count:]
        return data

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class Decompressed:
    """A decompressor of the standard library, with the file that it reads.

    Args:
        reader: decompresses.
        file: of compressed bytes.
    """

    def __init__(self, reader: Any, file: Any) -> None:
        self.reader = reader
        self.file = file

    def read(self, count: int) -> bytes:
        """Up to ``count`` bytes, none at the end."""
        data: bytes = self.reader.read(count)
        return data

    def close(self) -> None:
        """Close both."""
        self.reader.close()
        self.file.close()


def _zstd(file: Any) -> FramesReader:
    try:
        zstandard = importlib.import_module("zstandard")
    except ImportError as error:
        raise MissingExtraError("reading .zst files needs zstandard: pip install 'pyflinkx[zstd]'") from error
    return FramesReader(file, zstandard.ZstdDecompressor().decompressobj)


def _gzip(file: Any) -> Decompressed:
    return Decompressed(gzip.GzipFile(fileobj=file, mode="rb"), file)


READERS: dict[str, Callable[[Any], Any]] = {
    ".gz": _gzip,
    ".gzip": _gzip,
    ".bz2": lambda file: Decompressed(bz2.BZ2File(file), file),
    ".xz": lambda file: Decompressed(lzma.LZMAFile(file), file),  # noqa: SIM115 - closed by its owner
    ".deflate": lambda file: FramesReader(file, zlib.decompressobj),
    ".zst": _zstd,
    ".zstd": _zstd,
}

# What damaged data raises; zstandard's errors are known once it is imported.
DAMAGE = (EOFError, zlib.error, lzma.LZMAError)


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
            return file, os.fstat(file.fileno()).st_size
        return reader(file), 0
    except BaseException:
        file.close()
        raise


def is_damage(error: Exception) -> bool:
    """Whether that is what damaged compressed data raises."""
    return isinstance(error, (OSError, *DAMAGE)) or type(error).__name__ == "ZstdError"
