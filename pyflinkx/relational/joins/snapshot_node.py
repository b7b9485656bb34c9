"""Logical nodes of joins with a table as it is when a row comes, once it has been read."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.relational.bound import Bound
from pyflinkx.relational.joins.nodes import LEFT
from pyflinkx.relational.joins.versions import VersionJoin


@dataclass(frozen=True)
class SnapshotJoin(VersionJoin):
    """Each left row beside the right rows of its keys that are there when it comes; later ones change nothing.

    Left rows wait until the right table has been read up to some time, or to its end.

    Args:
        left: rows.
        right: the table.
        kind: INNER, or LEFT for left rows without a right one, too.
        keys: what has to be equal.
        condition: what has to be true besides, of the columns of the left row and, behind them, of the right one.
        loaded: the event time (ms) up to which the table is read first; None for that when the job begins.
        ttl: milliseconds that right rows are held; 0 for ever, None for what the job says.
    """

    condition: Bound | None = None
    loaded: int | None = None
    ttl: int | None = None

    def describe(self) -> str:
        parts = [*map(str, self.keys), *([] if self.condition is None else [str(self.condition)])]
        kind = "LeftOuterJoin" if self.kind == LEFT else "InnerJoin"
        names = ", ".join(name for name, _ in self.columns)
        return f"SnapshotJoin(joinType=[{kind}], where=[{' AND '.join(parts) or 'TRUE'}], select=[{names}])"
