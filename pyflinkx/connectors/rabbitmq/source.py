"""Queues of RabbitMQ, acknowledged with checkpoints; exactly once where messages have correlation ids."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from pyflinkx.config.arguments import check_on_error, check_text
from pyflinkx.connectors.acknowledged.messages import Connection, Message
from pyflinkx.connectors.acknowledged.source import FETCH_SIZE, ON_ERROR, PATIENCE, AcknowledgedSource
from pyflinkx.connectors.option_table import Options
from pyflinkx.connectors.rabbitmq.client import connected, told_as
from pyflinkx.connectors.rabbitmq.config import (
    AUTOMATIC_RECOVERY,
    HEARTBEAT,
    PREFETCH_COUNT,
    RECOVERY_INTERVAL,
    RMQConnectionConfig,
)
from pyflinkx.connectors.rabbitmq.config import PATIENCE as CONNECTION_PATIENCE
from pyflinkx.errors import SourceError
from pyflinkx.types.serialization import DeserializationSchema

# How often (s) the connection is looked at while the task is behind, at least.
IDLE_SECONDS = 5.0


class RMQSource(AcknowledgedSource):
    """Reads a queue, for ``env.add_source``; a durable one is declared where it is missing.

    Messages are acknowledged when the checkpoint behind them is durable, which gives each at least once; in a job
    without checkpoints as they are read. With correlation ids, which have to be unique, each is given once.

    Args:
        connection_config: which server.
        queue_name: the queue.
        use_correlation_id: whether messages are known by their correlation ids when they come again; all must have one.
        deserialization_schema: makes records of messages.
        on_error: what follows when a message cannot be read: ``"fail"``, or ``"skip"``, which counts it and gives it to
            the side output ``bad-records``.
    """

    operation = "RMQSource"

    def __init__(
        self,
        connection_config: RMQConnectionConfig,
        queue_name: str,
        use_correlation_id: bool,
        deserialization_schema: DeserializationSchema,
        on_error: str = "fail",
    ) -> None:
        if not isinstance(connection_config, RMQConnectionConfig):
            raise TypeError(f"connection_config is an RMQConnectionConfig, not {connection_config!r}")
        if not isinstance(deserialization_schema, DeserializationSchema):
            raise TypeError(f"deserialization_schema is a DeserializationSchema, not {deserialization_schema!r}")
        options = Options("RMQSource", (FETCH_SIZE, PATIENCE, ON_ERROR))
        options.set(ON_ERROR.key, check_on_error(on_error))
        given = connection_config.options
        options.set(PATIENCE.key, given.get(CONNECTION_PATIENCE) if given.get(AUTOMATIC_RECOVERY) else 0)
        super().__init__(options, deserialization_schema, None)
        self.config = connection_config
        self.queue = check_text(queue_name, "queue_name")
        self.use_correlation_id = bool(use_correlation_id)

    def as_source(self) -> RMQSource:
        """What reads so."""
        return self

    def server(self) -> str:
        return f"{self.config.shown()}, queue {self.queue!r}"

    def delay(self) -> float | None:
        millis = self.config.options.get(RECOVERY_INTERVAL)
        return None if millis is None else millis / 1000

    def connect(self, subtask: int, parallelism: int) -> Connection:
        return RabbitConnection(self)


class RabbitConnection(Connection):
    """Consumes a queue."""

    def __init__(self, source: RMQSource) -> None:
        self.source = source
        self.came: list[tuple[Message, Any]] = []
        self.cancelled = False
        self.acknowledged = 0  # up to this tag
        self.loose: set[int] = set()  # beyond it
        self.looked = time.monotonic()
        self.idle_seconds = min(IDLE_SECONDS, (source.config.options.get(HEARTBEAT) or 60) / 4)
        with self._told():
            self.connection = connected(source.config)
            try:
                self._consume(source.config.options.get(PREFETCH_COUNT))
            except BaseException:
                with contextlib.suppress(Exception):  # it may be what broke
                    self.connection.close()
                raise

    def _consume(self, most: int | None) -> None:
        self.channel = self.connection.channel()
        self.channel.queue_declare(self.source.queue, durable=True)
        if most is not None:
            self.channel.basic_qos(prefetch_count=most)
        self.channel.add_on_cancel_callback(self._cancel)
        self.channel.basic_consume(self.source.queue, self._take)

    def _told(self) -> Any:
        return told_as(SourceError, self.source.server())

    def _cancel(self, frame: Any) -> None:
        self.cancelled = True

    def _take(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        number = None
        if self.source.use_correlation_id:
            number = properties.correlation_id
            if number is None:
                raise SourceError(
                    f"{self.source.server()}: a message has no correlation id, by which it would be known when it "
                    f"comes again: {body[:80]!r}; without use_correlation_id each is given at least once"
                )
        stamp = None if properties.timestamp is None else properties.timestamp * 1000
        fields = {"headers": properties.headers or {}, "routing_key": method.routing_key}
        self.came.append((Message(body, self.source.queue, number, stamp, fields), method.delivery_tag))

    def receive(self, most: int, seconds: float) -> list[tuple[Message, Any]]:
        if not self.came:
            with self._told():
                self.connection.process_data_events(seconds)
        if self.cancelled and not self.came:
            raise SourceError(f"{self.source.server()} is not there any more")
        came, self.came = self.came[:most], self.came[most:]
        return came

    def acknowledge(self, tokens: list[Any]) -> None:
        highest = max(tokens)
        with self._told():
            if highest - self.acknowledged == len(tokens) and not self.loose:
                self.channel.basic_ack(highest, multiple=True)
                self.acknowledged = highest
                return
            for tag in tokens:
                self.channel.basic_ack(tag)
        self.loose.update(tokens)
        while self.acknowledged + 1 in self.loose:
            self.acknowledged += 1
            self.loose.remove(self.acknowledged)

    def idle(self, seconds: float) -> None:
        # Each look takes messages in: seldom enough that they wait at the server, often enough for its heartbeats.
        if time.monotonic() - self.looked > self.idle_seconds:
            self.looked = time.monotonic()
            with self._told():
                self.connection.process_data_events(seconds)

    def close(self) -> None:
        self.connection.close()
