"""The job of this folder, left and gone on with at one parallelism after the other."""

import time
from collections import Counter
from dataclasses import dataclass

from pyflinkx.checkpoint.storage import CheckpointStorage
from pyflinkx.common import Configuration, JobStatus
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import CheckpointError
from pyflinkx.state.spec import CHANNEL
from pyflinkx.testing.exactly_once import shown_records
from pyflinkx.testing.kills import newest_checkpoint
from tests.reliability import full_job

COUNT = 3_000
PARALLELISMS = (1, 2, 4, 3, 1)
SAVEPOINT, CHECKPOINT = "savepoint", "checkpoint"


class EndedError(Exception):
    """A run has come to its end before it could be left: there is nothing to go on from."""


@dataclass(frozen=True)
class Cell:
    """How a job is rescaled.

    Args:
        leaves: whether each run leaves a savepoint, or the newest checkpoint as if its program had been killed.
        unaligned: whether checkpoints are.
        backend: of state: hashmap, rocksdb, or "rocksdb incremental".
        compressed: whether states are.
        workers: where subtasks run.
    """

    leaves: str
    unaligned: bool
    backend: str
    compressed: bool
    workers: str = "threads"

    def __str__(self):
        aligned = "unaligned" if self.unaligned else "aligned"
        return (
            f"{self.leaves}, {aligned}, {self.backend}, {'' if self.compressed else 'not '}compressed, {self.workers}"
        )


def start(cell, folder, parallelism, path, every=10):
    """The job, in the background, from a path."""
    options = {
        "execution.checkpointing.interval": "30 ms",
        "execution.checkpointing.dir": f"{folder}/checkpoints",
        "execution.checkpointing.savepoint-dir": f"{folder}/savepoints",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.unaligned.enabled": str(cell.unaligned).lower(),
        "execution.checkpointing.snapshot-compression": str(cell.compressed).lower(),
        "execution.checkpointing.data-inline-threshold": "0 b" if cell.compressed else "20 kb",
        "state.backend.type": cell.backend.split()[0],
        "execution.checkpointing.incremental": str("incremental" in cell.backend).lower(),
        "pyflinkx.batch.size": "16",
        "pyflinkx.workers": cell.workers if parallelism > 1 else "inline",
        "pyflinkx.workers.start-method": "fork",
        "restart-strategy.type": "none",
    }
    if path is not None:
        options["execution.state-recovery.path"] = path
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    env.set_parallelism(parallelism)
    full_job.program(env, str(folder), COUNT, every)
    return env.execute_async()


def leave(cell, client, folder, checkpoints):
    """End the job behind so many checkpoints; the path to go on from.

    Raises:
        EndedError: it has come to its end before.
    """
    statistics = client._thread.job.checkpoints.coordinator.statistics
    ended = client.get_job_execution_result()
    while statistics.completed < checkpoints:
        if ended.done():
            ended.result()
            raise EndedError
        time.sleep(0.005)
    if cell.leaves == SAVEPOINT:
        try:
            return client.stop_with_savepoint(False).result()
        except CheckpointError:
            ended.result()
            raise EndedError from None
    client.cancel().result()
    if client.get_job_status().result() == JobStatus.FINISHED:
        raise EndedError
    return newest_checkpoint(f"{folder}/checkpoints/{client.get_job_id()}")


def in_flight(path):
    """How many records' frames a checkpoint has that were on their way."""
    storage = CheckpointStorage(None, "0" * 32)
    return sum(part.kind == CHANNEL for part in storage.read_manifest(path).parts())


def rescale(cell, folder, checkpoints):
    """Run the job at all the parallelisms.

    Args:
        cell: how.
        folder: for all files.
        checkpoints: of each run but the last, behind how many it ends.

    Returns:
        What was lost, what was duplicated, and how many frames on their way its checkpoints had.

    Raises:
        EndedError: a run came to its end before.
    """
    path, frames = None, 0
    for parallelism, many in zip(PARALLELISMS[:-1], checkpoints, strict=True):
        path = leave(cell, start(cell, folder, parallelism, path), folder, many)
        assert path is not None
        frames += in_flight(path)
    start(cell, folder, PARALLELISMS[-1], path, every=COUNT).get_job_execution_result().result()
    found, expected = Counter(shown_records(folder)), Counter(full_job.expected(COUNT))
    return expected - found, found - expected, frames
