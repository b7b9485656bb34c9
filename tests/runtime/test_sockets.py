"""Exchanges through sockets: credit, several tasks on one socket, and ends that come too early."""

import gc
import os
import socket
import threading

import pyarrow as pa
import pytest

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.exchange.shared import Event
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.common import Configuration
from pyflinkx.config import options
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import ChannelClosedError, ConfigurationError, CorruptDataError
from pyflinkx.graph.job_graph import build_job_graph
from pyflinkx.graph.slots import plan_slots
from pyflinkx.runtime.control.deployment import plan_deployment
from pyflinkx.runtime.exchange.channel import END_OF_DATA, Watermark, WatermarkStatus
from pyflinkx.runtime.exchange.frames import FrameFormat
from pyflinkx.runtime.exchange.interconnect import SocketPairs, inherited, make_interconnect
from pyflinkx.runtime.exchange.sockets import (
    CREDIT,
    FRAME,
    HEADER,
    VALUE,
    Inbox,
    Link,
    Outbox,
    SocketReader,
    SocketWriter,
)
from pyflinkx.runtime.exchange.transport import ExchangeSettings

FORMAT = FrameFormat(CallSite("the operator", "uid-1", "job.py:7"))
PATIENCE = 60


class WatchedEvent:
    """An event that tells when somebody has begun to wait."""

    def __init__(self):
        self.event = Event()
        self.waiting = threading.Event()

    def prepare(self):
        return self.event.prepare()

    def wait(self, sequence, timeout=None):
        self.waiting.set()
        return self.event.wait(sequence, timeout)

    def signal(self):
        self.event.signal()


class Pair:
    """Two workers' ends of one socket, with some channels from the first to the second."""

    def __init__(self, credit=1000, channels=1, max_frame=1 << 31):
        ends = socket.socketpair()
        self.first, self.second = Link(ends[0], "second"), Link(ends[1], "first", max_frame)
        self.event = WatchedEvent()
        self.arrived = Event()
        for index in range(channels):
            self.first.outboxes[index] = Outbox(self.first, index, self.event, credit)
            self.second.inboxes[index] = Inbox(self.second, index, self.arrived, credit)
        self.writers = [SocketWriter([outbox], FORMAT) for outbox in self.first.outboxes.values()]
        self.readers = [SocketReader(inbox, FORMAT) for inbox in self.second.inboxes.values()]

    def start(self):
        self.first.start()
        self.second.start()
        return self

    def get(self, index=0):
        while True:
            sequence = self.arrived.prepare()
            element = self.readers[index].get()
            if element is not None:
                return element
            assert self.arrived.wait(sequence, PATIENCE)

    def close(self):
        self.first.close()
        self.second.close()


@pytest.fixture
def make_pair():
    pairs = []

    def make(**arguments):
        pairs.append(Pair(**arguments))
        return pairs[-1].start()

    yield make
    for pair in pairs:
        pair.close()


@pytest.fixture
def half():
    """A link whose other end is a bare socket, with a channel in each direction."""
    ours, theirs = socket.socketpair()
    link = Link(ours, "the other", max_frame=1 << 20)
    event = WatchedEvent()
    link.outboxes[0] = Outbox(link, 0, event, 1000)
    link.inboxes[1] = Inbox(link, 1, event, 1000)
    link.start()
    yield link, theirs, event
    theirs.close()
    link.close()


@pytest.fixture(autouse=True)
def nothing_stays_behind():
    gc.collect()  # what other tests left must not close its descriptors, whose numbers this one would take, later
    descriptors, threads = set(os.listdir("/proc/self/fd")), set(threading.enumerate())
    yield
    # What others left may still end meanwhile; only what is new stayed behind.
    assert set(os.listdir("/proc/self/fd")) <= descriptors
    assert set(threading.enumerate()) <= threads


def batch(*values):
    return ObjectBatch(list(values))


def in_thread(function):
    """Start a function; what it returned or raised is asked for later."""
    result = []

    def call():
        try:
            result.append(function())
        except BaseException as error:
            result.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()

    def outcome():
        thread.join(PATIENCE)
        return result[0]

    return outcome


def test_elements_arrive_as_they_were_in_order(make_pair):
    pair = make_pair()
    elements = [batch(1, "two"), Watermark(-(2**63)), WatermarkStatus(True), batch(), Watermark(7), END_OF_DATA]
    for element in elements:
        assert pair.writers[0].put(element) == 0
    for element in elements:
        found = pair.get()
        if isinstance(element, ObjectBatch):
            assert found.values == element.values
        else:
            assert found == element
    assert pair.readers[0].get() is None


def test_more_parts_than_one_system_call_takes_arrive(make_pair):
    table = pa.record_batch({str(i): pa.array([i, None, i + 1]) for i in range(1500)})
    pair = make_pair()
    pair.writers[0].put(ColumnBatch.from_arrow(table))
    assert pa.record_batch(pair.get()).equals(table)


def test_a_producer_whose_consumer_does_not_read_stops_within_credit_and_one_frame(make_pair):
    pair = make_pair(credit=1000)
    (outbox,) = pair.first.outboxes.values()
    element = batch(b"x" * 100)
    frame = HEADER.size + sum(len(part) for part in FORMAT.encode(element))
    puts = 0
    while pair.writers[0].writable and puts < 100:
        pair.writers[0].put(element)
        puts += 1
    assert 1000 <= outbox.sent == puts * frame < 1000 + frame
    waited = in_thread(lambda: pair.writers[0].put(element))
    assert pair.event.waiting.wait(PATIENCE)
    assert outbox.sent == puts * frame
    for _ in range(puts):
        pair.get()
    assert waited() > 0
    assert pair.get().values == element.values


class GrantsOnly:
    """In place of a link: adds up what a consumer grants."""

    closed = False

    def __init__(self, credit):
        self.granted = credit

    def send(self, channel, kind, parts):
        assert (channel, kind) == (0, CREDIT)
        self.granted += VALUE.unpack(parts[0])[0]


def test_credit_may_be_lowered_and_raised_again():
    link = GrantsOnly(1000)
    inbox = Inbox(link, 0, Event(), 1000)
    frame = HEADER.size + 100
    sent = 0
    for credit in (1000, 400, 1, 5000, 2 * frame, 100_000):
        inbox.set_credit(credit)
        for _ in range(10):
            assert sent < link.granted, "a producer without credit would wait for ever"
            while sent < link.granted:
                inbox.take(FRAME, bytearray(100))
                sent += frame
            while inbox.get() is not None:
                pass
        assert inbox.taken == inbox.arrived == sent
        assert credit / 2 < link.granted - sent <= credit


def test_a_frame_longer_than_the_credit_travels_alone(make_pair):
    pair = make_pair(credit=1)
    for i in range(20):
        waited = in_thread(lambda value=i: pair.writers[0].put(batch(value, b"x" * 1_000_000)))
        assert pair.get().values[0] == i
        assert isinstance(waited(), int)


def test_a_full_channel_does_not_hold_up_its_neighbour(make_pair):
    pair = make_pair(channels=2)
    while pair.writers[0].writable:
        pair.writers[0].put(batch(b"x" * 100))
    for i in range(100):
        pair.writers[1].put(batch(i, b"x" * 2000))
        assert pair.get(1).values[0] == i


def test_a_broadcast_is_encoded_once(make_pair, monkeypatch):
    pair = make_pair(channels=3)
    encoded = []
    monkeypatch.setattr(FORMAT, "encode", lambda batch: encoded.append(batch) or [b"frame"])
    SocketWriter(list(pair.first.outboxes.values()), FORMAT).put(batch(1))
    assert len(encoded) == 1
    monkeypatch.setattr(FORMAT, "decode", bytes)
    assert [pair.get(index) for index in range(3)] == [b"frame"] * 3


def test_tasks_that_share_a_socket_do_not_mix_their_frames(make_pair):
    pair = make_pair(channels=4, credit=100_000)
    sizes = [0, 10, 70_000, 1_000_000, 3, 250_000] * 5

    def send(index):
        return sum(pair.writers[index].put(batch(index, i, bytes([i]) * size)) for i, size in enumerate(sizes))

    def receive(index):
        return [pair.get(index).values for _ in sizes]

    sending = [in_thread(lambda index=index: send(index)) for index in range(4)]
    receiving = [in_thread(lambda index=index: receive(index)) for index in range(4)]
    for index in range(4):
        assert receiving[index]() == [[index, i, bytes([i]) * size] for i, size in enumerate(sizes)]
        assert isinstance(sending[index](), int)


def test_a_peer_that_dies_in_the_middle_of_a_frame_closes_the_channel(half):
    link, theirs, _ = half
    whole = b"".join(bytes(part) for part in FORMAT.encode(batch(1, 2, 3)))
    reader = SocketReader(link.inboxes[1], FORMAT)
    theirs.sendall(HEADER.pack(1, FRAME, len(whole)) + whole + HEADER.pack(1, FRAME, 100) + b"not all of it")
    theirs.close()
    link.thread.join(PATIENCE)
    assert reader.get().values == [1, 2, 3]
    with pytest.raises(ChannelClosedError, match="the other"):
        reader.get()


@pytest.mark.parametrize("end", ["peer", "cancel"])
def test_a_producer_that_waits_for_credit_is_told_of_the_end(half, end):
    link, theirs, event = half
    writer = SocketWriter([link.outboxes[0]], FORMAT)
    writer.put(batch(b"x" * 1000))
    assert not writer.writable
    outcome = in_thread(lambda: writer.put(batch(1)))
    assert event.waiting.wait(PATIENCE)
    theirs.close() if end == "peer" else link.shut()
    assert isinstance(outcome(), ChannelClosedError)
    assert writer.writable, "a task that looks before it writes would sleep for ever"


@pytest.mark.parametrize("end", ["peer", "cancel"])
def test_a_producer_that_waits_for_the_socket_is_told_of_the_end(half, end):
    link, theirs, _ = half
    outcome = in_thread(lambda: SocketWriter([link.outboxes[0]], FORMAT).put(batch(b"x" * 20_000_000)))
    assert theirs.recv(1), "the frame is under way"
    theirs.close() if end == "peer" else link.shut()
    assert isinstance(outcome(), ChannelClosedError)


def test_a_credit_grants_what_it_says(half):
    link, theirs, event = half
    writer = SocketWriter([link.outboxes[0]], FORMAT)
    writer.put(batch(b"x" * 5000))
    outcome = in_thread(lambda: writer.put(batch(1)))
    assert event.waiting.wait(PATIENCE)
    theirs.sendall(HEADER.pack(0, CREDIT, VALUE.size) + VALUE.pack(link.outboxes[0].sent - 1000 + 1))
    assert outcome() > 0
    assert not writer.writable


@pytest.mark.parametrize(
    "message",
    [
        HEADER.pack(1, FRAME, 1 << 60),
        HEADER.pack(1, FRAME, (1 << 20) + 1),
        HEADER.pack(2, FRAME, 8) + bytes(8),
        HEADER.pack(1, CREDIT, 8) + bytes(8),
        HEADER.pack(1, 1, 7) + bytes(7),
        HEADER.pack(1, 1, 9) + bytes(9),
        HEADER.pack(1, 9, 8) + bytes(8),
        HEADER.pack(1, 200, 8) + bytes(8),
        HEADER.pack(0, CREDIT, 2) + bytes(2),
    ],
    ids=["huge", "over the limit", "channel", "credit for an inbox", "short", "long", "kind", "high kind", "credit"],
)
def test_damage_is_named_and_allocates_nothing(half, message):
    link, theirs, _ = half
    theirs.sendall(message)
    theirs.shutdown(socket.SHUT_WR)
    link.thread.join(PATIENCE)
    with pytest.raises(CorruptDataError):
        SocketReader(link.inboxes[1], FORMAT).get()


def job_plan(parallelism=3):
    env = StreamExecutionEnvironment.get_execution_environment().set_parallelism(parallelism)
    env.from_collection([1]).rebalance().map(lambda x: x).key_by(lambda x: x).map(lambda x: x).print()
    graph = build_job_graph(env._graph("job"))
    slots = plan_slots(graph)
    return graph, plan_deployment(graph, slots.slots(), {slot: slot for slot in range(slots.count)})


def test_each_worker_gets_its_ends_and_gives_them_back():
    graph, plan = job_plan()
    pairs = SocketPairs(plan)
    transports = []
    for worker in range(plan.workers):
        descriptors = [os.dup(descriptor) for descriptor in pairs.descriptors(worker)]
        pairs.inherited_by(worker)
        transports.append(inherited("sockets", descriptors)(graph, plan, worker, ExchangeSettings(batch_size=1)))
    for channel in plan.remote_channels:
        producer, consumer = (plan.tasks[task] for task in (channel.producer, channel.consumer))
        gate = transports[producer.worker].output_gate(channel.exchange, producer.id)
        gate.put(consumer.id.subtask, batch(channel.remote))
        incoming = plan.incoming(channel.exchange, consumer.id)
        inputs = transports[consumer.worker].input_channels(channel.exchange, consumer.id)
        event = transports[consumer.worker].event(consumer.id)
        while True:
            sequence = event.prepare()
            element = inputs[incoming.index(channel)].get()
            if element is not None:
                break
            assert event.wait(sequence, PATIENCE)
        assert element.values == [channel.remote]
    transports[0].cancel()
    for transport in transports:
        transport.close()


def test_a_copy_of_the_client_keeps_its_own_ends_only():
    _, plan = job_plan()
    pairs = SocketPairs(plan)
    before = len(os.listdir("/proc/self/fd"))
    pairs.keep_only(1)
    assert len(pairs.descriptors(1)) == 2
    assert before - len(os.listdir("/proc/self/fd")) == 4
    pairs.close()


def test_too_few_descriptors_are_explained(monkeypatch):
    real = socket.socketpair
    made = []

    def socketpair():
        if len(made) == 2:
            raise OSError(24, "Too many open files")
        made.append(real())
        return made[-1]

    monkeypatch.setattr(socket, "socketpair", socketpair)
    with pytest.raises(ConfigurationError, match=r"3 workers.*ulimit -n.*numberOfTaskSlots"):
        SocketPairs(job_plan()[1])
    assert all(end.fileno() == -1 for pair in made for end in pair)
    made.clear()


@pytest.mark.parametrize(("choice", "found"), [("auto", "shared-memory"), ("sockets", "sockets")])
def test_the_configuration_chooses(choice, found):
    configuration = Configuration.from_dict({options.TRANSPORT.key: choice})
    interconnect = make_interconnect(job_plan()[1], configuration)
    assert interconnect.transport == found
    interconnect.close()


def test_sockets_serve_where_memory_cannot_be_shared(monkeypatch):
    monkeypatch.setattr("pyflinkx.runtime.exchange.interconnect.SUPPORTED", False)
    interconnect = make_interconnect(job_plan()[1], Configuration())
    assert interconnect.transport == "sockets"
    interconnect.close()
