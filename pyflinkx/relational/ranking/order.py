"""What rows are ordered by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pyflinkx.types.data_type import DataType, Family, Kind

# Where missing values and NaN lie among the others.
BEFORE_ALL, BELOW, VALUE, ABOVE, AFTER_ALL = range(5)


@dataclass(frozen=True)
class SortKey:
    """A column that rows are ordered by.

    Args:
        index: its position.
        descending: whether large values come first.
        nulls_first: whether rows without a value come first; as Flink has it, null is less than any value.
    """

    index: int
    descending: bool = False
    nulls_first: bool = True

    def shown(self, names: Sequence[str]) -> str:
        """As it stands in a plan."""
        usual = self.nulls_first != self.descending
        nulls = "" if usual else " NULLS FIRST" if self.nulls_first else " NULLS LAST"
        return f"{names[self.index]} {'DESC' if self.descending else 'ASC'}{nulls}"


class Reversed:
    """A value of which there is no negative: text, say. Small ones come last."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: Reversed) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reversed) and bool(other.value == self.value)

    def __hash__(self) -> int:
        return hash(self.value)

    def __reduce__(self) -> tuple[Any, ...]:
        return Reversed, (self.value,)


Place = tuple[Any, ...]


def place_of(order: Sequence[SortKey], kinds: Sequence[DataType]) -> Callable[[Sequence[Any]], Place]:
    """What gives rows their place: rows are in order when what it makes of them is.

    Args:
        order: by what.
        kinds: types of the columns of the rows.
    """
    parts = [part_of(key, kinds[key.index]) for key in order]
    if len(parts) == 1:
        (only,) = parts
        return lambda row: (only(row),)
    return lambda row: tuple(part(row) for part in parts)


def part_of(key: SortKey, kind: DataType) -> Callable[[Sequence[Any]], Any]:
    """One column's part of a place."""
    index = key.index
    missing = (BEFORE_ALL if key.nulls_first else AFTER_ALL,)
    nan = (BELOW if key.descending else ABOVE,)
    turned: Callable[[Any], Any] = lambda value: value  # noqa: E731 - the others are expressions, too
    if key.descending:
        number = kind.family(Family.NUMERIC | Family.DATE_TIME | Family.INTERVAL)
        turned = (lambda value: -value) if number else (lambda value: not value) if is_boolean(kind) else Reversed

    def part(row: Sequence[Any]) -> Any:
        value = row[index]
        if value is None:
            return missing
        return (VALUE, turned(value)) if value == value else nan

    return part


def is_boolean(kind: DataType) -> bool:
    return kind.kind is Kind.BOOLEAN


def has_order(kind: DataType) -> bool:
    """Whether rows can be ordered by values of a type."""
    return not kind.family(Family.CONSTRUCTED) and kind.kind is not Kind.RAW
