"""The state backend that keeps state in RocksDB."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from threading import Lock
from typing import Any

from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.state.keyed import KeyContext, StateTable
from pyflinkx._core.state.row_cache import RowCache
from pyflinkx._core.state.row_keys import RowKeys
from pyflinkx._core.state.stored import ListTable, MapTable, StoredTable, ValueTable
from pyflinkx.errors import StateBackendError, WrongStateError
from pyflinkx.state.rocksdb.database import Database, Reading
from pyflinkx.state.rocksdb.files import (
    FilesMeta,
    FilesSnapshot,
    KeptFiles,
    RestoredFiles,
    StoredState,
    files_in,
    same_groups,
)
from pyflinkx.state.rocksdb.folders import WorkingFolder
from pyflinkx.state.rocksdb.settings import RocksDBSettings, SharedMemory
from pyflinkx.state.rows import state_codec, state_rows, stored_batches
from pyflinkx.state.state_backend import StateBackend, StoredRows
from pyflinkx.state.stored_form import StoredForm, stored_type
from pyflinkx.types.descriptions import described_type
from pyflinkx.types.typeinfo import ListTypeInfo, TypeInformation

LAYOUTS: dict[str, type[StoredTable]] = {"values": ValueTable, "maps": MapTable, "lists": ListTable}
# Rows that are copied at once from one database into another.
PIECE = 4096
# So many states fit the numbers in the keys of rows.
MOST_STATES = (1 << 16) - 1


class RocksDBStateBackend(StateBackend):
    """Keeps the keyed state of the operators of a slot in RocksDB, a database for each operator's subtask.

    Timers stay in memory.

    Args:
        settings: folders and memory.

    Raises:
        MissingExtraError: rocksdict is not installed.
    """

    def __init__(self, settings: RocksDBSettings | None = None) -> None:
        self.settings = RocksDBSettings() if settings is None else settings
        self.memory = SharedMemory(self.settings)
        self._open: list[OperatorDatabase] = []
        # Operators of one slot may run in several threads.
        self._lock = Lock()

    def for_operator(
        self, name: str, key_type: TypeInformation | None, max_parallelism: int, groups: range
    ) -> OperatorDatabase:
        made = OperatorDatabase(self, name, key_type, max_parallelism, groups)
        with self._lock:
            self._open.append(made)
            self._share()
        return made

    def forget(self, closed: OperatorDatabase) -> None:
        """An operator needs its database no longer."""
        with self._lock:
            if closed in self._open:
                self._open.remove(closed)
                self._share()

    def _share(self) -> None:
        for each in self._open:
            each.cache.limit = self.memory.objects // len(self._open)


class DescribedCodec:
    """Stands for the codec of a state that nobody has asked for.

    Args:
        description: what the codec has said of itself.
    """

    def __init__(self, description: bytes) -> None:
        self._description = description

    def snapshot(self) -> bytes:
        """What the codec says of itself."""
        return self._description


class EarlierCodec(DescribedCodec):
    """The codec of keys of an earlier type: records of its classes are tuples here, which are written as those were.

    Args:
        description: what that codec has said of itself.
    """

    def __init__(self, description: bytes) -> None:
        super().__init__(description)
        self.codec = described_type(description)[0]
        self.encode_one = self.codec.encode_one


class UnaskedForm:
    """Stands for the form of the values of a state that nobody has asked for."""

    def __init__(self, state: StoredState) -> None:
        self.codec: Any = DescribedCodec(state.value)
        self.is_map = False
        if state.value == PickleCodec().snapshot():
            self.codec = PickleCodec()
        elif state.layout == "maps":
            self.is_map = True

    def written(self, value: Any) -> Any:
        """The value as the codec takes it."""
        return value


class OperatorDatabase(StateBackend):
    """The database of one operator's subtask, and the tables in it.

    Args:
        backend: of the slot.
        name: of the operator.
        key_type: of its keys; None when nothing is known of it.
        max_parallelism: the number of key groups.
        groups: those of the subtask.

    Attributes:
        cache: of values that are in use.
    """

    def __init__(
        self,
        backend: RocksDBStateBackend,
        name: str,
        key_type: TypeInformation | None,
        max_parallelism: int,
        groups: range,
    ) -> None:
        self._backend = backend
        self._name = name
        self._key_codec = state_codec(key_type)
        self._max_parallelism = max_parallelism
        self._groups = groups
        self._row_keys = RowKeys(max_parallelism)
        self._tables: dict[str, StoredTable] = {}
        # All that are in the database, also those that nobody has asked for.
        self._states: dict[str, StoredState] = {}
        self._kept = KeptFiles()
        self._folder = WorkingFolder(backend.settings.folders)
        self._folder_of = partial(os.path.join, self._folder.path)
        try:
            self._use(Database(self._folder_of("db"), name, backend.memory, create=True))
        except BaseException:
            self._folder.remove()
            raise

    def _use(self, database: Database) -> None:
        self._database = database
        self.cache = RowCache(database, self._backend.memory.objects)

    # ---- tables ----

    def table(
        self,
        name: str,
        kind: str,
        context: KeyContext,
        value_type: TypeInformation | None = None,
        by_entry: bool = False,
    ) -> StateTable:
        form = StoredForm(kind, value_type)
        layout, codec = "values", form.codec
        if kind.endswith("ListState"):
            layout = "lists"
        elif by_entry:
            layout = "maps"
            pairs = None if value_type is None else stored_type(value_type, kind)
            codec = state_codec(pairs.elem_type if isinstance(pairs, ListTypeInfo) else None)
        state = self._states.get(name)
        if state is None:
            state = StoredState(
                name, kind, self._next_number(), layout, self._key_codec.snapshot(), form.codec.snapshot()
            )
            self._states[name] = state
        elif state.kind != kind or state.layout != layout:
            raise WrongStateError(f"state {name!r} was stored as a {state.kind}, it cannot be a {kind}")
        if (state.key, state.value) == (self._key_codec.snapshot(), form.codec.snapshot()):
            table = self._made(state, context, codec, form)
        else:
            table = self._changed(state, context, codec, form)
        self._tables[name] = table
        return table

    def _next_number(self) -> int:
        number = 1 + max((state.number for state in self._states.values()), default=-1)
        if number >= MOST_STATES:
            raise WrongStateError(f"{self._name} has more than {MOST_STATES} states")
        return number

    def _made(
        self, state: StoredState, context: KeyContext, codec: Codec, form: Any, keys: Codec | None = None
    ) -> StoredTable:
        table = LAYOUTS[state.layout](state.name, state.kind, context)
        table.bind(state.number, self.cache, self._row_keys, self._key_codec if keys is None else keys, codec, form)
        return table

    def _changed(self, state: StoredState, context: KeyContext, codec: Codec, form: StoredForm) -> StoredTable:
        """The table of a state whose rows were written with other types: all of them are read, and written anew.

        Raises:
            WrongStateError: the types cannot become those; the message says what differs.
        """
        keys = EarlierCodec(state.key)
        columns: dict[str, Codec] = {"key": self._key_codec, "namespace": PickleCodec(), "value": form.codec}
        self.cache.flush()
        old = self._made(state, KeyContext(), PickleCodec(), UnaskedForm(state), keys.codec)
        rows = old.stored(self._database.snapshot(beginning(state.number)))
        written: dict[str, Any] = {**columns, "key": keys, "value": DescribedCodec(state.value)}
        own = replace(state, number=self._next_number(), key=self._key_codec.snapshot(), value=form.codec.snapshot())
        table = self._made(own, context, codec, form)
        current = context.key
        try:
            for batch in stored_batches(state.name, state.kind, written, rows):
                for context.key, namespace, value in state_rows(batch, columns, self._groups, self._max_parallelism):
                    table.put(namespace, form.read(value))
        finally:
            context.key = current
        self._states[state.name] = own
        self._database.delete(beginning(state.number), beginning(state.number + 1))
        return table

    # ---- snapshots ----

    def snapshot(self) -> Iterator[StoredRows]:
        self.cache.flush()
        tables = []
        for name, state in self._states.items():
            table = self._tables.get(name)
            if table is None:
                if state.key != self._key_codec.snapshot():
                    raise WrongStateError(
                        f"state {name!r} was written with another type of its key than {self._key_codec.name}"
                    )
                form = UnaskedForm(state)
                table = self._made(state, KeyContext(), PickleCodec(), form)
            tables.append((state, table, self._database.snapshot(beginning(state.number))))
        return (self._stored(*each) for each in tables)

    def _stored(self, state: StoredState, table: StoredTable, reading: Reading) -> StoredRows:
        return StoredRows(state.name, state.kind, DescribedCodec(state.value), table.stored(reading))

    def files_snapshot(self, number: int, batches: Sequence[ColumnBatch]) -> FilesSnapshot | None:
        if not self._states:
            return None
        self.cache.flush()
        name = f"checkpoint-{number}"
        self._folder.drop(name)
        folder = self._folder.hold(name)
        try:
            self._database.link(folder)
            files = files_in(folder)
        except BaseException:
            self._folder.drop(name)
            raise
        meta = FilesMeta(
            (self._groups.start, self._groups.stop),
            self._max_parallelism,
            self._database.number,
            tuple(self._states.values()),
        )
        groups = (self._groups.start, self._groups.stop - 1)
        return FilesSnapshot(self._folder, name, files, meta.to_bytes(), groups, tuple(batches), self._kept)

    def restore_files(self, files: Sequence[RestoredFiles]) -> None:
        metas = [FilesMeta.from_bytes(restored.meta) for restored in files]
        number = max((meta.next_number for meta in metas), default=0)
        if same_groups(metas, self._groups, self._max_parallelism):
            self._database.close()
            folder = self._folder_of("restored")
            self._lay_out(files[0], folder)
            self._kept.keep(files[0].number, files[0].places)
            self._states = {state.name: state for state in metas[0].states}
            self._use(Database(folder, self._name, self._backend.memory, number))
            return
        self._database.raise_number(number)
        for place, restored, meta in zip(count(), files, metas, strict=False):
            self._take(restored, meta, self._folder_of(f"from-{place}"))

    def _lay_out(self, restored: RestoredFiles, folder: str) -> None:
        try:
            os.mkdir(folder)
        except OSError as error:
            raise StateBackendError(f"{folder} of {self._name} cannot be made: {error}") from error
        restored.lay_out(folder)

    def _take(self, restored: RestoredFiles, meta: FilesMeta, folder: str) -> None:
        """Copy the rows of the subtask's key groups out of another database."""
        if meta.max_parallelism != self._max_parallelism:
            raise WrongStateError(
                f"the state of {self._name} was written with {meta.max_parallelism} key groups, and the program has "
                f"{self._max_parallelism}: set the max parallelism to {meta.max_parallelism}"
            )
        groups = range(max(meta.groups[0], self._groups.start), min(meta.groups[1], self._groups.stop))
        if not groups:
            return
        self._lay_out(restored, folder)
        other = Database(folder, self._name, self._backend.memory)
        try:
            for state in meta.states:
                own = self._states.get(state.name)
                if own is None:
                    own = replace(state, number=self._next_number())
                    self._states[state.name] = own
                elif replace(own, number=state.number) != state:
                    raise WrongStateError(f"state {state.name!r} was stored in two forms by two subtasks")
                self._copy(other, state.number, own.number, groups)
        finally:
            other.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _copy(self, other: Database, number: int, own: int, groups: range) -> None:
        begin, prefix = beginning(number), beginning(own)
        changes: list[tuple[bytes, bytes | None]] = []
        rows = other.rows(begin + groups.start.to_bytes(2, "big"), begin + groups.stop.to_bytes(2, "big"))
        for row, value in rows:
            changes.append((prefix + row[2:], value))
            if len(changes) == PIECE:
                self._database.write(changes)
                changes = []
        if changes:
            self._database.write(changes)

    def close(self) -> None:
        self._database.close()
        self._folder.remove()
        self._backend.forget(self)


def beginning(number: int) -> bytes:
    """What the keys of a state's rows begin with."""
    return number.to_bytes(2, "big")
