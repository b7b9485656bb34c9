"""Type information of columnar data."""

from __future__ import annotations

from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import TypeInformationError
from pyflinkx.types import data_type_info
from pyflinkx.types.carried import CarriedType, is_carried
from pyflinkx.types.data_type_field import field_of, type_of_field
from pyflinkx.types.typeinfo import (
    BasicArrayTypeInfo,
    CompositeTypeInfo,
    ListTypeInfo,
    MapTypeInfo,
    ObjectArrayTypeInfo,
    PrimitiveArrayTypeInfo,
    RowTypeInfo,
    TypeInformation,
    Types,
)


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
    return field.carried.kind if field.carried is not None else data_type_info.type_info_of(type_of_field(field))


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
    return field_of(name, data_type_info.data_type_of(kind).with_nullable(nullable))


def element_of(
    kind: ListTypeInfo | BasicArrayTypeInfo | ObjectArrayTypeInfo | PrimitiveArrayTypeInfo,
) -> TypeInformation:
    """The type of what a list or array holds."""
    return kind.elem_type if isinstance(kind, ListTypeInfo) else kind.element_type


def native_field(field: Field) -> Field | None:
    """The column whose values native operators and Arrow know, for a field that is carried or has carried parts.

    Whole numbers of any size become decimals of 38 digits, decimals get 18 of these after the point, tuples and records
    of classes become structs, arrays lists, dicts maps; what does not fit is an error when the job runs. None where
    there is no such column.
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
    if isinstance(kind, (ListTypeInfo, MapTypeInfo, BasicArrayTypeInfo, ObjectArrayTypeInfo)):
        return native_field(columnar_field(name, kind, nullable))
    if isinstance(kind, PrimitiveArrayTypeInfo):
        return native_field(Field(name, "+l", nullable, [columnar_field("item", element_of(kind))]))
    return None
