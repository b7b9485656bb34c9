"""A worker: Flink's TaskManager. Its main thread obeys the JobManager, a thread per task does the work."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pyflinkx.graph.execution_graph import ExecutionState, TaskId
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.runtime.control import failures
from pyflinkx.runtime.control.channel import ControlChannel, ControlEnded
from pyflinkx.runtime.control.coordination import TaskLink
from pyflinkx.runtime.control.deployment import DeploymentPlan, TaskPlacement
from pyflinkx.runtime.control.job_pickle import load_job
from pyflinkx.runtime.control.messages import (
    AlignmentReport,
    AlignmentUpdate,
    CancelTasks,
    CheckpointOver,
    CloseTasks,
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
    overtaken,
    pack,
    unpack,
)
from pyflinkx.runtime.control.pickles import dump_value
from pyflinkx.runtime.control.queries import state_of_task
from pyflinkx.runtime.control.remote_buffer import RemoteBuffer
from pyflinkx.runtime.control.snapshot_writer import Announced, SnapshotThread, begin_checkpoint, end_checkpoint
from pyflinkx.runtime.control.source_alignment import AlignmentReporter
from pyflinkx.runtime.exchange.gates import GateOutput
from pyflinkx.runtime.exchange.handover import Lender
from pyflinkx.runtime.exchange.scatter import exchange_scatter
from pyflinkx.runtime.exchange.transport import ExchangeSettings, Transport
from pyflinkx.runtime.sites import site_of
from pyflinkx.runtime.task.finished import FinishedTask
from pyflinkx.runtime.task.mailbox import Mailbox
from pyflinkx.runtime.task.snapshots import RestoredTask
from pyflinkx.runtime.task.splits import AssignedSplits
from pyflinkx.runtime.task.task import Task, TaskSettings
from pyflinkx.runtime.task.thread import TaskThread

MakeTransport = Callable[[JobGraph, DeploymentPlan, int, ExchangeSettings], Transport]

log = logging.getLogger("pyflinkx.runtime")

BUSY_INTERVAL = 0.1
LONGEST_LOGGED = 1 << 18  # characters of a log record's message that reach the client


class ClientGone(Exception):
    """The other end of the control channel is closed."""


class Worker:
    """Runs the tasks of one job that were placed here.

    Args:
        number: of this worker in the job.
        attempt: number of the attempt to run the job that it is for; part of all that it says.
        channel: to the JobManager.
        make_transport: makes this worker's end of the exchanges.
        own_process: whether the process is this worker's alone, so that its log is the job's.
    """

    def __init__(
        self,
        number: int,
        attempt: int,
        channel: ControlChannel,
        make_transport: MakeTransport,
        own_process: bool = True,
    ) -> None:
        self.number = number
        self.attempt = attempt
        self.name = f"worker-{number + 1}"
        self.channel = channel
        self.make_transport = make_transport
        self.own_process = own_process
        self.sending = threading.Lock()
        self.transport: Transport | None = None
        self.threads: dict[TaskId, TaskThread] = {}
        self.lender = None if own_process else Lender()
        self.heartbeat_interval = 10.0
        self.reporter: AlignmentReporter | None = None
        self.announced = Announced()
        self.snapshots: SnapshotThread | None = None
        self.others: dict[str, int] = {}  # other workers may report before this one has its tasks

    def run(self) -> None:
        """Until the JobManager says that the job has ended, or is gone."""
        self.send(Registered(os.getpid()))
        parent = os.getppid()
        due = time.monotonic() + self.heartbeat_interval
        while True:
            if self.channel.wait(max(due - time.monotonic(), 0)):
                message = self._receive()
                if isinstance(message, Deploy):
                    self.heartbeat_interval = message.heartbeat_interval
                    due = time.monotonic()
                    with self._heard():
                        self._deploy(message)
                elif isinstance(message, EventForTask):
                    self._pass_on(message)
                elif isinstance(message, AlignmentUpdate):
                    self.others = message.lowest
                    if self.reporter is not None:
                        self.reporter.groups.others = self.others
                elif isinstance(message, TriggerCheckpoint):
                    self._begin_checkpoint(message)
                elif isinstance(message, CheckpointOver):
                    self._end_checkpoint(message)
                elif isinstance(message, CloseTasks):
                    self._close_tasks(message)
                elif isinstance(message, QueryTasks):
                    self._query(message)
                elif isinstance(message, CancelTasks):
                    self.cancel()
                elif isinstance(message, Shutdown):
                    break
            if time.monotonic() >= due:
                if os.getppid() != parent:  # a copy that the client made of itself may hold its end of the connection
                    raise ClientGone
                interval = self.heartbeat_interval
                due = time.monotonic() + (interval if self._beat() else min(interval, BUSY_INTERVAL))
        self.end()

    def cancel(self) -> None:
        """Tell all tasks to stop; from any thread."""
        transport = self.transport
        if transport is not None:
            transport.cancel()
        for thread in list(self.threads.values()):
            thread.cancel()

    def end(self) -> None:
        """Wait for the tasks, which have ended or are no longer wanted, and give back what they used."""
        self.cancel()
        for thread in self.threads.values():
            thread.thread.join()
        if self.snapshots is not None:
            self.snapshots.close()
        if self.reporter is not None:
            self.reporter.close()
        if self.transport is not None:
            self.threads.clear()
            self.transport.close()

    def _beat(self) -> bool:
        """Send a heartbeat if that needs no waiting: who waits here reads nothing of what the JobManager sends."""
        if not self.sending.acquire(blocking=False):
            return False
        try:
            if not self.channel.has_room():
                return False
            metrics = {task: thread.metrics() for task, thread in list(self.threads.items())}
            self.channel.send(pack(self.attempt, Heartbeat(metrics)))
        except ControlEnded as error:
            raise ClientGone from error
        finally:
            self.sending.release()
        return True

    @contextlib.contextmanager
    def _heard(self) -> Iterator[None]:
        """Send heartbeats from another thread meanwhile: what the job imports may take longer than anybody waits."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(self.heartbeat_interval):
                with contextlib.suppress(ClientGone):  # the main thread will see it
                    self._beat()

        thread = threading.Thread(target=beat, name=f"{self.name}: heartbeats", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _pass_on(self, message: EventForTask) -> None:
        thread = self.threads.get(message.task)
        if thread is not None:
            thread.mailbox.tell(lambda: hand_over(thread.task, message))  # type: ignore[arg-type]

    def _begin_checkpoint(self, trigger: TriggerCheckpoint) -> None:
        self.announced.begin(trigger)
        for task in trigger.tasks:
            if task in self.threads:
                self._tell(self.threads[task], partial(begin_checkpoint, trigger))

    def _end_checkpoint(self, over: CheckpointOver) -> None:
        self.announced.end(over.number)
        for thread in self.threads.values():
            self._tell(thread, partial(end_checkpoint, over))

    def _close_tasks(self, message: CloseTasks) -> None:
        for task in message.tasks:
            if task in self.threads:
                self._tell(self.threads[task], Task.release)

    def _query(self, message: QueryTasks) -> None:
        def answer(task: Task) -> None:
            told = TaskAnswer(task.id, message.number, state_of_task(task, message.query))
            self.send(told)

        for thread in self.threads.values():
            self._tell(thread, answer)

    def _tell(self, thread: TaskThread, call: Callable[[Task], None]) -> None:
        thread.mailbox.tell(lambda: call(thread.task))  # type: ignore[arg-type] # mail is read by a task

    def send(self, message: Any) -> None:
        """Tell the JobManager something; from any thread.

        Raises:
            ClientGone: nobody listens any more.
        """
        self.send_bytes(pack(self.attempt, message))

    def send_bytes(self, data: bytes) -> None:
        """Send a packed message; from any thread.

        Raises:
            ClientGone: nobody listens any more.
        """
        try:
            with self.sending:
                self.channel.send(data)
        except ControlEnded as error:
            raise ClientGone from error

    def _receive(self) -> Any:
        """The next message; None when it was for another attempt."""
        try:
            data = self.channel.receive()
        except ControlEnded as error:
            raise ClientGone from error
        return unpack(data) if attempt_of(data) == self.attempt else None

    # ---- deployment ----

    def _deploy(self, message: Deploy) -> None:
        if self.own_process:
            sys.path[:0] = message.python_path
            if message.working_folder is not None:
                os.chdir(message.working_folder)
            send_log(self, message.log_levels)
        try:
            for slot, job in message.jobs.items():
                graph, settings, exchanges, splits, restored, storage = load_job(job, self._remote_buffer)
                if storage is not None and self.snapshots is None:
                    self.snapshots = SnapshotThread(storage, self.announced, self.send, f"{self.name}: checkpoints")
                if self.own_process and self.reporter is None:  # threads of one process share the groups themselves
                    self.reporter = AlignmentReporter(settings.alignment, self._report_alignment)
                    settings.alignment.others = self.others
                if self.transport is None:
                    self.transport = self.make_transport(graph, message.plan, self.number, exchanges)
                for placement in message.plan.tasks_of(self.number):
                    if placement.slot == slot:
                        begins_with = restored.get((placement.id.vertex, placement.id.subtask))
                        self.threads[placement.id] = self._thread(
                            graph, settings, splits, message.plan, placement, begins_with
                        )
        except BaseException as error:  # code of the job's functions and classes runs here
            self.send(DeploymentFailed(failures.pack(failures.contained(error, f"the deployment of {self.name}"))))
            return
        for thread in self.threads.values():
            thread.start()

    def _remote_buffer(self, number: int) -> RemoteBuffer:
        return RemoteBuffer(number, self.attempt, self.send_bytes, self.lender, lambda: list(self.threads.values()))

    def _thread(
        self,
        graph: JobGraph,
        settings: TaskSettings,
        splits: AssignedSplits,
        plan: DeploymentPlan,
        placement: TaskPlacement,
        restored: RestoredTask | None,
    ) -> TaskThread:
        vertex = graph.vertices[placement.id.vertex]
        ids = {node.id for node in vertex.nodes}
        transport = self.transport
        assert transport is not None
        incoming = [
            (edge, transport.input_channels(index, placement.id))
            for index, edge in enumerate(graph.exchanges)
            if edge.target in ids
        ]
        outgoing = [
            (
                edge,
                GateOutput(
                    transport.output_gate(index, placement.id),
                    exchange_scatter(graph, edge, placement.id.subtask, settings.copied(vertex.parallelism)),
                ),
            )
            for index, edge in enumerate(graph.exchanges)
            if edge.source in ids
        ]
        event = transport.event(placement.id)

        def send(node: int, message: Any) -> None:
            self.send(EventForCoordinator(node, placement.id.subtask, dump_value(message)))

        mailbox = Mailbox(event.signal)
        snapshots = self.snapshots
        link = TaskLink(
            send,
            mailbox,
            None if snapshots is None else partial(snapshots.write, placement.id),
            lambda number: self.send(overtaken(placement.id, number)),
        )
        make = FinishedTask if restored is not None and restored.finished else Task
        return TaskThread(
            placement.id,
            f"{vertex.name} ({placement.id.subtask + 1}/{vertex.parallelism})",
            lambda: make(
                vertex, placement.id.subtask, placement.id.attempt, settings, incoming, outgoing, splits, link, restored
            ),
            event,
            mailbox,
            [output.gate for _, output in outgoing],
            settings.clock,
            self._report,
            self._report_stay,
        )

    def _report_alignment(self, lowest: dict[str, int]) -> bool:
        try:
            self.send(AlignmentReport(lowest))
        except ClientGone:
            return False
        return True

    def _report(self, task: TaskId, state: ExecutionState, failure: BaseException | None) -> None:
        if state is ExecutionState.FINISHED and self.snapshots is not None:
            self.snapshots.drain()  # or it would count as finished in a checkpoint that it has had its part in
        metrics = self.threads[task].metrics() if state.terminal else None
        try:
            self.send(TaskReport(task, state, failures.pack(failure) if failure is not None else None, metrics))
        except ClientGone:
            return  # the main thread sees it too, and ends the process

    def _report_stay(self, task: TaskId) -> None:
        if self.snapshots is not None:
            self.snapshots.drain()  # as above
        with contextlib.suppress(ClientGone):  # as above
            self.send(TaskStays(task))


def hand_over(task: Task, message: EventForTask) -> None:
    """Give a task an event; called in its thread, as code of the event's classes runs here and may fail it."""
    try:
        event = pickle.loads(message.event)
    except BaseException as error:
        node = next(node for node in task.vertex.nodes if node.id == message.node)
        raise site_of(node).wrap(error, "while an event from the client was unpickled") from error
    task.handle_event(message.node, event)


class SendingHandler(logging.handlers.QueueHandler):
    """Sends log records to the client, marked with the worker; the thread's name is the task's."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(None)  # type: ignore[arg-type]
        self.worker = worker

    def enqueue(self, record: logging.LogRecord) -> None:
        """Send one record."""
        record.processName = self.worker.name
        if len(record.msg) > LONGEST_LOGGED:
            record.msg = f"{record.msg[:LONGEST_LOGGED]}... ({len(record.msg)} characters)"
            record.message = record.msg
        try:
            self.worker.send(logged(record))
        except ClientGone:
            return


def logged(record: logging.LogRecord) -> Logged:
    """A log record as it travels, without those extra attributes that no pickle takes."""
    own = logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime"}
    attached = {}
    for name in record.__dict__.keys() - own:
        with contextlib.suppress(BaseException):  # code of the value's class runs here
            attached[name] = dump_value(record.__dict__.pop(name))
    return Logged(record, attached)


def send_log(worker: Worker, levels: dict[str, int]) -> None:
    """Have everything that this process logs sent to the client, from the levels on that loggers have there."""
    logging.getLogger().handlers[:] = [SendingHandler(worker)]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
