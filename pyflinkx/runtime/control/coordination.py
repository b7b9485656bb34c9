"""The coordinators of a job's sources and sinks: they live with the client, and talk to the tasks by events."""

from __future__ import annotations

import heapq
import itertools
import pickle
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.calls.records import CallSite
from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext
from pyflinkx.errors import JobCancelledError, PyflinkxError
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.graph.nodes import StreamNode
from pyflinkx.operators.base import Clock
from pyflinkx.operators.places import called
from pyflinkx.runtime.control.pickles import dump_by_value
from pyflinkx.runtime.sites import site_of
from pyflinkx.runtime.task.mailbox import Mailbox

Call = Callable[[], None]


def nobody(number: int) -> None:
    """Where nobody takes checkpoints, nobody is told that a task takes no part in one."""


@dataclass(frozen=True)
class TaskLink:
    """How a task reaches what is outside of it.

    Args:
        send: ``send(node id, event)`` takes an event to the coordinator of a source or sink.
        mailbox: takes what the task's own thread is to call.
        snapshot: has a snapshot of the task written; None where the job takes no checkpoints.
        decline: says that the task takes no part in the checkpoint of a number, as a later one has overtaken it.
    """

    send: Callable[[int, Any], None]
    mailbox: Mailbox
    snapshot: Callable[[Any], None] | None = None
    decline: Callable[[int], None] = nobody


class Coordination:
    """All coordinators of one job, what they want to be called for, and when.

    Everything but ``post`` is called from the thread that runs the job.

    Args:
        graph: the job.
        clock: of the job.
        send: ``send(node id, subtask, event)`` takes an event to a task.
        wake: ends the wait of the job's thread; from any thread.
    """

    def __init__(self, graph: JobGraph, clock: Clock, send: Callable[[int, int, Any], None], wake: Call) -> None:
        self.graph = graph
        self.clock = clock
        self.send = send
        self.wake = wake
        self.coordinators: dict[int, Coordinator] = {}
        self.sites: dict[int, CallSite] = {}
        self.posted: deque[Call] = deque()
        self.timers: list[tuple[int, int, Call]] = []
        self.numbers = itertools.count()
        self.closed = threading.Event()

    def create(self) -> None:
        """Make the coordinators of all sources and sinks that have one."""
        errors = []
        for vertex in self.graph.vertices:
            for node in vertex.nodes:
                described = node.source if node.source is not None else node.sink
                if described is not None:
                    try:
                        coordinator = self._call(site_of(node), described.create_coordinator, self._context(node))
                    except BaseException as error:  # the others are made all the same, to be told of the job's end
                        errors.append(error)
                        continue
                    if coordinator is not None:
                        self.coordinators[node.id] = coordinator
                        self.sites[node.id] = site_of(node)
        if errors:
            raise errors[0]

    def _context(self, node: StreamNode) -> CoordinatorContext:
        def fail(error: BaseException) -> None:
            def failed() -> None:
                if isinstance(error, PyflinkxError):
                    raise error
                raise site.wrap(error, "in the client") from error

            self.post(failed)

        site = site_of(node)

        return CoordinatorContext(
            name=node.name,
            parallelism=node.parallelism,
            send=lambda subtask, event: self.send(node.id, subtask, event),
            post=lambda call: self.post(lambda: self._call(site, call)),
            call_at=lambda time, call: self._call_at(time, lambda: self._call(site, call)),
            now=self.clock.now,
            fail=fail,
            checkpoint_interval=self.graph.checkpoints.interval,
            checkpoint_timeout=self.graph.checkpoints.timeout,
        )

    def start(self) -> None:
        """The tasks are on their way."""
        for node, coordinator in self.coordinators.items():
            self._call(self.sites[node], coordinator.start)

    def restore(self, node: int, checkpoint_id: int, data: bytes) -> None:
        """Have a coordinator go on from what one said at a checkpoint; called before ``start``."""
        coordinator = self.coordinators.get(node)
        if coordinator is not None:
            site = self.sites[node]
            try:
                states = pickle.loads(data)
            except BaseException as error:  # code of the states' classes runs here
                raise site.wrap(error, "while its state was read from a checkpoint") from error
            self._call(site, coordinator.restore, checkpoint_id, states)

    def snapshot(self, checkpoint_id: int, last: bool) -> dict[int, bytes]:
        """What coordinators need to go on, by node: those whose word belongs behind their subtasks', or the others."""
        found = {}
        for node, coordinator in self.coordinators.items():
            if coordinator.snapshot_last is last:
                states = self._call(self.sites[node], coordinator.snapshot_state, checkpoint_id)
                if states is not None:
                    found[node] = self._call(self.sites[node], dump_by_value, states)
        return found

    def checkpoint_completed(self, checkpoint_id: int) -> None:
        """A checkpoint is durable. All coordinators are told, even if some fail: they leave alone what it lists.

        Raises:
            BaseException: what the first of them raised.
        """
        failure: BaseException | None = None
        for node, coordinator in self.coordinators.items():
            try:
                self._call(self.sites[node], coordinator.checkpoint_completed, checkpoint_id)
            except BaseException as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def post(self, call: Call) -> None:
        """Have the job's thread call something; from any thread."""
        self.posted.append(call)
        if not self.closed.is_set():
            self.wake()

    def _call_at(self, time: int, call: Call) -> None:
        heapq.heappush(self.timers, (time, next(self.numbers), call))

    @property
    def waits_outside(self) -> bool:
        """Whether another thread may bring what tasks wait for."""
        return any(coordinator.outside for coordinator in self.coordinators.values())

    def next_time(self) -> int | None:
        """When (ms) ``run`` has something to do; None for never."""
        return self.timers[0][0] if self.timers else None

    def run(self) -> bool:
        """Call what was posted, and what is due; whether there was anything."""
        did = False
        while self.timers and self.timers[0][0] <= self.clock.now():
            heapq.heappop(self.timers)[2]()
            did = True
        for _ in range(len(self.posted)):
            self.posted.popleft()()
            did = True
        return did

    def receive(self, node: int, subtask: int, event: Any) -> None:
        """A task has sent something."""
        self._call(self.sites[node], self.coordinators[node].handle_event, subtask, event)

    def _call(self, site: CallSite, call: Callable[..., Any], *arguments: Any) -> Any:
        return called(site, f"in the client, in {getattr(call, '__name__', 'a call')}()", call, *arguments)

    def close(self, failure: BaseException | None) -> None:
        """The job has ended; all coordinators are closed even if some fail, and those after them are told so."""
        self.closed.set()
        told = failure
        for node, coordinator in self.coordinators.items():
            try:
                self._call(self.sites[node], coordinator.close, told)
            except BaseException as error:
                told = told or error
        self.coordinators.clear()
        if failure is None and told is not None:
            raise told


def named(site: CallSite, call: Call) -> None:
    """Call something that may find a source or a sink unfit; what it says of that tells the operator and the line, too.

    Raises:
        PyflinkxError: as ``call`` does.
        JobExecutionError: from whatever else it raises.
    """
    called(site, "before the job starts", call)


def ended_by(error: BaseException, name: str) -> BaseException:
    """What coordinators are told of a job's end: a caller that has lost interest has cancelled it."""
    return JobCancelledError(f"job '{name}' was cancelled") if isinstance(error, GeneratorExit) else error
