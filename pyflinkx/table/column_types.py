"""The classes of the types of tables' columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from enum import Enum
from typing import Any

from pyflinkx.errors import TypeInformationError
from pyflinkx.names.asking import answers
from pyflinkx.types import data_type as logical
from pyflinkx.types.data_type import Kind


@answers("table.types.DataType")
class DataType:
    """A type of values; objects of its classes are equal when they say the same.

    Args:
        nullable: whether values may be missing.
    """

    def __init__(self, nullable: bool = True) -> None:
        self._nullable = nullable

    @classmethod
    def type_name(cls) -> str:
        """The name of the class without its end, in capital letters."""
        return cls.__name__.removesuffix("Type").upper()

    def not_null(self) -> Any:
        """The type without missing values."""
        return self._with_nullable(False)

    def nullable(self) -> Any:
        """The type with missing values."""
        return self._with_nullable(True)

    def _with_nullable(self, nullable: bool) -> Any:
        changed = copy(self)
        changed._nullable = nullable
        return changed

    def _parameters(self) -> tuple[Any, ...]:
        """What PyFlink shows of it, but for whether values may be missing."""
        return ()

    def _key(self) -> tuple[Any, ...]:
        return (*self._parameters(), self._nullable)

    def __repr__(self) -> str:
        shown = [repr(part) for part in self._parameters()]
        return f"{type(self).__name__}({', '.join([*shown, str(self._nullable).lower()])})"

    def __str__(self) -> str:
        return self.type_name()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(str(self))


class AtomicType(DataType):
    """A type that is not made of others."""


class NumericType(AtomicType):
    """A type of numbers."""


class IntegralType(NumericType):
    """A type of whole numbers."""


class FractionalType(NumericType):
    """A type of numbers with fractions."""


class NullType(AtomicType):
    """Of NULL alone."""

    def __init__(self) -> None:
        super().__init__(True)


class BooleanType(AtomicType):
    """SQL's BOOLEAN."""


class TinyIntType(IntegralType):
    """SQL's TINYINT: 1 byte."""


class SmallIntType(IntegralType):
    """SQL's SMALLINT: 2 bytes."""


class IntType(IntegralType):
    """SQL's INT: 4 bytes."""


class BigIntType(IntegralType):
    """SQL's BIGINT: 8 bytes."""


class FloatType(FractionalType):
    """SQL's FLOAT: 4 bytes."""


class DoubleType(FractionalType):
    """SQL's DOUBLE: 8 bytes."""


class DateType(AtomicType):
    """SQL's DATE."""


class _LengthType(AtomicType):
    KIND: Kind

    def __init__(self, length: int = 1, nullable: bool = True) -> None:
        super().__init__(nullable)
        logical.DataType(self.KIND, length)  # refuses lengths that there are not
        self.length = length

    def _parameters(self) -> tuple[Any, ...]:
        return (self.length,)


class CharType(_LengthType):
    """SQL's CHAR(n)."""

    KIND = Kind.CHAR


class VarCharType(_LengthType):
    """SQL's VARCHAR(n), of which STRING is the longest."""

    KIND = Kind.VARCHAR


class BinaryType(_LengthType):
    """SQL's BINARY(n)."""

    KIND = Kind.BINARY


class VarBinaryType(_LengthType):
    """SQL's VARBINARY(n), of which BYTES is the longest."""

    KIND = Kind.VARBINARY


class DecimalType(FractionalType):
    """SQL's DECIMAL(precision, scale)."""

    def __init__(self, precision: int = 10, scale: int = 0, nullable: bool = True) -> None:
        super().__init__(nullable)
        logical.DataType(Kind.DECIMAL, precision, scale)
        if not 0 <= scale <= precision:
            raise TypeInformationError(f"the scale of DECIMAL({precision}, ...) is from 0 to {precision}, not {scale}")
        self.precision = precision
        self.scale = scale

    def _parameters(self) -> tuple[Any, ...]:
        return self.precision, self.scale


class _FractionType(AtomicType):
    KIND: Kind

    def __init__(self, precision: int = 6, nullable: bool = True) -> None:
        super().__init__(nullable)
        logical.DataType(self.KIND, precision)
        self.precision = precision

    def _parameters(self) -> tuple[Any, ...]:
        return (self.precision,)


class TimeType(_FractionType):
    """SQL's TIME(p)."""

    KIND = Kind.TIME

    def __init__(self, precision: int = 0, nullable: bool = True) -> None:
        super().__init__(precision, nullable)


class TimestampType(_FractionType):
    """SQL's TIMESTAMP(p), without a time zone."""

    KIND = Kind.TIMESTAMP


class LocalZonedTimestampType(_FractionType):
    """SQL's TIMESTAMP_LTZ(p): a point in time."""

    KIND = Kind.TIMESTAMP_LTZ


class Resolution:
    """A part of an interval.

    Args:
        unit: a member of ``Resolution.IntervalUnit``.
        precision: digits of the days or years, or of the fraction of a second; -1 for none.
    """

    class IntervalUnit(Enum):
        """The parts that there are."""

        SECOND = 0
        MINUTE = 1
        HOUR = 2
        DAY = 3
        MONTH = 4
        YEAR = 5

    def __init__(self, unit: Resolution.IntervalUnit, precision: int = -1) -> None:
        self._unit = unit
        self._precision = precision

    @property
    def unit(self) -> Resolution.IntervalUnit:
        """The part."""
        return self._unit

    @property
    def precision(self) -> int:
        """Its digits; -1 for none."""
        return self._precision

    def __str__(self) -> str:
        return f"{self._unit.name}({self._precision})"

    __repr__ = __str__


def _check(what: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise TypeInformationError(f"the {what} of an interval is from {least} to {most}, not {value}")


class YearMonthIntervalType(AtomicType):
    """SQL's intervals of years and months.

    Args:
        resolution: a member of ``YearMonthIntervalType.YearMonthResolution``.
        precision: digits of the years, 1 to 4; those of months are always 2.
        nullable: whether values may be missing.
    """

    class YearMonthResolution(Enum):
        """What such intervals are written in."""

        YEAR = 1
        MONTH = 2
        YEAR_TO_MONTH = 3

    DEFAULT_PRECISION = 2

    def __init__(
        self, resolution: YearMonthIntervalType.YearMonthResolution, precision: int = 2, nullable: bool = True
    ) -> None:
        super().__init__(nullable)
        _check("precision of years", precision, 1, 4)
        if resolution is self.YearMonthResolution.MONTH and precision != self.DEFAULT_PRECISION:
            raise TypeInformationError("an interval of months has no precision of years")
        self._resolution = resolution
        self._precision = precision

    @property
    def resolution(self) -> YearMonthIntervalType.YearMonthResolution:
        """What it is written in."""
        return self._resolution

    @property
    def precision(self) -> int:
        """Digits of the years."""
        return self._precision

    def _key(self) -> tuple[Any, ...]:
        return self._resolution, self._precision, self._nullable


class DayTimeIntervalType(AtomicType):
    """SQL's intervals of days, hours, minutes and seconds.

    Args:
        resolution: a member of ``DayTimeIntervalType.DayTimeResolution``.
        day_precision: digits of the days, 1 to 6.
        fractional_precision: digits of the fraction of a second, 0 to 9.
        nullable: whether values may be missing.
    """

    class DayTimeResolution(Enum):
        """What such intervals are written in."""

        DAY = 1
        DAY_TO_HOUR = 2
        DAY_TO_MINUTE = 3
        DAY_TO_SECOND = 4
        HOUR = 5
        HOUR_TO_MINUTE = 6
        HOUR_TO_SECOND = 7
        MINUTE = 8
        MINUTE_TO_SECOND = 9
        SECOND = 10

    DEFAULT_DAY_PRECISION = 2
    DEFAULT_FRACTIONAL_PRECISION = 6

    def __init__(
        self,
        resolution: DayTimeIntervalType.DayTimeResolution,
        day_precision: int = 2,
        fractional_precision: int = 6,
        nullable: bool = True,
    ) -> None:
        super().__init__(nullable)
        _check("precision of days", day_precision, 1, 6)
        _check("precision of fractions of a second", fractional_precision, 0, 9)
        if not resolution.name.startswith("DAY") and day_precision != self.DEFAULT_DAY_PRECISION:
            raise TypeInformationError(f"an interval of {resolution.name} has no precision of days")
        if not resolution.name.endswith("SECOND") and fractional_precision != self.DEFAULT_FRACTIONAL_PRECISION:
            raise TypeInformationError(f"an interval of {resolution.name} has no fraction of a second")
        self._resolution = resolution
        self._day_precision = day_precision
        self._fractional_precision = fractional_precision

    @property
    def resolution(self) -> DayTimeIntervalType.DayTimeResolution:
        """What it is written in."""
        return self._resolution

    @property
    def day_precision(self) -> int:
        """Digits of the days."""
        return self._day_precision

    @property
    def fractional_precision(self) -> int:
        """Digits of the fraction of a second."""
        return self._fractional_precision

    def _key(self) -> tuple[Any, ...]:
        return self._resolution, self._day_precision, self._fractional_precision, self._nullable


def _is_type(what: Any, role: str) -> DataType:
    if not isinstance(what, DataType):
        raise TypeError(f"{role} is a type of DataTypes, not {what!r} ({type(what).__name__})")
    return what


class ArrayType(DataType):
    """Lists of elements of one type."""

    def __init__(self, element_type: DataType, nullable: bool = True) -> None:
        super().__init__(nullable)
        self.element_type = _is_type(element_type, "the element of an array")

    def _parameters(self) -> tuple[Any, ...]:
        return (self.element_type,)


class MultisetType(DataType):
    """Elements of one type, each with how often it is there."""

    def __init__(self, element_type: DataType, nullable: bool = True) -> None:
        super().__init__(nullable)
        self.element_type = _is_type(element_type, "the element of a multiset")

    def _parameters(self) -> tuple[Any, ...]:
        return (self.element_type,)


class MapType(DataType):
    """Dicts from keys of one type to values of another."""

    def __init__(self, key_type: DataType, value_type: DataType, nullable: bool = True) -> None:
        super().__init__(nullable)
        self.key_type = _is_type(key_type, "the key of a map")
        self.value_type = _is_type(value_type, "the value of a map")

    def _parameters(self) -> tuple[Any, ...]:
        return self.key_type, self.value_type


class ListViewType(DataType):
    """The list of an accumulator, kept in state."""

    def __init__(self, element_type: DataType) -> None:
        super().__init__(False)
        self._element_type = _is_type(element_type, "the element of a list view")

    def _parameters(self) -> tuple[Any, ...]:
        return (self._element_type,)

    def __repr__(self) -> str:
        return f"ListViewType({self._element_type!r})"


class MapViewType(DataType):
    """The map of an accumulator, kept in state."""

    def __init__(self, key_type: DataType, value_type: DataType) -> None:
        super().__init__(False)
        self._key_type = _is_type(key_type, "the key of a map view")
        self._value_type = _is_type(value_type, "the value of a map view")

    def _parameters(self) -> tuple[Any, ...]:
        return self._key_type, self._value_type

    def __repr__(self) -> str:
        return f"MapViewType({self._key_type!r}, {self._value_type!r})"


@answers("table.types.RowField")
class RowField:
    """A field of a row.

    Args:
        name: its name.
        data_type: its type.
        description: of it, for people.
    """

    def __init__(self, name: str, data_type: DataType, description: str | None = None) -> None:
        if not isinstance(name, str):
            raise TypeError(f"the name of a field is a str, not {name!r} ({type(name).__name__})")
        self.name = name
        self.data_type = _is_type(data_type, f"the type of field '{name}'")
        self.description = "..." if description is None else description

    def __repr__(self) -> str:
        return f"RowField({self.name}, {self.data_type!r}, {self.description})"

    def __str__(self) -> str:
        return f"RowField({self.name}, {self.data_type})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RowField) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self.name)


class RowType(DataType):
    """Rows of named fields, which are had by name, position or slice.

    Args:
        fields: of the row.
        nullable: whether a row may be missing.

    Example:
        >>> RowType().add("a", IntType()).add("b", DoubleType(False))
        RowType(RowField(a, IntType(true), ...),RowField(b, DoubleType(false), ...), true)
    """

    def __init__(self, fields: Sequence[RowField] | None = None, nullable: bool = True) -> None:
        super().__init__(nullable)
        self.fields = list(fields or ())
        for field in self.fields:
            if not isinstance(field, RowField):
                raise TypeError(f"the fields of a row are made by DataTypes.FIELD(), not {field!r}")
        self.names = [field.name for field in self.fields]

    def add(self, field: RowField | str, data_type: DataType | None = None) -> RowType:
        """One more field, in place.

        Args:
            field: the field, or its name.
            data_type: its type, with a name.
        """
        if not isinstance(field, RowField):
            if data_type is None:
                raise ValueError(f"add({field!r}): a name needs a type")
            field = RowField(field, data_type)
        self.fields.append(field)
        self.names.append(field.name)
        return self

    def field_names(self) -> list[str]:
        """The names of the fields."""
        return list(self.names)

    def field_types(self) -> list[DataType]:
        """The types of the fields."""
        return [field.data_type for field in self.fields]

    def _with_nullable(self, nullable: bool) -> RowType:
        return RowType(self.fields, nullable)

    def _parameters(self) -> tuple[Any, ...]:
        return tuple(self.fields)

    def __iter__(self) -> Iterator[RowField]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __getitem__(self, key: str | int | slice) -> Any:
        if isinstance(key, str):
            for field in self.fields:
                if field.name == key:
                    return field
            raise KeyError(f"No RowField named {key}")
        return RowType(self.fields[key]) if isinstance(key, slice) else self.fields[key]

    def __repr__(self) -> str:
        return f"RowType({','.join(map(repr, self.fields))}, {str(self._nullable).lower()})"
