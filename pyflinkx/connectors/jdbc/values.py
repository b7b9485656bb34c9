"""Values of records as a driver takes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.row import Row
from pyflinkx.errors import SinkError
from pyflinkx.types.time import Instant

Adapter = Callable[[Any], Any]

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def as_datetime(instant: Instant) -> datetime:
    """An Instant in UTC, to the microsecond."""
    return EPOCH + timedelta(seconds=instant.seconds, microseconds=instant.nanos // 1000)


def as_json(value: Any) -> str:
    """A list or dict as JSON text."""
    return json.dumps(value, ensure_ascii=False, default=str)


def as_item(value: Any) -> Any:
    """A scalar of NumPy's as Python's."""
    return value.item()


def no_row(value: Any) -> Any:
    raise SinkError(f"a column of a database takes no row: {short_repr(value)}")


# What no driver takes as it is.
COMMON: dict[type, Adapter] = {
    Instant: as_datetime,
    Row: no_row,
}
# SQLite has numbers, text and bytes.
AS_TEXT: dict[type, Adapter] = {
    **COMMON,
    Decimal: str,
    datetime: lambda value: value.isoformat(" "),
    date: date.isoformat,
    time: time.isoformat,
    timedelta: str,
    Instant: lambda value: as_datetime(value).isoformat(" "),
    list: as_json,
    tuple: as_json,
    dict: as_json,
}
WITH_JSON: dict[type, Adapter] = {**COMMON, list: as_json, tuple: as_json, dict: as_json}


class Adaptation:
    """Makes parameters of a statement of records.

    Args:
        adapters: what is to be done to values of a type, or of one derived from it.
        count: how many parameters the statement has.

    Example:
        >>> Adaptation(AS_TEXT, 2).rows([Row(1, Decimal("1.50")), (2, None)])
        [(1, '1.50'), (2, None)]
    """

    def __init__(self, adapters: dict[type, Adapter], count: int) -> None:
        self.adapters = adapters
        self.count = count
        self.known: dict[type, Adapter | None] = {}

    def rows(self, records: Iterable[Any]) -> list[tuple[Any, ...]]:
        """The parameters of each record.

        Args:
            records: Rows, tuples or lists, by position; of other values there is one parameter.

        Raises:
            SinkError: a record has another number of fields than there are parameters, or one that no column takes.
        """
        count = self.count
        rows: list[tuple[Any, ...]] = []
        for record in records:
            row = tuple(record) if isinstance(record, (Row, tuple, list)) else (record,)
            if len(row) != count:
                raise SinkError(
                    f"a record has {len(row)} fields, and the statement {count} parameters (?): {short_repr(record)}"
                )
            rows.append(row)
        strange = {kind for row in rows for kind in map(type, row) if self._adapter(kind) is not None}
        if not strange:
            return rows
        return [tuple(self._adapted(value) if type(value) in strange else value for value in row) for row in rows]

    def _adapter(self, kind: type) -> Adapter | None:
        try:
            return self.known[kind]
        except KeyError:
            found = next((self.adapters[base] for base in kind.__mro__ if base in self.adapters), None)
            if found is None and any((base.__module__, base.__name__) == ("numpy", "generic") for base in kind.__mro__):
                found = as_item  # which is not imported for this
            self.known[kind] = found
            return found

    def _adapted(self, value: Any) -> Any:
        adapter = self._adapter(type(value))
        assert adapter is not None
        return adapter(value)


def key_of(row: Sequence[Any], positions: Sequence[int]) -> tuple[Any, ...]:
    """The fields of a row at some positions."""
    return tuple(row[position] for position in positions)
