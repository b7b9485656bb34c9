"""What a job does next: a state machine without threads, clocks, input or output.

A driver (``runtime.inline``, ``runtime.job_manager``) tells the JobMaster what has happened and carries out what it
answers. Everything that is said of a task names the attempt that the task belongs to, so the words of a worker that was
given up, and goes on all the same, are recognised and change nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyflinkx.errors import JobCancelledError, PyflinkxError, WrongStateError
from pyflinkx.graph.execution_graph import ExecutionGraph, ExecutionState, JobState, TaskId


@dataclass(frozen=True)
class StartAttempt:
    """Run the job's tasks: give them slots, deploy them, and tell how they fare.

    Args:
        number: of the attempt, from 1.
        delay: milliseconds to wait first.
    """

    number: int
    delay: int = 0


@dataclass(frozen=True)
class StopTasks:
    """Tell these tasks to stop, and end every wait that they may be in."""

    tasks: tuple[TaskId, ...]


@dataclass(frozen=True)
class EndAttempt:
    """All tasks of the attempt have ended: give back what it used, then say ``attempt_ended``.

    Args:
        number: of the attempt.
        failure: why it did not finish; None when it did.
    """

    number: int
    failure: BaseException | None


@dataclass(frozen=True)
class EndJob:
    """The job has ended.

    Args:
        state: FINISHED, CANCELED or FAILED.
        failure: what its caller is to be told; None when it finished.
    """

    state: JobState
    failure: BaseException | None


Action = StartAttempt | StopTasks | EndAttempt | EndJob


@dataclass(frozen=True)
class FailureRecord:
    """One failure of a job, for its history.

    Args:
        attempt: number of the attempt that failed.
        error: why.
        time: when (ms since the epoch).
        task: which failed first; None for what is no task's failure.
        worker: the name of the one that it ran on, or that was lost; "" for none.
        traceback: as text, once the attempt has ended and another one follows.
    """

    attempt: int
    error: BaseException
    time: int = 0
    task: TaskId | None = None
    worker: str = ""
    traceback: str = ""


# An attempt's end is the job's only once everything has been given back.
STILL_ENDING = {
    JobState.FINISHED: JobState.RUNNING,
    JobState.CANCELED: JobState.CANCELLING,
    JobState.FAILED: JobState.FAILING,
}


class RestartStrategy(Protocol):
    """Whether a job that failed is run again; it is asked once after each attempt that failed."""

    def delay_after(self, failures: Sequence[FailureRecord]) -> int | None:
        """Milliseconds to wait before the next attempt; None when there is to be none.

        Args:
            failures: the last ones, newest last.
        """


class NoRestart:
    """A job that failed ends."""

    def delay_after(self, failures: Sequence[FailureRecord]) -> int | None:
        return None


def restart_helps(failure: BaseException | None) -> bool:
    """Whether another attempt might not fail the same way, as far as the failure and what caused it tell."""
    seen: set[int] = set()
    while failure is not None and id(failure) not in seen:  # an error may be the cause of itself
        if isinstance(failure, PyflinkxError) and not failure.restart_helps:
            return False
        seen.add(id(failure))
        failure = failure.__cause__
    return True


class JobMaster:
    """The life of one job, over all its attempts.

    Args:
        name: of the job.
        tasks: vertex and subtask of each task.
        restarts: whether the job is run again when it failed.

    Times are milliseconds since the epoch.

    Example:
        >>> master = JobMaster("sums", [(0, 0)])
        >>> master.start()
        [StartAttempt(number=1, delay=0)]
        >>> task = master.execution.ids[0]
        >>> for state in ("SCHEDULED", "DEPLOYING", "RUNNING"):
        ...     assert master.task_moved(task, ExecutionState[state]) == []
        >>> master.task_moved(task, ExecutionState.FINISHED)
        [EndAttempt(number=1, failure=None)]
        >>> master.attempt_ended(1)
        [EndJob(state=<JobState.FINISHED: 6>, failure=None)]
    """

    def __init__(self, name: str, tasks: Iterable[tuple[int, int]], restarts: RestartStrategy | None = None) -> None:
        self.name = name
        self.tasks = tuple(tasks)
        self.restarts = restarts if restarts is not None else NoRestart()
        self.failures: deque[FailureRecord] = deque(maxlen=16)
        self.number = 0
        self.execution = ExecutionGraph(())
        self.cancel_asked = False
        self.stopped = False  # behind a savepoint
        self.ending = False  # the attempt's tasks have ended, and what it used is being given back
        self.waiting = False  # for the next attempt's time
        self.ended: EndJob | None = None

    def remember(self, failures: int) -> None:
        """Keep so many failures; at least the last one is kept, for the restart strategy."""
        self.failures = deque(self.failures, maxlen=max(1, failures))

    @property
    def may_restart(self) -> bool:
        """Whether there may be more than one attempt."""
        return not isinstance(self.restarts, NoRestart)

    @property
    def state(self) -> JobState:
        """Where the job stands, in PyFlink's words."""
        if self.ended is not None:
            return self.ended.state
        if self.number == 0:
            return JobState.CREATED
        if self.cancel_asked:
            return JobState.CANCELLING
        state = self.execution.state
        if self.waiting or (self.number > 1 and state is JobState.CREATED):
            return JobState.RESTARTING
        return STILL_ENDING.get(state, state)

    def is_current(self, task: TaskId) -> bool:
        """Whether a task belongs to the attempt that runs."""
        return task.attempt == self.number and not self.waiting and self.ended is None

    # ---- what happens ----

    def start(self) -> list[Action]:
        """Begin.

        Raises:
            WrongStateError: the job has begun already.
        """
        if self.number > 0 or self.ended is not None:
            raise WrongStateError(f"job '{self.name}' has begun already")
        return self._begin(0)

    def delay_over(self, number: int) -> bool:
        """The time of a delayed attempt has come; whether it is still wanted."""
        if number != self.number or not self.waiting or self.ended is not None:
            return False
        self.waiting = False
        return True

    def task_moved(
        self,
        task: TaskId,
        state: ExecutionState,
        failure: BaseException | None = None,
        now: int = 0,
        worker: str = "",
    ) -> list[Action]:
        """A task has reached a state.

        Args:
            task: which.
            state: which.
            failure: what made it fail.
            now: the time.
            worker: that it runs on.

        Raises:
            WrongStateError: that state cannot follow the one before.
        """
        if not self.is_current(task):
            return []
        stop = self._stop(self.execution.fail(failure)) if failure is not None else []
        self.execution.move(task, state)
        self._record(failure, now, task, worker)
        return stop + self._end_if_done()

    def tasks_lost(
        self, tasks: Iterable[TaskId], failure: BaseException, now: int = 0, worker: str = ""
    ) -> list[Action]:
        """The worker of these tasks is gone; that is a failure unless all of them had ended."""
        lost = [task for task in tasks if self.is_current(task) and not self.execution.tasks[task].terminal]
        if not lost:
            return []
        told = self.execution.fail(failure)
        self.execution.lose(lost)
        self._record(failure, now, lost[0], worker)
        return self._stop([task for task in told if task not in lost]) + self._end_if_done()

    def attempt_failed(
        self, number: int, failure: BaseException, now: int = 0, task: TaskId | None = None
    ) -> list[Action]:
        """An attempt failed outside of its tasks: it could not be deployed, or a coordinator raised."""
        if number != self.number or self.waiting or self.ended is not None:
            return []
        told = self.execution.fail(failure)
        self._record(failure, now, task, "")
        return self._stop(told) + self._end_if_done()

    def cancel(self) -> list[Action]:
        """The user wants the job to stop."""
        if self.ended is not None or self.cancel_asked:
            return []
        self.cancel_asked = True
        if self.number == 0 or self.waiting:
            return [self._end(JobState.CANCELED, self._cancelled())]
        return self._stop(self.execution.cancel()) + self._end_if_done()

    def stop_behind_savepoint(self) -> list[Action]:
        """A savepoint is durable behind which the job was to stop: its tasks are stopped, and that is a good end."""
        if self.ended is not None or self.cancel_asked:
            return []
        self.stopped = True
        return self._stop(self.execution.cancel()) + self._end_if_done()

    def attempt_ended(
        self, number: int, failure: BaseException | None = None, now: int = 0, resumes: bool = False
    ) -> list[Action]:
        """What an attempt used has been given back; the job ends, or is run again.

        Args:
            number: of the attempt.
            failure: what went wrong while it was given back; it counts only when nothing had gone wrong before.
            now: the time.
            resumes: whether another attempt goes on from a checkpoint. If not, one whose tasks have all finished is not
                run again when only its end failed: what it has shown would be shown twice.
        """
        if number != self.number or not self.ending:
            return []
        self.ending = False
        state = self.execution.state
        if state is JobState.FINISHED and failure is not None and resumes:
            self.failures.append(FailureRecord(number, failure, now))
            again = not self.cancel_asked and restart_helps(failure)
            delay = self.restarts.delay_after(self.failures) if again else None
            return [self._end(JobState.FAILED, failure)] if delay is None else self._begin(delay)
        if state is JobState.FINISHED or (self.stopped and state is JobState.CANCELED):
            if failure is not None:
                self.failures.append(FailureRecord(number, failure, now))
            return [self._end(JobState.FINISHED if failure is None else JobState.FAILED, failure)]
        if state is JobState.FAILED:
            if not self.cancel_asked and restart_helps(self.execution.failure):
                delay = self.restarts.delay_after(self.failures)
                if delay is not None:
                    return self._begin(delay)
            return [self._end(state, self.execution.failure)]
        return [self._end(JobState.CANCELED, self._cancelled())]

    def abandon(self, failure: BaseException) -> None:
        """The driver's caller gave up, and all tasks were stopped."""
        if self.ended is None:
            cancelled = isinstance(failure, GeneratorExit | JobCancelledError)
            self._end(JobState.CANCELED if cancelled else JobState.FAILED, failure)

    # ---- what follows ----

    def _begin(self, delay: int) -> list[Action]:
        self.number += 1
        self.waiting = delay > 0
        self.execution = ExecutionGraph(TaskId(vertex, subtask, self.number) for vertex, subtask in self.tasks)
        return [StartAttempt(self.number, delay)]

    def _record(self, failure: BaseException | None, now: int, task: TaskId | None, worker: str) -> None:
        if failure is not None and self.execution.failure is failure:
            self.failures.append(FailureRecord(self.number, failure, now, task, worker))

    def _stop(self, tasks: list[TaskId]) -> list[Action]:
        return [StopTasks(tuple(tasks))] if tasks else []

    def _end_if_done(self) -> list[Action]:
        if self.ending or not self.execution.state.terminal:
            return []
        self.ending = True
        return [EndAttempt(self.number, self.execution.failure or self._how_it_was_cancelled())]

    def _how_it_was_cancelled(self) -> BaseException | None:
        return self._cancelled() if self.execution.state is JobState.CANCELED and not self.stopped else None

    def _cancelled(self) -> JobCancelledError:
        return JobCancelledError(f"job '{self.name}' was cancelled")

    def _end(self, state: JobState, failure: BaseException | None) -> EndJob:
        self.ended = EndJob(state, failure)
        return self.ended
