"""OVER in a stream, in any order and on rows that are taken back: how the results of all rows change."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from pyflinkx._core.state.keyed import ABSENT
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.relational.aggregation.functions import AggregateCall
from pyflinkx.relational.keyed_rows import AFTER, BEFORE, DELETE, INSERT, as_key, batch_of, keys_of, kinds_of, rows_of
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.over.frames import Frames
from pyflinkx.relational.over.nodes import ROWS, OverCall, OverWindow
from pyflinkx.relational.over.order import sort_key
from pyflinkx.state import spec as state

BATCH_SIZE = 4096
STATE = state.StateSpec("over-rows", "ValueState")
# Of a row that is kept: it, and the results that were sent last.
ROW, SENT = range(2)
Row = tuple[Any, ...]


class ChangingOverOperator(PiecewiseOperator):
    """Keeps the rows of each partition in order, and sends how their results change with each row that comes or goes.

    A row that comes is sent with its results, of those behind it (and those equal to it where values count) the
    results before and after. A row that goes is deleted with the results that it was sent with.

    Args:
        columns: of the rows.
        window: the partitions, their order, and which rows count.
        calls: what is wanted.
        results: names and types of the columns that come out.
    """

    def __init__(self, columns: Columns, window: OverWindow, calls: Sequence[OverCall], results: Columns) -> None:
        self.columns = columns
        self.window = window
        self.calls = tuple(calls)
        self.results = results
        frame = window.frame
        # Rows before one that changes stay as they are, and those behind it are all sent anew, as Flink's are.
        self.looks_back = (
            frame.start is None and frame.end == 0 and all(isinstance(call, AggregateCall) for call in calls)
        )
        self.by_row = frame.unit == ROWS

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.table = context.keyed_state.of(STATE)
        self.key_context = context.keyed_state.context
        self.frames = Frames(self.window, self.calls)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.begin(self.change(batch))

    def change(self, batch: Any) -> Iterator[None]:
        """Take the rows of a batch, and send what changes, so much at each step."""
        rows = rows_of(batch, self.columns, range(len(self.columns)))
        kinds = kinds_of(batch) or [INSERT] * len(rows)
        sent: list[Row] = []
        how: list[int] = []
        for key, kind, row in zip(keys_of(batch, self.window.partition), kinds, rows, strict=True):
            self.key_context.key = key
            found: Any = self.table.edit(None)
            kept: list[list[Any]] = [] if found is ABSENT else found
            try:
                changes = list(self.taken(kept, kind, row))
            except Exception as error:
                raise self.site.wrap(error, f"at record {row!r:.200}") from error
            if kept:
                self.table.put(None, kept)
            elif found is not ABSENT:
                self.table.remove(None)
            for number, (values, results) in changes:
                sent.append((*values, *results))
                how.append(number)
            if len(sent) >= BATCH_SIZE:
                self.output.emit(batch_of(sent, self.results, how))
                sent, how = [], []
                yield
        if sent:
            self.output.emit(batch_of(sent, self.results, how))

    def taken(self, kept: list[list[Any]], kind: int, row: Row) -> Iterator[tuple[int, tuple[Row, Row]]]:
        """Take a row, or take one back; what changes, as kinds and rows with their results."""
        mark = self.mark(row)
        first = bisect_left(kept, mark, key=lambda each: self.mark(each[ROW]))
        place = bisect_right(kept, mark, key=lambda each: self.mark(each[ROW]))
        new: list[Any] | None = None
        if kind in (BEFORE, DELETE):
            wanted = as_key(row)
            place = next((at for at in range(first, place) if as_key(kept[at][ROW]) == wanted), -1)
            if place < 0:
                return
            gone = kept.pop(place)
            yield DELETE, (row, gone[SENT])
        else:
            new = [row, ()]
            kept.insert(place, new)
        begin = place if self.by_row else first
        results = self.frames.results([each[ROW] for each in kept])
        for at, (entry, found) in enumerate(zip(kept, results, strict=True)):
            if entry is new:
                entry[SENT] = found
                yield kind, (row, found)
            elif at >= begin if self.looks_back else found != entry[SENT]:
                yield BEFORE, (entry[ROW], entry[SENT])
                entry[SENT] = found
                yield AFTER, (entry[ROW], found)

    def mark(self, row: Row) -> Any:
        """What a row is put in order by."""
        return sort_key(row, self.window.order)
