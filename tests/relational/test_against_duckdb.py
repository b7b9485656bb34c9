"""Random expressions on random rows, held against DuckDB where its rules are Flink's."""

import decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.relational.queries import run

COLUMNS = {
    "a": "INT",
    "b": "INT",
    "c": "BIGINT",
    "d": "DOUBLE",
    "x": "STRING",
    "y": "STRING",
    "p": "BOOLEAN",
    "q": "BOOLEAN",
}
DUCK = {**COLUMNS, "x": "VARCHAR", "y": "VARCHAR"}

small = st.none() | st.integers(-9, 9)
rows_of = st.lists(
    st.tuples(
        small,
        small,
        small,
        st.none() | st.integers(-20, 20).map(lambda number: number / 4),
        st.none() | st.text("aB c%", max_size=4),
        st.none() | st.text("ab", max_size=2),
        st.none() | st.booleans(),
        st.none() | st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


def whole(depth):
    leaf = st.sampled_from(["a", "b", "c", "3", "-2", "CAST(NULL AS INT)"])
    if depth == 0:
        return leaf
    inner, when = whole(depth - 1), condition(depth - 1)
    return st.one_of(
        leaf,
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*"]), inner),
        st.builds("(- {})".format, inner),
        st.builds("ABS({})".format, inner),
        st.builds("COALESCE({}, {})".format, inner, inner),
        st.builds("NULLIF({}, {})".format, inner, inner),
        st.builds("CASE WHEN {} THEN {} ELSE {} END".format, when, inner, inner),
        st.builds("CASE WHEN {} THEN {} END".format, when, inner),
        st.builds("CHAR_LENGTH({})".format, words(depth - 1)),
    )


def words(depth):
    leaf = st.sampled_from(["x", "y", "'b'", "''", "CAST(NULL AS VARCHAR)"])
    if depth == 0:
        return leaf
    inner = words(depth - 1)
    return st.one_of(
        leaf,
        st.builds("UPPER({})".format, inner),
        st.builds("LOWER({})".format, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("REVERSE({})".format, inner),
        st.builds("REPLACE({}, 'a', {})".format, inner, inner),
        st.builds("TRIM({})".format, inner),
        st.builds("SUBSTRING({}, 1, {})".format, inner, st.sampled_from(["0", "2", "9"])),
        st.builds("COALESCE({}, {})".format, inner, inner),
        st.builds("CAST({} AS VARCHAR)".format, whole(depth - 1)),
    )


def condition(depth):
    leaf = st.sampled_from(["p", "q", "TRUE", "FALSE", "CAST(NULL AS BOOLEAN)"])
    if depth == 0:
        return leaf
    inner, number, word = condition(depth - 1), whole(depth - 1), words(depth - 1)
    sign = st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"])
    return st.one_of(
        leaf,
        st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR"]), inner),
        st.builds("(NOT {})".format, inner),
        st.builds("({} {} {})".format, number, sign, number),
        st.builds("(d {} {})".format, sign, number),
        st.builds("({} {} {})".format, word, sign, word),
        st.builds("({} IS NULL)".format, number | word),
        st.builds("({} IS NOT TRUE)".format, inner),
        st.builds("({} BETWEEN {} AND {})".format, number, number, number),
        st.builds("({} IN ({}, {}))".format, number, number, number),
        st.builds("({} NOT LIKE {})".format, word, st.sampled_from(["'%a%'", "'_'", "'a%'"])),
    )


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        connection.execute("SET integer_division = true")
        yield connection


@settings(max_examples=60, deadline=None)
@given(rows_of, whole(3), words(3), condition(3))
def test_queries_give_what_duckdb_gives(database, rows, number, word, when):
    query = f"SELECT {number}, {word}, {when} FROM t WHERE {when} OR p"
    database.execute(f"CREATE OR REPLACE TABLE t ({', '.join(f'{name} {kind}' for name, kind in DUCK.items())})")
    database.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    assert run(query, COLUMNS, rows) == database.execute(query).fetchall(), query


numbers = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-999, max_value=999)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.none() | numbers, numbers), min_size=1, max_size=5), st.sampled_from("+-*%"))
def test_decimals_are_exact(rows, sign):
    found = run(f"SELECT m {sign} n FROM t WHERE n <> 0", {"m": "DECIMAL(5, 2)", "n": "DECIMAL(5, 2)"}, rows)
    context = decimal.Context(prec=60)
    operation = {"+": context.add, "-": context.subtract, "*": context.multiply, "%": context.remainder}[sign]
    assert found == [(None if m is None else operation(m, n),) for m, n in rows if n]
