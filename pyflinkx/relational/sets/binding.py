"""From UNION, INTERSECT and EXCEPT to nodes: inputs of the same columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyflinkx.relational.binder import Binder, Scope
from pyflinkx.relational.bound import Input
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.relational.sets.nodes import SetOperation, Union
from pyflinkx.sql.tree import queries
from pyflinkx.types.data_type_rules import common_type

if TYPE_CHECKING:
    from pyflinkx.relational.queries import QueryBinder


def set_operation(binder: QueryBinder, query: queries.SetOperation) -> Node:
    """The rows of a set operation.

    Raises:
        SqlError: its inputs have different numbers of columns, or types that have nothing in common.
    """
    return combined(binder, query, [binder.bind(each) for each in query.inputs])


def combined(binder: QueryBinder, query: queries.SetOperation, nodes: list[Node]) -> Node:
    """The rows of a set operation on these inputs."""
    nodes = aligned(binder, query, nodes)
    if query.operator == "UNION":
        union = Union(tuple(nodes))
        return union if query.all else SetOperation((union,), "UNION", False)
    found = nodes[0]
    for following in nodes[1:]:
        found = SetOperation((found, following), query.operator, query.all)
    return found


def aligned(binder: QueryBinder, query: queries.SetOperation, nodes: list[Node]) -> list[Node]:
    """The inputs with the names of the first, and the types that all have in common."""
    first = nodes[0]
    for node, place in zip(nodes, query.inputs, strict=True):
        if len(node.columns) != len(first.columns):
            binder.refuse(
                place, f"{query.operator}: this has {len(node.columns)} columns, and the first {len(first.columns)}"
            )
    columns = []
    for index, (name, _) in enumerate(first.columns):
        types = [node.columns[index][1] for node in nodes]
        common = common_type(types)
        if common is None:
            shown = " and ".join(dict.fromkeys(map(str, types)))
            binder.refuse(
                query, f"{query.operator}: column {index + 1} ({name}) has types with nothing in common: {shown}"
            )
        columns.append((name, common))
    made = []
    for node, place in zip(nodes, query.inputs, strict=True):
        expressions = Binder(binder.text, Scope([]))
        projection = tuple(
            (name, expressions.cast(Input(own, index, old), kind.with_nullable(own.nullable), place))
            for index, ((name, kind), (old, own)) in enumerate(zip(columns, node.columns, strict=True))
        )
        same = all(
            isinstance(bound, Input) and name == old
            for (name, bound), (old, _) in zip(projection, node.columns, strict=True)
        )
        made.append(node if same else Calc(node, projection))
    return made
