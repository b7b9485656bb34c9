"""Where in each partition a source begins and ends, with PyFlink's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pyflinkx.config.arguments import check_count
from pyflinkx.errors import ConfigurationError


@dataclass(frozen=True, order=True)
class KafkaTopicPartition:
    """A partition of a topic.

    Args:
        topic: its name.
        partition: its number, from 0.
    """

    topic: str
    partition: int

    def __post_init__(self) -> None:
        if not isinstance(self.topic, str):
            raise TypeError(f"a topic is a str, not {self.topic!r}")
        check_count(self.partition, "partition", 0)

    def __str__(self) -> str:
        return f"partition {self.partition} of topic '{self.topic}'"


class KafkaOffsetResetStrategy(Enum):
    """What is done where an offset is not there: the newest or oldest is taken, or the job fails."""

    LATEST = "latest"
    EARLIEST = "earliest"
    NONE = "none"


class Place(Enum):
    """What an offset is found by."""

    EARLIEST = "earliest"
    LATEST = "latest"
    TIMESTAMP = "timestamp"
    COMMITTED = "committed"
    OFFSETS = "offsets"


@dataclass(frozen=True)
class KafkaOffsetsInitializer:
    """Finds the offset at which each partition begins, or ends. Made by its static methods.

    Example:
        >>> KafkaOffsetsInitializer.offsets({KafkaTopicPartition("orders", 0): 17}).place
        <Place.OFFSETS: 'offsets'>
    """

    place: Place
    time: int = 0
    given: Mapping[KafkaTopicPartition, int] = field(default_factory=dict)
    reset: KafkaOffsetResetStrategy = KafkaOffsetResetStrategy.NONE

    @property
    def chosen_reset(self) -> KafkaOffsetResetStrategy:
        """What was asked for where an offset is not there; NONE when nothing was."""
        return self.reset if self.place in (Place.COMMITTED, Place.OFFSETS) else KafkaOffsetResetStrategy.NONE

    @staticmethod
    def committed_offsets(
        offset_reset_strategy: KafkaOffsetResetStrategy = KafkaOffsetResetStrategy.NONE,
    ) -> KafkaOffsetsInitializer:
        """Where the group has committed.

        Args:
            offset_reset_strategy: what is done where it has not, or where that offset is not kept any more.
        """
        return KafkaOffsetsInitializer(Place.COMMITTED, reset=checked_strategy(offset_reset_strategy))

    @staticmethod
    def timestamp(timestamp: int) -> KafkaOffsetsInitializer:
        """The first record with at least this timestamp, else the end.

        Args:
            timestamp: milliseconds since the epoch.
        """
        time = check_count(timestamp, "timestamp", 0)
        return KafkaOffsetsInitializer(Place.TIMESTAMP, time, reset=KafkaOffsetResetStrategy.LATEST)

    @staticmethod
    def earliest() -> KafkaOffsetsInitializer:
        """The oldest record that is kept."""
        return KafkaOffsetsInitializer(Place.EARLIEST, reset=KafkaOffsetResetStrategy.EARLIEST)

    @staticmethod
    def latest() -> KafkaOffsetsInitializer:
        """The end, as it is when the job starts."""
        return KafkaOffsetsInitializer(Place.LATEST, reset=KafkaOffsetResetStrategy.LATEST)

    @staticmethod
    def offsets(
        offsets: Mapping[KafkaTopicPartition, int],
        offset_reset_strategy: KafkaOffsetResetStrategy = KafkaOffsetResetStrategy.EARLIEST,
    ) -> KafkaOffsetsInitializer:
        """These offsets; for other partitions where the group has committed.

        Args:
            offsets: by partition.
            offset_reset_strategy: what is done where the group has not committed, or where an offset is not kept.
        """
        given = {}
        for partition, offset in offsets.items():
            if not isinstance(partition, KafkaTopicPartition):
                raise TypeError(f"offsets are by KafkaTopicPartition, not {partition!r}")
            given[partition] = check_count(offset, f"the offset of {partition}", 0)
        if not given:
            raise ConfigurationError("there are no offsets")
        return KafkaOffsetsInitializer(Place.OFFSETS, given=given, reset=checked_strategy(offset_reset_strategy))


def checked_strategy(strategy: Any) -> KafkaOffsetResetStrategy:
    """It, if it is one."""
    if not isinstance(strategy, KafkaOffsetResetStrategy):
        raise TypeError(f"a reset strategy is a KafkaOffsetResetStrategy, not {strategy!r}")
    return strategy
