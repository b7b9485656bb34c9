"""What a URL has, asked for again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import BOOLEAN, LONG
from pyflinkx.connectors.acknowledged.best_effort import BestEffortConnection, BestEffortSource
from pyflinkx.connectors.acknowledged.messages import Connection, Message
from pyflinkx.connectors.acknowledged.source import COMMON, AcknowledgedSourceBuilder
from pyflinkx.connectors.http.client import TIMEOUT, URL, HttpClient, shown_url
from pyflinkx.connectors.option_table import Options
from pyflinkx.errors import SourceError

INTERVAL = ConfigOption("interval.ms", LONG, 1000, "between two requests", minimum=0)
LINES = ConfigOption(
    "lines", BOOLEAN, False, "whether each line of an answer is a message, empty ones left out; else the answer is one"
)
SOURCE_OPTIONS = (URL, INTERVAL, LINES, TIMEOUT, *COMMON)


class HttpSource(BestEffortSource):
    """Asks for a URL at intervals: an answer is a message, or each of its lines.

    Answers with an ETag are asked for with If-None-Match, so that one that has not changed is no message. Best effort:
    what the URL had between two requests, or while the job was not there, is not seen.

    Example:
        >>> from pyflinkx.types.serialization import SimpleStringSchema
        >>> builder = HttpSource.builder().set_url("https://example.org/prices?key=1").set_option("interval.ms", 5000)
        >>> builder.set_value_only_deserializer(SimpleStringSchema()).build()
        HttpSource(https://example.org/prices)
    """

    operation = "HttpSource"
    headers: Mapping[str, str] = {}  # none is added

    @staticmethod
    def builder() -> HttpSourceBuilder:
        """Begin to describe one."""
        return HttpSourceBuilder()

    def server(self) -> str:
        return shown_url(self.options.get(URL))

    def connect(self, subtask: int, parallelism: int) -> Connection:
        return HttpConnection(self.options, self.headers)


class HttpSourceBuilder(AcknowledgedSourceBuilder):
    """Describes an HttpSource."""

    def __init__(self) -> None:
        super().__init__()
        self.options = Options("HttpSource", SOURCE_OPTIONS)
        self._headers: dict[str, str] = {}

    def set_url(self, url: str) -> HttpSourceBuilder:
        """Set what to ask for."""
        return self.set_option(URL.key, url)

    def set_header(self, name: str, value: str) -> HttpSourceBuilder:
        """Set a header of each request, such as Authorization; it is never shown."""
        self._headers[name] = value
        return self

    def build(self) -> HttpSource:
        """The source.

        Raises:
            ConfigurationError: something that it needs was not set.
        """
        self.options.needed(URL, "set_url")
        source = HttpSource(self.options, self._made_schema(), self._type)
        source.headers = self._headers
        return source


class HttpConnection(BestEffortConnection):
    """Asks for a URL whenever that is due."""

    def __init__(self, options: Options, headers: Mapping[str, str]) -> None:
        self.options = options
        self.client = HttpClient(headers, options.get(TIMEOUT) / 1000, SourceError)
        self.due = time.monotonic()
        self.waiting = threading.Event()
        self.tag: str | None = None
        self.left: list[Message] = []

    def receive(self, most: int, seconds: float) -> list[tuple[Message, Any]]:
        if not self.left:
            left = self.due - time.monotonic()
            if left > 0:
                self.waiting.wait(min(left, seconds))
                return []
            self._ask()
        came, self.left = self.left[:most], self.left[most:]
        return [(message, None) for message in came]

    def _ask(self) -> None:
        url = self.options.get(URL)
        more = {} if self.tag is None else {"If-None-Match": self.tag}
        status, headers, body = self.client.ask("GET", url, headers=more)
        self.due = time.monotonic() + self.options.get(INTERVAL) / 1000
        if status == 304:
            return
        self.tag = headers.get("ETag")
        parts = [line for line in body.splitlines() if line] if self.options.get(LINES) else [body]
        fields = {"status": status, "headers": dict(headers.items())}
        self.left = [Message(part, shown_url(url), fields=fields) for part in parts]

    def close(self) -> None:
        self.client.close()
