"""Databases as sinks and sources, with PyFlink's names.

Which driver is used, the URL says: ``jdbc:sqlite:PATH`` needs none, ``jdbc:postgresql://...`` psycopg
(``pyflinkx[postgresql]``), ``jdbc:mariadb://...`` and ``jdbc:mysql://...`` PyMySQL (``pyflinkx[mysql]``),
``jdbc:duckdb:PATH`` duckdb (``pyflinkx[duckdb]``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from pyflinkx._core.records.row import Row
from pyflinkx.config.arguments import check_count, check_text
from pyflinkx.connectors.jdbc.dialect import Dialect
from pyflinkx.connectors.jdbc.dialects import dialect_of
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions, JdbcExactlyOnceOptions, JdbcExecutionOptions
from pyflinkx.connectors.jdbc.sink import DatabaseSink
from pyflinkx.connectors.jdbc.source import DatabaseSource, Growth, QuerySplit
from pyflinkx.connectors.jdbc.statements import check_parameters, parameters
from pyflinkx.connectors.jdbc.transactions import ExactlyOnceSink
from pyflinkx.connectors.jdbc.values import Adaptation
from pyflinkx.connectors.jdbc.writing import Buffer, Inserts, Upserts
from pyflinkx.connectors.number_seq import number_splits
from pyflinkx.connectors.sink import Sink
from pyflinkx.connectors.source import Source
from pyflinkx.errors import ConfigurationError

__all__ = [
    "JdbcConnectionOptions",
    "JdbcExactlyOnceOptions",
    "JdbcExecutionOptions",
    "JdbcSink",
    "JdbcSource",
    "JdbcSourceBuilder",
]


class JdbcSink:
    """Makes sinks that write records into tables."""

    @staticmethod
    def sink(
        sql: str,
        type_info: Any,
        jdbc_connection_options: JdbcConnectionOptions,
        jdbc_execution_options: JdbcExecutionOptions | None = None,
    ) -> Sink:
        """A sink, for ``add_sink`` or ``sink_to``, that executes a statement with each record, at least once.

        A record's fields are the statement's parameters, in their order. With a statement that does the same when it is
        executed again, such as an upsert, each record is there exactly once.

        Args:
            sql: a statement with a ``?`` for each parameter.
            type_info: of the records, ``Types.ROW(...)``; None where nothing is known of them.
            jdbc_connection_options: which database.
            jdbc_execution_options: how records are gathered and tried again; up to 5,000 at once by default.

        Raises:
            ConfigurationError: the statement has another number of parameters than the type fields.
            MissingExtraError: the driver is not installed.

        Example:
            >>> options = JdbcConnectionOptions.JdbcConnectionOptionsBuilder().with_url("jdbc:sqlite:shop.db").build()
            >>> JdbcSink.sink("INSERT INTO sales VALUES (?, ?)", None, options)
            DatabaseSink('jdbc:sqlite:shop.db')
        """
        execution = jdbc_execution_options or JdbcExecutionOptions.defaults()
        return DatabaseSink(jdbc_connection_options, execution, statement(sql, type_info))

    @staticmethod
    def exactly_once_sink(
        sql: str,
        type_info: Any,
        jdbc_connection_options: JdbcConnectionOptions,
        jdbc_execution_options: JdbcExecutionOptions | None = None,
        jdbc_exactly_once_options: JdbcExactlyOnceOptions | None = None,
    ) -> Sink:
        """As ``sink``, with each record there exactly once, and seen with the checkpoint that it belongs to.

        For PostgreSQL, whose server has to allow prepared transactions (``max_prepared_transactions``: at least two for
        each subtask), and for MariaDB and MySQL by XA. A transaction is open from the first record behind a checkpoint
        to the next checkpoint, and prepared until that is durable.

        Args:
            sql: a statement with a ``?`` for each parameter.
            type_info: of the records, ``Types.ROW(...)``; None where nothing is known of them.
            jdbc_connection_options: which database.
            jdbc_execution_options: how many records are sent at once.
            jdbc_exactly_once_options: how commits are tried again.

        Raises:
            ConfigurationError: the database has no prepared transactions, or the statement another number of parameters
                than the type fields.
            MissingExtraError: the driver is not installed.
        """
        return ExactlyOnceSink(
            jdbc_connection_options,
            jdbc_execution_options or JdbcExecutionOptions.defaults(),
            jdbc_exactly_once_options or JdbcExactlyOnceOptions.defaults(),
            statement(sql, type_info),
        )

    @staticmethod
    def upsert(
        table: str,
        columns: Sequence[str],
        keys: Sequence[str],
        jdbc_connection_options: JdbcConnectionOptions,
        jdbc_execution_options: JdbcExecutionOptions | None = None,
    ) -> Sink:
        """A sink that keeps a table as a changelog says: a row for each key, as it was last, or none.

        Inserts and updates add or replace the row with their keys, deletions remove it. After a restart some of that is
        done again, which ends in the same rows.

        Args:
            table: its name, with dots between its parts.
            columns: of the table, one for each field of the records.
            keys: those of the columns that are together unique in the table.
            jdbc_connection_options: which database.
            jdbc_execution_options: how records are gathered and tried again.

        Raises:
            ConfigurationError: a key is no column, or there is none.
            MissingExtraError: the driver is not installed.
        """
        names = [check_text(column, "a column") for column in columns]
        for key in keys:
            if key not in names:
                raise ConfigurationError(f"the key {key!r} is none of the columns {names}")
        if not keys or len(set(names)) < len(names):
            raise ConfigurationError(f"a table is written by keys of its columns, each once: {names} by {list(keys)}")
        execution = jdbc_execution_options or JdbcExecutionOptions.defaults()
        buffer = partial(upserts, check_text(table, "table"), tuple(names), tuple(keys))
        buffer(dialect_of(jdbc_connection_options))
        return DatabaseSink(jdbc_connection_options, execution, buffer)


class JdbcSource:
    """Makes sources that read rows of queries."""

    @staticmethod
    def builder() -> JdbcSourceBuilder:
        """Begin to describe a source.

        Example:
            >>> options = JdbcConnectionOptions.JdbcConnectionOptionsBuilder().with_url("jdbc:sqlite:shop.db").build()
            >>> JdbcSource.builder().set_connection_options(options).set_sql("SELECT * FROM sales").build()
            JdbcSource('jdbc:sqlite:shop.db')
        """
        return JdbcSourceBuilder()


class JdbcSourceBuilder:
    """Describes a source of rows: of a statement, once or with several sets of parameters, or of a table that grows.

    Its records are Rows with the names of the columns, and the values that the driver gives.
    """

    def __init__(self) -> None:
        self._connection: JdbcConnectionOptions | None = None
        self._sql: str | None = None
        self._parameters: list[tuple[Any, ...]] = [()]
        self._growth: Growth | None = None
        self._extractor: Callable[[Row], Any] | None = None
        self._type: Any = None

    def set_connection_options(self, connection_options: JdbcConnectionOptions) -> JdbcSourceBuilder:
        """Set which database."""
        self._connection = connection_options
        return self

    def set_sql(self, sql: str) -> JdbcSourceBuilder:
        """Set the statement. With checkpoints it needs an order (``ORDER BY``) that is the same each time: a job that
        goes on leaves out as many rows as it had."""
        self._sql = check_text(sql, "sql")
        return self

    def set_parameters(self, parameters: Iterable[Sequence[Any]]) -> JdbcSourceBuilder:
        """Set the values of the statement's parameters, one set for each time that it is to be executed: the sets are
        dealt out to the subtasks.

        Args:
            parameters: such as ``[(0, 99), (100, 199)]`` for ``... WHERE id BETWEEN ? AND ? ORDER BY id``.
        """
        self._parameters = [tuple(values) for values in parameters]
        return self

    def set_numeric_ranges(self, lower: int, upper: int, count: int) -> JdbcSourceBuilder:
        """As ``set_parameters``, with the numbers from ``lower`` to ``upper``, both included, in ``count`` ranges."""
        ranges = number_splits(lower, upper + 1, check_count(count, "count"))
        return self.set_parameters((numbers.start, numbers.stop - 1) for numbers in ranges if numbers)

    def follow(
        self,
        table: str,
        column: str,
        columns: Sequence[str] = (),
        interval_ms: int = 1000,
        start: Any = None,
    ) -> JdbcSourceBuilder:
        """Read a table for ever: what is there, and then what is added, in the order of a column.

        Rows are seen if they come with a larger value than all before them: one that becomes visible late, with a
        smaller value, is not.

        Args:
            table: its name.
            column: which grows from row to row, such as a serial number, each value once.
            columns: to be read, ``column`` among them; all by default.
            interval_ms: from one question to the next (ms).
            start: only rows with more than this.
        """
        self._growth = Growth(
            check_text(table, "table"),
            tuple(check_text(name, "a column") for name in columns),
            check_text(column, "column"),
            check_count(interval_ms, "interval_ms"),
            start,
        )
        return self

    def set_result_extractor(self, extractor: Callable[[Row], Any]) -> JdbcSourceBuilder:
        """Set what makes a record of a Row."""
        self._extractor = extractor
        return self

    def set_type_information(self, type_info: Any) -> JdbcSourceBuilder:
        """Declare the type of the records."""
        self._type = type_info
        return self

    def build(self) -> Source:
        """The source, for ``from_source``.

        Raises:
            ConfigurationError: what is to be read is not set, or set twice; a set of parameters does not fit.
            MissingExtraError: the driver is not installed.
        """
        if self._connection is None:
            raise ConfigurationError("a source needs a database: set_connection_options(...)")
        if (self._sql is None) == (self._growth is None):
            raise ConfigurationError("a source has either a statement, set_sql(...), or a table to follow, follow(...)")
        queries = []
        if self._sql is not None:
            for values in self._parameters:
                check_parameters(self._sql, len(values), f"the set {values!r}")
                queries.append(QuerySplit(self._sql, values))
        return DatabaseSource(self._connection, queries, self._growth, self._extractor, self._type)


def statement(sql: str, type_info: Any) -> partial[Buffer]:
    """What makes a buffer of records for a statement.

    Raises:
        ConfigurationError: it has another number of parameters than the type fields.
    """
    check_text(sql, "sql")
    if type_info is not None:
        fields = getattr(type_info, "get_field_types", None)
        check_parameters(sql, 1 if fields is None else len(fields()), str(type_info))
    return partial(inserts, sql)


def inserts(sql: str, dialect: Dialect) -> Buffer:
    """A buffer for a statement."""
    return Inserts(sql, Adaptation(dialect.adapters, parameters(sql)))


def upserts(table: str, columns: tuple[str, ...], keys: tuple[str, ...], dialect: Dialect) -> Buffer:
    """A buffer for a table."""
    return Upserts(
        dialect.upsert(table, columns, keys),
        dialect.delete(table, keys),
        [columns.index(key) for key in keys],
        Adaptation(dialect.adapters, len(columns)),
    )
