"""What a program learns of a job's checkpoints: ``JobClient.get_checkpoint_statistics``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyflinkx.checkpoint.statistics import CheckpointRecord, CheckpointStatus

if TYPE_CHECKING:
    from pyflinkx.checkpoint.metadata import Checkpoint
    from pyflinkx.runtime.drivers.job import Job

__all__ = [
    "CheckpointDetails",
    "CheckpointStatistics",
    "CheckpointStatus",
    "RestoredCheckpoint",
    "SubtaskCheckpoint",
]


@dataclass(frozen=True)
class SubtaskCheckpoint:
    """A subtask's part in a checkpoint; times in milliseconds.

    Args:
        duration: from the trigger until its states were written.
        sync_duration: how long it stood still.
        async_duration: how long the writing took after that.
        alignment_duration: from its first barrier to its last.
        size: bytes of its states.
        written_size: how many of them were written for it; the others are in files of checkpoints before.
    """

    duration: int
    sync_duration: int
    async_duration: int
    alignment_duration: int
    size: int
    written_size: int


@dataclass(frozen=True)
class CheckpointDetails:
    """One checkpoint or savepoint; times in milliseconds.

    Args:
        id: number of the checkpoint in its job.
        is_savepoint: whether it is a savepoint.
        attempt: of the job, from 1.
        status: IN_PROGRESS, COMPLETED or FAILED.
        trigger_time: when it was triggered (since the epoch).
        duration: until it was durable, or given up; None while it is under way.
        size: bytes of all states, once completed.
        written_size: how many of them were written for it; the others are in files of checkpoints before.
        alignment_duration: the longest of any subtask.
        folder: where it lies, once completed; "" for in the memory of this process.
        failure_reason: why it failed; None unless it did.
        subtasks: those that have their part, by name such as "Map (1/2)".
        finished_subtasks: those that had come to their end, and so keep nothing.
    """

    id: int
    is_savepoint: bool
    attempt: int
    status: CheckpointStatus
    trigger_time: int
    duration: int | None
    size: int
    written_size: int
    alignment_duration: int
    folder: str
    failure_reason: str | None
    subtasks: Mapping[str, SubtaskCheckpoint]
    finished_subtasks: tuple[str, ...]


@dataclass(frozen=True)
class RestoredCheckpoint:
    """The checkpoint that the job, or its current attempt, began with.

    Args:
        id: its number.
        is_savepoint: whether it is a savepoint.
        folder: where it lies; "" for in the memory of this process.
    """

    id: int
    is_savepoint: bool
    folder: str


@dataclass(frozen=True)
class CheckpointStatistics:
    """A job's checkpoints and savepoints, over all its attempts.

    Args:
        triggered: how many were begun.
        completed: how many of these are, or were, durable.
        failed: how many came to nothing.
        in_progress: how many are under way.
        restored: how often an attempt has begun with one.
        history: the last ones in detail, the oldest first.
        latest_completed: the newest checkpoint that is durable; None for none.
        latest_savepoint: the newest savepoint; None for none.
        latest_failed: the one that failed last; None for none.
        latest_restored: what was begun with last; None for nothing.
    """

    triggered: int = 0
    completed: int = 0
    failed: int = 0
    in_progress: int = 0
    restored: int = 0
    history: tuple[CheckpointDetails, ...] = field(default=(), repr=False)
    latest_completed: CheckpointDetails | None = None
    latest_savepoint: CheckpointDetails | None = None
    latest_failed: CheckpointDetails | None = None
    latest_restored: RestoredCheckpoint | None = None


def checkpoint_statistics(job: Job) -> CheckpointStatistics:
    """What is known of a job's checkpoints now; from any thread. Nothing, of a batch job."""
    if job.checkpoints is None:
        return CheckpointStatistics()
    found = job.checkpoints.coordinator.statistics
    names = {
        (vertex.id, subtask): f"{vertex.name} ({subtask + 1}/{vertex.parallelism})"
        for vertex in job.graph.vertices
        for subtask in range(vertex.parallelism)
    }

    def details(record: CheckpointRecord | None) -> CheckpointDetails | None:
        return None if record is None else details_of(record, names)

    return CheckpointStatistics(
        found.triggered,
        found.completed,
        found.failed,
        max(found.in_progress, 0),
        found.restores,
        tuple(details_of(record, names) for record in tuple(found.history)),
        details(found.latest_completed),
        details(found.latest_savepoint),
        details(found.latest_failed),
        restored_checkpoint(found.restored),
    )


def details_of(record: CheckpointRecord, names: Mapping[tuple[int, int], str]) -> CheckpointDetails:
    """One checkpoint as programs see it."""
    tasks = record.tasks.copy()  # the job's thread may be adding to them
    return CheckpointDetails(
        id=record.number,
        is_savepoint=record.kind == "savepoint",
        attempt=record.attempt,
        status=record.status,
        trigger_time=record.time,
        duration=record.duration,
        size=record.size,
        written_size=record.written,
        alignment_duration=max((task.alignment for task in tasks.values()), default=0),
        folder=record.folder,
        failure_reason=record.reason,
        subtasks={
            names[task]: SubtaskCheckpoint(
                own.duration, own.sync, own.asynchronous, own.alignment, own.size, own.written
            )
            for task, own in sorted(tasks.items())
        },
        finished_subtasks=tuple(names[task] for task in record.finished),
    )


def restored_checkpoint(checkpoint: Checkpoint | None) -> RestoredCheckpoint | None:
    """What was begun with, as programs see it."""
    if checkpoint is None:
        return None
    return RestoredCheckpoint(checkpoint.number, checkpoint.kind == "savepoint", checkpoint.folder)
