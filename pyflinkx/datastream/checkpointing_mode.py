"""What a record counts after a failure."""

from enum import Enum

__all__ = ["CheckpointingMode"]


class CheckpointingMode(Enum):
    """How often a record may count in the states of a job that had to go on from a checkpoint.

    EXACTLY_ONCE: once. AT_LEAST_ONCE: once, and again if it was on its way beside the checkpoint; an operator with
    several inputs then never holds one of them back.
    """

    EXACTLY_ONCE = 0
    AT_LEAST_ONCE = 1
