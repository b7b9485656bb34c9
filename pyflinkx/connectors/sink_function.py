"""Sinks as functions that are called with each record; Flink's SinkFunction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from pyflinkx.errors import WrongStateError


class SinkFunction(ABC):
    """Takes the records of a stream one by one.

    Example:
        >>> class Keep(SinkFunction):
        ...     def invoke(self, value, context):
        ...         kept.append((value, context.timestamp()))
    """

    @abstractmethod
    def invoke(self, value: Any, context: Any) -> None:
        """Take a record.

        Args:
            value: the record.
            context: has ``timestamp()``, ``current_watermark()`` and ``current_processing_time()``, in milliseconds
                since the epoch; the timestamp is None for a record without one.
        """

    def write_watermark(self, watermark: int) -> None:  # noqa: B027
        """Event time has reached ``watermark`` (ms)."""

    def finish(self) -> None:  # noqa: B027
        """All records have been taken: write out what is held back."""


class RichSinkFunction(SinkFunction):
    """A sink function that is opened and closed, and knows the task that it runs in."""

    _runtime_context: Any = None

    def open(self, runtime_context: Any) -> None:
        """Prepare; called before the first record."""

    def close(self) -> None:
        """Release what ``open`` acquired; also called after a failure."""

    def get_runtime_context(self) -> Any:
        """The RuntimeContext of the task.

        Raises:
            WrongStateError: the function does not run yet.
        """
        if self._runtime_context is None:
            raise WrongStateError("the runtime context is there from open() on")
        return self._runtime_context

    def set_runtime_context(self, runtime_context: Any) -> None:
        """Called by the task before ``open``."""
        self._runtime_context = runtime_context
