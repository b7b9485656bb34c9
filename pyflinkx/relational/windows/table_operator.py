"""Rows with their windows, at work."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx.operators.base import Operator, OperatorContext
from pyflinkx.relational.windows.local_time import to_instants
from pyflinkx.relational.windows.row_times import WindowTimes, times_column
from pyflinkx.relational.windows.spec import WindowSpec


class WindowTableOperator(Operator):
    """Sends each row once for each of its windows, with the window's begin, end and time.

    Rows without a time are in no window: they are counted.

    Args:
        spec: the windows, which are no sessions.
        time: name of the column of the rows' time.
        schema: of the results.
        zone: the local one.
    """

    def __init__(self, spec: WindowSpec, time: str, schema: Schema, zone: str) -> None:
        self.spec = spec
        self.time = time
        self.schema = schema
        self.zone = zone

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.times = WindowTimes(self.spec, self.time, self.zone, context.clock)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        import numpy

        timed, times = self.times.of(batch, numpy)
        if len(timed) < len(batch):
            self.context.count(NULL_TIMES, len(batch) - len(timed))
        if len(timed):
            rows, begins, ends = self.spec.assigned(times, numpy)
            self.output.emit(with_bounds(timed, rows, begins, ends, self.spec, self.zone, self.schema))


# Rows that were dropped as they have no time.
NULL_TIMES = "numNullRowTimeRecordsDropped"


def with_bounds(
    batch: ColumnBatch, rows: Any, begins: Any, ends: Any, spec: WindowSpec, zone: str, schema: Schema
) -> ColumnBatch:
    """Rows of a batch with the bounds of their windows (ms, local where they begin by the local time).

    Args:
        batch: the rows.
        rows: their numbers, in the order of the results.
        begins, ends: of the windows.
        spec: of the windows.
        zone: the local one.
        schema: of the results.
    """
    import numpy

    taken = batch if len(rows) == len(batch) and spec.kind == "TUMBLE" else batch.take(rows)
    times = (to_instants(ends, zone, numpy) if spec.local else ends) - 1
    added = [
        times_column(field, millis, numpy)
        for field, millis in zip(schema.fields[-3:], (begins, ends, times), strict=True)
    ]
    columns = [column.with_field(field) for column, field in zip(taken.columns, schema.fields, strict=False)]
    return ColumnBatch(schema, [*columns, *added], len(taken), taken.timestamps, taken.kinds)
