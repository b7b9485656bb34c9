"""Rows in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx.relational.keyed_rows import as_key
from pyflinkx.relational.over.nodes import OrderKey


def comparable(value: Any) -> Any:
    """What a value is compared by: NaN is larger than all numbers."""
    return (value != value, 0.0 if value != value else value) if isinstance(value, float) else value


def in_order(numbers: list[int], rows: Sequence[Sequence[Any]], order: Sequence[OrderKey]) -> list[int]:
    """The numbers of rows in an order; of equal ones the first comes first.

    Args:
        numbers: of the rows.
        rows: the values of each; the positions of ``order`` are those in here.
        order: by what they are in order.
    """
    for key in reversed(order):
        index = key.index
        nulls = [number for number in numbers if rows[number][index] is None]
        others = [number for number in numbers if rows[number][index] is not None]
        others.sort(key=lambda number: comparable(rows[number][index]), reverse=key.descending)
        numbers = nulls + others if key.nulls_first else others + nulls
    return numbers


def peers(rows: Sequence[Sequence[Any]], order: Sequence[OrderKey]) -> list[tuple[int, int]]:
    """For each of some rows in order, where the rows begin and end that are equal to it."""
    found: list[tuple[int, int]] = []
    begin = 0
    marks = [tuple(as_key(row[key.index]) for key in order) for row in rows]
    for end in range(1, len(rows) + 1):
        if end == len(rows) or marks[end] != marks[begin]:
            found += [(begin, end)] * (end - begin)
            begin = end
    return found


class Descending:
    """A value that is the smaller, the larger it is."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: Descending) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Descending) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]


def sort_key(row: Sequence[Any], order: Sequence[OrderKey]) -> tuple[Any, ...]:
    """What rows are compared by, so that they are in an order."""
    found: list[Any] = []
    for key in order:
        value = row[key.index]
        if value is None:
            found.append((not key.nulls_first,))
        else:
            found.append((key.nulls_first, Descending(comparable(value)) if key.descending else comparable(value)))
    return tuple(found)
