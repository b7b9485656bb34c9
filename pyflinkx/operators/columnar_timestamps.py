"""Event time of a columnar stream."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.calls import CallSite
from pyflinkx._core.column_math import largest_time
from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.base import MAX_WATERMARK, MIN_WATERMARK, Operator, OperatorContext


class ColumnTimestampsOperator(Operator):
    """Takes timestamps from a column; after each batch a watermark of the largest timestamp - bound - 1.

    Watermarks from upstream are dropped, but for the last one at the end of bounded input.

    Args:
        column: of milliseconds since the epoch (int64), timestamps of any unit (rounded down) or dates (midnight UTC);
            None to keep the timestamps.
        out_of_orderness: bound in milliseconds on how late records come; None for no watermarks.
    """

    def __init__(self, column: str | None, out_of_orderness: int | None) -> None:
        self.column = column
        self.out_of_orderness = out_of_orderness
        self.current = MIN_WATERMARK
        self.rows = 0

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.site = CallSite(context.name, context.uid, context.location)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if self.column is not None:
            batch = self.timed(batch, self.column)
        largest = largest_time(batch) if self.out_of_orderness is not None else None
        self.output.emit(batch)
        if largest is not None:
            assert self.out_of_orderness is not None
            self.advance(max(largest - self.out_of_orderness - 1, MIN_WATERMARK))

    def timed(self, batch: Any, name: str) -> Any:
        """The batch with its timestamps; where a row has none, those before it are emitted first."""
        column = batch.column(name)
        if column.null_count:
            row = next(row for row in range(len(batch)) if column.is_null(row))
            if row:
                self.output.emit(batch.slice(0, row).with_timestamps_from(name))
            raise JobExecutionError(
                f"operator '{self.context.name}' (uid {self.context.uid}): column '{name}' has no timestamp in row "
                f"{self.rows + row} of this subtask: {batch.slice(row, row + 1).to_rows('dict')[0]!r:.200}"
            )
        self.rows += len(batch)
        try:
            return batch.with_timestamps_from(name)
        except OverflowError as error:
            raise self.site.wrap(error, f"on column '{name}'") from error

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.advance(timestamp)

    def advance(self, watermark: int) -> None:
        """Emit the watermark if it is later than the one before."""
        if watermark > self.current:
            self.current = watermark
            self.output.emit_watermark(watermark)
