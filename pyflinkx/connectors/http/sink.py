"""Records as requests, each at least once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.config.arguments import check_choice
from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import BOOLEAN, STRING
from pyflinkx.connectors.acknowledged.messages import ConnectionLostError
from pyflinkx.connectors.batched import COMMON, BatchingWriter, Target
from pyflinkx.connectors.http.client import TIMEOUT, URL, HttpClient, shown_url
from pyflinkx.connectors.option_table import Options, OptionsBuilder
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.errors import ConfigurationError, SinkError
from pyflinkx.types.serialization import SerializationSchema

METHODS = ("POST", "PUT", "PATCH")
METHOD = ConfigOption("method", STRING, "POST", "of the requests: POST, PUT or PATCH")
CONTENT_TYPE = ConfigOption("content.type", STRING, "application/octet-stream", "what the requests say of their bodies")
LINES = ConfigOption(
    "lines",
    BOOLEAN,
    False,
    "whether the records of a batch are lines of one request; else each has a request of its own",
)
SINK_OPTIONS = (URL, METHOD, CONTENT_TYPE, LINES, TIMEOUT, *COMMON)

Select = Callable[[Any], str]


class HttpSink(Sink):
    """Sends records to a URL. Answers of 408, 425, 429 and 5xx, and none, are reasons to send again; others of 400 on
    fail the job."""

    def __init__(
        self,
        options: Options,
        schema: SerializationSchema,
        headers: Mapping[str, str],
        url: Select | None,
        key: Select | None,
    ) -> None:
        self.options = options
        self.schema = schema
        self.headers = headers
        self.url = url
        self.key = key

    def __repr__(self) -> str:
        return f"HttpSink({shown_url(self.options.get(URL))})"

    @staticmethod
    def builder() -> HttpSinkBuilder:
        """Begin to describe one."""
        return HttpSinkBuilder()

    def create_writer(self, context: WriterContext) -> SinkWriter:
        server = shown_url(self.options.get(URL))
        return BatchingWriter(HttpTarget(self), server, self.request, self.options, context)

    def request(self, record: Any, gone: bool) -> tuple[str, bytes, dict[str, str]]:
        """What is sent for a record: URL, body and headers."""
        url = self.options.get(URL) if self.url is None else self.url(record)
        headers = {}
        if self.key is not None:
            key = self.key(record)
            if not isinstance(key, str):
                raise SinkError(f"an idempotency key is text, not {short_repr(key)}")
            headers["Idempotency-Key"] = key
        return url, self.schema.serialize(record), headers


class HttpSinkBuilder(OptionsBuilder):
    """Describes an HttpSink."""

    def __init__(self) -> None:
        self.options = Options("HttpSink", SINK_OPTIONS)
        self._headers: dict[str, str] = {}
        self._schema: SerializationSchema | None = None
        self._url: Select | None = None
        self._key: Select | None = None

    def set_url(self, url: str, of_record: Select | None = None) -> HttpSinkBuilder:
        """Set where records go.

        Args:
            url: of the server, for messages; and of all requests, unless there is a function.
            of_record: gives the URL for a record.
        """
        self._url = of_record
        return self.set_option(URL.key, url)

    def set_value_serializer(self, schema: SerializationSchema) -> HttpSinkBuilder:
        """Set what makes bodies of records."""
        self._schema = schema
        return self

    def set_header(self, name: str, value: str) -> HttpSinkBuilder:
        """Set a header of each request, such as Authorization; it is never shown."""
        self._headers[name] = value
        return self

    def set_idempotency_key(self, key: Select) -> HttpSinkBuilder:
        """Set what gives a record's Idempotency-Key, by which a server may know one that is sent again."""
        self._key = key
        return self

    def build(self) -> HttpSink:
        """The sink.

        Raises:
            ConfigurationError: something that it needs was not set, or does not go together.
        """
        self.options.needed(URL, "set_url")
        check_choice(self.options.get(METHOD), METHOD.key, METHODS)
        if self._schema is None:
            raise ConfigurationError("HttpSink needs to know how to write records: set_value_serializer(...)")
        if self.options.get(LINES) and (self._url is not None or self._key is not None):
            raise ConfigurationError("lines: records of one request have no URL and no idempotency key of their own")
        headers = {"Content-Type": self.options.get(CONTENT_TYPE), **self._headers}
        return HttpSink(self.options, self._schema, headers, self._url, self._key)


class HttpTarget(Target):
    """Sends requests, one after the other."""

    def __init__(self, sink: HttpSink) -> None:
        self.sink = sink
        self.client = HttpClient(sink.headers, sink.options.get(TIMEOUT) / 1000, SinkError)

    def send(self, items: list[Any]) -> list[Any]:
        method = self.sink.options.get(METHOD)
        if self.sink.options.get(LINES):
            self.client.ask(method, items[0][0], b"".join(body + b"\n" for _, body, _ in items))
            return []
        for number, (url, body, headers) in enumerate(items):
            try:
                self.client.ask(method, url, body, headers)
            except ConnectionLostError:
                if number == 0:
                    raise
                return items[number:]
        return []

    def close(self) -> None:
        self.client.close()
