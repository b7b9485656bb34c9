"""Files of the lines of columnar batches, in folders, a new one from time to time."""

from __future__ import annotations

from os import PathLike
from typing import Any, Protocol

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.records.row_kinds import first_change
from pyflinkx.connectors.files.parts import Part, RowPart
from pyflinkx.connectors.files.row_files import RowFileSink
from pyflinkx.connectors.files.row_writer import RowFileWriter
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.errors import SinkError

# So few that a file is not much larger than its size says.
ROWS_AT_ONCE = 1024


class Lines(Protocol):
    """The text of a format; a description that travels with its sink."""

    def lines(self, batch: ColumnBatch) -> bytes:
        """The rows of a batch, each with what ends it."""


class ColumnFileSink(RowFileSink):
    """Writes columns as text, into one folder.

    Args:
        path: the folder.
        format: makes the text.
    """

    columnar = True

    def __init__(self, path: str | PathLike[str], format: Lines) -> None:
        super().__init__(path, None)  # type: ignore[arg-type]
        self.format = format

    def create_writer(self, context: WriterContext) -> ColumnFileWriter:
        return ColumnFileWriter(self, context)


class ColumnFileWriter(RowFileWriter):
    """Writes the files of one subtask."""

    sink: ColumnFileSink

    def write(self, batch: Any) -> None:
        if batch.kinds is not None and first_change(batch) >= 0:
            raise SinkError(f"{self.sink.path}: the stream holds updates or deletions, which a file cannot take back")
        now = self.clock.now()
        if now - self.checked >= self.sink.check_interval:
            self.advance(now)
        for start in range(0, len(batch), ROWS_AT_ONCE):
            self._add("", batch.slice(start, min(start + ROWS_AT_ONCE, len(batch))), now)

    def _add(self, bucket: str, rows: ColumnBatch, now: int) -> None:
        self._roll(bucket, now)
        part = self.open.get(bucket)
        if part is not None and self.sink.policy.should_roll_on_event(part, rows):
            self._end(bucket)
            part = None
        if part is None:
            part = self.open[bucket] = self._begin(bucket, now)
        part.add(rows)
        part.written = now
        with self._errors(part.path):
            part.drain()

    def _part(self, bucket: str, path: str, hidden: str, now: int) -> Part:
        return RowPart(bucket, path, hidden, now, self.sink.format.lines)
