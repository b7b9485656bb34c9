"""Records as documents of Elasticsearch or OpenSearch, each at least once; with ids, as often as it takes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import INT, LONG, STRING
from pyflinkx.connectors import batched
from pyflinkx.connectors.acknowledged.messages import ConnectionLostError
from pyflinkx.connectors.batched import BatchingWriter, Target
from pyflinkx.connectors.elasticsearch.emitter import ElasticsearchEmitter
from pyflinkx.connectors.http.client import AGAIN, HttpClient, shown_url
from pyflinkx.connectors.option_table import Options
from pyflinkx.connectors.record_sink import DeliveryGuarantee
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.errors import ConfigurationError, SinkError
from pyflinkx.names.asking import answers

if TYPE_CHECKING:
    from typing_extensions import Self

HOSTS = ConfigOption("hosts", STRING, description="the servers, http://host:9200, with commas between them")
USERNAME = ConfigOption("username", STRING, description="who connects")
PASSWORD = ConfigOption("password", STRING, description="the password")
PATH_PREFIX = ConfigOption("connection.path-prefix", STRING, description="what the path of each request begins with")
MAX_ACTIONS = ConfigOption(
    "sink.bulk-flush.max-actions",
    INT,
    1000,
    "after how many records they are sent; -1 for not before the checkpoint",
    minimum=-1,
)
MAX_SIZE = ConfigOption(
    "sink.bulk-flush.max-size", INT, 5, "the most that is sent at once, in MB; -1 for no limit", minimum=-1
)
INTERVAL = ConfigOption(
    "sink.bulk-flush.interval",
    LONG,
    -1,
    "how long (ms) a record may wait for others; -1 for as long as it takes",
    minimum=-1,
)
BACKOFF = ConfigOption(
    "sink.bulk-flush.backoff.strategy",
    STRING,
    "NONE",
    "how attempts follow: CONSTANT, EXPONENTIAL, or NONE for no other",
)
RETRIES = ConfigOption("sink.bulk-flush.backoff.max-retries", INT, 0, "how often it is sent again", minimum=0)
DELAY = ConfigOption("sink.bulk-flush.backoff.delay", LONG, 50, "milliseconds before the first of them", minimum=0)
REQUEST_TIMEOUT = ConfigOption(
    "connection.request-timeout", INT, None, "kept, without an effect: each subtask has a connection of its own"
)
CONNECT_TIMEOUT = ConfigOption(
    "connection.timeout", INT, None, "milliseconds that making a connection may take; here the time-out of the socket's"
)
SOCKET_TIMEOUT = ConfigOption("socket.timeout", INT, 30_000, "milliseconds that an answer may take", minimum=1)
SINK_OPTIONS = (
    HOSTS,
    USERNAME,
    PASSWORD,
    PATH_PREFIX,
    MAX_ACTIONS,
    MAX_SIZE,
    INTERVAL,
    BACKOFF,
    RETRIES,
    DELAY,
    REQUEST_TIMEOUT,
    CONNECT_TIMEOUT,
    SOCKET_TIMEOUT,
)


class FlushBackoffType(Enum):
    """How attempts follow one another: at the same distance, at one that grows, or there is only one."""

    CONSTANT = "CONSTANT"
    EXPONENTIAL = "EXPONENTIAL"
    NONE = "NONE"


class ElasticsearchSink(Sink):
    """Writes documents; made by ``Elasticsearch7SinkBuilder`` or ``Elasticsearch6SinkBuilder``."""

    def __init__(self, options: Options, emitter: ElasticsearchEmitter, guarantee: DeliveryGuarantee) -> None:
        self.options = options
        self.emitter = emitter
        self.guarantee = guarantee

    def __repr__(self) -> str:
        return f"ElasticsearchSink({self.options.get(HOSTS)})"

    def create_writer(self, context: WriterContext) -> SinkWriter:
        options, found = Options("ElasticsearchSink", batched.COMMON), self.options
        actions, interval = found.get(MAX_ACTIONS), found.get(INTERVAL)
        options.set(batched.BATCH_SIZE.key, 2**31 - 1 if actions < 1 else actions)
        options.set(batched.BATCH_INTERVAL.key, max(interval, 0))
        options.set(batched.MAX_RETRIES.key, 0 if found.get(BACKOFF) == "NONE" else found.get(RETRIES))
        first, grows = found.get(DELAY) / 1000, found.get(BACKOFF) == "EXPONENTIAL"
        writer = BulkWriter(
            BulkTarget(self),
            found.get(HOSTS),
            self.emitter.lines,
            options,
            context,
            changes=self.emitter.key_field is not None,
            delay=lambda attempt: first * 2 ** (attempt - 1) if grows else first,
        )
        writer.flushes = self.guarantee is not DeliveryGuarantee.NONE
        return writer


class BulkWriter(BatchingWriter):
    """A writer that may leave checkpoints to themselves: ``flushes`` says whether it does not."""

    flushes = True

    def flush(self, end_of_input: bool) -> None:
        if self.flushes or end_of_input:
            super().flush(end_of_input)


class BulkTarget(Target):
    """Sends bulk requests, to one of the hosts that answers."""

    def __init__(self, sink: ElasticsearchSink) -> None:
        found = sink.options
        headers = {"Content-Type": "application/x-ndjson"}
        if found.get(USERNAME) is not None:
            pair = f"{found.get(USERNAME)}:{found.get(PASSWORD) or ''}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        self.client = HttpClient(headers, found.get(SOCKET_TIMEOUT) / 1000, SinkError)
        prefix = (found.get(PATH_PREFIX) or "").strip("/")
        path = f"/{prefix}/_bulk" if prefix else "/_bulk"
        self.urls = [host.rstrip("/") + path for host in found.get(HOSTS).split(",")]
        self.keyed = sink.emitter.key_field is not None
        size = found.get(MAX_SIZE)
        self.most = 2**63 if size < 1 else size << 20

    def send(self, items: list[Any]) -> list[Any]:
        if self.keyed:  # the last word on each document: what is sent again must not come behind a later one
            items = list({place_of(lines): lines for lines in items}.values())
        count = length = 0
        for count, lines in enumerate(items):  # it is where the loop ended
            length += len(lines)
            if length > self.most and count:
                break
        else:
            count = len(items)
        part, rest = items[:count], items[count:]
        left = [part[number] for number in self._refused(json.loads(self._ask(b"".join(part))))]
        return [*left, *rest] if left or not rest else self.send(rest)

    def _ask(self, body: bytes) -> bytes:
        for number, url in enumerate(self.urls):
            try:
                return self.client.ask("POST", url, body)[2]
            except ConnectionLostError:
                if number == len(self.urls) - 1:
                    raise
        raise AssertionError("there is a host")

    def _refused(self, answer: Any) -> list[int]:
        """Which documents are to be sent again, by their places.

        Raises:
            SinkError: one cannot be written.
        """
        again = []
        if answer.get("errors"):
            for number, item in enumerate(answer["items"]):
                (result,) = item.values()
                status = result.get("status", 200)
                if status in AGAIN:
                    again.append(number)
                elif "error" in result:
                    error = result["error"]
                    why = f"{error.get('type')}: {error.get('reason')}" if isinstance(error, dict) else error
                    where = f"{shown_url(self.urls[0])}, index {result.get('_index')!r}, id {result.get('_id')!r}"
                    raise SinkError(f"{where}: {status} {why}")
        return again

    def close(self) -> None:
        self.client.close()


def place_of(lines: bytes) -> bytes:
    """Index and id of what a bulk request says, whatever it says of them."""
    return lines.partition(b"\n")[0].partition(b": ")[2]


class ElasticsearchSinkBuilderBase:
    """Gathers the options of a sink."""

    def __init__(self) -> None:
        self._options = Options(type(self).__name__, SINK_OPTIONS)
        self._emitter: ElasticsearchEmitter | None = None
        self._guarantee = DeliveryGuarantee.AT_LEAST_ONCE

    def _set(self, option: ConfigOption[Any], value: Any) -> Self:
        self._options.set(option.key, value)
        return self

    def set_emitter(self, emitter: ElasticsearchEmitter) -> Self:
        """Set what makes documents of records.

        Raises:
            TypeError: it is no ElasticsearchEmitter.
        """
        if not isinstance(emitter, ElasticsearchEmitter):
            raise TypeError(
                f"an emitter is ElasticsearchEmitter.static_index(...) or dynamic_index(...), not {emitter!r}"
            )
        self._emitter = emitter
        return self

    def set_hosts(self, hosts: str | Sequence[str]) -> Self:
        """Set the servers, as ``http://host:9200``; without a scheme it is http.

        Raises:
            ConfigurationError: one is no address.
        """
        found = []
        for host in [hosts] if isinstance(hosts, str) else hosts:
            url = host if "://" in host else f"http://{host}"
            if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
                raise ConfigurationError(f"a host is http://name:port, not {host!r}")
            found.append(url)
        return self._set(HOSTS, ",".join(found))

    def set_delivery_guarantee(self, delivery_guarantee: DeliveryGuarantee) -> Self:
        """Set whether all records are written before a checkpoint (AT_LEAST_ONCE, by default), or not (NONE).

        Raises:
            ConfigurationError: it is EXACTLY_ONCE, which there is not; ids come to the same.
        """
        if delivery_guarantee is DeliveryGuarantee.EXACTLY_ONCE:
            raise ConfigurationError(
                "Elasticsearch knows no transactions: AT_LEAST_ONCE with a key_field of the emitter ends in the same "
                "documents"
            )
        self._guarantee = delivery_guarantee
        return self

    def set_bulk_flush_max_actions(self, num_max_actions: int) -> Self:
        """Set after how many records they are sent; -1 for not before the checkpoint."""
        return self._set(MAX_ACTIONS, num_max_actions)

    def set_bulk_flush_max_size_mb(self, max_size_mb: int) -> Self:
        """Set the most that is sent at once, in MB; -1 for no limit."""
        return self._set(MAX_SIZE, max_size_mb)

    def set_bulk_flush_interval(self, interval_millis: int) -> Self:
        """Set how long (ms) a record may wait for others; -1 for as long as it takes."""
        return self._set(INTERVAL, interval_millis)

    def set_bulk_flush_backoff_strategy(
        self, flush_backoff_type: FlushBackoffType, max_retries: int, delay_millis: int
    ) -> Self:
        """Set how often what could not be written is sent again, and how long after."""
        self._set(BACKOFF, flush_backoff_type.value)._set(RETRIES, max_retries)
        return self._set(DELAY, delay_millis)

    def set_connection_username(self, username: str) -> Self:
        """Set who connects."""
        return self._set(USERNAME, username)

    def set_connection_password(self, password: str) -> Self:
        """Set the password."""
        return self._set(PASSWORD, password)

    def set_connection_path_prefix(self, prefix: str) -> Self:
        """Set what the path of each request begins with."""
        return self._set(PATH_PREFIX, prefix)

    def set_connection_request_timeout(self, timeout: int) -> Self:
        """Kept, without an effect: each subtask has a connection of its own."""
        return self._set(REQUEST_TIMEOUT, timeout)

    def set_connection_timeout(self, timeout: int) -> Self:
        """Kept, without an effect: the time-out of the socket's holds for connecting, too."""
        return self._set(CONNECT_TIMEOUT, timeout)

    def set_socket_timeout(self, timeout: int) -> Self:
        """Set how long (ms) an answer may take."""
        return self._set(SOCKET_TIMEOUT, timeout)

    def build(self) -> ElasticsearchSink:
        """The sink.

        Raises:
            ConfigurationError: hosts or emitter were not set.
        """
        self._options.needed(HOSTS, "set_hosts")
        if self._emitter is None:
            raise ConfigurationError("a sink of documents needs an emitter: set_emitter(...)")
        return ElasticsearchSink(self._options, self._emitter, self._guarantee)


answers("datastream.connectors.elasticsearch.ElasticsearchSinkBuilderBase")(ElasticsearchSinkBuilderBase)


@answers("datastream.connectors.elasticsearch.Elasticsearch6SinkBuilder")
class Elasticsearch6SinkBuilder(ElasticsearchSinkBuilderBase):
    """Describes a sink for Elasticsearch 6, whose emitter has a ``doc_type``."""


@answers("datastream.connectors.elasticsearch.Elasticsearch7SinkBuilder")
class Elasticsearch7SinkBuilder(ElasticsearchSinkBuilderBase):
    """Describes a sink for Elasticsearch 7 and later, and for OpenSearch.

    Example:
        >>> builder = Elasticsearch7SinkBuilder().set_hosts("localhost:9200")
        >>> builder.set_emitter(ElasticsearchEmitter.static_index("orders", "id")).build()
        ElasticsearchSink(http://localhost:9200)
    """
