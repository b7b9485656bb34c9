"""A connection to an HTTP server that is kept open, and what its answers mean."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pyflinkx._core.calls.records import told
from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import LONG, STRING
from pyflinkx.connectors.acknowledged.messages import ConnectionLostError
from pyflinkx.errors import PyflinkxError

SCHEMES = ("http", "https")
URL = ConfigOption(
    "url",
    STRING,
    description="what is asked, http:// or https://",
    fault=lambda url: None if urlsplit(url).scheme in SCHEMES else "does not begin with http:// or https://",
)
TIMEOUT = ConfigOption(
    "request.timeout.ms", LONG, 30_000, "how long the server may take to answer before it is asked again", minimum=1
)
# Answers after which another attempt may help.
AGAIN = {408, 425, 429, 500, 502, 503, 504}
# So many bytes of an answer an error shows.
SHOWN = 200


def shown_url(url: str) -> str:
    """A URL without user, password and query, which may have secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class HttpClient:
    """Asks servers, one after the other; connections are kept until another server is asked.

    Args:
        headers: of each request.
        seconds: that an answer may take.
        failure: raised where another attempt would not help.
    """

    def __init__(self, headers: Mapping[str, str], seconds: float, failure: type[PyflinkxError]) -> None:
        self.headers = dict(headers)
        self.seconds = seconds
        self.failure = failure
        self.place: tuple[str, str] | None = None
        self.connection: Any = None

    def ask(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, bytes]:
        """What a server answers: status, headers, body. 2xx, and 304 where the request asked for it.

        Raises:
            ConnectionLostError: it does not, or says that another attempt may help.
            PyflinkxError: it refuses; of the class that was given.
        """
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        kept = self.connection is not None and self.place == (parts.scheme, parts.netloc)
        while True:
            try:
                connection = self._connected(parts)
                connection.request(method, target, body, {**self.headers, **(headers or {})})
                answer = connection.getresponse()
                data = answer.read()
                break
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if kept:  # the server may have closed it while nothing was asked
                    kept = False
                    continue
                raise ConnectionLostError(f"{shown_url(url)}: {told(error)}") from error
        if answer.will_close:
            self.close()
        if 200 <= answer.status < 300 or answer.status == 304:
            return answer.status, answer.headers, data
        said = f"{shown_url(url)}: {answer.status} {answer.reason}"
        if answer.status in AGAIN:
            raise ConnectionLostError(said)
        if "location" in answer.headers:
            raise self.failure(f"{said}: it is at {shown_url(answer.headers['location'])}")
        raise self.failure(f"{said}: {data[:SHOWN].decode(errors='replace')}".removesuffix(": "))

    def _connected(self, parts: Any) -> Any:
        if self.connection is None or self.place != (parts.scheme, parts.netloc):
            self.close()
            self.place = (parts.scheme, parts.netloc)
            if parts.scheme == "https":
                context = ssl.create_default_context()
                self.connection = http.client.HTTPSConnection(
                    parts.hostname, parts.port, timeout=self.seconds, context=context
                )
            else:
                self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=self.seconds)
        return self.connection

    def close(self) -> None:
        """End the connection, if there is one."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
