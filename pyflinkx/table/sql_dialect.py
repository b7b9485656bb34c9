"""The manners of SQL."""

from enum import Enum

__all__ = ["SqlDialect"]


class SqlDialect(Enum):
    """DEFAULT: Flink's own; HIVE: that of Hive, which this engine does not read."""

    DEFAULT = 0
    HIVE = 1
