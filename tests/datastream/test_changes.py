"""Updates and deletes that only the records tell: refused where they would be counted as inserts."""

import re

import pytest

from pyflinkx.common import Row, RowKind, Types, WatermarkStrategy
from pyflinkx.datastream import (
    CoGroupFunction,
    KeyedProcessFunction,
    ProcessFunction,
    ProcessJoinFunction,
    agg,
    col,
)
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.errors import JobExecutionError
from tests.datastream.conftest import make_environment

ROW = Types.ROW_NAMED(["key", "value"], [Types.LONG(), Types.LONG()])
TIMED = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("value")
WINDOW = TumblingEventTimeWindows.of(10)


def row_of(kind, value):
    row = Row(key=1, value=value)
    row.set_row_kind(kind)
    return row


def rows(env, kind=RowKind.DELETE, type_info=ROW):
    """+5 and, by default, DELETE 5."""
    values = [row_of(RowKind.INSERT, 5), row_of(kind, 5)]
    return env.from_collection(values, type_info).assign_timestamps_and_watermarks(TIMED)


class Pair(ProcessJoinFunction):
    def process_element(self, left, right, ctx):
        yield left


class Group(CoGroupFunction):
    def co_group(self, first, second):
        yield len(first)


class Kinds(ProcessFunction):
    def process_element(self, value, ctx):
        yield value.get_row_kind().name


class KindsByKey(KeyedProcessFunction):
    def process_element(self, value, ctx):
        yield value.get_row_kind().name


def first(row, other):
    return row


def key_of(row):
    return row.key


ADDING = {
    "reduce": lambda s: s.key_by(key_of).reduce(first),
    "sum": lambda s: s.key_by(key_of).sum("value"),
    "window reduce": lambda s: s.key_by(key_of).window(WINDOW).reduce(first),
    "window all": lambda s: s.window_all(WINDOW).reduce(first),
    "count window": lambda s: s.key_by(key_of).count_window(2).reduce(first),
    "interval join": lambda s: s.key_by(key_of).interval_join(s.key_by(key_of)).between(0, 1).process(Pair()),
    "window join": lambda s: s.join(s).where(key_of).equal_to(key_of).window(WINDOW).apply(first),
    "co-group": lambda s: s.co_group(s).where(key_of).equal_to(key_of).window(WINDOW).apply(Group()),
    "project": lambda s: s.project(0),
    "partition reduce": lambda s: s.full_window_partition().reduce(first),
}
ON_COLUMNS = {
    "agg": lambda s: s.key_by("key").agg(n=agg.sum("value")),
    "window agg": lambda s: s.key_by("key").window(WINDOW).agg(n=agg.sum("value")),
    "select and agg": lambda s: s.select("key", "value").key_by("key").agg(n=agg.count()),
}


def refusal(stream):
    with pytest.raises(JobExecutionError) as failed:
        list(stream.execute_and_collect())
    return str(failed.value)


@pytest.mark.parametrize("use", ADDING.values(), ids=ADDING)
@pytest.mark.parametrize("type_info", [ROW, None])
def test_a_delete_is_not_added_up(inline_env, use, type_info):
    message = refusal(use(rows(inline_env, type_info=type_info)))
    assert re.search(r"operator '[^']+' \(uid [0-9a-f]{32}\) failed on record Row\(key=1, value=5\)", message), message
    assert re.search(r"created at .*test_changes\.py:\d+", message)
    assert "this record is DELETE" in message
    assert "filter() on row.get_row_kind()" in message


@pytest.mark.parametrize("use", ON_COLUMNS.values(), ids=ON_COLUMNS)
@pytest.mark.parametrize("parallelism", [1, 2])
def test_a_delete_is_not_added_up_in_columns(inline_env, use, parallelism):
    inline_env.set_parallelism(parallelism)
    message = refusal(use(rows(inline_env)))
    assert "'key': 1" in message
    assert "this record is DELETE" in message


@pytest.mark.parametrize("kind", [kind for kind in RowKind if kind != RowKind.INSERT])
def test_every_kind_but_insert_is_named(inline_env, kind):
    assert f"this record is {kind.name}" in refusal(rows(inline_env, kind).key_by(key_of).reduce(first))


def test_records_before_it_still_count():
    results = rows(make_environment("inline")).key_by(key_of).sum("value").execute_and_collect()
    assert next(results).value == 5
    with pytest.raises(JobExecutionError, match="DELETE"):
        next(results)


def test_in_every_kind_of_job(env):
    assert "this record is DELETE" in refusal(rows(env).key_by(key_of).sum("value"))


def test_operators_of_records_take_every_kind_and_show_it(env):
    stream = rows(env)
    kinds = stream.process(Kinds()).union(
        stream.key_by(key_of).process(KindsByKey()),
        stream.map(lambda row: row.get_row_kind().name),
        stream.flat_map(lambda row: [row.get_row_kind().name]),
        stream.filter(lambda row: row.get_row_kind() == RowKind.DELETE).map(lambda row: row.get_row_kind().name),
        stream.filter(col("value") > 0).map(lambda row: row.get_row_kind().name),
    )
    found = list(kinds.execute_and_collect())
    assert (found.count("INSERT"), found.count("DELETE"), len(found)) == (5, 6, 11)


def test_inserts_that_a_filter_leaves_are_added_up(env):
    inserts = rows(env).filter(lambda row: row.get_row_kind() == RowKind.INSERT)
    assert [row.value for row in inserts.key_by(key_of).sum("value").execute_and_collect()] == [5]
