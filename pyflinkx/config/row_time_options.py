"""The options of the time of tables' rows."""

from __future__ import annotations

from typing import Any

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import DURATION

SOURCE_IDLE_TIMEOUT = ConfigOption(
    "table.exec.source.idle-timeout",
    DURATION,
    0,
    "Time without a row after which a table with a watermark counts as idle; 0 for never.",
    minimum=0,
)
ROW_TIME_OPTIONS: tuple[ConfigOption[Any], ...] = (SOURCE_IDLE_TIMEOUT,)
