"""Values of declared types as JSON texts, and back.

Times are written as Flink's JSON format writes them (RFC 3339): ``2013-01-31``, ``10:05:00Z`` and
``2013-01-31T10:05:00Z``, with a fraction where there is one. Bytes are Base64.

Read is what Flink reads, but for what would lose something without a word: a number with a fraction (``1.9``, ``1.0``)
is no integer, where Flink cuts it off, and what is neither a boolean nor its text (``0``, ``"yes"``) is none, where
Flink takes it for false. A STRING takes numbers, booleans, arrays and objects as Flink's text of them.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.errors import ConfigurationError
from pyflinkx.formats.csv_values import DATE, RANGES
from pyflinkx.formats.java_text import (
    as_float32,
    java_boolean,
    java_decimal,
    java_double,
    java_float,
    java_instant,
)
from pyflinkx.formats.json_numbers import check_length
from pyflinkx.formats.record_shape import RecordShape
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import (
    ArrayTypeInfo,
    BasicType,
    BasicTypeInfo,
    DateTypeInfo,
    ExternalTypeInfo,
    ListTypeInfo,
    MapTypeInfo,
    PrimitiveArrayTypeInfo,
    RowTypeInfo,
    TimestampTypeInfo,
    TimeTypeInfo,
    TupleTypeInfo,
    TypeInformation,
    Types,
)

# Of a number without an exponent, before or after the point.
MAX_DIGITS = 10_000

Read = Callable[[Any], Any]
Write = Callable[[Any], str]


class JsonValueError(ValueError):
    """A value does not fit its type; ``path`` says which of the document's."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path

    def at(self, part: str) -> JsonValueError:
        """The same of a part of a larger value."""
        return JsonValueError(self.reason, part + self.path)


def expected(kind: str, value: Any) -> JsonValueError:
    """What a reader raises."""
    return JsonValueError(f"expected {kind}, got {short_repr(value)}")


# ---- reading ----


@dataclass(frozen=True)
class Reading:
    """How documents are read.

    ``all_fields`` says whether every field of a row must be there; one that is not is None otherwise. ``lenient`` says
    whether a value that does not fit its type, at any depth, is None.
    """

    all_fields: bool = False
    lenient: bool = False


def reader_of(type_info: TypeInformation, reading: Reading = Reading()) -> Read:
    """The function that turns what ``json.loads`` gives into a value of the type; null becomes None.

    Args:
        type_info: the type.
        reading: how strict it is.

    Raises:
        ConfigurationError: JSON has no form for the type.
    """
    read = _reader_of(type_info, reading)
    if not reading.lenient:
        return lambda value: None if value is None else read(value)

    def read_what_fits(value: Any) -> Any:
        try:
            return None if value is None else read(value)
        except JsonValueError:
            return None

    return read_what_fits


def _reader_of(type_info: TypeInformation, reading: Reading) -> Read:
    if isinstance(type_info, ExternalTypeInfo):
        return _reader_of(type_info.type_info, reading)
    if isinstance(type_info, BasicTypeInfo):
        return _basic_reader(type_info.basic_type)
    if isinstance(type_info, RowTypeInfo):
        return _row_reader(type_info, reading)
    if isinstance(type_info, TupleTypeInfo):
        readers = [reader_of(field, reading) for field in type_info.get_field_types()]
        return lambda value: tuple(_elements(value, readers))
    if isinstance(type_info, PrimitiveArrayTypeInfo):
        if type_info.element_type == Types.BYTE():
            return _read_bytes
        return _array_reader(_reader_of(type_info.element_type, reading))
    if isinstance(type_info, (ArrayTypeInfo, ListTypeInfo)):
        return _array_reader(reader_of(_element_type(type_info), reading))
    if isinstance(type_info, MapTypeInfo) and type_info.key_type == Types.STRING():
        return _map_reader(reader_of(type_info.value_type, reading))
    for kind, read, _ in TIMES:
        if isinstance(type_info, kind):
            return read
    raise no_form(type_info)


def no_form(type_info: TypeInformation) -> ConfigurationError:
    """What is raised for types that JSON cannot hold."""
    return ConfigurationError(f"JSON has no form for a value of type {type_info}")


def _element_type(type_info: ArrayTypeInfo | ListTypeInfo) -> TypeInformation:
    return type_info.elem_type if isinstance(type_info, ListTypeInfo) else type_info.element_type


def _array_reader(element: Read) -> Read:
    return lambda value: _elements(value, [element] * len(value) if isinstance(value, list) else [])


def _elements(value: Any, readers: list[Read]) -> list[Any]:
    if not isinstance(value, list) or len(value) != len(readers):
        raise expected(f"an array of {len(readers)}" if isinstance(value, list) else "an array", value)
    result = []
    for index, (read, element) in enumerate(zip(readers, value, strict=True)):
        try:
            result.append(read(element))
        except JsonValueError as error:
            raise error.at(f"[{index}]") from None
    return result


def _map_reader(read: Read) -> Read:
    def read_map(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise expected("an object", value)
        result = {}
        for key, item in value.items():
            try:
                result[_read_string(key)] = read(item)
            except JsonValueError as error:
                raise error.at(f"[{key!r}]") from None
        return result

    return read_map


def _row_reader(type_info: RowTypeInfo, reading: Reading) -> Read:
    names = type_info.get_field_names()
    readers = [reader_of(field, reading) for field in type_info.get_field_types()]
    shape = RecordShape(type_info)

    def read_row(value: Any) -> Any:
        if not isinstance(value, dict):
            raise expected("an object", value)
        values = []
        for name, read in zip(names, readers, strict=True):
            if reading.all_fields and name not in value:
                raise JsonValueError("the field is missing", f".{name}")
            try:
                values.append(read(value.get(name)))
            except JsonValueError as error:
                raise error.at(f".{name}") from None
        return shape.record(values)

    return read_row


def _basic_reader(basic_type: BasicType) -> Read:
    if basic_type in RANGES:
        return _integer_reader(basic_type.name, RANGES[basic_type])
    if basic_type not in BASIC_READERS:
        raise ConfigurationError(f"JSON has no form for a value of type {basic_type.value}")
    return BASIC_READERS[basic_type]


def _integer_reader(name: str, bounds: tuple[int, int] | None) -> Read:
    def read(value: Any) -> int:
        try:
            if isinstance(value, (bool, float, Decimal)):
                raise ValueError
            number = int(_plain(value))
        except (TypeError, ValueError):
            raise expected(name, value) from None
        if bounds is not None and not bounds[0] <= number <= bounds[1]:
            raise expected(f"{name} of {bounds[0]} to {bounds[1]}", value)
        return number

    return read


def _plain(value: Any) -> Any:
    """A number, or the text of one; Python also takes 1_000 and the digits of other scripts, JSON and Flink do not."""
    if isinstance(value, str):
        value = check_length(value.strip())
        if "_" in value or not value.isascii():
            raise ValueError
    return value


def _read_string(value: Any) -> str:
    text = value if isinstance(value, str) else _text_of(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise expected("STRING without lone surrogates", value) from None
    return text


def _text_of(value: Any) -> str:
    """What Jackson's ``asText`` and ``toString`` give: numbers with a fraction as Java prints a double."""
    if isinstance(value, dict):
        return f"{{{','.join([f'{quoted(key)}:{_nested_text_of(part)}' for key, part in value.items()])}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_nested_text_of, value))}]"
    if isinstance(value, Decimal):
        double = float(value)
        return java_double(double) if math.isfinite(double) else str(value)
    return "null" if value is None else str(value) if value is not True and value is not False else java_boolean(value)


def _nested_text_of(value: Any) -> str:
    return quoted(value) if isinstance(value, str) else _text_of(value)


def _read_character(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 1:
        raise expected("CHAR", value)
    return _read_string(value)


def _read_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) else value
    if text not in ("true", "false"):
        raise expected("BOOLEAN", value)
    return bool(text == "true")


def _read_double(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        raise expected("DOUBLE", value)
    try:
        number = float(_plain(value))
    except (ValueError, OverflowError):
        raise expected("DOUBLE", value) from None
    if math.isinf(number) and "inf" not in str(value).lower():
        raise expected("DOUBLE", value)  # it has too many digits, and is no infinity
    return number


def _read_decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        raise expected("BIG_DEC", value)
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(_plain(value))
    except (InvalidOperation, ValueError):
        raise expected("BIG_DEC", value) from None
    if not number.is_finite():
        raise expected("BIG_DEC", value)
    return number


def _read_bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise expected("Base64", value) from None


def _read_moment(value: Any, kind: str) -> datetime.datetime:
    try:
        text = value.replace("Z", "+00:00", 1) if value.endswith("Z") else value
        head, dot, rest = text.partition(".")
        if dot:  # Python 3.10 reads 3 or 6 digits only
            digits = len(rest) - len(rest.lstrip("0123456789"))
            text = f"{head}.{rest[:digits][:6].ljust(6, '0')}{rest[digits:]}"
        moment = datetime.datetime.fromisoformat(text)
    except (AttributeError, TypeError, ValueError):
        raise expected(kind, value) from None
    return moment


def _read_timestamp(value: Any) -> datetime.datetime:
    moment = _read_moment(value, "a date and time such as 2013-01-31T10:05:00Z")
    try:
        return moment if moment.tzinfo is None else moment.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    except OverflowError:
        raise expected("a date and time from year 1 to 9999 at UTC", value) from None


def _read_instant(value: Any) -> Instant:
    moment = _read_moment(value, "an instant such as 2013-01-31T10:05:00Z")
    if moment.tzinfo is None:
        raise expected("an instant with Z or an offset", value)
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return Instant(since.days * 86_400 + since.seconds, since.microseconds * 1000)


def _read_date(value: Any) -> datetime.date:
    try:
        if DATE.fullmatch(value) is None:
            raise ValueError
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise expected("a date such as 2013-01-31", value) from None


def _read_time(value: Any) -> datetime.time:
    if not isinstance(value, str):
        raise expected("a time such as 10:05:00Z", value)
    moment = _read_moment(f"1970-01-01T{value}", "a time such as 10:05:00Z")
    if moment.utcoffset():
        raise expected("a time without an offset", value)
    return moment.time()


BASIC_READERS: dict[BasicType, Read] = {
    BasicType.STRING: _read_string,
    BasicType.CHAR: _read_character,
    BasicType.BOOLEAN: _read_boolean,
    BasicType.DOUBLE: _read_double,
    BasicType.FLOAT: lambda value: as_float32(_read_double(value)),
    BasicType.BIG_DEC: _read_decimal,
    BasicType.INSTANT: _read_instant,
}

# ---- writing ----


def writer_of(type_info: TypeInformation) -> Write:
    """The function that writes a value of the type, in the shape that its codec gives; None becomes null.

    It raises JsonValueError for a number that JSON cannot hold.

    Raises:
        ConfigurationError: JSON has no form for the type.
    """
    write = _writer_of(type_info)
    return lambda value: "null" if value is None else write(value)


def _writer_of(type_info: TypeInformation) -> Write:
    if isinstance(type_info, ExternalTypeInfo):
        return _writer_of(type_info.type_info)
    if isinstance(type_info, BasicTypeInfo):
        return BASIC_WRITERS.get(type_info.basic_type, str)
    if isinstance(type_info, RowTypeInfo):
        fields = [
            (_at(writer_of(field), f".{name}"), quoted(name))
            for name, field in zip(type_info.get_field_names(), type_info.get_field_types(), strict=True)
        ]

        def write_row(value: Any) -> str:
            pairs = zip(fields, value, strict=True)
            return f"{{{','.join([f'{name}:{write(part)}' for (write, name), part in pairs])}}}"

        return write_row
    if isinstance(type_info, TupleTypeInfo):
        parts = [_at(writer_of(field), f"[{index}]") for index, field in enumerate(type_info.get_field_types())]
        return lambda value: f"[{','.join([write(part) for write, part in zip(parts, value, strict=True)])}]"
    if isinstance(type_info, PrimitiveArrayTypeInfo) and type_info.element_type == Types.BYTE():
        return lambda value: f'"{base64.b64encode(value).decode()}"'
    if isinstance(type_info, (ArrayTypeInfo, ListTypeInfo)):
        element = _at(writer_of(_element_type(type_info)), "[]")
        return lambda value: f"[{','.join(map(element, value))}]"
    if isinstance(type_info, MapTypeInfo) and type_info.key_type == Types.STRING():
        item = _at(writer_of(type_info.value_type), "[]")
        return lambda value: f"{{{','.join([f'{quoted(key)}:{item(part)}' for key, part in value.items()])}}}"
    for kind, _, write in TIMES:
        if isinstance(type_info, kind):
            return write
    raise no_form(type_info)


def _at(write: Write, part: str) -> Write:
    def write_part(value: Any) -> str:
        try:
            return write(value)
        except JsonValueError as error:
            raise error.at(part) from None

    return write_part


def quoted(text: str) -> str:
    """A JSON string."""
    return json.dumps(text, ensure_ascii=False)


def _number(text: Write) -> Write:
    # As Jackson: what is no number in JSON is written as a string.
    return lambda value: text(value) if math.isfinite(value) else quoted(text(value))


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise JsonValueError(f"JSON has no form for the decimal {value}")
    # In digits, as long as these are not a gigabyte of zeros.
    return f"{value:f}" if abs(value.adjusted()) <= MAX_DIGITS else java_decimal(value)


def _write_time(value: datetime.time) -> str:
    return f'"{value.isoformat()}Z"'


BASIC_WRITERS: dict[BasicType, Write] = {
    BasicType.STRING: quoted,
    BasicType.CHAR: quoted,
    BasicType.BOOLEAN: java_boolean,
    BasicType.DOUBLE: _number(java_double),
    BasicType.FLOAT: _number(java_float),
    BasicType.BIG_DEC: _write_decimal,
    BasicType.INSTANT: lambda value: quoted(java_instant(value)),
}
TIMES: tuple[tuple[type[TypeInformation], Read, Write], ...] = (
    (DateTypeInfo, _read_date, lambda value: f'"{value.isoformat()}"'),
    (TimeTypeInfo, _read_time, _write_time),
    (TimestampTypeInfo, _read_timestamp, lambda value: f'"{value.isoformat()}Z"'),
)
