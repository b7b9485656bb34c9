"""MariaDB and MySQL, by PyMySQL."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pyflinkx.connectors.jdbc.dialect import Dialect, driver
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions
from pyflinkx.connectors.jdbc.statements import for_driver
from pyflinkx.connectors.jdbc.values import WITH_JSON

# Error numbers of what may go well another time: a connection that broke or cannot be made, a deadlock, a lock that
# took too long, the server shutting down, too many connections.
TRANSIENT = {2003, 2006, 2013, 2055, 1205, 1213, 1053, 1040, 1047}
UNKNOWN_XID = 1397
LONGEST_WAIT = 8.0  # s, for the end of a connection


class MySql(Dialect):
    """Its prepared transactions are XA's."""

    name = "MariaDB"
    placeholder = "%s"
    quotes = "`"
    prepares = True
    closes_prepared = True
    adapters = WITH_JSON

    def connect(self, options: JdbcConnectionOptions) -> Any:
        pymysql = driver("pymysql", "mysql", "a connection to MariaDB or MySQL")
        url = options.parsed
        properties = dict(url.properties)
        user = properties.pop("user", None)
        password = properties.pop("password", None)
        return pymysql.connect(
            host=url.host,
            port=url.port,
            database=url.database,
            user=options.user_name if options.user_name is not None else user,
            password=(options.password if options.password is not None else password) or "",
            charset=properties.pop("characterEncoding", "utf8mb4").replace("UTF-8", "utf8mb4"),
            connect_timeout=options.check_timeout_seconds,
            autocommit=True,
        )

    def is_transient(self, error: BaseException) -> bool:
        pymysql = driver("pymysql", "mysql", "a connection to MariaDB or MySQL")
        if isinstance(error, pymysql.err.InterfaceError):
            return True
        return isinstance(error, pymysql.err.MySQLError) and bool(error.args) and error.args[0] in TRANSIENT

    def stream(self, connection: Any, sql: str, values: Sequence[Any]) -> Any:
        cursor = connection.cursor(driver("pymysql.cursors", "mysql", "a connection to MariaDB or MySQL").SSCursor)
        cursor.execute(for_driver(sql, self.placeholder), tuple(values))
        return cursor

    def upsert(self, table: str, columns: Sequence[str], keys: Sequence[str]) -> str:
        rest = [column for column in columns if column not in keys] or list(keys[:1])
        updates = ", ".join(f"{self.quoted(column)} = VALUES({self.quoted(column)})" for column in rest)
        return f"{self.insert(table, columns)} ON DUPLICATE KEY UPDATE {updates}"

    def begin_prepared(self, connection: Any, name: str) -> None:
        connection.cursor().execute(f"XA START '{name}'")

    def prepare(self, connection: Any, name: str) -> None:
        cursor = connection.cursor()
        cursor.execute(f"XA END '{name}'")
        cursor.execute(f"XA PREPARE '{name}'")

    def commit_prepared(self, connection: Any, name: str) -> bool:
        return self._end(connection, f"XA COMMIT '{name}'", name)

    def roll_back_prepared(self, connection: Any, name: str) -> bool:
        return self._end(connection, f"XA ROLLBACK '{name}'", name)

    def _end(self, connection: Any, sql: str, name: str) -> bool:
        wait = 0.001
        while True:
            try:
                connection.cursor().execute(sql)
                return True
            except Exception as error:
                if not error.args or error.args[0] != UNKNOWN_XID:
                    raise
                if name not in self.prepared(connection):
                    return False
                # The server has not yet noticed that the connection which prepared it is closed.
                if wait > LONGEST_WAIT:
                    raise
            time.sleep(wait)
            wait *= 2

    def prepared(self, connection: Any) -> list[str]:
        cursor = connection.cursor()
        cursor.execute("XA RECOVER")
        return [data.decode() if isinstance(data, bytes) else data for *_, data in cursor.fetchall()]
