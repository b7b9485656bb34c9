"""Between type information and data types; what goes there and back is the same."""

from __future__ import annotations

from dataclasses import replace

from pyflinkx.types.basic import (
    ArrayTypeInfo,
    BasicType,
    BasicTypeInfo,
    ExternalTypeInfo,
    ListTypeInfo,
    LocalTimeTypeInfo,
    MapTypeInfo,
    PrimitiveArrayTypeInfo,
    TypeInformation,
)
from pyflinkx.types.composite import CompositeTypeInfo, TupleTypeInfo
from pyflinkx.types.data_type import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    SMALLINT,
    STRING,
    TINYINT,
    DataType,
    Kind,
)
from pyflinkx.types.structured import StructuredTypeInfo
from pyflinkx.types.typeinfo import Types

# Digits of the fraction of a second that Python's times have.
MICROS = 6
BASIC = {
    BasicType.STRING: STRING,
    BasicType.BYTE: TINYINT,
    BasicType.BOOLEAN: BOOLEAN,
    BasicType.SHORT: SMALLINT,
    BasicType.INT: INT,
    BasicType.LONG: BIGINT,
    BasicType.FLOAT: FLOAT,
    BasicType.DOUBLE: DOUBLE,
    BasicType.CHAR: DataType(Kind.CHAR, 1),
    # They have any number of digits, which no column has but a carried one.
    BasicType.BIG_INT: DataType(Kind.DECIMAL, 38, 0, python=Types.BIG_INT()),
    BasicType.BIG_DEC: DataType(Kind.DECIMAL, 38, 18, python=Types.BIG_DEC()),
    BasicType.INSTANT: DataType(Kind.TIMESTAMP_LTZ, 9, python=Types.INSTANT()),
}
OTHERS: dict[TypeInformation, DataType] = {
    Types.SQL_DATE(): DATE,
    Types.SQL_TIME(): DataType(Kind.TIME, MICROS),
    Types.SQL_TIMESTAMP(): DataType(Kind.TIMESTAMP, MICROS),
    Types.PRIMITIVE_ARRAY(Types.BYTE()): BYTES,
    Types.PICKLED_BYTE_ARRAY(): DataType(Kind.RAW, python=Types.PICKLED_BYTE_ARRAY()),
}
LOCAL_TIMES = {
    LocalTimeTypeInfo.TimeType.LOCAL_DATE: DATE,
    LocalTimeTypeInfo.TimeType.LOCAL_TIME: DataType(Kind.TIME, MICROS),
    LocalTimeTypeInfo.TimeType.LOCAL_DATE_TIME: DataType(Kind.TIMESTAMP, MICROS),
}
# What tells rows without names and tuples from rows.
POSITIONS, TUPLE = "positions", "tuple"


def data_type_of(info: TypeInformation) -> DataType:
    """The type of values that type information describes; nullable, as a stream's records may be None.

    Example:
        >>> print(data_type_of(Types.ROW_NAMED(["id", "tags"], [Types.LONG(), Types.LIST(Types.STRING())])))
        ROW<`id` BIGINT, `tags` ARRAY<STRING>>
    """
    if isinstance(info, BasicTypeInfo):
        return BASIC[info.basic_type]
    known = OTHERS.get(info)
    if known is not None:
        return known
    if isinstance(info, LocalTimeTypeInfo):
        return replace(LOCAL_TIMES[info.time_type], python=info)
    if isinstance(info, ExternalTypeInfo):
        inner = data_type_of(info.type_info)
        return replace(inner, python=(ExternalTypeInfo, inner.python))
    if isinstance(info, CompositeTypeInfo):
        return record_type(info)
    if isinstance(info, ListTypeInfo):
        return DataType(Kind.ARRAY, children=(data_type_of(info.elem_type),))
    if isinstance(info, MapTypeInfo):
        return DataType(Kind.MAP, children=(data_type_of(info.key_type).not_null(), data_type_of(info.value_type)))
    if isinstance(info, ArrayTypeInfo):
        element = data_type_of(info.element_type)
        if isinstance(info, PrimitiveArrayTypeInfo):
            element = element.not_null()
        return DataType(Kind.ARRAY, children=(element,), python=type(info))
    return DataType(Kind.RAW, python=info)


def record_type(info: CompositeTypeInfo) -> DataType:
    """The row of a record's fields."""
    children = tuple(map(data_type_of, info.field_types))
    names = info.field_names or tuple(f"f{index}" for index in range(len(children)))
    python: object = None
    if isinstance(info, StructuredTypeInfo):
        required = zip(children, info.required, strict=True)
        children = tuple(child.with_nullable(not needed) for child, needed in required)
        python = (type(info), info.cls)
    elif isinstance(info, TupleTypeInfo):
        python = TUPLE
    elif info.field_names is None and children:
        python = POSITIONS
    return DataType(Kind.ROW, children=children, names=names, python=python)


def type_info_of(kind: DataType) -> TypeInformation:
    """The type information of values of a type; of unsigned numbers that of the next wider ones.

    Values that no type information is for (NULL, intervals) are pickled where they leave their process.

    Example:
        >>> type_info_of(DataType(Kind.ARRAY, children=(INT,)))
        ListTypeInfo<Integer>
    """
    python = kind.python
    if isinstance(python, TypeInformation):
        return python
    if isinstance(python, tuple) and python[0] is ExternalTypeInfo:
        return ExternalTypeInfo(type_info_of(replace(kind, python=python[1])))
    if kind.kind is Kind.ROW:
        return record_info(kind)
    if kind.kind is Kind.ARRAY:
        element = type_info_of(kind.children[0])
        return Types.LIST(element) if python is None else python(element)
    if kind.kind in (Kind.MAP, Kind.MULTISET):
        values = type_info_of(kind.children[1]) if kind.kind is Kind.MAP else Types.INT()
        return Types.MAP(type_info_of(kind.children[0]), values)
    if kind.kind is Kind.CHAR and kind.precision == 1:
        return Types.CHAR()
    return INFOS.get(kind.kind) or Types.PICKLED_BYTE_ARRAY()


def record_info(kind: DataType) -> TypeInformation:
    """The type information of a row."""
    fields = list(map(type_info_of, kind.children))
    if kind.python is None:
        return Types.ROW_NAMED(kind.names, fields)
    if kind.python == POSITIONS:
        return Types.ROW(fields)
    if kind.python == TUPLE:
        return Types.TUPLE(fields)
    make, cls = kind.python
    made: TypeInformation = make(cls, fields, [not child.nullable for child in kind.children])
    return made


INFOS: dict[Kind, TypeInformation] = {
    **{kind.kind: BasicTypeInfo(basic) for basic, kind in BASIC.items() if kind.python is None},
    **{kind.kind: info for info, kind in OTHERS.items() if kind.python is None},
    Kind.UNSIGNED_TINYINT: Types.SHORT(),
    Kind.UNSIGNED_SMALLINT: Types.INT(),
    Kind.UNSIGNED_INT: Types.LONG(),
    Kind.UNSIGNED_BIGINT: Types.BIG_INT(),
    Kind.CHAR: Types.STRING(),
    Kind.DECIMAL: Types.BIG_DEC(),
    Kind.TIMESTAMP_LTZ: Types.SQL_TIMESTAMP(),
    Kind.BINARY: Types.PRIMITIVE_ARRAY(Types.BYTE()),
}
