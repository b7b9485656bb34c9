"""Tables in JSON: how SQL's types are written, and what WITH says of it."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.config.values import BOOLEAN, STRING
from pyflinkx.connectors.files.json_lines import JsonLinesSource
from pyflinkx.connectors.source import Source
from pyflinkx.errors import ConfigurationError
from pyflinkx.formats.json_messages import JsonMessages
from pyflinkx.formats.json_rows import JsonRows
from pyflinkx.formats.json_values import Reading
from pyflinkx.relational.tables.factory import FormatFactory, register_format
from pyflinkx.relational.tables.options import TableOption
from pyflinkx.relational.tables.wire import (
    PLAIN,
    Columns,
    Make,
    Wire,
    decimal_of,
    elements,
    entries,
    fields,
    fraction_cut,
    instant_as_datetime,
    then,
)
from pyflinkx.types.data_type import DataType, Family, Kind
from pyflinkx.types.typeinfo import RowTypeInfo, Types

OPTIONS = (
    TableOption("fail-on-missing-field", BOOLEAN, False, "whether an object that lacks a field is an error"),
    TableOption("ignore-parse-errors", BOOLEAN, False, "whether what cannot be read is null, or passed over"),
    TableOption(
        "timestamp-format.standard",
        STRING,
        "SQL",
        "how times are written: 2020-12-30 12:13:14.123 or 2020-12-30T12:13:14.123",
        choices=("SQL", "ISO-8601"),
    ),
    TableOption("map-null-key.mode", STRING, "FAIL", "what becomes of null keys", choices=("FAIL", "DROP", "LITERAL")),
    TableOption("map-null-key.literal", STRING, "null", "what stands for a null key"),
    TableOption("encode.decimal-as-plain-number", BOOLEAN, False, "decimals are always written in plain digits"),
    TableOption("encode.ignore-null-fields", BOOLEAN, False, "whether fields that are null are left out"),
    TableOption("decode.json-parser.enabled", BOOLEAN, True, "not looked at: there is one parser"),
)


class JsonFormat:
    """How a table is in JSON.

    Args:
        columns: name and type of each.
        settings: the options, by the names above.
        where: what errors begin with.

    Raises:
        ConfigurationError: JSON has no form for a type.
    """

    def __init__(self, columns: Columns, settings: Any, where: str) -> None:
        self.columns = tuple(columns)
        self.settings = settings
        self.where = where

    def read_type(self) -> RowTypeInfo:
        """The type of the rows as a decoder gives them."""
        return self._row(self.reading())

    def written_type(self) -> RowTypeInfo:
        """The type of the rows as an encoder takes them."""
        return self._row(self.writing())

    def _row(self, wires: list[Wire]) -> RowTypeInfo:
        return Types.ROW_NAMED([name for name, _ in self.columns], [wire.info for wire in wires])

    def reading(self) -> list[Wire]:
        """How each column is read."""
        return [self.read_wire(kind, name) for name, kind in self.columns]

    def writing(self) -> list[Wire]:
        """How each column is written."""
        return [self.write_wire(kind, name) for name, kind in self.columns]

    def file_source(self, path: str) -> Source:
        """What reads files."""
        settings = self.settings
        return JsonLinesSource(
            path,
            self.read_type(),
            fail_on_missing_field=settings["fail-on-missing-field"],
            ignore_parse_errors=settings["ignore-parse-errors"],
        )

    def lines(self) -> JsonLines:
        """What writes files."""
        return JsonLines(self.written_type(), self.settings["encode.ignore-null-fields"])

    def decoder(self) -> JsonMessageDecoder:
        """What reads messages."""
        settings = self.settings
        return JsonMessageDecoder(self.read_type(), settings["fail-on-missing-field"], settings["ignore-parse-errors"])

    def encoder(self) -> JsonMessageEncoder:
        """What writes messages."""
        return JsonMessageEncoder(self.written_type(), self.settings["encode.ignore-null-fields"])

    def refuse(self, kind: DataType, name: str) -> ConfigurationError:
        """The error of a type that JSON has no form for."""
        return ConfigurationError(f"{self.where}: the format 'json' has no form for column '{name}' of {kind}")

    def read_wire(self, kind: DataType, name: str) -> Wire:
        """How values of a type are read."""
        if kind.kind in PLAIN:
            return Wire(PLAIN[kind.kind])
        if kind.family(Family.CHARACTER_STRING):
            return Wire(Types.STRING())
        if kind.family(Family.BINARY_STRING):
            return Wire(Types.PRIMITIVE_ARRAY(Types.BYTE()))
        if kind.kind is Kind.DECIMAL:
            return Wire(Types.BIG_DEC(), decimal_of(kind.precision or 0, kind.scale or 0))
        digits = kind.precision or 0
        if kind.kind is Kind.TIME:
            return Wire(Types.SQL_TIME(), fraction_cut(digits))
        if kind.kind is Kind.TIMESTAMP:
            # Of three, six and nine digits the column's unit cuts; of others the values are cut.
            return Wire(Types.SQL_TIMESTAMP(), None if digits in (0, 3) else fraction_cut(digits))
        if kind.kind is Kind.TIMESTAMP_LTZ:
            return Wire(Types.INSTANT(), then(instant_as_datetime, fraction_cut(digits)))
        return self._parts(kind, name, self.read_wire)

    def write_wire(self, kind: DataType, name: str) -> Wire:
        """How values of a type are written."""
        separator = " " if self.settings["timestamp-format.standard"] == "SQL" else "T"
        if kind.kind is Kind.TIME:
            return Wire(Types.STRING(), time_text)
        if kind.kind is Kind.TIMESTAMP:
            return Wire(Types.STRING(), lambda value: f"{value.date().isoformat()}{separator}{time_text(value.time())}")
        if kind.kind is Kind.TIMESTAMP_LTZ:
            return Wire(Types.STRING(), lambda value: f"{utc(value).date()}{separator}{time_text(utc(value).time())}Z")
        if kind.kind is Kind.DECIMAL:
            return Wire(Types.BIG_DEC())
        if kind.kind in PLAIN or kind.family(Family.CHARACTER_STRING | Family.BINARY_STRING):
            return self.read_wire(kind, name)
        return self._parts(kind, name, self.write_wire)

    def _parts(self, kind: DataType, name: str, wire_of: Any) -> Wire:
        if kind.kind is Kind.ARRAY:
            element = wire_of(kind.children[0], name)
            return Wire(Types.LIST(element.info), elements(element.make))
        if kind.kind is Kind.ROW:
            parts = [wire_of(child, f"{name}.{part}") for part, child in zip(kind.names, kind.children, strict=True)]
            return Wire(Types.ROW_NAMED(list(kind.names), [part.info for part in parts]), row_of(parts))
        if kind.kind in (Kind.MAP, Kind.MULTISET) and kind.children[0].family(Family.CHARACTER_STRING):
            item = Wire(Types.INT()) if kind.kind is Kind.MULTISET else wire_of(kind.children[1], name)
            return Wire(Types.MAP(Types.STRING(), item.info), entries(None, item.make))
        raise self.refuse(kind, name)


def row_of(parts: list[Wire]) -> Make | None:
    """Each field of a row."""
    return fields([part.make for part in parts])


def utc(value: datetime.datetime) -> datetime.datetime:
    """A point in time in UTC, without saying so."""
    return value if value.tzinfo is None else value.astimezone(datetime.timezone.utc).replace(tzinfo=None)


def time_text(value: datetime.time) -> str:
    """A time with as many digits of a second as it has."""
    text = value.replace(microsecond=0, tzinfo=None).isoformat()
    return f"{text}.{value.microsecond:06d}".rstrip("0") if value.microsecond else text


class JsonLines:
    """Writes rows as lines of JSON.

    Args:
        info: of the rows.
    """

    def __init__(self, info: RowTypeInfo, drop_nulls: bool) -> None:
        self.rows = JsonRows(info)
        self.drop_nulls = drop_nulls

    def lines(self, batch: ColumnBatch) -> bytes:
        """The lines of a batch."""
        lines = self.rows.encoder.lines(batch)
        return without_nulls(lines) if self.drop_nulls else lines


class JsonMessageDecoder:
    """Reads messages as rows.

    Args:
        info: of the rows.
        all_fields, lenient: see ``Reading``.
    """

    def __init__(self, info: RowTypeInfo, all_fields: bool, lenient: bool) -> None:
        self.messages = JsonMessages(info, Reading(all_fields, lenient))

    def rows(self, messages: list[Any]) -> list[Any]:
        """A row for each message; None for those that are passed over."""
        return self.messages.decoder.rows(messages)


class JsonMessageEncoder:
    """Writes rows as messages.

    Args:
        info: of the rows.
        drop_nulls: whether fields that are null are left out.
    """

    def __init__(self, info: RowTypeInfo, drop_nulls: bool) -> None:
        self.written = JsonRows(info)
        self.drop_nulls = drop_nulls

    def message(self, row: Any) -> bytes:
        """The message of a row."""
        message = self.written.encode(row)
        return without_nulls(message)[:-1] if self.drop_nulls else message


def without_nulls(lines: bytes) -> bytes:
    """Objects without the fields that are null."""
    made = []
    for line in lines.splitlines():
        value = json.loads(line, parse_float=Decimal)
        made.append(json.dumps(stripped(value), ensure_ascii=False, separators=(",", ":"), default=float))
    return "".join(f"{line}\n" for line in made).encode()


def stripped(value: Any) -> Any:
    """A value without fields that are null, at every depth."""
    if isinstance(value, dict):
        return {key: stripped(part) for key, part in value.items() if part is not None}
    return [stripped(part) for part in value] if isinstance(value, list) else value


register_format(FormatFactory("json", OPTIONS, JsonFormat))
