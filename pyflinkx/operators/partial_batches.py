"""What goes from the first phase of an aggregation to the second: partial aggregates among rows."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema


class PartialBatches:
    """Tells batches of partial aggregates from those of rows.

    Args:
        schema: of the partial aggregates.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.last = schema

    def __contains__(self, batch: Any) -> bool:
        if not isinstance(batch, ColumnBatch):
            return False
        if batch.schema is self.last:
            return True
        if batch.schema == self.schema:
            self.last = batch.schema
            return True
        return False
