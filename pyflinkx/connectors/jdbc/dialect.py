"""What databases differ in."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions
from pyflinkx.connectors.jdbc.statements import for_driver
from pyflinkx.connectors.jdbc.values import COMMON, Adapter
from pyflinkx.errors import ConfigurationError, MissingExtraError


class Dialect(ABC):
    """One kind of database: its driver, and what is said in another way there. All connections are outside of
    transactions until ``begin``.

    ``prepares`` says whether a transaction can be left to be committed by another connection; ``closes_prepared``, that
    this can be done only once the connection that has prepared it is closed.
    """

    name: str
    placeholder = "?"
    quotes = '"'
    prepares = False
    closes_prepared = False
    adapters: ClassVar[dict[type, Adapter]] = COMMON

    @abstractmethod
    def connect(self, options: JdbcConnectionOptions) -> Any:
        """A connection, of DB-API 2.0.

        Raises:
            MissingExtraError: the driver is not installed.
        """

    @abstractmethod
    def is_transient(self, error: BaseException) -> bool:
        """Whether what failed may go well another time, on another connection."""

    def quoted(self, identifier: str) -> str:
        """A name of a column, or of a table with dots between its parts, that nothing in it can end early."""
        if "\0" in identifier:
            raise ConfigurationError(f"{identifier!r} is no name: it holds a zero byte")
        quote = self.quotes
        return ".".join(f"{quote}{part.replace(quote, quote * 2)}{quote}" for part in identifier.split("."))

    def cursor(self, connection: Any) -> Any:
        """A cursor within the connection's transaction."""
        return connection.cursor()

    def begin(self, connection: Any) -> None:
        """Begin a transaction."""
        self.cursor(connection).execute("BEGIN")

    def execute_many(self, connection: Any, sql: str, rows: Sequence[tuple[Any, ...]], distinct: bool = False) -> None:
        """Execute a statement with each of the rows, within the transaction.

        Args:
            connection: of ``connect``.
            sql: with ``?``.
            rows: of parameters.
            distinct: whether no two of them are of the same row of the table.
        """
        self.cursor(connection).executemany(for_driver(sql, self.placeholder), rows)

    def stream(self, connection: Any, sql: str, values: Sequence[Any]) -> Any:
        """A cursor that has executed a query, whose rows come as they are fetched."""
        cursor = self.cursor(connection)
        cursor.execute(for_driver(sql, self.placeholder), tuple(values))
        return cursor

    def close_cursor(self, cursor: Any) -> None:
        """Close what ``stream`` gave."""
        cursor.close()

    def insert(self, table: str, columns: Sequence[str]) -> str:
        """The statement that adds a row."""
        names = ", ".join(map(self.quoted, columns))
        return f"INSERT INTO {self.quoted(table)} ({names}) VALUES ({', '.join('?' * len(columns))})"

    def upsert(self, table: str, columns: Sequence[str], keys: Sequence[str]) -> str:
        """The statement that adds a row, or replaces the one with the same keys, which have to be unique there."""
        rest = [column for column in columns if column not in keys]
        updates = ", ".join(f"{self.quoted(column)} = EXCLUDED.{self.quoted(column)}" for column in rest)
        action = f"UPDATE SET {updates}" if rest else "NOTHING"
        return f"{self.insert(table, columns)} ON CONFLICT ({', '.join(map(self.quoted, keys))}) DO {action}"

    def delete(self, table: str, keys: Sequence[str]) -> str:
        """The statement that removes the row with some keys."""
        return f"DELETE FROM {self.quoted(table)} WHERE " + " AND ".join(f"{self.quoted(key)} = ?" for key in keys)

    # ---- transactions that outlive their connection; of dialects that have them ----

    def begin_prepared(self, connection: Any, name: str) -> None:
        """Begin a transaction that is going to be prepared under a name."""
        self.begin(connection)

    def prepare(self, connection: Any, name: str) -> None:
        """End the transaction so that any connection can commit it, also after a crash of the server."""
        raise NotImplementedError

    def commit_prepared(self, connection: Any, name: str) -> bool:
        """Commit it; False when there is none of this name."""
        raise NotImplementedError

    def roll_back_prepared(self, connection: Any, name: str) -> bool:
        """Roll it back; False when there is none of this name."""
        raise NotImplementedError

    def prepared(self, connection: Any) -> list[str]:
        """The names of all transactions that are prepared in this database."""
        raise NotImplementedError


def driver(module: str, extra: str, what: str) -> Any:
    """A driver's module.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(f"{what} needs {module}: pip install 'pyflinkx[{extra}]'") from error


@contextmanager
def transaction(dialect: Dialect, connection: Any) -> Iterator[None]:
    """A transaction that is committed at the end, and rolled back if anything fails."""
    dialect.begin(connection)
    try:
        yield
    except BaseException:
        roll_back(dialect, connection)
        raise
    dialect.cursor(connection).execute("COMMIT")


def roll_back(dialect: Dialect, connection: Any) -> None:
    """Roll back, as far as the connection still can: one that is gone takes its transaction with it."""
    try:
        dialect.cursor(connection).execute("ROLLBACK")
    except Exception:
        close(connection)


def close(connection: Any) -> None:
    """Close a connection that may be broken."""
    try:
        connection.close()
    except Exception:
        return  # it is gone already
