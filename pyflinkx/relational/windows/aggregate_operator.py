"""Aggregates of windows at work, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.state.keyed import ABSENT
from pyflinkx.operators.base import LATE_RECORDS, OperatorContext
from pyflinkx.operators.kept_watermark import KeptWatermark
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.relational.aggregation.aggregates import Aggregates
from pyflinkx.relational.aggregation.functions import AggregateCall
from pyflinkx.relational.keyed_rows import BEFORE, DELETE, batch_of, keys_of, kinds_of, rows_of
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.windows.local_time import to_instants
from pyflinkx.relational.windows.row_times import millis_of
from pyflinkx.state import spec as state

BATCH_SIZE = 4096
STATE = state.StateSpec("window-aggregates", "ValueState")
TIMERS = state.StateSpec("windows", state.TIMERS)
# Of a key and window: its rows, what is kept of them, and the values of the key.
COUNT, TAKEN, SHOWN = range(3)


class WindowAggregateOperator(PiecewiseOperator):
    """Sends the aggregates of the rows of each key in each window when the window has ended.

    Rows say which window they are in. Those of windows that have ended are late: they are dropped and counted.

    Args:
        columns: of the rows.
        keys: positions of those that are the key, without the windows' bounds.
        shown: what the first columns of the results are: places in ``keys``, or the window's "begin", "end" and "time".
        bounds: positions of the columns of the windows' begins and ends.
        calls: the aggregates.
        results: names and types of the columns that come out.
        by_clock: whether windows end by the job's clock.
        local: whether the bounds are local times.
        zone: the local one.
        retracting: whether rows are taken back.
    """

    def __init__(
        self,
        columns: Columns,
        keys: Sequence[int],
        shown: Sequence[int | str],
        bounds: tuple[int, int],
        calls: Sequence[AggregateCall],
        results: Columns,
        by_clock: bool,
        local: bool,
        zone: str,
        retracting: bool,
    ) -> None:
        self.columns = columns
        self.keys = tuple(keys)
        self.shown = tuple(shown)
        self.bounds = bounds
        self.aggregates = Aggregates(calls, retracting)
        self.results = results
        self.by_clock = by_clock
        self.local = local
        self.zone = zone

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.table = context.keyed_state.of(STATE)
        self.key_context = context.keyed_state.context
        self.timers = context.timers(TIMERS)
        self.kept_watermark = KeptWatermark(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        import numpy

        begins, ends = (millis_of(batch.column(place), numpy)[0] for place in self.bounds)
        due = (to_instants(ends, self.zone, numpy) if self.local else ends) - 1
        late = due <= self.kept_watermark.time
        dropped = int(late.sum())
        if dropped:
            self.context.count(LATE_RECORDS, dropped)
        groups: KeyMap[Any, list[int]] = KeyMap()
        keys = keys_of(batch, self.keys)
        windows = list(zip(due.tolist(), begins.tolist(), ends.tolist(), strict=True))
        lateness = late.tolist() if dropped else [False] * len(batch)
        for row, key in enumerate(keys):
            if not lateness[row]:
                groups.setdefault((key, windows[row]), []).append(row)
        kinds = kinds_of(batch)
        rows = rows_of(batch, self.columns, self.aggregates.columns)
        shown = rows_of(batch, self.columns, self.keys)
        for (key, window), members in groups.items():
            self.take(batch, key, window, members, rows, kinds, shown)

    def take(
        self,
        batch: ColumnBatch,
        key: Any,
        window: tuple[int, int, int],
        members: Sequence[int],
        rows: Sequence[Any],
        kinds: Sequence[int] | None,
        shown: Sequence[Any],
    ) -> None:
        """Take the rows of a key in a window."""
        self.key_context.key = key
        group = self.table.edit(window)
        if group is ABSENT:
            group = [0, self.aggregates.create(), shown[members[0]]]
            self.timers.register(window[0], key, window)
        row = members[0]
        try:
            for row in members:
                if kinds is not None and kinds[row] in (BEFORE, DELETE):
                    group[COUNT] -= 1
                    self.aggregates.retract(group[TAKEN], rows[row])
                else:
                    group[COUNT] += 1
                    self.aggregates.accumulate(group[TAKEN], rows[row])
        except Exception as error:
            where = f"at record {batch.slice(row, row + 1).to_rows('dict')[0]!r:.200}"
            raise self.site.wrap(error, where) from error
        self.table.put(window, group)

    def process_watermark(self, timestamp: int) -> None:
        if self.by_clock:
            self.output.emit_watermark(timestamp)
        elif self.kept_watermark.advance(timestamp):
            self.begin(self.advance(timestamp))

    def advance(self, timestamp: int) -> Iterator[None]:
        """Send the results of the windows that a watermark ends, then the watermark."""
        yield from self.fire(timestamp)
        self.output.emit_watermark(timestamp)

    def advance_processing_time(self, now: int) -> None:
        if self.by_clock:
            # A window takes rows until the end of its last millisecond.
            self.kept_watermark.advance(now - 1)
            self.begin(self.fire(now - 1))

    def next_processing_timer(self) -> int | None:
        due = self.timers.peek() if self.by_clock else None
        return None if due is None else due + 1

    def last_processing_timer(self) -> int | None:
        return max((due for due, _, _ in self.timers.items()), default=None) if self.by_clock else None

    def fire(self, time: int) -> Iterator[None]:
        """Send the results of the windows that end by a time (ms), a batch at each step."""
        found: list[tuple[Any, ...]] = []
        times: list[int] = []
        while (timer := self.timers.pop_due(time)) is not None:
            self.key_context.key = timer[1]
            window: Any = timer[2]
            group = self.table.remove(window)
            if group is not ABSENT and group[COUNT] > 0:
                found.append((*self.key_values(group[SHOWN], window), *self.aggregates.results(group[TAKEN])))
                times.append(window[0])
            if len(found) == BATCH_SIZE:
                self.send(found, times)
                found, times = [], []
                yield
        if found:
            self.send(found, times)

    def key_values(self, key: tuple[Any, ...], window: tuple[int, int, int]) -> list[Any]:
        """The first columns of a result."""
        bounds = {"begin": window[1], "end": window[2], "time": window[0]}
        return [key[each] if isinstance(each, int) else bounds[each] for each in self.shown]

    def send(self, rows: list[tuple[Any, ...]], times: list[int]) -> None:
        """Send results."""
        import numpy

        batch = batch_of(rows, self.results)
        self.output.emit(batch if self.by_clock else batch.with_timestamps(numpy.array(times, "int64")))
