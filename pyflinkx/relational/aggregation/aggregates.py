"""Several aggregates of the same rows at work: DISTINCT and FILTER, and one state for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from operator import itemgetter
from typing import Any

from pyflinkx._core.keys.map import KeyMap
from pyflinkx.relational.aggregation.accumulators import Accumulators
from pyflinkx.relational.aggregation.folding import fold_of
from pyflinkx.relational.aggregation.functions import AggregateCall
from pyflinkx.relational.keyed_rows import as_key

# Of these it makes no difference how often a value comes.
WITHOUT_DISTINCT = ("MIN", "MAX", "APPROX_COUNT_DISTINCT")


class DistinctValues:
    """The aggregates that look at each combination of some columns' values once: they share one map of them.

    Args:
        arguments: positions of the columns in a row.
        parts: place in the state, accumulators, and position of the filter of each aggregate.

    Attributes:
        read: positions in a row of all that counts.
    """

    def __init__(self, arguments: Sequence[int], parts: Sequence[tuple[int, Accumulators, int | None]]) -> None:
        self.arguments = tuple(arguments)
        self.parts = tuple(parts)
        self.read = sorted({*arguments, *(where for _, _, where in parts if where is not None)})

    def change(self, state: list[Any], values: KeyMap[Any, Any], row: Sequence[Any], number: int) -> None:
        """Have the values of a row once more or once less.

        Args:
            state: of all aggregates.
            values: from what stands for a combination to it, and how often it is there for each aggregate.
            row: the row.
            number: how often it comes; less than 0 where it is taken back.
        """
        counts = [number if where is None or row[where] is True else 0 for _, _, where in self.parts]
        self.add(state, values, tuple(row[index] for index in self.arguments), counts)

    def add(self, state: list[Any], values: KeyMap[Any, Any], found: tuple[Any, ...], counts: list[int]) -> None:
        if not any(counts):
            return
        key = as_key(found[0]) if len(found) == 1 else tuple(map(as_key, found))
        entry = values.get(key)
        before = [0] * len(counts) if entry is None else entry[1]
        after = []
        for (place, accumulators, _), old, change in zip(self.parts, before, counts, strict=True):
            new = old + change
            after.append(new)
            if old <= 0 < new:
                accumulators.accumulate(state[place], *found)
            elif new <= 0 < old:
                accumulators.retract(state[place], *found)
        if any(after):
            values[key] = (found, after)
        else:
            del values[key]

    def merge(self, state: list[Any], values: KeyMap[Any, Any], others: KeyMap[Any, Any]) -> None:
        for found, counts in others.values():
            self.add(state, values, found, counts)


class Aggregates:
    """Some aggregates, with one state for all: a list of an accumulator for each, then maps of distinct values.

    Rows are sequences of the values of ``columns``, in that order.

    Args:
        calls: the aggregates.
        retracting: whether rows are taken back.

    Attributes:
        columns: positions of the columns that are read.
        distinct: the aggregates with DISTINCT.
        first_map: the place of their first map in the state.
    """

    def __init__(self, calls: Sequence[AggregateCall], retracting: bool = False) -> None:
        read = {index for call in calls for index in (*call.arguments, *([] if call.filter is None else [call.filter]))}
        self.columns = tuple(sorted(read))
        place_of = {index: place for place, index in enumerate(self.columns)}
        self.calls = tuple(calls)
        self.folds = [fold_of(call, retracting) for call in calls]
        self.accumulators = [call.accumulators(retracting) for call in calls]
        self._simple: list[tuple[int, Accumulators, Any, int | None]] = []
        distinct: dict[tuple[int, ...], list[tuple[int, Accumulators, int | None]]] = {}
        for place, (call, each) in enumerate(zip(calls, self.accumulators, strict=True)):
            arguments = tuple(place_of[index] for index in call.arguments)
            where = None if call.filter is None else place_of[call.filter]
            if call.distinct and call.function not in WITHOUT_DISTINCT:
                distinct.setdefault(arguments, []).append((place, each, where))
            else:
                self._simple.append((place, each, taking(arguments), where))
        self.distinct = [DistinctValues(arguments, parts) for arguments, parts in distinct.items()]
        self.first_map = len(calls)

    def create(self) -> list[Any]:
        """The state of no rows."""
        return [each.create() for each in self.accumulators] + [KeyMap() for _ in self.distinct]

    def accumulate(self, state: list[Any], row: Sequence[Any]) -> None:
        """Take a row."""
        for place, each, take, where in self._simple:
            if where is None or row[where] is True:
                each.accumulate(state[place], *take(row))
        for place, distinct in enumerate(self.distinct, self.first_map):
            distinct.change(state, state[place], row, 1)

    def retract(self, state: list[Any], row: Sequence[Any]) -> None:
        """Take a row back."""
        for place, each, take, where in self._simple:
            if where is None or row[where] is True:
                each.retract(state[place], *take(row))
        for place, distinct in enumerate(self.distinct, self.first_map):
            distinct.change(state, state[place], row, -1)

    def merge(self, state: list[Any], other: list[Any]) -> None:
        """Add what another state has taken."""
        for place, each, _, _ in self._simple:
            each.merge(state[place], other[place])
        for place, distinct in enumerate(self.distinct, self.first_map):
            distinct.merge(state, state[place], other[place])

    def add_folded(self, state: list[Any], parts: Sequence[list[list[Any]] | None], group: int) -> None:
        """Add what folds made of a group of a batch.

        Args:
            state: of the group.
            parts: see ``folding.folded``.
            group: its number.
        """
        for place, part in enumerate(parts):
            if part is not None:
                self.accumulators[place].merge(state[place], part[group])

    def unfolded(self) -> Aggregates | None:
        """What takes rows one after the other for the aggregates that have no fold and no DISTINCT; None for none.

        It keeps its values in the same states.
        """
        rest = copy(self)
        rest._simple = [part for part in self._simple if self.folds[part[0]] is None]
        rest.distinct = []
        return rest if rest._simple else None

    def results(self, state: list[Any]) -> tuple[Any, ...]:
        """The aggregates of what has been taken."""
        return tuple(each.result(part) for each, part in zip(self.accumulators, state, strict=False))


def taking(arguments: Sequence[int]) -> Any:
    """What takes the values at some positions out of a row, as a sequence."""
    if not arguments:
        return lambda row: ()
    if len(arguments) == 1:
        (only,) = arguments
        return lambda row: (row[only],)
    return itemgetter(*arguments)
