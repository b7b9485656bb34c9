"""Segment pools: waiting, giving back, access and views, against models in plain Python."""

import ctypes
import gc
import math
import os
import signal
import struct
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from pyflinkx._core.exchange.segment import Segment, SegmentPool
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx.errors import ConfigurationError, WaitTimeoutError, WrongStateError
from tests.ctrl_c import ctrl_c_arrives

SIZE = 4096
# Long enough for any machine to act in; a test that runs into it fails.
LONG = 20.0


@pytest.fixture
def pool():
    return SegmentPool(4 * SIZE, SIZE)


@pytest.fixture
def segment(pool):
    return pool.request()


def address(segment):
    return ctypes.addressof(ctypes.c_char.from_buffer(segment))


# ---- sizes ----


def test_default_segment_size_is_flinks():
    pool = SegmentPool(1 << 20)
    assert (pool.segment_size, pool.total, pool.available, pool.in_use, pool.peak) == (32768, 32, 32, 0, 0)


def test_budget_is_rounded_down_to_whole_segments():
    assert SegmentPool(3 * SIZE - 1, SIZE).total == 2


@pytest.mark.parametrize("size", [0, -1, -4096, 1, 2048, 4095, 4097, 5000, 12288, 2**31, 2**64])
def test_bad_segment_sizes_name_the_value_and_the_key(size):
    with pytest.raises(ConfigurationError, match=rf"{size} \(taskmanager.memory.segment-size\)"):
        SegmentPool(2**40, size)


@pytest.mark.parametrize("budget", [0, -1, 4095, 2**63, 2**100])
def test_bad_budgets_name_the_value(budget):
    with pytest.raises(ConfigurationError, match=f"at least one segment, 4096 bytes, .*: {budget}$"):
        SegmentPool(budget, 4096)


@pytest.mark.parametrize("arguments", [(1e6,), ("1mb",), (None,), (1 << 20, 4096.0), (1 << 20, None)])
def test_sizes_are_integers(arguments):
    with pytest.raises(TypeError):
        SegmentPool(*arguments)


def test_segments_are_made_by_pools_only():
    with pytest.raises(TypeError, match="SegmentPool"):
        Segment()
    with pytest.raises(WrongStateError):
        Segment.__new__(Segment).get_int8(0)


# ---- requests and releases ----


def test_pool_never_grows(pool):
    held = [pool.request() for _ in range(4)]
    assert pool.try_request() is None
    assert (pool.available, pool.in_use, pool.peak) == (0, 4, 4)
    assert len({address(segment) for segment in held}) == 4
    held.pop().release()
    assert (pool.available, pool.in_use, pool.peak) == (1, 3, 4)
    assert pool.try_request() is not None


def test_segments_lie_in_one_block_in_order(pool):
    held = [pool.request() for _ in range(4)]
    addresses = [address(segment) for segment in held]
    assert addresses == [addresses[0] + i * SIZE for i in range(4)]
    assert addresses[0] % 64 == 0


def test_dropped_segment_returns(pool):
    segment = pool.request()
    segment.retain()
    del segment
    gc.collect()
    assert pool.available == 4


def test_segment_returns_with_its_last_reference(pool, segment):
    segment.retain()
    assert segment.references == 2
    segment.release()
    segment.put_int8(0, 1)
    assert (segment.references, segment.released, pool.in_use) == (1, False, 1)
    segment.release()
    assert (segment.references, segment.released, pool.in_use) == (0, True, 0)


@pytest.mark.parametrize(
    "use",
    [
        Segment.release,
        Segment.retain,
        memoryview,
        len,
        lambda s: s.size,
        lambda s: s.put_int8(0, 0),
        lambda s: s.put_float64(0, 0),
        lambda s: s.put_bytes(0, b""),
        lambda s: s.get_int64(0),
        lambda s: s.get_bytes(0, 0),
        lambda s: s.copy_to(0, s, 0, 0),
        lambda s: s.compare(s, 0, 0, 0),
        lambda s: s.pool.request().copy_to(0, s, 0, 0),
        lambda s: s.pool.request().compare(s, 0, 0, 0),
    ],
)
def test_use_after_release_is_refused_even_when_the_memory_is_out_again(pool, segment, use):
    segment.release()
    again = pool.request()
    with pytest.raises(WrongStateError, match="released"):
        use(segment)
    assert again.references == 1
    assert repr(segment) == "Segment(released)"


def test_failed_release_does_not_touch_the_next_holder(pool, segment):
    segment.release()
    again = pool.request()
    with pytest.raises(WrongStateError):
        segment.release()
    assert (again.references, pool.in_use) == (1, 1)


# ---- waiting ----


def test_request_waits_for_a_release():
    pool = SegmentPool(SIZE, SIZE)
    held = pool.request()
    got = []
    waiter = threading.Thread(target=lambda: got.append(pool.request(timeout=LONG)))
    waiter.start()
    with pytest.raises(WaitTimeoutError):
        pool.request(timeout=0.12)
    assert got == []
    held.release()
    waiter.join()
    assert len(got) == 1
    assert pool.in_use == 1


@pytest.mark.parametrize("timeout", [0, 0.0, 0.001])
def test_request_in_vain_says_so(timeout):
    pool = SegmentPool(SIZE, SIZE)
    held = pool.request()
    with pytest.raises(WaitTimeoutError, match=rf"within {timeout} s: all 1 of 4096 bytes"):
        pool.request(timeout)
    held.release()


@pytest.mark.parametrize("timeout", [-1, -0.5, math.nan])
def test_bad_timeouts_are_refused(pool, timeout):
    with pytest.raises(ValueError, match="timeout"):
        pool.request(timeout)
    with pytest.raises(ValueError, match="timeout"):
        pool.close(timeout)
    assert not pool.closed


@pytest.mark.parametrize("timeout", [None, math.inf, 1e300, 5])
def test_timeouts_may_be_of_any_length(pool, timeout):
    assert pool.request(timeout).size == SIZE


@pytest.mark.parametrize("wait", [SegmentPool.request, SegmentPool.close])
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_control_c_interrupts_a_wait_without_end(wait):
    pool = SegmentPool(SIZE, SIZE)
    held = pool.request()
    over = threading.Event()
    rescued = []

    def interrupt():
        os.kill(os.getpid(), signal.SIGINT)
        # A wait that does not notice would last for ever; and once it ends, the signal comes through after all.
        if not over.wait(LONG):
            rescued.append(wait)
            held.release()

    sender = threading.Timer(0.1, interrupt)

    def wait_for_signal():
        sender.start()
        wait(pool, None)

    with ctrl_c_arrives(), pytest.raises(KeyboardInterrupt):
        wait_for_signal()
    over.set()
    sender.join()
    assert rescued == []


def test_threads_share_a_pool_smaller_than_their_number():
    pool = SegmentPool(3 * SIZE, SIZE)
    before = sorted(address(segment) for segment in [pool.request() for _ in range(3)])
    failures = []

    def hold(name):
        for turn in range(300):
            segment = pool.request(LONG)
            segment.put_int64(0, name * 1000 + turn)
            segment.retain()
            segment.release()
            pool.try_request()
            if segment.get_int64(0) != name * 1000 + turn:
                failures.append((name, turn))
            segment.release()

    threads = [threading.Thread(target=hold, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (pool.in_use, pool.peak) == (0, 3)
    assert sorted(address(segment) for segment in [pool.request() for _ in range(3)]) == before


# ---- closing ----


def test_close_gives_the_memory_back_once():
    budget = MemoryBudget()
    pool = SegmentPool(4 * SIZE, SIZE, budget)
    pool.request().release()
    pool.close()
    pool.close()
    assert (budget.used, pool.closed, pool.available, pool.total) == (0, True, 0, 4)
    for refused in (pool.request, pool.try_request):
        with pytest.raises(WrongStateError, match="closed"):
            refused()


def test_close_with_segments_out_says_how_many_and_keeps_them_valid():
    budget = MemoryBudget()
    pool = SegmentPool(4 * SIZE, SIZE, budget)
    held = [pool.request(), pool.request()]
    with pytest.raises(WrongStateError, match="2 of 4 memory segments are still out"):
        pool.close()
    held[0].put_int64(0, 7)
    assert held[0].get_int64(0) == 7
    with pytest.raises(WrongStateError, match="closed"):
        pool.try_request()
    for segment in held:
        segment.release()
    assert budget.used > 0
    pool.close()
    assert budget.used == 0


def test_close_waits_for_a_segment_that_is_out():
    pool = SegmentPool(SIZE, SIZE)
    held = pool.request()
    releaser = threading.Timer(0.1, held.release)
    releaser.start()
    pool.close(LONG)
    releaser.join()
    assert pool.in_use == 0


def test_close_refuses_requests_that_wait():
    pool = SegmentPool(SIZE, SIZE)
    held = pool.request()
    outcome = []

    def wait():
        try:
            outcome.append(pool.request(LONG))
        except WrongStateError as error:
            outcome.append(str(error))

    waiter = threading.Thread(target=wait)
    waiter.start()
    with pytest.raises(WrongStateError):
        pool.close(0.1)
    waiter.join()
    assert outcome == ["the pool of memory segments is closed"]
    held.release()
    pool.close()


# ---- access ----

NUMBERS = {
    "int8": ("<b", st.integers(-(2**7), 2**7 - 1)),
    "int16": ("<h", st.integers(-(2**15), 2**15 - 1)),
    "int32": ("<i", st.integers(-(2**31), 2**31 - 1)),
    "int64": ("<q", st.integers(-(2**63), 2**63 - 1)),
    "float32": ("<f", st.floats(width=32)),
    "float64": ("<d", st.floats()),
}


@pytest.mark.parametrize("kind", NUMBERS)
@settings(max_examples=60)
@given(data=st.data())
def test_numbers_are_little_endian_at_any_offset_inside(kind, data):
    code, values = NUMBERS[kind]
    width = struct.calcsize(code)
    offset = data.draw(st.integers(-10, 10) | st.integers(SIZE - 10, SIZE + 10) | st.integers(-(2**63), 2**63 - 1))
    value = data.draw(values)
    segment = SegmentPool(SIZE, SIZE).request()
    put, get = getattr(segment, f"put_{kind}"), getattr(segment, f"get_{kind}")
    segment.put_bytes(0, bytes(range(256)) * (SIZE // 256))
    expected = bytearray(segment.get_bytes(0, SIZE))
    if 0 <= offset <= SIZE - width:
        put(offset, value)
        struct.pack_into(code, expected, offset, value)
        assert struct.pack(code, get(offset)) == struct.pack(code, value)
    else:
        for access in (lambda: put(offset, value), lambda: get(offset)):
            with pytest.raises(IndexError, match=rf"{width} bytes at offset {offset} .* 4096 bytes"):
                access()
    assert segment.get_bytes(0, SIZE) == expected


@pytest.mark.parametrize(("kind", "value"), [("int8", 128), ("int16", -32769), ("int32", 2**31), ("int64", 2**63)])
def test_integers_that_do_not_fit_are_refused(segment, kind, value):
    segment.put_bytes(0, bytes(8))
    with pytest.raises(OverflowError):
        getattr(segment, f"put_{kind}")(0, value)
    assert segment.get_int64(0) == 0


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64"])
@pytest.mark.parametrize("value", [1.5, 2.0, "3", None])
def test_integers_are_integers(segment, kind, value):
    with pytest.raises(TypeError):
        getattr(segment, f"put_{kind}")(0, value)
    with pytest.raises(TypeError):
        getattr(segment, f"put_{kind}")(value, 0)
    with pytest.raises(TypeError):
        getattr(segment, f"get_{kind}")(value)


EDGES = st.integers(-3, 3) | st.integers(SIZE - 3, SIZE + 3) | st.integers(-(2**63), 2**63 - 1)


@settings(max_examples=150)
@given(
    offset=EDGES, other_offset=EDGES, length=EDGES | st.integers(0, 40), same=st.booleans(), seed=st.binary(max_size=9)
)
def test_ranges_behave_as_slices_of_a_bytearray(offset, other_offset, length, same, seed):
    pool = SegmentPool(2 * SIZE, SIZE)
    left = pool.request()
    right = left if same else pool.request()
    left.put_bytes(0, (bytes(range(251)) * 17)[:SIZE])
    right.put_bytes(7, seed)
    model = bytearray(left.get_bytes(0, SIZE))
    target = model if same else bytearray(right.get_bytes(0, SIZE))

    def inside(start):
        return 0 <= length <= SIZE and 0 <= start <= SIZE - length

    if inside(offset):
        assert left.get_bytes(offset, length) == model[offset : offset + length]
    else:
        with pytest.raises(IndexError):
            left.get_bytes(offset, length)
    if inside(offset) and inside(other_offset):
        a, b = bytes(model[offset : offset + length]), bytes(target[other_offset : other_offset + length])
        assert left.compare(right, offset, other_offset, length) == (a > b) - (a < b)
        left.copy_to(offset, right, other_offset, length)
        target[other_offset : other_offset + length] = a
    else:
        with pytest.raises(IndexError, match=rf"{length} bytes at offset"):
            left.compare(right, offset, other_offset, length)
        with pytest.raises(IndexError, match=rf"{length} bytes at offset"):
            left.copy_to(offset, right, other_offset, length)
    assert left.get_bytes(0, SIZE) == model
    assert right.get_bytes(0, SIZE) == target


@settings(max_examples=60)
@given(EDGES, st.binary(max_size=20))
def test_put_bytes_writes_all_or_nothing(offset, data):
    segment = SegmentPool(SIZE, SIZE).request()
    segment.put_bytes(0, bytes(SIZE))
    expected = bytearray(SIZE)
    if 0 <= offset <= SIZE - len(data):
        segment.put_bytes(offset, data)
        expected[offset : offset + len(data)] = data
    else:
        with pytest.raises(IndexError):
            segment.put_bytes(offset, data)
    assert segment.get_bytes(0, SIZE) == expected


def test_put_bytes_takes_any_contiguous_buffer(pool, segment):
    segment.put_bytes(0, memoryview(struct.pack("<2q", 1, 2)).cast("q"))
    assert segment.get_int64(8) == 2
    other = pool.request()
    other.put_bytes(0, segment)
    assert other.compare(segment, 0, 0, SIZE) == 0
    with pytest.raises(BufferError):
        segment.put_bytes(0, memoryview(b"abcd")[::2])
    with pytest.raises(TypeError):
        segment.put_bytes(0, "text")


# ---- views ----


def test_view_is_writable_and_shares_the_memory(segment):
    with memoryview(segment) as view:
        assert (view.format, view.nbytes, view.readonly, view.contiguous) == ("B", SIZE, False, True)
        view[10:14] = struct.pack("<i", -5)
        assert segment.get_int32(10) == -5


WRITES = {
    "put_int64": lambda segment, other: segment.put_int64(0, 1),
    "put_float32": lambda segment, other: segment.put_float32(0, 1.0),
    "put_bytes": lambda segment, other: segment.put_bytes(0, b"x"),
    "put_bytes of itself": lambda segment, other: segment.put_bytes(0, segment),
    "copy_to": lambda segment, other: other.copy_to(0, segment, 0, 1),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_no_writing_while_a_view_lives(pool, segment, write):
    segment.put_bytes(0, bytes(8))
    other = pool.request()
    other.put_bytes(0, b"other")
    view = memoryview(segment)
    part = view[:4]
    view.release()
    with pytest.raises(WrongStateError, match="cannot write to a memory segment while views of its buffer live"):
        write(segment, other)
    assert segment.get_int64(0) == 0
    part.release()
    segment.put_int64(0, 1)


def test_no_release_of_the_last_reference_while_a_view_lives(pool, segment):
    segment.retain()
    view = memoryview(segment)
    segment.release()
    with pytest.raises(WrongStateError, match="cannot release"):
        segment.release()
    view[0] = 9
    assert segment.get_int8(0) == 9
    assert pool.in_use == 1
    view.release()
    segment.release()
    assert pool.in_use == 0


def test_a_view_keeps_segment_and_pool_alive():
    budget = MemoryBudget()
    view = memoryview(SegmentPool(SIZE, SIZE, budget).request())
    gc.collect()
    view[:4] = b"kept"
    assert bytes(view[:4]) == b"kept"
    assert budget.used > 0
    view.release()
    assert budget.used == 0


def test_data_that_releases_the_target_while_it_is_read_does_no_harm(pool, segment):
    class Data(bytearray):
        if hasattr(bytearray, "__buffer__"):

            def __buffer__(self, flags):
                segment.release()
                return super().__buffer__(flags)

    if not hasattr(bytearray, "__buffer__"):
        pytest.skip("buffers in Python need 3.12")
    with pytest.raises(WrongStateError, match="released"):
        segment.put_bytes(0, Data(b"data"))
    assert pool.in_use == 0


# ---- everything at once ----


class PoolModel(RuleBasedStateMachine):
    """Any order of calls, against counts kept in plain Python."""

    segments = Bundle("segments")

    def __init__(self):
        super().__init__()
        self.budget = MemoryBudget()
        self.pool = SegmentPool(3 * SIZE, SIZE, self.budget)
        self.held = {}
        self.views = {}
        self.bytes = {}
        self.peak = 0

    @rule(target=segments, fill=st.integers(0, 255))
    def request(self, fill):
        segment = self.pool.try_request()
        assert (segment is None) == (len(self.held) == 3)
        if segment is None:
            with pytest.raises(WaitTimeoutError):
                self.pool.request(0)
            return None
        self.held[segment] = 1
        self.views[segment] = []
        self.bytes[segment] = bytes([fill]) * SIZE
        segment.put_bytes(0, self.bytes[segment])
        self.peak = max(self.peak, len(self.held))
        return segment

    @rule(segment=segments)
    def retain(self, segment):
        if segment in self.held:
            segment.retain()
            self.held[segment] += 1

    @rule(segment=segments)
    def release(self, segment):
        if segment is None:
            return
        count = self.held.get(segment, 0)
        if count == 0 or (count == 1 and self.views[segment]):
            with pytest.raises(WrongStateError):
                segment.release()
        elif count == 1:
            segment.release()
            del self.held[segment]
        else:
            segment.release()
            self.held[segment] -= 1

    @rule(segment=segments)
    def view(self, segment):
        if segment in self.held:
            self.views[segment].append(memoryview(segment))

    @rule(segment=segments)
    def unview(self, segment):
        if segment in self.held and self.views[segment]:
            self.views[segment].pop().release()

    @rule(segment=segments, value=st.integers(-128, 127), offset=st.integers(0, SIZE - 1))
    def write(self, segment, value, offset):
        if segment not in self.held:
            return
        if self.views[segment]:
            with pytest.raises(WrongStateError):
                segment.put_int8(offset, value)
        else:
            segment.put_int8(offset, value)
            old = self.bytes[segment]
            self.bytes[segment] = old[:offset] + struct.pack("b", value) + old[offset + 1 :]

    @invariant()
    def counts_agree(self):
        assert self.pool.in_use == len(self.held)
        assert self.pool.available == 3 - len(self.held)
        assert self.pool.peak == self.peak

    @invariant()
    def contents_agree(self):
        for segment, count in self.held.items():
            assert segment.references == count
            assert segment.get_bytes(0, SIZE) == self.bytes[segment]


TestPoolModel = PoolModel.TestCase
TestPoolModel.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
