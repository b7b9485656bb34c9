"""Joins with a table as it is when a row comes, at work."""

from __future__ import annotations

from array import array
from typing import Any

from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx.operators.base import MAX_WATERMARK, Operator, OperatorContext
from pyflinkx.operators.kept_watermark import KeptWatermark
from pyflinkx.operators.piecewise import Pieces, PiecewiseOperator
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.joins.keys import KeyReader
from pyflinkx.relational.joins.nodes import LEFT
from pyflinkx.relational.joins.regular import JoinPlan
from pyflinkx.relational.joins.views import Row, view_of
from pyflinkx.relational.keyed_rows import AFTER, INSERT, kinds_of
from pyflinkx.state.descriptors import ListStateDescriptor
from pyflinkx.state.spec import TIMERS, UNION, StateSpec

WAITING = StateSpec("waiting", "ListState")
DRAIN = StateSpec("drain", TIMERS)
LOADED = StateSpec("loaded", UNION)
MOST = 4096


class SnapshotJoinOperator(PiecewiseOperator):
    """Left rows wait until the right table has been read, and are then joined with what is there when they come.

    Args:
        plan: what is joined with what.
        loaded: the event time (ms) up to which the right table is read first; None for the clock's when it is opened.
    """

    def __init__(self, plan: JoinPlan, loaded: int | None) -> None:
        self.plan = plan
        self.loaded = loaded

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        plan, store = self.plan, context.keyed_state
        store.use_clock(context.clock)
        self.key_context = store.context
        self.right = view_of(plan.views[1], store)
        self.waiting = store.get_list_state(ListStateDescriptor(WAITING.name))
        self.drain = context.timers(DRAIN)
        self.kept_watermark = KeptWatermark(context)
        # The time up to which the table is read, and after that nothing.
        self.until = context.operator_state.get_union_list_state(ListStateDescriptor(LOADED.name))
        known = list(self.until.get())
        self.end = max(known) if known else context.clock.now() if self.loaded is None else self.loaded
        self.until.update([self.end])
        self.ready = self.kept_watermark.time >= self.end
        self.keys = [KeyReader(keys, plan.nulls) for keys in plan.keys]
        self.nothing = (None,) * plan.widths[1]
        self.test = None if plan.condition is None else Projection([("true", plan.condition)])
        # Left rows that are joined, their kinds, and the right rows of their keys.
        self.found: list[tuple[Row, int, list[Row]]] = []

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.begin(self.take(batch, port))

    def take(self, batch: Any, port: int) -> Pieces:
        """Hold the rows of a batch, or join them."""
        row: Row = ()
        try:
            rows = to_rows(batch, "tuple")
            kinds = kinds_of(batch) or [INSERT] * len(rows)
            width = self.plan.widths[port]
            for row, key, kind in zip(rows, self.keys[port].keys(rows), kinds, strict=True):
                if key is None:
                    if port == 0:
                        self.found.append((row[:width], kind, []))
                    continue
                self.key_context.key = key[0]
                if port == 1:
                    if kind in (INSERT, AFTER):
                        self.right.add(row[:width], 0)
                    else:
                        self.right.retract(row[:width])
                elif self.ready:
                    self.join(row[:width], kind)
                else:
                    self.waiting.add((row[:width], kind))
                    self.drain.register(0, key[0], None)
                if len(self.found) >= MOST:
                    self.send()
                    yield None
        except Exception as error:
            raise self.site.wrap(error, f"in a join with a snapshot, on record {row!r:.200}") from error
        self.send()

    def join(self, row: Row, kind: int) -> None:
        """Find the right rows of a left one."""
        self.found.append((row, kind, [other for other, _ in self.right.records()]))

    def process_watermark(self, timestamp: int) -> None:
        if self.kept_watermark.advance(timestamp):
            self.begin(self.go_on_to(timestamp))

    def go_on_to(self, time: int) -> Pieces:
        """Join what has waited, if the table has been read by now; then send the watermark."""
        if not self.ready and time >= self.end:
            self.ready = True
            while (timer := self.drain.pop_due(0)) is not None:
                key: Any = timer[1]
                self.key_context.key = key
                for row, kind in self.waiting.get():
                    self.join(row, kind)
                self.waiting.clear()
                if len(self.found) >= MOST:
                    self.send()
                    yield None
            self.send()
        if self.ready:
            self.output.emit_watermark(time)

    def send(self) -> None:
        """Send the rows that are joined."""
        found, self.found = self.found, []
        pairs = [row + other for row, _, others in found for other in others]
        true: list[Any] = [True] * len(pairs)
        if self.test is not None and pairs:
            true = [row[0] for row in to_rows(self.test(from_rows(pairs, self.plan.pair)), "tuple")]
        rows: list[Row] = []
        kinds = array("b")
        at = 0
        for row, kind, others in found:
            kept = [pairs[place] for place in range(at, at + len(others)) if true[place]]
            at += len(others)
            if not kept and self.plan.kind == LEFT:
                kept = [row + self.nothing]
            rows += kept
            kinds.extend([kind] * len(kept))
        if rows:
            self.output.emit(from_rows(rows, self.plan.result, kinds=kinds if any(kinds) else None))


class NoTimeOperator(Operator):
    """Says that nothing waits for the times of its rows, which have none that count."""

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.said = False

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.output.emit(batch)

    def next_processing_timer(self) -> int | None:
        return None if self.said else 0

    def advance_processing_time(self, now: int) -> None:
        if not self.said:
            self.said = True
            self.output.emit_watermark(MAX_WATERMARK - 1)

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.output.emit_watermark(timestamp)
