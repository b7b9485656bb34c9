"""The fault points of checkpoints, and the small job at each of them."""

from pyflinkx.testing.kills import Faults, run_under_faults
from tests import fault_points
from tests.reliability import small_job

PARTS = ("checkpoint", "checkpoint-file", "snapshot", "task", "sink")
# Where the program's process comes by, so that it dies there; workers come by at the others.
OF_CLIENT = ("checkpoint.", "sink.")
# Reached in an attempt that goes on from a checkpoint, so there has to be a failure before.
AFTER_A_FAILURE = ("checkpoint.restore", "sink.commit-again", "sink.committed-again", "task.restored")
# Where the engine is told that the job is over for good, what fails is told, and no attempt follows.
INLINE = {"parallelism.default": "1", "pyflinkx.workers": "inline"}
WORKERS = {"parallelism.default": "2", "pyflinkx.workers": "processes", "pyflinkx.workers.start-method": "fork"}
OPTIONS = {
    "pyflinkx.batch.size": "16",
    "execution.checkpointing.interval": "20 ms",
    "execution.checkpointing.data-inline-threshold": "0 b",
    "execution.checkpointing.tolerable-failed-checkpoints": "1000000",
}


def all_points():
    """The names, in the order of the files."""
    return [point for part in PARTS for point in fault_points.points(part)]


def run(points, options=WORKERS, seed=0, failures=1):
    """The small job with what happens at those points."""
    faults = Faults(failures=failures, gap=0.3, seed=seed, points=points)
    return run_under_faults(small_job.program, faults, small_job.expected(), {**OPTIONS, **options}, timeout=120)
