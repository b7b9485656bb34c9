"""Native aggregates in one phase and in two, on every kind of worker, against naive ones; and the graph."""

import json
import math
from collections import defaultdict

import pytest

from pyflinkx.common import Configuration, Duration, Time, WatermarkStrategy
from pyflinkx.datastream import OutputTag, RuntimeExecutionMode, StreamExecutionEnvironment, agg
from pyflinkx.datastream.window import (
    CountTumblingWindowAssigner,
    CumulativeEventTimeWindows,
    EventTimeSessionWindows,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
)
from tests.datastream.test_native_aggregates import table

pyarrow = pytest.importorskip("pyarrow")

TIMED = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(3)).with_timestamp_column("ts")
BATCH = 50
# Out of order by up to 30 ms, so that some rows are late.
ROWS = [(step - (step * 7919) % 31, step % 7, f"user{step % 3}", step * 0.5) for step in range(2000)]


def events(env, rows=ROWS):
    ts, key, name, value = zip(*rows, strict=True)
    return env.from_arrow(pyarrow.table({"ts": ts, "key": key, "name": name, "value": value}))


def timed(env):
    """One subtask, so that it is known which rows are late."""
    env.configure(Configuration.from_dict({"pyflinkx.columnar.batch.size": str(BATCH)}))
    source = events(env).set_parallelism(1).assign_timestamps_and_watermarks(TIMED).set_parallelism(1)
    return source.key_by("key", "name")


def windows_and_late_rows(size, slide):
    found, late, watermark = defaultdict(list), 0, -math.inf
    for start in range(0, len(ROWS), BATCH):
        for ts, key, name, value in ROWS[start : start + BATCH]:
            begins = [begin for begin in range(ts - ts % slide, ts - size, -slide) if begin + size - 1 > watermark]
            late += not begins
            for begin in begins:
                found[key, name, begin, begin + size].append(value)
        watermark = max(watermark, max(row[0] for row in ROWS[start : start + BATCH]) - 4)
    return sorted((*at, len(values), sum(values), max(values)) for at, values in found.items()), late


@pytest.fixture(params=["AUTO", "ONE_PHASE"])
def phases(request, env):
    env.configure(Configuration.from_dict({"pyflinkx.agg-phase-strategy": request.param}))


@pytest.mark.parametrize(("size", "slide"), [(10, 10), (20, 5)])
def test_windows(env, phases, size, slide):
    assigner = TumblingEventTimeWindows(size) if size == slide else SlidingEventTimeWindows(size, slide)
    results = timed(env).window(assigner).agg(n=agg.count(), total=agg.sum("value"), top=agg.max("value"))
    assert table(results) == windows_and_late_rows(size, slide)[0]


def test_late_rows_are_counted(env, phases):
    results = timed(env).window(TumblingEventTimeWindows(10)).agg(total=agg.sum("value")).name("sums")
    results.print()
    _, late = windows_and_late_rows(10, 10)
    assert late > 50
    assert env.execute().get_accumulator_result("sums.numLateRecordsDropped") == late


def test_several_producers_and_edges(env, phases):
    """Nothing is late, so the order in which subtasks get on does not matter."""
    env.configure(Configuration.from_dict({"pyflinkx.columnar.batch.size": str(BATCH)}))
    slow = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(5000)).with_timestamp_column("ts")
    parts = [events(env, ROWS[start::2]).assign_timestamps_and_watermarks(slow) for start in range(2)]
    both = parts[0].union(parts[1]).key_by("key").window(TumblingEventTimeWindows(10))
    expected = defaultdict(list)
    for ts, key, _, value in ROWS:
        expected[key, ts - ts % 10].append(value)
    assert table(both.agg(n=agg.count(), mean=agg.avg("value"), low=agg.min("value"))) == sorted(
        (key, start, start + 10, len(values), sum(values) / len(values), min(values))
        for (key, start), values in expected.items()
    )


def test_final_results(env, phases):
    env.set_runtime_mode(RuntimeExecutionMode.BATCH)
    keyed = events(env).key_by("key", "name")
    groups = defaultdict(list)
    for row in ROWS:
        groups[row[1:3]].append(row)
    assert table(keyed.agg(n=agg.count(), total=agg.sum("value"), mean=agg.avg("ts"), top=agg.max("value"))) == sorted(
        (
            *key,
            len(rows),
            sum(row[3] for row in rows),
            sum(row[0] for row in rows) / len(rows),
            max(row[3] for row in rows),
        )
        for key, rows in groups.items()
    )


# ---- the graph ----


def plan(build, parallelism=2, mode=RuntimeExecutionMode.STREAMING, phases="AUTO"):
    """The operators of the execution plan, by name."""
    env = StreamExecutionEnvironment.get_execution_environment(
        Configuration.from_dict({"pyflinkx.agg-phase-strategy": phases})
    )
    env.set_parallelism(parallelism)
    env.set_runtime_mode(mode)
    build(events(env).assign_timestamps_and_watermarks(TIMED)).print()
    return {node["type"]: node for node in json.loads(env.get_execution_plan())["nodes"]}


def windowed(assigner, change=lambda windowed: windowed, **aggregates):
    return lambda stream: change(stream.key_by("key").window(assigner)).agg(**(aggregates or {"n": agg.count()}))


def running(**aggregates):
    return lambda stream: stream.key_by("key").agg(**(aggregates or {"n": agg.count()}))


TUMBLING = TumblingEventTimeWindows(10)


@pytest.mark.parametrize(
    ("build", "mode"),
    [
        (windowed(TUMBLING), RuntimeExecutionMode.STREAMING),
        (windowed(SlidingEventTimeWindows(10, 3)), RuntimeExecutionMode.STREAMING),
        (windowed(CumulativeEventTimeWindows.of(Time.seconds(4), Time.seconds(1))), RuntimeExecutionMode.BATCH),
        (windowed(TUMBLING, last=agg.last("value"), low=agg.min_by("key", "value")), RuntimeExecutionMode.STREAMING),
        (running(), RuntimeExecutionMode.BATCH),
        (running(), RuntimeExecutionMode.AUTOMATIC),
    ],
)
def test_where_there_is_a_first_phase(build, mode):
    nodes = plan(build, mode=mode)
    local = next(node for name, node in nodes.items() if name.startswith("Local "))
    (second,) = (node for name, node in nodes.items() if f"Local {name}" == local["type"])
    assert [(found["id"], found["ship_strategy"]) for found in second["predecessors"]] == [(local["id"], "HASH")]
    assert [found["ship_strategy"] for found in local["predecessors"]] == ["FORWARD"]
    assert local["parallelism"] == 2
    for phases, parallelism, wanted in (("ONE_PHASE", 2, False), ("TWO_PHASE", 2, True), ("TWO_PHASE", 1, False)):
        nodes = plan(build, parallelism, mode, phases)
        assert any(name.startswith("Local ") for name in nodes) is wanted


@pytest.mark.parametrize(
    "build",
    [
        running(),
        windowed(SlidingEventTimeWindows(10, 20)),
        windowed(EventTimeSessionWindows(10)),
        windowed(CountTumblingWindowAssigner(10)),
        windowed(TumblingProcessingTimeWindows(10)),
        windowed(TUMBLING, lambda windowed: windowed.allowed_lateness(5)),
        windowed(TUMBLING, lambda windowed: windowed.side_output_late_data(OutputTag("late"))),
        windowed(TUMBLING, names=agg.count_distinct("name")),
        windowed(TUMBLING, name_of=agg.max("name")),
        lambda stream: stream.window_all(TUMBLING).agg(n=agg.count()),
    ],
)
def test_where_there_is_none(build):
    assert not any(name.startswith("Local ") for name in plan(build))


def test_the_first_phase_is_as_parallel_as_its_producer_and_chained_to_it():
    def build(stream):
        return windowed(TUMBLING)(stream.rebalance().filter(agg_is_positive()).set_parallelism(3))

    nodes = plan(build)
    assert nodes["Local Window Aggregate"]["parallelism"] == 3
    assert nodes["Window Aggregate"]["parallelism"] == 2


def agg_is_positive():
    from pyflinkx.datastream import col

    return col("value") >= 0


def test_the_rest_of_the_program_keeps_its_uids():
    def uids(phases):
        env = StreamExecutionEnvironment.get_execution_environment(
            Configuration.from_dict({"pyflinkx.agg-phase-strategy": phases})
        )
        env.set_parallelism(2)
        windowed(TUMBLING)(events(env).assign_timestamps_and_watermarks(TIMED)).print()
        return {node.name: node.uid for node in env._graph(None).nodes}

    one, two = uids("ONE_PHASE"), uids("TWO_PHASE")
    first = two.pop("Local Window Aggregate")
    assert two == one
    assert first not in one.values()
