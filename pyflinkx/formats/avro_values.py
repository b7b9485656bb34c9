"""Values as fastavro takes and gives them, and as records here have them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from pyflinkx._core.records.row import Row
from pyflinkx.types.data_type import DataType, Kind

EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc
MICRO = datetime.timedelta(microseconds=1)
Convert = Callable[[Any], Any]


def from_avro(schema_kind: DataType, kind: DataType) -> Convert | None:
    """What makes a value of what fastavro has read; None where it is one already.

    Args:
        schema_kind: the type by the schema that it was read with.
        kind: the type that is wanted.
    """
    if kind.kind is Kind.ROW and schema_kind.kind is Kind.ROW:
        parts = dict(zip(schema_kind.names, schema_kind.children, strict=True))
        fields = [
            (name, from_avro(parts[name], child) if name in parts else None)
            for name, child in zip(kind.names, kind.children, strict=True)
        ]
        return _fields(fields, schema_kind.names == kind.names)
    if kind.kind is Kind.ARRAY and schema_kind.kind is Kind.ARRAY:
        element = from_avro(schema_kind.children[0], kind.children[0])
        return None if element is None else lambda values: values and [_or_none(element, value) for value in values]
    if kind.kind is Kind.MAP and schema_kind.kind is Kind.MAP:
        of_value = from_avro(schema_kind.children[1], kind.children[1])
        if of_value is None:
            return None
        return lambda values: values and {key: _or_none(of_value, value) for key, value in values.items()}
    if kind.kind is Kind.TIMESTAMP:
        return _naive
    if kind.kind in (Kind.VARCHAR, Kind.CHAR):
        return _text
    return None


def _fields(fields: list[tuple[str, Convert | None]], same: bool) -> Convert | None:
    if same and all(convert is None for _, convert in fields):
        return None

    def made(value: Any) -> Any:
        if value is None:
            return None
        get = value.get
        return {
            name: get(name) if convert is None or get(name) is None else convert(value[name])
            for name, convert in fields
        }

    return made


def _or_none(convert: Convert, value: Any) -> Any:
    return None if value is None else convert(value)


def _naive(value: Any) -> Any:
    """A time without a zone: that of an instant in UTC."""
    return value.replace(tzinfo=None) if isinstance(value, datetime.datetime) and value.tzinfo else value


def _text(value: Any) -> Any:
    """A UUID is read as one, and is its text here."""
    return value if isinstance(value, str) or value is None else str(value)


def to_avro(kind: DataType) -> Convert:
    """What makes a value that fastavro takes of one that has the type."""
    if kind.kind is Kind.ROW:
        fields = [(name, to_avro(child)) for name, child in zip(kind.names, kind.children, strict=True)]

        def record(value: Any) -> Any:
            if value is None:
                return None
            return {name: convert(part) for (name, convert), part in zip(fields, value, strict=True)}

        return record
    if kind.kind is Kind.ARRAY:
        element = to_avro(kind.children[0])
        return lambda values: None if values is None else [element(value) for value in values]
    if kind.kind is Kind.MAP:
        of_value = to_avro(kind.children[1])
        return lambda values: None if values is None else {key: of_value(value) for key, value in values.items()}
    if kind.kind in (Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ):
        return _millis if (kind.precision or 0) <= 3 else _micros
    return _same


def _same(value: Any) -> Any:
    return value


def _micros(value: Any) -> Any:
    # fastavro would take a time without a zone for one of this machine's.
    if value is None:
        return None
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return (value - EPOCH) // MICRO


def _millis(value: Any) -> Any:
    micros = _micros(value)
    return None if micros is None else micros // 1000


def generic(value: Any) -> Any:
    """A generic record as fastavro takes it: rows become dicts, at every depth."""
    if isinstance(value, Row):
        names = getattr(value, "_fields", None)
        if names is None:
            raise TypeError(f"a generic record is a dict or a Row with names, not {value!r}")
        return {name: generic(part) for name, part in zip(names, value, strict=True)}
    if isinstance(value, dict):
        return {key: generic(part) for key, part in value.items()}
    if isinstance(value, list):
        return [generic(part) for part in value]
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value
