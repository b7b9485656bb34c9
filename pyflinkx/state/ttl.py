"""States whose values live for a limited time.

Each value is stored with the time (ms) at which it was last given its full time to live: (value, time). A list holds
such pairs, a map has them as its values. A value has outlived its time at that time + ttl, as in Flink.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from pyflinkx._core.state.keyed import (
    ABSENT,
    AggregatingState,
    ListState,
    MapState,
    ReducingState,
    State,
    StateTable,
    ValueState,
)
from pyflinkx.state.ttl_config import StateTtlConfig

if TYPE_CHECKING:
    from pyflinkx.state.backend import KeyedStateBackend

Pair = tuple[Any, int]


class TtlCleaner:
    """Goes round the values of a table, a few at a time, and removes those that have outlived their time.

    Args:
        table: the values.
        sweep: removes what is over of the current key's value in a namespace.
    """

    def __init__(self, table: StateTable, sweep: Callable[[Any], None]) -> None:
        self.table = table
        self.sweep = sweep
        self.waiting: Iterator[tuple[Any, Any]] = iter(())

    def look_at(self, count: int) -> None:
        """Look at the next ``count`` values; after the last one comes the first again, the next time."""
        context = self.table.context
        current = context.key
        looked_at = 0
        try:
            for namespace, context.key in islice(self.waiting, count):
                looked_at += 1
                self.sweep(namespace)
            if not looked_at:
                self.waiting = self.table.scan()
                for namespace, context.key in islice(self.waiting, count):
                    self.sweep(namespace)
        finally:
            context.key = current


class WithTtl(State):
    """What states with a time to live share."""

    def configure(self, config: StateTtlConfig, backend: KeyedStateBackend) -> None:
        """Set the time to live; called once, before anything else."""
        self.ttl = config.get_ttl().to_milliseconds()
        self.now = backend.now
        self.renew_on_read = config.get_update_type() is StateTtlConfig.UpdateType.OnReadAndWrite
        self.show_expired = config.get_state_visibility() is StateTtlConfig.StateVisibility.ReturnExpiredIfNotCleanedUp
        strategy = config.get_cleanup_strategies().get_incremental_cleanup_strategy()
        self.cleaner = TtlCleaner(self.table, self.sweep)
        self.clean_at_once = 0 if strategy is None else strategy.get_cleanup_size()
        if strategy is not None and strategy.run_cleanup_for_every_record():
            backend.every_record.append(self.clean_up)

    def is_alive(self, pair: Pair) -> bool:
        """Whether a value has not outlived its time."""
        return pair[1] + self.ttl > self.now()

    def prune(self, stored: Any) -> Any:
        """What is left of what is stored for a key: of a pair all or ABSENT."""
        return stored if self.is_alive(stored) else ABSENT

    def sweep(self, namespace: Any) -> None:
        """Remove what has outlived its time of what the current key has in a namespace."""
        stored = self.table.get(namespace)
        if stored is ABSENT:
            return
        kept = self.prune(stored)
        if kept is ABSENT:
            self.table.discard(namespace)
        elif kept is not stored:
            self.table.put(namespace, kept)

    def clean_up(self, records: int = 1) -> None:
        """The state is used, or the operator has taken records: remove some of what has outlived its time."""
        if self.clean_at_once:
            self.cleaner.look_at(self.clean_at_once * records)

    def read(self) -> Any:
        """The value of the current key, ABSENT when there is none to be seen."""
        namespace = self.current_namespace()
        pair = self.table.get(namespace)
        if pair is ABSENT:
            return ABSENT
        if not self.is_alive(pair):
            self.table.discard(namespace)
            return pair[0] if self.show_expired else ABSENT
        if self.renew_on_read:
            self.table.put(namespace, (pair[0], self.now()))
        return pair[0]

    def write(self, value: Any) -> None:
        """Set the value of the current key to one that nobody else changes."""
        self.table.put(self.current_namespace(), (value, self.now()))

    def alive_value(self) -> Any:
        """The value of the current key to fold another one into, ABSENT when there is none or its time is over."""
        pair = self.table.edit(self.current_namespace())
        return pair[0] if pair is not ABSENT and self.is_alive(pair) else ABSENT

    def combine_alive(self, first: Pair, second: Pair, combine: Callable[[Any, Any], Any]) -> Pair:
        """One pair of two, from those that have not outlived their time."""
        if not self.is_alive(second):
            return first
        if not self.is_alive(first):
            return second
        return combine(first[0], second[0]), self.now()


class TtlValueState(WithTtl, ValueState[Any]):
    """One value per key."""

    def value(self) -> Any:
        self.clean_up()
        value = self.read()
        return None if value is ABSENT else value

    def update(self, value: Any) -> None:
        self.clean_up()
        if value is None:
            self.table.discard(self.current_namespace())
        else:
            pair = self.table.get(self.current_namespace())
            self.write(self.own_or_stored(value, None if pair is ABSENT else pair[0]))


class TtlReducingState(WithTtl, ReducingState[Any]):
    """One value per key, into which added values are folded; one that has outlived its time is not."""

    def __init__(self, table: StateTable, per_window: bool, function: Callable[[Any, Any], Any]) -> None:
        self.function = function

    def get(self) -> Any:
        self.clean_up()
        value = self.read()
        return None if value is ABSENT else value

    def add(self, value: Any) -> None:
        self.clean_up()
        if value is None:
            self.table.discard(self.current_namespace())
            return
        value = self.own(value)
        old = self.alive_value()
        self.write(value if old is ABSENT else self.folded(self.function(old, value), old))

    def combine(self, first: Pair, second: Pair) -> Pair:
        return self.combine_alive(first, second, lambda a, b: self.folded(self.function(a, b), a))


class TtlAggregatingState(WithTtl, AggregatingState[Any, Any]):
    """One accumulator per key; one that has outlived its time is begun anew."""

    def __init__(self, table: StateTable, per_window: bool, function: Any) -> None:
        self.function = function

    def get(self) -> Any:
        self.clean_up()
        accumulator = self.read()
        return None if accumulator is ABSENT else self.function.get_result(accumulator)

    def add(self, value: Any) -> None:
        self.clean_up()
        if value is None:
            self.table.discard(self.current_namespace())
            return
        old = self.alive_value()
        added = self.function.add(self.own_input(value), self.function.create_accumulator() if old is ABSENT else old)
        self.write(self.folded(added, old))

    def combine(self, first: Pair, second: Pair) -> Pair:
        return self.combine_alive(first, second, lambda a, b: self.folded(self.function.merge(a, b), a))


class TtlListState(WithTtl, ListState[Any]):
    """A list per key, whose elements live for themselves."""

    def prune(self, stored: list[Pair]) -> Any:
        alive = [pair for pair in stored if self.is_alive(pair)]
        return (stored if len(alive) == len(stored) else alive) if alive else ABSENT

    def get(self) -> list[Any]:
        self.clean_up()
        namespace = self.current_namespace()
        stored = self.table.get(namespace)
        if stored is ABSENT:
            return []
        alive = self.prune(stored)
        if alive is ABSENT:
            self.table.discard(namespace)
            alive = []
        elif self.renew_on_read:
            now = self.now()
            self.table.put(namespace, [(value, now) for value, _ in alive])
        elif len(alive) < len(stored):
            self.table.put(namespace, list(alive))
        return [value for value, _ in (stored if self.show_expired else alive)]

    def add(self, value: Any) -> None:
        self.add_all([value])

    def add_all(self, values: Iterable[Any]) -> None:
        self.clean_up()
        now = self.now()
        for value in list(values):
            self.append((self.own(value), now))

    def update(self, values: Iterable[Any]) -> None:
        self.clean_up()
        now = self.now()
        stored = self.table.get(self.current_namespace())
        known = () if stored is ABSENT else [value for value, _ in stored]
        self.replace([(value, now) for value in self.owned(list(values), known)])


class TtlMapState(WithTtl, MapState[Any, Any]):
    """A map per key, whose entries live for themselves."""

    def sweep(self, namespace: Any) -> None:
        stored = self.table.get(namespace)
        if stored is not ABSENT:
            for key in [key for key, pair in stored.items() if not self.is_alive(pair)]:
                self.table.remove_entry(namespace, key)

    def entry(self, key: Any) -> Any:
        """The value under ``key``, ABSENT when there is none to be seen."""
        self.clean_up()
        key = self.shaped_key(key)
        pair = self.table.entry(self.current_namespace(), key)
        if pair is ABSENT:
            return ABSENT
        if not self.is_alive(pair):
            super().remove(key)
            return pair[0] if self.show_expired else ABSENT
        if self.renew_on_read:
            self.set_entry(key, (pair[0], self.now()))
        return pair[0]

    def get(self, key: Any) -> Any:
        value = self.entry(key)
        return None if value is ABSENT else value

    def contains(self, key: Any) -> bool:
        return self.entry(key) is not ABSENT

    def put(self, key: Any, value: Any) -> None:
        self.clean_up()
        key = self.own_key(key)
        pair = self.table.entry(self.current_namespace(), key)
        value = self.own_or_stored(value, None if pair is ABSENT else pair[0])
        self.set_entry(key, (value, self.now()))

    def items(self) -> list[tuple[Any, Any]]:
        self.clean_up()
        namespace = self.current_namespace()
        entries = self.table.get(namespace)
        if entries is ABSENT:
            return []
        now = self.now()
        shown = []
        for key, pair in list(entries.items()):
            alive = self.is_alive(pair)
            if not alive:
                self.table.remove_entry(namespace, key)
            elif self.renew_on_read:
                self.table.put_entry(namespace, key, (pair[0], now))
            if alive or self.show_expired:
                shown.append((key, pair[0]))
        return shown

    def keys(self) -> list[Any]:
        return [key for key, _ in self.items()]

    def values(self) -> list[Any]:
        return [value for _, value in self.items()]

    def is_empty(self) -> bool:
        return not self.items()


TTL_STATES: dict[type[State], type[WithTtl]] = {
    ValueState: TtlValueState,
    ListState: TtlListState,
    MapState: TtlMapState,
    ReducingState: TtlReducingState,
    AggregatingState: TtlAggregatingState,
}
