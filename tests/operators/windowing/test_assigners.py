from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.calls.window_types import CountWindow, GlobalWindow, TimeWindow
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx.operators.windowing.assigners import (
    CountSlidingWindowAssigner,
    CountTumblingWindowAssigner,
    DynamicEventTimeSessionWindows,
    DynamicProcessingTimeSessionWindows,
    EventTimeSessionWindows,
    GlobalWindows,
    MergingWindowAssigner,
    ProcessingTimeSessionWindows,
    SessionWindowTimeGapExtractor,
    SlidingEventTimeWindows,
    SlidingProcessingTimeWindows,
    TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
    WindowAssigner,
)
from pyflinkx.operators.windowing.triggers import EventTimeTrigger, NeverTrigger, ProcessingTimeTrigger, PurgingTrigger
from pyflinkx.state import KeyedStateBackend
from pyflinkx.types.time import Duration, Time


class Context(WindowAssigner.WindowAssignerContext):
    """The clock stands at ``now``; the runtime context is a state backend at one key."""

    def __init__(self, now=0):
        self.now = now
        self.backend = KeyedStateBackend()
        self.backend.context.key = "k"

    def get_current_processing_time(self):
        return self.now

    def get_runtime_context(self):
        return self.backend


class Length(SessionWindowTimeGapExtractor):
    def extract(self, element):
        return len(element)


def assigned(assigner, timestamp=0, now=0, element="x"):
    return list(assigner.assign_windows(element, timestamp, Context(now)))


@pytest.mark.parametrize(
    ("timestamp", "start"), [(0, 0), (9, 0), (10, 10), (-1, -10), (-10, -10), (-11, -20), (12345, 12340)]
)
def test_tumbling(timestamp, start):
    assert assigned(TumblingEventTimeWindows(10), timestamp) == [TimeWindow(start, start + 10)]
    assert assigned(TumblingProcessingTimeWindows(10), 777, timestamp) == [TimeWindow(start, start + 10)]


def test_a_day_in_china_starts_8_hours_early():
    windows = TumblingEventTimeWindows.of(Time.days(1), Time.hours(-8))
    assert assigned(windows, 0) == [TimeWindow(-8 * 3_600_000, 16 * 3_600_000)]


@given(st.integers(-300, 300), st.integers(1, 40), st.integers(1, 40), st.data())
def test_sliding_windows_are_all_that_hold_the_timestamp(timestamp, size, slide, data):
    offset = data.draw(st.integers(-slide + 1, slide - 1))
    expected = [
        TimeWindow(start, start + size)
        for start in range(400, -400, -1)
        if start <= timestamp < start + size and (start - offset) % slide == 0
    ]
    assert assigned(SlidingEventTimeWindows(size, slide, offset), timestamp) == expected
    assert assigned(SlidingProcessingTimeWindows(size, slide, offset), now=timestamp) == expected


def test_sessions():
    assert assigned(EventTimeSessionWindows(10), -3) == [TimeWindow(-3, 7)]
    assert assigned(ProcessingTimeSessionWindows(10), 0, 5) == [TimeWindow(5, 15)]
    assert assigned(EventTimeSessionWindows.with_dynamic_gap(Length()), 5, element="abc") == [TimeWindow(5, 8)]
    assert assigned(ProcessingTimeSessionWindows.with_dynamic_gap(len), 0, 7, element="ab") == [TimeWindow(7, 9)]
    assert assigned(DynamicEventTimeSessionWindows.with_dynamic_gap(len), 0, 7, element="ab") == [TimeWindow(0, 2)]
    assert assigned(DynamicProcessingTimeSessionWindows(len), 0, 7, element="ab") == [TimeWindow(7, 9)]


def test_a_dynamic_gap_must_be_positive():
    with pytest.raises(ValueError, match="gave 0 ms"):
        assigned(DynamicEventTimeSessionWindows(len), element="")
    with pytest.raises(TypeError, match="SessionWindowTimeGapExtractor"):
        DynamicEventTimeSessionWindows(5)


@given(st.integers(1, 7), st.integers(1, 7))
def test_count_windows(size, slide):
    """Window n holds the records from n * slide up to n * slide + size."""
    context = Context()
    assigner = CountSlidingWindowAssigner.of(size, slide)
    for position in range(30):
        expected = [CountWindow(n) for n in range(30, -1, -1) if n * slide <= position < n * slide + size]
        assert list(assigner.assign_windows("x", 0, context)) == expected


def test_count_tumbling_windows_count_per_key():
    context = Context()
    assigner = CountTumblingWindowAssigner.of(2)
    seen = []
    for key in "aababb":
        context.backend.context.key = key
        seen += [(key, window.id) for window in assigner.assign_windows("x", 0, context)]
    assert seen == [("a", 0), ("a", 0), ("b", 0), ("a", 1), ("b", 0), ("b", 1)]


def test_global():
    assert assigned(GlobalWindows.create()) == [GlobalWindow()]


@pytest.mark.parametrize(
    "assigner", [TumblingEventTimeWindows(5), SlidingEventTimeWindows(5, 2), EventTimeSessionWindows(5)]
)
def test_event_time_needs_timestamps(assigner):
    with pytest.raises(ValueError, match="assign_timestamps_and_watermarks"):
        assigned(assigner, NO_TIMESTAMP)


@pytest.mark.parametrize(
    "make",
    [
        lambda: TumblingEventTimeWindows(0),
        lambda: TumblingEventTimeWindows(-5),
        lambda: TumblingProcessingTimeWindows(10, 10),
        lambda: SlidingEventTimeWindows(10, 0),
        lambda: SlidingEventTimeWindows(0, 5),
        lambda: SlidingProcessingTimeWindows(10, 5, -5),
        lambda: EventTimeSessionWindows(0),
        lambda: ProcessingTimeSessionWindows.with_gap(Time.seconds(0)),
        lambda: CountTumblingWindowAssigner(0),
        lambda: CountSlidingWindowAssigner(3, 0),
    ],
)
def test_sizes_that_make_no_sense_are_refused(make):
    with pytest.raises(ValueError, match="Window"):
        make()


@pytest.mark.parametrize(
    "size", [Time.seconds(2), Duration.of_seconds(2), timedelta(seconds=2), 2000], ids=lambda size: type(size).__name__
)
def test_of_takes_every_kind_of_duration(size):
    assert repr(TumblingEventTimeWindows.of(size)) == "TumblingEventTimeWindows(2000, 0)"
    assert repr(TumblingProcessingTimeWindows.of(size, None)) == "TumblingProcessingTimeWindows(2000, 0)"
    assert repr(SlidingEventTimeWindows.of(size, size, 3)) == "SlidingEventTimeWindows(2000, 2000, 3)"
    assert repr(SlidingProcessingTimeWindows.of(size, size)) == "SlidingProcessingTimeWindows(2000, 2000, 0)"
    assert repr(EventTimeSessionWindows.with_gap(size)) == "EventTimeSessionWindows(2000)"
    assert repr(ProcessingTimeSessionWindows.with_gap(size)) == "ProcessingTimeSessionWindows(2000)"


@pytest.mark.parametrize("size", ["1s", 1.5, True, None])
def test_of_refuses_what_is_no_duration(size):
    with pytest.raises(TypeError, match="the size of TumblingEventTimeWindows"):
        TumblingEventTimeWindows.of(size)


def test_other_texts():
    assert repr(GlobalWindows()) == "GlobalWindows()"
    assert repr(CountTumblingWindowAssigner(3)) == "CountTumblingWindowAssigner(3)"
    assert repr(CountSlidingWindowAssigner(3, 2)) == "CountSlidingWindowAssigner(3, 2)"


@pytest.mark.parametrize(
    ("assigner", "trigger", "event_time", "merging"),
    [
        (TumblingEventTimeWindows(5), EventTimeTrigger, True, False),
        (SlidingEventTimeWindows(5, 5), EventTimeTrigger, True, False),
        (TumblingProcessingTimeWindows(5), ProcessingTimeTrigger, False, False),
        (SlidingProcessingTimeWindows(5, 5), ProcessingTimeTrigger, False, False),
        (EventTimeSessionWindows(5), EventTimeTrigger, True, True),
        (ProcessingTimeSessionWindows(5), ProcessingTimeTrigger, False, True),
        (DynamicEventTimeSessionWindows(len), EventTimeTrigger, True, True),
        (DynamicProcessingTimeSessionWindows(len), ProcessingTimeTrigger, False, True),
        (CountTumblingWindowAssigner(5), PurgingTrigger, False, False),
        (GlobalWindows(), NeverTrigger, False, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, WindowAssigner) else "",
)
def test_defaults(assigner, trigger, event_time, merging):
    assert type(assigner.get_default_trigger()) is trigger
    assert assigner.is_event_time() is event_time
    assert isinstance(assigner, MergingWindowAssigner) is merging
