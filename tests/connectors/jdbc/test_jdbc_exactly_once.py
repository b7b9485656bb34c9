"""Prepared transactions: each record once, wherever the job crashes, and nothing is left prepared."""

import random
from collections import Counter
from functools import partial

import pytest

from pyflinkx import faults
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.common import Row, Types, WatermarkStrategy
from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.jdbc.transactions import transaction_name
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.datastream.connectors.jdbc import JdbcExactlyOnceOptions, JdbcExecutionOptions, JdbcSink
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.errors import PyflinkxError, SinkError
from pyflinkx.testing.kills import Faults, run_under_faults
from tests import fault_points
from tests.connectors.sink_job import Job, crash
from tests.reliability import small_job

RECORDS = [(number, f"text {number % 7}") for number in range(40)]
PAIR = Types.ROW([Types.LONG(), Types.STRING()])
SMALL = JdbcExecutionOptions(batch_size=4, max_retries=0)


def sink_of(database, table, execution=SMALL):
    return JdbcSink.exactly_once_sink(f"INSERT INTO {table} VALUES (?, ?)", PAIR, database.options, execution)


def found(database, table):
    return Counter(database.run(f"SELECT * FROM {table}"))


def prepared(database):
    connection = database.dialect.connect(database.options)
    try:
        return database.dialect.prepared(connection)
    finally:
        connection.close()


@pytest.mark.parametrize("act", [crash, faults.error], ids=["crash", "error"])
def test_a_fault_at_every_point(preparing, act):
    table = preparing.table("id BIGINT, name VARCHAR(30)")
    reached = set()
    for point in fault_points.points("sink"):
        for nth in (1, 2):
            preparing.run(f"DELETE FROM {table}")
            fault = faults.Fault(act, nth)
            Job(partial(sink_of, preparing, table), RECORDS, random.Random(f"{point} {nth}")).run({point: fault})
            assert found(preparing, table) == Counter(RECORDS)
            if fault.arrivals >= nth:
                reached.add(point)
    assert reached == {"sink.commit", "sink.committed", "sink.last-commit", "sink.committed-last"}


def test_faults_at_random(preparing):
    table = preparing.table("id BIGINT, name VARCHAR(30)")
    points = set()
    for seed in range(5):
        preparing.run(f"DELETE FROM {table}")
        rng = random.Random(seed)

        def act(name, rng=rng):
            points.add(name)
            if rng.random() < 0.1:
                crash(name)
            if rng.random() < 0.1:
                faults.error(name)

        job = Job(partial(sink_of, preparing, table), RECORDS, random.Random(seed))
        job.run({point: faults.Fault(act) for point in fault_points.points("sink")})
        assert found(preparing, table) == Counter(RECORDS)
    assert points == set(fault_points.points("sink"))


def coordinator_of(sink):
    nothing = lambda *_: None  # noqa: E731
    return sink.create_coordinator(CoordinatorContext("sink", 1, nothing, nothing, nothing, nothing, nothing))


def test_what_no_checkpoint_lists_is_rolled_back_when_a_job_goes_on(preparing):
    """A worker that was taken for dead has prepared a transaction after the last checkpoint."""
    table = preparing.table("id BIGINT, name VARCHAR(30)")
    sink = sink_of(preparing, table)

    def prepare(record, **context):
        writer = sink.create_writer(WriterContext(**context))
        writer.write(ObjectBatch([record]))
        writer.flush(False)
        writer.connected.drop()  # and nothing else: it was killed
        return writer

    coordinator = coordinator_of(sink)
    writer = prepare((1, "listed"), send=partial(coordinator.handle_event, 0))
    coordinator.handle_event(0, (1, writer.prepare_commit()))
    state = coordinator.snapshot_state(1)
    late = prepare((2, "late"), restored_by_all=writer.snapshot_for_all(1))
    other = prepare((3, "of another sink"))
    again = coordinator_of(sink)
    again.restore(1, state)
    again.start()
    assert found(preparing, table) == Counter([(1, "listed")])
    assert not set(late.ready) & set(prepared(preparing))
    assert set(other.ready) <= set(prepared(preparing))
    other.close()
    assert not set(other.ready) & set(prepared(preparing))
    again.close(None)


def test_in_whole_jobs(env, preparing):
    table = preparing.table("id BIGINT, name VARCHAR(30)")
    stream = env.from_collection([Row(*record) for record in RECORDS], PAIR)
    stream.sink_to(sink_of(preparing, table))
    env.execute()
    assert found(preparing, table) == Counter(RECORDS)
    assert [name for name in prepared(preparing) if name.startswith("pyflinkx")] == []


def test_a_job_that_fails_shows_nothing_and_names_the_record(env, preparing):
    table = preparing.table("id BIGINT PRIMARY KEY, name VARCHAR(30)")
    stream = env.from_collection([*RECORDS, (7, "again")])
    stream.sink_to(sink_of(preparing, table, JdbcExecutionOptions(batch_size=100)))
    with pytest.raises(PyflinkxError, match=r"cannot write \(7, 'again'\)"):
        env.execute()
    assert found(preparing, table) == Counter()
    assert [name for name in prepared(preparing) if name.startswith("pyflinkx")] == []


def test_a_transaction_that_somebody_else_has_ended_is_told(preparing):
    sink = sink_of(preparing, preparing.table("id BIGINT, name VARCHAR(30)"))
    committer = sink.create_committer()
    gone = transaction_name("0" * 16, 0)
    with pytest.raises(SinkError, match="somebody else has ended it"):
        committer.commit([gone])
    committer.commit_again([gone])  # which may have been before the crash
    committer.abort([gone])
    committer.close()


def test_a_server_without_prepared_transactions_says_so(postgresql):
    table = postgresql.table("id BIGINT, name VARCHAR(30)")
    writer = sink_of(postgresql, table).create_writer(WriterContext())
    writer.write(ObjectBatch(RECORDS))
    connection = writer.connected.get()
    connection.execute("CREATE TEMPORARY TABLE mine (x INT)")  # one that cannot be prepared
    with pytest.raises(SinkError, match="cannot be prepared"):
        writer.flush(False)
    writer.close()
    assert found(postgresql, table) == Counter()


# ---- kills ----


def program(options, table, env, folder):
    """Numbers and whose they are, paced, into a table."""
    numbers = env.from_source(NumberSequenceSource(0, 599), WatermarkStrategy.no_watermarks(), "numbers")
    numbers.map(small_job.paced, Types.LONG()).map(lambda n: Row(n, str(n % 5)), PAIR).sink_to(
        JdbcSink.exactly_once_sink(f"INSERT INTO {table} VALUES (?, ?)", PAIR, options, None, named(table))
    )


def named(table):
    return JdbcExactlyOnceOptions.builder().with_name(table).build()


def test_kills_of_workers_and_of_the_program(preparing):
    table = preparing.table("id BIGINT, name VARCHAR(30)")
    report = run_under_faults(
        partial(program, preparing.options, table),
        Faults(kills=3, client_kills=2, gap=0.2, seed=7),
        [(n, str(n % 5)) for n in range(600)],
        {
            "pyflinkx.workers": "processes",
            "pyflinkx.workers.start-method": "fork",
            "parallelism.default": "2",
            "pyflinkx.batch.size": "16",
        },
        results=lambda folder: preparing.run(f"SELECT * FROM {table}"),
    )
    assert report.check().records == 600
    assert report.happened
    assert [name for name in prepared(preparing) if name.startswith("pyflinkx")] == []


def test_a_job_that_begins_anew_rolls_back_what_one_of_its_name_has_left(env, preparing):
    table = preparing.table("id BIGINT, name VARCHAR(30)")
    sink = JdbcSink.exactly_once_sink(
        f"INSERT INTO {table} VALUES (?, ?)", PAIR, preparing.options, None, named("orders")
    )
    writer = sink.create_writer(WriterContext())
    writer.write(ObjectBatch([(1, "left")]))
    writer.flush(False)
    writer.connected.drop()  # killed before the first checkpoint
    assert set(writer.ready) <= set(prepared(preparing))
    env.from_collection([Row(*record) for record in RECORDS], PAIR).sink_to(sink)
    env.execute()
    assert not set(writer.ready) & set(prepared(preparing))
    assert found(preparing, table) == Counter(RECORDS)
