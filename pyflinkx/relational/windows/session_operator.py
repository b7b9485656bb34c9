"""Sessions at work: rows wait until no other one can join their session."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.state.keyed import ABSENT
from pyflinkx.operators.base import LATE_RECORDS, OperatorContext
from pyflinkx.operators.kept_watermark import KeptWatermark
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.relational.keyed_rows import batch_of, keys_of, kinds_of, rows_of
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.windows.local_time import to_instants
from pyflinkx.relational.windows.row_times import WindowTimes
from pyflinkx.relational.windows.spec import WindowSpec
from pyflinkx.relational.windows.table_operator import NULL_TIMES
from pyflinkx.state import spec as state

BATCH_SIZE = 4096
STATE = state.StateSpec("sessions", "ValueState")
TIMERS = state.StateSpec("session-ends", state.TIMERS)
# Of a session: its begin, its end, when it is over (an instant), and its rows with their kinds.
BEGIN, END, DUE, ROWS = range(4)


class SessionTableOperator(PiecewiseOperator):
    """Sends the rows of each session once it is over, with its begin, end and time.

    A session takes the rows of a key between which there are gaps smaller than that of the windows. A row that comes
    when its session is over is late: it is dropped and counted.

    Args:
        spec: the sessions.
        columns: of the rows.
        results: names and types of the columns that come out.
        schema: of the results.
        zone: the local one.
    """

    def __init__(self, spec: WindowSpec, columns: Columns, results: Columns, schema: Schema, zone: str) -> None:
        self.spec = spec
        self.columns = columns
        self.results = results
        self.schema = schema
        self.zone = zone

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        name = self.columns[self.spec.time][0]
        self.times = WindowTimes(self.spec, name, self.zone, context.clock)
        self.table = context.keyed_state.of(STATE)
        self.key_context = context.keyed_state.context
        self.timers = context.timers(TIMERS)
        self.kept_watermark = KeptWatermark(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        import numpy

        timed, times = self.times.of(batch, numpy)
        if len(timed) < len(batch):
            self.context.count(NULL_TIMES, len(batch) - len(timed))
        ends = times + self.spec.size
        due = (to_instants(ends, self.zone, numpy) if self.spec.local else ends) - 1
        rows = rows_of(timed, self.columns, range(len(self.columns)))
        kinds = kinds_of(timed) or [0] * len(rows)
        late = 0
        for key, begin, end, instant, row, kind in zip(
            keys_of(timed, self.spec.partition), times.tolist(), ends.tolist(), due.tolist(), rows, kinds, strict=True
        ):
            late += not self.add(key, [begin, end, instant, [(kind, row)]])
        if late:
            self.context.count(LATE_RECORDS, late)

    def add(self, key: Any, session: list[Any]) -> bool:
        """Add a session of one row to those of its key; whether it was in time."""
        self.key_context.key = key
        found = self.table.edit(None)
        sessions: list[list[Any]] = [] if found is ABSENT else found
        first = bisect_left(sessions, session[BEGIN], key=lambda each: each[END])
        last = first
        while last < len(sessions) and sessions[last][BEGIN] <= session[END]:
            last += 1
        parts = [*sessions[first:last], session]
        if max(each[DUE] for each in parts) <= self.kept_watermark.time:
            return False
        merged = joined(parts)
        for old in sessions[first:last]:
            self.timers.delete(old[DUE], key, None)
        sessions[first:last] = [merged]
        self.timers.register(merged[DUE], key, None)
        self.table.put(None, sessions)
        return True

    def process_watermark(self, timestamp: int) -> None:
        if self.spec.by_clock:
            self.output.emit_watermark(timestamp)
        elif self.kept_watermark.advance(timestamp):
            self.begin(self.advance(timestamp))

    def advance(self, timestamp: int) -> Iterator[None]:
        """Send the sessions that a watermark ends, then the watermark."""
        yield from self.fire(timestamp)
        self.output.emit_watermark(timestamp)

    def advance_processing_time(self, now: int) -> None:
        if self.spec.by_clock:
            self.kept_watermark.advance(now - 1)
            self.begin(self.fire(now - 1))

    def next_processing_timer(self) -> int | None:
        due = self.timers.peek() if self.spec.by_clock else None
        return None if due is None else due + 1

    def fire(self, time: int) -> Iterator[None]:
        """Send the sessions that are over by a time (ms), some rows at each step."""
        found: list[tuple[Any, ...]] = []
        kinds: list[int] = []
        while (timer := self.timers.pop_due(time)) is not None:
            self.key_context.key = timer[1]
            sessions = self.table.edit(None)
            over = [session for session in sessions if session[DUE] <= timer[0]]
            rest = [session for session in sessions if session[DUE] > timer[0]]
            if rest:
                self.table.put(None, rest)
            else:
                self.table.remove(None)
            for begin, end, due, rows in over:
                for kind, row in rows:
                    found.append((*row, begin, end, due))
                    kinds.append(kind)
            if len(found) >= BATCH_SIZE:
                self.send(found, kinds)
                found, kinds = [], []
                yield
        if found:
            self.send(found, kinds)

    def send(self, rows: Sequence[tuple[Any, ...]], kinds: Sequence[int]) -> None:
        """Send rows with their sessions."""
        import numpy

        batch: ColumnBatch = batch_of(rows, self.results, kinds)
        if not self.spec.by_clock:
            batch = batch.with_timestamps(numpy.array([row[-1] for row in rows], "int64"))
        self.output.emit(batch)


def joined(sessions: Sequence[list[Any]]) -> list[Any]:
    """Sessions as one, with their rows one after the other."""
    first, *others = sessions
    rows = first[ROWS]
    for other in others:
        rows.extend(other[ROWS])
    return [
        min(each[BEGIN] for each in sessions),
        max(each[END] for each in sessions),
        max(each[DUE] for each in sessions),
        rows,
    ]
