"""Windows that grow step by step up to a size, as CUMULATE in Flink SQL."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx.operators.windowing.assigners import WindowAssigner, event_time, milliseconds
from pyflinkx.operators.windowing.serializers import TimeWindowSerializer
from pyflinkx.operators.windowing.triggers import EventTimeTrigger, Trigger


class CumulativeEventTimeWindows(WindowAssigner[Any, TimeWindow]):
    """Windows that start every ``max_size`` and end every ``step`` after that, up to ``max_size``, by event time.

    With a size of a day and a step of an hour, the results are those of the day so far, every hour.

    Args:
        max_size: milliseconds.
        step: milliseconds; the size is a multiple of it.
        offset: milliseconds by which the windows are shifted from multiples of the size since the epoch.

    Raises:
        ValueError: the step is not positive, the size no multiple of it, or the offset not smaller than the size.

    Example:
        >>> CumulativeEventTimeWindows.of(30, 10).windows_at(12)
        [TimeWindow(start=0, end=20), TimeWindow(start=0, end=30)]
    """

    def __init__(self, max_size: int, step: int, offset: int = 0) -> None:
        if step <= 0 or max_size <= 0 or max_size % step or abs(offset) >= max_size:
            raise ValueError(
                "CumulativeEventTimeWindows needs step > 0, a multiple of it as max_size and |offset| < max_size, "
                f"not max_size={max_size}, step={step}, offset={offset} ms"
            )
        self.max_size = max_size
        self.step = step
        self.offset = offset

    @staticmethod
    def of(max_size: Any, step: Any, offset: Any = 0) -> CumulativeEventTimeWindows:
        """Windows of a largest size and a step: each a Time, a Duration, a timedelta, or milliseconds."""
        return CumulativeEventTimeWindows(
            *milliseconds("CumulativeEventTimeWindows", max_size=max_size, step=step, offset=offset)
        )

    def windows_at(self, time: int) -> list[TimeWindow]:
        """The windows that hold a time (ms), the shortest first."""
        start = TimeWindow.get_window_start_with_offset(time, self.offset, self.max_size)
        first = start + ((time - start) // self.step + 1) * self.step
        return [TimeWindow(start, end) for end in range(first, start + self.max_size + 1, self.step)]

    def assign_windows(
        self, element: Any, timestamp: int, context: WindowAssigner.WindowAssignerContext
    ) -> Collection[TimeWindow]:
        return self.windows_at(event_time(timestamp))

    def get_default_trigger(self, env: Any = None) -> Trigger[Any, Any]:
        return EventTimeTrigger()

    def get_window_serializer(self) -> TimeWindowSerializer:
        return TimeWindowSerializer()

    def is_event_time(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"CumulativeEventTimeWindows({self.max_size}, {self.step}, {self.offset})"
