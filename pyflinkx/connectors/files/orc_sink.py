"""Records as ORC files."""

from __future__ import annotations

from typing import Any

from pyflinkx._core.columns.schema import Field
from pyflinkx.config.arguments import check_choice
from pyflinkx.connectors.files.bulk import BulkStream
from pyflinkx.connectors.files.column_writers import GROUP_BYTES, GROUP_ROWS, ColumnWriterFactory, refuse
from pyflinkx.formats.arrow_library import arrow_module

COMPRESSIONS = ("uncompressed", "snappy", "zlib", "zstd", "lz4")
# Signed numbers, texts, bytes, days, lists, maps, structs; decimals and timestamps by their prefix.
FORMATS = {"b", "c", "s", "i", "l", "f", "g", "u", "U", "z", "Z", "tdD", "+l", "+L", "+m", "+s"}
PREFIXES = ("d:", "ts", "w:")


class OrcWriterFactory(ColumnWriterFactory):
    """Writes ORC files; what ``OrcBulkWriters.for_row_type`` gives, with more to say.

    Args:
        row_type: of the records; None where the stream is one of columns, which then are the file's.
        compression: ``"uncompressed"``, ``"snappy"``, ``"zlib"``, ``"zstd"`` or ``"lz4"``.
        group_rows: the most rows that are written at once.
        group_bytes: about the most bytes of a stripe, before compression; as much is kept in memory.

    Raises:
        ConfigurationError: an option cannot be, or ORC has no column for a type: times of day, intervals, unsigned
            numbers.
        MissingExtraError: pyarrow is not installed.
    """

    format_name = "ORC"

    def __init__(
        self,
        row_type: Any = None,
        *,
        compression: str = "zlib",
        group_rows: int = GROUP_ROWS,
        group_bytes: int = GROUP_BYTES,
    ) -> None:
        arrow_module("pyarrow.orc", "ORC files", "orc")
        super().__init__(row_type, group_rows, group_bytes)
        self.compression: str = check_choice(compression, "compression", COMPRESSIONS)

    def check_field(self, field: Field, path: str) -> None:
        if field.format not in FORMATS and not field.format.startswith(PREFIXES):
            raise refuse(field, path, "ORC")
        for child in field.children:
            self.check_field(child, f"{path}.{child.name}")

    def open(self, stream: BulkStream, schema: Any) -> Any:
        library = arrow_module("pyarrow.orc", "ORC files", "orc")
        return OrcStripes(library.ORCWriter(stream, compression=self.compression, stripe_size=self.group_bytes), schema)


class OrcStripes:
    """Writes tables.

    Args:
        writer: of pyarrow.
        schema: of the file, which the first table tells the writer.
    """

    def __init__(self, writer: Any, schema: Any) -> None:
        self.writer = writer
        self.schema = schema
        self.begun = False

    def write(self, table: Any) -> None:
        """Some rows."""
        self.begun = True
        self.writer.write(self._whole(table))

    def _whole(self, table: Any) -> Any:
        """The table with columns of parts that begin at their first value.

        pyarrow takes what is null in a slice of structs from the beginning of what was sliced (seen with 26.0.1).
        """
        pyarrow = arrow_module("pyarrow", "ORC files", "orc")
        for place, column in enumerate(table.columns):
            if pyarrow.types.is_nested(column.type):
                # Two arrays are put together in memory of their own.
                parts = [pyarrow.concat_arrays([part, part.slice(0, 0)]) for part in column.chunks]
                table = table.set_column(place, table.field(place), pyarrow.chunked_array(parts, column.type))
        return table

    def close(self) -> None:
        """Write what is missing."""
        if not self.begun:
            self.write(self.schema.empty_table())
        self.writer.close()
