"""The records of a CSV file as values, a record at a time where something is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx.connectors.source import BadRecord
from pyflinkx.errors import SourceError
from pyflinkx.formats.csv_records import NUL, CsvRecords, RawRecords
from pyflinkx.formats.csv_values import ColumnParser
from pyflinkx.formats.decoding import CARRIED, readable
from pyflinkx.formats.position import FilePosition
from pyflinkx.formats.record_shape import RecordShape


class Columns:
    """How many columns a file has, and at which of them each field of the schema is."""

    def __init__(self, count: int, places: list[int]) -> None:
        self.count = count
        self.places = places


def shown(text: str) -> str:
    """A record as error messages show it."""
    return repr(readable(text if len(text) <= 200 else text[:200] + "..."))


def unsound(raw: RawRecords, index: int) -> str | None:
    """Why the text of a record cannot be trusted, if so."""
    if raw.bad_lines:
        first, after = raw.line_span(index)
        for line in range(first, after):
            if line in raw.bad_lines:
                return raw.bad_lines[line]
    if raw.has_nul and any(NUL in text for text in raw.rows[index]):
        return "line contains NUL"
    # Only a charset with shift states can get here: the lines are sound each, but not together.
    if raw.bad_lines and any(map(CARRIED.search, raw.rows[index])):
        return "invalid bytes"
    return None


class CsvRows:
    """The records of one file as values."""

    def __init__(
        self,
        path: str,
        records: CsvRecords,
        shape: RecordShape,
        columns: Columns,
        parsers: list[ColumnParser],
        skip: bool,
        extra_fields: str,
    ) -> None:
        self.path = path
        self.records = records
        self.shape = shape
        self.columns = columns
        self.parsers = parsers
        self.skip = skip
        self.cuts = extra_fields == "ignore"
        self.failure: SourceError | None = None
        self.failed_at: FilePosition | None = None
        self.bad_records: list[BadRecord] = []

    def read(self, limit: int) -> list[Any] | None:
        """Up to ``limit`` records; None at the end of the file."""
        if self.failure is not None:
            raise self.failure
        raw = self.records.read(limit)
        if raw is None:
            return None
        values = self._fast(raw)
        if values is None:
            values = self._one_by_one(raw)
        if raw.broken is not None and self.failure is None:
            self._refuse(*raw.broken)
        return values

    def _fast(self, raw: RawRecords) -> list[Any] | None:
        """The records of good rows, or None if there is anything to look at more closely."""
        if not raw.rows:
            return []
        if raw.bad_lines or raw.has_nul:
            return None
        if self.cuts:
            raw.rows = [row[: self.columns.count] for row in raw.rows]
        widths = set(map(len, raw.rows))
        rows = [row for row in raw.rows if row] if 0 in widths else raw.rows
        if widths - {0} != {self.columns.count}:
            return None
        texts = list(zip(*rows, strict=True))
        places = self.columns.places
        try:
            parsed = [parser.column(texts[place]) for parser, place in zip(self.parsers, places, strict=True)]
            return self.shape.records(parsed)
        # A class may refuse values with any exception; which record it was, the slow way finds out.
        except Exception:
            return None

    def _one_by_one(self, raw: RawRecords) -> list[Any]:
        values = []
        for index, row in enumerate(raw.rows):
            if not row:
                continue
            reason = unsound(raw, index)
            if self.cuts:
                row = row[: self.columns.count]
            if reason is None and len(row) != self.columns.count:
                reason = f"expected {self.columns.count} columns, got {len(row)}"
            line, text = raw.line_span(index)[0], raw.text(index)
            if reason is not None:
                self._refuse(line, text, reason)
            else:
                try:
                    values.append(self._value(row))
                except ValueError as error:
                    self._refuse(line, text, str(error), error)
            if self.failure is not None:
                break
        return values

    def _value(self, row: Sequence[str]) -> Any:
        fields = zip(self.parsers, self.columns.places, self.shape.fields, strict=True)
        values = []
        for parser, place, field in fields:
            try:
                values.append(parser.value(row[place]))
            except ValueError as error:
                name = f" {field.name!r}" if field.name is not None else ""
                raise ValueError(f"column{name} ({place + 1}): {error}") from error
        try:
            return self.shape.record(values)
        except Exception as error:
            name = getattr(self.shape.schema, "__name__", self.shape.schema)
            raise ValueError(f"{name} refused {short_repr(values)}: {type(error).__name__}: {error}") from error

    def _refuse(self, line: int, text: str, reason: str, cause: Exception | None = None) -> None:
        if self.skip:
            self.bad_records.append(BadRecord(self.path, line, readable(text), reason))
            return
        # What names the field and its text says enough; other reasons are shown with the record.
        message = f"{self.path}:{line}: {reason}"
        self.failed_at = self.records.position(line)
        self.failure = SourceError(message if cause is not None else f"{message}: {shown(text)}")
        self.failure.__cause__ = cause

    def position(self) -> FilePosition:
        """Where the first record is that was not read: the one that is to fail, if one is."""
        return self.records.position() if self.failed_at is None else self.failed_at

    def close(self) -> None:
        """Close the file."""
        self.records.close()
