"""Tables that are printed, and tables that nobody sees."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.config.values import BOOLEAN, STRING
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.connectors.print import PrintSink, PrintWriter
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.errors import SinkError
from pyflinkx.formats.java_text import java_double, java_float
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.tables.factory import Building, TableContext, TableFactory, register_table_factory
from pyflinkx.relational.tables.options import TableOption
from pyflinkx.types.changes import RETRACT
from pyflinkx.types.data_type import DataType, Family, Kind


def shown(value: Any, kind: DataType) -> str:
    """A value as Java's objects of Flink's rows are printed."""
    if value is None:
        return "null"
    if kind.kind is Kind.BOOLEAN:
        return "true" if value else "false"
    if kind.kind is Kind.DOUBLE:
        return java_double(value)
    if kind.kind is Kind.FLOAT:
        return java_float(value)
    if kind.kind is Kind.DECIMAL:
        return f"{value:f}"
    if kind.family(Family.BINARY_STRING):
        return f"[{', '.join(str(byte - 256 if byte > 127 else byte) for byte in bytes(value))}]"
    if isinstance(value, datetime.datetime):
        moment = value.astimezone(datetime.timezone.utc).replace(tzinfo=None) if value.tzinfo else value
        zone = "Z" if kind.kind is Kind.TIMESTAMP_LTZ else ""
        time = moment.time()
        text = clock(time, kind)
        return f"{moment.date()}T{text if len(text) > 5 or not zone else text + ':00'}{zone}"
    if isinstance(value, datetime.time):
        return clock(value, kind)
    if kind.kind is Kind.ARRAY:
        return f"[{', '.join(shown(item, kind.children[0]) for item in value)}]"
    if kind.kind in (Kind.MAP, Kind.MULTISET):
        key, item = kind.children if kind.kind is Kind.MAP else (kind.children[0], DataType(Kind.INT))
        return "{" + ", ".join(f"{shown(name, key)}={shown(part, item)}" for name, part in value.items()) + "}"
    if kind.kind is Kind.ROW:
        return f"+I[{', '.join(shown(item, child) for item, child in zip(value, kind.children, strict=True))}]"
    return str(value)


def clock(value: datetime.time, kind: DataType) -> str:
    """A time as Java prints it: seconds only where there are some, and digits of them in threes."""
    text = f"{value.hour:02}:{value.minute:02}"
    if value.second or value.microsecond:
        text += f":{value.second:02}"
    if value.microsecond:
        digits = f"{value.microsecond:06}"
        text += f".{digits[:3] if digits.endswith('000') else digits}"
    return text


class PrintRowsSink(PrintSink):
    """Prints rows of columns as Flink's print connector does: ``+I[1, abc]``.

    Args:
        kinds: types of the columns.
        identifier, stream: as for ``PrintSink``.
    """

    columnar = True

    def __init__(self, kinds: Sequence[DataType], identifier: str | None, stream: str) -> None:
        super().__init__(identifier, stream)
        self.kinds = tuple(kinds)

    def create_writer(self, context: WriterContext) -> PrintRowsWriter:
        stream = sys.stdout if self.stream == "stdout" else sys.stderr
        if stream is None:
            raise SinkError(f"this process has no {self.stream} to print to")
        return PrintRowsWriter(stream, self.stream, self._prefix(context), self.kinds)


class PrintRowsWriter(PrintWriter):
    """Writes a line for each row."""

    def __init__(self, stream: Any, name: str, prefix: str, kinds: Sequence[DataType]) -> None:
        super().__init__(stream, name, prefix, str)
        self.kinds = kinds

    def write(self, batch: ColumnBatch) -> None:
        super().write(Texts([self.line(row) for row in batch.to_rows()]))

    def line(self, row: Any) -> str:
        """A row as text."""
        values = ", ".join(shown(value, kind) for value, kind in zip(row, self.kinds, strict=True))
        return f"{row.get_row_kind()}[{values}]"


class Texts:
    """A batch of lines."""

    def __init__(self, values: list[str]) -> None:
        self.values = values


class PrintedTable:
    """A table whose rows are printed."""

    takes = RETRACT
    metadata: Mapping[str, DataType] = {}

    def __init__(self, context: TableContext) -> None:
        self.context = context

    def end(self, stream: Stream, building: Building) -> None:
        """Print rows."""
        settings = self.context.settings
        kinds = [kind for _, kind in self.context.columns()]
        where = "stderr" if settings["standard-error"] else "stdout"
        sink = PrintRowsSink(kinds, settings["print-identifier"], where)
        building.sink(stream, sink, f"Sink: {self.context.name}", settings["sink.parallelism"])


class PrintFactory(TableFactory):
    """The connector 'print'."""

    name = "print"
    options = (
        TableOption("print-identifier", STRING, None, "what stands before each row"),
        TableOption("standard-error", BOOLEAN, False, "whether rows go to the standard error"),
    )

    def sink(self, context: TableContext) -> Any:
        return PrintedTable(context)


class DroppedTable:
    """A table whose rows are dropped."""

    takes = RETRACT
    metadata: Mapping[str, DataType] = {}

    def __init__(self, context: TableContext) -> None:
        self.context = context

    def end(self, stream: Stream, building: Building) -> None:
        """Drop rows."""
        sink = DiscardSink()
        sink.columnar = True
        building.sink(stream, sink, f"Sink: {self.context.name}", self.context.settings["sink.parallelism"])


class BlackHoleFactory(TableFactory):
    """The connector 'blackhole'."""

    name = "blackhole"
    options = (TableOption("property-version", STRING, None, "not looked at"),)

    def sink(self, context: TableContext) -> Any:
        return DroppedTable(context)


register_table_factory(PrintFactory())
register_table_factory(BlackHoleFactory())
