"""Records into real databases: what is there afterwards, and what is said when something cannot be."""

import datetime
import math
import socket
from array import array
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.common import Row, RowKind, Types
from pyflinkx.common.time import Instant
from pyflinkx.connectors.jdbc.connected import Connected
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions, JdbcExecutionOptions
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.datastream.connectors.jdbc import JdbcSink
from pyflinkx.errors import PyflinkxError, SinkError
from tests.connectors.sink_job import Clock

PAIR = Types.ROW([Types.LONG(), Types.STRING()])
UTC = datetime.timezone.utc


def options_of(**changed):
    return JdbcExecutionOptions(**{"max_retries": 0, **changed})


def test_a_job_fills_a_table(env, database):
    table = database.table("id BIGINT, name VARCHAR(30)")
    records = [(number, f"it's ? %s {number % 3}") for number in range(5_432)]
    stream = env.from_collection([Row(*record) for record in records], PAIR)
    stream.add_sink(JdbcSink.sink(f"INSERT INTO {table} VALUES (?, ?)", PAIR, database.options))
    env.execute()
    assert Counter(database.run(f"SELECT id, name FROM {table}")) == Counter(records)


VALUES = [
    (
        7,
        -(2**63),
        1.5,
        True,
        Decimal("12345.67"),
        "žluťoučký ' \" \\ %s ? 🐎",
        b"\x00\xff'",
        datetime.date(2020, 2, 29),
        datetime.datetime(2020, 2, 29, 23, 59, 58, 123456),
    ),
    (8, 2**63 - 1, -0.0, False, Decimal("-0.01"), "", b"", datetime.date(1, 1, 1), datetime.datetime(1970, 1, 1)),
    (9, None, None, None, None, None, None, None, None),
]
INTO = "a INT, b BIGINT, c DOUBLE{}, d BOOLEAN, e {}, f TEXT, g {}, h {}, i {}"
COLUMNS = {
    "PostgreSQL": INTO.format(" PRECISION", "DECIMAL(10,2)", "BYTEA", "DATE", "TIMESTAMP"),
    "MariaDB": INTO.format("", "DECIMAL(10,2)", "BLOB", "DATE", "DATETIME(6)"),
    "DuckDB": INTO.format("", "DECIMAL(10,2)", "BLOB", "DATE", "TIMESTAMP"),
    "SQLite": INTO.format("", "TEXT", "BLOB", "TEXT", "TEXT"),
}


def test_values_of_all_kinds_come_back(database):
    table = database.table(COLUMNS[database.dialect.name])
    sink = JdbcSink.sink(f"INSERT INTO {table} VALUES ({', '.join('?' * 9)})", None, database.options)
    writer = sink.create_writer(WriterContext())
    strange = (np.int64(10), np.int32(1), np.float64(2.5), np.bool_(True), None, np.str_("x"), None, None, None)
    writer.write(ObjectBatch([*VALUES, strange]))
    writer.flush(True)
    writer.close()
    found = database.run(f"SELECT * FROM {table} ORDER BY a")
    if database.dialect.name == "SQLite":
        expected = [
            tuple(str(value) if isinstance(value, (Decimal, datetime.date)) else value for value in row)
            for row in VALUES
        ]
    else:
        expected = VALUES
    assert found == [*expected, (10, 1, 2.5, True, None, "x", None, None, None)]
    if database.dialect.name in ("PostgreSQL", "DuckDB"):  # the others have one zero
        assert math.copysign(1, found[1][2]) == -1


def test_instants_are_points_in_time(postgresql):
    table = postgresql.table("at TIMESTAMPTZ, tags TEXT[], more JSONB")
    writer = JdbcSink.sink(f"INSERT INTO {table} VALUES (?, ?, ?)", None, postgresql.options).create_writer(
        WriterContext()
    )
    writer.write(ObjectBatch([Row(Instant.of_epoch_milli(1_600_000_000_123), ["a", "b"], {"x": [1, None]})]))
    writer.flush(True)
    writer.close()
    expected = datetime.datetime.fromtimestamp(1_600_000_000, UTC).replace(microsecond=123_000)
    assert postgresql.run(f"SELECT * FROM {table}") == [(expected, ["a", "b"], {"x": [1, None]})]


def test_records_wait_for_others_no_longer_than_they_may(sqlite):
    table = sqlite.table("n INT")
    clock = Clock()
    execution = JdbcExecutionOptions.builder().with_batch_size(3).with_batch_interval_ms(100).build()
    sink = JdbcSink.sink(f"INSERT INTO {table} VALUES (?)", Types.INT(), sqlite.options, execution)
    writer = sink.create_writer(WriterContext(clock=clock))

    def count():
        return sqlite.run(f"SELECT count(*) FROM {table}")[0][0]

    assert writer.next_time() is None
    writer.write(ObjectBatch([1, 2]))
    due = clock.now() + 100
    assert (count(), writer.next_time()) == (0, due)
    clock.time = due - 1
    writer.advance(clock.now())
    assert count() == 0
    clock.time = due
    writer.advance(clock.now())
    assert (count(), writer.next_time()) == (2, None)
    writer.write(ObjectBatch([3, 4, 5]))  # as many as a batch has
    assert (count(), writer.next_time()) == (5, None)
    writer.write(ObjectBatch([6]))
    writer.flush(False)
    assert (count(), writer.next_time()) == (6, None)
    writer.write(ObjectBatch([7]))
    writer.close()  # a failure: what came behind the checkpoint comes again
    assert count() == 6


def test_the_record_that_is_refused_is_named(env, database):
    table = database.table("id BIGINT PRIMARY KEY, name VARCHAR(30)")
    records = [(number, "x") for number in range(100)] + [(7, "again")]
    stream = env.from_collection(records, Types.TUPLE([Types.LONG(), Types.STRING()]))
    stream.add_sink(JdbcSink.sink(f"INSERT INTO {table} VALUES (?, ?)", None, database.options))
    with pytest.raises(PyflinkxError, match=r"cannot write \(7, 'again'\)"):
        env.execute()
    assert database.run(f"SELECT * FROM {table}") == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [("INSERT INTO missing VALUES (?, ?)", "missing"), ("INSERT INTO {table} (id, nothing) VALUES (?, ?)", "nothing")],
)
def test_what_is_not_there_is_said(env, database, sql, said):
    table = database.table("id BIGINT, name VARCHAR(30)")
    stream = env.from_collection([(1, "a")])
    stream.add_sink(JdbcSink.sink(sql.format(table=table), None, database.options))
    with pytest.raises(PyflinkxError, match=said):
        env.execute()


def test_changes_and_wrong_records_are_refused(sqlite):
    table = sqlite.table("id BIGINT, name TEXT")
    sink = JdbcSink.sink(f"INSERT INTO {table} VALUES (?, ?)", None, sqlite.options)
    writer = sink.create_writer(WriterContext())
    row = Row(1, "a")
    row.set_row_kind(RowKind.DELETE)
    with pytest.raises(SinkError, match=r"JdbcSink.upsert"):
        writer.write(ObjectBatch([Row(0, "b"), row]))
    for wrong in (Row(1), (1, 2, 3), 5):
        with pytest.raises(SinkError, match=r"the statement 2 parameters"):
            writer.write(ObjectBatch([wrong]))
    with pytest.raises(SinkError, match="takes no row"):
        writer.write(ObjectBatch([Row(1, Row(2))]))
    writer.close()


def test_a_server_that_is_not_there(postgresql):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        url = f"jdbc:postgresql://127.0.0.1:{taken.getsockname()[1]}/test"
        options = JdbcConnectionOptions.JdbcConnectionOptionsBuilder().with_url(url).with_user_name("test").build()
        pauses = []
        connected = Connected(postgresql.dialect, options, JdbcExecutionOptions(max_retries=3), pauses.append)
        with pytest.raises(SinkError, match=r"connecting failed \(4 attempts\): .*Connection refused"):
            connected.attempts("connecting", lambda connection: None)
    assert pauses == [1, 2, 3]


def test_a_connection_that_breaks_is_made_again(postgresql):
    table = postgresql.table("id BIGINT")
    sink = JdbcSink.sink(f"INSERT INTO {table} VALUES (?)", None, postgresql.options)
    writer = sink.create_writer(WriterContext())
    pauses = []
    writer.connected.sleep = pauses.append
    writer.write(ObjectBatch([1, 2]))
    me = writer.connected.get().info.backend_pid
    postgresql.run(f"SELECT pg_terminate_backend({me})")
    writer.flush(False)
    writer.close()
    assert pauses == [1]
    assert sorted(postgresql.run(f"SELECT id FROM {table}")) == [(1,), (2,)]


def test_a_wrong_password_is_said_without_the_password(postgresql):
    url = postgresql.options.db_url.replace("/test", "/nothing?password=hidden")
    options = JdbcConnectionOptions(url, user_name="test")
    with pytest.raises(SinkError, match="nothing") as refused:
        JdbcSink.sink("INSERT INTO t VALUES (?)", None, options, options_of()).create_writer(WriterContext())
    assert "hidden" not in str(refused.value)


# ---- changelogs ----

KINDS = st.sampled_from(list(RowKind))
CHANGES = st.lists(
    st.lists(st.tuples(KINDS, st.integers(0, 3), st.integers(0, 1), st.text("ab", max_size=20)), max_size=8), max_size=6
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES, st.integers(0, 5), st.booleans())
def test_a_table_is_what_its_changes_say(database, batches, size, as_kinds):
    table = database.table("k BIGINT, j BIGINT, v VARCHAR(30), PRIMARY KEY (k, j)")
    execution = options_of(batch_size=size)
    writer = JdbcSink.upsert(table, ["k", "j", "v"], ["j", "k"], database.options, execution).create_writer(
        WriterContext()
    )
    model = {}
    for batch in batches:
        rows, kinds = [], []
        for kind, k, j, v in batch:
            if kind in (RowKind.INSERT, RowKind.UPDATE_AFTER):
                model[k, j] = v
            else:
                model.pop((k, j), None)
            row = Row(k, j, v)
            row.set_row_kind(kind)
            rows.append((k, j, v) if as_kinds else row)
            kinds.append(kind.value)
        writer.write(ObjectBatch(rows, None, array("b", kinds)) if as_kinds else ObjectBatch(rows))
        if len(batch) % 2:
            writer.flush(False)
    writer.flush(True)
    writer.close()
    assert sorted(database.run(f"SELECT k, j, v FROM {table}")) == sorted((*key, v) for key, v in model.items())
    database.run(f"DROP TABLE {table}")
