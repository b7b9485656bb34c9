"""Streams of NATS JetStream, read by a durable consumer, each message once."""

from __future__ import annotations

import asyncio
from typing import Any

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import INT, LONG, STRING
from pyflinkx.connectors.acknowledged.messages import Connection, Message
from pyflinkx.connectors.acknowledged.source import COMMON, AcknowledgedSource, AcknowledgedSourceBuilder
from pyflinkx.connectors.extras import library
from pyflinkx.connectors.nats.client import CLIENT_OPTIONS, SERVERS, STREAM, Client, told_as
from pyflinkx.connectors.option_table import Options
from pyflinkx.errors import SourceError

SUBJECT = ConfigOption("subject", STRING, ">", "which subjects of the stream to read: one, or a pattern of NATS's")
DURABLE = ConfigOption("durable", STRING, description="the durable consumer, made where it is missing")
START = ConfigOption(
    "start",
    STRING,
    "all",
    "where a consumer begins that is made: all, new for what comes from then on, or last",
    fault=lambda value: None if value in ("all", "new", "last") else "is none of all, new and last",
)
ACK_WAIT = ConfigOption(
    "ack.wait.ms",
    LONG,
    60_000,
    "of a consumer that is made: after how long the server gives a message again that is not acknowledged. More than "
    "from one checkpoint to the next; what a process had that has died comes after it",
    minimum=1000,
)
ACK_PENDING = ConfigOption(
    "max.ack.pending",
    INT,
    1_000_000,
    "of a consumer that is made: how many messages may be unacknowledged; when there are as many, the source waits for "
    "the next checkpoint",
    minimum=1,
)
SOURCE_OPTIONS = (*CLIENT_OPTIONS, STREAM, SUBJECT, DURABLE, START, ACK_WAIT, ACK_PENDING, *COMMON)

# Messages that are asked for at once.
BATCH = 250


class NatsSource(AcknowledgedSource):
    """Reads a stream of JetStream by a durable consumer, which all subtasks share.

    Example:
        >>> from pyflinkx.types.serialization import SimpleStringSchema
        >>> builder = NatsSource.builder().set_servers("nats://localhost:4222").set_stream("ORDERS").set_durable("billing")
        >>> builder.set_value_only_deserializer(SimpleStringSchema()).build()
        NatsSource(nats://localhost:4222, stream 'ORDERS')
    """

    operation = "NatsSource"

    @staticmethod
    def builder() -> NatsSourceBuilder:
        """Begin to describe one."""
        return NatsSourceBuilder()

    def server(self) -> str:
        return f"{self.options.get(SERVERS)}, stream {self.options.get(STREAM)!r}"

    def connect(self, subtask: int, parallelism: int) -> Connection:
        return NatsConnection(self.options, self.server())


class NatsSourceBuilder(AcknowledgedSourceBuilder):
    """Describes a NatsSource."""

    def __init__(self) -> None:
        super().__init__()
        self.options = Options("NatsSource", SOURCE_OPTIONS)

    def set_servers(self, *servers: str) -> NatsSourceBuilder:
        """Set the servers, as ``nats://host:4222``."""
        return self.set_option(SERVERS.key, ",".join(servers))

    def set_stream(self, stream: str) -> NatsSourceBuilder:
        """Set the stream of JetStream, which has to be there."""
        return self.set_option(STREAM.key, stream)

    def set_subject(self, subject: str) -> NatsSourceBuilder:
        """Set which subjects of the stream to read; by default all."""
        return self.set_option(SUBJECT.key, subject)

    def set_durable(self, durable: str) -> NatsSourceBuilder:
        """Set the durable consumer; it is made where it is missing."""
        return self.set_option(DURABLE.key, durable)

    def build(self) -> NatsSource:
        """The source.

        Raises:
            ConfigurationError: something that it needs was not set.
        """
        for option, method in ((SERVERS, "set_servers"), (STREAM, "set_stream"), (DURABLE, "set_durable")):
            self.options.needed(option, method)
        return NatsSource(self.options, self._made_schema(), self._type)


class NatsConnection(Connection):
    """Pulls messages of a durable consumer."""

    confirms = True

    def __init__(self, options: Options, server: str) -> None:
        self.server = server
        self.name = options.get(STREAM)
        errors = library("nats.errors", "NATS", "nats-py", "nats")
        self.nothing = (errors.TimeoutError, asyncio.TimeoutError)
        with told_as(SourceError, server):
            self.client = Client(options)
            try:
                self._subscribe(options)
            except BaseException:
                self.client.close()
                raise

    def _subscribe(self, options: Options) -> None:
        api = library("nats.js.api", "NATS", "nats-py", "nats")
        config = api.ConsumerConfig(
            durable_name=options.get(DURABLE),
            deliver_policy=api.DeliverPolicy(options.get(START)),
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=options.get(ACK_WAIT) / 1000,
            max_ack_pending=options.get(ACK_PENDING),
            filter_subject=options.get(SUBJECT),
        )
        stream = self.client.stream
        missing = library("nats.js.errors", "NATS", "nats-py", "nats").NotFoundError
        self.client.run(stream.stream_info(self.name))
        try:
            self.client.run(stream.consumer_info(self.name, options.get(DURABLE)))
        except missing:
            self.client.run(stream.add_consumer(self.name, config))
        subscribed = stream.pull_subscribe_bind(options.get(DURABLE), self.name)
        self.subscription = self.client.run(subscribed)

    def receive(self, most: int, seconds: float) -> list[tuple[Message, Any]]:
        with told_as(SourceError, self.server):
            try:
                came = self.client.run(self.subscription.fetch(min(most, BATCH), seconds))
            except self.nothing:
                if self.client.lost is None:
                    return []
                raise
        return [(self._message(message), message) for message in came]

    def _message(self, message: Any) -> Message:
        known = message.metadata
        fields = {"subject": message.subject, "headers": message.headers or {}}
        stamp = int(known.timestamp.timestamp() * 1000)
        return Message(message.data, message.subject, f"{self.name} {known.sequence.stream}", stamp, fields)

    def acknowledge(self, tokens: list[Any]) -> None:
        async def all_of_them() -> None:
            for start in range(0, len(tokens), BATCH):
                await asyncio.gather(
                    *(message.ack_sync(timeout=self.client.timeout) for message in tokens[start : start + BATCH])
                )

        with told_as(SourceError, self.server):
            self.client.run(all_of_them())

    def idle(self, seconds: float) -> None:
        with told_as(SourceError, self.server):
            self.client.run(asyncio.sleep(seconds))  # pings are answered meanwhile

    def close(self) -> None:
        self.client.close()
