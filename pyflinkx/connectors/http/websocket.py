"""What a server says over a WebSocket."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pyflinkx._core.calls.records import told
from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import LONG, STRING
from pyflinkx.connectors.acknowledged.best_effort import BestEffortConnection, BestEffortSource
from pyflinkx.connectors.acknowledged.messages import Connection, ConnectionLostError, Message
from pyflinkx.connectors.acknowledged.source import COMMON, AcknowledgedSourceBuilder
from pyflinkx.connectors.extras import library
from pyflinkx.connectors.http.client import AGAIN, TIMEOUT, shown_url
from pyflinkx.connectors.option_table import Options
from pyflinkx.errors import SourceError

URL = ConfigOption(
    "url",
    STRING,
    description="the server, ws:// or wss://",
    fault=lambda url: None if urlsplit(url).scheme in ("ws", "wss") else "does not begin with ws:// or wss://",
)
HELLO = ConfigOption(
    "hello", STRING, description="what is sent on each connection before anything is read, such as a subscription"
)
MAX_SIZE = ConfigOption("max.message.bytes", LONG, 1 << 20, "the longest message", minimum=1)
SOURCE_OPTIONS = (URL, HELLO, MAX_SIZE, TIMEOUT, *COMMON)


class WebSocketSource(BestEffortSource):
    """Reads the messages of a server, over a connection that is made anew when it ends.

    Best effort: what the server says meanwhile, or while the job is not there, is not seen.

    Example:
        >>> from pyflinkx.types.serialization import SimpleStringSchema
        >>> builder = WebSocketSource.builder().set_url("wss://example.org/trades").set_option("hello", "all")
        >>> builder.set_value_only_deserializer(SimpleStringSchema()).build()
        WebSocketSource(wss://example.org/trades)
    """

    operation = "WebSocketSource"
    headers: Mapping[str, str] = {}  # none is added

    @staticmethod
    def builder() -> WebSocketSourceBuilder:
        """Begin to describe one."""
        return WebSocketSourceBuilder()

    def server(self) -> str:
        return shown_url(self.options.get(URL))

    def connect(self, subtask: int, parallelism: int) -> Connection:
        return WebSocketConnection(self.options, self.headers)


class WebSocketSourceBuilder(AcknowledgedSourceBuilder):
    """Describes a WebSocketSource."""

    def __init__(self) -> None:
        super().__init__()
        self.options = Options("WebSocketSource", SOURCE_OPTIONS)
        self._headers: dict[str, str] = {}

    def set_url(self, url: str) -> WebSocketSourceBuilder:
        """Set the server."""
        return self.set_option(URL.key, url)

    def set_header(self, name: str, value: str) -> WebSocketSourceBuilder:
        """Set a header of the opening request, such as Authorization; it is never shown."""
        self._headers[name] = value
        return self

    def build(self) -> WebSocketSource:
        """The source.

        Raises:
            ConfigurationError: something that it needs was not set.
        """
        self.options.needed(URL, "set_url")
        source = WebSocketSource(self.options, self._made_schema(), self._type)
        source.headers = self._headers
        return source


class WebSocketConnection(BestEffortConnection):
    """Reads messages."""

    def __init__(self, options: Options, headers: Mapping[str, str]) -> None:
        client = library("websockets.sync.client", "a WebSocket", "websockets", "websocket")
        self.errors = library("websockets.exceptions", "a WebSocket", "websockets", "websocket")
        self.where = shown_url(options.get(URL))
        self.seconds = options.get(TIMEOUT) / 1000
        self.closing = contextlib.ExitStack()
        try:
            opening = client.connect(
                options.get(URL),
                additional_headers=dict(headers),
                open_timeout=self.seconds,
                close_timeout=1.0,
                max_size=options.get(MAX_SIZE),
            )
            self.connection = self.closing.enter_context(opening)
        except self.errors.InvalidStatus as error:
            status = error.response.status_code
            if status in AGAIN:
                raise ConnectionLostError(f"{self.where}: {status}") from error
            raise SourceError(f"{self.where}: {status} {error.response.reason_phrase}") from error
        except (OSError, self.errors.WebSocketException) as error:
            raise ConnectionLostError(told(error)) from error
        hello = options.get(HELLO)
        if hello is not None:
            with self._told():
                self.connection.send(hello)

    @contextlib.contextmanager
    def _told(self) -> Any:
        try:
            yield
        except self.errors.ConnectionClosed as error:
            received = error.sent or error.rcvd
            if received is not None and received.code == 1009:
                raise SourceError(f"{self.where}: a message is longer than max.message.bytes: {told(error)}") from error
            raise ConnectionLostError(told(error)) from error

    def receive(self, most: int, seconds: float) -> list[tuple[Message, Any]]:
        came: list[tuple[Message, Any]] = []
        with self._told():
            while len(came) < most:
                try:
                    payload = self.connection.recv(0 if came else seconds)
                except TimeoutError:
                    break
                except self.errors.ConnectionClosed:
                    if came:  # the next call says so
                        break
                    raise
                came.append((Message(payload.encode() if isinstance(payload, str) else payload, self.where), None))
        return came

    def close(self) -> None:
        self.closing.close()
