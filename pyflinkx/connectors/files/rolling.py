"""When a file of a FileSink is closed and a new one begun."""

from __future__ import annotations

from typing import Any

from pyflinkx.config.arguments import check_count


class PartFileInfo:
    """What a RollingPolicy learns of a file.

    Args:
        bucket: its folder, below the base path.
        begun: when it was begun (ms).
        size: of the file, in bytes.
    """

    def __init__(self, bucket: str, begun: int, size: int = 0) -> None:
        self.bucket = bucket
        self.begun = self.written = begun
        self.size = size

    def get_bucket_id(self) -> str:
        """Its folder, below the base path."""
        return self.bucket

    def get_creation_time(self) -> int:
        """When it was begun, in milliseconds since the epoch."""
        return self.begun

    def get_last_update_time(self) -> int:
        """When it was last written to, in milliseconds since the epoch."""
        return self.written

    def get_size(self) -> int:
        """Its bytes so far."""
        return self.size


class RollingPolicy:
    """Says when a file is closed and a new one begun: made by one of the static methods, or a class of one's own.

    Example:
        >>> class EveryMebibyte(RollingPolicy):
        ...     def should_roll_on_event(self, part_file_state, element):
        ...         return part_file_state.get_size() >= 1 << 20
    """

    def should_roll_on_checkpoint(self, part_file_state: PartFileInfo) -> bool:
        """Whether a checkpoint closes a file; one that is not closed is gone on with."""
        return False

    def should_roll_on_event(self, part_file_state: PartFileInfo, element: Any) -> bool:
        """Whether a file is closed before a record is written."""
        return False

    def should_roll_on_processing_time(self, part_file_state: PartFileInfo, current_time: int) -> bool:
        """Whether a file is closed by the clock.

        Args:
            part_file_state: of the file.
            current_time: in milliseconds since the epoch.
        """
        return False

    @property
    def looks_at_records(self) -> bool:
        """Whether ``should_roll_on_event`` may look at the record, and not at the file alone."""
        return type(self).should_roll_on_event not in OF_FILES

    @staticmethod
    def default_rolling_policy(
        part_size: int = 128 * 1024 * 1024, rollover_interval: int = 60_000, inactivity_interval: int = 60_000
    ) -> DefaultRollingPolicy:
        """By size, age and inactivity.

        Args:
            part_size: in bytes.
            rollover_interval: milliseconds since a file was begun.
            inactivity_interval: milliseconds since it was last written to.

        Raises:
            TypeError, ConfigurationError: one is no whole number above 0.
        """
        return DefaultRollingPolicy(part_size, rollover_interval, inactivity_interval)

    @staticmethod
    def on_checkpoint_rolling_policy() -> OnCheckpointRollingPolicy:
        """With every checkpoint; in a job without checkpoints, only at the end of the input."""
        return OnCheckpointRollingPolicy()


class DefaultRollingPolicy(RollingPolicy):
    """By size, age and inactivity."""

    def __init__(self, part_size: int, rollover_interval: int, inactivity_interval: int) -> None:
        self.part_size = check_count(part_size, "part_size")
        self.rollover_interval = check_count(rollover_interval, "rollover_interval")
        self.inactivity_interval = check_count(inactivity_interval, "inactivity_interval")

    def should_roll_on_checkpoint(self, part_file_state: PartFileInfo) -> bool:
        return part_file_state.size >= self.part_size

    def should_roll_on_event(self, part_file_state: PartFileInfo, element: Any) -> bool:
        return part_file_state.size >= self.part_size

    def should_roll_on_processing_time(self, part_file_state: PartFileInfo, current_time: int) -> bool:
        return (
            current_time - part_file_state.begun >= self.rollover_interval
            or current_time - part_file_state.written >= self.inactivity_interval
        )


class CheckpointRollingPolicy(RollingPolicy):
    """With every checkpoint, and when a class of one's own says so besides."""

    def should_roll_on_checkpoint(self, part_file_state: PartFileInfo) -> bool:
        return True


class OnCheckpointRollingPolicy(CheckpointRollingPolicy):
    """With every checkpoint only."""


# Decide by the file alone.
OF_FILES = (RollingPolicy.should_roll_on_event, DefaultRollingPolicy.should_roll_on_event)
