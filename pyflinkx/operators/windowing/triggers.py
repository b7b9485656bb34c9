"""Triggers: when a window gives its result, and when it forgets its records."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from enum import Enum
from typing import Any, Generic, TypeVar

from pyflinkx._core.calls.window_types import Window
from pyflinkx.operators.windowing.durations import to_milliseconds
from pyflinkx.state import ReducingState, ReducingStateDescriptor, State, StateDescriptor

T = TypeVar("T")
W = TypeVar("W")


class TriggerResult(Enum):
    """What happens to a window after its trigger was asked.

    CONTINUE: nothing. FIRE: its result is sent, its contents are kept. PURGE: its contents are dropped, nothing is
    sent. FIRE_AND_PURGE: its result is sent, then its contents are dropped.
    """

    CONTINUE = (False, False)
    FIRE_AND_PURGE = (True, True)
    FIRE = (True, False)
    PURGE = (False, True)

    def is_fire(self) -> bool:
        """Whether the result is sent."""
        return self.value[0]

    def is_purge(self) -> bool:
        """Whether the contents are dropped."""
        return self.value[1]


class Trigger(ABC, Generic[T, W]):
    """Decides, per key and window, when the window gives a result.

    One trigger object serves all keys and windows, so what it remembers goes into ``ctx.get_partitioned_state``, never
    into attributes. A trigger for merging windows (sessions) returns True from ``can_merge`` and defines ``on_merge``.
    """

    class TriggerContext(ABC):
        """What a trigger can ask and do; all of it concerns the key and window it was called for."""

        @abstractmethod
        def get_current_processing_time(self) -> int:
            """Milliseconds since the epoch."""

        @abstractmethod
        def get_current_watermark(self) -> int:
            """The watermark (ms); the smallest 64-bit integer before the first one."""

        @abstractmethod
        def register_processing_time_timer(self, time: int) -> None:
            """Have ``on_processing_time`` called once the clock has passed ``time`` (ms)."""

        @abstractmethod
        def register_event_time_timer(self, time: int) -> None:
            """Have ``on_event_time`` called once the watermark has reached ``time`` (ms)."""

        @abstractmethod
        def delete_processing_time_timer(self, time: int) -> None:
            """Take back a processing-time timer."""

        @abstractmethod
        def delete_event_time_timer(self, time: int) -> None:
            """Take back an event-time timer."""

        @abstractmethod
        def get_partitioned_state(self, state_descriptor: StateDescriptor) -> State:
            """A state that belongs to the current key and window."""

    class OnMergeContext(TriggerContext):
        """What ``on_merge`` can do besides."""

        @abstractmethod
        def merge_partitioned_state(self, state_descriptor: StateDescriptor) -> None:
            """Move a list, reducing or aggregating state of the merged windows into the new one."""

    @abstractmethod
    def on_element(self, element: T, timestamp: int, window: W, ctx: Trigger.TriggerContext) -> TriggerResult:
        """A record was added to the window."""

    @abstractmethod
    def on_processing_time(self, time: int, window: W, ctx: Trigger.TriggerContext) -> TriggerResult:
        """A processing-time timer of this trigger is due."""

    @abstractmethod
    def on_event_time(self, time: int, window: W, ctx: Trigger.TriggerContext) -> TriggerResult:
        """An event-time timer of this trigger is due."""

    def can_merge(self) -> bool:
        """Whether ``on_merge`` works, so that the trigger can serve merging windows."""
        return False

    @abstractmethod
    def on_merge(self, window: W, ctx: Trigger.OnMergeContext) -> None:
        """Several windows have become ``window``."""

    @abstractmethod
    def clear(self, window: W, ctx: Trigger.TriggerContext) -> None:
        """The window is gone: take back timers and clear state."""


class EventTimeTrigger(Trigger[Any, Window]):
    """Fires when the watermark has passed the end of the window, and at once for each late record after that."""

    @staticmethod
    def create() -> EventTimeTrigger:
        """An event-time trigger."""
        return EventTimeTrigger()

    def on_element(self, element: Any, timestamp: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        if window.max_timestamp() <= ctx.get_current_watermark():
            return TriggerResult.FIRE
        ctx.register_event_time_timer(window.max_timestamp())
        return TriggerResult.CONTINUE

    def on_processing_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.CONTINUE

    def on_event_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.FIRE if time == window.max_timestamp() else TriggerResult.CONTINUE

    def can_merge(self) -> bool:
        return True

    def on_merge(self, window: Window, ctx: Trigger.OnMergeContext) -> None:
        # A window that is already past its end fires for the record that caused the merge; a timer would fire it twice.
        if window.max_timestamp() > ctx.get_current_watermark():
            ctx.register_event_time_timer(window.max_timestamp())

    def clear(self, window: Window, ctx: Trigger.TriggerContext) -> None:
        ctx.delete_event_time_timer(window.max_timestamp())


class ProcessingTimeTrigger(Trigger[Any, Window]):
    """Fires when the clock has passed the end of the window."""

    @staticmethod
    def create() -> ProcessingTimeTrigger:
        """A processing-time trigger."""
        return ProcessingTimeTrigger()

    def on_element(self, element: Any, timestamp: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        ctx.register_processing_time_timer(window.max_timestamp())
        return TriggerResult.CONTINUE

    def on_processing_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.FIRE

    def on_event_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.CONTINUE

    def can_merge(self) -> bool:
        return True

    def on_merge(self, window: Window, ctx: Trigger.OnMergeContext) -> None:
        if window.max_timestamp() > ctx.get_current_processing_time():
            ctx.register_processing_time_timer(window.max_timestamp())

    def clear(self, window: Window, ctx: Trigger.TriggerContext) -> None:
        ctx.delete_processing_time_timer(window.max_timestamp())


class ContinuousTrigger(Trigger[Any, Window]):
    """What the two continuous triggers share: a window's next firing, remembered in its state.

    Raises:
        ValueError: the interval is not positive.
    """

    def __init__(self, interval: int) -> None:
        if interval <= 0:
            raise ValueError(f"the interval of a {type(self).__name__} must be positive, not {interval} ms")
        self.interval = interval
        self.state_desc = ReducingStateDescriptor("fire-time", min)

    def can_merge(self) -> bool:
        return True

    def next_fire(self, ctx: Trigger.TriggerContext) -> ReducingState[int]:
        """The state that holds the next firing (ms)."""
        state: Any = ctx.get_partitioned_state(self.state_desc)
        return state

    @abstractmethod
    def register_timer(self, time: int, ctx: Trigger.TriggerContext) -> None:
        """Register a timer in this trigger's kind of time."""

    @abstractmethod
    def delete_timer(self, time: int, ctx: Trigger.TriggerContext) -> None:
        """Take back such a timer."""

    def register_next_fire_timestamp(
        self, time: int, window: Window, ctx: Trigger.TriggerContext, fire_timestamp_state: ReducingState[int]
    ) -> None:
        """Fire one interval after ``time``, or at the end of the window if that comes first."""
        at = time + self.interval
        end = window.max_timestamp()
        # A clock that is past the end goes on by the interval: planning the end again would fire for ever.
        if time < end:
            at = min(at, end)
        fire_timestamp_state.add(at)
        self.register_timer(at, ctx)

    def start(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> None:
        """Plan the first firing of a window, at the next multiple of the interval."""
        state = self.next_fire(ctx)
        if state.get() is None:
            self.register_next_fire_timestamp(time - time % self.interval, window, ctx, state)

    def repeat(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        """Fire if ``time`` was planned, and plan the next firing."""
        state = self.next_fire(ctx)
        if state.get() != time:
            return TriggerResult.CONTINUE
        state.clear()
        self.register_next_fire_timestamp(time, window, ctx, state)
        return TriggerResult.FIRE

    def on_merge(self, window: Window, ctx: Trigger.OnMergeContext) -> None:
        ctx.merge_partitioned_state(self.state_desc)
        at = self.next_fire(ctx).get()
        if at is not None:
            self.register_timer(at, ctx)

    def clear(self, window: Window, ctx: Trigger.TriggerContext) -> None:
        state = self.next_fire(ctx)
        at = state.get()
        if at is not None:
            self.delete_timer(at, ctx)
            state.clear()


class ContinuousEventTimeTrigger(ContinuousTrigger):
    """Fires each time the watermark passes a multiple of the interval, and at the end of the window.

    Args:
        interval: milliseconds between firings.

    Raises:
        ValueError: the interval is not positive.
    """

    @staticmethod
    def of(interval: Any) -> ContinuousEventTimeTrigger:
        """A trigger with the given interval: a Time, a timedelta, or milliseconds."""
        return ContinuousEventTimeTrigger(to_milliseconds(interval, "the interval of a ContinuousEventTimeTrigger"))

    def register_timer(self, time: int, ctx: Trigger.TriggerContext) -> None:
        ctx.register_event_time_timer(time)

    def delete_timer(self, time: int, ctx: Trigger.TriggerContext) -> None:
        ctx.delete_event_time_timer(time)

    def clear(self, window: Window, ctx: Trigger.TriggerContext) -> None:
        super().clear(window, ctx)
        ctx.delete_event_time_timer(window.max_timestamp())

    def on_element(self, element: Any, timestamp: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        if window.max_timestamp() <= ctx.get_current_watermark():
            return TriggerResult.FIRE
        ctx.register_event_time_timer(window.max_timestamp())
        self.start(timestamp, window, ctx)
        return TriggerResult.CONTINUE

    def on_processing_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.CONTINUE

    def on_event_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        if time == window.max_timestamp():
            return TriggerResult.FIRE
        return self.repeat(time, window, ctx)


class ContinuousProcessingTimeTrigger(ContinuousTrigger):
    """Fires each time the clock passes a multiple of the interval, up to the end of the window.

    Args:
        interval: milliseconds between firings.

    Raises:
        ValueError: the interval is not positive.
    """

    @staticmethod
    def of(interval: Any) -> ContinuousProcessingTimeTrigger:
        """A trigger with the given interval: a Time, a timedelta, or milliseconds."""
        return ContinuousProcessingTimeTrigger(
            to_milliseconds(interval, "the interval of a ContinuousProcessingTimeTrigger")
        )

    def register_timer(self, time: int, ctx: Trigger.TriggerContext) -> None:
        ctx.register_processing_time_timer(time)

    def delete_timer(self, time: int, ctx: Trigger.TriggerContext) -> None:
        ctx.delete_processing_time_timer(time)

    def on_element(self, element: Any, timestamp: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        self.start(ctx.get_current_processing_time(), window, ctx)
        return TriggerResult.CONTINUE

    def on_processing_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return self.repeat(time, window, ctx)

    def on_event_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.CONTINUE


class CountTrigger(Trigger[Any, Window]):
    """Fires for every ``window_size`` records of a window; without :class:`PurgingTrigger` the contents are kept.

    Args:
        window_size: records per firing.

    Raises:
        ValueError: ``window_size`` is not positive.
    """

    def __init__(self, window_size: int) -> None:
        if window_size <= 0:
            raise ValueError(f"a CountTrigger needs a positive number of records, not {window_size}")
        self._window_size = window_size
        self._count = ReducingStateDescriptor("count", operator.add)

    @staticmethod
    def of(window_size: int) -> CountTrigger:
        """A trigger that fires for every ``window_size`` records."""
        return CountTrigger(window_size)

    def on_element(self, element: Any, timestamp: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        count: Any = ctx.get_partitioned_state(self._count)
        count.add(1)
        if count.get() < self._window_size:
            return TriggerResult.CONTINUE
        count.clear()
        return TriggerResult.FIRE

    def on_processing_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.CONTINUE

    def on_event_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.CONTINUE

    def can_merge(self) -> bool:
        return True

    def on_merge(self, window: Window, ctx: Trigger.OnMergeContext) -> None:
        ctx.merge_partitioned_state(self._count)

    def clear(self, window: Window, ctx: Trigger.TriggerContext) -> None:
        ctx.get_partitioned_state(self._count).clear()


class PurgingTrigger(Trigger[Any, Window]):
    """Another trigger, after whose every firing the contents of the window are dropped."""

    def __init__(self, nested_trigger: Trigger[Any, Any]) -> None:
        self.nested_trigger = nested_trigger

    @staticmethod
    def of(nested_trigger: Trigger[Any, Any]) -> PurgingTrigger:
        """The given trigger, made purging."""
        return PurgingTrigger(nested_trigger)

    def on_element(self, element: Any, timestamp: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return purged(self.nested_trigger.on_element(element, timestamp, window, ctx))

    def on_processing_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return purged(self.nested_trigger.on_processing_time(time, window, ctx))

    def on_event_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return purged(self.nested_trigger.on_event_time(time, window, ctx))

    def can_merge(self) -> bool:
        return self.nested_trigger.can_merge()

    def on_merge(self, window: Window, ctx: Trigger.OnMergeContext) -> None:
        self.nested_trigger.on_merge(window, ctx)

    def clear(self, window: Window, ctx: Trigger.TriggerContext) -> None:
        self.nested_trigger.clear(window, ctx)


def purged(result: TriggerResult) -> TriggerResult:
    """The result with purging added to a firing."""
    return TriggerResult.FIRE_AND_PURGE if result is TriggerResult.FIRE else result


class NeverTrigger(Trigger[Any, Window]):
    """Never fires: the default of global windows."""

    def on_element(self, element: Any, timestamp: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.CONTINUE

    def on_processing_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.CONTINUE

    def on_event_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.CONTINUE

    def on_merge(self, window: Window, ctx: Trigger.OnMergeContext) -> None:
        pass

    def clear(self, window: Window, ctx: Trigger.TriggerContext) -> None:
        pass
