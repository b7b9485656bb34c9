"""Rows as lines of CSV, one at a time."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.config.arguments import check_choice, check_text
from pyflinkx.errors import ConfigurationError, CorruptDataError, TypeInformationError
from pyflinkx.formats.csv_columns import CompiledColumns
from pyflinkx.formats.csv_messages import CsvMessages, Failures
from pyflinkx.formats.csv_records import CsvFormat
from pyflinkx.formats.csv_values import ColumnParser
from pyflinkx.formats.java_text import java_decimal, java_text
from pyflinkx.formats.record_shape import RecordShape
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.serialization import DeserializationSchema, SerializationSchema
from pyflinkx.types.typeinfo import (
    ArrayTypeInfo,
    BasicType,
    BasicTypeInfo,
    ListTypeInfo,
    RowTypeInfo,
    TimestampTypeInfo,
    TimeTypeInfo,
    TypeInformation,
)

NUMBERS = frozenset(BasicType) - {BasicType.STRING, BasicType.CHAR, BasicType.INSTANT}
# Longer texts are put in quotes unseen, as Jackson does.
CHECKED_CHARACTERS = 24


@dataclass(frozen=True)
class CsvOptions:
    """How lines are written and read."""

    delimiter: str = ","
    line_delimiter: str = "\n"
    array_delimiter: str = ";"
    quote: str | None = '"'
    escape: str | None = None
    null_literal: str | None = None
    allow_comments: bool = False
    ignore_parse_errors: bool = False


class CsvRowDeserializationSchema(DeserializationSchema):
    """Reads lines of CSV as rows. Made by ``Builder(type_info)``.

    Example:
        >>> from pyflinkx.common import Types
        >>> type_info = Types.ROW_NAMED(["id", "name"], [Types.INT(), Types.STRING()])
        >>> CsvRowDeserializationSchema.Builder(type_info).build().deserialize(b'1,"a,b"')
        Row(id=1, name='a,b')
    """

    def __init__(self, type_info: RowTypeInfo, options: CsvOptions) -> None:
        self._type_info = type_info
        self._options = options
        csv_format = CsvFormat(options.delimiter, options.quote, options.escape, options.allow_comments)
        self._reader_options = csv_format.reader_options()
        null_values = frozenset() if options.null_literal is None else frozenset([options.null_literal])
        self._parsers = [
            ColumnParser(field, null_values, separator=options.array_delimiter) for field in type_info.get_field_types()
        ]
        self._names = type_info.get_field_names()
        self._shape = RecordShape(type_info)
        self._messages = CsvMessages(CompiledColumns(self._shape, self._parsers), csv_format, self.deserialize)

    def deserialize(self, message: bytes | None) -> Any:
        """The row of a line.

        Returns:
            None for a message of None, for a comment where these are allowed, and for what is no line or has too many
            columns where errors are ignored; fields that are missing or do not fit are None then.

        Raises:
            CorruptDataError: it is no row of these types; the message names the column.
        """
        if message is None:
            return None
        try:
            text = bytes(message).decode()
            if self._options.allow_comments and text.startswith("#"):
                return None
            return self._shape.record(self._values(text))
        except (ValueError, csv.Error) as error:
            if self._options.ignore_parse_errors:
                return None
            raise CorruptDataError(f"no CSV row of this type: {error}: {short_repr(bytes(message[:200]))}") from error

    def decode_many(self, messages: list[Any], failures: Failures | None = None) -> list[Any]:
        """What ``deserialize`` gives for each of several messages, many times faster.

        Args:
            messages: as ``deserialize`` takes them.
            failures: takes the places (from 0) of messages that cannot be read, and why; these are then None, too.

        Raises:
            CorruptDataError: a message cannot be read, and there is no such list; the error says which.
        """
        return self._messages.rows(messages, failures)

    def decode_columns(self, messages: list[Any], failures: Failures | None = None) -> ColumnBatch:
        """The same as columns, without the rows that are None.

        Args:
            messages: as ``deserialize`` takes them.
            failures: as for ``decode_many``.

        Raises:
            CorruptDataError: as ``decode_many``.

        Example:
            >>> from pyflinkx.common import Types
            >>> type_info = Types.ROW_NAMED(["id"], [Types.INT()])
            >>> CsvRowDeserializationSchema.Builder(type_info).build().decode_columns([b"1", b"2"])
            ColumnBatch(2 rows: id int32)
        """
        return self._messages.columns(messages, failures)

    def _values(self, text: str) -> list[Any]:
        rows = list(csv.reader(io.StringIO(text, newline=""), **self._reader_options))
        if len(rows) != 1:
            raise ValueError(f"one line is expected, not {len(rows)}")
        lenient, missing = self._options.ignore_parse_errors, len(self._parsers) - len(rows[0])
        if missing < 0 or (missing and not lenient):
            raise ValueError(f"{len(self._parsers)} columns are expected, not {len(rows[0])}")
        values = []
        for name, parser, field in zip(self._names, self._parsers, rows[0], strict=False):
            try:
                values.append(parser.value(field))
            except ValueError as error:
                if not lenient:
                    raise ValueError(f"column {name!r}: {error}") from error
                values.append(None)
        return values + [None] * missing

    def get_produced_type(self) -> TypeInformation:
        return self._type_info

    def __reduce__(self) -> Any:
        return CsvRowDeserializationSchema, (self._type_info, self._options)

    class Builder:
        """Builds a CsvRowDeserializationSchema; every method but ``build`` returns the builder.

        Args:
            type_info: the type of the rows.
        """

        def __init__(self, type_info: TypeInformation) -> None:
            self._type_info = csv_row_type(type_info)
            self._options = CsvOptions()

        def _set(self, **options: Any) -> CsvRowDeserializationSchema.Builder:
            self._options = replace(self._options, **options)
            return self

        def set_field_delimiter(self, delimiter: str) -> CsvRowDeserializationSchema.Builder:
            """Use another character than ``,`` between fields."""
            return self._set(delimiter=check_text(delimiter, "delimiter"))

        def set_allow_comments(self, allow_comments: bool) -> CsvRowDeserializationSchema.Builder:
            """Whether lines that begin with ``#`` are passed over."""
            return self._set(allow_comments=bool(allow_comments))

        def set_array_element_delimiter(self, delimiter: str) -> CsvRowDeserializationSchema.Builder:
            """Use something else than ``;`` between the elements of arrays."""
            return self._set(array_delimiter=check_text(delimiter, "delimiter"))

        def set_quote_character(self, c: str) -> CsvRowDeserializationSchema.Builder:
            """Use another character than ``"`` around fields."""
            return self._set(quote=check_text(c, "c"))

        def set_escape_character(self, c: str) -> CsvRowDeserializationSchema.Builder:
            """Take the character after that one as it is."""
            return self._set(escape=check_text(c, "c"))

        def set_null_literal(self, null_literal: str) -> CsvRowDeserializationSchema.Builder:
            """Read this text as None; by default no text is."""
            return self._set(null_literal=check_text(null_literal, "null_literal"))

        def set_ignore_parse_errors(self, ignore_parse_errors: bool) -> CsvRowDeserializationSchema.Builder:
            """Whether a field that cannot be read is None, and a line that cannot be read too."""
            return self._set(ignore_parse_errors=bool(ignore_parse_errors))

        def build(self) -> CsvRowDeserializationSchema:
            """The schema.

            Raises:
                ConfigurationError: the characters do not fit together, or a field's type has no CSV form.
            """
            return CsvRowDeserializationSchema(self._type_info, self._options)


class CsvRowSerializationSchema(SerializationSchema):
    r"""Writes rows as lines of CSV. Made by ``Builder(type_info)``.

    Texts are put in quotes where they need it; like Flink's, also where they hold characters up to the delimiter's in
    the order of Unicode, such as spaces, or are longer than 24 characters.

    Example:
        >>> from pyflinkx.common import Row, Types
        >>> type_info = Types.ROW([Types.INT(), Types.STRING()])
        >>> CsvRowSerializationSchema.Builder(type_info).build().serialize(Row(1, "a,b"))
        b'1,"a,b"\n'
    """

    def __init__(self, type_info: RowTypeInfo, options: CsvOptions) -> None:
        self._type_info = type_info
        self._options = options
        CsvFormat(options.delimiter, options.quote, options.escape)
        special = [options.delimiter, options.quote or "", options.escape or "", "\r"]
        self._safe_from = max(ord(character) for character in special if character) + 1
        self._names = type_info.get_field_names()
        self._conform = codec_of(type_info).conform_one
        self._fields = [self._field_writer(field) for field in type_info.get_field_types()]

    def serialize(self, value: Any) -> bytes:
        """The line of a row.

        Args:
            value: a Row, or what a declared type makes one of: a tuple or list, a dict, an object with the fields as
                attributes. Fields with names are taken by them.

        Raises:
            TypeError: the value is no row of the type, or holds a decimal that is no number; the message names the
                field.
        """
        fields = []
        try:
            for write, part in zip(self._fields, self._conform(value), strict=True):
                fields.append(write(part))
        except (TypeInformationError, ValueError) as error:
            where = "" if isinstance(error, TypeInformationError) else f"field {self._names[len(fields)]!r}: "
            raise TypeError(f"no row of type {self._type_info}: {short_repr(value)}: {where}{error}") from error
        return (self._options.delimiter.join(fields) + self._options.line_delimiter).encode()

    def _field_writer(self, type_info: TypeInformation) -> Any:
        text = self._text_of(type_info)
        plain = isinstance(type_info, BasicTypeInfo) and type_info.basic_type in NUMBERS
        null = self._options.null_literal or ""
        return lambda value: null if value is None else text(value) if plain else self._quoted(text(value))

    def _text_of(self, type_info: TypeInformation) -> Any:
        if isinstance(type_info, (ArrayTypeInfo, ListTypeInfo)):
            element_type = type_info.elem_type if isinstance(type_info, ListTypeInfo) else type_info.element_type
            return self._joined(self._text_of(element_type))
        if isinstance(type_info, RowTypeInfo):
            texts = [self._text_of(field) for field in type_info.get_field_types()]
            delimiter, null = self._options.array_delimiter, self._options.null_literal or ""
            return lambda value: delimiter.join(
                [null if part is None else text(part) for text, part in zip(texts, value, strict=True)]
            )
        if isinstance(type_info, TimestampTypeInfo):
            return lambda value: value.isoformat(" ")
        if isinstance(type_info, TimeTypeInfo):
            return lambda value: value.isoformat()
        if isinstance(type_info, BasicTypeInfo) and type_info.basic_type is BasicType.BIG_DEC:
            return finite_decimal
        return java_text(type_info)

    def _joined(self, text: Any) -> Any:
        delimiter, null = self._options.array_delimiter, self._options.null_literal or ""
        return lambda value: delimiter.join([null if part is None else text(part) for part in value])

    def _quoted(self, text: str) -> str:
        quote, escape = self._options.quote, self._options.escape
        if quote is None:
            return text if escape is None else text.replace(escape, escape * 2)
        if len(text) <= CHECKED_CHARACTERS and all(ord(character) >= self._safe_from for character in text):
            return text
        if escape is not None:
            text = text.replace(escape, escape * 2).replace(quote, escape + quote)
        else:
            text = text.replace(quote, quote * 2)
        return f"{quote}{text}{quote}"

    def __reduce__(self) -> Any:
        return CsvRowSerializationSchema, (self._type_info, self._options)

    class Builder:
        """Builds a CsvRowSerializationSchema; every method but ``build`` returns the builder.

        Args:
            type_info: the type of the rows.
        """

        def __init__(self, type_info: TypeInformation) -> None:
            self._type_info = csv_row_type(type_info)
            self._options = CsvOptions()

        def _set(self, **options: Any) -> CsvRowSerializationSchema.Builder:
            self._options = replace(self._options, **options)
            return self

        def set_field_delimiter(self, c: str) -> CsvRowSerializationSchema.Builder:
            """Use another character than ``,`` between fields."""
            return self._set(delimiter=check_text(c, "c"))

        def set_line_delimiter(self, delimiter: str) -> CsvRowSerializationSchema.Builder:
            r"""End lines by ``\n``, ``\r``, ``\r\n`` or nothing."""
            return self._set(line_delimiter=check_choice(delimiter, "delimiter", ("\n", "\r", "\r\n", "")))

        def set_array_element_delimiter(self, delimiter: str) -> CsvRowSerializationSchema.Builder:
            """Use something else than ``;`` between the elements of arrays."""
            return self._set(array_delimiter=check_text(delimiter, "delimiter"))

        def disable_quote_character(self) -> CsvRowSerializationSchema.Builder:
            """Put nothing around fields."""
            return self._set(quote=None)

        def set_quote_character(self, c: str) -> CsvRowSerializationSchema.Builder:
            """Use another character than ``"`` around fields."""
            return self._set(quote=check_text(c, "c"))

        def set_escape_character(self, c: str) -> CsvRowSerializationSchema.Builder:
            """Put that character before quotes in fields, instead of doubling them."""
            return self._set(escape=check_text(c, "c"))

        def set_null_literal(self, s: str) -> CsvRowSerializationSchema.Builder:
            """Write None as that; as nothing by default."""
            return self._set(null_literal=check_text(s, "s"))

        def build(self) -> CsvRowSerializationSchema:
            """The schema.

            Raises:
                ConfigurationError: the characters do not fit together.
            """
            return CsvRowSerializationSchema(self._type_info, self._options)


def finite_decimal(value: Decimal) -> str:
    """The text of a decimal; ValueError for infinities and NaNs, which Flink's decimals do not have."""
    if not value.is_finite():
        raise ValueError(f"CSV has no form for the decimal {value}")
    return java_decimal(value)


def csv_row_type(type_info: Any) -> RowTypeInfo:
    """``type_info``, if it is a row type.

    Raises:
        TypeError: it is not.
        ConfigurationError: it has no fields.
    """
    if not isinstance(type_info, RowTypeInfo):
        raise TypeError(f"a row type such as Types.ROW_NAMED(...) is needed, not {type_info!r}")
    if not type_info.get_field_types():
        raise ConfigurationError("a CSV row has at least one field")
    return type_info
