"""Whole jobs that fail on the way and go on from a checkpoint: each record once in every sink that promises it."""

import os
from collections import Counter
from pathlib import Path

import pytest

from pyflinkx.common import Configuration
from pyflinkx.connectors.files.csv_sink import CsvSink
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.file_system import BucketAssigner, FileSink
from pyflinkx.datastream.connectors.queue import QueueSink
from pyflinkx.errors import QueueEndedError
from pyflinkx.testing import TestSink
from pyflinkx.types.serialization import Encoder

COUNT = 400


@pytest.fixture(params=["inline", "threads", "processes"])
def env(request):
    configuration = Configuration()
    configuration.set_string("pyflinkx.workers", request.param)
    configuration.set_string("execution.checkpointing.interval", "10 ms")
    configuration.set_string("restart-strategy.type", "fixed-delay")
    configuration.set_string("restart-strategy.fixed-delay.attempts", "5")
    configuration.set_string("restart-strategy.fixed-delay.delay", "0 ms")
    configuration.set_string("execution.buffer-timeout.interval", "0 ms")
    made = StreamExecutionEnvironment.get_execution_environment(configuration)
    return made.set_parallelism(1 if request.param == "inline" else 2)


class FailsOnce:
    """Takes its time, and fails in the middle, once for each file that marks it."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __call__(self, value):
        import time

        time.sleep(0.0005)  # so that several checkpoints fall into the job
        for number in (COUNT // 2, COUNT - 20):
            mark = os.path.join(self.folder, f"mark-{number}")
            if value == number and not os.path.exists(mark):
                Path(mark).touch()
                raise ValueError("now")
        return value


def numbers(env, folder):
    return env.from_sequence(1, COUNT).map(FailsOnce(folder))


def failed_twice(folder):
    return len(list(Path(folder).glob("mark-*"))) == 2


def test_execute_and_collect(env, tmp_path):
    with numbers(env, tmp_path).execute_and_collect() as results:
        found = list(results)
    assert failed_twice(tmp_path)
    assert sorted(found) == list(range(1, COUNT + 1))


def test_tables(env, tmp_path):
    pytest.importorskip("pyarrow")
    from pyflinkx.types.typeinfo import Types

    stream = env.from_sequence(1, COUNT).map(FailsOnce(tmp_path), Types.LONG())
    table = stream.map(lambda value: (value,), Types.ROW_NAMED(["n"], [Types.LONG()])).to_arrow()
    assert failed_twice(tmp_path)
    assert sorted(table["n"].to_pylist()) == list(range(1, COUNT + 1))


def test_sinks_of_one_program(env, tmp_path):
    stream = numbers(env, tmp_path)
    sink = TestSink()
    stream.sink_to(sink)
    encoder = Encoder.simple_string_encoder()
    builder = FileSink.for_row_format(str(tmp_path / "rows"), encoder)
    stream.sink_to(builder.with_bucket_assigner(BucketAssigner.base_path_bucket_assigner()).build())
    stream.write_as_text(tmp_path / "texts")
    stream.map(lambda value: (value, "x")).sink_to(CsvSink(tmp_path / "csv"))
    env.execute()
    assert failed_twice(tmp_path)
    expected = Counter(range(1, COUNT + 1))
    assert Counter(sink.values) == expected
    for folder in ("rows", "texts"):
        files = [tmp_path / folder] if (tmp_path / folder).is_file() else list((tmp_path / folder).rglob("*"))
        assert Counter(int(line) for file in files for line in file.read_text().split()) == expected
    header, *lines = (tmp_path / "csv").read_text().splitlines()
    assert (header, Counter(int(line.split(",")[0]) for line in lines)) == ("f0,f1", expected)
    assert list(tmp_path.rglob(".*")) == []


def test_queues_give_again_what_came_behind_the_checkpoint(env, tmp_path):
    queue = QueueSink(COUNT * 4)
    numbers(env, tmp_path).sink_to(queue)
    env.execute()
    assert failed_twice(tmp_path)
    kept: list = []
    attempt = 1
    while True:
        try:
            delivery = queue.get_numbered(timeout=60)
        except QueueEndedError:
            break
        if delivery.attempt > attempt:
            attempt = delivery.attempt
            kept = [one for one in kept if one.after < delivery.restored_from]
        kept.append(delivery)
    values = Counter(delivery.value for delivery in kept)
    assert (Counter(range(1, COUNT + 1)) - values, values - Counter(range(1, COUNT + 1))) == (Counter(), Counter())
    places = [(delivery.subtask, delivery.sequence) for delivery in kept]
    assert len(set(places)) == len(places) == COUNT


def test_a_queue_that_is_read_meanwhile(env, tmp_path):
    queue = QueueSink(4)
    numbers(env, tmp_path).sink_to(queue)
    client = env.execute_async()
    found = Counter(queue)  # ends with the job, not with an attempt
    client.get_job_execution_result().result(60)
    assert failed_twice(tmp_path)
    assert found.keys() == set(range(1, COUNT + 1))
