"""Readers as a user writes them: record by record, with Flink's interface."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from array import array
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx.connectors.source import END, WAIT, ReaderContext, SourceIdleness, SourceReader, SourceWatermark


class InputStatus(enum.Enum):
    """What ``RecordReader.poll_next`` says of what comes next."""

    MORE_AVAILABLE = "ask again at once"
    NOTHING_AVAILABLE = "ask again when splits or events come, or when is_available() says so"
    END_OF_INPUT = "there is nothing more, ever"


@dataclass(frozen=True)
class ReadAhead:
    """A split of what was read and not yet given out: batches as (values, timestamps), watermarks and idleness."""

    elements: tuple[Any, ...]


class ElementBuffer:
    """Records, watermarks and idleness in the order in which they were put in, as ``poll`` hands them on.

    Example:
        >>> buffer = ElementBuffer()
        >>> buffer.add("a", 5)
        >>> buffer.add_element(SourceWatermark(5))
        >>> buffer.take(10).values, buffer.take(10), buffer.take(10)
        (['a'], SourceWatermark(timestamp=5), None)
    """

    def __init__(self) -> None:
        self.elements: deque[Any] = deque()
        self.values: list[Any] = []
        self.timestamps: array[int] | None = None
        self.records = 0

    def add(self, value: Any, timestamp: int | None = None) -> None:
        """Add a record, with its timestamp (ms) or None."""
        if timestamp is not None and self.timestamps is None:
            self.timestamps = array("q", [NO_TIMESTAMP]) * len(self.values)
        self.values.append(value)
        if self.timestamps is not None:
            self.timestamps.append(NO_TIMESTAMP if timestamp is None else timestamp)
        self.records += 1

    def add_element(self, element: SourceWatermark | SourceIdleness) -> None:
        """Add what is no record."""
        self._close_batch()
        self.elements.append(element)

    def _close_batch(self) -> None:
        if self.values:
            self.elements.append(ObjectBatch(self.values, self.timestamps))
            self.values, self.timestamps = [], None

    def left(self) -> list[ReadAhead]:
        """What is in it, as a split if there is anything; it stays in."""
        self._close_batch()
        batches = (
            (list(element.values), element.timestamps and element.timestamps[:])
            if isinstance(element, ObjectBatch)
            else element
            for element in self.elements
        )
        return [ReadAhead(tuple(batches))] if self.elements else []

    def put_back(self, split: ReadAhead) -> None:
        """Put in what was in another one."""
        for element in split.elements:
            if isinstance(element, tuple):
                values, timestamps = element
                for index, value in enumerate(values):
                    stamp = NO_TIMESTAMP if timestamps is None else timestamps[index]
                    self.add(value, None if stamp == NO_TIMESTAMP else stamp)
            else:
                self.add_element(element)

    def take(self, limit: int) -> Any:
        """The next batch of at most ``limit`` records, or the next other element; None when there is nothing."""
        if not self.elements:
            self._close_batch()
            if not self.elements:
                return None
        element = self.elements.popleft()
        if isinstance(element, ObjectBatch):
            if len(element) > limit:
                self.elements.appendleft(element.slice(limit, len(element)))
                element = element.slice(0, limit)
            self.records -= len(element)
        return element


class ReaderOutput:
    """Where a reader puts what it reads.

    Args:
        copier: keeps records as they were when they were put here; None where the reader leaves them alone.
    """

    def __init__(self, copier: Copier | None = None) -> None:
        self._copier = copier
        self._buffer = ElementBuffer()

    def collect(self, record: Any, timestamp: int | None = None) -> None:
        """Emit a record.

        Args:
            record: the record.
            timestamp: its event time in milliseconds since the epoch; None for none.
        """
        self._buffer.add(record if self._copier is None else self._copier.copy(record), timestamp)

    def emit_watermark(self, watermark: int) -> None:
        """Say that no record at or before this event time (ms) follows."""
        self._buffer.add_element(SourceWatermark(watermark))

    def mark_idle(self) -> None:
        """Say that nothing will come for a while, so that event time goes on without this reader."""
        self._buffer.add_element(SourceIdleness(True))

    def mark_active(self) -> None:
        """Take ``mark_idle`` back."""
        self._buffer.add_element(SourceIdleness(False))


class RecordReader(ABC):
    """Reads the splits of a source record by record; Flink's SourceReader.

    A source that hands out splits by an enumerator asks for the first one in ``start`` and for another in
    ``poll_next`` once it has read it, both by ``context.send_split_request()``.
    """

    def start(self) -> None:  # noqa: B027
        """Begin; the reader is registered with the enumerator."""

    @abstractmethod
    def poll_next(self, output: ReaderOutput) -> InputStatus:
        """Emit some records, one at best, and say whether there are more. Must not block."""

    def is_available(self) -> Future[Any] | None:
        """After NOTHING_AVAILABLE: what is done once there is something; None when only splits or events bring it."""
        return None

    def add_splits(self, splits: list[Any]) -> None:  # noqa: B027
        """Read these splits too."""

    def notify_no_more_splits(self) -> None:  # noqa: B027
        """The enumerator has no more splits for this reader."""

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        """What is still to be read, as splits: the one under way from the first record that was not emitted.

        A new reader that gets them by ``add_splits`` before ``start`` goes on from there. Where a reader has no such
        method, its source begins anew when its job is restored.

        Args:
            checkpoint_id: the checkpoint's number.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no snapshot_state(), so it cannot go on from a checkpoint"
        )

    def notify_checkpoint_complete(self, checkpoint_id: int) -> None:  # noqa: B027
        """The checkpoint, and so every one before it, is durable."""

    def notify_checkpoint_aborted(self, checkpoint_id: int) -> None:  # noqa: B027
        """The checkpoint will not be."""

    def handle_source_events(self, source_event: Any) -> None:  # noqa: B027
        """The enumerator has sent something."""

    def close(self) -> None:  # noqa: B027
        """Release what is held; called once, also after a failure."""


class RecordReaderAdapter(SourceReader):
    """A user's reader as a task drives it.

    Args:
        reader: the user's.
        context: of the task.
    """

    requests_splits = True

    def __init__(self, reader: RecordReader, context: ReaderContext) -> None:
        self.reader = reader
        self.context = context
        self.output = ReaderOutput(context.copier)
        self.started = False
        self.ended = False
        self.awaited: Future[Any] | None = None

    @property
    def outside(self) -> bool:  # type: ignore[override]
        """Whether the user's reader waits for something of its own."""
        return self.awaited is not None

    @property
    def unreplayable(self) -> str | None:  # type: ignore[override]
        """Why records cannot be read again: the user's reader does not say where it is."""
        if type(self.reader).snapshot_state is not RecordReader.snapshot_state:
            return None
        return f"{type(self.reader).__name__} has no snapshot_state(), which says what is still to be read"

    @property
    def stays(self) -> bool:  # type: ignore[override]
        """Whether the user's reader wants to hear of checkpoints."""
        return type(self.reader).notify_checkpoint_complete is not RecordReader.notify_checkpoint_complete

    def add_splits(self, splits: list[Any]) -> None:
        for split in splits:
            if isinstance(split, ReadAhead):
                self.output._buffer.put_back(split)
        own = [split for split in splits if not isinstance(split, ReadAhead)]
        if own:
            self.reader.add_splits(own)

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        own = self.reader.snapshot_state(checkpoint_id)
        return [*self.output._buffer.left(), *own]

    def notify_checkpoint_complete(self, checkpoint_id: int) -> None:
        self.reader.notify_checkpoint_complete(checkpoint_id)

    def notify_checkpoint_aborted(self, checkpoint_id: int) -> None:
        self.reader.notify_checkpoint_aborted(checkpoint_id)

    def no_more_splits(self) -> None:
        self.reader.notify_no_more_splits()

    def handle_event(self, event: Any) -> None:
        self.reader.handle_source_events(event)

    def poll(self, limit: int) -> Any:
        if not self.started:
            self.started = True
            self.reader.start()
        buffer = self.output._buffer
        status = InputStatus.MORE_AVAILABLE
        # Not on behind a watermark: what has been read is to be given out before more is.
        while (
            not self.ended and buffer.records < limit and not buffer.elements and status is InputStatus.MORE_AVAILABLE
        ):
            status = self.reader.poll_next(self.output)
            if not isinstance(status, InputStatus):
                raise TypeError(f"poll_next() returns an InputStatus, not {status!r}")
            self.ended = status is InputStatus.END_OF_INPUT
        element = buffer.take(limit)
        if element is not None:
            return element
        if self.ended:
            return END
        self._await()
        return WAIT

    def _await(self) -> None:
        available = self.reader.is_available()
        if available is not None and available is not self.awaited:
            self.awaited = available
            available.add_done_callback(lambda _: self.context.wake())

    def close(self) -> None:
        self.reader.close()


def batch_reader(reader: Any, context: ReaderContext) -> SourceReader:
    """What a task drives: the reader itself, or an adapter of a user's."""
    if isinstance(reader, RecordReader):
        return RecordReaderAdapter(reader, context)
    if not isinstance(reader, SourceReader):
        raise TypeError(f"create_reader() returns a SourceReader, not {short_repr(reader)}")
    return reader
