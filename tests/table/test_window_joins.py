"""First rows and joins of windows against models that look at each window."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.relational.nodes import explained
from tests.table.row_times import Watermarks, at, environment, results, view

KEYS = st.sampled_from(["a", "b", None])
ROWS = st.lists(
    st.tuples(KEYS, st.integers(0, 5), st.integers(0, 30).map(lambda tenth: tenth * 100)), min_size=0, max_size=12
)
WINDOW = "SELECT * FROM TABLE(TUMBLE(TABLE {}, DESCRIPTOR(ts), INTERVAL '1' SECOND))"


def begin(stamp):
    return stamp // 1000 * 1000


@settings(max_examples=30, deadline=None)
@given(rows=ROWS.filter(bool), delay=st.sampled_from([0, 1500]), most=st.integers(1, 3))
def test_first_rows_of_windows(rows, delay, most):
    tables = environment()
    view(tables, rows, delay)
    query = (
        "SELECT k, v, ts, window_end, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k "
        f"ORDER BY v DESC, ts) AS n FROM ({WINDOW.format('t')})) WHERE n <= {most}"
    )
    watermarks = Watermarks(delay)
    windows = defaultdict(list)
    for key, value, stamp in rows:
        if begin(stamp) + 999 > watermarks.time:
            windows[key, begin(stamp)].append((key, value, stamp))
        watermarks.after(stamp)
    expected = []
    for (_, start), members in windows.items():
        best = sorted(members, key=lambda row: (-row[1], row[2]))[:most]
        expected += [(key, value, at(stamp), at(start + 1000), n + 1) for n, (key, value, stamp) in enumerate(best)]
    found = results(tables, query)
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    assert "WindowRank" in explained(tables.sql_query(query)._node)


def test_the_last_row_of_a_window_is_the_one_that_came_last():
    tables = environment()
    view(tables, [("a", 1, 100), ("a", 2, 200), ("a", 3, 200), ("b", 4, 100)], 1000)
    query = (
        "SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k, window_start, window_end ORDER BY ts {}) AS n "
        f"FROM ({WINDOW.format('t')})) WHERE n = 1"
    )
    assert sorted(results(tables, query.format("DESC"))) == [("a", 3), ("b", 4)]
    assert sorted(results(tables, query.format("ASC"))) == [("a", 1), ("b", 4)]


def pairs(kind, left, right):
    """The rows of a join by key and window, with a condition on values."""
    fits = [
        (one, other)
        for one in left
        for other in right
        if one[0] is not None and one[0] == other[0] and begin(one[2]) == begin(other[2]) and one[1] <= other[1]
    ]
    matched = {id(one) for one, _ in fits}, {id(other) for _, other in fits}
    found = [(*one[:2], *other[:2]) for one, other in fits]
    if kind in ("LEFT", "FULL"):
        found += [(*one[:2], None, None) for one in left if id(one) not in matched[0]]
    if kind in ("RIGHT", "FULL"):
        found += [(None, None, *other[:2]) for other in right if id(other) not in matched[1]]
    return found


@pytest.mark.parametrize("kind", ["INNER", "LEFT", "RIGHT", "FULL"])
@settings(max_examples=15, deadline=None)
@given(left=ROWS.filter(bool), right=ROWS.filter(bool))
def test_joins_of_windows(kind, left, right):
    left, right = [[(*row,) for row in rows] for rows in (left, right)]
    tables = environment()
    view(tables, left, 5000, "l")
    view(tables, right, 5000, "r")
    query = (
        f"SELECT l.k, l.v, r.k, r.v FROM ({WINDOW.format('l')}) l {kind} JOIN ({WINDOW.format('r')}) r "
        "ON l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end AND l.v <= r.v"
    )
    assert sorted(results(tables, query), key=repr) == sorted(pairs(kind, left, right), key=repr)
    assert "WindowJoin" in explained(tables.sql_query(query)._node)


def test_rows_of_a_window_that_another_one_has():
    tables = environment()
    view(tables, [("a", 1, 0), ("b", 2, 900), ("a", 3, 1500), ("c", 4, 2000)], 5000, "l")
    view(tables, [("a", 1, 100), ("a", 5, 200), ("b", 1, 1000), ("c", 9, 2100)], 5000, "r")
    query = (
        f"SELECT k, v FROM ({WINDOW.format('l')}) l WHERE {{}} EXISTS (SELECT * FROM ({WINDOW.format('r')}) r "
        "WHERE l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end)"
    )
    assert sorted(results(tables, query.format(""))) == [("a", 1), ("c", 4)]
    assert sorted(results(tables, query.format("NOT"))) == [("a", 3), ("b", 2)]


def test_aggregates_on_joins_of_windows_are_of_windows():
    tables = environment()
    view(tables, [("a", 1, 0), ("a", 3, 1500)], 5000, "l")
    view(tables, [("a", 1, 100), ("a", 5, 200), ("a", 9, 1100)], 5000, "r")
    query = (
        f"SELECT l.window_start, l.window_end, COUNT(*), SUM(r.v) FROM ({WINDOW.format('l')}) l "
        f"JOIN ({WINDOW.format('r')}) r ON l.k = r.k AND l.window_start = r.window_start "
        "AND l.window_end = r.window_end GROUP BY l.window_start, l.window_end"
    )
    assert results(tables, query) == [(at(0), at(1000), 2, 6), (at(1000), at(2000), 1, 9)]
