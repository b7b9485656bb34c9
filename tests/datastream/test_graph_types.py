"""What the stream graph knows of the records on its edges."""

from typing import NamedTuple

import pytest

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.connectors.files.text import TextFileSource
from pyflinkx.datastream import CoMapFunction, OutputTag, ProcessFunction, StreamExecutionEnvironment
from pyflinkx.datastream.window import CountTumblingWindowAssigner


class Point(NamedTuple):
    x: int
    y: float


def to_point(value) -> Point:
    return Point(value, 0.5)


class Split(ProcessFunction):
    def process_element(self, value, ctx):
        yield value


class Both(CoMapFunction):
    def map1(self, value):
        return value

    def map2(self, value):
        return value


@pytest.fixture
def env():
    return StreamExecutionEnvironment.get_execution_environment()


def graph_of(stream):
    stream.print()
    return stream.get_execution_environment()._graph(None)


def types(stream):
    """Of each node: its output type; of each edge: the type of its records, and whether it is declared."""
    graph = graph_of(stream)
    return (
        [node.output_type for node in graph.nodes],
        [(edge.record_type, edge.type_declared) for edge in graph.edges],
    )


def test_declared_types_reach_nodes_and_edges(env):
    nodes, edges = types(
        env.from_collection([1], Types.LONG()).map(str, Types.STRING()).filter(lambda text: True).rebalance()
    )
    assert nodes == [Types.LONG(), Types.STRING(), Types.STRING(), None]
    assert edges == [(Types.LONG(), True), (Types.STRING(), True), (Types.STRING(), True)]


def test_types_from_annotations_are_known_but_not_declared(env):
    nodes, edges = types(env.from_collection([1]).map(to_point))
    assert nodes[0] is None
    assert nodes[1] is not None
    assert edges == [(None, False), (nodes[1], False)]


def test_a_declared_type_wins_over_annotations(env):
    nodes, edges = types(env.from_collection([1]).map(to_point, Types.PICKLED_BYTE_ARRAY()))
    assert edges[1] == (Types.PICKLED_BYTE_ARRAY(), True)
    assert nodes[1] == Types.PICKLED_BYTE_ARRAY()


def test_a_side_output_has_the_type_of_its_tag(env):
    main = env.from_collection([1], Types.LONG()).process(Split(), Types.STRING())
    graph = graph_of(main.get_side_output(OutputTag("side", Types.INT())).rebalance())
    assert [(edge.side_tag, edge.record_type, edge.type_declared) for edge in graph.edges] == [
        (None, Types.LONG(), True),
        ("side", Types.INT(), True),
    ]
    assert graph.nodes[1].output_type == Types.STRING()


def test_each_edge_of_a_union_has_the_type_of_its_own_stream(env):
    longs, texts = env.from_collection([1], Types.LONG()), env.from_collection(["a"], Types.STRING())
    _, edges = types(longs.union(texts))
    assert edges == [(Types.LONG(), True), (Types.STRING(), True)]


def test_connected_and_keyed_streams_keep_their_types(env):
    longs, texts = env.from_collection([1], Types.LONG()), env.from_collection(["a"], Types.STRING())
    nodes, edges = types(longs.key_by(lambda value: value).connect(texts).map(Both(), Types.DOUBLE()))
    assert edges == [(Types.LONG(), True), (Types.STRING(), True), (Types.DOUBLE(), True)]
    assert nodes[2] == Types.DOUBLE()


def test_reduce_and_windows_and_timestamps_keep_the_records_type(env):
    longs = env.from_collection([1], Types.LONG())
    timed = longs.assign_timestamps_and_watermarks(WatermarkStrategy.for_monotonous_timestamps())
    keyed = timed.key_by(lambda value: value)
    reduced = keyed.window(CountTumblingWindowAssigner(2)).reduce(lambda a, b: a + b)
    nodes, _ = types(reduced.key_by(lambda value: value).reduce(lambda a, b: a + b))
    assert nodes == [Types.LONG()] * 4 + [None]


def test_a_source_tells_the_type_of_its_records(env):
    source = TextFileSource("never-read.txt")
    nodes, edges = types(env.from_source(source, WatermarkStrategy.no_watermarks(), "lines"))
    assert nodes[0] == source.output_type == Types.STRING()
    assert edges == [(Types.STRING(), True)]


def test_the_conversion_of_columns_keeps_the_type(env):
    stream = env.from_arrow(__import__("pyarrow").table({"a": [1]}))
    graph = graph_of(stream.rebalance())
    assert [node.name for node in graph.nodes] == ["Arrow Source", "ColumnsToRows", "Print to Std. Out"]
    assert graph.nodes[0].output_type == graph.nodes[1].output_type == stream._value.record_type.known
