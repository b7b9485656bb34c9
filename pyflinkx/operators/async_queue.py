"""The order in which the results of asynchronous calls leave an operator."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

TIMED_OUT = -1


class Entry:
    """A record whose results are awaited.

    Attributes:
        value: the record.
        timestamp: its timestamp.
        results: what came of it; None until then.
        attempts: how often the function was called; TIMED_OUT once its time is over.
        task: the asyncio task that runs the latest call; the event loop's.
        request: the piece of a request that the record is of; None where it is of none.
    """

    __slots__ = ("attempts", "request", "results", "segment", "task", "timestamp", "value")

    def __init__(self, value: Any, timestamp: int) -> None:
        self.value = value
        self.timestamp = timestamp
        self.results: list[Any] | None = None
        self.attempts = 1
        self.task: Any = None
        self.segment: Segment | None = None
        self.request: Any = None


Control = Callable[[], None]


class OrderedQueue:
    """Results leave in the order of their records, controls where they came."""

    def __init__(self) -> None:
        self.items: deque[Entry | Control] = deque()
        self.entries = 0

    def add(self, entry: Entry) -> None:
        """A record came."""
        self.items.append(entry)
        self.entries += 1

    def add_control(self, control: Control) -> None:
        """A watermark or the like came; called when it is its turn to leave."""
        self.items.append(control)

    def complete(self, entry: Entry) -> None:
        """A record has its results."""

    def ready(self) -> Iterator[Entry | Control]:
        """Take what may leave now."""
        while self.items:
            first = self.items[0]
            if isinstance(first, Entry):
                if first.results is None:
                    return
                self.entries -= 1
            self.items.popleft()
            yield first

    def waiting(self) -> list[Entry]:
        """The records that have not left."""
        return [item for item in self.items if isinstance(item, Entry)]

    def __bool__(self) -> bool:
        return bool(self.items)


class Segment:
    """The records between two controls."""

    __slots__ = ("completed", "control", "pending")

    def __init__(self) -> None:
        self.pending: dict[Entry, None] = {}
        self.completed: deque[Entry] = deque()
        self.control: Control | None = None


class UnorderedQueue:
    """Results leave as they come, but none overtakes a control or is overtaken by one.

    So a watermark still holds for all that follows it. The idea is that of Flink's UnorderedStreamElementQueue.
    """

    def __init__(self) -> None:
        self.segments: deque[Segment] = deque([Segment()])
        self.entries = 0

    def add(self, entry: Entry) -> None:
        """A record came."""
        entry.segment = self.segments[-1]
        entry.segment.pending[entry] = None
        self.entries += 1

    def add_control(self, control: Control) -> None:
        """A watermark or the like came; called when it is its turn to leave."""
        self.segments[-1].control = control
        self.segments.append(Segment())

    def complete(self, entry: Entry) -> None:
        """A record has its results."""
        assert entry.segment is not None
        entry.segment.completed.append(entry)

    def ready(self) -> Iterator[Entry | Control]:
        """Take what may leave now."""
        while True:
            first = self.segments[0]
            while first.completed:
                entry = first.completed.popleft()
                del first.pending[entry]
                self.entries -= 1
                yield entry
            if first.pending or first.control is None:
                return
            self.segments.popleft()
            yield first.control

    def waiting(self) -> list[Entry]:
        """The records that have not left, in the order in which they came."""
        return [entry for segment in self.segments for entry in segment.pending]

    def __bool__(self) -> bool:
        return self.entries > 0 or len(self.segments) > 1
