"""Logical nodes: what a query does, with names and types known. Frozen values; a tree of them is a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyflinkx.relational.bound import Bound, Input
from pyflinkx.types.changes import INSERT_ONLY, Changes
from pyflinkx.types.data_type import DataType

Columns = tuple[tuple[str, DataType], ...]


@dataclass(frozen=True)
class Node:
    """What gives rows."""

    @property
    def columns(self) -> Columns:
        """Name and type of each column."""
        raise NotImplementedError

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes whose rows it reads."""
        return ()

    @property
    def changes(self) -> Changes:
        """Which kinds of rows it gives."""
        return INSERT_ONLY

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        """Sets of columns, by position, of which no two rows that are there at a time have the same values.

        Updates and deletes are rows of these keys (upsert keys); a node that knows of none has none.
        """
        return ()

    def describe(self) -> str:
        """What it does, in a line of a plan."""
        raise NotImplementedError


@dataclass(frozen=True)
class Scan(Node):
    """The rows of a table.

    Args:
        table: what gives them; whoever made it knows what it is.
        fields: its columns.
        name: of the table, for people.
        rows: the kinds of rows that it has.
        keys: by what these are unique.
    """

    table: Any
    fields: Columns
    name: str
    rows: Changes = INSERT_ONLY
    keys: tuple[frozenset[int], ...] = ()

    @property
    def columns(self) -> Columns:
        return self.fields

    @property
    def changes(self) -> Changes:
        return self.rows

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return self.keys

    def describe(self) -> str:
        return f"Scan(table=[{self.name}], columns=[{', '.join(name for name, _ in self.fields)}])"


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

    def describe(self) -> str:
        return f"Values(rows=[{len(self.rows)}], columns=[{', '.join(name for name, _ in self.fields)}])"


@dataclass(frozen=True)
class SameColumns(Node):
    """What gives the columns of its one input.

    Args:
        input: the rows.
    """

    input: Node

    @property
    def columns(self) -> Columns:
        return self.input.columns

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)


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

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)

    @property
    def changes(self) -> Changes:
        return self.input.changes

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        places: dict[int, int] = {}
        for position, (_, bound) in enumerate(self.projection):
            if isinstance(bound, Input):
                places.setdefault(bound.index, position)
        return tuple(frozenset(places[index] for index in key) for key in self.input.unique if key <= places.keys())

    def describe(self) -> str:
        shown = ", ".join(str(bound) if str(bound) == name else f"{bound} AS {name}" for name, bound in self.projection)
        where = "" if self.condition is None else f", where=[{self.condition}]"
        return f"Calc(select=[{shown}]{where})"


def explained(node: Node, depth: int = 0) -> str:
    """A plan as text, a line for each node."""
    return "\n".join(["  " * depth + node.describe(), *(explained(before, depth + 1) for before in node.inputs)])
