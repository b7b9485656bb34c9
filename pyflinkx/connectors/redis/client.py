"""The client of Redis, and what its errors mean."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import LONG, STRING
from pyflinkx.connectors.acknowledged.messages import ConnectionLostError
from pyflinkx.connectors.extras import library
from pyflinkx.errors import ConfigurationError

SCHEMES = ("redis", "rediss", "unix")


def url_fault(url: str) -> str | None:
    """What is wrong with a URL, if anything."""
    return None if urlsplit(url).scheme in SCHEMES else "does not begin with redis://, rediss:// or unix://"


URL = ConfigOption(
    "url",
    STRING,
    description="the server, as redis://user:password@host:6379/0, rediss:// for TLS, unix:// for a socket",
    fault=url_fault,
)
SOCKET_TIMEOUT = ConfigOption(
    "socket.timeout.ms",
    LONG,
    10_000,
    "how long the server may take to answer before the connection is made anew",
    minimum=1,
)


def shown_url(url: str) -> str:
    """A URL without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return url.replace(f":{parts.password}@", ":******@")


def client(options: Any) -> Any:
    """A client, which connects when it is used.

    Raises:
        MissingExtraError: the library is not installed.
        ConfigurationError: the URL cannot be read.
    """
    redis = library("redis", "Redis", "redis", "redis")
    seconds = options.get(SOCKET_TIMEOUT) / 1000
    try:
        return redis.Redis.from_url(options.get(URL), socket_timeout=seconds, socket_connect_timeout=seconds)
    except ValueError as error:
        raise ConfigurationError(f"{shown_url(options.get(URL))}: {error}") from error


@contextlib.contextmanager
def told_as_lost() -> Iterator[None]:
    """What another attempt may mend, such as a broken connection or a loading server, is ConnectionLostError."""
    errors = library("redis.exceptions", "Redis", "redis", "redis")
    try:
        yield
    except errors.AuthenticationError:
        raise
    except (errors.ConnectionError, errors.TimeoutError, errors.BusyLoadingError, errors.ReadOnlyError) as error:
        raise ConnectionLostError(str(error) or type(error).__name__) from error
