"""Kinds of rows on edges: inferred when the graph is built, refused where they would spoil results."""

import re
from itertools import product

import numpy as np
import pytest

from pyflinkx.common import Row, Types, WatermarkStrategy
from pyflinkx.connectors.collection import CollectionSource
from pyflinkx.connectors.columnar import ColumnarSource
from pyflinkx.datastream import (
    KeyedProcessFunction,
    OutputTag,
    ProcessFunction,
    ProcessJoinFunction,
    StreamExecutionEnvironment,
    agg,
)
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.errors import GraphError
from pyflinkx.graph.changes import all_of
from pyflinkx.types.changes import CARRIED, INSERT_ONLY, RETRACT, upsert

ROW = Types.ROW_NAMED(["key", "value"], [Types.LONG(), Types.LONG()])
KINDS = {"retract": RETRACT, "upsert": upsert("key")}


def stream_of(changes, env=None):
    """A stream of rows whose source declares its changes."""
    env = env or StreamExecutionEnvironment.get_execution_environment()
    source = CollectionSource([Row(key=1, value=2)], ROW)
    source.changes = changes
    return env.from_source(source, WatermarkStrategy.no_watermarks(), "changing")


def columns_of(changes):
    env = StreamExecutionEnvironment.get_execution_environment()
    source = ColumnarSource({"key": np.arange(2), "value": np.arange(2)})
    source.changes = changes
    return env.from_source(source, WatermarkStrategy.no_watermarks(), "changing")


def edges(stream):
    return stream.get_execution_environment()._graph(None).edges


def changes_after(stream):
    """Those that a print behind the stream gets."""
    stream.print()
    return edges(stream)[-1].changes


class Pass(ProcessFunction):
    def process_element(self, value, ctx):
        yield value


class KeyedPass(KeyedProcessFunction):
    def process_element(self, value, ctx):
        yield value


class Pair(ProcessJoinFunction):
    def process_element(self, left, right, ctx):
        yield left


WINDOW = TumblingEventTimeWindows.of(10)


def key_of(row):
    return row.key


ADDING = {
    "reduce": lambda s: s.key_by("key").reduce(lambda a, b: a),
    "sum": lambda s: s.key_by("key").sum("value"),
    "max_by": lambda s: s.key_by("key").max_by("value"),
    "agg": lambda s: s.key_by("key").agg(n=agg.count()),
    "window reduce": lambda s: s.key_by("key").window(WINDOW).reduce(lambda a, b: a),
    "window agg": lambda s: s.key_by("key").window(WINDOW).agg(n=agg.count()),
    "window all": lambda s: s.window_all(WINDOW).reduce(lambda a, b: a),
    "window all agg": lambda s: s.window_all(WINDOW).agg(n=agg.count()),
    "count window": lambda s: s.key_by("key").count_window(5).reduce(lambda a, b: a),
    "interval join": lambda s: s.key_by("key").interval_join(s.key_by("key")).between(0, 1).process(Pair()),
    "window join": lambda s: s.join(s).where(key_of).equal_to(key_of).window(WINDOW).apply(lambda a, b: a),
    "co-group": lambda s: s.co_group(s).where(key_of).equal_to(key_of).window(WINDOW).apply(lambda a, b: [a]),
    "project": lambda s: s.project(0),
    "partition reduce": lambda s: s.full_window_partition().reduce(lambda a, b: a),
}
ON_COLUMNS = {
    "interval join of columns": lambda s: s.key_by("key").interval_join(s.key_by("key")).between(0, 1).rows(),
    "window join of columns": lambda s: s.join(s).where("key").equal_to("key").window(WINDOW).rows(),
}
TAKING_ALL = {
    "map": (lambda s: s.map(lambda row: row), CARRIED),
    "flat_map": (lambda s: s.flat_map(lambda row: [row]), CARRIED),
    "filter": (lambda s: s.filter(lambda row: True), None),
    "process": (lambda s: s.process(Pass()), CARRIED),
    "keyed process": (lambda s: s.key_by("key").process(KeyedPass()), CARRIED),
    "union": (lambda s: s.union(s.filter(bool)), None),
    "rebalance": (lambda s: s.rebalance(), None),
    "sort": (lambda s: s.full_window_partition().sort_partition("value"), CARRIED),
    "select": (lambda s: s.select("key"), None),
}


@pytest.mark.parametrize("declared", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("use", ADDING.values(), ids=ADDING)
@pytest.mark.parametrize("columns", [True, False])
def test_declared_changes_are_refused_where_inserts_are_added_up(use, declared, columns):
    stream = columns_of(declared) if columns else stream_of(declared)
    use(stream).print()
    with pytest.raises(GraphError, match=re.escape(str(declared))) as refused:
        edges(stream)
    message = str(refused.value)
    assert re.search(r"operator '[^']+' \(.*test_changes\.py:\d+\) takes inserts only", message)
    assert re.search(r"'(changing|ColumnsToRows|RowsToColumns)' \(.*test_changes\.py:\d+\) gives it", message)


@pytest.mark.parametrize("declared", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("use", ON_COLUMNS.values(), ids=ON_COLUMNS)
def test_declared_changes_are_refused_by_joins_of_columns(use, declared):
    stream = columns_of(declared)
    use(stream).print()
    with pytest.raises(GraphError, match="takes inserts only"):
        edges(stream)


@pytest.mark.parametrize("use", ADDING.values(), ids=ADDING)
@pytest.mark.parametrize("declared", [INSERT_ONLY, None])
def test_inserts_and_carried_rows_are_taken(use, declared):
    stream = stream_of(declared)
    use(stream).print()
    assert edges(stream)


@pytest.mark.parametrize(("use", "expected"), TAKING_ALL.values(), ids=TAKING_ALL)
@pytest.mark.parametrize("declared", KINDS.values(), ids=KINDS)
def test_operators_of_records_take_every_kind(use, expected, declared):
    assert changes_after(use(stream_of(declared))) == (expected or declared)


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (lambda env: env.from_collection([Row(1)]), CARRIED),
        (lambda env: env.from_collection([Row(1, 2)], ROW), CARRIED),
        (lambda env: env.from_collection([1], Types.LONG()), INSERT_ONLY),
        (lambda env: env.from_collection([(1, 2)], Types.TUPLE([Types.LONG(), Types.LONG()])), INSERT_ONLY),
        (lambda env: env.from_sequence(1, 2), INSERT_ONLY),
        (lambda env: env.from_numpy({"a": np.arange(2)}), INSERT_ONLY),
        (lambda env: env.from_numpy({"a": np.arange(2)}).map(str), CARRIED),
        (lambda env: env.from_numpy({"a": np.arange(2)}).map(str, Types.STRING()), INSERT_ONLY),
        (lambda env: env.from_numpy({"a": np.arange(2)}).key_by("a").agg(n=agg.count()), INSERT_ONLY),
        (lambda env: env.from_sequence(1, 2).get_side_output(OutputTag("a", Types.LONG())), INSERT_ONLY),
        (lambda env: env.from_sequence(1, 2).get_side_output(OutputTag("a")), CARRIED),
        (lambda env: env.from_sequence(1, 2).union(env.from_collection([1])), CARRIED),
    ],
)
def test_what_sources_and_functions_give(stream, expected):
    assert changes_after(stream(StreamExecutionEnvironment.get_execution_environment())) == expected


def test_a_filter_does_not_make_inserts():
    stream = stream_of(RETRACT).filter(lambda row: True)
    stream.key_by("key").sum("value")
    with pytest.raises(GraphError, match=r"'Filter'.*gives it updates and deletes"):
        edges(stream)


def test_the_mend_that_the_refusal_names_works():
    stream = stream_of(RETRACT).process(Pass())
    stream.key_by("key").sum("value")
    assert edges(stream)


def test_one_changing_stream_of_several_is_enough():
    env = StreamExecutionEnvironment.get_execution_environment()
    stream = env.from_collection([Row(key=1, value=2)], ROW).union(stream_of(RETRACT, env))
    stream.key_by("key").sum("value")
    with pytest.raises(GraphError, match="'changing'"):
        edges(stream)


EVERY = [INSERT_ONLY, CARRIED, RETRACT, upsert("a"), upsert("b")]


@pytest.mark.parametrize(("one", "other"), [*product(EVERY, repeat=2)])
def test_streams_together_have_the_kinds_of_each(one, other):
    together = all_of([one, other])
    assert together == all_of([other, one])
    assert together.declared == (one.declared or other.declared)
    assert all_of([one, one]) == one
    if one == INSERT_ONLY:
        assert together == other
