"""Topics of an MQTT server, acknowledged with checkpoints: at least once."""

from __future__ import annotations

from typing import Any

from pyflinkx.config.arguments import check_text
from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import INT, STRING
from pyflinkx.connectors.acknowledged.messages import Connection, Message
from pyflinkx.connectors.acknowledged.source import COMMON, AcknowledgedSource, AcknowledgedSourceBuilder
from pyflinkx.connectors.mqtt.client import CLIENT_ID, CLIENT_OPTIONS, URL, Client, shown_url
from pyflinkx.connectors.option_table import Options
from pyflinkx.errors import SourceError

TOPICS = ConfigOption(
    "topics", STRING, description="topics or patterns of MQTT's, with commas between them; $share/group/topic is shared"
)
QOS = ConfigOption(
    "qos",
    INT,
    1,
    "1 for at least once; 0 for what comes while the job is connected. 2 is not for reading: it hands a message over "
    "before the checkpoint has it",
    minimum=0,
    maximum=1,
)
SOURCE_OPTIONS = (*CLIENT_OPTIONS, TOPICS, QOS, *COMMON)


class MqttSource(AcknowledgedSource):
    """Reads topics in a session that the server keeps, so that messages wait there while the job does not run.

    One subtask reads, unless all topics are shared ones: then each subtask gets some of the messages.

    Example:
        >>> from pyflinkx.types.serialization import SimpleStringSchema
        >>> builder = MqttSource.builder().set_url("mqtt://localhost").set_topics("sensors/#").set_client_id("hall")
        >>> builder.set_value_only_deserializer(SimpleStringSchema()).build()
        MqttSource(mqtt://localhost, sensors/#)
    """

    operation = "MqttSource"

    def __init__(self, options: Options, schema: Any, output_type: Any) -> None:
        super().__init__(options, schema, output_type)
        self.topics = [topic.strip() for topic in options.get(TOPICS).split(",")]
        if not all(topic.startswith("$share/") for topic in self.topics):
            self.parallelism = 1

    @staticmethod
    def builder() -> MqttSourceBuilder:
        """Begin to describe one."""
        return MqttSourceBuilder()

    def server(self) -> str:
        return f"{shown_url(self.options.get(URL))}, {self.options.get(TOPICS)}"

    def connect(self, subtask: int, parallelism: int) -> Connection:
        return MqttConnection(self.options, self.topics, subtask)


class MqttSourceBuilder(AcknowledgedSourceBuilder):
    """Describes an MqttSource."""

    def __init__(self) -> None:
        super().__init__()
        self.options = Options("MqttSource", SOURCE_OPTIONS)

    def set_url(self, url: str) -> MqttSourceBuilder:
        """Set the server, as ``mqtt://user:password@host:1883``."""
        return self.set_option(URL.key, url)

    def set_topics(self, *topics: str) -> MqttSourceBuilder:
        """Set the topics, or patterns of them."""
        return self.set_option(TOPICS.key, ",".join(topics))

    def set_client_id(self, prefix: str) -> MqttSourceBuilder:
        """Set what the client ids of subtasks begin with; the server knows their sessions by them."""
        return self.set_option(CLIENT_ID.key, check_text(prefix, "prefix"))

    def build(self) -> MqttSource:
        """The source.

        Raises:
            ConfigurationError: something that it needs was not set.
        """
        for option, method in ((URL, "set_url"), (TOPICS, "set_topics"), (CLIENT_ID, "set_client_id")):
            self.options.needed(option, method)
        return MqttSource(self.options, self._made_schema(), self._type)


class MqttConnection(Connection):
    """A session of one subtask."""

    def __init__(self, options: Options, topics: list[str], subtask: int) -> None:
        self.client = Client(options, f"{options.get(CLIENT_ID)}-{subtask}", SourceError)
        try:
            self.client.client.subscribe([(topic, options.get(QOS)) for topic in topics])
            self.client.wait(lambda: self.client.subscribed, "an answer to SUBSCRIBE")
        except BaseException:
            self.client.close()
            raise

    def receive(self, most: int, seconds: float) -> list[tuple[Message, Any]]:
        client = self.client
        with client.changed:
            client.changed.wait_for(lambda: client.messages or client.lost or client.refused, seconds)
            client.check()
            came = [client.messages.popleft() for _ in range(min(most, len(client.messages)))]
        return [
            (
                Message(message.payload, message.topic, fields={"retained": message.retain, "again": message.dup}),
                (message.mid, message.qos),
            )
            for message in came
        ]

    def acknowledge(self, tokens: list[Any]) -> None:
        self.client.check()
        for mid, qos in tokens:
            if qos:
                self.client.client.ack(mid, qos)

    def close(self) -> None:
        self.client.close()
