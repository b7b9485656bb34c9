"""Where a columnar stream meets Python functions."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.to_rows import to_objects
from pyflinkx.operators.base import Operator


class ColumnsToRowsOperator(Operator):
    """Turns each columnar batch into rows with named fields.

    Args:
        batch_size: the most rows of an emitted batch.
    """

    def __init__(self, batch_size: int = 1024) -> None:
        self.batch_size = batch_size

    def process_batch(self, batch: Any, port: int = 0) -> None:
        for start in range(0, len(batch), self.batch_size):
            rows = batch.slice(start, min(start + self.batch_size, len(batch)))
            self.output.emit(to_objects(rows))
