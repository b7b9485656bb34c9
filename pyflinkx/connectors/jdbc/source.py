"""Rows of queries as a stream: one query or several, each a split; or a table that grows, followed by a column."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from pyflinkx._core.calls.records import told
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx._core.records.row import Row
from pyflinkx.connectors.jdbc.connected import Connected
from pyflinkx.connectors.jdbc.dialect import Dialect
from pyflinkx.connectors.jdbc.dialects import dialect_of
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions, JdbcExecutionOptions
from pyflinkx.connectors.source import END, WAIT, Boundedness, ReaderContext, Source, SourceReader
from pyflinkx.errors import SourceError

Extractor = Callable[[Row], Any]


@dataclass(frozen=True)
class QuerySplit:
    """A query that is to be executed.

    Args:
        sql: with a ``?`` for each value.
        values: of its parameters.
        done: how many of its rows were given out: they come first again, if the query has an order.
    """

    sql: str
    values: tuple[Any, ...] = ()
    done: int = 0


@dataclass(frozen=True)
class GrowingSplit:
    """The rows of a table that are to come.

    Args:
        last: the value of the column in the last row that was given out; None for none.
    """

    last: Any = None


@dataclass(frozen=True)
class Growth:
    """How a table is followed.

    Args:
        table: its name.
        columns: those to read; empty for all.
        column: which grows from row to row, such as a serial number: rows that are added are beyond all others in it.
        interval: milliseconds from one question to the next.
        start: only rows beyond this; None for all.
    """

    table: str
    columns: tuple[str, ...]
    column: str
    interval: int
    start: Any = None

    def query(self, dialect: Dialect, last: Any) -> tuple[str, tuple[Any, ...]]:
        """What is to be asked next, behind ``last``, and the values for it."""
        names = ", ".join(map(dialect.quoted, self.columns)) or "*"
        column = dialect.quoted(self.column)
        beyond = "" if last is None else f" WHERE {column} > ?"
        sql = f"SELECT {names} FROM {dialect.quoted(self.table)}{beyond} ORDER BY {column}"
        return sql, () if last is None else (last,)


class DatabaseSource(Source):
    """Describes what is read.

    Args:
        connection: which database.
        queries: the splits; empty where a table is followed.
        growth: the table that is followed, or None.
        extractor: makes a record of a Row that has the query's columns; None for the Row itself.
        output_type: of the records, or None.
    """

    operation = "JdbcSource"

    def __init__(
        self,
        connection: JdbcConnectionOptions,
        queries: Sequence[QuerySplit],
        growth: Growth | None,
        extractor: Extractor | None,
        output_type: Any,
    ) -> None:
        self.connection = connection
        self.queries = list(queries)
        self.growth = growth
        self.extractor = extractor
        self.output_type = output_type
        if growth is not None:
            self.boundedness = Boundedness.CONTINUOUS_UNBOUNDED
            self.parallelism = 1

    def __repr__(self) -> str:
        return f"JdbcSource({str(self.connection.parsed)!r})"

    def splits(self, parallelism: int) -> list[Any]:
        if self.growth is not None:
            return [GrowingSplit(self.growth.start)]
        bounds = [len(self.queries) * index // parallelism for index in range(parallelism + 1)]
        return [self.queries[first:last] for first, last in pairwise(bounds)]

    def create_reader(self, context: ReaderContext) -> SourceReader:
        return DatabaseReader(self, context)


class DatabaseReader(SourceReader):
    """Executes queries one after the other, and gives their rows as they come."""

    def __init__(self, source: DatabaseSource, context: ReaderContext) -> None:
        self.source = source
        self.clock = context.clock
        self.dialect = dialect_of(source.connection)
        self.connected = Connected(self.dialect, source.connection, JdbcExecutionOptions(), failure=SourceError)
        self.waiting: deque[Any] = deque()
        self.split: Any = None
        self.cursor: Any = None
        self.names: list[str] = []
        self.again: int | None = None  # when (ms) a table that is followed is asked again
        self.extractor = None if source.extractor is None else context.own(source.extractor)

    def add_splits(self, splits: list[Any]) -> None:
        for split in splits:
            self.waiting += split if isinstance(split, list) else [split]

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        return [*([] if self.split is None else [self.split]), *self.waiting]

    def poll(self, limit: int) -> Any:
        if self.again is not None and self.clock.now() < self.again:
            return WAIT
        self.again = None
        if self.cursor is None and not self._begin():
            return END
        try:
            rows = self.cursor.fetchmany(limit)
        except Exception as error:
            raise self._problem(error) from error
        if not rows:
            return self._finished()
        return ObjectBatch(self._records(rows))

    def _begin(self) -> bool:
        """Execute the next query; False when there is none."""
        if self.split is None:
            if not self.waiting:
                return False
            self.split = self.waiting.popleft()
        split, growth = self.split, self.source.growth
        if isinstance(split, GrowingSplit):
            assert growth is not None
            sql, values = growth.query(self.dialect, split.last)
        else:
            sql, values = split.sql, split.values
        self.cursor = self.connected.attempts(
            f"the query {sql!r}", lambda connection: self.dialect.stream(connection, sql, values)
        )
        self.names = [column[0] for column in self.cursor.description or ()]
        if not self.names:
            raise SourceError(f"{self.source.connection.parsed}: the statement has no rows to read: {sql}")
        if isinstance(split, GrowingSplit) and growth is not None and growth.column not in self.names:
            raise SourceError(f"the columns that are read have to include {growth.column!r}, which is followed")
        left = getattr(split, "done", 0)
        while left > 0:
            passed = len(self.cursor.fetchmany(min(left, 10_000)))
            if not passed:
                raise SourceError(
                    f"{self.source.connection.parsed}: the query has fewer rows than the {split.done} that were read "
                    f"before the checkpoint: {sql}"
                )
            left -= passed
        return True

    def _records(self, rows: list[Any]) -> list[Any]:
        records: list[Any] = []
        for values in rows:
            row = Row(*values)
            row.set_field_names(self.names)
            records.append(row)
        split = self.split
        if isinstance(split, GrowingSplit):
            assert self.source.growth is not None
            self.split = GrowingSplit(rows[-1][self.names.index(self.source.growth.column)])
        else:
            self.split = replace(split, done=split.done + len(rows))
        return records if self.extractor is None else [self.extractor(row) for row in records]

    def _finished(self) -> Any:
        """A query has no more rows."""
        self._close_cursor()
        if isinstance(self.split, GrowingSplit):
            assert self.source.growth is not None
            self.again = self.clock.now() + self.source.growth.interval
            return WAIT
        self.split = None
        return ObjectBatch([]) if self.waiting else END

    def wake_time(self) -> int | None:
        return self.again

    def _problem(self, error: BaseException) -> SourceError:
        return SourceError(f"{self.source.connection.parsed}: reading failed: {told(error)}")

    def _close_cursor(self) -> None:
        if self.cursor is not None:
            cursor, self.cursor = self.cursor, None
            with contextlib.suppress(Exception):  # it may be what failed
                self.dialect.close_cursor(cursor)

    def close(self) -> None:
        try:
            self._close_cursor()
        finally:
            self.connected.drop()
