"""Decides how a job runs on this machine, and brings together what that takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Protocol

from pyflinkx.config import options
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.dependencies import PythonDependencies
from pyflinkx.errors import ConfigurationError
from pyflinkx.graph.execution_graph import JobState
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.graph.slots import plan_slots
from pyflinkx.operators.base import Clock
from pyflinkx.runtime.clock import SystemClock
from pyflinkx.runtime.dependencies import applied, prepare
from pyflinkx.runtime.deployment import DeploymentPlan, plan_deployment
from pyflinkx.runtime.inline import InlineJob, JobProgress, JobResult, ProgressListener
from pyflinkx.runtime.interconnect import make_interconnect
from pyflinkx.runtime.job_manager import JobManager
from pyflinkx.runtime.launcher import ForkLauncher, SpawnLauncher, ThreadLauncher
from pyflinkx.runtime.shared_memory import channel_credit
from pyflinkx.runtime.task import TaskSettings
from pyflinkx.runtime.task_metrics import TaskMetrics
from pyflinkx.runtime.transport import ExchangeSettings


class Job(Protocol):
    """A job that runs while its caller iterates over ``steps``, however it runs."""

    job_id: str

    @property
    def state(self) -> JobState:
        """Where it stands."""

    def request_cancel(self) -> None:
        """Have it cancelled, which ends ``steps`` with JobCancelledError; from any thread."""

    def task_metrics(self) -> dict[str, TaskMetrics]:
        """What each subtask has done, by its name; from any thread."""

    def steps(self) -> Iterator[None]:
        """Run the job on; closing the iterator early cancels it."""

    def run(self) -> JobResult:
        """Run it to the end."""

    def result(self) -> JobResult:
        """How it ended."""

    def progress(self) -> JobProgress:
        """Where it stands."""


def make_job(
    graph: JobGraph,
    configuration: Configuration,
    clock: Clock,
    job_parameters: dict[str, str],
    listener: ProgressListener | None = None,
) -> Job:
    """The job, ready to run: inline, or on workers.

    ``pyflinkx.workers`` decides; "auto" runs a job inline when no operator has more than one subtask, and whenever its
    clock is not the system's, as no other process has that clock.

    Raises:
        ConfigurationError: the configuration asks for what cannot be.
    """
    settings = TaskSettings(
        clock=clock,
        batch_size=configuration.value_of(options.BATCH_SIZE),
        columnar_batch_size=configuration.value_of(options.COLUMNAR_BATCH_SIZE),
        job_parameters=job_parameters,
    )
    mode = configuration.value_of(options.WORKERS)
    if mode == "auto":
        parallel = any(vertex.parallelism > 1 for vertex in graph.vertices)
        mode = "processes" if parallel and isinstance(clock, SystemClock) else "inline"
    dependencies = PythonDependencies.from_configuration(configuration)
    if mode == "inline":
        return InlineJob(graph, settings, listener, dependencies)
    if not isinstance(clock, SystemClock):
        raise ConfigurationError(f"a job with a clock of its own runs inline only, not on {mode} (pyflinkx.workers)")
    settings.copy_functions = False
    exchanges = ExchangeSettings(
        batch_size=settings.batch_size,
        compressed=configuration.value_of(options.COMPRESSION_CODEC) == "LZ4",
        credit=channel_credit(configuration),
        debloat_target=configuration.value_of(options.DEBLOAT_TARGET)
        if configuration.value_of(options.DEBLOAT_ENABLED)
        else None,
        debloat_period=configuration.value_of(options.DEBLOAT_PERIOD),
    )
    slots = plan_slots(graph).slots()
    if mode == "threads":
        plan = plan_deployment(graph, slots, len(set(slots.values())))
        return ThreadJob(graph, plan, settings, exchanges, configuration, dependencies, listener)
    plan = plan_deployment(graph, slots, configuration.value_of(options.TASK_SLOTS))
    return ProcessJob(graph, plan, settings, exchanges, configuration, dependencies, listener)


class ThreadJob(JobManager):
    """A job on threads of this process."""

    def __init__(
        self,
        graph: JobGraph,
        plan: DeploymentPlan,
        settings: TaskSettings,
        exchanges: ExchangeSettings,
        configuration: Configuration,
        dependencies: PythonDependencies,
        listener: ProgressListener | None,
    ) -> None:
        super().__init__(graph, plan, settings, exchanges, configuration, ThreadLauncher(), listener=listener)
        self.dependencies = dependencies

    def steps(self) -> Iterator[None]:
        """Run the job, with its Python dependencies at hand."""
        with applied(self.dependencies):
            yield from super().steps()


class ProcessJob(JobManager):
    """A job on worker processes of this machine, with what connects them."""

    def __init__(
        self,
        graph: JobGraph,
        plan: DeploymentPlan,
        settings: TaskSettings,
        exchanges: ExchangeSettings,
        configuration: Configuration,
        dependencies: PythonDependencies,
        listener: ProgressListener | None,
    ) -> None:
        self.dependencies = dependencies
        self.interconnect = make_interconnect(plan, configuration)
        fork = configuration.value_of(options.START_METHOD) == "fork"
        launcher = ForkLauncher(self.interconnect) if fork else SpawnLauncher(self.interconnect)
        super().__init__(graph, plan, settings, exchanges, configuration, launcher, self.interconnect.cancel, listener)

    def steps(self) -> Iterator[None]:
        """Prepare its Python dependencies once for all workers, run the job, then give back what connected them."""
        try:
            with tempfile.TemporaryDirectory(prefix="pyflinkx-") as folder:
                self.python_path = tuple(prepare(self.dependencies, folder))
                self.working_folder = folder if self.dependencies.archives else None
                if isinstance(self.launcher, SpawnLauncher):
                    self.launcher.executable = self.dependencies.interpreter(folder)
                yield from super().steps()
        finally:
            self.interconnect.close()
