"""A source that plays a script: records, watermarks and pauses, in order."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx.connectors.source import END, WAIT, ReaderContext, Source, SourceReader, SourceWatermark


@dataclass(frozen=True)
class ScriptedRecord:
    """A record and its timestamp (ms), None when it has none."""

    value: Any
    timestamp: int | None


@dataclass(frozen=True)
class Pause:
    """Nothing comes for some milliseconds of the job's clock."""

    millis: int


Step = ScriptedRecord | SourceWatermark | Pause


class TestSource(Source):
    """Plays a script, then ends; every method adds to the script and returns the source.

    Use it with ``WatermarkStrategy.no_watermarks()``: timestamps and watermarks are those of the script.

    Example:
        >>> source = TestSource().record("a", 5).watermark(7).pause(100).record("b", 9)
        >>> len(source.script)
        4
    """

    __test__ = False  # its name looks like a test's to pytest
    # One reader keeps the order.
    parallelism = 1

    def __init__(self) -> None:
        self.script: list[Step] = []

    def record(self, value: Any, timestamp: int | None = None) -> TestSource:
        """A record, and its timestamp in milliseconds since the epoch."""
        self.script.append(ScriptedRecord(value, timestamp))
        return self

    def records(self, values: Iterable[Any]) -> TestSource:
        """Records without timestamps."""
        for value in values:
            self.record(value)
        return self

    def watermark(self, timestamp: int) -> TestSource:
        """Event time has reached ``timestamp`` (ms)."""
        self.script.append(SourceWatermark(timestamp))
        return self

    def pause(self, millis: int) -> TestSource:
        """Nothing for ``millis`` of the job's clock.

        Raises:
            ValueError: it is negative.
        """
        if millis < 0:
            raise ValueError(f"a pause cannot be negative: {millis} ms")
        self.script.append(Pause(millis))
        return self

    def splits(self, parallelism: int) -> list[int]:
        return [0]

    def create_reader(self, context: ReaderContext) -> ScriptReader:
        return ScriptReader(self.script, context)


class ScriptReader(SourceReader):
    """Plays the script; a split is the number of the step to begin with."""

    def __init__(self, script: list[Step], context: ReaderContext) -> None:
        self.script = script
        self.clock = context.clock
        self.copier = context.copier
        self.next = len(script)
        self.until: int | None = None

    def add_splits(self, splits: list[int]) -> None:
        for split in splits:
            self.next = split

    def snapshot_state(self, checkpoint_id: int) -> list[int]:
        return [self.next] if self.next < len(self.script) else []

    def poll(self, limit: int) -> Any:
        if self.until is not None:
            if self.clock.now() < self.until:
                return WAIT
            self.until = None
            self.next += 1
        if self.next >= len(self.script):
            return END
        first = self.script[self.next]
        if isinstance(first, Pause):
            self.until = self.clock.now() + first.millis
            return WAIT
        if isinstance(first, SourceWatermark):
            self.next += 1
            return first
        values: list[Any] = []
        stamps = array("q")
        while (
            self.next < len(self.script)
            and len(values) < limit
            and isinstance(step := self.script[self.next], ScriptedRecord)
        ):
            self.next += 1
            values.append(step.value)
            stamps.append(NO_TIMESTAMP if step.timestamp is None else step.timestamp)
        return ObjectBatch(values if self.copier is None else self.copier.copy_all(values), stamps)

    def wake_time(self) -> int | None:
        return self.until
