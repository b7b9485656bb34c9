"""What a sink is: a description that can travel, and the writer that a task makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext


def nobody(event: Any) -> None:
    """Where events go that no coordinator waits for."""


@dataclass
class WriterContext:
    """What the task gives to a writer.

    ``send`` takes an event to the sink's coordinator; ``clock.now()`` is the processing time (ms), None where there is
    no task. ``requests.current`` is the piece of a request that the task works for; None in jobs without requests.
    """

    subtask_index: int = 0
    parallelism: int = 1
    counters: dict[str, int] = field(default_factory=dict)
    send: Callable[[Any], None] = nobody
    clock: Any = None
    requests: Any = None


class SinkWriter:
    """Writes the batches of one subtask; called from one thread.

    A writer with an attribute ``writable`` pauses its task, between two batches, while that is False. One with
    ``handle_event(event)`` gets what the sink's coordinator sends.
    """

    def write(self, batch: Any) -> None:
        """Take a batch: an ObjectBatch, or a ColumnBatch where the sink is columnar."""
        raise NotImplementedError

    def flush(self, end_of_input: bool) -> None:
        """Make what was written visible as far as the sink promises; ``end_of_input`` is True once, at the end."""

    def prepare_commit(self) -> list[Any]:
        """What was finished since the last call and waits to be made visible: values that can travel to the client.

        Called after ``flush``. From then on they are the committer's, and ``close`` leaves them alone.
        """
        return []

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

    def abort(self, committables: list[Any]) -> None:
        """The job or the commit has failed: remove what is not visible; called also for what is gone already."""


class CommitterCoordinator(Coordinator):
    """Gathers what a sink's writers have finished, and has it committed when the job has ended well.

    Args:
        committer: of the sink.
    """

    def __init__(self, committer: Committer) -> None:
        self.committer = committer
        self.pending: list[Any] = []

    def handle_event(self, subtask: int, event: list[Any]) -> None:
        self.pending += event

    def close(self, failure: BaseException | None) -> None:
        if failure is None:
            try:
                self.committer.commit(self.pending)
            except BaseException:
                # What was committed stays; of the rest nothing is to be left behind.
                self.committer.abort(self.pending)
                raise
        else:
            self.committer.abort(self.pending)


class Sink:
    """A description of where records go: picklable, without open handles.

    ``parallelism`` is the number of writers that the sink insists on, or None. ``columnar`` says that its writers take
    columnar batches only.
    """

    parallelism: int | None = None
    columnar: bool = False

    def check(self) -> None:
        """Raise SinkError if it is already plain that the sink cannot be written."""

    def create_committer(self) -> Committer | None:
        """What makes the results of all writers visible at once; None where each writer shows its own."""
        return None

    def create_coordinator(self, context: CoordinatorContext) -> Coordinator | None:
        """What runs in the client while the job runs, if anything: by default, what the committer needs."""
        committer = self.create_committer()
        return None if committer is None else CommitterCoordinator(committer)

    def create_writer(self, context: WriterContext) -> SinkWriter:
        """A writer for one subtask."""
        raise NotImplementedError

    def __deepcopy__(self, memo: dict[int, Any]) -> Sink:
        """A description is not changed, so all subtasks share it."""
        return self
