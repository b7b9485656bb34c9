"""Timestamps and watermarks of a source, for each of its splits by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyflinkx.operators.base import MAX_WATERMARK, MIN_WATERMARK, OperatorContext
from pyflinkx.operators.source_alignment import WatermarkAlignment
from pyflinkx.operators.timestamps import TimestampsAndWatermarksOperator


class SplitOutput:
    """Where the operator of one split sends to: records go on, watermark and idleness are combined."""

    def __init__(self, combined: SplitTimestampsOperator) -> None:
        self.combined = combined
        self.watermark = MIN_WATERMARK
        self.idle = False
        self.emit = combined.output.emit
        self.emit_side = combined.output.emit_side
        self.emit_marker = combined.output.emit_marker

    def emit_watermark(self, timestamp: int) -> None:
        """The split has come this far (ms)."""
        self.watermark = timestamp
        self.combined.combine()

    def emit_idleness(self, idle: bool) -> None:
        """The split has become idle, or active again."""
        self.idle = idle
        self.combined.combine()


class SplitTimestampsOperator(TimestampsAndWatermarksOperator):
    """Runs an operator of timestamps and watermarks for each split; the stream's watermark is the lowest of theirs.

    Idle splits do not count; the stream is idle when all are. The task says which split the next batch is of, where
    it is that of the source and the reader tells it; all else is one split.

    Args:
        spec: its ``build()`` makes the operator of a split.
        alignment: as for TimestampsAndWatermarksOperator.
    """

    follows_splits = True

    def __init__(self, spec: Any, alignment: WatermarkAlignment | None = None) -> None:
        super().__init__(None, None, None, alignment)
        self.spec = spec

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.splits: dict[Any, tuple[TimestampsAndWatermarksOperator, SplitOutput]] = {}
        self.latest: TimestampsAndWatermarksOperator | None = None
        self.begin_split(None)

    def begin_split(self, split: Any) -> None:
        """The next batch is of this split; None when the reader does not tell."""
        self.split = split
        if split not in self.splits:
            self.add(split)
            self.combine()

    def add(self, split: Any) -> None:
        """Wait for a split from now on."""
        output = SplitOutput(self)
        operator = self.spec.build()
        operator.open(replace(self.context, output=output))
        self.splits[split] = operator, output
        if split is not None:
            self.splits.pop(None, None)

    def wait_for_splits(self, splits: list[Any]) -> None:
        """Wait for these splits and for no other; what an empty list says is that the reader keeps no track."""
        if not splits or splits == list(self.splits):
            return
        for split in splits:
            if split not in self.splits:
                self.add(split)
        for split in set(self.splits).difference(splits):
            del self.splits[split]
        self.combine()

    def combine(self) -> None:
        """Send on what follows from the splits' watermarks and idleness."""
        active = [output.watermark for _, output in self.splits.values() if not output.idle]
        self.set_idle(not active)
        if active:
            self.advance(min(active))

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.latest = self.splits[self.split][0]
        self.latest.process_batch(batch)

    # Only the operator of the split of the last batch may have left something.

    def has_more(self) -> bool:
        return self.latest is not None and self.latest.has_more()

    def between_records(self) -> bool:
        return self.latest is None or self.latest.between_records()

    def resume(self) -> bool:
        return self.latest is not None and self.latest.resume()

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.set_idle(False)
            self.advance(timestamp)

    def advance_processing_time(self, now: int) -> None:
        for operator, _ in self.splits.values():
            operator.advance_processing_time(now)

    def next_processing_timer(self) -> int | None:
        timers = [operator.next_processing_timer() for operator, _ in self.splits.values()]
        return min((timer for timer in timers if timer is not None), default=None)
