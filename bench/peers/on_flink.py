"""W1 and W8 in PyFlink's DataStream API, its Python in threads of the JVM (the faster of its modes), parallelism 1.

What is timed goes to a sink that discards; the answer is of a run before it, which warms up the JVM too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

# Workers of PyFlink find Python by this.
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]

from pyflink.common import Configuration, Duration, Time, Types, WatermarkStrategy
from pyflink.common.watermark_strategy import TimestampAssigner
from pyflink.datastream import AggregateFunction, StreamExecutionEnvironment
from pyflink.datastream.connectors.base import Sink
from pyflink.datastream.window import TumblingEventTimeWindows
from pyflink.java_gateway import get_gateway
from serving import Absent, serve

KEYS = 1000
PAIR = Types.TUPLE([Types.LONG(), Types.LONG()])


def environment() -> StreamExecutionEnvironment:
    configuration = Configuration()
    configuration.set_string("python.execution-mode", "thread")
    configuration.set_string("python.executable", sys.executable)
    configuration.set_string("python.client.executable", sys.executable)
    configuration.set_string("taskmanager.memory.task.off-heap.size", "512m")
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    env.set_parallelism(1)
    return env


def discard(stream: Any) -> None:
    kind = get_gateway().jvm.org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink
    stream.sink_to(Sink(kind()))


def twice(build: Callable[[], Any], digest: Callable[[list[Any]], Any]) -> Callable[[], Any]:
    """Run once for the answer; what it gives runs again and throws its results away."""
    stream = build()
    try:
        with stream.execute_and_collect() as results:
            answer = digest([tuple(result) for result in results])
    except Exception as error:
        raise Absent(f"PyFlink cannot run it: {str(error).splitlines()[0]:.200}") from error

    def run() -> Any:
        stream = build()
        discard(stream)
        stream.get_execution_environment().execute()
        return answer

    return run


def w1(tables: list[Any], rows: int) -> Callable[[], Any]:
    values = list(range(rows))

    def build() -> Any:
        stream = environment().from_collection(values, Types.LONG())
        pairs = stream.map(lambda x: (x % 1000, 1), PAIR)
        return pairs.key_by(lambda t: t[0], Types.LONG()).reduce(lambda a, b: (a[0], a[1] + b[1]))

    def digest(results: list[Any]) -> Any:
        return {"rows": len(results), "n": sum(dict(results).values())}

    return twice(build, digest)


class CountAndTotal(AggregateFunction):  # type: ignore[misc]
    def create_accumulator(self) -> Any:
        return 0, 0, 0.0

    def add(self, value: Any, accumulator: Any) -> Any:
        return value[1], accumulator[1] + 1, accumulator[2] + value[2]

    def get_result(self, accumulator: Any) -> Any:
        return accumulator

    def merge(self, a: Any, b: Any) -> Any:
        return a[0], a[1] + b[1], a[2] + b[2]


class FirstField(TimestampAssigner):  # type: ignore[misc]
    def extract_timestamp(self, value: Any, record_timestamp: int) -> int:
        return value[0]


def w8(tables: list[Any], rows: int) -> Callable[[], Any]:
    columns = (tables[0].column(name).to_pylist() for name in ("ts", "key", "value"))
    records = list(zip(*columns, strict=True))

    def build() -> Any:
        # One that has its Java twin cannot be pickled any more, so each use has its own.
        record, kept, result = (Types.TUPLE([Types.LONG(), Types.LONG(), Types.DOUBLE()]) for _ in range(3))
        bounded = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_seconds(1))
        stream = environment().from_collection(records, record)
        stamped = stream.assign_timestamps_and_watermarks(bounded.with_timestamp_assigner(FirstField()))
        windows = stamped.key_by(lambda t: t[1], Types.LONG()).window(TumblingEventTimeWindows.of(Time.seconds(10)))
        return windows.aggregate(CountAndTotal(), accumulator_type=kept, output_type=result)

    return twice(build, lambda results: results)


if __name__ == "__main__":
    serve(lambda: f"PyFlink {version('apache-flink')}", {"W1": w1, "W8": w8})
