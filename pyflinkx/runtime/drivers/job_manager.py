"""Runs a job on workers: Flink's JobManager, in the client's process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from pyflinkx.config import options
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.dependencies import PythonDependencies
from pyflinkx.config.option import ConfigOption
from pyflinkx.connectors.collect import CollectBuffer
from pyflinkx.graph.execution_graph import TaskId
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.runtime.control.attempt import EXIT_PATIENCE, WorkersAttempt
from pyflinkx.runtime.control.log_relay import LogRelay
from pyflinkx.runtime.control.master import RestartStrategy
from pyflinkx.runtime.control.placement import AttemptSettings, Placement
from pyflinkx.runtime.control.wait_set import WaitSet
from pyflinkx.runtime.control.worker_output import OutputRelay
from pyflinkx.runtime.drivers.job import NO_DEPENDENCIES, PROGRESS_INTERVAL, Job, ProgressListener
from pyflinkx.runtime.exchange.transport import ExchangeSettings
from pyflinkx.runtime.task.metrics import TaskMetrics
from pyflinkx.runtime.task.task import TaskSettings
from pyflinkx.state.queryable import StateQuery


class JobManager(Job):
    """A job on workers, which each attempt has anew.

    Args:
        graph: the job.
        settings: of its tasks.
        exchanges: of its exchanges.
        configuration: of the job.
        place: gives an attempt, by its number, the place that its tasks run at.
        listener: called with the job's progress.
        dependencies: what the program needs besides itself.
        restarts: whether it is run again when it failed.
    """

    # Whether workers are threads of this process.
    in_process = False

    def __init__(
        self,
        graph: JobGraph,
        settings: TaskSettings,
        exchanges: ExchangeSettings,
        configuration: Configuration,
        place: Callable[[int], Placement],
        listener: ProgressListener | None = None,
        dependencies: PythonDependencies = NO_DEPENDENCIES,
        restarts: RestartStrategy | None = None,
    ) -> None:
        super().__init__(graph, listener, dependencies, restarts)
        self.settings = settings
        self.exchanges = exchanges
        self.configuration = configuration
        self.place = place
        self.current: WorkersAttempt | None = None
        self.buffers: list[CollectBuffer] = []
        self.python_path: tuple[str, ...] = ()
        self.working_folder: str | None = None
        self.waiting = WaitSet()
        self.relay = OutputRelay(self.waiting.wake)
        self.log_relay = LogRelay()
        self.placement = place(1)  # at once, so that what cannot be placed shows before the job starts

    def now(self) -> int:
        return self.settings.clock.now()

    def request_cancel(self) -> None:
        self.cancel_asked = True
        self.waiting.wake()

    def post(self, call: Callable[[], None]) -> None:
        current = self.current
        if current is not None:
            current.coordination.post(call)
        else:
            call()  # and hears that no task runs

    def ask_tasks(self, number: int, query: StateQuery) -> set[TaskId]:
        return set() if self.current is None else self.current.query(number, query)

    def steps(self) -> Iterator[None]:
        """Run the job, pausing after whatever arrives; closing the iterator early cancels the job."""
        try:
            yield from super().steps()
        finally:
            try:
                patience = None if self.current is not None and self.current.may_wait else EXIT_PATIENCE
                self.relay.close(patience)
                self.log_relay.close(patience)
            finally:
                self.relay.close(0)
                self.log_relay.close(0)
                self.waiting.close()

    def pause(self, milliseconds: int) -> Iterator[None]:
        clock = self.settings.clock
        until = clock.now() + milliseconds
        while not self.cancel_asked and (left := until - clock.now()) > 0:
            self.waiting.wait(left / 1000)
            yield
        if self.cancel_asked:
            self.master.cancel()

    def attempt(self, number: int) -> Generator[None, None, BaseException | None]:
        placement = self.place_attempt(number)
        try:
            self.current = WorkersAttempt(number, self, self.common(), placement)
            return (yield from self.current.run())
        finally:
            placement.close()

    def place_attempt(self, number: int) -> Placement:
        """The place that an attempt's tasks run at."""
        if number > 1:
            self.placement = self.place(number)
        return self.placement

    def common(self) -> AttemptSettings:
        """What all attempts have."""

        def seconds(option: ConfigOption[int]) -> float:
            return self.configuration.value_of(option) / 1000

        interval = seconds(options.HEARTBEAT_INTERVAL)
        return AttemptSettings(
            graph=self.graph,
            settings=self.settings,
            exchanges=self.exchanges,
            buffers=self.buffers,
            relay=self.relay,
            log_relay=self.log_relay,
            waiting=self.waiting,
            heartbeat_interval=interval if self.listener is None else min(interval, PROGRESS_INTERVAL),
            heartbeat_timeout=seconds(options.HEARTBEAT_TIMEOUT),
            cancellation_timeout=seconds(options.CANCELLATION_TIMEOUT),
            in_process=self.in_process,
            python_path=self.python_path,
            working_folder=self.working_folder,
        )

    def all_metrics(self) -> list[tuple[str, TaskMetrics]]:
        """Of the current attempt, as of each worker's last heartbeat, and of the end of each task."""
        return [] if self.current is None else self.current.all_metrics()
