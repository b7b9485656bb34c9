"""Operators as data: every operator of a program can be pickled, compared, looked into and built."""

import pickle
from functools import reduce
from operator import attrgetter, itemgetter

import cloudpickle
import numpy as np
import pytest

from pyflinkx.common import Configuration, Duration, Row, Time, Types, WatermarkStrategy
from pyflinkx.connectors.number_seq import NumberSequenceSource
from pyflinkx.datastream import (
    AsyncDataStream,
    AsyncFunction,
    BroadcastProcessFunction,
    CoMapFunction,
    KeyedProcessFunction,
    ProcessJoinFunction,
    StreamExecutionEnvironment,
    agg,
    col,
)
from pyflinkx.datastream.state import MapStateDescriptor
from pyflinkx.datastream.window import CountTrigger, EventTimeSessionWindows, TumblingEventTimeWindows
from pyflinkx.graph.spec import InputSpec, OperatorSpec, same
from pyflinkx.operators.base import Operator
from pyflinkx.operators.fields import FieldPath, FieldTuple
from pyflinkx.operators.functions import UserFunction
from pyflinkx.state.spec import StateSpec
from pyflinkx.types.changes import CARRIED, INSERT_ONLY, RETRACT

ROW = Types.ROW_NAMED(["key", "value"], [Types.LONG(), Types.LONG()])


def double(row):
    return row


def add(one, other):
    return one


def key_of(row):
    return row.key


class Both(CoMapFunction):
    def map1(self, value):
        return value

    def map2(self, value):
        return value


class Process(KeyedProcessFunction):
    def process_element(self, value, ctx):
        yield value


class Pair(ProcessJoinFunction):
    def process_element(self, left, right, ctx):
        yield left, right


class Broadcast(BroadcastProcessFunction):
    def process_element(self, value, ctx):
        yield value

    def process_broadcast_element(self, value, ctx):
        yield value


class Asynchronous(AsyncFunction):
    async def async_invoke(self, value):
        return [value]


FUNCTIONS = [kind() for kind in (Both, Process, Pair, Broadcast, Asynchronous)]


def specs(limit=1):
    """The specs of a program with all kinds of operators, made anew at each call from the same functions."""
    both, process, pair, broadcast, asynchronous = FUNCTIONS
    one_phase = Configuration.from_dict({"pyflinkx.agg-phase-strategy": "ONE_PHASE"})
    env = StreamExecutionEnvironment.get_execution_environment(one_phase)
    timed = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_seconds(1)).with_timestamp_column("value")
    rows = env.from_collection([Row(key=1, value=2)], ROW).assign_timestamps_and_watermarks(timed)
    columns = env.from_numpy({"key": np.arange(2), "value": np.arange(2)}).assign_timestamps_and_watermarks(timed)
    numbers = env.from_source(NumberSequenceSource(1, 3), timed.with_timestamp_assigner(add), "numbers")
    rows.map(double).filter(double).flat_map(double).print()
    rows.project(1, 0).print()
    rows.filter(col("value") > limit).select("key", twice=col("value") * 2).print()
    keyed = rows.key_by("key")
    keyed.reduce(add).print()
    keyed.sum("value").print()
    keyed.process(process).add_sink(print)
    keyed.window(TumblingEventTimeWindows.of(10)).reduce(add).print()
    keyed.window(EventTimeSessionWindows.with_gap(Time.seconds(1))).trigger(CountTrigger.of(5)).reduce(add).print()
    keyed.interval_join(rows.key_by("key")).between(0, 5).process(pair).print()
    rows.join(rows).where(key_of).equal_to(key_of).window(TumblingEventTimeWindows.of(10)).apply(add).print()
    rows.connect(numbers).map(both).print()
    rows.connect(numbers.broadcast(MapStateDescriptor("s", Types.LONG(), Types.LONG()))).process(broadcast).print()
    AsyncDataStream.ordered_wait(rows, asynchronous, Time.seconds(1)).print()
    rows.full_window_partition().reduce(add).print()
    rows.cache().split(double).select("a").print()
    by_column = columns.key_by("key")
    by_column.agg(n=agg.count(), last=agg.last("value")).print()
    by_column.window(TumblingEventTimeWindows.of(10)).agg(n=agg.count()).print()
    by_column.count_window(10).agg(n=agg.count()).print()
    by_column.interval_join(columns.key_by("key")).between(0, 5).rows().print()
    columns.map(double).print()
    nodes = env._graph(None).nodes
    phases = [(node.name, node.two_phase) for node in nodes if node.two_phase is not None]
    return [
        *((node.name, node.spec) for node in nodes if node.spec is not None),
        *((f"Local {name}", phase.first) for name, phase in phases),
        *((f"Global {name}", phase.second) for name, phase in phases),
    ]


def test_every_operator_is_data():
    found = specs()
    assert len(found) > 50
    for name, spec in found:
        assert isinstance(spec, OperatorSpec), name
        assert issubclass(spec.operator, Operator), name


def test_equal_programs_have_equal_specs():
    for (name, one), (_, other) in zip(specs(), specs(), strict=True):
        if name.startswith(("Print", "Cache Sink")):
            continue  # a sink is the user's object, and equal to itself only
        assert one is not other
        assert one == other, name
        assert hash(one) == hash(other), name


def test_another_constant_makes_another_spec():
    different = [name for (name, one), (_, other) in zip(specs(1), specs(2), strict=True) if one != other]
    assert [name for name in different if not name.startswith(("Print", "Cache Sink"))] == ["Filter"]


def test_specs_travel():
    for name, spec in specs():
        if name == "Cache Sink":
            continue  # whose buffer stays here; see runtime.job_pickle
        copy = pickle.loads(cloudpickle.dumps(spec))
        assert copy.operator is spec.operator, name
        assert len(copy.arguments) == len(spec.arguments)
        assert [option for option, _ in copy.options] == [option for option, _ in spec.options]
        assert copy.produces == spec.produces
        if "Local" not in spec.operator.__name__:  # which gets the rest with the parallelism
            assert type(copy.build()) is spec.operator, name


def test_keys_can_be_asked_for():
    found = dict(specs())
    assert found["KEYED PROCESS"].input(0).keys((7, 8)) == 7
    assert found["Aggregate"].input(0).columns == ("key",)
    assert found["Interval Join"].input(1).columns == ("key",)
    assert found["Map"].input(0) == InputSpec()
    assert [found[name].input(0).inserts_only for name in ("Reduce", "Window Reduce", "Aggregate", "Map")] == [
        True,
        True,
        True,
        False,
    ]
    assert [found[name].produces for name in ("Map", "Filter", "Aggregate")] == [CARRIED, None, INSERT_ONLY]


def test_a_spec_is_frozen():
    with pytest.raises(AttributeError):
        OperatorSpec.of(object).arguments = (1,)


EQUAL = [
    (lambda: (col("a") + 1 > 5) & col("b").isin([1, 2]), lambda: (col("a") + 1 > 6) & col("b").isin([1, 2])),
    (lambda: itemgetter(1), lambda: itemgetter(2)),
    (lambda: attrgetter("a"), lambda: attrgetter("b")),
    (
        lambda: FieldTuple((itemgetter(1), FieldPath(("a", 0)))),
        lambda: FieldTuple((itemgetter(1), FieldPath(("a", 1)))),
    ),
    (lambda: UserFunction(double), lambda: UserFunction(add)),
    (lambda: {"a": [1, (2,)]}, lambda: {"a": [1, (3,)]}),
    (lambda: TumblingEventTimeWindows.of(5), lambda: TumblingEventTimeWindows.of(6)),
    (lambda: ROW, lambda: Types.ROW([Types.LONG()])),
    (lambda: 1, lambda: True),
    (lambda: Process, lambda: Pair),
]


@pytest.mark.parametrize(("make", "other"), EQUAL)
def test_parts_are_compared_by_what_they_say(make, other):
    assert same(make(), make())
    assert not same(make(), other())


def test_functions_of_the_users_are_equal_to_themselves_only():
    assert not same(Process(), Process())
    assert not same(lambda x: x, lambda x: x)


def test_deep_expressions_can_be_compared():
    def deep(constant):
        return reduce(lambda found, _: found + constant, range(20_000), col("a"))

    assert same(deep(1), deep(1))
    assert not same(deep(1), deep(2))


def test_the_other_fields_count_too():
    spec = OperatorSpec.of(object, 1)
    assert spec != spec.producing(RETRACT)
    assert spec != spec.reading(InputSpec(inserts_only=True))
    assert spec != spec.with_arguments(2)
    assert spec != spec.with_arguments(option=2)
    assert spec != OperatorSpec(object, (1,), states=(StateSpec("s", "value"),))
    assert spec != 1
