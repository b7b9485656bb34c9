"""Native windows against the oracle: any order of rows, any watermarks, any division into batches."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.operators.aggregations import Aggregation
from pyflinkx.operators.native_window import NativeWindowOperator
from pyflinkx.operators.windowing.assigners import SlidingEventTimeWindows, TumblingEventTimeWindows
from pyflinkx.types.output_tag import OutputTag
from tests.operators.native_cases import SCHEMA, NativeHarness, naive, same
from tests.operators.window_oracle import expect_fixed

LATE = OutputTag("late")
SETTINGS = settings(max_examples=150, deadline=None)
RECORDS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "", None]), st.none() | st.integers(-9, 9), st.integers(-40, 60)), max_size=8
)
FUNCTIONS = ["count", "sum", "avg", "min", "max", "first", "last", "stddev", "count_distinct"]
AGGREGATIONS = {"n": Aggregation("count"), **{name: Aggregation(name, "value") for name in FUNCTIONS}}


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


def run(assigner, steps, lateness):
    """For each step the results and the late records; checks that nothing is held in the end."""
    operator = NativeWindowOperator(SCHEMA, ["key"], assigner, AGGREGATIONS, allowed_lateness=lateness, late_tag=LATE)
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


def expected_row(key, window, values):
    return (key, *window, len(values), *[naive(function, values) for function in FUNCTIONS])


def in_order(rows):
    return sorted(rows, key=lambda row: (row[2], repr(row[0])))


def check(answer, expected, in_batches_of=None):
    for (results, late), (firings, expected_late) in zip(answer, expected, strict=True):
        assert [stamp for _, stamp in results] == [row[2] - 1 for row, _ in results]
        found = in_order([row for row, _ in results])
        wanted = in_order([expected_row(*firing) for firing in firings])
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


@pytest.mark.parametrize("assigner", [TumblingEventTimeWindows(10), SlidingEventTimeWindows(10, 5)])
def test_windows_come_by_their_ends_and_keys_by_their_first_rows(assigner):
    harness = NativeHarness(NativeWindowOperator(SCHEMA, ["key"], assigner, {"n": Aggregation("count")}))
    harness.push([("b", 1), ("a", 1), ("a", 1), ("b", 1)], [11, 12, 1, 2])
    harness.watermark(100)
    rows = [row for row, _ in harness.take()]
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    assert [row[0] for row in rows if row[2] == 20] == ["b", "a"]
    assert [row[0] for row in rows if row[2] == 10] == ["a", "b"]
