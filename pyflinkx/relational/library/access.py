"""How rows, arrays and maps are made, and what is taken out of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflinkx.relational.bound import Apply, Constant
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.inside import as_key
from pyflinkx.relational.registry import Signature, register, under, valued
from pyflinkx.relational.values import Run, by_value
from pyflinkx.types.data_type import INT, DataType, Kind

under("Values with parts")


def bound_elsewhere(types: Sequence[DataType]) -> Signature | None:
    """These are bound by ``binding.values``."""
    raise AssertionError("made by the binder")


def made_row(*items: Any) -> tuple[Any, ...]:
    return items


def made_array(*items: Any) -> list[Any]:
    return list(items)


def made_map(*items: Any) -> dict[Any, Any]:
    return dict(zip(map(as_key, items[::2]), items[1::2], strict=True))


def made_multiset(*items: Any) -> dict[Any, int]:
    counts: dict[Any, int] = {}
    for item in items:
        counts[as_key(item)] = counts.get(as_key(item), 0) + 1
    return counts


register("ROW", "ROW(value, ...)", bound_elsewhere, valued(made_row, False))
register("ARRAY", "ARRAY[value, ...]", bound_elsewhere, valued(made_array, False))
register("MAP", "MAP[key, value, ...]", bound_elsewhere, valued(made_map, False))
register("MULTISET", "MULTISET[value, ...]", bound_elsewhere, valued(made_multiset, False))


def field(apply: Apply, runs: Sequence[Run]) -> Run:
    """A field of a row."""
    row, name = apply.operands
    assert isinstance(name, Constant)
    place = row.type.names.index(name.value)
    return by_value(lambda value: value[place], apply.type, runs[:1], apply)


def element(array: list[Any], index: int) -> Any:
    return array[index - 1] if 1 <= index <= len(array) else None


def entry(found: dict[Any, Any], key: Any) -> Any:
    return found.get(as_key(key))


def item(apply: Apply, runs: Sequence[Run]) -> Run:
    """An element of an array, a value of a map."""
    return by_value(entry if apply.operands[0].type.kind is Kind.MAP else element, apply.type, runs, apply)


register(".", "row.field", bound_elsewhere, field)
register("ITEM", "collection[index]", bound_elsewhere, item)


def counted(types: Sequence[DataType]) -> Signature | None:
    if len(types) != 1 or types[0].kind not in (Kind.ARRAY, Kind.MAP, Kind.MULTISET):
        return None
    return Signature(tuple(types), INT.with_nullable(types[0].nullable))


def cardinality(value: Any) -> int:
    return len(value)


def size(apply: Apply, runs: Sequence[Run]) -> Run:
    """CARDINALITY: of a multiset with the repetitions."""
    multiset = apply.operands[0].type.kind is Kind.MULTISET
    return by_value((lambda value: sum(value.values())) if multiset else cardinality, apply.type, runs, apply)


register("CARDINALITY", "CARDINALITY(array or map)", counted, size)


def only(types: Sequence[DataType]) -> Signature | None:
    if len(types) != 1 or types[0].kind not in (Kind.ARRAY, Kind.MULTISET):
        return None
    return Signature(tuple(types), types[0].children[0].with_nullable(True))


def only_element(value: Any) -> Any:
    if len(value) > 1:
        raise ValueFault(f"ELEMENT takes a collection of one element, and this has {len(value)}")
    return next(iter(value), None)


register("ELEMENT", "ELEMENT(array)", only, valued(only_element))
