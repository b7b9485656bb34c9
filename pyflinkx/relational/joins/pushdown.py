"""Conditions where they cost least: on the inputs of joins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.joins.conditions import (
    LEFT_SIDE,
    RIGHT_SIDE,
    both,
    is_deterministic,
    keys_and_rest,
    moved,
    rejects_nulls,
    sides,
)
from pyflinkx.relational.joins.identity import identity
from pyflinkx.relational.joins.nodes import ANTI, FULL, INNER, LEFT, MARK, RIGHT, SEMI, Join
from pyflinkx.relational.joins.parts import conjunction, conjuncts
from pyflinkx.relational.nodes import Calc, Node

# Joins whose results have a left row as it was, so what it decides can be decided before; likewise a right row.
LEFT_FIRST = frozenset((INNER, LEFT, SEMI, ANTI, MARK))
RIGHT_FIRST = frozenset((INNER, RIGHT))


def filtered(node: Node, condition: Bound | None) -> Node:
    """The rows for which a condition is true, which is looked at as early as can be."""
    node, rest = pushed(node, conjuncts(condition))
    left = conjunction(rest)
    return node if left is None else Calc(node, identity(node), left)


def pushed(node: Node, parts: Sequence[Bound]) -> tuple[Node, list[Bound]]:
    """A node that has taken up some of the conditions on its rows, and the others.

    Args:
        node: what gives the rows.
        parts: conditions that all have to be true.
    """
    if not parts:
        return node, []
    if isinstance(node, Calc):
        return pushed_through(node, parts)
    if not isinstance(node, Join):
        return node, list(parts)
    node = simplified(node, parts)
    width = len(node.left.columns)
    left: list[Bound] = []
    right: list[Bound] = []
    pairs: list[Bound] = []
    rest: list[Bound] = []
    for part in parts:
        found = sides(part, width)
        if not found or not is_deterministic(part):
            rest.append(part)
        elif found == LEFT_SIDE and node.kind in LEFT_FIRST:
            left.append(moved(part, node.left.columns))
        elif found == RIGHT_SIDE and node.kind in RIGHT_FIRST:
            right.append(moved(part, node.right.columns, -width))
        elif node.kind == INNER:
            pairs.append(moved(part, node.pair))
        else:
            rest.append(part)
    if left:
        node = replace(node, left=filtered(node.left, conjunction(left)))
    if right:
        node = replace(node, right=filtered(node.right, conjunction(right)))
    if pairs:
        keys, condition = keys_and_rest(pairs, node.left.columns, node.right.columns)
        more = tuple(key for key in keys if key not in node.keys)
        node = replace(node, keys=node.keys + more, condition=both(node.condition, condition))
    return node, rest


def pushed_through(node: Calc, parts: Sequence[Bound]) -> tuple[Node, list[Bound]]:
    """As ``pushed``, where columns are new ones: conditions on those that are columns of the input go on to it."""
    if node.condition is not None or not contains_join(node.input):
        return node, list(parts)
    places = {index: bound.index for index, (_, bound) in enumerate(node.projection) if isinstance(bound, Input)}
    through: list[Bound] = []
    rest: list[Bound] = []
    for part in parts:
        try:
            moved_part = moved(part, node.input.columns, places=places)
        except KeyError:
            rest.append(part)
        else:
            through.append(moved_part)
    if not through:
        return node, rest
    return replace(node, input=filtered(node.input, conjunction(through))), rest


def contains_join(node: Node) -> bool:
    """Whether a condition on the rows of a node may find a join below it."""
    while isinstance(node, Calc) and node.condition is None:
        node = node.input
    return isinstance(node, Join)


def simplified(node: Join, parts: Sequence[Bound]) -> Join:
    """An outer join as one that keeps fewer rows, where the rows that it would keep are left out afterwards."""
    width = len(node.left.columns)
    kind = node.kind
    if kind in (LEFT, FULL) and any(rejects_nulls(part, lambda column: column.index >= width) for part in parts):
        kind = INNER if kind == LEFT else RIGHT
    if kind in (RIGHT, FULL) and any(rejects_nulls(part, lambda column: column.index < width) for part in parts):
        kind = INNER if kind == RIGHT else LEFT
    return node if kind == node.kind else replace(node, kind=kind)


def joined(left: Node, right: Node, kind: str, condition: Bound | None = None, mark: str = "") -> Join:
    """The join of two nodes.

    Args:
        left: rows.
        right: rows.
        kind: as of ``Join``.
        condition: on the columns of a left row and, behind them, of a right one.
        mark: as of ``Join``.
    """
    node = Join(left, right, kind, mark=mark)
    width = len(left.columns)
    left_parts: list[Bound] = []
    right_parts: list[Bound] = []
    pairs: list[Bound] = []
    for part in conjuncts(condition):
        found = sides(part, width) if is_deterministic(part) else 0
        if found == LEFT_SIDE and kind in (INNER, RIGHT, SEMI):
            left_parts.append(moved(part, left.columns))
        elif found == RIGHT_SIDE and kind in (INNER, LEFT, SEMI, ANTI, MARK):
            right_parts.append(moved(part, right.columns, -width))
        else:
            pairs.append(moved(part, node.pair))
    if left_parts:
        node = replace(node, left=filtered(left, conjunction(left_parts)))
    if right_parts:
        node = replace(node, right=filtered(right, conjunction(right_parts)))
    keys, rest = keys_and_rest(pairs, node.left.columns, node.right.columns)
    return replace(node, keys=keys, condition=rest)
