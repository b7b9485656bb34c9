"""DuckDB: a file that one process has open at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any

from pyflinkx.connectors.jdbc.dialect import Dialect, driver
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions
from pyflinkx.connectors.jdbc.values import WITH_JSON

VALUES = re.compile(r"\bVALUES\s*(\(\s*\?(?:\s*,\s*\?)*\s*\))", re.IGNORECASE)
# Parameters of one statement: 1,000 rows of two columns take a twentieth of the time that they take one by one.
MOST_PARAMETERS = 5000


class DuckDb(Dialect):
    """All connections of a process share what they have open."""

    name = "DuckDB"
    adapters = WITH_JSON

    def connect(self, options: JdbcConnectionOptions) -> Any:
        return driver("duckdb", "duckdb", "a connection to DuckDB").connect(options.parsed.database)

    def cursor(self, connection: Any) -> Any:
        return connection  # its cursor() is another connection, outside of the transaction

    def close_cursor(self, cursor: Any) -> None:
        """It is the connection."""

    def is_transient(self, error: BaseException) -> bool:
        # Two transactions have changed the same rows, or another process has the file open.
        text = str(error)
        return type(error).__name__ == "TransactionException" or "Conflicting lock" in text

    def execute_many(self, connection: Any, sql: str, rows: Sequence[tuple[Any, ...]], distinct: bool = False) -> None:
        found = VALUES.search(sql)
        several = MOST_PARAMETERS // found[1].count("?") if found and "?" in found[1] else 0
        # One statement must not change a row twice.
        if found is None or sql.count("?") != found[1].count("?") or not (distinct or "conflict" not in sql.lower()):
            several = 0
        if found is None or several < 2:
            super().execute_many(connection, sql, rows)
            return
        for first in range(0, len(rows), several):
            some = rows[first : first + several]
            values = ", ".join([found[1]] * len(some))
            connection.execute(sql[: found.start(1)] + values + sql[found.end(1) :], list(chain.from_iterable(some)))
