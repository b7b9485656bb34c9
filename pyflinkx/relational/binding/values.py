"""Rows, arrays and maps: how they are made, and what is taken out of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pyflinkx.relational.bound import Apply, Bound, Constant
from pyflinkx.sql.tree import expressions as tree
from pyflinkx.sql.tree.base import Node
from pyflinkx.types.data_type import INT, NULL, DataType, Family, Kind, row_type
from pyflinkx.types.data_type_rules import common_type

if TYPE_CHECKING:
    from pyflinkx.relational.binder import Binder


def text(value: str) -> Constant:
    """A constant text."""
    return Constant(DataType(Kind.CHAR, len(value), nullable=False), value)


def field(binder: Binder, node: Node, bound: Bound, name: str) -> Bound:
    """A field of a row."""
    kind = bound.type
    if kind.kind is not Kind.ROW:
        binder.refuse(node, f"{bound} is {kind}, which has no field {name}")
    if name not in kind.names:
        binder.unknown(node, "field", name, kind.names)
    child = kind.children[kind.names.index(name)]
    return Apply(child.with_nullable(child.nullable or kind.nullable), ".", (bound, text(name)))


def access(binder: Binder, node: tree.Field) -> Bound:
    return field(binder, node, binder.bind(node.operand), node.name)


def flattened(binder: Binder, node: tree.Expression) -> list[tuple[str, Bound]] | None:
    """The fields of a row with ``.*`` behind it, as columns of their own; None for any other expression."""
    if isinstance(node, tree.Field) and node.name == "*":
        bound = binder.bind(node.operand)
    elif isinstance(node, tree.Star) and node.qualifier is not None:
        parts = node.qualifier.parts
        if any(table == parts[-1] for table, _, _ in binder.scope.columns):
            return None
        if not binder.scope.find(None, parts[0]) and not (len(parts) > 1 and binder.scope.find(parts[0], parts[1])):
            return None
        bound = binder.bind(node.qualifier)
    else:
        return None
    if bound.type.kind is not Kind.ROW:
        binder.refuse(node, f"{bound} is {bound.type}, which has no fields")
    return [(name, field(binder, node, bound, name)) for name in bound.type.names]


def row(binder: Binder, node: tree.Row) -> Bound:
    """ROW(a, b): the fields are called EXPR$0, EXPR$1."""
    return made_row([binder.bind(item) for item in node.items])


def made_row(items: Sequence[Bound], names: Sequence[str] | None = None) -> Bound:
    """A row of values."""
    fields = names or [f"EXPR${place}" for place in range(len(items))]
    kind = row_type(((name, item.type) for name, item in zip(fields, items, strict=True)), False)
    return Apply(kind, "ROW", tuple(items))


def common(binder: Binder, node: Node, items: Sequence[Bound], what: str) -> tuple[DataType, list[Bound]]:
    """Values of one type."""
    if not items:
        return NULL, []
    kind = common_type([item.type for item in items])
    if kind is None:
        types = ", ".join(dict.fromkeys(str(item.type) for item in items))
        binder.refuse(node, f"{what} have types that nothing is common to: {types}")
    return kind, [binder.cast(item, kind, node) for item in items]


def array(binder: Binder, node: tree.Array) -> Bound:
    kind, items = common(binder, node, [binder.bind(item) for item in node.items], "the elements of an array")
    return Apply(DataType(Kind.ARRAY, children=(kind,), nullable=False), "ARRAY", tuple(items))


def map_of(binder: Binder, node: tree.Map) -> Bound:
    items = [binder.bind(item) for item in node.items]
    if len(items) % 2:
        binder.refuse(node, "MAP takes keys and values in turns, and here a value is missing")
    key, keys = common(binder, node, items[::2], "the keys of a map")
    value, found = common(binder, node, items[1::2], "the values of a map")
    operands = tuple(each for pair in zip(keys, found, strict=True) for each in pair)
    return Apply(DataType(Kind.MAP, children=(key, value), nullable=False), "MAP", operands)


def multiset(binder: Binder, node: tree.Multiset) -> Bound:
    kind, items = common(binder, node, [binder.bind(item) for item in node.items], "the elements of a multiset")
    return Apply(DataType(Kind.MULTISET, children=(kind,), nullable=False), "MULTISET", tuple(items))


def item(binder: Binder, node: tree.Item) -> Bound:
    """``array[1]``, ``map['key']``, ``row['field']`` or ``row[1]``."""
    collection, index = binder.bind(node.collection), binder.bind(node.index)
    return item_of(binder, node, collection, index)


def item_of(binder: Binder, node: Node, collection: Bound, index: Bound) -> Bound:
    kind = collection.type
    known = index.value if isinstance(index, Constant) else None
    if kind.kind is Kind.ROW:
        if isinstance(known, int) and 1 <= known <= len(kind.names):
            return field(binder, node, collection, kind.names[known - 1])
        if isinstance(known, str):
            return field(binder, node, collection, known)
        binder.refuse(node, f"a field of {kind} is asked for by its name or its number from 1")
    if kind.kind is Kind.MAP:
        key, value = kind.children
        brought = binder.cast(index, key.with_nullable(index.type.nullable), node)
        return Apply(value.with_nullable(True), "ITEM", (collection, brought))
    if kind.kind is not Kind.ARRAY:
        binder.refuse(node, f"{kind} has no elements to take one of")
    if not index.type.family(Family.INTEGER) and index.type.kind is not Kind.NULL:
        binder.refuse(node, f"an element of an array is asked for by a whole number, and this is {index.type}")
    if isinstance(known, int) and known < 1:
        binder.refuse(node, f"the elements of an array count from 1, and this is {known}")
    brought = binder.cast(index, INT.with_nullable(index.type.nullable), node)
    return Apply(kind.children[0].with_nullable(True), "ITEM", (collection, brought))


RULES: dict[type[Node], Callable[[Binder, Any], Bound]] = {
    tree.Field: access,
    tree.Row: row,
    tree.Array: array,
    tree.Map: map_of,
    tree.Multiset: multiset,
    tree.Item: item,
}


def typeof(binder: Binder, node: tree.Call) -> Bound:
    """TYPEOF: the type as text, in full where the second argument says so."""
    arguments = [binder.bind(part) for part in node.arguments]
    if len(arguments) not in (1, 2):
        binder.refuse(node, "TYPEOF takes a value, and whether the type is written out in full")
    return text(str(arguments[0].type))


CALLS: dict[str, Callable[[Binder, tree.Call], Bound]] = {"TYPEOF": typeof}
