"""Constants, typed nulls and texts of several widths, wherever an operation takes them: the same in every row."""

import datetime

import pyarrow as pa
import pytest

from pyflinkx.common.typeinfo import Types
from pyflinkx.datastream import StreamExecutionEnvironment, agg, coalesce, col, concat, if_then_else, lit
from pyflinkx.errors import GraphError, JobExecutionError

ROWS = 7
TABLE = pa.table(
    {
        "a": pa.array(range(ROWS), pa.int64()),
        "f": pa.array([1e300, 1.5, None, -1e39, float("inf"), float("nan"), 0.1], pa.float64()),
        "s": pa.array(["x", None, "é", "", "x\\1", "xx", "yx"]),
        "ls": pa.array(["y", "z", None, "", "a", "b", "c"], pa.large_string()),
        "b": pa.array([b"x", None, b"", b"y", b"z", b"a", b"b"], pa.binary()),
        "lb": pa.array([b"y"] * ROWS, pa.large_binary()),
        "u": pa.array([1, None, 2**64 - 1, 0, 1, 2, 3], pa.uint64()),
        "d": pa.array([0, None, 1, 2, 3, 4, 5], pa.date32()),
        "n": pa.nulls(ROWS),
        "t": pa.array([True, False, None, True, False, None, True]),
    }
)


@pytest.fixture
def plain_env():
    return StreamExecutionEnvironment.get_execution_environment()


def selected(env, expression):
    return env.from_arrow(TABLE).select(r=expression).to_arrow().column("r").to_pylist()


DAY = datetime.date(2024, 2, 29)
STAMP = datetime.datetime(2024, 2, 29, 23, 59, 59, 1000)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (lit(1).cast("bool"), True),
        (lit(0.0).cast("bool"), False),
        (lit(1).cast("int8"), 1),
        (lit(-3.9).cast("int64"), -3),
        (lit(True).cast("int32"), 1),
        (lit(2**64 - 1).cast("float64"), 2.0**64),
        (lit(1.5).cast("float32"), 1.5),
        (lit(7).cast("utf8"), "7"),
        (lit("12").cast("int16"), 12),
        (lit("k").cast("large_utf8"), "k"),
        (lit(b"k").cast("large_binary"), b"k"),
        (lit(DAY).cast("timestamp[s]"), datetime.datetime(2024, 2, 29)),
        (lit(STAMP).cast("date32"), DAY),
        (lit(STAMP).cast("timestamp[s]").cast("int64"), 1709251199),
        (lit(1709251199).cast("timestamp[s]").second(), 59),
        (lit(STAMP).millisecond(), 1),
        (lit(DAY).day_of_year(), 60),
        (lit(STAMP).cast("timestamp[s]").cast("date32").month(), 2),
        (lit(1).cast("timestamp[s, Asia/Tokyo]").hour(), 9),
        (coalesce(0, col("a")).cast("float64"), 0.0),
        (coalesce(lit(None), 1, col("a")).cast("int8"), 1),
        (if_then_else(lit(True), 1, 2).cast("bool"), True),
        (if_then_else(lit(None), lit("a"), lit("b")), "b"),
        (lit(1).isin([1, 2]), True),
        (lit(1).isin([2, None]), None),
        (lit(3) > 2, True),
        (lit("a") < "b", True),
        (lit(1).between(0, 1) & lit(True), True),
        (~(lit(1) == 2), True),
        (lit("ab").upper().replace("", "-"), "-A-B-"),
        (lit("ab").substring(2, 1) + "c", "bc"),
        (lit("ab").length(), 2),
        (lit("ab").contains(""), True),
        (-lit(5), -5),
        (abs(lit(-5)), 5),
        (lit(7) // 2, 3),
        (lit(1) / 0, float("inf")),
        (lit(1.0).is_nan, False),
        (lit(1).is_null, False),
    ],
)
def test_a_constant_has_its_value_in_every_row(plain_env, expression, expected):
    assert selected(plain_env, expression) == [expected] * ROWS
    if isinstance(expected, bool) or expected is None:
        assert plain_env.from_arrow(TABLE).filter(expression).to_arrow().num_rows == (ROWS if expected else 0)


NULLS = ["int8", "int64", "uint64", "float32", "float64", "bool", "utf8", "large_utf8", "binary", "date32"]
NULLS += ["timestamp[ms]", "timestamp[ns, UTC]", "duration[s]", Types.BIG_DEC(), Types.SQL_TIME()]


@pytest.mark.parametrize("kind", NULLS)
def test_a_typed_null_is_null_in_every_operation(plain_env, kind):
    null = lit(None).cast(kind)
    table = plain_env.from_arrow(TABLE).select(null=null, none=null.is_null, some=null.is_not_null).to_arrow()
    assert table.to_pydict() == {"null": [None] * ROWS, "none": [True] * ROWS, "some": [False] * ROWS}
    if kind != Types.BIG_DEC():
        assert selected(plain_env, coalesce(null, null)) == [None] * ROWS
        assert selected(plain_env, if_then_else(col("t"), null, null)) == [None] * ROWS
        assert selected(plain_env, null == null) == [None] * ROWS
        assert selected(plain_env, null.isin([None])) == [None] * ROWS


@pytest.mark.parametrize("kind", ["int8", "int64", "uint64", "float32"])
def test_a_typed_null_meets_numbers(plain_env, kind):
    null = lit(None).cast(kind)
    for column in ("a", "u", "f"):
        for test in (null == col(column), col(column) < null, null + 1 > col("a"), null.is_nan & lit(None)):
            if "is_nan" not in repr(test) or kind == "float32":
                assert selected(plain_env, test) == [None] * ROWS
    assert selected(plain_env, coalesce(null, col("a"))) == list(range(ROWS))


@pytest.mark.parametrize(
    "make",
    [
        lambda null: null.lower(),
        lambda null: null.length(),
        lambda null: null.contains("a"),
        lambda null: null.replace("", "a"),
        lambda null: concat(null, "a"),
        lambda null: null.year(),
        lambda null: null.hour(),
        lambda null: null.is_nan,
        lambda null: ~null,
        lambda null: -null,
        lambda null: abs(null),
        lambda null: null + 1,
        lambda null: null / 2,
        lambda null: null == 1,
        lambda null: null.isin([1, None]),
        lambda null: null & null,
        lambda null: null.cast("int64"),
        lambda null: null.cast("timestamp[ms]"),
        lambda null: coalesce(null, None),
    ],
)
def test_a_column_without_a_type_is_null_in_every_operation(plain_env, make):
    for null in (col("n"), lit(None)):
        assert selected(plain_env, make(null)) == [None] * ROWS


def test_texts_of_two_widths_meet(plain_env):
    joined = [None if a is None or b is None else a + b for a, b in zip(*columns("s", "ls"), strict=True)]
    assert selected(plain_env, concat(col("s"), col("ls"))) == joined
    assert selected(plain_env, col("s") + col("ls")) == joined
    first = [b if a is None else a for a, b in zip(*columns("s", "ls"), strict=True)]
    assert selected(plain_env, coalesce(col("s"), col("ls"))) == first
    picked = [a if t else b for t, a, b in zip(*columns("t", "s", "ls"), strict=True)]
    assert selected(plain_env, if_then_else(col("t"), col("s"), col("ls"))) == picked
    assert selected(plain_env, coalesce("k", col("ls"))) == ["k"] * ROWS
    assert selected(plain_env, coalesce(col("s"), lit(None).cast("large_utf8"))) == columns("s")[0]
    assert selected(plain_env, coalesce(col("b"), col("lb"))) == [b"x", b"y", b"", b"y", b"z", b"a", b"b"]
    assert selected(plain_env, col("b").cast("large_binary")) == columns("b")[0]


def columns(*names):
    return [TABLE.column(name).to_pylist() for name in names]


@pytest.mark.parametrize("search", ["", "x", "xx", "é", "nowhere"])
@pytest.mark.parametrize("new", ["", "-", "\\1", "\\0\\", "$1", "long"])
def test_replace_is_that_of_python(plain_env, search, new):
    expected = [None if text is None else text.replace(search, new) for text in columns("s")[0]]
    assert selected(plain_env, col("s").replace(search, new)) == expected


def test_a_replacement_that_would_fill_the_memory_is_refused(plain_env):
    table = pa.table({"s": ["x" * 300_000]})
    for search in ("", "x"):
        stream = plain_env.from_arrow(table).select(r=col("s").replace(search, "y" * 10_000))
        with pytest.raises(JobExecutionError, match=r"replace\(.*at most 2 GiB of text; use smaller batches"):
            stream.to_arrow()


@pytest.mark.parametrize(
    ("begin", "length"), [(1, 0), (99, None), (2**40, 5), (2**70, None), (1, 2**70), (2**63, 2**63), (2, 2**63 - 1)]
)
def test_positions_beyond_a_text_are_empty(plain_env, begin, length):
    expected = [None if text is None else text[begin - 1 :][:length] for text in columns("s")[0]]
    assert selected(plain_env, col("s").substring(begin, length)) == expected


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        (lit(1e300).cast("float32"), "1e\\+300 does not fit float32"),
        (col("f").cast("float32"), "1e\\+300 does not fit float32"),
        (lit("1e300").cast("float32"), "'1e300' does not fit float32"),
        (lit("1e999").cast("float64"), "'1e999' does not fit float64"),
        (lit(300).cast("int8"), "300 does not fit int8"),
        (lit(-1).cast("uint64"), "-1 does not fit uint64"),
        (lit(float("nan")).cast("int64"), "nan does not fit int64"),
        (lit(2**64 - 1) + 1, "a uint64 does not fit int64"),
    ],
)
def test_what_a_type_cannot_hold_is_an_error(plain_env, expression, why):
    stream = plain_env.from_arrow(TABLE).select(r=expression)
    with pytest.raises(JobExecutionError, match=f"operator 'Select'.*test_expression_values.*{why}.*, in record"):
        stream.to_arrow()
    nothing = plain_env.from_arrow(TABLE[:0]).select(r=expression)
    assert nothing.to_arrow().num_rows == 0
    # Rows that a condition excludes may hold anything.
    guarded = if_then_else(col("a") < 0, expression, lit(None))
    assert selected(plain_env, guarded) == [None] * ROWS


def test_infinities_and_what_rounds_down_are_cast(plain_env):
    for value in (float("inf"), float("-inf"), 3.4028234e38, 1e-300):
        (got,) = set(selected(plain_env, lit(value).cast("float32")))
        assert got == pytest.approx(value, rel=1e-6, abs=1e-30)
    assert selected(plain_env, lit("-Infinity").cast("float32")) == [float("-inf")] * ROWS


def test_what_no_kernel_can_do_is_known_when_the_graph_is_built(plain_env):
    stream = plain_env.from_arrow(TABLE)
    with pytest.raises(GraphError, match=r"select\(\): .*No/Where.* cannot be evaluated: .*No/Where"):
        stream.select(r=lit(1).cast("timestamp[s, No/Where]").hour())
    with pytest.raises(GraphError, match=r"filter\(\): .* cannot be evaluated: .*surrogates not allowed"):
        stream.filter(col("s") == "\ud800")
    with pytest.raises(GraphError, match="there are no casts to"):
        stream.select(r=lit(None).cast(Types.LIST(Types.LONG())))


@pytest.mark.parametrize(
    "error", [TypeError("no kernel"), MemoryError("none left"), NotImplementedError("no function")]
)
def test_an_error_of_a_kernel_names_operator_expression_and_line(plain_env, monkeypatch, error):
    stream = plain_env.from_arrow(TABLE).select(one=lit(1), two=col("s").upper().lower())

    def broken(compute, text):
        raise error

    from pyflinkx.expressions.text import FUNCTIONS

    monkeypatch.setitem(FUNCTIONS, "upper", ("", broken))
    with pytest.raises(JobExecutionError) as failure:
        stream.to_arrow()
    message = str(failure.value)
    assert "operator 'Select'" in message
    assert "in the expression col('s').upper().lower()" in message
    assert "test_expression_values.py:" in message
    assert type(error).__name__ in message


def test_values_that_python_has_not_are_told_with_operator_and_line(plain_env):
    table = pa.table({"d": pa.array([0, 2**31 - 1], pa.int32()).cast(pa.date32())})
    stream = plain_env.from_arrow(table).map(lambda row: row)
    with pytest.raises(JobExecutionError, match=r"operator 'ColumnsToRows' .*expression_values.*column 'd', row 1"):
        stream.execute_and_collect().next()


@pytest.mark.parametrize("parallelism", [1, 2])
def test_a_column_without_a_type_is_aggregated_as_nulls(parallelism):
    table = pa.table({"k": ["a", "b", "a"], "n": pa.nulls(3)})
    nulls = {name: getattr(agg, name)("n") for name in ("sum", "avg", "stddev", "min", "max", "first", "last")}
    counts = {name: getattr(agg, name)("n") for name in ("count", "count_distinct")}
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(parallelism)
    stream = env.from_arrow(table).key_by("k").agg(**nulls, **counts)
    rows = stream.to_arrow().to_pylist()
    assert len(rows) == 3
    for row in rows:
        assert {name: row[name] for name in nulls} == dict.fromkeys(nulls)
        assert {name: row[name] for name in counts} == dict.fromkeys(counts, 0)
    env = StreamExecutionEnvironment.get_execution_environment()
    keyed = env.from_arrow(table).key_by("n").agg(rows=agg.count()).to_arrow()
    assert keyed.column("rows").to_pylist() == [1, 2, 3]
