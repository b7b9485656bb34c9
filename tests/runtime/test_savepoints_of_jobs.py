"""Jobs that stop behind savepoints and fail now and then, and others that go on from them, at any parallelism."""

import time
from collections import Counter
from typing import ClassVar

import pytest

from pyflinkx.common import Configuration, Types, WatermarkStrategy
from pyflinkx.connectors.sink import Committer, Sink, SinkWriter
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.datastream.functions import KeyedProcessFunction
from pyflinkx.datastream.state import ValueStateDescriptor
from pyflinkx.errors import CheckpointError, StorageError

COUNT = 12_000
KEYS = 7
EXPECTED = Counter((key, number) for key in range(KEYS) for number in range(1, len(range(key, COUNT, KEYS)) + 1))


class GatheringWriter(SinkWriter):
    """Hands over what it has got with each checkpoint."""

    def __init__(self):
        self.got = []

    def write(self, batch):
        self.got += batch.values

    def prepare_commit(self):
        got, self.got = self.got, []
        return [got] if got else []


class ListCommitter(Committer):
    """Commits to a list of the program's; what comes again is known by its number."""

    committed: ClassVar[list] = []
    seen: ClassVar[set] = set()

    def commit(self, committables):
        for values in committables:
            key = tuple(values)
            if key not in self.seen:
                self.seen.add(key)
                self.committed.extend(values)

    def abort(self, committables):
        pass


class ListSink(Sink):
    def create_committer(self):
        return ListCommitter()

    def create_writer(self, context):
        return GatheringWriter()


class Counting(KeyedProcessFunction):
    """Numbers the records of each key; fails once in each of the first attempts."""

    def __init__(self, failures=0):
        self.failures = failures

    def open(self, context):
        self.count = context.get_state(ValueStateDescriptor("count", Types.LONG()))
        self.fails = context.get_attempt_number() < self.failures
        self.left = 1500

    def process_element(self, value, context):
        self.left -= 1
        if self.fails and self.left == 0:
            raise RuntimeError("a failure of the test's")
        number = (self.count.value() or 0) + 1
        self.count.update(number)
        yield value % KEYS, number


@pytest.fixture
def committed():
    ListCommitter.committed = []
    ListCommitter.seen = set()
    return ListCommitter


def slowly(value):
    """So that the job lasts until a savepoint is asked for: that is begun as soon as its tasks run."""
    time.sleep(0.0002)
    return value


def program(tmp_path, parallelism, restore=None, failures=0, **options):
    configuration = Configuration()
    settings = {
        "execution.checkpointing.interval": "20 ms",
        "execution.checkpointing.dir": str(tmp_path / "checkpoints"),
        "execution.checkpointing.savepoint-dir": str(tmp_path / "savepoints"),
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.delay": "0 s",
        "restart-strategy.fixed-delay.attempts": "10",
    }
    if restore is not None:
        settings["execution.state-recovery.path"] = restore
    for key, value in {**settings, **options}.items():
        configuration.set_string(key, value)
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    env.set_parallelism(parallelism)
    half = COUNT // 2
    pair = Types.TUPLE([Types.LONG(), Types.LONG()])
    low = env.from_source(NumberSequenceSource(0, half - 1), WatermarkStrategy.no_watermarks(), "low").uid(
        "low numbers"
    )
    high = env.from_source(NumberSequenceSource(half, COUNT - 1), WatermarkStrategy.no_watermarks(), "high").uid(
        "high numbers"
    )
    both = low.union(high)
    if restore is not None or failures == 0:  # else it would only last longer
        both = both.map(slowly, Types.LONG()).uid("slowly")
    counted = both.key_by(lambda value: value % KEYS, Types.LONG()).process(Counting(failures), pair).uid("counting")
    counted.rebalance().map(lambda value: value, pair).uid("end").sink_to(ListSink()).uid("list")
    return env


VARIANTS = {
    "aligned": {},
    "unaligned": {"execution.checkpointing.unaligned.enabled": "true"},
    "rocksdb": {"state.backend.type": "rocksdb"},
    "compressed": {"execution.checkpointing.snapshot-compression": "true"},
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("parallelism", [1, 2])
def test_a_job_that_fails_gives_each_result_once(tmp_path, committed, variant, parallelism):
    if variant == "rocksdb":
        pytest.importorskip("rocksdict")
    program(tmp_path, parallelism, failures=2, **VARIANTS[variant]).execute()
    assert Counter(committed.committed) == EXPECTED


def test_savepoints_are_gone_on_from_at_other_parallelisms(tmp_path, committed):
    path = None
    for parallelism in (1, 2, 3, 1):
        client = program(tmp_path, parallelism, path).execute_async()
        path = client.stop_with_savepoint(False).result()
    program(tmp_path, 2, path, failures=1).execute()
    assert Counter(committed.committed) == EXPECTED


def test_a_job_goes_on_behind_a_savepoint_and_another_one_from_it(tmp_path, committed):
    client = program(tmp_path, 1).execute_async()
    path = client.trigger_savepoint().result()
    client.get_job_execution_result().result()
    assert Counter(committed.committed) == EXPECTED
    again = program(tmp_path, 2, path).execute_async()
    again.get_job_execution_result().result()  # does again what came behind it


def test_what_cannot_be_gone_on_from(tmp_path, committed):
    client = program(tmp_path, 1).execute_async()
    path = client.stop_with_savepoint(False).result()
    env = StreamExecutionEnvironment.get_execution_environment(
        Configuration().set_string("execution.state-recovery.path", path)
    )
    env.from_collection([1]).uid("other").map(str).sink_to(ListSink())
    with pytest.raises(CheckpointError, match="allow to leave states out"):
        env.execute()
    with pytest.raises(StorageError, match="nowhere"):
        program(tmp_path, 1, str(tmp_path / "nowhere")).execute()


def test_a_job_that_has_ended_takes_no_savepoint(tmp_path, committed):
    client = program(tmp_path, 1).execute_async()
    client.get_job_execution_result().result()
    with pytest.raises(CheckpointError, match="has ended"):
        client.trigger_savepoint().result()
