"""Parts of dates, times and timestamps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from pyflinkx.relational.bound import Apply, Constant
from pyflinkx.relational.times import EPOCH_DAY, SECONDS_PER_DAY, units_of
from pyflinkx.relational.values import Run, ValueFault, by_value
from pyflinkx.types.data_type import DataType, Kind

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
OF_SECONDS: dict[str, Callable[[int], int]] = {
    "HOUR": lambda seconds: seconds // 3600,
    "MINUTE": lambda seconds: seconds // 60 % 60,
    "SECOND": lambda seconds: seconds % 60,
}


def has_part(unit: str, kind: DataType) -> bool:
    """Whether values of a type have such a part."""
    return (unit in OF_DAY and kind.kind in (Kind.DATE, Kind.TIMESTAMP)) or (
        unit in OF_SECONDS and kind.kind in (Kind.TIME, Kind.TIMESTAMP)
    )


def part(apply: Apply, runs: Sequence[Run]) -> Run:
    """EXTRACT: the first operand is the unit's name, the second the time."""
    unit, time = apply.operands
    assert isinstance(unit, Constant)
    per_second = 1 if time.type.kind is Kind.DATE else units_of(time.type)
    per_day = 1 if time.type.kind is Kind.DATE else SECONDS_PER_DAY * per_second
    if unit.value in OF_SECONDS:
        of_seconds = OF_SECONDS[unit.value]
        return by_value(lambda value: of_seconds(value % per_day // per_second), apply.type, runs[1:], apply)
    of_day = OF_DAY[unit.value]

    def of_time(value: int) -> int:
        try:
            return of_day(date.fromordinal(value // per_day + EPOCH_DAY))
        except (ValueError, OverflowError):
            raise ValueFault("a date is outside of the years 1 to 9999") from None

    return by_value(of_time, apply.type, runs[1:], apply)
