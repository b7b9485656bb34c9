"""Triggers that look at the records' contents or at how long a window has waited."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.calls.window_types import Window
from pyflinkx.operators.windowing.durations import to_milliseconds
from pyflinkx.operators.windowing.evictors import delta_of
from pyflinkx.operators.windowing.triggers import Trigger, TriggerResult
from pyflinkx.state import ValueStateDescriptor


class DeltaTrigger(Trigger[Any, Window]):
    """Fires when a record differs from the one that fired before by more than ``threshold``.

    The first record of a window is what the next ones are compared with.

    Args:
        threshold: the difference above which it fires.
        delta_function: a callable of the old and the new record, or an object with ``get_delta(old, new)``.

    Raises:
        TypeError: the delta function is neither.

    Example:
        >>> DeltaTrigger.of(50, lambda old, new: new - old).threshold
        50
    """

    def __init__(self, threshold: float, delta_function: Any) -> None:
        self.threshold = threshold
        self.delta = delta_of(delta_function, "DeltaTrigger")
        # In a tuple, as a record may be None.
        self._last = ValueStateDescriptor("last-element")

    @staticmethod
    def of(threshold: float, delta_function: Any) -> DeltaTrigger:
        """A trigger with a threshold and a function that measures differences."""
        return DeltaTrigger(threshold, delta_function)

    def on_element(self, element: Any, timestamp: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        state: Any = ctx.get_partitioned_state(self._last)
        last = state.value()
        if last is None:
            state.update((element,))
        elif self.delta(last[0], element) > self.threshold:
            state.update((element,))
            return TriggerResult.FIRE
        return TriggerResult.CONTINUE

    def on_processing_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.CONTINUE

    def on_event_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return TriggerResult.CONTINUE

    def on_merge(self, window: Window, ctx: Trigger.OnMergeContext) -> None:
        raise TypeError("a DeltaTrigger cannot serve merging windows: of two last records neither is the last")

    def clear(self, window: Window, ctx: Trigger.TriggerContext) -> None:
        ctx.get_partitioned_state(self._last).clear()


class ProcessingTimeoutTrigger(Trigger[Any, Window]):
    """Another trigger, and a firing when the clock has gone on by ``timeout`` without one.

    Args:
        nested_trigger: the other trigger.
        timeout: milliseconds.
        reset_timer_on_new_record: whether each record starts the timeout anew; otherwise it runs from the first record.
        should_clear_on_timeout: whether the nested trigger forgets its state when the timeout fires.

    Raises:
        TypeError: ``nested_trigger`` is no trigger.
        ValueError: the timeout is negative.
    """

    def __init__(
        self,
        nested_trigger: Trigger[Any, Any],
        timeout: int,
        reset_timer_on_new_record: bool = False,
        should_clear_on_timeout: bool = True,
    ) -> None:
        if not isinstance(nested_trigger, Trigger):
            raise TypeError(f"a ProcessingTimeoutTrigger needs another trigger, not {nested_trigger!r}")
        if timeout < 0:
            raise ValueError(f"the timeout of a ProcessingTimeoutTrigger cannot be negative: {timeout} ms")
        self.nested_trigger = nested_trigger
        self.timeout = timeout
        self.reset_timer_on_new_record = reset_timer_on_new_record
        self.should_clear_on_timeout = should_clear_on_timeout
        self._timeout_at = ValueStateDescriptor("timeout")

    @staticmethod
    def of(
        nested_trigger: Trigger[Any, Any],
        timeout: Any,
        reset_timer_on_new_record: bool = False,
        should_clear_on_timeout: bool = True,
    ) -> ProcessingTimeoutTrigger:
        """A trigger with a timeout: a Time, a Duration, a timedelta, or milliseconds."""
        milliseconds = to_milliseconds(timeout, "the timeout of a ProcessingTimeoutTrigger")
        return ProcessingTimeoutTrigger(
            nested_trigger, milliseconds, reset_timer_on_new_record, should_clear_on_timeout
        )

    def on_element(self, element: Any, timestamp: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        result = self.nested_trigger.on_element(element, timestamp, window, ctx)
        if result.is_fire():
            self.clear(window, ctx)
            return result
        state: Any = ctx.get_partitioned_state(self._timeout_at)
        planned = state.value()
        if planned is not None and self.reset_timer_on_new_record:
            ctx.delete_processing_time_timer(planned)
            planned = None
        if planned is None:
            at = ctx.get_current_processing_time() + self.timeout
            state.update(at)
            ctx.register_processing_time_timer(at)
        return result

    def on_processing_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return self._fired(self.nested_trigger.on_processing_time(time, window, ctx), window, ctx)

    def on_event_time(self, time: int, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        return self._fired(self.nested_trigger.on_event_time(time, window, ctx), window, ctx)

    def _fired(self, nested: TriggerResult, window: Window, ctx: Trigger.TriggerContext) -> TriggerResult:
        if self.should_clear_on_timeout:
            self.clear(window, ctx)
        return TriggerResult.FIRE_AND_PURGE if nested.is_purge() else TriggerResult.FIRE

    def on_merge(self, window: Window, ctx: Trigger.OnMergeContext) -> None:
        raise TypeError("a ProcessingTimeoutTrigger cannot serve merging windows")

    def clear(self, window: Window, ctx: Trigger.TriggerContext) -> None:
        state: Any = ctx.get_partitioned_state(self._timeout_at)
        planned = state.value()
        if planned is not None:
            ctx.delete_processing_time_timer(planned)
            state.clear()
        self.nested_trigger.clear(window, ctx)
