"""Rows of tables as messages of Kafka, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyflinkx._core.records.row import Row, RowKind
from pyflinkx.connectors.kafka.records import KafkaRecord, KafkaRecordDeserializationSchema, record_of
from pyflinkx.connectors.kafka.serialization import KafkaRecordSerializationSchema
from pyflinkx.relational.tables.stream_columns import moment
from pyflinkx.types.data_type import BIGINT, BYTES, INT, STRING, DataType, Kind
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import RowTypeInfo, TypeInformation, Types

HEADERS = DataType(Kind.MAP, children=(STRING.not_null(), BYTES), nullable=False)
STAMP = DataType(Kind.TIMESTAMP_LTZ, 3, nullable=False)

# What Kafka knows of a message, and of what type it is.
METADATA: dict[str, DataType] = {
    "topic": STRING.not_null(),
    "partition": INT.not_null(),
    "headers": HEADERS,
    "leader-epoch": INT,
    "offset": BIGINT.not_null(),
    "timestamp": STAMP,
    "timestamp-type": STRING.not_null(),
}
# How each comes out of a message, and of what type that is.
READ: dict[str, tuple[TypeInformation, Callable[[KafkaRecord], Any]]] = {
    "topic": (Types.STRING(), lambda record: record.topic),
    "partition": (Types.INT(), lambda record: record.partition),
    "headers": (Types.MAP(Types.STRING(), Types.PRIMITIVE_ARRAY(Types.BYTE())), lambda record: dict(record.headers)),
    "leader-epoch": (Types.INT(), lambda record: None),
    "offset": (Types.LONG(), lambda record: record.offset),
    "timestamp": (Types.INSTANT(), lambda record: instant(record.timestamp)),
    "timestamp-type": (Types.STRING(), lambda record: "NoTimestampType" if record.timestamp is None else "CreateTime"),
}
# What of it a table can write.
WRITABLE = {key: METADATA[key] for key in ("headers", "timestamp")}


def instant(millis: int | None) -> Instant:
    """A point in time; of a message without one the beginning of time."""
    return Instant.of_epoch_milli(0 if millis is None else millis)


class MessageReader(KafkaRecordDeserializationSchema):
    """Makes rows of messages: the columns of the value, those of the key, and metadata.

    Args:
        info: of the rows.
        value: reads values, and which columns they give.
        key: reads keys, and which columns they give; None where nobody asks for keys.
        metadata: the keys of what is known of messages besides.
        upsert: whether a message without a value deletes its key, and one with a value updates it.
    """

    def __init__(
        self,
        info: RowTypeInfo,
        value: tuple[Any, Sequence[int]],
        key: tuple[Any, Sequence[int]] | None,
        metadata: Sequence[str],
        upsert: bool,
    ) -> None:
        self.info = info
        self.value = value
        self.key = key
        self.metadata = tuple(metadata)
        self.upsert = upsert

    def get_produced_type(self) -> TypeInformation:
        """The type of the rows."""
        return self.info

    def deserialize(self, record: KafkaRecord) -> Any:
        """The row of a message; None for one without a value, unless it deletes."""
        return self.rows([record])[0]

    def decoder(self) -> Callable[[list[Any]], list[Any]]:
        """What makes rows of messages of the library's."""
        return lambda messages: self.rows([record_of(message) for message in messages])

    def rows(self, records: list[KafkaRecord]) -> list[Any]:
        """The row of each message; None for those that are passed over."""
        decoder, places = self.value
        values = decoder.rows([record.value for record in records])
        keys: list[Any] = [None] * len(records)
        if self.key is not None:
            keys = self.key[0].rows([record.key for record in records])
        names = self.info.get_field_names()
        made: list[Any] = []
        for record, value, key in zip(records, values, keys, strict=True):
            deletes = self.upsert and record.value is None
            if value is None and not deletes:
                made.append(None)
                continue
            fields: list[Any] = [None] * len(names)
            for place, field in zip(places, () if value is None else value, strict=False):
                fields[place] = field
            if key is not None and self.key is not None:
                for place, field in zip(self.key[1], key, strict=True):
                    fields[place] = field
            first = len(names) - len(self.metadata)
            for place, name in enumerate(self.metadata, first):
                fields[place] = READ[name][1](record)
            row = Row(*fields)
            row.set_field_names(names)
            if self.upsert:
                row.set_row_kind(RowKind.DELETE if deletes else RowKind.UPDATE_AFTER)
            made.append(row)
        return made


class MessageWriter(KafkaRecordSerializationSchema):
    """Makes messages of rows.

    Args:
        topic: where they go.
        value: writes values, and the positions of the columns that it takes.
        key: writes keys, and the positions of theirs; None for messages without keys.
        metadata: by key of what a row says of its message, the position of the column.
        upsert: whether a delete is a message without a value.
    """

    def __init__(
        self,
        topic: str,
        value: tuple[Any, Sequence[int]],
        key: tuple[Any, Sequence[int]] | None,
        metadata: dict[str, int],
        upsert: bool,
    ) -> None:
        self.topic = topic
        self.value = value
        self.key = key
        self.metadata = dict(metadata)
        self.upsert = upsert

    def serialize(self, element: Any, timestamp: int | None) -> KafkaRecord:
        """The message of a row."""
        encoder, places = self.value
        deletes = self.upsert and element.get_row_kind() is RowKind.DELETE
        value = None if deletes else encoder.message(tuple(element[place] for place in places))
        key = None if self.key is None else self.key[0].message(tuple(element[place] for place in self.key[1]))
        time = timestamp
        headers: tuple[tuple[str, bytes | None], ...] = ()
        place = self.metadata.get("timestamp")
        if place is not None and element[place] is not None:
            time = round(moment(element[place]).timestamp() * 1000)
        place = self.metadata.get("headers")
        if place is not None and element[place] is not None:
            headers = tuple((name, None if part is None else bytes(part)) for name, part in element[place].items())
        return KafkaRecord(self.topic, value, key, None, None, time, headers)
