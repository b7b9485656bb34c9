"""ORC files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflinkx.connectors.files.arrow_opening import arrow_errors, each_batch, opened
from pyflinkx.connectors.files.columnar import ColumnFilesSource
from pyflinkx.formats.arrow_library import arrow_module

ORC = "an ORC file"


class OrcSource(ColumnFilesSource):
    """The rows of ORC files, as columns; see ``ColumnFilesSource`` for the options.

    Only the columns that are asked for are read; a stripe is decoded at once.

    Raises:
        MissingExtraError: pyarrow is not installed.

    Example:
        >>> OrcSource("/data/trips", columns=["id", "fare"])
        OrcSource('/data/trips')
    """

    def open_file(self, path: str) -> OrcFile:
        return OrcFile(path)


class OrcFile:
    """One file.

    Args:
        path: of the file.
    """

    def __init__(self, path: str) -> None:
        library = arrow_module("pyarrow.orc", "ORC files", "orc")
        self.path = path
        self.file, self.reader = opened(path, ORC, library.ORCFile)
        with arrow_errors(path, ORC):
            self.schema = self.reader.schema
            self.groups: int = self.reader.nstripes

    def batches(self, group: int, columns: list[str]) -> Iterator[Any]:
        """The rows of a stripe."""
        stripes = (self.reader.read_stripe(number, columns or None) for number in (group,))
        return each_batch(self.path, ORC, (stripe.select(columns) for stripe in stripes))

    def rows(self, group: int) -> int | None:
        """Not known before a stripe is read."""
        return None

    def bounds(self, group: int, column: str) -> tuple[Any, Any] | None:
        """Not told by the library."""
        return None

    def close(self) -> None:
        """Close the file."""
        self.file.close()
