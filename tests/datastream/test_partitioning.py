"""Partitioning as programs ask for it, at several parallelisms."""

import json
from collections import Counter

import pytest

from pyflinkx.common import Configuration, Row
from pyflinkx.datastream import KeySelector, MapFunction, Partitioner, StreamExecutionEnvironment
from pyflinkx.errors import GraphError, JobExecutionError

NUMBERS = list(range(1000))


class Tag(MapFunction):
    """(this subtask, record)"""

    def open(self, runtime_context):
        self.subtask = runtime_context.get_index_of_this_subtask()

    def map(self, value):
        return self.subtask, value


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


def tagged(env):
    """Records (subtask, number), made by as many subtasks as the environment has."""
    return env.from_collection(NUMBERS).rebalance().map(Tag())


@pytest.mark.parametrize("name", ["rebalance", "rescale", "shuffle", "global_", "forward"])
def test_every_record_arrives_once(env, name):
    results = collect(getattr(tagged(env), name)().map(Tag()))
    assert sorted(value for _, (_, value) in results) == NUMBERS
    consumers = {consumer for consumer, _ in results}
    if name == "global_":
        assert consumers == {0}
    elif name in ("forward", "rescale"):
        assert all(consumer == producer for consumer, (producer, _) in results)
    else:
        assert consumers == set(range(env.get_parallelism()))


@pytest.mark.parametrize("consumers", [1, 2, 3, 5])
def test_rescale_keeps_to_its_group(env, consumers):
    results = collect(tagged(env).rescale().map(Tag()).set_parallelism(consumers))
    assert sorted(value for _, (_, value) in results) == NUMBERS
    producers = env.get_parallelism()
    pairs = {(producer, consumer) for consumer, (producer, _) in results}
    assert len(pairs) == max(producers, consumers)
    assert {consumer for _, consumer in pairs} == set(range(consumers))
    if consumers % producers == 0:
        assert pairs == {(consumer * producers // consumers, consumer) for consumer in range(consumers)}


def test_broadcast_reaches_every_subtask(env):
    results = collect(tagged(env).broadcast().map(Tag()))
    for subtask in range(env.get_parallelism()):
        assert sorted(value for consumer, (_, value) in results if consumer == subtask) == NUMBERS


def test_records_of_a_broadcast_batch_belong_to_their_receivers(env):
    doubled = env.from_collection([1, 2, 3]).broadcast().map(lambda value: value * 2)
    assert Counter(collect(doubled)) == {value: env.get_parallelism() for value in (2, 4, 6)}


class ByRemainder(Partitioner):
    def open(self, runtime_context):
        self.opened = runtime_context.get_task_name()

    def partition(self, key, num_partitions):
        assert self.opened == "Map"
        return key % num_partitions


class Second(KeySelector):
    def open(self, runtime_context):
        self.field = 1

    def get_key(self, value):
        return value[self.field]


@pytest.mark.parametrize("partitioner", [ByRemainder(), lambda key, partitions: key % partitions])
@pytest.mark.parametrize("key_selector", [Second(), lambda value: value[1]])
def test_partition_custom(env, partitioner, key_selector):
    results = collect(tagged(env).partition_custom(partitioner, key_selector).map(Tag()).set_parallelism(3))
    assert sorted(value for _, (_, value) in results) == NUMBERS
    assert all(consumer == value % 3 for consumer, (_, value) in results)


def test_a_partitioner_that_answers_wrongly_fails_at_any_parallelism(env):
    count = env.get_parallelism()
    stream = env.from_collection([7]).partition_custom(lambda key, partitions: partitions, lambda value: value)
    with pytest.raises(
        JobExecutionError, match=rf"'next'.*record 7.*returned {count} for key 7, which is no int from 0"
    ):
        collect(stream.map(str).name("next"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, len), r"partition_custom\(\), partitioner, takes a Partitioner or a callable, not 3"),
        ((ByRemainder, len), "an instance of Partitioner, not the class ByRemainder"),
        ((Second(), len), "takes a Partitioner or a callable, not the Second"),
        ((max, "key"), r"partition_custom\(\), key selector, takes a KeySelector or a callable, not 'key'"),
    ],
)
def test_wrong_arguments_of_partition_custom_are_refused_at_the_call(env, arguments, message):
    with pytest.raises(GraphError, match=message):
        env.from_collection([1]).partition_custom(*arguments)


@pytest.mark.parametrize("name", ["rebalance", "rescale", "shuffle", "broadcast", "global_", "forward"])
def test_a_keyed_stream_cannot_be_partitioned_otherwise(env, name):
    keyed = env.from_collection([1]).key_by(lambda value: value)
    with pytest.raises(GraphError, match=rf"{name}\(\) cannot override the partitioning of a KeyedStream"):
        getattr(keyed, name)()
    with pytest.raises(GraphError, match=r"partition_custom\(\) cannot override"):
        keyed.partition_custom(max, len)


@pytest.mark.parametrize("name", ["rebalance", "rescale", "shuffle", "broadcast", "global_"])
def test_columns_become_rows_before_they_are_partitioned(env, name):
    stream = env.from_numpy({"a": pytest.importorskip("numpy").arange(100)})
    results = collect(getattr(stream, name)().map(Tag()))
    copies = env.get_parallelism() if name == "broadcast" else 1
    assert Counter(value for _, value in results) == {Row(a=number): copies for number in range(100)}


def test_the_plan_names_the_ship_strategies(env):
    stream = env.from_collection([1]).map(str).set_parallelism(2)
    for name in ("rebalance", "rescale", "shuffle", "broadcast", "global_"):
        stream = getattr(stream, name)().map(str).set_parallelism(2)
    stream = stream.partition_custom(lambda key, partitions: 0, len).map(str).set_parallelism(2)
    stream.key_by(len).map(str).set_parallelism(2).forward().map(str).set_parallelism(2).print().set_parallelism(2)
    nodes = json.loads(env.get_execution_plan())["nodes"]
    assert [node["predecessors"][0]["ship_strategy"] for node in nodes[2:]] == [
        "REBALANCE",
        "RESCALE",
        "SHUFFLE",
        "BROADCAST",
        "GLOBAL",
        "CUSTOM",
        "HASH",
        "FORWARD",
        "FORWARD",
    ]


def test_united_streams_keep_their_own_partitioning(env):
    first, second = tagged(env), tagged(env)
    results = collect(first.global_().union(second.broadcast()).map(Tag()))
    counts = Counter(consumer for consumer, _ in results)
    others = dict.fromkeys(range(1, env.get_parallelism()), len(NUMBERS))
    assert counts == {0: 2 * len(NUMBERS), **others}


def inputs_of_tasks(env):
    job = env._job(env._graph(None), None)
    return [
        [task.name, len(task.inputs), len(task.exchanges[0].gate.channels)]
        for task in job._make_tasks(1)
        if task.exchanges
    ]


def test_pointwise_exchanges_connect_only_the_subtasks_of_a_group():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.configure(Configuration.from_dict({"pyflinkx.workers": "inline"}))
    source = env.from_collection([1]).set_parallelism(1)
    middle = source.map(str).name("a").set_parallelism(2).rescale().map(str).name("b").set_parallelism(5)
    middle.rescale().map(str).name("c").set_parallelism(2).forward().map(str).name("d").set_parallelism(2)
    env.disable_operator_chaining()
    assert inputs_of_tasks(env) == [
        ["Source: Collection Source (1/1)", 0, 2],
        ["a (1/2)", 1, 3],
        ["a (2/2)", 1, 2],
        *([f"b ({subtask}/5)", 1, 1] for subtask in range(1, 6)),
        ["c (1/2)", 2, 1],
        ["c (2/2)", 3, 1],
    ]


def test_keyed_and_unkeyed_operators_of_one_stream_may_meet_again():
    """Each key stays in one subtask, though both are next to the same sink."""
    env = StreamExecutionEnvironment.get_execution_environment().set_parallelism(2)
    numbers = env.from_collection(range(100)).map(lambda value: value).set_parallelism(2)
    plain = numbers.map(lambda value: ("plain", value))
    sums = numbers.key_by(lambda value: value % 5).reduce(lambda a, b: a + b).map(lambda value: ("sum", value))
    found = [value for kind, value in sums.union(plain).execute_and_collect() if kind == "sum"]
    assert max(found) == sum(range(4, 100, 5))
