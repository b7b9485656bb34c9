"""Operators whose state is elsewhere than in memory: what they change without putting it back is lost there."""

import pickle
from functools import cache, partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.state.keyed import ABSENT
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.interval_join import IntervalJoinOperator
from pyflinkx.operators.partition import (
    AggregatePartitionOperator,
    MapPartitionOperator,
    ReducePartitionOperator,
    SortPartitionOperator,
)
from pyflinkx.operators.process import KeyedProcessOperator
from pyflinkx.operators.reduce import ReduceOperator
from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing.assigners import (
    EventTimeSessionWindows,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
)
from pyflinkx.operators.windowing.evictors import CountEvictor
from pyflinkx.operators.windowing.triggers import CountTrigger
from pyflinkx.state import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    StateBackend,
    StateTable,
    StateTtlConfig,
    ValueStateDescriptor,
)
from pyflinkx.testing.harness import OperatorHarness
from pyflinkx.types.time import Time
from tests.state.backends import LITTLE, ROCKSDB, state_backend


class PickledTable(StateTable):
    """Keeps bytes, as a store on disk does."""

    def get(self, namespace):
        stored = super().get(namespace)
        return stored if stored is ABSENT else pickle.loads(stored)

    edit = get

    def put(self, namespace, value):
        super().put(namespace, pickle.dumps(value))
        return 0

    def remove(self, namespace):
        stored = super().remove(namespace)
        return stored if stored is ABSENT else pickle.loads(stored)

    def take_all(self):
        return list(map(pickle.loads, super().take_all()))

    def in_memory(self):
        return False


class PickledBackend(StateBackend):
    def table(self, name, kind, context, value_type=None, by_entry=False):
        return PickledTable(name, kind, context)


def key_of(record):
    return record[0]


def joined(first, second):
    return first[0], first[1] + second[1]


class Totals:
    """An accumulator that is changed in place."""

    def create_accumulator(self):
        return [0, 0]

    def add(self, record, accumulator):
        accumulator[0] += record[1]
        accumulator[1] += 1
        return accumulator

    def get_result(self, accumulator):
        return tuple(accumulator)

    def merge(self, a, b):
        a[0] += b[0]
        a[1] += b[1]
        return a


class Everything:
    """Uses each kind of state, and a timer per record."""

    def __init__(self, limited):
        self.limited = limited

    def open(self, runtime_context):
        self.value = runtime_context.get_state(self.described(ValueStateDescriptor("value")))
        self.list = runtime_context.get_list_state(self.described(ListStateDescriptor("list")))
        self.map = runtime_context.get_map_state(self.described(MapStateDescriptor("map")))
        self.least = runtime_context.get_reducing_state(self.described(ReducingStateDescriptor("least", min)))
        self.totals = runtime_context.get_aggregating_state(
            self.described(AggregatingStateDescriptor("totals", Totals()))
        )

    def described(self, descriptor):
        if self.limited:
            config = StateTtlConfig.new_builder(Time.milliseconds(20)).update_ttl_on_read_and_write()
            descriptor.enable_time_to_live(config.cleanup_incrementally(2, True).build())
        return descriptor

    def process_element(self, record, context):
        number = record[1]
        self.value.update(number if number % 5 else None)
        self.list.add(number)
        self.map.put((number % 3, "a"), number)
        if number % 4 == 0:
            self.map.remove((0, "a"))
        if number % 7 == 0:
            self.list.update([number, number])
        self.least.add(number)
        self.totals.add(record)
        context.timer_service().register_event_time_timer(context.timestamp() + number)
        yield self.seen()

    def on_timer(self, timestamp, context):
        yield timestamp, context.get_current_key(), self.seen()
        if timestamp % 3 == 0:
            for state in (self.value, self.list, self.map, self.least, self.totals):
                state.clear()

    def seen(self):
        return self.value.value(), self.list.get(), sorted(self.map.items()), self.least.get(), self.totals.get()


def process(limited):
    function = Everything(limited)
    return KeyedProcessOperator([UserFunction(function.process_element, function)], [key_of], function.on_timer)


def windows(assigner, **more):
    return WindowOperator(key_of, assigner, **more)


class Listed:
    def process(self, key, context, elements):
        state = context.global_state().get_list_state(ListStateDescriptor("all"))
        state.add_all([record[1] for record in elements])
        yield key, context.window(), list(elements), state.get()


SESSIONS, SLIDING = EventTimeSessionWindows.with_gap(4), SlidingEventTimeWindows.of(10, 5)
OPERATORS = {
    "reduce": lambda: ReduceOperator(UserFunction(joined), key_of),
    "process": lambda: process(False),
    "process with a time to live": lambda: process(True),
    "tumbling, reduced": lambda: windows(TumblingEventTimeWindows.of(10), reduce=joined, allowed_lateness=7),
    "sliding, aggregated": lambda: windows(SLIDING, aggregate=Totals()),
    "sliding, listed": lambda: windows(SLIDING, window_function=Listed(), allowed_lateness=3),
    "sessions, reduced": lambda: windows(SESSIONS, reduce=joined),
    "sessions, aggregated": lambda: windows(SESSIONS, aggregate=Totals(), allowed_lateness=5),
    "sessions, listed": lambda: windows(SESSIONS, window_function=Listed()),
    "counted": lambda: windows(SLIDING, trigger=CountTrigger(2), window_function=Listed()),
    "evicted": lambda: windows(SLIDING, window_function=Listed(), evictor=CountEvictor.of(2), allowed_lateness=9),
    "map partition": lambda: MapPartitionOperator(UserFunction(lambda held: [list(held)]), key_of),
    "sort partition": lambda: SortPartitionOperator(UserFunction(lambda record: -record[1]), key_of),
    "sort all": lambda: SortPartitionOperator(UserFunction(lambda record: -record[1]), None),
    "reduce partition": lambda: ReducePartitionOperator(UserFunction(joined), key_of),
    "aggregate partition": lambda: AggregatePartitionOperator(UserFunction(None, Totals()), key_of),
}

records = st.lists(st.tuples(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), st.integers(0, 40)), max_size=5)
steps = st.lists(st.one_of(records, st.integers(1, 12)), max_size=8)


def run(harness, steps, ports=1):
    watermark = 0
    for number, step in enumerate(steps):
        if isinstance(step, list):
            harness.push([record for record, _ in step], [stamp for _, stamp in step], port=number % ports)
        else:
            watermark += step
            harness.clock.time = watermark
            harness.watermark(watermark)
    harness.finish()
    return harness.results, harness.counters


@pytest.mark.parametrize("name", OPERATORS)
@settings(max_examples=40)
@given(steps)
def test_operators_put_back_what_they_change(name, steps):
    results = [run(OperatorHarness(OPERATORS[name](), state_backend=backend()), steps) for backend in BACKENDS[:2]]
    assert results[0] == results[1]


@pytest.mark.parametrize("kind", [ROCKSDB, LITTLE])
@pytest.mark.parametrize("name", OPERATORS)
@settings(max_examples=20)
@given(steps)
def test_operators_on_rocksdb(name, kind, steps):
    results = []
    for backend in (StateBackend(), in_rocksdb(kind)):
        harness = OperatorHarness(OPERATORS[name](), state_backend=backend)
        found, counters = run(harness, steps)
        harness.close()
        # Keys that are emitted at the end of all input come in the order of the table.
        results.append((sorted(found, key=repr) if "partition" in name else found, counters))
    assert results[0] == results[1]


@cache
def in_rocksdb(kind):
    """One for all examples, which have a database each."""
    return state_backend(kind)


@pytest.mark.parametrize("batch", [False, True])
def test_reduce_in_both_modes(batch):
    steps = [[(("a", 1), 0), (("b", 2), 0)], [(("a", 3), 0)]]
    results = [
        run(OperatorHarness(OPERATORS["reduce"](), state_backend=made(), batch=batch), steps) for made in BACKENDS
    ]
    assert results[0] == results[1]
    if batch:  # keys come in the order of the table
        assert sorted(results[0][0]) == sorted(results[2][0])
    else:
        assert results[0] == results[2]
    assert [value for value, _ in results[0][0]][-2:] == ([("a", 4), ("b", 2)] if batch else [("b", 2), ("a", 4)])


@settings(max_examples=40)
@given(steps)
def test_interval_join(steps):
    def pair(left, right, context):
        yield left, right, context.get_timestamp()

    made = (IntervalJoinOperator(UserFunction(pair), [key_of, key_of], -3, 6) for _ in BACKENDS)
    results = [
        run(OperatorHarness(operator, state_backend=backend()), steps, 2)
        for operator, backend in zip(made, BACKENDS, strict=True)
    ]
    assert results[0] == results[1] == results[2]


BACKENDS = [StateBackend, PickledBackend, partial(in_rocksdb, LITTLE)]
