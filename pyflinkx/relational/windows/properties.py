"""Which columns of a node are the bounds of windows that its rows are in."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.relational.aggregation.nodes import Expand
from pyflinkx.relational.bound import Input
from pyflinkx.relational.nodes import Calc, Node
from pyflinkx.relational.windows.spec import WindowSpec
from pyflinkx.relational.windows.table import WindowTable


@dataclass(frozen=True)
class Bounds:
    """Where the bounds of windows are in rows, and by which time they end.

    Args:
        begin, end: positions of the columns.
        by_clock: whether windows end by the job's clock.
        local: whether the bounds are local times.
        zone: the local one.
    """

    begin: int
    end: int
    by_clock: bool
    local: bool
    zone: str


@dataclass(frozen=True)
class WindowColumns:
    """Columns of windows' bounds, by position.

    Args:
        spec: the windows; its positions are those of a table before.
        begins, ends, times: the columns that are window_start, window_end and window_time.
        partitions: of sessions: the columns that have the values of each column that they are partitioned by.
    """

    spec: WindowSpec
    begins: frozenset[int] = frozenset()
    ends: frozenset[int] = frozenset()
    times: frozenset[int] = frozenset()
    partitions: tuple[frozenset[int], ...] = ()

    @property
    def all(self) -> frozenset[int]:
        """All of them."""
        return self.begins | self.ends | self.times

    def is_like(self, other: WindowColumns) -> bool:
        """Whether the windows are the same ones."""

        def said(spec: WindowSpec) -> tuple[object, ...]:
            return spec.kind, spec.size, spec.step, spec.offset, spec.by_clock, spec.local

        return said(self.spec) == said(other.spec)

    def united(self, other: WindowColumns) -> WindowColumns:
        """The bounds of the same windows in both."""
        return WindowColumns(
            self.spec,
            self.begins | other.begins,
            self.ends | other.ends,
            self.times | other.times,
            (*self.partitions, *other.partitions),
        )

    def bounds(self, zone: str) -> Bounds:
        """What an operator is told of them."""
        return Bounds(min(self.begins), min(self.ends), self.spec.by_clock, self.spec.local, zone)

    def moved(self, places: dict[int, list[int]]) -> WindowColumns | None:
        """Where they are in a node that has some of them; None where begin or end is missing.

        Args:
            places: from a position to those that the column has there.
        """

        def found(positions: frozenset[int]) -> frozenset[int]:
            return frozenset(place for position in positions for place in places.get(position, ()))

        begins, ends = found(self.begins), found(self.ends)
        if not begins or not ends:
            return None
        partitions = tuple(each for each in map(found, self.partitions) if each)
        return WindowColumns(self.spec, begins, ends, found(self.times), partitions)


def window_columns(node: Node) -> WindowColumns | None:
    """The columns of a node that are the bounds of the windows its rows are in; None where there are none."""
    if isinstance(node, WindowTable):
        first = len(node.input.columns)
        partitions = tuple(frozenset([index]) for index in node.spec.partition)
        begin, end, time = (frozenset([first + place]) for place in range(3))
        return WindowColumns(node.spec, begin, end, time, partitions)
    if isinstance(node, Calc):
        before = window_columns(node.input)
        if before is None:
            return None
        places: dict[int, list[int]] = {}
        for position, (_, bound) in enumerate(node.projection):
            if isinstance(bound, Input):
                places.setdefault(bound.index, []).append(position)
        return before.moved(places)
    if isinstance(node, Expand):
        before = window_columns(node.input)
        kept = [index for index in range(len(node.input.columns)) if index not in node.over]
        kept += [index for index in node.over if all(index in each for each in node.sets)]
        return None if before is None else before.moved({index: [index] for index in kept})
    bounds = getattr(node, "window_columns", None)
    return bounds if isinstance(bounds, WindowColumns) else None
