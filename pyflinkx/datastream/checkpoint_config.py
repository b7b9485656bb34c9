"""How a program takes checkpoints."""

from __future__ import annotations

from typing import Any, ClassVar

from pyflinkx.common.time import Duration
from pyflinkx.config import checkpointing as options
from pyflinkx.config.configuration import Configuration
from pyflinkx.config.option import ConfigOption
from pyflinkx.datastream.checkpoint_storage import CheckpointStorage, FileSystemCheckpointStorage, configured_storage
from pyflinkx.datastream.checkpointing_mode import CheckpointingMode
from pyflinkx.datastream.externalized_checkpoint_retention import ExternalizedCheckpointRetention
from pyflinkx.errors import ConfigurationError, GraphError

__all__ = ["CheckpointConfig", "ExternalizedCheckpointCleanup"]

MAX_INT = 2**31 - 1

# Its name before Flink 2.0.
ExternalizedCheckpointCleanup = ExternalizedCheckpointRetention


class CheckpointConfig:
    """Typed access to the options of checkpoints of an environment.

    Get it by ``StreamExecutionEnvironment.get_checkpoint_config``. Every setter writes its option through to the
    configuration and returns this object; one that is given what cannot be raises a ConfigurationError.

    Args:
        configuration: what is read and written.

    Example:
        >>> from pyflinkx.datastream import StreamExecutionEnvironment
        >>> env = StreamExecutionEnvironment.get_execution_environment()
        >>> config = env.enable_checkpointing(10_000).get_checkpoint_config()
        >>> config.set_min_pause_between_checkpoints(500).get_checkpoint_interval()
        10000
    """

    DEFAULT_MODE: ClassVar[CheckpointingMode] = CheckpointingMode.EXACTLY_ONCE
    DEFAULT_TIMEOUT: ClassVar[int] = 600_000
    DEFAULT_MIN_PAUSE_BETWEEN_CHECKPOINTS: ClassVar[int] = 0
    DEFAULT_MAX_CONCURRENT_CHECKPOINTS: ClassVar[int] = 1

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._storage: CheckpointStorage | None = None

    def _set(self, option: ConfigOption[Any], value: Any) -> CheckpointConfig:
        self._configuration.set(option, value)
        return self

    # ---- when ----

    def is_checkpointing_enabled(self) -> bool:
        """Whether the job takes checkpoints by itself."""
        return self.get_checkpoint_interval() > 0

    def get_checkpoint_interval(self) -> int:
        """Milliseconds between the starts of two checkpoints; -1 when none are taken."""
        interval = self._configuration.get(options.INTERVAL)
        return -1 if interval is None else interval

    def set_checkpoint_interval(self, checkpoint_interval: int) -> CheckpointConfig:
        """Take checkpoints.

        Args:
            checkpoint_interval: milliseconds between the starts of two of them, at least 10.

        Raises:
            ConfigurationError: it is less.
        """
        if checkpoint_interval == 0:
            raise ConfigurationError(
                f"{options.INTERVAL.key}: 0 is less than {options.MINIMAL_TIME} ms; to take no checkpoints, "
                "set no interval"
            )
        return self._set(options.INTERVAL, checkpoint_interval)

    def get_checkpoint_timeout(self) -> int:
        """Milliseconds that a checkpoint may take before it is given up."""
        return self._configuration.value_of(options.TIMEOUT)

    def set_checkpoint_timeout(self, checkpoint_timeout: int) -> CheckpointConfig:
        """Set how many milliseconds a checkpoint may take, at least 10."""
        return self._set(options.TIMEOUT, checkpoint_timeout)

    def get_min_pause_between_checkpoints(self) -> int:
        """Milliseconds that are at least between the end of a checkpoint and the start of the next."""
        return self._configuration.value_of(options.MIN_PAUSE)

    def set_min_pause_between_checkpoints(self, min_pause_between_checkpoints: int) -> CheckpointConfig:
        """Set how many milliseconds are at least between the end of a checkpoint and the start of the next."""
        return self._set(options.MIN_PAUSE, min_pause_between_checkpoints)

    def get_max_concurrent_checkpoints(self) -> int:
        """How many checkpoints may be under way at a time."""
        return self._configuration.value_of(options.MAX_CONCURRENT)

    def set_max_concurrent_checkpoints(self, max_concurrent_checkpoints: int) -> CheckpointConfig:
        """Set how many checkpoints may be under way at a time, at least 1."""
        return self._set(options.MAX_CONCURRENT, max_concurrent_checkpoints)

    # ---- how ----

    def get_checkpointing_mode(self) -> CheckpointingMode:
        """How often a record may count after a failure."""
        return CheckpointingMode[self._configuration.value_of(options.MODE)]

    def set_checkpointing_mode(self, checkpointing_mode: CheckpointingMode) -> CheckpointConfig:
        """Set how often a record may count after a failure.

        Raises:
            GraphError: it is no CheckpointingMode.
        """
        if not isinstance(checkpointing_mode, CheckpointingMode):
            raise GraphError(f"set_checkpointing_mode() takes a CheckpointingMode, not {checkpointing_mode!r}")
        return self._set(options.MODE, checkpointing_mode.name)

    get_checkpointing_consistency_mode = get_checkpointing_mode
    set_checkpointing_consistency_mode = set_checkpointing_mode

    def is_unaligned_checkpoints_enabled(self) -> bool:
        """Whether barriers overtake records; never with AT_LEAST_ONCE."""
        enabled = self._configuration.value_of(options.UNALIGNED)
        return enabled and self.get_checkpointing_mode() is CheckpointingMode.EXACTLY_ONCE

    def enable_unaligned_checkpoints(self, enabled: bool = True) -> CheckpointConfig:
        """Have barriers overtake the records that wait between tasks, which then are part of the checkpoint.

        A checkpoint takes no longer then when a task is slower than what comes in, but is larger.
        """
        return self._set(options.UNALIGNED, enabled)

    def disable_unaligned_checkpoints(self) -> CheckpointConfig:
        """The opposite of ``enable_unaligned_checkpoints``."""
        return self.enable_unaligned_checkpoints(False)

    def set_aligned_checkpoint_timeout(self, alignment_timeout: Duration) -> CheckpointConfig:
        """Set how long a barrier waits for those of other inputs before it overtakes records, where it may.

        Args:
            alignment_timeout: zero for not at all.

        Raises:
            GraphError: it is no Duration.
        """
        if not isinstance(alignment_timeout, Duration):
            raise GraphError(f"set_aligned_checkpoint_timeout() takes a Duration, not {alignment_timeout!r}")
        return self._set(options.ALIGNED_TIMEOUT, alignment_timeout.to_millis())

    def get_aligned_checkpoint_timeout(self) -> Duration:
        """How long a barrier waits for those of other inputs before it overtakes records, where it may."""
        return Duration.of_millis(self._configuration.value_of(options.ALIGNED_TIMEOUT))

    def set_alignment_timeout(self, alignment_timeout: Duration) -> CheckpointConfig:
        """The older name of ``set_aligned_checkpoint_timeout``."""
        return self.set_aligned_checkpoint_timeout(alignment_timeout)

    def get_alignment_timeout(self) -> Duration:
        """The older name of ``get_aligned_checkpoint_timeout``."""
        return self.get_aligned_checkpoint_timeout()

    def set_force_unaligned_checkpoints(self, force_unaligned_checkpoints: bool = True) -> CheckpointConfig:
        """Set whether barriers overtake records in jobs with loops and custom partitioners, too."""
        return self._set(options.FORCE_UNALIGNED, force_unaligned_checkpoints)

    def is_force_unaligned_checkpoints(self) -> bool:
        """Whether barriers overtake records in jobs with loops and custom partitioners, too."""
        return self._configuration.value_of(options.FORCE_UNALIGNED)

    # ---- what if one fails ----

    def get_tolerable_checkpoint_failure_number(self) -> int:
        """How many checkpoints in a row may fail before the job does."""
        return self._configuration.value_of(options.TOLERABLE_FAILURES)

    def set_tolerable_checkpoint_failure_number(self, tolerable_checkpoint_failure_number: int) -> CheckpointConfig:
        """Set how many checkpoints in a row may fail before the job does; 0 for none."""
        return self._set(options.TOLERABLE_FAILURES, tolerable_checkpoint_failure_number)

    def is_fail_on_checkpointing_errors(self) -> bool:
        """Whether the first failure of a checkpoint is one of the job."""
        return self.get_tolerable_checkpoint_failure_number() == 0

    def set_fail_on_checkpointing_errors(self, fail_on_checkpointing_errors: bool) -> CheckpointConfig:
        """Set whether the first failure of a checkpoint is one of the job, or none of them."""
        return self.set_tolerable_checkpoint_failure_number(0 if fail_on_checkpointing_errors else MAX_INT)

    # ---- what stays ----

    def set_externalized_checkpoint_retention(
        self, retention_mode: ExternalizedCheckpointRetention
    ) -> CheckpointConfig:
        """Set what stays of checkpoints when the job has ended, in the folder ``execution.checkpointing.dir``.

        Raises:
            GraphError: it is no ExternalizedCheckpointRetention.
        """
        if not isinstance(retention_mode, ExternalizedCheckpointRetention):
            raise GraphError(
                "set_externalized_checkpoint_retention() takes an ExternalizedCheckpointRetention, not "
                f"{retention_mode!r}"
            )
        return self._set(options.RETENTION, retention_mode.name)

    def is_externalized_checkpoints_enabled(self) -> bool:
        """Whether anything stays of checkpoints when the job has ended."""
        return (
            self.get_externalized_checkpoint_retention()
            is not ExternalizedCheckpointRetention.NO_EXTERNALIZED_CHECKPOINTS
        )

    def get_externalized_checkpoint_retention(self) -> ExternalizedCheckpointRetention | None:
        """What stays of checkpoints when the job has ended."""
        return ExternalizedCheckpointRetention[self._configuration.value_of(options.RETENTION)]

    def enable_externalized_checkpoints(self, cleanup_mode: ExternalizedCheckpointRetention) -> CheckpointConfig:
        """The older name of ``set_externalized_checkpoint_retention``."""
        return self.set_externalized_checkpoint_retention(cleanup_mode)

    def set_externalized_checkpoint_cleanup(self, cleanup_mode: ExternalizedCheckpointRetention) -> CheckpointConfig:
        """The older name of ``set_externalized_checkpoint_retention``."""
        return self.set_externalized_checkpoint_retention(cleanup_mode)

    def get_externalized_checkpoint_cleanup(self) -> ExternalizedCheckpointRetention | None:
        """The older name of ``get_externalized_checkpoint_retention``."""
        return self.get_externalized_checkpoint_retention()

    # ---- where ----

    def set_checkpoint_storage(self, storage: CheckpointStorage) -> CheckpointConfig:
        """Set where states of checkpoints go.

        Args:
            storage: a FileSystemCheckpointStorage or a JobManagerCheckpointStorage.

        Raises:
            GraphError: it is no CheckpointStorage.
        """
        if not isinstance(storage, CheckpointStorage):
            raise GraphError(f"set_checkpoint_storage() takes a CheckpointStorage, not {storage!r}")
        storage._configure(self._configuration)
        self._storage = storage
        return self

    def set_checkpoint_storage_dir(self, checkpoint_path: str) -> CheckpointConfig:
        """Have states of checkpoints written to files.

        Args:
            checkpoint_path: the folder: a path, or a URL such as ``s3://bucket/folder``.
        """
        return self.set_checkpoint_storage(FileSystemCheckpointStorage(checkpoint_path))

    def get_checkpoint_storage(self) -> CheckpointStorage | None:
        """Where states of checkpoints go; None when neither program nor configuration says."""
        return self._storage or configured_storage(self._configuration)
