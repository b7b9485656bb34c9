"""Records into streams of NATS JetStream; with ids each once, as the stream leaves out what it has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.connectors.batched import COMMON, BatchingWriter, Target
from pyflinkx.connectors.nats.client import CLIENT_OPTIONS, SERVERS, Client, told_as
from pyflinkx.connectors.option_table import Options, OptionsBuilder
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.errors import ConfigurationError, SinkError
from pyflinkx.types.serialization import SerializationSchema

SINK_OPTIONS = (*CLIENT_OPTIONS, *COMMON)

Select = Callable[[Any], str]


class NatsSink(Sink):
    """Publishes to subjects that a stream of JetStream has, and waits for its word: each is there at least once."""

    def __init__(
        self, options: Options, subject: str | Select, schema: SerializationSchema, number: Select | None
    ) -> None:
        self.options = options
        self.subject = subject
        self.schema = schema
        self.number = number

    def __repr__(self) -> str:
        return f"NatsSink({self.options.get(SERVERS)})"

    @staticmethod
    def builder() -> NatsSinkBuilder:
        """Begin to describe one."""
        return NatsSinkBuilder()

    def create_writer(self, context: WriterContext) -> SinkWriter:
        server = self.options.get(SERVERS)
        return BatchingWriter(NatsTarget(self.options), server, self.message, self.options, context)

    def message(self, record: Any, gone: bool) -> tuple[str, bytes, dict[str, str] | None]:
        """What is published for a record: subject, bytes and headers."""
        subject = self.subject if isinstance(self.subject, str) else self.subject(record)
        headers = None
        if self.number is not None:
            number = self.number(record)
            if not isinstance(number, str):
                raise SinkError(f"the id of a message is text, not {short_repr(number)}")
            headers = {"Nats-Msg-Id": number}
        return subject, self.schema.serialize(record), headers


class NatsSinkBuilder(OptionsBuilder):
    """Describes a NatsSink."""

    def __init__(self) -> None:
        self.options = Options("NatsSink", SINK_OPTIONS)
        self._subject: str | Select | None = None
        self._schema: SerializationSchema | None = None
        self._number: Select | None = None

    def set_servers(self, *servers: str) -> NatsSinkBuilder:
        """Set the servers, as ``nats://host:4222``."""
        return self.set_option(SERVERS.key, ",".join(servers))

    def set_subject(self, subject: str | Select) -> NatsSinkBuilder:
        """Set the subject, or a function that gives that of a record."""
        self._subject = subject
        return self

    def set_value_serializer(self, schema: SerializationSchema) -> NatsSinkBuilder:
        """Set what makes messages of records."""
        self._schema = schema
        return self

    def set_message_id(self, number: Select) -> NatsSinkBuilder:
        """Set what gives the id of a record's message, unique and the same when the record comes again.

        A message whose id the stream has had within its window for duplicates (2 minutes, unless it says otherwise) is
        left out by it.
        """
        self._number = number
        return self

    def build(self) -> NatsSink:
        """The sink.

        Raises:
            ConfigurationError: something that it needs was not set.
        """
        self.options.needed(SERVERS, "set_servers")
        if self._subject is None or self._schema is None:
            raise ConfigurationError(
                "NatsSink needs a subject and a schema: set_subject(...), set_value_serializer(...)"
            )
        return NatsSink(self.options, self._subject, self._schema, self._number)


class NatsTarget(Target):
    """Publishes the messages of a batch, in their order, and waits for all words."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.client: Client | None = None

    def send(self, items: list[Any]) -> list[Any]:
        with told_as(SinkError, self.options.get(SERVERS)):
            if self.client is None:
                self.client = Client(self.options)
            self.client.run(self._publish(self.client, items))
        return []

    async def _publish(self, client: Client, items: list[Any]) -> None:
        words = [
            asyncio.ensure_future(client.stream.publish(subject, body, timeout=client.timeout, headers=headers))
            for subject, body, headers in items
        ]
        try:
            await asyncio.gather(*words)
        finally:
            for word in words:
                word.cancel()
            await asyncio.gather(*words, return_exceptions=True)

    def close(self) -> None:
        client, self.client = self.client, None
        if client is not None:
            client.close()
