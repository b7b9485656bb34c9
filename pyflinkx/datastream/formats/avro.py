"""Avro, with PyFlink's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.connectors.files.avro import AvroSource
from pyflinkx.connectors.files.avro_sink import GenericAvroWriterFactory
from pyflinkx.datastream.connectors.file_system import BulkWriterFactory
from pyflinkx.datastream.formats.avro_rows import AvroRowDeserializationSchema, AvroRowSerializationSchema
from pyflinkx.formats.avro_schema import AvroSchema
from pyflinkx.formats.avro_type import GenericRecordAvroTypeInfo
from pyflinkx.names.asking import offering

__all__ = [
    "AvroBulkWriters",
    "AvroInputFormat",
    "AvroRowDeserializationSchema",
    "AvroRowSerializationSchema",
    "AvroSchema",
    "GenericRecordAvroTypeInfo",
]


class AvroInputFormat:
    """Reads Avro files as generic records, which are dicts; for ``env.create_input``.

    Args:
        path: of a file or folder.
        schema: that records are read with.

    Raises:
        MissingExtraError: fastavro is not installed.

    Example:
        >>> schema = AvroSchema.parse_string('{"type": "record", "name": "Trip", "fields": []}')
        >>> AvroInputFormat("/data/trips.avro", schema).get_produced_type()
        GenericRecordAvroTypeInfo(Trip)
    """

    def __init__(self, path: str, schema: AvroSchema) -> None:
        self._schema = schema
        self._source = AvroSource(path, schema, generic=True)

    def source(self) -> AvroSource:
        """What reads the files."""
        return self._source

    def get_produced_type(self) -> GenericRecordAvroTypeInfo:
        """Type of the records."""
        return GenericRecordAvroTypeInfo(self._schema)


class AvroBulkWriters:
    """Makes what writes Avro files, for ``FileSink.for_bulk_format``."""

    @staticmethod
    def for_generic_record(schema: AvroSchema) -> BulkWriterFactory:
        """What writes generic records: dicts, or Rows with names.

        Raises:
            TypeError: it is no AvroSchema.

        Example:
            >>> schema = AvroSchema.parse_string('{"type": "record", "name": "Trip", "fields": []}')
            >>> isinstance(AvroBulkWriters.for_generic_record(schema), BulkWriterFactory)
            True
        """
        return GenericAvroWriterFactory(schema)


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
