"""Native windows and running aggregates over columnar batches, without a job around them.

Run: pytest bench/micro/bench_windows.py; ``extra_info`` has rows/s.
"""

import numpy
import pytest

from bench.jobs.data import events
from pyflinkx._core.columns.arrow_stream import import_stream
from pyflinkx.operators.aggregations import Aggregation
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.native_aggregate import NativeAggregateOperator
from pyflinkx.operators.native_window import NativeWindowOperator
from pyflinkx.operators.windowing.assigners import (
    EventTimeSessionWindows,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
)

ROWS = 500_000
BATCH = 8192
SUMS = {"n": Aggregation("count"), "total": Aggregation("sum", "value")}
ASSIGNERS = {
    "tumbling": TumblingEventTimeWindows(10_000, 0),
    "sliding": SlidingEventTimeWindows(10_000, 1_000, 0),
    "sessions": EventTimeSessionWindows(5_000),
}


class Counting:
    """An output that counts what it is given."""

    def __init__(self):
        self.rows = 0
        self.counted = 0

    def emit(self, batch):
        self.rows += len(batch)
        self.counted += int(numpy.frombuffer(batch.column("n").buffers[1], numpy.int64, len(batch)).sum())

    def emit_watermark(self, timestamp):
        pass


@pytest.fixture(scope="module")
def stream():
    """Batches with timestamps, and the watermark after each."""
    pyarrow = pytest.importorskip("pyarrow")
    columns = events(ROWS, 1000)
    (batch,) = import_stream(pyarrow.table(columns))
    batch = batch.with_timestamps(columns["ts"])
    slices = [batch.slice(start, min(start + BATCH, ROWS)) for start in range(0, ROWS, BATCH)]
    largest = numpy.maximum.accumulate(columns["ts"])
    return slices, [int(largest[min(start + BATCH, ROWS) - 1]) - 1001 for start in range(0, ROWS, BATCH)]


def opened(operator):
    output = Counting()
    operator.open(OperatorContext("bench", "bench", output, None))
    return output


@pytest.mark.parametrize("kind", ASSIGNERS)
@pytest.mark.benchmark(group=f"windows over {ROWS} rows of 1,000 keys, count and sum")
def test_windows(benchmark, stream, kind):
    batches, watermarks = stream

    def run():
        operator = NativeWindowOperator(batches[0].schema, ["key"], ASSIGNERS[kind], SUMS)
        output = opened(operator)
        for batch, watermark in zip(batches, watermarks, strict=True):
            operator.process_batch(batch)
            operator.process_watermark(watermark)
        operator.process_watermark(MAX_WATERMARK)
        operator.close()
        return output

    output = benchmark(run)
    assert output.counted == ROWS * (10 if kind == "sliding" else 1)
    benchmark.extra_info["rows/s"] = ROWS / benchmark.stats.stats.min


@pytest.mark.parametrize("final", [True, False], ids=["final", "every row"])
@pytest.mark.benchmark(group=f"count and sum per key over {ROWS} rows of 1,000 keys")
def test_running(benchmark, stream, final):
    batches, _ = stream

    def run():
        operator = NativeAggregateOperator(batches[0].schema, ["key"], SUMS, final_only=final)
        output = opened(operator)
        for batch in batches:
            operator.process_batch(batch)
        operator.process_watermark(MAX_WATERMARK)
        operator.close()
        return output

    output = benchmark(run)
    assert output.rows == (1000 if final else ROWS)
    assert not final or output.counted == ROWS
    benchmark.extra_info["rows/s"] = ROWS / benchmark.stats.stats.min
