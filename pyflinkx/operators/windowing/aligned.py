"""Event-time windows that are the same for all keys, with the default trigger: one entry in a queue per window.

The semantics are those of the general way, which has a timer per key and window and asks assigner and trigger for every
record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeGuard

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx._core.calls.windows import AlignedLoop, call_each
from pyflinkx._core.records.objects import constant_timestamps
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.operators.piecewise import PIECE, Pieces
from pyflinkx.operators.windowing.assigners import (
    AlignedWindows,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
    WindowAssigner,
)
from pyflinkx.operators.windowing.contents import AggregatedContents, ReducedContents
from pyflinkx.operators.windowing.stagger import WindowStagger
from pyflinkx.operators.windowing.triggers import EventTimeTrigger, Trigger

if TYPE_CHECKING:
    from pyflinkx.operators.window import WindowOperator

# The loop's arithmetic stays within 64 bits below this.
LARGEST_SPAN = 2**62
# The windows to which records are added in a piece, each for each record.
ADDED = 4 * PIECE


def is_aligned(
    assigner: WindowAssigner[Any, Any], trigger: Trigger[Any, Any], lateness: int
) -> TypeGuard[AlignedWindows]:
    """Whether :class:`AlignedWindowing` can run these windows.

    An assigner or trigger that is derived from ours may do anything, so it cannot.
    """
    return (
        type(assigner) in (TumblingEventTimeWindows, SlidingEventTimeWindows)
        and type(trigger) is EventTimeTrigger
        and isinstance(assigner, AlignedWindows)
        and assigner.stagger is WindowStagger.ALIGNED
        and assigner.size + assigner.slide + abs(assigner.offset) + lateness < LARGEST_SPAN
    )


class AlignedWindowing:
    """Runs the windows of one operator.

    Args:
        operator: the operator, opened.
        assigner: assigns the windows.
        lateness: milliseconds by which a window's contents outlive it.
    """

    def __init__(self, operator: WindowOperator, assigner: AlignedWindows, lateness: int) -> None:
        self.operator = operator
        self.lateness = lateness
        self.current = operator.backend.context
        self.windows = operator.table.namespaces
        # All windows have one size, so the order of starts is the order of ends.
        self.live: list[TimeWindow] = sorted(self.windows)
        self.unfired = [window for window in self.live if window.max_timestamp() > operator.watermark]
        contents = operator.contents
        self.result = contents.get_result if isinstance(contents, AggregatedContents) else None
        function: Any
        create: Any
        if isinstance(contents, ReducedContents):
            function, create = contents.reduce, None
        elif isinstance(contents, AggregatedContents):
            function, create = contents.add_value, contents.create_accumulator
        else:
            function, create = None, None
        self.loop = AlignedLoop(
            operator.select_key,
            contents.state_kind,
            function,
            create,
            self.windows,
            assigner.size,
            assigner.slide,
            assigner.offset,
            lateness,
            self.fire_key,
            operator.copier,
            operator.site.turn,
        )

    def add(self, batch: Any) -> Pieces:
        """Add the records of a batch to their windows, so many of them at each step."""
        turn = self.operator.site.turn
        more = self.add_some(lambda: self.loop.add(batch, self.operator.watermark, ADDED))
        while more:
            turn.held += 1
            self.operator.emit_full_batch()
            yield not self.loop.within
            turn.held -= 1
            more = self.add_some(lambda: self.loop.resume(ADDED))

    def add_some(self, call: Callable[[], bool]) -> bool:
        """Have the loop do a piece, and see to the windows that it has opened and the late records."""
        loop = self.loop
        try:
            return call()
        except BaseException as error:
            raise self.operator.site.wrap(error, f"on record {short_repr(loop.record)}") from error
        finally:
            for window in loop.opened:
                if window.max_timestamp() > self.operator.watermark:
                    heappush(self.unfired, window)
                heappush(self.live, window)
            if len(loop.late):
                self.operator.late(loop.late)

    def fire_key(self, key: Any, window: TimeWindow, stored: Any) -> None:
        """Send the result of a key, for whose window a late record came."""
        self.current.key = key
        self.current.namespace = window
        self.operator.fire(window, stored, kept=True)

    def advance_watermark(self, timestamp: int) -> Iterator[None]:
        """Fire the windows that end, and drop those whose time is over, up to ``timestamp``, in order of time.

        A piece at each step, which is that many keys, or at the most as many windows.
        """
        count = 0
        while True:
            end = self.unfired[0].max_timestamp() if self.unfired else MAX_WATERMARK + 1
            cleanup = self.cleanup_time(self.live[0]) if self.live else MAX_WATERMARK + 1
            if min(end, cleanup) > timestamp:
                return
            if end <= cleanup:
                yield from self.fire(heappop(self.unfired))
            else:
                self.clean(heappop(self.live))
            count += 1
            if count == PIECE:
                count = 0
                yield

    def fire(self, window: TimeWindow) -> Iterator[None]:
        """Send the results of a window for all its keys, a piece at each step."""
        operator = self.operator
        stored = self.windows[window]
        if operator.evaluate is not None:
            for number, (key, contents) in enumerate(stored.items(), 1):
                self.current.key = key
                self.current.namespace = window
                try:
                    operator.fire(window, contents, kept=self.lateness > 0)
                except BaseException as error:
                    raise operator.failure_in(window, error) from error
                if operator.emit_full_batch() or number % PIECE == 0:
                    yield
            return
        contents_left = iter(stored.values())
        start = 0
        while start < len(stored):
            values = operator.values
            before = len(values)
            try:
                if self.result is None:
                    results = list(islice(contents_left, PIECE))
                    values.extend(results if operator.copier is None else operator.copier.copy_all(results))
                else:
                    call_each(self.result, contents_left, PIECE, values, operator.copier, operator.site.turn)
            except BaseException as error:
                self.current.key = list(stored)[start + len(values) - before]
                raise operator.failure_in(window, error) from error
            finally:
                operator.stamps.extend(constant_timestamps(len(values) - before, window.max_timestamp()))
            start += len(values) - before
            operator.emit_full_batch()
            if start < len(stored):
                yield

    def clean(self, window: TimeWindow) -> None:
        """Drop a window's contents, and let the window function clear what it has stored for it."""
        stored = self.windows[window]
        del self.windows[window]
        self.loop.forget(window)
        if self.operator.clear_function is not None:
            self.current.namespace = window
            for self.current.key in stored:
                try:
                    self.operator.clear_function(self.operator.process_context)
                except BaseException as error:
                    raise self.operator.failure_in(window, error) from error

    def cleanup_time(self, window: TimeWindow) -> int:
        """When a window's contents go (ms)."""
        return window.max_timestamp() + self.lateness

    def advance_processing_time(self, now: int) -> Iterator[None]:
        """These windows have no processing-time timers."""
        return iter(())

    def next_processing_timer(self) -> int | None:
        """Never."""
        return None

    def last_processing_timer(self) -> int | None:
        """Never."""
        return None
