"""The state backend that keeps state in RocksDB."""

from __future__ import annotations

import os

from pyflinkx._core.state.keyed import KeyContext, StateTable
from pyflinkx._core.state.row_cache import RowCache
from pyflinkx._core.state.row_keys import RowKeys
from pyflinkx._core.state.stored import ListTable, MapTable, StoredTable, ValueTable
from pyflinkx.errors import WrongStateError
from pyflinkx.state.rocksdb.database import Database, Reading
from pyflinkx.state.rocksdb.folders import WorkingFolder
from pyflinkx.state.rocksdb.settings import RocksDBSettings, SharedMemory
from pyflinkx.state.rows import state_codec
from pyflinkx.state.state_backend import StateBackend
from pyflinkx.state.stored_form import StoredForm, stored_type
from pyflinkx.types.typeinfo import ListTypeInfo, TypeInformation

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

    def for_operator(self, name: str, key_type: TypeInformation | None, max_parallelism: int) -> OperatorDatabase:
        made = OperatorDatabase(self, name, key_type, max_parallelism)
        self._open.append(made)
        self._share()
        return made

    def forget(self, closed: OperatorDatabase) -> None:
        """An operator needs its database no longer."""
        if closed in self._open:
            self._open.remove(closed)
            self._share()

    def _share(self) -> None:
        for each in self._open:
            each.cache.limit = self.memory.objects // len(self._open)


class OperatorDatabase(StateBackend):
    """The database of one operator's subtask, and the tables in it.

    Args:
        backend: of the slot.
        name: of the operator.
        key_type: of its keys; None when nothing is known of it.
        max_parallelism: the number of key groups.

    Attributes:
        cache: of values that are in use.
    """

    def __init__(
        self, backend: RocksDBStateBackend, name: str, key_type: TypeInformation | None, max_parallelism: int
    ) -> None:
        self._backend = backend
        self._key_codec = state_codec(key_type)
        self._row_keys = RowKeys(max_parallelism)
        self._tables: dict[str, StoredTable] = {}
        self._folder = WorkingFolder(backend.settings.folders)
        try:
            self._database = Database(os.path.join(self._folder.path, "db"), name, backend.memory)
        except BaseException:
            self._folder.remove()
            raise
        self.cache = RowCache(self._database, backend.memory.objects)

    def table(
        self,
        name: str,
        kind: str,
        context: KeyContext,
        value_type: TypeInformation | None = None,
        by_entry: bool = False,
    ) -> StateTable:
        number = len(self._tables)
        if number == MOST_STATES:
            raise WrongStateError(f"an operator has at most {MOST_STATES} states")
        form = StoredForm(kind, value_type)
        made: type[StoredTable] = ValueTable
        codec = form.codec
        if kind.endswith("ListState"):
            made = ListTable
        elif by_entry:
            made = MapTable
            pairs = None if value_type is None else stored_type(value_type, kind)
            codec = state_codec(pairs.elem_type if isinstance(pairs, ListTypeInfo) else None)
        table = made(name, kind, context)
        table.bind(number, self.cache, self._row_keys, self._key_codec, codec, form)
        self._tables[name] = table
        return table

    def snapshot(self) -> Reading:
        self.cache.flush()
        return self._database.snapshot()

    def close(self) -> None:
        self._database.close()
        self._folder.remove()
        self._backend.forget(self)
