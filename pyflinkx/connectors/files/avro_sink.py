"""Records as Avro files."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.config.arguments import check_choice
from pyflinkx.connectors.files.bulk import BulkStream, BulkWriter, BulkWriterFactory, RowDataBulkWriterFactory
from pyflinkx.errors import SinkError
from pyflinkx.formats.avro_schema import AvroSchema, fastavro_module
from pyflinkx.formats.avro_values import generic, to_avro
from pyflinkx.formats.typed_rows import TypedRows
from pyflinkx.types.described import described_type

CODECS = ("null", "deflate", "bzip2", "xz", "snappy", "zstandard", "lz4")
BLOCK_BYTES = 64_000


class GenericAvroWriterFactory(BulkWriterFactory):
    """Writes Avro files of generic records; what ``AvroBulkWriters.for_generic_record`` gives.

    Args:
        schema: of the records, which are dicts, or Rows with names.
        codec: that blocks are compressed by; others than ``"null"``, ``"deflate"``, ``"bzip2"`` and ``"xz"`` need a
            package of their own.

    Raises:
        TypeError: it is no AvroSchema.
        ConfigurationError: there is no such codec.
    """

    def __init__(self, schema: AvroSchema, codec: str = "null") -> None:
        if not isinstance(schema, AvroSchema):
            raise TypeError(f"a schema is an AvroSchema, made by AvroSchema.parse_string(), not {short_repr(schema)}")
        self.schema = schema
        self.codec: str = check_choice(codec, "codec", CODECS)

    def create(self, stream: BulkStream) -> AvroWriter:
        return AvroWriter(self.schema, self.codec, stream, generic)


class AvroWriterFactory(RowDataBulkWriterFactory):
    """Writes Avro files of rows.

    Args:
        row_type: of the rows: ``Types.ROW_NAMED(...)``, ``DataTypes.ROW([...])``, a dataclass or NamedTuple class.
        codec: as for generic records.
        legacy_timestamps: whether times without a zone are written as instants, as Flink does by default.

    Raises:
        ConfigurationError: an option cannot be, or Avro has nothing for a type.
        MissingExtraError: fastavro is not installed.
    """

    def __init__(self, row_type: Any, codec: str = "null", legacy_timestamps: bool = False) -> None:
        super().__init__(row_type)
        self.kind = described_type(row_type)
        self.schema = AvroSchema.of_type(self.kind, legacy_timestamps)
        self.codec: str = check_choice(codec, "codec", CODECS)

    def create(self, stream: BulkStream) -> AvroWriter:
        shape, convert = TypedRows(self.kind), to_avro(self.kind)
        return AvroWriter(self.schema, self.codec, stream, lambda value: convert(shape([value])[0]))


class AvroWriter(BulkWriter):
    """Writes the records of one file.

    Args:
        schema: of the file.
        codec: of its blocks.
        stream: takes the file's bytes.
        convert: makes what fastavro takes of a record.
    """

    def __init__(self, schema: AvroSchema, codec: str, stream: BulkStream, convert: Any) -> None:
        self.convert = convert
        library = fastavro_module("fastavro.write")
        try:
            self.writer = library.Writer(stream, schema.parsed, codec, sync_interval=BLOCK_BYTES, validator=True)
        except ValueError as error:  # a codec whose package is not installed
            raise SinkError(f"Avro cannot be written: {error}") from error

    def add_element(self, element: Any) -> None:
        try:
            self.writer.write(self.convert(element))
        except OSError:
            raise
        except Exception as error:  # fastavro raises what there is
            raise SinkError(f"the record {short_repr(element)} does not fit the Avro schema: {error}") from error

    def flush(self) -> None:
        """Write the block that is begun."""
        self.writer.flush()

    def finish(self) -> None:
        self.writer.flush()
