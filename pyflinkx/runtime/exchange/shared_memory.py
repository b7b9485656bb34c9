"""Exchanges between workers of one machine through memory that they share."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.exchange.shared import Arena, Event, Reader, Writer
from pyflinkx.config import options
from pyflinkx.config.configuration import Configuration
from pyflinkx.errors import ConfigurationError
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.runtime.control.deployment import ChannelPlan, DeploymentPlan
from pyflinkx.runtime.exchange.channel import Asked
from pyflinkx.runtime.exchange.debloating import BufferDebloater
from pyflinkx.runtime.exchange.frames import FrameFormat
from pyflinkx.runtime.exchange.gates import InputChannel, OutputChannel
from pyflinkx.runtime.exchange.transport import ExchangeSettings, WorkerTransport, control_of, element_of


def create_arena(plan: DeploymentPlan, configuration: Configuration) -> Arena:
    """The memory of a job's exchanges, for all its workers.

    Each task that writes to other workers gets a pool of segments, Flink's numbers for each of its channels and gates.
    A channel may have no more than its share in flight, so a slow consumer does not take the others' segments.

    Raises:
        ConfigurationError: it is more than ``taskmanager.memory.network.max``.
    """
    size = configuration.value_of(options.SEGMENT_SIZE)
    per_channel = configuration.value_of(options.BUFFERS_PER_CHANNEL)
    floating = configuration.value_of(options.FLOATING_BUFFERS)
    pools = dict.fromkeys(plan.remote_producers, 0)
    for channel in plan.remote_channels:
        pools[channel.producer] += per_channel
    for producer, _ in {(channel.producer, channel.exchange) for channel in plan.remote_channels}:
        pools[producer] += floating
    check_network_memory(sum(pools.values()) * size, configuration)
    numbers = pool_numbers(plan)
    return Arena.create(
        events=len(plan.tasks),
        pools=[(segments, task) for task, segments in pools.items()],
        channels=[(numbers[channel.producer], channel.producer, channel.consumer) for channel in plan.remote_channels],
        segment_size=size,
        credit=channel_credit(configuration),
    )


def pool_numbers(plan: DeploymentPlan) -> dict[int, int]:
    """The pool of each task that has one."""
    return {task: number for number, task in enumerate(plan.remote_producers)}


def check_network_memory(needed: int, configuration: Configuration) -> None:
    """Refuse a job whose exchanges need more bytes than ``taskmanager.memory.network.max``.

    Raises:
        ConfigurationError: they do.
    """
    limit = configuration.value_of(options.NETWORK_MEMORY_MAX)
    if needed > limit:
        raise ConfigurationError(
            f"the exchanges of the job need {needed} bytes of network memory, but taskmanager.memory.network.max is "
            f"{limit}: raise it, or lower the parallelism"
        )


def channel_credit(configuration: Configuration) -> int:
    """Bytes that may be under way in a channel between workers."""
    segments = configuration.value_of(options.BUFFERS_PER_CHANNEL) + configuration.value_of(options.FLOATING_BUFFERS)
    return segments * configuration.value_of(options.SEGMENT_SIZE)


class SharedMemoryTransport(WorkerTransport):
    """Frames in the arena's segments.

    Args:
        arena: the job's, attached in this process; closed by ``close``.
    """

    def __init__(
        self, graph: JobGraph, plan: DeploymentPlan, worker: int, settings: ExchangeSettings, arena: Arena
    ) -> None:
        super().__init__(graph, plan, worker, settings)
        self.arena = arena
        self.pools = pool_numbers(plan)

    @classmethod
    def inherit(
        cls, descriptors: list[int], graph: JobGraph, plan: DeploymentPlan, worker: int, settings: ExchangeSettings
    ) -> SharedMemoryTransport:
        """A worker's, of the arena behind the descriptor that it inherited."""
        (descriptor,) = descriptors
        return cls(graph, plan, worker, settings, Arena.attach(descriptor))

    @property
    def cancelled(self) -> bool:
        return self.arena.cancelled

    def new_event(self, task: int) -> Event:
        return self.arena.event(task)

    def remote_output(self, channels: list[ChannelPlan], frames: FrameFormat) -> OutputChannel:
        indices = [channel.remote for channel in channels]
        return FrameWriter(self.arena.writer(self.pools[channels[0].producer], indices), frames)  # type: ignore[arg-type]

    def remote_input(self, channel: ChannelPlan, frames: FrameFormat) -> InputChannel:
        assert channel.remote is not None
        return FrameReader(self.arena.reader(channel.remote), frames, self.new_debloater(self.arena.segment_size))

    def cancel(self) -> None:
        self.arena.cancel()

    def close(self) -> None:
        self.queues.clear()
        self.events.clear()
        self.arena.close()


class FrameWriter:
    """An output channel over a writer of the arena."""

    def __init__(self, writer: Writer, frames: FrameFormat) -> None:
        self.writer = writer
        self.frames = frames

    @property
    def bytes_sent(self) -> int:
        """Bytes of the frames that went."""
        return self.writer.bytes_sent

    @property
    def buffers_in_use(self) -> int:
        """Segments of the writer's pool that have not come back yet."""
        return self.writer.buffers_in_use

    @property
    def writable(self) -> bool:
        """Whether a write could begin without waiting."""
        return self.writer.writable

    def put(self, element: Any) -> int:
        """Write the frames of a batch, or a control element; nanoseconds waited."""
        control = control_of(element)
        if control is not None:
            return self.writer.put_control(*control)
        if isinstance(element, Asked):
            return sum(map(self.put, element.parts()))
        return sum(map(self.writer.write, self.frames.frames(element)))


class FrameReader:
    """An input channel over a reader of the arena."""

    def __init__(self, reader: Reader, frames: FrameFormat, debloater: BufferDebloater | None = None) -> None:
        self.reader = reader
        self.frames = frames
        self.debloater = debloater

    @property
    def bytes_received(self) -> int:
        """Bytes of the frames that came."""
        return self.reader.bytes_received

    @property
    def buffers_queued(self) -> int:
        """Segments that wait to be read."""
        return self.reader.buffers_queued

    def get(self) -> Any:
        """The next element, or None."""
        received = self.reader.get()
        if received is None:
            return None
        if isinstance(received, tuple):
            return element_of(*received)
        if self.debloater is not None:
            self.debloater.follow(self.reader, self.reader.bytes_received, self.reader.ready)
        return self.frames.decode(received)
