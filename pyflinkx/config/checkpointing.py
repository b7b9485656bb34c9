"""The options of checkpoints, savepoints and state backends; keys, types and defaults are those of Apache Flink 2.3."""

from __future__ import annotations

from typing import Any

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import BOOLEAN, DOUBLE, DURATION, INT, LONG, MEMORY, STRING, ValueType, enumeration

MINIMAL_TIME = 10  # ms; as in Flink, nothing about checkpoints happens more often

# Names of state backends, and the classes of Flink's that stood for them in configurations.
STATE_BACKENDS = {
    "hashmap": "hashmap",
    "rocksdb": "rocksdb",
    "jobmanager": "jobmanager",
    "filesystem": "filesystem",
    "org.apache.flink.runtime.state.hashmap.HashMapStateBackendFactory": "hashmap",
    "org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackendFactory": "rocksdb",
    "org.apache.flink.contrib.streaming.state.EmbeddedRocksDBStateBackendFactory": "rocksdb",
    "org.apache.flink.contrib.streaming.state.RocksDBStateBackendFactory": "rocksdb",
    "org.apache.flink.runtime.state.memory.MemoryStateBackendFactory": "jobmanager",
    "org.apache.flink.runtime.state.filesystem.FsStateBackendFactory": "filesystem",
}


def state_backend(text: str) -> str:
    """The name of a state backend; ValueError for text that is none."""
    return STATE_BACKENDS.get(text.strip()) or enumeration(*STATE_BACKENDS).parse(text)


STATE_BACKEND_TYPE: ValueType[str] = ValueType(
    "a state backend: hashmap, rocksdb, or as in older versions jobmanager or filesystem", (str,), state_backend, str
)


def too_often(millis: int) -> str | None:
    """What is wrong with an interval of checkpoints, of which 0 means none."""
    return f"is neither 0 (no checkpoints) nor at least {MINIMAL_TIME} ms" if 0 < millis < MINIMAL_TIME else None


def blank(text: str) -> str | None:
    """What is wrong with a path."""
    return None if text.strip() else "is empty"


def folders(text: str | None) -> tuple[str, ...]:
    """The paths that an option names, separated by commas."""
    return tuple(path.strip() for path in (text or "").split(",") if path.strip())


INTERVAL: ConfigOption[int] = ConfigOption(
    "execution.checkpointing.interval",
    DURATION,
    None,
    "Time between the starts of two checkpoints; by default none are taken.",
    minimum=0,
    fault=too_often,
)
MODE = ConfigOption(
    "execution.checkpointing.mode",
    enumeration("EXACTLY_ONCE", "AT_LEAST_ONCE"),
    "EXACTLY_ONCE",
    "Whether a record counts once in the state after a failure, or at least once, for which no input waits for others.",
)
TIMEOUT = ConfigOption(
    "execution.checkpointing.timeout",
    DURATION,
    600_000,
    "How long a checkpoint may take before it is given up.",
    minimum=MINIMAL_TIME,
)
MIN_PAUSE = ConfigOption(
    "execution.checkpointing.min-pause",
    DURATION,
    0,
    "Least time between the end of a checkpoint and the start of the next.",
    minimum=0,
)
MAX_CONCURRENT = ConfigOption(
    "execution.checkpointing.max-concurrent-checkpoints",
    INT,
    1,
    "How many checkpoints may be under way at a time.",
    minimum=1,
)
TOLERABLE_FAILURES = ConfigOption(
    "execution.checkpointing.tolerable-failed-checkpoints",
    INT,
    0,
    "How many checkpoints in a row may fail before the job does.",
    minimum=0,
)
RETENTION = ConfigOption(
    "execution.checkpointing.externalized-checkpoint-retention",
    enumeration("DELETE_ON_CANCELLATION", "RETAIN_ON_CANCELLATION", "NO_EXTERNALIZED_CHECKPOINTS"),
    "NO_EXTERNALIZED_CHECKPOINTS",
    "What stays of the newest checkpoints when the job has ended: those of a failed job (DELETE_ON_CANCELLATION), of a "
    "cancelled one too (RETAIN_ON_CANCELLATION), or nothing.",
)
RETAINED = ConfigOption(
    "execution.checkpointing.num-retained",
    INT,
    1,
    "How many completed checkpoints are kept.",
    minimum=1,
    deprecated_keys=("state.checkpoints.num-retained",),
)
UNALIGNED = ConfigOption(
    "execution.checkpointing.unaligned.enabled",
    BOOLEAN,
    False,
    "Whether barriers overtake records that wait between tasks, which then are part of the checkpoint.",
    deprecated_keys=("execution.checkpointing.unaligned",),
)
FORCE_UNALIGNED = ConfigOption(
    "execution.checkpointing.unaligned.forced",
    BOOLEAN,
    False,
    "Whether barriers overtake records in jobs with loops and custom partitioners, too.",
)
ALIGNED_TIMEOUT = ConfigOption(
    "execution.checkpointing.aligned-checkpoint-timeout",
    DURATION,
    0,
    "How long a barrier waits for those of other inputs before it overtakes records, where it may.",
    minimum=0,
    deprecated_keys=("execution.checkpointing.alignment-timeout",),
)
AFTER_TASKS_FINISH = ConfigOption(
    "execution.checkpointing.checkpoints-after-tasks-finish",
    BOOLEAN,
    True,
    "Whether checkpoints go on when some tasks have come to their end.",
    deprecated_keys=("execution.checkpointing.checkpoints-after-tasks-finish.enabled",),
)
STORAGE: ConfigOption[str] = ConfigOption(
    "execution.checkpointing.storage",
    enumeration("jobmanager", "filesystem"),
    None,
    "Where states of checkpoints go: into the memory of the client (jobmanager; with a folder, into the manifest "
    "there), or to files; by default files if there is a folder.",
    deprecated_keys=("state.checkpoint-storage",),
)
FOLDER: ConfigOption[str] = ConfigOption(
    "execution.checkpointing.dir",
    STRING,
    None,
    "Folder of checkpoints: a path, or a URL such as s3://bucket/folder.",
    deprecated_keys=("state.checkpoints.dir", "state.backend.fs.checkpointdir"),
    fault=blank,
)
CREATE_SUBFOLDER = ConfigOption(
    "execution.checkpointing.create-subdir",
    BOOLEAN,
    True,
    "Whether each job has a folder of its own, named by its id, in that of checkpoints.",
    deprecated_keys=("state.checkpoints.create-subdir",),
)
SAVEPOINT_FOLDER: ConfigOption[str] = ConfigOption(
    "execution.checkpointing.savepoint-dir",
    STRING,
    None,
    "Folder of savepoints whose call names none.",
    deprecated_keys=("state.savepoints.dir", "savepoints.state.backend.fs.dir"),
    fault=blank,
)
MEMORY_THRESHOLD = ConfigOption(
    "execution.checkpointing.data-inline-threshold",
    MEMORY,
    20 << 10,
    "Up to what size the states of a subtask are written into the manifest instead of a file.",
    minimum=0,
    maximum=1 << 20,
    deprecated_keys=("state.storage.fs.memory-threshold", "state.backend.fs.memory-threshold"),
)
INCREMENTAL = ConfigOption(
    "execution.checkpointing.incremental",
    BOOLEAN,
    False,
    "Whether a checkpoint writes only what has changed since the one before, where state is in RocksDB and checkpoints "
    "have a folder. Savepoints are whole.",
    deprecated_keys=("state.backend.incremental",),
)
SNAPSHOT_COMPRESSION = ConfigOption(
    "execution.checkpointing.snapshot-compression", BOOLEAN, False, "Whether the states of checkpoints are compressed."
)
STATE_BACKEND: ConfigOption[str] = ConfigOption(
    "state.backend.type",
    STATE_BACKEND_TYPE,
    None,
    "Where operators keep state by key: as Python objects (hashmap, the default), or in RocksDB (rocksdb). The older "
    "jobmanager and filesystem are hashmap with that storage of checkpoints.",
    deprecated_keys=("state.backend",),
)
ROCKSDB_FOLDERS: ConfigOption[str] = ConfigOption(
    "state.backend.rocksdb.localdir",
    STRING,
    None,
    "Folders of RocksDB's files, separated by commas; by default the temporary folder.",
    fault=blank,
)
ROCKSDB_MEMORY = ConfigOption(
    "state.backend.rocksdb.memory.fixed-per-slot",
    MEMORY,
    256 << 20,
    "Memory of a slot's RocksDB databases: the values that are kept as objects, blocks and write buffers.",
    minimum=1 << 20,
)
ROCKSDB_WRITE_BUFFER_RATIO = ConfigOption(
    "state.backend.rocksdb.memory.write-buffer-ratio",
    DOUBLE,
    0.5,
    "How much of what RocksDB has of that memory is for what is not in files yet.",
    minimum=0.05,
    maximum=0.95,
)
RESTORE_PATH: ConfigOption[str] = ConfigOption(
    "execution.state-recovery.path",
    STRING,
    None,
    "A checkpoint or savepoint from which the job starts.",
    deprecated_keys=("execution.savepoint.path",),
    fault=blank,
)
ALLOW_NON_RESTORED = ConfigOption(
    "execution.state-recovery.ignore-unclaimed-state",
    BOOLEAN,
    False,
    "Whether states may be left out that no operator of the program asks for.",
    deprecated_keys=("execution.savepoint.ignore-unclaimed-state",),
)
CLAIM_MODE = ConfigOption(
    "execution.state-recovery.claim-mode",
    enumeration("NO_CLAIM", "CLAIM", "LEGACY"),
    "NO_CLAIM",
    "Whether the job owns what it starts from, and deletes it when it is no longer needed (CLAIM); LEGACY is NO_CLAIM.",
    deprecated_keys=("execution.savepoint-restore-mode",),
)

# Typed, so that a wrong value is still an error.
CHANGELOG: ConfigOption[bool] = ConfigOption(
    "state.changelog.enabled", BOOLEAN, None, deprecated_keys=("state.backend.changelog.enabled",)
)
BACKLOG_INTERVAL: ConfigOption[int] = ConfigOption(
    "execution.checkpointing.interval-during-backlog", DURATION, None, minimum=0
)
WRITE_BUFFER_SIZE = ConfigOption(
    "execution.checkpointing.write-buffer-size",
    INT,
    4096,
    minimum=0,
    deprecated_keys=("state.storage.fs.write-buffer-size", "state.backend.fs.write-buffer-size"),
)
ROCKSDB_PREDEFINED_OPTIONS = ConfigOption(
    "state.backend.rocksdb.predefined-options",
    enumeration("DEFAULT", "SPINNING_DISK_OPTIMIZED", "SPINNING_DISK_OPTIMIZED_HIGH_MEM", "FLASH_SSD_OPTIMIZED"),
    "DEFAULT",
)
ROCKSDB_TRANSFER_THREADS = ConfigOption("state.backend.rocksdb.checkpoint.transfer.thread.num", INT, 4, minimum=1)
IGNORED_CHANNELS = ConfigOption(
    "execution.state-recovery.without-channel-state.checkpoint-id",
    LONG,
    -1,
    deprecated_keys=(
        "execution.checkpointing.recover-without-channel-state.checkpoint-id",
        "execution.checkpointing.id-of-ignored-in-flight-data",
    ),
)

SECRET_FILE = ConfigOption(
    "pyflinkx.security.secret-file",
    STRING,
    None,
    "The file with the secret that signs checkpoints; by default that of PYFLINKX_SECRET_FILE, or ~/.pyflinkx/secret.",
)

WITH_EFFECT: tuple[ConfigOption[Any], ...] = (
    INTERVAL,
    MODE,
    TIMEOUT,
    MIN_PAUSE,
    MAX_CONCURRENT,
    TOLERABLE_FAILURES,
    RETENTION,
    RETAINED,
    UNALIGNED,
    FORCE_UNALIGNED,
    ALIGNED_TIMEOUT,
    AFTER_TASKS_FINISH,
    STORAGE,
    FOLDER,
    CREATE_SUBFOLDER,
    SAVEPOINT_FOLDER,
    MEMORY_THRESHOLD,
    INCREMENTAL,
    SNAPSHOT_COMPRESSION,
    STATE_BACKEND,
    ROCKSDB_FOLDERS,
    ROCKSDB_MEMORY,
    ROCKSDB_WRITE_BUFFER_RATIO,
    RESTORE_PATH,
    ALLOW_NON_RESTORED,
    CLAIM_MODE,
    SECRET_FILE,
)

WITHOUT_EFFECT: tuple[ConfigOption[Any], ...] = (
    CHANGELOG,
    BACKLOG_INTERVAL,
    WRITE_BUFFER_SIZE,
    ROCKSDB_PREDEFINED_OPTIONS,
    ROCKSDB_TRANSFER_THREADS,
    IGNORED_CHANNELS,
)
