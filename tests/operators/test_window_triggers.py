"""Triggers, assigners and merging windows, each as Flink's documentation has it."""

import pytest

from pyflinkx._core.calls.window_types import TimeWindow, Window
from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.base import MAX_WATERMARK, MIN_WATERMARK
from pyflinkx.operators.windowing.assigners import (
    EventTimeSessionWindows,
    GlobalWindows,
    MergingWindowAssigner,
    ProcessingTimeSessionWindows,
    TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
    WindowAssigner,
)
from pyflinkx.operators.windowing.triggers import (
    ContinuousEventTimeTrigger,
    ContinuousProcessingTimeTrigger,
    CountTrigger,
    EventTimeTrigger,
    PurgingTrigger,
    Trigger,
    TriggerResult,
)
from pyflinkx.state import ListStateDescriptor, ReducingStateDescriptor, ValueStateDescriptor
from tests.operators.window_cases import windows

# ---- triggers ----


def test_a_purging_trigger_drops_the_contents():
    harness = windows(TumblingEventTimeWindows(10), PurgingTrigger.of(EventTimeTrigger.create()), allowed_lateness=5)
    harness.push([("a", 1)], [3])
    harness.watermark(9)
    harness.push([("a", 2)], [3])
    assert harness.values == [("a", [("a", 1)]), ("a", [("a", 2)])]


def test_a_count_trigger_fires_every_n_records_and_keeps_them():
    harness = windows(GlobalWindows.create(), CountTrigger.of(2))
    harness.push([("a", 1), ("b", 2), ("a", 3), ("a", 4), ("a", 5)])
    assert harness.results == [
        (("a", [("a", 1), ("a", 3)]), MAX_WATERMARK),
        (("a", [("a", 1), ("a", 3), ("a", 4), ("a", 5)]), MAX_WATERMARK),
    ]


def test_a_count_trigger_counts_on_after_a_merge():
    harness = windows(EventTimeSessionWindows(5), CountTrigger(3))
    harness.push([("a", 1), ("a", 2)], [0, 8])
    assert harness.results == []
    harness.push([("a", 3)], [4])
    (result, _), *others = harness.results
    assert sorted(result[1]) == [("a", 1), ("a", 2), ("a", 3)]
    assert others == []


def test_a_global_window_never_fires_by_itself():
    harness = windows(GlobalWindows())
    harness.push([("a", 1)], [0])
    harness.finish()
    assert harness.results == []


def test_a_global_window_with_an_event_time_trigger_fires_at_the_end_of_input():
    harness = windows(GlobalWindows(), EventTimeTrigger())
    harness.push([("a", 1)], [0])
    harness.finish()
    assert harness.results == [(("a", [("a", 1)]), MAX_WATERMARK)]


def test_a_continuous_trigger_fires_by_interval_and_at_the_end():
    harness = windows(TumblingEventTimeWindows(10), ContinuousEventTimeTrigger.of(4))
    harness.push([("a", 1)], [1])
    fired = []
    for watermark in range(12):
        harness.watermark(watermark)
        if harness.take():
            fired.append(watermark)
    assert fired == [4, 8, 9]
    assert len(harness.operator.windowing.event_timers) == 0
    assert all(len(table) == 0 for table in harness.operator.backend.tables.values())


def test_a_continuous_trigger_fires_with_negative_timestamps():
    harness = windows(TumblingEventTimeWindows(10), ContinuousEventTimeTrigger(4))
    harness.push([("a", 1)], [-9])
    harness.watermark(-8)
    assert len(harness.take()) == 1


def test_a_continuous_trigger_survives_merging():
    harness = windows(EventTimeSessionWindows(10), ContinuousEventTimeTrigger(4))
    harness.push([("a", 1), ("a", 2)], [1, 7])
    fired = []
    for watermark in range(20):
        harness.watermark(watermark)
        if harness.take():
            fired.append(watermark)
    assert fired == [4, 8, 12, 16]
    assert len(harness.operator.windowing.event_timers) == 0


def test_a_late_record_fires_a_continuous_trigger():
    harness = windows(TumblingEventTimeWindows(10), ContinuousEventTimeTrigger(4), allowed_lateness=100)
    harness.watermark(20)
    harness.push([("a", 1)], [1])
    assert len(harness.take()) == 1


def test_a_continuous_processing_time_trigger():
    harness = windows(TumblingProcessingTimeWindows(10), ContinuousProcessingTimeTrigger.of(4))
    harness.set_processing_time(1)
    harness.push([("a", 1)])
    fired = []
    for now in range(2, 13):
        harness.set_processing_time(now)
        if harness.take():
            fired.append(now)
    assert fired == [5, 9, 10]
    assert harness.operator.next_processing_timer() is None


def test_early_results_of_event_time_windows_by_the_clock():
    """The clock is far past the end of the windows: the trigger goes on by its interval and does not spin."""
    harness = windows(TumblingEventTimeWindows(10), ContinuousProcessingTimeTrigger(100))
    harness.set_processing_time(1000)
    harness.push([("a", 1)], [1])
    harness.set_processing_time(1101)
    harness.set_processing_time(1150)
    harness.set_processing_time(1201)
    assert len(harness.take()) == 2
    harness.watermark(9)
    harness.set_processing_time(5000)
    assert harness.results == []


def test_processing_time_sessions():
    harness = windows(ProcessingTimeSessionWindows(10))
    for now, value in [(0, 1), (5, 2), (14, 3), (30, 4)]:
        harness.set_processing_time(now)
        harness.push([("a", value)])
    harness.set_processing_time(39)
    assert harness.results == [(("a", [("a", 1), ("a", 2), ("a", 3)]), 23)]
    harness.set_processing_time(40)
    assert harness.results[1:] == [(("a", [("a", 4)]), 39)]


def test_a_processing_time_window_takes_records_up_to_its_last_millisecond():
    harness = windows(TumblingProcessingTimeWindows(10))
    harness.set_processing_time(9)
    harness.push([("a", 1)])
    assert harness.operator.next_processing_timer() == 10
    harness.set_processing_time(9)
    harness.push([("a", 2)])
    harness.set_processing_time(10)
    assert harness.results == [(("a", [("a", 1), ("a", 2)]), 9)]


def test_processing_time_windows_do_not_fire_at_the_end_of_input():
    harness = windows(TumblingProcessingTimeWindows(10))
    harness.push([("a", 1)])
    harness.finish()
    assert harness.results == []


def test_a_trigger_of_the_users_own_sees_its_context():
    calls = []

    class OnBang(Trigger):
        def on_element(self, element, timestamp, window, ctx):
            seen = ctx.get_partitioned_state(ListStateDescriptor("seen"))
            seen.add(element[1])
            calls.append(
                (element, timestamp, window, ctx.get_current_watermark(), ctx.get_current_processing_time(), seen.get())
            )
            ctx.register_event_time_timer(5)
            ctx.register_event_time_timer(6)
            ctx.delete_event_time_timer(6)
            ctx.register_processing_time_timer(70)
            ctx.register_processing_time_timer(80)
            ctx.delete_processing_time_timer(80)
            return TriggerResult.FIRE_AND_PURGE if element[1] == "!" else TriggerResult.CONTINUE

        def on_event_time(self, time, window, ctx):
            calls.append(("event time", time, ctx.get_current_watermark()))
            return TriggerResult.CONTINUE

        def on_processing_time(self, time, window, ctx):
            calls.append(("processing time", time, ctx.get_current_processing_time()))
            return TriggerResult.PURGE

        def on_merge(self, window, ctx):
            raise AssertionError("these windows do not merge")

        def clear(self, window, ctx):
            calls.append(("clear", window))
            ctx.get_partitioned_state(ListStateDescriptor("seen")).clear()

    harness = windows(TumblingEventTimeWindows(10), OnBang())
    harness.push([("a", 1), ("a", "!")], [1, 2])
    window = TimeWindow(0, 10)
    assert calls == [
        (("a", 1), 1, window, MIN_WATERMARK, 0, [1]),
        (("a", "!"), 2, window, MIN_WATERMARK, 0, [1, "!"]),
    ]
    assert harness.take() == [(("a", [("a", 1), ("a", "!")]), 9)]
    harness.push([("a", 2)], [3])
    del calls[:]
    harness.watermark(7)
    assert calls == [("event time", 5, 7)]
    assert len(harness.operator.table) == 1
    harness.set_processing_time(75)
    assert calls[1:] == [("processing time", 70, 75)]
    assert len(harness.operator.table) == 0
    harness.watermark(9)
    assert calls[2:] == [("event time", 9, 9), ("clear", window)]
    assert harness.results == []
    assert all(len(table) == 0 for table in harness.operator.backend.tables.values())


def test_a_trigger_that_returns_nothing_is_told_so():
    class Forgetful(EventTimeTrigger):
        def on_element(self, element, timestamp, window, ctx):
            pass

    with pytest.raises(JobExecutionError, match="Forgetful returned None"):
        windows(TumblingEventTimeWindows(10), Forgetful()).push([("a", 1)], [1])


def test_merging_state_that_cannot_be_merged_is_refused():
    class Wrong(EventTimeTrigger):
        def on_merge(self, window, ctx):
            ctx.merge_partitioned_state(ValueStateDescriptor("v"))

    with pytest.raises(JobExecutionError, match="cannot be merged"):
        windows(EventTimeSessionWindows(5), Wrong()).push([("a", 1), ("a", 2)], [1, 3])


# ---- assigners of the user's own ----


def test_an_assigner_of_the_users_own():
    class ByParity(WindowAssigner):
        def assign_windows(self, element, timestamp, context):
            seen = context.get_runtime_context().get_reducing_state(ReducingStateDescriptor("n", lambda a, b: a + b))
            seen.add(1)
            return [TimeWindow(0, 100)] if seen.get() % 2 else [TimeWindow(0, 100), TimeWindow(100, 200)]

        def get_default_trigger(self, env=None):
            return EventTimeTrigger()

        def is_event_time(self):
            return True

    harness = windows(ByParity())
    harness.push([("a", 1), ("a", 2), ("b", 3), ("a", 4)], [1, 2, 3, 4])
    harness.finish()
    assert harness.results == [
        (("a", [("a", 1), ("a", 2), ("a", 4)]), 99),
        (("b", [("b", 3)]), 99),
        (("a", [("a", 2)]), 199),
    ]


def test_windows_of_the_users_own():
    class Named(Window):
        def __init__(self, name):
            self.name = name

        def __eq__(self, other):
            return isinstance(other, Named) and self.name == other.name

        def __hash__(self):
            return hash(self.name)

        def max_timestamp(self):
            return {"day": 99, "night": 199}[self.name]

    class DayAndNight(WindowAssigner):
        def assign_windows(self, element, timestamp, context):
            return [Named("day" if timestamp < 100 else "night")]

        def get_default_trigger(self, env=None):
            return EventTimeTrigger()

        def is_event_time(self):
            return True

    harness = windows(DayAndNight(), window_function=lambda key, window, inputs: [(window.name, len(inputs))])
    harness.push([("a", 1), ("a", 2), ("a", 3)], [5, 150, 6])
    harness.finish()
    assert harness.results == [(("day", 2), 99), (("night", 1), 199)]


def test_a_merge_into_the_past_is_refused():
    class Shrinking(MergingWindowAssigner):
        def assign_windows(self, element, timestamp, context):
            return [TimeWindow(timestamp, timestamp + 10)]

        def merge_windows(self, windows, callback):
            windows = list(windows)
            if len(windows) > 1:
                callback.merge(windows, TimeWindow(-100, -90))

        def get_default_trigger(self, env=None):
            return EventTimeTrigger()

        def is_event_time(self):
            return True

    harness = windows(Shrinking())
    harness.watermark(0)
    with pytest.raises(JobExecutionError, match="which has ended already"):
        harness.push([("a", 1), ("a", 2)], [5, 6])


# ---- sessions ----


def test_sessions_that_touch_are_one():
    harness = windows(EventTimeSessionWindows(5))
    harness.push([("a", 1), ("a", 2), ("b", 3)], [0, 5, 6])
    harness.finish()
    assert harness.results == [(("a", [("a", 1), ("a", 2)]), 9), (("b", [("b", 3)]), 10)]


def test_a_record_late_on_its_own_is_not_when_it_joins_a_live_session():
    harness = windows(EventTimeSessionWindows(10))
    harness.push([("a", 1)], [15])
    harness.watermark(18)
    harness.push([("a", 2), ("b", 3)], [6, 6])
    assert harness.counters == {"numLateRecordsDropped": 1}
    harness.finish()
    assert harness.results == [(("a", [("a", 1), ("a", 2)]), 24)]


def test_a_dynamic_gap_that_repeats_a_merged_session_keeps_its_contents():
    harness = windows(EventTimeSessionWindows.with_dynamic_gap(lambda r: r[1]))
    harness.push([("a", 10), ("a", 12), ("a", 20)], [0, 8, 0])
    harness.finish()
    assert harness.results == [(("a", [("a", 10), ("a", 12), ("a", 20)]), 19)]


def test_a_session_that_grows_moves_no_contents():
    harness = windows(EventTimeSessionWindows(5))
    for at in range(0, 40, 4):
        harness.push([("a", at)], [at])
        assert list(harness.operator.table.namespaces) == [TimeWindow(0, 5)]
    assert len(harness.operator.windowing.event_timers) == 1


def test_a_timer_that_outlives_its_session_is_ignored():
    class Untidy(EventTimeTrigger):
        def on_element(self, element, timestamp, window, ctx):
            ctx.register_event_time_timer(1000)
            return super().on_element(element, timestamp, window, ctx)

        def on_event_time(self, time, window, ctx):
            assert time < 1000
            return super().on_event_time(time, window, ctx)

    harness = windows(EventTimeSessionWindows(5), Untidy())
    harness.push([("a", 1)], [0])
    harness.watermark(999)
    assert len(harness.take()) == 1
    harness.watermark(1000)
    assert harness.results == []
    assert all(len(table) == 0 for table in harness.operator.backend.tables.values())


def test_a_session_that_grows_leaves_no_timers():
    harness = windows(EventTimeSessionWindows(5), allowed_lateness=100)
    for at in range(0, 40, 4):
        harness.push([("a", at)], [at])
    assert [timer[0] for timer in harness.operator.windowing.event_timers.items()] == [40, 140]


def test_a_growing_session_clears_its_triggers():
    cleared = []

    class Clearing(EventTimeTrigger):
        def clear(self, window, ctx):
            cleared.append(window)
            super().clear(window, ctx)

    harness = windows(EventTimeSessionWindows(5), Clearing())
    harness.push([("a", 1), ("a", 2), ("a", 3)], [0, 8, 4])
    assert cleared == [TimeWindow(0, 5), TimeWindow(8, 13)]
    harness.finish()
    assert cleared[2:] == [TimeWindow(0, 13)]
