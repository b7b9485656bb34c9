"""Turns the text fields of CSV columns into values, a column at a time."""

from __future__ import annotations

import datetime
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from pyflinkx.errors import ConfigurationError
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import (
    ArrayTypeInfo,
    BasicType,
    BasicTypeInfo,
    DateTypeInfo,
    ListTypeInfo,
    TimestampTypeInfo,
    TimeTypeInfo,
    TypeInformation,
)

BOOLEANS = {
    spelling: value
    for value, words in ((True, ("true", "t", "1")), (False, ("false", "f", "0")))
    for word in words
    for spelling in (word, word.capitalize(), word.upper())
}
RANGES = {
    BasicType.BYTE: (-(2**7), 2**7 - 1),
    BasicType.SHORT: (-(2**15), 2**15 - 1),
    BasicType.INT: (-(2**31), 2**31 - 1),
    BasicType.LONG: (-(2**63), 2**63 - 1),
    BasicType.BIG_INT: None,
}
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?", re.ASCII)
OFFSET = re.compile(r"(?:Z|([+-])(\d\d):?(\d\d)?)$", re.ASCII)
EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()


def _check_digits(texts: Iterable[str]) -> None:
    # int(), float() and Decimal() also take 1_000 and the digits of other scripts, which are typing errors in a file.
    joined = "".join(texts)
    if "_" in joined or not joined.isascii():
        raise ValueError


def _integers(bounds: tuple[int, int] | None) -> Callable[[Sequence[str]], list[int]]:
    def parse(texts: Sequence[str]) -> list[int]:
        values = list(map(int, texts))
        _check_digits(texts)
        if bounds is not None and values and not (bounds[0] <= min(values) and max(values) <= bounds[1]):
            raise ValueError(f"which lies outside {bounds[0]} to {bounds[1]}")
        return values

    return parse


def _doubles(texts: Sequence[str]) -> list[float]:
    values = list(map(float, texts))
    _check_digits(texts)
    return values


def _floats(texts: Sequence[str]) -> list[float]:
    return array("f", _doubles(texts)).tolist()


def _booleans(texts: Sequence[str]) -> list[bool]:
    try:
        return [BOOLEANS[text] for text in texts]
    except KeyError:
        return [_boolean(text) for text in texts]


def _boolean(text: str) -> bool:
    value = BOOLEANS.get(text.strip().lower())
    if value is None:
        raise ValueError
    return value


def _strings(texts: Sequence[str]) -> Sequence[str]:
    return texts


def _character(text: str) -> str:
    if len(text) != 1:
        raise ValueError
    return text


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except ArithmeticError:
        raise ValueError from None
    _check_digits([text])
    if not value.is_finite():
        raise ValueError
    return value


def _date(text: str) -> datetime.date:
    match = DATE.fullmatch(text.strip())
    if match is None:
        raise ValueError
    return datetime.date(*map(int, match.groups()))


def _time_parts(text: str) -> tuple[int, int, int, int]:
    """Hour, minute, second and nanosecond."""
    match = TIME.fullmatch(text)
    if match is None:
        raise ValueError
    hour, minute, second, fraction = match.groups(default="0")
    return int(hour), int(minute), int(second), int(fraction.ljust(9, "0"))


def _microseconds(nanos: int) -> int:
    if nanos % 1000:
        raise ValueError("which is finer than a microsecond")
    return nanos // 1000


def _time(text: str) -> datetime.time:
    hour, minute, second, nanos = _time_parts(text.strip())
    return datetime.time(hour, minute, second, _microseconds(nanos))


def _split_timestamp(text: str) -> tuple[str, str]:
    text = text.strip()
    if text[10:11] not in ("T", " "):
        raise ValueError
    return text[:10], text[11:]


def _timestamp(text: str) -> datetime.datetime:
    day, time = _split_timestamp(text)
    return datetime.datetime.combine(_date(day), _time(time))


def _instant(text: str) -> Instant:
    day, rest = _split_timestamp(text)
    match = OFFSET.search(rest)
    if match is None:
        raise ValueError("which has neither Z nor an offset such as +02:00")
    sign, offset_hours, offset_minutes = match.groups(default="0")
    hour, minute, second, nanos = _time_parts(rest[: match.start()])
    datetime.time(hour, minute, second)
    if int(offset_hours) > 18 or int(offset_minutes) > 59:
        raise ValueError("which has an offset beyond 18 hours")
    offset = int(offset_hours) * 3600 + int(offset_minutes) * 60
    seconds = (_date(day).toordinal() - EPOCH_DAY) * 86_400 + hour * 3600 + minute * 60 + second
    return Instant(seconds + offset if sign == "-" else seconds - offset, nanos)


def _each(parse: Callable[[str], Any]) -> Callable[[Sequence[str]], list[Any]]:
    return lambda texts: [parse(text) for text in texts]


BASIC: dict[BasicType, Callable[[Sequence[str]], Sequence[Any]]] = {
    BasicType.STRING: _strings,
    BasicType.BOOLEAN: _booleans,
    BasicType.FLOAT: _floats,
    BasicType.DOUBLE: _doubles,
    BasicType.CHAR: _each(_character),
    BasicType.BIG_DEC: _each(_decimal),
    BasicType.INSTANT: _each(_instant),
    **{basic_type: _integers(bounds) for basic_type, bounds in RANGES.items()},
}
TIMES: tuple[tuple[type[TypeInformation], str, Callable[[str], Any]], ...] = (
    (DateTypeInfo, "SQL_DATE", _date),
    (TimeTypeInfo, "SQL_TIME", _time),
    (TimestampTypeInfo, "SQL_TIMESTAMP", _timestamp),
)


class ColumnParser:
    r"""Parses the fields of one column.

    Spaces around numbers, booleans, dates and times are ignored, around strings kept. Booleans are true, t, 1, false, f
    and 0 in any case; floating-point numbers may be nan, inf and infinity, with a sign and in any case. Dates and times
    are ISO 8601: ``2013-01-31``, ``10:05:00.25``, ``2013-01-31T10:05:00`` (or a space for the T), instants with ``Z``
    or an offset. Arrays are their elements with a separator between them, an empty field is an array without elements.

    Args:
        type_info: type of the values.
        null_values: fields that stand for None.
        nullable: whether None may occur.
        separator: between the elements of an array; ``""`` where a field is an array of one element.

    Raises:
        ConfigurationError: a CSV field cannot hold the type.
    """

    def __init__(
        self,
        type_info: TypeInformation,
        null_values: frozenset[str] = frozenset(),
        nullable: bool = True,
        separator: str = ";",
    ) -> None:
        self.null_values = null_values
        self.nullable = nullable
        self.type_name, self.parse_all = _parser_of(type_info, separator)

    def column(self, texts: Sequence[str]) -> Sequence[Any]:
        """The values of a column.

        Raises:
            ValueError: a field does not hold the type, or None where there may be none.
        """
        null_values = self.null_values
        if null_values.isdisjoint(texts):
            return self.parse_all(texts)
        if not self.nullable:
            raise ValueError
        parsed = iter(self.parse_all([text for text in texts if text not in null_values]))
        return [None if text in null_values else next(parsed) for text in texts]

    def values(self, texts: Sequence[str | None]) -> list[Any]:
        """The values of a column in which what stands for None is None.

        Raises:
            ValueError: a field does not hold the type.
        """
        parsed = iter(self.parse_all([text for text in texts if text is not None]))
        return [None if text is None else next(parsed) for text in texts]

    def value(self, text: str) -> Any:
        """The value of one field.

        Raises:
            ValueError: the field does not hold the type; the message says what was expected.
        """
        if text in self.null_values:
            if not self.nullable:
                raise ValueError(f"expected {self.type_name}, got {text!r}, which stands for None")
            return None
        try:
            return self.parse_all([text])[0]
        except ValueError as error:
            shown = repr(text if len(text) <= 100 else text[:100] + "...")
            # Only this module's own reasons: those of int() and the like repeat the text.
            reason = f", {error}" if str(error).startswith("which ") else ""
            raise ValueError(f"expected {self.type_name}, got {shown}{reason}") from error


def _parser_of(type_info: TypeInformation, separator: str) -> tuple[str, Callable[[Sequence[str]], Sequence[Any]]]:
    if isinstance(type_info, BasicTypeInfo):
        return type_info.basic_type.name, BASIC[type_info.basic_type]
    if isinstance(type_info, (ListTypeInfo, ArrayTypeInfo)):
        element_type = type_info.elem_type if isinstance(type_info, ListTypeInfo) else type_info.element_type
        if isinstance(element_type, (BasicTypeInfo, DateTypeInfo, TimeTypeInfo, TimestampTypeInfo)):
            name, parse_all = _parser_of(element_type, separator)

            def elements(text: str) -> list[Any]:
                texts = text.split(separator) if separator else [text]
                return list(parse_all([element.strip() for element in texts])) if text else []

            return f"array of {name}", _each(elements)
    for kind, name, parse in TIMES:
        if isinstance(type_info, kind):
            return name, _each(parse)
    raise ConfigurationError(f"a CSV field cannot hold a value of type {type_info}")
