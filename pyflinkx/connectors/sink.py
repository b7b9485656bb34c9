"""What a sink is: a description that can travel, and the writer that a task makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyflinkx import faults
from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext


def nobody(event: Any) -> None:
    """Where events go that no coordinator waits for."""


@dataclass
class WriterContext:
    """What the task gives to a writer.

    ``send`` takes an event to the sink's coordinator; ``clock.now()`` is the processing time (ms), None where there is
    no task. ``requests.current`` is the piece of a request that the task works for; None in jobs without requests.
    ``checkpoints`` says whether the job takes any without being asked.
    ``restored`` are what writers of the sink gave to a checkpoint by
    ``snapshot_state``, dealt out to those that there are now; ``restored_by_all`` what all of them gave by
    ``snapshot_for_all``; of checkpoint ``restored_from``, 0 for none.
    """

    subtask_index: int = 0
    parallelism: int = 1
    counters: dict[str, int] = field(default_factory=dict)
    send: Callable[[Any], None] = nobody
    clock: Any = None
    requests: Any = None
    checkpoints: bool = False
    restored: list[Any] = field(default_factory=list)
    restored_by_all: list[Any] = field(default_factory=list)
    restored_from: int = 0


# Where a writer is at no record.
NO_RECORD = object()


class SinkWriter:
    """Writes the batches of one subtask; called from one thread.

    A writer with an attribute ``writable`` pauses its task, between two batches, while that is False. One with
    ``handle_event(event)`` gets what the sink's coordinator sends. ``record`` is the one that it is at, for errors. One
    that ``stays`` is closed only after ``checkpoint_completed`` of a checkpoint behind its last flush.
    """

    record: Any = NO_RECORD
    stays = False

    def adapted(self, context: WriterContext) -> SinkWriter:
        """As the engine calls it."""
        return self

    def write(self, batch: Any) -> None:
        """Take a batch: an ObjectBatch, or a ColumnBatch where the sink is columnar."""
        raise NotImplementedError

    def flush(self, end_of_input: bool) -> None:
        """Make what was written visible as far as the sink promises; ``end_of_input`` is True once, at the end."""

    def prepare_commit(self) -> list[Any]:
        """What was finished since the last call and waits to be made visible: values that can travel to the client.

        Called after ``flush``: at the end, and for each checkpoint. From then on they are the committer's, and
        ``close`` leaves them alone.
        """
        return []

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        """What a writer needs to go on behind this checkpoint: values that can be pickled, which a restored job deals
        out to its writers (``WriterContext.restored``). Called after ``prepare_commit``.

        Args:
            checkpoint_id: the checkpoint's number.
        """
        return []

    def snapshot_for_all(self, checkpoint_id: int) -> list[Any]:
        """As ``snapshot_state``, of what each writer of a restored job gets (``WriterContext.restored_by_all``)."""
        return []

    def checkpoint_completed(self, checkpoint_id: int) -> None:
        """The checkpoint, and so all before it, is durable. What it lists is committed by the client, not here."""

    def write_watermark(self, timestamp: int) -> None:
        """No record at or before ``timestamp`` (event time, ms) follows."""

    def next_time(self) -> int | None:
        """When (processing time, ms) ``advance`` has something to do next; None for never."""
        return None

    def advance(self, now: int) -> None:
        """Processing time has reached ``now`` (ms), which is what ``next_time`` has named, or later."""

    def close(self) -> None:
        """Release what is held; called once, also after a failure (then nothing unfinished may become visible)."""


class Committer:
    """Makes visible what the writers of all subtasks have finished; lives in the client."""

    def commit(self, committables: list[Any]) -> None:
        """Make them visible. What was committed before may come again, and then stays as it is.

        Raises:
            SinkError: that cannot be done.
        """
        raise NotImplementedError

    def commit_again(self, committables: list[Any]) -> None:
        """Make visible what a restored checkpoint lists: most of it, or all, was committed before."""
        self.commit(committables)

    def abort(self, committables: list[Any]) -> None:
        """The job or the commit has failed: remove what is not visible; called also for what is gone already."""

    def close(self) -> None:
        """The attempt is over: release what is held."""

    def adapted(self) -> Committer:
        """As the engine calls it."""
        return self


class CommitterCoordinator(Coordinator):
    """Gathers what a sink's writers have finished, and has it committed once a checkpoint that lists it is durable, or
    when the job has ended well.

    Args:
        committer: of the sink.
    """

    snapshot_last = True

    def __init__(self, committer: Committer) -> None:
        self.committer = committer
        self.pending: list[tuple[int, Any]] = []  # with the first checkpoint that each belongs to
        self.durable = 0  # the newest checkpoint that is: what it lists is never aborted

    def handle_event(self, subtask: int, event: tuple[int, list[Any]]) -> None:
        """Take what a writer has finished.

        Args:
            subtask: of the writer.
            event: the number of the first checkpoint that it belongs to (at the end of the input, the next one), and
                what ``prepare_commit`` gave.
        """
        first, values = event
        self.pending += [(first, value) for value in values]

    def snapshot_state(self, checkpoint_id: int) -> Any:
        return self._until(checkpoint_id) or None

    def restore(self, checkpoint_id: int, states: Any) -> None:
        self.durable = checkpoint_id
        self.pending = [(checkpoint_id, value) for value in states]  # until it is done, as it may fail
        faults.point("sink.commit-again")
        self.committer.commit_again(states)
        faults.point("sink.committed-again")
        self.pending = []

    def checkpoint_completed(self, checkpoint_id: int) -> None:
        self.durable = max(self.durable, checkpoint_id)
        values = self._until(checkpoint_id)
        if values:
            faults.point("sink.commit")  # the checkpoint is durable, and nothing of it is committed
            self.committer.commit(values)
            faults.point("sink.committed")  # and nobody has recorded it
        self.pending = [(first, value) for first, value in self.pending if first > checkpoint_id]

    def _until(self, checkpoint_id: int) -> list[Any]:
        """What belongs to a checkpoint: of a later one some subtasks may have said something already."""
        return [value for first, value in self.pending if first <= checkpoint_id]

    def unlisted(self) -> list[Any]:
        """What no durable checkpoint lists."""
        return [value for first, value in self.pending if first > self.durable]

    def close(self, failure: BaseException | None) -> None:
        try:
            if failure is not None:
                self.committer.abort(self.unlisted())
                return
            try:
                faults.point("sink.last-commit")
                self.committer.commit([value for _, value in self.pending])
                faults.point("sink.committed-last")
            except BaseException:
                # What was committed stays; of the rest nothing is to be left behind but for another attempt.
                self.committer.abort(self.unlisted())
                raise
        finally:
            self.committer.close()


class Sink:
    """A description of where records go: picklable, without open handles.

    ``parallelism`` is the number of writers that the sink insists on, or None. ``columnar`` says that its writers take
    columnar batches: of a stream of columns they get these.
    """

    parallelism: int | None = None
    columnar: bool = False
    context_class = WriterContext
    no_record = NO_RECORD

    def check(self) -> None:
        """Raise SinkError if it is already plain that the sink cannot be written."""

    def create_committer(self) -> Committer | None:
        """What makes the results of all writers visible at once; None where each writer shows its own."""
        return None

    def create_coordinator(self, context: CoordinatorContext) -> Coordinator | None:
        """What runs in the client while the job runs, if anything: by default, what the committer needs."""
        committer = self.create_committer()
        return None if committer is None else CommitterCoordinator(committer.adapted())

    def job_ended(self, failure: BaseException | None) -> None:
        """The job has ended, behind its last attempt; ``failure`` is what made it fail, or JobCancelledError."""

    def create_writer(self, context: WriterContext) -> Any:
        """A writer for one subtask: a SinkWriter, which takes batches, or a ``record_sink.RecordSinkWriter``."""
        raise NotImplementedError

    def open_writer(self, context: WriterContext) -> SinkWriter:
        """A writer for one subtask, as the engine calls it; in a restored job one that goes on."""
        restore = getattr(self, "restore_writer", None)
        if restore is not None and context.restored_from:
            writer = restore(context, context.restored)
        else:
            writer = self.create_writer(context)
        adapted = getattr(writer, "adapted", None)
        if adapted is None:
            raise TypeError(f"create_writer() of {self!r} gives a SinkWriter, not {writer!r}")
        return adapted(context)

    def __deepcopy__(self, memo: dict[int, Any]) -> Sink:
        """A description is not changed, so all subtasks share it."""
        return self
