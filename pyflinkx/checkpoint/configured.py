"""The settings of checkpoints that a configuration comes to."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache

from pyflinkx.checkpoint.settings import WHOLE_STATE, CheckpointSettings, ClaimMode, RestoreSettings, Retention
from pyflinkx.config import checkpointing as options
from pyflinkx.config.configuration import Configuration
from pyflinkx.errors import ConfigurationError

log = logging.getLogger("pyflinkx")


def checkpoint_settings(configuration: Configuration, batch: bool = False) -> CheckpointSettings:
    """How a job takes checkpoints.

    Args:
        configuration: the job's.
        batch: whether it runs in batch mode, which takes none: what failed is run again from its beginning. Flink
            ignores the interval then, too; a warning says so.

    Raises:
        ConfigurationError: the options contradict each other; the message names each contradiction.

    Example:
        >>> settings = checkpoint_settings(Configuration().set_string("execution.checkpointing.interval", "5 s"))
        >>> settings.enabled, settings.interval, settings.folder
        (True, 5000, None)
    """
    get = configuration.value_of
    backend = configuration.get(options.STATE_BACKEND, "hashmap")
    storage = configuration.get(options.STORAGE)
    if storage is None and backend in ("jobmanager", "filesystem"):
        storage = backend
    folder = configuration.get(options.FOLDER)
    settings = CheckpointSettings(
        interval=configuration.get(options.INTERVAL) or None,
        exactly_once=get(options.MODE) == "EXACTLY_ONCE",
        timeout=get(options.TIMEOUT),
        min_pause=get(options.MIN_PAUSE),
        max_concurrent=get(options.MAX_CONCURRENT),
        tolerable_failures=get(options.TOLERABLE_FAILURES),
        retention=Retention[get(options.RETENTION)],
        retained=get(options.RETAINED),
        unaligned=get(options.UNALIGNED),
        aligned_timeout=get(options.ALIGNED_TIMEOUT),
        force_unaligned=get(options.FORCE_UNALIGNED),
        after_tasks_finish=get(options.AFTER_TASKS_FINISH),
        folder=folder,
        subfolder=get(options.CREATE_SUBFOLDER),
        savepoint_folder=configuration.get(options.SAVEPOINT_FOLDER),
        compressed=get(options.SNAPSHOT_COMPRESSION),
        memory_threshold=WHOLE_STATE if storage == "jobmanager" else get(options.MEMORY_THRESHOLD),
        state_backend="rocksdb" if backend == "rocksdb" else "hashmap",
        incremental=get(options.INCREMENTAL),
        rocksdb_folders=options.folders(configuration.get(options.ROCKSDB_FOLDERS)),
        rocksdb_memory=get(options.ROCKSDB_MEMORY),
        rocksdb_write_buffer_ratio=get(options.ROCKSDB_WRITE_BUFFER_RATIO),
        secret_file=configuration.get(options.SECRET_FILE),
    )
    faults = contradictions(settings, storage, configuration.get(options.BACKLOG_INTERVAL))
    if faults:
        raise ConfigurationError("\n".join(faults))
    return in_batch_mode(settings) if batch else in_stream_mode(settings)


def contradictions(settings: CheckpointSettings, storage: str | None, backlog_interval: int | None) -> list[str]:
    """What is wrong with values that are valid each for itself."""
    faults = []
    if storage == "filesystem" and settings.folder is None:
        faults.append(
            f"{options.STORAGE.key}: filesystem needs a folder: set {options.FOLDER.key} to a path, or to a URL such "
            "as s3://bucket/folder"
        )
    if settings.unaligned and settings.exactly_once and settings.max_concurrent > 1:
        faults.append(
            f"{options.MAX_CONCURRENT.key}: {settings.max_concurrent} checkpoints cannot be under way at a time while "
            f"{options.UNALIGNED.key} is true: set it to 1, or {options.UNALIGNED.key} to false"
        )
    if backlog_interval and settings.interval is not None and backlog_interval < settings.interval:
        faults.append(
            f"{options.BACKLOG_INTERVAL.key}: {backlog_interval} ms is less than {options.INTERVAL.key}, which is "
            f"{settings.interval} ms"
        )
    return faults


def in_batch_mode(settings: CheckpointSettings) -> CheckpointSettings:
    """The settings of a batch job."""
    if settings.enabled:
        warn(
            "a batch job takes no checkpoints: execution.checkpointing.interval has no effect while "
            "execution.runtime-mode is BATCH"
        )
    return replace(settings, interval=None, unaligned=False)


def in_stream_mode(settings: CheckpointSettings) -> CheckpointSettings:
    """The settings of a job that is no batch job."""
    if settings.unaligned and not settings.exactly_once:
        warn(
            f"{options.UNALIGNED.key} has no effect while {options.MODE.key} is AT_LEAST_ONCE, for which no input waits"
        )
        settings = replace(settings, unaligned=False)
    if settings.enabled and settings.folder is None and settings.retention is not Retention.NO_EXTERNALIZED_CHECKPOINTS:
        warn(
            f"{options.RETENTION.key} has no effect without {options.FOLDER.key}: checkpoints are in the memory of "
            "this process, and end with it"
        )
    return settings


def restore_settings(configuration: Configuration, batch: bool = False) -> RestoreSettings:
    """From what a job starts.

    Args:
        configuration: the job's.
        batch: whether it runs in batch mode.

    Raises:
        ConfigurationError: a batch job shall start from a checkpoint.
    """
    path = configuration.get(options.RESTORE_PATH)
    if path is not None and batch:
        raise ConfigurationError(
            f"{options.RESTORE_PATH.key}: {path!r} is no start for a batch job, which begins with empty states: set "
            "execution.runtime-mode to STREAMING"
        )
    claimed = configuration.value_of(options.CLAIM_MODE) == "CLAIM"
    return RestoreSettings(
        path,
        configuration.value_of(options.ALLOW_NON_RESTORED),
        ClaimMode.CLAIM if claimed else ClaimMode.NO_CLAIM,
    )


@cache
def warn(message: str) -> None:
    """Say it, once per process."""
    log.warning("%s", message)
