"""Random types and values of them, for the tests of codecs."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from typing import Any, NamedTuple, TypedDict

from hypothesis import strategies as st

from pyflinkx._core.records.row import Row, RowKind
from pyflinkx.types.structured import DataclassTypeInfo, NamedTupleTypeInfo, StructuredTypeInfo, TypedDictTypeInfo
from pyflinkx.types.time import MAX_INSTANT_SECONDS, MIN_INSTANT_SECONDS, Instant
from pyflinkx.types.typeinfo import (
    ArrayTypeInfo,
    BasicType,
    BasicTypeInfo,
    DateTypeInfo,
    ListTypeInfo,
    MapTypeInfo,
    PrimitiveArrayTypeInfo,
    RowTypeInfo,
    TimestampTypeInfo,
    TimeTypeInfo,
    TupleTypeInfo,
    TypeInformation,
    Types,
)


@dataclass
class Reading:
    sensor: str
    value: float
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Frozen:
    a: int
    b: Reading | None
    c: int = field(init=False, default=7)


@dataclass(slots=True)
class Late:
    late: int = field(init=False)
    early: str = ""


class Point(NamedTuple):
    x: int
    y: float | None


class Stop(TypedDict):
    station: str
    minutes: int | None


READING = DataclassTypeInfo(Reading, [Types.STRING(), Types.DOUBLE(), Types.STRING()], [True, True, False])
FROZEN = DataclassTypeInfo(Frozen, [Types.LONG(), READING, Types.INT()], [True, False, True])
LATE = DataclassTypeInfo(Late, [Types.LONG(), Types.STRING()], [True, True])
STOP = TypedDictTypeInfo(Stop, [Types.STRING(), Types.LONG()], [True, False])
POINT = NamedTupleTypeInfo(Point, [Types.LONG(), Types.DOUBLE()], [True, False])

BASIC_TYPES = [BasicTypeInfo(kind) for kind in BasicType if kind is not BasicType.INSTANT] + [Types.INSTANT()]
LEAVES = [
    *BASIC_TYPES,
    Types.SQL_DATE(),
    Types.SQL_TIME(),
    Types.SQL_TIMESTAMP(),
    *(Types.PRIMITIVE_ARRAY(BasicTypeInfo(kind)) for kind in BasicType if kind in PrimitiveArrayTypeInfo.elements),
    *(Types.BASIC_ARRAY(BasicTypeInfo(kind)) for kind in (BasicType.STRING, BasicType.INT, BasicType.DOUBLE)),
    READING,
    FROZEN,
    LATE,
    POINT,
    STOP,
]
KEYS = [*BASIC_TYPES, Types.SQL_DATE(), Types.SQL_TIME(), Types.SQL_TIMESTAMP(), POINT]


def containers(parts: st.SearchStrategy[TypeInformation]) -> st.SearchStrategy[TypeInformation]:
    few = st.lists(parts, max_size=10)
    return st.one_of(
        few.map(Types.TUPLE),
        few.map(Types.ROW),
        few.map(lambda types: Types.ROW_NAMED([f"name{i}" for i in range(len(types))], types)),
        parts.map(Types.LIST),
        parts.map(Types.OBJECT_ARRAY),
        st.builds(Types.MAP, st.sampled_from(KEYS), parts),
    )


types = st.recursive(st.sampled_from(LEAVES), containers, max_leaves=8)

BASIC_VALUES: dict[BasicType, st.SearchStrategy[Any]] = {
    BasicType.STRING: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    BasicType.BYTE: st.integers(-128, 127),
    BasicType.BOOLEAN: st.booleans(),
    BasicType.SHORT: st.integers(-(2**15), 2**15 - 1),
    BasicType.INT: st.integers(-(2**31), 2**31 - 1),
    BasicType.LONG: st.integers(-(2**63), 2**63 - 1),
    BasicType.FLOAT: st.floats(width=32),
    BasicType.DOUBLE: st.floats(),
    BasicType.CHAR: st.characters(exclude_categories=["Cs"]),
    BasicType.BIG_INT: st.one_of(st.integers(), st.integers(-(2**200), 2**200), st.integers(-300, 300)),
    BasicType.BIG_DEC: st.decimals(),
    BasicType.INSTANT: st.builds(
        Instant, st.integers(MIN_INSTANT_SECONDS, MAX_INSTANT_SECONDS), st.integers(0, 999_999_999)
    ),
}


def or_none(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.none())


def keys_of(type_info: TypeInformation) -> st.SearchStrategy[Any]:
    decimals = isinstance(type_info, BasicTypeInfo) and type_info.basic_type is BasicType.BIG_DEC
    return st.decimals(allow_nan=False) if decimals else values_of(type_info)  # a signalling NaN has no hash


def values_of(type_info: TypeInformation) -> st.SearchStrategy[Any]:
    """Values that are decoded to what they were."""
    match type_info:
        case BasicTypeInfo():
            return BASIC_VALUES[type_info.basic_type]
        case DateTypeInfo():
            return st.dates()
        case TimeTypeInfo():
            return st.times()
        case TimestampTypeInfo():
            return st.datetimes()
        case PrimitiveArrayTypeInfo():
            if type_info.element_type == Types.BYTE():
                return st.binary(max_size=20)
            return st.lists(values_of(type_info.element_type), max_size=9)
        case ListTypeInfo():
            return st.lists(or_none(values_of(type_info.elem_type)), max_size=9)
        case ArrayTypeInfo():
            return st.lists(or_none(values_of(type_info.element_type)), max_size=9)
        case MapTypeInfo():
            return st.dictionaries(keys_of(type_info.key_type), or_none(values_of(type_info.value_type)), max_size=5)
        case TupleTypeInfo():
            return st.tuples(*map(or_none, map(values_of, type_info.field_types)))
        case RowTypeInfo():
            parts = st.tuples(*map(or_none, map(values_of, type_info.field_types)))
            return st.builds(lambda kind, values: row_of(type_info, kind, values), st.sampled_from(RowKind), parts)
        case StructuredTypeInfo():
            parts = st.tuples(
                *(
                    values_of(part) if needed else or_none(values_of(part))
                    for part, needed in zip(type_info.field_types, type_info.required, strict=True)
                )
            )
            return parts.map(lambda values: instance_of(type_info, values))
    raise AssertionError(type_info)


def row_of(type_info: RowTypeInfo, kind: RowKind, values: tuple[Any, ...]) -> Row:
    row = Row(*values)
    row.set_field_names(type_info.get_field_names())
    row.set_row_kind(kind)
    return row


def instance_of(type_info: StructuredTypeInfo, values: tuple[Any, ...]) -> Any:
    named = dict(zip(type_info.field_names, values, strict=True))
    if isinstance(type_info, NamedTupleTypeInfo):
        return type_info.cls(**named)
    if isinstance(type_info, TypedDictTypeInfo):
        return named
    instance = type_info.cls(**{name: named[name] for name in type_info.arguments})
    for name, value in named.items():
        object.__setattr__(instance, name, value)
    return instance


typed_values = types.flatmap(lambda type_info: st.tuples(st.just(type_info), values_of(type_info)))


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same in type and content, where NaN is NaN and -0.0 is not 0.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    if isinstance(one, Decimal):
        return one.as_tuple() == other.as_tuple()
    if isinstance(one, Row):
        names = getattr(one, "_fields", None), getattr(other, "_fields", None)
        return one.get_row_kind() == other.get_row_kind() and same(*names) and same(list(one), list(other))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one), list(other)) and same(list(one.values()), list(other.values()))
    if is_dataclass(one) and not isinstance(one, Instant):
        return all(same(getattr(one, part.name), getattr(other, part.name)) for part in fields(one))
    if isinstance(one, (datetime.datetime, datetime.time)):
        return one == other and one.tzinfo is None and other.tzinfo is None
    return bool(one == other)
