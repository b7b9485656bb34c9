"""Formats whose files are written as a whole, such as those with an index at their end; after Flink's BulkWriter."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.connectors.files.target_file import write_all


class BulkStream(io.RawIOBase):
    """What a BulkWriter writes to: goes to the file at once, and cannot be closed by the writer.

    Args:
        file: unbuffered.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self._size = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Append bytes, all of them; how many there are."""
        data = bytes(data)
        write_all(self._file, data)
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        """How many bytes were written."""
        return self._size

    def close(self) -> None:
        """Nothing: the sink closes the file."""


class BulkWriter(ABC):
    """Writes the records of one file."""

    @abstractmethod
    def add_element(self, element: Any) -> None:
        """Add a record."""

    def add_columns(self, batch: ColumnBatch) -> None:
        """Add the rows of a batch of columns; where the factory is ``columnar``, of a stream of columns."""
        for row in batch.to_rows():
            self.add_element(row)

    def flush(self) -> None:  # noqa: B027
        """Write out what is held back."""

    @abstractmethod
    def finish(self) -> None:
        """All records were added: write what is missing. The stream is not to be closed."""


class BulkWriterFactory(ABC):
    """Makes the writers of a sink; a description that travels with it.

    Example:
        >>> class Lines(BulkWriter):
        ...     def __init__(self, stream):
        ...         self.stream = stream
        ...     def add_element(self, element):
        ...         self.stream.write(f"{element}\\n".encode())
        ...     def finish(self):
        ...         self.stream.write(b"end\\n")
        >>> class LinesFactory(BulkWriterFactory):
        ...     def create(self, stream):
        ...         return Lines(stream)

    Attributes:
        columnar: whether its writers take columns as they are (``add_columns``).
    """

    columnar = False

    @abstractmethod
    def create(self, stream: BulkStream) -> BulkWriter:
        """A writer of one file.

        Args:
            stream: takes the file's bytes, by ``write``.
        """


class RowDataBulkWriterFactory(BulkWriterFactory):
    """One that knows the type of the rows.

    Args:
        row_type: the type.
    """

    def __init__(self, row_type: Any) -> None:
        self._row_type = row_type

    def get_row_type(self) -> Any:
        """The type of the rows, as it was given."""
        return self._row_type
