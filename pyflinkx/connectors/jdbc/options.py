"""What a program says of a database connection and of how records are written; after Flink's classes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyflinkx.config.arguments import check_count, check_text
from pyflinkx.connectors.jdbc.urls import DatabaseUrl, parse_url
from pyflinkx.errors import ConfigurationError

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True)
class JdbcConnectionOptions:
    """Which database, and who asks; made by ``JdbcConnectionOptionsBuilder``.

    Args:
        db_url: a JDBC URL, such as ``jdbc:sqlite:/tmp/shop.db`` or ``jdbc:postgresql://localhost:5432/shop``.
        driver_name: the name of a Java class, which is kept and not used: the URL says which driver it is.
        user_name: or None, where the URL or the driver has it.
        password: or None.
        check_timeout_seconds: how long a connection may take to be made.
    """

    db_url: str
    driver_name: str | None = None
    user_name: str | None = None
    password: str | None = None
    check_timeout_seconds: int = 60

    @property
    def parsed(self) -> DatabaseUrl:
        """The URL's parts."""
        return parse_url(self.db_url)

    def __repr__(self) -> str:
        return f"JdbcConnectionOptions({str(self.parsed)!r})"

    def get_db_url(self) -> str:
        """The URL as it was given."""
        return self.db_url

    def get_driver_name(self) -> str | None:
        """The Java class that was named."""
        return self.driver_name

    def get_user_name(self) -> str | None:
        """Who connects."""
        return self.user_name

    def get_password(self) -> str | None:
        """The password."""
        return self.password

    class JdbcConnectionOptionsBuilder:
        """Gathers the options.

        Example:
            >>> builder = JdbcConnectionOptions.JdbcConnectionOptionsBuilder()
            >>> builder.with_url("jdbc:sqlite:shop.db").build()
            JdbcConnectionOptions('jdbc:sqlite:shop.db')
        """

        def __init__(self) -> None:
            self._url: str | None = None
            self._driver: str | None = None
            self._user: str | None = None
            self._password: str | None = None
            self._timeout = 60

        def with_url(self, url: str) -> Self:
            """Set the JDBC URL.

            Raises:
                ConfigurationError: it is none, or there is no driver for it.
            """
            parse_url(url)
            self._url = url
            return self

        def with_driver_name(self, driver_name: str) -> Self:
            """Name a Java class, which is not used: the URL says which driver it is."""
            self._driver = check_text(driver_name, "driver_name")
            return self

        def with_user_name(self, user_name: str) -> Self:
            """Set who connects."""
            self._user = check_text(user_name, "user_name")
            return self

        def with_password(self, password: str) -> Self:
            """Set the password."""
            self._password = check_text(password, "password")
            return self

        def with_connection_check_timeout_seconds(self, connection_check_timeout_seconds: int) -> Self:
            """Set how long making a connection may take (s); 60 by default."""
            self._timeout = check_count(connection_check_timeout_seconds, "connection_check_timeout_seconds")
            return self

        def build(self) -> JdbcConnectionOptions:
            """The options.

            Raises:
                ConfigurationError: no URL was set.
            """
            if self._url is None:
                raise ConfigurationError("a database needs a URL: with_url(...)")
            return JdbcConnectionOptions(self._url, self._driver, self._user, self._password, self._timeout)


@dataclass(frozen=True)
class JdbcExecutionOptions:
    """How records are written; made by ``builder()``, or ``defaults()``.

    Args:
        batch_interval_ms: how long a record may wait for others (ms); 0 for as long as it takes.
        batch_size: after how many records they are written, at the latest; 0 for not before the checkpoint.
        max_retries: how often a batch is tried again where that may help: the connection broke, or the database asks
            for it.
    """

    batch_interval_ms: int = 0
    batch_size: int = 5000
    max_retries: int = 3

    def get_batch_interval_ms(self) -> int:
        """How long a record may wait for others (ms)."""
        return self.batch_interval_ms

    def get_batch_size(self) -> int:
        """How many records are written at once."""
        return self.batch_size

    def get_max_retries(self) -> int:
        """How often a batch is tried again."""
        return self.max_retries

    @staticmethod
    def defaults() -> JdbcExecutionOptions:
        """Up to 5,000 records at once, no interval, 3 retries, as Flink's."""
        return JdbcExecutionOptions()

    @staticmethod
    def builder() -> JdbcExecutionOptions.Builder:
        """Begin to gather options."""
        return JdbcExecutionOptions.Builder()

    class Builder:
        """Gathers the options.

        Example:
            >>> JdbcExecutionOptions.builder().with_batch_size(200).build().get_batch_size()
            200
        """

        def __init__(self) -> None:
            self._interval, self._size, self._retries = 0, 5000, 3

        def with_batch_interval_ms(self, batch_interval_ms: int) -> Self:
            """Set how long a record may wait for others (ms)."""
            self._interval = check_count(batch_interval_ms, "batch_interval_ms", least=0)
            return self

        def with_batch_size(self, batch_size: int) -> Self:
            """Set how many records are written at once, at most."""
            self._size = check_count(batch_size, "batch_size", least=0)
            return self

        def with_max_retries(self, max_retries: int) -> Self:
            """Set how often a batch is tried again."""
            self._retries = check_count(max_retries, "max_retries", least=0)
            return self

        def build(self) -> JdbcExecutionOptions:
            """The options."""
            return JdbcExecutionOptions(self._interval, self._size, self._retries)


@dataclass(frozen=True)
class JdbcExactlyOnceOptions:
    """How prepared transactions are committed; made by ``builder()``, or ``defaults()``.

    Args:
        max_commit_attempts: how often a commit is tried before the job fails; a restarted job tries again.
        name: begins the names of the transactions; None for a random one.
    """

    max_commit_attempts: int = 3
    name: str | None = None

    @staticmethod
    def defaults() -> JdbcExactlyOnceOptions:
        """Three attempts, as Flink's."""
        return JdbcExactlyOnceOptions()

    @staticmethod
    def builder() -> JdbcExactlyOnceOptions.JDBCExactlyOnceOptionsBuilder:
        """Begin to gather options."""
        return JdbcExactlyOnceOptions.JDBCExactlyOnceOptionsBuilder()

    class JDBCExactlyOnceOptionsBuilder:
        """Gathers the options."""

        def __init__(self) -> None:
            self._attempts = 3
            self._name: str | None = None

        def with_max_commit_attempts(self, max_commit_attempts: int) -> Self:
            """Set how often a commit is tried before the job fails."""
            self._attempts = check_count(max_commit_attempts, "max_commit_attempts")
            return self

        def with_name(self, name: str) -> Self:
            """Name the sink, as no other sink of the database is named at the same time.

            A job that begins anew then rolls back what one before it has left prepared, also if that was killed before
            its first checkpoint, of which nothing else is known.

            Raises:
                ConfigurationError: it is not of 1 to 20 letters, digits and underscores.
            """
            if not re.fullmatch(r"[A-Za-z0-9_]{1,20}", check_text(name, "name")):
                raise ConfigurationError(f"a sink's name has 1 to 20 letters, digits and underscores, not {name!r}")
            self._name = name
            return self

        def build(self) -> JdbcExactlyOnceOptions:
            """The options."""
            return JdbcExactlyOnceOptions(self._attempts, self._name)
