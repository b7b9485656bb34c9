"""An operator that changes nothing."""

from __future__ import annotations

from typing import Any

from pyflinkx.operators.base import Operator


class IdentityOperator(Operator):
    """Sends on what it gets; a place in the graph for others to refer to."""

    values_checked = True

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.output.emit(batch)
