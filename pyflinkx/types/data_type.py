"""One description of a type of values, for columns, type information and SQL alike."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pyflinkx.errors import TypeInformationError

# The length of a STRING and of BYTES.
MAX_LENGTH = 2**31 - 1
MAX_DECIMAL = 38
MAX_FRACTION = 9


class Family(enum.Flag):
    """What kinds have in common; as Flink's LogicalTypeFamily."""

    CHARACTER_STRING = enum.auto()
    BINARY_STRING = enum.auto()
    INTEGER = enum.auto()
    EXACT_NUMERIC = enum.auto()
    APPROXIMATE_NUMERIC = enum.auto()
    DATE_TIME = enum.auto()
    TIME_STAMP = enum.auto()
    INTERVAL = enum.auto()
    COLLECTION = enum.auto()
    CONSTRUCTED = enum.auto()
    UNSIGNED = enum.auto()
    NUMERIC = EXACT_NUMERIC | APPROXIMATE_NUMERIC


INTEGER = Family.INTEGER | Family.EXACT_NUMERIC
UNSIGNED = INTEGER | Family.UNSIGNED
STAMP = Family.DATE_TIME | Family.TIME_STAMP
COLLECTION = Family.COLLECTION | Family.CONSTRUCTED
NO_FAMILY = Family(0)


class Kind(enum.Enum):
    """What values are, apart from their lengths and parts: SQL's name, and the families."""

    NULL = "NULL", NO_FAMILY
    BOOLEAN = "BOOLEAN", NO_FAMILY
    TINYINT = "TINYINT", INTEGER
    SMALLINT = "SMALLINT", INTEGER
    INT = "INT", INTEGER
    BIGINT = "BIGINT", INTEGER
    UNSIGNED_TINYINT = "TINYINT UNSIGNED", UNSIGNED
    UNSIGNED_SMALLINT = "SMALLINT UNSIGNED", UNSIGNED
    UNSIGNED_INT = "INT UNSIGNED", UNSIGNED
    UNSIGNED_BIGINT = "BIGINT UNSIGNED", UNSIGNED
    FLOAT = "FLOAT", Family.APPROXIMATE_NUMERIC
    DOUBLE = "DOUBLE", Family.APPROXIMATE_NUMERIC
    DECIMAL = "DECIMAL", Family.EXACT_NUMERIC
    CHAR = "CHAR", Family.CHARACTER_STRING
    VARCHAR = "VARCHAR", Family.CHARACTER_STRING
    BINARY = "BINARY", Family.BINARY_STRING
    VARBINARY = "VARBINARY", Family.BINARY_STRING
    DATE = "DATE", Family.DATE_TIME
    TIME = "TIME", Family.DATE_TIME
    TIMESTAMP = "TIMESTAMP", STAMP
    TIMESTAMP_LTZ = "TIMESTAMP_LTZ", STAMP
    INTERVAL_YEAR_MONTH = "INTERVAL YEAR TO MONTH", Family.INTERVAL
    INTERVAL_DAY_TIME = "INTERVAL DAY TO SECOND", Family.INTERVAL
    ARRAY = "ARRAY", COLLECTION
    MULTISET = "MULTISET", COLLECTION
    MAP = "MAP", Family.CONSTRUCTED
    ROW = "ROW", Family.CONSTRUCTED
    RAW = "RAW", NO_FAMILY

    def __init__(self, sql: str, family: Family) -> None:
        self.sql = sql
        self.family = family


LENGTHS = dict.fromkeys((Kind.CHAR, Kind.VARCHAR, Kind.BINARY, Kind.VARBINARY), (0, MAX_LENGTH))
FRACTIONS = dict.fromkeys((Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ), (0, MAX_FRACTION))
PRECISIONS = {**LENGTHS, **FRACTIONS, Kind.DECIMAL: (1, MAX_DECIMAL)}
CHILDREN = {Kind.ARRAY: 1, Kind.MULTISET: 1, Kind.MAP: 2}
# What an element of an array, an entry, a key and a value are called in Arrow.
PART_NAMES = {
    Kind.ARRAY: ("item",),
    Kind.MAP: ("entries", "key", "value"),
    Kind.MULTISET: ("entries", "key", "value"),
}


@dataclass(frozen=True)
class DataType:
    """A type of values.

    Args:
        kind: what they are.
        precision: of text and bytes the length (CHAR and BINARY) or the most of it; of decimals the digits; of times
            the digits of the fraction of a second.
        scale: of decimals: the digits after the point, which may be less than 0; of intervals of days: those of the
            fraction of a second.
        unit: of an interval: what it is written in, such as ``"DAY TO SECOND"``.
        zone: of TIMESTAMP_LTZ: the time zone that its column names; it changes no instant.
        children: the element of an array or multiset, key and value of a map, the fields of a row.
        names: of the fields of a row; of other constructed types those of their parts in Arrow.
        nullable: whether values may be missing.
        python: what tells values in Python from those of other types with the same kind, children and so on: the type
            information of values that no column but a carried one holds, or the class or sort of a record.
        form: the Arrow format of a column, where it is not the one that columns of the type have by default.
        time: whether the column is the time of its rows: ROWTIME or PROCTIME; None for any other column. It does not
            count where types are compared.

    Raises:
        TypeInformationError: the arguments do not fit the kind, or each other.

    Example:
        >>> price = DataType(Kind.DECIMAL, 10, 2, nullable=False)
        >>> print(DataType(Kind.ROW, children=(price, STRING), names=("price", "name")))
        ROW<`price` DECIMAL(10, 2) NOT NULL, `name` STRING>
    """

    kind: Kind
    precision: int | None = None
    scale: int | None = None
    unit: str | None = None
    zone: str | None = None
    children: tuple[DataType, ...] = ()
    names: tuple[str, ...] = ()
    nullable: bool = True
    python: Any = None
    form: str | None = None
    time: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        kind = self.kind
        least, most = PRECISIONS.get(kind, (None, None))
        if least is not None and most is not None and (self.precision is None or not least <= self.precision <= most):
            raise TypeInformationError(f"{kind.sql}({self.precision}): a number from {least} to {most} is needed")
        if kind is Kind.DECIMAL and self.scale is None:
            raise TypeInformationError(f"DECIMAL({self.precision}): the digits after the point are needed too")
        if CHILDREN.get(kind, len(self.names) if kind is Kind.ROW else 0) != len(self.children):
            raise TypeInformationError(
                f"{kind.sql} has {CHILDREN.get(kind, len(self.names))} parts, not {len(self.children)}"
            )
        if not self.names and kind in PART_NAMES:
            object.__setattr__(self, "names", PART_NAMES[kind])

    def family(self, family: Family) -> bool:
        """Whether it is of that family, or of one of several.

        Example:
            >>> BIGINT.family(Family.NUMERIC), BIGINT.family(Family.CHARACTER_STRING | Family.BINARY_STRING)
            (True, False)
        """
        return bool(self.kind.family & family)

    def with_nullable(self, nullable: bool) -> DataType:
        """The type with or without missing values."""
        return self if nullable == self.nullable else replace(self, nullable=nullable)

    def not_null(self) -> DataType:
        """The type without missing values."""
        return self.with_nullable(False)

    def with_time(self, time: str | None) -> DataType:
        """The type as the time of rows, or as that of any other column.

        Example:
            >>> print(DataType(Kind.TIMESTAMP, 3).with_time(ROWTIME))
            TIMESTAMP(3) *ROWTIME*
        """
        return self if time == self.time else replace(self, time=time)

    def logical(self) -> DataType:
        """What SQL knows of it: without zones, forms in Python and in columns, at every depth."""
        names = self.names if self.kind is Kind.ROW else PART_NAMES.get(self.kind, ())
        children = tuple(child.logical() for child in self.children)
        python = self.python if self.kind is Kind.RAW else None
        return replace(self, zone=None, children=children, names=names, python=python, form=None)

    def __str__(self) -> str:
        text = self._text() if self.time is None else f"{self._text()} *{self.time}*"
        return text if self.nullable else f"{text} NOT NULL"

    def _text(self) -> str:
        kind, precision = self.kind, self.precision
        if kind is Kind.ROW:
            fields = (f"{quoted(name)} {child}" for name, child in zip(self.names, self.children, strict=True))
            return f"ROW<{', '.join(fields)}>"
        if self.children:
            return f"{kind.sql}<{', '.join(map(str, self.children))}>"
        if kind is Kind.DECIMAL:
            return f"DECIMAL({precision}, {self.scale})"
        if precision == MAX_LENGTH and kind in (Kind.VARCHAR, Kind.VARBINARY):
            return "STRING" if kind is Kind.VARCHAR else "BYTES"
        if kind.family is Family.INTERVAL:
            return self._interval()
        if kind is Kind.RAW:
            return f"RAW({self.python!r})"
        return kind.sql if precision is None else f"{kind.sql}({precision})"

    def _interval(self) -> str:
        first, to, last = (self.unit or self.kind.sql.removeprefix("INTERVAL ")).partition(" TO ")
        if self.precision is not None:
            first += f"({self.precision})"
        if self.scale is not None and "SECOND" in (first, last):
            return f"INTERVAL {first}{to}{last}({self.scale})"
        return f"INTERVAL {first}{to}{last}"


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return f"`{name.replace('`', '``')}`"


def row_type(fields: Iterable[tuple[str, DataType]], nullable: bool = True) -> DataType:
    """A row of named fields."""
    pairs = tuple(fields)
    return DataType(
        Kind.ROW, children=tuple(child for _, child in pairs), names=tuple(name for name, _ in pairs), nullable=nullable
    )


# What a column of times is to its rows, if it is more than any other.
ROWTIME, PROCTIME = "ROWTIME", "PROCTIME"

NULL = DataType(Kind.NULL)
BOOLEAN = DataType(Kind.BOOLEAN)
TINYINT = DataType(Kind.TINYINT)
SMALLINT = DataType(Kind.SMALLINT)
INT = DataType(Kind.INT)
BIGINT = DataType(Kind.BIGINT)
FLOAT = DataType(Kind.FLOAT)
DOUBLE = DataType(Kind.DOUBLE)
STRING = DataType(Kind.VARCHAR, MAX_LENGTH)
BYTES = DataType(Kind.VARBINARY, MAX_LENGTH)
DATE = DataType(Kind.DATE)
