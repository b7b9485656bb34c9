"""What every running job has, wherever its tasks run."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pyflinkx.config.dependencies import PythonDependencies
from pyflinkx.errors import CheckpointError
from pyflinkx.graph.execution_graph import JobState, TaskId
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.operators.base import LATE_RECORDS
from pyflinkx.runtime.control.checkpoints import JobCheckpoints
from pyflinkx.runtime.control.coordination import ended_by, named
from pyflinkx.runtime.control.master import JobMaster, RestartStrategy, StartAttempt
from pyflinkx.runtime.control.queries import JobQueries
from pyflinkx.runtime.sites import site_of
from pyflinkx.runtime.task.accumulators import merged
from pyflinkx.runtime.task.late_records import warn_of_late_records
from pyflinkx.runtime.task.metrics import TaskMetrics
from pyflinkx.runtime.tracebacks import Tracebacks, as_text
from pyflinkx.state.queryable import StateQuery

if TYPE_CHECKING:
    from pyflinkx.runtime.drivers.query_server import QueryServer

NO_DEPENDENCIES = PythonDependencies()
PROGRESS_INTERVAL = 0.1


@dataclass
class JobProgress:
    """Where a running job stands.

    ``watermark`` is the lowest event time (ms) over all operators that have seen one; None before the first. ``final``
    tells that the job has finished.
    """

    job_name: str
    records_in: int
    records_out: int
    bad_records: int
    late_records: int
    watermark: int | None
    elapsed: float
    final: bool = False


@dataclass
class JobResult:
    """How a job ended."""

    job_id: str
    job_name: str
    net_runtime: int
    counters: dict[str, dict[str, int]] = field(default_factory=dict)
    accumulators: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JobFailure:
    """Why an attempt to run a job failed.

    Args:
        time: when (ms since the epoch).
        attempt: which one, from 1.
        task: the name of the first task that failed, such as "Map (1/2)"; None for what is no task's failure.
        worker: the name of the worker that it ran on, or that was lost; None inline.
        error: what it failed with; without its frames if another attempt followed.
        traceback: with the program's own frames, as text; "" while the attempt is ending.
    """

    time: int
    attempt: int
    task: str | None
    worker: str | None
    error: BaseException
    traceback: str


ProgressListener = Callable[[JobProgress], None]


class Job:
    """A job that runs while its caller iterates over ``steps`` or calls ``run``.

    Args:
        graph: the job.
        listener: called with the job's progress at most every 100 ms, and once at the end.
        dependencies: what the program needs besides itself; at hand while the job runs.
        restarts: whether it is run again when it failed.
    """

    # Whether its thread runs the tasks themselves, and has not seen yet that they are to end.
    at_work = False

    def __init__(
        self,
        graph: JobGraph,
        listener: ProgressListener | None = None,
        dependencies: PythonDependencies = NO_DEPENDENCIES,
        restarts: RestartStrategy | None = None,
    ) -> None:
        self.graph = graph
        self.listener = listener
        self.dependencies = dependencies
        self.master = JobMaster(
            graph.name,
            [(vertex.id, subtask) for vertex in graph.vertices for subtask in range(vertex.parallelism)],
            restarts,
        )
        self.checkpoints: JobCheckpoints | None = None
        self.queries = JobQueries(graph.name, self.post, self.ask_tasks)
        self.query_server: QueryServer | None = None  # where others ask for its state
        self.cancel_asked = False
        self.tracebacks = Tracebacks(full=False)
        self.job_id = uuid.uuid4().hex
        self.started = time.monotonic()
        self._reported = self.started

    # ---- what a way to run jobs defines ----

    def attempt(self, number: int) -> Generator[None, None, BaseException | None]:
        """Run the job's tasks once, pausing now and then, and tell ``master`` how they fare until all have ended; then
        give back what they used.

        Returns:
            What went wrong while that was given back; None for nothing.

        Raises:
            BaseException: the caller gives up (an interrupt, the iterator's end); nothing is left of the attempt.
        """
        raise NotImplementedError

    def pause(self, milliseconds: int) -> Iterator[None]:
        """Wait, at most so long, or until the job is cancelled."""
        raise NotImplementedError

    def request_cancel(self) -> None:
        """Have the job cancelled, which ends ``steps`` with JobCancelledError; from any thread."""
        raise NotImplementedError

    def post(self, call: Callable[[], None]) -> None:
        """Have the job's thread call something while an attempt runs, soon; from any thread."""
        raise NotImplementedError

    def ask_tasks(self, number: int, query: StateQuery) -> set[TaskId]:
        """Have all tasks tell ``queries`` what they have of some state; which these are, none before all run."""
        raise NotImplementedError

    def all_metrics(self) -> list[tuple[str, TaskMetrics]]:
        """Name of each subtask, and what it has done; from any thread."""
        raise NotImplementedError

    def now(self) -> int:
        """The time of its tasks, in milliseconds since the epoch."""
        raise NotImplementedError

    # ---- what follows from that ----

    @property
    def state(self) -> JobState:
        """Where the job stands."""
        return self.master.state

    def steps(self) -> Iterator[None]:
        """Run the job, pausing now and then; closing the iterator early cancels the job.

        Raises:
            JobExecutionError, or what a source or sink raised: the job failed.
            JobCancelledError: it was cancelled by ``request_cancel``.
        """
        with contextlib.nullcontext() if self.query_server is None else self.query_server.answering(self):
            yield from self._attempts()

    def _attempts(self) -> Iterator[None]:
        actions = self.master.start()
        while (start := next((action for action in actions if isinstance(action, StartAttempt)), None)) is not None:
            try:
                if start.delay:
                    yield from self.pause(start.delay)
                    if not self.master.delay_over(start.number):
                        break
                failure = yield from self.attempt(start.number)
                self.queries.interrupt()
            except BaseException as error:
                self.master.abandon(error)
                if self.checkpoints is not None:
                    self.checkpoints.job_ended(self.master.state)
                self._tell_ended(ended_by(error, self.graph.name))
                raise
            resumes = self.checkpoints is not None and self.checkpoints.coordinator.settings.enabled
            actions = self.master.attempt_ended(start.number, failure, self.now(), resumes)
            if self.master.ended is None:
                failed = self.master.failures[-1]
                self.master.failures[-1] = replace(failed, traceback=as_text(failed.error))
        assert self.master.ended is not None
        if self.checkpoints is not None:
            self.checkpoints.job_ended(self.master.ended.state)
        self._tell_ended(self.master.ended.failure)
        if self.master.ended.failure is not None:
            raise self.master.ended.failure
        self.report(final=True)

    def _tell_ended(self, failure: BaseException | None) -> None:
        """Sources and sinks learn that no other attempt follows."""
        for vertex in self.graph.vertices:
            for node in vertex.nodes:
                described = node.source if node.source is not None else node.sink
                if described is not None:
                    described.job_ended(failure)

    def run(self) -> JobResult:
        """Run to the end."""
        for _ in self.run_by_steps():
            pass
        return self.result()

    def run_by_steps(self) -> Generator[None, None, None]:
        """Run as ``steps`` does; at the end, whatever it is, tell of records that were dropped for coming late."""
        try:
            with self.tracebacks:
                yield from self.steps()
        finally:
            warn_of_late_records(self.graph, [metrics.counters for _, metrics in self.all_metrics()])

    def trigger_savepoint(self, folder: str | None, stop: bool = False, drain: bool = False) -> Future[str]:
        """Have a savepoint taken; from any thread.

        Args:
            folder: in which it gets a folder of its own, a path or a URL; None for the configured one.
            stop: whether the job ends behind it.
            drain: whether windows and timers fire first, as at the end of the input.

        Returns:
            A future of its folder; it fails with CheckpointError.
        """
        future: Future[str] = Future()
        if self.checkpoints is None:
            future.set_exception(CheckpointError(f"job '{self.graph.name}' is a batch job, which takes no savepoints"))
        else:
            self.checkpoints.expect(future)
            self.post(partial(self.checkpoints.trigger_savepoint, folder, stop, drain, future))
            if self.master.ended is not None:
                self.checkpoints.refuse_rest()
        return future

    def check(self) -> None:
        """Raise what is plainly wrong with sources and sinks before anything is opened.

        What is where a sink of the checkpoint that the job goes on from wants to write may be its own: it is asked when
        it commits.
        """
        latest = None if self.checkpoints is None else self.checkpoints.coordinator.latest
        for vertex in self.graph.vertices:
            for node in vertex.nodes:
                if node.source is not None:
                    named(site_of(node), node.source.check)
                if node.sink is not None and (latest is None or node.uid not in latest.operators):
                    named(site_of(node), node.sink.check)

    def failures(self) -> list[JobFailure]:
        """The last failures, newest first; from any thread."""
        vertices = {vertex.id: vertex for vertex in self.graph.vertices}

        def name(task: TaskId) -> str:
            vertex = vertices[task.vertex]
            return f"{vertex.name} ({task.subtask + 1}/{vertex.parallelism})"

        return [
            JobFailure(
                record.time,
                record.attempt,
                None if record.task is None else name(record.task),
                record.worker or None,
                record.error,
                record.traceback,
            )
            for record in reversed(list(self.master.failures))
        ]

    def task_metrics(self) -> dict[str, TaskMetrics]:
        """What each subtask has done, by its name; with " #2" and so on where several have one name."""
        named: dict[str, TaskMetrics] = {}
        for name, metrics in self.all_metrics():
            times = 1
            unique = name
            while unique in named:
                times += 1
                unique = f"{name} #{times}"
            named[unique] = metrics
        return named

    def result(self) -> JobResult:
        """Counters by operator name, summed over subtasks, accumulators by name, and the run time in milliseconds.

        Raises:
            JobExecutionError: accumulators of one name do not fit together.
        """
        names = {node.id: node.name for vertex in self.graph.vertices for node in vertex.nodes}
        counters: dict[str, dict[str, int]] = {name: {} for name in names.values()}
        found = []
        for _, metrics in self.all_metrics():
            for node, counts in metrics.counters.items():
                add_counts(counters[names[node]], counts)
            found += [(names[node], accumulators) for node, accumulators in metrics.accumulators.items()]
        runtime = round((time.monotonic() - self.started) * 1000)
        return JobResult(self.job_id, self.graph.name, runtime, counters, merged(found))

    def progress(self) -> JobProgress:
        """Where the job stands, as far as its metrics tell."""
        totals: dict[str, int] = {}
        watermarks = []
        for _, metrics in self.all_metrics():
            for counts in metrics.counters.values():
                add_counts(totals, counts)
            if metrics.watermark is not None:
                watermarks.append(metrics.watermark)
        return JobProgress(
            job_name=self.graph.name,
            records_in=totals.get("numRecordsIn", 0),
            records_out=totals.get("numRecordsOut", 0),
            bad_records=totals.get("numBadRecords", 0),
            late_records=totals.get(LATE_RECORDS, 0),
            watermark=min(watermarks, default=None),
            elapsed=time.monotonic() - self.started,
        )

    def report(self, final: bool = False) -> None:
        """Tell the listener, if it is time."""
        if self.listener is None:
            return
        now = time.monotonic()
        if final or now - self._reported >= PROGRESS_INTERVAL:
            self._reported = now
            self.listener(replace(self.progress(), final=final))


def add_counts(sums: dict[str, int], counts: dict[str, int]) -> None:
    """Add counts to sums, by name."""
    for name, value in counts.items():
        sums[name] = sums.get(name, 0) + value
