"""How the records of a window are kept until it fires: folded into one value, or as a list."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from pyflinkx._core.records.copier import Copier
from pyflinkx._core.state.keyed import ABSENT, StateTable


class ReducedContents:
    """The first record, and all others folded into it.

    Args:
        reduce: called with what is stored and a record.
    """

    state_kind = "ReducingState"

    def __init__(self, reduce: Callable[[Any, Any], Any]) -> None:
        self.reduce = self.combine = reduce

    def add(self, table: StateTable, window: Any, value: Any) -> bool:
        """Add a record to a window of the current key; True when it is the first one."""
        stored = table.edit(window)
        first = stored is ABSENT
        table.put(window, value if first else self.reduce(stored, value))
        return first

    def inputs(self, stored: Any, copier: Copier | None) -> list[Any]:
        """What a window function gets to see."""
        return [stored]


class AggregatedContents:
    """An accumulator.

    Args:
        aggregate: an object with ``create_accumulator``, ``add``, ``get_result`` and ``merge``.
    """

    state_kind = "AggregatingState"

    def __init__(self, aggregate: Any) -> None:
        self.create_accumulator: Callable[[], Any] = aggregate.create_accumulator
        self.add_value: Callable[[Any, Any], Any] = aggregate.add
        self.get_result: Callable[[Any], Any] = aggregate.get_result
        self.aggregate = aggregate

    def add(self, table: StateTable, window: Any, value: Any) -> bool:
        """Add a record to a window of the current key; True when it is the first one."""
        stored = table.edit(window)
        first = stored is ABSENT
        table.put(window, self.add_value(value, self.create_accumulator() if first else stored))
        return first

    def combine(self, first: Any, second: Any) -> Any:
        """One accumulator of two."""
        return self.aggregate.merge(first, second)

    def inputs(self, stored: Any, copier: Copier | None) -> list[Any]:
        """What a window function gets to see."""
        return [self.get_result(stored)]


class ListedContents:
    """All records, in the order in which they came."""

    state_kind = "ListState"

    def add(self, table: StateTable, window: Any, value: Any) -> bool:
        """Add a record to a window of the current key; True when it is the first one."""
        stored = table.edit(window)
        first = stored is ABSENT
        if first:
            stored = [value]
        else:
            stored.append(value)
        table.put(window, stored)
        return first

    def combine(self, first: list[Any], second: list[Any]) -> list[Any]:
        """One list of two."""
        first.extend(second)
        return first

    def inputs(self, stored: list[Any], copier: Copier | None) -> list[Any]:
        """What a window function gets to see: a list of its own, since the window may get more records."""
        return list(stored)


class EvictedContents(ListedContents):
    """All records with their timestamps, so that an evictor can remove some of them before they are folded.

    Args:
        folding: what a firing does with the values that are left.
    """

    def __init__(self, folding: ReducedContents | AggregatedContents | ListedContents) -> None:
        self.folding = folding

    def inputs(self, stored: list[Any], copier: Copier | None) -> list[Any]:
        """What a window function gets to see; of no records, a reduce function has nothing to show."""
        values = [element.value for element in stored]
        if copier is not None:
            values = copier.copy_all(values)  # the next firing sees them as they came
        folding = self.folding
        if isinstance(folding, ReducedContents):
            return [reduce(folding.reduce, values)] if values else []
        if isinstance(folding, AggregatedContents):
            accumulator = folding.create_accumulator()
            for value in values:
                accumulator = folding.add_value(value, accumulator)
            return [folding.get_result(accumulator)]
        return values


Contents = ReducedContents | AggregatedContents | ListedContents
