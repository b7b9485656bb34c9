"""How types meet: the common one of several, what can be cast to what, and the types of arithmetic's results.

The rules are Flink's (LogicalTypeMerging, LogicalTypeCasts). Unsigned numbers, which it does not have, take the
narrowest type that holds the values of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyflinkx.types.data_type import INT, MAX_DECIMAL, DataType, Family, Kind

SIGNED = (Kind.TINYINT, Kind.SMALLINT, Kind.INT, Kind.BIGINT)
UNSIGNED = (Kind.UNSIGNED_TINYINT, Kind.UNSIGNED_SMALLINT, Kind.UNSIGNED_INT, Kind.UNSIGNED_BIGINT)
# The digits of the largest number.
DIGITS = dict(zip((*SIGNED, *UNSIGNED), (3, 5, 10, 19, 3, 5, 10, 20), strict=True))
TEXT, DATA = Family.CHARACTER_STRING, Family.BINARY_STRING
# Digits after the point that are kept where a result has more digits than there can be.
KEPT_SCALE = 6


def common_type(types: Sequence[DataType]) -> DataType | None:
    """The type that values of all can be brought to without a cast; None when there is none.

    It is nullable when one of them is.

    Example:
        >>> print(common_type([INT, DataType(Kind.DECIMAL, 5, 2), DataType(Kind.NULL)]))
        DECIMAL(12, 2)
    """
    nullable = any(kind.nullable for kind in types)
    found: DataType | None = None
    for other in types:
        if found is None or found.kind is Kind.NULL:
            found = other
        elif other.kind is not Kind.NULL:
            found = common_of_two(found, other)
            if found is None:
                return None
    return None if found is None else found.with_nullable(nullable)


def common_of_two(first: DataType, second: DataType) -> DataType | None:
    """The common type of two that are not NULL."""
    nullable = first.nullable or second.nullable
    first, second = first.with_nullable(nullable), second.with_nullable(nullable)
    if first == second:
        return first
    first, second = first.logical(), second.logical()
    if first == second:
        return first
    if first.family(Family.CONSTRUCTED) or second.family(Family.CONSTRUCTED):
        return common_constructed(first, second)
    if first.family(TEXT) and second.family(TEXT):
        return common_length(first, second, Kind.CHAR, Kind.VARCHAR)
    if first.family(DATA) and second.family(DATA):
        return common_length(first, second, Kind.BINARY, Kind.VARBINARY)
    if first.family(Family.NUMERIC) and second.family(Family.NUMERIC):
        return common_number(first, second)
    if first.family(Family.DATE_TIME) and second.family(Family.DATE_TIME):
        return common_time(first, second)
    if first.kind is second.kind and first.family(Family.INTERVAL):
        unit = first.unit if first.unit == second.unit else None
        return replace(
            first,
            precision=larger(first.precision, second.precision),
            scale=larger(first.scale, second.scale),
            unit=unit,
        )
    return None


def larger(first: int | None, second: int | None) -> int | None:
    return max((number for number in (first, second) if number is not None), default=None)


def common_constructed(first: DataType, second: DataType) -> DataType | None:
    if first.kind is not second.kind or len(first.children) != len(second.children):
        return None
    children = [common_type(pair) for pair in zip(first.children, second.children, strict=True)]
    known = tuple(child for child in children if child is not None)
    return replace(first, children=known) if len(known) == len(children) else None


def common_length(first: DataType, second: DataType, fixed: Kind, varying: Kind) -> DataType:
    same = first.kind is fixed and second.kind is fixed and first.precision == second.precision
    length = larger(first.precision, second.precision)
    return DataType(fixed if same else varying, length, nullable=first.nullable)


def common_number(first: DataType, second: DataType) -> DataType | None:
    nullable = first.nullable
    kinds = {first.kind, second.kind}
    if first.family(Family.APPROXIMATE_NUMERIC) or second.family(Family.APPROXIMATE_NUMERIC):
        single = kinds & {Kind.FLOAT} and not kinds & {Kind.DOUBLE, Kind.DECIMAL}
        return DataType(Kind.FLOAT if single else Kind.DOUBLE, nullable=nullable)
    if Kind.DECIMAL not in kinds:
        whole = common_integer(first.kind, second.kind)
        if whole is not None:
            return DataType(whole, nullable=nullable)
    first, second = as_decimal(first), as_decimal(second)
    scale = max(scale_of(first), scale_of(second))
    digits = max(digits_before(first), digits_before(second)) + scale
    return DataType(Kind.DECIMAL, min(digits, MAX_DECIMAL), scale, nullable=nullable)


def common_integer(first: Kind, second: Kind) -> Kind | None:
    """The narrowest kind of whole numbers that holds the values of both."""
    for kinds in (SIGNED, UNSIGNED):
        if first in kinds and second in kinds:
            return max(first, second, key=kinds.index)
    signed, unsigned = (first, second) if first in SIGNED else (second, first)
    needed = max(SIGNED.index(signed), UNSIGNED.index(unsigned) + 1)
    return SIGNED[needed] if needed < len(SIGNED) else None


def common_time(first: DataType, second: DataType) -> DataType | None:
    kinds = {first.kind, second.kind}
    precision = larger(first.precision, second.precision)
    if Kind.TIME in kinds:
        return DataType(Kind.TIME, precision, nullable=first.nullable) if len(kinds) == 1 else None
    kind = Kind.TIMESTAMP_LTZ if Kind.TIMESTAMP_LTZ in kinds else Kind.TIMESTAMP
    return DataType(kind, precision, nullable=first.nullable)


# ---- results of arithmetic ----


def as_decimal(number: DataType) -> DataType:
    """A whole number as the decimal that holds it; a decimal stays what it is."""
    if number.kind is Kind.DECIMAL:
        return number
    return DataType(Kind.DECIMAL, DIGITS[number.kind], 0, nullable=number.nullable)


def scale_of(decimal: DataType) -> int:
    return decimal.scale or 0


def digits_before(decimal: DataType) -> int:
    return (decimal.precision or 0) - scale_of(decimal)


def fitted(precision: int, scale: int, nullable: bool) -> DataType:
    """A decimal of so many digits; where there cannot be as many, those before the point count more."""
    if precision > MAX_DECIMAL:
        before = precision - scale
        precision, scale = MAX_DECIMAL, max(MAX_DECIMAL - before, min(scale, KEPT_SCALE))
    return DataType(Kind.DECIMAL, precision, scale, nullable=nullable)


def decimal_result(operation: str, first: DataType, second: DataType) -> DataType:
    """The type of an operation on decimals.

    Args:
        operation: ``+``, ``-``, ``*``, ``/`` or ``%``.
        first: a decimal or whole number.
        second: likewise.

    Example:
        >>> print(decimal_result("/", DataType(Kind.DECIMAL, 10, 2), INT))
        DECIMAL(21, 13)
    """
    nullable = first.nullable or second.nullable
    first, second = as_decimal(first), as_decimal(second)
    scale = max(scale_of(first), scale_of(second))
    if operation in "+-":
        return fitted(max(digits_before(first), digits_before(second)) + scale + 1, scale, nullable)
    if operation == "*":
        precision = (first.precision or 0) + (second.precision or 0) + 1
        return fitted(precision, scale_of(first) + scale_of(second), nullable)
    if operation == "%":
        return fitted(min(digits_before(first), digits_before(second)) + scale, scale, nullable)
    scale = max(KEPT_SCALE, scale_of(first) + (second.precision or 0) + 1)
    return fitted(digits_before(first) + scale_of(second) + scale, scale, nullable)


def sum_type(number: DataType) -> DataType:
    """The type of a sum: of decimals the longest, of others their own."""
    return replace(number, precision=MAX_DECIMAL) if number.kind is Kind.DECIMAL else number


def average_type(number: DataType) -> DataType:
    """The type of an average: of decimals the longest, of others their own, so that of INT is INT."""
    if number.kind is not Kind.DECIMAL:
        return number
    return replace(number, precision=MAX_DECIMAL, scale=max(scale_of(number), KEPT_SCALE))


# ---- casts ----

INTERVALS = (Kind.INTERVAL_YEAR_MONTH, Kind.INTERVAL_DAY_TIME)
WHOLE = (*SIGNED, *UNSIGNED)


def castable(source: DataType, target: DataType) -> bool:
    """Whether CAST takes values of one type to another; some of them may fail when they are.

    Example:
        >>> castable(INT, BIGINT), castable(DataType(Kind.DATE), INT)
        (True, False)
    """
    if target.kind is Kind.NULL:
        return source.kind is Kind.NULL
    if source.kind is Kind.NULL or target.family(TEXT):
        return True
    if target.kind is Kind.RAW or source.kind is Kind.RAW:
        return source.logical().with_nullable(True) == target.logical().with_nullable(True) or (
            target.family(DATA) and source.kind is Kind.RAW
        )
    if source.family(Family.CONSTRUCTED) or target.family(Family.CONSTRUCTED):
        if source.kind is Kind.MULTISET and target.kind is Kind.MAP:
            return castable(source.children[0], target.children[0]) and castable(INT, target.children[1])
        return (
            source.kind is target.kind
            and len(source.children) == len(target.children)
            and all(map(castable, source.children, target.children))
        )
    if target.kind is Kind.BOOLEAN:
        return source.kind is Kind.BOOLEAN or source.family(TEXT | Family.INTEGER)
    if target.family(DATA):
        return source.family(TEXT | DATA)
    if target.family(Family.NUMERIC):
        exact = target.family(Family.EXACT_NUMERIC)
        return (
            source.family(Family.NUMERIC | TEXT) or source.kind is Kind.BOOLEAN or (exact and source.kind in INTERVALS)
        )
    if target.family(Family.INTERVAL):
        return source.kind is target.kind or source.family(Family.EXACT_NUMERIC | TEXT)
    if source.family(TEXT):
        return True
    if target.kind in (Kind.DATE, Kind.TIME):
        return source.kind is target.kind or source.family(Family.TIME_STAMP)
    return source.family(Family.DATE_TIME)


def implicitly_castable(source: DataType, target: DataType) -> bool:
    """Whether values of one type may be given where another is asked for, without a CAST: none is lost or fails.

    Example:
        >>> implicitly_castable(INT, BIGINT), implicitly_castable(BIGINT, INT)
        (True, False)
    """
    if source.nullable and not target.nullable:
        return False
    if source.kind is Kind.NULL:
        return True
    if source.family(Family.CONSTRUCTED) or target.family(Family.CONSTRUCTED):
        return (
            source.kind is target.kind
            and len(source.children) == len(target.children)
            and all(map(implicitly_castable, source.children, target.children))
        )
    if source.kind is Kind.RAW or target.kind is Kind.RAW:
        return source.logical().with_nullable(True) == target.logical().with_nullable(True)
    if source.kind in WHOLE and target.kind in WHOLE:
        return common_integer(source.kind, target.kind) is target.kind
    if source.family(Family.NUMERIC) and target.family(Family.APPROXIMATE_NUMERIC):
        return source.kind is not Kind.DOUBLE or target.kind is Kind.DOUBLE
    if source.family(Family.EXACT_NUMERIC) and target.kind is Kind.DECIMAL:
        wanted = as_decimal(source)
        return digits_before(wanted) <= digits_before(target) and scale_of(wanted) <= scale_of(target)
    for family in (TEXT, DATA):
        if source.family(family) and target.family(family):
            varying = target.kind in (Kind.VARCHAR, Kind.VARBINARY)
            longest, room = source.precision or 0, target.precision or 0
            return longest <= room if varying else source.kind is target.kind and longest == room
    if source.family(Family.TIME_STAMP) and target.family(Family.TIME_STAMP):
        return (source.precision or 0) <= (target.precision or 0)
    return source.kind is target.kind and (source.precision or 0) <= (target.precision or 0)
