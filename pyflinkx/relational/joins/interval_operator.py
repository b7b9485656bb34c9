"""Interval joins at work: rows wait as long as a partner can come."""

from __future__ import annotations

from typing import Any, NamedTuple

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx.operators.base import MAX_WATERMARK, MIN_WATERMARK, OperatorContext
from pyflinkx.operators.kept_watermark import KeptWatermark
from pyflinkx.operators.piecewise import Pieces, PiecewiseOperator
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.joins.keys import KeyReader
from pyflinkx.relational.joins.nodes import KEEPS_LEFT, KEEPS_RIGHT
from pyflinkx.relational.joins.regular import JoinPlan
from pyflinkx.relational.moment import Moment
from pyflinkx.relational.windows.row_times import millis_of
from pyflinkx.state.descriptors import MapStateDescriptor
from pyflinkx.state.spec import TIMERS, StateSpec

Row = tuple[Any, ...]
# A row that waits, and whether it has had a partner.
Waiting = tuple[Row, bool]
MOST = 4096
SIDES = ("left", "right")
STATES = tuple(StateSpec(f"{side}-rows", "MapState") for side in SIDES)
CLEAN_UP = StateSpec("clean-up", TIMERS)


class IntervalPlan(NamedTuple):
    """What is joined with what, and when.

    Args:
        join: the join; its condition is what is to be true besides the keys and the times.
        times: positions of the time of a left and of a right row; None where the clock says it.
        lower: milliseconds from a right row to the first left row that can be its partner; may be negative.
        upper: milliseconds from a right row to the last one.
    """

    join: JoinPlan
    times: tuple[int, int] | None
    lower: int
    upper: int

    @property
    def sizes(self) -> tuple[int, int]:
        """How many milliseconds a left row, and a right row, waits for rows that are later than it."""
        return -self.lower, self.upper

    @property
    def between_cleanups(self) -> int:
        """Milliseconds that rows may wait longer, so that they need not be looked for at each time."""
        return max(sum(self.sizes) // 2, 0)

    @property
    def delay(self) -> int:
        """How much later than its time a row may be sent, in milliseconds."""
        return max(*self.sizes, 0) + self.between_cleanups if self.times is not None else 0


class IntervalJoinOperator(PiecewiseOperator):
    """Sends a pair when its second row comes, and a row without partner, where its side is kept, when none can come.

    Args:
        plan: what is joined with what, and when.
    """

    def __init__(self, plan: IntervalPlan) -> None:
        self.plan = plan

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        plan, join = self.plan, self.plan.join
        store = context.keyed_state
        self.key_context = store.context
        self.states = [store.get_map_state(MapStateDescriptor(spec.name)) for spec in STATES]
        self.timers = context.timers(CLEAN_UP)
        self.by_clock = plan.times is None
        self.kept = None if self.by_clock else KeptWatermark(context)
        self.time = MIN_WATERMARK if self.kept is None else self.kept.time
        self.keys = [KeyReader(keys, join.nulls) for keys in join.keys]
        self.outer = (join.kind in KEEPS_LEFT, join.kind in KEEPS_RIGHT)
        self.nothing = ((None,) * join.widths[0], (None,) * join.widths[1])
        self.moment = Moment(context.clock)
        self.test = None if join.condition is None else Projection([("true", join.condition)], moment=self.moment)
        self.rows: list[Row] = []

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.begin(self.join(batch, port))

    def times_of(self, batch: ColumnBatch, port: int) -> list[int]:
        """The times of a batch's rows.

        Raises:
            ValueError: a row has none.
        """
        import numpy

        if self.plan.times is None:
            self.time = self.context.clock.now()
            return [self.time] * len(batch)
        column = batch.columns[self.plan.times[port]]
        times, valid = millis_of(column, numpy)
        if valid is not None and not valid.all():
            raise ValueError(f"the time of a row, {column.name}, is null; leave such rows out by WHERE")
        found: list[int] = times.tolist()
        return found

    def join(self, batch: ColumnBatch, port: int) -> Pieces:
        """Join the rows of a batch with those that wait, and have them wait as long as others can come."""
        row: Row = ()
        try:
            times = self.times_of(batch, port)
            rows = to_rows(batch, "tuple")
            keys = self.keys[port].keys(rows)
            width = self.plan.join.widths[port]
            start = 0
            while start < len(rows):
                found = self.candidates(keys, times, start, port)
                stop = start + len(found)
                some = [row[:width] for row in rows[start:stop]]
                self.leave_true(some, found, port)
                for row, key, time, partners in zip(some, keys[start:stop], times[start:stop], found, strict=True):
                    self.take(row, key, time, partners, port)
                start = stop
                if len(self.rows) >= MOST:
                    self.send()
                    yield None
        except Exception as error:
            raise self.site.wrap(error, f"in an interval join, on record {row!r:.200}") from error
        self.send()

    def candidates(self, keys: list[Any], times: list[int], start: int, port: int) -> list[list[tuple[int, int, Row]]]:
        """The waiting rows that fit to some rows by key and time, for so many pairs at a time: (time, place, row)."""
        lower, upper = self.plan.lower, self.plan.upper
        state = self.states[1 - port]
        found: list[list[tuple[int, int, Row]]] = []
        pairs = 0
        for key, time in zip(keys[start:], times[start:], strict=True):
            held: list[tuple[int, int, Row]] = []
            if key is not None:
                self.key_context.key = key[0]
                first, last = (time - upper, time - lower) if port == 0 else (time + lower, time + upper)
                for stamp, waiting in state.items():
                    if first <= stamp <= last:
                        held += [(stamp, place, row) for place, (row, _) in enumerate(waiting)]
            found.append(held)
            pairs += len(held)
            if pairs >= MOST:
                break
        return found

    def leave_true(self, rows: list[Row], found: list[list[tuple[int, int, Row]]], port: int) -> None:
        """Leave those of the pairs for which the condition is true."""
        if self.test is None:
            return
        pairs = [
            row + each[2] if port == 0 else each[2] + row
            for row, held in zip(rows, found, strict=True)
            for each in held
        ]
        if not pairs:
            return
        true = [row[0] for row in to_rows(self.test(from_rows(pairs, self.plan.join.pair)), "tuple")]
        at = 0
        for place, held in enumerate(found):
            found[place] = [each for each, kept in zip(held, true[at : at + len(held)], strict=True) if kept]
            at += len(held)

    def take(self, row: Row, key: Any, time: int, partners: list[tuple[int, int, Row]], port: int) -> None:
        """Send the pairs of a row, and have it wait if others can come."""
        if port == 0:
            self.rows += [row + partner for _, _, partner in partners]
        else:
            self.rows += [partner + row for _, _, partner in partners]
        if key is None:
            if self.outer[port]:
                self.put_padded(row, port)
            return
        self.key_context.key = key[0]
        if self.outer[1 - port]:
            self.note(self.states[1 - port], partners)
        plan = self.plan
        # The last time at which a partner can come, and when the row is looked for after that.
        last = time + plan.sizes[port]
        if self.time < last:
            state = self.states[port]
            state.put(time, [*(state.get(time) or ()), (row, bool(partners))])
            self.timers.register(min(last + plan.between_cleanups + 1, MAX_WATERMARK), key[0], port)
        elif not partners and self.outer[port]:
            self.put_padded(row, port)

    def note(self, state: Any, partners: list[tuple[int, int, Row]]) -> None:
        """Note of waiting rows that they have had a partner."""
        for stamp, place, row in partners:
            waiting: list[Waiting] = state.get(stamp)
            if not waiting[place][1]:
                state.put(stamp, [*waiting[:place], (row, True), *waiting[place + 1 :]])

    def put_padded(self, row: Row, port: int) -> None:
        """Send a row beside nulls."""
        self.rows.append(row + self.nothing[1] if port == 0 else self.nothing[0] + row)

    def process_watermark(self, timestamp: int) -> None:
        self.moment.watermark = timestamp
        if self.kept is None:
            self.output.emit_watermark(timestamp)
        elif self.kept.advance(timestamp):
            self.begin(self.clean_up(timestamp, True))

    def advance_processing_time(self, now: int) -> None:
        if self.by_clock:
            self.time = now
            self.begin(self.clean_up(now, False))

    def next_processing_timer(self) -> int | None:
        return self.timers.peek() if self.by_clock else None

    def clean_up(self, time: int, watermark: bool) -> Pieces:
        """Let the rows go that no partner can come for; then the watermark, behind which they may have been sent."""
        self.time = time
        plan = self.plan
        while (timer := self.timers.pop_due(time)) is not None:
            key: Any = timer[1]
            which: Any = timer[2]
            self.key_context.key = key
            state = self.states[which]
            ended = time - plan.sizes[which] if time < MAX_WATERMARK else MAX_WATERMARK
            for stamp, waiting in state.items():
                if stamp < ended:
                    if self.outer[which]:
                        for row, had in waiting:
                            if not had:
                                self.put_padded(row, which)
                    state.remove(stamp)
            if len(self.rows) >= MOST:
                self.send()
                yield None
        self.send()
        if watermark:
            # What is sent for a row that has waited is as late.
            behind = time if time == MAX_WATERMARK else max(time - plan.delay, MIN_WATERMARK)
            self.output.emit_watermark(behind)

    def send(self) -> None:
        """Send what has become of rows so far."""
        if not self.rows:
            return
        rows, self.rows = self.rows, []
        try:
            batch = from_rows(rows, self.plan.join.result)
        except Exception as error:
            raise self.site.wrap(error, "in the result of an interval join") from error
        self.output.emit(batch)
