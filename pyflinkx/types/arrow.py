"""Type information of columnar data."""

from __future__ import annotations

from pyflinkx._core.schema import Field, Schema
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.typeinfo import (
    BasicArrayTypeInfo,
    CompositeTypeInfo,
    ListTypeInfo,
    ObjectArrayTypeInfo,
    RowTypeInfo,
    TypeInformation,
    Types,
)

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


FORMATS = {
    Types.BOOLEAN(): "b",
    Types.BYTE(): "c",
    Types.SHORT(): "s",
    Types.INT(): "i",
    Types.LONG(): "l",
    Types.BIG_INT(): "d:38,0",
    Types.FLOAT(): "f",
    Types.DOUBLE(): "g",
    Types.BIG_DEC(): "d:38,18",
    Types.STRING(): "u",
    Types.CHAR(): "u",
    Types.SQL_DATE(): "tdD",
    Types.SQL_TIME(): "ttu",
    Types.SQL_TIMESTAMP(): "tsu:",
    Types.PRIMITIVE_ARRAY(Types.BYTE()): "z",
}


def schema_of(type_info: TypeInformation) -> Schema:
    """The columns that records of this type make: Rows, tuples, NamedTuples and dataclasses.

    Fields without names are f0, f1, ... Whole numbers of any size become decimals of 38 digits, decimals get 18 of
    these after the point, and what does not fit is an error when the job runs.

    Raises:
        TypeInformationError: it has no fields, or a field has no columnar form.

    Example:
        >>> schema_of(Types.ROW_NAMED(["key", "name"], [Types.LONG(), Types.STRING()])).names
        ['key', 'name']
    """
    if not isinstance(type_info, CompositeTypeInfo):
        raise TypeInformationError(f"{type_info} has no fields that could be columns")
    names = type_info.field_names or [f"f{index}" for index in range(len(type_info.field_types))]
    required = getattr(type_info, "required", (False,) * len(names))
    return Schema(
        [
            columnar_field(name, kind, not needed)
            for name, kind, needed in zip(names, type_info.field_types, required, strict=True)
        ]
    )


def columnar_field(name: str, kind: TypeInformation, nullable: bool = True) -> Field:
    """The column that values of one type make."""
    known = FORMATS.get(kind)
    if known is not None:
        return Field(name, known, nullable)
    if isinstance(kind, CompositeTypeInfo):
        return Field(name, "+s", nullable, schema_of(kind).fields)
    if isinstance(kind, (ListTypeInfo, BasicArrayTypeInfo, ObjectArrayTypeInfo)):
        element = kind.elem_type if isinstance(kind, ListTypeInfo) else kind.element_type
        return Field(name, "+l", nullable, [columnar_field("item", element)])
    raise TypeInformationError(f"field '{name}': {kind} has no columnar form")
