"""Loops go on from checkpoints: what circulates when one is taken is in it once, wherever it was."""

import os
import signal

import pytest

from pyflinkx.common import Configuration
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import KeyedProcessFunction, MapFunction, StreamExecutionEnvironment
from pyflinkx.graph.execution_graph import JobState
from pyflinkx.state import ValueStateDescriptor

ROUNDS = 5
IDS = list(range(12))


class Once:
    def delay_after(self, failures):
        return 0 if len(failures) == 1 else None


def fail():
    raise ValueError("not this time")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class CountsDown(KeyedProcessFunction):
    """Takes one from what a record has left; the first attempt holds records at their last one until it is to fail.

    What its state has counted and what the record has left come to ``ROUNDS``, if both are of one moment.
    """

    def __init__(self, folder, how):
        self.folder = folder
        self.how = how

    def open(self, context):
        self.count = context.get_state(ValueStateDescriptor("count"))
        self.first = context.get_attempt_number() == 0

    def process_element(self, value, context):
        number, left = value
        if self.first and os.path.exists(self.folder / "armed"):
            self.how()
        count = self.count.value() or 0
        assert count + left == ROUNDS, (value, count)
        if left > 1 or not self.first:
            self.count.update(count + 1)
            left -= 1
        yield number, left


class Writes(MapFunction):
    def __init__(self, folder):
        self.folder = folder

    def map(self, value):
        with open(self.folder / "out", "a") as file:
            file.write(f"{value[0]}\n")
        return value


def job_of(folder, workers, parallelism, how, interval="10 ms"):
    configuration = Configuration.from_dict(
        {
            "pyflinkx.workers": workers,
            "pyflinkx.batch.size": "2",
            "execution.checkpointing.interval": interval,
        }
    )
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(parallelism)
    loop = env.from_collection([(number, ROUNDS) for number in IDS]).rebalance().iterate()
    counted = loop.key_by(lambda pair: pair[0]).process(CountsDown(folder, how))
    loop.close_with(counted.filter(lambda pair: pair[1] > 0))
    counted.filter(lambda pair: pair[1] == 0).map(Writes(folder)).set_parallelism(1).sink_to(DiscardSink())
    job = env._job(env._graph("job"), None)
    job.master.restarts = Once()
    return job


def run_armed(job, folder, checkpoints=3):
    """Run a job that fails once so many checkpoints are there."""
    for _ in job.run_by_steps():
        latest = job.checkpoints.coordinator.latest
        if latest is not None and latest.number >= checkpoints:
            (folder / "armed").touch()


@pytest.mark.parametrize(
    ("workers", "parallelism", "how"),
    [("inline", 1, fail), ("inline", 2, fail), ("threads", 1, fail), ("threads", 2, fail), ("processes", 2, die)],
)
def test_what_circulates_goes_on_from_a_checkpoint(tmp_path, workers, parallelism, how):
    job = job_of(tmp_path, workers, parallelism, how)
    run_armed(job, tmp_path)
    assert job.state is JobState.FINISHED
    assert len(job.master.failures) == 1
    assert sorted(map(int, (tmp_path / "out").read_text().split())) == IDS
