"""Functions of arrays and maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.inside import as_key, hashable
from pyflinkx.relational.registry import Resolve, Signature, any_nullable, register, taking, under, valued
from pyflinkx.types.data_type import BOOLEAN, INT, STRING, DataType, Family, Kind, row_type
from pyflinkx.types.data_type_rules import common_type

under("Arrays and maps")


def array_of(element: DataType, nullable: bool = False) -> DataType:
    return DataType(Kind.ARRAY, children=(element,), nullable=nullable)


def is_array(kind: DataType) -> bool:
    return kind.kind is Kind.ARRAY


def with_element(result: Callable[[DataType, bool], DataType], keeps: bool = False) -> Resolve:
    """A function of an array and an element: both get the type that they have in common.

    Args:
        result: from the type of the elements, and whether an argument may be null, to that of the result.
        keeps: whether an element of NULL leaves the type of the array's elements as it is.
    """

    def resolve(types: Sequence[DataType]) -> Signature | None:
        if len(types) != 2 or not is_array(types[0]):
            return None
        child = types[0].children[0]
        common = common_type([child, types[1]])
        if common is None:
            return None
        element = common.with_nullable(child.nullable) if keeps else common
        parameter = array_of(element, types[0].nullable)
        return Signature((parameter, common.with_nullable(types[1].nullable)), result(element, types[0].nullable))

    return resolve


def appended(array: list[Any] | None, element: Any) -> list[Any] | None:
    return None if array is None else [*array, element]


def prepended(array: list[Any] | None, element: Any) -> list[Any] | None:
    return None if array is None else [element, *array]


def contains(array: list[Any] | None, element: Any) -> bool | None:
    return None if array is None else element in array


def position(array: list[Any] | None, element: Any) -> int | None:
    if array is None or element is None:
        return None
    return array.index(element) + 1 if element in array else 0


def removed(array: list[Any] | None, element: Any) -> list[Any] | None:
    return None if array is None else [each for each in array if each != element]


register("ARRAY_APPEND", "ARRAY_APPEND(array, element)", with_element(array_of), valued(appended, False))
register("ARRAY_PREPEND", "ARRAY_PREPEND(array, element)", with_element(array_of), valued(prepended, False))
register(
    "ARRAY_CONTAINS",
    "ARRAY_CONTAINS(array, element)",
    with_element(lambda element, nullable: BOOLEAN.with_nullable(nullable)),
    valued(contains, False),
)
register(
    "ARRAY_POSITION",
    "ARRAY_POSITION(array, element)",
    with_element(lambda element, nullable: INT),
    valued(position, False),
)
register("ARRAY_REMOVE", "ARRAY_REMOVE(array, element)", with_element(array_of, True), valued(removed, False))


def one_array(types: Sequence[DataType]) -> Signature | None:
    return Signature(tuple(types), types[0]) if len(types) == 1 and is_array(types[0]) else None


def first_of_each(array: Sequence[Any]) -> list[Any]:
    """Elements without those that came before."""
    found: dict[Any, Any] = {}
    for each in array:
        found.setdefault(hashable(each), each)
    return list(found.values())


register("ARRAY_DISTINCT", "ARRAY_DISTINCT(array)", one_array, valued(first_of_each))
register("ARRAY_REVERSE", "ARRAY_REVERSE(array)", one_array, valued(lambda array: array[::-1]))


def same_arrays(least: int, most: int | None) -> Resolve:
    """Arrays that are brought to one type."""

    def resolve(types: Sequence[DataType]) -> Signature | None:
        if len(types) < least or (most is not None and len(types) > most):
            return None
        common = common_type(types)
        if common is None or not is_array(common):
            return None
        return Signature(tuple(common.with_nullable(kind.nullable) for kind in types), common)

    return resolve


def concatenated(*arrays: list[Any]) -> list[Any]:
    return [each for array in arrays for each in array]


def union(first: list[Any], second: list[Any]) -> list[Any]:
    return first_of_each([*first, *second])


def excepted(first: list[Any], second: list[Any]) -> list[Any]:
    gone = set(map(hashable, second))
    return first_of_each([each for each in first if hashable(each) not in gone])


def intersection(first: list[Any], second: list[Any]) -> list[Any]:
    there = set(map(hashable, second))
    return first_of_each([each for each in first if hashable(each) in there])


register("ARRAY_CONCAT", "ARRAY_CONCAT(array, ...)", same_arrays(1, None), valued(concatenated))
register("ARRAY_UNION", "ARRAY_UNION(array, array)", same_arrays(2, 2), valued(union))
register("ARRAY_EXCEPT", "ARRAY_EXCEPT(array, array)", same_arrays(2, 2), valued(excepted))
register("ARRAY_INTERSECT", "ARRAY_INTERSECT(array, array)", same_arrays(2, 2), valued(intersection))


def sliced_parameters(types: Sequence[DataType]) -> Signature | None:
    if len(types) not in (2, 3) or not is_array(types[0]):
        return None
    others = [kind for kind in types[1:] if kind.family(Family.INTEGER) or kind.kind is Kind.NULL]
    if len(others) != len(types) - 1:
        return None
    parameters = tuple(INT.with_nullable(kind.nullable) for kind in others)
    return Signature((types[0], *parameters), types[0].with_nullable(any_nullable(types)))


def sliced(array: list[Any], begin: int, end: int | None = None) -> list[Any]:
    """From one position to another, both counted from 1, or from the end where negative."""
    size = len(array)
    if not size:
        return []
    last = size if end is None else end
    first = begin if begin > 0 else 1 if begin == 0 else size + begin + 1
    last = last if last > 0 else 1 if last == 0 else size + last + 1
    first = max(first, 1)
    return array[first - 1 : last] if first <= last else []


register("ARRAY_SLICE", "ARRAY_SLICE(array, begin[, end])", sliced_parameters, valued(sliced))


def sorted_parameters(types: Sequence[DataType]) -> Signature | None:
    if not 1 <= len(types) <= 3 or not is_array(types[0]):
        return None
    if any(kind.kind not in (Kind.BOOLEAN, Kind.NULL) for kind in types[1:]) or not orderable(types[0].children[0]):
        return None
    flags = tuple(BOOLEAN.with_nullable(kind.nullable) for kind in types[1:])
    return Signature((types[0], *flags), types[0].with_nullable(any_nullable(types)))


def orderable(kind: DataType) -> bool:
    """Whether values have an order."""
    return not kind.family(Family.CONSTRUCTED) and kind.kind is not Kind.RAW


def sorted_array(array: list[Any], ascending: bool = True, nulls_first: bool | None = None) -> list[Any]:
    first = ascending if nulls_first is None else nulls_first
    there = sorted((each for each in array if each is not None), reverse=not ascending)
    nulls = [None] * (len(array) - len(there))
    return [*nulls, *there] if first else [*there, *nulls]


register("ARRAY_SORT", "ARRAY_SORT(array[, ascending[, nulls first]])", sorted_parameters, valued(sorted_array))


def extreme_parameters(types: Sequence[DataType]) -> Signature | None:
    if len(types) != 1 or not is_array(types[0]) or not orderable(types[0].children[0]):
        return None
    return Signature(tuple(types), types[0].children[0].with_nullable(True))


for _name, _choose in (("ARRAY_MAX", max), ("ARRAY_MIN", min)):

    def _extreme(array: list[Any], choose: Callable[..., Any] = _choose) -> Any:
        return choose((each for each in array if each is not None), default=None)

    register(_name, f"{_name}(array)", extreme_parameters, valued(_extreme))


def joined_parameters(types: Sequence[DataType]) -> Signature | None:
    if len(types) not in (2, 3) or not is_array(types[0]):
        return None
    if not types[0].children[0].family(Family.CHARACTER_STRING):
        return None
    texts = taking("text text?", STRING)(types[1:])
    return texts and Signature((types[0], *texts.parameters), STRING.with_nullable(any_nullable(types)))


def joined(array: list[Any], separator: str, instead: str | None = None) -> str:
    parts = [instead if each is None else each for each in array]
    return separator.join(each for each in parts if each is not None)


register("ARRAY_JOIN", "ARRAY_JOIN(array, separator[, instead of null])", joined_parameters, valued(joined))


def split(text: str, separator: str) -> list[str]:
    """The parts between separators; of the empty one, each character."""
    return text.split(separator) if separator else list(text)


register("SPLIT", "SPLIT(text, separator)", taking("text text", array_of(STRING.not_null(), True)), valued(split))


# ---- maps


def one_map(result: Callable[[DataType, DataType], DataType]) -> Resolve:
    def resolve(types: Sequence[DataType]) -> Signature | None:
        if len(types) != 1 or types[0].kind is not Kind.MAP:
            return None
        return Signature(tuple(types), result(*types[0].children).with_nullable(types[0].nullable))

    return resolve


def entries(found: dict[Any, Any]) -> list[tuple[Any, Any]]:
    return list(found.items())


register("MAP_KEYS", "MAP_KEYS(map)", one_map(lambda key, value: array_of(key)), valued(list))
register(
    "MAP_VALUES",
    "MAP_VALUES(map)",
    one_map(lambda key, value: array_of(value)),
    valued(lambda found: [*found.values()]),
)
register(
    "MAP_ENTRIES",
    "MAP_ENTRIES(map)",
    one_map(lambda key, value: array_of(row_type((("key", key), ("value", value)), False))),
    valued(entries),
)


def maps(types: Sequence[DataType]) -> Signature | None:
    common = common_type(types) if types else None
    if common is None or common.kind is not Kind.MAP:
        return None
    return Signature(tuple(common.with_nullable(kind.nullable) for kind in types), common)


def united(*found: dict[Any, Any]) -> dict[Any, Any]:
    return {key: value for each in found for key, value in each.items()}


register("MAP_UNION", "MAP_UNION(map, ...)", maps, valued(united))


def two_arrays(types: Sequence[DataType]) -> Signature | None:
    if len(types) != 2 or not all(map(is_array, types)):
        return None
    children = (types[0].children[0], types[1].children[0])
    return Signature(tuple(types), DataType(Kind.MAP, children=children, nullable=any_nullable(types)))


def from_arrays(keys: list[Any], values: list[Any]) -> dict[Any, Any]:
    if len(keys) != len(values):
        raise ValueFault(f"MAP_FROM_ARRAYS takes as many values as keys, and here are {len(keys)} keys, {len(values)}")
    return dict(zip(map(as_key, keys), values, strict=True))


register("MAP_FROM_ARRAYS", "MAP_FROM_ARRAYS(keys, values)", two_arrays, valued(from_arrays))
