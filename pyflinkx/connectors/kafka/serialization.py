"""Records as messages of Kafka."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.config.arguments import check_text
from pyflinkx.connectors.kafka.records import KafkaRecord
from pyflinkx.errors import ConfigurationError
from pyflinkx.types.serialization import SerializationSchema


class KafkaTopicSelector(ABC):
    """Says which topic a record goes to."""

    @abstractmethod
    def apply(self, data: Any) -> str:
        """The topic of a record."""


class KafkaRecordSerializationSchema(ABC):
    """Turns a record into a message; a description that travels with its sink. ``builder()`` makes one of its parts.

    Example:
        >>> from pyflinkx.common.serialization import SimpleStringSchema
        >>> builder = KafkaRecordSerializationSchema.builder().set_topic("orders")
        >>> builder.set_value_serialization_schema(SimpleStringSchema()).build().serialize("a", 5)
        KafkaRecord(topic='orders', value=b'a', key=None, partition=None, offset=None, timestamp=5, headers=())
    """

    @staticmethod
    def builder() -> KafkaRecordSerializationSchemaBuilder:
        """A builder without a topic."""
        return KafkaRecordSerializationSchemaBuilder()

    @abstractmethod
    def serialize(self, element: Any, timestamp: int | None) -> KafkaRecord | None:
        """The message of a record; None to leave it out.

        Args:
            element: the record.
            timestamp: its event time (ms), which is the message's timestamp by default; None for none.
        """


class BuiltSchema(KafkaRecordSerializationSchema):
    """What the builder makes; ``values_only`` says that records give nothing but values, all for one topic."""

    def __init__(
        self,
        topic: str | None,
        selector: Callable[[Any], str] | None,
        key: SerializationSchema | None,
        value: SerializationSchema,
        headers: Callable[[Any], Iterable[tuple[str, bytes | None]]] | None,
        partitioner: Callable[[Any], int | None] | None,
        timestamps: bool = True,
    ) -> None:
        self.topic = topic
        self.selector = selector
        self.key = key
        self.value = value
        self.headers = headers
        self.partitioner = partitioner
        self.timestamps = timestamps
        self.values_only = topic is not None and key is None and headers is None and partitioner is None

    def serialize(self, element: Any, timestamp: int | None) -> KafkaRecord | None:
        topic = self.topic if self.selector is None else self.selector(element)
        if not isinstance(topic, str) or not topic:
            raise TypeError(f"a topic is a str, not {short_repr(topic)}")
        return KafkaRecord(
            topic,
            self.value.serialize(element),
            None if self.key is None else self.key.serialize(element),
            None if self.partitioner is None else self.partitioner(element),
            None,
            timestamp if self.timestamps else None,
            () if self.headers is None else tuple(self.headers(element)),
        )


class KafkaRecordSerializationSchemaBuilder:
    """Builds a KafkaRecordSerializationSchema; every method but ``build`` returns the builder."""

    def __init__(self) -> None:
        self._topic: str | None = None
        self._selector: Callable[[Any], str] | None = None
        self._key: SerializationSchema | None = None
        self._value: SerializationSchema | None = None
        self._headers: Callable[[Any], Iterable[tuple[str, bytes | None]]] | None = None
        self._partitioner: Callable[[Any], int | None] | None = None
        self._timestamps = True

    def set_topic(self, topic: str) -> KafkaRecordSerializationSchemaBuilder:
        """Send all records to this topic."""
        if not check_text(topic, "topic"):
            raise ConfigurationError("a topic has a name")
        self._topic, self._selector = topic, None
        return self

    def set_topic_selector(
        self, topic_selector: Callable[[Any], str] | KafkaTopicSelector
    ) -> KafkaRecordSerializationSchemaBuilder:
        """Send each record to the topic that this says.

        Args:
            topic_selector: a KafkaTopicSelector, or a function of the record.
        """
        selector = topic_selector.apply if isinstance(topic_selector, KafkaTopicSelector) else topic_selector
        if not callable(selector):
            raise TypeError(f"a topic selector is a KafkaTopicSelector or a callable, not {topic_selector!r}")
        self._topic, self._selector = None, selector
        return self

    def set_key_serialization_schema(
        self, key_serialization_schema: SerializationSchema
    ) -> KafkaRecordSerializationSchemaBuilder:
        """Make the keys of messages by this schema; messages of one key go to one partition."""
        self._key = checked_schema(key_serialization_schema)
        return self

    def set_value_serialization_schema(
        self, value_serialization_schema: SerializationSchema
    ) -> KafkaRecordSerializationSchemaBuilder:
        """Make the values of messages by this schema."""
        self._value = checked_schema(value_serialization_schema)
        return self

    def set_header_provider(
        self, header_provider: Callable[[Any], Iterable[tuple[str, bytes | None]]]
    ) -> KafkaRecordSerializationSchemaBuilder:
        """Give messages headers.

        Args:
            header_provider: gives the names and values for a record.
        """
        if not callable(header_provider):
            raise TypeError(f"a header provider is a callable, not {header_provider!r}")
        self._headers = header_provider
        return self

    def set_partitioner(self, partitioner: Callable[[Any], int | None]) -> KafkaRecordSerializationSchemaBuilder:
        """Choose the partition of each record.

        Args:
            partitioner: gives its number for a record; None to have it follow from the key.
        """
        if not callable(partitioner):
            raise TypeError(f"a partitioner is a callable, not {partitioner!r}")
        self._partitioner = partitioner
        return self

    def build(self) -> KafkaRecordSerializationSchema:
        """The schema.

        Raises:
            ConfigurationError: the topic or the schema of values is missing.
        """
        if self._topic is None and self._selector is None:
            raise ConfigurationError("set_topic() or set_topic_selector() must be called first")
        if self._value is None:
            raise ConfigurationError("set_value_serialization_schema() must be called first")
        return BuiltSchema(
            self._topic, self._selector, self._key, self._value, self._headers, self._partitioner, self._timestamps
        )


def checked_schema(schema: Any) -> SerializationSchema:
    """It, if it is one."""
    if not isinstance(schema, SerializationSchema):
        raise TypeError(f"a serialization schema is a SerializationSchema, not {schema!r}")
    return schema
