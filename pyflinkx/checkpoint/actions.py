"""What a coordinator of checkpoints wants done; its driver carries it out, in this order."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.checkpoint.metadata import Checkpoint
from pyflinkx.checkpoint.topology import Task


@dataclass(frozen=True)
class BarrierOptions:
    """How tasks are to treat a barrier.

    Args:
        exactly_once: whether inputs whose barrier has come wait for the others.
        unaligned: whether barriers overtake records.
        aligned_timeout: milliseconds that they wait for alignment before they do.
        stop: whether tasks are to end once this savepoint has been completed.
        drain: whether they first come to the end of their input: last watermark, all windows.
        folder: where this savepoint goes; None for what the settings say, and for checkpoints.
        bases: numbers of checkpoints whose files the states may name, so that only what has changed since is written.
            They stay as long as this one is under way. A later one may be gone before it is complete, even if the task
            knows of it: word of its completion and the barrier come by different ways. Savepoints have none.
    """

    exactly_once: bool = True
    unaligned: bool = False
    aligned_timeout: int = 0
    stop: bool = False
    drain: bool = False
    folder: str | None = None
    bases: tuple[int, ...] = ()


@dataclass(frozen=True)
class TriggerTasks:
    """Have the coordinators of sources say where they stand (if ``first``), then tell these tasks to begin.

    They are the sources, and tasks that get no barrier from anybody, as all that send to them have finished. A task
    that has channels takes the trigger as one input's barrier: its channels have still to end.

    Args:
        number: of the checkpoint.
        kind: CHECKPOINT or SAVEPOINT.
        tasks: who is told.
        options: for their barriers.
        first: False for tasks added to a checkpoint under way, as what they waited for has finished.
        staying: those of the tasks that have sent all that they had, and give what they hold at their end.
    """

    number: int
    kind: str
    tasks: tuple[Task, ...]
    options: BarrierOptions
    first: bool = True
    staying: tuple[Task, ...] = ()


@dataclass(frozen=True)
class StoreManifest:
    """All tasks have given their states or finished: write the manifest, then say ``stored`` or ``store_failed``.

    Args:
        checkpoint: without what belongs to coordinators, and without the folder; the driver adds both.
        folder: where a savepoint goes; None for what the settings say, and for checkpoints.
        final: whether it is the last one of a job that has finished.
    """

    checkpoint: Checkpoint
    folder: str | None = None
    final: bool = False


@dataclass(frozen=True)
class NotifyCompleted:
    """A checkpoint is durable: commit in the coordinators, then tell all tasks."""

    number: int


@dataclass(frozen=True)
class NotifyAborted:
    """A checkpoint will not be: tell all tasks.

    Only what ``counts`` is a failure that somebody has to hear of: the others gave way to a later checkpoint or to the
    end of the attempt, which says itself how it ended.
    """

    number: int
    reason: str
    counts: bool


@dataclass(frozen=True)
class DiscardPending:
    """Remove what tasks have written for a checkpoint that will not be, or is there no longer.

    Args:
        number: of the checkpoint.
        retained: checkpoints that stay; files that one of them names stay, too.
    """

    number: int
    retained: tuple[Checkpoint, ...] = ()


@dataclass(frozen=True)
class Discard:
    """Remove a checkpoint.

    Args:
        checkpoint: which.
        retained: checkpoints that stay; files that one of them names stay, too.
    """

    checkpoint: Checkpoint
    retained: tuple[Checkpoint, ...] = ()


@dataclass(frozen=True)
class FailJob:
    """More checkpoints in a row have failed than the job tolerates, or its last one has: the attempt fails."""

    reason: str


@dataclass(frozen=True)
class SavepointDone:
    """A savepoint is durable.

    Args:
        ticket: what ``trigger_savepoint`` answered.
        checkpoint: the savepoint.
    """

    ticket: int
    checkpoint: Checkpoint


@dataclass(frozen=True)
class SavepointFailed:
    """A savepoint will not be."""

    ticket: int
    reason: str


@dataclass(frozen=True)
class ReleaseTasks:
    """Tasks that stayed at their end, to hear of a checkpoint, may close: they have, or none follows."""

    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class LastStored:
    """The last checkpoint of a finished job is durable and has been committed: the job may end."""

    number: int


Action = (
    TriggerTasks
    | StoreManifest
    | NotifyCompleted
    | NotifyAborted
    | DiscardPending
    | Discard
    | FailJob
    | SavepointDone
    | SavepointFailed
    | ReleaseTasks
    | LastStored
)
