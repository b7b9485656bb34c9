"""Event time: timestamps and watermarks given to a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls import CallSite, extract_timestamps, largest_timestamp
from pyflinkx._core.objects import NO_TIMESTAMP
from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.base import MAX_WATERMARK, MIN_WATERMARK, Operator, OperatorContext


class TimestampsAndWatermarksOperator(Operator):
    """Assigns timestamps, and after each batch a watermark of the largest timestamp - bound - 1.

    Watermarks from upstream are dropped, but for the last one at the end of bounded input.

    Args:
        extract: ``extract(record, timestamp so far)`` to milliseconds since the epoch; None to keep the timestamps.
        out_of_orderness: bound in milliseconds on how late records come; None for no watermarks.
    """

    def __init__(self, extract: Callable[[Any, int], int] | None, out_of_orderness: int | None) -> None:
        self.extract = extract
        self.out_of_orderness = out_of_orderness
        self.current = MIN_WATERMARK

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.site = CallSite(context.name, context.uid, context.location)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if self.extract is not None:
            try:
                largest = extract_timestamps(self.site, self.extract, batch)
            except JobExecutionError:
                partial = self.site.take_partial()
                if partial is not None:
                    self.output.emit(partial)
                raise
        elif batch.timestamps is not None:
            largest = largest_timestamp(batch.timestamps)
        else:
            largest = NO_TIMESTAMP
        self.output.emit(batch)
        if self.out_of_orderness is not None and largest != NO_TIMESTAMP:
            self.advance(max(largest - self.out_of_orderness - 1, MIN_WATERMARK))

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.advance(timestamp)

    def advance(self, watermark: int) -> None:
        """Emit the watermark if it is later than the one before."""
        if watermark > self.current:
            self.current = watermark
            self.output.emit_watermark(watermark)
