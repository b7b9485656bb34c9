"""CAST and TRY_CAST between SQL's types, as Flink does them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.formats.java_text import java_double, java_float
from pyflinkx.relational.arithmetic import fitted
from pyflinkx.relational.bound import Apply, Constant
from pyflinkx.relational.calendar import interval_text
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.times import date_of, date_text, rescaled, stamp_of, stamp_text, time_of, time_text, units_of
from pyflinkx.relational.values import Run, by_value, dtype, is_object
from pyflinkx.relational.zones import shifted, to_instant, to_local
from pyflinkx.types.data_type import DataType, Family, Kind

TEXT, DATA = Family.CHARACTER_STRING, Family.BINARY_STRING
TRUE = ("t", "true", "y", "yes", "1")
FALSE = ("f", "false", "n", "no", "0")
WHOLE = re.compile(r"[+-]?\d+(?:\.\d*)?|[+-]?\.\d+")
FLOATING = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?")
SPECIAL = {"NaN": "nan", "Infinity": "inf", "+Infinity": "inf", "-Infinity": "-inf"}
BITS = {Kind.TINYINT: 8, Kind.SMALLINT: 16, Kind.INT: 32, Kind.BIGINT: 64}
SECONDS_PER_DAY = 86_400
INTERVAL_MONTHS = re.compile(r"([+-]?)(\d+)-(\d+)")
INTERVAL_DAYS = re.compile(r"([+-]?)(\d+) (\d+):(\d+):(\d+)(?:\.(\d+))?")


def cast(apply: Apply, runs: Sequence[Run]) -> Run:
    """A value as another type; TRY_CAST is null where CAST fails."""
    source, target = apply.operands[0].type, apply.type
    operand = runs[0]
    zone = apply.operands[1].value if len(runs) > 1 and isinstance(apply.operands[1], Constant) else "UTC"
    if source.kind is Kind.NULL or same(source, target):
        return operand
    if source.family(Family.TIME_STAMP) and target.family(Family.TIME_STAMP):
        return stamps(source, target, operand, zone)
    if not is_object(source) and not is_object(target) and plain(source) and plain(target):
        return numbers(source, target, operand)
    function = conversion(source, target, zone)
    if apply.function == "TRY_CAST":
        function = tried(function)
    return by_value(function, target, runs[:1], apply)


def same(source: DataType, target: DataType) -> bool:
    """Whether values stay what they are."""
    if source.with_nullable(True) == target.with_nullable(True):
        return True
    varying = target.kind in (Kind.VARCHAR, Kind.VARBINARY)
    family = (source.family(TEXT) and target.family(TEXT)) or (source.family(DATA) and target.family(DATA))
    return bool(family and varying and (source.precision or 0) <= (target.precision or 0))


def plain(kind: DataType) -> bool:
    """Whether it is a number or a truth value."""
    return kind.family(Family.NUMERIC) or kind.kind is Kind.BOOLEAN


def tried(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        try:
            return function(value)
        except (ValueFault, ArithmeticError, ValueError):
            return None

    return convert


def numbers(source: DataType, target: DataType, operand: Run) -> Run:
    """Numbers and truth values by NumPy: whole ones wrap around, floats are cut off and stop at the limits."""
    wanted = dtype(target)

    def run(frame: Frame) -> Vector:
        numpy = frame.numpy
        vector = operand(frame)
        values = vector.values
        if values is None:
            return vector
        if wanted == "bool":
            return Vector(values != 0, vector.valid)
        if source.family(Family.APPROXIMATE_NUMERIC) and target.family(Family.INTEGER):
            values = saturated(numpy.asarray(values, "float64"), target, numpy)
        return Vector(numpy.asarray(values).astype(wanted)[()], vector.valid)

    return run


def saturated(values: Any, target: DataType, numpy: Any) -> Any:
    """Floats as int64 by way of the width that Java takes: 64 bits for BIGINT, 32 for the others; NaN is 0."""
    bits = 64 if target.kind is Kind.BIGINT else 32
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    whole = numpy.where(numpy.isnan(values), 0.0, numpy.trunc(values))
    inside = (whole >= float(low)) & (whole < float(high + 1))
    cut = numpy.where(inside, whole, 0.0).astype("int64")
    return numpy.where(inside, cut, numpy.where(whole < 0, low, high))


def stamps(source: DataType, target: DataType, operand: Run, zone: str) -> Run:
    """Timestamps with and without a zone, in arrays."""
    before, unit, digits = units_of(source), units_of(target), target.precision or 0
    moves = source.kind is not target.kind
    step = unit // 10**digits if unit >= 10**digits else 1

    def run(frame: Frame) -> Vector:
        numpy = frame.numpy
        vector = operand(frame)
        if vector.values is None:
            return vector
        values = numpy.asarray(vector.values, "int64")
        if moves:
            values = shifted(values, before, zone, source.kind is Kind.TIMESTAMP_LTZ, numpy)
        if unit != before:
            values = values * (unit // before) if unit > before else values // (before // unit)
        if step > 1 and digits < (source.precision or 0):
            values = values // step * step
        return Vector(values[()], vector.valid)

    return run


def conversion(source: DataType, target: DataType, zone: str = "UTC") -> Callable[[Any], Any]:
    """What makes one value of another that is there.

    Raises:
        NotImplementedError: there is none yet.
    """
    if source.kind is Kind.NULL or same(source, target):
        return unchanged
    if target.family(TEXT):
        return sized_text(text_of(source, zone), target)
    if target.family(Family.CONSTRUCTED):
        return composite(source, target, zone)
    if target.family(Family.INTERVAL):
        return to_interval(source, target)
    if source.family(Family.INTERVAL):
        bits = BITS.get(target.kind)
        return lambda value: fitted(Decimal(value), target) if bits is None else wrapped(value, bits)
    if target.family(DATA):
        if source.family(TEXT):
            return sized_data(str.encode, target)
        if source.family(DATA):
            return sized_data(bytes, target)
    elif source.family(TEXT):
        return from_text(target, zone)
    elif target.kind is Kind.DECIMAL and plain(source):
        return lambda value: fitted(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), target)
    elif source.kind is Kind.DECIMAL:
        if target.kind is Kind.BOOLEAN:
            return lambda value: value != 0
        if target.family(Family.INTEGER):
            bits = BITS[target.kind]
            return lambda value: wrapped(int(value), bits)
        if target.family(Family.APPROXIMATE_NUMERIC):
            return float
    elif source.family(Family.DATE_TIME) and target.family(Family.DATE_TIME):
        return between_times(source, target, zone)
    elif not is_object(source) and not is_object(target) and plain(source) and plain(target):
        return one_number(source, target)
    raise NotImplementedError(f"CAST of {source} to {target} is not in this version")


def wrapped(value: int, bits: int) -> int:
    """A whole number in that many bits."""
    half = 1 << (bits - 1)
    return (value + half) % (1 << bits) - half


def unchanged(value: Any) -> Any:
    return value


def one_number(source: DataType, target: DataType) -> Callable[[Any], Any]:
    """As ``numbers``, of one value."""
    if target.kind is Kind.BOOLEAN:
        return lambda value: value != 0
    if target.family(Family.APPROXIMATE_NUMERIC):
        return float
    bits = BITS[target.kind]
    if not source.family(Family.APPROXIMATE_NUMERIC):
        return lambda value: wrapped(int(value), bits)
    half = 1 << ((64 if bits == 64 else 32) - 1)

    def cut(value: float) -> int:
        whole = (
            0
            if math.isnan(value)
            else half * 2
            if value == math.inf
            else -half * 2
            if value == -math.inf
            else int(value)
        )
        return wrapped(min(max(whole, -half), half - 1), bits)

    return cut


def composite(source: DataType, target: DataType, zone: str) -> Callable[[Any], Any]:
    """Arrays, maps and rows of other types, part by part."""
    targets = target.children
    if source.kind is Kind.MULTISET and target.kind is Kind.MAP:
        targets = target.children[:1]
    parts = [or_none(conversion(*pair, zone)) for pair in zip(source.children, targets, strict=True)]
    if target.kind is Kind.ARRAY:
        return lambda value: list(map(parts[0], value))
    if target.kind is Kind.ROW:
        return lambda value: tuple(part(item) for part, item in zip(parts, value, strict=True))
    item = parts[1] if len(parts) > 1 else unchanged
    return lambda value: {parts[0](key): item(each) for key, each in value.items()}


def or_none(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else function(value)


def to_interval(source: DataType, target: DataType) -> Callable[[Any], Any]:
    """Intervals of numbers, which count their least unit, of text, and of intervals of the same sort."""
    if source.family(TEXT):
        months = target.kind is Kind.INTERVAL_YEAR_MONTH
        return lambda text: interval_of(text, months, target)
    if source.family(Family.INTERVAL):
        return unchanged
    return int


def interval_of(text: str, months: bool, target: DataType) -> int:
    found = INTERVAL_MONTHS.fullmatch(text.strip()) if months else INTERVAL_DAYS.fullmatch(text.strip())
    if found is None:
        raise ValueFault(f"{text!r:.100} is no {target.with_nullable(True)}")
    sign = -1 if found[1] == "-" else 1
    if months:
        return sign * (int(found[2]) * 12 + int(found[3]))
    days, hours, minutes, seconds = map(int, found.groups()[1:5])
    millis = int((found[6] or "").ljust(3, "0")[:3])
    return sign * (((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000 + millis)


def text_of(source: DataType, zone: str = "UTC") -> Callable[[Any], str]:
    """What prints values of a type."""
    kind = source.kind
    if source.family(TEXT):
        return str
    if kind is Kind.BOOLEAN:
        return lambda value: "TRUE" if value else "FALSE"
    if source.family(Family.INTEGER):
        return str
    if kind is Kind.FLOAT:
        return java_float
    if kind is Kind.DOUBLE:
        return java_double
    if kind is Kind.DECIMAL:
        return lambda value: f"{value:f}"
    if source.family(DATA):
        return lambda value: bytes(value).decode("utf-8", "replace")
    if source.family(Family.INTERVAL):
        return interval_text(source)
    if kind is Kind.DATE:
        return date_text
    if source.family(Family.DATE_TIME):
        unit, digits = units_of(source), source.precision or 0
        if kind is Kind.TIME:
            return lambda value: time_text(value, unit, digits)
        if kind is Kind.TIMESTAMP:
            return lambda value: stamp_text(value, unit, digits)
        return lambda value: stamp_text(to_local(value, unit, zone), unit, digits)
    if kind in (Kind.ARRAY, Kind.MAP, Kind.ROW, Kind.MULTISET):
        return composite_text(source, zone)
    if kind is Kind.NULL:
        return str
    raise NotImplementedError(f"CAST of {source} to text is not in this version")


def composite_text(source: DataType, zone: str) -> Callable[[Any], str]:
    """What prints values that have parts."""
    parts = [or_null(text_of(child, zone)) for child in source.children]
    if source.kind is Kind.ARRAY:
        return lambda value: f"[{', '.join(map(parts[0], value))}]"
    if source.kind is Kind.ROW:
        return lambda value: f"({', '.join(part(item) for part, item in zip(parts, value, strict=True))})"
    last = parts[1] if source.kind is Kind.MAP else str
    return lambda value: "{" + ", ".join(f"{parts[0](key)}={last(item)}" for key, item in value.items()) + "}"


def or_null(text: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: "NULL" if value is None else text(value)


def sized_text(text: Callable[[Any], str], target: DataType) -> Callable[[Any], str]:
    """Text of a type's length: what is longer is cut, a CHAR that is shorter gets spaces."""
    length = target.precision or 0
    if target.kind is Kind.CHAR:
        return lambda value: text(value)[:length].ljust(length)
    return lambda value: text(value)[:length]


def sized_data(data: Callable[[Any], bytes], target: DataType) -> Callable[[Any], bytes]:
    """Bytes of a type's length."""
    length = target.precision or 0
    if target.kind is Kind.BINARY:
        return lambda value: data(value)[:length].ljust(length, b"\0")
    return lambda value: data(value)[:length]


def from_text(target: DataType, zone: str = "UTC") -> Callable[[str], Any]:
    """What reads a type's values."""
    kind = target.kind
    if kind is Kind.BOOLEAN:
        return boolean
    if target.family(Family.INTEGER):
        half = 1 << (BITS[kind] - 1)
        return lambda text: whole(text, half, target)
    if kind in (Kind.FLOAT, Kind.DOUBLE):
        return floating
    if kind is Kind.DECIMAL:
        return lambda text: exact(text, target)
    if kind is Kind.DATE:
        return date_of
    unit, digits = units_of(target), target.precision or 0
    if kind is Kind.TIME:
        return lambda text: rescaled(time_of(text), 10**9, unit, digits)
    if kind is Kind.TIMESTAMP:
        return lambda text: rescaled(stamp_of(text), 10**9, unit, digits)
    if kind is Kind.TIMESTAMP_LTZ:
        return lambda text: rescaled(to_instant(stamp_of(text), 10**9, zone), 10**9, unit, digits)
    raise NotImplementedError(f"CAST of text to {target} is not in this version")


def boolean(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in TRUE or lowered in FALSE:
        return lowered in TRUE
    raise ValueFault(f"{text!r:.100} is no BOOLEAN")


def whole(text: str, half: int, target: DataType) -> int:
    trimmed = text.strip()
    if not WHOLE.fullmatch(trimmed):
        raise ValueFault(f"{text!r:.100} is no {target.with_nullable(True)}")
    value = int(Decimal(trimmed))
    if not -half <= value < half:
        raise ValueFault(f"{text!r:.100} does not fit {target.with_nullable(True)}")
    return value


def floating(text: str) -> float:
    trimmed = text.strip()
    found = FLOATING.fullmatch(trimmed)
    if found is None and trimmed not in SPECIAL:
        raise ValueFault(f"{text!r:.100} is no number")
    return float(found[1] if found else SPECIAL[trimmed])


def exact(text: str, target: DataType) -> Decimal | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise ValueFault(f"{text!r:.100} is no {target.with_nullable(True)}") from None
    if not value.is_finite():
        raise ValueFault(f"{text!r:.100} is no {target.with_nullable(True)}")
    return fitted(value, target)


def between_times(source: DataType, target: DataType, zone: str) -> Callable[[int], int]:
    """Dates, times and timestamps; instants by way of their local times."""
    digits = target.precision or 0
    if source.family(Family.TIME_STAMP):
        before = units_of(source)
        local = (lambda value: to_local(value, before, zone)) if source.kind is Kind.TIMESTAMP_LTZ else unchanged
        if target.kind is Kind.DATE:
            return lambda value: local(value) // (SECONDS_PER_DAY * before)
        unit = units_of(target)
        if target.kind is Kind.TIME:
            return lambda value: rescaled(local(value) % (SECONDS_PER_DAY * before), before, unit, digits)
        back = (lambda value: to_instant(value, unit, zone)) if target.kind is Kind.TIMESTAMP_LTZ else unchanged
        if source.kind is target.kind:
            local = back = unchanged
        return lambda value: back(rescaled(local(value), before, unit, digits))
    if source.kind is Kind.TIME and target.kind is Kind.DATE:
        return lambda value: 0
    unit = units_of(target)
    back = (lambda value: to_instant(value, unit, zone)) if target.kind is Kind.TIMESTAMP_LTZ else unchanged
    if source.kind is Kind.DATE:
        return lambda value: back(value * SECONDS_PER_DAY * unit)
    before = units_of(source)
    return lambda value: back(rescaled(value, before, unit, digits))
