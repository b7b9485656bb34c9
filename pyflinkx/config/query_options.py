"""Options of queries of SQL and the Table API; keys, types and defaults are Flink's."""

from __future__ import annotations

from typing import Any

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import BOOLEAN, DURATION, LONG

STATE_TTL = ConfigOption(
    "table.exec.state.ttl",
    DURATION,
    0,
    "How long a query keeps the state of keys to which no row comes; 0 for ever.",
    minimum=0,
)
MINI_BATCH = ConfigOption(
    "table.exec.mini-batch.enabled",
    BOOLEAN,
    False,
    "Whether aggregates look at rows in bundles, and give one change for all rows of a key in one.",
)
MINI_BATCH_SIZE = ConfigOption(
    "table.exec.mini-batch.size", LONG, -1, "How many rows a bundle has at most; -1 for all that come together."
)
MINI_BATCH_LATENCY = ConfigOption(
    "table.exec.mini-batch.allow-latency",
    DURATION,
    0,
    "How long rows may wait for a bundle to be full. Rows that have come together wait for no others here.",
    minimum=0,
)

QUERY_OPTIONS: tuple[ConfigOption[Any], ...] = (STATE_TTL, MINI_BATCH, MINI_BATCH_SIZE)
WITHOUT_EFFECT: tuple[ConfigOption[Any], ...] = (MINI_BATCH_LATENCY,)
