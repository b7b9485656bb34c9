"""Parts of dates, times and timestamps, and what is calculated with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.relational.bound import Apply, Constant
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.times import EPOCH_DAY, SECONDS_PER_DAY, units_of
from pyflinkx.relational.values import Run, by_value
from pyflinkx.types.data_type import DataType, Kind

UNIT_MONTHS = {"YEAR": 12, "QUARTER": 3, "MONTH": 1, "DECADE": 120, "CENTURY": 1200, "MILLENNIUM": 12_000}
UNIT_MILLIS = {
    "WEEK": 604_800_000,
    "DAY": 86_400_000,
    "HOUR": 3_600_000,
    "MINUTE": 60_000,
    "SECOND": 1000,
    "MILLISECOND": 1,
}
UNIT_NANOS = {unit: millis * 1_000_000 for unit, millis in UNIT_MILLIS.items()} | {"MICROSECOND": 1000, "NANOSECOND": 1}
OF_DAY: dict[str, Callable[[date], int]] = {
    "MILLENNIUM": lambda day: (day.year + 999) // 1000,
    "CENTURY": lambda day: (day.year + 99) // 100,
    "DECADE": lambda day: day.year // 10,
    "YEAR": lambda day: day.year,
    "QUARTER": lambda day: (day.month + 2) // 3,
    "MONTH": lambda day: day.month,
    "WEEK": lambda day: day.isocalendar()[1],
    "DAY": lambda day: day.day,
    "DOY": lambda day: day.timetuple().tm_yday,
    "DOW": lambda day: day.isoweekday() % 7 + 1,
    "ISODOW": date.isoweekday,
    "ISOYEAR": lambda day: day.isocalendar()[0],
}
# Of a time of day: what a unit's number is divided by, and where it begins again, in seconds.
OF_SECONDS = {"HOUR": (3600, 24), "MINUTE": (60, 60), "SECOND": (1, 60)}
FRACTIONS = {"MILLISECOND": 1000, "MICROSECOND": 1_000_000, "NANOSECOND": 1_000_000_000}
TIMES = (Kind.DATE, Kind.TIME, Kind.TIMESTAMP)


def per_day(kind: DataType) -> int:
    """How many of a column's units a day has."""
    return 1 if kind.kind is Kind.DATE else SECONDS_PER_DAY * units_of(kind)


def has_part(unit: str, kind: DataType) -> bool:
    """Whether values of a type have such a part."""
    if kind.kind is Kind.INTERVAL_YEAR_MONTH:
        return unit in ("MILLENNIUM", "CENTURY", "DECADE", "YEAR", "QUARTER", "MONTH")
    if kind.kind is Kind.INTERVAL_DAY_TIME:
        return unit in ("DAY", "EPOCH") or unit in OF_SECONDS or unit in FRACTIONS
    return (
        (unit in OF_DAY and kind.kind in (Kind.DATE, Kind.TIMESTAMP))
        or ((unit in OF_SECONDS or unit in FRACTIONS) and kind.kind in (Kind.TIME, Kind.TIMESTAMP))
        or (unit == "EPOCH" and kind.kind in TIMES)
    )


def part(apply: Apply, runs: Sequence[Run]) -> Run:
    """EXTRACT: the first operand is the unit's name, the second the time."""
    unit, time = apply.operands
    assert isinstance(unit, Constant)
    name, kind = unit.value, time.type
    if kind.kind is Kind.INTERVAL_YEAR_MONTH:
        return by_value(lambda months: of_months(name, months), apply.type, runs[1:], apply)
    second = 1 if kind.kind is Kind.DATE else units_of(kind)
    day = per_day(kind)
    signed = kind.kind is Kind.INTERVAL_DAY_TIME
    if name in OF_DAY and not signed:
        of_day = OF_DAY[name]
        return by_day(lambda days: of_day(day_of(days)), day, runs[1])

    def of_array(values: Any, numpy: Any) -> Any:
        size = numpy.abs(values) if signed else values
        if name == "DAY":
            found = size // day
        elif name == "EPOCH":
            found = size * SECONDS_PER_DAY if kind.kind is Kind.DATE else size // second
        elif name in OF_SECONDS:
            divisor, most = OF_SECONDS[name]
            found = size // (divisor * second) % most
        else:
            per_second = FRACTIONS[name]
            rest = size % second
            found = rest * (per_second // second) if per_second >= second else rest // (second // per_second)
        return numpy.where(values < 0, -found, found) if signed else found

    return on_array(of_array, runs[1])


def on_array(function: Callable[[Any, Any], Any], run: Run) -> Run:
    """A function of a whole array of times as int64."""

    def calculate(frame: Frame) -> Vector:
        vector = run(frame)
        if vector.values is None:
            return vector
        values = frame.numpy.asarray(vector.values, "int64")
        return Vector(function(values, frame.numpy)[()], vector.valid)

    return calculate


def by_day(function: Callable[[int], int], day: int, run: Run) -> Run:
    """A function of days, asked once for each."""

    def calculate(frame: Frame) -> Vector:
        numpy = frame.numpy
        vector = run(frame)
        if vector.values is None:
            return vector
        days = numpy.asarray(vector.values, "int64") // day
        distinct, places = numpy.unique(days, return_inverse=True)
        found, wrong = [], []
        for each in distinct.tolist():
            try:
                found.append(function(each))
            except ValueFault:
                found.append(0)
                wrong.append(each)
        if wrong:
            bad = numpy.broadcast_to(numpy.isin(days, wrong), frame.length)
            counting = frame.counting(vector.valid)
            bad = bad if counting is None else bad & counting.view("bool")
            if bad.any():
                raise ValueError(
                    f"a date is outside of the years 1 to 9999, in record {frame.record(int(bad.argmax()))}"
                )
        if not found:
            return Vector(days, vector.valid)
        return Vector(numpy.array(found, "int64")[places].reshape(days.shape)[()], vector.valid)

    return calculate


def day_of(days: int) -> date:
    """A date of its number."""
    try:
        return date.fromordinal(days + EPOCH_DAY)
    except (ValueError, OverflowError):
        raise ValueFault("a date is outside of the years 1 to 9999") from None


def of_months(unit: str, months: int) -> int:
    """A part of an interval of months."""
    size = abs(months)
    found = size % 12 if unit == "MONTH" else size % 12 // 3 + 1 if unit == "QUARTER" else size // UNIT_MONTHS[unit]
    return -found if months < 0 else found


# ---- calculation


def plus_months(value: int, months: int, day: int) -> int:
    """A time some months later: at the same day of the month, or at its last one."""
    days, rest = divmod(value, day)
    return days_plus_months(days, months) * day + rest


def days_plus_months(days: int, months: int) -> int:
    found = day_of(days)
    total = found.year * 12 + found.month - 1 + months
    year, month = divmod(total, 12)
    if not 1 <= year <= 9999:
        raise ValueFault("a date is outside of the years 1 to 9999")
    return date(year, month + 1, min(found.day, last_of_month(year, month + 1))).toordinal() - EPOCH_DAY


def last_of_month(year: int, month: int) -> int:
    """How many days a month has."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def months_between(first: int, second: int, day: int) -> int:
    """Whole months from one time to another."""
    sign = 1 if second >= first else -1
    if sign < 0:
        first, second = second, first
    a_days, a_rest = divmod(first, day)
    a, b = day_of(a_days), day_of(second // day)
    months = (b.year - a.year) * 12 + b.month - a.month
    if months and days_plus_months(a_days, months) * day + a_rest > second:
        months -= 1
    return sign * months


def floored(value: int, unit: str, kind: DataType) -> int:
    """The last begin of a unit that is not after a time."""
    day = per_day(kind)
    if unit in UNIT_NANOS and unit not in ("WEEK", "DAY"):
        if kind.kind is Kind.DATE:
            return value
        step = max(UNIT_NANOS[unit] * units_of(kind) // 1_000_000_000, 1)
        return value // step * step
    if kind.kind is Kind.TIME:
        return value
    return floor_day(value // day, unit) * day


def floor_day(days: int, unit: str) -> int:
    if unit == "DAY":
        return days
    found = day_of(days)
    if unit == "WEEK":  # begins on Sunday
        return days - found.isoweekday() % 7
    year, month = found.year, found.month
    if unit == "QUARTER":
        month = (month - 1) // 3 * 3 + 1
    elif unit != "MONTH":
        month = 1
        years = UNIT_MONTHS[unit] // 12
        if unit == "DECADE":
            year = year // years * years
        elif years > 1:
            year = (year - 1) // years * years + 1
    return date(max(year, 1), month, 1).toordinal() - EPOCH_DAY


def ceiled(value: int, unit: str, kind: DataType) -> int:
    """The first begin of a unit that is not before a time; of months and what is longer, not before its day."""
    day = per_day(kind)
    if unit in UNIT_MONTHS or unit == "WEEK":
        if kind.kind is Kind.TIME:
            return value
        days = value // day
        begin = floor_day(days, unit)
        if begin == days:
            return begin * day
        if unit == "WEEK":
            return (begin + 7) * day
        return days_plus_months(begin, UNIT_MONTHS[unit]) * day
    begin = floored(value, unit, kind)
    if begin == value:
        return value
    step = day if unit == "DAY" else max(UNIT_NANOS[unit] * units_of(kind) // 1_000_000_000, 1)
    return begin + step


def interval_text(kind: DataType) -> Callable[[int], str]:
    """What prints intervals."""
    if kind.kind is Kind.INTERVAL_YEAR_MONTH:
        return lambda months: f"{'-' if months < 0 else '+'}{abs(months) // 12}-{abs(months) % 12:02d}"
    unit = units_of(kind)

    def print_days(value: int) -> str:
        size = abs(value)
        days, rest = divmod(size, SECONDS_PER_DAY * unit)
        seconds, fraction = divmod(rest, unit)
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        return f"{'-' if value < 0 else '+'}{days} {clock}.{fraction * 1000 // unit:03d}"

    return print_days
