"""Nexmark's queries against DuckDB."""

import pytest

from bench.nexmark.answers import connection
from bench.nexmark.generator import tables
from bench.nexmark.queries import QUERIES
from bench.nexmark.run import checked, side_input


@pytest.fixture(scope="module")
def data():
    return {**tables(3_000), "side_input": side_input()}


@pytest.mark.parametrize("name", [name for name, query in QUERIES.items() if query.ends])
def test_a_query_gives_what_duckdb_gives(name, data):
    assert checked(name, data, workers=1) == ""


def test_the_events_are_the_benchmarks(data):
    assert {name: table.num_rows for name, table in data.items()} == {
        "person": 60,
        "auction": 180,
        "bid": 2_760,
        "side_input": 10_000,
    }
    passed = "SELECT max(dateTime) OVER (ROWS UNBOUNDED PRECEDING) - dateTime AS late FROM bid"
    (late,) = connection(data).execute(f"SELECT max(late) FROM ({passed})").fetchone()
    assert 0 < late.total_seconds() <= 2
