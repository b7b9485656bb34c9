"""Options of tables that a query's meaning depends on."""

from __future__ import annotations

from typing import Any

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import STRING

LOCAL_TIME_ZONE = ConfigOption(
    "table.local-time-zone",
    STRING,
    "default",
    "Time zone of the session, such as Europe/Berlin or GMT+08:00, for TIMESTAMP_LTZ as text and as local time; "
    "default is the machine's.",
)
TABLE_OPTIONS: tuple[ConfigOption[Any], ...] = (LOCAL_TIME_ZONE,)
