"""Window assigners: which windows a record belongs to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from typing import Any, Generic, TypeVar

from pyflinkx._core.calls.window_types import CountWindow, GlobalWindow, TimeWindow
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx.operators.windowing.durations import to_milliseconds
from pyflinkx.operators.windowing.serializers import (
    CountWindowSerializer,
    GlobalWindowSerializer,
    PickledWindowSerializer,
    TimeWindowSerializer,
)
from pyflinkx.operators.windowing.stagger import WindowStagger
from pyflinkx.operators.windowing.triggers import (
    CountTrigger,
    EventTimeTrigger,
    NeverTrigger,
    ProcessingTimeTrigger,
    PurgingTrigger,
    Trigger,
)
from pyflinkx.state import ValueStateDescriptor

T = TypeVar("T")
W = TypeVar("W")
M = TypeVar("M")


class WindowAssigner(ABC, Generic[T, W]):
    """Assigns each record to zero or more windows.

    Like a trigger, an assigner keeps nothing in its attributes that differs between keys; state is reached through
    ``context.get_runtime_context()``.
    """

    class WindowAssignerContext(ABC):
        """What an assigner can ask."""

        @abstractmethod
        def get_current_processing_time(self) -> int:
            """Milliseconds since the epoch."""

        @abstractmethod
        def get_runtime_context(self) -> Any:
            """The runtime context, whose states belong to the key of the record."""

    @abstractmethod
    def assign_windows(
        self, element: T, timestamp: int, context: WindowAssigner.WindowAssignerContext
    ) -> Collection[W]:
        """The windows of a record; ``timestamp`` (ms) is the smallest 64-bit integer when the record has none."""

    @abstractmethod
    def get_default_trigger(self, env: Any = None) -> Trigger[T, W]:
        """The trigger of these windows when the user names none."""

    @abstractmethod
    def is_event_time(self) -> bool:
        """Whether the windows end by the watermark rather than by the clock."""

    def get_window_serializer(self) -> Any:
        """Writes these windows as bytes; by default as Python pickles them."""
        return PickledWindowSerializer()


class MergingWindowAssigner(WindowAssigner[T, W]):
    """Assigns windows that can become one window, such as sessions."""

    class MergeCallback(ABC, Generic[M]):
        """Takes the assigner's decisions."""

        @abstractmethod
        def merge(self, to_be_merged: Iterable[M], merge_result: M) -> None:
            """The windows ``to_be_merged`` become ``merge_result``."""

    @abstractmethod
    def merge_windows(self, windows: Iterable[W], callback: MergingWindowAssigner.MergeCallback[W]) -> None:
        """Call the callback once for each group of windows that become one."""


def event_time(timestamp: int) -> int:
    """The timestamp of a record that must have one."""
    if timestamp == NO_TIMESTAMP:
        raise ValueError(
            "an event-time window needs records with timestamps, and this record has none: "
            "call assign_timestamps_and_watermarks() before the window, or use a processing-time window"
        )
    return timestamp


class AlignedWindows(WindowAssigner[Any, TimeWindow]):
    """Windows of ``size`` ms that start every ``slide`` ms, at ``offset`` and its multiples, for all keys alike.

    Unless ``stagger`` is ALIGNED each subtask shifts them besides, by as much as it finds at its first record.

    Raises:
        TypeError: the stagger is no WindowStagger.
        ValueError: the size or the slide is not positive, or the offset is not smaller than the slide.
    """

    def __init__(self, size: int, slide: int, offset: int, stagger: WindowStagger = WindowStagger.ALIGNED) -> None:
        if not isinstance(stagger, WindowStagger):
            raise TypeError(f"{type(self).__name__} needs a WindowStagger, not {stagger!r}")
        if size <= 0 or slide <= 0 or abs(offset) >= slide:
            raise ValueError(
                f"{type(self).__name__} needs size > 0, slide > 0 and |offset| < slide, "
                f"not size={size}, slide={slide}, offset={offset} ms"
            )
        self.size = size
        self.slide = slide
        self.offset = offset
        self.stagger = stagger
        self._staggered_by: int | None = None

    def get_window_serializer(self) -> TimeWindowSerializer:
        """Writes these windows as bytes."""
        return TimeWindowSerializer()

    def shift(self, context: WindowAssigner.WindowAssignerContext) -> None:
        """Shift the windows, once, by what the stagger says at the first record."""
        if self.stagger is not WindowStagger.ALIGNED and self._staggered_by is None:
            now = context.get_current_processing_time()
            self._staggered_by = self.stagger.get_stagger_offset(now - self.offset, self.size)
            self.offset = (self.offset + self._staggered_by) % self.size

    def windows_at(self, time: int) -> list[TimeWindow]:
        """The windows that hold a time (ms), the latest first."""
        last = TimeWindow.get_window_start_with_offset(time, self.offset, self.slide)
        return [TimeWindow(start, start + self.size) for start in range(last, time - self.size, -self.slide)]


class AlignedEventTimeWindows(AlignedWindows):
    """Aligned windows of a record's timestamp."""

    def assign_windows(
        self, element: Any, timestamp: int, context: WindowAssigner.WindowAssignerContext
    ) -> Collection[TimeWindow]:
        self.shift(context)
        return self.windows_at(event_time(timestamp))

    def get_default_trigger(self, env: Any = None) -> Trigger[Any, Any]:
        return EventTimeTrigger()

    def is_event_time(self) -> bool:
        return True


class AlignedProcessingTimeWindows(AlignedWindows):
    """Aligned windows of the clock at the time when a record arrives."""

    def assign_windows(
        self, element: Any, timestamp: int, context: WindowAssigner.WindowAssignerContext
    ) -> Collection[TimeWindow]:
        self.shift(context)
        return self.windows_at(context.get_current_processing_time())

    def get_default_trigger(self, env: Any = None) -> Trigger[Any, Any]:
        return ProcessingTimeTrigger()

    def is_event_time(self) -> bool:
        return False


class TumblingEventTimeWindows(AlignedEventTimeWindows):
    """Windows of a fixed size that follow each other without a gap, by event time.

    Args:
        size: milliseconds.
        offset: milliseconds by which the windows are shifted from multiples of the size since the epoch.
        window_stagger: whether each subtask shifts its windows besides.

    Raises:
        ValueError: the size is not positive, or the offset is not smaller than the size.

    Example:
        >>> TumblingEventTimeWindows.of(60_000).windows_at(90_000)
        [TimeWindow(start=60000, end=120000)]
    """

    def __init__(self, size: int, offset: int = 0, window_stagger: WindowStagger = WindowStagger.ALIGNED) -> None:
        super().__init__(size, size, offset, window_stagger)

    @staticmethod
    def of(
        size: Any, offset: Any = None, window_stagger: WindowStagger = WindowStagger.ALIGNED
    ) -> TumblingEventTimeWindows:
        """Windows of a size: a Time, a timedelta, or milliseconds."""
        size, offset = milliseconds("TumblingEventTimeWindows", size=size, offset=offset)
        return TumblingEventTimeWindows(size, offset, window_stagger)

    def __repr__(self) -> str:
        return f"TumblingEventTimeWindows({self.size}, {self.offset})"


class TumblingProcessingTimeWindows(AlignedProcessingTimeWindows):
    """Windows of a fixed size that follow each other without a gap, by the clock.

    Args:
        size: milliseconds.
        offset: milliseconds by which the windows are shifted from multiples of the size since the epoch.
        window_stagger: whether each subtask shifts its windows besides.

    Raises:
        ValueError: the size is not positive, or the offset is not smaller than the size.
    """

    def __init__(self, size: int, offset: int = 0, window_stagger: WindowStagger = WindowStagger.ALIGNED) -> None:
        super().__init__(size, size, offset, window_stagger)

    @staticmethod
    def of(
        size: Any, offset: Any = None, window_stagger: WindowStagger = WindowStagger.ALIGNED
    ) -> TumblingProcessingTimeWindows:
        """Windows of a size: a Time, a timedelta, or milliseconds."""
        size, offset = milliseconds("TumblingProcessingTimeWindows", size=size, offset=offset)
        return TumblingProcessingTimeWindows(size, offset, window_stagger)

    def __repr__(self) -> str:
        return f"TumblingProcessingTimeWindows({self.size}, {self.offset})"


class SlidingEventTimeWindows(AlignedEventTimeWindows):
    """Windows of a fixed size that start every ``slide``, by event time; a record may be in several, or in none.

    Args:
        size: milliseconds.
        slide: milliseconds between the starts of two windows.
        offset: milliseconds by which the windows are shifted from multiples of the slide since the epoch.

    Raises:
        ValueError: the size or the slide is not positive, or the offset is not smaller than the slide.

    Example:
        >>> SlidingEventTimeWindows.of(10, 5).windows_at(7)
        [TimeWindow(start=5, end=15), TimeWindow(start=0, end=10)]
    """

    def __init__(self, size: int, slide: int, offset: int = 0) -> None:
        super().__init__(size, slide, offset)

    @staticmethod
    def of(size: Any, slide: Any, offset: Any = None) -> SlidingEventTimeWindows:
        """Windows of a size and a slide: each a Time, a timedelta, or milliseconds."""
        return SlidingEventTimeWindows(*milliseconds("SlidingEventTimeWindows", size=size, slide=slide, offset=offset))

    def __repr__(self) -> str:
        return f"SlidingEventTimeWindows({self.size}, {self.slide}, {self.offset})"


class SlidingProcessingTimeWindows(AlignedProcessingTimeWindows):
    """Windows of a fixed size that start every ``slide``, by the clock; a record may be in several, or in none.

    Args:
        size: milliseconds.
        slide: milliseconds between the starts of two windows.
        offset: milliseconds by which the windows are shifted from multiples of the slide since the epoch.

    Raises:
        ValueError: the size or the slide is not positive, or the offset is not smaller than the slide.
    """

    def __init__(self, size: int, slide: int, offset: int = 0) -> None:
        super().__init__(size, slide, offset)

    @staticmethod
    def of(size: Any, slide: Any, offset: Any = None) -> SlidingProcessingTimeWindows:
        """Windows of a size and a slide: each a Time, a timedelta, or milliseconds."""
        return SlidingProcessingTimeWindows(
            *milliseconds("SlidingProcessingTimeWindows", size=size, slide=slide, offset=offset)
        )

    def __repr__(self) -> str:
        return f"SlidingProcessingTimeWindows({self.size}, {self.slide}, {self.offset})"


def milliseconds(assigner: str, **durations: Any) -> list[int]:
    """The durations given to an assigner, in milliseconds; PyFlink's None is no offset."""
    return [
        0 if duration is None and name == "offset" else to_milliseconds(duration, f"the {name} of {assigner}")
        for name, duration in durations.items()
    ]


class CountWindows(WindowAssigner[Any, CountWindow]):
    """Windows of ``size`` records of a key, that start every ``slide`` records.

    Raises:
        ValueError: the size or the slide is not positive.
    """

    def __init__(self, size: int, slide: int, state_name: str) -> None:
        if size <= 0 or slide <= 0:
            raise ValueError(f"{type(self).__name__} needs positive numbers of records, not {size} and {slide}")
        self.size = size
        self.slide = slide
        self._seen = ValueStateDescriptor(state_name)

    def assign_windows(
        self, element: Any, timestamp: int, context: WindowAssigner.WindowAssignerContext
    ) -> Collection[CountWindow]:
        seen = context.get_runtime_context().get_state(self._seen)
        position = seen.value() or 0
        seen.update(position + 1)
        last = position // self.slide
        first = max(0, (position - self.size) // self.slide + 1)
        return [CountWindow(number) for number in range(last, first - 1, -1)]

    def get_default_trigger(self, env: Any = None) -> Trigger[Any, Any]:
        # A full window gets no more records, so its contents go as soon as it has fired.
        return PurgingTrigger(CountTrigger(self.size))

    def get_window_serializer(self) -> CountWindowSerializer:
        """Writes these windows as bytes."""
        return CountWindowSerializer()

    def is_event_time(self) -> bool:
        return False


class CountTumblingWindowAssigner(CountWindows):
    """Windows of ``window_size`` records of a key, one after the other.

    Raises:
        ValueError: the size is not positive.
    """

    def __init__(self, window_size: int) -> None:
        super().__init__(window_size, window_size, "tumble-count-assigner")

    @staticmethod
    def of(window_size: int) -> CountTumblingWindowAssigner:
        """Windows of ``window_size`` records."""
        return CountTumblingWindowAssigner(window_size)

    def __repr__(self) -> str:
        return f"CountTumblingWindowAssigner({self.size})"


class CountSlidingWindowAssigner(CountWindows):
    """Windows of ``window_size`` records of a key, a new one every ``window_slide`` records.

    Raises:
        ValueError: the size or the slide is not positive.
    """

    def __init__(self, window_size: int, window_slide: int) -> None:
        super().__init__(window_size, window_slide, "slide-count-assigner")

    @staticmethod
    def of(window_size: int, window_slide: int) -> CountSlidingWindowAssigner:
        """Windows of ``window_size`` records, every ``window_slide`` records."""
        return CountSlidingWindowAssigner(window_size, window_slide)

    def __repr__(self) -> str:
        return f"CountSlidingWindowAssigner({self.size}, {self.slide})"


class GlobalWindows(WindowAssigner[Any, GlobalWindow]):
    """All records of a key in one window that never ends; it needs a trigger to give any result."""

    @staticmethod
    def create() -> GlobalWindows:
        """The global windows."""
        return GlobalWindows()

    def assign_windows(
        self, element: Any, timestamp: int, context: WindowAssigner.WindowAssignerContext
    ) -> Collection[GlobalWindow]:
        return [GlobalWindow.get()]

    def get_default_trigger(self, env: Any = None) -> Trigger[Any, Any]:
        return NeverTrigger()

    def get_window_serializer(self) -> GlobalWindowSerializer:
        """Writes these windows as bytes."""
        return GlobalWindowSerializer()

    def is_event_time(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "GlobalWindows()"


class SessionWindowTimeGapExtractor(ABC):
    """Says how long a pause ends the session of a record."""

    @abstractmethod
    def extract(self, element: Any) -> int:
        """The gap (ms) after a record."""


class SessionWindows(MergingWindowAssigner[Any, TimeWindow]):
    """A window of ``gap(element)`` ms from each record on; windows that overlap or touch become one."""

    def gap(self, element: Any) -> int:
        """The gap (ms) after a record."""
        raise NotImplementedError

    def get_window_serializer(self) -> TimeWindowSerializer:
        """Writes these windows as bytes."""
        return TimeWindowSerializer()

    def merge_windows(
        self, windows: Iterable[TimeWindow], callback: MergingWindowAssigner.MergeCallback[TimeWindow]
    ) -> None:
        TimeWindow.merge_windows(windows, callback)


class EventTimeSessions(SessionWindows):
    """Sessions by a record's timestamp."""

    def assign_windows(
        self, element: Any, timestamp: int, context: WindowAssigner.WindowAssignerContext
    ) -> Collection[TimeWindow]:
        start = event_time(timestamp)
        return [TimeWindow(start, start + self.gap(element))]

    def get_default_trigger(self, env: Any = None) -> Trigger[Any, Any]:
        return EventTimeTrigger()

    def is_event_time(self) -> bool:
        return True


class ProcessingTimeSessions(SessionWindows):
    """Sessions by the clock at the time when a record arrives."""

    def assign_windows(
        self, element: Any, timestamp: int, context: WindowAssigner.WindowAssignerContext
    ) -> Collection[TimeWindow]:
        start = context.get_current_processing_time()
        return [TimeWindow(start, start + self.gap(element))]

    def get_default_trigger(self, env: Any = None) -> Trigger[Any, Any]:
        return ProcessingTimeTrigger()

    def is_event_time(self) -> bool:
        return False


class FixedGap:
    """A session gap that is the same for all records.

    Raises:
        ValueError: the gap is not positive.
    """

    def __init__(self, session_gap: int) -> None:
        if session_gap <= 0:
            raise ValueError(f"the gap of {type(self).__name__} must be positive, not {session_gap} ms")
        self._session_gap = session_gap

    def gap(self, element: Any) -> int:
        return self._session_gap

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._session_gap})"


class DynamicGap:
    """A session gap that an extractor takes from each record.

    Args:
        session_window_time_gap_extractor: a SessionWindowTimeGapExtractor, or a callable of a record.
    """

    def __init__(self, session_window_time_gap_extractor: Any) -> None:
        self._extract: Callable[[Any], int] = getattr(
            session_window_time_gap_extractor, "extract", session_window_time_gap_extractor
        )
        if not callable(self._extract):
            raise TypeError(
                f"{type(self).__name__} needs a SessionWindowTimeGapExtractor or a callable, "
                f"not {session_window_time_gap_extractor!r}"
            )

    def gap(self, element: Any) -> int:
        gap = self._extract(element)
        if gap <= 0:
            raise ValueError(f"the gap of {type(self).__name__} must be positive, the extractor gave {gap} ms")
        return gap

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._extract!r})"


class EventTimeSessionWindows(FixedGap, EventTimeSessions):
    """Sessions of a key, by event time: a pause of ``session_gap`` ms ends one.

    Raises:
        ValueError: the gap is not positive.
    """

    @staticmethod
    def with_gap(size: Any) -> EventTimeSessionWindows:
        """Sessions ended by a pause: a Time, a timedelta, or milliseconds."""
        return EventTimeSessionWindows(to_milliseconds(size, "the gap of EventTimeSessionWindows"))

    @staticmethod
    def with_dynamic_gap(extractor: Any) -> DynamicEventTimeSessionWindows:
        """Sessions whose gap the extractor takes from each record."""
        return DynamicEventTimeSessionWindows(extractor)


class ProcessingTimeSessionWindows(FixedGap, ProcessingTimeSessions):
    """Sessions of a key, by the clock: a pause of ``session_gap`` ms ends one.

    Raises:
        ValueError: the gap is not positive.
    """

    @staticmethod
    def with_gap(size: Any) -> ProcessingTimeSessionWindows:
        """Sessions ended by a pause: a Time, a timedelta, or milliseconds."""
        return ProcessingTimeSessionWindows(to_milliseconds(size, "the gap of ProcessingTimeSessionWindows"))

    @staticmethod
    def with_dynamic_gap(extractor: Any) -> DynamicProcessingTimeSessionWindows:
        """Sessions whose gap the extractor takes from each record."""
        return DynamicProcessingTimeSessionWindows(extractor)


class DynamicEventTimeSessionWindows(DynamicGap, EventTimeSessions):
    """Sessions of a key, by event time, whose gap an extractor takes from each record."""

    @staticmethod
    def with_dynamic_gap(extractor: Any) -> DynamicEventTimeSessionWindows:
        """Sessions whose gap the extractor takes from each record."""
        return DynamicEventTimeSessionWindows(extractor)


class DynamicProcessingTimeSessionWindows(DynamicGap, ProcessingTimeSessions):
    """Sessions of a key, by the clock, whose gap an extractor takes from each record."""

    @staticmethod
    def with_dynamic_gap(extractor: Any) -> DynamicProcessingTimeSessionWindows:
        """Sessions whose gap the extractor takes from each record."""
        return DynamicProcessingTimeSessionWindows(extractor)
