"""Values as the JVM prints them: what ``print()`` shows of a typed stream in PyFlink."""

from __future__ import annotations

import datetime
import math
import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pyflinkx._core.records.row import Row
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import (
    ArrayTypeInfo,
    BasicType,
    BasicTypeInfo,
    DateTypeInfo,
    ExternalTypeInfo,
    ListTypeInfo,
    MapTypeInfo,
    RowTypeInfo,
    TimestampTypeInfo,
    TimeTypeInfo,
    TupleTypeInfo,
    TypeInformation,
)

FLOAT32 = struct.Struct("f")
EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
DAYS_PER_400_YEARS = 146_097


def java_string(value: Any, type_info: TypeInformation) -> str:
    """What Java's ``toString()`` gives for a value of the type.

    Two differences, where Java's text is of no use: arrays show their elements instead of an identity, and maps keep
    the order of the dict. Numbers are printed as JDK 19 and later do (older ones sometimes add digits). What Java does
    not know (dataclasses, NamedTuples, pickled values) is printed by ``str()``.

    Args:
        value: a value of the type, or None.
        type_info: its type.

    Example:
        >>> from pyflinkx.types.typeinfo import Types
        >>> java_string((1, [1e10, None]), Types.TUPLE([Types.INT(), Types.LIST(Types.DOUBLE())]))
        '(1,[1.0E10, null])'
    """
    return java_text(type_info)(value)


def java_text(type_info: TypeInformation) -> Callable[[Any], str]:
    """The function that does ``java_string`` for one type."""
    text = _text_of(type_info)
    return lambda value: "null" if value is None else text(value)


def _text_of(type_info: TypeInformation) -> Callable[[Any], str]:
    if isinstance(type_info, BasicTypeInfo):
        return BASIC.get(type_info.basic_type, str)
    if isinstance(type_info, (ArrayTypeInfo, ListTypeInfo)):
        element_type = type_info.elem_type if isinstance(type_info, ListTypeInfo) else type_info.element_type
        return _sequence_text(java_text(element_type))
    if isinstance(type_info, MapTypeInfo):
        return _map_text(java_text(type_info.key_type), java_text(type_info.value_type))
    if isinstance(type_info, (RowTypeInfo, TupleTypeInfo)):
        fields = [java_text(field_type) for field_type in type_info.get_field_types()]
        return _row_text(fields) if isinstance(type_info, RowTypeInfo) else _tuple_text(fields)
    if isinstance(type_info, ExternalTypeInfo):
        return _text_of(type_info.type_info)
    for kind, text in TIMES:
        if isinstance(type_info, kind):
            return text
    return str


def _sequence_text(element: Callable[[Any], str]) -> Callable[[Any], str]:
    def text(value: Any) -> str:
        # Java's bytes are signed.
        items = [byte - 256 if byte > 127 else byte for byte in value] if isinstance(value, bytes) else value
        return f"[{', '.join(map(element, items))}]"

    return text


def _map_text(key: Callable[[Any], str], item: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: f"{{{', '.join([f'{key(name)}={item(part)}' for name, part in value.items()])}}}"


def _fields_text(fields: list[Callable[[Any], str]], value: Any) -> list[str]:
    return [field(part) for field, part in zip(fields, value, strict=True)]


def _row_text(fields: list[Callable[[Any], str]]) -> Callable[[Any], str]:
    def text(value: Any) -> str:
        kind = value.get_row_kind() if isinstance(value, Row) else "+I"
        return f"{kind}[{', '.join(_fields_text(fields, value))}]"

    return text


def _tuple_text(fields: list[Callable[[Any], str]]) -> Callable[[Any], str]:
    return lambda value: f"({','.join(_fields_text(fields, value))})"


def java_boolean(value: Any) -> str:
    """``true`` or ``false``."""
    return "true" if value else "false"


def _plain_or_scientific(value: float, digits: str, exponent: int) -> str:
    """Java's layout of a number with these significant digits and, with a point after the first, this exponent."""
    sign = "-" if value < 0 else ""
    if -3 <= exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    if 0 <= exponent < 7:
        digits = digits.ljust(exponent + 2, "0")
        return f"{sign}{digits[: exponent + 1]}.{digits[exponent + 1 :]}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


def _special(value: float) -> str | None:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    return None


def java_double(value: Any) -> str:
    """``Double.toString``: the shortest digits that give the same double, of at least two the closest."""
    value = float(value)
    special = _special(value)
    if special is not None:
        return special
    if 1e-3 <= abs(value) < 1e7:
        return repr(value)
    _, digits, power = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    scale = len(digits) - 1 + int(power)
    if len(text) == 1:
        closest = f"{value:.1e}"
        if float(closest) == value:
            number, _, scale_text = closest.lstrip("-").partition("e")
            text, scale = number.replace(".", "").rstrip("0"), int(scale_text)
    return _plain_or_scientific(value, text, scale)


def as_float32(value: float) -> float:
    """The nearest single-precision number, as a float; beyond the range an infinity."""
    try:
        single: float = FLOAT32.unpack(FLOAT32.pack(value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return single


def java_float(value: Any) -> str:
    """``Float.toString``: the shortest digits that give the same single-precision number."""
    value = as_float32(float(value))
    special = _special(value)
    if special is not None:
        return special
    for precision in range(1, 9):
        text = f"{value:.{precision}e}"
        if as_float32(float(text)) == value:
            break
    number, _, exponent = text.lstrip("-").partition("e")
    return _plain_or_scientific(value, number.replace(".", "").rstrip("0"), int(exponent))


def java_decimal(value: Any) -> str:
    """``BigDecimal.toString``: Python's text, but that Java has no negative zero."""
    return str(value.copy_abs() if value.is_zero() else value)


def java_timestamp(value: Any) -> str:
    """``java.sql.Timestamp.toString``: a fraction without trailing zeros but always with one digit."""
    fraction = f"{value.microsecond:06d}".rstrip("0") or "0"
    return f"{value.replace(microsecond=0, tzinfo=None).isoformat(' ')}.{fraction}"


def java_time(value: Any) -> str:
    """``java.sql.Time.toString``: to the second."""
    return f"{value:%H:%M:%S}"


def java_instant(value: Instant) -> str:
    """``Instant.toString``: ISO 8601 with 0, 3, 6 or 9 digits of a second."""
    days, seconds = divmod(value.seconds, 86_400)
    # Shifted by whole 400-year cycles into the years that datetime.date knows.
    cycles, day = divmod(days + EPOCH_DAY - 1, DAYS_PER_400_YEARS)
    date = datetime.date.fromordinal(day + 1)
    year = date.year + 400 * cycles
    year_text = f"{year:04d}" if 0 <= year <= 9999 else f"{year:+05d}" if year < 0 else f"+{year}"
    text = f"{year_text}-{date:%m-%d}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if value.nanos:
        digits = f"{value.nanos:09d}"
        while digits.endswith("000"):
            digits = digits[:-3]
        text += f".{digits}"
    return text + "Z"


BASIC: dict[BasicType, Callable[[Any], str]] = {
    BasicType.BOOLEAN: java_boolean,
    BasicType.FLOAT: java_float,
    BasicType.DOUBLE: java_double,
    BasicType.BIG_DEC: java_decimal,
    BasicType.INSTANT: java_instant,
}
TIMES: tuple[tuple[type[TypeInformation], Callable[[Any], str]], ...] = (
    (DateTypeInfo, lambda value: f"{value.year:04d}-{value.month:02d}-{value.day:02d}"),
    (TimeTypeInfo, java_time),
    (TimestampTypeInfo, java_timestamp),
)
