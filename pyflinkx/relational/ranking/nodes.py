"""Nodes of the order of rows: Sort, RowNumbers and Rank."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.relational.nodes import Columns, Node, SameColumns
from pyflinkx.relational.ranking.order import SortKey
from pyflinkx.types.changes import INSERT_ONLY, RETRACT, Changes
from pyflinkx.types.data_type import BIGINT, DataType

ROWTIME, PROCTIME = "ROWTIME", "PROCTIME"


def time_of(kind: DataType) -> str | None:
    """Whether a column is the time of its rows."""
    found: str | None = getattr(kind, "time", None)
    return found


@dataclass(frozen=True)
class Sort(SameColumns):
    """Rows in order, or some of them: ORDER BY, OFFSET and LIMIT.

    Args:
        input: the rows.
        order: by what; empty for as they come.
        offset: how many rows are left out first.
        limit: how many rows there are at most after those; None for all.
    """

    order: tuple[SortKey, ...] = ()
    offset: int = 0
    limit: int | None = None

    @property
    def changes(self) -> Changes:
        """In a stream: the first rows by an order may be others later."""
        some = self.limit is not None or self.offset
        return RETRACT if some and self.order else self.input.changes

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return self.input.unique

    def describe(self) -> str:
        names = [name for name, _ in self.columns]
        parts = [f"orderBy=[{', '.join(key.shown(names) for key in self.order)}]"] if self.order else []
        parts += [f"offset=[{self.offset}]"] if self.offset else []
        parts += [] if self.limit is None else [f"limit=[{self.limit}]"]
        return f"{'Sort' if self.order else 'Limit'}({', '.join(parts)})"


@dataclass(frozen=True)
class RowNumbers(Node):
    """Rows with their number by an order among those of one partition.

    Args:
        input: the rows.
        function: ROW_NUMBER, RANK or DENSE_RANK.
        partition: positions of the columns whose values are the same within a partition.
        order: by what rows are numbered.
        name: of the column of the numbers, which comes last.
    """

    input: Node
    function: str
    partition: tuple[int, ...]
    order: tuple[SortKey, ...]
    name: str

    @property
    def columns(self) -> Columns:
        return (*self.input.columns, (self.name, BIGINT.not_null()))

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)

    @property
    def changes(self) -> Changes:
        """In a stream: in the order of their time rows keep their numbers."""
        by_time = len(self.order) == 1 and not self.order[0].descending
        by_time = by_time and time_of(self.input.columns[self.order[0].index][1]) is not None
        return INSERT_ONLY if by_time and self.input.changes == INSERT_ONLY else RETRACT

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        numbers = (frozenset((*self.partition, len(self.input.columns))),) if self.function == "ROW_NUMBER" else ()
        return (*self.input.unique, *numbers)

    def shown(self) -> str:
        """Partition and order, in a plan."""
        names = [name for name, _ in self.input.columns]
        by = ", ".join(names[index] for index in self.partition)
        order = ", ".join(key.shown(names) for key in self.order)
        return f"{f'partitionBy=[{by}], ' if by else ''}orderBy=[{order}]"

    def describe(self) -> str:
        return f"{self.function}({self.shown()}, name=[{self.name}])"


@dataclass(frozen=True)
class Rank(Node):
    """The rows whose numbers are in a range.

    Args:
        numbers: the rows with their numbers.
        first: the least number.
        last: the greatest number.
        wanted: whether anybody reads the numbers; where nobody does, a row does not change by another number.
    """

    numbers: RowNumbers
    first: int
    last: int
    wanted: bool = True

    @property
    def columns(self) -> Columns:
        return self.numbers.columns

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.numbers.input,)

    @property
    def changes(self) -> Changes:
        """In a stream; only the first row by processing time stays what it is."""
        kept = self.input_changes == INSERT_ONLY and self.is_first_by_processing_time
        return INSERT_ONLY if kept else RETRACT

    @property
    def input_changes(self) -> Changes:
        return self.numbers.input.changes

    @property
    def is_first_by_processing_time(self) -> bool:
        order = self.numbers.order
        times = [time_of(self.numbers.input.columns[key.index][1]) for key in order]
        return self.first == self.last == 1 and times == [PROCTIME] and not order[0].descending

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        if self.first == self.last and self.numbers.function == "ROW_NUMBER":
            return (frozenset(self.numbers.partition), *self.numbers.unique)
        return self.numbers.unique

    def describe(self) -> str:
        what = f"rankStart={self.first}, rankEnd={self.last}"
        return (
            f"Rank(type=[{self.numbers.function}], range=[{what}], {self.numbers.shown()}, name=[{self.numbers.name}])"
        )
