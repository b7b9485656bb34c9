"""Logical nodes: what a query does, with names and types known. Frozen values; a tree of them is a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyflinkx.relational.bound import Bound
from pyflinkx.types.data_type import DataType

Columns = tuple[tuple[str, DataType], ...]


@dataclass(frozen=True)
class Node:
    """What gives rows."""

    @property
    def columns(self) -> Columns:
        """Name and type of each column."""
        raise NotImplementedError


@dataclass(frozen=True)
class Scan(Node):
    """The rows of a table.

    Args:
        table: what gives them; whoever made it knows what it is.
        fields: its columns.
        name: of the table, for people.
    """

    table: Any
    fields: Columns
    name: str

    @property
    def columns(self) -> Columns:
        return self.fields


@dataclass(frozen=True)
class Values(Node):
    """Rows that the text says.

    Args:
        rows: an expression for each column, which reads no columns.
        fields: the columns.
    """

    rows: tuple[tuple[Bound, ...], ...]
    fields: Columns

    @property
    def columns(self) -> Columns:
        return self.fields


@dataclass(frozen=True)
class Calc(Node):
    """New columns of the rows for which a condition is true.

    Args:
        input: the rows.
        projection: name and expression of each column.
        condition: None for all rows.
    """

    input: Node
    projection: tuple[tuple[str, Bound], ...]
    condition: Bound | None = None

    @property
    def columns(self) -> Columns:
        return tuple((name, bound.type) for name, bound in self.projection)


def explained(node: Node, depth: int = 0) -> str:
    """A plan as text, a line for each node."""
    indent = "  " * depth
    if isinstance(node, Scan):
        return f"{indent}Scan(table=[{node.name}], columns=[{', '.join(name for name, _ in node.fields)}])"
    if isinstance(node, Values):
        return f"{indent}Values(rows=[{len(node.rows)}], columns=[{', '.join(name for name, _ in node.fields)}])"
    assert isinstance(node, Calc)
    shown = ", ".join(str(bound) if str(bound) == name else f"{bound} AS {name}" for name, bound in node.projection)
    where = "" if node.condition is None else f", where=[{node.condition}]"
    return f"{indent}Calc(select=[{shown}]{where})\n{explained(node.input, depth + 1)}"
