"""Type information of columnar data."""

from __future__ import annotations

from pyflinkx._core.schema import Field, Schema
from pyflinkx.types.typeinfo import RowTypeInfo, TypeInformation, Types

PLAIN = {
    "b": Types.BOOLEAN,
    "c": Types.BYTE,
    "C": Types.SHORT,
    "s": Types.SHORT,
    "S": Types.INT,
    "i": Types.INT,
    "I": Types.LONG,
    "l": Types.LONG,
    "L": Types.BIG_INT,
    "f": Types.FLOAT,
    "g": Types.DOUBLE,
    "u": Types.STRING,
    "U": Types.STRING,
    "vu": Types.STRING,
}
BY_PREFIX = {
    "td": Types.SQL_DATE,
    "tt": Types.SQL_TIME,
    "ts": Types.SQL_TIMESTAMP,
    "d:": Types.BIG_DEC,
}


def type_info_of(schema: Schema) -> RowTypeInfo:
    """The type of the rows that a columnar batch of this schema holds.

    Unsigned integers become the next wider signed type. A column of a type that TypeInformation has no name for is
    pickled where it must leave its process as a row.

    Example:
        >>> type_info_of(Schema([Field("key", "l"), Field("name", "u")]))
        RowTypeInfo(key: Long, name: String)
    """
    return Types.ROW_NAMED(schema.names, [field_type(field) for field in schema])


def field_type(field: Field) -> TypeInformation:
    """The type of the values of one column, by its Arrow format."""
    made = PLAIN.get(field.format) or BY_PREFIX.get(field.format[:2])
    if made is not None:
        return made()
    if field.format in ("z", "Z", "vz"):
        return Types.PRIMITIVE_ARRAY(Types.BYTE())
    if field.format in ("+l", "+L"):
        return Types.LIST(field_type(field.children[0]))
    if field.format == "+s":
        return Types.ROW_NAMED([child.name for child in field.children], [field_type(c) for c in field.children])
    return Types.PICKLED_BYTE_ARRAY()
