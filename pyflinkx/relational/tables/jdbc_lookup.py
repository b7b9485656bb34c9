"""Asking a table in a database for the rows of a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx.connectors.jdbc.connected import Connected
from pyflinkx.connectors.jdbc.dialects import dialect_of
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions, JdbcExecutionOptions
from pyflinkx.connectors.jdbc.statements import for_driver
from pyflinkx.errors import SourceError


class DatabaseLookup:
    """Asks a table.

    Args:
        options: say which database.
        table: its name.
        columns: names of those that are read.
        keys: names of those that are given.
        make: makes a table's row of a driver's.
        retries: how often what failed is tried again.
    """

    def __init__(
        self,
        options: JdbcConnectionOptions,
        table: str,
        columns: Sequence[str],
        keys: Sequence[str],
        make: Any,
        retries: int,
    ) -> None:
        self.options = options
        self.table = table
        self.columns = tuple(columns)
        self.keys = tuple(keys)
        self.make = make
        self.retries = retries
        self.connected: Connected | None = None

    def open(self) -> None:
        """Find out how the database is spoken to; it is connected to when it is asked."""
        dialect = dialect_of(self.options)
        execution = JdbcExecutionOptions(0, 1, self.retries)
        self.connected = Connected(dialect, self.options, execution, failure=SourceError)
        names = ", ".join(map(dialect.quoted, self.columns))
        where = " AND ".join(f"{dialect.quoted(key)} = ?" for key in self.keys)
        self.sql = f"SELECT {names} FROM {dialect.quoted(self.table)} WHERE {where}"

    def find(self, key: tuple[Any, ...]) -> list[Any]:
        """The rows of a key."""
        connected = self.connected
        assert connected is not None
        dialect = connected.dialect
        values = [dialect.adapters.get(type(value), unchanged)(value) for value in key]

        def fetched(connection: Any) -> list[Any]:
            cursor = dialect.cursor(connection)
            cursor.execute(for_driver(self.sql, dialect.placeholder), tuple(values))
            return list(cursor.fetchall())

        return [self.make(list(row)) for row in connected.attempts(f"a lookup in {self.table}", fetched)]

    def close(self) -> None:
        """Close the connection."""
        if self.connected is not None:
            self.connected.drop()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "connected": None}


def unchanged(value: Any) -> Any:
    """A value as it is."""
    return value
