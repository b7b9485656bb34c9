"""OVER: in streams by time against a model, in any order against itself in batch, in batch against DuckDB."""

from __future__ import annotations

from collections import Counter

import duckdb
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import SqlError
from pyflinkx.table import DataTypes
from tests.table.row_times import Watermarks, at, environment, results, view

KEYS = st.sampled_from(["a", "b", None])
ROWS = st.lists(
    st.tuples(KEYS, st.one_of(st.none(), st.integers(-4, 4)), st.integers(0, 30).map(lambda tenth: tenth * 100)),
    min_size=1,
    max_size=30,
)
FRAMES = {
    "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW": ("ROWS", None),
    "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW": ("ROWS", 2),
    "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW": ("RANGE", None),
    "RANGE BETWEEN INTERVAL '0.7' SECOND PRECEDING AND CURRENT ROW": ("RANGE", 700),
}


def in_time(rows, delay):
    """The rows that are not late, in the order in which the watermark comes to them."""
    watermarks = Watermarks(delay)
    kept = []
    for number, row in enumerate(rows):
        if row[2] > watermarks.time:
            kept.append((row[2], number, row))
        watermarks.after(row[2])
    return [row for _, _, row in sorted(kept, key=lambda each: each[:2])]


def framed(rows, unit, reach):
    """Each row with the rows of its frame."""
    for place, row in enumerate(rows):
        before = [other for other in rows[: place + 1] if other[0] == row[0]]
        if unit == "ROWS":
            frame = before if reach is None else before[-(reach + 1) :]
        else:
            own = [other for other in rows if other[0] == row[0] and other[2] <= row[2]]
            frame = own if reach is None else [other for other in own if other[2] >= row[2] - reach]
        yield row, frame, before


@pytest.mark.parametrize("frame", FRAMES)
@settings(max_examples=25, deadline=None)
@given(rows=ROWS, delay=st.sampled_from([0, 500, 2000]))
def test_in_the_order_of_time(frame, rows, delay):
    tables = environment()
    view(tables, rows, delay)
    query = (
        f"SELECT k, v, ts, COUNT(*) OVER w, SUM(v) OVER w, MAX(v) OVER w, COUNT(DISTINCT v) OVER w "
        f"FROM t WINDOW w AS (PARTITION BY k ORDER BY ts {frame})"
    )
    expected = []
    for (key, value, stamp), members, _ in framed(in_time(rows, delay), *FRAMES[frame]):
        known = [each[1] for each in members if each[1] is not None]
        sums = (sum(known), max(known)) if known else (None, None)
        expected.append((key, value, at(stamp), len(members), *sums, len(set(known))))
    assert sorted(results(tables, query), key=repr) == sorted(expected, key=repr)


@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
def test_places_of_rows_in_the_order_of_time(rows):
    tables = environment()
    view(tables, rows, 3000)
    query = (
        "SELECT k, v, ts, ROW_NUMBER() OVER w AS n, RANK() OVER w, DENSE_RANK() OVER w, LAG(v) OVER w, "
        "LAG(v, 2, 9) OVER w FROM t WINDOW w AS (PARTITION BY k ORDER BY ts)"
    )
    expected = []
    for (key, value, stamp), _, before in framed(in_time(rows, 3000), "ROWS", None):
        times = [each[2] for each in before]
        lags = [before[-2][1] if len(before) > 1 else None, before[-3][1] if len(before) > 2 else 9]
        expected.append((key, value, at(stamp), len(before), times.index(stamp) + 1, len(set(times)), *lags))
    assert sorted(results(tables, query), key=repr) == sorted(expected, key=repr)


ORDERED = [
    "SUM(v) OVER (PARTITION BY k ORDER BY n)",
    "COUNT(v) OVER (PARTITION BY k ORDER BY v, n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
    "SUM(v) OVER (ORDER BY v DESC, n ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)",
    "MIN(v) OVER (PARTITION BY k ORDER BY n RANGE BETWEEN 2 PRECEDING AND 3 FOLLOWING)",
    "SUM(v) OVER (PARTITION BY k ORDER BY n DESC RANGE BETWEEN 3 PRECEDING AND 1 PRECEDING)",
    "COUNT(*) OVER (PARTITION BY k)",
    "MAX(v) OVER ()",
    "RANK() OVER (PARTITION BY k ORDER BY v)",
    "DENSE_RANK() OVER (ORDER BY v DESC)",
    "LAG(v, 2) OVER (PARTITION BY k ORDER BY n)",
    "LEAD(v, 1, 7) OVER (ORDER BY n)",
    "NTILE(3) OVER (ORDER BY n)",
    "CUME_DIST() OVER (PARTITION BY k ORDER BY v)",
    "PERCENT_RANK() OVER (ORDER BY v)",
    "SUM(v) FILTER (WHERE v > 0) OVER (PARTITION BY k ORDER BY n)",
]
NUMBERED = st.lists(st.tuples(KEYS, st.one_of(st.none(), st.integers(-4, 4))), min_size=1, max_size=25)


def numbered(rows):
    """Rows with numbers that do not follow each other."""
    return [(key, value, number * 3 - number % 3) for number, (key, value) in enumerate(rows)]


def table_of(tables, rows):
    fields = [("k", DataTypes.STRING()), ("v", DataTypes.INT()), ("n", DataTypes.INT())]
    kind = DataTypes.ROW([DataTypes.FIELD(field, of) for field, of in fields])
    tables.create_temporary_view("t", tables.from_elements(rows, kind))


@settings(max_examples=15, deadline=None)
@given(rows=NUMBERED, chosen=st.lists(st.sampled_from(ORDERED), min_size=1, max_size=4, unique=True))
def test_in_batch_as_in_duckdb_and_in_a_stream_as_in_batch(rows, chosen):
    rows = numbered(rows)
    columns = ", ".join(chosen)
    tables = environment(streaming=False)
    table_of(tables, rows)
    found = results(tables, f"SELECT k, v, n, {columns} FROM t")
    kinds = {"k": pyarrow.string(), "v": pyarrow.int32(), "n": pyarrow.int32()}
    t = pyarrow.table(
        {name: pyarrow.array(values, kinds[name]) for name, values in zip(kinds, zip(*rows, strict=True), strict=True)}
    )
    with duckdb.connect() as connection:
        connection.register("t", t)
        connection.execute("SET default_null_order = 'nulls_first_on_asc_last_on_desc'")
        expected = connection.execute(f"SELECT k, v, n, {columns} FROM t").fetchall()
    assert sorted(found, key=repr) == sorted(expected, key=repr)

    tables = environment()
    table_of(tables, rows)
    final = Counter()
    for row in results(tables, f"SELECT k, v, n, {columns} FROM t"):
        if row[0] in ("-U", "-D"):
            final[row[1:]] -= 1
        else:
            final[row[1:] if row[0] == "+U" else row] += 1
    assert +final == Counter(found)
    assert not -final


def test_the_changes_of_rows_behind_one_that_comes():
    tables = environment()
    table_of(tables, [("a", 1, 1), ("a", 2, 5), ("b", 9, 2), ("a", 3, 3), ("a", 4, 3)])
    query = "SELECT n, v, SUM(v) OVER (PARTITION BY k ORDER BY n) FROM t"
    assert results(tables, query) == [
        (1, 1, 1),
        (5, 2, 3),
        (2, 9, 9),
        (3, 3, 4),
        ("-U", 5, 2, 3),
        ("+U", 5, 2, 6),
        ("-U", 3, 3, 4),
        ("+U", 3, 3, 8),
        (3, 4, 8),
        ("-U", 5, 2, 6),
        ("+U", 5, 2, 10),
    ]


def test_over_groups_and_named_windows_and_qualify():
    tables = environment(streaming=False)
    table_of(tables, [("a", 1, 1), ("a", 2, 5), ("b", 9, 2), ("b", 3, 3), ("c", 4, 4)])
    query = (
        "SELECT k, SUM(v) AS s, SUM(SUM(v)) OVER w AS r, COUNT(*) OVER (w ROWS 1 PRECEDING) FROM t GROUP BY k "
        "WINDOW w AS (ORDER BY k) QUALIFY r > 3"
    )
    assert results(tables, query) == [("b", 12, 15, 2), ("c", 4, 19, 2)]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "SELECT SUM(v) OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) FROM t",
            "ends with the CURRENT ROW",
        ),
        ("SELECT LEAD(v) OVER (ORDER BY ts) FROM t", "LEAD looks at later rows"),
    ],
)
def test_a_stream_in_the_order_of_time_knows_no_later_rows(query, message):
    tables = environment()
    view(tables, [("a", 1, 1)])
    with pytest.raises(SqlError, match=message):
        tables.execute_sql(query)


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ("LAG(v) OVER (PARTITION BY k)", "LAG needs an ORDER BY"),
        ("SUM(v) OVER w", "there is no window w"),
        ("SUM(v) OVER (ROWS 1 PRECEDING)", "ROWS needs an ORDER BY"),
        ("SUM(v) OVER (ORDER BY v, k RANGE 1 PRECEDING)", "RANGE with an offset is by one column"),
        ("SUM(v) OVER (ORDER BY ts RANGE 1 PRECEDING)", "a constant interval such as"),
        ("SUM(v) OVER (ORDER BY v ROWS BETWEEN 1 PRECEDING AND 2 PRECEDING)", "a frame ends before it begins"),
        ("UPPER(k) OVER (ORDER BY v)", "there is no function with OVER UPPER"),
        ("SUM(k) OVER (ORDER BY v)", "SUM does not take STRING"),
    ],
)
def test_what_makes_no_sense_is_refused(over, message):
    tables = environment()
    view(tables, [("a", 1, 1)])
    with pytest.raises(SqlError, match=message):
        tables.sql_query(f"SELECT {over} FROM t")
