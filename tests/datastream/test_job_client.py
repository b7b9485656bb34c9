"""Jobs in the background."""

import threading

import pytest

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.common import Configuration, JobStatus, WatermarkStrategy
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.connectors.source import END, WAIT, Boundedness, Source, SourceReader
from pyflinkx.errors import GraphError, JobCancelledError, JobExecutionError


class EndlessSource(Source):
    """Numbers without end; with ``silent`` it gives none at all and waits to be woken."""

    boundedness = Boundedness.CONTINUOUS_UNBOUNDED

    def __init__(self, silent=False):
        self.silent = silent

    def splits(self, parallelism):
        return list(range(parallelism))

    def create_reader(self, context):
        return EndlessReader(self.silent)


class EndlessReader(SourceReader):
    def __init__(self, silent):
        self.silent = silent
        self.assigned = False

    def add_splits(self, splits):
        self.assigned = self.assigned or bool(splits)

    def poll(self, limit):
        if not self.assigned:
            return END
        return WAIT if self.silent else ObjectBatch(list(range(limit)))

    def close(self):
        pass


def endless(env, silent=False):
    return env.from_source(EndlessSource(silent), WatermarkStrategy.no_watermarks(), "endless")


def test_a_job_runs_in_the_background_to_its_end(env):
    env.from_collection(list(range(1000))).rebalance().map(lambda x: x).sink_to(DiscardSink())
    client = env.execute_async("numbers")
    result = client.get_job_execution_result().result()
    assert str(result.get_job_id()) == str(client.get_job_id())
    assert result.get_accumulator_result("Collection Source.numRecordsIn") == 1000
    assert client.get_job_status().result() is JobStatus.FINISHED
    assert client.get_accumulators().result()["Collection Source.numRecordsIn"] == 1000
    assert client.cancel().result() is None
    assert client.get_job_status().result() is JobStatus.FINISHED


@pytest.mark.parametrize("silent", [False, True])
def test_a_cancelled_job_ends_and_frees_its_threads(env, silent):
    threads = set(threading.enumerate())
    endless(env, silent).rebalance().map(lambda x: x).filter(lambda x: False).sink_to(DiscardSink())
    client = env.execute_async()
    assert not client.get_job_execution_result().done()
    client.cancel().result()
    assert client.get_job_status().result() is JobStatus.CANCELED
    with pytest.raises(JobCancelledError):
        client.get_job_execution_result().result()
    assert {thread for thread in threading.enumerate() if not thread.name.startswith("job ")} <= threads


def test_what_makes_a_job_fail_comes_with_its_result(env):
    env.from_collection([1, 0]).map(lambda x: 1 // x).sink_to(DiscardSink())
    client = env.execute_async()
    with pytest.raises(JobExecutionError, match="on record 0"):
        client.get_job_execution_result().result()
    assert client.get_job_status().result() is JobStatus.FAILED


def test_a_program_that_cannot_run_is_refused_at_once(env):
    with pytest.raises(GraphError, match="no operators"):
        env.execute_async()


def test_metrics_of_every_subtask(env):
    count = 10_000
    env.configure(Configuration.from_dict({"heartbeat.interval": "20 ms"}))
    env.from_collection(list(range(count))).rebalance().map(lambda x: x).name("first").key_by(lambda x: x % 10).map(
        lambda x: x
    ).name("second").sink_to(DiscardSink())
    client = env.execute_async()
    client.get_job_execution_result().result()
    metrics = client.get_metrics()
    parallelism = env.get_parallelism()
    if parallelism == 1 and env.is_chaining_enabled():
        assert [subtask["numRecordsIn"] for subtask in metrics.values()] == [count]
        return
    second = {name: subtask for name, subtask in metrics.items() if name.startswith("second")}
    assert len(second) == parallelism
    assert sum(subtask["numRecordsIn"] for subtask in second.values()) == count
    sent = sum(subtask["numRecordsOut"] for name, subtask in metrics.items() if name.startswith("first"))
    assert sent == count
    assert sum(subtask["numBytesIn"] for subtask in metrics.values()) == sum(
        subtask["numBytesOut"] for subtask in metrics.values()
    )
    assert all(subtask["accumulateBusyTimeMs"] >= 0 for subtask in metrics.values())
    assert all(subtask["inputQueueLength"] == 0 for subtask in metrics.values())
