"""How records become bytes and bytes become records, under PyFlink's module path."""

from typing import TYPE_CHECKING

from pyflinkx.connectors.files.bulk import BulkWriterFactory, RowDataBulkWriterFactory
from pyflinkx.names.asking import offering
from pyflinkx.types.serialization import (
    ByteArraySchema,
    DeserializationSchema,
    Encoder,
    RowFieldExtractorSchema,
    SerializationSchema,
    SimpleStringSchema,
)

__all__ = [
    "BulkWriterFactory",
    "ByteArraySchema",
    "DeserializationSchema",
    "Encoder",
    "RowDataBulkWriterFactory",
    "RowFieldExtractorSchema",
    "SerializationSchema",
    "SimpleStringSchema",
]

if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
