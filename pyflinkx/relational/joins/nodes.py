"""Logical nodes of joins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pyflinkx.relational.bound import Apply, Bound, Input
from pyflinkx.relational.joins.bounds import Interval, interval_of, times_dropped
from pyflinkx.relational.joins.parts import conjunction, conjuncts
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.relational.windows.properties import WindowColumns, window_columns
from pyflinkx.types.changes import INSERT_ONLY, RETRACT, Changes
from pyflinkx.types.data_type import BOOLEAN

INNER, LEFT, RIGHT, FULL, SEMI, ANTI, MARK = "Inner", "Left", "Right", "Full", "Semi", "Anti", "Mark"
# Kinds whose results are rows of the left side alone.
OF_LEFT = frozenset((SEMI, ANTI, MARK))
KEEPS_LEFT = frozenset((LEFT, FULL))
KEEPS_RIGHT = frozenset((RIGHT, FULL))


@dataclass(frozen=True)
class JoinKey:
    """Two values that are equal in the rows of a pair.

    Args:
        left: of a left row.
        right: of a right row, of the same type.
        nulls: whether a null equals another one.
    """

    left: Bound
    right: Bound
    nulls: bool = False

    def __str__(self) -> str:
        return f"{self.left} {'IS NOT DISTINCT FROM' if self.nulls else '='} {self.right}"


@dataclass(frozen=True)
class Join(Node):
    """Pairs of a left and a right row, and those that have no partner, as the kind says.

    Args:
        left: rows.
        right: rows.
        kind: one of the names above. A Mark join gives each left row once, with whether it has a partner.
        keys: what has to be equal.
        condition: what has to be true besides, of the columns of the left row and, behind them, of the right one.
        mark: the name of a Mark join's last column.
    """

    left: Node
    right: Node
    kind: str
    keys: tuple[JoinKey, ...] = ()
    condition: Bound | None = None
    mark: str = ""

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.left, self.right)

    @cached_property
    def pair(self) -> Columns:
        """The columns of a pair: the left row's, and the right row's under names that the left has not."""
        return paired(self.left.columns, self.right.columns)

    @cached_property
    def columns(self) -> Columns:
        # The times of rows stay such only where rows wait no longer than they say.
        if self.windows is not None:
            # Of the times those of the windows go on, as results come when these have ended.
            found = self.window_columns
            kept = frozenset() if found is None else found.times
            plain = times_dropped(self.pair)
            pair = tuple(self.pair[at] if at in kept else plain[at] for at in range(len(plain)))
            return self.of_kind(pair[: len(self.left.columns)], pair)
        left = self.left.columns if self.interval else times_dropped(self.left.columns)
        return self.of_kind(left, self.pair if self.interval else times_dropped(self.pair))

    def of_kind(self, left: Columns, pair: Columns) -> Columns:
        """The columns of the results, from those of a left row and those of a pair."""
        if self.kind == MARK:
            return (*left, (self.mark, BOOLEAN.not_null()))
        if self.kind in OF_LEFT:
            return left
        width = len(left)
        return tuple(
            (name, kind.with_nullable(True) if self.kind in padded else kind)
            for position, (name, kind) in enumerate(pair)
            for padded in [KEEPS_RIGHT if position < width else KEEPS_LEFT]
        )

    @cached_property
    def windows(self) -> tuple[WindowColumns, WindowColumns] | None:
        """The bounds of windows on both sides, where rows of the same window are joined."""
        left, right = window_columns(self.left), window_columns(self.right)
        if left is None or right is None or not left.is_like(right):
            return None
        if not self.left.changes == self.right.changes == INSERT_ONLY or self.kind == MARK:
            return None
        pairs = [
            (key.left.index, key.right.index)
            for key in self.keys
            if isinstance(key.left, Input) and isinstance(key.right, Input)
        ]
        for ours, theirs in ((left.begins, right.begins), (left.ends, right.ends)):
            if not any(one in ours and other in theirs for one, other in pairs):
                return None
        return left, right

    @cached_property
    def window_columns(self) -> WindowColumns | None:
        """The bounds of windows among its columns."""
        if self.windows is None:
            return None
        left, right = self.windows
        width = len(self.left.columns)
        shifted = right.moved({index: [width + index] for index in range(len(self.right.columns))})
        assert shifted is not None
        if self.kind in OF_LEFT or self.kind == LEFT:
            return left
        return shifted if self.kind == RIGHT else None if self.kind == FULL else left.united(shifted)

    @cached_property
    def interval(self) -> tuple[Interval, Bound | None] | None:
        """The interval of a join of rows that wait for partners for some time, and the rest of its condition."""
        if self.windows is not None or self.kind in OF_LEFT:
            return None
        if not self.left.changes == self.right.changes == INSERT_ONLY:
            return None
        equal = [part for key in self.keys if (part := self.equality(key)) is not None]
        parts = conjuncts(self.condition)
        found = interval_of([*equal, *parts], self.left.columns, self.right.columns)
        if found is None:
            return None
        interval, rest = found
        return interval, conjunction([part for part in parts if part in rest])

    def equality(self, key: JoinKey) -> Bound | None:
        """A key as a condition on pairs, where it is one of columns."""
        if key.nulls or not isinstance(key.left, Input) or not isinstance(key.right, Input):
            return None
        right = Input(key.right.type, len(self.left.columns) + key.right.index, key.right.name)
        return Apply(BOOLEAN, "=", (key.left, right))

    @property
    def changes(self) -> Changes:
        if self.windows is not None or self.interval is not None:
            return INSERT_ONLY
        if self.kind in (INNER, SEMI) and self.left.changes == self.right.changes == INSERT_ONLY:
            return INSERT_ONLY
        return RETRACT

    @cached_property
    def unique(self) -> tuple[frozenset[int], ...]:
        if self.kind in OF_LEFT:
            return self.left.unique
        width = len(self.left.columns)
        right = [frozenset(width + index for index in key) for key in self.right.unique]
        found: list[frozenset[int]] = []
        if self.kind in (INNER, LEFT) and self.is_unique(1):
            found += self.left.unique
        if self.kind in (INNER, RIGHT) and self.is_unique(0):
            found += right
        found += [one | other for one in self.left.unique for other in right]
        return tuple(key for key in dict.fromkeys(found) if not any(other < key for other in found))

    def plain_keys(self, side: int) -> frozenset[int]:
        """The columns of a side that are keys of the join themselves."""
        parts = [key.right if side else key.left for key in self.keys]
        return frozenset(part.index for part in parts if isinstance(part, Input))

    def is_unique(self, side: int) -> bool:
        """Whether a side has at most one row of the same keys of the join."""
        known = self.plain_keys(side)
        return any(key <= known for key in self.inputs[side].unique)

    def describe(self) -> str:
        parts = [*map(str, self.keys), *([] if self.condition is None else [str(self.condition)])]
        name = {SEMI: "LeftSemiJoin", ANTI: "LeftAntiJoin", MARK: "LeftMarkJoin"}.get(
            self.kind, f"{self.kind}OuterJoin"
        )
        shown = "InnerJoin" if self.kind == INNER else name
        layouts = ", ".join(f"{side}InputSpec=[{self.layout(port)}]" for port, side in enumerate(("left", "right")))
        where = f"where=[{' AND '.join(parts) or 'TRUE'}]"
        names = ", ".join(name for name, _ in self.columns)
        if self.windows is not None:
            return f"WindowJoin(joinType=[{shown}], {where}, select=[{names}])"
        if self.interval is not None:
            bounds = self.interval[0].describe(self.left.columns, self.right.columns)
            return f"IntervalJoin(joinType=[{shown}], windowBounds=[{bounds}], {where}, select=[{names}])"
        return f"Join(joinType=[{shown}], {where}, select=[{names}], {layouts})"

    def layout(self, side: int) -> str:
        """How the rows of a side are held, by what is known of them; in Flink's words."""
        if self.is_unique(side):
            return "JoinKeyContainsUniqueKey"
        return "HasUniqueKey" if self.inputs[side].unique else "NoUniqueKey"


def paired(left: Columns, right: Columns) -> Columns:
    """The columns of a left and a right row, under different names."""
    names = {name for name, _ in left}
    found = list(left)
    for name, kind in right:
        chosen, number = name, 0
        while chosen in names:
            chosen, number = f"{name}{number}", number + 1
        names.add(chosen)
        found.append((chosen, kind))
    return tuple(found)
