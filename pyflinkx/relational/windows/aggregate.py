"""Aggregates of the rows of each window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyflinkx._core.columns.schema import Schema
from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.aggregation.functions import AggregateCall
from pyflinkx.relational.aggregation.nodes import Aggregate
from pyflinkx.relational.keyed_rows import keyed
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.relational.values import field
from pyflinkx.relational.windows.aggregate_operator import WindowAggregateOperator
from pyflinkx.relational.windows.firing_operator import STATE, TIMERS
from pyflinkx.relational.windows.local_time import zone_of
from pyflinkx.relational.windows.native_aggregate import native_stream
from pyflinkx.relational.windows.properties import WindowColumns, window_columns
from pyflinkx.relational.windows.spec import SESSION
from pyflinkx.types.changes import INSERT_ONLY


@dataclass(frozen=True)
class WindowAggregate(Node):
    """Aggregates of the rows of each key in each window, once the window has ended.

    Args:
        input: the rows, with the bounds of their windows.
        window: which columns those are.
        keys: positions of the columns that are the key, bounds of windows among them.
        calls: the aggregates.
        names: of the columns of their results.
    """

    input: Node
    window: WindowColumns
    keys: tuple[int, ...]
    calls: tuple[AggregateCall, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def columns(self) -> Columns:
        results = tuple((name, call.type) for name, call in zip(self.names, self.calls, strict=True))
        return (*(self.input.columns[index] for index in self.keys), *results)

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return (frozenset(range(len(self.keys))),)

    @property
    def window_columns(self) -> WindowColumns | None:
        """The bounds among its columns."""
        places: dict[int, list[int]] = {}
        for place, index in enumerate(self.keys):
            places.setdefault(index, []).append(place)
        return self.window.moved(places)

    @property
    def plain_keys(self) -> tuple[int, ...]:
        """Positions of the columns of the key that are no bounds of windows."""
        return tuple(index for index in self.keys if index not in self.window.all)

    def describe(self) -> str:
        names = [name for name, _ in self.input.columns]
        keys = ", ".join(names[index] for index in self.plain_keys)
        calls = [f"{call.shown(names)} AS {name}" for call, name in zip(self.calls, self.names, strict=True)]
        bounds = f"win_start=[{names[min(self.window.begins)]}], win_end=[{names[min(self.window.ends)]}]"
        shown = ", ".join([*(names[index] for index in self.keys), *calls])
        return f"WindowAggregate({f'groupBy=[{keys}], ' if keys else ''}window=[{bounds}], select=[{shown}])"


def windowed(aggregate: Node) -> Node:
    """An aggregate by the bounds of windows as one of windows; another one as it is."""
    if not isinstance(aggregate, Aggregate):
        return aggregate
    window = window_columns(aggregate.input)
    keys = set(aggregate.keys)
    if window is None or not keys & window.begins or not keys & window.ends:
        return aggregate
    if window.spec.kind == SESSION:
        # Sessions of other keys than those of the groups end at times of their own.
        plain = keys - window.all
        if len(window.partitions) < len(window.spec.partition) or not covers(window.partitions, plain):
            return aggregate
    return WindowAggregate(aggregate.input, window, aggregate.keys, aggregate.calls, aggregate.names)


def covers(partitions: Sequence[frozenset[int]], plain: set[int]) -> bool:
    """Whether columns are just those of some others, of which each may be there several times."""
    return all(each & plain for each in partitions) and plain <= frozenset().union(*partitions)


@translates(WindowAggregate)
def aggregated(node: WindowAggregate, translation: Translation) -> Stream:
    """The stream of the results of windows."""
    native = native_stream(node, translation)
    if native is not None:
        return native
    before = translation.stream(node.input)
    stream = keyed(before, node.plain_keys)
    spec = OperatorSpec.of(
        WindowAggregateOperator,
        node.input.columns,
        node.plain_keys,
        node.window.bounds(zone_of(translation.options)),
        node.columns,
        [result_of(node, index) for index in node.keys],
        node.calls,
        node.input.changes != INSERT_ONLY,
    )
    spec = spec.reading(stream.asks()).producing(INSERT_ONLY).keeping(STATE, TIMERS, WATERMARK)
    schema = Schema([field(name, kind) for name, kind in node.columns])
    settings = Settings() if node.plain_keys else Settings(parallelism=1, max_parallelism=1)
    return columnar_operator("Window Aggregate", spec, [stream], schema, settings=settings)


def result_of(node: WindowAggregate, index: int) -> int | str:
    """What a column of the key is in the results: the place among the other keys, or a bound."""
    for name, positions in (("begin", node.window.begins), ("end", node.window.ends), ("time", node.window.times)):
        if index in positions:
            return name
    return node.plain_keys.index(index)
