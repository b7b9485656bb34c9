"""What Flink's documentation says of windows, one test each; both ways of running them where both apply."""

import math
import weakref

import pytest

from pyflinkx._core.calls.window_types import GlobalWindow
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.errors import GraphError, JobExecutionError, KeyTypeError
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.operators.window import BATCH_SIZE, WindowOperator
from pyflinkx.operators.windowing.assigners import (
    EventTimeSessionWindows,
    GlobalWindows,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
)
from pyflinkx.operators.windowing.triggers import (
    ContinuousEventTimeTrigger,
    ContinuousProcessingTimeTrigger,
    CountTrigger,
    EventTimeTrigger,
    NeverTrigger,
    ProcessingTimeTrigger,
    PurgingTrigger,
    TriggerResult,
)
from pyflinkx.testing.harness import OperatorHarness
from pyflinkx.types.output_tag import OutputTag
from tests.operators.window_cases import add, first, windows

# ---- firing ----


def test_a_window_fires_when_the_watermark_reaches_its_last_millisecond(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger, reduce=add)
    harness.push([("a", 1), ("b", 2), ("a", 4), ("a", 8)], [0, 3, 9, 10])
    harness.watermark(8)
    assert harness.take() == []
    harness.watermark(9)
    assert harness.take() == [(("a", 5), 9), (("b", 2), 9)]
    harness.finish()
    assert harness.take() == [(("a", 8), 19)]


def test_the_watermark_follows_the_results_that_it_caused(trigger):
    order = []

    class Output:
        def emit(self, batch):
            order.extend(batch.values)

        def emit_watermark(self, timestamp):
            order.append(timestamp)

    harness = windows(TumblingEventTimeWindows(10), trigger, reduce=add)
    harness.operator.output = Output()
    harness.push([("a", 1)], [0])
    harness.watermark(9)
    assert order == [("a", 1), 9]


def test_windows_fire_in_order_of_time(trigger):
    harness = windows(SlidingEventTimeWindows(10, 5), trigger, reduce=add)
    harness.push([("a", 1), ("b", 1), ("c", 1)], [27, 3, 14])
    harness.finish()
    timestamps = [timestamp for _, timestamp in harness.results]
    assert timestamps == sorted(timestamps)
    assert timestamps == [4, 9, 14, 19, 29, 34]


def test_negative_timestamps_fall_in_the_right_window(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger)
    harness.push([("a", 1), ("a", 2), ("a", 3)], [-1, -10, 0])
    harness.finish()
    assert harness.results == [(("a", [("a", 1), ("a", 2)]), -1), (("a", [("a", 3)]), 9)]


def test_results_of_many_keys_come_in_batches(trigger):
    sizes = []
    harness = windows(TumblingEventTimeWindows(10), trigger, key=abs, reduce=max)
    collect = harness.output.emit

    def emit(batch):
        sizes.append(len(batch))
        collect(batch)

    harness.output.emit = emit
    harness.push(range(3000), [0] * 3000)
    harness.watermark(9)
    assert harness.values == list(range(3000))
    assert sizes == [BATCH_SIZE, BATCH_SIZE, 3000 - 2 * BATCH_SIZE]


def test_an_empty_batch_is_nothing(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger)
    harness.push([], [])
    harness.push([])
    harness.finish()
    assert harness.results == []


def test_none_is_a_record_like_any_other(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger, key=lambda r: "k", reduce=lambda a, b: b)
    harness.push([1, None], [0, 1])
    harness.finish()
    assert harness.results == [(None, 9)]


# ---- lateness ----


def test_late_records_are_counted(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger)
    harness.push([("a", 1)], [12])
    harness.watermark(9)
    harness.push([("a", 2), ("a", 3), ("a", 4)], [9, 0, 10])
    assert harness.counters == {"numLateRecordsDropped": 2}
    harness.finish()
    assert harness.values == [("a", [("a", 1), ("a", 4)])]


def test_late_records_go_to_the_side_output_with_their_timestamps(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger, late_tag=OutputTag("late"))
    harness.watermark(9)
    harness.push([("a", 2), ("a", 3), ("a", 4)], [9, -5, 10])
    assert harness.side_outputs == {"late": [(("a", 2), 9), (("a", 3), -5)]}
    assert harness.counters == {}


def test_lateness_is_judged_by_the_watermark_before_the_batch(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger)
    harness.push([("a", 1), ("a", 2)], [99, 0])
    harness.watermark(50)
    assert harness.values == [("a", [("a", 2)])]


def test_in_the_allowed_lateness_each_record_fires_the_window_again(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger, allowed_lateness=5)
    harness.push([("a", 1)], [3])
    harness.watermark(9)
    harness.push([("a", 2), ("a", 3)], [4, 5])
    harness.watermark(13)
    harness.push([("a", 4)], [5])
    harness.watermark(14)
    harness.push([("a", 5)], [5])
    records = [("a", n) for n in range(1, 5)]
    assert harness.results == [(("a", records[:1]), 9), *((("a", records[:n]), 9) for n in (2, 3, 4))]
    assert harness.counters == {"numLateRecordsDropped": 1}


def test_a_record_late_for_one_of_its_windows_still_joins_the_others(trigger):
    harness = windows(SlidingEventTimeWindows(10, 5), trigger)
    harness.watermark(9)
    harness.push([("a", 1)], [7])
    harness.finish()
    assert harness.results == [(("a", [("a", 1)]), 14)]
    assert harness.counters == {}


def test_contents_are_dropped_after_the_lateness(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger, allowed_lateness=5)
    harness.push([("a", 1)], [3])
    harness.watermark(13)
    assert len(harness.operator.table) == 1
    harness.watermark(14)
    assert len(harness.operator.table) == 0


def test_contents_are_really_freed(trigger):
    class Sum:
        """An accumulator that can be watched."""

    class Sums:
        def create_accumulator(self):
            return Sum()

        def add(self, value, accumulator):
            return accumulator

        def get_result(self, accumulator):
            return weakref.ref(accumulator)

    harness = windows(TumblingEventTimeWindows(10), trigger, aggregate=Sums(), allowed_lateness=5)
    harness.push([("a", 1)], [3])
    harness.watermark(9)
    (sum_of_a,) = harness.values
    assert sum_of_a() is not None
    harness.watermark(14)
    assert sum_of_a() is None


def test_a_cleanup_time_beyond_64_bits_is_never(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger, allowed_lateness=MAX_WATERMARK)
    harness.push([("a", 1)], [3])
    harness.watermark(2**62)
    harness.push([("a", 2)], [3])
    assert harness.values == [("a", [("a", 1)]), ("a", [("a", 1), ("a", 2)])]


# ---- keys ----


def test_equal_keys_are_one_key(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger, key=abs, reduce=lambda a, b: a + b)
    harness.push([1, 1.0, True, 2], [1, 2, 3, 4])
    harness.finish()
    assert harness.values == [3.0, 2]


def test_nan_is_one_key(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger, key=float, window_function=lambda k, w, i: [len(i)])
    harness.push(["nan", "nan", "1"], [1, 2, 3])
    harness.finish()
    assert sorted(harness.values) == [1, 2]
    assert math.isnan(float("nan"))


@pytest.mark.parametrize("key", [{1}, {1: 2}, object()], ids=["set", "dict", "object"])
def test_a_key_without_a_canonical_form_is_refused(trigger, key):
    harness = windows(TumblingEventTimeWindows(10), trigger, key=lambda r: key)
    with pytest.raises(JobExecutionError, match="on record 'x'") as failure:
        harness.push(["x"], [1])
    assert isinstance(failure.value.__cause__, KeyTypeError)


# ---- arguments ----


class NotAnAggregate:
    pass


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, GraphError, "needs a reduce, aggregate or window function"),
        ({"reduce": add, "aggregate": NotAnAggregate()}, GraphError, "not both"),
        ({"aggregate": NotAnAggregate()}, TypeError, "create_accumulator"),
        ({"reduce": 3}, TypeError, "reduce"),
        ({"window_function": "f"}, TypeError, "apply"),
        ({"reduce": add, "trigger": "often"}, TypeError, "Trigger"),
        ({"reduce": add, "assigner": 5}, TypeError, "WindowAssigner"),
        ({"reduce": add, "key_selector": 5}, TypeError, "get_key"),
        ({"reduce": add, "allowed_lateness": -1}, ValueError, "negative"),
        ({"reduce": add, "assigner": EventTimeSessionWindows(1), "trigger": NeverTrigger()}, GraphError, "can_merge"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, error, message):
    given = {"key_selector": first, "assigner": TumblingEventTimeWindows(10), **arguments}
    with pytest.raises(error, match=message):
        WindowOperator(given.pop("key_selector"), given.pop("assigner"), given.pop("trigger", None), **given)


def test_triggers_merge_where_flinks_do():
    for trigger in (EventTimeTrigger(), ProcessingTimeTrigger(), CountTrigger(1), ContinuousEventTimeTrigger(1)):
        assert trigger.can_merge()
        assert PurgingTrigger(trigger).can_merge()
    assert not NeverTrigger().can_merge()
    assert not PurgingTrigger(NeverTrigger()).can_merge()


@pytest.mark.parametrize(
    "make",
    [lambda: CountTrigger(0), lambda: ContinuousEventTimeTrigger(0), lambda: ContinuousProcessingTimeTrigger(-1)],
)
def test_triggers_refuse_what_makes_no_sense(make):
    with pytest.raises(ValueError, match="Trigger"):
        make()


def test_trigger_results():
    table = {result.name: (result.is_fire(), result.is_purge()) for result in TriggerResult}
    assert table == {
        "CONTINUE": (False, False),
        "FIRE": (True, False),
        "PURGE": (False, True),
        "FIRE_AND_PURGE": (True, True),
    }


def test_row_batches_without_timestamps_go_into_global_windows():
    operator = WindowOperator(first, GlobalWindows(), CountTrigger(1), window_function=lambda k, w, i: [w])
    with OperatorHarness(operator) as harness:
        operator.process_batch(ObjectBatch([("a", 1)]))
        assert harness.values == [GlobalWindow()]
