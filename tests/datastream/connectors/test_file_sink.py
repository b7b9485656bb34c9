"""FileSink: buckets, rolling, names, and when files can be seen."""

import datetime
import os
import re
from array import array
from pathlib import Path

import pytest

from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.file_system import (
    BucketAssigner,
    DefaultRollingPolicy,
    FileSink,
    OnCheckpointRollingPolicy,
    OutputFileConfig,
    RollingPolicy,
)
from pyflinkx.errors import ConfigurationError, JobExecutionError, SinkError
from pyflinkx.types.serialization import Encoder


class Clock:
    def __init__(self, now):
        self.time = now

    def now(self):
        return self.time


def builder(path):
    return FileSink.for_row_format(str(path), Encoder.simple_string_encoder())


def everything(folder):
    return {
        os.path.relpath(os.path.join(where, name), folder): Path(where, name).read_text()
        for where, _, names in os.walk(folder)
        for name in names
    }


def test_the_records_of_all_subtasks(env, tmp_path):
    sink = builder(tmp_path / "a" / "out").with_bucket_assigner(BucketAssigner.base_path_bucket_assigner()).build()
    env.from_sequence(1, 100).rebalance().map(lambda x: x).sink_to(sink)
    env.execute()
    files = everything(tmp_path / "a" / "out")
    assert len(files) == env.get_parallelism()
    assert all(re.fullmatch(r"part-[0-9a-f-]{36}-0", name) for name in files)
    assert sorted(int(line) for text in files.values() for line in text.split()) == list(range(1, 101))


def test_a_failed_job_leaves_no_files(env, tmp_path):
    env.from_collection([1, 2, 0]).map(lambda x: 1 // x).sink_to(builder(tmp_path / "out").build())
    with pytest.raises(JobExecutionError):
        env.execute()
    assert everything(tmp_path) == {}


def opened(sink, now=0):
    """A clock, a writer, and the committer of its files."""
    clock, committer = Clock(now), sink.create_coordinator(None)
    return clock, sink.create_writer(WriterContext(clock=clock)), committer


def finish(writer, committer, failure=None):
    writer.flush(True)
    committer.handle_event(0, (1, writer.prepare_commit()))
    writer.close()
    committer.close(failure)


def write(writer, *values):
    writer.write(ObjectBatch(list(values)))


def numbered(folder):
    """The files by their number, and that of those not visible yet."""
    files = everything(folder)
    visible = {int(re.search(r"-(\d+)$", name)[1]): text for name, text in files.items() if not name.startswith(".")}
    return [visible[number] for number in sorted(visible)], len(files) - len(visible)


def flat(path, policy):
    assigner = BucketAssigner.base_path_bucket_assigner()
    return builder(path).with_bucket_assigner(assigner).with_rolling_policy(policy).build()


def test_files_roll_by_size_age_and_inactivity_and_appear_at_the_end(tmp_path):
    sink = flat(tmp_path, RollingPolicy.default_rolling_policy(10, 1000, 300))
    clock, writer, committer = opened(sink)
    write(writer, "12345", "678", "x")  # 6 + 4 bytes: full
    clock.time = 299
    write(writer, "y")
    clock.time = 598
    write(writer, "z")
    for time, value in ((898, "i"), (1190, "j"), (1480, "k"), (1770, "l"), (1898, "n")):
        clock.time = time
        write(writer, value)
    assert numbered(tmp_path) == ([], 4)
    writer.flush(False)
    assert numbered(tmp_path) == ([], 4)
    writer.flush(True)
    committer.handle_event(0, (1, writer.prepare_commit()))
    writer.close()
    assert numbered(tmp_path) == ([], 4)
    committer.close(None)
    assert numbered(tmp_path) == (["12345\n678\n", "x\ny\nz\n", "i\nj\nk\nl\n", "n\n"], 0)


def test_files_of_buckets_that_are_no_longer_written_are_closed(tmp_path):
    sink = builder(tmp_path).with_rolling_policy(DefaultRollingPolicy(100, 50, 50)).with_bucket_check_interval(10)
    sink = sink.with_bucket_assigner(BucketAssigner.date_time_bucket_assigner("mm-ss", "UTC")).build()
    clock, writer, committer = opened(sink)
    write(writer, "a")
    clock.time = 61_000
    write(writer, "b")
    assert list(writer.open) == ["01-01"]
    finish(writer, committer)
    assert sorted((name[:6], text) for name, text in everything(tmp_path).items()) == [
        ("00-00/", "a\n"),
        ("01-01/", "b\n"),
    ]


def test_one_file_without_checkpoints(tmp_path):
    clock, writer, committer = opened(flat(tmp_path, RollingPolicy.on_checkpoint_rolling_policy()))
    for number in range(5):
        clock.time += 10**9
        write(writer, number)
    finish(writer, committer)
    assert numbered(tmp_path) == (["0\n1\n2\n3\n4\n"], 0)
    assert isinstance(RollingPolicy.on_checkpoint_rolling_policy(), OnCheckpointRollingPolicy)


def test_a_writer_that_is_closed_early_takes_its_files_back(tmp_path):
    _, writer, committer = opened(flat(tmp_path, DefaultRollingPolicy(1, 10, 10)))
    write(writer, "a", "b")
    assert len(everything(tmp_path)) == 2
    writer.close()
    committer.close(RuntimeError())
    assert everything(tmp_path) == {}


def test_files_of_a_job_that_fails_at_the_end(tmp_path):
    _, writer, committer = opened(flat(tmp_path, DefaultRollingPolicy(1, 10, 10)))
    write(writer, "a", "b")
    finish(writer, committer, RuntimeError())
    assert everything(tmp_path) == {}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("yyyy-MM-dd--HH", "1969-12-31--23"),
        ("yy/M/d/H", "69/12/31/23"),
        ("'day''s' dd mm:ss.SSS", "day's 31 59:59.999"),
        ("SS''", "99'"),
    ],
)
def test_buckets_by_time(pattern, expected):
    assert BucketAssigner.date_time_bucket_assigner(pattern, "UTC").bucket(None, -1) == expected


def test_buckets_in_a_zone():
    berlin = BucketAssigner.date_time_bucket_assigner(timezone_id="Europe/Berlin")
    assert berlin.bucket("x", 1_720_000_000_000) == "2024-07-03--11"
    here = datetime.datetime.fromtimestamp(1_720_000_000).strftime("%Y-%m-%d--%H")
    assert BucketAssigner.date_time_bucket_assigner().bucket("x", 1_720_000_000_000) == here


def test_names(tmp_path):
    config = OutputFileConfig.builder().with_part_prefix("words").with_part_suffix(".txt").build()
    assert (config.get_part_prefix(), config.get_part_suffix()) == ("words", ".txt")
    _, writer, committer = opened(builder(tmp_path).with_output_file_config(config).build())
    write(writer, "a")
    finish(writer, committer)
    (name,) = everything(tmp_path)
    assert re.fullmatch(r"[\d-]+/words-[0-9a-f-]{36}-0\.txt", name)


def test_what_cannot_be(tmp_path):
    with pytest.raises(TypeError, match="encoder takes a Encoder"):
        FileSink.for_row_format(str(tmp_path), str)
    for method in ("with_bucket_assigner", "with_rolling_policy", "with_output_file_config"):
        with pytest.raises(TypeError, match="takes a"):
            getattr(builder(tmp_path), method)(5)
    for pattern in ("YYYY", "MMM", "hh"):
        with pytest.raises(ConfigurationError, match="pattern"):
            BucketAssigner.date_time_bucket_assigner(pattern)
    with pytest.raises(ConfigurationError, match="timezone 'Mars'"):
        BucketAssigner.date_time_bucket_assigner(timezone_id="Mars")
    with pytest.raises(ConfigurationError, match="part_size"):
        RollingPolicy.default_rolling_policy(0)
    for prefix, suffix in (("a/b", ""), ("", "/"), (".a", ""), ("_a", "")):
        with pytest.raises(ConfigurationError):
            OutputFileConfig(prefix, suffix)
    (tmp_path / "file").write_text("")
    env = StreamExecutionEnvironment.get_execution_environment()
    env.from_collection([1]).sink_to(builder(tmp_path / "file" / "out").build())
    with pytest.raises(SinkError, match="is not a folder"):
        env.execute()


@pytest.mark.parametrize("kind", ["texts", "rows"])
def test_a_failed_job_leaves_no_empty_folder(env, tmp_path, kind):
    stream = env.from_sequence(1, 100).rebalance().map(lambda x: 1 // (100 - x))
    if kind == "texts":
        stream.write_as_text(tmp_path / "out")
    else:
        stream.sink_to(builder(tmp_path / "a" / "out").build())
    with pytest.raises(JobExecutionError):
        env.execute()
    assert list(tmp_path.rglob("*")) == []


def test_files_are_closed_by_the_clock_where_no_record_comes(tmp_path):
    sink = flat(tmp_path, RollingPolicy.default_rolling_policy(1000, 5000, 300))
    clock, writer, committer = opened(sink)
    assert writer.next_time() is None
    write(writer, "a")
    assert writer.next_time() == 60_000
    clock.time = 60_000
    writer.advance(60_000)
    assert (list(writer.open), writer.next_time()) == ([], None)
    finish(writer, committer)
    assert numbered(tmp_path) == (["a\n"], 0)


@pytest.mark.parametrize("bucket", ["../b", "/etc", "a/../../b", "a\0", None, 5])
def test_buckets_stay_below_the_base_path(tmp_path, bucket):
    class Out(BucketAssigner):
        def get_bucket_id(self, element, context):
            return bucket

    _, writer, _ = opened(builder(tmp_path / "base").with_bucket_assigner(Out()).build())
    with pytest.raises(SinkError, match="bucket"):
        write(writer, "x")
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_buckets_by_event_time_and_watermark(tmp_path):
    class ByTime(BucketAssigner):
        def get_bucket_id(self, element, context):
            return f"{context.timestamp()},{context.current_watermark()},{context.current_processing_time()}"

    _, writer, committer = opened(builder(tmp_path).with_bucket_assigner(ByTime()).build(), 7)
    writer.write_watermark(3)
    writer.write(ObjectBatch(["a", "b"], array("q", [5, NO_TIMESTAMP])))
    finish(writer, committer)
    assert sorted(os.listdir(tmp_path)) == ["5,3,7", "None,3,7"]


def test_a_writer_of_an_attempt_that_is_over_changes_nothing(tmp_path):
    sink = flat(tmp_path, RollingPolicy.default_rolling_policy())
    first = sink.create_coordinator(None)
    clock = Clock(0)
    zombie = sink.create_writer(
        WriterContext(clock=clock, checkpoints=True, send=lambda event: first.handle_event(0, event))
    )
    write(zombie, "a")
    zombie.flush(False)
    first.handle_event(0, (1, zombie.prepare_commit()))
    states, everybody, listed = zombie.snapshot_state(1), zombie.snapshot_for_all(1), first.snapshot_state(1)
    first.checkpoint_completed(1)
    write(zombie, "b")
    second = sink.create_coordinator(None)
    second.restore(1, listed)
    context = WriterContext(
        clock=clock,
        checkpoints=True,
        send=lambda event: second.handle_event(0, event),
        restored=states,
        restored_by_all=everybody,
        restored_from=1,
    )
    writer = sink.create_writer(context)
    write(zombie, "c")
    write(writer, "B")
    writer.flush(True)
    second.handle_event(0, (2, writer.prepare_commit()))
    second.snapshot_state(2)
    second.checkpoint_completed(2)
    writer.close()
    second.close(None)
    write(zombie, "d")
    zombie.open.popitem()[1].file.close()
    assert numbered(tmp_path) == (["a\nB\n"], 0)


def test_a_checkpoint_whose_file_was_finished_since_is_refused(tmp_path):
    sink = flat(tmp_path, RollingPolicy.default_rolling_policy())
    _, writer, committer = opened(sink)
    write(writer, "a")
    writer.flush(False)
    states = writer.snapshot_state(1)
    finish(writer, committer)
    with pytest.raises(SinkError, match="a later checkpoint has committed it: go on from that one"):
        sink.create_writer(WriterContext(clock=Clock(0), restored=states, restored_from=1))
