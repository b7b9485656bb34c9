"""What the JobManager and its workers tell each other over the control channel.

Every message begins with the number of the attempt that its sender belongs to, in the clear: what a worker of an old
attempt says is recognised and dropped before any of it is unpickled, and so is what is said to it.
"""

from __future__ import annotations

import logging
import pickle
import struct
from dataclasses import dataclass, field
from typing import Any

from pyflinkx.checkpoint.metadata import TaskSnapshot
from pyflinkx.connectors.collect import PackedRecords
from pyflinkx.graph.execution_graph import ExecutionState, TaskId
from pyflinkx.runtime.control.deployment import DeploymentPlan
from pyflinkx.runtime.control.failures import Failure
from pyflinkx.runtime.control.pickles import dump_value
from pyflinkx.runtime.exchange.channel import Barrier
from pyflinkx.runtime.exchange.handover import Loan
from pyflinkx.runtime.task.metrics import TaskMetrics
from pyflinkx.state.queryable import StateAnswer, StateQuery

HEAD = struct.Struct("<I")


def pack(attempt: int, message: Any) -> bytes:
    """A message as it travels."""
    return dump_value(message, HEAD.pack(attempt))


def attempt_of(data: bytes) -> int:
    """The attempt that the sender of a packed message belongs to; 0, which is none, where it does not say."""
    if len(data) < HEAD.size:
        return 0
    attempt: int = HEAD.unpack_from(data)[0]
    return attempt


def unpack(data: bytes) -> Any:
    """A message that travelled; code of the classes in it may run and raise."""
    return pickle.loads(memoryview(data)[HEAD.size :])


# ---- to a worker ----


@dataclass(frozen=True)
class Deploy:
    """Run your tasks of this job.

    Args:
        plan: of the whole job.
        jobs: by slot, what ``job_pickle.dump_job`` made of the slot's part of the job graph and the job's settings.
        heartbeat_interval: seconds between heartbeats.
        log_levels: by logger, "" for the root; records below them are not sent.
        python_path: where modules are looked for first.
        working_folder: the folder to work in; None for the client's.
    """

    plan: DeploymentPlan
    jobs: dict[int, bytes]
    heartbeat_interval: float
    log_levels: dict[str, int]
    python_path: tuple[str, ...] = ()
    working_folder: str | None = None


@dataclass(frozen=True)
class EventForTask:
    """The coordinator of a source or sink says something to one of its subtasks.

    Args:
        task: the subtask.
        node: id of the source or sink.
        event: pickled.
    """

    task: TaskId
    node: int
    event: bytes


@dataclass(frozen=True)
class TriggerCheckpoint:
    """A checkpoint begins.

    Args:
        barrier: that parts what belongs to it from what follows.
        tasks: where it begins; the others learn of it by the barrier.
        folder: where it is written; None for the job's own place.
        secret: that its states are signed with.
        bases: numbers of checkpoints whose files its states may name.
        staying: those of the tasks that have sent all that they had, and give what they hold at their end.
    """

    barrier: Barrier
    tasks: tuple[TaskId, ...]
    folder: str | None = None
    secret: bytes = field(default=b"", repr=False)
    bases: tuple[int, ...] = ()
    staying: tuple[TaskId, ...] = ()

    @property
    def number(self) -> int:
        """Of the checkpoint."""
        return self.barrier.number


@dataclass(frozen=True)
class CheckpointOver:
    """A checkpoint is durable, or will not be."""

    number: int
    completed: bool


@dataclass(frozen=True)
class CloseTasks:
    """Tasks that stayed for a checkpoint have heard of it, or will hear of none."""

    tasks: tuple[TaskId, ...]


@dataclass(frozen=True)
class QueryTasks:
    """Somebody asks for state: all tasks say what they have of it.

    Args:
        number: of the query.
        query: what is asked for.
    """

    number: int
    query: StateQuery


@dataclass(frozen=True)
class CancelTasks:
    """Stop all tasks."""


@dataclass(frozen=True)
class Shutdown:
    """All tasks of the job have ended: exit."""


@dataclass(frozen=True)
class AlignmentUpdate:
    """How far the aligned sources of the other workers are: their lowest watermark (ms) of each group."""

    lowest: dict[str, int]


# ---- from a worker ----


@dataclass(frozen=True)
class Registered:
    """The worker is there."""

    pid: int


@dataclass(frozen=True)
class TaskReport:
    """A task has reached a state; ``metrics`` are its last ones when that state is an end."""

    task: TaskId
    state: ExecutionState
    failure: Failure | None = None
    metrics: TaskMetrics | None = None


@dataclass(frozen=True)
class TaskStays:
    """A task has sent all that it had, and stays open until it has heard of one more checkpoint."""

    task: TaskId


@dataclass(frozen=True)
class Heartbeat:
    """The worker lives; what its tasks have done so far."""

    metrics: dict[TaskId, TaskMetrics] = field(default_factory=dict)


@dataclass(frozen=True)
class AlignmentReport:
    """How far the worker's aligned sources are: their lowest watermark (ms) of each group."""

    lowest: dict[str, int]


@dataclass(frozen=True)
class Logged:
    """A record of the worker's log; what the program has attached to it is pickled by itself, by name."""

    record: logging.LogRecord
    attached: dict[str, bytes]


@dataclass(frozen=True)
class Collected:
    """Records for the client; a loan arrives as the records it stands for, packed ones wait to be unpacked.

    ``after`` is the newest checkpoint that they came behind, None in a job without checkpoints.
    """

    buffer: int
    records: list[Any] | Loan | PackedRecords | tuple[PackedRecords, ...]
    after: int | None = None


@dataclass(frozen=True)
class EventForCoordinator:
    """A subtask says something to the coordinator of its source or sink.

    Args:
        node: id of the source or sink.
        subtask: index of the subtask.
        event: pickled.
    """

    node: int
    subtask: int
    event: bytes


@dataclass(frozen=True)
class CheckpointTaken:
    """A task has written its part of a checkpoint."""

    task: TaskId
    number: int
    snapshot: TaskSnapshot


@dataclass(frozen=True)
class CheckpointDeclined:
    """A task has no part of a checkpoint.

    Args:
        task: which.
        number: of the checkpoint.
        reason: why.
        counts: whether that is a failure that the job has to tolerate.
    """

    task: TaskId
    number: int
    reason: str
    counts: bool = True


def overtaken(task: TaskId, number: int) -> CheckpointDeclined:
    """A task takes no part in a checkpoint, as the barrier of a later one has come before all of its own."""
    return CheckpointDeclined(task, number, "a later checkpoint has overtaken it", counts=False)


@dataclass(frozen=True)
class TaskAnswer:
    """What a task has of the state that a query asks for."""

    task: TaskId
    number: int
    answer: StateAnswer


@dataclass(frozen=True)
class DeploymentFailed:
    """The tasks could not be made."""

    failure: Failure
