"""JSON_VALUE, JSON_OBJECT and their relatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyflinkx.relational.bound import Apply, Bound, Constant, Hidden
from pyflinkx.relational.json_text import writer_of
from pyflinkx.relational.type_names import data_type_of
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree.base import Node
from pyflinkx.types.data_type import BOOLEAN, STRING, DataType, Family, Kind

if TYPE_CHECKING:
    from pyflinkx.relational.binder import Binder


def options(*words: str | None) -> Hidden:
    text = "|".join(word or "" for word in words)
    return Hidden(DataType(Kind.CHAR, len(text), nullable=False), text)


def text_of(binder: Binder, node: tree.Expression, what: str) -> Bound:
    bound = binder.bind(node)
    if not bound.type.family(Family.CHARACTER_STRING) and bound.type.kind is not Kind.NULL:
        binder.refuse(node, f"{what} is text, and this is {bound.type}")
    return binder.cast(bound, STRING.with_nullable(bound.type.nullable), node)


def path(binder: Binder, node: tree.JsonPath) -> Bound:
    """JSON_EXISTS, JSON_VALUE and JSON_QUERY."""
    if node.passing:
        binder.refuse(node, "PASSING is not in this version")
    document, way = text_of(binder, node.document, "JSON"), text_of(binder, node.path, "a path")
    if node.function == "JSON_EXISTS":
        kind = BOOLEAN.with_nullable(True)
        error = node.on_error.kind if node.on_error else "FALSE"
        return Apply(kind, node.function, (document, way, options(error)))
    kind = STRING if node.returning is None else data_type_of(node.returning, binder.text).with_nullable(True)
    empty = node.on_empty.kind if node.on_empty else "NULL"
    error = node.on_error.kind if node.on_error else "NULL"
    if node.function == "JSON_QUERY":
        if not kind.family(Family.CHARACTER_STRING) and kind.kind is not Kind.ARRAY:
            binder.refuse(node, f"JSON_QUERY returns text or an array of text, and not {kind}")
        return Apply(kind, node.function, (document, way, options(empty, error, node.wrapper)))
    if kind.family(Family.CONSTRUCTED | Family.BINARY_STRING | Family.DATE_TIME | Family.INTERVAL):
        binder.refuse(node, f"JSON_VALUE returns text, a number or a truth value, and not {kind}")
    defaults = []
    for behavior in (node.on_empty, node.on_error):
        default: Bound = Constant(kind, None)
        if behavior is not None and behavior.default is not None:
            default = binder.cast(binder.bind(behavior.default), kind, behavior)
        defaults.append(default)
    return Apply(kind, node.function, (document, way, *defaults, options(empty, error)))


def value_of(binder: Binder, node: tree.Expression) -> Bound:
    """A value that is written as JSON."""
    if isinstance(node, tree.Call) and node.name.parts[-1].upper() == "JSON" and len(node.arguments) == 1:
        document = text_of(binder, node.arguments[0], "JSON")
        return Apply(STRING.with_nullable(True), "JSON", (document,))
    bound = binder.bind(node.operand if isinstance(node, tree.FormatJson) else node)
    try:
        writer_of(bound.type)
    except NotImplementedError as error:
        binder.refuse(node, str(error))
    return bound


def json_object(binder: Binder, node: tree.Call) -> Bound:
    operands: list[Bound] = []
    for entry in node.arguments:
        assert isinstance(entry, tree.JsonEntry)
        key = text_of(binder, entry.key, "a key of JSON_OBJECT")
        if key.type.nullable and isinstance(key, Constant) and key.value is None:
            binder.refuse(entry, "a key of JSON_OBJECT is not null")
        operands += [key, value_of(binder, entry.value)]
    return Apply(STRING.not_null(), "JSON_OBJECT", (*operands, options(node.on_null or "NULL")))


def json_array(binder: Binder, node: tree.Call) -> Bound:
    operands = [value_of(binder, argument) for argument in node.arguments]
    return Apply(STRING.not_null(), "JSON_ARRAY", (*operands, options(node.on_null or "ABSENT")))


def json_string(binder: Binder, node: tree.Call) -> Bound:
    if len(node.arguments) != 1:
        binder.refuse(node, "JSON_STRING takes one value")
    bound = value_of(binder, node.arguments[0])
    return Apply(STRING.with_nullable(bound.type.nullable), "JSON_STRING", (bound,))


def json(binder: Binder, node: tree.Call) -> Bound:
    binder.refuse(node, "JSON(...) stands as a value of JSON_OBJECT or JSON_ARRAY only")


def looked_at(binder: Binder, node: tree.Call) -> Bound:
    """JSON_TYPE and JSON_LENGTH, whose path the text says."""
    operands = [binder.bind(argument) for argument in node.arguments]
    if len(operands) == 2 and not isinstance(operands[1], Constant):
        binder.refuse(node.arguments[1], "the path is a constant text")
    return binder.apply(node, node.name.parts[0].upper(), operands)


RULES: dict[type[Node], Callable[[Binder, Any], Bound]] = {tree.JsonPath: path}
CALLS: dict[str, Callable[[Binder, tree.Call], Bound]] = {
    "JSON_OBJECT": json_object,
    "JSON_ARRAY": json_array,
    "JSON_STRING": json_string,
    "JSON": json,
    "JSON_TYPE": looked_at,
    "JSON_LENGTH": looked_at,
}
