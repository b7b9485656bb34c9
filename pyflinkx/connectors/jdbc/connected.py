"""A connection that is made again when it broke."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from pyflinkx._core.calls.records import told
from pyflinkx.connectors.jdbc.dialect import Dialect, close
from pyflinkx.connectors.jdbc.options import JdbcConnectionOptions, JdbcExecutionOptions
from pyflinkx.errors import MissingExtraError, PyflinkxError, SinkError

T = TypeVar("T")


class Connected:
    """A connection that is made when it is needed, and made again when it broke.

    Args:
        dialect: of the database.
        options: say which one.
        execution: how often what failed is tried again.
        sleep: waits so many seconds before another attempt.
        failure: what is raised when something cannot be done.
    """

    def __init__(
        self,
        dialect: Dialect,
        options: JdbcConnectionOptions,
        execution: JdbcExecutionOptions,
        sleep: Callable[[float], None] = time.sleep,
        failure: type[PyflinkxError] = SinkError,
    ) -> None:
        self.dialect = dialect
        self.options = options
        self.execution = execution
        self.sleep = sleep
        self.failure = failure
        self.connection: Any = None

    def get(self) -> Any:
        """The connection."""
        if self.connection is None:
            self.connection = self.dialect.connect(self.options)
        return self.connection

    def drop(self) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            connection, self.connection = self.connection, None
            close(connection)

    def attempts(self, what: str, call: Callable[[Any], T]) -> T:
        """Call something with a connection, again on another one while that may help.

        Args:
            what: is done, for the error.
            call: does all of it or nothing, or the same when it is called again.

        Raises:
            SinkError, SourceError: it cannot be done.
        """
        tried = 0
        while True:
            try:
                return call(self.get())
            except (SinkError, MissingExtraError):
                raise
            except Exception as error:
                transient = self.dialect.is_transient(error)
                if transient:
                    self.drop()
                if not transient or tried >= self.execution.max_retries:
                    again = f" ({tried + 1} attempts)" if tried else ""
                    raise self.failure(f"{self.options.parsed}: {what} failed{again}: {told(error)}") from error
            tried += 1
            self.sleep(tried)  # s, as Flink's
