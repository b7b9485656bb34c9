"""Watermarks of the user's own making."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.piecewise import Pieces
from pyflinkx.operators.source_alignment import WatermarkAlignment
from pyflinkx.operators.timestamps import TimestampsAndWatermarksOperator


class WatermarkOutput:
    """Takes what a watermark generator says; the operator then acts upon it, in this order."""

    def __init__(self) -> None:
        self._said: list[int | bool] = []

    def emit_watermark(self, watermark: int) -> None:
        """No record at or before ``watermark`` (ms) is expected; one that is not above the last changes nothing."""
        if isinstance(watermark, bool) or not isinstance(watermark, int):
            raise TypeError(f"a watermark is an int of milliseconds since the epoch, not {watermark!r}")
        self._said.append(watermark)

    def mark_idle(self) -> None:
        """The stream holds event time back no longer, until it is active again."""
        self._said.append(True)

    def mark_active(self) -> None:
        """The stream is active again."""
        self._said.append(False)

    def take(self) -> list[int | bool]:
        """What was said since the last call: watermarks, and True for idle or False for active."""
        said, self._said = self._said, []
        return said


class WatermarkGenerator(ABC):
    """Decides how far event time has come.

    A punctuated generator speaks in ``on_event``: the watermark follows the record that caused it. A periodic one
    remembers there what it needs and speaks in ``on_periodic_emit``. Each subtask has a generator of its own.
    """

    @abstractmethod
    def on_event(self, event: Any, event_timestamp: int, output: WatermarkOutput) -> None:
        """A record came, with its timestamp (ms; -2^63 when it has none)."""

    @abstractmethod
    def on_periodic_emit(self, output: WatermarkOutput) -> None:
        """Asked after every batch, and whenever ``pipeline.auto-watermark-interval`` has passed."""


class GeneratedWatermarksOperator(TimestampsAndWatermarksOperator):
    """Assigns timestamps, and emits the watermarks of a generator.

    Args:
        extract: as for TimestampsAndWatermarksOperator.
        supplier: makes the generator.
        interval: milliseconds between two questions to it; 0 to ask after batches only.
        idle_timeout, alignment: as for TimestampsAndWatermarksOperator.
    """

    def __init__(
        self,
        extract: Callable[[Any, int], int] | None,
        supplier: Callable[[], WatermarkGenerator],
        interval: int,
        idle_timeout: int | None = None,
        alignment: WatermarkAlignment | None = None,
    ) -> None:
        super().__init__(extract, None, idle_timeout, alignment, interval)
        self.supplier = supplier
        self.said = WatermarkOutput()

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        try:
            self.generator = self.supplier()
            if not isinstance(self.generator, WatermarkGenerator):
                raise TypeError(f"the supplier gave {self.generator!r}, which is no WatermarkGenerator")
        except BaseException as error:
            raise self.site.wrap(error, "when it made its watermark generator") from error

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if self.idle_timeout is not None and len(batch):
            self.plan_idleness(self.idle_timeout)
            self.set_idle(False)
        self.begin(self.generate(batch))

    def generate(self, batch: Any) -> Pieces:
        """Give the records of a batch their timestamps and show them to the generator, as many as the turn allows."""
        turn = self.context.turn
        while True:
            self.stamp(batch)
            rest = self.site.take_rest()
            yield from self.show(batch)
            if rest is None:
                break
            yield True
            turn.held -= 1
            batch = rest
        if turn.open:
            turn.tell_at_end(self)
        else:
            self.ask()

    def show(self, batch: Any) -> Pieces:
        """Show the records of a batch to the generator, and send each on before what it says of it."""
        turn = self.context.turn
        stamps: Iterable[int] = repeat(NO_TIMESTAMP) if batch.timestamps is None else batch.timestamps
        on_event, said = self.generator.on_event, self.said
        sent = index = 0
        value = None
        waiting = False  # what is raised then is not the user's
        try:
            for index, (value, timestamp) in enumerate(zip(batch.values, stamps, strict=False)):
                on_event(value, timestamp, said)
                if said._said:
                    self.output.emit(batch.slice(sent, index + 1))
                    sent = index + 1
                    self.act()
                if turn.over() and index + 1 < len(batch):
                    turn.held += 1
                    if sent <= index:
                        self.output.emit(batch.slice(sent, index + 1))
                        sent = index + 1
                    waiting = True
                    yield True
                    waiting = False
                    turn.held -= 1
        except BaseException as error:
            if waiting:
                raise
            if sent < index:
                self.output.emit(batch.slice(sent, index))
            raise self.site.wrap(error, f"on record {short_repr(value)}") from error
        if sent < len(batch):
            self.output.emit(batch.slice(sent, len(batch)) if sent else batch)

    def end_batch(self) -> None:
        self.ask()

    def act(self) -> None:
        """Emit what the generator has said."""
        for word in self.said.take():
            if isinstance(word, bool):
                self.set_idle(word)
            else:
                self.advance(word)

    def ask(self) -> None:
        """Let the generator speak."""
        try:
            self.generator.on_periodic_emit(self.said)
        except BaseException as error:
            raise self.site.wrap(error, "in on_periodic_emit()") from error
        self.act()

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.ask()
            self.set_idle(False)
        super().process_watermark(timestamp)

    def advance_processing_time(self, now: int) -> None:
        self.check_idleness(now)
        if self.interval and now >= self.next_emit:
            self.next_emit = now + self.interval
            self.ask()

    def next_processing_timer(self) -> int | None:
        idle_check = super().next_processing_timer()
        if not self.interval:
            return idle_check
        return self.next_emit if idle_check is None else min(idle_check, self.next_emit)
