"""Checkpoints of a database as files that never change, of which two checkpoints in a row have most in common."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.errors import CorruptDataError
from pyflinkx.state.rocksdb.folders import WorkingFolder

FORMAT = 1
# Files of this kind are written once, and are in every checkpoint until compaction has made others of them.
SHARED_SUFFIX = ".sst"


@dataclass(frozen=True)
class SnapshotFile:
    """A file of a snapshot.

    Args:
        name: within the database's folder.
        path: where it is now.
        size: bytes.
        shared: whether it never changes, so that all checkpoints that have it need only one of it.
    """

    name: str
    path: str
    size: int
    shared: bool


class KeptFiles:
    """Where checkpoints keep the files of one database that never change, by number and name: a name is given once.

    What is kept for a checkpoint may be named by a later one when that one's bases have it: then it is durable, and
    stays. Whoever writes the snapshots of a database does so in one thread.
    """

    def __init__(self) -> None:
        self._places: dict[int, Mapping[str, Any]] = {}

    def keep(self, number: int, places: Mapping[str, Any]) -> None:
        """A snapshot has been written.

        Args:
            number: of the checkpoint.
            places: of its files that never change, by name.
        """
        self._places[number] = places

    def find(self, name: str, bases: Collection[int]) -> Any:
        """Where one of the checkpoints ``bases`` keeps a file; None if none does."""
        for number in sorted(bases, reverse=True):
            place = self._places.get(number, {}).get(name)
            if place is not None:
                return place
        return None

    def forget_but(self, bases: Collection[int]) -> None:
        """No checkpoint may name files of those before the newest of ``bases`` any more, but of ``bases``."""
        newest = max(bases, default=0)
        for number in [number for number in self._places if number < newest and number not in bases]:
            del self._places[number]


@dataclass(frozen=True)
class FilesSnapshot:
    """A database at a barrier: hard links to its files, which stay as they are whatever the operator does from now on.

    Args:
        folder: in which the database works.
        name: of the folder in it that has the links; ``release`` removes that.
        files: all that a restore needs.
        meta: what is in them, to be given back to ``restore_files``.
        groups: the first and the last key group of the subtask.
        batches: what is not in the database, in the form of ``state.rows``: states that nobody has asked for.
        kept: where checkpoints keep the files of this database.
    """

    folder: WorkingFolder
    name: str
    files: tuple[SnapshotFile, ...]
    meta: bytes
    groups: tuple[int, int]
    batches: tuple[ColumnBatch, ...] = ()
    kept: KeptFiles = field(default_factory=KeptFiles)

    def release(self) -> None:
        """Remove the links, once what is needed has been copied."""
        self.folder.drop(self.name)


class RestoredFiles(Protocol):
    """The files of a snapshot that a restore begins with.

    Attributes:
        meta: of the snapshot.
        number: of its checkpoint.
        places: where that keeps the files that never change, by name, so far as later ones may name them.
    """

    meta: bytes
    number: int
    places: Mapping[str, Any]

    def lay_out(self, folder: str) -> None:
        """Put the files into a folder, proved to be what was written; hard links of what never changes will do.

        Raises:
            StorageError, CorruptDataError, UntrustedStateError: a file is missing, damaged or not to be trusted.
        """


@dataclass(frozen=True)
class StoredState:
    """A state in the files.

    Args:
        name: of the state.
        kind: of the state.
        number: in the keys of its rows.
        layout: of its values: the class of its table.
        key, value: what the codecs of its keys and of its rows' values say of themselves.
    """

    name: str
    kind: str
    number: int
    layout: str
    key: bytes
    value: bytes


@dataclass(frozen=True)
class FilesMeta:
    """What is in the files of a snapshot.

    Args:
        groups: the first key group, and the one after the last.
        max_parallelism: the number of key groups.
        next_number: greater than all numbers of pieces of lists.
        states: that are there.
    """

    groups: tuple[int, int]
    max_parallelism: int
    next_number: int
    states: tuple[StoredState, ...]

    def to_bytes(self) -> bytes:
        """As JSON."""
        states = [
            {
                "name": state.name,
                "kind": state.kind,
                "number": state.number,
                "layout": state.layout,
                "key": base64.b64encode(state.key).decode(),
                "value": base64.b64encode(state.value).decode(),
            }
            for state in self.states
        ]
        about = {
            "format": FORMAT,
            "groups": self.groups,
            "max_parallelism": self.max_parallelism,
            "next_number": self.next_number,
            "states": states,
        }
        return json.dumps(about, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> FilesMeta:
        """What ``to_bytes`` wrote.

        Raises:
            CorruptDataError: it did not, or in another release's format.
        """
        try:
            about = json.loads(data)
            if about["format"] != FORMAT:
                raise CorruptDataError(
                    f"a RocksDB snapshot has format {about['format']}, and this release reads format {FORMAT} only"
                )
            states = tuple(
                StoredState(
                    str(state["name"]),
                    str(state["kind"]),
                    int(state["number"]),
                    str(state["layout"]),
                    base64.b64decode(state["key"], validate=True),
                    base64.b64decode(state["value"], validate=True),
                )
                for state in about["states"]
            )
            first, stop = about["groups"]
            return cls((int(first), int(stop)), int(about["max_parallelism"]), int(about["next_number"]), states)
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptDataError(f"what a RocksDB snapshot says of itself is damaged: {error}") from error


def files_in(folder: str) -> tuple[SnapshotFile, ...]:
    """The files of a database that was linked."""
    with os.scandir(folder) as entries:
        return tuple(
            SnapshotFile(entry.name, entry.path, entry.stat().st_size, entry.name.endswith(SHARED_SUFFIX))
            for entry in sorted(entries, key=lambda entry: entry.name)
        )


def same_groups(files: Sequence[FilesMeta], groups: range, max_parallelism: int) -> bool:
    """Whether there is one snapshot, of these very key groups."""
    return (
        len(files) == 1
        and files[0].groups == (groups.start, groups.stop)
        and (files[0].max_parallelism == max_parallelism)
    )
