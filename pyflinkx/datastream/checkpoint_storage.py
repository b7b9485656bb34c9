"""Where states of checkpoints go."""

from __future__ import annotations

from typing import Any, ClassVar

from pyflinkx.config import checkpointing as options
from pyflinkx.config.configuration import Configuration
from pyflinkx.datastream.operator_settings import text
from pyflinkx.errors import GraphError

__all__ = [
    "CheckpointStorage",
    "CustomCheckpointStorage",
    "FileSystemCheckpointStorage",
    "JobManagerCheckpointStorage",
]


class CheckpointStorage:
    """Where states of checkpoints go; set by ``CheckpointConfig.set_checkpoint_storage``.

    :class:`FileSystemCheckpointStorage` is for files that outlive the program; :class:`JobManagerCheckpointStorage` for
    small states, and for trying things out.
    """

    _savepoint_path: str | None = None

    def _configure(self, configuration: Configuration) -> None:
        """Write it to a configuration."""
        raise GraphError(
            f"{type(self).__name__} is no storage of checkpoints that there is here: use FileSystemCheckpointStorage "
            "or JobManagerCheckpointStorage"
        )


class JobManagerCheckpointStorage(CheckpointStorage):
    """States go into the memory of the process that runs the program, which survives the end of workers.

    Args:
        checkpoint_path: a folder for the manifests of checkpoints, with the states in them; None for memory only.
        max_state_size: in bytes; kept for ``get_max_state_size``, as nothing here is limited by it.

    Example:
        >>> JobManagerCheckpointStorage().get_max_state_size()
        5242880
    """

    DEFAULT_MAX_STATE_SIZE: ClassVar[int] = 5 * 1024 * 1024

    def __init__(self, checkpoint_path: str | None = None, max_state_size: int | None = None) -> None:
        self._path = None if checkpoint_path is None else text(checkpoint_path, "JobManagerCheckpointStorage()")
        self._max_state_size = size(max_state_size, "max_state_size", self.DEFAULT_MAX_STATE_SIZE)

    def __repr__(self) -> str:
        return f"JobManagerCheckpointStorage({self._path!r}, {self._max_state_size})"

    def _configure(self, configuration: Configuration) -> None:
        configuration.set(options.STORAGE, "jobmanager")
        if self._path is not None:
            configuration.set(options.FOLDER, self._path)

    def get_checkpoint_path(self) -> str | None:
        """The folder of manifests; None for memory only."""
        return self._path

    def get_max_state_size(self) -> int:
        """The size in bytes that it was made with."""
        return self._max_state_size

    def get_savepoint_path(self) -> str | None:
        """The folder of savepoints, where the configuration has one."""
        return self._savepoint_path


class FileSystemCheckpointStorage(CheckpointStorage):
    """States go to files in a folder.

    Args:
        checkpoint_path: the folder: a path, or a URL such as ``s3://bucket/folder``.
        file_state_size_threshold: bytes up to which the states of a subtask are written into the manifest instead of a
            file, at most 1 MiB; None or -1 for the configuration's (20 KiB).
        write_buffer_size: in bytes; kept for ``get_write_buffer_size``. -1 for the configuration's (4 KiB).

    Raises:
        ValueError: there is no folder, or a size is out of range.

    Example:
        >>> FileSystemCheckpointStorage("file:///var/checkpoints").get_checkpoint_path()
        'file:///var/checkpoints'
    """

    MAX_FILE_STATE_THRESHOLD: ClassVar[int] = 1024 * 1024

    def __init__(
        self,
        checkpoint_path: str | None = None,
        file_state_size_threshold: int | None = None,
        write_buffer_size: int = -1,
    ) -> None:
        if checkpoint_path is None:
            raise ValueError("FileSystemCheckpointStorage() needs a checkpoint_path")
        self._path = text(checkpoint_path, "FileSystemCheckpointStorage()")
        self._threshold = size(file_state_size_threshold, "file_state_size_threshold", -1)
        self._write_buffer_size = size(write_buffer_size, "write_buffer_size", -1)
        if self._threshold > self.MAX_FILE_STATE_THRESHOLD:
            raise ValueError(
                f"file_state_size_threshold is at most {self.MAX_FILE_STATE_THRESHOLD} bytes, not {self._threshold}"
            )

    def __repr__(self) -> str:
        return f"FileSystemCheckpointStorage({self._path!r}, {self._threshold}, {self._write_buffer_size})"

    def _configure(self, configuration: Configuration) -> None:
        configuration.set(options.STORAGE, "filesystem")
        configuration.set(options.FOLDER, self._path)
        if self._threshold >= 0:
            configuration.set(options.MEMORY_THRESHOLD, self._threshold)
        if self._write_buffer_size >= 0:
            configuration.set(options.WRITE_BUFFER_SIZE, self._write_buffer_size)

    def get_checkpoint_path(self) -> str:
        """The folder."""
        return self._path

    def get_savepoint_path(self) -> str | None:
        """The folder of savepoints, where the configuration has one."""
        return self._savepoint_path

    def get_min_file_size_threshold(self) -> int:
        """Bytes up to which the states of a subtask are written into the manifest."""
        return self._threshold if self._threshold >= 0 else int(options.MEMORY_THRESHOLD.default or 0)

    def get_write_buffer_size(self) -> int:
        """The size in bytes that it was made with."""
        default = int(options.WRITE_BUFFER_SIZE.default or 0)
        return max(self._write_buffer_size if self._write_buffer_size >= 0 else default, self._threshold)


class CustomCheckpointStorage(CheckpointStorage):
    """Stands for a storage written in Java, of which there is none here.

    Raises:
        GraphError: always; a file system of one's own is registered with fsspec, and named by a URL.
    """

    def __init__(self, j_custom_checkpoint_storage: Any) -> None:
        raise GraphError(
            "there is no JVM here that could run a storage written in Java: register a file system with fsspec, and "
            "use FileSystemCheckpointStorage with its URL"
        )


def size(value: int | None, name: str, default: int) -> int:
    """A number of bytes; ``default`` for None and -1."""
    if value is None or (value == -1 and not isinstance(value, bool)):
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} is a number of bytes, not {value!r}")
    return value


def configured_storage(configuration: Configuration) -> CheckpointStorage | None:
    """The storage that a configuration says; None when it says nothing."""
    folder, kind = configuration.get(options.FOLDER), configuration.get(options.STORAGE)
    storage: CheckpointStorage
    if kind == "jobmanager":
        storage = JobManagerCheckpointStorage(folder)
    elif folder is not None:
        threshold = configuration.value_of(options.MEMORY_THRESHOLD)
        storage = FileSystemCheckpointStorage(folder, threshold, configuration.value_of(options.WRITE_BUFFER_SIZE))
    else:
        return None
    storage._savepoint_path = configuration.get(options.SAVEPOINT_FOLDER)
    return storage
