"""Types as they are written, as data types."""

from __future__ import annotations

import difflib
from typing import NoReturn

from pyflinkx.sql.places import error_at
from pyflinkx.sql.tree.types import TypeName
from pyflinkx.types.data_type import MAX_DECIMAL, MAX_FRACTION, MAX_LENGTH, DataType, Kind, row_type

# What is said by nothing but a name.
PLAIN = {
    kind.sql: kind
    for kind in (
        Kind.NULL,
        Kind.BOOLEAN,
        Kind.TINYINT,
        Kind.SMALLINT,
        Kind.INT,
        Kind.BIGINT,
        Kind.UNSIGNED_TINYINT,
        Kind.UNSIGNED_SMALLINT,
        Kind.UNSIGNED_INT,
        Kind.UNSIGNED_BIGINT,
        Kind.FLOAT,
        Kind.DOUBLE,
        Kind.DATE,
    )
}
# Kinds with a length or a number of digits: what is meant where none is said, the least and the most that may be.
SIZED = {
    "CHAR": (Kind.CHAR, 1, 1, MAX_LENGTH),
    "VARCHAR": (Kind.VARCHAR, MAX_LENGTH, 1, MAX_LENGTH),
    "STRING": (Kind.VARCHAR, MAX_LENGTH, 1, MAX_LENGTH),
    "BINARY": (Kind.BINARY, 1, 1, MAX_LENGTH),
    "VARBINARY": (Kind.VARBINARY, MAX_LENGTH, 1, MAX_LENGTH),
    "BYTES": (Kind.VARBINARY, MAX_LENGTH, 1, MAX_LENGTH),
    "TIME": (Kind.TIME, 0, 0, MAX_FRACTION),
    "TIMESTAMP": (Kind.TIMESTAMP, 6, 0, MAX_FRACTION),
    "TIMESTAMP_LTZ": (Kind.TIMESTAMP_LTZ, 6, 0, MAX_FRACTION),
}
DEFAULT_DECIMAL = (10, 0)
MONTHS = ("YEAR", "QUARTER", "MONTH")
COLLECTIONS = {"ARRAY": Kind.ARRAY, "MULTISET": Kind.MULTISET, "MAP": Kind.MAP}


def data_type_of(node: TypeName, text: str) -> DataType:
    """The data type that is written there.

    Args:
        node: a type.
        text: the text that it was read from, for errors.

    Raises:
        SqlError: a length or precision is out of range, or there is no such type here.

    Example:
        >>> from pyflinkx.sql.parser import parse_type
        >>> text = "ROW<a DECIMAL NOT NULL, b TIMESTAMP WITH LOCAL TIME ZONE>"
        >>> print(data_type_of(parse_type(text), text))
        ROW<`a` DECIMAL(10, 0) NOT NULL, `b` TIMESTAMP_LTZ(6)>
    """
    nullable = node.nullable is not False
    if kind := PLAIN.get(node.name):
        return DataType(kind, nullable=nullable)
    if node.name in SIZED:
        return _sized(node, text, nullable)
    if node.name == "DECIMAL":
        return _decimal(node, text, nullable)
    if kind := COLLECTIONS.get(node.name):
        children = tuple(data_type_of(child, text) for child in node.children)
        return DataType(kind, children=children, nullable=nullable)
    if node.name == "ROW":
        return _row(node, text, nullable)
    if node.unit is not None:
        unit = node.unit.start if node.unit.end is None else f"{node.unit.start} TO {node.unit.end}"
        kind = Kind.INTERVAL_YEAR_MONTH if node.unit.start in MONTHS else Kind.INTERVAL_DAY_TIME
        precision, fraction = node.unit.precision, node.unit.fraction
        if unit == "SECOND" and fraction is None:  # as Flink, whose seconds have nothing but a fraction
            precision, fraction = None, precision
        return DataType(kind, precision, fraction, unit, nullable=nullable)
    if node.path:
        _unknown(node, text)
    _refuse(node, text, f"the type {node.name} is not supported")


def _sized(node: TypeName, text: str, nullable: bool) -> DataType:
    kind, usual, least, most = SIZED[node.name]
    size = node.arguments[0] if node.arguments else usual
    if not least <= size <= most:
        what = "precision" if kind.sql.startswith("TIME") else "length"
        _refuse(node, text, f"the {what} of {node.name} is from {least} to {most}, not {size}")
    return DataType(kind, size, nullable=nullable)


def _decimal(node: TypeName, text: str, nullable: bool) -> DataType:
    precision, scale = (*node.arguments, *DEFAULT_DECIMAL[len(node.arguments) :])
    if not 1 <= precision <= MAX_DECIMAL:
        _refuse(node, text, f"the precision of DECIMAL is from 1 to {MAX_DECIMAL}, not {precision}")
    if not 0 <= scale <= precision:
        _refuse(node, text, f"the scale of DECIMAL({precision}, ...) is from 0 to {precision}, not {scale}")
    return DataType(Kind.DECIMAL, precision, scale, nullable=nullable)


def _row(node: TypeName, text: str, nullable: bool) -> DataType:
    seen: set[str] = set()
    for field in node.fields:
        if field.name in seen:
            raise error_at(text, *field.span, f"a second field has the name {field.name}")
        seen.add(field.name)
    return row_type(((field.name, data_type_of(field.type, text)) for field in node.fields), nullable)


def _unknown(node: TypeName, text: str) -> NoReturn:
    name = ".".join(node.path)
    known = [*PLAIN, *SIZED, *COLLECTIONS, "DECIMAL", "ROW", "INTERVAL"]
    close = difflib.get_close_matches(name.upper(), known, 1, 0.6)
    _refuse(node, text, f"there is no type {name}" + (f"; did you mean {close[0]}?" if close else ""))


def _refuse(node: TypeName, text: str, message: str) -> NoReturn:
    raise error_at(text, *node.span, message)
