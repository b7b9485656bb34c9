"""Arrow IPC files, also known as Feather files of version 2, and streams in files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflinkx.connectors.files.arrow_opening import arrow_errors, each_batch, opened
from pyflinkx.connectors.files.columnar import ColumnFilesSource
from pyflinkx.formats.arrow_library import arrow_module

ARROW = "an Arrow IPC file"
MAGIC = b"ARROW1"
# What ends a stream; without it a file that was cut between two batches would look whole.
END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"


class ArrowSource(ColumnFilesSource):
    """The rows of Arrow IPC files, as columns; see ``ColumnFilesSource`` for the options.

    Files may be in the file format or in that of streams, which only one reader at a time can read.

    Raises:
        MissingExtraError: pyarrow is not installed.

    Example:
        >>> ArrowSource("/data/trips.arrow")
        ArrowSource('/data/trips.arrow')
    """

    def open_file(self, path: str) -> ArrowFile:
        return ArrowFile(path)


class ArrowFile:
    """One file.

    Args:
        path: of the file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.library = arrow_module("pyarrow.ipc", "Arrow files", "arrow")
        self.file, self.reader = opened(path, ARROW, self._reader)
        self.schema = self.reader.schema
        self.groups: int = self.reader.num_record_batches if self.in_file_format else 1

    def _reader(self, file: Any, columns: list[str] | None = None) -> Any:
        file.seek(0)
        self.in_file_format = file.read(len(MAGIC)) == MAGIC
        if not self.in_file_format:
            file.seek(max(0, file.size() - len(END_OF_STREAM)))
            if file.read() != END_OF_STREAM:
                raise EOFError("the stream has no end: it was cut off, or is still being written")
        file.seek(0)
        options = self.library.IpcReadOptions()
        if columns is not None:
            options.included_fields = [self.schema.get_field_index(name) for name in columns]
        open_reader = self.library.open_file if self.in_file_format else self.library.open_stream
        return open_reader(file, options=options)

    def batches(self, group: int, columns: list[str]) -> Iterator[Any]:
        """The rows of a batch of the file, or of a whole stream."""
        with arrow_errors(self.path, ARROW):
            reader = self._reader(self.file, columns)
        batches = (reader.get_batch(number) for number in (group,)) if self.in_file_format else iter(reader)
        return each_batch(self.path, ARROW, (batch.select(columns) for batch in batches))

    def rows(self, group: int) -> int | None:
        """Not known before a batch is read."""
        return None

    def bounds(self, group: int, column: str) -> tuple[Any, Any] | None:
        """The format has none."""
        return None

    def close(self) -> None:
        """Close the file."""
        self.file.close()
