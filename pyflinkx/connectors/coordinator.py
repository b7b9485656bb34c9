"""The part of a source or sink that lives in the client while its job runs; Flink's OperatorCoordinator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class CoordinatorContext:
    """What the running job offers to a coordinator.

    Args:
        name: of the operator.
        parallelism: how many subtasks it has.
        send: ``send(subtask, event)`` hands an event to a subtask, which handles it between two batches.
        post: has the job's thread call something soon; from any thread.
        call_at: has the job's thread call something at a time (ms since the epoch); from the job's thread.
        now: the job's processing time, in milliseconds since the epoch.
        fail: ends the job with an error, which gets the operator's name and line; from any thread.
        checkpoint_interval: milliseconds between two checkpoints; None where the job takes none by itself.
        checkpoint_timeout: milliseconds after which a checkpoint is given up.
    """

    def __init__(
        self,
        name: str,
        parallelism: int,
        send: Callable[[int, Any], None],
        post: Callable[[Callable[[], None]], None],
        call_at: Callable[[int, Callable[[], None]], None],
        now: Callable[[], int],
        fail: Callable[[BaseException], None],
        checkpoint_interval: int | None = None,
        checkpoint_timeout: int = 0,
    ) -> None:
        self.name = name
        self.parallelism = parallelism
        self.send = send
        self.post = post
        self.call_at = call_at
        self.now = now
        self.fail = fail
        self.checkpoint_interval = checkpoint_interval
        self.checkpoint_timeout = checkpoint_timeout


class Coordinator:
    """Talks to the subtasks of one source or sink. All calls come from the thread that runs the job.

    ``outside`` says whether other threads bring what its tasks wait for, so that a job may wait without a clock.
    ``snapshot_last`` says that its snapshot belongs behind those of all its subtasks, not before the barrier.
    """

    outside = False
    snapshot_last = False

    def start(self) -> None:
        """The job starts."""

    def handle_event(self, subtask: int, event: Any) -> None:
        """A subtask has sent something."""
        raise NotImplementedError

    def snapshot_state(self, checkpoint_id: int) -> Any:
        """What ``restore`` of another one needs to go on from this checkpoint, pickled at once; None for nothing."""
        return None

    def restore(self, checkpoint_id: int, states: Any) -> None:
        """Go on from what ``snapshot_state`` of another one gave; called before ``start`` and before any task runs."""
        raise NotImplementedError(f"{type(self).__name__} cannot go on from a checkpoint")

    def checkpoint_completed(self, checkpoint_id: int) -> None:
        """The checkpoint, and so all before it, is durable."""

    def close(self, failure: BaseException | None) -> None:
        """The attempt has ended; ``failure`` is what made it fail, or JobCancelledError. There may be another one: what
        is to be done at the end of the job, ``job_ended`` of the source or sink does."""
