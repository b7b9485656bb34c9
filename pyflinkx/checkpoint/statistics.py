"""What is known of a job's checkpoints, for people: counts, and the last ones in detail."""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass, field

from pyflinkx.checkpoint.metadata import Checkpoint, TaskSnapshot
from pyflinkx.checkpoint.topology import Task


class CheckpointStatus(enum.Enum):
    """Where a checkpoint stands."""

    IN_PROGRESS = "under way"
    COMPLETED = "durable"
    FAILED = "will not be"


@dataclass
class TaskStatistics:
    """A task's part in a checkpoint; times in milliseconds.

    Args:
        duration: from the trigger to its word that its states are written.
        sync: how long it stood still.
        asynchronous: how long the writing took after that.
        alignment: from its first barrier to its last.
        size: bytes of its states.
        written: how many of them were written for it.
    """

    duration: int
    sync: int
    asynchronous: int
    alignment: int
    size: int
    written: int


@dataclass
class CheckpointRecord:
    """One checkpoint; times in milliseconds.

    Args:
        number: of the checkpoint.
        kind: CHECKPOINT or SAVEPOINT.
        attempt: of the job.
        time: when it was triggered (since the epoch).
        status: where it stands.
        ended: when it was completed or given up (since the epoch).
        size: bytes of all states, once completed.
        reason: why it failed.
        folder: where it lies, once completed.
        tasks: those that have their part.
        finished: tasks that had finished.
    """

    number: int
    kind: str
    attempt: int
    time: int
    status: CheckpointStatus = CheckpointStatus.IN_PROGRESS
    ended: int | None = None
    size: int = 0
    reason: str | None = None
    folder: str = ""
    tasks: dict[Task, TaskStatistics] = field(default_factory=dict)
    finished: tuple[Task, ...] = ()

    @property
    def duration(self) -> int | None:
        """From the trigger to the end."""
        return None if self.ended is None else self.ended - self.time

    @property
    def written(self) -> int:
        """Bytes of its states that were written for it, once completed; the others are in files of those before."""
        return max(self.size - sum(task.size - task.written for task in self.tasks.copy().values()), 0)

    @property
    def alignment(self) -> int:
        """The longest of any task."""
        return max((task.alignment for task in self.tasks.values()), default=0)


class CheckpointStatistics:
    """Counts of a job's checkpoints and savepoints, over all attempts, and the last of them.

    Args:
        kept: how many checkpoints are kept in detail.
    """

    def __init__(self, kept: int = 10) -> None:
        self.triggered = 0
        self.completed = 0
        self.failed = 0
        self.restores = 0
        self.history: deque[CheckpointRecord] = deque(maxlen=kept)
        self.latest_completed: CheckpointRecord | None = None
        self.latest_savepoint: CheckpointRecord | None = None
        self.latest_failed: CheckpointRecord | None = None
        self.restored: Checkpoint | None = None

    @property
    def in_progress(self) -> int:
        """How many are under way."""
        return self.triggered - self.completed - self.failed

    def completed_as(self, number: int) -> CheckpointRecord | None:
        """What is known of a checkpoint, or savepoint, that was the last of its kind to be completed."""
        for record in (self.latest_completed, self.latest_savepoint):
            if record is not None and record.number == number:
                return record
        return None

    def begin(self, number: int, kind: str, attempt: int, now: int) -> CheckpointRecord:
        """One has been triggered."""
        record = CheckpointRecord(number, kind, attempt, now)
        self.triggered += 1
        self.history.append(record)
        return record

    def task_done(self, record: CheckpointRecord, now: int, task: Task, snapshot: TaskSnapshot) -> None:
        """A task has its part."""
        record.tasks[task] = TaskStatistics(
            now - record.time,
            snapshot.sync_ms,
            snapshot.async_ms,
            snapshot.alignment_ms,
            snapshot.size,
            snapshot.written,
        )

    def complete(self, record: CheckpointRecord, now: int, checkpoint: Checkpoint, savepoint: bool) -> None:
        """One is durable."""
        record.status, record.ended = CheckpointStatus.COMPLETED, now
        record.size, record.folder = checkpoint.size, checkpoint.folder
        self.completed += 1
        if savepoint:
            self.latest_savepoint = record
        else:
            self.latest_completed = record

    def fail(self, record: CheckpointRecord, now: int, reason: str) -> None:
        """One will not be."""
        record.status, record.ended, record.reason = CheckpointStatus.FAILED, now, reason
        self.failed += 1
        self.latest_failed = record

    def restore(self, checkpoint: Checkpoint) -> None:
        """An attempt begins from one."""
        self.restores += 1
        self.restored = checkpoint
