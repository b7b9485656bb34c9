"""Parquet files, with PyFlink's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.connectors.files.columnar import BATCH_ROWS
from pyflinkx.connectors.files.parquet import GenericParquetSource, ParquetSource
from pyflinkx.connectors.files.parquet_sink import ParquetWriterFactory
from pyflinkx.connectors.source import Source
from pyflinkx.datastream.connectors.file_system import (
    BulkFormat,
    BulkWriterFactory,
    RowDataBulkWriterFactory,
    StreamFormat,
    checked,
)
from pyflinkx.datastream.formats.hadoop import parquet_options
from pyflinkx.formats.avro_schema import AvroSchema
from pyflinkx.names.asking import offering

__all__ = ["AvroParquetReaders", "AvroParquetWriters", "ParquetBulkWriters", "ParquetColumnarRowInputFormat"]


class ParquetColumnarRowInputFormat(BulkFormat):
    """Reads Parquet files as columns.

    Args:
        row_type: of the rows: ``DataTypes.ROW([...])`` or ``Types.ROW_NAMED(...)``. Columns are found by name; one that
            a file lacks is read as nulls.
        hadoop_config: nothing here reads it.
        batch_size: of rows that are decoded at once.
        is_utc_timestamp: nothing changes: times without a zone are read as they were written.
        is_case_sensitive: whether names must be the same in upper and lower case, too.

    Raises:
        MissingExtraError: pyarrow is not installed.

    Example:
        >>> from pyflinkx.common import Types
        >>> from pyflinkx.datastream.connectors.file_system import FileSource
        >>> format = ParquetColumnarRowInputFormat(Types.ROW_NAMED(["id"], [Types.LONG()]))
        >>> FileSource.for_bulk_file_format(format, "/data/trips").build()
        FileSource(ParquetSource('/data/trips'))
    """

    def __init__(
        self,
        row_type: Any,
        hadoop_config: Any = None,
        batch_size: int = BATCH_ROWS,
        is_utc_timestamp: bool = False,
        is_case_sensitive: bool = True,
    ) -> None:
        self._row_type = row_type
        self._options: dict[str, Any] = {"batch_size": batch_size, "case_sensitive": bool(is_case_sensitive)}

    def source(self, paths: tuple[str, ...]) -> Source:
        return ParquetSource(paths, self._row_type, **self._options)


class GenericFormat(StreamFormat):
    """Parquet files read as generic records."""

    def __init__(self, schema: AvroSchema) -> None:
        self._schema = schema

    def source(self, paths: tuple[str, ...]) -> Source:
        return GenericParquetSource(paths, self._schema)


class AvroParquetReaders:
    """Reads Parquet files as Avro's records, for ``FileSource.for_record_stream_format``."""

    @staticmethod
    def for_generic_record(schema: AvroSchema) -> StreamFormat:
        """What reads generic records, which are dicts; columns are found by the names of the schema's fields.

        Raises:
            TypeError: it is no AvroSchema.
            ConfigurationError: a field is no column, such as a union of several types.

        Example:
            >>> from pyflinkx.datastream.formats.avro import AvroSchema
            >>> schema = AvroSchema.parse_string('{"type": "record", "name": "T", "fields": []}')
            >>> isinstance(AvroParquetReaders.for_generic_record(schema), StreamFormat)
            True
        """
        return GenericFormat(checked(schema, AvroSchema, "schema"))


class AvroParquetWriters:
    """Makes what writes Avro's records to Parquet files, for ``FileSink.for_bulk_format``."""

    @staticmethod
    def for_generic_record(schema: AvroSchema) -> BulkWriterFactory:
        """What writes generic records: dicts, or Rows with names.

        Raises:
            TypeError: it is no AvroSchema.
            ConfigurationError: Parquet has no column for a field.
        """
        return ParquetWriterFactory(checked(schema, AvroSchema, "schema").data_type())


class ParquetBulkWriters:
    """Makes what writes Parquet files, for ``FileSink.for_bulk_format``."""

    @staticmethod
    def for_row_type(row_type: Any, hadoop_config: Any = None, utc_timestamp: bool = False) -> RowDataBulkWriterFactory:
        """What writes rows of a type.

        Args:
            row_type: of the rows: ``DataTypes.ROW([...])`` or ``Types.ROW_NAMED(...)``.
            hadoop_config: a Configuration or a dict with ``parquet.compression`` and ``parquet.block.size``.
            utc_timestamp: nothing changes: times without a zone are written as they are.

        Raises:
            ConfigurationError: Parquet has no column for a type, or an option cannot be.
            MissingExtraError: pyarrow is not installed.

        Example:
            >>> from pyflinkx.common import Types
            >>> row_type = Types.ROW_NAMED(["id", "fare"], [Types.LONG(), Types.DOUBLE()])
            >>> ParquetBulkWriters.for_row_type(row_type).get_row_type()
            RowTypeInfo(id: Long, fare: Double)
        """
        return ParquetWriterFactory(row_type, **parquet_options(hadoop_config))


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
