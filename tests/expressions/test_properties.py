"""Expressions against a naive evaluator in Python, and against DuckDB."""

import datetime
import math

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.expressions.compiler import typed
from pyflinkx.expressions.expression import Expression, coalesce, col, concat, if_then_else, lit
from pyflinkx.expressions.vectors import Frame, to_column
from pyflinkx.operators.columnar_expressions import selected_field
from tests.expressions.evaluator import Undefined, evaluate

SCHEMA = pa.schema(
    {
        "i": pa.int64(),
        "j": pa.int64(),
        "tiny": pa.int8(),
        "x": pa.float64(),
        "y": pa.float64(),
        "b": pa.bool_(),
        "c": pa.bool_(),
        "s": pa.string(),
        "t": pa.string(),
        "ts": pa.timestamp("us"),
        "d": pa.date32(),
    }
)
INTEGERS = st.integers(-5, 5) | st.sampled_from([2**63 - 1, -(2**63), 2**62, 3037000500])
FLOATS = st.floats(-100, 100, width=32) | st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan])
TEXTS = st.text("abAé ", max_size=4)
TIMES = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1))
VALUES = {
    "i": INTEGERS,
    "j": INTEGERS,
    "tiny": st.integers(-128, 127),
    "x": FLOATS,
    "y": FLOATS,
    "b": st.booleans(),
    "c": st.booleans(),
    "s": TEXTS,
    "t": TEXTS,
    "ts": TIMES,
    "d": st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)),
}
ROWS = st.lists(st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}), max_size=12)


def grown(leaves, grow, depth=3):
    return st.recursive(leaves, grow, max_leaves=depth)


def operations(names, operands):
    return st.builds(lambda name, a, b: Expression(name, (a, b)), st.sampled_from(names), operands, operands)


WHOLE = grown(
    st.sampled_from(["i", "j", "tiny"]).map(col) | (INTEGERS | st.none()).map(lit),
    lambda inner: (
        operations(["add", "subtract", "multiply", "floor_divide", "modulo"], inner)
        | st.builds(lambda name, a: Expression(name, (a,)), st.sampled_from(["negate", "abs"]), inner)
        | st.builds(coalesce, inner, inner)
    ),
)
REAL = grown(
    st.sampled_from(["x", "y", "i"]).map(col) | FLOATS.map(lit),
    lambda inner: operations(["add", "subtract", "multiply", "divide"], inner) | st.builds(lambda a: -a, inner),
)
COMPARISONS = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
TEXT = st.sampled_from(["s", "t"]).map(col) | TEXTS.map(lit)
LEAVES = (
    st.sampled_from(["b", "c"]).map(col)
    | (st.booleans() | st.none()).map(lit)
    | operations(COMPARISONS, WHOLE)
    | operations(COMPARISONS, REAL)
    | operations(COMPARISONS, TEXT)
    | st.builds(lambda a, values: a.isin(values), WHOLE, st.lists(INTEGERS | st.none(), max_size=3))
    | st.builds(lambda a: a.is_null, WHOLE | TEXT | REAL)
)
CONDITION = grown(
    LEAVES,
    lambda inner: (
        operations(["and", "or"], inner) | st.builds(lambda a: ~a, inner) | st.builds(lambda a: a.is_null, inner)
    ),
)
TEXT_RESULTS = (
    st.builds(lambda a: a.upper(), TEXT)
    | st.builds(
        lambda a, begin, length: a.substring(begin, length), TEXT, st.integers(1, 4), st.none() | st.integers(0, 3)
    )
    | st.builds(lambda a: a.replace("a", "bb"), TEXT)
    | st.builds(concat, TEXT, TEXT, TEXT)
    | st.builds(coalesce, TEXT, TEXT)
    | st.builds(if_then_else, CONDITION, TEXT, TEXT)
)
TEXT_TESTS = st.builds(
    lambda a, name, part: Expression(name, (a,), (part,)),
    TEXT,
    st.sampled_from(["contains", "starts_with", "ends_with"]),
    st.text("ab", max_size=2),
) | st.builds(lambda a: a.length(), TEXT)
DATE_PARTS = ["year", "quarter", "month", "day", "day_of_week", "day_of_year"]
PARTS = st.builds(
    lambda name: Expression(name, (col("ts"),)), st.sampled_from([*DATE_PARTS, "hour", "minute", "second"])
)
PARTS |= st.builds(lambda name: Expression(name, (col("d"),)), st.sampled_from(DATE_PARTS))
PARTS |= st.just(col("ts").millisecond())
ANY = WHOLE | REAL | CONDITION | TEXT_RESULTS | TEXT_TESTS | PARTS | st.builds(if_then_else, CONDITION, WHOLE, WHOLE)


def batch_of(rows):
    arrays = [pa.array([row[field.name] for row in rows], field.type) for field in SCHEMA]
    return ColumnBatch.from_arrow(pa.record_batch(arrays, schema=SCHEMA))


def run(expression, batch):
    """The values of all rows."""
    run = typed(expression, batch.schema, "test").run
    field = selected_field("result", expression, batch.schema, "test")
    frame = Frame(batch, np)
    with np.errstate(all="ignore"):
        column = to_column(run(frame), field, frame)
    column.validate(full=True)
    return ColumnBatch(type(batch.schema)([field]), [column], len(batch)).to_rows("tuple")


def same(first, second):
    if isinstance(first, float) and isinstance(second, (int, float)) and not isinstance(second, bool):
        return first == float(second) or (math.isnan(first) and math.isnan(second))
    return type(first) is type(second) and first == second


FAMILIES = {
    "whole": WHOLE,
    "real": REAL,
    "condition": CONDITION,
    "text": TEXT_RESULTS | TEXT_TESTS,
    "time": PARTS,
    "guarded": st.builds(if_then_else, CONDITION, WHOLE, WHOLE) | st.builds(coalesce, WHOLE, WHOLE),
    "connected": operations(["and", "or"], LEAVES),
}


@pytest.mark.parametrize("family", FAMILIES)
@given(st.data())
@settings(max_examples=50, deadline=None)
def test_expressions_agree_with_a_naive_evaluator(family, data):
    expression, rows = data.draw(FAMILIES[family]), data.draw(ROWS)
    batch = batch_of(rows)
    expected = []
    for row in rows:
        try:
            expected.append(evaluate(expression, row))
        except Undefined:
            with pytest.raises(ArithmeticError) as failure:
                run(expression, batch)
            assert "in record" in str(failure.value)
            return
    results = [value for (value,) in run(expression, batch)]
    assert all(map(same, results, expected)), (expression, results, expected)


@given(ANY, ROWS, st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_slices_are_evaluated_like_whole_batches(expression, rows, start):
    batch = batch_of(rows)
    start = min(start, len(rows))
    try:
        expected = run(expression, batch)
    except ArithmeticError:
        return
    assert list(map(repr, run(expression, batch.slice(start, len(rows))))) == list(map(repr, expected[start:]))


SQL = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "equal": "=",
    "not_equal": "<>",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "and": "AND",
    "or": "OR",
}
FUNCTIONS = {"day_of_week": "isodow", "day_of_year": "dayofyear"}


def sql(expression):
    """The expression for DuckDB."""
    operation, options = expression.operation, expression.options
    if operation == "column":
        return f'"{options[0]}"'
    if operation == "literal":
        value = options[0]
        if isinstance(value, int) and not isinstance(value, bool):
            return f"({value})::BIGINT" if value > -(2**63) else "(-9223372036854775807::BIGINT - 1)"
        if isinstance(value, float):
            return f"({value!r})::DOUBLE"
        return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)
    parts = [sql(operand) for operand in expression.operands]
    if operation in SQL:
        return f"({parts[0]} {SQL[operation]} {parts[1]})"
    if operation == "isin":
        return f"({parts[0]} IN ({', '.join(sql(lit(value)) for value in options[0])}))" if options[0] else "FALSE"
    if operation in ("is_null", "is_not_null"):
        return f"({parts[0]} IS {'NOT ' if operation == 'is_not_null' else ''}NULL)"
    if operation in ("negate", "not"):
        return f"({'-' if operation == 'negate' else 'NOT '}{parts[0]})"
    if operation == "if_then_else":
        return f"(CASE WHEN {parts[0]} THEN {parts[1]} ELSE {parts[2]} END)"
    name = FUNCTIONS.get(operation, operation)
    if operation == "concat":
        return "(" + " || ".join(parts) + ")"
    return f"{name}({', '.join([*parts, *(sql(lit(option)) for option in options if option is not None)])})"


FINITE = st.sampled_from(["x", "y"]).map(col) | st.floats(-10, 10, width=16).map(lit)
SMALL = st.sampled_from(["i", "j"]).map(col) | st.integers(-5, 5).map(lit)
FOR_SQL = (
    grown(SMALL, lambda inner: operations(["add", "subtract", "multiply"], inner) | st.builds(coalesce, inner, inner))
    | grown(FINITE, lambda inner: operations(["add", "subtract", "multiply"], inner))
    | grown(
        operations(COMPARISONS, SMALL)
        | operations(COMPARISONS, FINITE)
        | operations(COMPARISONS, TEXT)
        | st.sampled_from(["b", "c"]).map(col)
        | st.builds(lambda a, values: a.isin(values), SMALL, st.lists(st.integers(-5, 5) | st.none(), min_size=1)),
        lambda inner: (
            operations(["and", "or"], inner) | st.builds(lambda a: ~a, inner) | st.builds(lambda a: a.is_null, inner)
        ),
        5,
    )
    | TEXT_TESTS
    | st.builds(concat, TEXT, TEXT)
    | PARTS.filter(lambda part: part.operation not in ("millisecond", "second"))
)
SQL_VALUES = {**VALUES, "i": st.integers(-9, 9), "j": st.integers(-9, 9)}
SQL_VALUES |= dict.fromkeys("xy", st.floats(-100, 100, width=16))
SQL_ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | values for name, values in SQL_VALUES.items()}), max_size=12
)


@given(st.lists(FOR_SQL, min_size=1, max_size=4), SQL_ROWS)
@settings(max_examples=60, deadline=None)
def test_expressions_agree_with_duckdb(expressions, rows):
    batch = batch_of(rows)
    arrays = [pa.array([row[field.name] for row in rows], field.type) for field in SCHEMA]
    table = pa.table(arrays, schema=SCHEMA)
    with duckdb.connect() as connection:
        connection.register("rows", table)
        query = "SELECT " + ", ".join(f"{sql(e)} AS c{n}" for n, e in enumerate(expressions)) + " FROM rows"
        expected = connection.execute(query).fetchall()
    results = list(zip(*([value for (value,) in run(expression, batch)] for expression in expressions), strict=True))
    assert results == expected, query
