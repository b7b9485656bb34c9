"""Memory segments: request and release, access, compression. Run: pytest bench/micro/bench_segment.py"""

import random
import struct

import lz4.block
import lz4.frame
import pytest

from pyflinkx._core.exchange.compress import compress, decompress
from pyflinkx._core.exchange.segment import SegmentPool
from pyflinkx._core.state.timers import TimerQueue

ROUNDS = 1000


@pytest.fixture
def pool():
    return SegmentPool(64 * 32768)


def rows():
    """A segment of plausible rows: time, small id, a random float, a small float."""
    draw = random.Random(7)
    row = struct.Struct("<qidd")
    count = 32768 // row.size
    packed = b"".join(
        row.pack(1_700_000_000_000 + i * 37, draw.randrange(1000), draw.random(), float(draw.randrange(50)))
        for i in range(count)
    )
    return packed.ljust(32768, b"\0")


def lines():
    """A segment of plausible CSV."""
    draw = random.Random(7)
    text = "".join(
        f"2013-{i % 12 + 1:02d}-{i % 28 + 1:02d},EWR,{i % 300},UA{1000 + i % 700},{draw.randrange(-20, 200)}\n"
        for i in range(2000)
    )
    return text.encode()[:32768]


PAYLOADS = {"rows": rows(), "lines": lines(), "noise": random.Random(7).randbytes(32768), "zeros": bytes(32768)}


@pytest.mark.benchmark(group="pool")
def test_request_and_release(benchmark, pool):
    def run():
        for _ in range(ROUNDS):
            pool.request().release()

    benchmark(run)
    assert (pool.in_use, pool.peak) == (0, 1)


@pytest.mark.benchmark(group="access")
def test_put_and_get_int64(benchmark, pool):
    segment = pool.request()

    def run():
        total = 0
        for offset in range(0, 8 * ROUNDS, 8):
            segment.put_int64(offset, offset)
            total += segment.get_int64(offset)
        return total

    assert benchmark(run) == sum(range(0, 8 * ROUNDS, 8))


@pytest.mark.benchmark(group="access")
def test_put_and_get_int64_by_struct_in_a_bytearray(benchmark):
    memory = bytearray(32768)
    number = struct.Struct("<q")

    def run():
        total = 0
        for offset in range(0, 8 * ROUNDS, 8):
            number.pack_into(memory, offset, offset)
            total += number.unpack_from(memory, offset)[0]
        return total

    assert benchmark(run) == sum(range(0, 8 * ROUNDS, 8))


@pytest.mark.benchmark(group="access")
def test_copy_of_a_segment(benchmark, pool):
    source, target = pool.request(), pool.request()
    source.put_bytes(0, PAYLOADS["lines"])
    benchmark(source.copy_to, 0, target, 0, 32768)
    assert target.compare(source, 0, 0, 32768) == 0


CODECS = {
    "ours": (compress, lambda packed: decompress(packed, 32768)),
    "lz4.block": (
        lambda data: lz4.block.compress(data, store_size=False),
        lambda packed: lz4.block.decompress(packed, uncompressed_size=32768),
    ),
    "lz4.frame": (lz4.frame.compress, lz4.frame.decompress),
    "lz4.frame with checksum": (
        lambda data: lz4.frame.compress(data, content_checksum=True),
        lz4.frame.decompress,
    ),
}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_compress(benchmark, payload, codec):
    benchmark.group = f"compress {payload}"
    pack, unpack = CODECS[codec]
    packed = benchmark(pack, PAYLOADS[payload])
    benchmark.extra_info["ratio"] = len(packed) / 32768
    assert unpack(packed) == PAYLOADS[payload]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_decompress(benchmark, payload, codec):
    benchmark.group = f"decompress {payload}"
    pack, unpack = CODECS[codec]
    assert benchmark(unpack, pack(PAYLOADS[payload])) == PAYLOADS[payload]


@pytest.mark.benchmark(group="timers")
def test_register_and_pop(benchmark):
    draw = random.Random(7)
    times = [draw.randrange(10**6) for _ in range(20_000)]

    def run():
        queue = TimerQueue()
        for key, time in enumerate(times):
            queue.register(time, key, None)
        popped = []
        while (timer := queue.pop_due(10**6)) is not None:
            popped.append(timer[0])
        return popped

    assert benchmark(run) == sorted(times)
