"""Where operators keep state by key."""

from __future__ import annotations

import os
from enum import Enum
from typing import Any, ClassVar

from pyflinkx.config import checkpointing as options
from pyflinkx.config.configuration import Configuration
from pyflinkx.datastream.checkpoint_storage import (
    CheckpointStorage,
    FileSystemCheckpointStorage,
    JobManagerCheckpointStorage,
)
from pyflinkx.datastream.operator_settings import text
from pyflinkx.errors import ConfigurationError, GraphError

__all__ = [
    "CustomStateBackend",
    "EmbeddedRocksDBStateBackend",
    "FsStateBackend",
    "HashMapStateBackend",
    "MemoryStateBackend",
    "PredefinedOptions",
    "RocksDBStateBackend",
    "StateBackend",
]


class StateBackend:
    """Where operators keep state by key; set by ``StreamExecutionEnvironment.set_state_backend``.

    :class:`HashMapStateBackend` for what fits into memory, :class:`EmbeddedRocksDBStateBackend` for more.
    """

    def _configure(self, configuration: Configuration) -> None:
        """Write it to a configuration."""
        raise GraphError(
            f"{type(self).__name__} is no state backend that there is here: use HashMapStateBackend or "
            "EmbeddedRocksDBStateBackend"
        )


class HashMapStateBackend(StateBackend):
    """States are Python objects in the memory of the processes that run tasks; the default.

    Example:
        >>> from pyflinkx.datastream import StreamExecutionEnvironment
        >>> env = StreamExecutionEnvironment.get_execution_environment()
        >>> env.set_state_backend(HashMapStateBackend()).get_state_backend()
        HashMapStateBackend()
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _configure(self, configuration: Configuration) -> None:
        configuration.set(options.STATE_BACKEND, "hashmap")


class PredefinedOptions(Enum):
    """What disks RocksDB is tuned for; kept, and without an effect."""

    DEFAULT = 0
    SPINNING_DISK_OPTIMIZED = 1
    SPINNING_DISK_OPTIMIZED_HIGH_MEM = 2
    FLASH_SSD_OPTIMIZED = 3


class EmbeddedRocksDBStateBackend(StateBackend):
    """States are in RocksDB, in files beside each task, with a cache in memory.

    Args:
        enable_incremental_checkpointing: whether a checkpoint writes only what has changed since the one before; None
            for what the configuration says.

    Raises:
        TypeError: it is neither True, False nor None.
    """

    def __init__(self, enable_incremental_checkpointing: bool | None = None) -> None:
        if enable_incremental_checkpointing not in (None, True, False):
            raise TypeError(
                f"enable_incremental_checkpointing is True, False or None, not {enable_incremental_checkpointing!r}"
            )
        self._incremental = enable_incremental_checkpointing
        self._folders: tuple[str, ...] = ()
        self._predefined = PredefinedOptions.DEFAULT
        self._threads = int(options.ROCKSDB_TRANSFER_THREADS.default or 0)

    def __repr__(self) -> str:
        incremental = "" if self._incremental is None else repr(self._incremental)
        return f"{type(self).__name__}({incremental})"

    def _configure(self, configuration: Configuration) -> None:
        configuration.set(options.STATE_BACKEND, "rocksdb")
        if self._incremental is not None:
            configuration.set(options.INCREMENTAL, bool(self._incremental))
        if self._folders:
            configuration.set(options.ROCKSDB_FOLDERS, ",".join(self._folders))
        if self._predefined is not PredefinedOptions.DEFAULT:
            configuration.set(options.ROCKSDB_PREDEFINED_OPTIONS, self._predefined.name)
        if self._threads != options.ROCKSDB_TRANSFER_THREADS.default:
            configuration.set(options.ROCKSDB_TRANSFER_THREADS, self._threads)

    def set_db_storage_paths(self, *paths: str) -> None:
        """Set the folders of RocksDB's files; they need not outlive the job.

        Args:
            paths: absolute paths of this machine; none for the temporary folder.

        Raises:
            GraphError: a path is not absolute, or has a comma.
        """
        for path in paths:
            if not os.path.isabs(text(path, "set_db_storage_paths()").removeprefix("file://")) or "," in path:
                raise GraphError(f"set_db_storage_paths() takes absolute paths without commas, not {path!r}")
        self._folders = paths

    def get_db_storage_paths(self) -> list[str]:
        """The folders of RocksDB's files; empty for the temporary folder."""
        return list(self._folders)

    def is_incremental_checkpoints_enabled(self) -> bool:
        """Whether a checkpoint writes what has changed since the one before."""
        return bool(self._incremental)

    def set_predefined_options(self, options: PredefinedOptions) -> None:
        """Keep what disks RocksDB is tuned for.

        Raises:
            GraphError: it is no PredefinedOptions.
        """
        if not isinstance(options, PredefinedOptions):
            raise GraphError(f"set_predefined_options() takes a PredefinedOptions, not {options!r}")
        self._predefined = options

    def get_predefined_options(self) -> PredefinedOptions:
        """What ``set_predefined_options`` was given."""
        return self._predefined

    def set_options(self, options_factory_class_name: str) -> None:
        """Refuse what needs a JVM.

        Raises:
            GraphError: always.
        """
        raise GraphError(
            f"set_options({options_factory_class_name!r}): there is no JVM here that could run a factory of options"
        )

    def get_options(self) -> str | None:
        """Always None: there is no JVM here that could run a factory of options."""
        return None

    def get_number_of_transfer_threads(self) -> int:
        """What ``set_number_of_transfer_threads`` was given; 4 before."""
        return self._threads

    def set_number_of_transfer_threads(self, number_of_transfering_threads: int) -> None:
        """Keep how many threads copy files; RocksDB's files are linked here, not copied.

        Raises:
            ConfigurationError: it is no whole number from 1.
        """
        options.ROCKSDB_TRANSFER_THREADS.format(number_of_transfering_threads)
        self._threads = number_of_transfering_threads


class CustomStateBackend(StateBackend):
    """Stands for a state backend written in Java, of which there is none here.

    Raises:
        GraphError: always.
    """

    def __init__(self, j_custom_state_backend: Any) -> None:
        raise GraphError(
            "there is no JVM here that could run a state backend written in Java: use HashMapStateBackend, or "
            "EmbeddedRocksDBStateBackend"
        )


# ---- the names of Flink before 1.13, where a state backend was a storage of checkpoints, too ----


class StoringBackend(StateBackend):
    """A state backend that says where checkpoints go, too."""

    _storage: CheckpointStorage | None = None
    _savepoints: str | None = None

    def _configure(self, configuration: Configuration) -> None:
        if self._storage is not None:
            self._storage._configure(configuration)
        if self._savepoints is not None:
            configuration.set(options.SAVEPOINT_FOLDER, self._savepoints)
        super()._configure(configuration)

    def is_using_asynchronous_snapshots(self) -> bool:
        """Always True: states are written beside the task."""
        return True


class MemoryStateBackend(StoringBackend, HashMapStateBackend):
    """HashMapStateBackend with JobManagerCheckpointStorage.

    Args:
        checkpoint_path: a folder for the manifests of checkpoints; None for memory only.
        savepoint_path: the folder of savepoints whose call names none.
        max_state_size: in bytes; kept for ``get_max_state_size``.
        using_asynchronous_snapshots: accepted; states are always written beside the task.
    """

    DEFAULT_MAX_STATE_SIZE: ClassVar[int] = JobManagerCheckpointStorage.DEFAULT_MAX_STATE_SIZE

    def __init__(
        self,
        checkpoint_path: str | None = None,
        savepoint_path: str | None = None,
        max_state_size: int | None = None,
        using_asynchronous_snapshots: bool | None = None,
    ) -> None:
        storage = JobManagerCheckpointStorage(checkpoint_path, max_state_size)
        self._storage = storage
        self._savepoints = savepoint_path
        self._max_state_size = storage.get_max_state_size()

    def get_max_state_size(self) -> int:
        """The size in bytes that it was made with."""
        return self._max_state_size


class FsStateBackend(StoringBackend, HashMapStateBackend):
    """HashMapStateBackend with FileSystemCheckpointStorage.

    Args:
        checkpoint_directory_uri: the folder of checkpoints: a path, or a URL such as ``s3://bucket/folder``.
        default_savepoint_directory_uri: the folder of savepoints whose call names none.
        file_state_size_threshold: bytes up to which the states of a subtask are written into the manifest.
        write_buffer_size: in bytes; kept.
        using_asynchronous_snapshots: accepted; states are always written beside the task.

    Raises:
        ValueError: there is no folder, or a size is out of range.
    """

    def __init__(
        self,
        checkpoint_directory_uri: str | None = None,
        default_savepoint_directory_uri: str | None = None,
        file_state_size_threshold: int | None = None,
        write_buffer_size: int | None = None,
        using_asynchronous_snapshots: bool | None = None,
    ) -> None:
        buffer = -1 if write_buffer_size is None else write_buffer_size
        self._files = FileSystemCheckpointStorage(checkpoint_directory_uri, file_state_size_threshold, buffer)
        self._storage = self._files
        self._savepoints = default_savepoint_directory_uri

    def get_checkpoint_path(self) -> str:
        """The folder of checkpoints."""
        return self._files.get_checkpoint_path()

    def get_min_file_size_threshold(self) -> int:
        """Bytes up to which the states of a subtask are written into the manifest."""
        return self._files.get_min_file_size_threshold()

    def get_write_buffer_size(self) -> int:
        """The size in bytes that it was made with."""
        return self._files.get_write_buffer_size()


class RocksDBStateBackend(StoringBackend, EmbeddedRocksDBStateBackend):
    """EmbeddedRocksDBStateBackend with a storage of checkpoints.

    Args:
        checkpoint_data_uri: the folder of checkpoints: a path, or a URL such as ``s3://bucket/folder``.
        enable_incremental_checkpointing: whether a checkpoint writes what has changed since the one before.
        checkpoint_stream_backend: a MemoryStateBackend or FsStateBackend whose storage is meant, in place of a folder.

    Raises:
        GraphError: neither is given, or the latter is no such state backend.
    """

    def __init__(
        self,
        checkpoint_data_uri: str | None = None,
        enable_incremental_checkpointing: bool | None = None,
        checkpoint_stream_backend: StateBackend | None = None,
    ) -> None:
        super().__init__(enable_incremental_checkpointing)
        if checkpoint_data_uri is not None:
            checkpoint_stream_backend = FsStateBackend(checkpoint_data_uri)
        if not isinstance(checkpoint_stream_backend, StoringBackend):
            raise GraphError(
                "RocksDBStateBackend() takes the folder of checkpoints, or a MemoryStateBackend or FsStateBackend, not "
                f"{checkpoint_stream_backend!r}; EmbeddedRocksDBStateBackend() needs none"
            )
        self._checkpoint_backend = checkpoint_stream_backend
        self._storage = checkpoint_stream_backend._storage
        self._savepoints = checkpoint_stream_backend._savepoints

    def get_checkpoint_backend(self) -> StateBackend:
        """The state backend whose storage it uses."""
        return self._checkpoint_backend

    def is_ttl_compaction_filter_enabled(self) -> bool:
        """Always True: what has ended by its time to live is never written again."""
        return True

    def enable_ttl_compaction_filter(self) -> None:
        """Do nothing: it is so anyway."""


def configured_backend(configuration: Configuration) -> StateBackend | None:
    """The state backend that a configuration says; None when it says nothing.

    Raises:
        ConfigurationError: it says "filesystem", and no folder.
    """
    kind = configuration.get(options.STATE_BACKEND)
    folder, savepoints = configuration.get(options.FOLDER), configuration.get(options.SAVEPOINT_FOLDER)
    if kind == "jobmanager":
        return MemoryStateBackend(folder, savepoints)
    if kind == "filesystem":
        if folder is None:
            raise ConfigurationError(f"{options.STATE_BACKEND.key}: filesystem needs {options.FOLDER.key}")
        return FsStateBackend(folder, savepoints)
    if kind == "rocksdb":
        backend = EmbeddedRocksDBStateBackend(configuration.get(options.INCREMENTAL))
        backend._folders = options.folders(configuration.get(options.ROCKSDB_FOLDERS))
        backend._predefined = PredefinedOptions[configuration.value_of(options.ROCKSDB_PREDEFINED_OPTIONS)]
        backend._threads = configuration.value_of(options.ROCKSDB_TRANSFER_THREADS)
        return backend
    return None if kind is None else HashMapStateBackend()
