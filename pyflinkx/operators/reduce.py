"""Running reduce of a keyed stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import reduce_values
from pyflinkx._core.records.objects import ObjectBatch, constant_timestamps
from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.function import RuntimeContext, UserFunctionOperator
from pyflinkx.operators.functions import UserFunction, own_selector
from pyflinkx.operators.piecewise import RecordwiseOperator
from pyflinkx.operators.reduced import reduce_to_type
from pyflinkx.state.spec import StateSpec
from pyflinkx.types.typeinfo import TypeInformation

BATCH_SIZE = 1024


def reduced_state(record_type: TypeInformation | None) -> StateSpec:
    """What a running reduce keeps: the last result of each key."""
    return StateSpec("reduced", "ReducingState", record_type)


class ReduceOperator(UserFunctionOperator, RecordwiseOperator):
    """Emits, for each record, its key's reduced value so far; in batch mode each key's last value only, at the end.

    Args:
        function: ``reduce(value so far, record)``.
        key_selector: from record to key.
        record_type: the declared type of the records, None where there is none.
    """

    def __init__(
        self, function: UserFunction, key_selector: Callable[[Any], Any], record_type: TypeInformation | None = None
    ) -> None:
        key_selector = own_selector(key_selector)
        super().__init__(function, key_selector)
        self.call = reduce_to_type(function.call, record_type)
        # The other results are records as they came.
        self.values_checked = record_type is not None
        self.record_type = record_type
        self.key_selector = key_selector

    def open(self, context: OperatorContext) -> None:
        self.table = context.keyed_state.of(reduced_state(self.record_type))
        super().open(context)

    def open_function(self, runtime_context: RuntimeContext) -> None:
        """Open the user's functions, which may have keyed state of their own."""
        super().open_function(RuntimeContext(self.context, self.context.keyed_state))

    def take(self, batch: Any, port: int) -> None:
        try:
            result = reduce_values(self.site, self.key_selector, self.call, self.table, batch, not self.context.batch)
        except JobExecutionError:
            partial = self.site.take_partial()
            if partial is not None and not self.context.batch:
                self.output.emit(partial)
            raise
        if result.values and not self.context.batch:
            self.output.emit(result)

    def process_watermark(self, timestamp: int) -> None:
        if self.context.batch and timestamp == MAX_WATERMARK:
            values = self.table.take_all()
            for start in range(0, len(values), BATCH_SIZE):
                part = values[start : start + BATCH_SIZE]
                # As in Flink, where a timer at the end of time gives the results.
                self.output.emit(ObjectBatch(part, constant_timestamps(len(part), MAX_WATERMARK)))
        super().process_watermark(timestamp)
