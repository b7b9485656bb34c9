"""Batches of messages that hold a record of CSV each, by the compiled decoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch, concat
from pyflinkx.errors import CorruptDataError
from pyflinkx.formats.csv_columns import CompiledColumns, can_be_compiled
from pyflinkx.formats.csv_records import CsvFormat
from pyflinkx.types.arrow import schema_of

Failures = list[tuple[int, CorruptDataError]]


class CsvMessages:
    """Decodes messages, many at a time.

    Args:
        compiled: how records are made of columns.
        csv_format: how fields are set apart.
        one: decodes one message that the compiled decoder leaves; None for what is passed over.
    """

    def __init__(self, compiled: CompiledColumns, csv_format: CsvFormat, one: Callable[[Any], Any]) -> None:
        self.compiled = compiled
        self.one = one
        count = len(compiled.shape.fields)
        self.decoder = None
        if can_be_compiled(csv_format, "utf-8"):
            self.decoder = compiled.decoder(csv_format, list(range(count)), count, cuts=False)

    def rows(self, messages: list[Any], failures: Failures | None = None) -> list[Any]:
        """The record of each message; see ``DeserializationSchema.decode_many``."""
        if self.decoder is not None:
            left = self._read(messages)
            batch = self.decoder.take()
            try:
                records = self.compiled.records(batch)
            except ValueError:  # a text has no value: one by one
                return self._one_by_one(messages, range(len(messages)), failures)
            if not left:
                return records
            others = self._one_by_one(messages, left, failures)
            return merged(records, dict(zip(left, others, strict=True)), len(messages))
        return self._one_by_one(messages, range(len(messages)), failures)

    def columns(self, messages: list[Any], failures: Failures | None = None) -> ColumnBatch:
        """The records of messages as columns, without those that are None."""
        schema = schema_of(self.compiled.shape.schema)
        if self.decoder is None or self.compiled.parsed:
            records = self.rows(messages, failures)
            return ColumnBatch.from_rows([record for record in records if record is not None], schema)
        left = self._read(messages)
        batch = self.decoder.take()
        parts, start = [], 0
        for passed, (place, record) in enumerate(zip(left, self._one_by_one(messages, left, failures), strict=True)):
            if record is not None:
                stop = place - passed
                parts += [batch.slice(start, stop), ColumnBatch.from_rows([record], batch.schema)]
                start = stop
        return concat([*parts, batch.slice(start, len(batch))]) if parts else batch

    def _read(self, messages: list[Any]) -> list[int]:
        assert self.decoder is not None
        if set(map(type, messages)) - {bytes}:
            messages = [b"" if message is None else bytes(message) for message in messages]
        return self.decoder.read_messages(messages)

    def _one_by_one(self, messages: list[Any], places: Any, failures: Failures | None) -> list[Any]:
        records: list[Any] = []
        for place in places:
            try:
                records.append(self.one(messages[place]))
            except CorruptDataError as error:
                if failures is None:
                    raise CorruptDataError(f"message {place}: {error}") from error
                failures.append((place, error))
                records.append(None)
        return records


def merged(records: list[Any], others: dict[int, Any], count: int) -> list[Any]:
    """``count`` records: those of ``others`` at their places, the rest in between."""
    rest = iter(records)
    return [others[place] if place in others else next(rest) for place in range(count)]
