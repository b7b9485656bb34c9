"""Formats whose files are written as a whole, such as those with an index at their end; after Flink's BulkWriter."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from typing import Any

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
    """

    @abstractmethod
    def create(self, stream: BulkStream) -> BulkWriter:
        """A writer of one file.

        Args:
            stream: takes the file's bytes, by ``write``.
        """
