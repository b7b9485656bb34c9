"""Records to topics of an MQTT server, each at least once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import BOOLEAN, INT
from pyflinkx.connectors.acknowledged.messages import ConnectionLostError
from pyflinkx.connectors.batched import BATCH_SIZE, COMMON, BatchingWriter, Target
from pyflinkx.connectors.mqtt.client import CA_FILE, KEEPALIVE, TIMEOUT, URL, Client, shown_url
from pyflinkx.connectors.option_table import Options, OptionsBuilder
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.errors import ConfigurationError, SinkError
from pyflinkx.types.serialization import SerializationSchema

QOS = ConfigOption(
    "qos",
    INT,
    1,
    "1 or 2: the server answers that it has a message, which is waited for; 0: it does not",
    minimum=0,
    maximum=2,
)
RETAIN = ConfigOption("retain", BOOLEAN, False, "whether the server keeps the last message of each topic")
SINK_OPTIONS = (URL, CA_FILE, KEEPALIVE, TIMEOUT, QOS, RETAIN, *COMMON)

Select = Callable[[Any], str]


class MqttSink(Sink):
    """Publishes records, and waits until the server has them."""

    def __init__(self, options: Options, topic: str | Select, schema: SerializationSchema) -> None:
        self.options = options
        self.topic = topic
        self.schema = schema

    def __repr__(self) -> str:
        return f"MqttSink({shown_url(self.options.get(URL))})"

    @staticmethod
    def builder() -> MqttSinkBuilder:
        """Begin to describe one."""
        return MqttSinkBuilder()

    def create_writer(self, context: WriterContext) -> SinkWriter:
        server = shown_url(self.options.get(URL))
        return BatchingWriter(MqttTarget(self.options), server, self.message, self.options, context)

    def message(self, record: Any, gone: bool) -> tuple[str, bytes]:
        """What is published for a record: topic and bytes."""
        topic = self.topic if isinstance(self.topic, str) else self.topic(record)
        return topic, self.schema.serialize(record)


class MqttSinkBuilder(OptionsBuilder):
    """Describes an MqttSink."""

    def __init__(self) -> None:
        self.options = Options("MqttSink", SINK_OPTIONS)
        self._topic: str | Select | None = None
        self._schema: SerializationSchema | None = None

    def set_url(self, url: str) -> MqttSinkBuilder:
        """Set the server, as ``mqtt://user:password@host:1883``."""
        return self.set_option(URL.key, url)

    def set_topic(self, topic: str | Select) -> MqttSinkBuilder:
        """Set the topic, or a function that gives that of a record."""
        self._topic = topic
        return self

    def set_value_serializer(self, schema: SerializationSchema) -> MqttSinkBuilder:
        """Set what makes messages of records."""
        self._schema = schema
        return self

    def build(self) -> MqttSink:
        """The sink.

        Raises:
            ConfigurationError: something that it needs was not set.
        """
        self.options.needed(URL, "set_url")
        if self._topic is None or self._schema is None:
            raise ConfigurationError("MqttSink needs a topic and a schema: set_topic(...), set_value_serializer(...)")
        return MqttSink(self.options, self._topic, self._schema)


class MqttTarget(Target):
    """Publishes the messages of a batch, and waits for all answers."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.client: Client | None = None

    def send(self, items: list[Any]) -> list[Any]:
        if self.client is None:
            self.client = Client(self.options, "", SinkError, self.options.get(BATCH_SIZE))
        client = self.client
        client.check()
        published = []
        for topic, body in items:
            try:
                sent = client.client.publish(topic, body, self.options.get(QOS), self.options.get(RETAIN))
            except ValueError as error:
                raise SinkError(
                    f"{client.where}: a message for topic {topic!r} cannot be published: {error}"
                ) from error
            if sent.rc != client.mqtt.MQTT_ERR_SUCCESS:
                raise ConnectionLostError(client.lost or client.mqtt.error_string(sent.rc))
            published.append(sent.mid)
        left = set(published)

        def answered() -> bool:
            left.difference_update(client.answered)
            client.answered.clear()
            return not left

        client.wait(answered, "answers to PUBLISH")
        return []

    def close(self) -> None:
        client, self.client = self.client, None
        if client is not None:
            client.close()
