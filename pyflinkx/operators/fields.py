"""Fields of records, whatever the records are: rows, tuples, NamedTuples, dataclasses, dicts and plain objects."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.row import Row, restore_row
from pyflinkx.errors import TypeInformationError

Step = int | str

FLINK_FIELD = re.compile(r"f(\d+)")


class FieldPath:
    """Takes a field out of a record, or a field of a field.

    Args:
        steps: positions and names, outermost first.

    Example:
        >>> FieldPath(("user", 1))({"user": ("ann", "Oslo")})
        'Oslo'
    """

    __slots__ = ("steps",)

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.steps = steps

    @property
    def index(self) -> int | None:
        """The position in the record, where that is all of the path."""
        first = self.steps[0] if len(self.steps) == 1 else None
        return first if type(first) is int and first >= 0 else None

    def __call__(self, record: Any) -> Any:
        value = record
        for step in self.steps:
            # Most records are tuples, and most fields are there.
            plain = type(value) is tuple and type(step) is int and step < len(value)
            value = value[step] if plain else field_of(value, step)
        return value

    def __repr__(self) -> str:
        return f"FieldPath({'.'.join(map(str, self.steps))!r})"


class FieldTuple:
    """Takes several things out of a record, as a tuple.

    Args:
        getters: from record to one of them.
    """

    __slots__ = ("getters",)

    def __init__(self, getters: tuple[Callable[[Any], Any], ...]) -> None:
        self.getters = getters

    def __call__(self, record: Any) -> tuple[Any, ...]:
        return tuple([getter(record) for getter in self.getters])


def field_of(record: Any, step: Step) -> Any:
    """The field at a position or with a name.

    Raises:
        TypeInformationError: the record has no such field.
    """
    try:
        if isinstance(record, Row):
            return record[row_index(record, step)]
        if isinstance(record, dict):
            return record[step] if step in record else record[str(step)]
        if isinstance(step, str):
            position = FLINK_FIELD.fullmatch(step) if isinstance(record, (tuple, list)) else None
            return getattr(record, step) if position is None else record[int(position[1])]
        if dataclasses.is_dataclass(record):
            return getattr(record, dataclasses.fields(record)[step].name)
        return record[step]
    except (LookupError, AttributeError, TypeError, ValueError):
        raise TypeInformationError(f"there is no field {step!r} in {short_repr(record)}") from None


def row_index(row: Row, step: Step) -> int:
    """The position of a row's field; ValueError when it has no field of this name."""
    if isinstance(step, int):
        return step
    names = getattr(row, "_fields", None)
    if names is not None:
        return list(names).index(step)
    position = FLINK_FIELD.fullmatch(step)
    if position is None:
        raise ValueError(step)
    return int(position[1])


def with_field(record: Any, step: Step, value: Any) -> Any:
    """A copy of the record with another value in the field at a position or with a name.

    Raises:
        TypeInformationError: the record has no such field.
    """
    field_of(record, step)
    if isinstance(record, Row):
        values = list(record)
        values[row_index(record, step)] = value
        return restore_row(type(record), getattr(record, "_fields", None), values, record.get_row_kind().value)
    if isinstance(record, dict):
        return {**record, (step if step in record else str(step)): value}
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        name = step if isinstance(step, str) else dataclasses.fields(record)[step].name
        return dataclasses.replace(record, **{name: value})
    if isinstance(record, (tuple, list)):
        index = tuple_index(record, step)
        items = [*record[:index], value, *record[index + 1 :]]
        if isinstance(record, list):
            return items
        return record._make(items) if hasattr(record, "_make") else tuple(items)
    raise TypeInformationError(f"a field of {short_repr(record)} ({type(record).__name__}) cannot be replaced")


def tuple_index(record: Any, step: Step) -> int:
    """The position of a field of a tuple or list that has it."""
    if isinstance(step, int):
        return step
    names = getattr(record, "_fields", ())
    return names.index(step) if step in names else int(step[1:])
