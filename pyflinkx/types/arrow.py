"""Type information of columnar data."""

from __future__ import annotations

from pyflinkx._core.schema import Field, Schema
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.carried import CarriedType, carried, is_carried
from pyflinkx.types.typeinfo import (
    BasicArrayTypeInfo,
    CompositeTypeInfo,
    ListTypeInfo,
    ObjectArrayTypeInfo,
    PrimitiveArrayTypeInfo,
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
    """The type of the values of one column, by its Arrow format or by what it carries."""
    if field.carried is not None:
        return field.carried.kind
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
    Types.FLOAT(): "f",
    Types.DOUBLE(): "g",
    Types.STRING(): "u",
    Types.CHAR(): "u",
    Types.SQL_DATE(): "tdD",
    Types.SQL_TIME(): "ttu",
    Types.SQL_TIMESTAMP(): "tsu:",
    Types.PRIMITIVE_ARRAY(Types.BYTE()): "z",
}


def schema_of(type_info: TypeInformation) -> Schema:
    """The columns that records of this type make: Rows, tuples, NamedTuples and dataclasses.

    Fields without names are f0, f1, ... A field of a type that Arrow has nothing for is carried: native operators move
    it, and Python functions get the value that it was. ``native_field`` says what such a column becomes where native
    operators must know its values.

    Raises:
        TypeInformationError: it has no fields.

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
    """The column that values of one type make, and that gives them back."""
    known = FORMATS.get(kind)
    if known is not None:
        return Field(name, known, nullable)
    if isinstance(kind, RowTypeInfo) and kind.field_names is not None:
        return Field(name, "+s", nullable, schema_of(kind).fields)
    if isinstance(kind, (ListTypeInfo, BasicArrayTypeInfo, ObjectArrayTypeInfo)):
        return Field(name, "+l", nullable, [columnar_field("item", element_of(kind))])
    return carried(name, kind, nullable)


def element_of(
    kind: ListTypeInfo | BasicArrayTypeInfo | ObjectArrayTypeInfo | PrimitiveArrayTypeInfo,
) -> TypeInformation:
    """The type of what a list or array holds."""
    return kind.elem_type if isinstance(kind, ListTypeInfo) else kind.element_type


def native_field(field: Field) -> Field | None:
    """The column whose values native operators and Arrow know, for a field that is carried or has carried parts.

    Whole numbers of any size become decimals of 38 digits, decimals get 18 of these after the point, tuples and records
    of classes become structs, arrays lists; what does not fit is an error when the job runs. None where there is no
    such column.
    """
    if is_carried(field):
        return native_form(field)
    children = [native_field(child) for child in field.children]
    known = [child for child in children if child is not None]
    if len(known) < len(children):
        return None
    return Field(field.name, field.format, field.nullable, known, field.metadata, field.carried)


def native_form(field: Field) -> Field | None:
    """The column that a carried one becomes."""
    name, nullable, kind = field.name, field.nullable, field.carried.kind
    if kind == Types.BIG_INT():
        return Field(name, "d:38,0", nullable, carried=CarriedType(kind))
    if kind == Types.BIG_DEC():
        return Field(name, "d:38,18", nullable)
    if isinstance(kind, CompositeTypeInfo):
        return native_field(Field(name, "+s", nullable, schema_of(kind).fields))
    if isinstance(kind, PrimitiveArrayTypeInfo):
        return native_field(Field(name, "+l", nullable, [columnar_field("item", element_of(kind))]))
    return None
