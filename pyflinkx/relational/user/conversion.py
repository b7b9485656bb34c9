"""Between columns and the values that a user's functions take and give."""

from __future__ import annotations

import datetime
import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field
from pyflinkx._core.columns.to_rows import to_values
from pyflinkx.errors import TypeInformationError
from pyflinkx.expressions.vectors import Frame
from pyflinkx.relational.arithmetic import fitted
from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.inside import outward
from pyflinkx.relational.values import Run, to_python
from pyflinkx.types.data_type import DataType, Family, Kind


def external(bound: Bound, run: Run, frame: Frame) -> list[Any]:
    """The values of an argument in all rows, as Python has them: dates, Rows, lists.

    Args:
        bound: the argument.
        run: evaluates it.
        frame: the batch.
    """
    if isinstance(bound, Input):
        return to_values(frame.batch.column(bound.name))
    values = to_python(run(frame), frame)
    change = outward(bound.type)
    return values if change is None else [None if value is None else change(value) for value in values]


def built(values: Sequence[Any], field: Field, kind: DataType) -> Column:
    """What a function gave, as a column.

    Raises:
        TypeInformationError: a value is none of the type.
    """
    builder = ColumnBuilder(field)
    try:
        builder.extend(values)
    except (TypeInformationError, ValueError, TypeError, OverflowError):
        builder = ColumnBuilder(field)
        change = brought(kind)
        builder.extend([None if value is None else change(value) for value in values])
    return builder.finish()


def brought(kind: DataType) -> Callable[[Any], Any]:
    """What brings values to a type that are nearly of it: NumPy's numbers, ints as floats, tuples as lists.

    What is of quite another type stays as it is, and is refused by whoever stores it.
    """
    if kind.kind is Kind.BOOLEAN:
        return lambda value: bool(value) if type(value).__module__ == "numpy" else value
    if kind.family(Family.INTEGER):
        return index_of
    if kind.family(Family.APPROXIMATE_NUMERIC):
        return lambda value: float(value) if isinstance(value, (int, float, Decimal)) or is_numpy(value) else value
    if kind.kind is Kind.DECIMAL:
        return lambda value: (
            fitted(value if isinstance(value, Decimal) else Decimal(str(value)), kind)
            if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
            else value
        )
    if kind.kind is Kind.DATE:
        return lambda value: value.date() if isinstance(value, datetime.datetime) else value
    if kind.kind is Kind.TIMESTAMP_LTZ:
        return zoned
    if kind.kind is Kind.TIMESTAMP:
        return lambda value: value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
    if kind.kind is Kind.CHAR:
        length = kind.precision or 0
        return lambda value: value.ljust(length) if isinstance(value, str) else value
    if kind.family(Family.BINARY_STRING):
        return lambda value: bytes(value) if isinstance(value, (bytearray, memoryview)) else value
    if kind.kind is Kind.ARRAY:
        part = or_none(brought(kind.children[0]))
        return lambda value: [part(each) for each in value] if hasattr(value, "__iter__") else value
    if kind.kind in (Kind.MAP, Kind.MULTISET):
        key = or_none(brought(kind.children[0]))
        item = or_none(brought(kind.children[1])) if kind.kind is Kind.MAP else index_of
        return lambda value: {key(k): item(each) for k, each in value.items()} if isinstance(value, dict) else value
    if kind.kind is Kind.ROW:
        parts = [or_none(brought(child)) for child in kind.children]
        return lambda value: row_of(value, kind, parts)
    return lambda value: value


def or_none(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else change(value)


def row_of(value: Any, kind: DataType, parts: list[Callable[[Any], Any]]) -> Any:
    if isinstance(value, dict):
        items = [value.get(name) for name in kind.names]
    elif isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        return value
    else:
        items = list(value)
    if len(items) != len(parts):
        return value
    return tuple(part(item) for part, item in zip(parts, items, strict=True))


def is_numpy(value: Any) -> bool:
    return type(value).__module__ == "numpy"


def index_of(value: Any) -> Any:
    """A whole number of NumPy's as Python's."""
    if is_numpy(value):
        if value.dtype.kind == "f" and value.is_integer():
            return int(value)
        if value.dtype.kind in "iub":
            return operator.index(int(value))
    return value


def zoned(value: Any) -> Any:
    """An instant with its zone: without one it is UTC."""
    if hasattr(value, "to_epoch_milli"):
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return epoch + datetime.timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        return value.replace(tzinfo=datetime.timezone.utc)
    return value
