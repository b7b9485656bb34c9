"""Where a database is, as a JDBC URL says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pyflinkx.config.option import MASK, is_sensitive
from pyflinkx.errors import ConfigurationError

# Kinds of servers by the name in the URL, and the port each listens at.
SERVERS = {"postgresql": ("postgresql", 5432), "mysql": ("mysql", 3306), "mariadb": ("mysql", 3306)}
FILES = ("sqlite", "duckdb")

FORMS = (
    "jdbc:postgresql://HOST:PORT/DATABASE, jdbc:mysql://..., jdbc:mariadb://..., jdbc:sqlite:PATH or jdbc:duckdb:PATH"
)


@dataclass(frozen=True)
class DatabaseUrl:
    """A parsed URL.

    Args:
        kind: postgresql, mysql (MariaDB too), sqlite or duckdb.
        host: of a server; empty for a file.
        port: of a server; 0 for a file.
        database: name of the database, or the file's path.
        properties: what stands behind the question mark.
    """

    kind: str
    host: str
    port: int
    database: str
    properties: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """The URL, without what is secret in it."""
        text = (
            f"jdbc:{self.kind}:{self.database}"
            if not self.host
            else (f"jdbc:{self.kind}://{self.host}:{self.port}/{self.database}")
        )
        shown = [f"{key}={MASK if is_sensitive(key) else value}" for key, value in self.properties.items()]
        return text + ("?" + "&".join(shown) if shown else "")


def parse_url(url: Any) -> DatabaseUrl:
    """A JDBC URL as its parts.

    Args:
        url: such as ``jdbc:postgresql://localhost:5432/shop?user=me``; the properties ``user`` and ``password`` may be
            in it, as JDBC has it.

    Raises:
        TypeError: it is no text.
        ConfigurationError: it is no such URL, or of a database that there is no driver for here.

    Example:
        >>> parse_url("jdbc:postgresql://db/shop").port
        5432
        >>> str(parse_url("jdbc:mysql://db:1/shop?password=x"))
        'jdbc:mysql://db:1/shop?password=******'
    """
    if not isinstance(url, str):
        raise TypeError(f"a database's URL is text, not {type(url).__name__}")
    scheme, _, rest = url.partition(":")
    kind, _, rest = rest.partition(":")
    if scheme != "jdbc" or not kind:
        # What is no JDBC URL may hold a password anywhere.
        raise ConfigurationError(f"a database's URL is {FORMS}; this one begins with {url.partition(':')[0][:20]!r}")
    if kind in FILES:
        path, _, query = rest.partition("?")
        return DatabaseUrl(kind, "", 0, path or ":memory:", dict(parse_qsl(query, keep_blank_values=True)))
    if kind not in SERVERS:
        known = ", ".join([*SERVERS, *FILES])
        raise ConfigurationError(f"there is no driver for databases of kind {kind!r}; known are {known}")
    kind, port = SERVERS[kind]
    if not rest.startswith("//"):  # jdbc:postgresql:shop is the database shop on this machine
        rest = f"//localhost/{rest}"
    parts = urlsplit(rest)
    if "," in parts.netloc:
        raise ConfigurationError("several hosts in the URL of a database are not supported: name one")
    if "@" in parts.netloc:
        raise ConfigurationError(
            "the user stands in the properties of a JDBC URL (?user=...&password=...), or is given by with_user_name "
            "and with_password, not before the host"
        )
    try:
        port = parts.port or port
    except ValueError:
        raise ConfigurationError(f"the port in the URL of a database is a number up to 65535: {parts.netloc}") from None
    database = unquote(parts.path[1:])
    if not database:
        raise ConfigurationError(f"the URL names no database: {FORMS}")
    properties = dict(parse_qsl(parts.query, keep_blank_values=True))
    return DatabaseUrl(kind, parts.hostname or "localhost", port, database, properties)
