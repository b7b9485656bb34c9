"""Conditions on the times of both sides of a join: from how much before a row to how much after it its partners are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pyflinkx.relational.bound import Apply, Bound, Constant, Input
from pyflinkx.relational.nodes import Columns
from pyflinkx.types.data_type import ROWTIME, Family

# By how many milliseconds a bound is inside of what a comparison with it says.
INSIDE = {">=": 0, ">": 1, "<=": 0, "<": 1}
TURNED = {">=": "<=", ">": "<", "<=": ">=", "<": ">", "=": "="}
MILLIS = {"DAY": 86_400_000, "HOUR": 3_600_000, "MINUTE": 60_000, "SECOND": 1_000}


@dataclass(frozen=True)
class Interval:
    """The times at which a left and a right row can be partners: ``right + lower <= left <= right + upper``.

    Args:
        by: ROWTIME or PROCTIME.
        left: position of the time of a left row.
        right: position of the time of a right row.
        lower: milliseconds.
        upper: milliseconds.
    """

    by: str
    left: int
    right: int
    lower: int
    upper: int

    def describe(self, left: Columns, right: Columns) -> str:
        """In the words of a plan."""
        return (
            f"isRowTime={str(self.by == ROWTIME).lower()}, leftLowerBound={self.lower}, leftUpperBound={self.upper}, "
            f"leftTime={left[self.left][0]}, rightTime={right[self.right][0]}"
        )


@dataclass(frozen=True)
class Comparison:
    """``left - right`` compared with milliseconds."""

    left: int
    right: int
    operator: str
    millis: int


def interval_of(parts: list[Bound], left: Columns, right: Columns) -> tuple[Interval, list[Bound]] | None:
    """The interval that conditions on pairs say, and the other conditions; None where they say none.

    Args:
        parts: conditions that all have to be true, on the columns of a left and, behind them, a right row.
        left: the columns of a left row.
        right: the columns of a right row.
    """
    lower: dict[tuple[int, int], int] = {}
    upper: dict[tuple[int, int], int] = {}
    rest: list[Bound] = []
    for part in parts:
        found = comparison_of(part, left, right)
        if found is None:
            rest.append(part)
            continue
        times = (found.left, found.right)
        if found.operator in ("=", ">=", ">"):
            bound = found.millis + INSIDE.get(found.operator, 0)
            lower[times] = max(lower.get(times, bound), bound)
        if found.operator in ("=", "<=", "<"):
            bound = found.millis - INSIDE.get(found.operator, 0)
            upper[times] = min(upper.get(times, bound), bound)
    bounded = [times for times in lower if times in upper]
    if not bounded:
        return None
    times = bounded[0]
    by = left[times[0]][1].time
    assert by is not None
    # Other times that are compared, too, are conditions as any.
    for part in parts:
        found = comparison_of(part, left, right)
        if found is not None and (found.left, found.right) != times:
            rest.append(part)
    return Interval(by, *times, lower[times], upper[times]), rest


def comparison_of(part: Bound, left: Columns, right: Columns) -> Comparison | None:
    """A condition as one on the times of both sides; None where it is none."""
    if not isinstance(part, Apply) or part.function not in TURNED:
        return None
    first, second = (term_of(operand) for operand in part.operands)
    if first is None or second is None:
        return None
    width = len(left)
    operator, millis = part.function, second[1] - first[1]
    if first[0] >= width > second[0]:
        first, second, operator, millis = second, first, TURNED[operator], -millis
    if not first[0] < width <= second[0]:
        return None
    one, other = left[first[0]][1], right[second[0] - width][1]
    if one.time is None or one.time != other.time or one.kind is not other.kind:
        return None
    return Comparison(first[0], second[0] - width, operator, millis)


def term_of(bound: Bound) -> tuple[int, int] | None:
    """An expression as a column and milliseconds that are added to it; None where it is none."""
    if isinstance(bound, Input):
        return bound.index, 0
    if not isinstance(bound, Apply):
        return None
    if bound.function in ("+", "-") and len(bound.operands) == 2:
        first, second = bound.operands
        if bound.function == "+" and isinstance(first, Constant):
            first, second = second, first
        term, millis = term_of(first), millis_of(second)
        if term is None or millis is None:
            return None
        return term[0], term[1] + (millis if bound.function == "+" else -millis)
    if bound.function == "CAST" and bound.type.kind is bound.operands[0].type.kind:
        return term_of(bound.operands[0])
    if bound.function == "TIMESTAMPADD":
        unit, count, time = bound.operands
        term = term_of(time)
        known = isinstance(unit, Constant) and isinstance(count, Constant) and unit.value in MILLIS
        if term is None or not known or count.value is None:  # type: ignore[attr-defined]
            return None
        return term[0], term[1] + count.value * MILLIS[unit.value]  # type: ignore[attr-defined]
    return None


def millis_of(bound: Bound) -> int | None:
    """The milliseconds of a constant interval; None where it is none."""
    if isinstance(bound, Apply) and bound.function == "NEGATIVE":
        millis = millis_of(bound.operands[0])
        return None if millis is None else -millis
    if not isinstance(bound, Constant) or bound.value is None:
        return None
    return int(bound.value) if bound.type.family(Family.INTERVAL) and is_of_days(bound) else None


def is_of_days(bound: Constant) -> bool:
    """Whether an interval is of days or less, not of months."""
    return "YEAR" not in str(bound.type) and "MONTH" not in str(bound.type)


def times_dropped(columns: Columns) -> Columns:
    """Columns of which none is the time of rows."""
    return tuple((name, kind if kind.time is None else replace(kind, time=None)) for name, kind in columns)
