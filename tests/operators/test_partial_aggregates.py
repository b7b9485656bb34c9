"""Partial aggregates: the rows that the first of two phases sends, and what the second one refuses."""

from array import array

import pytest

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.keys.partition import column_key_groups, slice_by_key_group, subtasks_of
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.partials import LocalKeys, LocalSlices
from pyflinkx._core.native.windows import RunningAggregates, SliceWindows
from pyflinkx.errors import CorruptDataError, JobExecutionError, KeyTypeError, MemoryBudgetError
from pyflinkx.operators.aggregations import WINDOW_FIELDS, Aggregation, native_arguments, result_schema
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.operators.local_aggregate import partial_schema
from pyflinkx.operators.windowing.assigners import TumblingEventTimeWindows
from tests.operators.test_two_phase import FEW, GROUPS, SCHEMA, windowed


def test_partial_aggregates_go_where_their_rows_would():
    partials = partials_of([(key, 1, 0.0, 0) for key in range(-50, 50)], [0] * 100)
    groups = [row[0] for row in partials.to_rows("tuple")]
    assert groups == list(column_key_groups(partials, ["key.key"], GROUPS))
    subtasks = list(subtasks_of(array("i", groups), GROUPS, 2))
    assert subtasks == sorted(subtasks)
    assert set(subtasks) == {0, 1}


# ---- what fails ----


def local_slices(aggregations=FEW, budget=None, schema=SCHEMA, keys=("key",), windows=(10, 10)):
    partials = partial_schema(schema, keys, aggregations, True)
    return LocalSlices(schema, keys, native_arguments(aggregations), partials, GROUPS, 2, *windows, budget=budget)


def slice_windows(aggregations=FEW, **options):
    results = result_schema(SCHEMA, ["key"], aggregations, WINDOW_FIELDS)
    return SliceWindows(SCHEMA, ["key"], native_arguments(aggregations), results, 10, 10, **options)


def partials_of(rows, stamps):
    slices = local_slices()
    slices.add(ColumnBatch.from_rows(rows, SCHEMA, array("q", stamps)), 0)
    return slices.send(MAX_WATERMARK, 1000)[0]


ONE = ([(1, 5, 0.0, 0), (2, 6, 0.0, 0)], [3, 4])


def test_partial_aggregates_are_rows_of_states():
    partials = partials_of(*ONE)
    assert partials.timestamps is None
    assert [(field.name, field.format, field.nullable) for field in partials.schema] == [
        ("key_group", "i", False),
        ("key.key", "l", True),
        ("slice_last", "l", False),
        ("rows().n", "l", False),
        ("sum_int('value').low", "L", False),
        ("sum_int('value').high", "l", False),
        ("sum_int('value').n", "l", False),
    ]
    assert sorted(row[1:] for row in partials.to_rows("tuple")) == [(1, 9, 1, 5, 0, 1), (2, 9, 1, 6, 0, 1)]


def test_rows_are_counted_beside_the_states_only_where_they_may_be_late():
    total = {"total": Aggregation("sum", "value")}
    sliced = partial_schema(SCHEMA, ["key"], total, True)
    whole = partial_schema(SCHEMA, ["key"], total, False)
    assert [name for name in sliced.names if name not in whole.names] == ["slice_last", "rows().n"]
    # And the second phase has them in no state of its own: it is what it would be without a first one.
    windows = slice_windows(total, partials=True)
    assert not any(name.startswith("rows") for name in [field.name for field in windows.state_fields()])


def test_columns_of_another_name_or_type_are_refused():
    partials = partials_of(*ONE)
    other = slice_windows({"total": Aggregation("sum", "value"), "low": Aggregation("min", "value")}, partials=True)
    with pytest.raises(ValueError, match=r"0 columns \"min\('value'\)\.value\"; it is to have key_group"):
        other.merge(partials)
    windows = slice_windows(partials=True)
    assert windows.merge(partials.select([*range(6, -1, -1)])) == 0
    with pytest.raises(ValueError, match="0 columns 'slice_last'"):
        windows.merge(partials.select([0, 1, 3, 4, 5, 6]))
    with pytest.raises(ValueError, match="2 columns 'key_group'"):
        windows.merge(partials.select([0, *range(7)]))
    fields = [*partials.schema.fields[:-1], Field("sum_int('value').n", "i", False)]
    with pytest.raises(ValueError, match=r"sum_int\('value'\).n.* of a batch of states holds int32, not int64"):
        windows.merge(ColumnBatch.from_rows([(0, 1, 9, 1, 5, 0, 1)], Schema(fields)))
    fields = [Field(field.name, field.format) for field in partials.schema]
    with pytest.raises(ValueError, match="has nulls"):
        windows.merge(ColumnBatch.from_rows([(0, 1, 9, None, 5, 0, 1)], Schema(fields)))
    with pytest.raises(ValueError, match="updates or deletions"):
        windows.merge(ColumnBatch(partials.schema, partials.columns, 2, None, array("b", [0, 3])))
    with pytest.raises(OverflowError, match="out of range"):
        windows.merge(ColumnBatch.from_rows([(0, 1, 2**61, 1, 5, 0, 1)], partials.schema))
    keys = RunningAggregates(SCHEMA, ["key"], native_arguments(FEW), result_schema(SCHEMA, ["key"], FEW))
    with pytest.raises(ValueError, match="has columns that this operator has not: slice_last"):
        keys.merge(partials)


@pytest.mark.parametrize("row", [(0, 1, 9, -1, 5, 0, 1), (0, 1, 9, 1, 5, 0, -1), (0, 1, 9, 1, 5, 0, 0)])
def test_what_no_state_can_be_is_refused(row):
    windows = slice_windows(partials=True)
    with pytest.raises(CorruptDataError, match=r"row 0 of a batch of states: (rows|sum_int)"):
        windows.merge(ColumnBatch.from_rows([row], partials_of(*ONE).schema))


@pytest.mark.parametrize(
    "aggregation",
    [
        Aggregation("count_distinct", "value"),
        Aggregation("first", "text"),
        Aggregation("min", "text"),
        Aggregation("max_by", "value", "text"),
    ],
    ids=str,
)
def test_states_that_own_memory_would_not_pay(aggregation):
    schema = Schema([*SCHEMA.fields, Field("text", "u")])
    for sliced in (False, True):
        assert partial_schema(schema, ["key"], {"a": aggregation, **FEW}, sliced) is None


def test_windows_with_gaps_and_wrong_columns_are_refused():
    with pytest.raises(ValueError, match="invalid"):
        local_slices(windows=(10, 20))
    with pytest.raises(ValueError, match=r"partial aggregates are key_group, key\.key"):
        LocalKeys(SCHEMA, ["key"], native_arguments(FEW), result_schema(SCHEMA, ["key"], FEW), GROUPS, 2)
    partials = partial_schema(SCHEMA, ["key"], FEW, False)
    with pytest.raises(ValueError, match="invalid"):
        LocalKeys(SCHEMA, ["key"], native_arguments(FEW), partials, GROUPS, GROUPS + 1)


@pytest.mark.parametrize("groups", [[8, 0], [0, 16], [-1, 0], [0, 9, 0]])
def test_partial_aggregates_come_in_order_of_their_subtasks(groups):
    batch = ColumnBatch.from_rows([(number,) for number in groups], Schema([Field("key_group", "i", False)]))
    with pytest.raises(ValueError, match=r"is for subtask|has key group"):
        slice_by_key_group(batch, 0, GROUPS, 2)


def test_key_groups_in_any_order_within_a_subtask():
    batch = ColumnBatch.from_rows([(n,) for n in [7, 0, 3, 15, 8]], Schema([Field("key_group", "i", False)]))
    parts = slice_by_key_group(batch, 0, GROUPS, 2)
    assert [[row[0] for row in part.to_rows("tuple")] for part in parts] == [[7, 0, 3], [15, 8]]


def test_a_column_of_another_type_has_no_key_groups():
    for kind, value in (("l", 0), ("i", None)):
        batch = ColumnBatch.from_rows([(value,)], Schema([Field("key_group", kind)]))
        with pytest.raises(ValueError, match="has no key groups"):
            slice_by_key_group(batch, 0, GROUPS, 2)


@pytest.mark.parametrize(
    ("stamps", "message"),
    [(None, "no timestamps"), ([1, -(2**63)], "row 1 has no timestamp"), ([1, 2**61], "row 1: the timestamp")],
)
def test_rows_without_a_time_fail_before_the_exchange(stamps, message):
    job = windowed(TumblingEventTimeWindows(10), FEW)
    with pytest.raises(JobExecutionError, match=message):
        job.push(0, ONE[0], stamps)


def test_a_key_without_canonical_form_fails():
    schema = Schema([Field("key", "tss:"), Field("value", "l")])
    slices = local_slices({"n": Aggregation("count")}, schema=schema)
    columns = [Column(field, 1, [None, array("q", [2**60])]) for field in schema]
    batch = ColumnBatch(schema, columns, 1, array("q", [1]))
    slices.add(batch, 0)
    with pytest.raises(KeyTypeError, match="no key by 'key'"):
        slices.send(MAX_WATERMARK, 10)


def test_memory_is_charged_and_given_back():
    budget = MemoryBudget()
    slices = local_slices(budget=budget)
    empty = budget.used
    for start in range(0, 5000, 1000):
        rows = [(start + i, i, 0.5, 0) for i in range(1000)]
        slices.add(ColumnBatch.from_rows(rows, SCHEMA, array("q", range(1000))), 0)
    assert budget.used > empty + 5000 * 32
    more, batches = True, []
    while more:
        batch, more = slices.send(MAX_WATERMARK, 333)
        batches.append(batch)
    assert sorted(row[1] for batch in batches for row in batch.to_rows("tuple")) == list(range(5000))
    assert max(map(len, batches)) == 333
    with pytest.raises(OverflowError, match="row 2: the timestamp"):
        slices.add(ColumnBatch.from_rows(rows[:3], SCHEMA, array("q", [1, 2, 2**62])), 0)
    del batch, batches, slices
    assert budget.used == 0


def test_a_slice_of_few_keys_takes_little_memory():
    budget = MemoryBudget()
    slices = local_slices(budget=budget)
    for stamps in (range(0, 400, 10), [1000] * 3000, range(0, 400, 10)):
        rows = [(number if len(stamps) > 40 else 0, 1, 0.5, 0) for number in range(len(stamps))]
        slices.add(ColumnBatch.from_rows(rows, SCHEMA, array("q", stamps)), 0)
    # Not 40 slices of 3,000 keys.
    assert budget.used < 40 * 3000 * 32 / 4
    assert slices.send(MAX_WATERMARK, 40)[0].to_rows("tuple")[0][1] == 0


def test_too_little_memory_fails_without_a_leak():
    for limit in range(60_000, 400_000, 9000):
        budget = MemoryBudget(limit)
        try:
            slices = local_slices(budget=budget)
            rows = [(i, i, 0.5, 0) for i in range(1000)]
            slices.add(ColumnBatch.from_rows(rows, SCHEMA, array("q", [i * 7 % 200 for i in range(1000)])), 0)
            batch, _ = slices.send(MAX_WATERMARK, 1000)
            assert len(batch) == 1000
            break
        except MemoryBudgetError:
            slices = None
        assert budget.used == 0
    else:
        pytest.fail("it never had enough")
