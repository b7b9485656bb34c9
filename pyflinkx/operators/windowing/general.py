"""Windows of any assigner and trigger: each record goes to each of its windows, each window has timers of its own."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.keys.partition import check_key
from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx._core.state.keyed import ABSENT, MergingState
from pyflinkx._core.state.timers import TimerQueue
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.operators.piecewise import PIECE, Pieces
from pyflinkx.operators.windowing.assigners import MergingWindowAssigner, WindowAssigner
from pyflinkx.operators.windowing.evictors import TimestampedValue
from pyflinkx.operators.windowing.merging import MergingSets
from pyflinkx.operators.windowing.triggers import Trigger, TriggerResult
from pyflinkx.state.spec import EVENT_TIMERS, PROCESSING_TIMERS, StateSpec

if TYPE_CHECKING:
    from pyflinkx.operators.window import WindowOperator

CONTINUE = TriggerResult.CONTINUE

MERGING_WINDOWS = StateSpec("merging-window-set", "MapState")


class AssignerContext(WindowAssigner.WindowAssignerContext):
    """What an assigner sees of its operator."""

    def __init__(self, operator: WindowOperator) -> None:
        self._operator = operator

    def get_current_processing_time(self) -> int:
        return self._operator.current_processing_time()

    def get_runtime_context(self) -> Any:
        return self._operator.runtime_context


class TriggerContext(Trigger.OnMergeContext):
    """What a trigger sees of its operator, for the current key and window."""

    def __init__(self, windowing: GeneralWindowing) -> None:
        self._windowing = windowing
        self._operator = windowing.operator
        self._current = windowing.operator.backend.context
        self._store = windowing.operator.backend.per_window
        self.merged_windows: list[Any] = []

    def get_current_processing_time(self) -> int:
        return self._operator.current_processing_time()

    def get_current_watermark(self) -> int:
        return self._operator.watermark

    def register_processing_time_timer(self, time: int) -> None:
        self._windowing.processing_timers.register(time, self._current.key, self._current.namespace)

    def register_event_time_timer(self, time: int) -> None:
        self._windowing.event_timers.register(time, self._current.key, self._current.namespace)

    def delete_processing_time_timer(self, time: int) -> None:
        self._windowing.processing_timers.delete(time, self._current.key, self._current.namespace)

    def delete_event_time_timer(self, time: int) -> None:
        self._windowing.event_timers.delete(time, self._current.key, self._current.namespace)

    def get_partitioned_state(self, state_descriptor: Any) -> Any:
        return self._store.get_partitioned_state(state_descriptor)

    def merge_partitioned_state(self, state_descriptor: Any) -> None:
        state = self._store.get_partitioned_state(state_descriptor)
        if not isinstance(state, MergingState):
            raise TypeError(f"{state!r} cannot be merged: use a list, reducing or aggregating state")
        state.merge_namespaces(self._current.namespace, self.merged_windows)


class GeneralWindowing:
    """Runs the windows of one operator.

    Args:
        operator: the operator, opened.
        assigner: assigns the windows.
        trigger: says when they fire.
        lateness: milliseconds by which a window's contents outlive it.
    """

    def __init__(
        self, operator: WindowOperator, assigner: WindowAssigner[Any, Any], trigger: Trigger[Any, Any], lateness: int
    ) -> None:
        self.operator = operator
        self.assigner = assigner
        self.trigger = trigger
        self.lateness = lateness
        self.event_time = assigner.is_event_time()
        self.merging: MergingSets | None = None
        if isinstance(assigner, MergingWindowAssigner):
            table = operator.backend.of(MERGING_WINDOWS)
            self.merging = MergingSets(assigner, table, operator.backend.context)
        self.event_timers = operator.context.timers(EVENT_TIMERS)
        self.processing_timers = operator.context.timers(PROCESSING_TIMERS)
        self.current = operator.backend.context
        self.contents = operator.contents
        self.evicting = operator.evictor is not None
        self.table = operator.table
        self.copier = operator.copier
        self.assigner_context = AssignerContext(operator)
        self.trigger_context = TriggerContext(self)

    def add(self, batch: Any) -> Pieces:
        """Add the records of a batch to their windows, so many of them at each step."""
        stamps: Iterable[int] = repeat(NO_TIMESTAMP) if batch.timestamps is None else batch.timestamps
        late: list[Any] = []
        late_stamps = array("q")
        count = 0
        waiting = False  # what is raised then is not the user's
        turn = self.operator.site.turn
        for value, timestamp in zip(batch.values, stamps, strict=False):
            try:
                self.current.key = check_key(self.operator.select_key(value))
                assigned = list(self.assigner.assign_windows(value, timestamp, self.assigner_context))
                added = False
                for start in range(0, len(assigned), PIECE):
                    if count >= PIECE:
                        count = 0
                        self.operator.emit_full_batch()
                        waiting = True
                        yield False
                        waiting = False
                    part = assigned[start : start + PIECE]
                    added = self.add_record(value, timestamp, part, len(assigned) > 1) or added
                    count += len(part)
            except BaseException as error:
                if waiting:
                    raise
                self.send_late(late, late_stamps)
                raise self.operator.site.wrap(error, f"on record {short_repr(value)}") from error
            if not added and self.event_time and timestamp + self.lateness <= self.operator.watermark:
                late.append(value)
                late_stamps.append(timestamp)
            if turn.over():
                turn.held += 1
                self.send_late(late, late_stamps)
                late, late_stamps = [], array("q")
                self.operator.emit_results()
                yield True
                turn.held -= 1
        self.send_late(late, late_stamps)

    def send_late(self, late: list[Any], stamps: array[int]) -> None:
        """Send on the records that have come too late, if any."""
        if late:
            self.operator.late(ObjectBatch(late, stamps))

    def add_record(self, value: Any, timestamp: int, assigned: list[Any], copied: bool) -> bool:
        """Add a record to some of its windows, copies to all if there are several, and let the trigger decide on each.

        Returns:
            Whether the time of any of them is not over.
        """
        added = False
        record = value
        for window in assigned:
            if self.copier is not None and copied:
                record = self.copier.copy(value)  # each window has one of its own
            if self.merging is None:
                if self.is_late(window):
                    continue
                self.add_to(window, window, record, timestamp)
            else:
                windows = self.merging.of_current_key()
                window = windows.add(window, self.on_merge)
                self.merging.keep(windows)
                if self.is_late(window):
                    self.merging.retire(window)
                    continue
                self.add_to(window, windows.state_windows[window], record, timestamp)
            added = True
        return added

    def add_to(self, window: Any, state_window: Any, value: Any, timestamp: int) -> None:
        """Add a record to one window, whose contents are stored under ``state_window``."""
        kept = TimestampedValue(value, timestamp) if self.evicting else value
        first = self.contents.add(self.table, state_window, kept)
        self.current.namespace = window
        result = self.trigger.on_element(value, timestamp, window, self.trigger_context)
        if result is not CONTINUE:
            self.act(result, window, state_window)
        if first or self.merging is not None:
            self.register_cleanup(window)

    def act(self, result: TriggerResult, window: Any, state_window: Any, last: bool = False) -> None:
        """Do what a trigger says other than to continue; ``last``: the contents go in any case."""
        if not isinstance(result, TriggerResult):
            raise TypeError(f"{type(self.trigger).__name__} returned {result!r}, not a TriggerResult")
        if result.is_fire():
            stored = self.table.edit(state_window) if self.evicting else self.table.get(state_window)
            if stored is not ABSENT:
                self.operator.fire(window, stored, kept=not (last or result.is_purge()))
                if self.evicting and stored:
                    self.table.put(state_window, stored)
                elif self.evicting:
                    self.table.remove(state_window)
        if result.is_purge():
            self.table.remove(state_window)

    def advance_watermark(self, timestamp: int) -> Iterator[None]:
        """Fire the event-time timers up to ``timestamp``, a piece at each step."""
        return self.fire(self.event_timers, timestamp, self.trigger.on_event_time, self.event_time)

    def advance_processing_time(self, now: int) -> Iterator[None]:
        """Fire the processing-time timers that the clock has passed, a piece at each step.

        A window ends one millisecond after its ``max_timestamp``: until then it gets records, so a timer is due only
        when the clock is past it.
        """
        return self.fire(self.processing_timers, now - 1, self.trigger.on_processing_time, not self.event_time)

    def fire(
        self, timers: TimerQueue, time: int, ask: Callable[[int, Any, Any], TriggerResult], may_clean: bool
    ) -> Iterator[None]:
        """Ask the trigger about the timers up to ``time``, also about those registered meanwhile."""
        count = 0
        while (timer := timers.pop_due(time)) is not None:
            self.on_timer(*timer, ask, may_clean)
            count += 1
            if self.operator.emit_full_batch() or count == PIECE:
                count = 0
                yield

    def next_processing_timer(self) -> int | None:
        """When ``advance_processing_time`` has something to do next (ms)."""
        first = self.processing_timers.peek()
        return None if first is None else first + 1

    def last_processing_timer(self) -> int | None:
        """When ``advance_processing_time`` has done all there is to do now (ms)."""
        last = max((timestamp for timestamp, _, _ in self.processing_timers.items()), default=None)
        return None if last is None else last + 1

    def on_timer(
        self, time: int, key: Any, window: Any, ask: Callable[[int, Any, Any], TriggerResult], may_clean: bool
    ) -> None:
        """Ask the trigger about a timer, and clean up after a window whose time it is."""
        self.current.key = key
        self.current.namespace = window
        state_window = window
        try:
            if self.merging is not None:
                state_window = self.merging.state_window(window)
                if state_window is None:
                    return  # a trigger's timer has outlived its window
            result = ask(time, window, self.trigger_context)
            last = may_clean and time == self.cleanup_time(window)
            if result is not CONTINUE:
                self.act(result, window, state_window, last)
            if last:
                self.table.remove(state_window)
                self.trigger.clear(window, self.trigger_context)
                if self.operator.clear_function is not None:
                    self.operator.clear_function(self.operator.process_context)
                if self.merging is not None:
                    self.merging.retire(window)
        except BaseException as error:
            raise self.operator.failure_in(window, error) from error

    def on_merge(self, result: Any, merged: list[Any], state_window: Any, state_windows: list[Any]) -> None:
        """Windows of the current key have become one."""
        if self.event_time:
            ended = self.is_late(result)
        else:
            ended = result.max_timestamp() < self.operator.current_processing_time()
        if ended:
            raise ValueError(
                f"{type(self.assigner).__name__} merged windows into {result!r}, which has ended already "
                f"(watermark {self.operator.watermark}, clock {self.operator.current_processing_time()})"
            )
        context = self.trigger_context
        context.merged_windows = merged
        self.current.namespace = result
        self.trigger.on_merge(result, context)
        timers = self.event_timers if self.event_time else self.processing_timers
        for window in merged:
            self.current.namespace = window
            self.trigger.clear(window, context)
            timers.delete(self.cleanup_time(window), self.current.key, window)
        self.table.merge(state_window, state_windows, self.contents.combine)

    def register_cleanup(self, window: Any) -> None:
        """Have ``on_timer`` called when the contents of a window of the current key are to go."""
        time = self.cleanup_time(window)
        if time != MAX_WATERMARK:
            timers = self.event_timers if self.event_time else self.processing_timers
            timers.register(time, self.current.key, window)

    def cleanup_time(self, window: Any) -> int:
        """When a window's contents go (ms); MAX_WATERMARK for never."""
        end = window.max_timestamp()
        return min(end + self.lateness, MAX_WATERMARK) if self.event_time else end

    def is_late(self, window: Any) -> bool:
        """Whether a window's contents are gone already."""
        return self.event_time and self.cleanup_time(window) <= self.operator.watermark
