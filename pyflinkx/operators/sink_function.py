"""The end of a stream in a user's function."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx.operators.base import MIN_WATERMARK
from pyflinkx.operators.function import UserFunctionOperator
from pyflinkx.operators.functions import UserFunction


class SinkContext:
    """What a sink function learns of the record that it gets."""

    def __init__(self, operator: SinkFunctionOperator) -> None:
        self._operator = operator

    def timestamp(self) -> int | None:
        """The record's event time, in milliseconds since the epoch; None when it has none."""
        timestamp = self._operator.timestamp
        return None if timestamp == NO_TIMESTAMP else timestamp

    def current_watermark(self) -> int:
        """The event time that the stream has reached (ms); -2^63 before the first watermark."""
        return self._operator.watermark

    def current_processing_time(self) -> int:
        """The clock, in milliseconds since the epoch."""
        return self._operator.context.clock.now()


class SinkFunctionOperator(UserFunctionOperator):
    """Calls a function with each record.

    Args:
        function: its ``call`` takes the record; and the context too, with ``with_context``.
        with_context: whether it does.
    """

    def __init__(self, function: UserFunction, with_context: bool) -> None:
        super().__init__(function)
        self.with_context = with_context
        self.timestamp = NO_TIMESTAMP
        self.watermark = MIN_WATERMARK

    def process_batch(self, batch: Any, port: int = 0) -> None:
        call, timestamps = self.call, batch.timestamps
        done = 0
        try:
            if not self.with_context:
                for value in batch.values:
                    call(value)
                    done += 1
            else:
                context = SinkContext(self)
                self.timestamp = NO_TIMESTAMP
                for value in batch.values:
                    if timestamps is not None:
                        self.timestamp = timestamps[done]
                    call(value, context)
                    done += 1
        except BaseException as error:
            raise self.site.wrap(error, f"on record {short_repr(batch.values[done])}") from error
        finally:
            self.context.count("numRecordsOut", done)

    def process_watermark(self, timestamp: int) -> None:
        self.watermark = timestamp
        self.functions.tell("write_watermark", timestamp)

    def finish(self) -> None:
        self.functions.tell("finish")
