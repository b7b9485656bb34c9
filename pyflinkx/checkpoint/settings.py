"""What a job's configuration says about checkpoints, resolved."""

from __future__ import annotations

import enum
from dataclasses import dataclass

# The threshold below which states are written into the manifest, where all of them are.
WHOLE_STATE = 2**63 - 1


class Retention(enum.Enum):
    """What becomes of a job's newest checkpoints when it ends, by how it ends."""

    DELETE_ON_CANCELLATION = "kept only when the job failed"
    RETAIN_ON_CANCELLATION = "kept when the job failed or was cancelled"
    NO_EXTERNALIZED_CHECKPOINTS = "never kept"


class ClaimMode(enum.Enum):
    """Whose the checkpoint is from which a job starts."""

    CLAIM = "the job's, which deletes it when it is no longer needed"
    NO_CLAIM = "the user's, and no later checkpoint needs its files"


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
        subfolder: whether the job has a folder of its own in that one, named by its id.
        savepoint_folder: where savepoints go if nothing else is said.
        compressed: whether states are LZ4 blocks.
        memory_threshold: bytes of state up to which a subtask's states travel inside the manifest.
        state_backend: where operators keep state by key: "hashmap" or "rocksdb".
        incremental: whether a checkpoint writes what has changed since the one before, where the state backend can.
        rocksdb_folders: of RocksDB's files; none for the temporary folder.
        rocksdb_memory: bytes that the RocksDB databases of a slot may take, with the objects that are kept of them.
        rocksdb_write_buffer_ratio: how much of what the databases have is for what is not in files yet.
        secret_file: with the secret that signs states; None for that of the environment or of the home.
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
    subfolder: bool = True
    savepoint_folder: str | None = None
    compressed: bool = False
    memory_threshold: int = 20_480
    state_backend: str = "hashmap"
    incremental: bool = False
    rocksdb_folders: tuple[str, ...] = ()
    rocksdb_memory: int = 256 << 20
    rocksdb_write_buffer_ratio: float = 0.5
    secret_file: str | None = None

    @property
    def enabled(self) -> bool:
        """Whether the job takes checkpoints by itself."""
        return self.interval is not None


@dataclass(frozen=True)
class RestoreSettings:
    """From what a job starts.

    Args:
        path: of a checkpoint or savepoint; None to start with empty states.
        allow_non_restored_state: whether states may be left out whose operator the program has not.
        claim_mode: whose it is.
    """

    path: str | None = None
    allow_non_restored_state: bool = False
    claim_mode: ClaimMode = ClaimMode.NO_CLAIM


NO_CHECKPOINTS = CheckpointSettings()
EMPTY_START = RestoreSettings()
