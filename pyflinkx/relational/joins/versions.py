"""What joins of rows with a table as it is, or was, at some time have in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pyflinkx.relational.joins.bounds import times_dropped
from pyflinkx.relational.joins.nodes import LEFT, JoinKey, paired
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.types.changes import Changes


def beside(pair: Columns, width: int, kind: str) -> Columns:
    """The columns of the results: those of the table are no times of rows, and may be null in a left join.

    Args:
        pair: the columns of a left row and of a right one.
        width: how many are the left row's.
        kind: INNER or LEFT.
    """
    right = times_dropped(pair[width:])
    if kind == LEFT:
        right = tuple((name, each.with_nullable(True)) for name, each in right)
    return (*pair[:width], *right)


@dataclass(frozen=True)
class VersionJoin(Node):
    """Each left row beside right rows of its keys.

    Args:
        left: rows.
        right: the table.
        kind: INNER, or LEFT for left rows without a right one, too.
        keys: what has to be equal.
    """

    left: Node
    right: Node
    kind: str
    keys: tuple[JoinKey, ...]

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.left, self.right)

    @cached_property
    def pair(self) -> Columns:
        """The columns of a pair."""
        return paired(self.left.columns, self.right.columns)

    @cached_property
    def columns(self) -> Columns:
        return beside(self.pair, len(self.left.columns), self.kind)

    @property
    def changes(self) -> Changes:
        return self.left.changes
