"""Jobs under random faults give what they give without any. The long form is tests.soak.soak_kills."""

from collections import Counter
from functools import partial

import pytest

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.connectors.sink import Sink, SinkWriter
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.testing import kills
from pyflinkx.testing.exactly_once import PENDING, SHOWN, ExactlyOnceCommitter, append_line, first_records
from pyflinkx.testing.kills import FaultReport, Faults, KilledJobError, newest_checkpoint, run_under_faults
from tests.reliability import full_job, small_job

COUNT = 1_200
BATCHES = {"pyflinkx.batch.size": "64"}
PROCESSES = {"pyflinkx.workers": "processes", "pyflinkx.workers.start-method": "fork"}
INCREMENTAL = {
    "state.backend.type": "rocksdb",
    "execution.checkpointing.incremental": "true",
    "execution.checkpointing.num-retained": "2",
}
WORKERS = BATCHES | PROCESSES | {"parallelism.default": "2"}


@pytest.mark.parametrize(
    ("options", "faults"),
    [
        (BATCHES | {"pyflinkx.workers": "inline"}, Faults(failures=4, client_kills=3, gap=0.2, seed=1)),
        (WORKERS, Faults(kills=4, failures=1, client_kills=1, gap=0.3, seed=2)),
        (WORKERS | {"parallelism.default": "3"}, Faults(kills=3, stops=1, gap=0.3, seed=3)),
        (WORKERS | INCREMENTAL, Faults(kills=3, failures=1, client_kills=1, gap=1.0, seed=4)),
    ],
)
def test_a_job_with_state_of_all_kinds_loses_and_repeats_nothing(options, faults):
    program = partial(full_job.program, count=COUNT)
    report = run_under_faults(program, faults, full_job.expected(COUNT), options)
    assert report.check().records == len(full_job.expected(COUNT))
    assert report.happened


def test_what_an_undisturbed_run_gives_is_found_out():
    report = run_under_faults(small_job.program, Faults(client_kills=1, gap=0.2, seed=4), configuration={})
    assert report.check().records == small_job.RECORDS


# ---- the kit can fail ----


class ShowsAtOnce(Sink):
    """Writes what it gets where everybody sees it: at least once."""

    def __init__(self, folder):
        self.folder = folder

    def create_writer(self, context):
        return AtOnce(self.folder)


class AtOnce(SinkWriter):
    """A line a record."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, batch):
        for value in batch.values:
            append_line(f"{self.folder}/lines", str(value))


def at_least_once(env, folder):
    """Build a job that repeats records."""
    numbers = env.from_source(NumberSequenceSource(0, 499), WatermarkStrategy.no_watermarks(), "numbers")
    numbers.map(small_job.paced, Types.LONG()).sink_to(ShowsAtOnce(folder))


def lines(folder):
    """What it has written."""
    with open(f"{folder}/lines") as file:
        return [int(line) for line in file]


def test_records_that_come_twice_are_told():
    faults = Faults(failures=3, gap=0.05, seed=1)
    report = run_under_faults(at_least_once, faults, range(500), results=lines)
    assert not report.lost
    assert report.duplicated
    with pytest.raises(AssertionError, match=r"0 records lost, \d+ duplicated of \d+ under .*seed=1"):
        report.check()


def test_records_that_are_missing_are_told():
    report = run_under_faults(at_least_once, Faults(), range(501), results=lines)
    assert report.lost == {500: 1}
    with pytest.raises(AssertionError, match="1 records lost, 0 duplicated"):
        report.check()


def broken(env, folder):
    """Build a job that is none."""
    env.from_collection([1]).map(lambda value: value / 0).print()


def test_a_job_that_fails_by_itself_is_told_with_its_last_words():
    configuration = {"restart-strategy.type": "none"}
    with pytest.raises(KilledJobError, match=r"(?s)ended with 1 under .*division by zero"):
        run_under_faults(broken, Faults(), [], configuration)


# ---- its parts ----


def test_the_order_of_faults_is_the_seeds():
    faults = Faults(kills=3, stops=2, failures=1, client_kills=1, seed=5)
    assert faults.order() == faults.order()
    assert Counter(faults.order()) == {
        kills.KILLED: 3,
        kills.STOPPED: 2,
        kills.FAILED: 1,
        kills.CLIENT_KILLED: 1,
    }
    assert any(Faults(kills=3, stops=3, seed=seed).order() != faults.order() for seed in range(9))


def test_recoveries_count_to_the_first_record_behind_the_last_of_several_faults():
    assert kills.recoveries([1.0, 2.0, 5.0, 9.0], [0.5, 3.0, 3.5, 5.25]) == [1.0, 0.25]
    report = FaultReport(Faults(), Counter(), 0, Counter(), Counter(), [3.0, 1.0, 2.0])
    assert (report.recovery(0.5), report.recovery(0.99)) == (2.0, 3.0)
    assert str(FaultReport(Faults(), Counter(), 0, Counter(), Counter()).recovery(0.5)) == "nan"


def test_records_that_cannot_be_hashed_are_counted_by_how_they_print():
    assert kills.counted([[1], [1], 2]) == {"[1]": 2, 2: 1}


def test_the_newest_checkpoint_is_the_one_of_the_highest_number_with_a_manifest(tmp_path):
    assert newest_checkpoint(str(tmp_path / "none")) is None
    for job, number, whole in (("a", 9, True), ("b", 10, True), ("b", 11, False)):
        folder = tmp_path / job / f"chk-{number}"
        folder.mkdir(parents=True)
        if whole:
            (folder / "_metadata").touch()
    assert newest_checkpoint(str(tmp_path)) == str(tmp_path / "b" / "chk-10")


def test_a_file_that_is_to_be_committed_and_is_not_there_fails(tmp_path):
    for name in (PENDING, SHOWN):
        (tmp_path / name).mkdir()
    (tmp_path / PENDING / "a").touch()
    committer = ExactlyOnceCommitter(str(tmp_path))
    committer.commit(["a"])
    committer.commit(["a"])
    with pytest.raises(Exception, match="b is to be committed, and neither pending nor shown"):
        committer.commit(["b"])
    committer.abort(["c"])
    assert first_records(str(tmp_path)) == []
