"""Records as Arrow IPC files."""

from __future__ import annotations

from typing import Any

from pyflinkx.config.arguments import check_choice
from pyflinkx.connectors.files.bulk import BulkStream
from pyflinkx.connectors.files.column_writers import GROUP_BYTES, ColumnWriterFactory
from pyflinkx.formats.arrow_library import arrow_module

BATCH_ROWS = 1 << 16


class ArrowWriterFactory(ColumnWriterFactory):
    """Writes Arrow IPC files, which are read without being decoded.

    Args:
        row_type: of the records; None where the stream is one of columns, which then are the file's.
        compression: of the buffers: ``"none"``, ``"lz4"`` or ``"zstd"``.
        stream_format: whether to write the format of streams.
        batch_rows: the most rows of a batch.

    Raises:
        ConfigurationError: an option cannot be.
        MissingExtraError: pyarrow is not installed.
    """

    format_name = "Arrow"

    def __init__(
        self,
        row_type: Any = None,
        *,
        compression: str = "none",
        stream_format: bool = False,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        arrow_module("pyarrow.ipc", "Arrow files", "arrow")
        super().__init__(row_type, batch_rows, GROUP_BYTES)
        self.compression: str = check_choice(compression, "compression", ("none", "lz4", "zstd"))
        self.stream_format: bool = check_choice(stream_format, "stream_format", (True, False))

    def open(self, stream: BulkStream, schema: Any) -> Any:
        library = arrow_module("pyarrow.ipc", "Arrow files", "arrow")
        options = library.IpcWriteOptions(compression=None if self.compression == "none" else self.compression)
        make = library.new_stream if self.stream_format else library.new_file
        return ArrowBatches(make(stream, schema, options=options))


class ArrowBatches:
    """Writes tables as batches.

    Args:
        writer: of pyarrow.
    """

    def __init__(self, writer: Any) -> None:
        self.writer = writer

    def write(self, table: Any) -> None:
        """A batch."""
        self.writer.write(table.combine_chunks())

    def close(self) -> None:
        """Write what is missing."""
        self.writer.close()
