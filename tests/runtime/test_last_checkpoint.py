"""Whoever listens to checkpoints hears of one that is behind the last record of a bounded job, wherever it runs."""

import time
from pathlib import Path

import pytest

from pyflinkx.common import Configuration, Types, WatermarkStrategy
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.connectors.record_reader import InputStatus, RecordReader
from pyflinkx.connectors.sink import Sink, SinkWriter
from pyflinkx.connectors.source import Boundedness, Source
from pyflinkx.datastream import (
    CheckpointedFunction,
    CheckpointListener,
    KeyedProcessFunction,
    ListCheckpointed,
    MapFunction,
    RichSinkFunction,
    RichSourceFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.state import ListStateDescriptor
from pyflinkx.errors import JobCancelledError, JobExecutionError
from pyflinkx.graph.execution_graph import JobState
from tests.runtime.test_loops_restored import Once

COUNT = 40
PENDING = ListStateDescriptor("pending", Types.PICKLED_BYTE_ARRAY())


class Records:
    """Writes down what it is called for; of each subtask and attempt a file, a word a line."""

    file = None

    def __init__(self, folder):
        self.folder = Path(folder)

    def open(self, context):
        if self.file is None:
            place = f"{context.get_index_of_this_subtask()}-{context.get_attempt_number()}"
            self.file = self.folder / place

    def say(self, *words):
        with open(self.file, "a") as file:
            file.write(" ".join(map(str, words)) + "\n")

    def record(self, value):
        self.say("record", value)
        return value

    def close(self):
        self.say("close")


class Listening(Records):
    def notify_checkpoint_complete(self, checkpoint_id):
        self.say("complete", checkpoint_id)


class Mapping(Listening, MapFunction, CheckpointListener):
    def map(self, value):
        return self.record(value)


class PlainMapping(Listening, MapFunction):  # without the base
    def map(self, value):
        return self.record(value)


class Stores(Records, MapFunction, ListCheckpointed):
    """Hears of nothing, but is asked for what it holds."""

    seen = 0

    def map(self, value):
        self.seen += 1
        return self.record(value)

    def snapshot_state(self, checkpoint_id, timestamp):
        self.say("snapshot", checkpoint_id)
        return [self.seen]

    def restore_state(self, state):
        self.seen = sum(state)


class TwoPhases(Listening, MapFunction, CheckpointedFunction):
    """Shows records once a checkpoint behind them is durable, as Flink's TwoPhaseCommitSinkFunction does."""

    fails = False

    def initialize_state(self, context):
        self.kept = context.get_operator_state_store().get_list_state(PENDING)
        self.pending = dict(self.kept.get())
        self.got = []
        self.restored = context.is_restored()

    def open(self, context):
        super().open(context)
        if self.restored:
            self.show(10**9)  # is durable, as it is gone on from

    def map(self, value):
        self.got.append(value)
        return self.record(value)

    def snapshot_state(self, context):
        number = context.get_checkpoint_id()
        self.pending[number], self.got = self.got, []
        self.kept.update(list(self.pending.items()))
        self.say("snapshot", number)

    def notify_checkpoint_complete(self, checkpoint_id):
        if self.fails and any(COUNT - 1 in values for values in self.pending.values()) and self.first():
            raise ValueError("the last one is not shown")
        self.say("complete", checkpoint_id)
        self.show(checkpoint_id)

    def first(self):
        return not self.restored

    def show(self, until):
        for number in [number for number in self.pending if number <= until]:
            values = self.pending.pop(number)
            if values:  # a second time is as good as one
                (self.folder / f"shown-{values[0]}").write_text(" ".join(map(str, values)))


class FailsAtTheEnd(TwoPhases):
    fails = True


class Keyed(Listening, KeyedProcessFunction, CheckpointListener):
    def process_element(self, value, context):
        yield self.record(value)


class SinkFunction(Listening, RichSinkFunction):
    def invoke(self, value, context):
        self.record(value)


class Writer(SinkWriter):
    stays = True

    def __init__(self, folder, context):
        self.log = Records(folder)
        self.log.file = Path(folder) / f"{context.subtask_index}-0"

    def write(self, batch):
        for value in batch.values:
            self.log.record(value)

    def checkpoint_completed(self, checkpoint_id):
        self.log.say("complete", checkpoint_id)

    def close(self):
        self.log.close()


class WritingSink(Sink):
    def __init__(self, folder):
        self.folder = folder

    def create_writer(self, context):
        return Writer(self.folder, context)


class SourceFunction(Listening, RichSourceFunction):
    def run(self, context):
        for number in range(COUNT):
            with context.get_checkpoint_lock():
                context.collect(self.record(number))

    def cancel(self):
        pass


class Reader(RecordReader):
    def __init__(self, folder, context):
        self.log = Listening(folder)
        self.log.file = Path(folder) / f"{context.subtask_index}-0"
        self.left = []

    def add_splits(self, splits):
        self.left += splits

    def poll_next(self, output):
        if not self.left:
            return InputStatus.END_OF_INPUT
        output.collect(self.log.record(self.left.pop(0)))
        return InputStatus.MORE_AVAILABLE

    def snapshot_state(self, checkpoint_id):
        self.log.say("snapshot", checkpoint_id)
        return list(self.left)

    def notify_checkpoint_complete(self, checkpoint_id):
        self.log.notify_checkpoint_complete(checkpoint_id)

    def close(self):
        self.log.close()


class Reading(Source):
    boundedness = Boundedness.BOUNDED

    def __init__(self, folder):
        self.folder = folder

    def splits(self, parallelism):
        return list(range(COUNT))

    def create_reader(self, context):
        return Reader(self.folder, context)


def environment(workers, parallelism, **options):
    settings = {
        "pyflinkx.workers": workers,
        "pyflinkx.batch.size": "8",
        "execution.checkpointing.interval": "1 h",
        "restart-strategy.type": "none",
        **options,
    }
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(settings))
    return env.set_parallelism(parallelism)


def build(kind, folder, env):
    if kind in (SourceFunction, Reading):
        made = kind(folder)
        none = WatermarkStrategy.no_watermarks()
        stream = env.add_source(made) if kind is SourceFunction else env.from_source(made, none, "reading")
        stream.map(lambda value: value).sink_to(DiscardSink())
        return
    stream = env.from_collection(list(range(COUNT))).rebalance()
    if kind is Keyed:
        stream.key_by(lambda value: value % 7).process(kind(folder)).sink_to(DiscardSink())
    elif kind is SinkFunction:
        stream.add_sink(kind(folder))
    elif kind is WritingSink:
        stream.sink_to(kind(folder))
    else:
        stream.map(kind(folder)).rebalance().sink_to(DiscardSink())


def logs(folder):
    return {path.name: path.read_text().split("\n")[:-1] for path in sorted(folder.iterdir()) if path.name[1:2] == "-"}


def shown(folder):
    return sorted(int(value) for path in folder.glob("shown-*") for value in path.read_text().split())


def assert_heard(folder, parallelism, stores=False):
    """Each subtask was told of a checkpoint behind its last record, and then closed."""
    found = logs(folder)
    assert len(found) == parallelism
    for words in found.values():
        assert words[-1] == "close"
        behind = [index for index, word in enumerate(words) if word.startswith("record")]
        rest = words[behind[-1] + 1 if behind else 0 : -1]
        if stores:
            assert any(word.startswith("snapshot") for word in rest), words
        else:
            assert any(word.startswith("complete") for word in rest), words
    records = [int(word.split()[1]) for words in found.values() for word in words if word.startswith("record")]
    assert sorted(records) == list(range(COUNT))


KINDS = [Mapping, PlainMapping, Stores, TwoPhases, Keyed, SinkFunction, WritingSink, SourceFunction, Reading]


@pytest.mark.parametrize("kind", KINDS)
def test_everybody_hears_of_the_last_one(tmp_path, kind):
    env = environment("inline", 1)
    build(kind, tmp_path, env)
    env.execute()
    assert_heard(tmp_path, 1, stores=kind is Stores)


@pytest.mark.parametrize(
    ("kind", "workers", "parallelism"),
    [
        *(
            (kind, *where)
            for kind in (TwoPhases, SinkFunction, Reading, Stores)
            for where in (("inline", 3), ("threads", 2))
        ),
        (TwoPhases, "processes", 2),
    ],
)
def test_wherever_the_job_runs(tmp_path, kind, workers, parallelism):
    env = environment(workers, parallelism)
    build(kind, tmp_path, env)
    env.execute()
    assert_heard(tmp_path, parallelism, stores=kind is Stores)
    if kind is TwoPhases:
        assert shown(tmp_path) == list(range(COUNT))


@pytest.mark.parametrize("unaligned", [False, True])
def test_with_many_checkpoints_before_it(tmp_path, unaligned):
    env = environment(
        "threads",
        2,
        **{
            "execution.checkpointing.interval": "10 ms",
            "execution.checkpointing.max-concurrent-checkpoints": "1" if unaligned else "3",
            "execution.checkpointing.unaligned.enabled": unaligned,
            "execution.checkpointing.tolerable-failed-checkpoints": "1000",
        },
    )
    numbers = env.from_collection(list(range(COUNT))).map(slowly).rebalance()
    numbers.map(TwoPhases(tmp_path)).rebalance().sink_to(DiscardSink())
    env.execute()
    assert_heard(tmp_path, 2)
    assert shown(tmp_path) == list(range(COUNT))


@pytest.mark.parametrize(("workers", "parallelism"), [("inline", 1), ("threads", 2), ("processes", 2)])
def test_what_fails_when_it_hears_is_told_again_by_another_attempt(tmp_path, workers, parallelism):
    env = environment(workers, parallelism)
    build(FailsAtTheEnd, tmp_path, env)
    job = env._job(env._graph("job"), None)
    job.master.restarts = Once()
    job.run()
    assert job.state is JobState.FINISHED
    assert len(job.master.failures) == 1
    assert shown(tmp_path) == list(range(COUNT))
    second = {name: words for name, words in logs(tmp_path).items() if name.endswith("-1")}
    assert second
    assert not any(word.startswith("record") for words in second.values() for word in words)
    for words in second.values():  # and of no other
        assert [word.split()[0] for word in words] == ["snapshot", "complete", "close"]


def test_without_checkpoints_nobody_hears_of_any(tmp_path):
    env = environment("inline", 1)
    env.configure(Configuration.from_dict({"execution.checkpointing.interval": "0 s"}))
    build(Mapping, tmp_path, env)
    env.execute()
    assert logs(tmp_path) == {"0-0": [*(f"record {value}" for value in range(COUNT)), "close"]}


def test_without_checkpoints_after_tasks_finish_nobody_waits(tmp_path):
    env = environment("inline", 1, **{"execution.checkpointing.checkpoints-after-tasks-finish": False})
    build(Mapping, tmp_path, env)
    env.execute()
    assert logs(tmp_path)["0-0"][-2:] == [f"record {COUNT - 1}", "close"]


class Fails(MapFunction):
    def map(self, value):
        if value == COUNT - 1:
            raise ValueError("the last one is wrong")
        return value


@pytest.mark.parametrize("workers", ["inline", "threads"])
def test_a_job_that_fails_before_it_fails(tmp_path, workers):
    env = environment(workers, 2)
    stream = env.from_collection(list(range(COUNT))).rebalance()
    stream.map(Mapping(tmp_path)).rebalance().map(Fails()).sink_to(DiscardSink())
    with pytest.raises(JobExecutionError, match="the last one is wrong"):
        env.execute()
    assert not any("complete" in word for words in logs(tmp_path).values() for word in words)


def slowly(value):
    time.sleep(0.002)
    return value


class Endless(RichSourceFunction):
    """Goes on until it is told to stop."""

    def __init__(self):
        self.stopped = False

    def run(self, context):
        while not self.stopped:
            context.collect(-1)
            time.sleep(0.001)

    def cancel(self):
        self.stopped = True


def beside_an_endless_one(folder, workers, interval, kind=Mapping):
    env = environment(workers, 1, **{"execution.checkpointing.interval": interval})
    env.from_collection(list(range(COUNT))).map(kind(folder)).sink_to(DiscardSink())
    env.add_source(Endless()).map(lambda value: value).sink_to(DiscardSink())
    return env.execute_async()


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def written(folder, word):
    return any(word in line for lines in logs(folder).values() for line in lines)


@pytest.mark.parametrize("workers", ["inline", "processes"])
def test_the_next_one_is_enough_where_others_go_on(tmp_path, workers):
    client = beside_an_endless_one(tmp_path, workers, "20 ms")
    until(lambda: written(tmp_path, "close" if workers == "processes" else "complete"))  # inline, all close together
    client.cancel().result()
    assert_heard(tmp_path, 1)


@pytest.mark.parametrize("workers", ["inline", "threads", "processes"])
def test_who_waits_for_it_can_be_cancelled(tmp_path, workers):
    client = beside_an_endless_one(tmp_path, workers, "1 h")
    until(lambda: written(tmp_path, f"record {COUNT - 1}"))
    client.cancel().result()
    with pytest.raises(JobCancelledError):
        client.get_job_execution_result().result()
    assert logs(tmp_path)["0-0"][-2:] == [f"record {COUNT - 1}", "close"]


@pytest.mark.parametrize("workers", ["inline", "processes"])
@pytest.mark.parametrize("drain", [False, True])
def test_the_savepoint_that_a_job_stops_with_is_as_good(tmp_path, workers, drain):
    client = beside_an_endless_one(tmp_path, workers, "1 h", TwoPhases)
    until(lambda: written(tmp_path, f"record {COUNT - 1}"))
    client.stop_with_savepoint(drain, str(tmp_path / "savepoints")).result()
    client.get_job_execution_result().result()
    assert_heard(tmp_path, 1)
    assert shown(tmp_path) == list(range(COUNT))


def test_a_savepoint_that_the_job_goes_on_behind_is_not(tmp_path):
    client = beside_an_endless_one(tmp_path, "inline", "1 h", TwoPhases)
    until(lambda: written(tmp_path, f"record {COUNT - 1}"))
    client.trigger_savepoint(str(tmp_path / "savepoints")).result()
    assert not written(tmp_path, "complete")
    client.cancel().result()
