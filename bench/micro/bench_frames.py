"""Batches from one process to another: columns, typed rows and pickled tuples, encoded, sent, and decoded there.

Run: pytest bench/micro/bench_frames.py

``extra_info`` has records/s, and GB/s of the frames' bytes.
"""

import subprocess
import sys
import time
from array import array
from contextlib import contextmanager
from statistics import median

import pytest

from bench.micro.bench_exchange import receive
from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.exchange.shared import SUPPORTED, Arena
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.common import Types
from pyflinkx.runtime.exchange.frames import FrameFormat

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="processes share memory on 64-bit Linux only")

FLUSH, END = 1, 2
SITE = CallSite("bench", "bench")
ROW = Types.TUPLE([Types.LONG(), Types.STRING(), Types.DOUBLE()])


def format_of(kind):
    return FrameFormat(SITE, ROW if kind == "typed" else None)


def consume(fd, kind):
    """The other process: decodes frames; answers FLUSH with the number of records so far, until END."""
    arena = Arena.attach(fd)
    event, reader, writer = arena.event(1), arena.reader(0), arena.writer(1, [1])
    frames, records = format_of(kind), 0
    while True:
        item = receive(event, reader)
        if type(item) is not tuple:
            records += len(frames.decode(item))
        elif item[0] == END:
            return
        else:
            writer.put_control(FLUSH, records)


@contextmanager
def peer(kind):
    arena = Arena.create(2, [(16, 0), (1, 1)], [(0, 0, 1), (1, 1, 0)])
    code = f"from bench.micro.bench_frames import consume; consume({arena.fd}, {kind!r})"
    process = subprocess.Popen([sys.executable, "-c", code], pass_fds=[arena.fd])
    event, writer, answers = arena.event(0), arena.writer(0, [0]), arena.reader(1)

    def flush():
        writer.put_control(FLUSH, 0)
        return receive(event, answers)[1]

    flush()
    try:
        yield writer, flush
    finally:
        writer.put_control(END, 0)
        assert process.wait(10) == 0
        arena.close()


def columns(rows):
    fields = [Field(name, "l") for name in "abcd"]
    values = [array("q", range(i, i + rows)) for i in range(4)]
    return ColumnBatch(
        Schema(fields),
        [Column(field, rows, [None, content]) for field, content in zip(fields, values, strict=True)],
        rows,
    )


def rows(count):
    return ObjectBatch([(i, "user_0001", i * 0.5) for i in range(count)])


CASES = {
    "columns of 8,192 rows": ("columns", lambda: columns(8192), 2_000),
    "columns of 65,536 rows": ("columns", lambda: columns(65536), 250),
    "typed rows by 1,024": ("typed", lambda: rows(1024), 300),
    "pickled tuples by 1,024": ("pickled", lambda: rows(1024), 300),
}


@pytest.mark.benchmark(group="batches between processes")
@pytest.mark.parametrize("case", CASES)
def test_batches(benchmark, case):
    kind, make, frames = CASES[case]
    batch, format = make(), format_of(kind)
    size = sum(len(memoryview(part).cast("B")) for part in format.encode(batch))
    with peer(kind) as (writer, flush):

        def run():
            before = flush()
            started = time.perf_counter()
            for _ in range(frames):
                writer.write(format.encode(batch))
            return flush() - before, time.perf_counter() - started

        results = []
        benchmark.pedantic(lambda: results.append(run()), rounds=7, warmup_rounds=1)
    assert {received for received, _ in results} == {len(batch) * frames}
    seconds = median(elapsed for _, elapsed in results)
    benchmark.extra_info["GB/s"] = round(size * frames / seconds / 1e9, 2)
    benchmark.extra_info["M records/s"] = round(len(batch) * frames / seconds / 1e6, 2)
