"""Writes the states of a subtask, as they come."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import xxhash

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.checkpoint.files import Output, refused
from pyflinkx.checkpoint.local_files import SystemCalls
from pyflinkx.checkpoint.locations import file_system
from pyflinkx.checkpoint.manifest import SHARED, SHARED_FOLDER
from pyflinkx.checkpoint.metadata import StatePart
from pyflinkx.checkpoint.parts import encoded_part, holds_pickles, key_groups
from pyflinkx.checkpoint.secret import STATE, tag_of
from pyflinkx.errors import WrongStateError
from pyflinkx.state.rows import state_kind, state_name
from pyflinkx.state.spec import NATIVE

# Bytes of columns of which one part is made: what a reader has in memory at once.
TARGET = 1 << 26
NATIVE_METADATA = b"pyflinkx.state"
# Bytes of a file that are read at once.
PIECE = 1 << 20


class StateWriter:
    """Turns batches of state into bytes at once, and keeps none: little state stays in memory, for the manifest, and
    everything else goes to a file.

    All methods may be called from any thread, by one at a time. After an error, and of a checkpoint that was aborted,
    ``abort`` is to be called.

    Args:
        folder: of the checkpoint; "" for in memory.
        name: of the file, if there will be one.
        compressed: whether states are compressed.
        limit: bytes up to which no file is made; None for never.
        secret: of the installation.
        system: the calls of the operating system.
        owner: how the names of files begin that later checkpoints may name, too.

    Attributes:
        size: bytes of states so far.
        named: how many of them were there before.
    """

    def __init__(
        self,
        folder: str,
        name: str,
        compressed: bool,
        limit: int | None,
        secret: bytes,
        system: SystemCalls | None,
        owner: str = "",
    ) -> None:
        self.folder = folder
        self.name = name
        self.compressed = compressed
        self.limit = limit
        self.secret = secret
        self.system = system
        self.owner = owner
        self.size = 0
        self.named = 0
        self._inside = 0  # bytes of parts that go into the manifest or the file
        self._shared: list[Output] = []
        self._parts: list[StatePart] = []
        self._output: Output | None = None
        self._over = False

    def add(self, batch: ColumnBatch, state: str | None = None) -> range:
        """Write a batch of one state.

        Args:
            batch: as ``state.rows`` makes it, or a native operator exports it.
            state: the name of a native one's state.

        Returns:
            The places of its parts in what ``finish`` returns: one, or several where the batch is large.

        Raises:
            StorageError: it cannot be written.
            WrongStateError: the batch does not say what state it is.
        """
        native = NATIVE_METADATA in (batch.schema.metadata or {})
        if state is None:
            if native:
                raise WrongStateError("a batch of a native operator's states does not say their name")
            state = state_name(batch)
        kind = NATIVE if native else state_kind(batch)
        pickled = holds_pickles(batch)
        first = len(self._parts)
        for piece in cut(batch):
            self._add(state, kind, encoded_part(piece, self.compressed), pickled, len(piece), key_groups(piece))
        return range(first, len(self._parts))

    def add_bytes(
        self,
        state: str,
        kind: str,
        data: bytes,
        pickled: bool = True,
        rows: int = 1,
        groups: tuple[int, int] | None = None,
    ) -> range:
        """Write a state that is bytes already: of splits, of a coordinator.

        Returns:
            The place of its part in what ``finish`` returns.

        Raises:
            StorageError: it cannot be written.
        """
        self._add(state, kind, [data], pickled, rows, groups)
        return range(len(self._parts) - 1, len(self._parts))

    def add_file(self, state: str, kind: str, path: str, groups: tuple[int, int], shared: bool) -> range:
        """Write the bytes of a local file, signed, as whatever reads them trusts them.

        Args:
            state: its name.
            kind: of state.
            path: of the file, which nobody changes.
            groups: the first and last key group of what it holds.
            shared: whether later checkpoints may name it, too: then it is a file again, of its own.

        Returns:
            The place of its part in what ``finish`` returns.

        Raises:
            StorageError: it cannot be read or written.
        """
        if not shared:
            self._add(state, kind, pieces_of(path), True, 0, groups)
            return range(len(self._parts) - 1, len(self._parts))
        if self._over:
            raise self._late()
        files = file_system(self.folder, self.system)
        folder = files.join(self.folder.rpartition("/")[0], SHARED_FOLDER)
        files.make_folder(folder)
        name = f"{self.owner}{len(self._shared)}{os.path.splitext(path)[1]}"
        output = files.linked(files.join(folder, name), path)
        written = output is None
        if output is None:
            output = files.create(files.join(folder, name))
        self._shared.append(output)
        digest, tag, size = xxhash.xxh3_128(), tag_of(self.secret, STATE), 0
        for piece in pieces_of(path):
            digest.update(piece)
            tag.update(piece)
            size += len(piece)
            if written:
                output.write(piece)
        output.finish()
        return self.name_again(
            StatePart(
                state, kind, 0, size, digest.digest(), SHARED + name, groups=groups, pickled=True, tag=tag.digest()
            ),
            new=True,
        )

    def name_again(self, part: StatePart, new: bool = False) -> range:
        """Name a file that a checkpoint has which stays as long as this one is under way.

        Args:
            part: of that checkpoint, which says where it is.
            new: whether the file was written for this one.

        Returns:
            The place of the part in what ``finish`` returns.
        """
        if self._over:
            raise self._late()
        self._parts.append(part)
        self.size += part.size
        if not new:
            self.named += part.size
        return range(len(self._parts) - 1, len(self._parts))

    def copy(self, part: StatePart, data: bytes | bytearray) -> range:
        """Write a part of another checkpoint, whose bytes ``StateReader.check`` gave.

        Returns:
            The place of its part in what ``finish`` returns.

        Raises:
            StorageError: it cannot be written.
        """
        self._add(part.state, part.kind, [data], part.pickled, part.rows, part.groups)
        return range(len(self._parts) - 1, len(self._parts))

    def _add(
        self,
        state: str,
        kind: str,
        pieces: Iterable[Any],
        pickled: bool,
        rows: int,
        groups: tuple[int, int] | None,
    ) -> None:
        if self._over:
            raise self._late()
        digest = xxhash.xxh3_128()
        tag = tag_of(self.secret, STATE) if pickled else None
        size = 0
        held = bytearray()
        output = self._output
        offset = 0 if output is None else output.size
        for piece in pieces:
            with memoryview(piece) as whole, whole.cast("B") as view:
                digest.update(view)
                if tag is not None:
                    tag.update(view)
                size += view.nbytes
                if output is None and self.limit is not None and self._inside + size > self.limit:
                    output = self._spilled()
                    offset = output.size
                    output.write(held)
                if output is None:
                    held += view
                else:
                    output.write(view)
        self.size += size
        self._inside += size
        self._parts.append(
            StatePart(
                state=state,
                kind=kind,
                rows=rows,
                size=size,
                digest=digest.digest(),
                file="" if output is None else self.name,
                offset=offset,
                data=bytes(held) if output is None else b"",
                groups=groups,
                pickled=pickled,
                tag=b"" if tag is None else tag.digest(),
            )
        )

    def _late(self) -> WrongStateError:
        return WrongStateError(f"the states of {self.name} are written already, or given up")

    def _spilled(self) -> Output:
        """A file with the parts so far."""
        files = file_system(self.folder, self.system)
        files.make_folder(self.folder)
        output = self._output = files.create(files.join(self.folder, self.name))
        for place, part in enumerate(self._parts):
            if part.file:
                continue
            offset = output.size
            output.write(part.data)
            self._parts[place] = replace(part, file=self.name, offset=offset, data=b"")
        return output

    def finish(self) -> tuple[StatePart, ...]:
        """The parts, in order; those in a file are durable.

        Raises:
            StorageError: the file cannot be made so.
        """
        self._over = True
        if self._output is not None:
            self._output.finish()
        return tuple(self._parts)

    def abort(self) -> None:
        """Leave no file, also after ``finish``."""
        self._over = True
        output, self._output = self._output, None
        if output is not None:
            output.abort()
        shared, self._shared = self._shared, []
        for each in shared:
            each.abort()
        self._parts.clear()


def pieces_of(path: str) -> Iterator[bytes]:
    """The bytes of a local file.

    Raises:
        StorageError: it cannot be read.
    """
    with refused("read", path), open(path, "rb") as file:
        while piece := file.read(PIECE):
            yield piece


def cut(batch: ColumnBatch) -> Iterator[ColumnBatch]:
    """The rows of a batch in pieces that are not too large; one if it has none."""
    count, size = len(batch), batch.nbytes
    if size <= TARGET or count <= 1:
        yield batch
        return
    step = max(count * TARGET // size, 1)
    for start in range(0, count, step):
        yield batch.slice(start, min(start + step, count))
