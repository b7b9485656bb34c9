"""Which task runs on which worker, and which channels connect them: plain data that every worker gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyflinkx.graph.execution_graph import TaskId
from pyflinkx.graph.job_graph import JobGraph


@dataclass(frozen=True)
class TaskPlacement:
    """A subtask and where it runs; its position in the plan's tuple is its number."""

    id: TaskId
    worker: int
    slot: int


@dataclass(frozen=True)
class ChannelPlan:
    """The way from one producing to one consuming subtask over one exchange.

    Args:
        exchange: index in the job graph's exchanges.
        producer: number of the producing task.
        consumer: number of the consuming task.
        remote: index among the channels between workers; None inside of one.
    """

    exchange: int
    producer: int
    consumer: int
    remote: int | None


@dataclass(frozen=True)
class DeploymentPlan:
    """All tasks and channels of a job."""

    workers: int
    tasks: tuple[TaskPlacement, ...]
    channels: tuple[ChannelPlan, ...]
    numbers: Mapping[TaskId, int] = field(repr=False)

    def tasks_of(self, worker: int) -> list[TaskPlacement]:
        """The tasks that a worker runs."""
        return [task for task in self.tasks if task.worker == worker]

    def outgoing(self, exchange: int, task: TaskId) -> list[ChannelPlan]:
        """The channels that a task writes to over an exchange, by consuming subtask."""
        number = self.numbers[task]
        return [channel for channel in self.channels if channel.exchange == exchange and channel.producer == number]

    def incoming(self, exchange: int, task: TaskId) -> list[ChannelPlan]:
        """The channels that a task reads over an exchange, by producing subtask."""
        number = self.numbers[task]
        return [channel for channel in self.channels if channel.exchange == exchange and channel.consumer == number]

    @property
    def remote_producers(self) -> list[int]:
        """The tasks that write to other workers, each once, in the order of their first channels."""
        return list(dict.fromkeys(channel.producer for channel in self.remote_channels))

    @property
    def remote_channels(self) -> list[ChannelPlan]:
        """The channels between workers, in the order of their index."""
        return [channel for channel in self.channels if channel.remote is not None]

    def peers(self, worker: int) -> list[int]:
        """The workers that have channels to or from a worker, in ascending order."""
        found: set[int] = set()
        for channel in self.remote_channels:
            pair = {self.tasks[channel.producer].worker, self.tasks[channel.consumer].worker}
            if worker in pair:
                found |= pair
        return sorted(found - {worker})


def plan_deployment(
    graph: JobGraph, slots: Mapping[tuple[int, int], int], placed: Mapping[int, int], attempt: int = 1
) -> DeploymentPlan:
    """Place every subtask on the worker of its slot.

    Args:
        graph: the job.
        slots: the slot of each subtask, by (vertex id, subtask index).
        placed: the worker of each slot.
        attempt: number of the attempt that the tasks belong to.
    """
    tasks = []
    for vertex in graph.vertices:
        for subtask in range(vertex.parallelism):
            slot = slots[vertex.id, subtask]
            tasks.append(TaskPlacement(TaskId(vertex.id, subtask, attempt), placed[slot], slot))
    numbers = {task.id: number for number, task in enumerate(tasks)}
    channels: list[ChannelPlan] = []
    remote = 0
    for index, edge in enumerate(graph.exchanges):
        source, target = graph.vertex_of(edge.source), graph.vertex_of(edge.target)
        for first in range(source.parallelism):
            for second in edge.partitioner.targets(first, source.parallelism, target.parallelism):
                producer, consumer = (
                    numbers[TaskId(source.id, first, attempt)],
                    numbers[TaskId(target.id, second, attempt)],
                )
                between = tasks[producer].worker != tasks[consumer].worker
                channels.append(ChannelPlan(index, producer, consumer, remote if between else None))
                remote += between
    workers = max(task.worker for task in tasks) + 1
    return DeploymentPlan(workers, tuple(tasks), tuple(channels), numbers)
