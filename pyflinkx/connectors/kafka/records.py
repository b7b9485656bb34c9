"""Messages of Kafka as records: with all that is known of them, or by their value alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from operator import methodcaller
from typing import Any, NamedTuple

from pyflinkx.errors import CorruptDataError
from pyflinkx.types.serialization import DeserializationSchema
from pyflinkx.types.typeinfo import TypeInformation

VALUE = methodcaller("value")
SHOWN_BYTES = 1000


class KafkaRecord(NamedTuple):
    """A message, or what is to become one.

    Args:
        topic: where it is, or goes to.
        value: bytes, or None (a tombstone, which stands for the deletion of its key).
        key: bytes or None.
        partition: its number; None to have it follow from the key.
        offset: in its partition; None for one that is not written yet.
        timestamp: milliseconds since the epoch; None for none.
        headers: names and values, in their order.
    """

    topic: str
    value: bytes | None
    key: bytes | None = None
    partition: int | None = None
    offset: int | None = None
    timestamp: int | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass(frozen=True)
class KafkaBadRecord:
    """A message that could not be read as a record, as it goes to the side output ``bad-records``."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    error: str


class KafkaRecordDeserializationSchema(ABC):
    """Turns a message, with its key, headers and place, into a record; a description that travels with its source.

    Example:
        >>> class Keyed(KafkaRecordDeserializationSchema):
        ...     def deserialize(self, record):
        ...         return record.key, record.value, dict(record.headers)
    """

    @staticmethod
    def value_only(deserialization_schema: DeserializationSchema) -> KafkaRecordDeserializationSchema:
        """Only the value of each message is read.

        Args:
            deserialization_schema: reads it.
        """
        return ValueOnly(deserialization_schema)

    @abstractmethod
    def deserialize(self, record: KafkaRecord) -> Any:
        """The record of a message; None to pass over it."""

    def get_produced_type(self) -> TypeInformation | None:
        """Type of the records; None when it is not known."""
        return None

    def decoder(self) -> Callable[[list[Any]], list[Any]]:
        """What makes records of messages of the library's, one for each; None stands for those to pass over."""
        return lambda messages: [self.deserialize(record_of(message)) for message in messages]

    def is_end_of_stream(self, next_element: Any) -> bool:
        """Whether the partition ends before this record."""
        return False


class ValueOnly(KafkaRecordDeserializationSchema):
    """Reads the value of each message.

    Args:
        schema: reads it.
    """

    def __init__(self, schema: DeserializationSchema) -> None:
        if not isinstance(schema, DeserializationSchema):
            raise TypeError(f"a deserialization schema is a DeserializationSchema, not {schema!r}")
        self.schema = schema

    def deserialize(self, record: KafkaRecord) -> Any:
        return self.schema.deserialize(record.value)  # type: ignore[arg-type] # as messages without one are

    def get_produced_type(self) -> TypeInformation | None:
        return self.schema.get_produced_type()

    def decoder(self) -> Callable[[list[Any]], list[Any]]:
        decode = self.schema.decode_many
        return lambda messages: decode(list(map(VALUE, messages)))

    def is_end_of_stream(self, next_element: Any) -> bool:
        return self.schema.is_end_of_stream(next_element)


def looks_for_end(schema: KafkaRecordDeserializationSchema) -> bool:
    """Whether a schema can end a partition, so that each record has to be asked about."""
    if isinstance(schema, ValueOnly):
        return type(schema.schema).is_end_of_stream is not DeserializationSchema.is_end_of_stream
    return type(schema).is_end_of_stream is not KafkaRecordDeserializationSchema.is_end_of_stream


def record_of(message: Any) -> KafkaRecord:
    """A message of the library's with all that is known of it."""
    kind, time = message.timestamp()
    headers = message.headers()
    return KafkaRecord(
        message.topic(),
        message.value(),
        message.key(),
        message.partition(),
        message.offset(),
        time if kind else None,
        tuple(headers) if headers else (),
    )


def bad_record(message: Any, error: BaseException) -> KafkaBadRecord:
    """A message that could not be read."""
    key, value = message.key(), message.value()
    return KafkaBadRecord(
        message.topic(),
        message.partition(),
        message.offset(),
        key and key[:SHOWN_BYTES],
        value and value[:SHOWN_BYTES],
        f"{type(error).__name__}: {error}" if not isinstance(error, CorruptDataError) else str(error),
    )
