"""Records as rows of a CSV file."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.formats.csv_encoder import CsvEncoder
from pyflinkx._core.records.row import Row
from pyflinkx.config.arguments import check_text
from pyflinkx.connectors.files.single import FileText, SingleFileSink
from pyflinkx.errors import ConfigurationError, SinkError
from pyflinkx.formats.csv_records import CsvFormat
from pyflinkx.formats.java_text import java_boolean, java_instant
from pyflinkx.types.time import Instant

PLAIN = frozenset([str, int, float])
NESTED = (bytes, bytearray, memoryview, list, tuple, dict, set, frozenset, Row)


class CsvSink(SingleFileSink):
    """Writes rows: Row, tuple, list, NamedTuple or dataclass instances, all with the same number of fields.

    Fields with names are written in the order of ``field_names`` where these are the same names, else in that of the
    first record with names; a Row with other names than that is refused. Everything else is written by position.

    Numbers, dates and times are written as ``str()`` shows them, booleans as ``true`` and ``false``, None as an empty
    field (as is an empty string). A field that is bytes or a collection is refused. The file appears at the end of the
    input: whole, or, when the job fails, not at all.

    Args:
        path: of the file.
        header: whether the first line names the columns.
        field_names: the names; by default those of the first record, f0, f1, ... if it has none.
        delimiter: one character between fields.
        write_mode: ``"overwrite"`` replaces a file of that name, ``"no_overwrite"`` refuses to.
        quote: one character around fields that need it.
        null_value: what is written for None.
        charset: of the file.
        line_separator: ``"\\n"`` or ``"\\r\\n"``.

    Raises:
        ConfigurationError: an option cannot be.

    Example:
        >>> CsvSink("/data/hourly.csv", field_names=["hour", "flights"])
        CsvSink('/data/hourly.csv')
    """

    columnar = True  # as well

    def __init__(
        self,
        path: str | PathLike[str],
        header: bool = True,
        field_names: Iterable[str] | None = None,
        delimiter: str = ",",
        write_mode: str = "overwrite",
        *,
        quote: str = '"',
        null_value: str = "",
        charset: str = "utf-8",
        line_separator: str = "\n",
    ) -> None:
        super().__init__(path, charset, write_mode, line_separator)
        if not isinstance(header, bool):
            raise TypeError(f"header is True or False, not {header!r}")
        if isinstance(field_names, str):
            raise TypeError(f"field_names is a list of names such as [{field_names!r}], not {field_names!r}")
        self.header = header
        self.field_names = None if field_names is None else [check_text(name, "a field name") for name in field_names]
        if self.field_names is not None and not self.field_names:
            raise ConfigurationError("field_names holds no name")
        self.format = CsvFormat(delimiter, check_text(quote, "quote"))
        self.null_value = check_text(null_value, "null_value")

    def new_text(self) -> FileText:
        return CsvText(self)

    def encoder(self, width: int) -> CsvEncoder | None:
        """What writes columns of a file with so many, None where only values can be written."""
        delimiter, quote = self.format.delimiter, self.format.quote or ""
        plain = all(one.isascii() and not one.isalnum() and one not in "+-.: " for one in delimiter + quote)
        if self.charset != "utf-8" or not plain or "\r" in self.null_value:
            return None
        line = self.text([[self.null_value] * width])[: -len(self.line_separator)]
        null = line if width == 1 else line[: (len(line) - width + 1) // width]
        return CsvEncoder(
            delimiter.encode(), quote.encode(), null.encode(errors="surrogatepass"), self.line_separator != "\n"
        )

    def text(self, rows: Iterable[Sequence[str]]) -> str:
        """Lines."""
        rows = list(rows)
        text = self._write(rows, csv.QUOTE_MINIMAL)
        if "\r" in text and self.line_separator == "\n":
            # csv.writer quotes line ends only if they are those of its own lines.
            text = self._write(rows, csv.QUOTE_ALL)
        return text

    def _write(self, rows: list[Sequence[str]], quoting: Any) -> str:
        out = io.StringIO(newline="")
        csv.writer(
            out,
            delimiter=self.format.delimiter,
            quotechar=self.format.quote,
            lineterminator=self.line_separator,
            quoting=quoting,
        ).writerows(rows)
        return out.getvalue()


class CsvText(FileText):
    """The rows of one file."""

    def __init__(self, sink: CsvSink) -> None:
        self.sink = sink
        self.names = sink.field_names
        self.header_due = sink.header
        self.encoder: CsvEncoder | None = None
        # By type of record, what gives its values.
        self.values_of: dict[type, Callable[[Any], Sequence[Any]]] = {}
        # The names by which records are read; those of the first that has names, maybe in the order of the sink's.
        self.order: list[str] | None = None

    def lines(self, values: list[Any]) -> str:
        if not values:
            return ""
        rows = [self._values(record) for record in values]
        if self.names is None:
            self.names = _names_of(values[0], len(rows[0]))
        width = len(self.names)
        if set(map(len, rows)) != {width}:
            place = next(index for index, row in enumerate(rows) if len(row) != width)
            raise SinkError(
                f"{self.sink.path}: a record has {len(rows[place])} fields, but the file {width} columns "
                f"({', '.join(self.names)}): {short_repr(values[place])}"
            )
        columns = [
            self._column(name, list(column)) for name, column in zip(self.names, zip(*rows, strict=True), strict=True)
        ]
        return self.end() + self.sink.text(zip(*columns, strict=True))

    def of_columns(self, batch: ColumnBatch) -> bytes | None:
        fields = batch.schema.names
        if len(batch) == 0:
            return b""
        if self.names is not None and len(self.names) != len(fields):
            return None
        order = self._in_order(fields)
        if order is not self.order and order != self.order:
            return None
        if self.encoder is None:
            self.encoder = self.sink.encoder(len(fields))
        lines = None if self.encoder is None else self.encoder.encode(batch if order == fields else batch.select(order))
        if lines is None:
            return None
        self.names = self.names or fields
        return self.end().encode() + lines

    def end(self) -> str:
        """The header, if it was not written yet and the names are known."""
        if not self.header_due or self.names is None:
            return ""
        self.header_due = False
        return self.sink.text([self.names])

    def state(self) -> tuple[list[str] | None, bool, list[str] | None]:
        return self.names, self.header_due, self.order

    def restore(self, state: tuple[list[str] | None, bool, list[str] | None]) -> None:
        self.names, self.header_due, self.order = state

    def _values(self, record: Any) -> Sequence[Any]:
        values = self.values_of.get(type(record))
        if values is None:
            values = self.values_of[type(record)] = self._values_function(record)
        return values(record)

    def _values_function(self, record: Any) -> Callable[[Any], Sequence[Any]]:
        if isinstance(record, Row):
            return self._row_values
        if isinstance(record, (tuple, list)):
            fields = list(getattr(record, "_fields", ()))
            order = self._in_order(fields) if fields else fields
            if order == fields:
                return lambda record: record
            return lambda record: [getattr(record, name) for name in order]
        if dataclasses.is_dataclass(record) and not isinstance(record, type):
            names = self._in_order([field.name for field in dataclasses.fields(record)])
            return lambda record: [getattr(record, name) for name in names]
        raise SinkError(
            f"{self.sink.path}: a CSV file takes Row, tuple, list, NamedTuple or dataclass records, not "
            f"{type(record).__name__}: {short_repr(record)}; map it to a tuple first"
        )

    def _in_order(self, names: list[str]) -> list[str]:
        """The names of a record's fields in the order in which they are written."""
        if self.order is None:
            columns = self.names or names
            self.order = columns if set(columns) == set(names) else names
        return self.order if set(self.order) == set(names) else names

    def _row_values(self, row: Row) -> Sequence[Any]:
        names = getattr(row, "_fields", None)
        if names is None or names == self.order:
            return list(row)
        order = self._in_order(names)
        if order is not self.order or len(row) != len(names):
            raise SinkError(
                f"{self.sink.path}: the fields of a record are {', '.join(names)}, those of the ones before it "
                f"{', '.join(self.order or ())}: {short_repr(row)}"
            )
        return row.get_fields_by_names(order)

    def _column(self, name: str, values: list[Any]) -> list[Any]:
        kinds = set(map(type, values)) - PLAIN
        return [self._field(name, value) for value in values] if kinds else values

    def _field(self, name: str, value: Any) -> Any:
        if value is None:
            return self.sink.null_value
        if isinstance(value, bool):
            return java_boolean(value)
        if isinstance(value, Instant):
            return java_instant(value)
        if isinstance(value, NESTED) or dataclasses.is_dataclass(value):
            raise SinkError(
                f"{self.sink.path}: field {name!r} is {type(value).__name__}, which a CSV field cannot hold: "
                f"{short_repr(value)}"
            )
        return value


def _names_of(record: Any, width: int) -> list[str]:
    names = getattr(record, "_fields", None)
    if names is None and dataclasses.is_dataclass(record):
        names = [field.name for field in dataclasses.fields(record)]
    return [str(name) for name in names] if names is not None else [f"f{index}" for index in range(width)]
