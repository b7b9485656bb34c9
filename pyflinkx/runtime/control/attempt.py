"""One attempt to run a job on workers: their life, and what they and the client say to each other."""

from __future__ import annotations

import logging
import os
import pickle
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from pyflinkx._core.calls.records import told
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx.config.log_levels import own_levels
from pyflinkx.errors import JobExecutionError
from pyflinkx.graph.execution_graph import ExecutionState, JobState, TaskId
from pyflinkx.runtime.control import failures
from pyflinkx.runtime.control.channel import ControlEnded, ControlStuck
from pyflinkx.runtime.control.checkpoints import close_coordinators
from pyflinkx.runtime.control.coordination import Coordination, ended_by
from pyflinkx.runtime.control.job_pickle import dump_job, main_classes, part_of
from pyflinkx.runtime.control.master import Action, EndAttempt, StopTasks
from pyflinkx.runtime.control.messages import (
    AlignmentReport,
    AlignmentUpdate,
    CancelTasks,
    CheckpointDeclined,
    CheckpointOver,
    CheckpointTaken,
    CloseTasks,
    Collected,
    Deploy,
    DeploymentFailed,
    EventForCoordinator,
    EventForTask,
    Heartbeat,
    Logged,
    QueryTasks,
    Registered,
    Shutdown,
    TaskAnswer,
    TaskReport,
    TaskStays,
    TriggerCheckpoint,
    attempt_of,
    pack,
    unpack,
)
from pyflinkx.runtime.control.pickles import dump_by_value
from pyflinkx.runtime.control.placement import AttemptSettings, Placement, WorkerView
from pyflinkx.runtime.control.source_alignment import AlignmentBoard
from pyflinkx.runtime.control.worker_output import PIECE
from pyflinkx.runtime.drivers.job import Job
from pyflinkx.runtime.exchange.handover import Loan
from pyflinkx.runtime.task.metrics import TaskMetrics
from pyflinkx.runtime.task.snapshots import RestoredTask
from pyflinkx.runtime.task.splits import assign_splits
from pyflinkx.state.queryable import StateQuery

log = logging.getLogger("pyflinkx.runtime")

EXIT_PATIENCE = 5.0
START_PATIENCE = 60.0


class WorkersAttempt:
    """Deploys the job's tasks on workers, and tells the JobMaster how they fare, until all have ended.

    Args:
        number: of the attempt.
        job: the job, which is asked to check and to report itself.
        common: what all attempts have.
        placement: where the tasks run.
    """

    def __init__(self, number: int, job: Job, common: AttemptSettings, placement: Placement) -> None:
        self.number = number
        self.job = job
        self.master = job.master
        self.checkpoints = job.checkpoints
        self.common = common
        self.graph = common.graph
        self.plan = placement.plan
        self.resources = placement.resources
        self.placement = placement
        self.metrics: dict[TaskId, TaskMetrics] = {}
        self.workers: list[WorkerView] = []
        self.waiting = common.waiting
        self.ended = False
        self.failure: BaseException | None = None  # why the attempt did not finish, once it has ended
        self.give_up: float | None = None
        self.relay = common.relay
        self.paused: dict[int, tuple[WorkerView, str]] = {}
        self.alignment = AlignmentBoard()
        self.coordination = Coordination(common.graph, common.settings.clock, self._send_event, common.waiting.wake)

    def run(self) -> Generator[None, None, BaseException | None]:
        """Run the tasks, pausing after whatever arrives.

        Returns:
            What went wrong while everything was given back; None for nothing.

        Raises:
            BaseException: the caller gives up; nothing is left of the attempt.
        """
        failure: BaseException | None = None
        try:
            self._coordinate(self._start)
            while not self.ended:
                self._coordinate(self.coordination.run)
                if self.checkpoints is not None:
                    self._coordinate(self.checkpoints.run)
                self._turn()
                yield
            failure = self.failure
        except BaseException as error:
            failure = ended_by(error, self.graph.name)
            self._abort()
            raise
        finally:
            try:
                self._end_workers()
            finally:
                closing = self._close_coordinators(failure)
        return closing

    def _close_coordinators(self, failure: BaseException | None) -> BaseException | None:
        return close_coordinators(self.coordination, self.checkpoints, failure)

    def all_metrics(self) -> list[tuple[str, TaskMetrics]]:
        """As of each worker's last heartbeat, and of the end of each task."""
        return [(self._task_name(task), metrics) for task, metrics in sorted(self.metrics.copy().items())]

    # ---- what the JobMaster is told ----

    def _do(self, actions: list[Action]) -> None:
        """Carry out what the JobMaster wants."""
        for action in actions:
            if isinstance(action, StopTasks):
                self._stop(action.tasks)
            elif isinstance(action, EndAttempt):
                self.ended = True
                self.failure = action.failure

    def _move(self, task: TaskId, state: ExecutionState, failure: BaseException | None = None) -> None:
        worker = self._worker_of(task).handle.name if failure is not None else ""
        self._do(self.master.task_moved(task, state, failure, self.job.now(), worker))

    def _worker_of(self, task: TaskId) -> WorkerView:
        return self.workers[self.plan.tasks[self.plan.numbers[task]].worker]

    def _fail(self, failure: BaseException) -> None:
        """The attempt fails; everything else is told to stop."""
        self._do(self.master.attempt_failed(self.number, failure, self.job.now()))

    # ---- start ----

    def _start(self) -> None:
        self.coordination.create()
        self.job.check()
        if self.checkpoints is not None:
            self.checkpoints.prepare(self.coordination)
        jobs = self._pickle()
        self._launch()
        self._deploy(jobs)
        if not self.ended:
            self.coordination.start()

    def _pickle(self) -> dict[int, bytes]:
        """Each slot's part of the job as bytes."""
        jobs = {}
        classes = main_classes()
        splits = assign_splits(self.graph, self.coordination.coordinators)
        for slot in sorted({task.slot for task in self.plan.tasks}):
            here = {task.id for task in self.plan.tasks if task.slot == slot}
            part = part_of(self.graph, {task.vertex for task in here})
            own = {
                (node.id, task.subtask): splits[node.id, task.subtask]
                for task in here
                for node in self.graph.vertices[task.vertex].nodes
                if (node.id, task.subtask) in splits
            }
            common = self.common
            jobs[slot] = dump_job(
                part,
                classes,
                common.buffers,
                common.settings,
                common.exchanges,
                own,
                self._restored(here),
                None if self.checkpoints is None else self.checkpoints.storage,
                sharing=common.in_process,
            )
        return jobs

    def _restored(self, tasks: set[TaskId]) -> dict[tuple[int, int], RestoredTask]:
        """What tasks begin with that have something to begin with."""
        found = {}
        if self.checkpoints is not None:
            for task in tasks:
                restored = self.checkpoints.restored_task(self.graph.vertices[task.vertex], task.subtask)
                if restored is not None:
                    found[task.vertex, task.subtask] = restored
        return found

    def _launch(self) -> None:
        for task in self.plan.tasks:
            self._move(task.id, ExecutionState.SCHEDULED)
        for number in range(self.plan.workers):
            handle = self.resources.start(number)
            tasks = [task.id for task in self.plan.tasks_of(number)]
            worker = WorkerView(number, handle, tasks, time.monotonic())
            self.workers.append(worker)
            handle.control.limit_waits(self.common.heartbeat_timeout)
            descriptor = handle.control.fileno()
            if descriptor is None:
                handle.control.on_arrival(self.waiting.wake)
            else:
                self.waiting.add(descriptor, (worker, "control"))
            for descriptor, stream in zip(handle.outputs, ("stdout", "stderr"), strict=False):
                os.set_blocking(descriptor, False)
                self.waiting.add(descriptor, (worker, stream))

    def _deploy(self, jobs: dict[int, bytes]) -> None:
        while not self.ended and not all(worker.registered or worker.lost for worker in self.workers):
            self._turn()
        for worker in self.workers:
            # A worker may be lost already, or the user has cancelled: nobody would tell tasks that start now to stop.
            if self.master.execution.state is not JobState.CREATED:
                return
            for task in worker.tasks:
                self._move(task, ExecutionState.DEPLOYING)
            if not worker.lost:
                worker.deployed = True
                worker.heard = time.monotonic()
                self._send(
                    worker,
                    Deploy(
                        plan=self.plan,
                        jobs={task.slot: jobs[task.slot] for task in self.plan.tasks_of(worker.number)},
                        heartbeat_interval=self.common.heartbeat_interval,
                        log_levels=own_levels(),
                        python_path=self.common.python_path,
                        working_folder=self.common.working_folder,
                    ),
                )

    # ---- running ----

    def _turn(self) -> None:
        """Wait for something to happen, and deal with it."""
        for worker, what, descriptor in self._ready(self._patience()):
            if what == "control":
                self._receive(worker)
            else:
                self._read_output(worker, descriptor, what)
        if self.job.cancel_asked:
            self._do(self.master.cancel())
        self._pause_output()
        self._look_for_the_silent()
        self.job.report()

    def _ready(self, timeout: float | None) -> Iterator[tuple[WorkerView, str, int]]:
        """Sleep until something can be read, or somebody wants the loop to look; what can be read, and of whom."""
        silent = [view for view in self.workers if view.handle.control.fileno() is None]
        if any(not view.lost and view.handle.control.wait(0) for view in silent):
            timeout = 0
        for descriptor, (worker, what) in self.waiting.wait(timeout):
            if descriptor in self.waiting:  # else what was dealt with before it was this worker's end
                yield worker, what, descriptor
        for worker in silent:
            if not worker.lost and worker.handle.control.wait(0):
                yield worker, "control", -1

    def _patience(self) -> float | None:
        deadlines = [worker.heard + self._patience_with(worker) for worker in self.workers if not worker.lost]
        if self.give_up is not None:
            deadlines.append(self.give_up)
        waits = [min(deadlines) - time.monotonic()] if deadlines else []
        times = [self.coordination.next_time()]
        if self.checkpoints is not None:
            times.append(self.checkpoints.next_time())
        waits += [(time - self.common.settings.clock.now()) / 1000 for time in times if time is not None]
        return max(min(waits), 0) if waits else None

    def _receive(self, worker: WorkerView) -> None:
        try:
            data = worker.handle.control.receive()
        except ControlStuck:  # it stopped in the middle of a message
            self._lose(worker, silence(self.common.heartbeat_timeout))
            return
        except ControlEnded:
            self._lose(worker)
            return
        if attempt_of(data) != self.number:
            log.debug("%s: a message of another attempt than %d is dropped", worker.handle.name, self.number)
            return
        worker.heard = time.monotonic()
        try:
            message = unpack(data)
        except BaseException as error:  # code of the records' classes runs here
            if is_interrupt(error):
                raise
            self._fail(unreadable(f"what {worker.handle.name} sent", error))
            return
        if isinstance(message, Registered):
            worker.registered = True
        elif isinstance(message, Heartbeat):
            # A heartbeat may be older than the report of a task's end that came before it.
            running = {task: metrics for task, metrics in message.metrics.items() if not self._ended(task)}
            self.metrics.update(running)
        elif isinstance(message, AlignmentReport):
            numbers = [view.number for view in self.workers if not view.lost]
            for number, lowest in self.alignment.report(worker.number, message.lowest, numbers).items():
                self._send(self.workers[number], AlignmentUpdate(lowest))
        elif isinstance(message, Logged):
            self.common.log_relay.put(message)
        elif isinstance(message, Collected):
            assert not isinstance(message.records, Loan)  # it arrives as its records
            for records in message.records if isinstance(message.records, tuple) else (message.records,):
                self.common.buffers[message.buffer].extend(records, message.after)
        elif isinstance(message, EventForCoordinator):
            self._coordinate(self._pass_event, worker, message)
        elif isinstance(message, TaskReport):
            self._task_report(worker, message)
        elif isinstance(message, CheckpointTaken | CheckpointDeclined):
            if self.checkpoints is not None:
                self._coordinate(self.checkpoints.told, message)
        elif isinstance(message, TaskStays):
            if self.checkpoints is not None:
                self._coordinate(self.checkpoints.task_stays, message.task)
        elif isinstance(message, TaskAnswer):
            self.job.queries.told(message.number, message.task, message.answer)
        elif isinstance(message, DeploymentFailed):
            failure = failures.unpack(message.failure)
            self._do(self.master.tasks_lost(worker.tasks, failure, self.job.now(), worker.handle.name))

    def _pass_event(self, worker: WorkerView, message: EventForCoordinator) -> None:
        try:
            event = pickle.loads(message.event)
        except BaseException as error:  # code of the event's classes runs here
            if is_interrupt(error):
                raise
            what = f"an event of operator '{self.graph.node_of(message.node).name}' from {worker.handle.name}"
            raise unreadable(what, error) from error
        self.coordination.receive(message.node, message.subtask, event)

    def _coordinate(self, call: Callable[..., object], *arguments: Any) -> None:
        """Let coordinators do something; the job fails when they do."""
        try:
            call(*arguments)
        except BaseException as error:
            if is_interrupt(error):
                raise
            self._fail(failures.contained(error, "the job's part in the client"))

    def _send_event(self, node: int, subtask: int, event: Any) -> None:
        """Send an event to a task, if it still runs."""
        task = TaskId(self.graph.vertex_of(node).id, subtask, self.number)
        worker = self._worker_of(task)
        if not worker.lost and not self._ended(task):
            self._send(worker, EventForTask(task, node, dump_by_value(event)))

    def _ended(self, task: TaskId) -> bool:
        return self.master.execution.tasks[task].terminal

    def _task_report(self, worker: WorkerView, message: TaskReport) -> None:
        if message.metrics is not None:
            self.metrics[message.task] = message.metrics
        failure = None if message.failure is None else failures.unpack(message.failure)
        before = self.master.execution.state
        self._move(message.task, message.state, failure)
        if message.state.terminal:
            self.job.queries.task_over(message.task)
        if self.checkpoints is not None and message.state is ExecutionState.FINISHED:
            found = {} if message.metrics is None else message.metrics.accumulators
            self._coordinate(self.checkpoints.task_finished, message.task, found)
        if message.state is ExecutionState.RUNNING and self._all_run():
            self.placement.runs()
        if (
            self.checkpoints is not None
            and before is JobState.CREATED
            and self.master.execution.state is JobState.RUNNING
        ):
            self._coordinate(self.checkpoints.attempt_started, self.number, self)

    def _all_run(self) -> bool:
        return all(state is ExecutionState.RUNNING for state in self.master.execution.tasks.values())

    # ---- checkpoints ----

    def begin_checkpoint(self, trigger: TriggerCheckpoint) -> None:
        """Tell all workers of a checkpoint, and some tasks to begin it."""
        self._send_to_all(trigger)

    def end_checkpoint(self, over: CheckpointOver) -> None:
        """Tell all tasks that a checkpoint is over."""
        self._send_to_all(over)

    def close_tasks(self, tasks: tuple[TaskId, ...]) -> None:
        """Tell tasks that stayed for a checkpoint that they may close."""
        self._send_to_all(CloseTasks(tasks))

    def fail_checkpoint(self, failure: BaseException) -> None:
        """The attempt fails."""
        self._fail(failure)

    def stop_behind_savepoint(self) -> None:
        """The savepoint behind which the job was to stop is durable."""
        self._do(self.master.stop_behind_savepoint())

    def query(self, number: int, query: StateQuery) -> set[TaskId]:
        """Have all tasks say what they have of some state; those that will, none before all run."""
        tasks = self.master.execution.tasks
        asked = {task for task, state in tasks.items() if state is ExecutionState.RUNNING}
        if any(state not in (ExecutionState.RUNNING, ExecutionState.FINISHED) for state in tasks.values()):
            asked = set()
        if asked:
            self._send_to_all(QueryTasks(number, query))
        return asked

    def _send_to_all(self, message: Any) -> None:
        for worker in self.workers:
            if not worker.lost and worker.deployed:
                self._send(worker, message)

    def _stop(self, tasks: Sequence[TaskId]) -> None:
        self.placement.cancel_exchanges()
        if self.give_up is None:
            self.give_up = time.monotonic() + self.common.cancellation_timeout
        for worker in self.workers:
            if not worker.lost and any(task in tasks for task in worker.tasks):
                self._send(worker, CancelTasks())

    def _send(self, worker: WorkerView, message: Any) -> None:
        try:
            worker.handle.control.send(pack(self.number, message))
        except ControlStuck:
            self._lose(worker, silence(self.common.heartbeat_timeout))
        except ControlEnded:
            self._lose(worker)

    def _lose(self, worker: WorkerView, reason: str | None = None) -> None:
        """A worker is gone, or has to go."""
        if worker.lost:
            return
        worker.lost = True
        self._hear_no_more(worker)
        if reason is None and not worker.handle.wait(EXIT_PATIENCE):
            reason = "it closed its connection"
        self.resources.declare_lost(worker.number)
        self._read_rest(worker)
        if not all(self._ended(task) for task in worker.tasks):
            obituary = self._obituary(worker, reason or worker.handle.ended() or "it ended")
            lost = JobExecutionError(obituary)
            self._do(self.master.tasks_lost(worker.tasks, lost, self.job.now(), worker.handle.name))

    def _hear_no_more(self, worker: WorkerView) -> None:
        descriptor = worker.handle.control.fileno()
        if descriptor is not None:
            self.waiting.remove(descriptor)

    def _obituary(self, worker: WorkerView, reason: str) -> str:
        names = [f"'{self._task_name(task)}'" for task in worker.tasks if not self._ended(task)]
        text = f"{worker.handle.name} was lost: {reason}; it ran {', '.join(names)}"
        if worker.last_lines.lines:
            text += "\nits last output:\n  " + "\n  ".join(worker.last_lines.lines)
        return text

    def _task_name(self, task: TaskId) -> str:
        vertex = self.graph.vertices[task.vertex]
        return f"{vertex.name} ({task.subtask + 1}/{vertex.parallelism})"

    def _patience_with(self, worker: WorkerView) -> float:
        """Seconds without a word after which a worker is given up; until all have started they have nothing to say."""
        timeout = self.common.heartbeat_timeout
        return timeout if worker.deployed else max(timeout, START_PATIENCE)

    def _look_for_the_silent(self) -> None:
        now = time.monotonic()
        for worker in self.workers:
            if worker.lost:
                continue
            if now - worker.heard > self._patience_with(worker) and not worker.handle.control.wait(0):
                self._lose(worker, silence(self._patience_with(worker)))
            elif self.give_up is not None and now > self.give_up:
                limit = f"{self.common.cancellation_timeout:g} s (task.cancellation.timeout)"
                self._lose(worker, f"it did not stop within {limit}")

    # ---- output of workers ----

    def _read_output(self, worker: WorkerView, descriptor: int, stream: str) -> bool:
        """Pass on what a worker has printed; False when there is nothing now, or no more."""
        try:
            data = os.read(descriptor, PIECE)
        except BlockingIOError:
            return False
        if not data:
            self.waiting.remove(descriptor)
        text = worker.streams[stream].feed(data)
        if text:
            worker.last_lines.add(text)
            self.relay.put(stream, text)
        return bool(data)

    def _pause_output(self) -> None:
        """Read no output while too much of it waits to be written; workers that print then wait, and nothing else."""
        if self.relay.is_full():
            for worker in self.workers:
                for descriptor, stream in zip(worker.handle.outputs, ("stdout", "stderr"), strict=False):
                    if descriptor in self.waiting:
                        self.waiting.remove(descriptor)
                        self.paused[descriptor] = worker, stream
        elif self.paused:
            for descriptor, data in self.paused.items():
                self.waiting.add(descriptor, data)
            self.paused.clear()

    def _read_rest(self, worker: WorkerView) -> None:
        for descriptor, stream in zip(worker.handle.outputs, ("stdout", "stderr"), strict=False):
            if self.paused.pop(descriptor, None) is not None:
                self.waiting.add(descriptor, (worker, stream))
            if descriptor in self.waiting:
                while self._read_output(worker, descriptor, stream):
                    pass

    # ---- end ----

    def _abort(self) -> None:
        """The caller gives up (an error here, Ctrl-C, a closed iterator): stop everything, and soon."""
        self.master.execution.cancel()
        self.placement.cancel_exchanges()
        for worker in self.workers:
            self._send(worker, CancelTasks())

    def _end_workers(self) -> None:
        try:
            for worker in self.workers:
                if not worker.lost:
                    self._send(worker, Shutdown())
            deadline = time.monotonic() + EXIT_PATIENCE
            for worker in self.workers:
                if not worker.lost:
                    self._drain(worker, deadline)
                worker.handle.kill()
                self._read_rest(worker)
        finally:
            self.resources.release_all()
            self.waiting.clear()

    @property
    def may_wait(self) -> bool:
        """Whether what workers have printed is to be written however long that takes, as nobody wants the job's end."""
        return self.master.execution.state is JobState.FINISHED and not self.job.cancel_asked

    def _drain(self, worker: WorkerView, deadline: float) -> None:
        """Take what a worker still says, so that it can end."""
        while not worker.lost and worker.handle.ended() is None:
            left = deadline - time.monotonic()
            if left <= 0 and not (self.paused and self.may_wait):
                return
            for view, what, descriptor in self._ready(max(left, 0) if left > 0 else EXIT_PATIENCE):
                if what == "control":
                    try:
                        data = view.handle.control.receive()
                    except (ControlEnded, ControlStuck):
                        view.lost = True
                        self._hear_no_more(view)
                        view.handle.wait(max(deadline - time.monotonic(), 0))
                        continue
                    if attempt_of(data) == self.number:
                        self._hear_out(data)
                else:
                    self._read_output(view, descriptor, what)
            self._pause_output()

    def _hear_out(self, data: bytes) -> None:
        """Pass on what a worker logs after the job's end; nothing else that it says matters then, nor its failure."""
        try:
            message = unpack(data)
        except BaseException as error:  # code of the records' classes runs here
            if is_interrupt(error):
                raise
            return
        if isinstance(message, Logged):
            self.common.log_relay.put(message)


def unreadable(what: str, error: BaseException) -> JobExecutionError:
    """Why the job fails when what a worker sent cannot be unpickled."""
    failure = JobExecutionError(f"{what} cannot be read in the client: {told(error)}")
    failure.__cause__ = error
    return failure


def silence(seconds: float) -> str:
    """Why a worker is lost that said nothing for so long."""
    return f"it did not answer for {seconds:g} s (heartbeat.timeout)"
