"""Records into a queue of RabbitMQ, each at least once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.config.arguments import check_text
from pyflinkx.connectors.batched import COMMON, BatchingWriter, Target
from pyflinkx.connectors.option_table import Options
from pyflinkx.connectors.rabbitmq.client import client_library, connected, told_as
from pyflinkx.connectors.rabbitmq.config import RMQConnectionConfig
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.errors import SinkError
from pyflinkx.types.serialization import SerializationSchema


class RMQSink(Sink):
    """Writes to a queue, for ``env.add_sink``; a durable one is declared where it is missing.

    A batch of persistent messages is published in a transaction of the server's, so that it is in the queue, and with
    most servers on the disk, before a checkpoint is taken.

    Args:
        connection_config: which server.
        queue_name: the queue.
        serialization_schema: makes messages of records.
        correlation_id: gives the correlation id of a record's message; None for none.
        options: of the table of options: ``batch.size``, ``batch.interval.ms``, ``max.retries``.
    """

    def __init__(
        self,
        connection_config: RMQConnectionConfig,
        queue_name: str,
        serialization_schema: SerializationSchema,
        correlation_id: Callable[[Any], str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(connection_config, RMQConnectionConfig):
            raise TypeError(f"connection_config is an RMQConnectionConfig, not {connection_config!r}")
        if not isinstance(serialization_schema, SerializationSchema):
            raise TypeError(f"serialization_schema is a SerializationSchema, not {serialization_schema!r}")
        self.config = connection_config
        self.queue = check_text(queue_name, "queue_name")
        self.schema = serialization_schema
        self.correlation_id = correlation_id
        self.options = Options("RMQSink", COMMON)
        for key, value in (options or {}).items():
            self.options.set(key, value)

    def __repr__(self) -> str:
        return f"RMQSink({self.server()})"

    def as_sink(self) -> RMQSink:
        """What writes so."""
        return self

    def server(self) -> str:
        """Names the server and the queue, for people."""
        return f"{self.config.shown()}, queue {self.queue!r}"

    def create_writer(self, context: WriterContext) -> SinkWriter:
        return BatchingWriter(RabbitTarget(self), self.server(), self.message, self.options, context)

    def message(self, record: Any, gone: bool) -> tuple[bytes, str | None]:
        """What is published for a record: its bytes, and its correlation id."""
        number = None if self.correlation_id is None else self.correlation_id(record)
        if number is not None and not isinstance(number, str):
            raise SinkError(f"a correlation id is text, not {short_repr(number)}")
        return self.schema.serialize(record), number


class RabbitTarget(Target):
    """Publishes batches, each in a transaction."""

    def __init__(self, sink: RMQSink) -> None:
        self.sink = sink
        self.connection: Any = None
        self.channel: Any = None
        self.returned: list[Any] = []
        pika = client_library()
        self.properties = pika.BasicProperties

    def send(self, items: list[Any]) -> list[Any]:
        with told_as(SinkError, self.sink.server()):
            if self.channel is None:
                self._connect()
            for body, number in items:
                properties = self.properties(delivery_mode=2, correlation_id=number)
                self.channel.basic_publish("", self.sink.queue, body, properties, mandatory=True)
            self.channel.tx_commit()
            self.connection.process_data_events(0)  # what could not be put into a queue has come back by now
        if self.returned:
            raise SinkError(f"{self.sink.server()} is not there any more")
        return []

    def _connect(self) -> None:
        self.connection = connected(self.sink.config)
        channel = self.connection.channel()
        channel.queue_declare(self.sink.queue, durable=True)
        channel.add_on_return_callback(lambda *message: self.returned.append(message))
        channel.tx_select()
        self.channel = channel

    def close(self) -> None:
        connection, self.connection, self.channel = self.connection, None, None
        if connection is not None and connection.is_open:
            with contextlib.suppress(Exception):  # what was published is there
                connection.close()
