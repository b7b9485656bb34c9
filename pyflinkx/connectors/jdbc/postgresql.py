"""PostgreSQL, by psycopg 3."""

from __future__ import annotations

from typing import Any, ClassVar

from pyflinkx.connectors.jdbc.dialect import Dialect, driver
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions
from pyflinkx.connectors.jdbc.statements import for_driver
from pyflinkx.connectors.jdbc.values import COMMON, Adapter, as_json

# SQL states of what may go well another time: connection exceptions, a conflict of transactions, no room for now, the
# server is shutting down or starting.
TRANSIENT_CLASSES = ("08", "40", "53", "57P")
MISSING = "42704"  # undefined object


class PostgreSql(Dialect):
    """Its prepared transactions need max_prepared_transactions of more than 0 on the server."""

    name = "PostgreSQL"
    placeholder = "%s"
    prepares = True
    adapters: ClassVar[dict[type, Adapter]] = {**COMMON, dict: as_json}  # lists are arrays

    def connect(self, options: JdbcConnectionOptions) -> Any:
        psycopg = driver("psycopg", "postgresql", "a connection to PostgreSQL")
        url = options.parsed
        named = {"dbname": url.database, "user": options.user_name, "password": options.password}
        given = {key: value for key, value in named.items() if value is not None}
        rest = {"dbname": url.database, "connect_timeout": options.check_timeout_seconds, **url.properties}
        return psycopg.connect(host=url.host, port=url.port, autocommit=True, **{**rest, **given})

    def is_transient(self, error: BaseException) -> bool:
        psycopg = driver("psycopg", "postgresql", "a connection to PostgreSQL")
        state = getattr(error, "sqlstate", None)
        if state is None:  # the connection broke, or could not be made
            return isinstance(error, psycopg.OperationalError)
        return state.startswith(TRANSIENT_CLASSES)

    def stream(self, connection: Any, sql: str, values: Any) -> Any:
        cursor = connection.cursor("pyflinkx", withhold=True)  # the server keeps the rows
        try:
            cursor.execute(for_driver(sql, self.placeholder), tuple(values))
        except BaseException:
            cursor.close()
            raise
        return cursor

    def prepare(self, connection: Any, name: str) -> None:
        connection.execute(f"PREPARE TRANSACTION '{name}'")

    def commit_prepared(self, connection: Any, name: str) -> bool:
        return self._end(connection, f"COMMIT PREPARED '{name}'")

    def roll_back_prepared(self, connection: Any, name: str) -> bool:
        return self._end(connection, f"ROLLBACK PREPARED '{name}'")

    def _end(self, connection: Any, sql: str) -> bool:
        try:
            connection.execute(sql)
        except Exception as error:
            if getattr(error, "sqlstate", None) == MISSING:
                return False
            raise
        return True

    def prepared(self, connection: Any) -> list[str]:
        rows = connection.execute("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()")
        return [name for (name,) in rows.fetchall()]
