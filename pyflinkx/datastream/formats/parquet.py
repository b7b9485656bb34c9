"""Parquet files, with PyFlink's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.connectors.files.columnar import BATCH_ROWS
from pyflinkx.connectors.files.parquet import ParquetSource
from pyflinkx.connectors.files.parquet_sink import ParquetWriterFactory
from pyflinkx.connectors.source import Source
from pyflinkx.datastream.connectors.file_system import BulkFormat, RowDataBulkWriterFactory
from pyflinkx.datastream.formats.hadoop import parquet_options
from pyflinkx.names.asking import offering

__all__ = ["ParquetBulkWriters", "ParquetColumnarRowInputFormat"]


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
