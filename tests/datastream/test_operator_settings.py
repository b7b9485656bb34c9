"""What operators can be told about themselves, and which streams are no operator."""

import json

import pytest

from pyflinkx.common import Configuration, WatermarkStrategy
from pyflinkx.connectors.number_seq import NumberSequenceSource
from pyflinkx.datastream import OutputTag, StreamExecutionEnvironment
from pyflinkx.errors import GraphError
from pyflinkx.graph.job_graph import build_job_graph

HASH = "00112233445566778899aabbccddeeff"

# Every setter, with arguments that an operator's stream takes.
CALLS = {
    "name": ("n",),
    "get_name": (),
    "uid": ("u",),
    "set_uid_hash": (HASH,),
    "set_description": ("d",),
    "set_parallelism": (1,),
    "set_max_parallelism": (9,),
    "force_non_parallel": (),
    "set_buffer_timeout": (7,),
    "slot_sharing_group": ("g",),
    "co_location_group": ("c",),
    "disable_chaining": (),
    "start_new_chain": (),
}

NO_OPERATORS = {
    "keyed": lambda stream: stream.key_by(lambda value: value),
    "partitioned": lambda stream: stream.rebalance(),
    "united": lambda stream: stream.union(stream),
    "side output": lambda stream: stream.get_side_output(OutputTag("side")),
}


@pytest.fixture
def env():
    return StreamExecutionEnvironment.get_execution_environment()


@pytest.mark.parametrize("call", CALLS)
def test_operators_take_every_description(env, call):
    stream = env.from_collection([1]).map(str)
    described = getattr(stream, call)(*CALLS[call])
    assert described == ("Map" if call == "get_name" else stream)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", NO_OPERATORS)
def test_streams_that_are_no_operators_output_take_none(env, call, kind):
    operator = env.from_collection([1]).map(str)
    before = env._graph(None)
    stream = NO_OPERATORS[kind](operator)
    with pytest.raises(GraphError, match=rf"^{call}\(\) is for the stream that an operator makes"):
        getattr(stream, call)(*CALLS[call])
    assert env._graph(None).nodes == before.nodes


def nodes(env):
    return env._graph(None).nodes


def test_a_uid_hash_replaces_the_uid(env):
    env.from_collection([1]).uid("source").set_uid_hash(HASH.upper()).map(str).uid("map").print()
    assert [node.uid for node in nodes(env)][:2] == [HASH, "map"]


def test_a_uid_hash_can_pin_the_uid_of_an_earlier_program(env):
    env.from_collection([1]).map(str)
    earlier = nodes(env)[1].uid
    changed = StreamExecutionEnvironment.get_execution_environment()
    stream = changed.from_collection([1]).filter(bool).map(str)
    assert nodes(changed)[2].uid != earlier
    stream.set_uid_hash(earlier)
    assert nodes(changed)[2].uid == earlier


def test_one_uid_hash_for_two_operators_is_refused(env):
    env.from_collection([1]).set_uid_hash(HASH).map(str).set_uid_hash(HASH)
    with pytest.raises(GraphError, match=rf"uid '{HASH}' is given to operator 'Collection Source'.*and to.*'Map'"):
        env._graph(None)


@pytest.mark.parametrize("wrong", ["", "abc", HASH + "0", HASH[:-1] + "g", HASH + "\n", None, 5])
def test_what_is_no_uid_hash_is_refused(env, wrong):
    with pytest.raises(GraphError, match=r"set_uid_hash\(\) takes 32 hexadecimal digits"):
        env.from_collection([1]).set_uid_hash(wrong)


@pytest.mark.parametrize("wrong", [0, -1, 32_769, True, 2.0, None])
def test_what_is_no_max_parallelism_is_refused(env, wrong):
    with pytest.raises(GraphError, match="max parallelism"):
        env.set_max_parallelism(wrong)
    with pytest.raises(GraphError, match="max parallelism"):
        env.from_collection([1]).set_max_parallelism(wrong)
    assert env.from_collection([1]).set_max_parallelism(32_768)


def vertices(enabled):
    key = "pipeline.operator-chaining.chain-operators-with-different-max-parallelism"
    env = StreamExecutionEnvironment(Configuration.from_dict({} if enabled is None else {key: enabled}))
    assert env.is_chaining_of_operators_with_different_max_parallelism_enabled() is (enabled is not False)
    env.from_collection([1]).map(str).set_max_parallelism(7).map(str).set_max_parallelism(7).print()
    return [vertex.name for vertex in build_job_graph(env._graph(None)).vertices]


def test_chaining_of_different_max_parallelism():
    one = ["Source: Collection Source -> Map -> Map -> Sink: Print to Std. Out"]
    assert vertices(None) == vertices(True) == one
    assert vertices(False) == ["Source: Collection Source", "Map -> Map", "Sink: Print to Std. Out"]


def test_descriptions_reach_the_plan(env):
    env.from_collection([1]).map(str).name("to text").set_description("makes text").set_parallelism(3).print()
    node = json.loads(env.get_execution_plan())["nodes"][1]
    assert (node["type"], node["contents"], node["parallelism"]) == ("to text", "makes text", 3)


def test_what_is_said_of_a_source_with_watermarks_is_said_of_both_its_operators():
    env = StreamExecutionEnvironment.get_execution_environment()
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda n, _: n)
    stream = env.from_source(NumberSequenceSource(1, 3), strategy, "numbers")
    stream.set_parallelism(3).set_max_parallelism(7).set_buffer_timeout(5).slot_sharing_group("a").disable_chaining()
    stream.map(str).set_parallelism(3).print()
    graph = env._graph(None)
    source, assigner, *_ = graph.nodes
    assert (source.parallelism, source.max_parallelism) == (assigner.parallelism, assigner.max_parallelism) == (3, 7)
    assert source.slot_sharing_group == assigner.slot_sharing_group == "a"
    assert assigner.buffer_timeout == 5
    # Watermarks by split need the two in one task; what follows is in another.
    assert [[node.name for node in vertex.nodes] for vertex in build_job_graph(graph).vertices][:2] == [
        ["numbers", "Timestamps/Watermarks"],
        ["Map"],
    ]


def test_what_is_said_later_holds_for_what_was_built_before():
    env = StreamExecutionEnvironment.get_execution_environment()
    stream = env.from_collection([1]).map(str)
    stream.filter(bool).print()
    stream.name("late").set_parallelism(2)
    assert [(node.name, node.parallelism) for node in nodes(env)][1] == ("late", 2)
