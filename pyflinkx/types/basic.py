"""Type information of values without fields: basic types, times, arrays, lists, maps and pickled values."""

from __future__ import annotations

import datetime
import time
from enum import Enum
from typing import Any, ClassVar

from pyflinkx.errors import TypeInformationError
from pyflinkx.names.asking import answers
from pyflinkx.types.time import Instant

EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)
SECOND = 1_000_000
DAY = 86_400 * SECOND


def check_type(value: Any, where: str) -> TypeInformation:
    """``value``, if it is type information.

    Raises:
        TypeInformationError: it is something else; ``where`` says what it was given for.
    """
    if isinstance(value, TypeInformation):
        return value
    hint = ""
    if callable(value) and getattr(value, "__qualname__", "").startswith("Types."):
        hint = f"; write {value.__qualname__}() with parentheses"
    raise TypeInformationError(f"{where} is type information such as Types.INT(), not {value!r}{hint}")


@answers("common.typeinfo.TypeInformation")
class TypeInformation:
    """Describes the type of values. Made by the methods of ``Types``.

    The *internal* form of a value is what PyFlink hands to its own serializers (dates as days since the epoch,
    timestamps as microseconds, rows as tuples that start with the row kind).
    """

    def _identity(self) -> tuple[Any, ...]:
        """What equality and hash compare."""
        return (type(self), id(self))

    def need_conversion(self) -> bool:
        """Whether the internal form of a value differs from the value."""
        return False

    def to_internal_type(self, obj: Any) -> Any:
        """The internal form of a value."""
        return obj

    def from_internal_type(self, obj: Any) -> Any:
        """The value of an internal form."""
        return obj

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TypeInformation):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())


class BasicType(Enum):
    """The basic types, with the names that they print."""

    STRING = "String"
    BYTE = "Byte"
    BOOLEAN = "Boolean"
    SHORT = "Short"
    INT = "Integer"
    LONG = "Long"
    FLOAT = "Float"
    DOUBLE = "Double"
    CHAR = "Char"
    BIG_INT = "BigInteger"
    BIG_DEC = "BigDecimal"
    INSTANT = "Instant"


class BasicTypeInfo(TypeInformation):
    """One of the basic types.

    Raises:
        TypeInformationError: ``basic_type`` is not a BasicType.
    """

    def __init__(self, basic_type: BasicType):
        if not isinstance(basic_type, BasicType):
            raise TypeInformationError(f"a basic type is one of BasicType's members, not {basic_type!r}")
        self.basic_type = basic_type

    def _identity(self) -> tuple[Any, ...]:
        return ("basic", self.basic_type)

    def __repr__(self) -> str:
        return str(self.basic_type.value)

    @staticmethod
    def STRING_TYPE_INFO() -> BasicTypeInfo:
        return BasicTypeInfo(BasicType.STRING)

    @staticmethod
    def BOOLEAN_TYPE_INFO() -> BasicTypeInfo:
        return BasicTypeInfo(BasicType.BOOLEAN)

    @staticmethod
    def BYTE_TYPE_INFO() -> BasicTypeInfo:
        return BasicTypeInfo(BasicType.BYTE)

    @staticmethod
    def SHORT_TYPE_INFO() -> BasicTypeInfo:
        return BasicTypeInfo(BasicType.SHORT)

    @staticmethod
    def INT_TYPE_INFO() -> BasicTypeInfo:
        return BasicTypeInfo(BasicType.INT)

    @staticmethod
    def LONG_TYPE_INFO() -> BasicTypeInfo:
        return BasicTypeInfo(BasicType.LONG)

    @staticmethod
    def FLOAT_TYPE_INFO() -> BasicTypeInfo:
        return BasicTypeInfo(BasicType.FLOAT)

    @staticmethod
    def DOUBLE_TYPE_INFO() -> BasicTypeInfo:
        return BasicTypeInfo(BasicType.DOUBLE)

    @staticmethod
    def CHAR_TYPE_INFO() -> BasicTypeInfo:
        return BasicTypeInfo(BasicType.CHAR)

    @staticmethod
    def BIG_INT_TYPE_INFO() -> BasicTypeInfo:
        return BasicTypeInfo(BasicType.BIG_INT)

    @staticmethod
    def BIG_DEC_TYPE_INFO() -> BasicTypeInfo:
        return BasicTypeInfo(BasicType.BIG_DEC)

    @staticmethod
    def INSTANT_TYPE_INFO() -> InstantTypeInfo:
        return InstantTypeInfo(BasicType.INSTANT)


class InstantTypeInfo(BasicTypeInfo):
    """``Instant`` values; internally microseconds since the epoch."""

    def need_conversion(self) -> bool:
        return True

    def to_internal_type(self, obj: Instant | None) -> int | None:
        return None if obj is None else obj.to_epoch_milli() * 1000

    def from_internal_type(self, obj: int | None) -> Instant | None:
        return None if obj is None else Instant.of_epoch_milli(obj // 1000)


class SqlTimeTypeInfo(TypeInformation):
    """Dates, times of day and timestamps."""

    name: ClassVar[str]

    @staticmethod
    def DATE() -> DateTypeInfo:
        return DateTypeInfo()

    @staticmethod
    def TIME() -> TimeTypeInfo:
        return TimeTypeInfo()

    @staticmethod
    def TIMESTAMP() -> TimestampTypeInfo:
        return TimestampTypeInfo()

    def _identity(self) -> tuple[Any, ...]:
        return ("sql time", self.name)

    def need_conversion(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"{self.name}TypeInfo"


class DateTypeInfo(SqlTimeTypeInfo):
    """``datetime.date`` values; internally days since the epoch."""

    name = "Date"

    def to_internal_type(self, d: datetime.date | None) -> int | None:
        return None if d is None else d.toordinal() - EPOCH_DAY

    def from_internal_type(self, v: int | None) -> datetime.date | None:
        return None if v is None else datetime.date.fromordinal(v + EPOCH_DAY)


def local_offset() -> int:
    """Microseconds that local time was ahead of UTC at the epoch: PyFlink's reference for times without a zone."""
    return time.localtime(0).tm_gmtoff * SECOND


class TimeTypeInfo(SqlTimeTypeInfo):
    """``datetime.time`` values; internally microseconds of the day in UTC."""

    name = "Time"

    def to_internal_type(self, t: datetime.time | None) -> int | None:
        if t is None:
            return None
        offset = local_offset() if t.tzinfo is None else (t.utcoffset() or datetime.timedelta()) // MICROSECOND
        return ((t.hour * 60 + t.minute) * 60 + t.second) * SECOND + t.microsecond - offset

    def from_internal_type(self, t: int | None) -> datetime.time | None:
        if t is None:
            return None
        seconds, microseconds = divmod((t + local_offset()) % DAY, SECOND)
        return datetime.time(seconds // 3600, seconds // 60 % 60, seconds % 60, microseconds)


class TimestampTypeInfo(SqlTimeTypeInfo):
    """``datetime.datetime`` values; internally microseconds since the epoch, where no zone means local time."""

    name = "Timestamp"

    def to_internal_type(self, dt: datetime.datetime | None) -> int | None:
        if dt is None:
            return None
        if dt.tzinfo is not None:
            return (dt - EPOCH) // MICROSECOND
        return int(dt.replace(microsecond=0).timestamp()) * SECOND + dt.microsecond

    def from_internal_type(self, ts: int | None) -> datetime.datetime | None:
        if ts is None:
            return None
        seconds, microseconds = divmod(ts, SECOND)
        return datetime.datetime.fromtimestamp(seconds).replace(microsecond=microseconds)


class LocalTimeTypeInfo(TypeInformation):
    """Dates, times and timestamps of the table API."""

    class TimeType(Enum):
        """Which of them."""

        LOCAL_DATE = 0
        LOCAL_TIME = 1
        LOCAL_DATE_TIME = 2

    def __init__(self, time_type: LocalTimeTypeInfo.TimeType):
        if not isinstance(time_type, LocalTimeTypeInfo.TimeType):
            raise TypeInformationError(f"a time type is one of TimeType's members, not {time_type!r}")
        self.time_type = time_type

    def _identity(self) -> tuple[Any, ...]:
        return ("local time", self.time_type)

    def __repr__(self) -> str:
        return f"LocalTimeTypeInfo<{self.time_type.name}>"


class PickledBytesTypeInfo(TypeInformation):
    """Any Python value, serialized by pickle."""

    def _identity(self) -> tuple[Any, ...]:
        return ("pickled",)

    def __repr__(self) -> str:
        return "PickledByteArrayTypeInfo"


class ArrayTypeInfo(TypeInformation):
    """Base of the three kinds of arrays."""

    # The basic types that an element may have; empty for any type at all.
    elements: ClassVar[frozenset[BasicType]] = frozenset()

    def __init__(self, element_type: TypeInformation):
        name = type(self).__name__
        check_type(element_type, f"the element type of {name}")
        if self.elements and getattr(element_type, "basic_type", None) not in self.elements:
            allowed = ", ".join(basic_type.value for basic_type in BasicType if basic_type in self.elements)
            raise TypeInformationError(f"{name} holds elements of one of {allowed}, not {element_type}")
        self.element_type = element_type

    def _identity(self) -> tuple[Any, ...]:
        return (type(self).__name__, self.element_type)

    def __repr__(self) -> str:
        return f"{type(self).__name__}<{self.element_type}>"


class PrimitiveArrayTypeInfo(ArrayTypeInfo):
    """Arrays of numbers, booleans or characters without None; of bytes: ``bytes``."""

    elements = frozenset(BasicType) - {BasicType.STRING, BasicType.BIG_INT, BasicType.BIG_DEC, BasicType.INSTANT}


class BasicArrayTypeInfo(ArrayTypeInfo):
    """Arrays of basic types, whose elements may be None."""

    elements = PrimitiveArrayTypeInfo.elements | {BasicType.STRING}


class ObjectArrayTypeInfo(ArrayTypeInfo):
    """Arrays of any type, whose elements may be None."""


class ListTypeInfo(TypeInformation):
    """Lists of one element type."""

    def __init__(self, element_type: TypeInformation):
        self.elem_type = check_type(element_type, "the element type of a list")

    def _identity(self) -> tuple[Any, ...]:
        return ("list", self.elem_type)

    def __repr__(self) -> str:
        return f"ListTypeInfo<{self.elem_type}>"


class MapTypeInfo(TypeInformation):
    """Dicts of one key type and one value type."""

    def __init__(self, key_type_info: TypeInformation, value_type_info: TypeInformation):
        self.key_type = check_type(key_type_info, "the key type of a map")
        self.value_type = check_type(value_type_info, "the value type of a map")

    def _identity(self) -> tuple[Any, ...]:
        return ("map", self.key_type, self.value_type)

    def __repr__(self) -> str:
        return f"MapTypeInfo<{self.key_type}, {self.value_type}>"


class ExternalTypeInfo(TypeInformation):
    """Another type, as the table API sees it from outside."""

    def __init__(self, type_info: TypeInformation):
        self.type_info = check_type(type_info, "the wrapped type")

    def _identity(self) -> tuple[Any, ...]:
        return ("external", self.type_info)

    def __repr__(self) -> str:
        return f"ExternalTypeInfo<{self.type_info}>"
