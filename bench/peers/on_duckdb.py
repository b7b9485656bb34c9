"""W2 to W7 as SQL over an Arrow table in memory, one thread, the result as an Arrow table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
from serving import KEYED, Maker, serve

# Floor division, as W2's first rows are before 0: floor() of a double is exact for times this small.
TUMBLING = """
    SELECT {keys}, w * 10000 AS window_start, w * 10000 + 10000 AS window_end, n, total FROM (
        SELECT {keys}, (ts + 10000) // 10000 - 1 AS w, count(*) AS n, sum(value) AS total FROM t0 GROUP BY ALL)
"""
SLIDING = """
    SELECT key, w * 1000 AS window_start, w * 1000 + 10000 AS window_end, n, total FROM (
        SELECT key, (ts + 1000) // 1000 - 1 - shift AS w, count(*) AS n, sum(value) AS total
        FROM t0, range(10) AS shifts(shift) GROUP BY ALL)
"""
SESSIONS = """
    SELECT key, min(ts) AS window_start, max(ts) + 5000 AS window_end, count(*) AS n, sum(value) AS total FROM (
        SELECT key, ts, value, sum(new) OVER (PARTITION BY key ORDER BY ts ROWS UNBOUNDED PRECEDING) AS session FROM (
            SELECT key, ts, value,
                CASE WHEN ts - lag(ts) OVER (PARTITION BY key ORDER BY ts) <= 5000 THEN 0 ELSE 1 END AS new
            FROM t0))
    GROUP BY key, session
"""
KEYS = """
    SELECT {keys}, count(*) AS n, sum(value) AS total, min(value) AS low, max(value) AS high FROM t0 GROUP BY {keys}
"""
# Equality of buckets of 5 s, of which each right row is in three, makes it a hash join.
JOIN = """
    SELECT l.key, l.ts, l.value, r.ts AS ts_right, r.value AS value_right
    FROM (SELECT *, (ts + 5000) // 5000 AS bucket FROM t0) AS l
    JOIN (SELECT *, (ts + 5000) // 5000 + shift AS bucket FROM t1, range(-1, 2) AS shifts(shift)) AS r
    ON l.key = r.key AND l.bucket = r.bucket AND r.ts BETWEEN l.ts - 5000 AND l.ts + 5000
"""
FILTER = "SELECT key, value FROM t0 WHERE value * 1.1::DOUBLE > 50.0::DOUBLE"


def query(text: str) -> Maker:
    def make(tables: list[Any], rows: int) -> Callable[[], Any]:
        connection = duckdb.connect()
        connection.execute("SET threads = 1")
        connection.execute("SET preserve_insertion_order = false")
        for number, table in enumerate(tables):
            connection.register(f"arrow{number}", table)
            # Its own tables in memory are faster for it than Arrow's.
            connection.execute(f"CREATE TABLE t{number} AS FROM arrow{number}")

        keys = ", ".join(name for name in tables[0].column_names if name.startswith("key"))
        return lambda: connection.sql(text.replace("{keys}", keys)).to_arrow_table()

    return make


if __name__ == "__main__":
    serve(
        lambda: f"DuckDB {duckdb.__version__}",
        {
            "W2": query(TUMBLING),
            "W3": query(SLIDING),
            "W4": query(SESSIONS),
            "W5": query(KEYS),
            "W5m": query(KEYS),
            "W5s": query(KEYS),
            **{f"W5k/{name}": query(KEYS) for name in KEYED},
            **{f"W2k/{name}": query(TUMBLING) for name in KEYED},
            "W6": query(JOIN),
            "W7": query(FILTER),
        },
    )
