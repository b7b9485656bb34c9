"""Streams of a program as tables, and tables as streams of rows."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx._core.records.row_kinds import first_change, kind_at
from pyflinkx.errors import TypeInformationError
from pyflinkx.expressions.vectors import Frame, Vector, to_column
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.relational.tables.wire import (
    Make,
    converted,
    decimal_of,
    elements,
    entries,
    fields,
    instant_as_datetime,
    shape,
)
from pyflinkx.types.data_type import DataType, Family, Kind
from pyflinkx.types.time import Instant

INSERT, UPDATE_BEFORE, UPDATE_AFTER, DELETE = range(4)
# The name of what gives the timestamps of a stream's records.
ROWTIME_KEY = "rowtime"


def external(kind: DataType) -> Make | None:
    """From a value of a program to one that a column of a type takes; None where it is one."""
    if kind.kind is Kind.DECIMAL:
        rounded = decimal_of(kind.precision or 0, kind.scale or 0)
        return lambda value: rounded(value if isinstance(value, Decimal) else Decimal(str(value)))
    if kind.kind is Kind.TIMESTAMP_LTZ:
        return moment
    if kind.kind in (Kind.FLOAT, Kind.DOUBLE):
        return lambda value: float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if kind.kind is Kind.ARRAY:
        return elements(external(kind.children[0])) or list
    if kind.kind is Kind.MAP:
        return entries(*map(external, kind.children))
    if kind.kind is Kind.ROW:
        return fields(list(map(external, kind.children)))
    return None


def moment(value: Any) -> datetime.datetime:
    """A point in time in UTC; one that says no zone is in UTC."""
    if isinstance(value, Instant):
        return instant_as_datetime(value)
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        return value.replace(tzinfo=datetime.timezone.utc)
    return value  # or the column says what is wrong


def brought(source: Field, wanted: Field, kind: DataType) -> Make | None:
    """How the values of a stream's column become those of a table's; None where they are the same."""
    if shape(source) == shape(wanted):
        return None
    if source.format[:2] == wanted.format[:2] and wanted.format[:2] in ("ts", "tt") and source.carried is None:
        return None
    return external(kind)


class StreamColumnsOperator(Operator):
    """Makes a table's columns of a stream's.

    Args:
        columns: for each of the table's columns the position of the stream's, and how its values are brought to the
            type; None for the timestamps of the records.
        schema: of the table.
        inserts: whether rows of other kinds are refused.
    """

    def __init__(self, columns: Sequence[tuple[int, Make | None] | None], schema: Schema, inserts: bool) -> None:
        self.columns = tuple(columns)
        self.schema = schema
        self.inserts = inserts

    def open(self, context: OperatorContext) -> None:
        super().open(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        try:
            made = self.convert(batch)
        except Exception as error:
            raise self.site.wrap(error, "on a record that does not fit the columns of its table") from error
        self.output.emit(made)

    def convert(self, batch: ColumnBatch) -> ColumnBatch:
        """The table's columns."""
        import numpy

        if self.inserts and batch.kinds is not None:
            place = first_change(batch)
            if place >= 0:
                raise TypeInformationError(
                    f"a table of inserts gets a row of kind {kind_at(batch, place).name}: "
                    "from_changelog_stream() makes a table of rows of all kinds"
                )
        frame = Frame(batch, numpy)
        made = [
            stamps(batch, wanted, frame)
            if column is None
            else converted(batch.columns[column[0]], wanted, frame, column[1])
            for column, wanted in zip(self.columns, self.schema, strict=True)
        ]
        return ColumnBatch(self.schema, made, len(batch), batch.timestamps, batch.kinds)


def stamps(batch: ColumnBatch, wanted: Field, frame: Frame) -> Column:
    """The timestamps of records as a column."""
    numpy = frame.numpy
    if batch.timestamps is None:
        raise TypeInformationError(
            f"column '{wanted.name}' is the time of the records, and they have none: "
            "assign_timestamps_and_watermarks() gives them one"
        )
    millis = numpy.asarray(batch.timestamps).astype("int64")
    valid = millis != NO_TIMESTAMP
    if not valid.all():
        raise TypeInformationError(
            f"column '{wanted.name}' is the time of the records, and one has none: "
            "assign_timestamps_and_watermarks() gives it to all"
        )
    scale = {"s": (1, 1000), "m": (1, 1), "u": (1000, 1), "n": (1_000_000, 1)}[wanted.format[2]]
    return to_column(Vector(millis * scale[0] // scale[1]), wanted, frame)


class ChangesOperator(Operator):
    """Lets rows of some kinds through.

    Args:
        dropped: the kinds that are left out, by the codes of columns.
        time: the column that gives the rows their timestamps; None to keep those that they have.
    """

    def __init__(self, dropped: Sequence[int] = (), time: str | None = None) -> None:
        self.dropped = tuple(dropped)
        self.time = time

    def open(self, context: OperatorContext) -> None:
        super().open(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if batch.kinds is not None and self.dropped:
            import numpy

            kinds = numpy.asarray(batch.kinds)
            kept = ~numpy.isin(kinds, self.dropped)
            if not kept.all():
                batch = batch.filter(kept.view("uint8"))
        if self.time is not None and len(batch):
            batch = batch.with_timestamps_from(self.time)
        self.output.emit(batch)


def is_time(kind: DataType) -> bool:
    """Whether values are points in time or timestamps."""
    return kind.family(Family.TIME_STAMP)
