"""The rows of one side of a join, as its state holds them: in one of three layouts, by what is known of the rows.

A row is a tuple. Beside it stands with how many rows of the other side it makes pairs, where that decides what is sent.
All methods are about the rows of the current key.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

from pyflinkx.state.backend import KeyedStateBackend
from pyflinkx.state.descriptors import MapStateDescriptor, StateDescriptor, ValueStateDescriptor
from pyflinkx.state.spec import StateSpec
from pyflinkx.state.ttl_config import StateTtlConfig
from pyflinkx.types.time import Time

Row = tuple[Any, ...]
Held = tuple[Row, int]

ONE, UNIQUE, ROWS = "one", "unique", "rows"


class ViewSpec(NamedTuple):
    """How the rows of a side are held.

    Args:
        name: of the state.
        layout: ONE row for each key of the join, UNIQUE for rows with a key of their own, or ROWS for any.
        unique: positions of the rows' own key.
        nested: whether a column's values are lists, maps or rows.
        ttl: milliseconds that a row is held after it was last written; 0 for ever.
    """

    name: str
    layout: str
    unique: tuple[int, ...] = ()
    nested: bool = False
    ttl: int = 0

    @property
    def state(self) -> StateSpec:
        """What the operator keeps."""
        kind = "ValueState" if self.layout == ONE else "MapState"
        return StateSpec(self.name, f"Ttl{kind}" if self.ttl else kind)


class View:
    """The rows of the current key."""

    def records(self) -> list[Held]:
        """All rows, each as often as it is there, with how many partners it has."""
        raise NotImplementedError

    def add(self, row: Row, partners: int) -> None:
        """Hold a row."""
        raise NotImplementedError

    def retract(self, row: Row) -> None:
        """Hold a row no more; nothing happens where it is not there."""
        raise NotImplementedError

    def update(self, row: Row, partners: int) -> None:
        """Note how many partners a row has."""
        raise NotImplementedError

    def partners(self, row: Row) -> int:
        """How many partners a row has that is there."""
        raise NotImplementedError


class OneRow(View):
    """The keys of the join say which row it is."""

    def __init__(self, state: Any) -> None:
        self.state = state

    def records(self) -> list[Held]:
        held = self.state.value()
        return [] if held is None else [held]

    def add(self, row: Row, partners: int) -> None:
        self.state.update((row, partners))

    def retract(self, row: Row) -> None:
        self.state.clear()

    update = add

    def partners(self, row: Row) -> int:
        return partners_in(self.state.value())


class UniqueRows(View):
    """Rows with a key of their own."""

    def __init__(self, state: Any, key: Callable[[Row], Any]) -> None:
        self.state = state
        self.key = key

    def records(self) -> list[Held]:
        held: list[Held] = self.state.values()
        return held

    def add(self, row: Row, partners: int) -> None:
        self.state.put(self.key(row), (row, partners))

    def retract(self, row: Row) -> None:
        self.state.remove(self.key(row))

    update = add

    def partners(self, row: Row) -> int:
        return partners_in(self.state.get(self.key(row)))


class CountedRows(View):
    """Any rows: equal ones once, with how often they are there."""

    def __init__(self, state: Any, key: Callable[[Row], Any] | None) -> None:
        self.state = state
        self.key = key

    def records(self) -> list[Held]:
        found: list[Held] = []
        for row, count, partners in self.state.values():
            if count == 1:
                found.append((row, partners))
            else:
                found.extend([(row, partners)] * count)
        return found

    def add(self, row: Row, partners: int) -> None:
        key = row if self.key is None else self.key(row)
        held = self.state.get(key)
        self.state.put(key, (row, 1 if held is None else held[1] + 1, partners))

    def retract(self, row: Row) -> None:
        key = row if self.key is None else self.key(row)
        held = self.state.get(key)
        if held is None:
            return
        if held[1] > 1:
            self.state.put(key, (row, held[1] - 1, held[2]))
        else:
            self.state.remove(key)

    def update(self, row: Row, partners: int) -> None:
        key = row if self.key is None else self.key(row)
        held = self.state.get(key)
        if held is not None:
            self.state.put(key, (held[0], held[1], partners))

    def partners(self, row: Row) -> int:
        return partners_in(self.state.get(row if self.key is None else self.key(row)))


def partners_in(held: tuple[Any, ...] | None) -> int:
    """What is noted of a row; none where its time has just ended."""
    return 0 if held is None else held[-1]


def view_of(spec: ViewSpec, store: KeyedStateBackend) -> View:
    """The rows of a side, held by an operator's keyed state."""
    kind = ValueStateDescriptor if spec.layout == ONE else MapStateDescriptor
    descriptor: StateDescriptor = kind(spec.name)
    if spec.ttl:
        descriptor.enable_time_to_live(StateTtlConfig.new_builder(Time.milliseconds(spec.ttl)).build())
    state = store.get_partitioned_state(descriptor)
    if spec.layout == ONE:
        return OneRow(state)
    if spec.layout == UNIQUE:
        key = itemgetter(*spec.unique)
        return UniqueRows(state, (lambda row: frozen(key(row))) if spec.nested else key)
    return CountedRows(state, frozen if spec.nested else None)


def frozen(value: Any) -> Any:
    """A value with parts as one that can be a key: equal ones are equal."""
    if isinstance(value, dict):
        return ("map", frozenset((frozen(key), frozen(part)) for key, part in value.items()))
    if isinstance(value, (list, tuple)):
        return tuple(map(frozen, value))
    return value
