"""Sinks of files give each record once, wherever the job crashes and however many subtasks go on."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest

from pyflinkx import faults
from pyflinkx.connectors.files.csv_sink import CsvSink
from pyflinkx.connectors.files.hidden_names import in_progress_name, new_token, temporary_name, token_of
from pyflinkx.connectors.files.part_files import WriteMode, csv_files, text_files
from pyflinkx.connectors.files.text_sink import TextSink
from pyflinkx.datastream.connectors.file_system import (
    BucketAssigner,
    BulkWriter,
    BulkWriterFactory,
    FileSink,
    RollingPolicy,
    StreamingFileSink,
)
from pyflinkx.datastream.formats.orc import OrcBulkWriters
from pyflinkx.datastream.formats.parquet import ParquetBulkWriters
from pyflinkx.types.serialization import Encoder
from pyflinkx.types.typeinfo import Types
from tests import fault_points
from tests.connectors.sink_job import Job, crash

ROOT = Path(__file__).resolve().parent.parent.parent
RECORDS = [(number, f"text {number % 7}") for number in range(60)]


class Country(BucketAssigner):
    def get_bucket_id(self, element, context):
        return f"a/{element[0] % 3}"


class EveryThird(RollingPolicy):
    def should_roll_on_event(self, part_file_state, element):
        return element[0] % 3 == 0

    def should_roll_on_checkpoint(self, part_file_state):
        return part_file_state.get_size() > 40


class Framed(BulkWriter):
    def __init__(self, stream):
        self.stream = stream
        self.held = []

    def add_element(self, element):
        self.held.append(element)

    def finish(self):
        self.stream.write("".join(f"{element!r}\n" for element in self.held).encode())
        self.stream.write(f"{len(self.held)}\n".encode())


class FramedFactory(BulkWriterFactory):
    def create(self, stream):
        return Framed(stream)


def rows(path, policy, assigner=None):
    builder = FileSink.for_row_format(path, Encoder.simple_string_encoder()).with_rolling_policy(policy)
    return builder.with_bucket_assigner(assigner or BucketAssigner.base_path_bucket_assigner())


PAIRS = Types.TUPLE([Types.INT(), Types.STRING()])


def bulk(path, factory, assigner=None):
    builder = FileSink.for_bulk_format(path, factory)
    return builder.with_bucket_assigner(assigner or BucketAssigner.base_path_bucket_assigner()).build()


KINDS = {
    "sizes": lambda path: rows(path, RollingPolicy.default_rolling_policy(200, 3_000, 900)).build(),
    "checkpoints": lambda path: rows(path, RollingPolicy.on_checkpoint_rolling_policy(), Country()).build(),
    "long": lambda path: rows(path, RollingPolicy.default_rolling_policy(), Country()).build(),
    "own": lambda path: rows(path, EveryThird()).with_bucket_check_interval(500).build(),
    "bulk": lambda path: (
        StreamingFileSink.for_bulk_format(path, FramedFactory()).with_bucket_assigner(Country()).build()
    ),
    "parquet": lambda path: bulk(path, ParquetBulkWriters.for_row_type(PAIRS), Country()),
    "orc": lambda path: bulk(path, OrcBulkWriters.for_row_type(PAIRS)),
    "remote": lambda path: rows(f"local://{path}", RollingPolicy.default_rolling_policy(), Country()).build(),
    "remote-parquet": lambda path: bulk(f"local://{path}", ParquetBulkWriters.for_row_type(PAIRS)),
    "text": lambda path: TextSink(path, "utf-16"),
    "csv": lambda path: CsvSink(path, write_mode="no_overwrite", field_names=["n", "t"]),
    "texts": lambda path: text_files(path, WriteMode.OVERWRITE, None),
    "csvs": lambda path: csv_files(path, None, "\n", ","),
}
ONE_FILE = {"text", "csv"}
AT_END = {"text", "csv", "texts", "csvs"}
COMMON = {"sink.last-commit", "sink.committed-last", "file-commit.renamed", "file-commit.synced"}
REACHED = {
    False: COMMON | {"file-sink.finished", "file-sink.flushed", "sink.commit", "sink.committed"},
    "remote": {
        *("sink.last-commit", "sink.committed-last", "sink.commit", "sink.committed"),
        *("remote-file.finished", "remote-file.flushed", "remote-commit.renamed"),
    },
    True: COMMON - {"file-commit.renamed"} | {"target-file.written", "target-file.synced", "target-file.finished"},
}


def files(folder):
    return sorted(Path(where, name) for where, _, names in os.walk(folder) for name in names)


def records_of(path, kind):
    """What is in a file that can be seen."""
    if kind == "bulk":
        *lines, count = path.read_text().splitlines()
        assert int(count) == len(lines)
        return map(eval, lines)
    if kind in ("parquet", "orc", "remote-parquet"):
        table = (orc if kind == "orc" else pq).read_table(path)
        return [tuple(row.values()) for row in table.to_pylist()]
    if kind in ("csv", "csvs"):
        lines = path.read_text().splitlines()
        if kind == "csv":
            assert lines.pop(0) == "n,t"
        return [(int(number), text) for number, text in (line.split(",") for line in lines)]
    return map(eval, path.read_text("utf-16" if kind == "text" else None).splitlines())


def seen(folder, kind):
    return Counter(
        record for path in files(folder) if not path.name.startswith(".") for record in records_of(path, kind)
    )


def job_of(kind, folder, seed):
    parallelisms = (1,) if kind in ONE_FILE else (1, 2, 3)
    return Job(lambda: KINDS[kind](str(folder / "out")), RECORDS, random.Random(seed), parallelisms)


def others(folder, kind):
    """Files of another sink and of nobody, which have to stay."""
    there = [folder / temporary_name("out", new_token()), folder / ".out.tmp"]
    if kind not in AT_END:
        inside = folder / "out" / "a"
        inside.mkdir(parents=True)
        there += [inside / in_progress_name("part-0", new_token()), inside / ".part-0.inprogress.x"]
    for path in there:
        path.write_text("theirs")
    return there


def check(kind, folder, job, kept):
    assert seen(folder / "out" if (folder / "out").is_dir() else folder, kind) == Counter(RECORDS)
    hidden = {path for path in files(folder) if path.name.startswith(".") and token_of(path.name) not in job.lost}
    assert hidden == set(kept)
    for path in kept:
        path.unlink()


@pytest.fixture
def no_sync(monkeypatch):
    """The machine does not go down here, and a disk takes its time."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.mark.usefixtures("no_sync")
@pytest.mark.parametrize("kind", KINDS)
def test_without_faults(kind, tmp_path):
    for seed in range(5):
        folder = tmp_path / str(seed)
        folder.mkdir()
        job = job_of(kind, folder, seed)
        job.run({})
        assert job.attempts == 1
        check(kind, folder, job, [])


@pytest.mark.usefixtures("no_sync")
@pytest.mark.parametrize("act", [crash, faults.error], ids=["crash", "error"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_every_point(kind, act, tmp_path):
    reached = set()
    for number, point in enumerate(fault_points.points()):
        for nth in (1, 4):
            folder = tmp_path / f"{point}-{nth}"
            folder.mkdir()
            kept = others(folder, kind)
            job = job_of(kind, folder, f"{number}, {nth}")
            fault = faults.Fault(act, nth)
            job.run({point: fault})
            check(kind, folder, job, kept)
            if fault.arrivals < nth:
                break
            reached.add(point)
    # Those of restoring are reached where a fault has made it necessary.
    wanted = REACHED["remote" if kind.startswith("remote") else kind in AT_END]
    assert reached >= wanted, sorted(wanted - reached)


@pytest.mark.usefixtures("no_sync")
@pytest.mark.parametrize("kind", KINDS)
def test_faults_at_random(kind, tmp_path):
    for seed in range(12):
        folder = tmp_path / str(seed)
        folder.mkdir()
        rng = random.Random(seed)

        def act(name, rng=rng):
            if rng.random() < 0.02:
                crash(name)
            if rng.random() < 0.02:
                faults.error(name)

        job = job_of(kind, folder, seed)
        job.run({point: faults.Fault(act) for point in fault_points.points()})
        check(kind, folder, job, [])


PROGRAM = """
import os, pickle, random, sys
from pathlib import Path
from tests.connectors import sink_job, test_files_exactly_once as tests

kind, folder, seed = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
job = tests.job_of(kind, folder, seed)
kept = folder / "taken"
if kept.exists():
    job.taken, job.number, job.attempts = pickle.loads(kept.read_bytes())

def keep(job):
    (folder / "next").write_bytes(pickle.dumps((job.taken, job.number, job.attempts)))
    os.replace(folder / "next", kept)

job.durable = keep
assert job.attempt()
"""


def run_process(kind, folder, seed, fault):
    environment = {**os.environ, faults.VARIABLE: fault, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM, kind, str(folder), seed]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.skipif(os.name == "nt", reason="there are no signals")
@pytest.mark.parametrize("kind", ["sizes", "csv", "parquet"])
def test_processes_that_are_killed(kind, tmp_path):
    for point in ["sink.commit"] if kind == "parquet" else sorted(REACHED[kind in AT_END]):
        folder = tmp_path / point
        folder.mkdir()
        first = run_process(kind, folder, point, f"{point}=crash@{2 if 'last' not in point and kind != 'csv' else 1}")
        assert first.returncode == -signal.SIGKILL, first.stderr
        restored = (folder / "taken").exists()
        second = run_process(kind, folder, point + "again", "")
        assert second.returncode == 0, second.stderr
        for name in ("taken", "next"):
            (folder / name).unlink(missing_ok=True)
        out = folder / "out"
        assert seen(out if out.is_dir() else folder, kind) == Counter(RECORDS)
        assert not restored or [path for path in files(folder) if path.name.startswith(".")] == []
