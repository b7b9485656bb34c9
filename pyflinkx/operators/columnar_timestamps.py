"""Event time of a columnar stream."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.columns.column_math import largest_time
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx.operators.piecewise import Pieces
from pyflinkx.operators.timestamps import TimestampsAndWatermarksOperator

# Rows that go between two watermarks, however large the batches are: what they open stays in caches until it is closed.
# With other subtasks, which are as far apart as their batches anyway, there is less to gain.
MOST_ROWS = 32_768


class ColumnTimestampsOperator(TimestampsAndWatermarksOperator):
    """Takes timestamps from a column; a watermark of the largest timestamp - bound - 1 follows every batch.

    With a parallelism of 1 it also follows every 32,768 rows of a batch.

    Args:
        column: of milliseconds since the epoch (int64), timestamps of any unit (rounded down) or dates (midnight UTC);
            None to keep the timestamps.
        out_of_orderness: bound in milliseconds on how late records come; None for no watermarks.
        others: as for TimestampsAndWatermarksOperator.
    """

    def __init__(self, column: str | None, out_of_orderness: int | None, *others: Any) -> None:
        super().__init__(None, out_of_orderness, *others)
        self.column = column
        self.rows = 0

    def process_batch(self, batch: Any, port: int = 0) -> None:
        timed = batch if self.column is None else self.timed(batch, self.column)
        step = MOST_ROWS if self.out_of_orderness is not None and self.context.parallelism == 1 else max(len(timed), 1)
        self.begin(self.portions(timed, step))

    def portions(self, timed: Any, step: int) -> Pieces:
        """Send so many rows at a time, each time with their watermark."""
        for start in range(0, len(timed), step):
            self.take(timed.slice(start, min(start + step, len(timed))), 0)
            if self.context.turn.over():
                yield True

    def stamped(self, batch: Any) -> int:
        largest = largest_time(batch)
        return NO_TIMESTAMP if largest is None else largest

    def timed(self, batch: Any, name: str) -> Any:
        """The batch with its timestamps; where a row has none, those before it are emitted first."""
        column = batch.column(name)
        if column.null_count:
            row = next(row for row in range(len(batch)) if column.is_null(row))
            if row:
                self.output.emit(batch.slice(0, row).with_timestamps_from(name))
            missing = ValueError(
                f"column '{name}' has no timestamp in row {self.rows + row} of this subtask: "
                f"{short_repr(batch.slice(row, row + 1).to_rows('dict')[0])}"
            )
            raise self.site.wrap(missing, f"on column '{name}'") from missing
        self.rows += len(batch)
        try:
            return batch.with_timestamps_from(name)
        except OverflowError as error:
            raise self.site.wrap(error, f"on column '{name}'") from error
