"""What operators declare that they keep, against what they keep once they run."""

import asyncio
import gc
import weakref

import pytest

from pyflinkx.common import Time, Types, WatermarkStrategy
from pyflinkx.datastream import (
    AggregateFunction,
    AsyncDataStream,
    AsyncFunction,
    BroadcastProcessFunction,
    KeyedProcessFunction,
    ProcessAllWindowFunction,
    ProcessJoinFunction,
    ProcessWindowFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.state import MapStateDescriptor
from pyflinkx.datastream.window import EventTimeSessionWindows, TumblingEventTimeWindows
from pyflinkx.state.spec import COMMITTABLES, StateSpec
from pyflinkx.testing.harness import OperatorHarness

PAIR = Types.TUPLE([Types.STRING(), Types.LONG()])


class Idle(KeyedProcessFunction):
    def process_element(self, value, ctx):
        return None


class Looking(BroadcastProcessFunction):
    def process_element(self, value, ctx):
        return None

    def process_broadcast_element(self, value, ctx):
        return None


class Pairs(ProcessJoinFunction):
    def process_element(self, left, right, ctx):
        return None


class Count(AggregateFunction):
    def create_accumulator(self):
        return 0

    def add(self, value, accumulator):
        return accumulator + 1

    def get_result(self, accumulator):
        return accumulator

    def merge(self, a, b):
        return a + b


def joined(a, b):
    return a[0], a[1] + b[1]


RULES = MapStateDescriptor("rules", Types.STRING(), Types.LONG())
TUMBLING, SESSIONS = TumblingEventTimeWindows.of(Time.seconds(1)), EventTimeSessionWindows.with_gap(Time.seconds(1))
PROGRAMS = {
    "reduce": lambda keyed, pairs: keyed.reduce(joined),
    "sum": lambda keyed, pairs: keyed.sum(1),
    "process": lambda keyed, pairs: keyed.process(Idle()),
    "broadcast": lambda keyed, pairs: pairs.connect(pairs.broadcast(RULES)).process(Looking()),
    "window": lambda keyed, pairs: keyed.window(TUMBLING).reduce(joined),
    "sessions": lambda keyed, pairs: keyed.window(SESSIONS).aggregate(Count()),
    "partitions": lambda keyed, pairs: keyed.full_window_partition().reduce(joined),
    "interval join": lambda keyed, pairs: (
        keyed.interval_join(pairs.key_by(lambda r: r[0])).between(Time.seconds(0), Time.seconds(1)).process(Pairs())
    ),
}


class Pending(AsyncFunction):
    async def async_invoke(self, value):
        await asyncio.get_running_loop().create_future()


def under_way(stream):
    return AsyncDataStream.unordered_wait(stream, Pending(), Time.seconds(0), 10)


PROGRAMS["calls"] = lambda keyed, pairs: under_way(pairs)
PROGRAMS["loop"] = lambda keyed, pairs: pairs.iterate()


def spec_of(name):
    env = StreamExecutionEnvironment.get_execution_environment()
    pairs = env.from_collection([("a", 1)], PAIR)
    made = PROGRAMS[name](pairs.key_by(lambda record: record[0], Types.STRING()), pairs)
    return made._value.upstreams[0].transformation.spec


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_declared_is_what_is_kept(name):
    spec = spec_of(name)
    assert spec.states
    with OperatorHarness(spec.build(), key_type=spec.input(0).key_type) as harness:
        kept = harness.context.keyed_state.states() + harness.context.operator_state.states()
        assert set(kept) <= set(spec.states)
        in_windows = {"window", "sessions"}  # an aligned window has no timers
        assert set(spec.states) == set(kept) or name in in_windows


ALIVE = weakref.WeakSet()


class Token:
    """What can be seen to be alive, by whatever way it was copied."""

    def __new__(cls):
        made = super().__new__(cls)
        ALIVE.add(made)
        return made


class Listed(ProcessWindowFunction):
    def process(self, key, context, elements):
        return [len(elements)]


class AllListed(ProcessAllWindowFunction):
    def process(self, context, elements):
        return [len(elements)]


STREAMS = {
    "map": lambda keyed, plain: plain.map(lambda record: record),
    "flat map": lambda keyed, plain: plain.flat_map(lambda record: [record]),
    "filter": lambda keyed, plain: plain.filter(lambda record: True),
    "timestamps": lambda keyed, plain: plain.assign_timestamps_and_watermarks(
        WatermarkStrategy.for_monotonous_timestamps()
    ),
    "process": lambda keyed, plain: keyed.process(Idle()),
    "reduce": lambda keyed, plain: keyed.reduce(lambda a, b: b),
    "list": lambda keyed, plain: keyed.window(TUMBLING).process(Listed()),
    "window": lambda keyed, plain: keyed.window(TUMBLING).reduce(lambda a, b: b),
    "all": lambda keyed, plain: plain.window_all(TUMBLING).process(AllListed()),
    "partition": lambda keyed, plain: plain.map_partition(list),
    "interval join": lambda keyed, plain: (
        keyed.interval_join(plain.key_by(lambda r: r[0])).between(Time.seconds(0), Time.seconds(1)).process(Pairs())
    ),
    "calls": lambda keyed, plain: under_way(plain),
    "loop": lambda keyed, plain: plain.iterate(),
    "cache": lambda keyed, plain: plain.cache(),
}
HOLDING = {"reduce", "list", "window", "all", "partition", "interval join", "calls"}


@pytest.mark.parametrize("name", STREAMS)
def test_who_holds_records_has_said_so(name):
    env = StreamExecutionEnvironment.get_execution_environment()
    plain = env.from_collection([("a", Token())])
    made = STREAMS[name](plain.key_by(lambda record: record[0]), plain)
    spec = made._value.upstreams[0].transformation.spec
    gc.collect()
    before = len(ALIVE)
    with OperatorHarness(spec.build(), parallelism=1) as harness:
        harness.push([("a", Token()), ("a", Token())], [1, 2])
        harness.take()
        gc.collect()
        held = len(ALIVE) > before
    assert held == (name in HOLDING)
    assert not held or spec.states


def test_sources_and_sinks_say_what_they_keep():
    env = StreamExecutionEnvironment.get_execution_environment()
    stream = env.from_collection([1])
    assert [spec.name for spec in stream._value.upstreams[0].transformation.states] == ["splits", "enumerator"]
    sink = stream.print()
    assert sink._transformation.states[0] == COMMITTABLES
    assert [spec.name for spec in sink._transformation.states[1:]] == ["writers", "all-writers"]
    assert stream.map(abs)._value.upstreams[0].transformation.states == ()


def test_the_types_are_those_of_the_program():
    assert spec_of("reduce").states == (StateSpec("reduced", "ReducingState", PAIR),)
    assert spec_of("reduce").input(0).key_type == Types.STRING()
    assert spec_of("broadcast").states == (StateSpec("rules", "broadcast", RULES.type_info),)
