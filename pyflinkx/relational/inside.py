"""Values with parts while they are evaluated: times in them are numbers as in columns, and rows are tuples."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.times import EPOCH_DAY, units_of
from pyflinkx.types.data_type import DataType, Kind

Change = Callable[[Any], Any]
MIDNIGHT = datetime.datetime(1970, 1, 1)
UTC_MIDNIGHT = MIDNIGHT.replace(tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)
MICROS = 1_000_000


def micros(value: int, unit: int) -> int:
    """Units of a second as microseconds; what is finer is cut off."""
    return value * (MICROS // unit) if unit <= MICROS else value // (unit // MICROS)


def units(value: int, unit: int) -> int:
    """Microseconds as units of a second."""
    return value // (MICROS // unit) if unit <= MICROS else value * (unit // MICROS)


def time_outward(kind: DataType) -> Change | None:
    """From a number to what Python calls that time; None where it stays a number."""
    if kind.kind is Kind.DATE:
        return lambda value: datetime.date.fromordinal(value + EPOCH_DAY)
    if kind.kind is Kind.TIME:
        unit = units_of(kind)
        return lambda value: (MIDNIGHT + MICROSECOND * micros(value, unit)).time()
    if kind.kind is Kind.TIMESTAMP:
        unit = units_of(kind)
        return lambda value: MIDNIGHT + MICROSECOND * micros(value, unit)
    if kind.kind is Kind.TIMESTAMP_LTZ:
        unit = units_of(kind)
        return lambda value: UTC_MIDNIGHT + MICROSECOND * micros(value, unit)
    if kind.kind is Kind.INTERVAL_DAY_TIME:
        unit = units_of(kind)
        return lambda value: MICROSECOND * micros(value, unit)
    return None


def time_inward(kind: DataType) -> Change | None:
    """From what Python calls a time to a number."""
    if kind.kind is Kind.DATE:
        return lambda value: value.toordinal() - EPOCH_DAY
    if kind.kind is Kind.TIME:
        unit = units_of(kind)
        return lambda value: units(
            ((value.hour * 60 + value.minute) * 60 + value.second) * MICROS + value.microsecond, unit
        )
    if kind.kind is Kind.TIMESTAMP:
        unit = units_of(kind)
        return lambda value: units((value.replace(tzinfo=None) - MIDNIGHT) // MICROSECOND, unit)
    if kind.kind is Kind.TIMESTAMP_LTZ:
        unit = units_of(kind)
        return lambda value: units((zoned(value) - UTC_MIDNIGHT) // MICROSECOND, unit)
    if kind.kind is Kind.INTERVAL_DAY_TIME:
        unit = units_of(kind)
        return lambda value: units(value // MICROSECOND, unit)
    return None


def zoned(value: Any) -> datetime.datetime:
    """A datetime with its zone; one without has UTC."""
    if hasattr(value, "to_epoch_milli"):
        return UTC_MIDNIGHT + MICROSECOND * (value.seconds * MICROS + value.nanos // 1000)
    return value if value.tzinfo is not None else value.replace(tzinfo=datetime.timezone.utc)


@lru_cache(maxsize=512)
def outward(kind: DataType) -> Change | None:
    """From what is evaluated to what columns and the user's functions take; None where that is the same."""
    if not kind.children:
        return time_outward(kind)
    parts = [outward(child) for child in kind.children]
    if kind.kind is Kind.ARRAY:
        return None if parts[0] is None else listed(parts[0])
    if kind.kind is Kind.ROW:
        from pyflinkx._core.records.row import Row

        names = list(kind.names)

        def row(value: Any) -> Any:
            made = Row(
                *[item if part is None or item is None else part(item) for part, item in zip(parts, value, strict=True)]
            )
            made.set_field_names(names)
            return made

        return row
    return mapped(parts)


@lru_cache(maxsize=512)
def inward(kind: DataType) -> Change | None:
    """From what columns and the user's functions give to what is evaluated; None where that is the same."""
    if not kind.children:
        return time_inward(kind)
    parts = [inward(child) for child in kind.children]
    if kind.kind is Kind.ARRAY:
        return listed(parts[0]) if parts[0] is not None else as_list
    if kind.kind is Kind.ROW:
        names = kind.names

        def row(value: Any) -> Any:
            items = [value.get(name) for name in names] if isinstance(value, dict) else list(value)
            if len(items) != len(parts):
                raise ValueFault(f"{value!r:.200} has {len(items)} fields and not {len(parts)}")
            return tuple(
                item if part is None or item is None else part(item) for part, item in zip(parts, items, strict=True)
            )

        return row
    return mapped(parts)


def as_list(value: Any) -> Any:
    return value if type(value) is list else list(value)


def listed(part: Change) -> Change:
    return lambda value: [None if item is None else part(item) for item in value]


def mapped(parts: list[Change | None]) -> Change | None:
    """Of maps, and of multisets, whose values are numbers."""
    key, item = parts[0], parts[1] if len(parts) > 1 else None
    if key is None and item is None:
        return None

    def change(value: Any) -> Any:
        return {
            (k if key is None or k is None else key(k)): (v if item is None or v is None else item(v))
            for k, v in value.items()
        }

    return change


class ListKey(list[Any]):
    """An array that is the key of a map."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(hashable(self))


class MapKey(dict[Any, Any]):
    """A map that is the key of a map."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(hashable(self))


def as_key(value: Any) -> Any:
    """A value as the key of a map: something hashable."""
    if isinstance(value, list):
        return ListKey(map(as_key, value))
    if isinstance(value, dict):
        return MapKey(value)
    return tuple(map(as_key, value)) if isinstance(value, tuple) else value


def hashable(value: Any) -> Any:
    """What is equal where values are, and can be a key."""
    if isinstance(value, list):
        return ("[", *map(hashable, value))
    if isinstance(value, tuple):
        return tuple(map(hashable, value))
    if isinstance(value, dict):
        return frozenset((hashable(key), hashable(item)) for key, item in value.items())
    return value
