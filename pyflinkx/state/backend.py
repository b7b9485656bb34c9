"""The keyed state of one operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from pyflinkx._core.codecs.basic import LongCodec
from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.keys.canonical import check_key
from pyflinkx._core.keys.partition import key_group, key_groups
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.state.exported import TableExport
from pyflinkx._core.state.keyed import (
    AggregatingState,
    KeyContext,
    ListState,
    MapState,
    ReducingState,
    State,
    StateTable,
    ValueState,
)
from pyflinkx._core.state.restored import fill_table, fill_timers, rows_of_groups
from pyflinkx._core.state.timers import TimerQueue, TimersExport
from pyflinkx.errors import WrongStateError
from pyflinkx.state.declared import declare_shapes
from pyflinkx.state.descriptors import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    StateDescriptor,
    ValueStateDescriptor,
)
from pyflinkx.state.rows import (
    as_written,
    state_batch,
    state_codec,
    state_kind,
    state_name,
    state_rows,
    state_schema,
    stored_batches,
)
from pyflinkx.state.slices import Export, SlicedBatches
from pyflinkx.state.spec import TIMERS, StateSpec
from pyflinkx.state.state_backend import StateBackend, StoredRows
from pyflinkx.state.stored_form import StoredForm
from pyflinkx.state.ttl import TTL_STATES, WithTtl
from pyflinkx.types.typeinfo import TypeInformation


class KeyedStateStore:
    """Hands out the states of the current key, or of the current key and window.

    The handle of a name is made once: a later descriptor of that name gets the same one, whatever function it carries.

    Args:
        backend: where the tables are.
        per_window: whether the states belong to the current window too.
    """

    def __init__(self, backend: KeyedStateBackend, per_window: bool) -> None:
        self._backend = backend
        self._per_window = per_window
        self._handles: dict[str, State] = {}

    def get_state(self, state_descriptor: ValueStateDescriptor) -> ValueState[Any]:
        """One value per key."""
        return self._handle(state_descriptor, ValueState)

    def get_list_state(self, state_descriptor: ListStateDescriptor) -> ListState[Any]:
        """A list of values per key."""
        return self._handle(state_descriptor, ListState)

    def get_map_state(self, state_descriptor: MapStateDescriptor) -> MapState[Any, Any]:
        """A map per key."""
        return self._handle(state_descriptor, MapState)

    def get_reducing_state(self, state_descriptor: ReducingStateDescriptor) -> ReducingState[Any]:
        """One value per key, into which added values are folded."""
        return self._handle(state_descriptor, ReducingState)

    def get_aggregating_state(self, state_descriptor: AggregatingStateDescriptor) -> AggregatingState[Any, Any]:
        """One accumulator per key."""
        return self._handle(state_descriptor, AggregatingState)

    def get_partitioned_state(self, state_descriptor: StateDescriptor) -> Any:
        """The state of whichever kind the descriptor describes."""
        return self._handle(state_descriptor, state_class_of(state_descriptor))

    def _handle(self, descriptor: StateDescriptor, state_class: type) -> Any:
        handle = self._handles.get(descriptor.name) if isinstance(descriptor, StateDescriptor) else None
        if isinstance(handle, state_class) and KINDS.get(type(descriptor)) is state_class:
            return handle
        if state_class_of(descriptor) is not state_class:
            raise TypeError(f"a {state_class.__name__} needs a {state_class.__name__}Descriptor, not {descriptor!r}")
        ttl = descriptor.ttl_config
        made: type[State] = state_class if ttl is None else TTL_STATES[state_class]
        by_entry = state_class is MapState
        table = self._backend.table(descriptor.name, made.__name__, descriptor.type_info, by_entry)
        if handle is None:
            function = None
            if isinstance(descriptor, ReducingStateDescriptor):
                function = descriptor.reduce
            elif isinstance(descriptor, AggregatingStateDescriptor):
                function = descriptor.get_agg_function()
            handle = made(table, self._per_window, function)
            declare_shapes(handle, descriptor)
            if ttl is not None and isinstance(handle, WithTtl):
                handle.configure(ttl, self._backend)
            if descriptor.queryable_name is not None and not self._per_window:
                self._backend.make_queryable(descriptor.queryable_name, descriptor.name)
            self._handles[descriptor.name] = handle
        return handle


class KeyedStateBackend(KeyedStateStore):
    """All keyed state of one operator; itself the store of the states that belong to a key alone.

    Args:
        context: where the current key and window stand; one of its own by default.
        backend: makes the tables and queues of timers; in memory by default.
        key_type: of the keys; None when nothing is known of it.
        max_parallelism: the number of key groups.
        name: of the operator, for errors.
        groups: the key groups of the subtask; all by default.

    Attributes:
        context: the current key and window; the operator sets them.
        every_record: called with the number of records that the operator has taken.
        per_window: the store of the states that belong to a key and the current window.

    Example:
        >>> backend = KeyedStateBackend()
        >>> backend.context.key = "a"
        >>> count = backend.get_state(ValueStateDescriptor("count"))
        >>> count.update(1)
        >>> backend.context.key = "b"
        >>> count.value() is None
        True
    """

    def __init__(
        self,
        context: KeyContext | None = None,
        backend: StateBackend | None = None,
        key_type: TypeInformation | None = None,
        max_parallelism: int = 128,
        name: str = "an operator",
        groups: range | None = None,
    ) -> None:
        super().__init__(self, per_window=False)
        self._made_by = (StateBackend() if backend is None else backend).for_operator(
            name, key_type, max_parallelism, range(max_parallelism) if groups is None else groups
        )
        self.context = KeyContext() if context is None else context
        self.per_window = KeyedStateStore(self, per_window=True)
        self.tables: dict[str, StateTable] = {}
        self.queues: dict[str, TimerQueue] = {}
        self.value_types: dict[str, TypeInformation | None] = {}
        self._key_type = key_type
        self._max_parallelism = max_parallelism
        self._restored: dict[str, tuple[list[ColumnBatch], range]] = {}
        self.queryable: dict[str, str] = {}  # states by the name by which others ask for them
        self.every_record: list[Callable[[int], None]] = []
        self._clock: Any = None
        self._copier: Copier | None = None

    def table(
        self, name: str, kind: str, value_type: TypeInformation | None = None, by_entry: bool = False
    ) -> StateTable:
        """The table of the state ``name``, made when it is first asked for, from what was restored.

        Args:
            name: of the state.
            kind: of state ("ValueState", ...).
            value_type: of what it stores; None when nothing is known of it.
            by_entry: whether a map is mostly asked for entries, rather than as a whole.

        Raises:
            WrongStateError: the state exists and is of another kind, or was stored with another type.
        """
        table = self.tables.get(name)
        if table is None:
            table = self._made_by.table(name, kind, self.context, value_type, by_entry)
            table.copier = self._copier
            self.value_types[name] = value_type
            self._claim(name, table)
            self.tables[name] = table
        elif table.kind != kind:
            raise WrongStateError(f"state {name!r} is a {table.kind}, it cannot be used as a {kind}")
        return table

    def timers(self, name: str) -> TimerQueue:
        """The timers of that name, by key and namespace; made when they are first asked for."""
        queue = self.queues.get(name)
        if queue is None:
            queue = self._made_by.timers(name)
            columns = self._columns(LongCodec())
            for batch, groups in self._claimed(name, TIMERS):
                if as_written(batch, columns):
                    fill_timers(queue, batch, list(columns.values()))
                    continue
                for key, namespace, timestamp in state_rows(batch, columns, groups, self._max_parallelism):
                    queue.register(timestamp, check_key(key), namespace)
            self.queues[name] = queue
        return queue

    def export(self, max_parallelism: int) -> list[ColumnBatch]:
        """All state as columns: key group, key, namespace, value; also what was restored and nobody has asked for.

        Args:
            max_parallelism: the number of key groups.

        Raises:
            WrongStateError: a key or value is not of its type.
        """
        return list(self.exported(max_parallelism))

    def exported(self, max_parallelism: int) -> Iterator[ColumnBatch]:
        """The same as it is now, batch by batch: what is in memory is encoded by this thread when it is gone through,
        of tables in a database the batches may be made in another.

        Args:
            max_parallelism: the number of key groups.
        """
        elsewhere = self.exported_elsewhere(max_parallelism)
        return chain(self.in_slices(max_parallelism), elsewhere)

    def in_slices(self, max_parallelism: int, wake: Callable[[], None] = lambda: None) -> SlicedBatches:
        """What tables and timers in memory hold now, to be encoded later, a few entries at a time.

        Args:
            max_parallelism: the number of key groups.
            wake: see ``SlicedBatches``.
        """
        return SlicedBatches(self.exports(max_parallelism), wake)

    def exports(self, max_parallelism: int) -> list[Export]:
        """The same, each state by itself."""
        return [
            *(self._sliced_table(*entry, max_parallelism) for entry in self.tables.items() if entry[1].in_memory()),
            *(self._sliced_timers(*entry, max_parallelism) for entry in self.queues.items()),
        ]

    def exported_elsewhere(self, max_parallelism: int) -> Iterator[ColumnBatch]:
        """All other state as it is now: what nobody has asked for, and tables in a database.

        Args:
            max_parallelism: the number of key groups.
        """
        snapshot = self._made_by.snapshot()
        if snapshot is None:
            others = (entry for entry in self.tables.items() if not entry[1].in_memory())
            batches = [self._exported_table(*entry, max_parallelism) for entry in others]
            snapshot = iter(())
        else:
            batches = []
        pieces = chain.from_iterable(self._pieces(stored, max_parallelism) for stored in snapshot)
        return chain(self._unasked(), batches, pieces)

    def files_snapshot(self, number: int) -> Any:
        """All state but what ``in_slices`` gives, as files that stay as they are now.

        None where the backend has none, or nothing in them.

        Args:
            number: of the checkpoint.

        Returns:
            a ``state.rocksdb.files.FilesSnapshot``.
        """
        return self._made_by.files_snapshot(number, self._unasked())

    def restore_files(self, files: Sequence[Any]) -> None:
        """Begin with what the files of snapshots hold of the subtask's key groups; called before any is asked for.

        Args:
            files: each as ``state.rocksdb.files.RestoredFiles``; their batches are for ``restore``.

        Raises:
            WrongStateError: the backend cannot read them.
            CorruptDataError, StateBackendError: they are damaged.
        """
        self._made_by.restore_files(files)

    def _unasked(self) -> list[ColumnBatch]:
        """What was restored and nobody has asked for."""
        return [batch for restored, _ in self._restored.values() for batch in restored]

    def _exported_table(self, name: str, table: StateTable, max_parallelism: int) -> ColumnBatch:
        form = StoredForm(table.kind, self.value_types[name])
        rows, current = [], self.context.key
        try:
            for namespace, key in table.entries():
                self.context.key = key
                rows.append((key, namespace, form.written(table.get(namespace))))
        finally:
            self.context.key = current
        return self._batch(name, table.kind, form.codec, max_parallelism, rows)

    def _sliced_table(self, name: str, table: StateTable, max_parallelism: int) -> TableExport:
        form = StoredForm(table.kind, self.value_types[name])
        columns = self._columns(form.codec)
        schema = state_schema(name, table.kind, columns, True)
        return TableExport(name, schema, list(columns.values()), max_parallelism, table.snapshots, table, form.is_map)

    def _sliced_timers(self, name: str, queue: TimerQueue, max_parallelism: int) -> TimersExport:
        columns = self._columns(LongCodec())
        schema = state_schema(name, TIMERS, columns, True)
        return TimersExport(name, schema, list(columns.values()), max_parallelism, queue.snapshots, queue)

    def _pieces(self, stored: StoredRows, max_parallelism: int) -> Iterator[ColumnBatch]:
        rows = stored.rows
        if max_parallelism != self._max_parallelism:
            rows = ((key_group(key, max_parallelism), key, *rest) for _, key, *rest in rows)
        return stored_batches(stored.name, stored.kind, self._columns(stored.codec), rows)

    def restore(self, batches: Iterable[ColumnBatch], groups: range) -> None:
        """Begin with this state, as far as it is of these key groups; called before any is asked for."""
        for batch in batches:
            restored, _ = self._restored.setdefault(state_name(batch), ([], groups))
            restored.append(rows_of_groups(batch, groups.start, groups.stop))

    def _columns(self, values: Codec) -> dict[str, Codec]:
        return {"key": state_codec(self._key_type), "namespace": PickleCodec(), "value": values}

    def _batch(self, name: str, kind: str, codec: Codec, max_parallelism: int, rows: list[Any]) -> ColumnBatch:
        groups = key_groups([key for key, _, _ in rows], max_parallelism)
        return state_batch(name, kind, self._columns(codec), groups, rows)

    def _claim(self, name: str, table: StateTable) -> None:
        form = StoredForm(table.kind, self.value_types[name])
        columns = self._columns(form.codec)
        current = self.context.key
        try:
            for batch, groups in self._claimed(name, table.kind):
                if type(table) is StateTable and as_written(batch, columns):
                    fill_table(table, batch, list(columns.values()), form.is_map)
                    continue
                for key, namespace, value in state_rows(batch, columns, groups, self._max_parallelism):
                    self.context.key = check_key(key)
                    table.put(namespace, form.read(value))
        finally:
            self.context.key = current

    def _claimed(self, name: str, kind: str) -> Iterator[tuple[ColumnBatch, range]]:
        batches, groups = self._restored.pop(name, ([], range(0)))
        batches.reverse()
        while batches:  # none is kept longer than it is needed
            batch = batches.pop()
            if state_kind(batch) != kind:
                raise WrongStateError(f"state {name!r} was stored as a {state_kind(batch)}, it cannot be a {kind}")
            yield batch, groups

    def close(self) -> None:
        """Give up what the tables use; nobody asks for state any more."""
        self._made_by.close()

    def make_queryable(self, queryable_name: str, name: str) -> None:
        """Let others ask for a state.

        Raises:
            WrongStateError: another state has that name.
        """
        other = self.queryable.setdefault(queryable_name, name)
        if other != name:
            raise WrongStateError(f"states {other!r} and {name!r} cannot both be queryable as {queryable_name!r}")

    def of(self, spec: StateSpec) -> StateTable:
        """The table of a state that the operator has declared."""
        return self.table(spec.name, spec.kind, spec.value_type)

    def states(self) -> list[StateSpec]:
        """All that is kept by now: what the operator has declared, and what the user's functions have asked for."""
        kept = [StateSpec(name, table.kind, self.value_types[name]) for name, table in self.tables.items()]
        return kept + [StateSpec(name, TIMERS) for name in self.queues]

    def use_clock(self, clock: Any) -> None:
        """Take the time from ``clock``; states with a time to live need it."""
        self._clock = clock

    def use_copier(self, copier: Copier | None) -> None:
        """Have a copier make what handles store the state's own; None lets whoever put it in share it."""
        self._copier = copier
        for table in self.tables.values():
            table.copier = copier

    def now(self) -> int:
        """What the clock says (ms)."""
        if self._clock is None:
            raise WrongStateError("a state with a time to live needs a clock, which its operator has only once opened")
        return int(self._clock.now())

    def took_records(self, count: int) -> None:
        """The operator has taken records: a moment to clean up, for states that want it."""
        for clean_up in self.every_record:
            clean_up(count)

    def get_current_key(self) -> Any:
        """The key that the states stand at."""
        return self.context.key


KINDS: dict[type[StateDescriptor], type[State]] = {
    ValueStateDescriptor: ValueState,
    ListStateDescriptor: ListState,
    MapStateDescriptor: MapState,
    ReducingStateDescriptor: ReducingState,
    AggregatingStateDescriptor: AggregatingState,
}


def state_class_of(descriptor: StateDescriptor) -> type[State]:
    """The class of the handles that a descriptor asks for."""
    for descriptor_class in type(descriptor).__mro__:
        if descriptor_class in KINDS:
            return KINDS[descriptor_class]
    raise TypeError(f"{descriptor!r} is not a state descriptor")
