"""The notion of time that programs for Flink before 1.12 chose for a whole job."""

from enum import Enum

__all__ = ["TimeCharacteristic"]


class TimeCharacteristic(Enum):
    """Which time a program means; here, as in Flink since 1.12, each window and timer says so itself."""

    ProcessingTime = 0
    IngestionTime = 1
    EventTime = 2
