"""What flows between tasks, and the in-process channel that carries it."""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Watermark:
    """No record at or before ``timestamp`` (ms) follows."""

    timestamp: int


@dataclass(frozen=True)
class WatermarkStatus:
    """The channel has become idle, or active again."""

    idle: bool


@dataclass(frozen=True)
class IterationMarker:
    """Everything that was in the loop before it has passed; ``age`` counts rounds at rest."""

    age: int


@dataclass(frozen=True)
class Barrier:
    """What came before it belongs to a checkpoint, what follows does not.

    Args:
        number: of the checkpoint, from 1.
        exactly_once: whether inputs that have it are not read until all have.
        ends: the job stops behind it: what follows in the sources is not read.
        drains: with that, windows and timers are fired as at the end of the input.
        unaligned: whether a task passes it on when the first of its inputs has it, and records what the others bring
            before theirs.
        by_files: whether state may be given as files of its backend, of which only new ones are written; else it is
            given in the form that every backend reads.
    """

    number: int
    exactly_once: bool = True
    ends: bool = False
    drains: bool = False
    unaligned: bool = False
    by_files: bool = False

    @property
    def packed(self) -> int:
        """It as one number."""
        flags = self.by_files << 4 | self.unaligned << 3 | self.drains << 2 | self.ends << 1 | self.exactly_once
        return self.number << 5 | flags

    @classmethod
    def unpacked(cls, value: int) -> Barrier:
        """The one that ``packed`` gave."""
        return cls(value >> 5, *(bool(value & 1 << place) for place in range(5)))


@dataclass(frozen=True)
class RequestMark:
    """The batches up to the next mark are of this request; 0 for of none."""

    number: int

    def __len__(self) -> int:
        return 0


@dataclass(frozen=True)
class Asked:
    """A batch of records of one request; between processes it is a batch between two marks."""

    number: int
    batch: Any

    def __len__(self) -> int:
        return len(self.batch)

    def copy(self) -> Asked:
        """One with a copy of the records, where they can change."""
        return Asked(self.number, self.batch.copy() if hasattr(self.batch, "copy") else self.batch)

    def parts(self) -> tuple[Any, ...]:
        """The same as elements of which each travels by itself."""
        return RequestMark(self.number), self.batch, RequestMark(0)


class EndOfData(enum.Enum):
    """The last element of a channel."""

    END_OF_DATA = "end of data"


END_OF_DATA = EndOfData.END_OF_DATA


class LocalChannel:
    """A first-in first-out queue between two tasks of one thread.

    Args:
        capacity: how many elements it holds before ``writable`` turns false. The producer looks before it starts on an
            input; what one input produces is always taken.
    """

    bytes_received = bytes_sent = 0
    buffers_queued = buffers_in_use = 0

    def __init__(self, capacity: int = 8) -> None:
        self.capacity = capacity
        self.elements: deque[Any] = deque()

    @property
    def writable(self) -> bool:
        """Whether the producer may go on."""
        return len(self.elements) < self.capacity

    def put(self, element: Any) -> int:
        """Append a batch, Watermark, WatermarkStatus or END_OF_DATA; never waits, so 0."""
        self.elements.append(element)
        return 0

    def get(self) -> Any:
        """The oldest element, or None when there is none."""
        return self.elements.popleft() if self.elements else None
