"""Sets of different values in every size: one value, a few, tables, and what windows merge of them."""

import math
import random
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.windows import RunningAggregates
from pyflinkx.errors import MemoryBudgetError
from pyflinkx.operators.aggregations import Aggregation, native_arguments, result_schema
from pyflinkx.operators.native_window import NativeWindowOperator
from pyflinkx.operators.windowing.assigners import EventTimeSessionWindows, SlidingEventTimeWindows
from tests.operators.native_cases import NativeHarness, distinct

DISTINCT = {"kinds": Aggregation("count_distinct", "value")}
# Around the sizes at which a set takes another form, or grows.
SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 16, 17, 33, 100, 5000]
# format -> the value with that number; different numbers give different values.
VALUES = {
    "c": lambda number: number % 256 - 128,
    "l": lambda number: (number - 3) << 48,
    "L": lambda number: (number << 50) % 2**64 | number >> 14,
    "g": lambda number: [0.0, math.nan, math.inf, -math.inf][number] if number < 4 else number * -0.125,
    "f": lambda number: [0.0, math.nan, math.inf, -math.inf][number] if number < 4 else number * 0.5,
    "tdD": lambda number: date(1960, 1, 1) + timedelta(number),
    "u": lambda number: "" if number == 0 else str(number) * (number % 40 + 1),
    "U": lambda number: f"{number:016}" if number % 2 else f"{number:017}",
    "z": lambda number: b"\0" * number if number < 40 else number.to_bytes(8, "big"),
    "w:3": lambda number: number.to_bytes(3, "big"),
    "d:20,2": lambda number: Decimal((number - 3) * 10**14 + number).scaleb(-2),
}


def running(schema, budget=None, aggregations=DISTINCT):
    arguments = (schema, ["key"], native_arguments(aggregations), result_schema(schema, ["key"], aggregations))
    return RunningAggregates(*arguments, budget=budget)


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("size", SIZES)
def test_every_size_and_type(kind, size):
    value = VALUES[kind]
    values = [value(number) for number in range(size)] * 2 + [None]
    random.Random(size).shuffle(values)
    schema = Schema([Field("key", "l"), Field("value", kind)])
    found = running(schema)
    for start in range(0, len(values), 700):
        batch = ColumnBatch.from_rows([(1, value) for value in values[start : start + 700]], schema)
        found.add(batch, False)
        after = distinct(value for value in values[: start + 700] if value is not None)
        assert found.finish(0, 10).to_rows("tuple") == [(1, after)]


@pytest.mark.parametrize("kind", VALUES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_sets_that_sliding_windows_merge(kind, data):
    size = st.sampled_from([0, 1, 2, 4, 5, 8, 9, 13, 40])
    slices = data.draw(st.lists(st.tuples(st.integers(0, 30), size), min_size=1, max_size=6))
    schema = Schema([Field("value", kind)])
    harness = NativeHarness(NativeWindowOperator(schema, [], SlidingEventTimeWindows(30, 10), DISTINCT), schema)
    rows = [(VALUES[kind](first + i), at * 10) for at, (first, count) in enumerate(slices) for i in range(count)]
    harness.push([(value,) for value, _ in rows], [stamp for _, stamp in rows])
    harness.finish()
    wanted = []
    for start in range(-20, len(slices) * 10, 10):
        values = [value for value, stamp in rows if start <= stamp < start + 30]
        if values:
            wanted.append((start, distinct(values)))
    assert [(row[0], row[2]) for row, _ in harness.take()] == wanted


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("sizes", [(1, 1), (1, 9), (9, 1), (5, 5), (3, 2000), (2000, 3), (1500, 1400)])
def test_sets_of_sessions_that_become_one(kind, sizes):
    value = VALUES[kind]
    left = [value(number) for number in range(sizes[0])]
    right = [value(number) for number in range(sizes[0] // 2, sizes[0] // 2 + sizes[1])]
    schema = Schema([Field("value", kind)])
    harness = NativeHarness(NativeWindowOperator(schema, [], EventTimeSessionWindows(10), DISTINCT), schema)
    rows = [*((value, 0) for value in left), *((value, 20) for value in right), (left[0], 10)]
    harness.push([(value,) for value, _ in rows], [stamp for _, stamp in rows])
    harness.finish()
    assert [row[2] for row, _ in harness.take()] == [distinct([*left, *right])]


@pytest.mark.parametrize("kind", ["l", "g", "u", "d:20,2"])
def test_a_key_with_one_value_takes_few_bytes(kind):
    schema = Schema([Field("key", "l"), Field("value", kind)])
    value = {"l": lambda number: number << 40, "u": lambda number: f"user {number}"}.get(kind, VALUES[kind])
    keys = 1 << 16
    batch = ColumnBatch.from_rows([(number, value(number)) for number in range(keys)], schema)
    used = []
    for aggregations in ({"kinds": Aggregation("count")}, DISTINCT):
        budget = MemoryBudget()
        found = running(schema, budget, aggregations)
        found.add(batch, False)
        used.append(budget.used / keys)
    count, kinds = used
    assert kinds - count < 40


def test_a_table_grows_from_small():
    schema = Schema([Field("key", "l"), Field("value", "l")])
    used = []
    for size in [1, 4, 8, 64, 1024]:
        budget = MemoryBudget()
        found = running(schema, budget)
        keys = np.arange(1000).repeat(size)
        rows = pyarrow.record_batch({"key": keys, "value": np.arange(len(keys))})
        found.add(ColumnBatch.from_arrow(rows), False)
        used.append(budget.used / 1000)
    one, *more = used
    assert [round((each - one) / size) <= 40 for each, size in zip(more, [4, 8, 64, 1024], strict=True)] == [True] * 4


@pytest.mark.parametrize("kind", ["l", "u"])
def test_a_budget_that_is_used_up_leaks_nothing(kind):
    schema = Schema([Field("key", "l"), Field("value", kind)])
    rows = [(number % 7, VALUES[kind](number)) for number in range(3000)]
    empty = MemoryBudget()
    kept = running(schema, empty)
    failed = 0
    for limit in range(empty.used, 400_000, 3000):
        budget = MemoryBudget(limit)
        found = running(schema, budget)
        for start in range(0, len(rows), 100):
            try:
                found.add(ColumnBatch.from_rows(rows[start : start + 100], schema), False)
            except MemoryBudgetError:
                failed += 1
        del found
        assert budget.used == 0
    assert failed
    del kept
