"""Windows above what is calculated before they are aggregated, so that rows are put into them last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from pyflinkx.relational.bound import Apply, Bound, Constant, Input, inputs
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.relational.windows.table import WindowTable
from pyflinkx.types.data_type import BOOLEAN


class Rows(NamedTuple):
    """Rows before they are put into windows.

    Args:
        table: puts them into windows.
        columns: what is wanted of them, as expressions on the rows.
        condition: which rows are wanted; None for all.
    """

    table: WindowTable
    columns: tuple[Bound, ...]
    condition: Bound | None


def before_windows(node: Node, positions: Sequence[int]) -> Rows | None:
    """The rows of a node before they are put into windows; None where something reads the bounds of windows.

    Args:
        node: gives rows in windows.
        positions: of its columns that are wanted.
    """
    found: list[Bound] = [Input(node.columns[index][1], index, node.columns[index][0]) for index in positions]
    conditions: list[Bound] = []
    while isinstance(node, Calc):
        found = [put_in(each, node) for each in found]
        conditions = [put_in(each, node) for each in conditions]
        if node.condition is not None:
            conditions.append(node.condition)
        node = node.input
    if not isinstance(node, WindowTable):
        return None
    width = len(node.input.columns)
    if any(each.index >= width for bound in (*found, *conditions) for each in inputs(bound)):
        return None
    condition = None
    for each in conditions:
        condition = each if condition is None else Apply(BOOLEAN, "AND", (condition, each))
    return Rows(node, tuple(found), condition)


def put_in(bound: Bound, calc: Calc) -> Bound:
    """An expression on the columns of a Calc as one on its rows."""
    if isinstance(bound, Input):
        return calc.projection[bound.index][1]
    if isinstance(bound, Apply):
        return replace(bound, operands=tuple(put_in(operand, calc) for operand in bound.operands))
    assert isinstance(bound, Constant), bound
    return bound
