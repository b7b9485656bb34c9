"""SQLite, which comes with Python."""

from __future__ import annotations

import sqlite3
from typing import Any

from pyflinkx.connectors.jdbc.dialect import Dialect
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions
from pyflinkx.connectors.jdbc.values import AS_TEXT


class Sqlite(Dialect):
    """Its driver is in the standard library."""

    name = "SQLite"
    adapters = AS_TEXT

    def connect(self, options: JdbcConnectionOptions) -> Any:
        path = options.parsed.database
        connection = sqlite3.connect(
            path,
            timeout=options.check_timeout_seconds,
            isolation_level=None,
            check_same_thread=False,
            uri=path.startswith("file:"),
        )
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def begin(self, connection: Any) -> None:
        connection.execute("BEGIN IMMEDIATE")  # wait for other writers here, not in the middle

    def is_transient(self, error: BaseException) -> bool:
        return isinstance(error, sqlite3.OperationalError) and any(word in str(error) for word in ("locked", "busy"))
