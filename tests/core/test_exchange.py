"""Arenas, writers and readers within one process: frames, waiting, cancelling, and what is left open."""

import gc
import os
import random
import struct

import pytest

from pyflinkx._core.columns.column import Buffer
from pyflinkx._core.exchange.shared import Arena, Reader, Writer
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx.errors import (
    ChannelClosedError,
    ConfigurationError,
    CorruptDataError,
    MemoryBudgetError,
    WrongStateError,
)
from tests.core.exchange_tools import LONG, SIZE, in_thread, interrupted, needs_arenas, pattern, until_it_waits


@pytest.fixture
def arena():
    """A producer (event 0, pool 0 of 8 segments) and three consumers (events 1 to 3)."""
    return Arena.create(4, [(8, 0)], [(0, 0, 1), (0, 0, 2), (0, 0, 3)], segment_size=SIZE, ring_capacity=8)


@pytest.fixture
def pair():
    arena = Arena.create(2, [(4, 0)], [(0, 0, 1)], segment_size=SIZE)
    return arena.writer(0, [0]), arena.reader(0), arena


# ---- making arenas ----


@needs_arenas
@pytest.mark.parametrize("kind", [Arena, Writer, Reader])
def test_made_by_their_makers_only(kind):
    with pytest.raises(TypeError, match="is made by"):
        kind()


@needs_arenas
@pytest.mark.parametrize("size", [0, -4096, 2048, 5000, 2**31, 2**70])
def test_segment_sizes_are_those_of_segment_pools(size):
    with pytest.raises(ConfigurationError, match=rf"{size} \(taskmanager.memory.segment-size\)"):
        Arena.create(1, [], [], segment_size=size)


@needs_arenas
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, [], []), "how many events there are .*: 0"),
        ((2**20 + 1, [], []), "how many events there are"),
        ((1, [(0, 0)], []), "pool 0: segments .*: 0"),
        ((1, [(1, 0), (2**31, 0)], []), "pool 1: segments"),
        ((1, [(1, 1)], []), "pool 0: its event .*: 1"),
        ((1, [(1, -1)], []), "pool 0: its event"),
        ((1, [(1, 0)], [(1, 0, 0)]), "channel 0: its pool .*: 1"),
        ((2, [(1, 0)], [(0, 0, 1), (0, 0, 2)]), "channel 1: its consumer's event .*: 2"),
        ((2, [(1, 0)], [(0, 1, 1)]), "channel 0: its producer's event is 1"),
        ((1, [], [], 4096, 0), "capacity of a ring"),
        ((1, [], [], 4096, 2**21), "capacity of a ring"),
        ((1, [], [], 4096, 8, -1), "credit"),
        ((1, [], [], 4096, 8, 2**63), "credit"),
    ],
)
def test_what_cannot_be_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Arena.create(*arguments)


@needs_arenas
def test_budget_is_charged_for_the_mapping_and_refunded():
    budget = MemoryBudget(10_000_000)
    arena = Arena.create(1, [(64, 0)], [(0, 0, 0)], budget=budget)
    assert budget.used >= arena.nbytes > 64 * 32768
    with pytest.raises(MemoryBudgetError):
        Arena.create(1, [(1000, 0)], [(0, 0, 0)], budget=budget)
    arena.close()
    assert budget.used == 0


@needs_arenas
def test_close_waits_for_users_of_the_mapping(pair):
    writer, reader, arena = pair
    event = arena.event(0)
    writer.write([b"before"])
    arena.close()
    arena.close()
    assert repr(arena) == "Arena(closed)"
    for refused in (
        lambda: arena.event(0),
        lambda: arena.writer(0, [0]),
        lambda: arena.reader(0),
        lambda: arena.fd,
        lambda: arena.cancelled,
        arena.cancel,
    ):
        with pytest.raises(WrongStateError, match="closed"):
            refused()
    event.signal()
    writer.write([b"after"])
    assert [bytes(reader.get()), bytes(reader.get())] == [b"before", b"after"]


def open_files():
    return len(os.listdir("/proc/self/fd"))


def mappings():
    with open("/proc/self/maps") as lines:
        return sum("pyflinkx-arena" in line for line in lines)


@needs_arenas
def test_nothing_is_left_open():
    gc.collect()
    files, mapped = open_files(), mappings()
    for _ in range(20):
        arena = Arena.create(2, [(4, 0)], [(0, 0, 1)])
        other = Arena.attach(arena.fd)
        users = [other.event(0), other.reader(0), other.writer(0, [0])]
        assert mappings() == mapped + 2
        for each in (arena, other):
            each.close()
        assert mappings() == mapped + 1
        del users
        assert (open_files(), mappings()) == (files, mapped)
    arena = Arena.create(2, [(4, 0)], [(0, 0, 1)])
    del arena, other, each
    assert (open_files(), mappings()) == (files, mapped)


@needs_arenas
def test_attached_arenas_share_everything(pair):
    writer, _, arena = pair
    other = Arena.attach(arena.fd)
    assert other.nbytes == arena.nbytes
    assert other.fd != arena.fd
    writer.write([b"across"])
    assert bytes(other.reader(0).get()) == b"across"
    sequence = arena.event(1).prepare()
    other.event(1).signal()
    assert arena.event(1).wait(sequence, 0)
    other.cancel()
    assert arena.cancelled


@needs_arenas
def test_indices_are_checked(arena):
    for wrong in (lambda i: arena.event(i), lambda i: arena.writer(i, [0]), lambda i: arena.reader(i)):
        for index in (-1, 4, 2**40):
            with pytest.raises(IndexError):
                wrong(index)
    for channels in ([], [0, 0]):
        with pytest.raises(ValueError, match="each once"):
            arena.writer(0, channels)
    with pytest.raises(IndexError):
        arena.writer(0, [3])
    two = Arena.create(1, [(1, 0), (1, 0)], [(0, 0, 0), (1, 0, 0)])
    with pytest.raises(ValueError, match="channel 1 is not fed by pool 0"):
        two.writer(0, [0, 1])


# ---- frames and control elements ----


@needs_arenas
@pytest.mark.parametrize("size", [0, 1, 7, SIZE - 9, SIZE - 8, SIZE - 7, SIZE, 2 * SIZE - 8, 3 * SIZE + 5])
@pytest.mark.parametrize("cuts", [0, 1, 5])
def test_frames_arrive_as_they_were_sent(pair, size, cuts):
    writer, reader, _ = pair
    frame = pattern(size)
    at = sorted(random.Random(size).randrange(size + 1) for _ in range(cuts))
    parts = [frame[i:j] for i, j in zip([0, *at], [*at, size], strict=True)]
    assert writer.write(parts) == 0
    assert reader.ready
    received = reader.get()
    assert isinstance(received, Buffer)
    assert bytes(received) == frame
    assert received.address % 64 == 0
    assert memoryview(received).readonly
    assert (writer.bytes_sent, writer.frames_sent, reader.bytes_received) == (size, 1, size)
    assert (writer.buffers_in_use, reader.buffers_queued, reader.ready, reader.get()) == (0, 0, False, None)


@needs_arenas
def test_parts_are_any_contiguous_buffers(pair):
    writer, reader, _ = pair
    writer.write((memoryview(struct.pack("<2q", 1, 2)).cast("q"), bytearray(b"abc"), b""))
    frame = reader.get()
    assert bytes(frame) == struct.pack("<2q", 1, 2) + b"abc"
    writer.write([frame, frame])
    assert bytes(reader.get()) == bytes(frame) * 2
    for parts, error in ((["text"], TypeError), ([b"a", memoryview(b"abcd")[::2]], BufferError), (None, TypeError)):
        with pytest.raises(error):
            writer.write(parts)
    writer.write([b"still there"])
    assert bytes(reader.get()) == b"still there"


@needs_arenas
def test_control_elements_keep_their_place(pair):
    writer, reader, _ = pair
    writer.put_control(1, -(2**63))
    writer.write([b"frame"])
    writer.put_control(15, 2**63 - 1)
    assert reader.buffers_queued == 3
    assert reader.get() == (1, -(2**63))
    assert bytes(reader.get()) == b"frame"
    assert reader.get() == (15, 2**63 - 1)
    for kind in (0, 16, -1, 2**40):
        with pytest.raises(ValueError, match="kind"):
            writer.put_control(kind, 0)
    with pytest.raises(OverflowError):
        writer.put_control(1, 2**63)
    assert reader.get() is None


@needs_arenas
def test_a_frame_of_several_channels_is_written_once(arena):
    writer = arena.writer(0, [0, 1, 2])
    readers = [arena.reader(i) for i in range(3)]
    frame = pattern(2 * SIZE)
    writer.write([frame])
    assert writer.buffers_in_use == 3
    for i, reader in enumerate(readers):
        assert writer.buffers_in_use == 3
        assert bytes(reader.get()) == frame, i
    assert writer.buffers_in_use == 0
    writer.put_control(2, 9)
    assert [reader.get() for reader in readers] == [(2, 9)] * 3


@needs_arenas
def test_writers_of_one_pool_share_its_channels(arena):
    single = [arena.writer(0, [i]) for i in range(3)]
    everybody = arena.writer(0, [2, 0, 1])
    readers = [arena.reader(i) for i in range(3)]
    for i, writer in enumerate(single):
        writer.write([b"to %d" % i])
    everybody.put_control(1, 5)
    for i, writer in enumerate(single):
        writer.put_control(2, i)
    for i, reader in enumerate(readers):
        assert (bytes(reader.get()), reader.get(), reader.get()) == (b"to %d" % i, (1, 5), (2, i))


@needs_arenas
def test_frames_outlive_the_arena(pair):
    writer, reader, arena = pair
    writer.write([b"kept"])
    frame = reader.get()
    arena.close()
    del writer, reader, arena
    assert bytes(frame) == b"kept"


@needs_arenas
def test_frames_are_charged_to_the_budget(pair):
    writer, _, arena = pair
    budget = MemoryBudget(10_000)
    reader = arena.reader(0, budget=budget)
    writer.write([pattern(8000)])
    frame = reader.get()
    assert budget.used == 8000
    writer.write([pattern(8000)])
    with pytest.raises(MemoryBudgetError):
        reader.get()
    with pytest.raises(MemoryBudgetError):
        reader.get()
    del frame
    assert len(reader.get()) == 8000
    assert budget.used == 0


@needs_arenas
def test_unfinished_frames_are_given_back(pair):
    writer, _, arena = pair
    budget = MemoryBudget()
    reader = arena.reader(0, budget=budget)
    with pytest.raises(KeyboardInterrupt):
        interrupted(lambda: writer.write([bytes(10 * SIZE)]), lambda: until_it_waits(writer))
    assert reader.get() is None
    assert (budget.used, reader.bytes_received, writer.buffers_in_use) == (10 * SIZE, 0, 0)
    del reader
    assert budget.used == 0


@needs_arenas
def test_frames_over_the_limit_are_damage(pair):
    writer, _, arena = pair
    reader = arena.reader(0, max_frame=100)
    writer.write([bytes(100)])
    writer.write([bytes(101)])
    assert len(reader.get()) == 100
    for _ in range(2):
        with pytest.raises(CorruptDataError):
            reader.get()


# ---- waiting ----


@needs_arenas
def test_a_write_waits_for_segments_and_says_how_long(pair):
    writer, reader, arena = pair
    for i in range(4):
        assert writer.writable
        writer.write([bytes([i])])
    assert not writer.writable
    producer = arena.event(0)
    sequence = producer.prepare()
    result = in_thread(lambda: writer.write([b"waited"]))
    until_it_waits(writer)
    assert writer.buffers_in_use == 4
    with pytest.raises(WrongStateError, match="another thread"):
        writer.write([b"x"])
    with pytest.raises(WrongStateError, match="another thread"):
        writer.put_control(1, 1)
    assert bytes(reader.get()) == b"\0"
    assert result() > 0
    assert producer.wait(sequence, 0)
    assert [bytes(reader.get()) for _ in range(4)] == [b"\1", b"\2", b"\3", b"waited"]


@needs_arenas
def test_a_frame_larger_than_the_pool_flows_through_it(pair):
    writer, reader, arena = pair
    frame = pattern(100 * SIZE)
    result = in_thread(lambda: writer.write([frame[:5], frame[5:]]))
    event = arena.event(1)
    while True:
        sequence = event.prepare()
        received = reader.get()
        if received is not None:
            break
        assert event.wait(sequence, LONG)
    assert bytes(received) == frame
    result()


@needs_arenas
def test_the_ring_bounds_control_elements():
    arena = Arena.create(2, [(1, 0)], [(0, 0, 1)], ring_capacity=3)
    writer, reader = arena.writer(0, [0]), arena.reader(0)
    for i in range(4):
        writer.put_control(1, i)
    assert not writer.writable
    result = in_thread(lambda: writer.put_control(1, 4))
    until_it_waits(writer)
    assert reader.buffers_queued == 4
    assert reader.get() == (1, 0)
    assert result() > 0
    assert [reader.get() for _ in range(4)] == [(1, i) for i in range(1, 5)]


@needs_arenas
def test_credit_bounds_the_bytes_under_way():
    arena = Arena.create(2, [(8, 0)], [(0, 0, 1)], segment_size=SIZE, credit=SIZE)
    writer, reader, event = arena.writer(0, [0]), arena.reader(0), arena.event(0)
    writer.write([bytes(100)])
    assert not writer.writable  # for a whole segment
    writer.write([bytes(SIZE - 108 - 8)])
    assert writer.buffers_in_use == 2
    result = in_thread(lambda: writer.write([b"x"]))
    until_it_waits(writer)
    assert writer.buffers_in_use == 2
    assert not writer.writable
    sequence = event.prepare()
    reader.set_credit(3 * SIZE)
    assert result() > 0
    assert event.wait(sequence, 0)
    assert writer.writable
    reader.set_credit(0)
    assert not writer.writable
    assert [len(reader.get()) for _ in range(3)] == [100, SIZE - 116, 1]
    assert writer.writable  # one segment always may go
    writer.write([bytes(SIZE - 8)])
    assert not writer.writable
    for credit in (-1, 2**63):
        with pytest.raises(ValueError, match="credit"):
            reader.set_credit(credit)


@needs_arenas
def test_without_a_number_each_channel_has_its_share_of_the_pool():
    arena = Arena.create(2, [(8, 0)], [(0, 0, 1), (0, 0, 1)], segment_size=SIZE)
    first, second = arena.writer(0, [0]), arena.writer(0, [1])
    for _ in range(4):
        assert first.writable
        first.write([bytes(SIZE - 8)])
    assert not first.writable
    assert second.writable


@needs_arenas
def test_nobody_is_woken_who_did_not_ask(pair):
    writer, reader, arena = pair
    sequence = arena.event(0).prepare()
    for _ in range(10):
        writer.write([pattern(2 * SIZE)])
        reader.get()
    assert not arena.event(0).wait(sequence, 0)


# ---- cancelling ----


@needs_arenas
def test_cancel_ends_waits_and_closes_channels(arena):
    writer = arena.writer(0, [0, 1])
    reader = arena.reader(0)
    events = [arena.event(i) for i in range(4)]
    sequences = [event.prepare() for event in events]
    result = in_thread(lambda: writer.write([bytes(20 * SIZE)]))
    sleeper = in_thread(lambda: events[3].wait(sequences[3], LONG))
    until_it_waits(writer)
    arena.cancel()
    with pytest.raises(ChannelClosedError):
        result()
    assert sleeper()
    assert all(event.wait(sequence, 0) for event, sequence in zip(events, sequences, strict=True))
    assert arena.cancelled
    for refused in (
        lambda: arena.writer(0, [2]).write([b""]),
        lambda: writer.put_control(1, 1),
        lambda: writer.writable,
        reader.get,
    ):
        with pytest.raises(ChannelClosedError):
            refused()


@needs_arenas
def test_control_c_cuts_a_frame_off_and_nothing_can_follow(pair):
    writer, reader, _ = pair
    with pytest.raises(KeyboardInterrupt):
        interrupted(lambda: writer.write([bytes(10 * SIZE)]), lambda: until_it_waits(writer))
    assert reader.get() is None
    for refused in (lambda: writer.write([b""]), lambda: writer.put_control(1, 1)):
        with pytest.raises(WrongStateError, match="only a part"):
            refused()


@needs_arenas
def test_control_c_before_the_first_segment_changes_nothing(pair):
    writer, reader, _ = pair
    for _ in range(4):
        writer.write([b"full"])
    with pytest.raises(KeyboardInterrupt):
        interrupted(lambda: writer.write([b"never"]), lambda: until_it_waits(writer))
    assert bytes(reader.get()) == b"full"
    writer.write([b"next"])
    assert [bytes(reader.get()) for _ in range(4)] == [b"full"] * 3 + [b"next"]
