"""Jobs that are run again after a failure: each attempt has tasks, coordinators and workers of its own."""

import os
import signal

import pytest

from pyflinkx.common import Configuration
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import MapFunction, Partitioner, SourceFunction, StreamExecutionEnvironment
from pyflinkx.errors import JobCancelledError, JobExecutionError
from pyflinkx.graph.execution_graph import JobState

WORKERS = ["inline", "threads", "processes"]


class Once:
    """One more attempt after each of so many failures."""

    def __init__(self, times=1, delay=0):
        self.times = times
        self.delay = delay

    def delay_after(self, failures):
        return self.delay if len(failures) <= self.times else None


class FailsUntil(MapFunction):
    """Marks each record with the attempt that took it; attempts before the given one end early.

    Args:
        attempt: the first one that is not to fail.
        folder: where files count the attempts.
        how: makes the attempt end.
    """

    def __init__(self, attempt, folder, how):
        self.attempt = attempt
        self.folder = folder
        self.how = how

    def open(self, context):
        self.current = len(os.listdir(self.folder)) + 1

    def map(self, value):
        if value == 2 and self.current < self.attempt:
            (self.folder / str(self.current)).touch()
            self.how()
        with open(self.folder.parent / f"attempt-{self.current}", "a") as file:
            file.write(f"{value}\n")
        return value


def fail():
    raise ValueError("not this time")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def job_that(how, attempt, folder, workers, restarts):
    (folder / "failed").mkdir()
    configuration = Configuration.from_dict({"pyflinkx.workers": workers})
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    env.from_collection([1, 2, 3]).map(FailsUntil(attempt, folder / "failed", how)).print()
    job = env._job(env._graph("job"), None)
    job.master.restarts = restarts
    return job


@pytest.mark.parametrize("workers", WORKERS)
def test_a_job_that_failed_is_run_again_from_the_start(tmp_path, workers, capfd):
    job = job_that(fail, 3, tmp_path, workers, Once(2, delay=1))
    job.run()
    assert job.state is JobState.FINISHED
    assert [record.attempt for record in job.master.failures] == [1, 2]
    assert "not this time" in str(job.master.failures[0].error)
    assert (tmp_path / "attempt-1").read_text() == "1\n"
    assert (tmp_path / "attempt-3").read_text() == "1\n2\n3\n"
    assert capfd.readouterr().out == "1\n1\n1\n2\n3\n"
    assert {task.attempt for task in job.master.execution.tasks} == {3}


def test_a_killed_worker_is_replaced_in_the_next_attempt(tmp_path):
    job = job_that(die, 2, tmp_path, "processes", Once())
    job.run()
    (failure,) = job.master.failures
    assert "killed by SIGKILL" in str(failure.error)
    assert (tmp_path / "attempt-2").read_text() == "1\n2\n3\n"


@pytest.mark.parametrize("workers", WORKERS)
def test_without_another_attempt_the_first_failure_is_the_jobs(tmp_path, workers):
    job = job_that(fail, 9, tmp_path, workers, None)
    job.master.restarts = type(job.master)("other", []).restarts
    with pytest.raises(JobExecutionError, match="not this time"):
        job.run()
    assert job.state is JobState.FAILED
    assert not (tmp_path / "attempt-2").exists()


class FailsOnce(MapFunction):
    """Counts records down; the first attempt fails at a record."""

    def __init__(self, at, folder):
        self.at = at
        self.folder = folder

    def open(self, context):
        self.seen = 0

    def map(self, value):
        self.seen += 1
        if self.seen == self.at and not (self.folder / "failed").exists():
            (self.folder / "failed").touch()
            raise ValueError("not this time")
        return value - 1


@pytest.mark.parametrize("workers", ["inline", "threads"])
@pytest.mark.parametrize("at", range(1, 9))
def test_what_was_in_a_loop_ends_with_its_attempt(tmp_path, workers, at):
    configuration = Configuration.from_dict({"pyflinkx.workers": workers, "pyflinkx.batch.size": "1"})
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(1)
    loop = env.from_collection([3, 3, 3, 3]).iterate(0)
    counted = loop.map(FailsOnce(at, tmp_path))
    loop.close_with(counted.filter(lambda value: value > 0))
    counted.filter(lambda value: value <= 0).sink_to(DiscardSink())
    job = env._job(env._graph("job"), None)
    job.master.restarts = Once()
    assert job.run().counters["Iteration Head"] == {"numFeedbackRecords": 8}


@pytest.mark.parametrize("workers", WORKERS)
def test_a_job_that_waits_for_its_next_attempt_is_over_when_its_caller_gives_up(tmp_path, workers):
    job = job_that(fail, 2, tmp_path, workers, Once(delay=200))
    steps = job.run_by_steps()
    while job.state is not JobState.RESTARTING:
        next(steps)
    steps.close()
    assert job.state is JobState.CANCELED


@pytest.mark.parametrize("workers", WORKERS)
def test_a_job_that_waits_for_its_next_attempt_ends_when_it_is_cancelled(tmp_path, workers):
    class Cancelling(Once):
        def delay_after(self, failures):
            job.request_cancel()
            return 3_600_000

    job = job_that(fail, 2, tmp_path, workers, Cancelling())
    with pytest.raises(JobCancelledError):
        job.run()
    assert job.state is JobState.CANCELED


class Remembers(MapFunction):
    """Keeps in itself what it has seen, from before it is opened; the first attempt ends at a record."""

    def __init__(self, folder):
        self.folder = folder
        self.seen = []

    def open(self, context):
        self.attempt = context.get_attempt_number()

    def map(self, value):
        self.seen.append(value)
        if value == 2 and self.attempt == 0:
            raise ValueError("not this time")
        with open(self.folder / f"attempt-{self.attempt}", "a") as file:
            file.write(f"{self.seen}\n")
        return value


class Numbers(SourceFunction):
    """Emits 1 to 3, and then how many runs it remembers."""

    def __init__(self):
        self.runs = 0

    def run(self, context):
        self.runs += 1
        for number in (1, 2, 3):
            context.collect(number)
        context.collect(self.runs * 100)

    def cancel(self):
        pass


class Asked(Partitioner):
    """Sends all to one subtask, and fails when it was asked more often than there are records."""

    def __init__(self):
        self.asked = 0

    def partition(self, key, consumers):
        self.asked += 1
        assert self.asked <= 4
        return 0


@pytest.mark.parametrize("parallelism", [1, 2])
@pytest.mark.parametrize("workers", WORKERS)
def test_each_attempt_runs_functions_as_the_program_described_them(tmp_path, workers, parallelism):
    """Also a function that was never opened anew, a source's and a partitioner's; the program's own is left alone."""
    configuration = Configuration.from_dict({"pyflinkx.workers": workers})
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(parallelism)
    function = Remembers(tmp_path)
    numbers = env.add_source(Numbers()).partition_custom(Asked(), lambda value: value)
    numbers.map(function).sink_to(DiscardSink())
    job = env._job(env._graph("job"), None)
    job.master.restarts = Once()
    job.run()
    assert (tmp_path / "attempt-1").read_text().splitlines() == ["[1]", "[1, 2]", "[1, 2, 3]", "[1, 2, 3, 100]"]
    assert (tmp_path / "attempt-0").read_text() == "[1]\n"
    assert function.seen == []


class OpensItself(MapFunction):
    def open(self, context):
        self.attempt = context.get_attempt_number()
        if self.attempt < 2:
            raise ValueError("not this time")

    def map(self, value):
        return value, self.attempt


@pytest.mark.parametrize("workers", WORKERS)
def test_functions_are_told_which_attempt_it_is(workers, capfd):
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict({"pyflinkx.workers": workers}))
    env.from_collection(["a"]).map(OpensItself()).print()
    job = env._job(env._graph("job"), None)
    job.master.restarts = Once(2)
    job.run()
    assert capfd.readouterr().out == "('a', 2)\n"


def test_a_job_that_is_never_run_again_runs_the_programs_own_functions(tmp_path):
    """Inline and with one subtask; a program may look at them afterwards."""
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict({"pyflinkx.workers": "inline"}))
    function = Remembers(tmp_path)
    env.from_collection([1, 3]).map(function).sink_to(DiscardSink())
    env.execute()
    assert function.seen == [1, 3]
