"""Functions of dates, times, timestamps and intervals."""

from __future__ import annotations

import time as machine
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.relational import calendar
from pyflinkx.relational.bound import Apply, Bound, Constant
from pyflinkx.relational.calendar import UNIT_MONTHS, UNIT_NANOS, per_day
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.java_time import finest, format_time, parse_time
from pyflinkx.relational.registry import Kernel, Signature, any_nullable, register, taking, under, valued
from pyflinkx.relational.times import NANOS, SECONDS_PER_DAY, date_of, stamp_of, time_of, units_of
from pyflinkx.relational.values import Run, by_value
from pyflinkx.relational.zones import to_instant, to_local
from pyflinkx.types.data_type import BIGINT, DATE, INT, STRING, DataType, Family, Kind

under("Times")

TEXT = Family.CHARACTER_STRING
STAMP3 = DataType(Kind.TIMESTAMP, 3)
INSTANT3 = DataType(Kind.TIMESTAMP_LTZ, 3)
TIME0 = DataType(Kind.TIME, 0)
TIMES = (Kind.DATE, Kind.TIME, Kind.TIMESTAMP)
USUAL = "yyyy-MM-dd HH:mm:ss"


# ---- parts and units


def time_part(types: Sequence[DataType]) -> Signature | None:
    """EXTRACT; which unit it is shows ``with_known_unit``."""
    if len(types) != 2 or not (types[1].kind in TIMES or types[1].family(Family.INTERVAL)):
        return None
    return Signature(tuple(types), BIGINT.with_nullable(types[1].nullable))


def with_known_unit(signature: Signature, operands: Sequence[Bound]) -> Signature | None:
    """EXTRACT of a unit that the type has."""
    unit, time = operands
    known = isinstance(unit, Constant) and isinstance(unit.value, str) and calendar.has_part(unit.value, time.type)
    return signature if known else None


register("EXTRACT", "EXTRACT(unit FROM time)", time_part, calendar.part, refine=with_known_unit)


def to_unit(types: Sequence[DataType]) -> Signature | None:
    """FLOOR and CEIL of a time."""
    if len(types) != 2 or types[0].kind not in TIMES:
        return None
    return Signature(tuple(types), types[0])


def with_unit(signature: Signature, operands: Sequence[Bound]) -> Signature | None:
    unit = operands[1]
    known = isinstance(unit, Constant) and (unit.value in UNIT_MONTHS or unit.value in UNIT_NANOS)
    return signature if known else None


def to_unit_kernel(function: Callable[[int, str, DataType], int]) -> Kernel:
    def kernel(apply: Apply, runs: Sequence[Run]) -> Run:
        unit, kind = apply.operands[1], apply.type
        assert isinstance(unit, Constant)
        name = unit.value
        return by_value(lambda value: function(value, name, kind), kind, runs[:1], apply)

    return kernel


register("FLOOR TO", "FLOOR(time TO unit)", to_unit, to_unit_kernel(calendar.floored), refine=with_unit)
register("CEIL TO", "CEIL(time TO unit)", to_unit, to_unit_kernel(calendar.ceiled), refine=with_unit)


# ---- arithmetic


def later(time: DataType, unit: str) -> DataType:
    """The type of a time some units later: of a date some hours later a timestamp."""
    small = unit in UNIT_NANOS and unit not in ("WEEK", "DAY")
    if time.kind is Kind.DATE and small:
        return DataType(Kind.TIMESTAMP, 6, nullable=time.nullable)
    if small and unit in ("MILLISECOND", "MICROSECOND", "NANOSECOND") and time.kind is not Kind.DATE:
        digits = {"MILLISECOND": 3, "MICROSECOND": 6, "NANOSECOND": 9}[unit]
        return replace(time, precision=max(time.precision or 0, digits))
    return time


def added(types: Sequence[DataType]) -> Signature | None:
    """TIMESTAMPADD; the result's type follows from the unit."""
    if len(types) != 3 or (not types[1].family(Family.INTEGER) and types[1].kind is not Kind.NULL):
        return None
    if types[2].kind not in (*TIMES, Kind.TIMESTAMP_LTZ):
        return None
    return Signature((types[0], BIGINT.with_nullable(types[1].nullable), types[2]), types[2])


def added_unit(signature: Signature, operands: Sequence[Bound]) -> Signature | None:
    unit, number, time = operands
    if not isinstance(unit, Constant) or not (unit.value in UNIT_MONTHS or unit.value in UNIT_NANOS):
        return None
    result = later(time.type, unit.value)
    nullable = number.type.nullable or time.type.nullable
    parameters = (*signature.parameters[:2], result.with_nullable(time.type.nullable))
    return Signature(parameters, result.with_nullable(nullable))


def add_kernel(apply: Apply, runs: Sequence[Run]) -> Run:
    unit = apply.operands[0]
    assert isinstance(unit, Constant)
    name, kind = unit.value, apply.type
    day = per_day(kind)
    if name in UNIT_MONTHS:
        if kind.kind is Kind.TIME:
            return runs[2]
        months = UNIT_MONTHS[name]
        return by_value(lambda n, value: calendar.plus_months(value, n * months, day), kind, runs[1:], apply)
    step = (
        UNIT_NANOS[name] // SECONDS_PER_DAY // NANOS
        if kind.kind is Kind.DATE
        else UNIT_NANOS[name] * units_of(kind) // NANOS
    )
    wraps = kind.kind is Kind.TIME
    return summed(runs[2], runs[1], kind, step, day if wraps else 0)


def summed(time: Run, number: Run, kind: DataType, step: int, around: int = 0) -> Run:
    """A time and some steps, in arrays; a time of day begins again."""
    from pyflinkx.relational.values import both, dtype, missing

    wanted = dtype(kind)

    def run(frame: Frame) -> Vector:
        a, b = time(frame), number(frame)
        if a.values is None or b.values is None:
            return missing(frame)
        numpy = frame.numpy
        found = numpy.asarray(a.values, "int64") + numpy.asarray(b.values, "int64") * step
        if around:
            found = found % around
        return Vector(found.astype(wanted)[()], both(a, b))

    return run


register("TIMESTAMPADD", "TIMESTAMPADD(unit, number, time)", added, add_kernel, refine=added_unit)


def differing(types: Sequence[DataType]) -> Signature | None:
    """TIMESTAMPDIFF: of two timestamps; dates begin at midnight, times are those of the first day of 1970."""
    if len(types) != 3 or not all(kind.kind in TIMES or kind.kind is Kind.NULL for kind in types[1:]):
        return None
    if all(kind.kind is Kind.TIME for kind in types[1:]):
        common: DataType = DataType(Kind.TIME, max(kind.precision or 0 for kind in types[1:]))
    else:
        common = DataType(Kind.TIMESTAMP, max(3, *(kind.precision or 0 for kind in types[1:])))
    parameters = tuple(common.with_nullable(kind.nullable) for kind in types[1:])
    return Signature((types[0], *parameters), INT.with_nullable(any_nullable(types[1:])))


def differing_unit(signature: Signature, operands: Sequence[Bound]) -> Signature | None:
    unit = operands[0]
    if not isinstance(unit, Constant) or not (unit.value in UNIT_MONTHS or unit.value in UNIT_NANOS):
        return None
    small = unit.value in ("MILLISECOND", "MICROSECOND", "NANOSECOND")
    return signature._replace(result=BIGINT.with_nullable(signature.result.nullable)) if small else signature


def difference_kernel(apply: Apply, runs: Sequence[Run]) -> Run:
    unit, kind = apply.operands[0], apply.operands[1].type
    assert isinstance(unit, Constant)
    name = unit.value
    day = per_day(kind)
    if name in UNIT_MONTHS:
        months = UNIT_MONTHS[name]
        return by_value(
            lambda a, b: towards_zero(calendar.months_between(a, b, day), months), apply.type, runs[1:], apply
        )
    step = UNIT_NANOS[name] * units_of(kind)
    scale = NANOS

    def between(a: int, b: int) -> int:
        found = towards_zero((b - a) * scale, step)
        if apply.type.kind is Kind.INT:
            return (found + 2**31) % 2**32 - 2**31
        return found

    return by_value(between, apply.type, runs[1:], apply)


def towards_zero(value: int, divisor: int) -> int:
    return -(-value // divisor) if value < 0 else value // divisor


register("TIMESTAMPDIFF", "TIMESTAMPDIFF(unit, time, time)", differing, difference_kernel, refine=differing_unit)


# ---- text


def formatted(types: Sequence[DataType]) -> Signature | None:
    """DATE_FORMAT: of a timestamp, or of one as text."""
    if len(types) != 2 or not (types[1].family(TEXT) or types[1].kind is Kind.NULL):
        return None
    time = types[0]
    nullable = any_nullable(types)
    if time.kind is Kind.TIMESTAMP:
        return Signature((time, STRING), STRING.with_nullable(nullable))
    if time.kind is Kind.DATE:
        return Signature((DataType(Kind.TIMESTAMP, 0, nullable=time.nullable), STRING), STRING.with_nullable(nullable))
    if time.family(TEXT) or time.kind is Kind.NULL:
        return Signature((STRING, STRING), STRING)
    return None


def format_kernel(apply: Apply, runs: Sequence[Run]) -> Run:
    kind = apply.operands[0].type
    if kind.family(TEXT):
        return by_value(format_text, apply.type, runs, apply)
    scale = NANOS // units_of(kind)
    pattern = apply.operands[1]
    if isinstance(pattern, Constant) and isinstance(pattern.value, str):
        return by_step(apply, runs[0], pattern.value, scale)
    return by_value(lambda value, pattern: format_time(value * scale, pattern), apply.type, runs, apply)


def by_step(apply: Apply, run: Run, pattern: str, scale: int) -> Run:
    """DATE_FORMAT by a constant pattern, asked once for times that it does not tell apart."""
    step = max(finest(pattern) // scale, 1)

    def made(frame: Frame) -> Vector:
        numpy = frame.numpy
        vector = run(frame)
        if vector.values is None or vector.values.ndim == 0:
            return each(frame)
        distinct, places = numpy.unique(vector.values // step, return_inverse=True)
        if len(distinct) * 2 > frame.length:
            return each(frame)
        texts = numpy.empty(len(distinct), "object")
        try:
            texts[:] = [format_time(value * step * scale, pattern) for value in distinct.tolist()]
        except ValueFault:
            return each(frame)  # which says of which record it is
        found = texts[places]
        if vector.valid is not None:
            found[~numpy.broadcast_to(vector.valid, frame.length)] = None
        return Vector(found)

    each = by_value(lambda value: format_time(value * scale, pattern), apply.type, [run], apply)
    return made


def format_text(text: str, pattern: str) -> str | None:
    nanos = read_stamp(text)
    return None if nanos is None else format_time(nanos, pattern)


def read_stamp(text: str) -> int | None:
    """Nanoseconds of a timestamp, or of a date; None where it is neither."""
    try:
        return stamp_of(text)
    except ValueFault:
        return None


register("DATE_FORMAT", "DATE_FORMAT(timestamp, pattern)", formatted, format_kernel)


def read(text: str, pattern: str | None) -> int | None:
    """Nanoseconds of a timestamp as text."""
    if pattern is None:
        return read_stamp(text)
    found = parse_time(text, pattern)
    return None if found is None else found[0]


def to_timestamp(text: str, pattern: str | None = None) -> int | None:
    nanos = read(text, pattern)
    return None if nanos is None else nanos // 1_000_000


def to_date(text: str | int, pattern: str | None = None) -> int | None:
    if isinstance(text, int):
        return text
    try:
        if pattern is None:
            return date_of(text)
    except ValueFault:
        return None
    nanos = read(text, pattern)
    return None if nanos is None else nanos // (SECONDS_PER_DAY * NANOS)


register("TO_TIMESTAMP", "TO_TIMESTAMP(text[, pattern])", taking("text text?", STAMP3, True), valued(to_timestamp))
register("TO_DATE", "TO_DATE(text[, pattern])", taking("text text?", DATE, True), valued(to_date))


def to_time(text: str, pattern: str | None = None) -> int | None:
    try:
        if pattern is None:
            return time_of(text) // NANOS
    except ValueFault:
        return None
    nanos = read(text, pattern)
    return None if nanos is None else nanos // NANOS % SECONDS_PER_DAY


register("TO_TIME", "TO_TIME(text[, pattern])", taking("text text?", TIME0, True), valued(to_time))


def instant_parameters(types: Sequence[DataType]) -> Signature | None:
    """TO_TIMESTAMP_LTZ: of a number since 1970 in seconds or milliseconds, or of a text with pattern and zone."""
    if not types:
        return None
    if types[0].family(Family.NUMERIC):
        found = taking("number int?", INSTANT3, True)(types)
        if found is not None and types[0].family(Family.INTEGER):
            return found._replace(parameters=(BIGINT.with_nullable(types[0].nullable), *found.parameters[1:]))
        return found
    return taking("text text? text?", INSTANT3, True)(types)


def to_instant_of(value: Any, *given: Any) -> int | None:
    """Milliseconds of a number, or of a text in UTC if nothing else is said."""
    if isinstance(value, str):
        pattern = given[0] if given else None
        if pattern is None:
            nanos, own = read_stamp(value), None
        else:
            found = parse_time(value, pattern)
            nanos, own = found if found is not None else (None, None)
        if nanos is None:
            return None
        return to_instant(nanos // 1_000_000, 1000, own or (given[1] if len(given) > 1 else "UTC"))
    digits = given[0] if given else 3
    if digits not in (0, 3):
        raise ValueFault(f"the precision of TO_TIMESTAMP_LTZ is 0 for seconds or 3 for milliseconds, not {digits}")
    number = Decimal(repr(value)) if isinstance(value, float) else value
    return int(number * 1000) if digits == 0 else int(number)


register(
    "TO_TIMESTAMP_LTZ",
    "TO_TIMESTAMP_LTZ(number[, 0 or 3]) or TO_TIMESTAMP_LTZ(text[, pattern[, zone]])",
    instant_parameters,
    valued(to_instant_of),
)


def from_unixtime(seconds: int, *others: str) -> str | None:
    *given, zone = others
    return format_time(to_local(seconds, 1, zone) * NANOS, given[0] if given else USUAL)


def unix_parameters(types: Sequence[DataType]) -> Signature | None:
    found = taking("number text?", STRING)(types)
    return found and found._replace(parameters=(BIGINT.with_nullable(types[0].nullable), *found.parameters[1:]))


register("FROM_UNIXTIME", "FROM_UNIXTIME(seconds[, pattern])", unix_parameters, valued(from_unixtime), zoned=True)

NO_TIME = -(2**63)


def unix_timestamp(apply: Apply, runs: Sequence[Run]) -> Run:
    """Seconds since 1970: now, or of a local time as text; the least number where it is none."""
    if len(runs) == 1:
        return on_clock(lambda millis: millis // 1000)(apply, runs)

    def seconds(text: str, *others: str) -> int:
        *given, zone = others
        found = parse_time(text, given[0]) if given else parse_time(text, USUAL)
        if found is None:
            return NO_TIME
        nanos, own = found
        return to_instant(nanos // NANOS, 1, own or zone)

    return by_value(seconds, apply.type, runs, apply)


register(
    "UNIX_TIMESTAMP",
    "UNIX_TIMESTAMP([text[, pattern]])",
    taking("text? text?", BIGINT),
    unix_timestamp,
    zoned=True,
)


def convert_tz(text: str, source: str, target: str) -> str | None:
    nanos = read_stamp(text)
    if nanos is None:
        return None
    instant = to_instant(nanos // NANOS, 1, source)
    return format_time(to_local(instant, 1, target) * NANOS, USUAL)


register(
    "CONVERT_TZ", "CONVERT_TZ(text, from zone, to zone)", taking("text text text", STRING, True), valued(convert_tz)
)


# ---- now


def now_of(frame: Frame) -> int:
    """Milliseconds since 1970 by the clock: one time for all rows of a batch."""
    moment = getattr(frame, "moment", None)
    return machine.time_ns() // 1_000_000 if moment is None else int(moment.clock.now())


def on_clock(function: Callable[[int], int], local: bool = False) -> Kernel:
    """A function of the clock's time (ms)."""

    def kernel(apply: Apply, runs: Sequence[Run]) -> Run:
        from pyflinkx.relational.values import dtype

        kind = dtype(apply.type)
        zone = apply.operands[-1].value if apply.operands and isinstance(apply.operands[-1], Constant) else "UTC"

        def run(frame: Frame) -> Vector:
            millis = now_of(frame)
            millis = to_local(millis, 1000, zone) if local else millis
            return Vector(frame.numpy.dtype(kind).type(function(millis)))

        return run

    return kernel


def same(millis: int) -> int:
    return millis


DAY_MILLIS = SECONDS_PER_DAY * 1000
for _name in ("CURRENT_TIMESTAMP", "NOW", "CURRENT_ROW_TIMESTAMP"):
    register(_name, f"{_name}()", taking("", INSTANT3, False), on_clock(same), deterministic=False)
register("LOCALTIMESTAMP", "LOCALTIMESTAMP", taking("", STAMP3, False), on_clock(same, True), zoned=True)
for _name in ("LOCALTIME", "CURRENT_TIME"):
    register(
        _name,
        _name,
        taking("", TIME0, False),
        on_clock(lambda millis: millis % DAY_MILLIS // 1000, True),
        zoned=True,
        deterministic=False,
    )
register(
    "CURRENT_DATE",
    "CURRENT_DATE",
    taking("", DATE, False),
    on_clock(lambda millis: millis // DAY_MILLIS, True),
    zoned=True,
    deterministic=False,
)
