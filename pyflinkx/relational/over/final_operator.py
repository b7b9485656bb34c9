"""OVER where results are final: all rows are there before the first result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch, concat
from pyflinkx._core.keys.map import KeyMap
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.relational.keyed_rows import column_of_values, keys_of, rows_of, schema_of
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.over.frames import Frames
from pyflinkx.relational.over.nodes import OverCall, OverWindow
from pyflinkx.relational.over.order import in_order

BATCH_SIZE = 32_768


class FinalOverOperator(PiecewiseOperator):
    """Sends each row with the results of its partition's rows around it, partition by partition and in their order.

    Args:
        columns: of the rows.
        window: the partitions, their order, and which rows count.
        calls: what is wanted.
        results: names and types of the columns that come out.
    """

    def __init__(self, columns: Columns, window: OverWindow, calls: Sequence[OverCall], results: Columns) -> None:
        self.columns = columns
        self.window = window
        self.calls = tuple(calls)
        self.results = results
        self.schema = schema_of(results)
        self.batches: list[ColumnBatch] = []

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.batches.append(batch)

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK and self.batches:
            self.begin(self.send_all())
        else:
            self.output.emit_watermark(timestamp)

    def send_all(self) -> Iterator[None]:
        """Send all rows, some partitions at each step, then the last watermark."""
        import numpy

        batch = concat(self.batches) if len(self.batches) > 1 else self.batches[0]
        self.batches = []
        rows = rows_of(batch, self.columns, range(len(self.columns)))
        partitions: KeyMap[Any, list[int]] = KeyMap()
        for row, key in enumerate(keys_of(batch, self.window.partition)):
            partitions.setdefault(key, []).append(row)
        frames = Frames(self.window, self.calls)
        numbers: list[int] = []
        found: list[tuple[Any, ...]] = []
        for members in partitions.values():
            members = in_order(members, rows, self.window.order)
            try:
                found += frames.results([rows[row] for row in members])
            except Exception as error:
                where = f"in the partition of {batch.slice(members[0], members[0] + 1).to_rows('dict')[0]!r:.200}"
                raise self.site.wrap(error, where) from error
            numbers += members
            if len(numbers) >= BATCH_SIZE:
                self.send(batch.take(numpy.array(numbers, "int64")), found)
                numbers, found = [], []
                yield
        if numbers:
            self.send(batch.take(numpy.array(numbers, "int64")), found)
        self.output.emit_watermark(MAX_WATERMARK)

    def send(self, batch: ColumnBatch, found: Sequence[tuple[Any, ...]]) -> None:
        """Send rows with their results."""
        width = len(self.columns)
        columns = [column.with_field(field) for column, field in zip(batch.columns, self.schema, strict=False)]
        for place, (name, kind) in enumerate(self.results[width:]):
            columns.append(column_of_values([row[place] for row in found], name, kind))
        self.output.emit(ColumnBatch(self.schema, columns, len(batch), batch.timestamps, batch.kinds))
