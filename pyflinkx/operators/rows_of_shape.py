"""Rows with their fields in another order, so that those of several streams have one shape."""

from __future__ import annotations

from typing import Any

from pyflinkx.operators.base import Operator


class RowAlignmentOperator(Operator):
    """Sends on what it gets; the declared type of its output puts the fields in that type's order."""

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.output.emit(batch)
