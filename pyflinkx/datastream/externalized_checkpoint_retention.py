"""What stays of checkpoints when a job has ended."""

from enum import Enum

__all__ = ["ExternalizedCheckpointRetention"]


class ExternalizedCheckpointRetention(Enum):
    """What stays of a job's newest checkpoints when it ends, so that a later program can start from them.

    DELETE_ON_CANCELLATION: those of a job that failed. RETAIN_ON_CANCELLATION: those of one that was cancelled, too.
    NO_EXTERNALIZED_CHECKPOINTS: none.
    """

    DELETE_ON_CANCELLATION = 0
    RETAIN_ON_CANCELLATION = 1
    NO_EXTERNALIZED_CHECKPOINTS = 2
