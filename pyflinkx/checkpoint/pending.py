"""A checkpoint under way: who has still to give its states, and what they make together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyflinkx.checkpoint.actions import BarrierOptions
from pyflinkx.checkpoint.metadata import Checkpoint, OperatorStates, SubtaskStates, TaskSnapshot
from pyflinkx.checkpoint.statistics import CheckpointRecord
from pyflinkx.checkpoint.topology import Task, Vertices


@dataclass
class PendingCheckpoint:
    """A checkpoint or savepoint that has been triggered.

    Args:
        number: of the checkpoint.
        kind: CHECKPOINT or SAVEPOINT.
        attempt: whose tasks take it.
        time: when it was triggered (ms since the epoch).
        options: of its barriers.
        record: its statistics.
        waiting: tasks that have neither given their states nor finished.
        finished: tasks that had finished before they could give any.
        triggered: tasks that were told to begin.
        staying: tasks that had sent all that they had, and give their last states; they send no barrier.
        final: whether it is the last one of a finished job.
    """

    number: int
    kind: str
    attempt: int
    time: int
    options: BarrierOptions
    record: CheckpointRecord
    waiting: set[Task]
    finished: set[Task]
    triggered: set[Task] = field(default_factory=set)
    staying: set[Task] = field(default_factory=set)
    final: bool = False
    snapshots: dict[Task, TaskSnapshot] = field(default_factory=dict)

    def end(self, task: Task, stays: bool) -> None:
        """A task that is waited for has come to its end; one that stays still gives its last states."""
        if stays:
            self.staying.add(task)
            self.triggered.discard(task)  # it leaves alone what it was told before
        else:
            self.staying.discard(task)
            self.waiting.discard(task)
            self.finished.add(task)

    def without_barrier(self, topology: Vertices) -> list[Task]:
        """Tasks that are waited for, and get a barrier neither from here nor from a task that sends to them."""
        without = [*sorted(self.staying), *topology.without_barrier(self.finished | self.staying)]
        return [task for task in without if task in self.waiting and task not in self.triggered]

    def checkpoint(self, topology: Vertices, job_id: str, job_name: str) -> Checkpoint:
        """What all tasks have given."""
        operators = {}
        for id, vertex in topology.vertices.items():
            for uid, name, max_parallelism in vertex.operators:
                subtasks = tuple(self._states((id, subtask), uid) for subtask in range(vertex.parallelism))
                operators[uid] = OperatorStates(uid, name, max_parallelism, subtasks)
        return Checkpoint(self.number, self.kind, job_id, job_name, self.time, operators)

    def _states(self, task: Task, uid: str) -> SubtaskStates:
        if task in self.finished:
            return SubtaskStates(finished=True)
        operators: Mapping[str, SubtaskStates] = self.snapshots[task].operators
        return operators.get(uid, SubtaskStates())
