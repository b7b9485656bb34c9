"""Reduce functions that fold one field of the records: sum, min, max, and the records with the least or greatest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from numbers import Number
from typing import Any

from pyflinkx.operators.fields import Step, field_of, with_field

WITHOUT_FIELDS = (Number, Decimal, str, bytes, date, time, timedelta)


class AccumulateType(Enum):
    """What is done with the field."""

    MIN = 1
    MAX = 2
    MIN_BY = 3
    MAX_BY = 4
    SUM = 5


class FieldReduce:
    """Folds a field; the other fields are those of the first record, as in PyFlink.

    With MIN_BY and MAX_BY the result is the first of the records with the least or greatest value in the field. A
    record without fields, such as a number, is its own field 0.

    Args:
        kind: what is done.
        step: position or name of the field.

    Example:
        >>> FieldReduce(AccumulateType.SUM, 1)(("a", 1, "x"), ("a", 2, "y"))
        ('a', 3, 'x')
    """

    def __init__(self, kind: AccumulateType, step: Step) -> None:
        self.kind = kind
        self.step = step
        self.combine = COMBINE[kind]
        self.whole = kind in (AccumulateType.MIN_BY, AccumulateType.MAX_BY)

    def __call__(self, first: Any, second: Any) -> Any:
        step = self.step
        if step == 0 and isinstance(first, WITHOUT_FIELDS):
            return self.combine(first, second)
        old, new = field_of(first, step), field_of(second, step)
        chosen = self.combine(old, new)
        if self.whole:
            return first if chosen is old else second
        return first if chosen is old else with_field(first, step, chosen)

    def __repr__(self) -> str:
        return f"FieldReduce({self.kind.name}, {self.step!r})"


def field_fold(kind: AccumulateType, step: Step) -> Callable[[Any, Any], Any]:
    """A FieldReduce that is fast on tuples."""
    general = FieldReduce(kind, step)
    return general if isinstance(step, str) else ON_TUPLES[kind](step, general)


def sum_on_tuples(step: int, general: FieldReduce) -> Callable[[Any, Any], Any]:
    """The sum of a field of tuples; ``general`` for other records."""
    after = step + 1

    def fold(first: Any, second: Any) -> Any:
        if type(first) is not tuple:
            return general(first, second)
        return (*first[:step], first[step] + second[step], *first[after:])

    return fold


def min_on_tuples(step: int, general: FieldReduce) -> Callable[[Any, Any], Any]:
    """The least value of a field of tuples; ``general`` for other records."""
    after = step + 1

    def fold(first: Any, second: Any) -> Any:
        if type(first) is not tuple:
            return general(first, second)
        new = second[step]
        return (*first[:step], new, *first[after:]) if new < first[step] else first

    return fold


def max_on_tuples(step: int, general: FieldReduce) -> Callable[[Any, Any], Any]:
    """The greatest value of a field of tuples; ``general`` for other records."""
    after = step + 1

    def fold(first: Any, second: Any) -> Any:
        if type(first) is not tuple:
            return general(first, second)
        new = second[step]
        return (*first[:step], new, *first[after:]) if new > first[step] else first

    return fold


def min_by_on_tuples(step: int, general: FieldReduce) -> Callable[[Any, Any], Any]:
    """The tuple with the least value in a field; ``general`` for other records."""

    def fold(first: Any, second: Any) -> Any:
        if type(first) is not tuple:
            return general(first, second)
        return second if second[step] < first[step] else first

    return fold


def max_by_on_tuples(step: int, general: FieldReduce) -> Callable[[Any, Any], Any]:
    """The tuple with the greatest value in a field; ``general`` for other records."""

    def fold(first: Any, second: Any) -> Any:
        if type(first) is not tuple:
            return general(first, second)
        return second if second[step] > first[step] else first

    return fold


ON_TUPLES = {
    AccumulateType.SUM: sum_on_tuples,
    AccumulateType.MIN: min_on_tuples,
    AccumulateType.MAX: max_on_tuples,
    AccumulateType.MIN_BY: min_by_on_tuples,
    AccumulateType.MAX_BY: max_by_on_tuples,
}


def add(old: Any, new: Any) -> Any:
    """Their sum."""
    return old + new


def smaller(old: Any, new: Any) -> Any:
    """The smaller one, the old one if they are equal."""
    return new if new < old else old


def greater(old: Any, new: Any) -> Any:
    """The greater one, the old one if they are equal."""
    return new if new > old else old


COMBINE: dict[AccumulateType, Callable[[Any, Any], Any]] = {
    AccumulateType.SUM: add,
    AccumulateType.MIN: smaller,
    AccumulateType.MIN_BY: smaller,
    AccumulateType.MAX: greater,
    AccumulateType.MAX_BY: greater,
}
