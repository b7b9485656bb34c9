"""What a source is: a description that can travel, and the reader that a task makes of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any


class Boundedness(enum.Enum):
    """Whether a source ends by itself."""

    BOUNDED = "bounded"
    CONTINUOUS_UNBOUNDED = "unbounded"


class PollResult(enum.Enum):
    """What ``SourceReader.poll`` returns when it has no batch."""

    WAIT = "nothing to read now: ask again at wake_time(), or when woken"
    END = "all assigned splits have been read to their end"


WAIT = PollResult.WAIT
END = PollResult.END


@dataclass(frozen=True)
class SourceWatermark:
    """What ``SourceReader.poll`` may return instead of a batch: no record at or before ``timestamp`` (ms) follows."""

    timestamp: int


BAD_RECORDS_TAG = "bad-records"


@dataclass(frozen=True)
class BadRecord:
    """A record that a source could not parse, as it goes to the side output ``bad-records``."""

    path: str
    line: int
    text: str
    error: str


@dataclass
class ReaderContext:
    """What the task gives to a reader."""

    clock: Any
    subtask_index: int = 0
    parallelism: int = 1
    counters: dict[str, int] = field(default_factory=dict)


class SourceReader:
    """Reads the splits given to it; owned by one task, called from one thread."""

    # A key for the split that the last batch was of, for watermarks by split; None where the reader keeps no track.
    current_split: Any = None

    def open_splits(self) -> list[Any]:
        """The keys of all splits that it reads in turn and that have not ended: event time waits for each of them.

        A reader that reads one split after the other keeps no track, so that nobody waits for those that come later.
        """
        return []

    def add_splits(self, splits: list[Any]) -> None:
        """Take more splits to read."""
        raise NotImplementedError

    def poll(self, limit: int) -> Any:
        """A batch of at most ``limit`` records, a SourceWatermark, WAIT or END; never blocks.

        Records for side outputs are kept for ``take_side_records``, to be called after each poll. A batch is empty when
        all that was read is for side outputs.
        """
        raise NotImplementedError

    def take_side_records(self) -> dict[str, list[Any]]:
        """Records for side outputs gathered since the last call, by tag id."""
        return {}

    def wake_time(self) -> int | None:
        """After WAIT: when (ms) to ask again; None for "only when woken"."""
        return None

    def close(self) -> None:
        """Release files and connections; called once, also after a failure."""


class Source:
    """A description of where records come from: picklable, without open handles.

    ``output_type`` is the type information of the records, or None when unknown. ``columnar`` says whether readers give
    columnar batches. ``parallelism`` is the number of readers that the source insists on, or None.
    """

    boundedness: Boundedness = Boundedness.BOUNDED
    output_type: Any = None
    columnar: bool = False
    parallelism: int | None = None

    def check(self) -> None:
        """Raise SourceError if it is already plain that the source cannot be read."""

    def splits(self, parallelism: int) -> list[Any]:
        """The pieces of the source, each to be read by one reader."""
        raise NotImplementedError

    def create_reader(self, context: ReaderContext) -> SourceReader:
        """A reader with no splits yet."""
        raise NotImplementedError
