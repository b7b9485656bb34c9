"""Arithmetic of times and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.relational import arithmetic
from pyflinkx.relational.bound import Apply
from pyflinkx.relational.calendar import per_day, plus_months
from pyflinkx.relational.registry import Signature
from pyflinkx.relational.times import units_of
from pyflinkx.relational.values import Run, both, by_value, dtype, missing
from pyflinkx.types.data_type import BIGINT, DOUBLE, DataType, Family, Kind
from pyflinkx.types.data_type_rules import common_type

DAY_TIME = DataType(Kind.INTERVAL_DAY_TIME, scale=3, unit="DAY TO SECOND")
TIMES = Family.DATE_TIME
# Parts of an interval that a date has not.
CLOCK = ("HOUR", "MINUTE", "SECOND")


def calculated(sign: str, first: DataType, second: DataType) -> Signature | None:
    """The signature of an operation of which one operand is a time or an interval."""
    nullable = first.nullable or second.nullable
    if Kind.NULL in (first.kind, second.kind):
        known = first if second.kind is Kind.NULL else second
        return Signature((known, known), known.with_nullable(True)) if known.family(Family.INTERVAL) else None
    if first.family(Family.INTERVAL) and second.family(Family.INTERVAL):
        if sign not in "+-" or first.kind is not second.kind:
            return None
        kind = joined(first, second).with_nullable(nullable)
        return Signature((kind, kind), kind)
    if first.family(TIMES) and second.family(Family.INTERVAL) and sign in "+-":
        result = moved(first, second)
        return Signature((result.with_nullable(first.nullable), second), result.with_nullable(nullable))
    if first.family(Family.INTERVAL) and second.family(TIMES) and sign == "+":
        result = moved(second, first)
        return Signature((first, result.with_nullable(second.nullable)), result.with_nullable(nullable))
    if first.family(TIMES) and second.family(TIMES) and sign == "-":
        common = common_type((first, second))
        return None if common is None else Signature((common, common), DAY_TIME.with_nullable(nullable))
    if first.family(Family.INTERVAL) and second.family(Family.NUMERIC) and sign in "*/":
        number = BIGINT if second.family(Family.INTEGER) else DOUBLE
        return Signature((first, number.with_nullable(second.nullable)), first.with_nullable(nullable))
    if first.family(Family.NUMERIC) and second.family(Family.INTERVAL) and sign == "*":
        number = BIGINT if first.family(Family.INTEGER) else DOUBLE
        return Signature((number.with_nullable(first.nullable), second), second.with_nullable(nullable))
    return None


def joined(first: DataType, second: DataType) -> DataType:
    """The interval that has the units of both."""
    if first.unit == second.unit:
        return first
    months = first.kind is Kind.INTERVAL_YEAR_MONTH
    return replace(first, unit="YEAR TO MONTH" if months else "DAY TO SECOND")


def moved(time: DataType, interval: DataType) -> DataType:
    """The type of a time and an interval: of a date and some hours a timestamp."""
    if time.kind is Kind.DATE and interval.unit in CLOCK:
        return DataType(Kind.TIMESTAMP, 6, nullable=time.nullable)
    return time


def operation(apply: Apply, runs: Sequence[Run]) -> Run:
    """One of + - * / %."""
    first, second = apply.operands[0].type, apply.operands[1].type
    if not first.family(Family.INTERVAL | TIMES) and not second.family(Family.INTERVAL | TIMES):
        return arithmetic.operation(apply, runs)
    sign = apply.function
    if first.family(TIMES) and second.family(TIMES):
        return between(first, runs)
    if apply.type.family(TIMES):
        time, interval = (0, 1) if first.family(TIMES) else (1, 0)
        return shifted(apply, [runs[time], runs[interval]], apply.operands[interval].type)
    if sign in "+-":
        return summed(runs, apply.type, -1 if sign == "-" else 1)
    return by_value(multiplied if sign == "*" else divided, apply.type, runs, apply)


def multiplied(first: float, second: float) -> int:
    return int(first * second)


def divided(interval: int, number: float) -> int:
    if not number:
        raise ZeroDivisionError("division by zero")
    return int(interval / number)


def shifted(apply: Apply, runs: Sequence[Run], interval: DataType) -> Run:
    """A time and an interval."""
    kind, sign = apply.type, -1 if apply.function == "-" else 1
    day = per_day(kind)
    if interval.kind is Kind.INTERVAL_YEAR_MONTH:
        if kind.kind is Kind.TIME:
            return runs[0]
        return by_value(lambda value, months: plus_months(value, sign * months, day), kind, runs, apply)
    if kind.kind is Kind.DATE:
        return summed(runs, kind, sign, 1, per_day(interval))
    unit, before = units_of(kind), units_of(interval)
    up, down = (unit // before, 1) if unit >= before else (1, before // unit)
    return summed(runs, kind, sign, up, down, day if kind.kind is Kind.TIME else 0)


def between(kind: DataType, runs: Sequence[Run]) -> Run:
    """The milliseconds from the second time to the first."""
    days = kind.kind is Kind.DATE
    unit = 1 if days else units_of(kind)

    def run(frame: Frame) -> Vector:
        a, b = runs[0](frame), runs[1](frame)
        if a.values is None or b.values is None:
            return missing(frame)
        found = frame.numpy.asarray(a.values, "int64") - frame.numpy.asarray(b.values, "int64")
        found = found * 86_400_000 if days else found * (1000 // unit) if unit <= 1000 else found // (unit // 1000)
        return Vector(found, both(a, b))

    return run


def summed(runs: Sequence[Run], kind: DataType, sign: int, up: int = 1, down: int = 1, around: int = 0) -> Run:
    """``first + sign * second * up / down``, in arrays; a time of day begins again."""
    wanted = dtype(kind)

    def run(frame: Frame) -> Vector:
        a, b = runs[0](frame), runs[1](frame)
        if a.values is None or b.values is None:
            return missing(frame)
        numpy = frame.numpy
        first, second = numpy.asarray(a.values, "int64"), numpy.asarray(b.values, "int64")
        found = first + sign * (second * up // down)
        if around:
            found = found % around
        return Vector(found.astype(wanted)[()], both(a, b))

    return run
