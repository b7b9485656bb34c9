"""Running reduce of a keyed stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls import reduce_values
from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.function import UserFunction, UserFunctionOperator


class ReduceOperator(UserFunctionOperator):
    """Emits, for each record, its key's reduced value so far.

    Args:
        function: ``reduce(value so far, record)``.
        key_selector: from record to key.
    """

    def __init__(self, function: UserFunction, key_selector: Callable[[Any], Any]) -> None:
        super().__init__(function)
        self.key_selector = key_selector
        self.reduced: dict[Any, Any] = {}

    def process_batch(self, batch: Any, port: int = 0) -> None:
        try:
            result = reduce_values(self.site, self.key_selector, self.call, self.reduced, batch)
        except JobExecutionError:
            self.emit_partial()
            raise
        if result.values:
            self.output.emit(result)
