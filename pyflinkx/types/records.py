"""The columns that records in memory make: dicts, dataclasses and NamedTuples of one shape."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import Any

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.types.arrow import columnar_field
from pyflinkx.types.infer import common_type
from pyflinkx.types.structured import is_named_tuple
from pyflinkx.types.typeinfo import Types

# Whole numbers up to this are floats without loss.
EXACT_FLOATS = 2**53


def columns_of_records(records: Sequence[Any]) -> Schema | str | None:
    """The columns of records that all have the fields of the first one, with types that hold all of their values.

    Args:
        records: dicts with text for keys, or instances of one dataclass or NamedTuple class.

    Returns:
        None where the first record is none of these; a reason, with the index of a record, where another one differs.

    Example:
        >>> schema = columns_of_records([{"shop": "north", "amount": 1}, {"shop": None, "amount": 2.5}])
        >>> [(field.name, field.format) for field in schema]
        [('shop', 'u'), ('amount', 'g')]
        >>> columns_of_records([{"shop": "north"}, {"shops": "south"}])
        "record 1 of the collection has the fields ['shops'], and record 0 has ['shop']"
    """
    if not records:
        return None
    first = records[0]
    get: Callable[[str], Callable[[Any], Any]]
    if type(first) is dict:
        if not first or not all(isinstance(name, str) for name in first):
            return None
        names, get = list(first), itemgetter
    elif is_named_tuple(type(first)):
        names, get = list(first._fields), attrgetter
    elif dataclasses.is_dataclass(first) and not isinstance(first, type):
        names, get = [field.name for field in dataclasses.fields(first)], attrgetter
    else:
        return None
    return differing(records) or Schema([column(name, list(map(get(name), records))) for name in names])


def differing(records: Sequence[Any]) -> str | None:
    """Which record has another class or other fields than the first one; None if none has."""
    first = records[0]
    kind = type(first)
    if len(set(map(type, records))) > 1:
        index = next(index for index, record in enumerate(records) if type(record) is not kind)
        return f"record {index} of the collection is a {type(records[index]).__name__}, and record 0 a {kind.__name__}"
    if kind is dict:
        keys = first.keys()
        for index, record in enumerate(records):
            if record.keys() != keys:
                return f"record {index} of the collection has the fields {list(record)}, and record 0 has {list(first)}"
    return None


def column(name: str, values: list[Any]) -> Field:
    """The column of some values; of those that no one type is for it carries what they are."""
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return Field(name, "n")
    if len(kinds) < len(set(map(type, values))):
        values = [value for value in values if value is not None]
    if kinds == {int}:
        fits = min(values) >= -(2**63) and max(values) < 2**63
        return columnar_field(name, Types.LONG() if fits else Types.BIG_INT())
    if kinds == {int, float}:
        whole = [abs(value) for value in values if type(value) is int]
        return columnar_field(name, Types.DOUBLE() if max(whole) <= EXACT_FLOATS else Types.PICKLED_BYTE_ARRAY())
    if kinds <= {str, float, bool}:
        values = values[:1] if len(kinds) == 1 else values
    return columnar_field(name, common_type(values) or Types.PICKLED_BYTE_ARRAY())
