"""Logical nodes of set operations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.types.changes import INSERT_ONLY, RETRACT, Changes


@dataclass(frozen=True)
class Union(Node):
    """All rows of some inputs, which have the same columns.

    Args:
        sources: two or more.
    """

    sources: tuple[Node, ...]

    @cached_property
    def columns(self) -> Columns:
        return tuple(
            (name, kind.with_nullable(any(other.columns[index][1].nullable for other in self.sources)))
            for index, (name, kind) in enumerate(self.sources[0].columns)
        )

    @property
    def inputs(self) -> tuple[Node, ...]:
        return self.sources

    @property
    def changes(self) -> Changes:
        return INSERT_ONLY if all(source.changes == INSERT_ONLY for source in self.sources) else RETRACT

    def describe(self) -> str:
        return f"Union(all=[true], union=[{', '.join(name for name, _ in self.columns)}])"


@dataclass(frozen=True)
class SetOperation(Node):
    """Rows by how often they are in each of one or two inputs, which have the same columns.

    Args:
        sources: one for UNION (of all rows), two for the others.
        operator: "UNION", "INTERSECT" or "EXCEPT".
        all: whether a row may be there more than once.
    """

    sources: tuple[Node, ...]
    operator: str
    all: bool

    @property
    def columns(self) -> Columns:
        return self.sources[0].columns

    @property
    def inputs(self) -> tuple[Node, ...]:
        return self.sources

    @property
    def changes(self) -> Changes:
        if self.operator == "EXCEPT" or any(source.changes != INSERT_ONLY for source in self.sources):
            return RETRACT
        return INSERT_ONLY

    @cached_property
    def unique(self) -> tuple[frozenset[int], ...]:
        known = self.sources[0].unique
        whole = frozenset(range(len(self.columns)))
        return known if known or self.all else (whole,)

    def describe(self) -> str:
        name = {"UNION": "Distinct"}.get(self.operator, self.operator.capitalize())
        return f"{name}(all=[{str(self.all).lower()}], columns=[{', '.join(name for name, _ in self.columns)}])"
