"""Where each subtask of a running job stands: a state machine without threads, clocks or input and output.

States and transitions are Flink's (``ExecutionState``, ``JobStatus``).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import NamedTuple

from pyflinkx.errors import WrongStateError


class TaskId(NamedTuple):
    """A subtask of a vertex, in one attempt to run the job (from 1)."""

    vertex: int
    subtask: int
    attempt: int = 1


class ExecutionState(enum.Enum):
    """State of one attempt to run a subtask."""

    CREATED = "created"
    SCHEDULED = "it has a slot"
    DEPLOYING = "its worker was told to start it"
    RUNNING = "its operators are open"
    FINISHED = "all its input ended and it closed"
    CANCELING = "it was told to stop"
    CANCELED = "it stopped before its end"
    FAILED = "it raised, or its worker was lost"

    @property
    def terminal(self) -> bool:
        """Whether nothing follows."""
        return self in (ExecutionState.FINISHED, ExecutionState.CANCELED, ExecutionState.FAILED)


class JobState(enum.Enum):
    """State of the job; the names of PyFlink's JobStatus."""

    CREATED = 0
    RUNNING = 1
    FAILING = 2
    FAILED = 3
    CANCELLING = 4
    CANCELED = 5
    FINISHED = 6
    RESTARTING = 7

    @property
    def terminal(self) -> bool:
        """Whether nothing follows."""
        return self in (JobState.FAILED, JobState.CANCELED, JobState.FINISHED)


S = ExecutionState
FOLLOWS = {
    S.CREATED: {S.SCHEDULED, S.CANCELED, S.FAILED},
    S.SCHEDULED: {S.DEPLOYING, S.CANCELED, S.FAILED},
    S.DEPLOYING: {S.RUNNING, S.CANCELING, S.CANCELED, S.FAILED},
    S.RUNNING: {S.FINISHED, S.CANCELING, S.CANCELED, S.FAILED},
    S.CANCELING: {S.CANCELED, S.FINISHED, S.FAILED},
    S.FINISHED: set(),
    S.CANCELED: set(),
    S.FAILED: set(),
}


class ExecutionGraph:
    """The states of all subtasks of a job, and of the job.

    Args:
        tasks: the subtasks.

    Example:
        >>> graph = ExecutionGraph([TaskId(0, 0)])
        >>> for state in (S.SCHEDULED, S.DEPLOYING, S.RUNNING, S.FINISHED):
        ...     graph.move(TaskId(0, 0), state)
        >>> graph.state
        <JobState.FINISHED: 6>
    """

    def __init__(self, tasks: Iterable[TaskId]) -> None:
        self.tasks = dict.fromkeys(tasks, ExecutionState.CREATED)
        self.state = JobState.CREATED
        self.failure: BaseException | None = None

    def move(self, task: TaskId, state: ExecutionState) -> None:
        """A subtask has reached a state; a report that comes after its end changes nothing.

        Raises:
            WrongStateError: that state cannot follow the one before.
        """
        before = self.tasks[task]
        if before.terminal:
            return
        if before is S.CANCELING and state is S.RUNNING:
            return  # the report crossed the order to stop
        if state not in FOLLOWS[before]:
            raise WrongStateError(f"task {task} cannot go from {before.name} to {state.name}")
        self.tasks[task] = state
        if self.state is JobState.CREATED and state is S.RUNNING:
            self.state = JobState.RUNNING
        self._end_if_done()

    def fail(self, failure: BaseException) -> list[TaskId]:
        """The job fails for that reason, unless it is failing already; the subtasks to be told to stop."""
        if self.state in (JobState.CREATED, JobState.RUNNING):
            self.failure = failure
            self.state = JobState.FAILING
        return self._stop_tasks()

    def cancel(self) -> list[TaskId]:
        """The user wants the job to stop; the subtasks to be told."""
        if self.state in (JobState.CREATED, JobState.RUNNING):
            self.state = JobState.CANCELLING
        return self._stop_tasks()

    def lose(self, tasks: Iterable[TaskId]) -> None:
        """The worker of those subtasks is gone."""
        for task in tasks:
            if not self.tasks[task].terminal:
                self.tasks[task] = S.CANCELED if self.tasks[task] is S.CANCELING else S.FAILED
        self._end_if_done()

    def count(self, state: ExecutionState) -> int:
        """How many subtasks are in a state."""
        return sum(current is state for current in self.tasks.values())

    def _stop_tasks(self) -> list[TaskId]:
        told = []
        for task, state in self.tasks.items():
            if state in (S.CREATED, S.SCHEDULED):
                self.tasks[task] = S.CANCELED
            elif state in (S.DEPLOYING, S.RUNNING):
                self.tasks[task] = S.CANCELING
                told.append(task)
        self._end_if_done()
        return told

    def _end_if_done(self) -> None:
        if not all(state.terminal for state in self.tasks.values()):
            return
        if self.state is JobState.FAILING:
            self.state = JobState.FAILED
        elif self.state is JobState.CANCELLING:
            self.state = JobState.CANCELED
        elif self.state is JobState.RUNNING and all(state is S.FINISHED for state in self.tasks.values()):
            self.state = JobState.FINISHED
