"""Checkpoints of a database as files that never change, of which two checkpoints in a row have most in common."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import xxhash

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.errors import CorruptDataError, StateBackendError

FORMAT = 1
# Files of this kind are written once, and are in every checkpoint until compaction has made others of them.
SHARED_SUFFIX = ".sst"
PIECE = 1 << 20


@dataclass(frozen=True)
class SnapshotFile:
    """A file of a snapshot.

    Args:
        name: within the database's folder.
        path: where it is now.
        size: bytes.
        shared: whether it never changes, so that all checkpoints that have it need only one of it.
        known: its digest, where it was computed before.
    """

    name: str
    path: str
    size: int
    shared: bool
    known: bytes | None = None

    def digest(self) -> bytes:
        """XXH3 in 128 bits of its bytes; reads the file unless it is known."""
        if self.known is not None:
            return self.known
        digest = xxhash.xxh3_128()
        with open(self.path, "rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
        return digest.digest()


@dataclass
class FilesSnapshot:
    """A database at a barrier: hard links to its files, which stay as they are whatever the operator does from now on.

    Args:
        folder: that holds them, and is removed by ``release``.
        files: all that a restore needs.
        meta: what is in them, to be given back to ``restore_files``.
        batches: what is not in the database, in the form of ``state.rows``: timers, and states nobody has asked for.
        digests: of shared files by name, as they become known; common to the snapshots of a database.
    """

    folder: str
    files: tuple[SnapshotFile, ...]
    meta: bytes
    batches: tuple[ColumnBatch, ...] = ()
    digests: dict[str, bytes] = field(default_factory=dict)

    def remember(self, name: str, digest: bytes) -> None:
        """The digest of a shared file has been computed: the next snapshots know it."""
        self.digests[name] = digest

    def release(self) -> None:
        """Remove the links, once what is needed has been copied."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class RestoredFiles:
    """The files of a snapshot, where a restore finds them.

    Args:
        meta: of the snapshot.
        paths: local files by their names in the snapshot, whose digests were checked.
        digests: of those that are shared, by name, as far as they are known.
    """

    meta: bytes
    paths: Mapping[str, str]
    digests: Mapping[str, bytes] = field(default_factory=dict)


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


def files_in(folder: str, digests: Mapping[str, bytes]) -> tuple[SnapshotFile, ...]:
    """The files of a database that was linked."""
    found = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            shared = entry.name.endswith(SHARED_SUFFIX)
            known = digests.get(entry.name) if shared else None
            found.append(SnapshotFile(entry.name, entry.path, entry.stat().st_size, shared, known))
    return tuple(found)


def lay_out(files: RestoredFiles, folder: str) -> None:
    """Put the files of a snapshot into a folder, as a database has them; what never changes by hard links, if it can.

    Raises:
        StateBackendError: a file is not there, or cannot be written.
    """
    try:
        os.makedirs(folder)
        for name, path in files.paths.items():
            if os.path.basename(name) != name or name in ("", ".", ".."):
                raise StateBackendError(f"a RocksDB snapshot names a file {name!r}, which is no name of a file of its")
            target = os.path.join(folder, name)
            if name.endswith(SHARED_SUFFIX):
                link_or_copy(path, target)
            else:
                shutil.copyfile(path, target)
    except OSError as error:
        raise StateBackendError(f"the files of a RocksDB snapshot cannot be put into {folder}: {error}") from error


def link_or_copy(path: str, target: str) -> None:
    """Make a hard link, or where the file system has none a copy."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def same_groups(files: Sequence[FilesMeta], groups: range, max_parallelism: int) -> bool:
    """Whether there is one snapshot, of these very key groups."""
    return (
        len(files) == 1
        and files[0].groups == (groups.start, groups.stop)
        and (files[0].max_parallelism == max_parallelism)
    )
