"""Joins by time: intervals, versions of a table, snapshots, and tables that are asked."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import SqlError
from pyflinkx.relational.joins.lookup import CacheSpec, LookupCache
from pyflinkx.relational.nodes import explained
from pyflinkx.relational.windows.watermark import watermarked
from pyflinkx.sql.parser import parse_expression
from pyflinkx.table.table import Table
from pyflinkx.testing.harness import ManualClock
from pyflinkx.types.changes import RETRACT
from tests.relational.changelogs import table
from tests.table.row_times import at, environment, results, view

key = st.none() | st.sampled_from("ab")
timed = st.lists(st.tuples(key, st.integers(0, 3), st.integers(0, 9_000)), max_size=8)
BETWEEN = "t.ts BETWEEN u.ts - INTERVAL '2' SECOND AND u.ts + INTERVAL '1' SECOND"


def expected(kind, left, right):
    """The rows of an interval join on t.v <= u.v."""
    pairs = [
        (one, other)
        for one in left
        for other in right
        if one[0] is not None and one[0] == other[0] and -2000 <= one[2] - other[2] <= 1000 and one[1] <= other[1]
    ]
    rows = [(one[1], other[1]) for one, other in pairs]
    if kind in ("LEFT", "FULL"):
        rows += [(one[1], None) for one in left if not any(each is one for each, _ in pairs)]
    if kind in ("RIGHT", "FULL"):
        rows += [(None, other[1]) for other in right if not any(each is other for _, each in pairs)]
    return sorted(rows, key=repr)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["INNER", "LEFT", "RIGHT", "FULL"]), timed, timed, st.booleans())
def test_intervals(kind, left, right, streaming):
    left, right = [tuple(row) for row in left], [tuple(row) for row in right]
    tables = environment(streaming)
    view(tables, left, 9_000, "t")
    view(tables, right, 9_000, "u")
    query = f"SELECT t.v, u.v FROM t {kind} JOIN u ON t.k = u.k AND {BETWEEN} AND t.v <= u.v"
    if left and right:
        assert "IntervalJoin" in explained(tables.sql_query(query)._node)
    found = sorted((tuple(row) for row in results(tables, query)), key=repr)
    assert found == expected(kind, left, right)


def test_times_are_still_times_behind_an_interval_join():
    tables = environment()
    view(tables, [("a", n, n * 1000) for n in range(30)], 0, "t")
    view(tables, [("a", n, n * 1000 + 500) for n in range(30)], 0, "u")
    tables.execute_sql(f"CREATE VIEW j AS SELECT t.v, t.ts AS ts FROM t JOIN u ON t.k = u.k AND {BETWEEN}")
    counts = results(
        tables,
        "SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE j, DESCRIPTOR(ts), INTERVAL '10' SECOND)) "
        "GROUP BY window_start, window_end",
    )
    assert sum(count for (count,) in counts) == 3 * 30 - 2  # of each row three, but at both ends


@pytest.mark.parametrize(
    ("condition", "bounds"),
    [
        ("t.ts >= u.ts AND t.ts < u.ts + INTERVAL '1' MINUTE", (0, 59_999)),
        ("u.ts > t.ts - INTERVAL '5' SECOND AND u.ts + INTERVAL '1' SECOND <= t.ts", (1000, 4999)),
        ("t.ts = u.ts", (0, 0)),
        ("t.ts BETWEEN u.ts - INTERVAL '1' DAY AND u.ts AND t.ts > u.ts - INTERVAL '1' SECOND", (-999, 0)),
    ],
)
def test_bounds(condition, bounds):
    tables = environment()
    view(tables, [("a", 1, 0)], 0, "t")
    view(tables, [("a", 1, 0)], 0, "u")
    plan = explained(tables.sql_query(f"SELECT * FROM t, u WHERE t.k = u.k AND {condition}")._node)
    assert f"leftLowerBound={bounds[0]}, leftUpperBound={bounds[1]}," in plan


@pytest.mark.parametrize("condition", ["t.ts > u.ts", "t.ts + INTERVAL '1' SECOND = u.ts + u.v * INTERVAL '1' SECOND"])
def test_what_bounds_no_time_is_a_regular_join(condition):
    tables = environment()
    view(tables, [("a", 1, 0)], 0, "t")
    view(tables, [("a", 1, 0)], 0, "u")
    plan = explained(tables.sql_query(f"SELECT * FROM t JOIN u ON t.k = u.k AND {condition}")._node)
    assert "Join(joinType" in plan
    assert "IntervalJoin" not in plan


RATES = {"k": "STRING NOT NULL", "r": "INT", "ts": "TIMESTAMP(3)"}


def with_rates(changes):
    tables = environment()
    view(tables, [("a", 1, 1000), ("b", 1, 2000), ("a", 2, 5000), ("a", 3, 8000), (None, 4, 9000)], 0, "t")
    node = table(RATES, [(kind, (k, r, at(ts))) for kind, (k, r, ts) in changes], RETRACT, [(0,)], "u")
    tables.create_temporary_view("u", Table(watermarked(node, "ts", parse_expression("ts"), "ts"), tables))
    return tables


VERSIONS = [("+I", ("a", 10, 500)), ("+I", ("b", 20, 2500)), ("+U", ("a", 11, 5000)), ("-D", ("a", 11, 7000))]


@pytest.mark.parametrize(
    ("join", "wanted"),
    [
        ("JOIN u FOR SYSTEM_TIME AS OF t.ts ON t.k = u.k", [(1, 10), (2, 11)]),
        (
            "LEFT JOIN u FOR SYSTEM_TIME AS OF t.ts AS x ON t.k = x.k AND x.r < 11",
            [(1, 10), (1, None), (2, None), (3, None), (4, None)],
        ),
    ],
)
def test_rows_meet_the_version_of_their_time(join, wanted):
    found = results(with_rates(VERSIONS), f"SELECT t.v, r FROM t {join}")
    assert sorted(found, key=repr) == sorted(wanted, key=repr)


@pytest.mark.parametrize(
    ("join", "said"),
    [
        ("JOIN u FOR SYSTEM_TIME AS OF t.v ON t.k = u.k", "takes the time of the rows on the left"),
        ("JOIN u FOR SYSTEM_TIME AS OF t.ts ON t.v = u.r", "its key is (k)"),
        ("FULL JOIN u FOR SYSTEM_TIME AS OF t.ts ON t.k = u.k", "the join is JOIN or LEFT JOIN"),
        ("JOIN LATERAL TABLE(SNAPSHOT(TABLE u, 'sometime')) AS s ON t.k = s.k", "'compile_time' or 'user_time'"),
    ],
)
def test_what_is_no_join_by_time_is_refused(join, said):
    with pytest.raises(SqlError) as caught:
        with_rates(VERSIONS).sql_query(f"SELECT t.v FROM t {join}")
    assert said in str(caught.value)


def test_a_snapshot_is_the_table_that_has_been_read():
    tables = with_rates(VERSIONS)
    query = "SELECT t.v, s.r FROM t LEFT JOIN LATERAL TABLE(SNAPSHOT(TABLE u)) AS s ON t.k = s.k AND s.r <> 99"
    assert sorted(results(tables, query), key=repr) == [(1, 20), (1, None), (2, None), (3, None), (4, None)]


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "lookups.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE u (id INT, name TEXT)")
        connection.executemany("INSERT INTO u VALUES (?, ?)", [(1, "a"), (2, "b"), (2, "c"), (3, None)])
    connection.close()
    return path


@pytest.mark.parametrize("cache", ["", ", 'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '1'"])
def test_a_database_is_asked_for_the_rows_of_a_key(database, cache):
    tables = environment()
    tables.execute_sql(
        "CREATE TABLE u (id INT, name STRING, twice AS id * 2) WITH ("
        f"'connector' = 'jdbc', 'url' = 'jdbc:sqlite:{database}', 'table-name' = 'u'{cache})"
    )
    rows = tables.from_elements([(1, 2), (2, 1), (3, 9), (4, None), (5, 2)], ["i", "k"])
    tables.create_temporary_view("t", rows)
    query = (
        "SELECT i, name, twice FROM (SELECT *, PROCTIME() AS p FROM t) AS o LEFT JOIN u FOR SYSTEM_TIME AS OF o.p "
        "ON o.k = u.id AND u.name <> 'c'"
    )
    assert results(tables, query) == [(1, "b", 4), (2, "a", 2), (3, None, None), (4, None, None), (5, "b", 4)]


def test_answers_are_kept_as_long_as_the_cache_says():
    clock = ManualClock(0)
    cache = LookupCache(CacheSpec(2, after_write=100, after_access=10, missing=False), clock)
    cache.put(1, [("a",)])
    cache.put(2, [])
    assert (cache.get(1), cache.get(2)) == ([("a",)], None)
    for clock.time in range(0, 100, 9):
        assert cache.get(1) == [("a",)]
    clock.time = 100
    assert cache.get(1) is None  # written too long ago
    cache.put(1, [("a",)])
    clock.time = 110
    assert cache.get(1) is None  # not used for too long
    for each in (1, 2, 3):
        cache.put(each, [("x",)])
    assert [cache.get(each) is None for each in (1, 2, 3)] == [True, False, False]
