"""Native windows against the oracle: any order of rows, any watermarks, any division into batches."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.operators.aggregations import Aggregation
from pyflinkx.operators.native_window import NativeWindowOperator
from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing.assigners import (
    CountSlidingWindowAssigner,
    CountTumblingWindowAssigner,
    EventTimeSessionWindows,
    SlidingEventTimeWindows,
    SlidingProcessingTimeWindows,
    TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
)
from pyflinkx.operators.windowing.cumulative import CumulativeEventTimeWindows
from pyflinkx.testing.harness import OperatorHarness
from pyflinkx.types.output_tag import OutputTag
from tests.operators.native_cases import SCHEMA, NativeHarness, naive, same
from tests.operators.window_oracle import BEGINNING, expect_counts, expect_fixed, expect_sessions

LATE = OutputTag("late")
SETTINGS = settings(max_examples=100, deadline=None)
RECORDS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "", None]), st.none() | st.integers(-9, 9), st.integers(-40, 60)), max_size=8
)
FUNCTIONS = ["count", "sum", "avg", "min", "max", "first", "last", "stddev", "count_distinct"]
# States that own memory are merged in another way than those that do not.
IN_PLACE = [name for name in FUNCTIONS if name != "count_distinct"]


def aggregations(functions):
    return {"n": Aggregation("count"), **{name: Aggregation(name, "value") for name in functions}}


AGGREGATIONS = aggregations(FUNCTIONS)


@st.composite
def steps(draw):
    """Batches of records and rising watermarks, ended by one past everything."""
    result, watermark = [], -60
    for _ in range(draw(st.integers(0, 8))):
        if draw(st.booleans()):
            result.append(("records", draw(RECORDS)))
        else:
            watermark += draw(st.integers(1, 30))
            result.append(("watermark", watermark))
    return [*result, ("watermark", 10_000)]


def run(assigner, steps, lateness, functions=FUNCTIONS):
    """For each step the results and the late records; checks that nothing is held in the end."""
    operator = NativeWindowOperator(
        SCHEMA, ["key"], assigner, aggregations(functions), allowed_lateness=lateness, late_tag=LATE
    )
    harness = NativeHarness(operator)
    answer = []
    for what, data in steps:
        if what == "records":
            harness.push([(key, value) for key, value, _ in data], [timestamp for _, _, timestamp in data])
        else:
            harness.watermark(data)
        late = [(*row, timestamp) for row, timestamp in harness.take_late(LATE)]
        answer.append((harness.take(), late))
    assert operator.windows.held == 0
    return answer


def expected_row(key, window, values, functions=FUNCTIONS):
    """``values`` in order of arrival."""
    return (key, *window, len(values), *[naive(function, values) for function in functions])


def in_order(rows):
    return sorted(rows, key=lambda row: (row[2], repr(row[0])))


def check(answer, expected, functions=FUNCTIONS):
    for (results, late), (firings, expected_late) in zip(answer, expected, strict=True):
        assert [stamp for _, stamp in results] == [row[2] - 1 for row, _ in results]
        found = in_order([row for row, _ in results])
        wanted = in_order([expected_row(*firing, functions) for firing in firings])
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert all(map(same, one, other)), (one, other)
        assert late == expected_late


@SETTINGS
@given(steps=steps(), size=st.integers(1, 25), lateness=st.sampled_from([0, 0, 1, 7, 100]), data=st.data())
def test_tumbling(steps, size, lateness, data):
    offset = data.draw(st.integers(-size + 1, size - 1))
    answer = run(TumblingEventTimeWindows(size, offset), steps, lateness)
    check(answer, expect_fixed(steps, size, size, offset, lateness))


@SETTINGS
@given(
    steps=steps(),
    size=st.integers(1, 25),
    slide=st.integers(1, 30),
    lateness=st.sampled_from([0, 0, 1, 7, 100]),
    data=st.data(),
)
def test_sliding(steps, size, slide, lateness, data):
    offset = data.draw(st.integers(-slide + 1, slide - 1))
    answer = run(SlidingEventTimeWindows(size, slide, offset), steps, lateness)
    check(answer, expect_fixed(steps, size, slide, offset, lateness))


def expect_cumulative(steps, size, step, offset, lateness):
    """The windows of a record start at one time and end one step after another."""
    panes, watermark, answer = {}, BEGINNING, []
    for kind, what in steps:
        firings, late = [], []
        if kind == "records":
            for key, value, timestamp in what:
                start = next(s for s in range(timestamp - size + 1, timestamp + 1) if (s - offset) % size == 0)
                ends = [end for end in range(start + size, start, -step) if end > timestamp]
                live = [end for end in ends if end - 1 + lateness > watermark]
                for end in live:
                    panes.setdefault((key, start, end), []).append(value)
                    if end - 1 <= watermark:
                        firings.append((key, (start, end), list(panes[key, start, end])))
                if not live:
                    late.append((key, value, timestamp))
        else:
            for (key, start, end), values in panes.items():
                if watermark < end - 1 <= what:
                    firings.append((key, (start, end), list(values)))
            panes = {at: values for at, values in panes.items() if at[2] - 1 + lateness > what}
            watermark = what
        answer.append((firings, late))
    return answer


@SETTINGS
@given(
    steps=steps(),
    step=st.integers(1, 12),
    number=st.integers(1, 5),
    lateness=st.sampled_from([0, 0, 1, 7, 100]),
    data=st.data(),
)
def test_cumulative(steps, step, number, lateness, data):
    size = step * number
    offset = data.draw(st.integers(-size + 1, size - 1))
    answer = run(CumulativeEventTimeWindows(size, step, offset), steps, lateness)
    check(answer, expect_cumulative(steps, size, step, offset, lateness))


def arrival(steps):
    """Values that say when they arrived, in place of the drawn ones: merging must not change their order."""
    number = 0
    for kind, what in steps:
        if kind == "watermark":
            yield kind, what
            continue
        records = []
        for key, value, timestamp in what:
            number += 1
            records.append((key, None if value is None else number, timestamp))
        yield kind, records


@SETTINGS
@given(steps=steps(), gap=st.integers(1, 25), lateness=st.sampled_from([0, 0, 1, 7, 100]))
def test_sessions(steps, gap, lateness):
    steps = list(arrival(steps))
    answer = run(EventTimeSessionWindows(gap), steps, lateness)
    expected = [
        ([(key, window, sorted(values, key=lambda v: v or 0)) for key, window, values in firings], late)
        for firings, late in expect_sessions(steps, lambda value: gap, lateness)
    ]
    check(answer, expected)


@SETTINGS
@given(batches=st.lists(RECORDS, max_size=6), size=st.integers(1, 6), slide=st.none() | st.integers(1, 8))
def test_counts(batches, size, slide):
    assigner = CountTumblingWindowAssigner(size) if slide is None else CountSlidingWindowAssigner(size, slide)
    harness = NativeHarness(NativeWindowOperator(SCHEMA, ["key"], assigner, AGGREGATIONS))
    for batch in batches:
        harness.push([(key, value) for key, value, _ in batch])
    harness.finish()
    found = harness.take()
    wanted = [
        expected_row(key, (), values)
        for key, _, values in expect_counts([r for batch in batches for r in batch], size, slide or size)
    ]
    for (row, stamp), other in zip(found, wanted, strict=True):
        assert all(map(same, row, other)), (row, other)
        assert stamp == 2**63 - 1


@SETTINGS
@given(
    pushes=st.lists(st.tuples(st.integers(0, 30), RECORDS), max_size=6),
    size=st.integers(1, 25),
    slide=st.none() | st.integers(1, 30),
)
def test_windows_by_the_clock_are_those_of_the_general_operator(pushes, size, slide):
    def assigner():
        if slide is None:
            return TumblingProcessingTimeWindows(size)
        return SlidingProcessingTimeWindows(size, slide)

    native = NativeHarness(NativeWindowOperator(SCHEMA, ["key"], assigner(), {"total": Aggregation("sum", "value")}))
    with OperatorHarness(WindowOperator(first, assigner(), window_function=summed)) as general:
        now = 0
        for step, batch in pushes:
            now += step
            for harness in (native, general):
                harness.set_processing_time(now)
            assert native.operator.next_processing_timer() == general.operator.next_processing_timer()
            if batch:
                rows = [(key, value) for key, value, _ in batch]
                native.push(rows)
                general.push(rows)
        for harness in (native, general):
            harness.watermark(2**63 - 1)
            harness.set_processing_time(now + 100)
        found = [(key, start, end, total or 0) for (key, start, end, total), _ in native.take()]
        assert in_order(found) == in_order(general.values)
        assert native.operator.windows.held == 0


def test_a_clock_that_is_set_back_makes_no_row_late():
    assigner = TumblingProcessingTimeWindows(10)
    harness = NativeHarness(NativeWindowOperator(SCHEMA, ["key"], assigner, {"n": Aggregation("count")}), now=95)
    harness.push([("a", 1)])
    harness.set_processing_time(100)
    assert [row for row, _ in harness.take()] == [("a", 90, 100, 1)]
    harness.clock.time = 95
    harness.push([("a", 2)])
    harness.clock.time = 103
    harness.push([("a", 3)])
    harness.set_processing_time(110)
    assert [row for row, _ in harness.take()] == [("a", 100, 110, 2)]


def first(record):
    return record[0]


def summed(key, window, inputs):
    yield key, window.start, window.end, sum(value or 0 for _, value in inputs)


@pytest.mark.parametrize("assigner", [TumblingEventTimeWindows(10), SlidingEventTimeWindows(10, 5)])
def test_windows_come_by_their_ends_and_keys_by_their_first_rows(assigner):
    harness = NativeHarness(NativeWindowOperator(SCHEMA, ["key"], assigner, {"n": Aggregation("count")}))
    harness.push([("b", 1), ("a", 1), ("a", 1), ("b", 1)], [11, 12, 1, 2])
    harness.watermark(100)
    rows = [row for row, _ in harness.take()]
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    assert [row[0] for row in rows if row[2] == 20] == ["b", "a"]
    assert [row[0] for row in rows if row[2] == 10] == ["a", "b"]


@pytest.mark.parametrize("functions", [FUNCTIONS, IN_PLACE], ids=["owning", "in place"])
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    slide=st.integers(1, 4),
    slides=st.integers(4, 9),
    behind=st.integers(0, 12),
    lateness=st.sampled_from([0, 0, 5]),
)
def test_windows_over_many_slices(functions, seed, slide, slides, behind, lateness):
    random = Random(seed)
    steps = []
    for now in range(0, 120, 6):
        records = [
            (random.choice("ab"), random.randrange(9), now + random.randrange(6) - random.randrange(behind + 1))
            for _ in range(random.randrange(14))
        ]
        steps += [("records", records), ("watermark", now - random.randrange(3))]
    steps.append(("watermark", 10_000))
    size = slide * slides + random.randrange(slide)
    answer = run(SlidingEventTimeWindows(size, slide), steps, lateness, functions)
    check(answer, expect_fixed(steps, size, slide, 0, lateness), functions)
