"""Decides how a job runs on this machine."""

from __future__ import annotations

from uuid import uuid4

from pyflinkx.checkpoint.settings import CheckpointSettings
from pyflinkx.config import options
from pyflinkx.config.cached_files import cached_files
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.dependencies import PythonDependencies
from pyflinkx.config.restart_options import EXCEPTION_HISTORY_SIZE
from pyflinkx.errors import ConfigurationError
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.graph.runtime_mode import runs_as_batch
from pyflinkx.operators.base import Clock
from pyflinkx.runtime.control.checkpoints import beginning, job_checkpoints
from pyflinkx.runtime.control.master import RestartStrategy
from pyflinkx.runtime.control.restarts import strategy_of
from pyflinkx.runtime.control.standard_descriptors import standard_descriptors_taken
from pyflinkx.runtime.drivers.inline import InlineJob
from pyflinkx.runtime.drivers.job import Job, ProgressListener
from pyflinkx.runtime.task.clock import SystemClock
from pyflinkx.runtime.task.requests import request_sources
from pyflinkx.runtime.task.task import TaskSettings
from pyflinkx.state.rocksdb import RocksDBSettings
from pyflinkx.state.rocksdb.settings import rocksdict


def make_job(
    graph: JobGraph,
    configuration: Configuration,
    clock: Clock,
    job_parameters: dict[str, str],
    listener: ProgressListener | None = None,
) -> Job:
    """The job, ready to run: inline, or on workers.

    ``pyflinkx.workers`` decides; "auto" runs a job inline when no operator has more than one subtask, and whenever its
    clock is not the system's, as no other process has that clock. Other jobs run in processes, but in threads if
    nothing in them calls Python functions of the user's: native operators release the interpreter lock.

    Raises:
        ConfigurationError: the configuration asks for what cannot be.
        MissingExtraError: the state backend is not installed.
    """
    settings = TaskSettings(
        clock=clock,
        batch_size=configuration.value_of(options.BATCH_SIZE),
        columnar_batch_size=configuration.value_of(options.COLUMNAR_BATCH_SIZE),
        job_parameters=job_parameters,
        cached_files={name: file.path for name, file in cached_files(configuration).items()},
        batch=runs_as_batch(
            configuration.value_of(options.RUNTIME_MODE), (node for vertex in graph.vertices for node in vertex.nodes)
        ),
        object_reuse=configuration.value_of(options.OBJECT_REUSE),
        request_sources=request_sources(graph),
        checkpoints=graph.checkpoints.enabled,
        alignment_patience=graph.checkpoints.aligned_timeout,
        rocksdb=rocksdb_settings(graph.checkpoints),
        seed=configuration.get(options.SEED) or uuid4().hex,
    )
    mode = configuration.value_of(options.WORKERS)
    if mode == "auto":
        parallel = any(vertex.parallelism > 1 for vertex in graph.vertices)
        mode = ("threads" if graph.native else "processes") if parallel and isinstance(clock, SystemClock) else "inline"
    dependencies = PythonDependencies.from_configuration(configuration)
    restarts = strategy_of(configuration, graph.checkpoints.enabled)
    begins_with = beginning(graph)  # before anything is made that would have to be given back
    job: Job
    if mode == "inline":
        job = InlineJob(graph, settings, listener, dependencies, restarts)
    else:
        job = on_workers(mode, graph, settings, configuration, listener, dependencies, restarts)
    job.master.remember(configuration.value_of(EXCEPTION_HISTORY_SIZE))
    if not settings.batch:
        job.checkpoints = job_checkpoints(graph, job.job_id, clock, begins_with)
    if configuration.value_of(options.QUERYABLE_STATE):
        from pyflinkx.runtime.drivers.query_server import server_for

        job.query_server = server_for(configuration)
    return job


def rocksdb_settings(checkpoints: CheckpointSettings) -> RocksDBSettings | None:
    """How operators use RocksDB; None to keep state in memory."""
    if checkpoints.state_backend != "rocksdb":
        return None
    rocksdict()  # before anything runs
    return RocksDBSettings(
        checkpoints.rocksdb_folders, checkpoints.rocksdb_memory, checkpoints.rocksdb_write_buffer_ratio
    )


def on_workers(
    mode: str,
    graph: JobGraph,
    settings: TaskSettings,
    configuration: Configuration,
    listener: ProgressListener | None,
    dependencies: PythonDependencies,
    restarts: RestartStrategy,
) -> Job:
    """The job on "processes" or "threads", ready to run.

    Raises:
        ConfigurationError: the configuration asks for what cannot be.
    """
    if not isinstance(settings.clock, SystemClock):
        raise ConfigurationError(f"a job with a clock of its own runs inline only, not on {mode} (pyflinkx.workers)")
    from pyflinkx.runtime.drivers.worker_jobs import job_on_workers

    with standard_descriptors_taken():
        return job_on_workers(mode, graph, settings, configuration, listener, dependencies, restarts)
