"""Aggregates of windows at work, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.relational.aggregation.aggregates import Aggregates
from pyflinkx.relational.aggregation.functions import AggregateCall
from pyflinkx.relational.keyed_rows import BEFORE, DELETE, kinds_of, rows_of
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.windows.firing_operator import Row, Window, WindowFiringOperator
from pyflinkx.relational.windows.properties import Bounds

# Of a key and window: its rows, what is kept of them, and the values of the key.
COUNT, TAKEN, SHOWN = range(3)


class WindowAggregateOperator(WindowFiringOperator):
    """Sends the aggregates of the rows of each key in each window when the window has ended.

    Args:
        columns, keys, bounds, results: as for ``WindowFiringOperator``.
        shown: what the first columns of the results are: places in ``keys``, or the window's "begin", "end" and "time".
        calls: the aggregates.
        retracting: whether rows are taken back.
    """

    def __init__(
        self,
        columns: Columns,
        keys: Sequence[int],
        bounds: Bounds,
        results: Columns,
        shown: Sequence[int | str],
        calls: Sequence[AggregateCall],
        retracting: bool,
    ) -> None:
        super().__init__(columns, keys, bounds, results)
        self.shown = tuple(shown)
        self.aggregates = Aggregates(calls, retracting)

    def prepare(self, batch: ColumnBatch) -> None:
        self.batch = batch
        self.kinds = kinds_of(batch)
        self.rows = rows_of(batch, self.columns, self.aggregates.columns)
        self.key_values = rows_of(batch, self.columns, self.keys)

    def create(self, row: int) -> list[Any]:
        return [0, self.aggregates.create(), self.key_values[row]]

    def add(self, kept: Any, members: Sequence[int]) -> Any:
        row = members[0]
        try:
            for row in members:
                if self.kinds is not None and self.kinds[row] in (BEFORE, DELETE):
                    kept[COUNT] -= 1
                    self.aggregates.retract(kept[TAKEN], self.rows[row])
                else:
                    kept[COUNT] += 1
                    self.aggregates.accumulate(kept[TAKEN], self.rows[row])
        except Exception as error:
            where = f"at record {self.batch.slice(row, row + 1).to_rows('dict')[0]!r:.200}"
            raise self.site.wrap(error, where) from error
        return kept

    def made(self, kept: Any, window: Window) -> Iterable[Row]:
        if kept[COUNT] <= 0:
            return []
        bounds = {"begin": window[1], "end": window[2], "time": window[0]}
        first = [kept[SHOWN][each] if isinstance(each, int) else bounds[each] for each in self.shown]
        return [(*first, *self.aggregates.results(kept[TAKEN]))]
