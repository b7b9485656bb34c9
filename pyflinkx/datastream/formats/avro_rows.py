"""Rows as Avro messages, with PyFlink's names."""

from __future__ import annotations

import io
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.errors import ConfigurationError, CorruptDataError, TypeInformationError
from pyflinkx.formats.avro_schema import AvroSchema, fastavro_module
from pyflinkx.formats.avro_values import from_avro, to_avro
from pyflinkx.formats.typed_rows import TypedRows
from pyflinkx.types.arrow import type_info_of
from pyflinkx.types.described import described_columns, with_keys
from pyflinkx.types.serialization import DeserializationSchema, SerializationSchema
from pyflinkx.types.typeinfo import TypeInformation


def schema_of_messages(record_class: str | None, avro_schema_string: str | None) -> AvroSchema:
    """The schema of messages.

    Raises:
        ConfigurationError: there is none: no class of Java's is here.
    """
    if avro_schema_string is None:
        what = "record_class names a class of Java, which is not here" if record_class else "no schema was given"
        raise ConfigurationError(f"Avro messages need avro_schema_string: {what}")
    return AvroSchema(avro_schema_string)


class AvroRowDeserializationSchema(DeserializationSchema):
    """Reads Avro messages, each a record without a header, as rows.

    Args:
        record_class: nothing here has one.
        avro_schema_string: the schema of the rows. As in PyFlink instants are times without a zone, in UTC.
        writer_schema_string: that messages are written with, if it is another: Avro's rules for two schemas hold.

    Raises:
        ConfigurationError: a schema is none, or no record of columns.
        MissingExtraError: fastavro is not installed.

    Example:
        >>> schema = '{"type": "record", "name": "Trip", "fields": [{"name": "id", "type": "long"}]}'
        >>> AvroRowDeserializationSchema(avro_schema_string=schema).deserialize(bytes([14]))
        Row(id=7)
    """

    def __init__(
        self,
        record_class: str | None = None,
        avro_schema_string: str | None = None,
        *,
        writer_schema_string: str | None = None,
    ) -> None:
        self._arguments = (record_class, avro_schema_string, writer_schema_string)
        schema = schema_of_messages(record_class, avro_schema_string)
        self._read = fastavro_module().schemaless_reader
        self._writer = (schema if writer_schema_string is None else AvroSchema(writer_schema_string)).parsed
        self._reader = None if writer_schema_string is None else schema.parsed
        kind = with_keys(schema.data_type(legacy=True))
        self._columns = described_columns(kind)
        self._convert = from_avro(schema.data_type(legacy=False), kind)

    def deserialize(self, message: bytes | None) -> Any:
        """The row of a message; None for a message of None.

        Raises:
            CorruptDataError: it is no record of the schema.
        """
        if message is None:
            return None
        return self._rows([self._record(message)], [message])[0]

    def _record(self, message: Any) -> Any:
        file = io.BytesIO(message)
        try:
            record = self._read(file, self._writer, self._reader)
        except Exception as error:  # fastavro raises what there is
            raise CorruptDataError(
                f"no Avro record of this schema: {type(error).__name__}: {error}: {short_repr(bytes(message[:200]))}"
            ) from error
        if file.tell() < len(message):
            raise CorruptDataError(
                f"no Avro record of this schema: it ends after {file.tell()} of {len(message)} bytes: "
                f"{short_repr(bytes(message[:200]))}"
            )
        return record if self._convert is None else self._convert(record)

    def _rows(self, records: list[Any], messages: list[Any]) -> list[Any]:
        try:
            return ColumnBatch.from_rows(records, self._columns).to_rows()
        except TypeInformationError as error:
            raise CorruptDataError(f"no row of these types: {error}: {short_repr(bytes(messages[0][:200]))}") from error

    def decode_many(self, messages: list[Any], failures: list[tuple[int, CorruptDataError]] | None = None) -> list[Any]:
        try:
            if None not in messages:
                return self._rows(list(map(self._record, messages)), messages)
        except CorruptDataError:
            pass  # which of them it is, is found one by one
        return super().decode_many(messages, failures)

    def get_produced_type(self) -> TypeInformation:
        return type_info_of(self._columns)

    def __reduce__(self) -> Any:
        return avro_rows, self._arguments


def avro_rows(record_class: Any, schema: Any, writer_schema: Any) -> AvroRowDeserializationSchema:
    """An AvroRowDeserializationSchema, in another process."""
    return AvroRowDeserializationSchema(record_class, schema, writer_schema_string=writer_schema)


class AvroRowSerializationSchema(SerializationSchema):
    """Writes rows as Avro messages, each a record without a header.

    Args:
        record_class: nothing here has one.
        avro_schema_string: the schema of the rows. As in PyFlink times without a zone are written as instants in UTC.

    Raises:
        ConfigurationError: the schema is none, or no record of columns.
        MissingExtraError: fastavro is not installed.

    Example:
        >>> from pyflinkx.common import Row
        >>> schema = '{"type": "record", "name": "Trip", "fields": [{"name": "id", "type": "long"}]}'
        >>> AvroRowSerializationSchema(avro_schema_string=schema).serialize(Row(id=7))
        b'\\x0e'
    """

    def __init__(self, record_class: str | None = None, avro_schema_string: str | None = None) -> None:
        self._arguments = (record_class, avro_schema_string)
        schema = schema_of_messages(record_class, avro_schema_string)
        self._schema = schema.parsed
        self._write = fastavro_module().schemaless_writer
        kind = schema.data_type(legacy=True)
        self._shape = TypedRows(kind)
        self._convert = to_avro(kind)

    def serialize(self, value: Any) -> bytes:
        """The message of a row.

        Raises:
            TypeError: it does not fit the schema.
        """
        file = io.BytesIO()
        try:
            self._write(file, self._schema, self._convert(self._shape([value])[0]))
        except Exception as error:  # fastavro raises what there is
            raise TypeError(f"the row {short_repr(value)} does not fit the Avro schema: {error}") from error
        return file.getvalue()

    def __reduce__(self) -> Any:
        return AvroRowSerializationSchema, self._arguments
