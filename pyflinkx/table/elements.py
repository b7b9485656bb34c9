"""Tables of Python values: their types, and their columns."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.records.row import Row
from pyflinkx.errors import TypeInformationError
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.values import field
from pyflinkx.table.column_types import DataType, RowType
from pyflinkx.table.data_types import logical_of
from pyflinkx.types import data_type as logical
from pyflinkx.types.data_type import Kind, row_type
from pyflinkx.types.data_type_rules import common_type
from pyflinkx.types.repeated import repeated
from pyflinkx.types.time import Instant

# The types that Python's values have where nothing says otherwise; of those that are each other's classes the first.
OF_CLASS: tuple[tuple[type, logical.DataType], ...] = (
    (bool, logical.BOOLEAN),
    (int, logical.BIGINT),
    (float, logical.DOUBLE),
    (str, logical.STRING),
    (bytes, logical.BYTES),
    (bytearray, logical.BYTES),
    (Decimal, logical.DataType(Kind.DECIMAL, 38, 18)),
    (datetime.datetime, logical.DataType(Kind.TIMESTAMP_LTZ, 6)),
    (datetime.date, logical.DATE),
    (datetime.time, logical.DataType(Kind.TIME, 6)),
    (Instant, logical.DataType(Kind.TIMESTAMP_LTZ, 9)),
)


def batch_of_elements(elements: Iterable[Any], schema: DataType | Sequence[str] | None) -> tuple[ColumnBatch, Columns]:
    """The columns of rows.

    Args:
        elements: the rows.
        schema: as for ``TableEnvironment.from_elements``.

    Raises:
        TypeInformationError: a value does not fit, or types do not follow from the values.
    """
    rows = list(elements)
    if isinstance(schema, DataType):
        kind = logical_of(schema)
        if not isinstance(schema, RowType):
            rows, kind = [(row,) for row in rows], row_type([("f0", kind)])
        names, kinds = list(kind.names), list(kind.children)
    else:
        if schema is not None and not all(isinstance(name, str) for name in schema):
            raise TypeInformationError("the schema of from_elements() is a DataType or names of columns")
        names, kinds = inferred(rows, schema)
    twice = repeated(names)
    if twice:
        raise TypeInformationError(f"from_elements(): more than one column is called {', '.join(twice)}")
    values = [fields_of(row, names, number) for number, row in enumerate(rows)]
    for number, row in enumerate(values):
        for name, kind, value in zip(names, kinds, row, strict=True):
            if value is None and not kind.nullable:
                raise TypeInformationError(f"from_elements(): row {number}, column '{name}' of {kind} is None")
    stored = [tuple(map(stored_value, row, kinds)) for row in values]
    made = from_rows(stored, Schema([field(name, kind) for name, kind in zip(names, kinds, strict=True)]))
    return made, tuple(zip(names, kinds, strict=True))


def fields_of(row: Any, names: Sequence[str], number: int) -> Sequence[Any]:
    """The values of a row."""
    if isinstance(row, Mapping):
        return [row.get(name) for name in names]
    if not isinstance(row, (tuple, list, Row)):
        row = (row,)
    if len(row) != len(names):
        raise TypeInformationError(f"from_elements(): row {number} has {len(row)} values for {len(names)} columns")
    return list(row)


def stored_value(value: Any, kind: logical.DataType) -> Any:
    """A value as columns take it; points in time are in UTC, where they say no zone."""
    if kind.kind is Kind.TIMESTAMP_LTZ and isinstance(value, Instant):
        seconds = datetime.timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
        return datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + seconds
    if kind.kind in (Kind.FLOAT, Kind.DOUBLE) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def inferred(rows: Sequence[Any], given: Sequence[str] | None) -> tuple[list[str], list[logical.DataType]]:
    """Names and types that follow from the values."""
    if not rows:
        raise TypeInformationError("from_elements(): of no rows the types are not known: give a DataType as the schema")
    first = rows[0]
    if isinstance(first, Mapping):
        names = list(given or sorted(first))
    else:
        width = len(first) if isinstance(first, (tuple, list, Row)) else 1
        names = list(given or (isinstance(first, Row) and field_names(first)) or (f"_{n + 1}" for n in range(width)))
    columns = zip(*[fields_of(row, names, number) for number, row in enumerate(rows)], strict=True)
    return names, [column_type(name, column) for name, column in zip(names, columns, strict=True)]


def field_names(row: Row) -> list[str]:
    return list(getattr(row, "_fields", None) or ())


def column_type(name: str, values: Iterable[Any]) -> logical.DataType:
    """The type that all values of a column have in common."""
    kinds = [type_of_value(value, name) for value in values]
    found = common_type(list(dict.fromkeys(kinds)))
    if found is None or found.kind is Kind.NULL:
        what = "None in every row" if found else ", ".join(dict.fromkeys(map(str, kinds)))
        raise TypeInformationError(f"from_elements(): no type follows for column '{name}' from {what}: give a DataType")
    return found


def type_of_value(value: Any, name: str) -> logical.DataType:
    """The type of one value."""
    if value is None:
        return logical.NULL
    for cls, kind in OF_CLASS:
        if isinstance(value, cls):
            return kind
    if isinstance(value, (list, tuple)) and value:
        return logical.DataType(Kind.ARRAY, children=(column_type(name, value),))
    if isinstance(value, dict) and value:
        parts = (column_type(name, value), column_type(name, value.values()))
        return logical.DataType(Kind.MAP, children=parts)
    raise TypeInformationError(
        f"from_elements(): no type follows for column '{name}' from {value!r:.100}: give a DataType"
    )
