"""Exchanges between workers through sockets: slower than shared memory, but wherever Python runs.

Each two workers that have channels between them share one socket. A message is a header (channel, kind, length) and its
payload: a frame, the value of a control element, or the bytes of *credit* that a consumer grants to its producer. A
channel carries no more bytes than its consumer granted, and one message beyond, so what a worker has received and not
yet used is bounded, and a full channel does not hold up the others on its socket.
"""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from struct import Struct
from typing import Any

from pyflinkx._core.exchange.shared import Event
from pyflinkx.errors import ChannelClosedError, CorruptDataError
from pyflinkx.graph.job_graph import JobGraph
from pyflinkx.runtime.control.deployment import ChannelPlan, DeploymentPlan
from pyflinkx.runtime.exchange.channel import Asked
from pyflinkx.runtime.exchange.debloating import BufferDebloater
from pyflinkx.runtime.exchange.frames import MAX_FRAME, FrameFormat, bytes_of
from pyflinkx.runtime.exchange.gates import InputChannel, OutputChannel
from pyflinkx.runtime.exchange.transport import ExchangeSettings, WorkerTransport, control_of, element_of

HEADER = Struct("<IBQ")
VALUE = Struct("<q")
FRAME, CREDIT = 0, 15  # the kinds between are those of control elements
MAX_PARTS = 512  # of one system call, which takes 1024 everywhere
READ_AHEAD = 1 << 16
SEGMENT_SIZE = 1 << 15


class Link:
    """The socket to one other worker, and the thread that reads it.

    Args:
        end: this worker's end of the socket, which the link closes.
        peer: name of the other worker.
        max_frame: bytes of the longest frame that is not taken for damage.
    """

    def __init__(self, end: socket.socket, peer: str, max_frame: int = MAX_FRAME) -> None:
        self.end = end
        self.peer = peer
        self.max_frame = max_frame
        self.inboxes: dict[int, Inbox] = {}
        self.outboxes: dict[int, Outbox] = {}
        self.closed = False
        self.failure: BaseException | None = None
        self.sending = threading.Lock()
        self.thread = threading.Thread(target=self._read, name=f"link to {peer}", daemon=True)

    def start(self) -> None:
        """Begin to read; all channels are known."""
        self.thread.start()

    def send(self, channel: int, kind: int, parts: list[Any]) -> int:
        """Send a message; nanoseconds waited for other tasks and for the peer to take it.

        Raises:
            ChannelClosedError: the peer is gone, or the job cancelled.
        """
        views = [view for view in map(as_bytes, parts) if view.nbytes]
        length = sum(view.nbytes for view in views)
        waited = 0
        if not self.sending.acquire(blocking=False):
            started = time.monotonic_ns()
            self.sending.acquire()
            waited = time.monotonic_ns() - started
        try:
            return waited + self._send_all([memoryview(HEADER.pack(channel, kind, length)), *views])
        except OSError as error:
            raise self.closed_error() from error
        finally:
            self.sending.release()

    def _send_all(self, views: list[memoryview]) -> int:
        waited = 0
        while views:
            try:
                sent = self.end.sendmsg(views[:MAX_PARTS], (), socket.MSG_DONTWAIT)
            except BlockingIOError:
                started = time.monotonic_ns()
                sent = self.end.sendmsg(views[:MAX_PARTS])
                waited += time.monotonic_ns() - started
            views = without_first(views, sent)
        return waited

    def closed_error(self) -> BaseException:
        """What a task is told that uses the link after its end."""
        return self.failure or ChannelClosedError(f"the connection to {self.peer} is closed: it ended, or the job did")

    def shut(self) -> None:
        """End all use of the link, by this worker and by its peer; from any thread."""
        self.closed = True
        with contextlib.suppress(OSError):  # the peer was first
            self.end.shutdown(socket.SHUT_RDWR)
        for event in [box.event for boxes in (self.inboxes, self.outboxes) for box in boxes.values()]:
            event.signal()

    def close(self) -> None:
        """Shut the link and wait for its thread."""
        self.shut()
        if self.thread.is_alive():
            self.thread.join()
        self.end.close()

    def _read(self) -> None:
        """The body of the thread. It never waits for a task, so the peer's messages are always taken."""
        try:
            with io.BufferedReader(socket.SocketIO(self.end, "r"), READ_AHEAD) as stream:
                while self._read_message(stream):
                    pass
        except OSError:
            pass  # the peer died; what it sent before was read
        except BaseException as error:
            self.failure = error
        finally:
            self.shut()

    def _read_message(self, stream: io.BufferedReader[socket.SocketIO]) -> bool:
        """Take one message; False at the end of the stream, also when that cuts a message off."""
        header = stream.read(HEADER.size)
        if len(header) < HEADER.size:
            return False
        channel, kind, length = HEADER.unpack(header)
        boxes: Mapping[int, Inbox | Outbox] = self.outboxes if kind == CREDIT else self.inboxes
        if channel not in boxes or kind > CREDIT or length > (self.max_frame if kind == FRAME else VALUE.size):
            raise CorruptDataError(
                f"{self.peer} seems to have sent a message of kind {kind} and {length} bytes for channel {channel}"
            )
        payload = bytearray(length)
        if stream.readinto(payload) < length:
            return False
        boxes[channel].take(kind, payload)
        return True


class Outbox:
    """The producing end of a channel: counts credit.

    ``sent`` is the producing task's alone and ``granted`` the link's thread's, so neither needs a lock.

    Args:
        link: to the consumer's worker.
        index: of the channel.
        event: the producing task's.
        credit: bytes that it may send before the consumer grants more.
    """

    def __init__(self, link: Link, index: int, event: Event, credit: int) -> None:
        self.link = link
        self.index = index
        self.event = event
        self.sent = 0
        self.credit = self.granted = credit

    def take(self, kind: int, payload: bytearray) -> None:
        """The consumer grants more; called by the link's thread."""
        (amount,) = unpack_value(payload)
        self.granted += amount
        self.event.signal()

    @property
    def under_way(self) -> int:
        """Bytes that were sent and not granted again."""
        return self.sent + self.credit - self.granted

    @property
    def writable(self) -> bool:
        """Whether ``send`` would not wait for credit."""
        return self.sent < self.granted or self.link.closed

    def send(self, kind: int, parts: list[Any], size: int) -> int:
        """Send a message when there is credit; nanoseconds waited.

        Raises:
            ChannelClosedError: the peer is gone, or the job cancelled.
        """
        waited = 0
        if self.sent >= self.granted:
            started = time.monotonic_ns()
            while True:
                sequence = self.event.prepare()
                if self.link.closed:
                    raise self.link.closed_error()
                if self.sent < self.granted:
                    break
                self.event.wait(sequence)
            waited = time.monotonic_ns() - started
        self.sent += HEADER.size + size
        return waited + self.link.send(self.index, kind, parts)


class Inbox:
    """The consuming end of a channel: what was received, and what the producer has to be granted for what was used.

    Args:
        link: to the producer's worker.
        index: of the channel.
        event: the consuming task's.
        credit: bytes that the producer may have under way.
    """

    def __init__(self, link: Link, index: int, event: Event, credit: int) -> None:
        self.link = link
        self.index = index
        self.event = event
        self.credit = credit
        self.arrived = 0
        self.taken = 0
        self.used = 0
        self.received: deque[tuple[int, bytearray]] = deque()

    def take(self, kind: int, payload: bytearray) -> None:
        """Something was received; called by the link's thread."""
        self.arrived += HEADER.size + len(payload)
        self.received.append((kind, payload))
        self.event.signal()

    def set_credit(self, nbytes: int) -> None:
        """Allow another number of bytes under way; what is too much now is granted no more when it is used."""
        self.used += nbytes - self.credit
        self.credit = nbytes

    def get(self) -> tuple[int, bytearray] | None:
        """The oldest message, as kind and payload, or None.

        Raises:
            ChannelClosedError: nothing is left, and the peer is gone or the job cancelled.
        """
        closed = self.link.closed  # asked first: whatever was received before the end is given out
        if not self.received:
            if closed:
                raise self.link.closed_error()
            return None
        kind, payload = self.received.popleft()
        size = HEADER.size + len(payload)
        self.taken += size
        self.used += size
        if 2 * self.used >= self.credit and not closed:
            used, self.used = self.used, 0
            with contextlib.suppress(ChannelClosedError):  # a producer that is gone needs none
                self.link.send(self.index, CREDIT, [VALUE.pack(used)])
        return kind, payload


class SocketTransport(WorkerTransport):
    """Frames through sockets.

    Args:
        ends: this worker's ends of the sockets to its peers, by the peers' numbers; closed by ``close``.
    """

    def __init__(
        self,
        graph: JobGraph,
        plan: DeploymentPlan,
        worker: int,
        settings: ExchangeSettings,
        ends: Mapping[int, socket.socket],
    ) -> None:
        super().__init__(graph, plan, worker, settings)
        self._cancelled = False
        self.inboxes: dict[int, Inbox] = {}
        self.outboxes: dict[int, Outbox] = {}
        self.links = {peer: Link(end, f"worker-{peer + 1}") for peer, end in ends.items()}
        for channel in plan.remote_channels:
            self._add(channel)
        for link in self.links.values():
            link.start()

    @classmethod
    def inherit(
        cls, descriptors: list[int], graph: JobGraph, plan: DeploymentPlan, worker: int, settings: ExchangeSettings
    ) -> SocketTransport:
        """A worker's, of the sockets behind the descriptors that it inherited, in the order of its peers."""
        ends = {}
        for peer, descriptor in zip(plan.peers(worker), descriptors, strict=True):
            ends[peer] = socket.socket(fileno=descriptor)
            ends[peer].set_inheritable(False)
        return cls(graph, plan, worker, settings, ends)

    def _add(self, channel: ChannelPlan) -> None:
        index = channel.remote
        assert index is not None
        producer, consumer = (self.plan.tasks[task].worker for task in (channel.producer, channel.consumer))
        if producer == self.worker:
            link = self.links[consumer]
            self.outboxes[index] = link.outboxes[index] = Outbox(
                link, index, self._event(channel.producer), self.settings.credit
            )
        elif consumer == self.worker:
            link = self.links[producer]
            self.inboxes[index] = link.inboxes[index] = Inbox(
                link, index, self._event(channel.consumer), self.settings.credit
            )

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def new_event(self, task: int) -> Event:
        return Event()

    def remote_output(self, channels: list[ChannelPlan], frames: FrameFormat) -> OutputChannel:
        return SocketWriter([self.outboxes[channel.remote] for channel in channels], frames)  # type: ignore[index]

    def remote_input(self, channel: ChannelPlan, frames: FrameFormat) -> InputChannel:
        inbox = self.inboxes[channel.remote]  # type: ignore[index]
        return SocketReader(inbox, frames, self.new_debloater(min(SEGMENT_SIZE, self.settings.credit)))

    def cancel(self) -> None:
        """End every wait of this worker; its peers see the end of their links."""
        self._cancelled = True
        for link in self.links.values():
            link.shut()
        for event in self.events.values():
            event.signal()

    def close(self) -> None:
        for link in self.links.values():
            link.close()
        self.queues.clear()
        self.events.clear()


class SocketWriter:
    """An output channel over outboxes that all get the same, encoded once."""

    def __init__(self, outboxes: list[Outbox], frames: FrameFormat) -> None:
        self.outboxes = outboxes
        self.frames = frames
        self.bytes_sent = 0

    @property
    def buffers_in_use(self) -> int:
        """Memory segments that what is under way would take."""
        return segments(sum(outbox.under_way for outbox in self.outboxes))

    @property
    def writable(self) -> bool:
        """Whether none of them would wait for credit."""
        return all(outbox.writable for outbox in self.outboxes)

    def put(self, element: Any) -> int:
        """Send the frames of a batch, or a control element; nanoseconds waited."""
        control = control_of(element)
        if control is not None:
            kind, value = control
            return self._send(kind, [VALUE.pack(value)], VALUE.size)
        if isinstance(element, Asked):
            return sum(map(self.put, element.parts()))
        waited = 0
        for parts in self.frames.frames(element):
            size = bytes_of(parts)
            waited += self._send(FRAME, parts, size)
            self.bytes_sent += size * len(self.outboxes)
        return waited

    def _send(self, kind: int, parts: list[Any], size: int) -> int:
        return sum(outbox.send(kind, parts, size) for outbox in self.outboxes)


class SocketReader:
    """An input channel over an inbox."""

    def __init__(self, inbox: Inbox, frames: FrameFormat, debloater: BufferDebloater | None = None) -> None:
        self.inbox = inbox
        self.frames = frames
        self.debloater = debloater
        self.bytes_received = 0

    @property
    def buffers_queued(self) -> int:
        """Memory segments that what waits to be read would take."""
        return segments(self.inbox.arrived - self.inbox.taken)

    def get(self) -> Any:
        """The next element, or None."""
        received = self.inbox.get()
        if received is None:
            return None
        kind, payload = received
        if kind == FRAME:
            self.bytes_received += len(payload)
            if self.debloater is not None:
                self.debloater.follow(self.inbox, self.bytes_received, bool(self.inbox.received))
            return self.frames.decode(payload)
        return element_of(kind, *unpack_value(payload))


def segments(nbytes: int) -> int:
    """Memory segments of the default size that so many bytes would take: sockets need none, but metrics tell them."""
    return -(-nbytes // SEGMENT_SIZE)


def as_bytes(part: Any) -> memoryview:
    """The bytes of anything with a contiguous buffer."""
    view = memoryview(part)
    return view.cast("B") if view.nbytes else memoryview(b"")


def without_first(views: list[memoryview], count: int) -> list[memoryview]:
    """What is left of the views after so many bytes of them."""
    for index, view in enumerate(views):
        if count < view.nbytes:
            return [view[count:], *views[index + 1 :]]
        count -= view.nbytes
    return []


def unpack_value(payload: bytearray) -> tuple[int]:
    """The value of a control element or a credit."""
    if len(payload) != VALUE.size:
        raise CorruptDataError(f"a control message of {len(payload)} bytes")
    return VALUE.unpack(payload)
