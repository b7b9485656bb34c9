"""What a program says of checkpoints and state backends on its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.config import checkpointing as options
from pyflinkx.datastream.former_methods import say_once
from pyflinkx.datastream.operator_settings import text
from pyflinkx.errors import GraphError

if TYPE_CHECKING:
    from pyflinkx.common.configuration import Configuration
    from pyflinkx.datastream.checkpoint_config import CheckpointConfig
    from pyflinkx.datastream.checkpointing_mode import CheckpointingMode
    from pyflinkx.datastream.state_backend import StateBackend
    from pyflinkx.datastream.stream_execution_environment import StreamExecutionEnvironment


class CheckpointMethods:
    """The environment's methods about checkpoints, savepoints and state backends."""

    if TYPE_CHECKING:
        _configuration: Configuration

    _checkpoint_config: CheckpointConfig | None = None
    _state_backend: StateBackend | None = None

    def get_checkpoint_config(self) -> CheckpointConfig:
        """How checkpoints are taken; changes to it hold for this environment."""
        from pyflinkx.datastream.checkpoint_config import CheckpointConfig  # not every program needs it

        if self._checkpoint_config is None:
            self._checkpoint_config = CheckpointConfig(self._configuration)
        return self._checkpoint_config

    def enable_checkpointing(self, interval: int, mode: CheckpointingMode | None = None) -> StreamExecutionEnvironment:
        """Take checkpoints of the states of all operators, so that a job that failed goes on from the newest.

        A batch job takes none, and says so.

        Args:
            interval: milliseconds between the starts of two of them, at least 10.
            mode: how often a record may count after a failure; by default EXACTLY_ONCE.

        Raises:
            ConfigurationError: the interval is too short.
            GraphError: the mode is no CheckpointingMode.

        Example:
            >>> from pyflinkx.datastream import StreamExecutionEnvironment
            >>> env = StreamExecutionEnvironment.get_execution_environment()
            >>> env.enable_checkpointing(5000).get_checkpoint_interval()
            5000
        """
        config = self.get_checkpoint_config()
        if mode is not None:
            config.set_checkpointing_mode(mode)
        config.set_checkpoint_interval(interval)
        return self  # type: ignore[return-value]

    def get_checkpoint_interval(self) -> int:
        """Milliseconds between the starts of two checkpoints; -1 when none are taken."""
        return self.get_checkpoint_config().get_checkpoint_interval()

    def get_checkpointing_mode(self) -> CheckpointingMode:
        """How often a record may count after a failure."""
        return self.get_checkpoint_config().get_checkpointing_mode()

    def get_checkpointing_consistency_mode(self) -> CheckpointingMode:
        """How often a record may count after a failure."""
        return self.get_checkpointing_mode()

    def is_unaligned_checkpoints_enabled(self) -> bool:
        """Whether barriers overtake records."""
        return self.get_checkpoint_config().is_unaligned_checkpoints_enabled()

    def is_force_unaligned_checkpoints(self) -> bool:
        """Whether barriers overtake records in jobs with loops and custom partitioners, too."""
        return self.get_checkpoint_config().is_force_unaligned_checkpoints()

    def set_default_savepoint_directory(self, directory: str) -> StreamExecutionEnvironment:
        """Set the folder of savepoints whose call names none: a path, or a URL such as ``s3://bucket/folder``."""
        path = text(directory, "set_default_savepoint_directory()")
        self._configuration.set(options.SAVEPOINT_FOLDER, path)
        return self  # type: ignore[return-value]

    def get_default_savepoint_directory(self) -> str | None:
        """The folder of savepoints whose call names none."""
        return self._configuration.get(options.SAVEPOINT_FOLDER)

    def set_state_backend(self, state_backend: StateBackend) -> StreamExecutionEnvironment:
        """Set where operators keep state by key.

        Args:
            state_backend: ``HashMapStateBackend()``, the default, or ``EmbeddedRocksDBStateBackend()``.

        Raises:
            GraphError: it is no StateBackend.
        """
        from pyflinkx.datastream.state_backend import StateBackend

        if not isinstance(state_backend, StateBackend):
            raise GraphError(f"set_state_backend() takes a StateBackend, not {state_backend!r}")
        state_backend._configure(self._configuration)
        self._state_backend = state_backend
        return self  # type: ignore[return-value]

    def get_state_backend(self) -> StateBackend | None:
        """Where operators keep state by key; None when neither program nor configuration says."""
        from pyflinkx.datastream.state_backend import configured_backend

        return self._state_backend or configured_backend(self._configuration)

    def enable_changelog_state_backend(self, enabled: bool) -> StreamExecutionEnvironment:
        """Keep the setting: here it changes nothing.

        Flink writes each change of a state to a log, so that a checkpoint needs to wait for little. Here a checkpoint
        takes the states while the task goes on, and those in RocksDB are written by what has changed
        (``execution.checkpointing.incremental``).
        """
        self._configuration.set(options.CHANGELOG, enabled)
        if enabled:
            say_once(
                "enable_changelog_state_backend() has no effect: checkpoints are written while tasks go on, and with "
                f"{options.INCREMENTAL.key} what has changed only"
            )
        return self  # type: ignore[return-value]

    def is_changelog_state_backend_enabled(self) -> bool | None:
        """What ``enable_changelog_state_backend`` was given; None before."""
        return self._configuration.get(options.CHANGELOG)
