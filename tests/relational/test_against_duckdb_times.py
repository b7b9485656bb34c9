"""Times against DuckDB, where it means the same."""

import datetime
import random

import duckdb
import pytest

from tests.relational.queries import run

RANDOM = random.Random(11)
START = datetime.datetime(1905, 1, 1)
STAMPS = [START + datetime.timedelta(milliseconds=RANDOM.randrange(5_000_000_000_000)) for _ in range(300)]
PAIRS = [(stamp, RANDOM.choice(STAMPS)) for stamp in STAMPS]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("EXTRACT(YEAR FROM a)", "year(a)"),
        ("EXTRACT(DOY FROM a)", "dayofyear(a)"),
        ("EXTRACT(WEEK FROM a)", "week(a)"),
        ("EXTRACT(ISODOW FROM a)", "isodow(a)"),
        ("EXTRACT(HOUR FROM a)", "hour(a)"),
        ("EXTRACT(EPOCH FROM a)", "CAST(floor(epoch(a)) AS BIGINT)"),
        ("FLOOR(a TO QUARTER)", "date_trunc('quarter', a)"),
        ("FLOOR(a TO DECADE)", "date_trunc('decade', a)"),
        ("FLOOR(a TO MINUTE)", "date_trunc('minute', a)"),
        ("a + INTERVAL '14' MONTH", "a + INTERVAL 14 MONTH"),
        ("a - INTERVAL '3' DAY", "a - INTERVAL 3 DAY"),
        ("TIMESTAMPADD(SECOND, 12345678, a)", "a + INTERVAL 12345678 SECOND"),
        ("TIMESTAMPDIFF(HOUR, a, b)", "date_sub('hour', a, b)"),
        ("TIMESTAMPDIFF(MONTH, LEAST(a, b), GREATEST(a, b))", "date_sub('month', least(a, b), greatest(a, b))"),
        ("DATE_FORMAT(a, 'yyyy-MM-dd HH:mm:ss.SSS')", "strftime(a, '%Y-%m-%d %H:%M:%S.%g')"),
        ("CAST(a AS DATE)", "CAST(a AS DATE)"),
        ("CAST(a AS TIME)", "CAST(date_trunc('second', a) AS TIME)"),
    ],
)
def test_the_same(ours, theirs):
    found = run(f"SELECT {ours} FROM t", {"a": "TIMESTAMP(3)", "b": "TIMESTAMP(3)"}, PAIRS)
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (n INTEGER, a TIMESTAMP, b TIMESTAMP)")
    connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [(n, *pair) for n, pair in enumerate(PAIRS)])
    assert [row[0] for row in found] == [
        row[0] for row in connection.execute(f"SELECT {theirs} FROM t ORDER BY n").fetchall()
    ]
