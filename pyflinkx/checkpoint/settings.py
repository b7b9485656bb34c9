"""What a job's configuration says about checkpoints, resolved."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Retention(enum.Enum):
    """What becomes of a job's newest checkpoints when it ends, by how it ends."""

    DELETE_ON_CANCELLATION = "kept only when the job failed"
    RETAIN_ON_CANCELLATION = "kept when the job failed or was cancelled"
    NO_EXTERNALIZED_CHECKPOINTS = "never kept"


@dataclass(frozen=True)
class CheckpointSettings:
    """How a job takes checkpoints; times in milliseconds.

    Args:
        interval: between the starts of two checkpoints; None for no periodic ones.
        exactly_once: whether inputs whose barrier has come wait for the others.
        timeout: after which a checkpoint is given up.
        min_pause: between the end of one and the start of the next.
        max_concurrent: how many may be under way.
        tolerable_failures: how many in a row may fail before the job does.
        retention: of checkpoints once the job has ended.
        retained: how many completed checkpoints are kept while it runs.
        unaligned: whether barriers overtake records.
        aligned_timeout: how long a barrier waits for alignment before it does; 0 for not at all.
        force_unaligned: also with loops and custom partitioners.
        after_tasks_finish: whether they go on when some tasks have finished.
        folder: where checkpoints go (a path or a URL); None for the client's memory, which survives workers but not the
            client.
        savepoint_folder: where savepoints go if nothing else is said.
        compressed: whether states are LZ4 blocks.
        memory_threshold: bytes of state up to which a subtask's states travel inside the manifest.
    """

    interval: int | None = None
    exactly_once: bool = True
    timeout: int = 600_000
    min_pause: int = 0
    max_concurrent: int = 1
    tolerable_failures: int = 0
    retention: Retention = Retention.NO_EXTERNALIZED_CHECKPOINTS
    retained: int = 1
    unaligned: bool = False
    aligned_timeout: int = 0
    force_unaligned: bool = False
    after_tasks_finish: bool = True
    folder: str | None = None
    savepoint_folder: str | None = None
    compressed: bool = False
    memory_threshold: int = 20_480

    @property
    def enabled(self) -> bool:
        """Whether the job takes checkpoints by itself."""
        return self.interval is not None
