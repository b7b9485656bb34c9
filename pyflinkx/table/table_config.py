"""The options of a table environment."""

from __future__ import annotations

import datetime
import os
import re
import sys
import zoneinfo
from typing import TYPE_CHECKING

from pyflinkx.common.configuration import Configuration
from pyflinkx.config.values import parse_duration
from pyflinkx.names.asking import Answering, answers, offering
from pyflinkx.table.sql_dialect import SqlDialect

__all__ = ["TableConfig"]

LOCAL_TIME_ZONE = "table.local-time-zone"
STATE_TTL = "table.exec.state.ttl"
CODE_LENGTH = "table.generated-code.max-length"
DIALECT = "table.sql-dialect"
PYTHON = "python.executable"
OFFSET = re.compile(r"(GMT|UTC|UT)?[+-]\d{2}:?\d{2}")


@answers("table.table_config.TableConfig")
class TableConfig(metaclass=Answering):
    """Options of a table environment, which are those of its jobs, too.

    Args:
        configuration: where they are kept.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def get_configuration(self) -> Configuration:
        """The options."""
        return self._configuration

    def get(self, key: str, default_value: str) -> str:
        """The value of an option, or ``default_value``."""
        return self._configuration.get_string(key, default_value) or default_value

    def set(self, key: str, value: str) -> TableConfig:
        """Set an option."""
        self._configuration.set_string(key, str(value))
        return self

    def get_local_timezone(self) -> str:
        """The time zone of TIMESTAMP_LTZ in text; that of the machine where none is set."""
        return self._configuration.get_string(LOCAL_TIME_ZONE, "") or machine_zone()

    def set_local_timezone(self, timezone_id: str) -> None:
        """Set the time zone of TIMESTAMP_LTZ in text.

        Args:
            timezone_id: such as ``"Europe/Berlin"``, ``"UTC"`` or ``"GMT-03:00"``.

        Raises:
            ValueError: there is no such zone.
        """
        check_zone(timezone_id)
        self._configuration.set_string(LOCAL_TIME_ZONE, timezone_id)

    def get_max_generated_code_length(self) -> int:
        """What ``set_max_generated_code_length`` has set; nothing depends on it here."""
        return self._configuration.get_integer(CODE_LENGTH, 4000)

    def set_max_generated_code_length(self, max_generated_code_length: int) -> None:
        """Nothing here, where no code is generated."""
        self._configuration.set_integer(CODE_LENGTH, max_generated_code_length)

    def set_idle_state_retention(self, duration: datetime.timedelta) -> None:
        """How long what queries know of a key is kept without a row of it (``table.exec.state.ttl``)."""
        if not isinstance(duration, datetime.timedelta):
            raise TypeError(f"set_idle_state_retention() takes a timedelta, not {duration!r}")
        self._configuration.set_string(STATE_TTL, f"{duration // datetime.timedelta(milliseconds=1)} ms")

    def get_idle_state_retention(self) -> datetime.timedelta:
        """How long what queries know of a key is kept without a row of it; 0 for ever."""
        return datetime.timedelta(milliseconds=parse_duration(self._configuration.get_string(STATE_TTL, "0 ms")))

    def add_configuration(self, configuration: Configuration) -> None:
        """Set options, over those set before."""
        self._configuration.add_all(configuration)

    def to_map(self) -> dict[str, str]:
        """The options as text."""
        return self._configuration.to_dict()

    def get_sql_dialect(self) -> SqlDialect:
        """The manner of SQL."""
        return SqlDialect[self._configuration.get_string(DIALECT, "default").upper()]

    def set_sql_dialect(self, sql_dialect: SqlDialect) -> None:
        """Set the manner of SQL; statements are refused in any but the default one."""
        self._configuration.set_string(DIALECT, sql_dialect.name.lower())

    def set_python_executable(self, python_exec: str) -> None:
        """See ``StreamExecutionEnvironment.set_python_executable``."""
        self._configuration.set_string(PYTHON, python_exec)

    def get_python_executable(self) -> str:
        """The interpreter of the job's workers; that of the program where none is set."""
        return self._configuration.get_string(PYTHON, "") or sys.executable

    @staticmethod
    def get_default() -> TableConfig:
        """Options of nothing yet."""
        return TableConfig(Configuration())


def machine_zone() -> str:
    """The time zone of this machine."""
    zone = os.environ.get("TZ", "").lstrip(":")
    if not zone:
        path = os.path.realpath("/etc/localtime")
        zone = path.partition("zoneinfo/")[2]
    return zone or "UTC"


def check_zone(zone: str) -> None:
    """Refuse what is no time zone.

    Raises:
        ValueError: why.
    """
    if OFFSET.fullmatch(zone):
        return
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"there is no time zone {zone!r}: it is a name such as 'Europe/Berlin', or an offset such as 'GMT-03:00'"
        ) from None


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
