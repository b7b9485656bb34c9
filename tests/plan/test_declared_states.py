"""What operators declare that they keep, against what they keep once they run."""

import pytest

from pyflinkx.common import Time, Types
from pyflinkx.datastream import (
    AggregateFunction,
    BroadcastProcessFunction,
    KeyedProcessFunction,
    ProcessJoinFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.state import MapStateDescriptor
from pyflinkx.datastream.window import EventTimeSessionWindows, TumblingEventTimeWindows
from pyflinkx.state.spec import StateSpec
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


def test_the_types_are_those_of_the_program():
    assert spec_of("reduce").states == (StateSpec("reduced", "ReducingState", PAIR),)
    assert spec_of("reduce").input(0).key_type == Types.STRING()
    assert spec_of("broadcast").states == (StateSpec("rules", "broadcast", RULES.type_info),)
