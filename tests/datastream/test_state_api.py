"""Programs whose functions keep states of their subtask: a job that fails, and one that goes on from its checkpoint."""

import threading

import pytest

from pyflinkx.common import Configuration, Types
from pyflinkx.datastream import (
    CheckpointedFunction,
    CheckpointListener,
    ListCheckpointed,
    MapFunction,
    SourceFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.state import ListStateDescriptor
from pyflinkx.errors import JobExecutionError

KEPT = ListStateDescriptor("kept", Types.LONG())
END, FAILS = 200, 120


class Numbers(SourceFunction, CheckpointListener):
    """Emits 0 to END; before it emits FAILS it waits for a checkpoint that has what came before."""

    def __init__(self):
        self.number = 0
        self.durable = threading.Event()
        self.waits = True

    def run(self, ctx):
        while self.number < END:
            if self.number == FAILS and self.waits:
                self.durable.clear()
                self.durable.wait()  # begun before
                self.durable.clear()
                self.durable.wait()  # and since
            with ctx.get_checkpoint_lock():
                ctx.collect(self.number)
                self.number += 1

    def cancel(self):
        self.durable.set()

    def notify_checkpoint_complete(self, checkpoint_id):
        self.durable.set()

    def __deepcopy__(self, memo):
        return type(self)()


class InStates(Numbers, CheckpointedFunction):
    def initialize_state(self, context):
        self.kept = context.get_operator_state_store().get_list_state(KEPT)
        self.number = sum(self.kept.get())
        self.waits = not context.is_restored()

    def snapshot_state(self, context):
        self.kept.update([self.number])


class InList(Numbers, ListCheckpointed):
    def snapshot_state(self, checkpoint_id, timestamp):
        return [self.number]

    def restore_state(self, state):
        (self.number,) = state
        self.waits = False


class Summed(MapFunction, CheckpointedFunction):
    """Running sums and random numbers; fails where it is told to."""

    def __init__(self, fails):
        self.fails = fails
        self.restored = None

    def initialize_state(self, context):
        self.kept = context.get_operator_state_store().get_union_list_state(KEPT)
        self.sum = sum(self.kept.get())
        self.restored = context.get_restored_checkpoint_id()

    def open(self, runtime_context):
        self.random = runtime_context.random

    def snapshot_state(self, context):
        self.kept.update([self.sum])

    def map(self, value):
        if value == self.fails:
            raise ValueError("as it was told")
        self.sum += value
        return value, self.sum, self.random.random(), self.restored


def run(source, fails, folder, **more):
    configuration = Configuration.from_dict(
        {
            "execution.checkpointing.interval": "100 ms",
            "execution.checkpointing.dir": str(folder),
            "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
            "execution.checkpointing.create-subdir": False,
            "pyflinkx.seed": "fixed",
            "restart-strategy.type": "none",
            **more,
        }
    )
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    stream = env.add_source(source, type_info=Types.LONG()).uid("numbers").map(Summed(fails)).uid("summed")
    return list(stream.execute_and_collect())


@pytest.mark.parametrize("kind", [InStates, InList])
def test_a_program_goes_on_from_a_retained_checkpoint(kind, tmp_path):
    whole = kind()
    whole.waits = False
    expected = {value: (total, drawn) for value, total, drawn, _ in run(whole, None, tmp_path / "other")}
    assert [expected[value][0] for value in range(END)] == [value * (value + 1) // 2 for value in range(END)]
    with pytest.raises(JobExecutionError, match="as it was told"):
        run(kind(), FAILS, tmp_path)
    (checkpoint,) = tmp_path.glob("chk-*")
    results = run(kind(), None, tmp_path / "later", **{"execution.state-recovery.path": str(checkpoint)})
    assert {restored for *_, restored in results} == {int(checkpoint.name.removeprefix("chk-"))}
    first = results[0][0]
    assert 0 < first <= FAILS
    assert [(value, (total, drawn)) for value, total, drawn, _ in results] == [
        (value, expected[value]) for value in range(first, END)
    ]


def test_each_job_has_other_random_numbers_unless_it_has_a_seed():
    def drawn(**entries):
        env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(entries))
        return list(env.from_collection([1]).map(Drawn()).execute_and_collect())

    assert drawn() != drawn()
    assert drawn(**{"pyflinkx.seed": "a"}) == drawn(**{"pyflinkx.seed": "a"}) != drawn(**{"pyflinkx.seed": "b"})


class Drawn(MapFunction):
    def open(self, runtime_context):
        self.context = runtime_context

    def map(self, value):
        return self.context.uuid4(), self.context.random.random()
