"""Between PyFlink's types of columns and the engine's; what goes there and back is the same."""

from __future__ import annotations

from pyflinkx.errors import TypeInformationError
from pyflinkx.table import column_types as types
from pyflinkx.types.data_type import DataType, Kind, row_type
from pyflinkx.types.described import described_type

PLAIN: dict[Kind, type[types.AtomicType]] = {
    Kind.BOOLEAN: types.BooleanType,
    Kind.TINYINT: types.TinyIntType,
    Kind.SMALLINT: types.SmallIntType,
    Kind.INT: types.IntType,
    Kind.BIGINT: types.BigIntType,
    Kind.FLOAT: types.FloatType,
    Kind.DOUBLE: types.DoubleType,
    Kind.DATE: types.DateType,
}
LENGTHS = (types.CharType, types.VarCharType, types.BinaryType, types.VarBinaryType)
FRACTIONS = (types.TimeType, types.TimestampType, types.LocalZonedTimestampType)
KINDS = {cls: kind for kind, cls in PLAIN.items()}
BY_LENGTH = {cls.KIND: cls for cls in LENGTHS}
BY_FRACTION = {cls.KIND: cls for cls in FRACTIONS}


def logical_of(kind: types.DataType) -> DataType:
    """The engine's type.

    Raises:
        TypeInformationError: it is no type of a column.

    Example:
        >>> print(logical_of(types.ArrayType(types.DecimalType(10, 2, False))))
        ARRAY<DECIMAL(10, 2) NOT NULL>
    """
    return _logical(kind).with_nullable(kind._nullable)


def _logical(kind: types.DataType) -> DataType:
    if type(kind) in KINDS:
        return DataType(KINDS[type(kind)])  # type: ignore[index]
    if isinstance(kind, types._LengthType):
        return DataType(kind.KIND, kind.length)
    if isinstance(kind, types._FractionType):
        return DataType(kind.KIND, kind.precision)
    if isinstance(kind, types.DecimalType):
        return DataType(Kind.DECIMAL, kind.precision, kind.scale)
    if isinstance(kind, types.NullType):
        return DataType(Kind.NULL)
    if isinstance(kind, types.ArrayType):
        return DataType(Kind.ARRAY, children=(logical_of(kind.element_type),))
    if isinstance(kind, types.MultisetType):
        return DataType(Kind.MULTISET, children=(logical_of(kind.element_type),))
    if isinstance(kind, types.MapType):
        return DataType(Kind.MAP, children=(logical_of(kind.key_type), logical_of(kind.value_type)))
    if isinstance(kind, types.RowType):
        return row_type((field.name, logical_of(field.data_type)) for field in kind)
    if isinstance(kind, types.YearMonthIntervalType):
        unit = kind.resolution.name.replace("_", " ")
        return DataType(Kind.INTERVAL_YEAR_MONTH, kind.precision if unit.startswith("YEAR") else None, unit=unit)
    if isinstance(kind, types.DayTimeIntervalType):
        unit = kind.resolution.name.replace("_", " ")
        days = kind.day_precision if unit.startswith("DAY") else None
        fraction = kind.fractional_precision if unit.endswith("SECOND") else None
        return DataType(Kind.INTERVAL_DAY_TIME, days, fraction, unit)
    raise TypeInformationError(f"{kind!r} is no type of a column")


def types_of(kind: DataType) -> types.DataType:
    """PyFlink's type; of an interval whose digits are not said, with the usual ones.

    Raises:
        TypeInformationError: PyFlink has none: of unsigned numbers and pickled objects.
    """
    found: types.DataType = _types(kind)._with_nullable(kind.nullable)
    return found


def _types(kind: DataType) -> types.DataType:
    if kind.kind in PLAIN:
        return PLAIN[kind.kind]()
    if kind.kind in BY_LENGTH:
        return BY_LENGTH[kind.kind](kind.precision or 0)
    if kind.kind in BY_FRACTION:
        return BY_FRACTION[kind.kind](kind.precision or 0)
    if kind.kind is Kind.DECIMAL:
        return types.DecimalType(kind.precision or 0, kind.scale or 0)
    if kind.kind is Kind.NULL:
        return types.NullType()
    if kind.kind is Kind.ARRAY:
        return types.ArrayType(types_of(kind.children[0]))
    if kind.kind is Kind.MULTISET:
        return types.MultisetType(types_of(kind.children[0]))
    if kind.kind is Kind.MAP:
        key, value = kind.children
        return types.MapType(types_of(key), types_of(value))
    if kind.kind is Kind.ROW:
        return types.RowType(
            [types.RowField(name, types_of(child)) for name, child in zip(kind.names, kind.children, strict=True)]
        )
    if kind.kind in (Kind.INTERVAL_YEAR_MONTH, Kind.INTERVAL_DAY_TIME):
        return _interval(kind)
    raise TypeInformationError(f"PyFlink's DataTypes have none for {kind}")


def _interval(kind: DataType) -> types.DataType:
    unit = kind.unit or kind.kind.sql.removeprefix("INTERVAL ")
    name = unit.replace(" ", "_")
    if kind.kind is Kind.INTERVAL_YEAR_MONTH:
        years = types.YearMonthIntervalType
        precision = years.DEFAULT_PRECISION if kind.precision is None else kind.precision
        return years(years.YearMonthResolution[name], precision)
    days = types.DayTimeIntervalType
    known = kind.precision if unit.startswith("DAY") else None
    precision = days.DEFAULT_DAY_PRECISION if known is None else known
    fraction = days.DEFAULT_FRACTIONAL_PRECISION if kind.scale is None else kind.scale
    return days(days.DayTimeResolution[name], precision, fraction)


# So that whatever takes a type knows those of tables, too.
described_type.register(types.DataType, logical_of)
