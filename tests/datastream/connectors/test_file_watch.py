"""File sources whose files are handed out on demand, and those that watch a folder."""

import os
import threading
from datetime import timedelta

import pytest

from pyflinkx.common import Duration, WatermarkStrategy
from pyflinkx.connectors.source import Boundedness
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.file_system import (
    FileEnumeratorProvider,
    FileSource,
    FileSplitAssignerProvider,
    StreamFormat,
)
from pyflinkx.datastream.connectors.queue import QueueSink
from pyflinkx.errors import ConfigurationError, JobCancelledError, JobExecutionError
from pyflinkx.runtime.task.clock import ManualClock

PATIENCE = 60


def builder(folder):
    return FileSource.for_record_stream_format(StreamFormat.text_line_format(), str(folder))


def put(folder, name, text):
    """A file that is whole when it appears."""
    (folder / f".{name}").write_text(text)
    os.rename(folder / f".{name}", folder / name)


def test_all_files_once(env, tmp_path):
    for number in range(23):
        (tmp_path / f"{number}.txt").write_text("".join(f"{number}:{line}\n" for line in range(number)))
    stream = env.from_source(builder(tmp_path).build(), WatermarkStrategy.no_watermarks(), "files")
    with stream.execute_and_collect() as results:
        assert sorted(results) == sorted(f"{n}:{line}" for n in range(23) for line in range(n))


def test_new_files_are_found_and_read_once_each(env, tmp_path):
    source = builder(tmp_path).monitor_continuously(Duration.of_millis(5)).build()
    assert source.boundedness is Boundedness.CONTINUOUS_UNBOUNDED
    lines = QueueSink()
    (tmp_path / "below").mkdir()
    put(tmp_path, "a", "a1\na2\n")
    env.from_source(source, WatermarkStrategy.no_watermarks(), "files").sink_to(lines)
    threads = set(threading.enumerate())
    job = env.execute_async()
    assert sorted(lines.get(PATIENCE) for _ in range(2)) == ["a1", "a2"]
    put(tmp_path, "_hidden", "no\n")
    put(tmp_path / "below", "b", "b1\n")
    assert lines.get(PATIENCE) == "b1"
    (tmp_path / "a").write_text("a1\na2\na3\n")  # it has been read
    put(tmp_path, "c", "c1")
    assert lines.get(PATIENCE) == "c1"
    job.cancel().result()
    with pytest.raises(JobCancelledError):
        list(lines)
    assert {thread for thread in threading.enumerate() if not thread.name.startswith("job ")} <= threads


def test_it_looks_at_the_interval_exactly(tmp_path):
    env = StreamExecutionEnvironment.get_execution_environment()
    env._clock = clock = ManualClock(1000)
    looks = []

    class Counted(type(builder(tmp_path).build())):
        def splits(self, parallelism):
            looks.append(clock.now())
            if len(looks) == 4:
                raise RuntimeError("enough")
            return super().splits(parallelism)

    source = Counted(builder(tmp_path).build()._source, 250)
    env.from_source(source, WatermarkStrategy.no_watermarks(), "files").print()
    with pytest.raises(JobExecutionError, match="enough"):
        env.execute()
    assert looks == [1000, 1250, 1500, 1750]


def test_what_cannot_be(tmp_path):
    for bad in (5, "1s", None):
        with pytest.raises(TypeError, match="discovery_interval is a Duration"):
            builder(tmp_path).monitor_continuously(bad)
    for short in (Duration.of_millis(0), timedelta(microseconds=5)):
        with pytest.raises(ConfigurationError, match="a millisecond or more"):
            builder(tmp_path).monitor_continuously(short)
    with pytest.raises(TypeError, match="file_enumerator is a"):
        builder(tmp_path).set_file_enumerator(5)
    with pytest.raises(TypeError, match="split_assigner is a"):
        builder(tmp_path).set_split_assigner(5)


def test_the_builder(tmp_path):
    made = (
        builder(tmp_path)
        .monitor_continuously(timedelta(seconds=2))
        .process_static_file_set()
        .set_file_enumerator(FileEnumeratorProvider.default_non_splittable_file_enumerator())
        .set_file_enumerator(FileEnumeratorProvider.default_splittable_file_enumerator())
        .set_split_assigner(FileSplitAssignerProvider.locality_aware_split_assigner())
        .build()
    )
    assert made.boundedness is Boundedness.BOUNDED
