"""The plan without any API: streams as values, and what becomes of them."""

import subprocess
import sys
from operator import itemgetter

import numpy as np
import pytest

from pyflinkx.connectors.columnar import ColumnarSource
from pyflinkx.errors import GraphError
from pyflinkx.expressions.expression import col
from pyflinkx.graph.partitioners import (
    ForwardPartitioner,
    HashPartitioner,
    PartialPartitioner,
    RebalancePartitioner,
)
from pyflinkx.graph.spec import InputSpec, OperatorSpec, same
from pyflinkx.graph.stream_graph import build_stream_graph
from pyflinkx.graph.transformation import Transformation, Upstream
from pyflinkx.operators.aggregations import Aggregation
from pyflinkx.operators.identity import IdentityOperator
from pyflinkx.operators.native_aggregate import NativeAggregateOperator
from pyflinkx.operators.windowing.assigners import TumblingEventTimeWindows
from pyflinkx.plan.aggregate import running_aggregates, window_aggregates
from pyflinkx.plan.columns import columns_of, keyed_by_columns, rows_before, rows_of, same_columns
from pyflinkx.plan.join import rows as interval_join
from pyflinkx.plan.selection import extended, filtered, selection
from pyflinkx.plan.stream import UNKNOWN, RecordType, Stream, operator
from pyflinkx.plan.two_phase import in_two_phases
from pyflinkx.types.arrow import type_info_of
from pyflinkx.types.changes import CARRIED, INSERT_ONLY
from pyflinkx.types.typeinfo import Types

TOTAL = {"total": Aggregation("sum", "value")}


def columns():
    source = ColumnarSource({"key": np.arange(4), "value": np.arange(4), "ts": np.arange(4)})
    transformation = Transformation(
        source.operation, "source", source=source, columnar=True, schema=source.schema, native=True
    )
    return Stream((Upstream(transformation),), RecordType(type_info_of(source.schema)))


def rows(record_type=UNKNOWN):
    return Stream((Upstream(Transformation("Rows", "source", source=object())),), record_type)


def graph(*streams, **options):
    return build_stream_graph([stream.origin for stream in streams], "job", **options)


def names(*streams, **options):
    return [node.name for node in graph(*streams, **options).nodes]


def test_a_stream_knows_its_columns_keys_and_origin():
    stream = columns()
    keyed = keyed_by_columns(stream, ["key"], Types.LONG())
    assert stream.schema.names == keyed.schema.names == ["key", "value", "ts"]
    assert (keyed.keys.columns, keyed.keys.type, keyed.keys.before) == (("key",), Types.LONG(), stream)
    assert keyed.keys.selector((7, 8, 9)) == 7
    assert keyed.origin is stream.origin
    assert (stream.is_an_operators, keyed.is_an_operators) == (True, False)
    assert same(keyed.asks(True), InputSpec(itemgetter(0), ("key",), Types.LONG(), True))
    assert stream.keys is None
    assert stream.asks() == InputSpec()


def test_spreading_a_stream_makes_another_value():
    stream = columns()
    spread = stream.spread(RebalancePartitioner())
    assert stream.upstreams[0].partitioner is None
    assert spread.upstreams[0].partitioner == RebalancePartitioner()
    assert keyed_by_columns(stream, ["key"]).spread(RebalancePartitioner()).keys is None


def test_a_side_output_is_a_stream_of_its_own():
    side = rows().side_output("late", Types.LONG())
    assert side.upstreams[0].side_tag == "late"
    assert side.record_type.declared == Types.LONG()
    assert not side.is_an_operators


def test_streams_know_their_changes():
    assert columns().changes == INSERT_ONLY
    assert rows().changes == CARRIED
    assert filtered(columns(), col("value") > 1).changes == INSERT_ONLY
    assert running_aggregates(keyed_by_columns(columns(), ["key"]), TOTAL).changes == INSERT_ONLY


def test_aggregates_are_planned_without_an_api():
    total = running_aggregates(keyed_by_columns(columns(), ["key"]), TOTAL)
    source, aggregate = graph(total, parallelism=2).nodes
    assert (source.name, aggregate.name) == ("Collection", "Aggregate")
    assert aggregate.spec.operator is NativeAggregateOperator
    assert aggregate.spec.input(0).columns == ("key",)
    assert total.schema.names == ["key", "total"]


def test_aggregates_of_windows_over_all_rows_have_one_subtask():
    windows = TumblingEventTimeWindows.of(10)
    whole = graph(window_aggregates(columns(), windows, TOTAL), parallelism=3).nodes[-1]
    by_key = graph(window_aggregates(keyed_by_columns(columns(), ["key"]), windows, TOTAL), parallelism=3).nodes[-1]
    assert (whole.name, whole.parallelism) == ("Window All Aggregate", 1)
    assert (by_key.name, by_key.parallelism) == ("Window Aggregate", 3)


def test_the_first_phase_asks_for_inserts_too():
    windowed = window_aggregates(keyed_by_columns(columns(), ["key"]), TumblingEventTimeWindows.of(10), TOTAL)
    split = in_two_phases(graph(windowed, parallelism=2), "TWO_PHASE", "STREAMING")
    local = next(node for node in split.nodes if node.name == "Local Window Aggregate")
    assert local.spec.input(0).inserts_only
    assert local.spec.arguments[-3:] == (128, 2, False)
    assert split.edges[-1].changes == INSERT_ONLY


def test_rows_are_converted_where_they_are_read_or_where_they_are_made():
    keyed = keyed_by_columns(columns(), ["key"])
    beside = rows_of(keyed)
    assert isinstance(beside.upstreams[0].partitioner, ForwardPartitioner)
    before = rows_before(keyed)
    assert isinstance(before.upstreams[0].partitioner, HashPartitioner)
    assert beside.keys is before.keys is keyed.keys
    plain = rows()
    assert rows_of(plain) is rows_before(plain) is plain


def test_rows_of_a_known_type_become_columns():
    known = RecordType(Types.ROW_NAMED(["key", "value"], [Types.LONG(), Types.LONG()]))
    assert names(selection(rows(known), ["key"], {}, "select()")) == ["Rows", "RowsToColumns", "Select"]
    assert names(extended(rows(known), [], {"one": 1})) == ["Rows", "RowsToColumns", "Select"]
    assert names(filtered(rows(known), col("key") > 1)) == ["Rows", "Filter"]
    with pytest.raises(GraphError, match=r"call\(\) needs the type of the records"):
        columns_of(rows(), "call()")


def test_a_join_is_planned_without_an_api():
    first, second = (keyed_by_columns(columns(), ["key"]) for _ in range(2))
    joined = interval_join(first, second, 0, 1)
    assert names(joined) == ["Collection", "Collection", "Interval Join"]
    assert joined.schema.names == ["key", "value", "ts", "key_right", "value_right", "ts_right"]
    assert same_columns([first, second])
    assert not same_columns([first, joined])


def test_an_operator_reads_streams_as_they_are():
    first, second = rows(), rows()
    made = operator("Both", OperatorSpec.of(IdentityOperator), [first, second], RecordType(None, Types.LONG()))
    assert made.origin.inputs == (first.upstreams, second.upstreams)
    assert (made.origin.output_type, made.origin.type_declared) == (Types.LONG(), False)


def test_the_plan_loads_no_api_and_no_runtime():
    program = (
        "import sys, pyflinkx.plan.aggregate, pyflinkx.plan.join, pyflinkx.plan.selection, pyflinkx.plan.two_phase\n"
        "above = ('pyflinkx.datastream', 'pyflinkx.runtime', 'pyflinkx.common')\n"
        "print([module for module in sys.modules if module.startswith(above)])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(("parallelism", "phases"), [(1, "AUTO"), (2, "ONE_PHASE"), (2, "TWO_PHASE")])
def test_windows_take_partial_aggregates_that_were_on_their_way(parallelism, phases):
    """Also where there is no first phase, as an unaligned checkpoint of another parallelism may have some."""
    windowed = window_aggregates(keyed_by_columns(columns(), ["key"]), TumblingEventTimeWindows.of(10), TOTAL)
    split = in_two_phases(graph(windowed, parallelism=parallelism), phases, "STREAMING")
    assert ("Local Window Aggregate" in [node.name for node in split.nodes]) == (phases == "TWO_PHASE")
    (edge,) = split.in_edges(split.nodes[-1].id)
    assert isinstance(edge.partitioner, PartialPartitioner)
    assert split.nodes[-1].spec.build().partials.schema == edge.partitioner.partials
