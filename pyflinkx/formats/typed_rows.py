"""Records in the shape of a row type, as columns and Avro take them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pyflinkx.types.codecs import codec_of
from pyflinkx.types.data_type import DataType, Kind
from pyflinkx.types.data_type_info import type_info_of
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import Types

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
ANYTHING = DataType(Kind.RAW, python=Types.PICKLED_BYTE_ARRAY())
Convert = Callable[[Any], Any]


class TypedRows:
    """Gives records the shape of a type: Rows, tuples, dicts, objects; points in time are datetimes with a zone.

    Args:
        kind: the row.

    Example:
        >>> from pyflinkx.types.data_type import BIGINT, STRING, row_type
        >>> TypedRows(row_type([("id", BIGINT), ("name", STRING)]))([{"name": "a", "id": 1}])
        [Row(id=1, name='a')]
    """

    def __init__(self, kind: DataType) -> None:
        self._conform = codec_of(type_info_of(without_instants(kind))).conform_batch
        self._zoned = zoned(kind)

    def __call__(self, records: list[Any]) -> list[Any]:
        """The records.

        Raises:
            TypeInformationError: one does not fit the type.
        """
        rows: list[Any] = self._conform(records)
        return rows if self._zoned is None else list(map(self._zoned, rows))


def without_instants(kind: DataType) -> DataType:
    """The type with anything in the place of points in time, which may be of several types in Python."""
    if kind.kind is Kind.TIMESTAMP_LTZ:
        return ANYTHING
    return replace(kind, children=tuple(map(without_instants, kind.children))) if kind.children else kind


def zoned(kind: DataType) -> Convert | None:
    """What gives the points in time within values a zone; None where there are none."""
    if kind.kind is Kind.TIMESTAMP_LTZ:
        return _zoned
    parts = list(map(zoned, kind.children))
    if not any(parts):
        return None
    if kind.kind is Kind.ROW:
        return lambda row: row if row is None else tuple(_parts(parts, row))
    if kind.kind is Kind.ARRAY:
        return lambda values: values if values is None else [_one(parts[0], value) for value in values]
    of_value = parts[-1] if kind.kind is Kind.MAP else None
    return lambda values: (
        values if values is None else {_one(parts[0], key): _one(of_value, value) for key, value in values.items()}
    )


def _parts(parts: list[Convert | None], values: Any) -> list[Any]:
    return [_one(part, value) for part, value in zip(parts, values, strict=True)]


def _one(convert: Convert | None, value: Any) -> Any:
    return value if convert is None else convert(value)


def _zoned(value: Any) -> Any:
    if isinstance(value, Instant):
        return EPOCH + datetime.timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value
