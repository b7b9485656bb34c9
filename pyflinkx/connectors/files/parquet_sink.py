"""Records as Parquet files."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.columns.schema import Field
from pyflinkx.config.arguments import check_choice
from pyflinkx.connectors.files.bulk import BulkStream
from pyflinkx.connectors.files.column_writers import GROUP_BYTES, GROUP_ROWS, ColumnWriterFactory, refuse
from pyflinkx.formats.arrow_library import arrow_module
from pyflinkx.types.data_type_field import type_of_field

COMPRESSIONS = ("none", "snappy", "gzip", "brotli", "zstd", "lz4")


class ParquetWriterFactory(ColumnWriterFactory):
    """Writes Parquet files; what ``ParquetBulkWriters.for_row_type`` gives, with more to say.

    Args:
        row_type: of the records; None where the stream is one of columns, which then are the file's.
        compression: ``"none"``, ``"snappy"``, ``"gzip"``, ``"brotli"``, ``"zstd"`` or ``"lz4"``.
        group_rows: the most rows of a row group.
        group_bytes: about the most bytes of a row group, before compression; as much is kept in memory.

    Raises:
        ConfigurationError: an option cannot be, or Parquet has no column for a type.
        MissingExtraError: pyarrow is not installed.

    Example:
        >>> from pyflinkx.common import Types
        >>> ParquetWriterFactory(Types.ROW_NAMED(["id"], [Types.LONG()]), compression="zstd").schema.names
        ['id']
    """

    format_name = "Parquet"

    def __init__(
        self,
        row_type: Any = None,
        *,
        compression: str = "snappy",
        group_rows: int = GROUP_ROWS,
        group_bytes: int = GROUP_BYTES,
    ) -> None:
        arrow_module("pyarrow.parquet", "Parquet files", "parquet")  # known to be there before the job starts
        super().__init__(row_type, group_rows, group_bytes)
        self.compression: str = check_choice(compression, "compression", COMPRESSIONS)

    def check_field(self, field: Field, path: str) -> None:
        decimal: Any = field.format.startswith("d:") and type_of_field(field)
        if (field.format == "+s" and not field.children) or (decimal and not 0 <= decimal.scale <= decimal.precision):
            raise refuse(field, path, "Parquet")
        for child in field.children:
            self.check_field(child, f"{path}.{child.name}")

    def open(self, stream: BulkStream, schema: Any) -> Any:
        library = arrow_module("pyarrow.parquet", "Parquet files", "parquet")
        return ParquetGroups(library.ParquetWriter(stream, schema, compression=self.compression), self.group_rows)


class ParquetGroups:
    """Writes tables as row groups.

    Args:
        writer: of pyarrow.
        rows: the most of a group.
    """

    def __init__(self, writer: Any, rows: int) -> None:
        self.writer = writer
        self.rows = rows
        self.writer.is_open = False  # or it would write the end of a file that is given up, when it is deleted

    def write(self, table: Any) -> None:
        """A group."""
        self.writer.is_open = True
        try:
            self.writer.write_table(table, self.rows)
        finally:
            self.writer.is_open = False

    def close(self) -> None:
        """Write what is missing."""
        self.writer.is_open = True
        self.writer.close()
