"""Tables of one column whose values are what files and messages hold, as it is."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.records.row import Row
from pyflinkx.config.values import STRING
from pyflinkx.connectors.files.text import TextFileSource
from pyflinkx.connectors.source import Source
from pyflinkx.errors import ConfigurationError, CorruptDataError
from pyflinkx.formats.decoding import check_charset
from pyflinkx.relational.tables.factory import FormatFactory, register_format
from pyflinkx.relational.tables.options import TableOption
from pyflinkx.relational.tables.wire import Columns, Make, Wire
from pyflinkx.types.data_type import DataType, Family, Kind
from pyflinkx.types.typeinfo import Types

# Letters of ``struct`` by the kind of value.
PACKED = {
    Kind.BOOLEAN: "?",
    Kind.TINYINT: "b",
    Kind.SMALLINT: "h",
    Kind.INT: "i",
    Kind.BIGINT: "q",
    Kind.FLOAT: "f",
    Kind.DOUBLE: "d",
}
OPTIONS = (
    TableOption("charset", STRING, "UTF-8", "of text"),
    TableOption(
        "endianness", STRING, "big-endian", "which byte of a number is first", choices=("big-endian", "little-endian")
    ),
)


class RawFormat:
    """How the one column of a table is in bytes.

    Args:
        columns: name and type of the column.
        settings: the options.
        where: what errors begin with.

    Raises:
        ConfigurationError: there are several columns, or one of another type.
    """

    def __init__(self, columns: Columns, settings: Any, where: str) -> None:
        if len(columns) != 1:
            raise ConfigurationError(f"{where}: the format 'raw' is of one column, and there are {len(columns)}")
        self.columns = tuple(columns)
        name, self.kind = columns[0]
        known = self.kind.family(Family.CHARACTER_STRING | Family.BINARY_STRING) or self.kind.kind in PACKED
        if not known:
            raise ConfigurationError(f"{where}: the format 'raw' has no form for column '{name}' of {self.kind}")
        self.charset = check_charset(settings["charset"])
        self.order = ">" if settings["endianness"] == "big-endian" else "<"
        self.where = where

    def reading(self) -> list[Wire]:
        """Bytes, and what becomes of them."""
        return [Wire(Types.PRIMITIVE_ARRAY(Types.BYTE()), from_bytes(self.kind, self.charset, self.order))]

    def writing(self) -> list[Wire]:
        """Values as bytes."""
        return [Wire(Types.PRIMITIVE_ARRAY(Types.BYTE()), to_bytes(self.kind, self.charset, self.order))]

    def file_source(self, path: str) -> Source:
        """Files are read by lines."""
        return TextRows(path, self.columns[0][0])

    def lines(self) -> RawLines:
        """What writes files."""
        return RawLines()

    def decoder(self) -> RawMessages:
        """What reads messages."""
        return RawMessages()

    def encoder(self) -> RawMessages:
        """What writes messages."""
        return RawMessages()


def from_bytes(kind: DataType, charset: str, order: str) -> Make | None:
    """The value of some bytes."""
    if kind.family(Family.BINARY_STRING):
        return None
    if kind.family(Family.CHARACTER_STRING):
        return lambda data: bytes(data).decode(charset)
    form = struct.Struct(order + PACKED[kind.kind])

    def unpacked(data: bytes) -> Any:
        if len(data) != form.size:
            raise CorruptDataError(f"a {kind} is {form.size} bytes, not {len(data)}")
        return form.unpack(bytes(data))[0]

    return unpacked


def to_bytes(kind: DataType, charset: str, order: str) -> Make | None:
    """The bytes of a value."""
    if kind.family(Family.BINARY_STRING):
        return None
    if kind.family(Family.CHARACTER_STRING):
        return lambda text: text.encode(charset)
    pack: Callable[..., bytes] = struct.Struct(order + PACKED[kind.kind]).pack
    return pack


class TextRows(TextFileSource):
    """The lines of files, as rows of one column of bytes."""

    output_type: Any

    def __init__(self, path: str, name: str) -> None:
        super().__init__(path)
        self.output_type = Types.ROW_NAMED([name], [Types.PRIMITIVE_ARRAY(Types.BYTE())])

    def open_records(self, split: Any) -> Any:
        """The records of a file."""
        return RowsOfLines(super().open_records(split))


class RowsOfLines:
    """The lines of one file as rows.

    Args:
        file: gives the lines.
    """

    def __init__(self, file: Any) -> None:
        self.file = file
        self.bad_records = file.bad_records
        self.position = file.position
        self.close = file.close

    def read(self, limit: int) -> Any:
        """Up to ``limit`` rows; None at the end."""
        lines = self.file.read(limit)
        return None if lines is None else [Row(line.encode()) for line in lines]


class RawLines:
    """Writes values as lines."""

    def lines(self, batch: ColumnBatch) -> bytes:
        """The lines of a batch."""
        return b"".join(bytes(row[0] or b"") + b"\n" for row in batch.to_rows("tuple"))


class RawMessages:
    """Messages are the values."""

    def rows(self, messages: list[Any]) -> list[Any]:
        """A row for each message; None for those that are passed over."""
        return [None if message is None else Row(bytes(message)) for message in messages]

    def message(self, row: Any) -> bytes | None:
        """The message of a row."""
        return None if row[0] is None else bytes(row[0])


register_format(FormatFactory("raw", OPTIONS, RawFormat))
