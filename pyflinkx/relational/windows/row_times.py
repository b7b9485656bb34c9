"""The times of a batch's rows, as windows take them."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field
from pyflinkx.expressions.vectors import load_column
from pyflinkx.relational.windows.local_time import to_local
from pyflinkx.relational.windows.spec import WindowSpec

UNITS = {"s": 1_000, "m": 1, "u": -1_000, "n": -1_000_000}


def millis_of(column: Column, numpy: Any) -> tuple[Any, Any]:
    """Timestamps in milliseconds, and where there are any (None for everywhere)."""
    values, valid = load_column(column, numpy)
    if values is None:
        return numpy.zeros(column.length, "int64"), valid
    factor = UNITS[column.format[2]]
    return values * factor if factor > 0 else values // -factor, valid


class WindowTimes:
    """Gives the times by which a batch's rows are put into windows.

    Args:
        spec: the windows.
        name: of the column of the time.
        zone: the local one.
        clock: of the job.
    """

    def __init__(self, spec: WindowSpec, name: str, zone: str, clock: Any) -> None:
        self.spec = spec
        self.name = name
        self.zone = zone
        self.clock = clock

    def of(self, batch: ColumnBatch, numpy: Any) -> tuple[ColumnBatch, Any]:
        """The rows that have a time, and their times (ms)."""
        if self.spec.by_clock:
            times = numpy.full(len(batch), self.clock.now(), "int64")
        else:
            times, valid = millis_of(batch.column(self.name), numpy)
            if valid is not None and not valid.all():
                batch = batch.filter(numpy.ascontiguousarray(valid).view("uint8"))
                times = times[valid]
        return batch, to_local(times, self.zone, numpy) if self.spec.local else times


def times_column(field: Field, millis: Any, numpy: Any) -> Column:
    """Times (ms) as a column of timestamps in milliseconds."""
    return Column(field, len(millis), [None, numpy.ascontiguousarray(millis, "int64")])
