"""Nodes of aggregates: Aggregate, and Expand, which makes rows of grouping sets."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.relational.aggregation.functions import AggregateCall
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.types.changes import INSERT_ONLY, RETRACT, Changes
from pyflinkx.types.data_type import BIGINT


@dataclass(frozen=True)
class Aggregate(Node):
    """Aggregates of the rows of each key; without aggregates, the different keys.

    Args:
        input: the rows.
        keys: positions of its columns that are the key; none for one group of all rows.
        calls: the aggregates.
        names: of the columns of their results.
        ttl: how long (ms) a group is kept that no row comes to, where a hint says it; None for what the job says.
    """

    input: Node
    keys: tuple[int, ...]
    calls: tuple[AggregateCall, ...] = ()
    names: tuple[str, ...] = ()
    ttl: int | None = None

    @property
    def columns(self) -> Columns:
        results = tuple((name, call.type) for name, call in zip(self.names, self.calls, strict=True))
        return (*(self.input.columns[index] for index in self.keys), *results)

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)

    @property
    def changes(self) -> Changes:
        """In a stream; where results are final there are inserts only."""
        return INSERT_ONLY if not self.calls and self.input.changes == INSERT_ONLY else RETRACT

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return (frozenset(range(len(self.keys))),)

    def describe(self) -> str:
        names = [name for name, _ in self.input.columns]
        keys = f"groupBy=[{', '.join(names[index] for index in self.keys)}], " if self.keys else ""
        calls = [f"{call.shown(names)} AS {name}" for call, name in zip(self.calls, self.names, strict=True)]
        return f"GroupAggregate({keys}select=[{', '.join([*(names[index] for index in self.keys), *calls])}])"


@dataclass(frozen=True)
class Expand(Node):
    """Each row as often as there are sets of columns, with null in the columns that are not of the set.

    Args:
        input: the rows.
        over: positions of the columns that the sets are of.
        sets: of positions; each a part of ``over``.
        name: of the column that tells which set a row is of.
    """

    input: Node
    over: tuple[int, ...]
    sets: tuple[frozenset[int], ...]
    name: str

    @property
    def columns(self) -> Columns:
        fields = [
            (name, kind.with_nullable(True) if index in self.over else kind)
            for index, (name, kind) in enumerate(self.input.columns)
        ]
        return (*fields, (self.name, BIGINT.not_null()))

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)

    @property
    def changes(self) -> Changes:
        return self.input.changes

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return tuple(key | {len(self.input.columns)} for key in self.input.unique if not key & set(self.over))

    def describe(self) -> str:
        names = [name for name, _ in self.input.columns]
        sets = ", ".join(f"{{{', '.join(names[index] for index in sorted(each))}}}" for each in self.sets)
        return f"Expand(sets=[{sets}], id=[{self.name}])"


def numbers_of(over: tuple[int, ...], sets: tuple[frozenset[int], ...]) -> tuple[int, ...]:
    """What tells the rows of grouping sets apart: a bit for each column that is not in a set, the last one's lowest.

    Sets that are there more than once have numbers beyond those.
    """
    found: list[int] = []
    for each in sets:
        number = sum(1 << place for place, index in enumerate(reversed(over)) if index not in each)
        while number in found:
            number += 1 << len(over)
        found.append(number)
    return tuple(found)
