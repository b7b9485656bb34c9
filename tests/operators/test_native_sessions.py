"""Sessions of native windows: what the queue of their ends must not forget, and what is freed."""

from array import array
from random import Random

import pytest

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.windows import SessionWindows
from pyflinkx.errors import MemoryBudgetError
from pyflinkx.operators.aggregations import WINDOW_FIELDS, Aggregation, native_arguments, result_schema
from pyflinkx.operators.native_window import NativeWindowOperator
from pyflinkx.operators.windowing.assigners import EventTimeSessionWindows
from tests.operators.native_cases import SCHEMA, NativeHarness

NUMBER = {"n": Aggregation("count")}


def harness_of(gap, lateness=0):
    return NativeHarness(
        NativeWindowOperator(SCHEMA, ["key"], EventTimeSessionWindows(gap), NUMBER, allowed_lateness=lateness)
    )


def push(harness, *records):
    harness.push([(key, 1) for key, _ in records], [timestamp for _, timestamp in records])


def fired(harness, watermark):
    harness.watermark(watermark)
    return [row for row, _ in harness.take()]


def test_a_session_that_goes_on_growing_after_it_has_fired_fires_when_it_ends():
    harness = harness_of(10, lateness=100)
    push(harness, ("a", 0))
    assert fired(harness, 9) == [("a", 0, 10, 1)]
    push(harness, ("a", 8))
    push(harness, ("a", 12))
    assert fired(harness, 18) == []
    assert fired(harness, 21) == [("a", 0, 22, 3)]
    assert fired(harness, 1000) == []
    assert harness.operator.windows.held == 0


def test_late_rows_that_fire_a_session_again_and_again_leave_nothing():
    harness = harness_of(10, lateness=1000)
    push(harness, ("a", 0))
    ends = 10
    for step in range(1, 300):
        assert fired(harness, ends - 1 + 20) == ([] if step > 1 else [("a", 0, 10, 1)])
        push(harness, ("a", ends - 9))
        ends += 1
        assert [row for row, _ in harness.take()] == [("a", 0, ends, step + 1)]
    assert fired(harness, ends - 1 + 999) == []
    assert harness.operator.windows.held == 1
    assert fired(harness, ends - 1 + 1000) == []
    assert harness.operator.windows.held == 0


@pytest.mark.parametrize("limit", [1, 32_768])
def test_sessions_that_have_grown_fire_in_order_of_their_ends(limit, monkeypatch):
    monkeypatch.setattr("pyflinkx.operators.native_window.BATCH_SIZE", limit)
    harness = harness_of(10)
    push(harness, ("a", 0), ("b", 3), ("c", 7))
    for timestamp in range(5, 100, 5):
        push(harness, ("a", timestamp))
    push(harness, ("c", 12))
    assert [row[:3] for row in fired(harness, 1000)] == [("b", 3, 13), ("c", 7, 22), ("a", 0, 105)]


def test_many_sessions_of_one_key():
    random = Random(7)
    times = [number * 10 for number in range(5000)]
    random.shuffle(times)
    harness = harness_of(4)
    for start in range(0, 5000, 700):
        push(harness, *[("a", time) for time in times[start : start + 700]])
    # Every second pause is bridged: 2500 sessions of two rows each and of one that joins them.
    push(harness, *[("a", time + shift) for time in range(0, 50_000, 20) for shift in (4, 7)])
    assert harness.operator.windows.held == 2500
    assert fired(harness, 60_000) == [("a", time, time + 14, 4) for time in range(0, 50_000, 20)]
    assert harness.operator.windows.held == 0


def test_nothing_is_left_when_a_row_fails_after_sessions_have_merged():
    schema = Schema([Field("key", "l"), Field("text", "u")])
    kept = {"first": Aggregation("first", "text"), "kinds": Aggregation("count_distinct", "text")}
    budget = MemoryBudget()
    windows = SessionWindows(
        schema, ["key"], native_arguments(kept), result_schema(schema, ["key"], kept, WINDOW_FIELDS), 10, budget=budget
    )
    windows.add(ColumnBatch.from_rows([(1, "a"), (1, "b")], schema, array("q", [0, 20])))
    with pytest.raises(OverflowError, match="row 1: the timestamp"):
        windows.add(ColumnBatch.from_rows([(1, "c"), (1, "d")], schema, array("q", [10, 2**62])))
    del windows
    assert budget.used == 0


@pytest.mark.parametrize("function", ["sum", "count_distinct"])
def test_rows_before_one_that_fails_count_however_often_that_happens(function):
    fields = [Field("key", "l"), Field("x", "l")]
    results = Schema([fields[0], Field("v", "l")])
    budget = MemoryBudget()
    windows = SessionWindows(Schema(fields), ["key"], [(function, "x", None)], results, 10, budget=budget)
    for turn in range(8):
        stamps = [turn * 100_000 + session * 100 + at for session in range(600) for at in (0, 20, 10)]
        rows = [(0, n) for n in range(len(stamps) + 1)]
        with pytest.raises(OverflowError, match="row 1800: the timestamp"):
            windows.add(ColumnBatch.from_rows(rows, Schema(fields), array("q", [*stamps, 2**62])))
    assert windows.held == 8 * 600
    fired, more = windows.fire(2**60, 10_000)
    expected = [9 * n + 3 if function == "sum" else 3 for n in range(600)] * 8
    assert ([value for _, value in fired.to_rows("tuple")], more, windows.held) == (expected, False, 0)
    del windows, fired
    assert budget.used == 0


def test_memory_that_runs_out_half_way_is_all_given_back():
    fields = [Field("key", "l"), Field("x", "u")]
    results = Schema([fields[0], Field("n", "l"), Field("first", "u")])
    aggregates = [("count_distinct", "x", None), ("first", "x", None)]
    stamps = [session * 100 + at for session in range(200) for at in (0, 20, 10)]
    rows = [(n % 2, "x" * (n % 40)) for n in range(len(stamps))]
    batch = ColumnBatch.from_rows(rows, Schema(fields), array("q", stamps))
    failures = 0
    for limit in range(0, 400_000, 2_000):
        budget = MemoryBudget(limit)
        try:
            windows = SessionWindows(Schema(fields), ["key"], aggregates, results, 10, budget=budget)
            for _ in range(4):
                try:
                    windows.add(batch)
                except MemoryBudgetError:
                    failures += 1
            windows.fire(2**60, 10_000)
        except MemoryBudgetError:
            failures += 1
        windows = None
        assert budget.used == 0
    assert failures > 100
