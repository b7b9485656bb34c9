"""A job goes on with another parallelism, from savepoints and from the checkpoint that a killed program has left."""

import time
from collections import Counter

import pytest

from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.testing.exactly_once import shown_records
from pyflinkx.testing.kills import newest_checkpoint
from tests.reliability import full_job

COUNT = 3_000
PARALLELISMS = (1, 2, 4, 3, 1)


def start(folder, parallelism, path, settings, every=10):
    """The job, in the background, from a path."""
    options = {
        "execution.checkpointing.interval": "30 ms",
        "execution.checkpointing.dir": f"{folder}/checkpoints",
        "execution.checkpointing.savepoint-dir": f"{folder}/savepoints",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "pyflinkx.batch.size": "16",
        "pyflinkx.workers": "threads" if parallelism > 1 else "inline",
    } | settings
    if path is not None:
        options["execution.state-recovery.path"] = path
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    env.set_parallelism(parallelism)
    full_job.program(env, str(folder), COUNT, every)
    return env.execute_async()


def by_savepoint(client, folder):
    """Stop with a savepoint; where it lies."""
    return client.stop_with_savepoint(False).result()


def by_checkpoint(client, folder):
    """Cancel behind a checkpoint; the newest one that was retained."""
    statistics = client._thread.job.checkpoints.coordinator.statistics
    while not statistics.completed and not client.get_job_execution_result().done():
        time.sleep(0.005)
    client.cancel().result()
    return newest_checkpoint(f"{folder}/checkpoints")


COMPRESSED = {
    "execution.checkpointing.snapshot-compression": "true",
    "execution.checkpointing.data-inline-threshold": "0 b",
}
INCREMENTAL = {"state.backend.type": "rocksdb", "execution.checkpointing.incremental": "true"}
UNALIGNED = {"execution.checkpointing.unaligned.enabled": "true"}


@pytest.mark.parametrize(
    ("leave", "settings"),
    [
        (by_savepoint, {}),
        (by_savepoint, COMPRESSED),
        (by_checkpoint, {}),
        (by_checkpoint, COMPRESSED),
        (by_checkpoint, INCREMENTAL),
        (by_checkpoint, INCREMENTAL | COMPRESSED | UNALIGNED),
        (by_checkpoint, UNALIGNED),
    ],
    ids=[
        "savepoint",
        "savepoint-compressed",
        "checkpoint",
        "compressed",
        "incremental",
        "incremental-unaligned",
        "unaligned",
    ],
)
def test_a_job_goes_on_with_more_and_fewer_subtasks(tmp_path, leave, settings):
    path = None
    for parallelism in PARALLELISMS[:-1]:
        client = start(tmp_path, parallelism, path, settings)
        path = leave(client, tmp_path)
        assert path is not None
    start(tmp_path, PARALLELISMS[-1], path, settings, every=COUNT).get_job_execution_result().result()
    found, expected = Counter(shown_records(tmp_path)), Counter(full_job.expected(COUNT))
    assert (expected - found, found - expected) == (Counter(), Counter())
