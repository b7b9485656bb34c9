"""Accumulators go on from checkpoints: each record is counted once, whatever happened to the tasks that counted it."""

import os
import time

import pytest

from pyflinkx.common import Configuration
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import MapFunction, SourceFunction, StreamExecutionEnvironment
from pyflinkx.errors import JobExecutionError
from pyflinkx.graph.execution_graph import JobState
from pyflinkx.operators.accumulators import Accumulator, IntCounter
from tests.runtime.test_loops_restored import Once, die, fail, run_armed

NUMBERS = list(range(4000))


class Largest(Accumulator):
    """One that the program has made itself; what it begins with must not be added again."""

    def __init__(self):
        self.values = [-1]

    def add(self, value):
        self.values = [max([*self.values, value])]

    def get_local_value(self):
        return self.values[0]

    def reset_local(self):
        self.values = []

    def merge(self, other):
        self.values = [max([*self.values, *other.values])]


class Counts(MapFunction):
    """Counts what it sees, and the odd ones by a counter that it makes when it sees the first."""

    def __init__(self, folder, how):
        self.folder = folder
        self.how = how

    def open(self, context):
        self.context = context
        self.first = context.get_attempt_number() == 0
        self.seen = IntCounter()
        self.seen.add(1)  # is part of what a checkpoint keeps
        context.add_accumulator("seen", self.seen)
        self.largest = Largest()
        context.add_accumulator("largest", self.largest)

    def map(self, value):
        if self.first and self.how is not None and os.path.exists(self.folder / "armed"):
            self.how()
        if self.first and self.how is not None:
            time.sleep(0.001)  # or there would be no record left to fail at
        self.seen.add(1)
        self.largest.add(value)
        if value == 1:
            self.context.get_int_counter("ones").add(1)
        return value


def job_of(folder, workers, parallelism, how, **options):
    configuration = Configuration.from_dict(
        {
            "pyflinkx.workers": workers,
            "pyflinkx.batch.size": "1",
            "execution.checkpointing.interval": "10 ms",
            **options,
        }
    )
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(parallelism)
    numbers = env.from_collection(NUMBERS).uid("numbers").rebalance().map(Counts(folder, how)).uid("counts")
    numbers.sink_to(DiscardSink()).uid("sink")
    job = env._job(env._graph("job"), None)
    job.master.restarts = Once()
    return job


@pytest.mark.parametrize(
    ("workers", "parallelism", "how"),
    [("inline", 1, fail), ("inline", 3, fail), ("threads", 2, fail), ("processes", 2, die)],
)
def test_each_record_counts_once(tmp_path, workers, parallelism, how):
    job = job_of(tmp_path, workers, parallelism, how)
    run_armed(job, tmp_path, checkpoints=1)
    assert job.state is JobState.FINISHED
    assert len(job.master.failures) == 1
    found = job.result().accumulators
    assert found["seen"] == len(NUMBERS) + parallelism
    assert (found["ones"], found["largest"]) == (1, NUMBERS[-1])


@pytest.mark.parametrize("parallelism", [1, 2, 3])
def test_they_go_on_from_a_savepoint_with_other_subtasks(tmp_path, parallelism):
    first = job_of(tmp_path, "inline", 2, fail)
    taken = None
    for _ in first.run_by_steps():
        latest = first.checkpoints.coordinator.latest
        if taken is None and latest is not None:
            taken = first.trigger_savepoint(str(tmp_path), stop=True)
    assert 2 < first.result().accumulators["seen"] < len(NUMBERS)
    options = {"execution.state-recovery.path": taken.result()}
    second = job_of(tmp_path, "inline", parallelism, None, **options)
    second.run()
    found = second.result().accumulators
    # Each of the first ones began at 1, as does one that has nothing to go on from.
    assert found["seen"] == len(NUMBERS) + max(2, parallelism)
    assert (found["ones"], found["largest"]) == (1, NUMBERS[-1])


def test_what_was_another_kind_of_accumulator_is_refused(tmp_path):
    first = job_of(tmp_path, "inline", 1, fail)
    taken = None
    for _ in first.run_by_steps():
        if taken is None and first.checkpoints.coordinator.latest is not None:
            taken = first.trigger_savepoint(str(tmp_path), stop=True)

    class Other(MapFunction):
        def open(self, context):
            context.add_accumulator("seen", Largest())

        def map(self, value):
            return value

    options = {"pyflinkx.workers": "inline", "execution.state-recovery.path": taken.result()}
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    numbers = env.from_collection(NUMBERS).uid("numbers").rebalance()
    numbers.map(Other()).uid("counts").sink_to(DiscardSink()).uid("sink")
    with pytest.raises(JobExecutionError, match="'seen' was a IntCounter in the checkpoint and now a Largest"):
        env.execute()


def test_those_of_an_operator_that_is_gone_keep_nobody_from_going_on(tmp_path):
    first = job_of(tmp_path, "inline", 1, fail)
    taken = None
    for _ in first.run_by_steps():
        if taken is None and first.checkpoints.coordinator.latest is not None:
            taken = first.trigger_savepoint(str(tmp_path), stop=True)
    options = {"pyflinkx.workers": "inline", "execution.state-recovery.path": taken.result()}
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    env.from_collection(NUMBERS).uid("numbers").sink_to(DiscardSink()).uid("sink")
    env.execute()


class Endless(SourceFunction):
    def __init__(self, folder):
        self.folder = folder
        self.stopped = False

    def run(self, context):
        while not self.stopped and not os.path.exists(self.folder / "end"):
            context.collect(1)
            time.sleep(0.001)

    def cancel(self):
        self.stopped = True


class FailsOnce(MapFunction):
    """When everything beside it has finished, and a checkpoint knows that."""

    def __init__(self, folder):
        self.folder = folder

    def open(self, context):
        self.first = context.get_attempt_number() == 0

    def map(self, value):
        if self.first and os.path.exists(self.folder / "armed"):
            fail()
        return value


@pytest.mark.parametrize(("workers", "parallelism"), [("inline", 2), ("threads", 2)])
def test_those_of_tasks_that_had_finished_are_not_lost(tmp_path, workers, parallelism):
    options = {"pyflinkx.workers": workers, "execution.checkpointing.interval": "10 ms"}
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    env.set_parallelism(parallelism)
    counted = env.from_collection(NUMBERS[:100]).uid("numbers").rebalance()
    counted.map(Counts(tmp_path, None)).uid("counts").sink_to(DiscardSink()).uid("sink")
    endless = env.add_source(Endless(tmp_path)).uid("endless").rebalance()
    endless.map(FailsOnce(tmp_path)).uid("fails").sink_to(DiscardSink()).uid("other sink")
    job = env._job(env._graph("job"), None)
    job.master.restarts = Once()
    uids = ("counts", "sink")
    for _ in job.run_by_steps():
        latest = job.checkpoints.coordinator.latest
        if latest is not None and all(latest.operators[uid].finished for uid in uids):
            (tmp_path / "armed").touch()
        if len(job.master.failures) == 1 and job.master.number == 2 and job.state is JobState.RUNNING:
            (tmp_path / "end").touch()
    assert job.state is JobState.FINISHED
    assert len(job.master.failures) == 1
    found = job.result().accumulators
    assert found["seen"] == 100 + parallelism
    assert (found["ones"], found["largest"]) == (1, 99)
