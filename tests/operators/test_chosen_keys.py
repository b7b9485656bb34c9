"""Keys that were chosen to have one hash in Python, through everything that keeps something by key.

What is counted is how often keys are looked at: each of them holds a time of a zone of its own, which is asked for its
offset whenever the key is hashed or compared with another. In a dict n such keys are compared n * n / 2 times.
"""

from datetime import datetime, timedelta, tzinfo

import pytest

from pyflinkx._core.records.row import Row
from pyflinkx.operators.broadcast import BroadcastOperator
from pyflinkx.operators.functions import UserFunction
from pyflinkx.operators.interval_join import IntervalJoinOperator
from pyflinkx.operators.partition import MapPartitionOperator, ReducePartitionOperator
from pyflinkx.operators.process import KeyedProcessOperator
from pyflinkx.operators.reduce import ReduceOperator
from pyflinkx.operators.sorted_input import SortedInputOperator
from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing.assigners import (
    EventTimeSessionWindows,
    SlidingProcessingTimeWindows,
    TumblingEventTimeWindows,
)
from pyflinkx.state import MapStateDescriptor, StateTtlConfig, ValueStateDescriptor
from pyflinkx.testing.harness import OperatorHarness
from pyflinkx.types.time import Time

COUNT = 600
MODULUS = 2**61 - 1
LOOKS = (
    70 * COUNT
)  # that an operator may take for two records of each key and all that follows; a dict takes 600 * COUNT


class Zone(tzinfo):
    """Counts how often it is asked."""

    asked = 0

    def utcoffset(self, when):
        Zone.asked += 1
        return timedelta(0)


def time():
    return datetime(2020, 1, 1, tzinfo=Zone())


SHAPES = {
    "pairs": lambda i: (time(), i * MODULUS),
    "nested": lambda i: ("a", ((time(), None), (i * MODULUS,))),
    "rows": lambda i: Row(time(), i * MODULUS),
    "mixed": lambda i: (time(), [i * MODULUS, float(i << 61), (i * MODULUS, 1)][i % 3]),
}


@pytest.fixture(params=SHAPES)
def chosen(request):
    return [SHAPES[request.param](i) for i in range(COUNT)]


@pytest.fixture(autouse=True)
def looked_at_seldom(chosen):
    Zone.asked = 0
    yield
    assert 0 < Zone.asked < LOOKS


def key_of(record):
    return record[0]


def number_of(record):
    return record[1]


def records(chosen):
    """Twice each key, with a number that stands for it."""
    return [(key, number) for _ in range(2) for number, key in enumerate(chosen)]


def added(first, second):
    return first[0], first[1] + second[1]


def test_a_dict_is_filled_badly(chosen):
    """What the others are measured by."""
    table = dict.fromkeys(chosen[:100])
    assert len(table) == 100
    assert Zone.asked > 100 * 99 / 4 / 3
    Zone.asked = 1


def test_reduce(chosen):
    harness = OperatorHarness(ReduceOperator(UserFunction(added), key_of))
    harness.push(records(chosen))
    assert [number for _, number in harness.values] == [*range(COUNT), *range(0, 2 * COUNT, 2)]


def test_partitions(chosen):
    harness = OperatorHarness(ReducePartitionOperator(UserFunction(added), key_of))
    harness.push(records(chosen))
    harness.finish()
    assert list(map(number_of, harness.values)) == list(range(0, 2 * COUNT, 2))
    harness = OperatorHarness(MapPartitionOperator(UserFunction(lambda held: [len(list(held))]), key_of))
    harness.push(records(chosen)[:COUNT])
    harness.finish()
    assert harness.values == [1] * COUNT


@pytest.mark.parametrize(
    "assigner", [TumblingEventTimeWindows.of(Time.milliseconds(10)), EventTimeSessionWindows.with_gap(5)], ids=str
)
def test_windows(chosen, assigner):
    harness = OperatorHarness(WindowOperator(key_of, assigner, reduce=added))
    harness.push(records(chosen), [1] * (2 * COUNT))
    harness.watermark(100)
    assert list(map(number_of, harness.values)) == list(range(0, 2 * COUNT, 2))


def test_windows_with_timers(chosen):
    assigner = SlidingProcessingTimeWindows.of(Time.milliseconds(10), Time.milliseconds(10))
    harness = OperatorHarness(WindowOperator(key_of, assigner, reduce=added), now=5)
    harness.push(records(chosen))
    harness.set_processing_time(10)
    assert list(map(number_of, harness.values)) == list(range(0, 2 * COUNT, 2))


class Remembering:
    """Counts the records of a key, and gives the count back when a timer says so."""

    descriptor = ValueStateDescriptor("count")

    def open(self, runtime_context):
        self.count = runtime_context.get_state(self.descriptor)

    def process_element(self, record, context):
        self.count.update((self.count.value() or 0) + record[1])
        context.timer_service().register_event_time_timer(10)

    def on_timer(self, timestamp, context):
        yield self.count.value()
        self.count.clear()


def process(function, on_timer=True):
    call = UserFunction(function.process_element, function)
    return KeyedProcessOperator([call], [key_of], function.on_timer if on_timer else None)


def test_state_and_timers(chosen):
    harness = OperatorHarness(process(Remembering()))
    harness.push(records(chosen))
    harness.watermark(10)
    assert harness.values == list(range(0, 2 * COUNT, 2))


def test_state_with_a_time_to_live(chosen):
    class Limited(Remembering):
        descriptor = ValueStateDescriptor("count")
        descriptor.enable_time_to_live(StateTtlConfig.new_builder(Time.seconds(1)).build())

    harness = OperatorHarness(process(Limited()))
    harness.push(records(chosen))
    harness.watermark(10)
    assert harness.values == list(range(0, 2 * COUNT, 2))


def test_input_that_is_sorted_for_a_batch_job(chosen):
    harness = OperatorHarness(SortedInputOperator(process(Remembering()), [key_of]))
    harness.push(records(chosen))
    harness.finish()
    assert harness.values == list(range(0, 2 * COUNT, 2))


@pytest.mark.parametrize("limited", [False, True])
def test_maps_that_a_function_keeps(chosen, limited):
    class Mapping:
        def open(self, runtime_context):
            descriptor = MapStateDescriptor("seen")
            if limited:
                descriptor.enable_time_to_live(StateTtlConfig.new_builder(Time.seconds(1)).build())
            self.seen = runtime_context.get_map_state(descriptor)

        def process_element(self, record, context):
            self.seen.put(record[1], (self.seen.get(record[1]) or 0) + record[2])
            yield self.seen.get(record[1])

    harness = OperatorHarness(process(Mapping(), on_timer=False))
    harness.push([("k", *record) for record in records(chosen)])
    assert harness.values == [*range(COUNT), *range(0, 2 * COUNT, 2)]


def test_broadcast_maps(chosen):
    rules = MapStateDescriptor("rules")

    def keep(record, context):
        state = context.get_broadcast_state(rules)
        state.put(record[0], (state.get(record[0]) or 0) + record[1])

    def look(record, context):
        yield context.get_broadcast_state(rules).get(record[0])

    harness = OperatorHarness(BroadcastOperator([UserFunction(look), UserFunction(keep)], [rules]))
    harness.push(records(chosen), port=1)
    harness.push(records(chosen)[:COUNT])
    assert harness.values == list(range(0, 2 * COUNT, 2))


def test_interval_join(chosen):
    def pair(left, right, context):
        yield left[1], right[1]

    harness = OperatorHarness(IntervalJoinOperator(UserFunction(pair), [key_of, key_of], 0, 5))
    both = records(chosen)
    harness.push(both[:COUNT], [1] * COUNT)
    harness.push(both[COUNT:], [2] * COUNT, port=1)
    assert harness.values == [(number, number) for number in range(COUNT)]
    harness.watermark(100)
