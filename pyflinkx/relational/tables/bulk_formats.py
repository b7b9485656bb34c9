"""Tables in files whose content is columns or blocks of records: Parquet, ORC, Avro."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx.config.values import STRING
from pyflinkx.connectors.files.bulk import BulkWriterFactory
from pyflinkx.connectors.source import Source
from pyflinkx.relational.tables.factory import FormatFactory, register_format
from pyflinkx.relational.tables.options import TableOption
from pyflinkx.relational.tables.wire import Columns, Wire
from pyflinkx.types.arrow import field_type
from pyflinkx.types.data_type import DataType, row_type
from pyflinkx.types.data_type_field import field_of


class BulkFormat:
    """How a table is in files of one of these formats.

    Args:
        columns: name and type of each.
        settings: the compression.
        where: what errors begin with.
    """

    # Modules are loaded with the first table that needs them.
    source_of: Callable[[str, DataType], Source]
    writer_of: Callable[[DataType, str], BulkWriterFactory]
    compression = "compression"

    def __init__(self, columns: Columns, settings: Any, where: str) -> None:
        self.columns = tuple(columns)
        self.settings = settings
        self.where = where

    @property
    def row(self) -> DataType:
        """The type of the rows; files may have nulls anywhere."""
        return row_type((name, kind.with_nullable(True).with_time(None)) for name, kind in self.columns)

    def reading(self) -> list[Wire]:
        """How each column is read: as it is."""
        return [Wire(field_type(field_of(name, kind))) for name, kind in self.columns]

    def file_source(self, path: str) -> Source:
        """What reads files."""
        return type(self).source_of(path, self.row)

    def writer(self) -> BulkWriterFactory:
        """What writes files."""
        return type(self).writer_of(self.row, self.settings[self.compression])


def parquet_source(path: str, row: DataType) -> Source:
    """What reads Parquet."""
    from pyflinkx.connectors.files.parquet import ParquetSource

    return ParquetSource(path, row)


def parquet_writer(row: DataType, compression: str) -> BulkWriterFactory:
    """What writes Parquet."""
    from pyflinkx.connectors.files.parquet_sink import ParquetWriterFactory

    return ParquetWriterFactory(row, compression=compression)


def orc_source(path: str, row: DataType) -> Source:
    """What reads ORC."""
    from pyflinkx.connectors.files.orc import OrcSource

    return OrcSource(path, row)


def orc_writer(row: DataType, compression: str) -> BulkWriterFactory:
    """What writes ORC."""
    from pyflinkx.connectors.files.orc_sink import OrcWriterFactory

    return OrcWriterFactory(row, compression=compression)


def avro_source(path: str, row: DataType) -> Source:
    """What reads Avro."""
    from pyflinkx.connectors.files.avro import AvroSource

    return AvroSource(path, row)


def avro_writer(row: DataType, compression: str) -> BulkWriterFactory:
    """What writes Avro."""
    from pyflinkx.connectors.files.avro_sink import AvroWriterFactory

    return AvroWriterFactory(row, compression)


class ParquetFormat(BulkFormat):
    """Parquet."""

    source_of, writer_of = staticmethod(parquet_source), staticmethod(parquet_writer)


class OrcFormat(BulkFormat):
    """ORC."""

    source_of, writer_of = staticmethod(orc_source), staticmethod(orc_writer)
    compression = "compress"


class AvroFormat(BulkFormat):
    """Avro."""

    source_of, writer_of = staticmethod(avro_source), staticmethod(avro_writer)
    compression = "codec"


PARQUET = (TableOption("compression", STRING, "snappy", "how pages are compressed"),)
ORC = (TableOption("compress", STRING, "zlib", "how stripes are compressed"),)
AVRO = (TableOption("codec", STRING, "deflate", "how blocks are compressed"),)

register_format(FormatFactory("parquet", PARQUET, ParquetFormat))
register_format(FormatFactory("orc", ORC, OrcFormat))
register_format(FormatFactory("avro", AVRO, AvroFormat))
