"""State that belongs to an operator's subtask rather than to a key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from pyflinkx._core.codecs.codec import Codec
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.keys.snapshots import Snapshots
from pyflinkx._core.records.conformed import DeclaredShape
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.state.exported_entries import EntriesExport
from pyflinkx.errors import WrongStateError
from pyflinkx.state.broadcast import BroadcastState
from pyflinkx.state.declared import declared_shape
from pyflinkx.state.descriptors import ListStateDescriptor, MapStateDescriptor, StateDescriptor
from pyflinkx.state.rows import state_batch, state_codec, state_kind, state_name, state_rows, state_schema
from pyflinkx.state.slices import Export, SlicedBatches
from pyflinkx.state.spec import BROADCAST, SPLIT, UNION, StateSpec
from pyflinkx.types.typeinfo import ListTypeInfo, MapTypeInfo, TypeInformation

T = TypeVar("T")


class OperatorListState(Generic[T]):
    """A list that belongs to a subtask.

    Example:
        >>> state = OperatorStateStore().get_list_state(ListStateDescriptor("offsets"))
        >>> state.add(3)
        >>> state.get()
        [3]
    """

    def __init__(self, name: str, copier: Copier | None, shape: DeclaredShape | None = None) -> None:
        self._name = name
        self._copier = copier
        self._shape = shape
        self._values: list[T] = []
        # Whether its elements are nobody else's, so that they may be encoded when their owner has gone on.
        self.sliced = False
        # Snapshots that are under way of the list as it is; elements are only added to it meanwhile.
        self._exports: list[EntriesExport] = []

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r})"

    def get(self) -> list[T]:
        """The values, as a list of the caller's own."""
        while self._exports:  # the caller may change in place what it gets
            export = self._exports.pop()
            if not export.over:
                export.advance(len(self._values) + 1)
        return list(self._values)

    def _export(self, schema: Schema, codecs: list[Codec]) -> EntriesExport:
        self._exports = [export for export in self._exports if not export.over]
        made = EntriesExport(self._name, schema, codecs, self._values)
        self._exports.append(made)
        return made

    def _replace(self, values: list[T]) -> None:
        self._values = values
        self._exports = []

    def add(self, value: T) -> None:
        """Append a value.

        Raises:
            TypeInformationError: it cannot have the type that the state's descriptor declares.
        """
        self._values.append(self._own(value))

    def _own(self, value: T) -> T:
        if self._shape is not None:
            value = self._shape.of(value)
        return value if self._copier is None else self._copier.copy(value)

    def add_all(self, values: Iterable[T]) -> None:
        """Append several values."""
        self._values += [self._own(value) for value in values]

    def update(self, values: Iterable[T]) -> None:
        """Replace the values by others."""
        self._replace([self._own(value) for value in values])

    def clear(self) -> None:
        """Remove all values."""
        self._replace([])

    def __iter__(self) -> Iterator[T]:
        return iter(self.get())


class OperatorStateStore:
    """Hands out the states of a subtask; each is made when it is first asked for, from what was restored.

    Args:
        copier: makes what is put into a state the state's own; None where it may be shared.
    """

    def __init__(self, copier: Copier | None = None) -> None:
        self.copier = copier
        self._states: dict[str, tuple[str, Any, dict[str, Codec], TypeInformation]] = {}
        self._restored: dict[str, list[ColumnBatch]] = {}

    def get_broadcast_state(self, state_descriptor: MapStateDescriptor) -> BroadcastState[Any, Any]:
        """The broadcast state with the descriptor's name, made when it is first asked for.

        Raises:
            TypeError: the descriptor is no MapStateDescriptor.
            WrongStateError: there is a state of that name and another kind, or it was stored with another type.
        """
        if not isinstance(state_descriptor, MapStateDescriptor):
            raise TypeError(f"broadcast state needs a MapStateDescriptor, not {state_descriptor!r}")
        info = state_descriptor.type_info
        assert isinstance(info, MapTypeInfo)
        codecs = {"key": state_codec(info.key_type), "value": state_codec(info.value_type)}
        name = state_descriptor.name
        entries: KeyMap[Any, Any] = KeyMap((), Snapshots(Copier(name)))
        key_shape = declared_shape(info.key_type, f"the keys of broadcast state {name!r}")
        shape = declared_shape(info.value_type, f"broadcast state {name!r}")
        made = BroadcastState[Any, Any](name, entries, self.copier, key_shape, shape)
        state, is_new = self._state(state_descriptor, BROADCAST, codecs, made)
        if is_new:
            for key, value in self._claimed(name, BROADCAST, codecs):
                entries[key] = value
        found: BroadcastState[Any, Any] = state
        return found

    def get_list_state(self, state_descriptor: ListStateDescriptor, sliced: bool = False) -> OperatorListState[Any]:
        """A list whose elements are dealt out evenly when the number of subtasks changes.

        Args:
            state_descriptor: of the list.
            sliced: whether a snapshot may encode its elements later; as long as the list is given copies of them.

        Raises:
            TypeError: the descriptor is no ListStateDescriptor.
            WrongStateError: there is a state of that name and another kind, or it was stored with another type.
        """
        return self._list(state_descriptor, SPLIT, sliced)

    def get_union_list_state(
        self, state_descriptor: ListStateDescriptor, sliced: bool = False
    ) -> OperatorListState[Any]:
        """A list that each subtask gets with the elements of all when it is restored; the rest as above."""
        return self._list(state_descriptor, UNION, sliced)

    def _list(self, descriptor: ListStateDescriptor, kind: str, sliced: bool) -> OperatorListState[Any]:
        if not isinstance(descriptor, ListStateDescriptor):
            raise TypeError(f"a list state needs a ListStateDescriptor, not {descriptor!r}")
        info = descriptor.type_info
        assert isinstance(info, ListTypeInfo)
        codecs = {"value": state_codec(info.elem_type)}
        shape = declared_shape(info.elem_type, f"state {descriptor.name!r}")
        state, is_new = self._state(descriptor, kind, codecs, OperatorListState(descriptor.name, self.copier, shape))
        if is_new:
            state._values += [value for (value,) in self._claimed(descriptor.name, kind, codecs)]
        found: OperatorListState[Any] = state
        found.sliced = sliced and self.copier is not None
        return found

    def _state(self, descriptor: StateDescriptor, kind: str, codecs: dict[str, Codec], made: Any) -> tuple[Any, bool]:
        known = self._states.get(descriptor.name)
        if known is None:
            self._states[descriptor.name] = kind, made, codecs, descriptor.type_info
            return made, True
        if known[0] != kind:
            raise WrongStateError(f"state {descriptor.name!r} is a {known[0]} state, it cannot be used as a {kind} one")
        return known[1], False

    def _claimed(self, name: str, kind: str, codecs: dict[str, Codec]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for batch in self._restored.pop(name, ()):
            if state_kind(batch) != kind:
                raise WrongStateError(f"state {name!r} was stored as a {state_kind(batch)} state, not a {kind} one")
            rows += state_rows(batch, codecs)
        return rows

    def states(self) -> list[StateSpec]:
        """All that is kept by now."""
        return [StateSpec(name, kind, value_type) for name, (kind, _, _, value_type) in self._states.items()]

    def export(self) -> list[ColumnBatch]:
        """All states as columns, also those that were restored and that nobody has asked for."""
        return [*self.export_own(), *SlicedBatches(self.exports())]

    def export_own(self) -> list[ColumnBatch]:
        """Of these, what nobody has asked for, and lists whose elements may be somebody else's."""
        batches = [batch for restored in self._restored.values() for batch in restored]
        for name, (kind, state, codecs, _) in self._states.items():
            if kind != BROADCAST and not state.sliced:
                batches.append(state_batch(name, kind, codecs, None, [(value,) for value in state.get()]))
        return batches

    def exports(self) -> list[Export]:
        """All others, as they are now, to be encoded by and by."""
        found: list[Export] = []
        for name, (kind, state, codecs, _) in self._states.items():
            schema, parts = state_schema(name, kind, codecs, False), list(codecs.values())
            if kind == BROADCAST:
                found.append(EntriesExport(name, schema, parts, state._entries))
            elif state.sliced:
                found.append(state._export(schema, parts))
        return found

    def restore(self, batches: Iterable[ColumnBatch]) -> None:
        """Begin with these states; called before any is asked for."""
        for batch in batches:
            self._restored.setdefault(state_name(batch), []).append(batch)


def redistributed(parts: Sequence[Sequence[ColumnBatch]], parallelism: int) -> list[list[ColumnBatch]]:
    """What each of ``parallelism`` subtasks restores of what others have exported, in the order of their numbers."""
    given: list[list[ColumnBatch]] = [[] for _ in range(parallelism)]
    dealt: dict[str, int] = {}
    shown: set[str] = set()
    for part in parts:
        for batch in part:
            name, kind = state_name(batch), state_kind(batch)
            if kind == UNION:
                for one in given:
                    one.append(batch)
            elif kind == BROADCAST:
                if name not in shown:
                    for one in given:
                        one.append(batch)
            else:
                first = dealt.get(name, 0)
                dealt[name] = first + len(batch)
                for subtask, one in enumerate(given):
                    one.append(batch.take(range((subtask - first) % parallelism, len(batch), parallelism)))
        shown.update(state_name(batch) for batch in part)
    return given
