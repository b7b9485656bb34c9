"""Type information: what a stream, a state or a function says about the values that it holds.

Everything here is immutable, hashable and picklable. Two descriptions are equal when PyFlink's are: the names of row
fields do not count. What depends on the names is cached by ``schema_key``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyflinkx.types.basic import (
    ArrayTypeInfo,
    BasicArrayTypeInfo,
    BasicType,
    BasicTypeInfo,
    DateTypeInfo,
    ExternalTypeInfo,
    InstantTypeInfo,
    ListTypeInfo,
    LocalTimeTypeInfo,
    MapTypeInfo,
    ObjectArrayTypeInfo,
    PickledBytesTypeInfo,
    PrimitiveArrayTypeInfo,
    SqlTimeTypeInfo,
    TimestampTypeInfo,
    TimeTypeInfo,
    TypeInformation,
)
from pyflinkx.types.composite import CompositeTypeInfo, RowTypeInfo, TupleTypeInfo, schema_key

__all__ = [
    "ArrayTypeInfo",
    "BasicArrayTypeInfo",
    "BasicType",
    "BasicTypeInfo",
    "CompositeTypeInfo",
    "DateTypeInfo",
    "ExternalTypeInfo",
    "InstantTypeInfo",
    "ListTypeInfo",
    "LocalTimeTypeInfo",
    "MapTypeInfo",
    "ObjectArrayTypeInfo",
    "PickledBytesTypeInfo",
    "PrimitiveArrayTypeInfo",
    "RowTypeInfo",
    "SqlTimeTypeInfo",
    "TimeTypeInfo",
    "TimestampTypeInfo",
    "TupleTypeInfo",
    "TypeInformation",
    "Types",
    "schema_key",
]


class Types:
    """The types that streams, states and functions are declared with.

    Fields of rows and tuples, elements of lists, BASIC_ARRAY and OBJECT_ARRAY, and values of maps may be None.

    Example:
        >>> Types.ROW_NAMED(["id", "price"], [Types.LONG(), Types.DOUBLE()])
        RowTypeInfo(id: Long, price: Double)
    """

    @staticmethod
    def STRING() -> BasicTypeInfo:
        """``str``."""
        return BasicTypeInfo.STRING_TYPE_INFO()

    @staticmethod
    def BYTE() -> BasicTypeInfo:
        """``int`` of -128 to 127."""
        return BasicTypeInfo.BYTE_TYPE_INFO()

    @staticmethod
    def BOOLEAN() -> BasicTypeInfo:
        """``bool``."""
        return BasicTypeInfo.BOOLEAN_TYPE_INFO()

    @staticmethod
    def SHORT() -> BasicTypeInfo:
        """``int`` of 16 bits."""
        return BasicTypeInfo.SHORT_TYPE_INFO()

    @staticmethod
    def INT() -> BasicTypeInfo:
        """``int`` of 32 bits."""
        return BasicTypeInfo.INT_TYPE_INFO()

    @staticmethod
    def LONG() -> BasicTypeInfo:
        """``int`` of 64 bits."""
        return BasicTypeInfo.LONG_TYPE_INFO()

    @staticmethod
    def FLOAT() -> BasicTypeInfo:
        """``float`` of 32 bits: it loses digits."""
        return BasicTypeInfo.FLOAT_TYPE_INFO()

    @staticmethod
    def DOUBLE() -> BasicTypeInfo:
        """``float``."""
        return BasicTypeInfo.DOUBLE_TYPE_INFO()

    @staticmethod
    def CHAR() -> BasicTypeInfo:
        """``str`` of one character."""
        return BasicTypeInfo.CHAR_TYPE_INFO()

    @staticmethod
    def BIG_INT() -> BasicTypeInfo:
        """``int`` of any size."""
        return BasicTypeInfo.BIG_INT_TYPE_INFO()

    @staticmethod
    def BIG_DEC() -> BasicTypeInfo:
        """``decimal.Decimal``."""
        return BasicTypeInfo.BIG_DEC_TYPE_INFO()

    @staticmethod
    def INSTANT() -> InstantTypeInfo:
        """``Instant``."""
        return BasicTypeInfo.INSTANT_TYPE_INFO()

    @staticmethod
    def SQL_DATE() -> DateTypeInfo:
        """``datetime.date``."""
        return SqlTimeTypeInfo.DATE()

    @staticmethod
    def SQL_TIME() -> TimeTypeInfo:
        """``datetime.time``."""
        return SqlTimeTypeInfo.TIME()

    @staticmethod
    def SQL_TIMESTAMP() -> TimestampTypeInfo:
        """``datetime.datetime``."""
        return SqlTimeTypeInfo.TIMESTAMP()

    @staticmethod
    def PICKLED_BYTE_ARRAY() -> PickledBytesTypeInfo:
        """Any value, serialized by pickle."""
        return PickledBytesTypeInfo()

    @staticmethod
    def ROW(field_types: Iterable[TypeInformation]) -> RowTypeInfo:
        """``Row`` with fields of the given types, called f0, f1 and so on; they may be None."""
        return RowTypeInfo(field_types)

    @staticmethod
    def ROW_NAMED(
        field_names: Iterable[str],
        field_types: Iterable[TypeInformation],
        aliases: Mapping[str, str | Iterable[str]] | None = None,
    ) -> RowTypeInfo:
        """``Row`` with fields of the given names and types, which may be None.

        State that was written by a name of ``aliases`` (by field, an earlier name or several) is read as the field.
        """
        return RowTypeInfo(field_types, field_names, aliases)

    @staticmethod
    def TUPLE(field_types: Iterable[TypeInformation]) -> TupleTypeInfo:
        """``tuple`` with fields of the given types."""
        return TupleTypeInfo(field_types)

    @staticmethod
    def PRIMITIVE_ARRAY(element_type: TypeInformation) -> PrimitiveArrayTypeInfo:
        """An array of numbers, booleans or characters; ``bytes`` when the element type is BYTE."""
        return PrimitiveArrayTypeInfo(element_type)

    @staticmethod
    def BASIC_ARRAY(element_type: TypeInformation) -> BasicArrayTypeInfo:
        """An array of a basic type; elements may be None."""
        return BasicArrayTypeInfo(element_type)

    @staticmethod
    def OBJECT_ARRAY(element_type: TypeInformation) -> ObjectArrayTypeInfo:
        """An array of any type; elements may be None."""
        return ObjectArrayTypeInfo(element_type)

    @staticmethod
    def MAP(key_type_info: TypeInformation, value_type_info: TypeInformation) -> MapTypeInfo:
        """``dict`` with keys of one type and values of another."""
        return MapTypeInfo(key_type_info, value_type_info)

    @staticmethod
    def LIST(element_type_info: TypeInformation) -> ListTypeInfo:
        """``list`` with elements of one type."""
        return ListTypeInfo(element_type_info)
