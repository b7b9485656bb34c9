"""Text over a TCP connection: as a source, and as a sink."""

from __future__ import annotations

import codecs
import contextlib
import io
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from pyflinkx.config.arguments import check_count, check_text
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.connectors.source_function import SourceContext, SourceFunction
from pyflinkx.errors import ConfigurationError, SinkError, SourceError
from pyflinkx.formats.decoding import MAX_LINE_BYTES
from pyflinkx.formats.opening import os_error_text
from pyflinkx.types.serialization import SerializationSchema

log = logging.getLogger("pyflinkx.connectors")

CHUNK_BYTES = 1 << 16
# Between two attempts to connect (s), as Flink's.
RETRY_DELAY = 0.5
CONNECT_TIMEOUT = 10.0
# How long (s) a server may take no data, as nothing else ends a task that waits for it.
SEND_TIMEOUT = 60.0


def check_address(host: Any, port: Any) -> tuple[str, int]:
    """Host and port, if they can be.

    Raises:
        TypeError, ConfigurationError: they cannot.
    """
    if not check_text(host, "host"):
        raise ConfigurationError("host is empty")
    if check_count(port, "port") > 65535:
        raise ConfigurationError(f"port is at most 65535, not {port!r}")
    return host, port


class OpenRecord:
    """What stands after the last delimiter so far; it may grow long, in small parts.

    Args:
        delimiter: between records.

    Example:
        >>> record = OpenRecord("--")
        >>> record.split("a-"), record.split("-b--c"), record.text.getvalue()
        ([], ['a', 'b'], 'c')
    """

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        self.text = io.StringIO()
        self.length = 0
        self.end = ""  # of the text: where a delimiter may begin

    def split(self, text: str) -> list[str]:
        """The records that end in ``text``, which follows the text so far."""
        looked_at = self.end + text
        if self.delimiter in looked_at:
            *records, text = (self.text.getvalue() + text).split(self.delimiter)
            looked_at = text
            self.text = io.StringIO()
            self.length = 0
        else:
            records = []
        self.text.write(text)
        self.length += len(text)
        self.end = looked_at[len(looked_at) - min(len(looked_at), len(self.delimiter) - 1) :]
        return records


class SocketTextStreamFunction(SourceFunction):
    r"""Reads text from a server, and splits it at a delimiter.

    A connection that the server closes is the end of the stream, unless there are retries left; what then stands after
    the last delimiter is a record too.

    Args:
        hostname: of the server.
        port: of the server.
        delimiter: between records; with ``\n`` a ``\r`` before it is dropped too.
        max_num_retries: how often to connect anew, 0.5 s apart, when the server closes the connection or cannot be
            reached; -1 for no limit.
        wait: waits so many seconds between attempts; None for the default. For tests.

    Raises:
        TypeError, ConfigurationError: an argument cannot be.
    """

    unreplayable = "a server sends its text once"

    def __init__(
        self,
        hostname: str,
        port: int,
        delimiter: str = "\n",
        max_num_retries: int = 0,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self.hostname, self.port = check_address(hostname, port)
        if not check_text(delimiter, "delimiter"):
            raise ConfigurationError("delimiter is empty")
        self.delimiter = delimiter
        self.max_num_retries = check_count(max_num_retries, "max_retry", least=-1)
        self.wait = wait
        self.open = OpenRecord(self.delimiter)
        self._stopped = False
        self._cancelled: threading.Event | None = None
        self._socket: socket.socket | None = None

    def run(self, ctx: SourceContext) -> None:
        self._cancelled = cancelled = threading.Event()
        if self._stopped:  # before there was an event to be set
            return
        attempts = 0
        while not cancelled.is_set():
            failure: OSError | None = None
            try:
                self._read(ctx, cancelled)
            except OSError as error:
                failure = error
            if cancelled.is_set():
                return
            attempts += 1
            if self.max_num_retries != -1 and attempts > self.max_num_retries:
                if failure is not None:
                    raise SourceError(
                        f"{self.hostname}:{self.port}: cannot be read: {os_error_text(failure)}"
                    ) from failure
                break
            log.warning(
                "lost the connection to %s:%d, connecting anew: %s", self.hostname, self.port, failure or "closed"
            )
            (self.wait or cancelled.wait)(RETRY_DELAY)
        if self.open.length:
            ctx.collect(self.open.text.getvalue())

    def _read(self, ctx: SourceContext, cancelled: threading.Event) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with socket.create_connection((self.hostname, self.port), CONNECT_TIMEOUT) as connection:
            connection.settimeout(None)
            self._socket = connection
            while not cancelled.is_set():
                data = connection.recv(CHUNK_BYTES)
                self._split(ctx, decoder.decode(data, final=not data))
                if not data:
                    return

    def _split(self, ctx: SourceContext, text: str) -> None:
        for record in self.open.split(text):
            ctx.collect(record[:-1] if self.delimiter == "\n" and record.endswith("\r") else record)
        if self.open.length > MAX_LINE_BYTES:
            raise SourceError(f"{self.hostname}:{self.port}: a record is longer than {MAX_LINE_BYTES} characters")

    def cancel(self) -> None:
        self._stopped = True
        if self._cancelled is not None:
            self._cancelled.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class SocketClientSink(Sink):
    """Writes records to a server, from one subtask.

    Args:
        host: of the server.
        port: of the server.
        schema: makes the bytes of a record.
        max_num_retries: how often to connect anew, 0.5 s apart, when a connection breaks; -1 for no limit. What was
            under way when it broke is sent again.

    Raises:
        TypeError, ConfigurationError: an argument cannot be.
    """

    parallelism = 1

    def __init__(self, host: str, port: int, schema: SerializationSchema, max_num_retries: int = 0) -> None:
        self.host, self.port = check_address(host, port)
        if not isinstance(schema, SerializationSchema):
            raise TypeError(f"schema is a SerializationSchema such as SimpleStringSchema(), not {schema!r}")
        self.schema = schema
        self.max_num_retries = check_count(max_num_retries, "max_num_retries", least=-1)

    def __repr__(self) -> str:
        return f"SocketClientSink({self.host!r}, {self.port})"

    def create_writer(self, context: WriterContext) -> SocketWriter:
        return SocketWriter(self)


class SocketWriter(SinkWriter):
    """Writes to one connection."""

    def __init__(self, sink: SocketClientSink) -> None:
        self.sink = sink
        self.connection: socket.socket | None = None
        self.attempts = 0
        try:
            self._connect()
        except OSError as error:
            raise self._failure(error) from error

    def _connect(self) -> None:
        self.connection = socket.create_connection((self.sink.host, self.sink.port), CONNECT_TIMEOUT)
        self.connection.settimeout(SEND_TIMEOUT)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _failure(self, error: OSError) -> SinkError:
        return SinkError(f"{self.sink.host}:{self.sink.port}: cannot be written: {os_error_text(error)}")

    def write(self, batch: Any) -> None:
        data = b"".join(map(self.sink.schema.serialize, batch.values))
        while True:
            try:
                if self.connection is None:
                    self._connect()
                assert self.connection is not None
                self.connection.sendall(data)
                return
            except OSError as error:
                self.close()
                self.attempts += 1
                if self.sink.max_num_retries != -1 and self.attempts > self.sink.max_num_retries:
                    raise self._failure(error) from error
                time.sleep(RETRY_DELAY)

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None
