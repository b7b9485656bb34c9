"""Codecs of declared types."""

from __future__ import annotations

from collections.abc import Callable

from pyflinkx._core.codecs.basic import (
    BooleanCodec,
    ByteCodec,
    BytesCodec,
    CharCodec,
    DoubleCodec,
    FloatCodec,
    IntCodec,
    LongCodec,
    ShortCodec,
    StringCodec,
)
from pyflinkx._core.codecs.codec import MAX_DEPTH, Codec
from pyflinkx._core.codecs.collection import ArrayCodec, ListCodec, MapCodec
from pyflinkx._core.codecs.number import BigDecCodec, BigIntCodec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.codecs.record import DataclassCodec, NamedTupleCodec, RecordCodec, TupleCodec, TypedDictCodec
from pyflinkx._core.codecs.row import RowCodec
from pyflinkx._core.codecs.time import DateCodec, InstantCodec, TimeCodec, TimestampCodec
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.composite import CompositeTypeInfo
from pyflinkx.types.structured import DataclassTypeInfo, NamedTupleTypeInfo, TypedDictTypeInfo
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import (
    BasicArrayTypeInfo,
    BasicType,
    BasicTypeInfo,
    DateTypeInfo,
    ExternalTypeInfo,
    ListTypeInfo,
    LocalTimeTypeInfo,
    MapTypeInfo,
    ObjectArrayTypeInfo,
    PickledBytesTypeInfo,
    PrimitiveArrayTypeInfo,
    RowTypeInfo,
    TimestampTypeInfo,
    TimeTypeInfo,
    TupleTypeInfo,
    TypeInformation,
)

BASIC: dict[BasicType, Callable[[], Codec]] = {
    BasicType.STRING: StringCodec,
    BasicType.BYTE: ByteCodec,
    BasicType.BOOLEAN: BooleanCodec,
    BasicType.SHORT: ShortCodec,
    BasicType.INT: IntCodec,
    BasicType.LONG: LongCodec,
    BasicType.FLOAT: FloatCodec,
    BasicType.DOUBLE: DoubleCodec,
    BasicType.CHAR: CharCodec,
    BasicType.BIG_INT: BigIntCodec,
    BasicType.BIG_DEC: BigDecCodec,
    BasicType.INSTANT: lambda: InstantCodec(Instant),
}

TIMES: dict[type[TypeInformation], Callable[[], Codec]] = {
    DateTypeInfo: DateCodec,
    TimeTypeInfo: TimeCodec,
    TimestampTypeInfo: TimestampCodec,
}

LOCAL_TIMES: dict[LocalTimeTypeInfo.TimeType, Callable[[], Codec]] = {
    LocalTimeTypeInfo.TimeType.LOCAL_DATE: DateCodec,
    LocalTimeTypeInfo.TimeType.LOCAL_TIME: TimeCodec,
    LocalTimeTypeInfo.TimeType.LOCAL_DATE_TIME: TimestampCodec,
}


def codec_of(type_info: TypeInformation) -> Codec:
    """The codec of the values of a type.

    Args:
        type_info: what ``Types`` and the inference from hints give.

    Raises:
        TypeInformationError: there is no codec of this type, its map keys cannot be hashed, or it nests more than 100
            levels deep.

    Example:
        >>> from pyflinkx.types.typeinfo import Types
        >>> codec = codec_of(Types.TUPLE([Types.STRING(), Types.LONG()]))
        >>> codec.decode_one(codec.encode_one(("a", 1)))
        ('a', 1)
    """
    return built(type_info, 1)


def conforming_codec(type_info: TypeInformation | None) -> Codec | None:
    """The codec that gives values the shape of a type; None where any Python object will do."""
    while isinstance(type_info, ExternalTypeInfo):
        type_info = type_info.type_info
    return None if type_info is None or isinstance(type_info, PickledBytesTypeInfo) else codec_of(type_info)


def built(type_info: TypeInformation, level: int) -> Codec:
    """The codec of a type that is ``level - 1`` levels deep inside of another."""
    if level > MAX_DEPTH:
        raise TypeInformationError(f"a type nests more than {MAX_DEPTH} levels deep")

    codec = built_alone(type_info, lambda inner: built(inner, level + 1))
    if isinstance(codec, RecordCodec) and isinstance(type_info, CompositeTypeInfo):
        codec.aliases = type_info.aliases
    return codec


def built_alone(type_info: TypeInformation, part: Callable[[TypeInformation], Codec]) -> Codec:
    """The codec of a type, of whose parts ``part`` gives them."""
    match type_info:
        case BasicTypeInfo():
            return BASIC[type_info.basic_type]()
        case DateTypeInfo() | TimeTypeInfo() | TimestampTypeInfo():
            return TIMES[type(type_info)]()
        case LocalTimeTypeInfo():
            return LOCAL_TIMES[type_info.time_type]()
        case PickledBytesTypeInfo():
            return PickleCodec()
        case RowTypeInfo():
            return RowCodec(map(part, type_info.field_types), type_info.field_names)
        case TupleTypeInfo():
            return TupleCodec(map(part, type_info.field_types))
        case NamedTupleTypeInfo():
            return NamedTupleCodec(type_info.cls, map(part, type_info.field_types), type_info.required)
        case DataclassTypeInfo():
            return DataclassCodec(
                type_info.cls,
                type_info.field_names,
                map(part, type_info.field_types),
                type_info.required,
                type_info.arguments,
                type_info.by_keyword,
            )
        case TypedDictTypeInfo():
            fields = map(part, type_info.field_types)
            return TypedDictCodec(type_info.cls, type_info.field_names, fields, type_info.required)
        case ListTypeInfo():
            return ListCodec(part(type_info.elem_type))
        case MapTypeInfo():
            return MapCodec(part(type_info.key_type), part(type_info.value_type))
        case PrimitiveArrayTypeInfo():
            element = part(type_info.element_type)
            return BytesCodec() if isinstance(element, ByteCodec) else ArrayCodec(element)
        case BasicArrayTypeInfo():
            return ListCodec(part(type_info.element_type), "BASIC_ARRAY")
        case ObjectArrayTypeInfo():
            return ListCodec(part(type_info.element_type), "OBJECT_ARRAY")
        case ExternalTypeInfo():
            return part(type_info.type_info)
    raise TypeInformationError(f"there is no codec of {type_info!r} ({type(type_info).__qualname__})")
