"""What joins do with columns."""

from __future__ import annotations

from collections.abc import Sequence

from pyflinkx._core.columns.batch import ColumnBatch, concat
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx.expressions.vectors import bits


def without_nulls(batch: ColumnBatch, positions: Sequence[int]) -> ColumnBatch:
    """The rows that have values in all of some columns."""
    import numpy

    for position in positions:
        column = batch.columns[position]
        if column.format == "n":
            return batch.slice(0, 0)
        if column.null_count:
            there = bits(column.buffers[0], column.offset, len(column), numpy)
            batch = batch.filter(numpy.ascontiguousarray(there).view("uint8"))
    return batch


def with_null_row(batch: ColumnBatch) -> ColumnBatch:
    """A batch with a row of nulls behind the others."""
    return concat([batch, from_rows([(None,) * len(batch.columns)], batch.schema)])
