"""The base of all user functions."""

from __future__ import annotations

from abc import ABC

from pyflinkx.operators.function import RuntimeContext


class Function(ABC):  # noqa: B024 - PyFlink's base is abstract without abstract methods
    """Base of all user functions: ``open`` is called once before the first record, ``close`` once after the last."""

    def open(self, runtime_context: RuntimeContext) -> None:  # noqa: B027
        """Prepare: get state, open connections."""

    def close(self) -> None:  # noqa: B027
        """Release what ``open`` acquired; also called after a failure."""
