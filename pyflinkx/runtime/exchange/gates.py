"""How a task writes to the subtasks of the next vertex, and the queue between two tasks of one process."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pyflinkx._core.exchange.shared import Event
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.errors import ChannelClosedError
from pyflinkx.runtime.exchange.channel import END_OF_DATA, Barrier, IterationMarker, Watermark, WatermarkStatus
from pyflinkx.runtime.exchange.scatter import Scatter
from pyflinkx.runtime.turns import turn_length

NEVER = -1


class InputChannel(Protocol):
    """The consuming end of a channel."""

    @property
    def bytes_received(self) -> int:
        """Bytes of the frames that came; 0 where batches go by reference."""

    @property
    def buffers_queued(self) -> int:
        """Memory segments that wait to be read."""

    def get(self) -> Any:
        """The next batch, Watermark, WatermarkStatus, IterationMarker or END_OF_DATA; None when there is none now."""


class OutputChannel(Protocol):
    """The producing end of a channel."""

    @property
    def bytes_sent(self) -> int:
        """Bytes of the frames that went; 0 where batches go by reference."""

    @property
    def buffers_in_use(self) -> int:
        """Memory segments of the producer that have not come back yet."""

    @property
    def writable(self) -> bool:
        """Whether ``put`` would not wait."""

    def put(self, element: Any) -> int:
        """Hand over a batch or another element; nanoseconds that it had to wait for room.

        Raises:
            ChannelClosedError: the job is cancelled.
        """


class QueueChannel:
    """A bounded first-in first-out queue between two threads of one process; batches go by reference.

    Args:
        produced: the consumer's event, signalled when there is something to take.
        consumed: the producer's event, signalled when there is room again.
        cancelled: asked while waiting; True ends the wait.
        capacity: elements that it holds.
    """

    bytes_received = bytes_sent = 0
    buffers_queued = buffers_in_use = 0

    def __init__(self, produced: Event, consumed: Event, cancelled: Callable[[], bool], capacity: int = 2) -> None:
        self.produced = produced
        self.consumed = consumed
        self.cancelled = cancelled
        self.capacity = capacity
        self.elements: deque[Any] = deque()

    @property
    def writable(self) -> bool:
        """Whether there is room."""
        return len(self.elements) < self.capacity

    def put(self, element: Any) -> int:
        """Append an element when there is room; nanoseconds waited for it."""
        blocked = 0
        if len(self.elements) >= self.capacity:
            started = time.monotonic_ns()
            while True:
                sequence = self.consumed.prepare()
                if self.cancelled():
                    raise ChannelClosedError("the job is cancelled")
                if len(self.elements) < self.capacity:
                    break
                self.consumed.wait(sequence)
            blocked = time.monotonic_ns() - started
        self.elements.append(element)
        self.produced.signal()
        return blocked

    def get(self) -> Any:
        """The oldest element, or None."""
        try:
            element = self.elements.popleft()
        except IndexError:
            return None
        if len(self.elements) == self.capacity - 1:
            self.consumed.signal()
        return element


class OutputGate:
    """One subtask's way to the subtasks of the next vertex.

    Small batches of Python values are gathered per channel until they make a full batch; ``flush`` sends them before.
    The task flushes when ``flush_due`` and before it sleeps, so only a busy stream gathers.

    Args:
        channels: by index of the consuming subtask.
        to_all: in place of them, one that reaches all: every batch goes to everybody, and is written once.
        batch_size: records of a full batch; 1 to gather nothing.
        buffer_timeout: milliseconds that a record may wait for others; -1 for as long as it takes.
    """

    def __init__(
        self,
        channels: Mapping[int, OutputChannel],
        to_all: OutputChannel | None = None,
        batch_size: int = 1,
        buffer_timeout: int = 0,
    ) -> None:
        self.channels = channels
        self.writes_once = to_all is not None
        self.all_channels = [to_all] if to_all is not None else list(channels.values())
        self.batch_size = batch_size
        # What comes has waited for the end of the task's turn.
        self.timeout = buffer_timeout * 1_000_000 - turn_length([buffer_timeout]) if buffer_timeout >= 0 else NEVER
        self.pending: dict[int, ObjectBatch] = {}
        self.deadline = 0
        self.blocked = 0
        self.putting: tuple[OutputChannel, int] | None = None

    @property
    def writable(self) -> bool:
        """Whether all channels take more."""
        return all(channel.writable for channel in self.all_channels)

    def put(self, index: int, batch: Any) -> None:
        """Send a batch to one subtask, or keep it until it is full."""
        held = self.pending.get(index)
        if held is None:
            if self.timeout == 0 or len(batch) * 2 > self.batch_size or not isinstance(batch, ObjectBatch):
                self._put(self.channels[index], batch)
                return
            if not self.pending:
                self.deadline = time.monotonic_ns() + self.timeout
            self.pending[index] = batch
            return
        if isinstance(batch, ObjectBatch) and len(held) + len(batch) <= self.batch_size and held.append(batch):
            return
        del self.pending[index]
        self._put(self.channels[index], held)
        self.put(index, batch)

    def put_behind(self, index: int, element: Any) -> None:
        """Send something to one subtask at once, behind what is gathered for it."""
        held = self.pending.pop(index, None)
        if held is not None:
            self._put(self.channels[index], held)
        self._put(self.channels[index], element)

    def _put(self, channel: OutputChannel, element: Any) -> None:
        self.putting = channel, time.monotonic_ns()
        try:
            self.blocked += channel.put(element)
        finally:
            self.putting = None

    @property
    def blocked_now(self) -> int:
        """Nanoseconds for which a ``put`` that has not come back yet has waited; from any thread."""
        putting = self.putting
        if putting is None or putting[0].writable:
            return 0
        return time.monotonic_ns() - putting[1]

    def put_all(self, element: Any) -> None:
        """Send a batch, a watermark, a status, a marker or the end of data to all subtasks."""
        self.flush()
        for channel in self.all_channels:
            self._put(channel, element)

    @property
    def bytes_sent(self) -> int:
        """Bytes of frames that it sent."""
        return sum(channel.bytes_sent for channel in self.all_channels)

    @property
    def buffers_in_use(self) -> int:
        """Memory segments that its frames take now; the channels of a task share their pool."""
        return max((channel.buffers_in_use for channel in self.all_channels), default=0)

    def flush_due(self, by: int) -> bool:
        """Whether something gathered has waited as long as it may by then (ns of ``time.monotonic_ns``)."""
        return bool(self.pending) and self.timeout != NEVER and by >= self.deadline

    def flush(self) -> None:
        """Send what is gathered."""
        if self.pending:
            pending, self.pending = self.pending, {}
            for index, batch in pending.items():
                self._put(self.channels[index], batch)


class GateOutput:
    """The end of a task: what an operator's output emits to.

    Args:
        gate: where it goes.
        scatter: divides batches over the consumers.
    """

    def __init__(self, gate: OutputGate, scatter: Scatter) -> None:
        self.gate = gate
        self.scatter = scatter
        self.records = 0
        self.ended = False
        self.emit = self._emit_to_all if gate.writes_once else self._emit_parts

    @property
    def writable(self) -> bool:
        """Whether nothing that is emitted now would wait."""
        return self.gate.writable

    def _emit_to_all(self, batch: Any) -> None:
        self.records += len(batch)
        self.gate.put_all(batch)

    def _emit_parts(self, batch: Any) -> None:
        self.records += len(batch)
        for index, part in self.scatter(batch):
            self.gate.put(index, part)

    def emit_watermark(self, timestamp: int) -> None:
        """Send a watermark to all."""
        self.gate.put_all(Watermark(timestamp))

    def emit_marker(self, age: int) -> None:
        """Send a marker to all."""
        self.gate.put_all(IterationMarker(age))

    def emit_barrier(self, barrier: Barrier) -> None:
        """Send a barrier to all, unless there is nothing more to come: then the end stands for it."""
        if not self.ended:
            self.gate.put_all(barrier)

    def emit_idleness(self, idle: bool) -> None:
        """Send the status to all."""
        self.gate.put_all(WatermarkStatus(idle))

    def end(self) -> None:
        """Send the end to all."""
        self.ended = True
        self.gate.put_all(END_OF_DATA)
