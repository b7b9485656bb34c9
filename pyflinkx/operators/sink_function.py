"""The end of a stream in a user's function."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.calls.records import RecordContext, call_values
from pyflinkx.operators.base import MIN_WATERMARK
from pyflinkx.operators.function import UserFunctionOperator
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.piecewise import RecordwiseOperator


class SinkContext(RecordContext):
    """What a sink function learns of the record that it gets."""

    def __init__(self, operator: SinkFunctionOperator) -> None:
        self._operator = operator

    def current_watermark(self) -> int:
        """The event time that the stream has reached (ms); -2^63 before the first watermark."""
        return self._operator.watermark

    def current_processing_time(self) -> int:
        """The clock, in milliseconds since the epoch."""
        return self._operator.context.clock.now()


class SinkFunctionOperator(UserFunctionOperator, RecordwiseOperator):
    """Calls a function with each record.

    Args:
        function: its ``call`` takes the record; and the context too, with ``with_context``.
        with_context: whether it does.
    """

    def __init__(self, function: UserFunction, with_context: bool) -> None:
        super().__init__(function)
        self.sink_context = SinkContext(self) if with_context else None
        self.watermark = MIN_WATERMARK

    def take(self, batch: Any, port: int) -> None:
        try:
            call_values(self.site, self.call, batch, self.sink_context)
        finally:
            self.context.count("numRecordsOut", len(batch))

    def process_watermark(self, timestamp: int) -> None:
        self.watermark = timestamp
        self.functions.tell("write_watermark", timestamp)

    def finish(self) -> None:
        self.functions.tell("finish")
