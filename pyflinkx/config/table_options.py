"""Options of tables that a query's meaning depends on."""

from __future__ import annotations

from typing import Any

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import BOOLEAN, STRING, enumeration

LOCAL_TIME_ZONE = ConfigOption(
    "table.local-time-zone",
    STRING,
    "default",
    "Time zone of the session, such as Europe/Berlin or GMT+08:00, for TIMESTAMP_LTZ as text and as local time; "
    "default is the machine's.",
)
DML_SYNC = ConfigOption("table.dml-sync", BOOLEAN, False, "Whether INSERT waits until its job has ended.")
NOT_NULL = ConfigOption(
    "table.exec.sink.not-null-enforcer",
    enumeration("ERROR", "DROP"),
    "ERROR",
    "What becomes of a row with null in a NOT NULL column of its table: the job fails, or it is left out.",
)
MATERIALIZE = ConfigOption(
    "table.exec.sink.upsert-materialize",
    enumeration("AUTO", "NONE", "FORCE"),
    "AUTO",
    "Whether updates are brought into order before a table whose primary key the query does not know its rows by.",
)
DIALECT = ConfigOption(
    "table.sql-dialect",
    enumeration("default", "hive"),
    "default",
    "The manner of SQL; there is Flink's alone.",
)
TABLE_OPTIONS: tuple[ConfigOption[Any], ...] = (LOCAL_TIME_ZONE, DML_SYNC, NOT_NULL, MATERIALIZE, DIALECT)
