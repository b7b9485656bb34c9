"""Operators that call a function on each record by itself: map, filter, flat_map."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.calls.records import filter_values, flat_map_values, map_values
from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.function import RuntimeContext, UserFunctionOperator
from pyflinkx.operators.hints import FirstResults, looked_at, of_record, of_results
from pyflinkx.operators.piecewise import RecordwiseOperator


class RecordOperator(UserFunctionOperator, RecordwiseOperator):
    """Runs one compiled loop over each batch."""

    loop: Any
    look: Any

    def open_function(self, runtime_context: RuntimeContext) -> None:
        super().open_function(runtime_context)
        self.call = FirstResults(self.site, self.function.call, self.look)

    def take(self, batch: Any, port: int) -> None:
        try:
            result = self.loop(self.site, self.call, batch)
        except JobExecutionError:
            self.emit_partial()
            raise
        self.call = looked_at(self.call)
        if result.values:
            self.output.emit(result)


class MapOperator(RecordOperator):
    """One result per record."""

    loop = staticmethod(map_values)
    look = staticmethod(of_record)


class FilterOperator(RecordOperator):
    """Keeps the records for which the function is true."""

    values_checked = True
    loop = staticmethod(filter_values)
    look = staticmethod(of_record)


class FlatMapOperator(RecordOperator):
    """Any number of results per record."""

    loop = staticmethod(flat_map_values)
    look = staticmethod(of_results)
