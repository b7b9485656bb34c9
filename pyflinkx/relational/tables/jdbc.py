"""Tables in databases."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from pyflinkx.config.values import BOOLEAN, DURATION, INT, LONG, STRING
from pyflinkx.connectors.jdbc.dialect import Dialect
from pyflinkx.connectors.jdbc.dialects import dialect_of
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions, JdbcExecutionOptions
from pyflinkx.connectors.jdbc.sink import DatabaseSink
from pyflinkx.connectors.jdbc.source import DatabaseSource, QuerySplit
from pyflinkx.connectors.jdbc.statements import parameters
from pyflinkx.connectors.jdbc.values import Adaptation
from pyflinkx.connectors.jdbc.writing import Buffer, Inserts, Upserts
from pyflinkx.connectors.number_seq import number_splits
from pyflinkx.errors import ConfigurationError, SourceError
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.joins.lookup import CacheSpec
from pyflinkx.relational.tables.factory import Building, TableContext, TableFactory, register_table_factory
from pyflinkx.relational.tables.jdbc_lookup import DatabaseLookup
from pyflinkx.relational.tables.json_format import JsonFormat
from pyflinkx.relational.tables.options import TableOption
from pyflinkx.relational.tables.wire import Make, table_columns
from pyflinkx.types.changes import INSERT_ONLY, Changes, upsert
from pyflinkx.types.data_type import DataType, Family, Kind
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import Types

PARTITION = ("scan.partition.column", "scan.partition.num", "scan.partition.lower-bound", "scan.partition.upper-bound")
# Of how many keys rows are kept where a cache has no size.
CACHED = 10_000

OPTIONS = (
    TableOption("url", STRING, None, "such as jdbc:postgresql://host/database", required=True),
    TableOption("table-name", STRING, None, "the table in the database", required=True),
    TableOption("driver", STRING, None, "not looked at: the URL says which driver it is"),
    TableOption("username", STRING, None, "who connects"),
    TableOption("password", STRING, None, "the password"),
    TableOption("connection.max-retry-timeout", DURATION, 60_000, "how long making a connection may take"),
    TableOption(PARTITION[0], STRING, None, "a column of whole numbers by which reading is split"),
    TableOption(PARTITION[1], INT, None, "into how many queries"),
    TableOption(PARTITION[2], LONG, None, "the smallest value"),
    TableOption(PARTITION[3], LONG, None, "the largest value"),
    TableOption("scan.fetch-size", INT, 0, "not looked at: rows are fetched as they are needed"),
    TableOption("scan.auto-commit", BOOLEAN, True, "not looked at"),
    TableOption("lookup.cache", STRING, "NONE", "whether answers are kept", choices=("NONE", "PARTIAL")),
    TableOption("lookup.partial-cache.max-rows", LONG, None, "of how many keys rows are kept"),
    TableOption("lookup.partial-cache.expire-after-write", DURATION, None, "how long they are kept"),
    TableOption("lookup.partial-cache.expire-after-access", DURATION, None, "how long without use"),
    TableOption("lookup.partial-cache.cache-missing-key", BOOLEAN, True, "whether it is kept that there are none"),
    TableOption("lookup.cache.max-rows", LONG, None, "as lookup.partial-cache.max-rows, in older versions"),
    TableOption("lookup.cache.ttl", DURATION, None, "as lookup.partial-cache.expire-after-write, in older versions"),
    TableOption("lookup.cache.caching-missing-key", BOOLEAN, True, "as lookup.partial-cache.cache-missing-key, before"),
    TableOption("lookup.max-retries", INT, 3, "how often a lookup that failed is tried again"),
    TableOption("sink.buffer-flush.max-rows", INT, 100, "after how many rows they are written, at the latest"),
    TableOption("sink.buffer-flush.interval", DURATION, 1000, "how long a row waits for others at most"),
    TableOption("sink.max-retries", INT, 3, "how often writing is tried again"),
)


def from_driver(kind: DataType) -> Make:
    """From what a driver gives to a value of a type; databases without such a type give text or numbers."""
    if kind.kind is Kind.BOOLEAN:
        return lambda value: bool(int(value)) if isinstance(value, str) and value.isdigit() else bool(value)
    if kind.family(Family.INTEGER):
        return int
    if kind.kind in (Kind.FLOAT, Kind.DOUBLE):
        return float
    if kind.kind is Kind.DECIMAL:
        return lambda value: value if isinstance(value, Decimal) else Decimal(str(value))
    if kind.family(Family.CHARACTER_STRING):
        return lambda value: value if isinstance(value, str) else str(value)
    if kind.family(Family.BINARY_STRING):
        return lambda value: value.encode() if isinstance(value, str) else bytes(value)
    if kind.kind is Kind.DATE:
        return day
    if kind.kind is Kind.TIME:
        return time_of_day
    if kind.kind is Kind.TIMESTAMP:
        return lambda value: stamp(value).replace(tzinfo=None)
    if kind.kind is Kind.TIMESTAMP_LTZ:
        return instant
    return lambda value: json.loads(value) if isinstance(value, str) else value


def day(value: Any) -> datetime.date:
    """A date."""
    if isinstance(value, datetime.datetime):
        return value.date()
    return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(str(value)[:10])


def time_of_day(value: Any) -> datetime.time:
    """A time of day."""
    if isinstance(value, datetime.timedelta):
        return (datetime.datetime.min + value).time()
    return value if isinstance(value, datetime.time) else datetime.time.fromisoformat(str(value))


def stamp(value: Any) -> datetime.datetime:
    """A timestamp."""
    if isinstance(value, datetime.datetime):
        return value
    if isinstance(value, datetime.date):
        return datetime.datetime(value.year, value.month, value.day)
    return datetime.datetime.fromisoformat(str(value).replace("Z", "+00:00"))


def instant(value: Any) -> Instant:
    """A point in time; one that says no zone is in UTC."""
    moment = stamp(value)
    moment = moment.replace(tzinfo=datetime.timezone.utc) if moment.tzinfo is None else moment
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return Instant(since.days * 86_400 + since.seconds, since.microseconds * 1000)


class RowOfDriver:
    """Makes the rows of a table of those of a driver.

    Args:
        columns: name and type of each.
        name: of the table, for errors.
    """

    def __init__(self, columns: Sequence[tuple[str, DataType]], name: str) -> None:
        self.columns = tuple(columns)
        self.name = name
        self.makes: list[Make] | None = None

    def __call__(self, row: Any) -> Any:
        if self.makes is None:
            self.makes = [from_driver(kind) for _, kind in self.columns]
        for place, (value, make) in enumerate(zip(row, self.makes, strict=True)):
            if value is None:
                continue
            try:
                row[place] = make(value)
            except (ValueError, TypeError, ArithmeticError) as error:
                column, kind = self.columns[place]
                raise SourceError(
                    f"table {self.name}: column '{column}' is {kind}, and the database gives {value!r:.100}"
                ) from error
        return row

    def __getstate__(self) -> Any:
        return {"columns": self.columns, "name": self.name, "makes": None}


def inserts(table: str, columns: tuple[str, ...], dialect: Dialect) -> Buffer:
    """A buffer of rows that are added."""
    sql = dialect.insert(table, columns)
    return Inserts(sql, Adaptation(dialect.adapters, parameters(sql)))


def upserts(table: str, columns: tuple[str, ...], keys: tuple[str, ...], dialect: Dialect) -> Buffer:
    """A buffer of rows that replace others."""
    places = [columns.index(key) for key in keys]
    adaptation = Adaptation(dialect.adapters, len(columns))
    return Upserts(dialect.upsert(table, columns, keys), dialect.delete(table, keys), places, adaptation)


class DatabaseTable:
    """One table of a database.

    Args:
        context: of the table.
    """

    changes = INSERT_ONLY
    bounded = True
    metadata: Mapping[str, DataType] = {}

    def __init__(self, context: TableContext) -> None:
        self.context = context
        self.settings = context.settings
        self.columns = context.columns()
        self.names = tuple(name for name, _ in self.columns)
        timeout = max(self.settings["connection.max-retry-timeout"] // 1000, 1)
        builder = JdbcConnectionOptions.JdbcConnectionOptionsBuilder().with_url(self.settings["url"])
        builder.with_connection_check_timeout_seconds(timeout)
        if self.settings["username"] is not None:
            builder.with_user_name(self.settings["username"])
        if self.settings["password"] is not None:
            builder.with_password(self.settings["password"])
        self.connection = builder.build()
        self.dialect = dialect_of(self.connection)
        key = context.definition.primary_key
        self.keys = () if key is None else key.columns

    @property
    def takes(self) -> Changes:
        """The kinds of rows that it takes: with a primary key all."""
        return upsert(*self.keys) if self.keys else INSERT_ONLY

    def stream(self, building: Building, metadata: Mapping[str, str]) -> Stream:
        """The rows of the table."""
        wires = JsonFormat(self.columns, {}, self.settings.where).reading()
        info = Types.ROW_NAMED(list(self.names), [wire.info for wire in wires])
        make = RowOfDriver(self.columns, self.context.name)
        source = DatabaseSource(self.connection, self._queries(), None, make, info)
        source.changes = INSERT_ONLY
        made = building.source(source, self.context.name, self.settings["scan.parallelism"])
        return table_columns(made, self.columns, wires, self.context.name)

    def lookup(self, names: tuple[str, ...]) -> DatabaseLookup:
        """What asks for the rows in which these columns have some values."""
        make = RowOfDriver(self.columns, self.context.name)
        retries = self.settings["lookup.max-retries"]
        return DatabaseLookup(self.connection, self.settings["table-name"], self.names, names, make, retries)

    @property
    def lookup_cache(self) -> CacheSpec:
        """What is kept of the answers."""
        told = self.settings
        rows = told["lookup.partial-cache.max-rows"] or told["lookup.cache.max-rows"]
        if told["lookup.cache"] == "NONE" and told["lookup.cache.max-rows"] is None:
            return CacheSpec()
        return CacheSpec(
            rows or CACHED,
            told["lookup.partial-cache.expire-after-write"] or told["lookup.cache.ttl"],
            told["lookup.partial-cache.expire-after-access"],
            told["lookup.partial-cache.cache-missing-key"] and told["lookup.cache.caching-missing-key"],
        )

    def _queries(self) -> list[QuerySplit]:
        quoted = self.dialect.quoted
        select = f"SELECT {', '.join(map(quoted, self.names))} FROM {quoted(self.settings['table-name'])}"
        order = f" ORDER BY {', '.join(map(quoted, self.keys))}" if self.keys else ""
        given = [self.settings[key] for key in PARTITION]
        if all(value is None for value in given):
            return [QuerySplit(f"{select}{order}")]
        if any(value is None for value in given):
            raise ConfigurationError(f"{self.settings.where}: {', '.join(PARTITION)} are given together")
        column, count, low, high = given
        if count < 1 or low > high:
            raise ConfigurationError(
                f"{self.settings.where}: '{PARTITION[1]}' is at least 1, and '{PARTITION[2]}' at most '{PARTITION[3]}'"
            )
        where = f"{select} WHERE {quoted(column)} BETWEEN ? AND ?{order}"
        ranges = number_splits(low, high + 1, count)
        return [QuerySplit(where, (numbers.start, numbers.stop - 1)) for numbers in ranges if numbers]

    def end(self, stream: Stream, building: Building) -> None:
        """Write rows: with a primary key they replace one another."""
        execution = JdbcExecutionOptions(
            self.settings["sink.buffer-flush.interval"],
            self.settings["sink.buffer-flush.max-rows"],
            self.settings["sink.max-retries"],
        )
        table = self.settings["table-name"]
        buffer = partial(upserts, table, self.names, self.keys) if self.keys else partial(inserts, table, self.names)
        sink = DatabaseSink(self.connection, execution, buffer)
        building.sink(stream, sink, f"Sink: {self.context.name}", self.settings["sink.parallelism"])


class JdbcFactory(TableFactory):
    """The connector 'jdbc'."""

    name = "jdbc"
    options = OPTIONS

    def source(self, context: TableContext) -> Any:
        return DatabaseTable(context)

    def sink(self, context: TableContext) -> Any:
        return DatabaseTable(context)


register_table_factory(JdbcFactory())
