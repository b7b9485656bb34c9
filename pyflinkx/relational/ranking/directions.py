"""How values of updated rows change: whether they only ever grow, and whether rows are ever taken back."""

from __future__ import annotations

from pyflinkx.relational.aggregation.nodes import Aggregate
from pyflinkx.relational.bound import Input
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.relational.ranking.order import SortKey
from pyflinkx.types.changes import INSERT_ONLY

# Aggregates of rows that only come: their results grow, or shrink.
GROWING = ("COUNT", "MAX")
SHRINKING = ("MIN",)


def updates_only(node: Node) -> bool:
    """Whether rows are inserted and updated, and never deleted."""
    if isinstance(node, Calc) and node.condition is None:
        return updates_only(node.input)
    return isinstance(node, Aggregate) and node.input.changes == INSERT_ONLY


def gets_better(node: Node, order: SortKey, key: frozenset[int]) -> bool:
    """Whether an update never makes a row come later by an order, as far as one column of it goes.

    Args:
        node: what gives the rows.
        order: the column, and which of its values come first.
        key: the columns that tell which row an update is of.
    """
    if order.index in key:
        return True
    while isinstance(node, Calc):
        bound = node.projection[order.index][1]
        if not isinstance(bound, Input):
            return False
        order = SortKey(bound.index, order.descending, order.nulls_first)
        node = node.input
    if not isinstance(node, Aggregate) or order.index < len(node.keys):
        return False
    function = node.calls[order.index - len(node.keys)].function
    # A result that was null becomes a value: that is better only where nulls come last.
    if order.nulls_first and function != "COUNT":
        return False
    return function in (GROWING if order.descending else SHRINKING)
