"""What is kept of each key and window until the window has ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.state.keyed import ABSENT
from pyflinkx.operators.base import LATE_RECORDS, OperatorContext
from pyflinkx.operators.kept_watermark import KeptWatermark
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.relational.keyed_rows import batch_of, keys_of
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.windows.local_time import to_instants
from pyflinkx.relational.windows.properties import Bounds
from pyflinkx.relational.windows.row_times import millis_of
from pyflinkx.state import spec as state

BATCH_SIZE = 4096
STATE = state.StateSpec("windows", "ValueState")
TIMERS = state.StateSpec("window-ends", state.TIMERS)
# Of a window: its last millisecond (an instant), its begin and its end.
Window = tuple[int, int, int]
Row = tuple[Any, ...]


class WindowFiringOperator(PiecewiseOperator):
    """Takes rows that say which window they are in, and sends what they make when the window has ended.

    Rows of windows that have ended are late: they are dropped and counted.

    Args:
        columns: of the rows.
        keys: positions of those that are the key, without the windows' bounds.
        bounds: where the windows' bounds are, and by which time they end.
        results: names and types of the columns that come out.
    """

    def __init__(self, columns: Columns, keys: Sequence[int], bounds: Bounds, results: Columns) -> None:
        self.columns = columns
        self.keys = tuple(keys)
        self.bounds = bounds
        self.results = results

    def prepare(self, batch: ColumnBatch) -> None:
        """A batch has come, of whose rows ``add`` is called."""
        raise NotImplementedError

    def create(self, row: int) -> Any:
        """What is kept of a key and window of whose rows that is the first."""
        raise NotImplementedError

    def add(self, kept: Any, members: Sequence[int]) -> Any:
        """Add rows of the batch to those of a key and window; gives what is kept of them."""
        raise NotImplementedError

    def made(self, kept: Any, window: Window) -> Iterable[Row]:
        """The results of a key and window that has ended."""
        raise NotImplementedError

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.table = context.keyed_state.of(STATE)
        self.key_context = context.keyed_state.context
        self.timers = context.timers(TIMERS)
        self.kept_watermark = KeptWatermark(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        import numpy

        places = (self.bounds.begin, self.bounds.end)
        begins, ends = (millis_of(batch.column(place), numpy)[0] for place in places)
        due = (to_instants(ends, self.bounds.zone, numpy) if self.bounds.local else ends) - 1
        late = due <= self.kept_watermark.time
        dropped = int(late.sum())
        if dropped:
            self.context.count(LATE_RECORDS, dropped)
        groups: KeyMap[Any, list[int]] = KeyMap()
        windows = zip(due.tolist(), begins.tolist(), ends.tolist(), strict=True)
        for row, (key, window, too_late) in enumerate(
            zip(keys_of(batch, self.keys), windows, late.tolist(), strict=True)
        ):
            if not too_late:
                groups.setdefault((key, window), []).append(row)
        self.prepare(batch)
        for (key, window), members in groups.items():
            self.key_context.key = key
            kept = self.table.edit(window)
            if kept is ABSENT:
                kept = self.create(members[0])
                self.timers.register(window[0], key, window)
            self.table.put(window, self.add(kept, members))

    def process_watermark(self, timestamp: int) -> None:
        if self.bounds.by_clock:
            self.output.emit_watermark(timestamp)
        elif self.kept_watermark.advance(timestamp):
            self.begin(self.advance(timestamp))

    def advance(self, timestamp: int) -> Iterator[None]:
        """Send the results of the windows that a watermark ends, then the watermark."""
        yield from self.fire(timestamp)
        self.output.emit_watermark(timestamp)

    def advance_processing_time(self, now: int) -> None:
        if self.bounds.by_clock:
            # A window takes rows until the end of its last millisecond.
            self.kept_watermark.advance(now - 1)
            self.begin(self.fire(now - 1))

    def next_processing_timer(self) -> int | None:
        due = self.timers.peek() if self.bounds.by_clock else None
        return None if due is None else due + 1

    def last_processing_timer(self) -> int | None:
        return max((due for due, _, _ in self.timers.items()), default=None) if self.bounds.by_clock else None

    def fire(self, time: int) -> Iterator[None]:
        """Send the results of the windows that end by a time (ms), a batch at each step."""
        found: list[Row] = []
        times: list[int] = []
        while (timer := self.timers.pop_due(time)) is not None:
            self.key_context.key = timer[1]
            window: Any = timer[2]
            kept = self.table.remove(window)
            if kept is not ABSENT:
                before = len(found)
                found += self.made(kept, window)
                times += [window[0]] * (len(found) - before)
            if len(found) >= BATCH_SIZE:
                self.send(found, times)
                found, times = [], []
                yield
        if found:
            self.send(found, times)

    def send(self, rows: list[Row], times: list[int]) -> None:
        """Send results."""
        import numpy

        batch = batch_of(rows, self.results)
        self.output.emit(batch if self.bounds.by_clock else batch.with_timestamps(numpy.array(times, "int64")))
