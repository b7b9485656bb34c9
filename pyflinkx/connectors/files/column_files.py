"""Files of the lines of columnar batches, in folders, a new one from time to time."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any, Protocol

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.connectors.files.bulk import BulkWriterFactory
from pyflinkx.connectors.files.parts import BulkPart, Part, RowPart
from pyflinkx.connectors.files.row_files import RowFileSink
from pyflinkx.connectors.files.row_writer import RowFileWriter
from pyflinkx.connectors.sink import WriterContext


class Lines(Protocol):
    """The text of a format; a description that travels with its sink."""

    def lines(self, batch: ColumnBatch) -> bytes:
        """The rows of a batch, each with what ends it."""


class ColumnFileSink(RowFileSink):
    """Writes columns as text.

    Args:
        path: the folder.
        format: makes the text.
        kept: names of the columns that are in the files; None for all.
    """

    def __init__(self, path: str | PathLike[str], format: Lines, kept: Sequence[str] | None = None) -> None:
        super().__init__(path, None)  # type: ignore[arg-type]
        self.columnar = True
        self.format = format
        self.kept = None if kept is None else list(kept)

    def create_writer(self, context: WriterContext) -> ColumnFileWriter:
        return ColumnFileWriter(self, context)


class ColumnFileWriter(RowFileWriter):
    """Writes the files of one subtask."""

    sink: ColumnFileSink

    def _part(self, bucket: str, path: str, hidden: str, now: int) -> Part:
        return LinesPart(bucket, path, hidden, now, self.sink.format.lines, self.sink.kept)


class LinesPart(RowPart):
    """A file of lines."""

    def __init__(self, bucket: str, path: str, hidden: str, now: int, lines: Any, kept: Sequence[str] | None) -> None:
        super().__init__(bucket, path, hidden, now, lines)
        self.kept = kept

    def add_columns(self, batch: ColumnBatch) -> None:
        """Add the rows of columns."""
        self.add(batch if self.kept is None else batch.select(self.kept))


class BulkFileSink(RowFileSink):
    """Writes columns to files that are written as a whole.

    Args:
        path: the folder.
        factory: makes the writers of files.
        kept: names of the columns that are in the files.
    """

    encoder: BulkWriterFactory

    def __init__(self, path: str | PathLike[str], factory: BulkWriterFactory, kept: Sequence[str]) -> None:
        super().__init__(path, factory)
        self.columnar = True
        self.kept = list(kept)

    def create_writer(self, context: WriterContext) -> BulkFileWriter:
        return BulkFileWriter(self, context)


class BulkFileWriter(RowFileWriter):
    """Writes the files of one subtask."""

    sink: BulkFileSink

    def _part(self, bucket: str, path: str, hidden: str, now: int) -> Part:
        return SomeColumnsPart(bucket, path, hidden, now, self.sink.encoder, self.sink.kept)


class SomeColumnsPart(BulkPart):
    """A file with some of the columns."""

    def __init__(
        self, bucket: str, path: str, hidden: str, now: int, factory: BulkWriterFactory, kept: Sequence[str]
    ) -> None:
        super().__init__(bucket, path, hidden, now, factory)
        self.kept = kept

    def add_columns(self, batch: ColumnBatch) -> None:
        """Add the rows of columns."""
        super().add_columns(batch.select(self.kept))
