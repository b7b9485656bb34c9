"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflinkx.connectors.files.arrow_opening import arrow_errors, each_batch, opened
from pyflinkx.connectors.files.columnar import ColumnFilesSource
from pyflinkx.formats.arrow_library import arrow_module

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
