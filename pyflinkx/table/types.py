"""The types of tables' columns, with PyFlink's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyflinkx.table.data_types  # noqa: F401 # which has others know these types
from pyflinkx.errors import TypeInformationError
from pyflinkx.names.asking import offering
from pyflinkx.table.column_types import (
    ArrayType,
    AtomicType,
    BigIntType,
    BinaryType,
    BooleanType,
    CharType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    FractionalType,
    IntegralType,
    IntType,
    ListViewType,
    LocalZonedTimestampType,
    MapType,
    MapViewType,
    MultisetType,
    NullType,
    NumericType,
    Resolution,
    RowField,
    RowType,
    SmallIntType,
    TimestampType,
    TimeType,
    TinyIntType,
    VarBinaryType,
    VarCharType,
    YearMonthIntervalType,
)
from pyflinkx.types.data_type import MAX_LENGTH

__all__ = [
    "ArrayType",
    "AtomicType",
    "BigIntType",
    "BinaryType",
    "BooleanType",
    "CharType",
    "DataType",
    "DataTypes",
    "DateType",
    "DayTimeIntervalType",
    "DecimalType",
    "DoubleType",
    "FloatType",
    "FractionalType",
    "IntType",
    "IntegralType",
    "ListViewType",
    "LocalZonedTimestampType",
    "MapType",
    "MapViewType",
    "MultisetType",
    "NullType",
    "NumericType",
    "Resolution",
    "RowField",
    "RowType",
    "SmallIntType",
    "TimeType",
    "TimestampType",
    "TinyIntType",
    "VarBinaryType",
    "VarCharType",
    "YearMonthIntervalType",
]

_UNITS = Resolution.IntervalUnit


class DataTypes:
    """Makes the types of tables' columns.

    Example:
        >>> DataTypes.ROW([DataTypes.FIELD("id", DataTypes.BIGINT().not_null())])
        RowType(RowField(id, BigIntType(false), ...), true)
    """

    @staticmethod
    def NULL() -> NullType:
        """Of NULL alone."""
        return NullType()

    @staticmethod
    def CHAR(length: int, nullable: bool = True) -> CharType:
        """Text of exactly ``length`` characters."""
        return CharType(length, nullable)

    @staticmethod
    def VARCHAR(length: int, nullable: bool = True) -> VarCharType:
        """Text of at most ``length`` characters."""
        return VarCharType(length, nullable)

    @staticmethod
    def STRING(nullable: bool = True) -> VarCharType:
        """Text of any length."""
        return VarCharType(MAX_LENGTH, nullable)

    @staticmethod
    def BINARY(length: int, nullable: bool = True) -> BinaryType:
        """Exactly ``length`` bytes."""
        return BinaryType(length, nullable)

    @staticmethod
    def VARBINARY(length: int, nullable: bool = True) -> VarBinaryType:
        """At most ``length`` bytes."""
        return VarBinaryType(length, nullable)

    @staticmethod
    def BYTES(nullable: bool = True) -> VarBinaryType:
        """Any number of bytes."""
        return VarBinaryType(MAX_LENGTH, nullable)

    @staticmethod
    def DECIMAL(precision: int, scale: int, nullable: bool = True) -> DecimalType:
        """Numbers of ``precision`` digits, 1 to 38, ``scale`` of them after the point."""
        return DecimalType(precision, scale, nullable)

    @staticmethod
    def BOOLEAN(nullable: bool = True) -> BooleanType:
        """TRUE and FALSE."""
        return BooleanType(nullable)

    @staticmethod
    def TINYINT(nullable: bool = True) -> TinyIntType:
        """Whole numbers of 1 byte."""
        return TinyIntType(nullable)

    @staticmethod
    def SMALLINT(nullable: bool = True) -> SmallIntType:
        """Whole numbers of 2 bytes."""
        return SmallIntType(nullable)

    @staticmethod
    def INT(nullable: bool = True) -> IntType:
        """Whole numbers of 4 bytes."""
        return IntType(nullable)

    @staticmethod
    def BIGINT(nullable: bool = True) -> BigIntType:
        """Whole numbers of 8 bytes."""
        return BigIntType(nullable)

    @staticmethod
    def FLOAT(nullable: bool = True) -> FloatType:
        """Floating point numbers of 4 bytes."""
        return FloatType(nullable)

    @staticmethod
    def DOUBLE(nullable: bool = True) -> DoubleType:
        """Floating point numbers of 8 bytes."""
        return DoubleType(nullable)

    @staticmethod
    def DATE(nullable: bool = True) -> DateType:
        """Days."""
        return DateType(nullable)

    @staticmethod
    def TIME(precision: int = 0, nullable: bool = True) -> TimeType:
        """Times of day, with ``precision`` digits of the fraction of a second, 0 to 9."""
        return TimeType(precision, nullable)

    @staticmethod
    def TIMESTAMP(precision: int = 6, nullable: bool = True) -> TimestampType:
        """Dates and times of no zone."""
        return TimestampType(precision, nullable)

    @staticmethod
    def TIMESTAMP_WITH_LOCAL_TIME_ZONE(precision: int = 6, nullable: bool = True) -> LocalZonedTimestampType:
        """Points in time."""
        return LocalZonedTimestampType(precision, nullable)

    @staticmethod
    def TIMESTAMP_LTZ(precision: int = 6, nullable: bool = True) -> LocalZonedTimestampType:
        """Points in time."""
        return LocalZonedTimestampType(precision, nullable)

    @staticmethod
    def ARRAY(element_type: DataType, nullable: bool = True) -> ArrayType:
        """Lists."""
        return ArrayType(element_type, nullable)

    @staticmethod
    def LIST_VIEW(element_type: DataType) -> ListViewType:
        """The list of an accumulator."""
        return ListViewType(element_type)

    @staticmethod
    def MAP(key_type: DataType, value_type: DataType, nullable: bool = True) -> MapType:
        """Dicts."""
        return MapType(key_type, value_type, nullable)

    @staticmethod
    def MAP_VIEW(key_type: DataType, value_type: DataType) -> MapViewType:
        """The map of an accumulator."""
        return MapViewType(key_type, value_type)

    @staticmethod
    def MULTISET(element_type: DataType, nullable: bool = True) -> MultisetType:
        """Elements, each with how often it is there."""
        return MultisetType(element_type, nullable)

    @staticmethod
    def ROW(row_fields: Sequence[RowField | DataType] = [], nullable: bool = True) -> RowType:
        """Rows of fields; those of which only the type is given are called f0, f1, ..."""
        fields = [
            field if isinstance(field, RowField) else RowField(f"f{index}", field)
            for index, field in enumerate(row_fields)
        ]
        return RowType(fields, nullable)

    @staticmethod
    def FIELD(name: str, data_type: DataType, description: str | None = None) -> RowField:
        """A field of a row."""
        return RowField(name, data_type, description)

    @staticmethod
    def SECOND(precision: int = 6) -> Resolution:
        """Seconds of an interval, with ``precision`` digits of the fraction."""
        return Resolution(_UNITS.SECOND, precision)

    @staticmethod
    def MINUTE() -> Resolution:
        """Minutes of an interval."""
        return Resolution(_UNITS.MINUTE)

    @staticmethod
    def HOUR() -> Resolution:
        """Hours of an interval."""
        return Resolution(_UNITS.HOUR)

    @staticmethod
    def DAY(precision: int = 2) -> Resolution:
        """Days of an interval, with ``precision`` digits."""
        return Resolution(_UNITS.DAY, precision)

    @staticmethod
    def MONTH() -> Resolution:
        """Months of an interval."""
        return Resolution(_UNITS.MONTH)

    @staticmethod
    def YEAR(precision: int = 2) -> Resolution:
        """Years of an interval, with ``precision`` digits."""
        return Resolution(_UNITS.YEAR, precision)

    @staticmethod
    def INTERVAL(
        upper_resolution: Resolution, lower_resolution: Resolution | None = None
    ) -> DayTimeIntervalType | YearMonthIntervalType:
        """An interval from its largest part to its smallest.

        Args:
            upper_resolution: the largest part.
            lower_resolution: the smallest part; None for an interval of one part.

        Raises:
            TypeInformationError: there is no such interval.

        Example:
            >>> DataTypes.INTERVAL(DataTypes.DAY(3), DataTypes.SECOND(3)).day_precision
            3
        """
        parts = [part for part in (upper_resolution, lower_resolution) if part is not None]
        name = "_TO_".join(part.unit.name for part in parts)
        digits = {part.unit: part.precision for part in parts if part.precision >= 0}
        if name in YearMonthIntervalType.YearMonthResolution.__members__:
            months = YearMonthIntervalType.YearMonthResolution[name]
            return YearMonthIntervalType(months, digits.get(_UNITS.YEAR, YearMonthIntervalType.DEFAULT_PRECISION))
        if name in DayTimeIntervalType.DayTimeResolution.__members__:
            days = digits.get(_UNITS.DAY, DayTimeIntervalType.DEFAULT_DAY_PRECISION)
            fraction = digits.get(_UNITS.SECOND, DayTimeIntervalType.DEFAULT_FRACTIONAL_PRECISION)
            return DayTimeIntervalType(DayTimeIntervalType.DayTimeResolution[name], days, fraction)
        raise TypeInformationError(
            f"there is no INTERVAL {name.replace('_', ' ')}: it goes from YEAR to MONTH, or between DAY and SECOND"
        )


if not TYPE_CHECKING:
    __getattr__ = offering(__name__)
