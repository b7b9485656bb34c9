"""How a program is executed: as a stream or as a batch."""

from enum import Enum

from pyflinkx.graph import runtime_mode

__all__ = ["RuntimeExecutionMode"]


class RuntimeExecutionMode(Enum):
    """When a program gives its results.

    STREAMING: as records come; BATCH: once, when all input has ended (every source must be bounded); AUTOMATIC: BATCH
    if every source is bounded, else STREAMING.
    """

    STREAMING = runtime_mode.STREAMING
    BATCH = runtime_mode.BATCH
    AUTOMATIC = runtime_mode.AUTOMATIC
