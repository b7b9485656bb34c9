"""Which dialect a database speaks."""

from __future__ import annotations

from pyflinkx.connectors.jdbc.dialect import Dialect
from pyflinkx.connectors.jdbc.duckdb import DuckDb
from pyflinkx.connectors.jdbc.mysql import MySql
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions
from pyflinkx.connectors.jdbc.postgresql import PostgreSql
from pyflinkx.connectors.jdbc.sqlite import Sqlite

KINDS: dict[str, type[Dialect]] = {
    "sqlite": Sqlite,
    "postgresql": PostgreSql,
    "mysql": MySql,
    "duckdb": DuckDb,
}


def dialect_of(options: JdbcConnectionOptions) -> Dialect:
    """The dialect of the database that the options name."""
    return KINDS[options.parsed.kind]()
