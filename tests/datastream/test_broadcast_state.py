"""Broadcast state in whole programs. Which stream's records come first is open, so the functions wait for all rules."""

import pytest

from pyflinkx.common import Types
from pyflinkx.datastream import (
    BroadcastProcessFunction,
    CoProcessFunction,
    KeyedBroadcastProcessFunction,
    OutputTag,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.state import ListStateDescriptor, MapStateDescriptor
from pyflinkx.errors import GraphError

RULES = MapStateDescriptor("rules", Types.INT(), Types.STRING())
SEEN = MapStateDescriptor("seen", Types.STRING(), Types.INT())
UNMATCHED = OutputTag("unmatched", Types.INT())
NAMES = {0: "zero", 1: "one"}


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


class NameNumbers(BroadcastProcessFunction):
    """Numbers wait until all rules are there."""

    def open(self, runtime_context):
        self.waiting = []

    def process_element(self, value, ctx):
        if len(list(ctx.get_broadcast_state(RULES).keys())) < len(NAMES):
            self.waiting.append(value)
            return
        yield from self.named(value, ctx)

    def process_broadcast_element(self, value, ctx):
        ctx.get_broadcast_state(RULES).put(*value)
        seen = ctx.get_broadcast_state(SEEN)
        seen.put("count", (seen.get("count") or 0) + 1)
        if seen.get("count") == len(NAMES):
            waiting, self.waiting = self.waiting, []
            for number in waiting:
                yield from self.named(number, ctx)

    def named(self, number, ctx):
        name = ctx.get_broadcast_state(RULES).get(number % 3)
        if name is None:
            yield UNMATCHED, number
        else:
            yield number, name


class NamePerKey(KeyedBroadcastProcessFunction):
    """As above, but what waits is keyed state."""

    WAITING = ListStateDescriptor("waiting", Types.INT())

    def open(self, runtime_context):
        self.waiting = runtime_context.get_list_state(self.WAITING)

    def process_element(self, value, ctx):
        if len(list(ctx.get_broadcast_state(RULES).keys())) < len(NAMES):
            self.waiting.add(value)
        else:
            yield self.named(value, ctx)

    def process_broadcast_element(self, value, ctx):
        rules = ctx.get_broadcast_state(RULES)
        rules.put(*value)
        if len(list(rules.keys())) == len(NAMES):
            ready = []

            def release(key, state):
                ready.extend((key, number) for number in state.get())
                state.clear()

            ctx.apply_to_keyed_state(self.WAITING, release)
            for key, number in ready:
                assert key == number % 3
                yield self.named(number, ctx)

    def named(self, number, ctx):
        name = ctx.get_broadcast_state(RULES).get(number % 3)
        return (UNMATCHED, number) if name is None else (number, name)


@pytest.mark.parametrize("function", [NameNumbers, NamePerKey])
def test_rules_reach_every_subtask(env, function):
    numbers = env.from_collection(list(range(60))).rebalance()
    if function is NamePerKey:
        numbers = numbers.key_by(lambda number: number % 3)
    rules = env.from_collection(list(NAMES.items())).broadcast(RULES, SEEN)
    named = numbers.connect(rules).process(function(), Types.TUPLE([Types.INT(), Types.STRING()]))
    both = named.union(named.get_side_output(UNMATCHED).map(lambda number: (number, None)))
    assert sorted(collect(both)) == [(n, NAMES.get(n % 3)) for n in range(60)]


class Tagging(CoProcessFunction):
    def process_element1(self, value, ctx):
        yield UNMATCHED, value

    def process_element2(self, value, ctx):
        yield value


def test_side_outputs_of_connected_streams(env):
    numbers = env.from_collection([1, 2, 3])
    words = env.from_collection(["a", "b"])
    tagged = numbers.connect(words).process(Tagging())
    both = tagged.map(lambda word: ("main", word)).union(
        tagged.get_side_output(UNMATCHED).map(lambda number: ("side", number))
    )
    assert sorted(collect(both), key=str) == [("main", "a"), ("main", "b"), ("side", 1), ("side", 2), ("side", 3)]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda s: s.broadcast("rules"), "takes MapStateDescriptors"),
        (lambda s: s.broadcast(RULES, MapStateDescriptor("rules")), "two descriptors of one name"),
        (lambda s: s.key_by(lambda x: x).broadcast(RULES), "cannot override"),
        (lambda s: s.connect(s.broadcast(RULES)).process(NamePerKey()), "without keys.*BroadcastProcessFunction"),
        (lambda s: s.key_by("*").connect(s.broadcast(RULES)).process(NameNumbers()), "KeyedBroadcastProcessFunction"),
        (lambda s: s.connect(5), "takes a DataStream"),
    ],
)
def test_wrong_arguments_fail_when_the_graph_is_built(build, message):
    stream = StreamExecutionEnvironment.get_execution_environment().from_collection([1])
    with pytest.raises(GraphError, match=message):
        build(stream)


def test_broadcast_without_a_descriptor_is_a_partitioning(env):
    parallelism = env.get_parallelism()
    numbers = env.from_collection([1, 2]).broadcast().map(lambda number: number)
    assert sorted(collect(numbers)) == sorted([1, 2] * parallelism)
