"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflinkx.connectors.files.arrow_opening import arrow_errors, each_batch, opened
from pyflinkx.connectors.files.columnar import ColumnFile, ColumnFilesSource
from pyflinkx.connectors.files.splits import FileSplit
from pyflinkx.connectors.source import BadRecord
from pyflinkx.formats.arrow_library import arrow_module
from pyflinkx.formats.avro_schema import AvroSchema
from pyflinkx.formats.avro_type import GenericRecordAvroTypeInfo
from pyflinkx.types.described import with_keys

PARQUET = "a Parquet file"


class ParquetSource(ColumnFilesSource):
    """The rows of Parquet files, as columns; see ``ColumnFilesSource`` for the options.

    Only the columns that are asked for are read, and row groups in which no row can fit the filters are not.

    Raises:
        MissingExtraError: pyarrow is not installed.

    Example:
        >>> ParquetSource("/data/trips", columns=["id", "fare"], filters=[("fare", ">", 2.5)])
        ParquetSource('/data/trips')
    """

    def open_file(self, path: str) -> ParquetFile:
        return ParquetFile(path, self.batch_size)


class GenericParquetSource(ParquetSource):
    """The rows of Parquet files as generic records of Avro, which are dicts.

    Args:
        paths: as for ``ParquetSource``.
        schema: of the records; columns are found by name.
    """

    columnar = False

    def __init__(self, paths: Any, schema: AvroSchema, **options: Any) -> None:
        super().__init__(paths, with_keys(schema.data_type()), **options)
        self.record_schema = schema

    @property
    def output_type(self) -> Any:
        """Type of the records."""
        return GenericRecordAvroTypeInfo(self.record_schema)

    def open_records(self, split: FileSplit) -> GenericRows:  # type: ignore[override] # records, not columns
        return GenericRows(super().open_records(split))


class GenericRows:
    """The rows of a part of a file as dicts.

    Args:
        file: gives their columns.
    """

    def __init__(self, file: ColumnFile) -> None:
        self.file = file
        self.bad_records: list[BadRecord] = []
        self.position = file.position
        self.close = file.close

    def read(self, limit: int) -> list[Any] | None:
        """Up to ``limit`` records; None at the end."""
        batch = self.file.read(limit)
        return None if batch is None else batch.to_rows("dict")


class ParquetFile:
    """One file.

    Args:
        path: of the file.
        batch_size: of rows that are decoded at once.
    """

    def __init__(self, path: str, batch_size: int) -> None:
        library = arrow_module("pyarrow.parquet", "Parquet files", "parquet")
        self.path = path
        self.batch_size = batch_size
        self.file, self.reader = opened(path, PARQUET, library.ParquetFile)
        with arrow_errors(path, PARQUET):
            self.schema = self.reader.schema_arrow
            self.metadata = self.reader.metadata
        self.groups: int = self.metadata.num_row_groups
        # Of columns without parts, whose statistics are those of their values.
        paths = [self.metadata.schema.column(index).path for index in range(self.metadata.num_columns)]
        self.leaves = {path: index for index, path in enumerate(paths)}

    def batches(self, group: int, columns: list[str]) -> Iterator[Any]:
        """The rows of a row group."""
        if not columns:
            return iter(empty_batches(self.rows(group), self.batch_size))
        batches = self.reader.iter_batches(self.batch_size, [group], columns)
        return each_batch(self.path, PARQUET, (batch.select(columns) for batch in batches))

    def rows(self, group: int) -> int:
        """How many rows a row group has."""
        count: int = self.metadata.row_group(group).num_rows
        return count

    def bounds(self, group: int, column: str) -> tuple[Any, Any] | None:
        """The least and the greatest value of a column in a row group."""
        index = self.leaves.get(column)
        if index is None:
            return None
        statistics = self.metadata.row_group(group).column(index).statistics
        if statistics is None or not statistics.has_min_max:
            return None
        try:
            return statistics.min, statistics.max
        except (NotImplementedError, ValueError, OverflowError):  # a type or a time that Python has not
            return None

    def close(self) -> None:
        """Close the file."""
        self.reader.close()
        self.file.close()


def empty_batches(rows: int, batch_size: int) -> Iterator[Any]:
    """Batches of so many rows without columns."""
    import pyarrow as pa

    while rows > 0:
        count = min(rows, batch_size)
        yield pa.RecordBatch.from_struct_array(pa.nulls(count, pa.struct([])))
        rows -= count
