"""Whole jobs that fail on the way and are run again from a checkpoint: each record once in every sink that promises it."""

import os
from collections import Counter
from pathlib import Path

import pytest

from pyflinkx.common import Configuration
from pyflinkx.connectors.files.csv_sink import CsvSink
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.file_system import BucketAssigner, FileSink
from pyflinkx.runtime.drivers.job import Job
from pyflinkx.testing import TestSink
from pyflinkx.types.serialization import Encoder

COUNT = 400


class Always:
    """A job that failed is run again, at once."""

    def delay_after(self, failures):
        return 0 if len(failures) < 5 else None


@pytest.fixture(params=["inline", "threads", "processes"])
def env(request, monkeypatch):
    begin = Job.steps

    def restarted(job):
        job.master.restarts = Always()
        return begin(job)

    monkeypatch.setattr(Job, "steps", restarted)
    configuration = Configuration()
    configuration.set_string("pyflinkx.workers", request.param)
    configuration.set_string("execution.checkpointing.interval", "10 ms")
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
    assert [path for path in tmp_path.rglob(".*")] == []
