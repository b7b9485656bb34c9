"""Nodes that change kinds of rows: Normalize, Materialize and DropUpdateBefore."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.relational.bound import Bound
from pyflinkx.relational.nodes import Node, SameColumns
from pyflinkx.types.changes import INSERT_ONLY, RETRACT, Changes, upsert


@dataclass(frozen=True)
class Normalize(SameColumns):
    """Whole changes of rows by key: an update has its row before, a delete all columns, nothing comes twice.

    Args:
        input: the rows: inserts, updates as the row after, and deletes of which only the key counts.
        key: positions of the columns of the key.
        condition: rows for which it is not true are as rows that are deleted; None for all.
    """

    key: tuple[int, ...]
    condition: Bound | None = None

    @property
    def changes(self) -> Changes:
        return RETRACT

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return (frozenset(self.key),)

    def describe(self) -> str:
        names = [self.columns[index][0] for index in self.key]
        where = "" if self.condition is None else f", where=[{self.condition}]"
        return f"ChangelogNormalize(key=[{', '.join(names)}]{where})"


@dataclass(frozen=True)
class Materialize(SameColumns):
    """Upserts by a key that the rows are not unique by: the last of those of a key that are there counts.

    Args:
        input: the rows, with whole changes.
        key: positions of the columns of the key.
    """

    key: tuple[int, ...]

    @property
    def changes(self) -> Changes:
        return upsert(*(self.columns[index][0] for index in self.key))

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return (frozenset(self.key),)

    def describe(self) -> str:
        return f"UpsertMaterialize(key=[{', '.join(self.columns[index][0] for index in self.key)}])"


@dataclass(frozen=True)
class DropUpdateBefore(SameColumns):
    """Updates as the row after only.

    Args:
        input: the rows.
        key: positions of the columns by which they are unique.
    """

    key: tuple[int, ...]

    @property
    def changes(self) -> Changes:
        if self.input.changes == INSERT_ONLY:
            return INSERT_ONLY
        return upsert(*(self.columns[index][0] for index in self.key))

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return self.input.unique

    def describe(self) -> str:
        return "DropUpdateBefore()"


def whole(node: Node) -> Node:
    """A plan whose changes are whole: where a table gives upserts by key, what makes such of them."""
    if node.changes.kind != "upsert" or not node.unique:
        return node
    return Normalize(node, tuple(sorted(next(iter(node.unique)))))


def upserts_by(node: Node, key: tuple[int, ...]) -> Node:
    """A plan whose rows can be written as upserts by a key: the later one of a key replaces the one before.

    Args:
        node: the plan; its changes are whole or upserts.
        key: positions of the columns of the key.
    """
    if node.changes == INSERT_ONLY:
        return node
    if any(each <= frozenset(key) for each in node.unique):
        return DropUpdateBefore(node, key)
    return Materialize(node, key)
