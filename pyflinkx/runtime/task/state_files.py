"""State that is files of its backend: what a checkpoint has of them, and what a task begins with."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pyflinkx.checkpoint.metadata import StatePart
from pyflinkx.checkpoint.reader import StateReader
from pyflinkx.checkpoint.writer import StateWriter
from pyflinkx.errors import CorruptDataError
from pyflinkx.state.spec import FILE, FILES

# The name of the state that says what is in the files.
META = "files"


def write_files(writer: StateWriter, snapshot: Any, bases: Collection[int]) -> list[int]:
    """Write a ``state.rocksdb.files.FilesSnapshot``, but for what a base of the checkpoint has.

    Args:
        writer: of the task's states.
        snapshot: of a database.
        bases: numbers of checkpoints whose files may be named.

    Returns:
        The places of its parts in what ``writer.finish`` returns: of what it says of itself, then of its files.

    Raises:
        StorageError: a file cannot be written.
    """
    places = list(writer.add_bytes(META, FILES, snapshot.meta, groups=snapshot.groups))
    snapshot.kept.forget_but(bases)
    for file in snapshot.files:
        known = snapshot.kept.find(file.name, bases) if file.shared else None
        if known is not None:
            places += writer.name_again(known)
        else:
            places += writer.add_file(file.name, FILE, file.path, snapshot.groups, file.shared)
    return places


def keep_files(snapshot: Any, number: int, parts: Sequence[StatePart]) -> None:
    """The files of a snapshot are written: what never changes may be named by later checkpoints.

    Args:
        snapshot: of a database.
        number: of the checkpoint.
        parts: as ``write_files`` placed them.
    """
    shared = {file.name for file in snapshot.files if file.shared}
    snapshot.kept.keep(number, {part.state: part for part in parts if part.state in shared})


class StoredFiles:
    """The files of a subtask in a checkpoint, as ``state.rocksdb.files.RestoredFiles`` wants them.

    Args:
        reader: of the checkpoint.
        parts: of the subtask: of kind ``FILES`` and ``FILE``.
        number: of the checkpoint.
        owned: whether later checkpoints may name its files.

    Raises:
        StorageError, CorruptDataError, UntrustedStateError: it cannot be read.
    """

    def __init__(self, reader: StateReader, parts: Sequence[StatePart], number: int, owned: bool) -> None:
        self._reader = reader
        self._files = [part for part in parts if part.kind == FILE]
        described = [part for part in parts if part.kind == FILES]
        if len(described) != 1:
            raise CorruptDataError(f"{reader.folder}: a subtask has files of its state, and nothing says what they are")
        self.meta = reader.read_bytes(described[0])
        self.number = number
        self.places: Mapping[str, StatePart] = {part.state: part for part in self._files if owned and part.file}
        for part in self._files:
            if os.path.basename(part.state) != part.state or part.state in ("", ".", ".."):
                raise CorruptDataError(f"{reader.folder}: {part.state!r} is no name of a file of states")

    def lay_out(self, folder: str) -> None:
        """Put the files into a folder.

        Raises:
            StorageError, CorruptDataError, UntrustedStateError: a file is missing, damaged or not to be trusted.
        """
        for part in self._files:
            self._reader.lay_out(part, os.path.join(folder, part.state))


def files_of(parts: Sequence[StatePart]) -> tuple[StatePart, ...]:
    """Of a subtask's parts those that are files, or say what is in them."""
    return tuple(part for part in parts if part.kind in (FILE, FILES))
