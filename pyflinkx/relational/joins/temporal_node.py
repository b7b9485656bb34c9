"""Logical nodes of joins with a table as it was at the time of a row."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.relational.bound import Bound
from pyflinkx.relational.joins.nodes import LEFT
from pyflinkx.relational.joins.versions import VersionJoin


@dataclass(frozen=True)
class TemporalJoin(VersionJoin):
    """Each left row beside the right row of its keys that was there at its time.

    Args:
        left: rows.
        right: the versions of a table: the latest of a key counts until the next one's time.
        kind: INNER, or LEFT for left rows without a right one, too.
        keys: what has to be equal.
        times: positions of the time of a left and of a right row.
        condition: what has to be true besides, of the columns of the left row and, behind them, of the right one.
    """

    times: tuple[int, int]
    condition: Bound | None = None

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return self.left.unique

    def describe(self) -> str:
        parts = [*map(str, self.keys), *([] if self.condition is None else [str(self.condition)])]
        times = f"{self.left.columns[self.times[0]][0]}, {self.right.columns[self.times[1]][0]}"
        kind = "LeftOuterJoin" if self.kind == LEFT else "InnerJoin"
        names = ", ".join(name for name, _ in self.columns)
        return f"TemporalJoin(joinType=[{kind}], where=[{' AND '.join(parts)}], times=[{times}], select=[{names}])"
