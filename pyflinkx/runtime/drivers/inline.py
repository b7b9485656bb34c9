"""Runs a whole job in the calling thread: no threads, no processes, no sockets."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any, NoReturn

from pyflinkx.config.dependencies import PythonDependencies
from pyflinkx.errors import JobCancelledError
from pyflinkx.graph.execution_graph import ExecutionState, TaskId
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.graph.nodes import StreamEdge
from pyflinkx.operators.source_alignment import AlignmentGroups
from pyflinkx.runtime.control.checkpoints import JobCheckpoints, close_coordinators
from pyflinkx.runtime.control.coordination import Coordination, TaskLink, ended_by
from pyflinkx.runtime.control.dependencies import applied
from pyflinkx.runtime.control.failures import raise_contained
from pyflinkx.runtime.control.master import RestartStrategy
from pyflinkx.runtime.control.messages import (
    CheckpointDeclined,
    CheckpointOver,
    CheckpointTaken,
    TriggerCheckpoint,
    overtaken,
)
from pyflinkx.runtime.control.queries import state_of_task
from pyflinkx.runtime.control.snapshot_writer import (
    Announced,
    SnapshotThread,
    begin_checkpoint,
    end_checkpoint,
    write_snapshot,
)
from pyflinkx.runtime.control.standard_descriptors import standard_descriptors_taken
from pyflinkx.runtime.drivers.job import NO_DEPENDENCIES, Job, ProgressListener
from pyflinkx.runtime.exchange.channel import LocalChannel
from pyflinkx.runtime.exchange.gates import GateOutput, OutputGate
from pyflinkx.runtime.exchange.scatter import exchange_scatter
from pyflinkx.runtime.task.checkpoints import TakenSnapshot
from pyflinkx.runtime.task.clock import SystemClock
from pyflinkx.runtime.task.finished import FinishedTask
from pyflinkx.runtime.task.mailbox import Mailbox
from pyflinkx.runtime.task.metrics import TaskMetrics
from pyflinkx.runtime.task.splits import assign_splits
from pyflinkx.runtime.task.task import StepResult, Task, TaskSettings
from pyflinkx.state.queryable import StateQuery


class InlineJob(Job):
    """A job whose tasks take turns in the calling thread.

    Args:
        graph: the job.
        settings: for its tasks.
        listener: called with the job's progress.
        dependencies: what the program needs besides itself; at hand while the job runs.
        restarts: whether it is run again when it failed.
    """

    def __init__(
        self,
        graph: JobGraph,
        settings: TaskSettings,
        listener: ProgressListener | None = None,
        dependencies: PythonDependencies = NO_DEPENDENCIES,
        restarts: RestartStrategy | None = None,
    ) -> None:
        super().__init__(graph, listener, dependencies, restarts)
        self.settings = settings
        self.busy: dict[Task, int] = {}
        self.idle = 0
        self.tasks: list[Task] = []
        self.announced = Announced()
        self.snapshots: SnapshotThread | None = None  # none where tests decide what time it is: then all is in order
        self.stopping = False  # behind a savepoint
        self.failing: Task | None = None  # whose code raised
        self.coordination = Coordination(graph, settings.clock, self._send, self._wake)

    def now(self) -> int:
        return self.settings.clock.now()

    def request_cancel(self) -> None:
        self.cancel_asked = True
        self._wake()

    def post(self, call: Callable[[], None]) -> None:
        self.coordination.post(call)

    def ask_tasks(self, number: int, query: StateQuery) -> set[TaskId]:
        self.coordination.post(partial(self._answer, number, query))
        return {task.id for task in self.tasks}

    def _answer(self, number: int, query: StateQuery) -> None:
        for task in self.tasks:
            self.queries.told(number, task.id, state_of_task(task, query))

    def _wake(self) -> None:
        self.settings.clock.wake()  # type: ignore[attr-defined]

    def pause(self, milliseconds: int) -> Iterator[None]:
        clock = self.settings.clock
        until = clock.now() + milliseconds
        while clock.now() < until and not self.cancel_asked:
            clock.wait_until(until, False)  # type: ignore[attr-defined]
            yield
        if self.cancel_asked:
            self.master.cancel()

    def attempt(self, number: int) -> Generator[None, None, BaseException | None]:
        """Run the tasks in turns, pausing after each round."""
        failure: BaseException | None = None
        self.failing = None
        # Each attempt runs functions as the program described them: copies, where another attempt may need them so.
        self.settings.run_again = self.master.may_restart
        if number > 1:
            self.coordination = Coordination(self.graph, self.settings.clock, self._send, self._wake)
            # Nothing that one attempt's operators have in common is the next one's: feedback queues, say.
            self.settings = dataclasses.replace(self.settings, shared={}, alignment=AlignmentGroups())
        try:
            self.coordination.create()
            self.check()
            if self.checkpoints is not None:
                self.checkpoints.prepare(self.coordination)
            with standard_descriptors_taken(), applied(self.dependencies):
                yield from self._run_tasks(number)
        except BaseException as error:
            failure = error
            if not isinstance(error, Exception):
                self.coordination.close(ended_by(error, self.graph.name))
                raise
            if isinstance(error, JobCancelledError) and self.stopping and not self.cancel_asked:
                failure = None
                self.master.stop_behind_savepoint()
            elif isinstance(error, JobCancelledError) and self.cancel_asked:
                self.master.cancel()
            else:
                task = self.failing
                failed = None if task is None else TaskId(task.vertex.id, task.subtask, number)
                self.master.attempt_failed(number, error, self.now(), failed)
        finally:
            if self.snapshots is not None:
                self.snapshots.close()
                self.snapshots, self.announced = None, Announced()
        for task in list(self.master.execution.tasks):
            self.master.task_moved(task, ExecutionState.CANCELED)  # but those that have ended
        return close_coordinators(self.coordination, self.checkpoints, failure)

    def _run_tasks(self, number: int) -> Iterator[None]:
        self.tasks = self._make_tasks(number)
        opened: list[Task] = []
        try:
            self.at_work = True
            for task in reversed(self.tasks):
                try:
                    task.open()
                except BaseException as error:
                    self._raise_of(task, error)
                opened.append(task)
            self._move_all(number, ExecutionState.SCHEDULED, ExecutionState.DEPLOYING, ExecutionState.RUNNING)
            self.coordination.start()
            if self.checkpoints is not None:
                self.checkpoints.attempt_started(number, self)
            yield from self._rounds()
            self.at_work = False
        except BaseException as failure:
            self.at_work = False
            for task in opened:
                task.close(failure)
            raise
        for task in opened:
            try:
                task.close()
            except BaseException as error:
                self._raise_of(task, error)
        self._move_all(number, ExecutionState.FINISHED)

    def _raise_of(self, task: Task, error: BaseException) -> NoReturn:
        """Raise what a task has raised, as what fails the job."""
        self.failing = task
        raise_contained(error, f"task '{task.name}'")

    def _move_all(self, number: int, *states: ExecutionState) -> None:
        for task in self.tasks:
            for state in states:
                self.master.task_moved(TaskId(task.vertex.id, task.subtask, number), state)

    def _rounds(self) -> Iterator[None]:
        running = list(self.tasks)
        staying: set[Task] = set()
        self.busy = dict.fromkeys(running, 0)
        clock = time.monotonic_ns
        while running:
            waiting = not self.coordination.run()
            if self.checkpoints is not None:
                self.checkpoints.run()
            idle: list[Task] = []
            for task in list(running):
                started = clock()
                try:
                    result = task.step()
                except BaseException as error:
                    self._raise_of(task, error)
                self.busy[task] += clock() - started
                # The parts of a batch go on as one, unless they take long.
                if result is not StepResult.MORE or not task.turn.input_open or task.turn.over():
                    for exchange in task.exchanges:
                        exchange.gate.flush()
                if result is StepResult.FINISHED:
                    running.remove(task)
                    self._say_behind_snapshots(task, JobCheckpoints.task_finished, task.metrics().accumulators)
                if result in (StepResult.MORE, StepResult.FINISHED):
                    waiting = False
                elif result is StepResult.WAIT:
                    idle.append(task)
                elif result is StepResult.STAYS and task not in staying:
                    staying.add(task)
                    self._say_behind_snapshots(task, JobCheckpoints.task_stays)
                    waiting = False
                if self.cancel_asked or self.stopping:
                    raise JobCancelledError(f"job '{self.graph.name}' was cancelled")
            self.report()
            yield
            if self.cancel_asked or self.stopping:
                raise JobCancelledError(f"job '{self.graph.name}' was cancelled")
            if waiting and running and not self._has_mail(running):
                started = clock()
                wake_times = [self.coordination.next_time(), *(task.wake_time() for task in idle)]
                if self.checkpoints is not None:
                    wake_times.append(self.checkpoints.next_time())
                known = [wake_time for wake_time in wake_times if wake_time is not None]
                writing = self.snapshots is not None and self.snapshots.left > 0
                outside = writing or self.coordination.waits_outside or any(task.waits_outside for task in running)
                self.settings.clock.wait_until(min(known, default=None), outside)  # type: ignore[attr-defined]
                self.idle += clock() - started

    def _say_behind_snapshots(self, task: Task, what: Callable[..., None], *more: Any) -> None:
        """Tell the coordinator of checkpoints of a task's end, behind what was told of its snapshots."""
        if self.checkpoints is not None:
            if self.snapshots is not None:
                for other in self.tasks:  # whose turn does not come meanwhile
                    other.finish_snapshots()
                self.snapshots.drain()
            self.coordination.post(partial(what, self.checkpoints, task.id, *more))

    def _has_mail(self, running: list[Task]) -> bool:
        """Whether somebody was told something after its turn."""
        return bool(self.coordination.posted) or any(task.mailbox.control for task in running)

    def _make_tasks(self, number: int) -> list[Task]:
        splits = assign_splits(self.graph, self.coordination.coordinators)
        exchanges: list[tuple[StreamEdge, list[dict[int, LocalChannel]]]] = []
        for edge in self.graph.exchanges:
            producers = self.graph.vertex_of(edge.source).parallelism
            consumers = self.graph.vertex_of(edge.target).parallelism
            rows = [
                {consumer: LocalChannel() for consumer in edge.partitioner.targets(producer, producers, consumers)}
                for producer in range(producers)
            ]
            exchanges.append((edge, rows))
        tasks = []
        size = self.settings.batch_size
        for vertex in self.graph.vertices:
            ids = {node.id for node in vertex.nodes}
            copied = self.settings.copied(vertex.parallelism)
            for subtask in range(vertex.parallelism):
                incoming = [
                    (edge, [row[subtask] for row in rows if subtask in row])
                    for edge, rows in exchanges
                    if edge.target in ids
                ]
                outgoing = [
                    (
                        edge,
                        GateOutput(
                            OutputGate(rows[subtask], None, size, -1),
                            exchange_scatter(self.graph, edge, subtask, copied),
                        ),
                    )
                    for edge, rows in exchanges
                    if edge.source in ids
                ]
                restored = None
                snapshot = None
                if self.checkpoints is not None:
                    restored = self.checkpoints.restored_task(vertex, subtask)
                    snapshot = partial(self._write, TaskId(vertex.id, subtask, number))
                decline = partial(self._decline, TaskId(vertex.id, subtask, number))
                link = TaskLink(partial(self._receive, subtask), Mailbox(self._wake), snapshot, decline)
                make = FinishedTask if restored is not None and restored.finished else Task
                tasks.append(make(vertex, subtask, number, self.settings, incoming, outgoing, splits, link, restored))
        return tasks

    # ---- checkpoints ----

    def begin_checkpoint(self, trigger: TriggerCheckpoint) -> None:
        """Tell tasks that a checkpoint begins."""
        self.announced.begin(trigger)
        for task in self.tasks:
            if task.id in trigger.tasks:
                task.mailbox.tell(partial(begin_checkpoint, trigger, task))

    def end_checkpoint(self, over: CheckpointOver) -> None:
        """Tell all tasks that a checkpoint is over."""
        self.announced.end(over.number)
        for task in self.tasks:
            task.mailbox.tell(partial(end_checkpoint, over, task))

    def close_tasks(self, tasks: tuple[TaskId, ...]) -> None:
        """Tell tasks that stayed for a checkpoint that they may close."""
        for task in self.tasks:
            if task.id in tasks:
                task.mailbox.tell(task.release)

    def fail_checkpoint(self, failure: BaseException) -> None:
        """The attempt fails."""
        raise failure

    def stop_behind_savepoint(self) -> None:
        """The savepoint behind which the job was to stop is durable."""
        self.stopping = True

    def _write(self, task: TaskId, taken: TakenSnapshot) -> None:
        """Have what a task holds written, and the coordinator told of it between the steps of tasks."""
        assert self.checkpoints is not None
        if isinstance(self.settings.clock, SystemClock):
            if self.snapshots is None:
                storage = self.checkpoints.storage
                self.snapshots = SnapshotThread(storage, self.announced, self._tell_written, "checkpoints")
            self.snapshots.write(task, taken)
            return
        trigger = self.announced.wait(taken.number, 0)
        if trigger is not None:
            self._tell_written(write_snapshot(self.checkpoints.storage, trigger, task, taken))
        taken.discard()

    def _decline(self, task: TaskId, number: int) -> None:
        self._tell_written(overtaken(task, number))

    def _tell_written(self, message: CheckpointTaken | CheckpointDeclined) -> None:
        if self.checkpoints is not None:
            self.coordination.post(partial(self.checkpoints.told, message))

    # Events are handed over between the steps of tasks, as a task may be in the middle of something.

    def _receive(self, subtask: int, node: int, event: Any) -> None:
        self.coordination.post(lambda: self.coordination.receive(node, subtask, event))

    def _send(self, node: int, subtask: int, event: Any) -> None:
        vertex = self.graph.vertex_of(node)
        task = next(task for task in self.tasks if task.vertex is vertex and task.subtask == subtask)
        task.mailbox.tell(lambda: task.handle_event(node, event))

    def all_metrics(self) -> list[tuple[str, TaskMetrics]]:
        result = []
        for task in self.tasks:
            metrics = task.metrics()
            metrics.busy = self.busy.get(task, 0)
            metrics.idle = self.idle
            result.append((task.name, metrics))
        return result
