"""The first rows of windows by an order, at work."""

from __future__ import annotations

from bisect import insort_left, insort_right
from collections.abc import Iterable, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.relational.keyed_rows import BEFORE, DELETE, as_key, kinds_of, rows_of
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.over.frames import placed
from pyflinkx.relational.over.nodes import OrderKey, PlaceCall
from pyflinkx.relational.over.order import peers, sort_key
from pyflinkx.relational.windows.firing_operator import Row, Window, WindowFiringOperator
from pyflinkx.relational.windows.properties import Bounds
from pyflinkx.types.data_type import BIGINT


class WindowRankOperator(WindowFiringOperator):
    """Sends the rows of each key in each window whose numbers by an order are in a range, when the window has ended.

    Args:
        columns, keys, bounds, results: as for ``WindowFiringOperator``.
        function: ROW_NUMBER, RANK or DENSE_RANK.
        order: by what rows are numbered.
        first, last: the range.
        latest: whether of equal rows the one that came last stands first.
    """

    def __init__(
        self,
        columns: Columns,
        keys: Sequence[int],
        bounds: Bounds,
        results: Columns,
        function: str,
        order: Sequence[OrderKey],
        first: int,
        last: int,
        latest: bool = False,
    ) -> None:
        super().__init__(columns, keys, bounds, results)
        self.call = PlaceCall(function, BIGINT.not_null())
        self.order = tuple(order)
        self.first = first
        self.last = last
        self.insert = insort_left if latest else insort_right

    def prepare(self, batch: ColumnBatch) -> None:
        self.kinds = kinds_of(batch)
        self.rows = rows_of(batch, self.columns, range(len(self.columns)))

    def create(self, row: int) -> list[Row]:
        return []

    def add(self, kept: Any, members: Sequence[int]) -> Any:
        for number in members:
            row = self.rows[number]
            if self.kinds is not None and self.kinds[number] in (BEFORE, DELETE):
                wanted = as_key(row)
                place = next((at for at, each in enumerate(kept) if as_key(each) == wanted), None)
                if place is not None:
                    del kept[place]
                continue
            self.insert(kept, row, key=lambda each: sort_key(each, self.order))
            if self.kinds is None and self.call.function == "ROW_NUMBER" and len(kept) > self.last:
                kept.pop()  # no row that comes can bring it back
        return kept

    def made(self, kept: Any, window: Window) -> Iterable[Row]:
        numbers = placed(self.call, kept, peers(kept, self.order))
        return [(*row, number) for row, number in zip(kept, numbers, strict=True) if self.first <= number <= self.last]
