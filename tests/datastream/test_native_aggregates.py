"""``agg()`` in programs: inline and on workers, over columns and over rows."""

from collections import defaultdict
from typing import NamedTuple

import pytest

from pyflinkx.common import Row, Types, WatermarkStrategy
from pyflinkx.datastream import OutputTag, RuntimeExecutionMode, agg
from pyflinkx.datastream.window import (
    CountTrigger,
    DynamicEventTimeSessionWindows,
    EventTimeSessionWindows,
    GlobalWindows,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
)
from pyflinkx.errors import GraphError, JobExecutionError

pyarrow = pytest.importorskip("pyarrow")

TIMED = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("ts")
ROWS = [(step, step % 7, f"user{step % 3}", step * 0.5) for step in range(500)]


def events(env, rows=ROWS):
    ts, key, name, value = zip(*rows, strict=True)
    return env.from_arrow(pyarrow.table({"ts": ts, "key": key, "name": name, "value": value}))


def table(stream):
    return sorted(tuple(row.values()) for row in stream.to_arrow().to_pylist())


def windows_of(rows, size, slide, key):
    found = defaultdict(list)
    for row in rows:
        for start in range(row[0] - row[0] % slide, row[0] - size, -slide):
            found[(*key(row), start, start + size)].append(row[3])
    return sorted((*at, len(values), sum(values)) for at, values in found.items())


@pytest.mark.parametrize(("size", "slide"), [(50, 50), (50, 20)])
def test_windows_of_a_composite_key(env, size, slide):
    assigner = TumblingEventTimeWindows(size) if size == slide else SlidingEventTimeWindows(size, slide)
    keyed = events(env).assign_timestamps_and_watermarks(TIMED).key_by("key", "name")
    results = keyed.window(assigner).agg(n=agg.count(), total=agg.sum("value"))
    assert table(results) == windows_of(ROWS, size, slide, lambda row: row[1:3])


def test_running_aggregates_and_those_of_batch_mode(env):
    env.set_parallelism(1)
    keyed = events(env).key_by("name")
    running = defaultdict(list)
    expected = []
    for _, _, name, value in ROWS:
        running[name].append(value)
        expected.append((name, len(running[name]), max(running[name])))
    assert table(keyed.agg(n=agg.count(), best=agg.max("value"))) == sorted(expected)
    env.set_runtime_mode(RuntimeExecutionMode.BATCH)
    final = [(name, len(values), max(values)) for name, values in running.items()]
    assert table(events(env).key_by("name").agg(n=agg.count(), best=agg.max("value"))) == sorted(final)


def test_windows_over_all_rows_and_their_late_rows(inline_env):
    late = OutputTag("late", Types.ROW_NAMED(["ts", "value"], [Types.LONG(), Types.LONG()]))
    rows = inline_env.from_collection(
        [Row(ts=5, value=1), Row(ts=30, value=2), Row(ts=6, value=3)], late.type_info
    ).set_parallelism(1)
    timed = rows.assign_timestamps_and_watermarks(TIMED)
    results = timed.window_all(TumblingEventTimeWindows(10)).side_output_late_data(late).agg(total=agg.sum("value"))
    assert results.get_side_output(late).get_type().get_field_names() == ["ts", "value"]
    assert table(results)[-1] == (30, 40, 2)


class Sale(NamedTuple):
    shop: str
    price: int


def test_rows_of_a_known_type_become_columns(env):
    sales = env.from_collection([Sale("a", 1), Sale("b", 2), Sale("a", 3)]).map(
        lambda sale: sale, Types.TUPLE([Types.STRING(), Types.INT()])
    )
    with sales.key_by(0).count_window(2).agg(total=agg.sum("f1")).execute_and_collect() as results:
        assert [(row.f0, row.total) for row in results] == [("a", 4)]


def test_a_function_of_rows_follows(env):
    keyed = events(env).assign_timestamps_and_watermarks(TIMED).key_by("key")
    sessions = keyed.window(EventTimeSessionWindows(100)).agg(n=agg.count())
    with sessions.map(lambda row: (row.key, row.window_end - row.window_start, row.n)).execute_and_collect() as found:
        ends = {key: max(row[0] for row in ROWS if row[1] == key) + 100 - key for key in range(7)}
        assert sorted(found) == [(key, ends[key], sum(row[1] == key for row in ROWS)) for key in range(7)]


def test_an_overflow_names_operator_result_and_key(inline_env):
    numbers = inline_env.from_arrow(pyarrow.table({"key": ["x", "x"], "value": [2**63 - 1, 1]}))
    stream = numbers.key_by("key").agg(total=agg.sum("value")).name("Totals")
    with pytest.raises(
        JobExecutionError, match=r"'Totals'.*total: the sum of field 'value' does not fit 64 bits for key 'x'"
    ):
        stream.to_arrow()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda keyed: keyed.agg(), "at least one aggregate"),
        (lambda keyed: keyed.agg(n=3), "not n=3"),
        (lambda keyed: keyed.agg(n=agg.sum("nothing")), "no column 'nothing'.*'value'"),
        (lambda keyed: keyed.agg(n=agg.sum("name")), "'name' is utf8, not a number"),
        (lambda keyed: keyed.agg(key=agg.count()), "two columns of the result are called 'key'"),
        (lambda keyed: keyed.window(GlobalWindows()).agg(n=agg.count()), "no native windows for GlobalWindows"),
        (
            lambda keyed: keyed.window(DynamicEventTimeSessionWindows(len)).agg(n=agg.count()),
            "no native windows for Dynamic",
        ),
        (
            lambda keyed: keyed.window(TumblingEventTimeWindows(5)).trigger(CountTrigger(1)).agg(n=agg.count()),
            "no native windows with a trigger",
        ),
        (lambda keyed: agg.sum(3), "takes the name of a field"),
    ],
)
def test_what_does_not_fit_fails_where_it_is_written(inline_env, build, message):
    keyed = events(inline_env).key_by("key")
    with pytest.raises(GraphError, match=message):
        build(keyed)


def test_rows_without_a_type_or_a_key_of_fields_are_refused(inline_env):
    unknown = inline_env.from_collection([(1, 2)]).map(lambda pair: pair)
    with pytest.raises(GraphError, match="needs the type of the records"):
        unknown.key_by(0).agg(n=agg.count())
    known = inline_env.from_collection([(1, 2)], Types.TUPLE([Types.INT(), Types.INT()]))
    with pytest.raises(GraphError, match=r"needs a key_by\(\) that names fields"):
        known.key_by(lambda pair: pair[0]).agg(n=agg.count())
