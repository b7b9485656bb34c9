"""What every control channel keeps to, over sockets and over queues; and what the JobManager's thread sleeps on."""

import os
import threading
from multiprocessing.connection import Pipe

import pytest

from pyflinkx.runtime.control.channel import ControlEnded, ControlStuck, StreamChannel
from pyflinkx.runtime.control.queue_pair import queue_pair
from pyflinkx.runtime.control.wait_set import WaitSet


def socket_channels():
    ours, theirs = Pipe()
    return StreamChannel(ours), StreamChannel(theirs)


def queue_channels():
    return queue_pair()


def send_often(channel, message):
    for _ in range(10_000):
        channel.send(message)


CHANNELS = pytest.mark.parametrize("connect", [socket_channels, queue_channels])


@CHANNELS
def test_messages_arrive_whole_and_in_order_both_ways(connect):
    ours, theirs = connect()
    for message in (b"", b"one", b"x" * 5000):
        ours.send(message)
        theirs.send(message[::-1])
    assert [theirs.receive() for _ in range(3)] == [b"", b"one", b"x" * 5000]
    assert [ours.receive() for _ in range(3)] == [b"", b"eno", b"x" * 5000]
    assert not ours.wait(0)
    assert not theirs.wait(0.01)


@CHANNELS
def test_a_message_of_any_length_goes_through_while_the_other_end_reads(connect):
    ours, theirs = connect()
    messages = [bytes([number]) * 1_000_000 for number in range(5)]
    sender = threading.Thread(target=lambda: [ours.send(message) for message in messages])
    sender.start()
    assert [theirs.receive() for _ in messages] == messages
    sender.join()


@CHANNELS
def test_what_was_sent_before_the_end_is_received_and_then_the_end(connect):
    ours, theirs = connect()
    theirs.send(b"last")
    theirs.close()
    assert ours.wait(0)
    assert ours.receive() == b"last"
    for _ in range(2):
        assert ours.wait(0)
        with pytest.raises(ControlEnded):
            ours.receive()
    with pytest.raises(ControlEnded):
        ours.send(b"too late")


@CHANNELS
def test_an_end_that_is_closed_neither_sends_nor_receives(connect):
    ours, theirs = connect()
    theirs.send(b"never read")
    ours.close()
    ours.close()
    for use in (ours.receive, lambda: ours.send(b"x"), lambda: theirs.send(b"x")):
        with pytest.raises(ControlEnded):
            use()


@CHANNELS
def test_the_end_ends_a_wait_for_a_message(connect):
    ours, theirs = connect()
    heard = []

    def listen():
        try:
            ours.receive()
        except ControlEnded:
            heard.append("end")

    listener = threading.Thread(target=listen)
    listener.start()
    theirs.close()
    listener.join()
    assert heard == ["end"]


@CHANNELS
def test_who_sends_to_somebody_that_takes_nothing_waits_no_longer_than_the_limit(connect):
    ours, theirs = connect()
    assert ours.has_room()
    ours.limit_waits(0.05)
    with pytest.raises(ControlStuck):
        send_often(ours, b"x" * 1000)
    assert not ours.has_room()
    theirs.close()


def test_the_end_ends_a_wait_for_room_in_a_queue():
    ours, theirs = queue_pair(capacity=10)
    ours.send(b"x" * 10)
    started = threading.Event()
    ended = []

    def send():
        started.set()
        try:
            ours.send(b"x")
        except ControlEnded:
            ended.append(True)

    sender = threading.Thread(target=send)
    sender.start()
    started.wait()
    theirs.close()
    sender.join()
    assert ended == [True]


def test_a_queue_tells_of_each_arrival_and_of_the_end():
    ours, theirs = queue_pair()
    assert ours.fileno() is None
    theirs.send(b"early")
    told = []
    ours.on_arrival(lambda: told.append(True))
    assert len(told) == 1
    theirs.send(b"more")
    assert len(told) == 2
    theirs.close()
    assert len(told) == 3


def test_a_half_message_of_a_peer_that_died_is_an_end():
    ours, theirs = Pipe()
    channel = StreamChannel(ours)
    os.write(theirs.fileno(), b"\0\0\0\x10half")
    theirs.close()
    with pytest.raises(ControlEnded):
        channel.receive()


def test_a_half_message_of_a_peer_that_stopped_is_given_up():
    ours, theirs = Pipe()
    channel = StreamChannel(ours)
    channel.limit_waits(0.05)
    os.write(theirs.fileno(), b"\0\0\0\x10half")
    with pytest.raises(ControlStuck):
        channel.receive()
    theirs.close()


# ---- the wait ----


@pytest.mark.parametrize("descriptors", [False, True])
def test_a_wake_up_ends_a_wait_also_when_it_comes_before(descriptors):
    waiting = WaitSet()
    reading, writing = os.pipe()
    if descriptors:
        waiting.wake()  # there is no descriptor that could tell of it yet
        waiting.add(reading, "data")
        assert waiting.wait(60) == []
    waiting.wake()
    waiting.wake()
    assert waiting.wait(60) == []
    assert waiting.wait(0) == []
    threading.Thread(target=waiting.wake).start()
    assert waiting.wait(60) == []
    waiting.close()
    waiting.wake()
    for descriptor in (reading, writing):
        os.close(descriptor)


def test_descriptors_that_can_be_read_come_with_their_data():
    waiting = WaitSet()
    reading, writing = os.pipe()
    waiting.add(reading, "data")
    assert reading in waiting
    os.write(writing, b"x")
    waiting.wake()
    assert waiting.wait(60) == [(reading, "data")]
    waiting.remove(reading)
    waiting.remove(reading)
    assert reading not in waiting
    assert waiting.wait(0) == []
    waiting.add(reading, "again")
    waiting.clear()
    assert waiting.wait(0) == []
    waiting.close()
    for descriptor in (reading, writing):
        os.close(descriptor)


def test_without_descriptors_to_wait_for_it_has_none():
    before = set(os.listdir("/proc/self/fd"))
    waiting = WaitSet()
    waiting.wake()
    waiting.wait(60)
    assert set(os.listdir("/proc/self/fd")) == before
    reading, writing = os.pipe()
    waiting.add(reading, None)
    waiting.close()
    for descriptor in (reading, writing):
        os.close(descriptor)
    assert set(os.listdir("/proc/self/fd")) == before
