"""W2 to W7: jobs of typed columns, and W2 and W5 on threads or processes for W10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.jobs.data import KEYED
from pyflinkx.common import Configuration, Duration, Time, WatermarkStrategy
from pyflinkx.datastream import RuntimeExecutionMode, StreamExecutionEnvironment, agg, col, lit
from pyflinkx.datastream.window import EventTimeSessionWindows, SlidingEventTimeWindows, TumblingEventTimeWindows


def environment(workers: int, batch: bool = False) -> StreamExecutionEnvironment:
    configuration = Configuration.from_dict({"pyflinkx.workers": "inline" if workers == 1 else "auto"})
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    env.set_parallelism(workers)
    if batch:
        env.set_runtime_mode(RuntimeExecutionMode.BATCH)
    return env


def timed(env: StreamExecutionEnvironment, table: Any) -> Any:
    bounded = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_seconds(1))
    source = env.from_arrow(table).set_parallelism(env.get_parallelism())
    return source.assign_timestamps_and_watermarks(bounded.with_timestamp_column("ts"))


def key_columns(table: Any) -> list[str]:
    return [name for name in table.column_names if name.startswith("key")]


def windows(assigner: Any, workers: int = 1) -> Callable[[list[Any], int], Callable[[], Any]]:
    """Count and sum of value per key and window."""

    def make(tables: list[Any], rows: int) -> Callable[[], Any]:
        def run() -> Any:
            keyed = timed(environment(workers), tables[0]).key_by(*key_columns(tables[0]))
            return keyed.window(assigner).agg(n=agg.count(), total=agg.sum("value")).to_arrow()

        return run

    return make


def keys(workers: int = 1) -> Callable[[list[Any], int], Callable[[], Any]]:
    """Count, sum, minimum and maximum of value per key, final values only."""

    def make(tables: list[Any], rows: int) -> Callable[[], Any]:
        def run() -> Any:
            source = environment(workers, batch=True).from_arrow(tables[0]).set_parallelism(workers)
            keyed = source.key_by(*key_columns(tables[0]))
            value = {"total": agg.sum("value"), "low": agg.min("value"), "high": agg.max("value")}
            return keyed.agg(n=agg.count(), **value).to_arrow()

        return run

    return make


def w6(tables: list[Any], rows: int) -> Callable[[], Any]:
    """Interval join on key, within 5 s either way, all columns of both sides."""

    def run() -> Any:
        env = environment(1)
        left, right = (timed(env, table).key_by("key") for table in tables)
        joined = left.interval_join(right).between(Time.seconds(-5), Time.seconds(5))
        return joined.rows(suffixes=("", "_right")).to_arrow()

    return run


def w7(tables: list[Any], rows: int) -> Callable[[], Any]:
    """A filter by an expression, and two of three columns."""

    def run() -> Any:
        stream = environment(1).from_arrow(tables[0])
        return stream.filter(col("value") * lit(1.1) > lit(50.0)).select("key", "value").to_arrow()

    return run


TUMBLING = TumblingEventTimeWindows.of(Time.seconds(10))
JOBS: dict[str, Callable[[list[Any], int], Callable[[], Any]]] = {
    "W2": windows(TUMBLING),
    "W3": windows(SlidingEventTimeWindows.of(Time.seconds(10), Time.seconds(1))),
    "W4": windows(EventTimeSessionWindows.with_gap(Time.seconds(5))),
    "W5": keys(),
    "W5m": keys(),
    "W5s": keys(),
    **{f"W5k/{name}": keys() for name in KEYED},
    **{f"W2k/{name}": windows(TUMBLING) for name in KEYED},
    "W6": w6,
    "W7": w7,
    "W2/2": windows(TUMBLING, 2),
    "W5/2": keys(2),
}
