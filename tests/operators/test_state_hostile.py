"""States from who knows where: whatever is in the columns, an import takes it or refuses it with a clear error."""

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.windows import CountWindows, RunningAggregates, SessionWindows, SliceWindows
from pyflinkx.errors import CorruptDataError, JobExecutionError
from pyflinkx.operators.aggregations import WINDOW_FIELDS, Aggregation, native_arguments, result_schema
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.native_aggregate import NativeAggregateOperator
from pyflinkx.operators.native_window import NativeWindowOperator
from pyflinkx.operators.windowing.assigners import TumblingEventTimeWindows
from pyflinkx.testing.harness import ManualClock
from tests.operators.native_cases import ColumnOutput

SCHEMA = Schema(
    [Field("key", "l"), Field("value", "l"), Field("real", "g"), Field("text", "u"), Field("price", "d:9,2")]
)
AGGREGATIONS = {
    "n": Aggregation("count"),
    "total": Aggregation("sum", "value"),
    "real_total": Aggregation("avg", "real"),
    "low": Aggregation("min", "value"),
    "spread": Aggregation("stddev", "real"),
    "first": Aggregation("first", "text"),
    "best": Aggregation("max_by", "price", "text"),
    "kinds": Aggregation("count_distinct", "value"),
    "words": Aggregation("count_distinct", "text"),
}


def make(name, budget=None, aggregations=AGGREGATIONS):
    bounds = () if name in ("running", "counts") else WINDOW_FIELDS
    arguments = (SCHEMA, ["key"], native_arguments(aggregations), result_schema(SCHEMA, ["key"], aggregations, bounds))
    return {
        "running": lambda: RunningAggregates(*arguments, budget=budget),
        "slices": lambda: SliceWindows(*arguments, 20, 10, budget=budget),
        "sessions": lambda: SessionWindows(*arguments, 5, 10, budget=budget),
        "counts": lambda: CountWindows(*arguments, 4, 2, budget=budget),
    }[name]()


NAMES = ["running", "slices", "sessions", "counts"]
integers = (
    st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 30) | st.sampled_from([2**56, 2**56 - 1, 2**62, 2**62 - 1])
)
VALUES = {
    "i": st.integers(-(2**31), 2**31 - 1),
    "l": integers,
    "L": st.integers(0, 2**64 - 1),
    "g": st.floats() | st.integers(-3, 3).map(float),
    "U": st.text(max_size=20),
    "d:9,2": st.decimals(-9, 9, places=2),
}


def values_of(field):
    if field.format == "+L":
        return st.lists(values_of(field.children[0]), max_size=12)
    values = VALUES[field.format]
    return st.none() | values if field.nullable else values


def form_of(name):
    made = make(name)
    rows = [(1, 5, 0.5, "text", None), (2, None, None, None, None)]
    batch = ColumnBatch.from_rows(rows, SCHEMA, array("q", [3, 14]))
    made.add(batch, False) if name == "running" else made.add(batch)
    (states,) = made.export(128)
    return states


FORMS = {name: form_of(name) for name in NAMES}


def go_on(made, name):
    """Use what an import has left."""
    batch = ColumnBatch.from_rows([(key, 1, 1.0, "t", None) for key in (1, 2, 0)], SCHEMA, array("q", [5, 25, 7]))
    try:
        if name == "running":
            made.add(batch, True)
            made.finish(0, 1000)
        else:
            made.add(batch)
            made.fire(15, 1000)
            made.fire(MAX_WATERMARK, 1000)
    except OverflowError:  # of a sum
        return
    for states in made.export(128):
        states.validate(full=True)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150)
@given(data=st.data())
def test_any_values_are_taken_or_refused(name, data):
    schema = FORMS[name].schema
    rows = data.draw(st.lists(st.tuples(*map(values_of, schema.fields)), min_size=1, max_size=5))
    if data.draw(st.booleans()):
        # Mostly sound ones, so that it comes to more than the first check.
        sound = FORMS[name].to_rows("tuple")
        rows = [
            tuple(a if data.draw(st.integers(0, 9)) else b for a, b in zip(sound[i % 2], row, strict=True))
            for i, row in enumerate(rows)
        ]
    batch = ColumnBatch.from_rows(rows, schema)
    budget = MemoryBudget()
    made = make(name, budget)
    try:
        made.import_(batch)
    except (CorruptDataError, ValueError, OverflowError):
        pass
    else:
        go_on(made, name)
    del made
    assert budget.used == 0


def changed(name, column, value, row=0):
    states = FORMS[name]
    rows = [list(values) for values in states.to_rows("tuple")]
    rows[row][states.schema.index(column)] = value
    return ColumnBatch.from_rows(rows, Schema([Field(f.name, f.format, True, f.children) for f in states.schema]))


@pytest.mark.parametrize(
    ("name", "column", "value", "message"),
    [
        ("running", "rows().n", -1, r"row 0 of a batch of states: rows\(\) cannot be"),
        ("running", "rows().n", 2**56, r"rows\(\) cannot be"),
        ("running", "sum_int('value').n", -5, r"sum_int\('value'\) cannot be"),
        ("running", "sum_int('value').high", 2, r"sum_int\('value'\) cannot be"),
        ("running", "sum_real('real').n", 0, r"sum_real\('real'\) cannot be"),
        ("running", "moments('real').squares", -1.0, r"moments\('real'\) cannot be"),
        ("running", "first('text').sequence", None, r"first\('text'\) cannot be"),
        ("running", "first('text').sequence", -1, r"first\('text'\) cannot be"),
        ("running", "first('text').sequence", 2**62, r"first\('text'\) cannot be"),
        ("running", "first('text').value", None, r"first\('text'\) cannot be"),
        ("running", "max_by('price', 'text').by", "x", r"max_by\('price', 'text'\) cannot be"),
        ("running", "rows().n", None, "has nulls"),
        ("running", "distinct('text').values", None, "has nulls"),
        ("slices", "slice_last", 10, "row 0 of a batch of states: slice_last cannot be"),
        ("slices", "slice_last", 2**62, "slice_last cannot be"),
        ("sessions", "session_end", 7, "row 0 of a batch of states: session_start, session_end, session_fired"),
        ("sessions", "session_start", -(2**62), "session_start, session_end"),
        ("sessions", "session_end", 2**61, "session_start, session_end"),
        ("sessions", "session_fired", 9, "session_start, session_end"),
        ("counts", "key_rows", 0, "row 0 of a batch of states: key_rows, slice"),
        ("counts", "key_rows", 2**61, "key_rows, slice"),
        ("counts", "slice", 1, "key_rows, slice"),
        ("counts", "slice", -1, "key_rows, slice"),
    ],
)
def test_what_cannot_be_is_named(name, column, value, message):
    with pytest.raises((CorruptDataError, ValueError), match=message):
        make(name).import_(changed(name, column, value))


def test_later_rows_are_named_by_their_numbers():
    with pytest.raises(CorruptDataError, match=r"row 1 of a batch of states: sum_int"):
        make("running").import_(changed("running", "sum_int('value').low", 1, row=1))


@pytest.mark.parametrize("name", ["sessions", "counts"])
def test_what_is_there_already_is_not_there_twice(name):
    made = make(name)
    made.import_(FORMS[name])
    with pytest.raises(CorruptDataError, match=r"row 0 .* or not beside what is there already"):
        made.import_(FORMS[name])


def test_lists_with_nulls_and_text_that_is_none():
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.record_batch(FORMS["running"])
    for column, value, kind in (
        ("distinct('value').values", [[1, None], [2]], pyarrow.large_list(pyarrow.int64())),
        ("distinct('text').values", [[b"\xff"], [b"a"]], pyarrow.large_list(pyarrow.large_binary())),
        ("first('text').value", [b"\xff", None], pyarrow.large_binary()),
    ):
        found = pyarrow.array(value, kind)
        if "text" in column:
            found = found.view(table.schema.field(column).type) if "first" in column else found
        names = table.schema.names
        columns = [found if name == column else table.column(name) for name in names]
        with pytest.raises(
            (CorruptDataError, ValueError), match=column.split(".")[0].replace("(", "\\(").replace(")", "\\)")
        ):
            make("running").import_(ColumnBatch.from_arrow(pyarrow.record_batch(columns, names)))


# ---- operators ----


def opened(operator, subtask=0, parallelism=1, max_parallelism=128):
    context = OperatorContext("aggregate", "a", ColumnOutput(), ManualClock(0))
    context.subtask_index, context.parallelism, context.max_parallelism = subtask, parallelism, max_parallelism
    operator.open(context)
    return operator


@pytest.mark.parametrize(
    "build",
    [
        lambda: NativeAggregateOperator(SCHEMA, ["key"], AGGREGATIONS, True),
        lambda: NativeWindowOperator(SCHEMA, ["key"], TumblingEventTimeWindows(10), AGGREGATIONS),
    ],
    ids=["running", "windows"],
)
def test_each_subtask_takes_the_states_of_its_key_groups(build):
    rows = [(key % 40, key, 0.5, "t", None) for key in range(100)]
    one = opened(build())
    one.process_batch(ColumnBatch.from_rows(rows, SCHEMA, array("q", [5] * 100)))
    batches = list(one.export())
    subtasks = [opened(build(), subtask, 3) for subtask in range(3)]
    for operator in subtasks:
        for batch in batches:
            operator.import_(batch)
    found = []
    for operator in (one, *subtasks):
        operator.process_watermark(MAX_WATERMARK)
        while operator.resume():
            pass
        found.append([row for batch in operator.output.batches for row in batch.to_rows("tuple")])
    assert all(found)
    assert sorted(map(repr, found[0])) == sorted(map(repr, found[1] + found[2] + found[3]))
    with pytest.raises(JobExecutionError, match=r"aggregate.*in a batch of states"):
        opened(build(), 0, 1, 2).import_(batches[0])
