"""The states of a task, written by a thread of its worker."""

import logging
import shutil

from pyflinkx.checkpoint.storage import CheckpointStorage
from pyflinkx.graph.execution_graph import TaskId
from pyflinkx.runtime.control.messages import CheckpointDeclined, TriggerCheckpoint
from pyflinkx.runtime.control.snapshot_writer import write_snapshot
from pyflinkx.runtime.exchange.channel import Barrier
from pyflinkx.runtime.task.checkpoints import TakenSnapshot
from pyflinkx.runtime.task.snapshots import HeldStates
from pyflinkx.state import KeyedStateBackend, ValueStateDescriptor


def batches():
    backend = KeyedStateBackend()
    backend.context.key = "a"
    backend.get_state(ValueStateDescriptor("v")).update(1)
    return backend.export(128)


def test_a_checkpoint_that_is_given_up_while_it_is_written_is_no_news(tmp_path, caplog):
    """Its folder is removed before the worker hears of it: only who wanted the checkpoint says that it failed."""
    folder = tmp_path / "checkpoints"

    def removed_meanwhile():
        yield from batches()
        shutil.rmtree(folder)
        yield from batches()

    storage = CheckpointStorage(str(folder), "job", secret=bytes(32))
    taken = TakenSnapshot(1, [HeldStates("uid", removed_meanwhile())], 0, 0)
    with caplog.at_level(logging.INFO):
        answer = write_snapshot(storage, TriggerCheckpoint(Barrier(1), (), secret=bytes(32)), TaskId(0, 0, 1), taken)
    assert isinstance(answer, CheckpointDeclined)
    assert "No such file" in answer.reason
    assert not caplog.records
