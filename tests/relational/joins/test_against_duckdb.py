"""Joins, subqueries and set operations on random tables: in batch as DuckDB, in streams the same in the end."""

from collections import Counter

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx.relational.keyed_rows import schema_of
from pyflinkx.relational.nodes import Scan
from pyflinkx.table import EnvironmentSettings, TableEnvironment
from pyflinkx.table.table import Table
from tests.relational.queries import typed

TABLES = {
    "a": {"k": "INT", "x": "INT", "s": "STRING"},
    "b": {"k": "INT", "y": "INT", "s": "STRING"},
    "c": {"n": "BIGINT", "d": "DOUBLE"},
}
small = st.none() | st.integers(0, 3)
word = st.none() | st.sampled_from(["p", "q", ""])
TYPES = {"INT": small, "BIGINT": small, "STRING": word, "DOUBLE": small.map(lambda n: n and n / 1.0)}
tables = st.fixed_dictionaries(
    {
        name: st.lists(st.tuples(*(TYPES[kind] for kind in columns.values())), max_size=6)
        for name, columns in TABLES.items()
    }
)

conditions = st.sampled_from(
    [
        "a.k = b.k",
        "a.k = b.k AND a.s = b.s",
        "a.k = b.k AND a.x < b.y",
        "a.k = b.k AND a.x = 1",
        "a.k = b.k AND b.y > 0",
        "a.x < b.y",
        "a.k + 1 = b.y AND a.s <> b.s",
        "a.k IS NOT DISTINCT FROM b.k",
        "a.k IS NOT DISTINCT FROM b.k AND a.x = b.y",
        "(a.k = b.k OR (a.k IS NULL AND b.k IS NULL))",
        "TRUE",
        "FALSE",
    ]
)
kinds = st.sampled_from(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
filters = st.sampled_from(
    ["", "WHERE a.x > 1", "WHERE b.y = 2", "WHERE b.y IS NULL", "WHERE a.x = b.y", "WHERE a.x > 0 OR b.y > 0"]
)
JOINS = st.one_of(
    # DuckDB has no FULL JOIN without an equal key.
    st.builds(
        "SELECT * FROM a {} b ON {} {}".format,
        st.sampled_from(["JOIN", "LEFT JOIN", "RIGHT JOIN"]),
        conditions,
        filters,
    ),
    st.builds("SELECT a.s, b.y FROM a {} b ON a.k = b.k {}".format, kinds, filters),
    st.builds("SELECT * FROM a {} b USING (k) {}".format, kinds, st.sampled_from(["", "WHERE k > 0"])),
    st.builds("SELECT k, s, x, y FROM a NATURAL {} b".format, kinds),
    st.builds("SELECT a.x, b.y, c.d FROM a {} b ON a.k = b.k {} c ON a.x = c.n {}".format, kinds, kinds, filters),
    st.builds(
        "SELECT a.x, b.y, c.d FROM a, b, c WHERE a.k = b.k AND b.y = c.n {}".format,
        st.sampled_from(["", "AND c.d > 0"]),
    ),
    st.just("SELECT l.x, r.x FROM a AS l JOIN a AS r ON l.k = r.x"),
    st.just("SELECT * FROM a CROSS JOIN c WHERE a.k = c.d"),
    st.builds(
        "SELECT * FROM (SELECT k + 1 AS i, x FROM a WHERE x IS NOT NULL) t {} (SELECT y, s FROM b) u ON i = y".format,
        kinds,
    ),
)
QUERIES = st.sampled_from(
    [
        "SELECT * FROM a WHERE k IN (SELECT k FROM b)",
        "SELECT * FROM a WHERE k NOT IN (SELECT k FROM b)",
        "SELECT * FROM a WHERE k NOT IN (SELECT k FROM b WHERE k IS NOT NULL)",
        "SELECT * FROM a WHERE NOT (k IN (SELECT n FROM c))",
        "SELECT * FROM a WHERE k NOT IN (SELECT y FROM b WHERE b.s = a.s)",
        "SELECT * FROM a WHERE x IN (SELECT y FROM b WHERE b.k = a.k)",
        "SELECT * FROM a WHERE x + 1 IN (SELECT y + 1 FROM b WHERE b.y > a.k)",
        "SELECT * FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND b.y > 1)",
        "SELECT * FROM a WHERE NOT EXISTS (SELECT * FROM b WHERE b.k = a.k AND b.y < a.x)",
        "SELECT * FROM a WHERE EXISTS (SELECT * FROM b WHERE y > 2)",
        "SELECT * FROM a WHERE EXISTS (SELECT 1 FROM b JOIN c ON b.y = c.n WHERE b.k = a.k AND c.d > 0)",
        "SELECT * FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND EXISTS (SELECT 1 FROM c WHERE c.n = b.y))",
        "SELECT * FROM a WHERE x > ANY (SELECT y FROM b)",
        "SELECT * FROM a WHERE x >= ALL (SELECT y FROM b WHERE b.k = a.k)",
        "SELECT * FROM a WHERE x <> ALL (SELECT y FROM b)",
        "SELECT * FROM a WHERE k = 1 OR k IN (SELECT y FROM b)",
        "SELECT * FROM a WHERE k = 1 OR k NOT IN (SELECT y FROM b)",
        "SELECT k, k IN (SELECT k FROM b), NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k) FROM a",
        "SELECT k, x = ANY (SELECT y FROM b), x < ALL (SELECT y FROM b WHERE y > 0) FROM a",
        "SELECT CASE WHEN k NOT IN (SELECT k FROM b) THEN 1 WHEN x IN (SELECT y FROM b) THEN 2 END FROM a",
        "SELECT a.k, b.y FROM a JOIN b ON a.k = b.k WHERE a.x IN (SELECT n FROM c) AND b.y NOT IN (SELECT 1 FROM c)",
        "SELECT k, (SELECT MAX(y) FROM b WHERE b.k = a.k) AS m, (SELECT MIN(d) FROM c) AS d FROM a",
        "SELECT k, (SELECT COUNT(*) + 1 FROM b WHERE b.k = a.k AND b.y > 0) AS n FROM a",
        "SELECT * FROM a WHERE x < (SELECT SUM(y) FROM b WHERE b.k = a.k AND b.s = a.s)",
        "SELECT * FROM a WHERE x IN (SELECT MAX(y) FROM b GROUP BY s)",
        "SELECT * FROM a WHERE x IN (SELECT COUNT(*) FROM b WHERE b.k = a.k GROUP BY s)",
        "SELECT k, COUNT(*) FROM a WHERE x >= (SELECT MIN(y) FROM b) GROUP BY k",
        "SELECT a.k, COUNT(*), MAX(y) FROM a LEFT JOIN b ON a.k = b.k GROUP BY a.k",
        "SELECT l.k, m, n FROM (SELECT k, MAX(x) AS m FROM a GROUP BY k) l FULL JOIN "
        "(SELECT k, COUNT(y) AS n FROM b GROUP BY k) r ON l.k = r.k",
        "SELECT l.k, m, y FROM (SELECT k, MAX(x) AS m FROM a GROUP BY k) l LEFT JOIN b ON l.m = b.y AND l.k < b.k",
        "SELECT k, MAX(x) FROM a GROUP BY k EXCEPT SELECT k, y FROM b",
        "SELECT k FROM a UNION ALL SELECT y FROM b",
        "SELECT k, s FROM a UNION SELECT y, s FROM b",
        "SELECT k FROM a UNION SELECT n FROM c UNION SELECT d FROM c",
        "SELECT k, s FROM a INTERSECT SELECT k, s FROM b",
        "SELECT k FROM a INTERSECT ALL SELECT k FROM b",
        "SELECT k FROM a EXCEPT SELECT k FROM b",
        "SELECT k FROM a EXCEPT ALL SELECT k FROM b",
        "(SELECT k FROM a UNION ALL SELECT k FROM a) EXCEPT ALL (SELECT k FROM b INTERSECT SELECT n FROM c)",
        "WITH t AS (SELECT k, x FROM a WHERE x > 0) SELECT * FROM t l JOIN t r ON l.k = r.k",
        "WITH t (i) AS (SELECT k FROM a) SELECT i FROM t WHERE i IN (SELECT k FROM b) UNION ALL SELECT i FROM t",
    ]
)


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        for name, columns in TABLES.items():
            fields = ", ".join(f"{column} {kind.replace('STRING', 'VARCHAR')}" for column, kind in columns.items())
            connection.execute(f"CREATE TABLE {name} ({fields})")
        yield connection


def duck(database, query, rows):
    for name, found in rows.items():
        database.execute(f"DELETE FROM {name}")
        if found:
            database.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(TABLES[name]))})", found)
    return Counter(database.execute(query).fetchall())


def ours(query, rows, streaming, workers=1):
    settings = EnvironmentSettings.in_streaming_mode() if streaming else EnvironmentSettings.in_batch_mode()
    environment = TableEnvironment.create(settings)
    environment.get_config().set("parallelism.default", str(workers))
    for name, columns in TABLES.items():
        fields = tuple((column, typed(kind)) for column, kind in columns.items())
        node = Scan(from_rows(rows[name], schema_of(fields)), fields, name)
        environment.create_temporary_view(name, Table(node, environment))
    there = Counter()
    with environment.execute_sql(query).collect() as found:
        for row in found:
            added = 1 if str(row.get_row_kind()) in ("+I", "+U") else -1
            assert streaming or added == 1
            there[tuple(row)] += added
    assert workers > 1 or min(there.values(), default=1) >= 0
    return +there


@settings(max_examples=25, deadline=None)
@given(JOINS, tables)
def test_joins(database, query, rows):
    found = ours(query, rows, False)
    assert found == duck(database, query, rows)
    assert ours(query, rows, True) == found


@settings(max_examples=25, deadline=None)
@given(QUERIES, tables)
def test_subqueries_and_set_operations(database, query, rows):
    found = ours(query, rows, False)
    assert found == duck(database, query, rows)
    assert ours(query, rows, True) == found


ROWS = {
    "a": [(n % 5 or None, n % 7, "pq"[n % 2]) for n in range(40)],
    "b": [(n % 6 or None, n % 4, "p") for n in range(20)],
    "c": [(n, n / 2) for n in range(5)],
}


@pytest.mark.parametrize(
    ("query", "streaming"),
    [
        ("SELECT a.x, b.y, c.d FROM a FULL JOIN b ON a.k = b.k LEFT JOIN c ON a.x = c.n", True),
        ("SELECT k, s FROM a WHERE x NOT IN (SELECT y FROM b WHERE b.k = a.k) EXCEPT ALL SELECT n, 'p' FROM c", True),
        ("SELECT a.x, b.y FROM a RIGHT JOIN b ON a.k = b.k WHERE b.y IN (SELECT n FROM c)", False),
    ],
)
def test_two_subtasks_give_the_same(query, streaming):
    assert ours(query, ROWS, streaming, 2) == ours(query, ROWS, False) != {}
