"""What an attempt on workers is made of: where its tasks run, what all attempts have, a worker as it is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pyflinkx.connectors.collect import CollectBuffer
from pyflinkx.graph.execution_graph import TaskId
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.runtime.control.deployment import DeploymentPlan
from pyflinkx.runtime.control.launcher import WorkerHandle
from pyflinkx.runtime.control.log_relay import LogRelay
from pyflinkx.runtime.control.resource_manager import ResourceManager
from pyflinkx.runtime.control.wait_set import WaitSet
from pyflinkx.runtime.control.worker_output import LastLines, OutputRelay, OutputStream
from pyflinkx.runtime.exchange.transport import ExchangeSettings
from pyflinkx.runtime.task.task import TaskSettings


@dataclass
class WorkerView:
    """What the JobManager knows of a worker."""

    number: int
    handle: WorkerHandle
    tasks: list[TaskId]
    heard: float
    registered: bool = False
    deployed: bool = False
    lost: bool = False
    streams: dict[str, OutputStream] = field(
        default_factory=lambda: {"stdout": OutputStream(), "stderr": OutputStream()}
    )
    last_lines: LastLines = field(default_factory=LastLines)


@dataclass(frozen=True)
class Placement:
    """Where the tasks of one attempt run.

    Args:
        plan: which task runs where.
        resources: has the workers.
        cancel_exchanges: ends every wait on an exchange, whether or not the workers still obey; from any thread where
            these are threads.
        close: gives back what connected the workers.
        runs: told once that all tasks run.
    """

    plan: DeploymentPlan
    resources: ResourceManager
    cancel_exchanges: Callable[[], None] = lambda: None
    close: Callable[[], None] = lambda: None
    runs: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class AttemptSettings:
    """What the attempts of one job have in common.

    Args:
        graph: the job.
        settings: of its tasks.
        exchanges: of its exchanges.
        buffers: take what workers send to the client.
        relay: takes what workers print.
        log_relay: takes what workers log.
        waiting: what the loop sleeps on.
        heartbeat_interval: seconds between heartbeats.
        heartbeat_timeout: seconds without a word after which a worker is lost.
        cancellation_timeout: seconds that tasks have to stop in.
        in_process: whether workers are threads of this process.
        python_path: where workers look for modules first.
        working_folder: where workers are to work; None for the client's folder.
    """

    graph: JobGraph
    settings: TaskSettings
    exchanges: ExchangeSettings
    buffers: list[CollectBuffer]
    relay: OutputRelay
    log_relay: LogRelay
    waiting: WaitSet
    heartbeat_interval: float
    heartbeat_timeout: float
    cancellation_timeout: float
    in_process: bool
    python_path: tuple[str, ...]
    working_folder: str | None
