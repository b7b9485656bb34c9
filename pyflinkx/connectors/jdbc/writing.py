"""Rows on their way into a database: held back for others, written in one transaction, tried again where that helps."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from pyflinkx._core.calls.records import short_repr, told
from pyflinkx._core.records.row import Row, RowKind
from pyflinkx._core.records.row_kinds import first_change
from pyflinkx.connectors.jdbc.connected import Connected
from pyflinkx.connectors.jdbc.dialect import Dialect, roll_back, transaction
from pyflinkx.connectors.jdbc.values import Adaptation, key_of
from pyflinkx.errors import SinkError

INSERT, UPDATE_AFTER = RowKind.INSERT.value, RowKind.UPDATE_AFTER.value

Statement = tuple[str, list[tuple[Any, ...]]]


class Buffer(ABC):
    """Records that are not yet written.

    ``distinct`` says that there is no more than one for each row of a table.
    """

    distinct = False

    @abstractmethod
    def add(self, batch: Any) -> None:
        """Take the records of a batch.

        Raises:
            SinkError: one cannot be written.
        """

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    @abstractmethod
    def statements(self) -> list[Statement]:
        """What is to be executed, with which parameters each; they stay in."""

    @abstractmethod
    def clear(self) -> None:
        """They are written."""


class Inserts(Buffer):
    """Records for one statement.

    Args:
        sql: with a ``?`` for each field.
        adaptation: makes parameters of records.
    """

    def __init__(self, sql: str, adaptation: Adaptation) -> None:
        self.sql = sql
        self.adaptation = adaptation
        self.rows: list[tuple[Any, ...]] = []

    def add(self, batch: Any) -> None:
        change = first_change(batch)
        if change >= 0:
            raise SinkError(
                "the stream holds updates or deletions, and a statement cannot tell them: JdbcSink.upsert(...) writes "
                f"them by keys; the first one is {short_repr(batch.values[change])}"
            )
        self.rows += self.adaptation.rows(batch.values)

    def __len__(self) -> int:
        return len(self.rows)

    def statements(self) -> list[Statement]:
        return [(self.sql, self.rows)]

    def clear(self) -> None:
        self.rows = []


class Upserts(Buffer):
    """What becomes of the rows of a table, by their keys: the last word on each counts.

    Args:
        upsert: the statement that adds or replaces a row.
        delete: the one that removes a row, by its keys.
        keys: positions of the keys in a row.
        adaptation: makes parameters of records.
    """

    distinct = True

    def __init__(self, upsert: str, delete: str, keys: Sequence[int], adaptation: Adaptation) -> None:
        self.upsert, self.delete = upsert, delete
        self.keys = keys
        self.adaptation = adaptation
        self.last: dict[tuple[Any, ...], tuple[Any, ...] | None] = {}  # None where the row is to go

    def add(self, batch: Any) -> None:
        rows = self.adaptation.rows(batch.values)
        if first_change(batch) < 0:
            self.last.update((key_of(row, self.keys), row) for row in rows)
            return
        kinds = batch.kinds
        if kinds is None:
            kinds = [value.get_row_kind().value if isinstance(value, Row) else INSERT for value in batch.values]
        for kind, row in zip(kinds, rows, strict=True):
            # An UPDATE_BEFORE takes away as a DELETE does: what comes after it may have other keys.
            self.last[key_of(row, self.keys)] = row if kind in (INSERT, UPDATE_AFTER) else None

    def __len__(self) -> int:
        return len(self.last)

    def statements(self) -> list[Statement]:
        gone = [key for key, row in self.last.items() if row is None]
        rows = [row for row in self.last.values() if row is not None]
        return [(sql, values) for sql, values in ((self.delete, gone), (self.upsert, rows)) if values]

    def clear(self) -> None:
        self.last = {}


def write(connected: Connected, buffer: Buffer) -> None:
    """Write what is in a buffer, in one transaction.

    Raises:
        SinkError: it cannot be written; the message names the first record that cannot, if it is that record's fault.
    """
    if not len(buffer):
        return
    dialect = connected.dialect

    def attempt(connection: Any) -> None:
        with transaction(dialect, connection):
            for sql, rows in buffer.statements():
                dialect.execute_many(connection, sql, rows, buffer.distinct)

    def named(connection: Any) -> None:
        try:
            attempt(connection)
        except Exception as error:
            if dialect.is_transient(error):
                raise
            raise refusal(connected, buffer, error) from error

    connected.attempts(f"writing {len(buffer)} records", named)
    buffer.clear()


def refusal(connected: Connected, buffer: Buffer, error: BaseException) -> SinkError:
    """What a database has refused of a buffer, in words that name the first record that it does not take, if any.

    Args:
        connected: to the database, outside of a transaction.
        buffer: what was to be written.
        error: what the driver has raised.
    """
    where, row = connected.options.parsed, None
    if not connected.dialect.is_transient(error):
        with contextlib.suppress(Exception):  # what counts is the first error
            found = first_refused(connected.dialect, connected.get(), buffer)
            if found is not None:
                row, error = found
    if row is not None:
        return SinkError(f"{where}: cannot write {short_repr(row)}: {told(error)}")
    return SinkError(f"{where}: writing {len(buffer)} records failed: {told(error)}")


def first_refused(dialect: Dialect, connection: Any, buffer: Buffer) -> tuple[Any, BaseException] | None:
    """The first row that the database does not take, and why; None where all are taken one by one. Nothing is kept."""
    dialect.begin(connection)
    try:
        for sql, rows in buffer.statements():
            for row in rows:
                try:
                    dialect.execute_many(connection, sql, [row])
                except Exception as error:
                    return row, error
        return None
    finally:
        roll_back(dialect, connection)
