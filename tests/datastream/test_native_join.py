"""Joins of columnar streams in a job."""

import random
from collections import Counter

import pyarrow as pa
import pytest

from pyflinkx.common import Duration, Time, WatermarkStrategy
from pyflinkx.datastream import OutputTag, col
from pyflinkx.datastream.window import CountEvictor, EventTimeSessionWindows, TumblingEventTimeWindows
from pyflinkx.errors import GraphError
from pyflinkx.plan import join
from tests.datastream.conftest import make_environment


def side(seed, count=3000, keys=20):
    rng = random.Random(seed)
    return pa.table(
        {
            "key": pa.array([rng.choice([None, *range(keys)]) for _ in range(count)], pa.int64()),
            "ts": pa.array([rng.randrange(-2000, 2000) for _ in range(count)], pa.int64()),
            "name": [rng.choice(["a", "ü", None]) for _ in range(count)],
        }
    )


LEFT, RIGHT = side(1), side(2).rename_columns(["id", "ts", "name"])


def stream(env, table, bound=10_000):
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(bound)).with_timestamp_column("ts")
    return env.from_arrow(table).assign_timestamps_and_watermarks(strategy)


def rows(left, right, *bounds, **options):
    return left._environment._stream(join.rows(left._value, right._value, *bounds, **options))


def window_rows(left, right, *windows):
    return left._environment._stream(join.window_rows(left._value, right._value, *windows))


def keyed(env):
    return stream(env, LEFT).key_by("key"), stream(env, RIGHT).key_by("id")


def expected(meet):
    pairs = Counter()
    by_key = {}
    for row in zip(*RIGHT.to_pydict().values(), strict=True):
        by_key.setdefault(row[0], []).append(row)
    for left in zip(*LEFT.to_pydict().values(), strict=True):
        pairs.update((*left, *right) for right in by_key.get(left[0], ()) if meet(left[1], right[1]))
    assert pairs
    return pairs


def collected(result):
    return Counter(zip(*result.to_arrow().to_pydict().values(), strict=True))


def test_an_interval_join_of_columns(env):
    result = rows(*keyed(env), -50, 70, upper_exclusive=True, suffixes=("_left", "_right"))
    assert result._value.schema.names == ["key", "ts_left", "name_left", "id", "ts_right", "name_right"]
    assert collected(result) == expected(lambda left, right: left - 50 <= right < left + 70)


def test_a_window_join_of_columns(env):
    result = window_rows(*keyed(env), TumblingEventTimeWindows.of(100, 30))
    assert result._value.schema.names == ["key", "ts", "name", "id", "ts_right", "name_right"]
    assert collected(result) == expected(lambda left, right: (left - 30) // 100 == (right - 30) // 100)


def test_the_api_of_streams_leads_to_native_joins(inline_env):
    left, right = keyed(inline_env)
    close = left.interval_join(right).between(Time.milliseconds(-50), Time.milliseconds(70)).upper_bound_exclusive()
    assert collected(close.rows(("_left", "_right"))) == expected(lambda left, right: left - 50 <= right < left + 70)


def test_window_joins_of_the_api_lead_to_native_ones_and_leave_no_other_operator(inline_env):
    joined = stream(inline_env, LEFT).join(stream(inline_env, RIGHT)).where("key").equal_to("id")
    result = joined.window(TumblingEventTimeWindows.of(100, 30)).rows()
    assert "Join Input" not in inline_env.get_execution_plan()
    assert collected(result) == expected(lambda left, right: (left - 30) // 100 == (right - 30) // 100)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda joined: joined.allowed_lateness(5), "no trigger, evictor, lateness"),
        (lambda joined: joined.evictor(CountEvictor.of(1)), "no trigger, evictor, lateness"),
    ],
)
def test_native_window_joins_refuse_what_they_would_ignore(inline_env, change, message):
    joined = stream(inline_env, LEFT).join(stream(inline_env, RIGHT)).where("key").equal_to("id")
    with pytest.raises(GraphError, match=message):
        change(joined.window(TumblingEventTimeWindows.of(100))).rows()


def test_a_co_group_has_no_rows(inline_env):
    groups = stream(inline_env, LEFT).co_group(stream(inline_env, RIGHT)).where("key").equal_to("id")
    with pytest.raises(GraphError, match="co-group"):
        groups.window(TumblingEventTimeWindows.of(100)).rows()


def test_pairs_have_timestamps_for_what_follows():
    env = make_environment("inline")
    result = rows(*keyed(env), 0, 10, lower_exclusive=True).key_by("key")
    again = rows(result, stream(env, RIGHT).key_by("id"), 0, 0, suffixes=("", "_third"))
    table = again.to_arrow().to_pydict()
    assert len(table["key"]) > 0
    assert all(ts == max(pair) for ts, *pair in zip(table["ts_third"], table["ts"], table["ts_right"], strict=True))


def test_the_side_output_of_late_rows_has_columns():
    late = OutputTag("late")
    result = rows(*keyed(make_environment("inline")), -1, 1, left_late=late)
    assert result.get_side_output(late)._value.schema.names == ["key", "ts", "name"]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda left, right: rows(left, right, 0, 1, True, True), r"rows\(\): no timestamp is between.*1 ms.*0 ms"),
        (
            lambda left, right: rows(left.filter(lambda row: True).key_by(str), right, 0, 1),
            "the left one has rows of Python values",
        ),
        (lambda left, right: rows(left, right.filter(col("ts") > 0), 0, 1), "the right one has rows"),
        (lambda left, right: rows(left, right.key_by("id", "ts"), 0, 1), "left key has 1 columns, the right one 2"),
        (lambda left, right: rows(left, right.key_by("name"), 0, 1), "'key' is int64, but 'name' on the right is utf8"),
        (lambda left, right: rows(left, right, 0, 1, suffixes=("", "")), "two columns 'name', 'ts'"),
        (lambda left, right: rows(left, right, 0, 1, suffixes="ab"), "suffixes are a tuple of two str"),
        (lambda left, right: window_rows(left, right, EventTimeSessionWindows.with_gap(5)), "apply.. takes all"),
        (lambda left, right: left.interval_join(keyed(make_environment("inline"))[1]), "one environment"),
    ],
)
def test_what_cannot_be_joined_is_refused_when_the_program_is_built(build, words):
    with pytest.raises(GraphError, match=words):
        build(*keyed(make_environment("inline")))
