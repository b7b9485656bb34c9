"""Running reduce of a keyed stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls import reduce_values
from pyflinkx._core.objects import ObjectBatch, constant_timestamps
from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.operators.function import UserFunction, UserFunctionOperator


class ReduceOperator(UserFunctionOperator):
    """Emits, for each record, its key's reduced value so far.

    Args:
        function: ``reduce(value so far, record)``.
        key_selector: from record to key.
        final_only: emit only each key's last value, once event time has come to its end; as in Flink's batch mode these
            results have the timestamp MAX_WATERMARK.
    """

    def __init__(self, function: UserFunction, key_selector: Callable[[Any], Any], final_only: bool = False) -> None:
        super().__init__(function)
        self.key_selector = key_selector
        self.final_only = final_only
        self.reduced: dict[Any, Any] = {}

    def process_batch(self, batch: Any, port: int = 0) -> None:
        try:
            result = reduce_values(self.site, self.key_selector, self.call, self.reduced, batch)
        except JobExecutionError:
            partial = self.site.take_partial()
            if partial is not None and not self.final_only:
                self.output.emit(partial)
            raise
        if result.values and not self.final_only:
            self.output.emit(result)

    def process_watermark(self, timestamp: int) -> None:
        if self.final_only and timestamp == MAX_WATERMARK and self.reduced:
            values = list(self.reduced.values())
            self.output.emit(ObjectBatch(values, constant_timestamps(len(values), timestamp)))
        self.output.emit_watermark(timestamp)
