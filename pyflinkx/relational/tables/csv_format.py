"""Tables in CSV: how SQL's types are written, and what WITH says of it."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.records.row import Row
from pyflinkx.config.values import BOOLEAN, STRING
from pyflinkx.connectors.files.csv import CsvSource
from pyflinkx.connectors.files.csv_sink import CsvSink
from pyflinkx.connectors.source import Source
from pyflinkx.errors import ConfigurationError, CorruptDataError
from pyflinkx.formats.csv_columns import CompiledColumns
from pyflinkx.formats.csv_messages import CsvMessages
from pyflinkx.formats.csv_records import CsvFormat as CsvRecordFormat
from pyflinkx.formats.csv_values import ColumnParser
from pyflinkx.formats.java_text import java_boolean, java_double, java_float
from pyflinkx.formats.record_shape import RecordShape
from pyflinkx.relational.tables.factory import FormatFactory, register_format
from pyflinkx.relational.tables.json_format import time_text, utc
from pyflinkx.relational.tables.options import TableOption
from pyflinkx.relational.tables.wire import (
    PLAIN,
    Columns,
    Make,
    Wire,
    decimal_of,
    elements,
    fraction_cut,
    instant_as_datetime,
    nulls_kept,
    then,
)
from pyflinkx.types.data_type import DataType, Family, Kind
from pyflinkx.types.typeinfo import RowTypeInfo, Types

OPTIONS = (
    TableOption("field-delimiter", STRING, ",", "one character between fields; \\t for a tab"),
    TableOption("quote-character", STRING, '"', "one character around fields that need it"),
    TableOption("disable-quote-character", BOOLEAN, False, "whether quotes are signs like any other"),
    TableOption("escape-character", STRING, None, "one character before signs that mean themselves"),
    TableOption("allow-comments", BOOLEAN, False, "whether lines that begin with # are passed over"),
    TableOption("ignore-parse-errors", BOOLEAN, False, "whether a field that cannot be read is null"),
    TableOption("array-element-delimiter", STRING, ";", "between the elements of an array"),
    TableOption("null-literal", STRING, None, "what stands for null"),
    TableOption("write-bigdecimal-in-scientific-notation", BOOLEAN, True, "not looked at: decimals are plain digits"),
)


class CsvFormat:
    """How a table is in CSV.

    Fields without text are null, but for those of character strings, which are empty; with ``null-literal`` null is
    what it says and nothing else.

    Args:
        columns: name and type of each.
        settings: the options, by the names above.
        where: what errors begin with.
    """

    def __init__(self, columns: Columns, settings: Any, where: str) -> None:
        self.columns = tuple(columns)
        self.settings = settings
        self.where = where
        self.lenient = bool(settings["ignore-parse-errors"])
        self.null_literal = settings["null-literal"]

    def read_type(self) -> RowTypeInfo:
        """The type of the rows as a decoder gives them."""
        return Types.ROW_NAMED([name for name, _ in self.columns], [wire.info for wire in self.reading()])

    def written_type(self) -> RowTypeInfo:
        """The type of the rows as an encoder takes them."""
        return Types.ROW_NAMED([name for name, _ in self.columns], [wire.info for wire in self.writing()])

    def reading(self) -> list[Wire]:
        """How each column is read."""
        wires = [self.read_wire(kind, name) for name, kind in self.columns]
        return [self.forgiving(wire) for wire in wires] if self.lenient else wires

    def writing(self) -> list[Wire]:
        """How each column is written."""
        null = self.null_literal or ""
        return [Wire(Types.STRING(), self.text_of(kind, name), null) for name, kind in self.columns]

    @property
    def delimiter(self) -> str:
        """Between fields."""
        return unescaped(self.settings["field-delimiter"])

    @property
    def quote(self) -> str | None:
        """Around fields."""
        return None if self.settings["disable-quote-character"] else unescaped(self.settings["quote-character"])

    @property
    def reader_options(self) -> dict[str, Any]:
        """What a source of files or messages is told."""
        return {
            "delimiter": self.delimiter,
            "quote": self.quote,
            "escape": self.settings["escape-character"],
            "comments": self.settings["allow-comments"],
            "null_values": [self.null_literal or ""],
            "array_separator": self.settings["array-element-delimiter"],
            "on_error": "skip" if self.lenient else "fail",
        }

    def file_source(self, path: str) -> Source:
        """What reads files."""
        return CsvSource(path, self.read_type(), header=False, **self.reader_options)

    def lines(self) -> CsvLines:
        """What writes files."""
        return CsvLines(self.delimiter, self.quote or '"', self.null_literal or "")

    def decoder(self) -> CsvMessageDecoder:
        """What reads messages."""
        return CsvMessageDecoder(self.read_type(), self.reader_options)

    def encoder(self) -> CsvMessageEncoder:
        """What writes messages."""
        return CsvMessageEncoder(self.lines())

    def refuse(self, kind: DataType, name: str) -> ConfigurationError:
        """The error of a type that CSV has no form for."""
        return ConfigurationError(f"{self.where}: the format 'csv' has no form for column '{name}' of {kind}")

    def read_wire(self, kind: DataType, name: str) -> Wire:
        """How values of a type are read."""
        if kind.kind in PLAIN:
            return Wire(PLAIN[kind.kind])
        if kind.family(Family.CHARACTER_STRING):
            return Wire(Types.STRING(), missing="" if self.null_literal is None else None)
        if kind.family(Family.BINARY_STRING):
            return Wire(Types.STRING(), str.encode)
        if kind.kind is Kind.DECIMAL:
            return Wire(Types.BIG_DEC(), decimal_of(kind.precision or 0, kind.scale or 0))
        digits = kind.precision or 0
        if kind.kind is Kind.TIME:
            return Wire(Types.SQL_TIME(), fraction_cut(digits))
        if kind.kind is Kind.TIMESTAMP:
            return Wire(Types.SQL_TIMESTAMP(), None if digits in (0, 3) else fraction_cut(digits))
        if kind.kind is Kind.TIMESTAMP_LTZ:
            return Wire(Types.INSTANT(), then(instant_as_datetime, fraction_cut(digits)))
        if kind.kind is Kind.ARRAY and not kind.children[0].family(Family.CONSTRUCTED):
            element = self.read_wire(kind.children[0], name)
            return Wire(Types.LIST(element.info), elements(element.make))
        raise self.refuse(kind, name)

    def forgiving(self, wire: Wire) -> Wire:
        """The same of text that may be anything: what cannot be read is null."""
        parser = ColumnParser(wire.info, separator=self.settings["array-element-delimiter"])
        make = nulls_kept(wire.make)

        def read(text: str) -> Any:
            try:
                return make(parser.value(text))
            except (ValueError, ArithmeticError):
                return None

        return Wire(Types.STRING(), read) if wire.info != Types.STRING() else wire

    def text_of(self, kind: DataType, name: str) -> Make | None:
        """What writes a value."""
        if kind.family(Family.CHARACTER_STRING):
            return None
        if kind.kind is Kind.ARRAY and not kind.children[0].family(Family.CONSTRUCTED):
            each = self.text_of(kind.children[0], name) or str
            separator = self.settings["array-element-delimiter"]
            return lambda value: separator.join("" if item is None else each(item) for item in value)
        if kind.kind in TEXTS:
            return TEXTS[kind.kind]
        raise self.refuse(kind, name)


def timestamp_text(value: datetime.datetime) -> str:
    """A timestamp."""
    return f"{value.date().isoformat()} {time_text(value.time())}"


def instant_text(value: datetime.datetime) -> str:
    """A point in time, in UTC."""
    return f"{timestamp_text(utc(value))}Z"


def decimal_text(value: Decimal) -> str:
    """A decimal in plain digits."""
    return f"{value:f}"


def bytes_text(value: bytes) -> str:
    """Bytes as the text that they are."""
    return bytes(value).decode("utf-8", "replace")


TEXTS: dict[Kind, Make] = {
    Kind.BOOLEAN: java_boolean,
    Kind.TINYINT: str,
    Kind.SMALLINT: str,
    Kind.INT: str,
    Kind.BIGINT: str,
    Kind.FLOAT: java_float,
    Kind.DOUBLE: java_double,
    Kind.DECIMAL: decimal_text,
    Kind.DATE: datetime.date.isoformat,
    Kind.TIME: time_text,
    Kind.TIMESTAMP: timestamp_text,
    Kind.TIMESTAMP_LTZ: instant_text,
    Kind.BINARY: bytes_text,
    Kind.VARBINARY: bytes_text,
}


def unescaped(text: str) -> str:
    """A sign that may be written with a backslash, or Java's way."""
    known = {"\\t": "\t", "\\001": "\x01", "\\u0001": "\x01", "\\n": "\n"}
    return known.get(text, text)


class CsvLines:
    """Writes rows as lines of CSV.

    Args:
        delimiter, quote, null: see ``CsvSink``.
    """

    def __init__(self, delimiter: str, quote: str, null: str) -> None:
        self.sink = CsvSink("lines.csv", header=False, delimiter=delimiter, quote=quote, null_value=null)

    def lines(self, batch: ColumnBatch) -> bytes:
        """The lines of a batch."""
        text = self.sink.new_text()
        made = text.of_columns(batch)
        return text.lines(batch.to_rows("tuple")).encode() if made is None else made


class CsvMessageDecoder:
    """Reads messages as rows.

    Args:
        info: of the rows.
        options: see ``CsvFormat.reader_options``.
    """

    def __init__(self, info: RowTypeInfo, options: Mapping[str, Any]) -> None:
        self.given = info, dict(options)
        self.names = info.get_field_names()
        self.lenient = options["on_error"] == "skip"
        self.comments = options["comments"]
        form = CsvRecordFormat(options["delimiter"], options["quote"], options["escape"], options["comments"])
        self.reading = form.reader_options()
        nulls = frozenset(options["null_values"])
        separator = options["array_separator"]
        self.parsers = [ColumnParser(kind, nulls, separator=separator) for kind in info.get_field_types()]
        self.messages = CsvMessages(CompiledColumns(RecordShape(info), self.parsers), form, self.row)

    def rows(self, messages: list[Any]) -> list[Any]:
        """A row for each message; None for those that are passed over."""
        return self.messages.rows(messages)

    def row(self, message: Any) -> Any:
        """The row of one message.

        Raises:
            CorruptDataError: it is none.
        """
        if message is None:
            return None
        try:
            text = bytes(message).decode()
            if self.comments and text.startswith("#"):
                return None
            records = list(csv.reader(io.StringIO(text, newline=""), **self.reading))
            if len(records) != 1 or len(records[0]) > len(self.parsers):
                raise ValueError(f"one line of {len(self.parsers)} fields is expected")
            texts = [*records[0], *[None] * (len(self.parsers) - len(records[0]))]
            values = [
                None if text is None else parser.value(text) for parser, text in zip(self.parsers, texts, strict=True)
            ]
            made = Row(*values)
            made.set_field_names(self.names)
            return made
        except (ValueError, csv.Error) as error:
            if self.lenient:
                return None
            raise CorruptDataError(f"no CSV row of this table: {error}: {bytes(message[:200])!r}") from error

    def __reduce__(self) -> Any:
        return CsvMessageDecoder, self.given


class CsvMessageEncoder:
    """Writes rows as messages.

    Args:
        lines: writes lines.
    """

    def __init__(self, lines: CsvLines) -> None:
        self.lines = lines

    def message(self, row: Any) -> bytes:
        """The message of a row."""
        null = self.lines.sink.null_value
        return self.lines.sink.text([[null if value is None else value for value in row]])[:-1].encode()


register_format(FormatFactory("csv", OPTIONS, CsvFormat))
