"""Sinks of the user's own, by Flink's two interfaces: each record once, wherever the job crashes."""

import json
import os
import random
import sqlite3
import uuid
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from pyflinkx import faults
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.connectors.two_phase import TwoPhaseFunctionSink
from pyflinkx.datastream import StreamExecutionEnvironment, TwoPhaseCommitSinkFunction
from pyflinkx.datastream.connectors.base import (
    CommitRequest,
    Committer,
    CommittingSinkWriter,
    DeliveryGuarantee,
    Sink,
    SinkWriter,
    StatefulSinkWriter,
    SupportsWriterState,
    TwoPhaseCommittingSink,
)
from pyflinkx.errors import JobExecutionError, SinkError
from tests import fault_points
from tests.connectors.sink_job import Job, crash

RECORDS = [(number, f"text {number % 7}") for number in range(60)]


class Moved(TwoPhaseCommitSinkFunction):
    """A file for each transaction, which is moved when it is committed: the book's example."""

    def __init__(self, folder):
        self.folder = folder

    def open(self, runtime_context):
        os.makedirs(os.path.join(self.folder, "open"), exist_ok=True)
        os.makedirs(os.path.join(self.folder, "done"), exist_ok=True)

    def begin_transaction(self):
        name = f"{self.get_runtime_context().get_index_of_this_subtask()}-{uuid.uuid4().hex}"
        Path(self.folder, "open", name).touch()
        return name

    def invoke(self, transaction, value, context):
        assert context.current_processing_time() > 0
        assert context.timestamp() is None
        with open(os.path.join(self.folder, "open", transaction), "a") as file:
            file.write(json.dumps(value) + "\n")

    def pre_commit(self, transaction):
        assert os.path.exists(os.path.join(self.folder, "open", transaction))

    def commit(self, transaction):
        source = os.path.join(self.folder, "open", transaction)
        if os.path.exists(source):
            os.replace(source, os.path.join(self.folder, "done", transaction))

    def abort(self, transaction):
        Path(self.folder, "open", transaction).unlink(missing_ok=True)


class Database(TwoPhaseCommittingSink):
    """Rows and the name of their batch in one transaction of SQLite, so that a batch that comes again is known."""

    def __init__(self, path):
        self.path = path

    def create_writer(self, context):
        return Batches()

    def create_committer(self):
        return Inserted(self.path)


class Batches(CommittingSinkWriter):
    def __init__(self):
        self.rows = []

    def write(self, element, context):
        self.rows.append(element)

    def prepare_commit(self):
        rows, self.rows = self.rows, []
        return [(uuid.uuid4().hex, rows)] if rows else []


class Inserted(Committer):
    def __init__(self, path):
        self.path = path
        with self.connected() as database:
            database.execute("CREATE TABLE IF NOT EXISTS batches (name PRIMARY KEY)")
            database.execute("CREATE TABLE IF NOT EXISTS words (n, word)")

    def connected(self):
        return closing(sqlite3.connect(self.path, isolation_level=None))

    def commit(self, requests):
        with self.connected() as database:
            for request in requests:
                name, rows = request.get_committable()
                database.execute("BEGIN IMMEDIATE")
                if database.execute("SELECT 1 FROM batches WHERE name = ?", [name]).fetchone():
                    request.signal_already_committed()
                else:
                    database.execute("INSERT INTO batches VALUES (?)", [name])
                    database.executemany("INSERT INTO words VALUES (?, ?)", rows)
                database.execute("COMMIT")


def moved(folder):
    lines = [line for path in Path(folder, "done").iterdir() for line in path.read_text().splitlines()]
    return Counter(tuple(json.loads(line)) for line in lines)


def inserted(folder):
    with closing(sqlite3.connect(folder / "db")) as database:
        return Counter(database.execute("SELECT n, word FROM words").fetchall())


KINDS = {
    "function": (lambda folder: TwoPhaseFunctionSink(Moved(str(folder))), moved),
    "sink": (lambda folder: Database(str(folder / "db")), inserted),
}


@pytest.mark.parametrize("act", [crash, faults.error], ids=["crash", "error"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_every_point(kind, act, tmp_path):
    make, found = KINDS[kind]
    reached = set()
    for point in fault_points.points("sink"):
        for nth in (1, 2, 3):
            folder = tmp_path / f"{point}-{nth}"
            folder.mkdir()
            fault = faults.Fault(act, nth)
            Job(lambda folder=folder: make(folder), RECORDS, random.Random(f"{point} {nth}")).run({point: fault})
            assert found(folder) == Counter(RECORDS)
            if fault.arrivals >= nth:
                reached.add(point)
    # A job that has not failed commits nothing again.
    assert reached == {"sink.commit", "sink.committed", "sink.last-commit", "sink.committed-last"}


@pytest.mark.parametrize("kind", KINDS)
def test_faults_at_random(kind, tmp_path):
    make, found = KINDS[kind]
    points = set()
    for seed in range(20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        rng = random.Random(seed)

        def act(name, rng=rng):
            points.add(name)
            if rng.random() < 0.1:
                crash(name)
            if rng.random() < 0.1:
                faults.error(name)

        job = Job(lambda folder=folder: make(folder), RECORDS, random.Random(seed))
        job.run({point: faults.Fault(act) for point in fault_points.points("sink")})
        assert found(folder) == Counter(RECORDS)
    assert points == set(fault_points.points("sink"))


def test_in_whole_jobs(env, tmp_path):
    stream = env.from_collection(RECORDS)
    stream.add_sink(Moved(str(tmp_path)))
    stream.sink_to(Database(str(tmp_path / "db")))
    env.execute()
    assert moved(tmp_path) == inserted(tmp_path) == Counter(RECORDS)
    assert list((tmp_path / "open").iterdir()) == []


def test_a_job_that_fails_shows_nothing(env, tmp_path):
    stream = env.from_collection([*RECORDS, 5]).map(lambda value: (*value,))
    stream.add_sink(Moved(str(tmp_path)))
    stream.sink_to(Database(str(tmp_path / "db")))
    with pytest.raises(JobExecutionError):
        env.execute()
    assert moved(tmp_path) == inserted(tmp_path) == Counter()
    assert list((tmp_path / "open").iterdir()) == []


class Counting(Sink, SupportsWriterState):
    def create_writer(self, context):
        return Count(0)

    def restore_writer(self, context, recovered_state):
        return Count(sum(recovered_state))


class Count(StatefulSinkWriter):
    seen: list = []  # noqa: RUF012 # of all

    def __init__(self, count):
        self.count = count

    def write(self, element, context):
        self.count += 1

    def flush(self, end_of_input):
        if end_of_input:
            self.seen.append(self.count)

    def snapshot_state(self, checkpoint_id):
        return [self.count]


def test_writers_go_on_from_their_states():
    Count.seen = []

    class CrashesOnce(Counting):
        def restore_writer(self, context, recovered_state):
            return super().restore_writer(context, recovered_state)

    attempts = iter([True, True])

    def act(job):
        if job.taken.number > 4 and next(attempts, False):
            crash("here")

    job = Job(CrashesOnce, RECORDS, random.Random(5), durable=act)
    job.run({})
    assert job.attempts == 3
    assert sum(Count.seen) == len(RECORDS)


def test_an_error_names_the_record(env):
    class Picky(SinkWriter):
        def write(self, element, context):
            1 // element

    class PickySink(Sink):
        def create_writer(self, context):
            return Picky()

    env.from_collection([2, 1, 0]).sink_to(PickySink())
    with pytest.raises(JobExecutionError, match="failed on record 0"):
        env.execute()


def test_a_sink_that_gives_no_writer(env):
    class Wrong(Sink):
        def create_writer(self, context):
            return print

    env.from_collection([1]).sink_to(Wrong())
    with pytest.raises(JobExecutionError, match="gives a SinkWriter, not <built-in function print>"):
        env.execute()


class Signals(Committer):
    def __init__(self, signal):
        self.signal = signal
        self.calls = []

    def commit(self, requests: list[CommitRequest]) -> None:
        self.calls.append([(request.get_committable(), request.get_number_of_retries()) for request in requests])
        for request in requests:
            self.signal(request)


def test_requests_come_again_until_they_are_committed():
    committer = Signals(lambda request: request.get_number_of_retries() < 2 and request.retry_later())
    committer.adapted().commit(["a", "b"])
    assert committer.calls == [[("a", 0), ("b", 0)], [("a", 1), ("b", 1)], [("a", 2), ("b", 2)]]
    left = Signals(
        lambda request: request.get_committable() and request.update_and_retry_later(request.get_committable()[1:])
    )
    left.adapted().commit(["ab"])
    assert left.calls == [[("ab", 0)], [("b", 1)], [("", 2)]]


def test_requests_that_cannot_be_committed(caplog):
    with pytest.raises(SinkError, match="'a' could not be committed in 10 retries"):
        Signals(lambda request: request.retry_later()).adapted().commit(["a"])
    reason = ValueError("no")
    with pytest.raises(SinkError, match="'a' cannot be committed: no"):
        Signals(lambda request: request.signal_failed_with_unknown_reason(reason)).adapted().commit(["a"])
    Signals(lambda request: request.signal_failed_with_known_reason(reason)).adapted().commit(["a"])
    assert "left out: 'a': no" in caplog.text


def test_guarantees():
    assert [guarantee.value for guarantee in DeliveryGuarantee] == ["exactly-once", "at-least-once", "none"]
    assert WriterContext().restored == []
    assert StreamExecutionEnvironment
