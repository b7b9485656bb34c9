"""The base of all user functions."""

from __future__ import annotations

from abc import ABCMeta

from pyflinkx.operators.checkpointed import WithLife
from pyflinkx.operators.function import RuntimeContext


class Function(WithLife, metaclass=ABCMeta):
    """Base of all user functions: ``open`` is called once before the first record, ``close`` once after the last."""

    def open(self, runtime_context: RuntimeContext) -> None:
        """Prepare: get state, open connections."""

    def close(self) -> None:
        """Release what ``open`` acquired; also called after a failure."""
