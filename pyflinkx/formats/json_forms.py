"""How compiled code reads and writes the values of a type as JSON: the form of each, and its column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.columns.schema import Field
from pyflinkx._core.formats.json_reader import Node
from pyflinkx.formats.record_shape import RecordShape
from pyflinkx.types.arrow import columnar_field
from pyflinkx.types.typeinfo import (
    ArrayTypeInfo,
    BasicType,
    BasicTypeInfo,
    DateTypeInfo,
    ExternalTypeInfo,
    ListTypeInfo,
    MapTypeInfo,
    PrimitiveArrayTypeInfo,
    RowTypeInfo,
    TimestampTypeInfo,
    TimeTypeInfo,
    TupleTypeInfo,
    TypeInformation,
    Types,
)

# Levels of rows, arrays and maps within each other that compiled code goes down to.
MAX_DEPTH = 32
BASIC = {
    BasicType.BYTE: "integer",
    BasicType.SHORT: "integer",
    BasicType.INT: "integer",
    BasicType.LONG: "integer",
    BasicType.DOUBLE: "double",
    BasicType.FLOAT: "float",
    BasicType.BOOLEAN: "bool",
    BasicType.STRING: "text",
    BasicType.CHAR: "character",
    BasicType.INSTANT: "instant",
    BasicType.BIG_INT: "big_int",
    BasicType.BIG_DEC: "big_dec",
}
TIMES: tuple[tuple[type[TypeInformation], str], ...] = (
    (DateTypeInfo, "date"),
    (TimeTypeInfo, "time"),
    (TimestampTypeInfo, "timestamp"),
)


@dataclass(frozen=True)
class Form:
    """How a value is read and written.

    Args:
        kind: one of ``json_reader.FORMS``.
        field: of the column that compiled code makes or takes: of what no Arrow type is for, a struct or list where
            a part of it is known.
        parts: of a row, tuple, list or map.
    """

    kind: str
    field: Field
    parts: tuple[Form, ...] = ()


class NoForm(Exception):
    """Compiled code has no form for a type."""


def form_of(name: str, type_info: TypeInformation, nullable: bool = True, depth: int = 0) -> Form:
    """The form of values of a type.

    Args:
        name: of the column.
        type_info: a type that JSON has a form for.
        nullable: whether a value may be missing.
        depth: levels above it.

    Raises:
        NoForm: it is nested too deep, or a name of a field has none as bytes, or two have one.
    """
    if depth > MAX_DEPTH:
        raise NoForm
    if isinstance(type_info, ExternalTypeInfo):
        return form_of(name, type_info.type_info, nullable, depth)
    if isinstance(type_info, BasicTypeInfo):
        return Form(BASIC[type_info.basic_type], columnar_field(name, type_info, nullable))
    if isinstance(type_info, (RowTypeInfo, TupleTypeInfo)):
        return _record(name, type_info, nullable, depth + 1)
    if isinstance(type_info, PrimitiveArrayTypeInfo):
        if type_info.element_type == Types.BYTE():
            return Form("base64", columnar_field(name, type_info, nullable))
        return _list(name, form_of("item", type_info.element_type, False, depth + 1), nullable)
    if isinstance(type_info, (ArrayTypeInfo, ListTypeInfo)):
        element = type_info.elem_type if isinstance(type_info, ListTypeInfo) else type_info.element_type
        return _list(name, form_of("item", element, True, depth + 1), nullable)
    if isinstance(type_info, MapTypeInfo):
        parts = (
            Form("text", Field("key", "u", False)),
            form_of("value", type_info.value_type, True, depth + 1),
        )
        entries = Field("entries", "+s", False, [part.field for part in parts])
        return Form("map", Field(name, "+m", nullable, [entries]), parts)
    for kind, form in TIMES:
        if isinstance(type_info, kind):
            return Form(form, columnar_field(name, type_info, nullable))
    raise NoForm


def _record(name: str, type_info: RowTypeInfo | TupleTypeInfo, nullable: bool, depth: int) -> Form:
    names = _names_of(type_info)
    if len(set(names)) < len(names) or not names:
        raise NoForm
    types = type_info.get_field_types()
    parts = tuple(form_of(part, kind, True, depth) for part, kind in zip(names, types, strict=True))
    kind = "row" if isinstance(type_info, RowTypeInfo) else "tuple"
    return Form(kind, Field(name, "+s", nullable, [part.field for part in parts]), parts)


def _names_of(type_info: RowTypeInfo | TupleTypeInfo) -> list[str]:
    names = list(type_info.field_names or [f"f{index}" for index in range(len(type_info.field_types))])
    try:
        for name in names:
            name.encode()
    except UnicodeEncodeError:
        raise NoForm from None
    return names


def _list(name: str, element: Form, nullable: bool) -> Form:
    return Form("list", Field(name, "+l", nullable, [element.field]), (element,))


def nodes_of(root: Form) -> list[Node]:
    """The nodes of a form and all its parts, as a ``JsonReader`` takes them."""
    forms = [root]
    nodes = []
    for form in forms:  # grows while it is gone through
        nodes.append(Node(form.kind, form.field, len(forms) if form.parts else 0, len(form.parts)))
        forms.extend(form.parts)
    return nodes


def value_maker(type_info: TypeInformation) -> Callable[[Any], Any]:
    """The function that turns what a form's column gives, with a tuple for each struct, into a value of the type."""
    make = _maker_of(type_info)
    return lambda value: None if value is None else make(value)


def _maker_of(type_info: TypeInformation) -> Callable[[Any], Any]:
    if isinstance(type_info, ExternalTypeInfo):
        return _maker_of(type_info.type_info)
    if isinstance(type_info, (RowTypeInfo, TupleTypeInfo)):
        parts = [value_maker(part) for part in type_info.get_field_types()]
        record = RecordShape(type_info).record if isinstance(type_info, RowTypeInfo) else tuple
        return lambda value: record([part(item) for part, item in zip(parts, value, strict=True)])
    if isinstance(type_info, MapTypeInfo):
        item_of = value_maker(type_info.value_type)
        return lambda value: {key: item_of(item) for key, item in value.items()}
    if isinstance(type_info, PrimitiveArrayTypeInfo):
        return _same
    if isinstance(type_info, (ArrayTypeInfo, ListTypeInfo)):
        element = type_info.elem_type if isinstance(type_info, ListTypeInfo) else type_info.element_type
        make = value_maker(element)
        return lambda value: list(map(make, value))
    return _same


def _same(value: Any) -> Any:
    return value
