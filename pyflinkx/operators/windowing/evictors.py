"""Evictors: which records a firing window leaves out, and which it forgets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from pyflinkx._core.calls.window_types import Window
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx.operators.windowing.durations import to_milliseconds

T = TypeVar("T")
W = TypeVar("W")


class TimestampedValue(NamedTuple):
    """A record of a window and its timestamp (ms), which is the smallest 64-bit integer when it has none."""

    value: Any
    timestamp: int

    def get_value(self) -> Any:
        """The record."""
        return self.value

    def get_timestamp(self) -> int:
        """Its timestamp (ms)."""
        return self.timestamp

    def has_timestamp(self) -> bool:
        """Whether it has one."""
        return self.timestamp != NO_TIMESTAMP


class Evictor(ABC, Generic[T, W]):
    """Removes records from a window when it fires, before or after its function sees them.

    What is removed before the function is gone for later firings too. A window with an evictor keeps all its records,
    even under ``reduce`` and ``aggregate``, which then fold them at each firing.
    """

    class EvictorContext(Protocol):
        """What an evictor can ask."""

        def get_current_processing_time(self) -> int:
            """Milliseconds since the epoch."""

        def get_current_watermark(self) -> int:
            """The watermark (ms); the smallest 64-bit integer before the first one."""

    @abstractmethod
    def evict_before(
        self, elements: list[TimestampedValue], size: int, window: W, evictor_context: Evictor.EvictorContext
    ) -> None:
        """Remove from the list, in place, what the window's function shall not see.

        Args:
            elements: the window's records in order of arrival.
            size: how many they are.
            window: the window.
            evictor_context: clock and watermark.
        """

    @abstractmethod
    def evict_after(
        self, elements: list[TimestampedValue], size: int, window: W, evictor_context: Evictor.EvictorContext
    ) -> None:
        """Remove from the list, in place, what was seen once and shall not be seen again; arguments as before."""


class OneTimeEvictor(Evictor[Any, Window]):
    """An evictor that does the same either before or after the window's function.

    Args:
        do_evict_after: whether it is after.
    """

    def __init__(self, do_evict_after: bool) -> None:
        self.do_evict_after = do_evict_after

    @abstractmethod
    def evict(self, elements: list[TimestampedValue]) -> None:
        """Remove records from the list."""

    def evict_before(
        self, elements: list[TimestampedValue], size: int, window: Window, evictor_context: Evictor.EvictorContext
    ) -> None:
        if not self.do_evict_after:
            self.evict(elements)

    def evict_after(
        self, elements: list[TimestampedValue], size: int, window: Window, evictor_context: Evictor.EvictorContext
    ) -> None:
        if self.do_evict_after:
            self.evict(elements)


class CountEvictor(OneTimeEvictor):
    """Keeps the last ``max_count`` records.

    Args:
        max_count: how many.
        do_evict_after: whether the window's function sees the others once.

    Raises:
        ValueError: ``max_count`` is negative.
    """

    def __init__(self, max_count: int, do_evict_after: bool = False) -> None:
        super().__init__(do_evict_after)
        if max_count < 0:
            raise ValueError(f"a CountEvictor cannot keep {max_count} records")
        self.max_count = max_count

    @staticmethod
    def of(max_count: int, do_evict_after: bool = False) -> CountEvictor:
        """An evictor that keeps the last ``max_count`` records."""
        return CountEvictor(max_count, do_evict_after)

    def evict(self, elements: list[TimestampedValue]) -> None:
        if len(elements) > self.max_count:
            del elements[: len(elements) - self.max_count]


class TimeEvictor(OneTimeEvictor):
    """Keeps the records of the last ``window_size`` ms, counted back from the largest timestamp in the window.

    A record exactly that old goes. Records without timestamps all stay.

    Args:
        window_size: milliseconds.
        do_evict_after: whether the window's function sees the others once.

    Raises:
        ValueError: the size is negative.
    """

    def __init__(self, window_size: int, do_evict_after: bool = False) -> None:
        super().__init__(do_evict_after)
        if window_size < 0:
            raise ValueError(f"the size of a TimeEvictor cannot be negative: {window_size} ms")
        self.window_size = window_size

    @staticmethod
    def of(window_size: Any, do_evict_after: bool = False) -> TimeEvictor:
        """An evictor that keeps a span: a Time, a Duration, a timedelta, or milliseconds."""
        return TimeEvictor(to_milliseconds(window_size, "the size of a TimeEvictor"), do_evict_after)

    def evict(self, elements: list[TimestampedValue]) -> None:
        if not elements or not elements[0].has_timestamp():
            return
        until = max(element.timestamp for element in elements) - self.window_size
        elements[:] = [element for element in elements if element.timestamp > until]


class DeltaEvictor(OneTimeEvictor):
    """Keeps the records that differ from the last one by less than ``threshold``.

    Args:
        threshold: the difference from which on a record goes.
        delta_function: a callable of a record and the last record, or an object with ``get_delta(old, new)``.
        do_evict_after: whether the window's function sees the others once.

    Raises:
        TypeError: the delta function is neither.

    Example:
        >>> DeltaEvictor.of(10, lambda old, new: abs(new - old)).threshold
        10
    """

    def __init__(self, threshold: float, delta_function: Any, do_evict_after: bool = False) -> None:
        super().__init__(do_evict_after)
        self.threshold = threshold
        self.delta = delta_of(delta_function, "DeltaEvictor")

    @staticmethod
    def of(threshold: float, delta_function: Any, do_evict_after: bool = False) -> DeltaEvictor:
        """An evictor with a threshold and a function that measures differences."""
        return DeltaEvictor(threshold, delta_function, do_evict_after)

    def evict(self, elements: list[TimestampedValue]) -> None:
        if elements:
            last = elements[-1].value
            elements[:] = [element for element in elements if self.delta(element.value, last) < self.threshold]


def delta_of(delta_function: Any, where: str) -> Callable[[Any, Any], float]:
    """What measures the difference of two records.

    Raises:
        TypeError: ``delta_function`` is neither a callable nor an object with ``get_delta``.
    """
    delta: Any = getattr(delta_function, "get_delta", delta_function)
    if not callable(delta) or isinstance(delta_function, type):
        raise TypeError(f"a {where} needs a callable or an object with get_delta(), not {delta_function!r}")
    return delta
