"""Parts of dates and timestamps, by floor division: times before 1970 are not special."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx.expressions.expression import Expression
from pyflinkx.expressions.kinds import PER_SECOND, SECONDS_PER_DAY, Typed, in_days, unit_of
from pyflinkx.expressions.vectors import Frame, Vector, arrow
from pyflinkx.types.data_type import BIGINT

UTC = ("", "UTC", "Etc/UTC", "Z", "+00:00")
OF_DAY = {"hour": (3600, 24), "minute": (60, 60), "second": (1, 60)}


def months(days: Any) -> Any:
    """Months since 1970-01."""
    return days.astype("M8[D]").astype("M8[M]")


def year(days: Any) -> Any:
    """The year."""
    return days.astype("M8[D]").astype("M8[Y]").astype("int64") + 1970


def day_of_year(days: Any) -> Any:
    """1 to 366."""
    return days - days.astype("M8[D]").astype("M8[Y]").astype("M8[D]").astype("int64") + 1


CALENDAR: dict[str, Callable[[Any], Any]] = {
    "year": year,
    "quarter": lambda days: months(days).astype("int64") % 12 // 3 + 1,
    "month": lambda days: months(days).astype("int64") % 12 + 1,
    "day": lambda days: days - months(days).astype("M8[D]").astype("int64") + 1,
    # 1970-01-01 was a Thursday.
    "day_of_week": lambda days: (days + 3) % 7 + 1,
    "day_of_year": day_of_year,
}


def date_part(expression: Expression, operand: Typed) -> Typed | None:
    """A part of a date or timestamp as int64."""
    name = expression.operation
    if operand.kind == "null":
        return operand._replace(type=BIGINT, expression=expression)
    if operand.kind == "date" and name in CALENDAR:
        days, part = in_days(operand).run, CALENDAR[name]
        return Typed(BIGINT, lambda frame: applied(days(frame), part, frame), expression)
    if operand.kind not in ("timestamp", "time") or (operand.kind == "time" and name in CALENDAR):
        return None
    per_second = PER_SECOND[unit_of(operand.type)]
    run = local(operand)

    def clock(part: Callable[[Any], Any]) -> Typed:
        return Typed(BIGINT, lambda frame: applied(run(frame), part, frame), expression)

    if name in CALENDAR:
        calendar, per_day = CALENDAR[name], per_second * SECONDS_PER_DAY
        return clock(lambda times: calendar(times // per_day))
    if name == "millisecond":
        return clock(lambda times: times % per_second * 1000 // per_second)
    seconds, modulus = OF_DAY[name]
    divisor = seconds * per_second
    return clock(lambda times: times // divisor % modulus)


def applied(vector: Vector, part: Callable[[Any], Any], frame: Frame) -> Vector:
    """A part of each time; a constant is calculated as an array of one."""
    if vector.values is None:
        return vector
    times = frame.numpy.atleast_1d(vector.values).astype("int64", copy=False)
    parts = part(times)
    return Vector(parts if frame.numpy.ndim(vector.values) else parts[0], vector.valid)


def local(operand: Typed) -> Callable[[Frame], Vector]:
    """The times as their zone's clocks show them."""
    run, zone = operand.run, operand.format.partition(":")[2]
    if operand.kind == "time" or zone in UTC:
        return run
    pyarrow = arrow("timestamps of a time zone")
    unit = {"s": "s", "m": "ms", "u": "us", "n": "ns"}[unit_of(operand.type)]

    def shown(frame: Frame) -> Vector:
        import pyarrow.compute as compute

        vector = run(frame)
        if vector.values is None:
            return vector
        numpy = frame.numpy
        # What lies under a null may be a time that the zone's rules have no answer for.
        values = vector.values if vector.valid is None else numpy.where(vector.valid, vector.values, 0)
        times = pyarrow.array(numpy.ascontiguousarray(numpy.atleast_1d(values))).cast(pyarrow.timestamp(unit, zone))
        clock = compute.local_timestamp(times).cast("int64").to_numpy(zero_copy_only=False)
        return Vector(clock if numpy.ndim(values) else clock[0], vector.valid)

    return shown
