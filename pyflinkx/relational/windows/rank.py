"""The first rows of windows: Top-N, and the first or last row of a key."""

from __future__ import annotations

from dataclasses import dataclass

from pyflinkx.graph.settings import Settings
from pyflinkx.graph.spec import OperatorSpec
from pyflinkx.operators.kept_watermark import WATERMARK
from pyflinkx.plan.columns import columnar_operator
from pyflinkx.plan.stream import Stream
from pyflinkx.relational.keyed_rows import keyed, schema_of
from pyflinkx.relational.nodes import Columns, Node
from pyflinkx.relational.over.nodes import OrderKey
from pyflinkx.relational.ranking.nodes import Rank
from pyflinkx.relational.translation import Translation, translates
from pyflinkx.relational.windows.firing_operator import STATE, TIMERS
from pyflinkx.relational.windows.local_time import zone_of
from pyflinkx.relational.windows.properties import WindowColumns, window_columns
from pyflinkx.relational.windows.rank_operator import WindowRankOperator
from pyflinkx.types.changes import INSERT_ONLY
from pyflinkx.types.data_type import ROWTIME


@dataclass(frozen=True)
class WindowRank(Node):
    """The rows whose numbers within their key and window are in a range, once the window has ended.

    Args:
        rank: the range, the key with the windows' bounds in it, and the order.
        window: which columns are those bounds.
    """

    rank: Rank
    window: WindowColumns

    @property
    def columns(self) -> Columns:
        return self.rank.columns

    @property
    def inputs(self) -> tuple[Node, ...]:
        return self.rank.inputs

    @property
    def unique(self) -> tuple[frozenset[int], ...]:
        return self.rank.unique

    @property
    def window_columns(self) -> WindowColumns:
        """The bounds among its columns, which are where they were."""
        return self.window

    def describe(self) -> str:
        return f"Window{self.rank.describe()}"


def windowed_rank(rank: Rank) -> Node:
    """A range of row numbers within windows as one of windows; another one as it is."""
    numbers = rank.numbers
    window = window_columns(numbers.input)
    partition = set(numbers.partition)
    if window is None or not partition & window.begins or not partition & window.ends:
        return rank
    return WindowRank(rank, window)


def is_last_row(rank: Rank) -> bool:
    """Whether the row of the latest time is wanted; of several that is the last one to come, as in Flink."""
    order = rank.numbers.order
    times = [rank.numbers.input.columns[key.index][1].time for key in order]
    return rank.first == rank.last == 1 and times == [ROWTIME] and order[0].descending


@translates(WindowRank)
def ranked(node: WindowRank, translation: Translation) -> Stream:
    """The stream of the first rows of windows."""
    numbers = node.rank.numbers
    before = translation.stream(numbers.input)
    keys = tuple(index for index in numbers.partition if index not in node.window.all)
    stream = keyed(before, keys)
    spec = OperatorSpec.of(
        WindowRankOperator,
        numbers.input.columns,
        keys,
        node.window.bounds(zone_of(translation.options)),
        node.columns,
        numbers.function,
        [OrderKey(key.index, key.descending, key.nulls_first) for key in numbers.order],
        node.rank.first,
        node.rank.last,
        is_last_row(node.rank),
    )
    spec = spec.reading(stream.asks()).producing(INSERT_ONLY).keeping(STATE, TIMERS, WATERMARK)
    settings = Settings() if keys else Settings(parallelism=1, max_parallelism=1)
    return columnar_operator("Window Rank", spec, [stream], schema_of(node.columns), settings=settings)
