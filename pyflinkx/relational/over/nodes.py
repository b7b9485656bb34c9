"""The node of OVER: rows with aggregates of the rows around each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyflinkx.relational.aggregation.functions import AggregateCall
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.types.changes import INSERT_ONLY, RETRACT, Changes
from pyflinkx.types.data_type import DataType

ROWS, RANGE = "ROWS", "RANGE"


@dataclass(frozen=True)
class OrderKey:
    """A column that rows are in order of.

    Args:
        index: its position.
        descending: whether the largest come first.
        nulls_first: whether nulls do.
    """

    index: int
    descending: bool = False
    nulls_first: bool = True


@dataclass(frozen=True)
class Frame:
    """Which rows around a row count.

    Args:
        unit: ROWS, or RANGE of the values of the order.
        start: how far after the row they begin: rows, or units of the column's values (ms of times); less than 0 for
            before it. None for the first row of the partition.
        end: how far after it they end; None for the last row.
    """

    unit: str
    start: Any
    end: Any

    @property
    def holds_its_row(self) -> bool:
        """Whether each row is in its own frame."""
        return (self.start is None or self.start <= 0) and (self.end is None or self.end >= 0)

    def __str__(self) -> str:
        return f"{self.unit} BETWEEN {bound(self.start, 'PRECEDING')} AND {bound(self.end, 'FOLLOWING')}"


def bound(offset: Any, unbounded: str) -> str:
    """One end of a frame."""
    if offset is None:
        return f"UNBOUNDED {unbounded}"
    if offset == 0:
        return "CURRENT ROW"
    return f"{abs(offset)} {'PRECEDING' if offset < 0 else 'FOLLOWING'}"


@dataclass(frozen=True)
class OverWindow:
    """Rows of a partition in an order, and those that count for each.

    Args:
        partition: positions of the columns whose values a partition has in common.
        order: by what they are in order; nothing for as they come.
        frame: which rows count.
    """

    partition: tuple[int, ...]
    order: tuple[OrderKey, ...]
    frame: Frame

    def shown(self, names: list[str]) -> str:
        """As it stands in a plan."""
        parts = []
        if self.partition:
            parts.append(f"partitionBy=[{', '.join(names[index] for index in self.partition)}]")
        if self.order:
            keys = (f"{names[key.index]} {'DESC' if key.descending else 'ASC'}" for key in self.order)
            parts.append(f"orderBy=[{', '.join(keys)}]")
        return ", ".join([*parts, f"window=[{self.frame}]"])


@dataclass(frozen=True)
class PlaceCall:
    """A function of a row's place among the others, such as ROW_NUMBER and LAG.

    Args:
        function: its name.
        type: of the result.
        argument: position of the column whose value is taken; None for none.
        number: how many rows before or after (LAG, LEAD), or how many parts (NTILE).
        default: position of the column with the value where there is no such row; None for null.
        skip_nulls: whether rows with a null are passed over.
    """

    function: str
    type: DataType
    argument: int | None = None
    number: int = 1
    default: int | None = None
    skip_nulls: bool = False

    def shown(self, names: list[str]) -> str:
        """As it stands in a plan."""
        argument = "" if self.argument is None else names[self.argument]
        return f"{self.function}({argument})"


OverCall = AggregateCall | PlaceCall


@dataclass(frozen=True)
class Over(Node):
    """Each row with aggregates of the rows around it.

    Args:
        input: the rows.
        window: the rows that count.
        calls: the aggregates.
        names: of the columns of their results.
    """

    input: Node
    window: OverWindow
    calls: tuple[OverCall, ...]
    names: tuple[str, ...]

    @property
    def columns(self) -> Columns:
        results = tuple((name, call.type) for name, call in zip(self.names, self.calls, strict=True))
        return (*self.input.columns, *results)

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)

    @property
    def by_time(self) -> str | None:
        """Which time the rows are in order of: ROWTIME or PROCTIME; None for any other order."""
        if len(self.window.order) != 1 or self.window.order[0].descending:
            return None
        return self.input.columns[self.window.order[0].index][1].time

    @property
    def changes(self) -> Changes:
        return INSERT_ONLY if self.by_time and self.input.changes == INSERT_ONLY else RETRACT

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return self.input.unique

    def describe(self) -> str:
        names = [name for name, _ in self.input.columns]
        calls = [f"{call.shown(names)} AS {name}" for call, name in zip(self.calls, self.names, strict=True)]
        return f"OverAggregate({self.window.shown(names)}, select=[{', '.join([*names, *calls])}])"
