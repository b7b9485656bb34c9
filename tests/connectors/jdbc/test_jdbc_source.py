"""Rows of real databases as streams; positions that go on where they were."""

import datetime
import sqlite3
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyflinkx.common import Row, Types, WatermarkStrategy
from pyflinkx.connectors.source import END, WAIT, ReaderContext
from pyflinkx.datastream.connectors.jdbc import JdbcSource
from pyflinkx.errors import ConfigurationError, PyflinkxError, SourceError
from tests.connectors.sink_job import Clock

COUNT = 500


@pytest.fixture
def filled(database):
    """A table of numbers and names, and the database."""
    table = database.table("id BIGINT, name VARCHAR(30)")
    values = ", ".join(f"({number}, 'name {number % 7}')" for number in range(COUNT))
    database.run(f"INSERT INTO {table} VALUES {values}")
    return database, table


def expected():
    return Counter((number, f"name {number % 7}") for number in range(COUNT))


def read(env, source):
    return list(env.from_source(source, WatermarkStrategy.no_watermarks(), "rows").execute_and_collect())


def test_all_rows_of_a_query(env, filled):
    database, table = filled
    source = JdbcSource.builder().set_connection_options(database.options).set_sql(f"SELECT * FROM {table}").build()
    rows = read(env, source)
    assert Counter(map(tuple, rows)) == expected()
    assert all(isinstance(row, Row) for row in rows)
    assert rows[0].as_dict() == {"id": rows[0][0], "name": rows[0][1]}


def test_ranges_of_several_readers(env, filled):
    database, table = filled
    env.set_parallelism(2)
    source = (
        JdbcSource.builder()
        .set_connection_options(database.options)
        .set_sql(f"SELECT id, name FROM {table} WHERE id BETWEEN ? AND ? ORDER BY id")
        .set_numeric_ranges(0, COUNT - 1, 7)
        .set_result_extractor(tuple)
        .set_type_information(Types.TUPLE([Types.LONG(), Types.STRING()]))
        .build()
    )
    assert Counter(read(env, source)) == expected()


def reader_of(source, clock=None):
    return source.create_reader(ReaderContext(clock=clock or Clock()))


def rest(reader, limit=1000):
    """All that a reader still gives."""
    found = []
    while (batch := reader.poll(limit)) not in (END, WAIT):
        assert len(batch.values) <= limit
        found += map(tuple, batch.values)
    return found


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 60), max_size=12))
def test_a_reader_goes_on_from_any_position(tmp_path_factory, limits):
    path = tmp_path_factory.mktemp("rows") / "db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (n INT)")
        connection.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(100)])
    connection.close()
    builder = JdbcSource.builder().set_connection_options(options_of(f"jdbc:sqlite:{path}"))
    source = builder.set_sql("SELECT n FROM t WHERE n % 3 = ? ORDER BY n").set_parameters([(2,), (0,), (1,)]).build()
    reader = reader_of(source)
    reader.add_splits(source.splits(1))
    found = []
    for limit in limits:
        batch = reader.poll(limit)
        if batch is END:
            break
        found += map(tuple, batch.values)
        splits = reader.snapshot_state(1)
        reader.close()
        reader = reader_of(source)
        reader.add_splits(splits)
    found += rest(reader)
    reader.close()
    assert found == [(n,) for remainder in (2, 0, 1) for n in range(100) if n % 3 == remainder]


def options_of(url):
    from pyflinkx.datastream.connectors.jdbc import JdbcConnectionOptions

    return JdbcConnectionOptions.JdbcConnectionOptionsBuilder().with_url(url).build()


def test_a_table_is_followed(database):
    table = database.table("id BIGINT, name VARCHAR(30)")
    source = (
        JdbcSource.builder().set_connection_options(database.options).follow(table, "id", ["name", "id"], 50).build()
    )
    clock = Clock()
    reader = reader_of(source, clock)
    reader.add_splits(source.splits(1))

    def add(*numbers):
        database.run(f"INSERT INTO {table} VALUES " + ", ".join(f"({number}, 'x')" for number in numbers))

    assert rest(reader) == []
    add(3, 1, 2)
    assert (rest(reader), reader.wake_time()) == ([], clock.now() + 50)  # not before it is time
    clock.time += 50
    assert rest(reader, 2) == [("x", 1), ("x", 2), ("x", 3)]
    add(5, 4)
    clock.time += 50
    splits = reader.snapshot_state(1)
    reader.close()
    reader = reader_of(source, clock)
    reader.add_splits(splits)
    assert rest(reader) == [("x", 4), ("x", 5)]
    reader.close()


def test_rows_come_as_they_are_fetched(postgresql):
    source = (
        JdbcSource.builder()
        .set_connection_options(postgresql.options)
        .set_sql("SELECT n, now() FROM generate_series(1, 10000000) AS n")
        .build()
    )
    reader = reader_of(source)
    reader.add_splits(source.splits(1))
    (row,) = reader.poll(1).values
    assert row[0] == 1
    assert isinstance(row[1], datetime.datetime)
    reader.close()


def test_what_cannot_be_read_is_said(env, filled):
    database, table = filled
    builder = JdbcSource.builder().set_connection_options(database.options)
    with pytest.raises(PyflinkxError, match="nothing_there"):
        read(env, builder.set_sql("SELECT * FROM nothing_there").build())
    with pytest.raises(ConfigurationError, match=r"2 parameters .* the set \(1,\) has 1"):
        builder.set_sql("SELECT ? + ?").set_parameters([(1,)]).build()
    with pytest.raises(ConfigurationError, match="either a statement"):
        builder.follow(table, "id").build()
    with pytest.raises(ConfigurationError, match="needs a database"):
        JdbcSource.builder().set_sql("SELECT 1").build()
    followed = JdbcSource.builder().set_connection_options(database.options).follow(table, "id", ["name"]).build()
    reader = reader_of(followed)
    reader.add_splits(followed.splits(1))
    with pytest.raises(SourceError, match="have to include 'id'"):
        reader.poll(5)
    reader.close()
