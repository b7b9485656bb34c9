"""Bulk writers of files of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.connectors.files.bulk import BulkStream, BulkWriter, BulkWriterFactory
from pyflinkx.connectors.files.csv_sink import CsvSink
from pyflinkx.connectors.files.single import ROWS_AT_ONCE, FileText, SingleFileSink


class TextWriterFactory(BulkWriterFactory):
    """Writes files with the text that a sink of one file has.

    Args:
        sink: says how; its path counts for nothing.
    """

    columnar = True

    def __init__(self, sink: SingleFileSink) -> None:
        self.sink = sink

    def create(self, stream: BulkStream) -> TextWriter:
        return TextWriter(stream, self.sink.new_text())


class CsvWriterFactory(TextWriterFactory):
    """Writes CSV files.

    Args:
        sink: says how.
        separators: between the elements of fields that are arrays, by their position.
    """

    def __init__(self, sink: CsvSink, separators: Mapping[int, str]) -> None:
        super().__init__(sink)
        self.separators = dict(separators)
        self.columnar = not separators

    def create(self, stream: BulkStream) -> TextWriter:
        return CsvRowsWriter(stream, self.sink.new_text(), self.separators)


class TextWriter(BulkWriter):
    """Writes the text of records.

    Args:
        stream: takes the file's bytes.
        text: makes the text.
    """

    def __init__(self, stream: BulkStream, text: FileText) -> None:
        self.stream = stream
        self.text = text
        self.held: list[Any] = []

    def add_element(self, element: Any) -> None:
        self.held.append(element)
        if len(self.held) >= ROWS_AT_ONCE:
            self.flush()

    def add_columns(self, batch: ColumnBatch) -> None:
        self.flush()
        for start in range(0, len(batch), ROWS_AT_ONCE):
            part = batch.slice(start, min(start + ROWS_AT_ONCE, len(batch)))
            data = self.text.of_columns(part)
            self.stream.write(self.text.lines(part.to_rows()).encode() if data is None else data)

    def flush(self) -> None:
        """Write the text of what is held back."""
        held, self.held = self.held, []
        if held:
            self.stream.write(self.text.lines(held).encode())

    def finish(self) -> None:
        self.flush()
        self.stream.write(self.text.end().encode())


class CsvRowsWriter(TextWriter):
    """Writes rows, whose arrays become text.

    Args:
        stream: takes the file's bytes.
        text: makes the text.
        separators: between the elements of arrays, by the field's position.
    """

    def __init__(self, stream: BulkStream, text: FileText, separators: Mapping[int, str]) -> None:
        super().__init__(stream, text)
        self.separators = separators

    def add_element(self, element: Any) -> None:
        if self.separators:
            fields = list(element)
            for place, separator in self.separators.items():
                value = fields[place]
                if isinstance(value, list | tuple):
                    fields[place] = separator.join(map(str, value))
            element = tuple(fields)
        super().add_element(element)
