"""OVER in a stream whose rows are in order of their time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.state.keyed import ABSENT
from pyflinkx.operators.base import LATE_RECORDS, OperatorContext
from pyflinkx.operators.kept_watermark import KeptWatermark
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.relational.aggregation.aggregates import Aggregates
from pyflinkx.relational.aggregation.functions import AggregateCall
from pyflinkx.relational.keyed_rows import batch_of, keys_of, rows_of
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.over.nodes import ROWS, OverCall, OverWindow, PlaceCall
from pyflinkx.relational.windows.row_times import millis_of
from pyflinkx.relational.windows.table_operator import NULL_TIMES
from pyflinkx.state import spec as state

BATCH_SIZE = 4096
STATE = state.StateSpec("over", "ValueState")
TIMERS = state.StateSpec("over-times", state.TIMERS)
# Of a key: the rows that wait, by their time; what is kept of those of the frame, and the values that may have to be
# taken back, each with its time; the last rows, for LAG; how many rows there were, and how many different times.
WAITING, TAKEN, FRAME, LAST, NUMBER, TIMES = range(6)
Row = tuple[Any, ...]


class TimeOverOperator(PiecewiseOperator):
    """Sends each row with the results of the rows of its key before it, once the watermark has come to its time.

    Rows of equal times count for each other where the frame is one of values (RANGE). A row whose time the watermark
    has passed is late: it is dropped and counted. By the job's clock rows are sent as they come.

    Args:
        columns: of the rows.
        window: the keys, the column of the time, and which rows count: up to the row itself.
        calls: what is wanted.
        results: names and types of the columns that come out.
        by_clock: whether the time is the job's clock.
    """

    def __init__(
        self, columns: Columns, window: OverWindow, calls: Sequence[OverCall], results: Columns, by_clock: bool
    ) -> None:
        self.columns = columns
        self.window = window
        self.calls = tuple(calls)
        self.results = results
        self.by_clock = by_clock
        self.reach = window.frame.start  # of rows, or of milliseconds; None for all before
        self.by_row = window.frame.unit == ROWS
        self.lags = max((call.number for call in calls if isinstance(call, PlaceCall)), default=0)
        self.aggregates = Aggregates(
            [call for call in calls if isinstance(call, AggregateCall)], window.frame.start is not None
        )

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.table = context.keyed_state.of(STATE)
        self.key_context = context.keyed_state.context
        self.timers = context.timers(TIMERS)
        self.kept_watermark = KeptWatermark(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if self.by_clock:
            self.begin(self.at_once(batch))
        else:
            self.keep(batch)

    # ---- by the job's clock

    def at_once(self, batch: Any) -> Iterator[None]:
        """Send rows with their results, in the order in which they have come."""
        now = self.context.clock.now()
        rows = rows_of(batch, self.columns, range(len(self.columns)))
        found: list[Any] = [None] * len(rows)
        members: KeyMap[Any, list[int]] = KeyMap()
        keys = keys_of(batch, self.window.partition)
        if self.by_row or self.reach is None:
            groups: Any = ((key, [row]) for row, key in enumerate(keys))
        else:
            for row, key in enumerate(keys):
                members.setdefault(key, []).append(row)
            groups = members.items()
        for key, numbers in groups:
            self.key_context.key = key
            kept = self.kept()
            made = self.take(kept, now, [rows[number] for number in numbers])
            self.put(kept, now)
            for number, result in zip(numbers, made, strict=True):
                found[number] = result
        self.send(found, None)
        yield

    def advance_processing_time(self, now: int) -> None:
        if self.by_clock:
            self.expire(now)

    def next_processing_timer(self) -> int | None:
        return self.timers.peek() if self.by_clock else None

    def expire(self, now: int) -> None:
        """Forget rows that no later one looks at."""
        while (timer := self.timers.pop_due(now)) is not None:
            self.key_context.key = timer[1]
            kept = self.table.edit(None)
            if kept is not ABSENT:
                self.drop(kept, now)
                self.put(kept, None)

    # ---- by event time

    def keep(self, batch: Any) -> None:
        """Have rows wait for the watermark."""
        import numpy

        index = self.window.order[0].index
        times, valid = millis_of(batch.column(index), numpy)
        there = [True] * len(batch) if valid is None else valid.tolist()
        rows = rows_of(batch, self.columns, range(len(self.columns)))
        late = missing = 0
        passed = self.kept_watermark.time
        for key, time, known, row in zip(
            keys_of(batch, self.window.partition), times.tolist(), there, rows, strict=True
        ):
            if not known:
                missing += 1
            elif time <= passed:
                late += 1
            else:
                self.key_context.key = key
                kept = self.kept()
                waiting = kept[WAITING].get(time)
                if waiting is None:
                    kept[WAITING][time] = [row]
                    self.timers.register(time, key, None)
                else:
                    waiting.append(row)
                self.table.put(None, kept)
        if late:
            self.context.count(LATE_RECORDS, late)
        if missing:
            self.context.count(NULL_TIMES, missing)

    def process_watermark(self, timestamp: int) -> None:
        if self.by_clock:
            self.output.emit_watermark(timestamp)
        elif self.kept_watermark.advance(timestamp):
            self.begin(self.advance(timestamp))

    def advance(self, timestamp: int) -> Iterator[None]:
        """Send the rows to whose times a watermark has come, so many at each step, then the watermark."""
        found: list[Row] = []
        times: list[int] = []
        while (timer := self.timers.pop_due(timestamp)) is not None:
            time = timer[0]
            self.key_context.key = timer[1]
            kept = self.table.edit(None)
            if kept is ABSENT:
                continue
            rows = kept[WAITING].pop(time, None)
            if rows is None:
                self.drop(kept, time)
                self.put(kept, None)
                continue
            found += self.take(kept, time, rows)
            times += [time] * len(rows)
            self.put(kept, time)
            if len(found) >= BATCH_SIZE:
                self.send(found, times)
                found, times = [], []
                yield
        self.send(found, times)
        self.output.emit_watermark(timestamp)

    # ---- both

    def kept(self) -> list[Any]:
        """What is kept of the current key."""
        kept: Any = self.table.edit(None)
        return [{}, self.aggregates.create(), [], [], 0, 0] if kept is ABSENT else kept

    def put(self, kept: list[Any], time: int | None) -> None:
        """Keep what is of the current key; nothing, if no later row looks at any of it.

        Args:
            kept: what is kept.
            time: of rows that were taken just now; None where there were none.
        """
        bounded = not self.by_row and self.reach is not None
        if bounded and time is not None and kept[FRAME]:
            self.timers.register(time - self.reach + 1, self.key_context.key, None)
        if bounded and not kept[WAITING] and not kept[FRAME] and not kept[LAST] and not self.counts:
            self.table.discard(None)
        else:
            self.table.put(None, kept)

    @property
    def counts(self) -> bool:
        """Whether rows are counted."""
        return any(isinstance(call, PlaceCall) for call in self.calls)

    def take(self, kept: list[Any], time: int, rows: Sequence[Row]) -> list[Row]:
        """Take rows of one time, in the order in which they have come; gives them with their results."""
        kept[TIMES] += 1
        first = kept[NUMBER] + 1
        if not self.by_row:
            for row in rows:
                self.accumulate(kept, time, row)
            self.drop(kept, time)
            shared = self.aggregates.results(kept[TAKEN])
        found: list[Row] = []
        for row in rows:
            if self.by_row:
                self.accumulate(kept, time, row)
                if self.reach is not None and len(kept[FRAME]) > 1 - self.reach:
                    self.aggregates.retract(kept[TAKEN], kept[FRAME].pop(0)[1])
                shared = self.aggregates.results(kept[TAKEN])
            kept[NUMBER] += 1
            made = iter(shared)
            results = [
                self.placed(call, kept, row, first) if isinstance(call, PlaceCall) else next(made)
                for call in self.calls
            ]
            if self.lags:
                kept[LAST].append(row)
                del kept[LAST][: -self.lags]
            found.append((*row, *results))
        return found

    def accumulate(self, kept: list[Any], time: int, row: Row) -> None:
        """Add a row to those of the frame."""
        values = tuple(row[index] for index in self.aggregates.columns)
        try:
            self.aggregates.accumulate(kept[TAKEN], values)
        except Exception as error:
            raise self.site.wrap(error, f"at record {row!r:.200}") from error
        if self.reach is not None:
            kept[FRAME].append((time, values))

    def drop(self, kept: list[Any], time: int) -> None:
        """Take back the rows that are too old to count at a time (ms)."""
        if self.by_row or self.reach is None:
            return
        frame = kept[FRAME]
        count = 0
        while count < len(frame) and frame[count][0] < time + self.reach:
            self.aggregates.retract(kept[TAKEN], frame[count][1])
            count += 1
        del frame[:count]

    def placed(self, call: PlaceCall, kept: list[Any], row: Row, first: int) -> Any:
        """The result of a function of a row's place, which is the row behind those that were counted."""
        if call.function == "ROW_NUMBER":
            return kept[NUMBER]
        if call.function == "RANK":
            return first
        if call.function == "DENSE_RANK":
            return kept[TIMES]
        assert call.argument is not None  # of LAG
        if not call.number:
            return row[call.argument]
        if len(kept[LAST]) >= call.number:
            return kept[LAST][-call.number][call.argument]
        return None if call.default is None else row[call.default]

    def send(self, rows: Sequence[Row], times: Sequence[int] | None) -> None:
        """Send rows with their results."""
        import numpy

        if rows:
            batch = batch_of(rows, self.results)
            self.output.emit(batch if times is None else batch.with_timestamps(numpy.array(times, "int64")))
