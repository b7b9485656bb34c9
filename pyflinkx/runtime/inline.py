"""Runs a whole job in the calling thread: no threads, no processes, no sockets."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pyflinkx._core.calls import CallSite
from pyflinkx.config.dependencies import PythonDependencies
from pyflinkx.errors import JobCancelledError
from pyflinkx.graph.execution_graph import JobState
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.graph.stream_graph import StreamEdge
from pyflinkx.runtime.channel import LocalChannel
from pyflinkx.runtime.dependencies import applied
from pyflinkx.runtime.outputs import ExchangeOutput
from pyflinkx.runtime.scatter import make_scatter
from pyflinkx.runtime.splits import assign_splits
from pyflinkx.runtime.task import StepResult, Task, TaskSettings
from pyflinkx.runtime.task_metrics import TaskMetrics

NO_DEPENDENCIES = PythonDependencies()


@dataclass
class JobProgress:
    """Where a running job stands.

    ``watermark`` is the lowest event time (ms) over all operators that have seen one; None before the first.
    """

    job_name: str
    records_in: int
    records_out: int
    bad_records: int
    late_records: int
    watermark: int | None
    elapsed: float


@dataclass
class JobResult:
    """How a job ended."""

    job_id: str
    job_name: str
    net_runtime: int
    counters: dict[str, dict[str, int]] = field(default_factory=dict)


ProgressListener = Callable[[JobProgress], None]


class InlineJob:
    """A job that runs while its caller iterates over ``steps`` or calls ``run``.

    Args:
        graph: the job.
        settings: for its tasks.
        listener: called with the job's progress at most every 100 ms, and once at the end.
        dependencies: what the program needs besides itself; at hand while the job runs.
    """

    def __init__(
        self,
        graph: JobGraph,
        settings: TaskSettings,
        listener: ProgressListener | None = None,
        dependencies: PythonDependencies = NO_DEPENDENCIES,
    ) -> None:
        self.graph = graph
        self.settings = settings
        self.listener = listener
        self.dependencies = dependencies
        self.job_id = uuid.uuid4().hex
        self.state = JobState.CREATED
        self.busy: dict[Task, int] = {}
        self.idle = 0
        self.cancel_asked = False
        self.tasks: list[Task] = []
        self.started = time.monotonic()
        self._reported = self.started

    def check(self) -> None:
        """Raise what is plainly wrong with sources and sinks before anything is opened."""
        for vertex in self.graph.vertices:
            for node in vertex.nodes:
                for described in (node.source, node.sink):
                    if described is not None:
                        described.check()

    def run(self) -> JobResult:
        """Run to the end."""
        for _ in self.steps():
            pass
        return self.result()

    def request_cancel(self) -> None:
        """Have the job cancelled; from any thread."""
        self.cancel_asked = True
        self.settings.clock.wake()  # type: ignore[attr-defined]

    def steps(self) -> Iterator[None]:
        """Run the job, pausing after each round over its tasks; closing the iterator early cancels the job.

        Raises:
            JobCancelledError: it was cancelled by ``request_cancel``.
        """
        self.state = JobState.RUNNING
        try:
            self.check()
            with applied(self.dependencies):
                yield from self._run_tasks()
        except (GeneratorExit, JobCancelledError):
            self.state = JobState.CANCELED
            raise
        except BaseException:
            self.state = JobState.FAILED
            raise
        self.state = JobState.FINISHED

    def _run_tasks(self) -> Iterator[None]:
        self.tasks = self._make_tasks()
        opened: list[Task] = []
        try:
            for task in reversed(self.tasks):
                task.open()
                opened.append(task)
            yield from self._rounds()
        except BaseException as failure:
            for task in opened:
                task.close(failure)
            raise
        for task in opened:
            task.close()
        self._report(final=True)

    def _rounds(self) -> Iterator[None]:
        running = list(self.tasks)
        self.busy = dict.fromkeys(running, 0)
        clock = time.monotonic_ns
        while running:
            waiting = True
            for task in list(running):
                started = clock()
                result = task.step()
                self.busy[task] += clock() - started
                if result is StepResult.FINISHED:
                    running.remove(task)
                if result in (StepResult.MORE, StepResult.FINISHED):
                    waiting = False
            self._report()
            yield
            if self.cancel_asked:
                raise JobCancelledError(f"job '{self.graph.name}' was cancelled")
            if waiting and running:
                started = clock()
                wake_times = [task.wake_time() for task in running]
                known = [wake_time for wake_time in wake_times if wake_time is not None]
                self.settings.clock.wait_until(min(known, default=None))  # type: ignore[attr-defined]
                self.idle += clock() - started

    def _make_tasks(self) -> list[Task]:
        splits = assign_splits(self.graph)
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
        for vertex in self.graph.vertices:
            ids = {node.id for node in vertex.nodes}
            for subtask in range(vertex.parallelism):
                incoming = [
                    (edge, [row[subtask] for row in rows if subtask in row])
                    for edge, rows in exchanges
                    if edge.target in ids
                ]
                outgoing = [
                    (edge, self._exchange(edge, subtask, rows[subtask]))
                    for edge, rows in exchanges
                    if edge.source in ids
                ]
                tasks.append(Task(vertex, subtask, self.settings, incoming, outgoing, splits))
        return tasks

    def _exchange(self, edge: StreamEdge, subtask: int, channels: dict[int, LocalChannel]) -> ExchangeOutput:
        producers = self.graph.vertex_of(edge.source).parallelism
        target = next(node for node in self.graph.vertex_of(edge.target).nodes if node.id == edge.target)
        site = CallSite(target.name, target.uid, target.location)
        scatter = make_scatter(edge.partitioner, subtask, producers, target.parallelism, target.max_parallelism, site)
        return ExchangeOutput(channels, scatter)

    def result(self) -> JobResult:
        """Counters by operator name, summed over subtasks, and the run time in milliseconds."""
        counters: dict[str, dict[str, int]] = {}
        for task in self.tasks:
            for node in task.vertex.nodes:
                sums = counters.setdefault(node.name, {})
                for name, value in task.counters[node.id].items():
                    sums[name] = sums.get(name, 0) + value
        elapsed = round((time.monotonic() - self.started) * 1000)
        return JobResult(self.job_id, self.graph.name, elapsed, counters)

    def task_metrics(self) -> dict[str, TaskMetrics]:
        """What each subtask has done, by its name; from any thread."""
        result = {}
        for task in self.tasks:
            metrics = result[task.name] = task.metrics()
            metrics.busy = self.busy.get(task, 0)
            metrics.idle = self.idle
        return result

    def progress(self) -> JobProgress:
        """Where the job stands now."""
        totals: dict[str, int] = {}
        watermarks = []
        for task in self.tasks:
            for counters in task.counters.values():
                for name, value in counters.items():
                    totals[name] = totals.get(name, 0) + value
            watermarks += task.watermarks()
        return JobProgress(
            job_name=self.graph.name,
            records_in=totals.get("numRecordsIn", 0),
            records_out=totals.get("numRecordsOut", 0),
            bad_records=totals.get("numBadRecords", 0),
            late_records=totals.get("numLateRecordsDropped", 0),
            watermark=min(watermarks, default=None),
            elapsed=time.monotonic() - self.started,
        )

    def _report(self, final: bool = False) -> None:
        if self.listener is None:
            return
        now = time.monotonic()
        if final or now - self._reported >= 0.1:
            self._reported = now
            self.listener(self.progress())
