"""Jobs on workers of this machine: processes, or threads of this one.

Imported when a job needs it: a program whose jobs run inline does without sockets, subprocesses and shared memory.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any

from pyflinkx.config import options
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.dependencies import PythonDependencies
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.graph.slots import plan_slots
from pyflinkx.runtime.control.dependencies import applied, prepare
from pyflinkx.runtime.control.deployment import plan_deployment
from pyflinkx.runtime.control.launcher import ForkLauncher, SpawnLauncher, ThreadLauncher
from pyflinkx.runtime.control.master import RestartStrategy
from pyflinkx.runtime.control.placement import Placement
from pyflinkx.runtime.control.resource_manager import ResourceManager, WorkerResources, place_slots
from pyflinkx.runtime.control.spares import SpareWorkers
from pyflinkx.runtime.control.standard_descriptors import standard_descriptors_taken
from pyflinkx.runtime.drivers.job import ProgressListener
from pyflinkx.runtime.drivers.job_manager import JobManager
from pyflinkx.runtime.exchange.interconnect import make_interconnect
from pyflinkx.runtime.exchange.shared_memory import channel_credit
from pyflinkx.runtime.exchange.transport import ExchangeSettings
from pyflinkx.runtime.task.task import TaskSettings


def job_on_workers(
    mode: str,
    graph: JobGraph,
    settings: TaskSettings,
    configuration: Configuration,
    listener: ProgressListener | None,
    dependencies: PythonDependencies,
    restarts: RestartStrategy | None = None,
) -> JobManager:
    """The job, ready to run on "processes" or "threads".

    Raises:
        ConfigurationError: the configuration asks for what cannot be.
    """
    settings.one_graph = False
    exchanges = ExchangeSettings(
        batch_size=settings.batch_size,
        compressed=configuration.value_of(options.COMPRESSION_CODEC) == "LZ4",
        credit=channel_credit(configuration),
        debloat_target=configuration.value_of(options.DEBLOAT_TARGET)
        if configuration.value_of(options.DEBLOAT_ENABLED)
        else None,
        debloat_period=configuration.value_of(options.DEBLOAT_PERIOD),
    )
    slot_plan = plan_slots(graph)
    threads = mode == "threads"
    worker = WorkerResources(slot_plan.count) if threads else WorkerResources.from_configuration(configuration)
    placed = place_slots(slot_plan, worker)
    slots = slot_plan.slots()

    def on_threads(attempt: int) -> Placement:
        launcher = ThreadLauncher(attempt)
        return Placement(
            plan_deployment(graph, slots, placed, attempt), ResourceManager(placed, launcher), launcher.stop
        )

    spares = SpareWorkers(configuration.value_of(options.REDUNDANT_WORKERS))

    def on_processes(attempt: int) -> Placement:
        plan = plan_deployment(graph, slots, placed, attempt)
        # A new one for each attempt: what one that failed has left may be damaged.
        interconnect = make_interconnect(plan, configuration)
        fork = configuration.value_of(options.START_METHOD) == "fork"
        if fork:
            copies = ResourceManager(placed, ForkLauncher(interconnect, attempt))
            return Placement(plan, copies, interconnect.cancel, interconnect.close)
        launcher = SpawnLauncher(interconnect, attempt, spares)
        resources = ResourceManager(placed, launcher)
        return Placement(plan, resources, interconnect.cancel, interconnect.close, spares.refill)

    if threads:
        return ThreadJob(graph, settings, exchanges, configuration, on_threads, listener, dependencies, restarts)
    job = ProcessJob(graph, settings, exchanges, configuration, on_processes, listener, dependencies, restarts)
    job.spares = spares
    return job


class ThreadJob(JobManager):
    """A job on threads of this process."""

    in_process = True

    def request_cancel(self) -> None:
        super().request_cancel()
        # Tasks that compute keep the interpreter lock from the threads that would tell them one after the other.
        self.placement.cancel_exchanges()

    def steps(self) -> Iterator[None]:
        """Run the job, with its Python dependencies at hand."""
        with standard_descriptors_taken(), applied(self.dependencies):
            yield from super().steps()


class ProcessJob(JobManager):
    """A job on worker processes of this machine."""

    executable: str | None = None
    spares: SpareWorkers

    def steps(self) -> Iterator[None]:
        """Prepare its Python dependencies once for all workers, and run the job."""
        with contextlib.ExitStack() as stack:
            # What connects the workers is there already; when the preparation fails, no attempt gives it back.
            stack.callback(lambda: self.placement.close())
            stack.enter_context(standard_descriptors_taken())
            folder = ""
            if self.dependencies.need_folder:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pyflinkx-"))
                self.python_path = tuple(prepare(self.dependencies, folder))
            self.working_folder = folder if self.dependencies.archives else None
            self.executable = self.dependencies.interpreter(folder)
            self.spares.executable = self.executable or self.spares.executable
            stack.callback(self.spares.close)
            yield from super().steps()

    def place_attempt(self, number: int) -> Placement:
        placement = super().place_attempt(number)
        launcher: Any = placement.resources.launcher
        if isinstance(launcher, SpawnLauncher):
            launcher.executable = self.executable or launcher.executable
        return placement
