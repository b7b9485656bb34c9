"""The thread that runs a task: steps, mails, waiting, and where its time goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from pyflinkx._core.exchange.shared import Event
from pyflinkx.errors import ChannelClosedError
from pyflinkx.graph.execution_graph import ExecutionState, TaskId
from pyflinkx.operators.base import Clock
from pyflinkx.runtime.control.failures import contained
from pyflinkx.runtime.exchange.gates import OutputGate
from pyflinkx.runtime.task.mailbox import Mailbox
from pyflinkx.runtime.task.metrics import TaskMetrics
from pyflinkx.runtime.task.task import StepResult, Task


class TaskCancelled(BaseException):
    """Ends a task's loop; no ``except Exception`` of a user function swallows it."""


def stop() -> None:
    """The mail that cancels a task."""
    raise TaskCancelled


class Gathering(Protocol):
    """What holds records back for others to come."""

    @property
    def due(self) -> int | None:
        """When they have to be sent (monotonic, ns); None where nothing is held back."""

    def flush(self) -> None:
        """Send them."""


class TaskThread:
    """Runs one task.

    Args:
        id: of the task.
        make_task: builds it; called in the thread.
        event: what the task waits on.
        mailbox: of the task; signals the event.
        gates: its outputs.
        clock: for timers.
        report: called in the thread with each state that the task reaches, and what made it fail.
        report_stay: called in the thread when the task has sent all that it had, and stays for a checkpoint.
    """

    def __init__(
        self,
        id: TaskId,
        name: str,
        make_task: Callable[[], Task],
        event: Event,
        mailbox: Mailbox,
        gates: list[OutputGate],
        clock: Clock,
        report: Callable[[TaskId, ExecutionState, BaseException | None], None],
        report_stay: Callable[[TaskId], None],
    ) -> None:
        self.id = id
        self.make_task = make_task
        self.event = event
        self.mailbox = mailbox
        self.gates = gates
        self.gathering: list[Gathering] = []
        self.clock = clock
        self.report = report
        self.report_stay = report_stay
        self.stays = False
        self.task: Task | None = None
        self.cancelled = False
        self.busy = self.idle = self.waited = 0
        self.sleeping: tuple[StepResult, int] | None = None
        self.thread = threading.Thread(target=self.run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def cancel(self) -> None:
        """Tell the task to stop; from any thread."""
        self.cancelled = True
        self.mailbox.tell(stop)

    def gather(self, outlet: Gathering) -> bool:
        """See to what a sink of this task holds back; True, as it is done from now on."""
        self.gathering.append(outlet)
        return True

    def metrics(self) -> TaskMetrics:
        """What it has done so far; from any thread."""
        result = TaskMetrics() if self.task is None else self.task.metrics()
        blocked = sum(gate.blocked for gate in self.gates)
        result.busy = max(self.busy - blocked, 0)
        result.idle = self.idle
        # A wait that goes on within a step is in none of the sums yet.
        result.back_pressured = self.waited + blocked + sum(gate.blocked_now for gate in self.gates)
        sleeping = self.sleeping
        if sleeping is not None:  # a task that never wakes again would else seem to have stopped waiting too
            reason, since = sleeping
            elapsed = time.monotonic_ns() - since
            if reason is StepResult.BLOCKED:
                result.back_pressured += elapsed
            else:
                result.idle += elapsed
        return result

    def run(self) -> None:
        """The thread's body."""
        failure: BaseException | None = None
        try:
            self.task = self.make_task()
            self.task.open()
            try:
                self.report(self.id, ExecutionState.RUNNING, None)
                self._loop(self.task)
            except BaseException as error:
                self.task.close(error)
                raise
            self.task.close()
            state = ExecutionState.FINISHED
        except (TaskCancelled, ChannelClosedError):
            state = ExecutionState.CANCELED
        except BaseException as error:
            state, failure = ExecutionState.FAILED, contained(error, f"task '{self.thread.name}'")
        if self.cancelled and state is ExecutionState.FAILED:
            state = ExecutionState.CANCELED  # what a task says while it is torn down is not why the job ends
        self.report(self.id, state, failure)

    def _loop(self, task: Task) -> None:
        clock = time.monotonic_ns
        now = clock()
        while True:
            # Taken before looking for work: what is signalled from here on ends the wait below.
            sequence = self.event.prepare()
            result = task.step()
            idle = result is not StepResult.MORE and result is not StepResult.BLOCKED
            stepped = clock()
            for gate in self.gates:
                # The next step may take as long, and nothing is sent meanwhile.
                if idle or gate.flush_due(2 * stepped - now):
                    gate.flush()
            for outlet in self.gathering:
                due = outlet.due
                if due is not None and due <= (2 * stepped - now if result is StepResult.MORE else stepped):
                    outlet.flush()
            before, now = now, clock()
            self.busy += now - before
            if result is StepResult.FINISHED:
                return
            if result is StepResult.STAYS and not self.stays:
                self.stays = True
                self.report_stay(self.id)
            if result is StepResult.MORE:
                continue
            self.sleeping = result, now
            # No timer fires while it may not write.
            patience = None if result is StepResult.BLOCKED else self._patience(task)
            for outlet in self.gathering:
                if outlet.due is not None:
                    left = max(outlet.due - now, 0) / 1e9
                    patience = left if patience is None else min(patience, left)
            self.event.wait(sequence, patience)
            before, now = now, clock()
            self.sleeping = None
            if result is StepResult.BLOCKED:
                self.waited += now - before
            else:
                self.idle += now - before

    def _patience(self, task: Task) -> float | None:
        """Seconds until a timer or a reader wants to be called; None for no end."""
        due = task.wake_time()
        return None if due is None else max(due - self.clock.now(), 0) / 1000
