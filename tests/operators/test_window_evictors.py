"""Evictors against a naive model, and each trigger and assigner that windows may have besides the common ones."""

import pickle
from io import BytesIO

import cloudpickle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx.errors import CorruptDataError
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing.assigners import (
    EventTimeSessionWindows,
    GlobalWindows,
    TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
)
from pyflinkx.operators.windowing.cumulative import CumulativeEventTimeWindows
from pyflinkx.operators.windowing.evictors import CountEvictor, DeltaEvictor, Evictor, TimeEvictor
from pyflinkx.operators.windowing.more_triggers import DeltaTrigger, ProcessingTimeoutTrigger
from pyflinkx.operators.windowing.serializers import PickledWindowSerializer
from pyflinkx.operators.windowing.stagger import WindowStagger
from pyflinkx.operators.windowing.triggers import CountTrigger, PurgingTrigger
from pyflinkx.testing.harness import OperatorHarness
from tests.operators.test_window_properties import Concatenation, in_order, steps
from tests.operators.window_cases import everything, first, windows
from tests.operators.window_oracle import BEGINNING

SETTINGS = settings(max_examples=60, deadline=None)


def difference(old, new):
    return abs(old[1] - new[1])


# name -> (evictor, what it leaves of (value, timestamp) pairs, naively)
EVICTORS = {
    "count": (lambda after: CountEvictor.of(3, after), lambda kept: kept[-3:]),
    "time": (
        lambda after: TimeEvictor.of(8, after),
        lambda kept: [pair for pair in kept if all(pair[1] > other[1] - 8 for other in kept)],
    ),
    "delta": (
        lambda after: DeltaEvictor.of(6, difference, after),
        lambda kept: [pair for pair in kept if difference(pair[0], kept[-1][0]) < 6],
    ),
}


def expect_evicted(steps, size, lateness, evict, after):
    """Firings of tumbling windows as (key, start, values seen), worked out record by record."""
    panes, watermark, answer = {}, BEGINNING, []

    def fire(key, start):
        pane = panes[key, start]
        if pane:
            seen = pane if after else evict(pane)
            panes[key, start] = evict(pane)
            answer[-1].append((key, start, [value for value, _ in seen]))

    for what, data in steps:
        answer.append([])
        if what == "records":
            for key, value, timestamp in data:
                start = next(s for s in range(timestamp - size + 1, timestamp + 1) if s % size == 0)
                if start + size - 1 + lateness <= watermark:
                    continue
                panes.setdefault((key, start), []).append(((key, value), timestamp))
                if start + size - 1 <= watermark:
                    fire(key, start)
        else:
            for key, start in list(panes):
                if watermark < start + size - 1 <= data:
                    fire(key, start)
            panes = {at: pane for at, pane in panes.items() if at[1] + size - 1 + lateness > data}
            watermark = data
    return answer


def seen_by_windows(kind, key, start, values):
    if kind == "reduce":
        return [(key, "".join(str(value) for _, value in values))]
    if kind == "aggregate":
        return [["aggregate", len(values), tuple(value for _, value in values)]]
    return [(key, start, values)]


FUNCTIONS = {
    "reduce": {"reduce": lambda a, b: (a[0], f"{a[1]}{b[1]}")},
    "aggregate": {"aggregate": Concatenation()},
    "apply": {"window_function": lambda key, window, inputs: [(key, window.start, inputs)]},
}


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("name", EVICTORS)
@SETTINGS
@given(steps=steps(), size=st.integers(1, 25), lateness=st.sampled_from([0, 5, 100]), after=st.booleans())
def test_evictors(name, kind, steps, size, lateness, after):
    make, evict = EVICTORS[name]
    operator = WindowOperator(
        first, TumblingEventTimeWindows(size), evictor=make(after), allowed_lateness=lateness, **FUNCTIONS[kind]
    )
    with OperatorHarness(operator) as harness:
        for (what, data), expected in zip(steps, expect_evicted(steps, size, lateness, evict, after), strict=True):
            if what == "records":
                harness.push([(key, value) for key, value, _ in data], [timestamp for _, _, timestamp in data])
            else:
                harness.watermark(data)
            results = [
                ((key, str(value[1])) if kind == "reduce" else value, stamp)
                for value, stamp in harness.take()
                for key in [value[0]]
            ]
            assert in_order(results) == in_order(
                (result, start + size - 1)
                for key, start, values in expected
                for result in seen_by_windows(kind, key, start, values)
            )
        assert {name: len(table) for name, table in operator.backend.tables.items() if len(table)} == {}


def test_a_time_evictor_leaves_records_without_timestamps_alone():
    harness = windows(GlobalWindows(), CountTrigger(2), evictor=TimeEvictor.of(1))
    harness.push([("a", 1), ("a", 2)])
    assert harness.values == [("a", [("a", 1), ("a", 2)])]


def test_an_evictor_that_removes_everything_leaves_no_state():
    harness = windows(GlobalWindows(), CountTrigger(2), evictor=CountEvictor(0, True))
    harness.push([("a", 1), ("a", 2), ("a", 3), ("a", 4)])
    assert harness.values == [("a", [("a", 1), ("a", 2)]), ("a", [("a", 3), ("a", 4)])]
    assert len(harness.operator.table) == 0


def test_a_reduced_window_of_no_records_gives_no_result():
    harness = windows(GlobalWindows(), CountTrigger(1), evictor=CountEvictor(0), reduce=max)
    harness.push([("a", 1)])
    assert harness.results == []


class Even(Evictor):
    """Hides odd values; afterwards forgets all but the last."""

    def evict_before(self, elements, size, window, evictor_context):
        assert size == len(elements)
        assert evictor_context.get_current_watermark() < evictor_context.get_current_processing_time()
        elements[:] = [element for element in elements if element.value[1] % 2 == 0]

    def evict_after(self, elements, size, window, evictor_context):
        assert size == len(elements)
        del elements[:-1]


def test_a_custom_evictor_with_merging_windows():
    harness = windows(EventTimeSessionWindows(10), CountTrigger(3), evictor=Even())
    harness.push([("a", 2), ("a", 3), ("a", 4)], [0, 20, 9])
    harness.push([("a", 6)], [12])  # joins two sessions
    harness.push([("a", 8), ("a", 9), ("a", 10)], [13, 14, 15])
    seen = [sorted(value for _, value in values) for _, values in harness.values]
    assert seen == [[2, 4, 6], [seen[1][0], 8, 10]]
    assert seen[1][0] in seen[0]


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: CountEvictor(-1), ValueError),
        (lambda: TimeEvictor.of(-1), ValueError),
        (lambda: TimeEvictor.of("1 s"), TypeError),
        (lambda: DeltaEvictor.of(1, 3), TypeError),
        (lambda: DeltaTrigger.of(1, Even), TypeError),
        (lambda: WindowOperator(first, GlobalWindows(), window_function=everything, evictor=max), TypeError),
        (lambda: ProcessingTimeoutTrigger.of(3, 5), TypeError),
        (lambda: ProcessingTimeoutTrigger.of(CountTrigger(2), -5), ValueError),
        (lambda: CumulativeEventTimeWindows.of(10, 3), ValueError),
        (lambda: CumulativeEventTimeWindows.of(10, 0), ValueError),
        (lambda: CumulativeEventTimeWindows.of(10, 5, 10), ValueError),
        (lambda: TumblingEventTimeWindows.of(10, 0, "random"), TypeError),
    ],
)
def test_wrong_arguments(make, error):
    with pytest.raises(error):
        make()


def test_a_delta_trigger_compares_with_the_record_that_fired_last():
    harness = windows(GlobalWindows(), PurgingTrigger.of(DeltaTrigger.of(5, lambda old, new: new[1] - old[1])))
    harness.push([("a", 0), ("a", 5), ("b", 90), ("a", 6), ("a", 11), ("a", 12)])
    assert harness.values == [("a", [("a", 0), ("a", 5), ("a", 6)]), ("a", [("a", 11), ("a", 12)])]


def test_a_delta_trigger_forgets_its_record_with_the_window():
    harness = windows(TumblingEventTimeWindows(10), DeltaTrigger(5, lambda old, new: new[1] - old[1]))
    harness.push([("a", 0)], [1])
    harness.watermark(9)
    assert sum(map(len, harness.operator.backend.tables.values())) == 0


@pytest.mark.parametrize(("reset", "fires_at"), [(False, 101), (True, 161)])
def test_a_timeout_fires_what_the_nested_trigger_holds_back(reset, fires_at):
    trigger = ProcessingTimeoutTrigger.of(CountTrigger.of(3), 100, reset)
    harness = windows(GlobalWindows(), PurgingTrigger.of(trigger))
    harness.push([("a", 1)])
    harness.set_processing_time(60)
    harness.push([("a", 2)])
    assert harness.operator.next_processing_timer() == fires_at
    harness.set_processing_time(fires_at)
    assert harness.values == [("a", [("a", 1), ("a", 2)])]
    harness.push([("a", 3), ("a", 4), ("a", 5)])  # the nested trigger counts anew
    assert harness.values[1:] == [("a", [("a", 3), ("a", 4), ("a", 5)])]
    assert harness.operator.next_processing_timer() is None


def test_a_timeout_can_leave_the_nested_trigger_alone():
    trigger = ProcessingTimeoutTrigger.of(CountTrigger.of(3), 100, False, False)
    harness = windows(GlobalWindows(), trigger)
    harness.push([("a", 1), ("a", 2)])
    harness.set_processing_time(101)
    harness.push([("a", 3)])
    assert [len(values) for _, values in harness.values] == [2, 3]


@SETTINGS
@given(steps=steps(), step=st.integers(1, 9), count=st.integers(1, 4), lateness=st.sampled_from([0, 7]))
def test_cumulative_windows(steps, step, count, lateness):
    size = step * count
    harness = windows(CumulativeEventTimeWindows.of(size, step), allowed_lateness=lateness)
    panes, watermark = {}, BEGINNING
    for what, data in steps:
        expected = []
        if what == "records":
            harness.push([(key, value) for key, value, _ in data], [timestamp for _, _, timestamp in data])
            for key, value, timestamp in data:
                start = max(s for s in range(timestamp - size, timestamp + 1) if s % size == 0)
                for end in range(start + step, start + size + 1, step):
                    if timestamp < end and end - 1 + lateness > watermark:
                        panes.setdefault((key, end, start), []).append((key, value))
                        if end - 1 <= watermark:
                            expected.append(((key, list(panes[key, end, start])), end - 1))
        else:
            harness.watermark(data)
            expected = [
                ((key, values), end - 1) for (key, end, start), values in panes.items() if watermark < end - 1 <= data
            ]
            watermark = data
        assert in_order(harness.take()) == in_order(expected)


def test_cumulative_windows_with_an_offset():
    assigner = CumulativeEventTimeWindows.of(30, 10, -5)
    assert assigner.windows_at(-6) == [TimeWindow(-35, -5)]
    assert [(w.start, w.end) for w in assigner.windows_at(-5)] == [(-5, 5), (-5, 15), (-5, 25)]


def test_staggered_windows_start_with_the_first_record():
    harness = windows(TumblingProcessingTimeWindows.of(100, 0, WindowStagger.NATURAL))
    harness.clock.time = 1030
    harness.push([("a", 1)])
    harness.clock.time = 1129
    harness.push([("a", 2)])
    harness.set_processing_time(1130)
    assert harness.results == [(("a", [("a", 1), ("a", 2)]), 1129)]


@pytest.mark.parametrize(("stagger", "offset"), [(WindowStagger.NATURAL, 7), (WindowStagger.ALIGNED, 0)])
def test_staggered_windows_of_event_time_keep_their_offset(stagger, offset):
    assigner = TumblingEventTimeWindows.of(100, offset, stagger)
    seen = windows(assigner, window_function=lambda key, window, inputs: [(window.start, window.end)])
    seen.clock.time = 1030
    seen.push([("a", 1)], [540])
    seen.watermark(MAX_WATERMARK)
    assert seen.values == ([(530, 630)] if stagger is WindowStagger.NATURAL else [(500, 600)])


def test_random_stagger_is_within_the_size_and_stays():
    assigner = TumblingEventTimeWindows.of(100, 0, WindowStagger.RANDOM)
    seen = windows(assigner, window_function=lambda key, window, inputs: [window.start])
    seen.push([("a", 1), ("a", 2), ("a", 3)], [540, 640, 740])
    seen.watermark(MAX_WATERMARK)
    assert len({start % 100 for start in seen.values}) == 1
    assert WindowStagger.RANDOM.get_stagger_offset(0, 1) == 0


def test_windows_of_the_users_own_travel_pickled():
    stream = BytesIO()
    TumblingEventTimeWindows(5).get_window_serializer().serialize(TimeWindow(0, 5), stream)
    PickledWindowSerializer().serialize(TimeWindow(1, 2), stream)
    stream.seek(16)
    assert PickledWindowSerializer().deserialize(stream) == TimeWindow(1, 2)
    with pytest.raises(CorruptDataError):
        PickledWindowSerializer().deserialize(BytesIO(pickle.dumps(TimeWindow(1, 2))[:-3]))


def test_evictors_travel_with_the_program():
    evictor = cloudpickle.loads(cloudpickle.dumps(DeltaEvictor.of(6, difference)))
    assert evictor.delta((0, 1), (0, 5)) == 4
