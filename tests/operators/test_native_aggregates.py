"""Aggregates of every type against naive ones: running, final, and merged in sliding windows."""

import math
from array import array
from datetime import date, datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.windows import CountWindows, RunningAggregates, SessionWindows, SliceWindows
from pyflinkx.errors import GraphError, JobExecutionError, MemoryBudgetError
from pyflinkx.operators.aggregations import WINDOW_FIELDS, Aggregation, native_arguments, result_schema
from pyflinkx.operators.native_aggregate import NativeAggregateOperator
from pyflinkx.operators.native_window import NativeWindowOperator
from pyflinkx.operators.windowing.assigners import SlidingEventTimeWindows, TumblingEventTimeWindows
from tests.operators.native_cases import SCHEMA, NativeHarness, naive, same

SETTINGS = settings(max_examples=30, deadline=None)
FLOATS = st.sampled_from([0.0, -0.0, 1.5, -2.25, 1e300, -1e300, 1e-9, math.inf, -math.inf, math.nan])
# format -> values
TYPES = {
    "b": st.booleans(),
    "c": st.integers(-128, 127),
    "S": st.integers(0, 2**16 - 1),
    "i": st.integers(-(2**31), 2**31 - 1),
    "l": st.integers(-(2**62), 2**62),
    "L": st.integers(0, 2**63 - 1) | st.just(2**64 - 1),
    "f": st.sampled_from([0.0, -0.0, 1.5, -2.25, math.inf, -math.inf, math.nan]),
    "g": FLOATS,
    "u": st.text(max_size=3) | st.just("a longer text than a word has bytes"),
    "U": st.text(max_size=3),
    "z": st.binary(max_size=20),
    "w:3": st.binary(min_size=3, max_size=3),
    "tdD": st.dates(date(1960, 1, 1), date(2040, 1, 1)),
    "tsu:UTC": st.datetimes(datetime(1960, 1, 1), datetime(2040, 1, 1), timezones=st.just(timezone.utc)),
    "d:9,2": st.integers(-(10**6), 10**6).map(lambda number: Decimal(number).scaleb(-2)),
}
NUMBERS = set("cSilLfg")
EVERYWHERE = ["count", "min", "max", "first", "last", "count_distinct"]


def functions_of(kind):
    return EVERYWHERE + (["sum", "avg", "stddev"] if kind in NUMBERS else [])


def aggregations_of(kind):
    named = {name: Aggregation(name, "value") for name in functions_of(kind)}
    named["least_by"] = Aggregation("min_by", "value", "rank")
    named["by_least"] = Aggregation("max_by", "rank", "value")
    return {"n": Aggregation("count"), **named}


def expected(kind, rows):
    """The results of rows (value, rank), or None where a sum does not fit."""
    values = [value for value, _ in rows]
    results = [naive(name, values) for name in functions_of(kind)]
    if kind in "cSilL" and "sum" in functions_of(kind):
        total = results[functions_of(kind).index("sum")]
        if total is not None and not -(2**63) <= total < 2**63:
            return None
    ranks = [rank for _, rank in rows]
    return [len(rows), *results, naive("min_by", values, ranks), naive("max_by", ranks, values)]


def agree(found, wanted):
    return all(
        one == other or (isinstance(one, float) and isinstance(other, float) and alike(one, other))
        for one, other in zip(found, wanted, strict=True)
    )


def alike(one, other):
    # Squares of the largest numbers are beyond all floats; the last digits of the others are free.
    return same(one, other) or not math.isfinite(one) or abs(other) > 1e200 or abs(one) > 1e200


@pytest.mark.parametrize("kind", TYPES)
@SETTINGS
@given(data=st.data())
def test_running_and_final(kind, data):
    row = st.tuples(st.sampled_from([1, 2, None]), st.none() | TYPES[kind], st.none() | st.integers(0, 3))
    batches = data.draw(st.lists(st.lists(row, max_size=6), max_size=4))
    schema = Schema([Field("key", "s"), Field("value", kind), Field("rank", "i")])
    running = NativeHarness(NativeAggregateOperator(schema, ["key"], aggregations_of(kind)), schema)
    final = NativeHarness(NativeAggregateOperator(schema, ["key"], aggregations_of(kind), final_only=True), schema)
    seen = {}
    for batch in batches:
        wanted = []
        for key, value, rank in batch:
            seen.setdefault(key, []).append((value, rank))
            wanted.append((key, expected(kind, seen[key])))
        stamps = list(range(len(batch)))
        if any(results is None for _, results in wanted):
            with pytest.raises(JobExecutionError, match="sum: the sum of field 'value' does not fit 64 bits"):
                running.push(batch, stamps)
            return
        running.push(batch, stamps)
        final.push(batch, stamps)
        found = running.take()
        assert [stamp for _, stamp in found] == stamps
        for (row, _), (key, results) in zip(found, wanted, strict=True):
            assert row[0] == key
            assert agree(row[1:], results), (row[1:], results)
    assert final.take() == []
    final.finish()
    found = final.take()
    assert [row[0] for row, _ in found] == list(seen)
    assert all(stamp is None for _, stamp in found)
    for row, _ in found:
        assert agree(row[1:], expected(kind, seen[row[0]]))


@pytest.mark.parametrize("kind", TYPES)
@SETTINGS
@given(data=st.data())
def test_merged_in_sliding_windows(kind, data):
    row = st.tuples(st.none() | TYPES[kind], st.none() | st.integers(0, 3), st.integers(-20, 20))
    rows = data.draw(st.lists(row, max_size=10))
    schema = Schema([Field("value", kind), Field("rank", "i")])
    operator = NativeWindowOperator(schema, [], SlidingEventTimeWindows(10, 4), aggregations_of(kind))
    harness = NativeHarness(operator, schema)
    harness.push([row[:2] for row in rows], [row[2] for row in rows])
    windows = {}
    for start in range(-32, 24, 4):
        inside = [row[:2] for row in rows if start <= row[2] < start + 10]
        if inside:
            windows[start] = expected(kind, inside)
    if None in windows.values():
        with pytest.raises(JobExecutionError, match="does not fit 64 bits"):
            harness.finish()
        return
    harness.finish()
    found = harness.take()
    assert [row[0] for row, _ in found] == list(windows)
    for row, _ in found:
        assert agree(row[2:], windows[row[0]]), (row, windows[row[0]])
    harness.operator.close()


@pytest.mark.parametrize("kind", TYPES)
@SETTINGS
@given(data=st.data())
def test_keys_of_every_type(kind, data):
    keys = data.draw(st.lists(st.none() | TYPES[kind], max_size=30))
    alone = Schema([Field("key", kind)])
    pairs = Schema([Field("key", kind), Field("other", "u")])
    composite = [(key, "x" * (i % 2)) for i, key in enumerate(keys)]
    for schema, rows in ((alone, [(key,) for key in keys]), (pairs, composite)):
        operator = NativeAggregateOperator(schema, schema.names, {"n": Aggregation("count")}, final_only=True)
        harness = NativeHarness(operator, schema)
        for start in range(0, len(rows), 7):
            harness.push(rows[start : start + 7])
        harness.finish()
        counts = {}
        for row in rows:
            at = tuple("NaN" if value != value else value for value in row)
            counts[at] = counts.get(at, 0) + 1
        found = [tuple("NaN" if value != value else value for value in row) for row, _ in harness.take()]
        assert found == [(*at, n) for at, n in counts.items()]


def test_dense_keys_become_an_array_and_a_far_one_ends_that():
    schema = Schema([Field("key", "l")])
    numbers = [*range(3000), *range(2000, -2000, -1), 2**62, -(2**62), 5, 2**62]
    harness = NativeHarness(
        NativeAggregateOperator(schema, ["key"], {"n": Aggregation("count")}, final_only=True), schema
    )
    harness.push([(number,) for number in numbers])
    harness.finish()
    found = dict(row for row, _ in harness.take())
    assert found == {number: numbers.count(number) for number in set(numbers)}


def test_nanosecond_keys_are_the_microseconds_that_they_lie_in():
    schema = Schema([Field("key", "tsn:")])
    batch = ColumnBatch.from_arrow(
        pytest.importorskip("pyarrow").record_batch(
            {"key": [1_999, 1_000, -1, -1000, None]},
            schema=pytest.importorskip("pyarrow").schema([("key", pytest.importorskip("pyarrow").timestamp("ns"))]),
        )
    )
    harness = NativeHarness(
        NativeAggregateOperator(schema, ["key"], {"n": Aggregation("count")}, final_only=True), schema
    )
    harness.operator.process_batch(batch)
    harness.finish()
    assert [n for (_, n), _ in harness.take()] == [2, 2, 1]


def test_a_sum_of_floats_keeps_what_cancels():
    schema = Schema([Field("value", "g")])
    harness = NativeHarness(
        NativeAggregateOperator(schema, [], {"total": Aggregation("sum", "value")}, final_only=True), schema
    )
    values = [1e16, 1.0, -1e16] * 1000 + [0.1] * 10
    harness.push([(value,) for value in values])
    harness.finish()
    assert harness.take()[0][0][0] == math.fsum(values)


def test_integers_may_pass_64_bits_on_the_way():
    rows = [("a", 2**63 - 1), ("a", 2**63 - 1), ("a", -(2**63)), ("a", -(2**62))]
    operator = NativeAggregateOperator(
        SCHEMA, ["key"], {"total": Aggregation("sum", "value"), "mean": Aggregation("avg", "value")}, final_only=True
    )
    harness = NativeHarness(operator)
    harness.push(rows)
    harness.finish()
    total = sum(value for _, value in rows)
    assert harness.take() == [(("a", total, total / 4), None)]


@pytest.mark.parametrize(
    ("stamps", "message"),
    [([1, None], "row 1 has no timestamp"), ([1, 2**60], "row 1: the timestamp"), (None, "no timestamps")],
)
def test_rows_without_time_or_beyond_it_are_refused(stamps, message):
    operator = NativeWindowOperator(SCHEMA, ["key"], TumblingEventTimeWindows(5), {"n": Aggregation("count")})
    harness = NativeHarness(operator)
    with pytest.raises(JobExecutionError, match=message):
        harness.push([("a", 1), ("b", 2)], stamps)


def test_updates_and_deletions_are_refused():
    operator = NativeAggregateOperator(SCHEMA, ["key"], {"n": Aggregation("count")})
    harness = NativeHarness(operator)
    batch = ColumnBatch.from_rows([("a", 1), ("a", 2)], SCHEMA, kinds=array("b", [0, 3]))
    with pytest.raises(JobExecutionError, match="row 1 is an update or a deletion"):
        operator.process_batch(batch)
    harness.push([("a", 1)])


def test_windows_too_large_and_lists_are_refused():
    with pytest.raises(GraphError, match="less than 2"):
        NativeWindowOperator(SCHEMA, ["key"], TumblingEventTimeWindows(2**59), {"n": Aggregation("count")})
    listed = Schema([Field("key", "l"), Field("value", "+l", True, [Field("item", "l")])])
    with pytest.raises(GraphError, match="'value' is list<int64>"):
        NativeAggregateOperator(listed, ["key"], {"n": Aggregation("first", "value")})


AGGREGATIONS = {
    "n": Aggregation("count"),
    "last": Aggregation("last", "key"),
    "kinds": Aggregation("count_distinct", "key"),
}


@pytest.mark.parametrize(
    "make",
    [
        lambda *arguments, budget: SliceWindows(*arguments, 1000, 400, lateness=500, budget=budget),
        lambda *arguments, budget: SessionWindows(*arguments, 3, 500, budget=budget),
    ],
)
def test_memory_follows_what_is_live_and_is_given_back(make):
    budget = MemoryBudget()
    arguments = (SCHEMA, ["key"], native_arguments(AGGREGATIONS))
    windows = make(*arguments, result_schema(SCHEMA, ["key"], AGGREGATIONS, WINDOW_FIELDS), budget=budget)
    empty = budget.used
    for step in range(30):
        keys = [f"a key of this step {step}-{number}" for number in range(2000)]
        stamps = [step * 1000 + number % 1000 for number in range(2000)]
        windows.add(ColumnBatch.from_rows([(key, 1) for key in keys], SCHEMA, array("q", stamps)))
        more = True
        while more:
            results, more = windows.fire(step * 1000 - 2000, 500)
            del results
        assert windows.keys_held < 40_000
    more = True
    while more:
        results, more = windows.fire(2**63 - 1, 500)
        assert results is None or len(results) <= 500
        del results
    assert windows.held == 0
    assert budget.used < empty + 2_000_000
    del windows
    assert budget.used == 0


def test_a_budget_that_is_used_up_is_an_error_and_leaks_nothing():
    budget = MemoryBudget(400_000)
    results = result_schema(SCHEMA, ["key"], AGGREGATIONS)
    running = RunningAggregates(SCHEMA, ["key"], native_arguments(AGGREGATIONS), results, budget=budget)
    batches = [ColumnBatch.from_rows([(f"key {b} {n}", 1) for n in range(100)], SCHEMA) for b in range(100)]
    with pytest.raises(MemoryBudgetError):
        list(map(running.add, batches, [False] * len(batches)))
    del running
    assert budget.used == 0


def test_memory_that_runs_out_while_an_operator_is_made_is_given_back():
    made = 0
    for limit in range(0, 200_000, 4096):
        budget = MemoryBudget(limit)
        results = result_schema(SCHEMA, ["key"], AGGREGATIONS)
        try:
            RunningAggregates(SCHEMA, ["key"], native_arguments(AGGREGATIONS), results, budget=budget)
            made += 1
        except MemoryBudgetError:
            pass
        assert budget.used == 0
    assert 0 < made < 49


def test_the_deviation_of_large_numbers_survives_merging():
    schema = Schema([Field("value", "g")])
    # Sets are merged into states that are empty, where all else is copied.
    aggregations = {"kinds": Aggregation("count_distinct", "value"), "s": Aggregation("stddev", "value")}
    harness = NativeHarness(NativeWindowOperator(schema, [], SlidingEventTimeWindows(10, 5), aggregations), schema)
    harness.push([(1e200,), (1e200,), (1e200,)], [0, 1, 7])
    harness.watermark(9)
    assert [row[-1] for row, _ in harness.take()] == [0.0, 0.0]


@pytest.mark.parametrize("slide", [2, 3])
def test_windows_of_rows_give_back_the_memory_of_a_burst(slide):
    budget = MemoryBudget()
    aggregations = {"n": Aggregation("count"), "first": Aggregation("first", "key"), "last": Aggregation("last", "key")}
    results = result_schema(SCHEMA, ["key"], aggregations)
    windows = CountWindows(SCHEMA, ["key"], native_arguments(aggregations), results, 2, slide, budget=budget)

    def add(keys, windows=windows):
        _, full, _ = windows.add(ColumnBatch.from_rows([(key, 1) for key in keys], SCHEMA))
        return [] if full is None else full.to_rows("tuple")

    many = [f"key {number}" for number in range(30_000)]
    assert add(many) == []
    held = budget.used
    assert add(["b", "c"]) == []
    assert add(many) == [(key, 2, key, key) for key in many]
    assert add(["a"]) == add(["d"]) == []
    assert windows.held == 4
    # Where windows have gaps, keys must be known for ever.
    assert budget.used < (held // 10 if slide == 2 else held - (30_000 * 72))
    assert add(["c", "d", "b", "a"]) == [(key, 2, key, key) for key in "cdba"]
    del windows, add
    assert budget.used == 0
