"""What a source is: a description that can travel, and the reader that a task makes of it."""

from __future__ import annotations

import copy
import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pyflinkx._core.records.copier import Copier
from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext
from pyflinkx.connectors.enumerator import (
    EnumeratorCoordinator,
    SourceEvent,
    SplitEnumerator,
    SplitEnumeratorContext,
    SplitRequest,
)
from pyflinkx.types.changes import Changes


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


BAD_RECORDS_TAG = "bad-records"


@dataclass(frozen=True)
class BadRecord:
    """A record that a source could not parse, as it goes to the side output ``bad-records``."""

    path: str
    line: int
    text: str
    error: str


@dataclass(frozen=True)
class SourceWatermark:
    """What ``poll`` returns where the source itself says how far event time is (ms)."""

    timestamp: int


@dataclass(frozen=True)
class SourceIdleness:
    """What ``poll`` returns where the source becomes idle, or active again."""

    idle: bool


T = TypeVar("T")


def nobody(event: Any) -> None:
    """Where events go that no coordinator waits for."""


def no_wake() -> None:
    """Wakes nobody: whoever polls does not wait."""


@dataclass
class ReaderContext:
    """What the task gives to a reader.

    ``send`` takes an event to the source's coordinator; ``wake`` has ``poll`` called again, from any thread;
    ``runtime_context`` is what user functions get in ``open``. ``copier`` makes the records of a batch nobody else's;
    None where the job reuses objects. ``copied`` says that others are made from the same source: ``own`` copies then.
    """

    clock: Any
    subtask_index: int = 0
    parallelism: int = 1
    counters: dict[str, int] = field(default_factory=dict)
    send: Callable[[Any], None] = nobody
    wake: Callable[[], None] = no_wake
    runtime_context: Any = None
    copier: Copier | None = None
    copied: bool = False

    def own(self, function: T) -> T:
        """A function object of the source's for this reader alone: no other has it, nor one of another attempt."""
        return copy.deepcopy(function) if self.copied else function

    def get_index_of_subtask(self) -> int:
        """From 0 up to the parallelism."""
        return self.subtask_index

    def current_parallelism(self) -> int:
        """How many readers there are."""
        return self.parallelism

    def send_split_request(self) -> None:
        """Ask the split enumerator for a split."""
        self.send(SplitRequest())

    def send_source_event_to_coordinator(self, source_event: Any) -> None:
        """Send the split enumerator something of the source's own, which its ``handle_source_event`` gets."""
        self.send(SourceEvent(source_event))


class SourceReader:
    """Reads the splits given to it; owned by one task, called from one thread.

    Where splits come from an enumerator, END asks it for another one. With ``requests_splits`` the reader does that
    itself, and END is the end. ``outside`` says whether another thread ends its WAIT. ``unreplayable`` says why records
    that it has read cannot be read again; None when they can. ``functions`` are objects of the user's that it calls:
    the task opens them before the first ``poll`` and closes them after ``close``. One that ``stays`` is closed only
    after ``notify_checkpoint_complete`` of a checkpoint behind its last record.
    """

    functions: tuple[Any, ...] = ()
    requests_splits = False
    outside = False
    unreplayable: str | None = None
    stays = False

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

    def no_more_splits(self) -> None:
        """There will be no more splits."""

    def handle_event(self, event: Any) -> None:
        """The source's coordinator has sent something of the source's own."""

    def poll(self, limit: int) -> Any:
        """A batch of at most ``limit`` records, SourceWatermark, SourceIdleness, WAIT or END; never blocks.

        Nobody else holds what can change within its records, unless the job reuses objects.

        Records for side outputs are kept for ``take_side_records``, to be called after each poll. A batch is empty when
        all that was read is for side outputs.
        """
        raise NotImplementedError

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        """What is still to be read, as splits: the one under way from the first record that ``poll`` has not given out.

        A new reader that gets them by ``add_splits``, here or dealt out to several, gives exactly the rest; it may read
        on from them while this one does too. With ``unreplayable`` it gives what comes from then on.

        Args:
            checkpoint_id: the checkpoint's number.
        """
        raise NotImplementedError

    def notify_checkpoint_complete(self, checkpoint_id: int) -> None:
        """The checkpoint, and so every one before it, is durable."""

    def notify_checkpoint_aborted(self, checkpoint_id: int) -> None:
        """The checkpoint will not be."""

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
    columnar batches, ``schema`` which. ``parallelism`` is the number of readers that the source insists on, or None.
    ``values_checked`` says that its records are of their declared type for sure. ``changes`` are the kinds of rows
    (``pyflinkx.types.changes``) that it gives; None for those that its records have. ``operation`` is what stands for
    the source in uids: a constant of the class, by default its name.
    """

    operation: str = "Source"
    changes: Changes | None = None

    boundedness: Boundedness = Boundedness.BOUNDED
    output_type: Any = None
    values_checked: bool = False
    columnar: bool = False
    schema: Any = None
    parallelism: int | None = None

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "operation" not in vars(cls):
            cls.operation = cls.__name__

    def check(self) -> None:
        """Raise SourceError if it is already plain that the source cannot be read."""

    def splits(self, parallelism: int) -> list[Any]:
        """The pieces of a source without an enumerator, each to be read by one reader."""
        raise NotImplementedError

    def as_columns(self) -> Source | None:
        """The same source, whose splits and positions are the same, with readers that give columnar batches of the
        schema that ``output_type`` has; None when it has no such form.
        """
        return None

    def create_enumerator(self, enum_context: SplitEnumeratorContext) -> SplitEnumerator | None:
        """What hands out splits while the job runs; None when ``splits`` are all there is."""
        return None

    def restore_enumerator(self, enum_context: SplitEnumeratorContext, checkpoint: Any) -> SplitEnumerator:
        """An enumerator that goes on where another one was.

        Args:
            enum_context: of the job.
            checkpoint: what ``snapshot_state`` of the other one gave.
        """
        raise NotImplementedError(f"{type(self).__name__} has no restore_enumerator(), so it cannot go on")

    def job_ended(self, failure: BaseException | None) -> None:
        """The job has ended, behind its last attempt; ``failure`` is what made it fail, or JobCancelledError."""

    def create_coordinator(self, context: CoordinatorContext) -> Coordinator | None:
        """What runs in the client while the job runs: by default what drives the enumerator."""
        enum_context = SplitEnumeratorContext(context)
        enumerator = self.create_enumerator(enum_context)
        if enumerator is None:
            return None
        return EnumeratorCoordinator(
            enum_context, enumerator, lambda checkpoint: self.restore_enumerator(enum_context, checkpoint)
        )

    def create_reader(self, context: ReaderContext) -> Any:
        """A reader with no splits yet: a ``SourceReader``, or a user's ``RecordReader``."""
        raise NotImplementedError
