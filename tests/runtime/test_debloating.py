"""Credit that follows throughput."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.exchange.shared import SUPPORTED, Arena
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.runtime.exchange.debloating import BufferDebloater
from pyflinkx.runtime.exchange.frames import FrameFormat
from pyflinkx.runtime.exchange.shared_memory import FrameReader, FrameWriter

SECOND = 1_000_000_000
PERIOD = SECOND // 5


def steady(debloater, rate, periods, start=0, received=0):
    """Credits told while a consumer reads ``rate`` bytes a second."""
    told = []
    for turn in range(1, periods + 1):
        received += rate // 5
        told.append(debloater.look(start + turn * PERIOD, received, True))
    return [credit for credit in told if credit is not None], received


def fresh(target=SECOND, least=32_768, most=1_000_000):
    debloater = BufferDebloater(target, PERIOD, least, most)
    assert debloater.look(0, 0, True) is None
    return debloater


def test_a_slow_consumer_gets_what_it_reads_in_the_target():
    told, _ = steady(fresh(), 100_000, 10)
    assert told == [100_000]


def test_a_fast_consumer_keeps_all():
    told, _ = steady(fresh(), 50_000_000, 10)
    assert told == []


def test_credit_never_falls_below_a_segment():
    told, _ = steady(fresh(), 10, 10)
    assert told == [32_768]


def test_credit_grows_again_with_the_throughput():
    debloater = fresh()
    _, received = steady(debloater, 100_000, 10)
    told, _ = steady(debloater, 5_000_000, 30, 10 * PERIOD, received)
    assert told[-1] == 1_000_000


def test_nothing_is_told_within_a_period():
    debloater = fresh()
    assert debloater.look(PERIOD - 1, 10, True) is None
    assert debloater.look(PERIOD, 10, True) == 32_768


def test_a_consumer_that_keeps_up_is_not_limited():
    debloater = fresh()
    steady(debloater, 100_000, 10)
    assert debloater.look(11 * PERIOD, 200_000, False) == 1_000_000


@pytest.mark.skipif(not SUPPORTED, reason="processes share memory on 64-bit Linux only")
def test_a_reader_that_is_behind_leaves_its_producer_less_room():
    segment = 4096
    arena = Arena.create(2, [(16, 0)], [(0, 0, 1)], segment_size=segment, credit=10 * segment)
    frames = FrameFormat(CallSite("name", "uid"))
    batch = ObjectBatch([b"x" * (segment // 2)])
    writer = FrameWriter(arena.writer(0, [0]), frames)
    reader = FrameReader(arena.reader(0), frames, BufferDebloater(1, 1, segment, 10 * segment))

    def fill():
        count = 0
        while writer.writable:
            writer.put(batch)
            count += 1
        return count

    room = fill()
    assert room > 6
    for _ in range(room - 2):
        assert reader.get().values == batch.values
    assert fill() < room - 4  # without a lower credit there was room for all that was read
    arena.close()


@given(st.lists(st.tuples(st.integers(1, 10 * SECOND), st.integers(0, 10**9), st.booleans()), max_size=50))
def test_credit_stays_within_its_bounds(looks):
    debloater = fresh()
    now = received = 0
    for elapsed, more, behind in looks:
        now += elapsed
        received += more
        debloater.look(now, received, behind)
        assert 32_768 <= debloater.credit <= 1_000_000
