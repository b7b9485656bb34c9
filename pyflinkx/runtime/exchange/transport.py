"""What moves batches between tasks, seen by one worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from pyflinkx._core.exchange.shared import Event
from pyflinkx.errors import CorruptDataError
from pyflinkx.graph.execution_graph import TaskId
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.graph.partitioners import BroadcastPartitioner
from pyflinkx.runtime.control.deployment import ChannelPlan, DeploymentPlan
from pyflinkx.runtime.exchange.channel import (
    END_OF_DATA,
    Barrier,
    IterationMarker,
    RequestMark,
    Watermark,
    WatermarkStatus,
)
from pyflinkx.runtime.exchange.debloating import BufferDebloater
from pyflinkx.runtime.exchange.frames import FrameFormat
from pyflinkx.runtime.exchange.gates import InputChannel, OutputChannel, OutputGate, QueueChannel
from pyflinkx.runtime.sites import site_of

WATERMARK, STATUS, END, MARKER, REQUEST, BARRIER = 1, 2, 3, 4, 5, 6


@dataclass(frozen=True)
class ExchangeSettings:
    """What the job says to its exchanges.

    Args:
        batch_size: records of a full batch.
        compressed: whether frames are compressed.
        credit: bytes that a channel between workers may have under way.
        debloat_target: milliseconds that data may be under way, by which the credit follows the throughput; None for a
            fixed credit.
        debloat_period: milliseconds between two looks at the throughput.
    """

    batch_size: int = 1024
    compressed: bool = False
    credit: int = 10 * 32_768
    debloat_target: int | None = None
    debloat_period: int = 200


class Transport(Protocol):
    """The exchanges of one job as one worker sees them."""

    def event(self, task: TaskId) -> Event:
        """What a task waits on: signalled by its channels, and by whoever sends it a mail."""

    def output_gate(self, exchange: int, task: TaskId) -> OutputGate:
        """Where a task of this worker writes to over an exchange."""

    def input_channels(self, exchange: int, task: TaskId) -> list[InputChannel]:
        """What a task of this worker reads over an exchange, by producing subtask."""

    def cancel(self) -> None:
        """End every wait of the job, in all its workers that this transport reaches, with ChannelClosedError."""

    def close(self) -> None:
        """Give back what this worker holds; its tasks have ended."""


class WorkerTransport:
    """What all transports share: tasks of one worker hand batches over through queues.

    Args:
        graph: the job.
        plan: its tasks and channels.
        worker: number of this worker.
        settings: of its exchanges.
    """

    def __init__(self, graph: JobGraph, plan: DeploymentPlan, worker: int, settings: ExchangeSettings) -> None:
        self.graph = graph
        self.plan = plan
        self.worker = worker
        self.settings = settings
        self.events: dict[int, Event] = {}
        self.queues: dict[ChannelPlan, QueueChannel] = {}
        self.formats: dict[int, FrameFormat] = {}

    # ---- what a transport defines ----

    @property
    def cancelled(self) -> bool:
        """Whether ``cancel`` was called anywhere."""
        raise NotImplementedError

    def new_event(self, task: int) -> Event:
        """The event of a task of this worker."""
        raise NotImplementedError

    def remote_output(self, channels: list[ChannelPlan], frames: FrameFormat) -> OutputChannel:
        """The producing end of channels to other workers; what is put goes to all of them."""
        raise NotImplementedError

    def remote_input(self, channel: ChannelPlan, frames: FrameFormat) -> InputChannel:
        """The consuming end of a channel from another worker."""
        raise NotImplementedError

    # ---- Transport ----

    def event(self, task: TaskId) -> Event:
        return self._event(self.plan.numbers[task])

    def new_debloater(self, least: int) -> BufferDebloater | None:
        """What sets the credit of a channel, to no fewer than so many bytes; None where it is fixed."""
        target, period = self.settings.debloat_target, self.settings.debloat_period
        if target is None:
            return None
        return BufferDebloater(target * 1_000_000, period * 1_000_000, least, self.settings.credit)

    def _event(self, number: int) -> Event:
        if number not in self.events:
            self.events[number] = self.new_event(number)
        return self.events[number]

    def output_gate(self, exchange: int, task: TaskId) -> OutputGate:
        planned = self.plan.outgoing(exchange, task)
        edge = self.graph.exchanges[exchange]
        consumers = {channel: self.plan.tasks[channel.consumer].id.subtask for channel in planned}
        outputs: dict[int, OutputChannel] = {}
        to_all = None
        if isinstance(edge.partitioner, BroadcastPartitioner):
            remote = [channel for channel in planned if channel.remote is not None]
            ends: list[OutputChannel] = [self._queue(channel) for channel in planned if channel.remote is None]
            if remote:
                ends.append(self.remote_output(remote, self._format(exchange)))
            to_all = ends[0] if len(ends) == 1 else SeveralChannels(ends)
        else:
            for channel in planned:
                outputs[consumers[channel]] = (
                    self._queue(channel)
                    if channel.remote is None
                    else self.remote_output([channel], self._format(exchange))
                )
        timeout = self.graph.node_of(edge.source).buffer_timeout
        return OutputGate(outputs, to_all, self.settings.batch_size, timeout)

    def input_channels(self, exchange: int, task: TaskId) -> list[InputChannel]:
        return [
            self._queue(channel) if channel.remote is None else self.remote_input(channel, self._format(exchange))
            for channel in self.plan.incoming(exchange, task)
        ]

    def _queue(self, channel: ChannelPlan) -> QueueChannel:
        if channel not in self.queues:
            self.queues[channel] = QueueChannel(
                self._event(channel.consumer), self._event(channel.producer), lambda: self.cancelled
            )
        return self.queues[channel]

    def _format(self, exchange: int) -> FrameFormat:
        if exchange not in self.formats:
            edge = self.graph.exchanges[exchange]
            source = self.graph.node_of(edge.source)
            declared = edge.record_type if edge.type_declared else None
            self.formats[exchange] = FrameFormat(site_of(source), declared, self.settings.compressed)
        return self.formats[exchange]


class SeveralChannels:
    """Channels that all get the same elements."""

    def __init__(self, channels: list[OutputChannel]) -> None:
        self.channels = channels

    @property
    def bytes_sent(self) -> int:
        """Bytes of the frames that went."""
        return sum(channel.bytes_sent for channel in self.channels)

    @property
    def buffers_in_use(self) -> int:
        """Memory segments of the producer that have not come back yet."""
        return max(channel.buffers_in_use for channel in self.channels)

    @property
    def writable(self) -> bool:
        """Whether none of them would wait."""
        return all(channel.writable for channel in self.channels)

    def put(self, element: Any) -> int:
        """Put it into each, a copy of a batch into all but the last; nanoseconds waited."""
        last = len(self.channels) - 1
        return sum(
            channel.put(element.copy() if index != last and hasattr(element, "copy") else element)
            for index, channel in enumerate(self.channels)
        )


class LocalTransport(WorkerTransport):
    """All tasks in one worker."""

    def __init__(self, graph: JobGraph, plan: DeploymentPlan, worker: int, settings: ExchangeSettings) -> None:
        super().__init__(graph, plan, worker, settings)
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def new_event(self, task: int) -> Event:
        return Event()

    def cancel(self) -> None:
        self._cancelled = True
        for event in list(self.events.values()):
            event.signal()

    def close(self) -> None:
        self.queues.clear()
        self.events.clear()


def control_of(element: Any) -> tuple[int, int] | None:
    """Kind and value of an element that is no batch."""
    if isinstance(element, Watermark):
        return WATERMARK, element.timestamp
    if isinstance(element, WatermarkStatus):
        return STATUS, int(element.idle)
    if element is END_OF_DATA:
        return END, 0
    if isinstance(element, IterationMarker):
        return MARKER, element.age
    if isinstance(element, Barrier):
        return BARRIER, element.packed
    if isinstance(element, RequestMark):
        return REQUEST, element.number
    return None


def element_of(kind: int, value: int) -> Any:
    """The element that ``control_of`` gave."""
    if kind == WATERMARK:
        return Watermark(value)
    if kind == STATUS:
        return WatermarkStatus(bool(value))
    if kind == END:
        return END_OF_DATA
    if kind == MARKER:
        return IterationMarker(value)
    if kind == BARRIER:
        return Barrier.unpacked(value)
    if kind == REQUEST:
        return RequestMark(value)
    raise CorruptDataError(f"a channel carries an element of unknown kind {kind}")
