"""Reads the states of a checkpoint. No byte is looked at before all of its part have proved to be what was written."""

from __future__ import annotations

import os
from contextlib import suppress

import xxhash

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.checkpoint.files import FileSystem, Input, refused
from pyflinkx.checkpoint.local_files import SystemCalls
from pyflinkx.checkpoint.locations import file_system
from pyflinkx.checkpoint.manifest import SHARED, SHARED_FOLDER
from pyflinkx.checkpoint.metadata import StatePart
from pyflinkx.checkpoint.parts import decoded_part
from pyflinkx.checkpoint.secret import STATE, same_tag, tag_of
from pyflinkx.errors import CorruptDataError, UntrustedStateError

# Bytes of a file that are read at once.
PIECE = 1 << 20


class StateReader:
    """Reads parts of one checkpoint; ``close`` closes the files.

    Args:
        folder: of the checkpoint; "" for one that lies in memory.
        secret: of the installation.
        system: the calls of the operating system.
    """

    def __init__(self, folder: str, secret: bytes, system: SystemCalls | None = None) -> None:
        self.folder = folder
        self.secret = secret
        self._files = file_system(folder, system) if folder else None
        self._open: dict[str, Input] = {}

    def read(self, part: StatePart) -> ColumnBatch:
        """The batch of a part.

        Raises:
            StorageError: its file is missing, cut, or cannot be read.
            CorruptDataError: its bytes are other ones than were written, or no batch.
            UntrustedStateError: it holds pickles, and was not signed with the secret of this installation.
        """
        data = self._checked(part)
        signed = bool(part.tag) and self._signed(part, data)
        if part.pickled and not signed:
            raise self._refusal(part)
        try:
            batch = decoded_part(data, signed)
        except CorruptDataError as error:
            raise CorruptDataError(f"{self._place(part)}: {error}") from error
        if batch is None:
            raise self._refusal(part)
        if len(batch) != part.rows:
            raise CorruptDataError(f"{self._place(part)}: it has {len(batch)} rows instead of {part.rows}")
        return batch

    def read_bytes(self, part: StatePart, pickled: bool = True) -> bytes:
        """The bytes of a part that ``StateWriter.add_bytes`` was given.

        Args:
            part: which one.
            pickled: whether the caller will unpickle them.

        Raises:
            StorageError, CorruptDataError, UntrustedStateError: as ``read`` does.
        """
        data = self._checked(part)
        if (pickled or part.pickled) and not self._signed(part, data):
            raise self._refusal(part)
        return bytes(data)

    def check(self, part: StatePart) -> bytes | bytearray:
        """Look at every byte of a part, and decode none; they are returned.

        Raises:
            StorageError, CorruptDataError, UntrustedStateError: as ``read`` does.
        """
        data = self._checked(part)
        if part.pickled and not self._signed(part, data):
            raise self._refusal(part)
        return data

    def lay_out(self, part: StatePart, target: str) -> None:
        """Make a file of this machine with the bytes of a part, which are those that were written, and signed.

        What is a file of its own becomes a hard link, where that can be: nobody may change it.

        Args:
            part: which one.
            target: the path of the new file; nothing is there when this fails.

        Raises:
            StorageError, CorruptDataError, UntrustedStateError: as ``read`` does.
        """
        try:
            if part.file.startswith(SHARED):
                self._laid_out(part, target)
            else:
                with refused("written", target), open(target, "xb") as file:
                    file.write(self.check(part))
        except BaseException:
            with suppress(OSError):
                os.unlink(target)
            raise

    def _laid_out(self, part: StatePart, target: str) -> None:
        self.check_end(part.file, part.size)
        source = self._input(part.file)
        linked = self._system().link(source.path, target)
        digest, tag = xxhash.xxh3_128(), tag_of(self.secret, STATE)
        with refused("written", target), open(target, "rb" if linked else "xb") as file:
            for at in range(0, part.size, PIECE):
                size = min(PIECE, part.size - at)
                piece = file.read(size) if linked else source.read(at, size)
                digest.update(piece)
                tag.update(piece)
                if not linked:
                    file.write(piece)
        if digest.digest() != part.digest:
            raise self._damage(part)
        if not same_tag(part.tag, tag.digest()):
            raise self._refusal(part)

    def check_end(self, file: str, end: int) -> None:
        """Look whether a file has so many bytes.

        Raises:
            CorruptDataError: it has more.
        """
        size = self._input(file).size
        if size != end:
            raise CorruptDataError(f"{self._path(file)}: it has {size} bytes, of which its states are {end}")

    def _checked(self, part: StatePart) -> bytes | bytearray:
        """The bytes of a part, which have the length and the digest that the manifest says."""
        data = self._input(part.file).read(part.offset, part.size) if part.file else part.data
        if len(data) != part.size or xxhash.xxh3_128_digest(data) != part.digest:
            raise self._damage(part)
        return data

    def _damage(self, part: StatePart) -> CorruptDataError:
        return CorruptDataError(f"{self._place(part)}: it is damaged: its digest is another than that of its bytes")

    def _input(self, name: str) -> Input:
        found = self._open.get(name)
        if found is None:
            found = self._open[name] = self._system().open(self._path(name))
        return found

    def _system(self) -> FileSystem:
        if self._files is None:
            raise CorruptDataError("a checkpoint that lies in memory names a file")
        return self._files

    def _path(self, name: str) -> str:
        if name.startswith(SHARED):
            return self._system().join(self.folder.rpartition("/")[0], SHARED_FOLDER, name.removeprefix(SHARED))
        return self._system().join(self.folder, name)

    def _signed(self, part: StatePart, data: bytes | bytearray) -> bool:
        tag = tag_of(self.secret, STATE)
        tag.update(data)
        return same_tag(part.tag, tag.digest())

    def _refusal(self, part: StatePart) -> UntrustedStateError:
        return UntrustedStateError(
            f"{self._place(part)}: it holds pickles that were not signed with the secret of this installation, and "
            "loading them could run anybody's code, so it is refused. If you trust whoever wrote this checkpoint, name "
            "their secret by pyflinkx.security.secret-file or PYFLINKX_SECRET_FILE"
        )

    def _place(self, part: StatePart) -> str:
        """Which part it is, and of which file."""
        where = self._path(part.file) if part.file else f"the manifest of {self.folder or 'a checkpoint in memory'}"
        return f"{where}: state {part.state!r}"

    def close(self) -> None:
        """Close the files."""
        for opened in self._open.values():
            opened.close()
        self._open.clear()
