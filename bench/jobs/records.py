"""W1, W8 and W9: jobs of Python functions, called record by record; and W1 on workers for W10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.jobs import workers
from pyflinkx.common import Configuration, Duration, Time, WatermarkStrategy
from pyflinkx.common.watermark_strategy import TimestampAssigner
from pyflinkx.connectors.collection import CollectionSource
from pyflinkx.connectors.sink import Sink, SinkWriter
from pyflinkx.datastream import AggregateFunction, StreamExecutionEnvironment
from pyflinkx.datastream.window import TumblingEventTimeWindows

KEYS = 1000


class TailSink(Sink):
    """Counts the records that it gets and keeps the last two batches: a sink that discards, but can be asserted."""

    def __init__(self) -> None:
        self.rows = 0
        self.before: list[Any] = []
        self.last: list[Any] = []

    def create_writer(self, context: Any) -> TailWriter:
        return TailWriter(self)


class TailWriter(SinkWriter):
    def __init__(self, sink: TailSink) -> None:
        self.sink = sink

    def write(self, batch: Any) -> None:
        sink = self.sink
        sink.rows += len(batch.values)
        sink.before, sink.last = sink.last, batch.values

    def close(self) -> None:
        pass


class ListSink(Sink):
    """Keeps all records."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def create_writer(self, context: Any) -> ListWriter:
        return ListWriter(self.values)


class ListWriter(SinkWriter):
    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def write(self, batch: Any) -> None:
        self.values += batch.values

    def close(self) -> None:
        pass


def inline() -> StreamExecutionEnvironment:
    configuration = Configuration.from_dict({"pyflinkx.workers": "inline"})
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    env.set_parallelism(1)
    return env


def w1(tables: list[Any], rows: int) -> Callable[[], Any]:
    """A running count per key, every update emitted."""
    values = list(range(rows))

    def run() -> Any:
        env = inline()
        stream = env.from_source(CollectionSource(values), WatermarkStrategy.no_watermarks(), "numbers")
        counts = stream.map(lambda x: (x % 1000, 1)).key_by(lambda t: t[0]).reduce(lambda a, b: (a[0], a[1] + b[1]))
        sink = TailSink()
        counts.sink_to(sink)
        env.execute()
        return {"rows": sink.rows, "n": sum(count for _, count in (sink.before + sink.last)[-KEYS:])}

    return run


class CountAndTotal(AggregateFunction):
    """(key, count, total) of (ts, key, value) records."""

    def create_accumulator(self) -> Any:
        return None, 0, 0.0

    def add(self, value: Any, accumulator: Any) -> Any:
        return value[1], accumulator[1] + 1, accumulator[2] + value[2]

    def get_result(self, accumulator: Any) -> Any:
        return accumulator

    def merge(self, a: Any, b: Any) -> Any:
        return a[0], a[1] + b[1], a[2] + b[2]


class FirstField(TimestampAssigner):
    """A timestamp assigner."""

    def extract_timestamp(self, value: Any, record_timestamp: int) -> int:
        return value[0]


def w8(tables: list[Any], rows: int) -> Callable[[], Any]:
    """A Python AggregateFunction over tumbling windows."""
    records = list(zip(*(tables[0].column(name).to_pylist() for name in ("ts", "key", "value")), strict=True))

    def run() -> Any:
        env = inline()
        bounded = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_seconds(1))
        strategy = bounded.with_timestamp_assigner(FirstField())
        stream = env.from_source(CollectionSource(records), strategy, "records")
        windows = stream.key_by(lambda t: t[1]).window(TumblingEventTimeWindows.of(Time.seconds(10)))
        sink = ListSink()
        windows.aggregate(CountAndTotal()).sink_to(sink)
        env.execute()
        return sink.values

    return run


def w9(tables: list[Any], rows: int) -> Callable[[], Any]:
    """Latencies (ms) of ``rows`` records at 10,000 a second."""

    def run() -> Any:
        p50, p99, p999 = workers.w9(1, rows / 10_000)
        return {"p50": p50, "p99": p99, "p99.9": p999}

    return run


def w1_on(number: int) -> Callable[[list[Any], int], Callable[[], Any]]:
    """W1 on worker processes."""

    def make(tables: list[Any], rows: int) -> Callable[[], Any]:
        def run() -> Any:
            rate = workers.w1(number, rows)
            return {"seconds": rows / rate}

        return run

    return make
