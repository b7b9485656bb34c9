"""Window joins at work: the rows of a window are joined when it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx._core.state.keyed import ABSENT
from pyflinkx.operators.base import LATE_RECORDS, OperatorContext
from pyflinkx.operators.kept_watermark import KeptWatermark
from pyflinkx.relational.joins.batch import BatchJoinOperator
from pyflinkx.relational.joins.regular import JoinPlan
from pyflinkx.relational.keyed_rows import keys_of
from pyflinkx.relational.windows.local_time import to_instants
from pyflinkx.relational.windows.properties import Bounds
from pyflinkx.relational.windows.row_times import millis_of
from pyflinkx.state.spec import TIMERS, StateSpec

STATES = tuple(StateSpec(f"{side}-window-rows", "ListState") for side in ("left", "right"))
ENDS = StateSpec("window-ends", TIMERS)
# Rows that are joined at a time.
MOST = 65_536


class WindowJoinOperator(BatchJoinOperator):
    """Holds the rows of each key until their window has ended, and joins them then, by key and window.

    Rows of windows that have ended are late: they are dropped and counted.

    Args:
        plan: what is joined with what; the windows' bounds are among its keys.
        schemas: of the batches of each side.
        bounds: where the windows' bounds are in each of them.
    """

    def __init__(self, plan: JoinPlan, schemas: tuple[Schema, Schema], bounds: tuple[Bounds, Bounds]) -> None:
        super().__init__(plan)
        self.schemas = schemas
        self.bounds = bounds
        self.by_clock = bounds[0].by_clock

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        store = context.keyed_state
        self.key_context = store.context
        self.tables = [store.of(state) for state in STATES]
        self.timers = context.timers(ENDS)
        self.kept_watermark = KeptWatermark(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        import numpy

        bounds, table = self.bounds[port], self.tables[port]
        ends, _ = millis_of(batch.column(bounds.end), numpy)
        due = (to_instants(ends, bounds.zone, numpy) if bounds.local else ends) - 1
        passed = self.kept_watermark.time
        late = 0
        keys = keys_of(batch, self.plan.keys[port])
        for key, time, row in zip(keys, due.tolist(), to_rows(batch, "tuple"), strict=True):
            if time <= passed:
                late += 1
                continue
            self.key_context.key = key
            table.append(time, row)
            self.timers.register(time, key, None)
        if late:
            self.context.count(LATE_RECORDS, late)

    def process_watermark(self, timestamp: int) -> None:
        if self.by_clock:
            self.output.emit_watermark(timestamp)
        elif self.kept_watermark.advance(timestamp):
            self.begin(self.advance(timestamp))

    def advance(self, timestamp: int) -> Iterator[bool | None]:
        """Send the pairs of the windows that a watermark ends, then the watermark."""
        yield from self.fire(timestamp)
        self.output.emit_watermark(timestamp)

    def advance_processing_time(self, now: int) -> None:
        if self.by_clock:
            self.kept_watermark.advance(now - 1)
            self.begin(self.fire(now - 1))

    def next_processing_timer(self) -> int | None:
        due = self.timers.peek() if self.by_clock else None
        return None if due is None else due + 1

    def fire(self, time: int) -> Iterator[bool | None]:
        """Send the pairs of the windows that end by a time (ms), some windows at each step."""
        rows: tuple[list[Any], list[Any]] = ([], [])
        while (timer := self.timers.pop_due(time)) is not None:
            self.key_context.key = timer[1]
            for table, held in zip(self.tables, rows, strict=True):
                found = table.remove(timer[0])
                if found is not ABSENT:
                    held.extend(found)
            if len(rows[0]) + len(rows[1]) >= MOST:
                yield from self.joined(rows)
        yield from self.joined(rows)

    def joined(self, rows: tuple[list[Any], list[Any]]) -> Iterator[bool | None]:
        """Send the pairs of rows, which are all that are of their windows and keys."""
        if rows[0] or rows[1]:
            for held, some, schema in zip(self.held, rows, self.schemas, strict=True):
                if some:
                    held.append(from_rows(some, schema))
                some.clear()
            yield from self.join()
