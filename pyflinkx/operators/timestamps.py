"""Event time: timestamps and watermarks given to a stream."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import extract_timestamps, largest_timestamp
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.base import MAX_WATERMARK, MIN_WATERMARK, Clock, OperatorContext
from pyflinkx.operators.hints import of_timestamp
from pyflinkx.operators.piecewise import RecordwiseOperator
from pyflinkx.operators.source_alignment import WatermarkAlignment


class TimestampAssigner(ABC):
    """Gives records their timestamps."""

    @abstractmethod
    def extract_timestamp(self, value: Any, record_timestamp: int) -> int:
        """The event time of a record.

        Args:
            value: the record.
            record_timestamp: the timestamp that it has so far; -2^63 when it has none.

        Returns:
            Milliseconds since the epoch.
        """


class IngestionTimeAssigner(TimestampAssigner):
    """Gives each record the time at which it arrives, by the job's clock; it never goes back."""

    clock: Clock

    def __init__(self) -> None:
        self._latest = MIN_WATERMARK

    def extract_timestamp(self, value: Any, record_timestamp: int) -> int:
        self._latest = max(self._latest, self.clock.now())
        return self._latest


class TimestampsAndWatermarksOperator(RecordwiseOperator):
    """Assigns timestamps, and after each batch a watermark of the largest timestamp - bound - 1.

    When a batch comes in parts, as functions take long, the watermark follows its last part, and the parts before it
    only as often as ``interval`` says.

    Watermarks and idleness from upstream are dropped, but for the last watermark at the end of bounded input.

    Args:
        extract: ``extract(record, timestamp so far)`` to milliseconds since the epoch; None to keep the timestamps. A
            method of an IngestionTimeAssigner gets the operator's clock.
        out_of_orderness: bound in milliseconds on how late records come; None for no watermarks.
        idle_timeout: milliseconds without a record after which the stream counts as idle; None for never.
        alignment: how the source before it waits for others; None for not at all. The task asks ``is_ahead``.
        interval: milliseconds between two watermarks within a batch; 0 for none.
    """

    values_checked = True

    def __init__(
        self,
        extract: Callable[[Any, int], int] | None,
        out_of_orderness: int | None,
        idle_timeout: int | None = None,
        alignment: WatermarkAlignment | None = None,
        interval: int = 0,
    ) -> None:
        self.alignment = alignment
        self.interval = interval
        self.next_emit = 0
        self.planned: int | None = None
        self.extract = extract
        self.out_of_orderness = out_of_orderness
        self.idle_timeout = idle_timeout
        self.current = MIN_WATERMARK
        self.idle = False
        self.looked = False
        self.idle_check = 0
        self.unseen = True  # no timestamp was looked at yet

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        assigner = getattr(self.extract, "__self__", None)
        if isinstance(assigner, IngestionTimeAssigner):
            assigner.clock = context.clock
        if self.alignment is not None:
            context.alignment.join(self.alignment)
        if self.idle_timeout is not None:
            self.plan_idleness(self.idle_timeout)
        self.next_emit = context.clock.now() + self.interval

    def take(self, batch: Any, port: int) -> None:
        if self.idle_timeout is not None and len(batch):
            self.plan_idleness(self.idle_timeout)
            self.set_idle(False)
        largest = self.stamp(batch)
        self.output.emit(batch)
        self.advance_to(largest)

    def stamp(self, batch: Any) -> int:
        """Give the records their timestamps; returns the largest, NO_TIMESTAMP when there is none."""
        largest = self.stamped(batch)
        if self.unseen:
            self.unseen = of_timestamp(self.site, largest)
        return largest

    def stamped(self, batch: Any) -> int:
        """As ``stamp`` does it."""
        if self.extract is not None:
            try:
                return extract_timestamps(self.site, self.extract, batch)
            except JobExecutionError:
                partial = self.site.take_partial()
                if partial is not None:
                    self.output.emit(partial)
                raise
        return NO_TIMESTAMP if batch.timestamps is None else largest_timestamp(batch.timestamps)

    def advance_to(self, largest: int) -> None:
        """Emit the watermark that follows from the largest timestamp of a batch, once all of it has come."""
        if self.out_of_orderness is None or largest == NO_TIMESTAMP:
            return
        watermark = max(largest - self.out_of_orderness - 1, MIN_WATERMARK)
        if not self.context.turn.open:
            self.planned = None
            self.advance(watermark)
        elif watermark > (self.current if self.planned is None else self.planned):
            self.planned = watermark
            self.context.turn.tell_at_end(self)

    def end_batch(self) -> None:
        if self.planned is not None:
            planned, self.planned = self.planned, None
            self.advance(planned)

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.advance(timestamp)

    def process_idleness(self, idle: bool) -> None:
        """What upstream says of itself does not matter: this operator decides."""

    def plan_idleness(self, timeout: int) -> None:
        """A record came: the stream is idle after ``timeout`` ms without another one.

        Half-way the operator looks whether there was none. A task that was busy for longer than the timeout fires that
        first timer, then takes the records that have come meanwhile, so it does not count as idle.
        """
        self.looked = False
        self.idle_check = self.context.clock.now() + timeout // 2

    def advance_processing_time(self, now: int) -> None:
        self.check_idleness(now)
        if self.planned is not None and self.interval and now >= self.next_emit:
            self.next_emit = now + self.interval
            self.end_batch()

    def check_idleness(self, now: int) -> None:
        """See whether it is time for the stream to be idle."""
        if self.idle_timeout is None or self.idle or now < self.idle_check:
            return
        if self.looked:
            self.set_idle(True)
        else:
            self.looked = True
            self.idle_check = now + self.idle_timeout - self.idle_timeout // 2

    def next_processing_timer(self) -> int | None:
        idle_check = None if self.idle_timeout is None or self.idle else self.idle_check
        if self.planned is None or not self.interval:
            return idle_check
        return self.next_emit if idle_check is None else min(idle_check, self.next_emit)

    def set_idle(self, idle: bool) -> None:
        """Say that the stream is idle, or active, if it was not."""
        if idle != self.idle:
            self.idle = idle
            self.output.emit_idleness(idle)
            if idle:
                self.report(None)

    def advance(self, watermark: int) -> None:
        """Emit the watermark if it is later than the one before."""
        if watermark > self.current:
            self.current = watermark
            self.output.emit_watermark(watermark)
            self.report(None if watermark == MAX_WATERMARK else watermark)

    def report(self, watermark: int | None) -> None:
        """Tell the group how far this stream is."""
        if self.alignment is not None:
            self.context.alignment.report(self.alignment.group, self, watermark)

    def is_ahead(self) -> bool:
        """Whether the source shall pause."""
        if self.alignment is None:
            return False
        lowest = self.context.alignment.lowest(self.alignment.group)
        return lowest is not None and self.current > lowest + self.alignment.max_drift

    def close(self) -> None:
        self.report(None)
