"""What types expressions have, what they refuse when the graph is built, and casts."""

import datetime
import sys

import numpy as np
import pyarrow as pa
import pytest

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.memory.budget import process_budget
from pyflinkx.common.typeinfo import Types
from pyflinkx.errors import GraphError, MissingExtraError
from pyflinkx.expressions.compiler import condition, typed
from pyflinkx.expressions.expression import Expression, and_, coalesce, col, concat, if_then_else, lit, or_
from pyflinkx.expressions.vectors import Frame, to_column
from pyflinkx.operators.columnar_expressions import selected_field

UTC = datetime.timezone.utc
TABLE = pa.record_batch(
    {
        "i": pa.array([1, -3, None], pa.int64()),
        "tiny": pa.array([127, -128, None], pa.int8()),
        "big": pa.array([2**64 - 1, 1, None], pa.uint64()),
        "f": pa.array([1.5, -2.5, None], pa.float32()),
        "x": pa.array([1.5, float("nan"), None], pa.float64()),
        "b": pa.array([True, False, None]),
        "s": pa.array(["12", "x", None]),
        "ms": pa.array([-1, 86_400_000, None], pa.timestamp("ms")),
        "ns": pa.array([-1, 10**9, None], pa.timestamp("ns", "UTC")),
        "berlin": pa.array([0, 15_552_000, None], pa.timestamp("s", "Europe/Berlin")),
        "d": pa.array([-1, 59, None], pa.date32()),
        "d64": pa.array([datetime.date(1969, 12, 31), datetime.date(1970, 3, 1), None], pa.date64()),
        "t": pa.array([datetime.time(1, 2, 3, 4567), None, None], pa.time64("us")),
        "span": pa.array([datetime.timedelta(seconds=-1), None, None], pa.duration("ms")),
        "dec": pa.array([None, None, None], pa.decimal128(5, 2)),
        "list": pa.array([[1], None, []], pa.list_(pa.int64())),
        "blob": pa.array([b"a", b"\xff", None]),
    }
)


def values(expression, table=TABLE):
    batch = ColumnBatch.from_arrow(table)
    frame = Frame(batch, np)
    field = selected_field("result", expression, batch.schema, "test")
    column = to_column(typed(expression, batch.schema, "test").run(frame), field, frame)
    column.validate(full=True)
    return [value for (value,) in ColumnBatch(type(batch.schema)([field]), [column], len(batch)).to_rows("tuple")]


def kind(expression):
    return selected_field("result", expression, ColumnBatch.from_arrow(TABLE).schema, "test").type_name


@pytest.mark.parametrize(
    ("expression", "expected", "type_name"),
    [
        (col("tiny") + 1, [128, -127, None], "int64"),
        (col("f") * 2, [3.0, -5.0, None], "float64"),
        (-col("f"), [-1.5, 2.5, None], "float32"),
        (col("i") / 2, [0.5, -1.5, None], "float64"),
        (col("i") ** 2, [1.0, 9.0, None], "float64"),
        (2 - col("i"), [1, 5, None], "int64"),
        (7 // col("i"), [7, -3, None], "int64"),
        (7 % col("i"), [0, -2, None], "int64"),
        (1 / (col("i") - col("i")), [float("inf"), float("inf"), None], "float64"),
        (col("big") > col("i"), [True, True, None], "bool"),
        (col("big") == 2**64 - 1, [True, False, None], "bool"),
        (col("i") < col("big"), [True, True, None], "bool"),
        (col("big") >= -1, [True, True, None], "bool"),
        (col("x") == col("x"), [True, False, None], "bool"),
        (col("x").is_nan, [False, True, None], "bool"),
        (col("ms") + datetime.timedelta(milliseconds=1), [0, 86_400_001, None], "timestamp[us]"),
        (datetime.timedelta(days=1) + col("d"), [0, 60 * 86_400_000, None], "timestamp[us]"),
        (col("ms") > datetime.datetime(1970, 1, 1), [False, True, None], "bool"),
        (col("ns") < datetime.datetime(1970, 1, 1, tzinfo=UTC), [True, False, None], "bool"),
        (col("d") == col("d64"), [True, True, None], "bool"),
        (col("d") < col("ms"), [True, False, None], "bool"),
        (col("ms") - col("ms"), [datetime.timedelta(0)] * 2 + [None], "duration[ms]"),
        (col("d") - datetime.date(1970, 1, 1), [datetime.timedelta(-1), datetime.timedelta(59), None], "duration[s]"),
        (-col("span"), [datetime.timedelta(seconds=1), None, None], "duration[ms]"),
        (col("s") + "!", ["12!", "x!", None], "utf8"),
        (col("blob") == b"\xff", [False, True, None], "bool"),
        (col("dec").is_null, [True, True, True], "bool"),
        (col("list").is_not_null, [True, False, True], "bool"),
        (col("i").fill_null(0.5), [1.0, -3.0, 0.5], "float64"),
        (coalesce(None, col("s"), "none"), ["12", "x", "none"], "utf8"),
        (coalesce(col("i"), None), [1, -3, None], "int64"),
        (if_then_else(col("b"), col("d"), None), [datetime.date(1969, 12, 31), None, None], "date32"),
        (col("b").then("yes", "no"), ["yes", "no", "no"], "utf8"),
        (and_(col("b"), True, col("i") == 1), [True, False, None], "bool"),
        (or_(col("b"), None), [True, None, None], "bool"),
        (col("i").between(-3, 0), [False, True, None], "bool"),
        (col("s").isin(["x", None]), [None, True, None], "bool"),
        (col("d").isin([datetime.date(1970, 3, 1)]), [False, True, None], "bool"),
        (col("i").isin([]), [False, False, None], "bool"),
        (lit(None), [None, None, None], "null"),
        (lit(np.int32(3)), [3, 3, 3], "int64"),
        (col("t").hour(), [1, None, None], "int64"),
        (col("t").millisecond(), [4, None, None], "int64"),
        (col("berlin").hour(), [1, 1, None], "int64"),
        (col("berlin").day_of_week(), [4, 2, None], "int64"),
        (col("d64").day_of_year(), [365, 60, None], "int64"),
        (lit(datetime.date(2024, 2, 29)).day(), [29, 29, 29], "int64"),
        (concat(col("s"), None), [None, None, None], "utf8"),
        (lit("AB").lower(), ["ab", "ab", "ab"], "utf8"),
    ],
)
def test_results(expression, expected, type_name):
    with np.errstate(all="ignore"):
        found = values(expression)
    if type_name.startswith("timestamp"):
        epoch = datetime.datetime(1970, 1, 1)
        found = [None if time is None else (time - epoch) // datetime.timedelta(milliseconds=1) for time in found]
    assert found == expected
    assert kind(expression) == type_name


def test_three_truth_values():
    truths = [True, False, None]
    table = pa.record_batch({"p": [p for p in truths for _ in truths], "q": truths * 3})
    assert values(col("p") & col("q"), table) == [True, False, None, False, False, False, None, False, None]
    assert values(col("p") | col("q"), table) == [True, True, True, True, False, None, True, None, None]
    assert values(~col("q"), table) == [False, True, None] * 3


def test_what_the_left_side_decides_may_be_wrong_on_the_right():
    table = pa.record_batch({"n": [0, 3, None]})
    assert values((col("n") != 0) & (6 // col("n") == 2), table) == [False, True, None]
    assert values((col("n") == 0) | (6 // col("n") > 2), table) == [True, False, None]
    with pytest.raises(ZeroDivisionError):
        values((6 // col("n") == 2) & (col("n") != 0), table)


def test_what_lies_under_a_null_does_not_overflow():
    column = pa.array([2**63 - 1, 1], mask=np.array([True, False]))
    assert values(col("n") + 1, pa.record_batch({"n": column})) == [None, 2]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (col("i").cast("int8"), [1, -3, None]),
        (col("tiny").cast(Types.DOUBLE()), [127.0, -128.0, None]),
        (col("f").cast("int32"), [1, -2, None]),
        (col("i").cast("bool"), [True, True, None]),
        (col("b").cast("int64"), [1, 0, None]),
        (col("i").cast("utf8"), ["1", "-3", None]),
        (col("x").cast("float32"), [1.5, pytest.approx(float("nan"), nan_ok=True), None]),
        (col("ms").cast("date32"), [datetime.date(1969, 12, 31), datetime.date(1970, 1, 2), None]),
        (col("ms").cast("int64"), [-1, 86_400_000, None]),
        (col("ns").cast("timestamp[ms, UTC]").cast("int64"), [-1, 1000, None]),
        (col("ms").cast("timestamp[us]").cast("int64"), [-1000, 86_400_000_000, None]),
        (col("d").cast("timestamp[s]").cast("int64"), [-86_400, 59 * 86_400, None]),
        (col("i").cast("timestamp[ms]").cast("int64"), [1, -3, None]),
        (col("d64").cast("date32"), [datetime.date(1969, 12, 31), datetime.date(1970, 3, 1), None]),
        (col("span").cast("duration[s]"), [datetime.timedelta(seconds=-1), None, None]),
        (col("s").isin(["12"]).then(col("s"), "0").cast("int64"), [12, 0, 0]),
        (col("s").cast(Types.STRING()), ["12", "x", None]),
        (lit(None).cast("int64"), [None, None, None]),
        # What a condition excludes may be wrong.
        (if_then_else(col("s") == "12", col("s").cast("int64"), None), [12, None, None]),
        (if_then_else(col("i") > 0, (col("tiny") + 128).cast("uint8"), 0), [255, 0, 0]),
    ],
)
def test_casts(expression, expected):
    assert values(expression) == expected


@pytest.mark.parametrize(
    ("expression", "error", "message"),
    [
        (
            col("i") + (2**63 - 1),
            OverflowError,
            r"col\('i'\) \+ 9223372036854775807: the result for 1 and 9.* record {'i': 1",
        ),
        (-(col("i") - 4 - 2**63 + 1 + 3), OverflowError, "does not fit int64"),
        (col("i") // (col("i") + 3), ZeroDivisionError, r"-3 divided by zero, in record {'i': -3"),
        (col("i") % (col("i") - 1), ZeroDivisionError, "1 divided by zero"),
        (col("big") + 1, OverflowError, "uint64 does not fit int64"),
        (col("tiny").cast("uint8"), OverflowError, "-128 does not fit uint8"),
        (col("x").cast("int64"), OverflowError, "nan does not fit int64"),
        ((col("i") * 1e300).cast("int64"), OverflowError, "e[+]300 does not fit int64"),
        (col("s").cast("int64"), ValueError, "'x' is no int64, in record .*'s': 'x'"),
        ((col("i") * 2**61).cast("timestamp[s]").cast("timestamp[ns]"), OverflowError, "a time does not fit its unit"),
    ],
)
def test_a_value_that_cannot_be_names_expression_and_record(expression, error, message):
    with pytest.raises(error, match=message):
        values(expression)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (col("nothing") + 1, "there is no column 'nothing'; there are 'i' int64"),
        (col("i") + "a", r"col\('i'\) \+ 'a' does not fit its types: col\('i'\) is int64, 'a' is utf8"),
        (col("s") > 1, "does not fit its types"),
        (col("i") & True, "col.'i'. is int64, True is bool"),
        (~col("i"), "does not fit its types"),
        (col("dec") + 1, r"decimal128\(5, 2\)"),
        (col("dec") == col("dec"), "does not fit its types"),
        (col("list") == col("list"), "does not fit its types"),
        (col("ms") > col("ns"), r"timestamp\[ms\], .*timestamp\[ns, UTC\]"),
        (col("ms") + col("ms"), "does not fit its types"),
        (col("d").hour(), "does not fit its types"),
        (col("s").year(), "does not fit its types"),
        (col("i").lower(), "does not fit its types"),
        (col("i").is_nan, "does not fit its types"),
        (coalesce(col("i"), "a"), "does not fit its types"),
        (if_then_else(col("i"), 1, 2), "does not fit its types"),
        (col("i").isin([1, "a"]), "'a' is not comparable to it"),
        (col("i").cast("decimal"), "'decimal' is no type"),
        (col("i").cast(Types.MAP(Types.LONG(), Types.LONG())), "there are no casts to MapTypeInfo"),
        (col("d").cast("int64"), "date32 cannot be cast to int64"),
        (col("i") + 2**64, "18446744073709551616 .int. is no constant"),
        (col("i") + object, "is no constant that a column could hold"),
        (lit([1]), "is no constant"),
        (col("ms") + datetime.timedelta(days=999_999_999), "is no constant"),
    ],
)
def test_what_does_not_fit_is_refused_when_the_graph_is_built(expression, message):
    with pytest.raises(GraphError, match=message):
        kind(expression)


@pytest.mark.parametrize("expression", [col("i"), col("s"), lit(1)])
def test_a_condition_is_true_or_false(expression):
    with pytest.raises(GraphError, match=r"filter\(\) takes a condition"):
        condition(expression, ColumnBatch.from_arrow(TABLE).schema, "filter()")


@pytest.mark.parametrize(
    "make",
    [
        lambda: col(1),
        lambda: 1 < col("i") < 3,
        lambda: col("i") > 0 and col("i") < 3,
        lambda: col("i").isin("abc"),
        lambda: col("i").isin([col("i")]),
        lambda: col("i").isin(3),
        lambda: col("s").substring(0),
        lambda: col("s").substring(1, -1),
        lambda: col("s").contains(col("s")),
        lambda: col("s").replace("a", None),
        lambda: coalesce(),
        lambda: concat(),
        lambda: and_(),
        lambda: col("s").alias(1),
    ],
)
def test_what_cannot_be_an_expression(make):
    with pytest.raises(GraphError):
        make()


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (col("a") * 1.1 > 50, "(col('a') * 1.1) > 50"),
        (-(col("a") + 1), "-(col('a') + 1)"),
        (~(col("a") == 1) & col("b").is_null, "~(col('a') == 1) & col('b').is_null"),
        ((col("a") + 1).cast("int8"), "(col('a') + 1).cast('int8')"),
        (if_then_else(col("a"), 1, None), "if_then_else(col('a'), 1, None)"),
        (col("a").isin([1]), "col('a').isin((1,))"),
        (abs(col("a")), "abs(col('a'))"),
    ],
)
def test_expressions_as_text(expression, text):
    assert repr(expression) == text


@pytest.mark.parametrize(
    "expression", [col("s").lower(), concat(col("s"), "a"), col("i").cast("utf8"), col("berlin").hour()]
)
def test_without_pyarrow_the_extra_is_named(monkeypatch, expression):
    schema = ColumnBatch.from_arrow(TABLE).schema
    monkeypatch.setitem(sys.modules, "pyarrow.compute", None)
    with pytest.raises(MissingExtraError, match=r"pyflinkx\[arrow\]"):
        typed(expression, schema, "select()")


def test_expressions_can_be_kept_in_sets_and_compared_by_identity():
    first = col("a")
    assert first in {first}
    assert isinstance(first == first, Expression)


@pytest.mark.parametrize(
    ("expression", "bytes_charged"),
    [
        (col("i") + 1, 3 * 8 + 1),
        (col("x") > 0, 1 + 1),
        (coalesce(col("i"), 0), 3 * 8),
        (lit(5) + 0, 3 * 8),
        (col("i").cast("timestamp[ms]"), 1),
    ],
)
def test_results_are_charged_as_long_as_they_are_used(expression, bytes_charged):
    batch = ColumnBatch.from_arrow(TABLE)
    frame = Frame(batch, np)
    field = selected_field("result", expression, batch.schema, "test")
    run = typed(expression, batch.schema, "test").run
    before = process_budget().used
    column = to_column(run(frame), field, frame)
    assert process_budget().used - before == bytes_charged
    del column
    assert process_budget().used == before


@pytest.mark.parametrize(
    ("array", "expression"),
    [
        (pa.array([0, None, 2**50], pa.timestamp("s")), col("a").cast("date32")),
        (pa.array([0, None, -(2**60)], pa.int64()).view(pa.date64()), col("a").cast("date32")),
    ],
)
def test_a_day_that_no_date_holds_is_an_error(array, expression):
    table = pa.record_batch({"a": array})
    with pytest.raises(OverflowError, match="does not fit a date, in record"):
        values(expression, table)
