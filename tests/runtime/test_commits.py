"""Commits that fail: what a durable checkpoint lists is left alone, and committed by the next attempt."""

import time
from collections import Counter

import pytest

from pyflinkx.common import Configuration, Types, WatermarkStrategy
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.errors import JobExecutionError
from pyflinkx.testing.exactly_once import ExactlyOnceCommitter, ExactlyOnceSink, shown_records

RECORDS = 400
RESTARTS = {
    "pyflinkx.batch.size": "16",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": "3",
    "restart-strategy.fixed-delay.delay": "0 ms",
}


class FailingSink(ExactlyOnceSink):
    """Fails some of its commits before anything is committed: those whose numbers, from 1, are given."""

    def __init__(self, folder, failing=()):
        super().__init__(folder)
        self.failing = set(failing)
        self.commits = 0

    def create_committer(self):
        return FailingCommitter(self)


class FailingCommitter(ExactlyOnceCommitter):
    """Asks its sink."""

    def __init__(self, sink):
        super().__init__(sink.folder)
        self.sink = sink

    def commit(self, committables):
        if committables:
            self.sink.commits += 1
            if self.sink.commits in self.sink.failing:
                raise OSError("no commit today")
        super().commit(committables)


def paced(value):
    """Take a millisecond for a record."""
    time.sleep(0.001)
    return value


def run(*sinks, interval="20 ms", **options):
    """Run a job into the sinks; its restart strategy allows three more attempts."""
    configuration = Configuration.from_dict(RESTARTS | {"execution.checkpointing.interval": interval} | options)
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    numbers = env.from_source(NumberSequenceSource(0, RECORDS - 1), WatermarkStrategy.no_watermarks(), "numbers")
    numbers = numbers.map(paced, Types.LONG())
    for sink in sinks:
        numbers.sink_to(sink)
    env.execute()


def once_each():
    return Counter(range(RECORDS))


def test_one_sinks_failed_commit_costs_the_others_nothing(tmp_path):
    """All of them leave alone what the checkpoint lists, also those that come behind the one that fails."""
    sinks = [FailingSink(tmp_path / "0"), FailingSink(tmp_path / "1", {2}), FailingSink(tmp_path / "2")]
    run(*sinks)
    assert [Counter(shown_records(sink.folder)) for sink in sinks] == [once_each()] * 3


def test_a_last_commit_that_fails_is_done_by_another_attempt(tmp_path):
    """The checkpoint before it is durable, with all tasks finished, so nothing is run again."""
    first, second = FailingSink(tmp_path / "0", {1, 2}), FailingSink(tmp_path / "1")
    run(first, second, interval="1 h")
    assert [Counter(shown_records(sink.folder)) for sink in (first, second)] == [once_each()] * 2
    assert first.commits == 3


def test_without_checkpoints_a_failed_end_is_the_jobs(tmp_path):
    """What it has shown would be shown twice."""
    sink = FailingSink(tmp_path, {1})
    with pytest.raises(JobExecutionError, match="no commit today"):
        run(sink, interval="0 ms")
    assert shown_records(sink.folder) == []
