"""Joins with versions of a table at work: left rows wait until the watermark says that their version is there."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Any, NamedTuple

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.columns.to_rows import to_rows
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.kept_watermark import KeptWatermark
from pyflinkx.operators.piecewise import Pieces, PiecewiseOperator
from pyflinkx.relational.bound import Bound
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.joins.keys import KeyReader
from pyflinkx.relational.keyed_rows import AFTER, BEFORE, INSERT, kinds_of
from pyflinkx.relational.windows.row_times import millis_of
from pyflinkx.state.descriptors import ListStateDescriptor, MapStateDescriptor
from pyflinkx.state.spec import TIMERS, StateSpec

Row = tuple[Any, ...]
WAITING = StateSpec("waiting", "ListState")
VERSIONS = StateSpec("versions", "MapState")
DUE = StateSpec("due", TIMERS)
MOST = 4096


class TemporalPlan(NamedTuple):
    """What is joined with what.

    Args:
        outer: whether left rows without a right one are sent, too.
        result: what comes out.
        pair: the columns that the condition reads.
        widths: how many columns of each side are results.
        keys: for each side the positions of what has to be equal.
        times: positions of the time of a left and of a right row.
        condition: what has to be true besides.
    """

    outer: bool
    result: Schema
    pair: Schema
    widths: tuple[int, int]
    keys: tuple[tuple[int, ...], tuple[int, ...]]
    times: tuple[int, int]
    condition: Bound | None = None


class TemporalJoinOperator(PiecewiseOperator):
    """Sends left rows in the order of watermarks, each beside the version that was there at its time.

    Args:
        plan: what is joined with what.
    """

    def __init__(self, plan: TemporalPlan) -> None:
        self.plan = plan

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        plan, store = self.plan, context.keyed_state
        self.key_context = store.context
        self.waiting = store.get_list_state(ListStateDescriptor(WAITING.name))
        self.versions = store.get_map_state(MapStateDescriptor(VERSIONS.name))
        self.timers = context.timers(DUE)
        self.kept_watermark = KeptWatermark(context)
        self.keys = [KeyReader(keys, [False] * len(keys)) for keys in plan.keys]
        self.nothing = (None,) * plan.widths[1]
        self.test = None if plan.condition is None else Projection([("true", plan.condition)])
        # Left rows that are due, their kinds, and the versions that were there.
        self.due: list[tuple[Row, int, Row | None]] = []

    def process_batch(self, batch: Any, port: int = 0) -> None:
        row: Row = ()
        try:
            times = self.times_of(batch, port)
            kinds = kinds_of(batch) or [INSERT] * len(batch)
            rows = to_rows(batch, "tuple")
            width = self.plan.widths[port]
            for row, key, kind, time in zip(rows, self.keys[port].keys(rows), kinds, times, strict=True):
                if key is None:
                    if port == 0 and self.plan.outer:
                        self.due.append((row[:width], kind, None))
                    continue
                self.key_context.key = key[0]
                if port == 0:
                    self.waiting.add((time, row[:width], kind))
                    self.timers.register(time, key[0], None)
                elif kind != BEFORE:  # the version after it says all
                    self.versions.put(time, (row[:width], kind in (INSERT, AFTER)))
        except Exception as error:
            raise self.site.wrap(error, f"in a temporal join, on record {row!r:.200}") from error
        self.send()

    def times_of(self, batch: ColumnBatch, port: int) -> list[int]:
        """The times of a batch's rows.

        Raises:
            ValueError: a row has none.
        """
        import numpy

        column = batch.columns[self.plan.times[port]]
        times, valid = millis_of(column, numpy)
        if valid is not None and not valid.all():
            raise ValueError(f"the time of a row, {column.name}, is null; leave such rows out by WHERE")
        found: list[int] = times.tolist()
        return found

    def process_watermark(self, timestamp: int) -> None:
        if self.kept_watermark.advance(timestamp):
            self.begin(self.go_on_to(timestamp))

    def go_on_to(self, time: int) -> Pieces:
        """Send the rows that are due, then the watermark."""
        while (timer := self.timers.pop_due(time)) is not None:
            key: Any = timer[1]
            self.key_context.key = key
            self.take_due(time)
            if len(self.due) >= MOST:
                self.send()
                yield None
        self.send()
        self.output.emit_watermark(time)

    def take_due(self, time: int) -> None:
        """The rows of the current key that are due; versions that nobody will ask for any more go."""
        waiting = self.waiting.get()
        if not waiting:
            return
        stamps = sorted(self.versions.keys())
        later = []
        for each in waiting:
            stamp, row, kind = each
            if stamp > time:
                later.append(each)
                continue
            place = bisect_right(stamps, stamp)
            version = self.versions.get(stamps[place - 1]) if place else None
            self.due.append((row, kind, version[0] if version is not None and version[1] else None))
        self.waiting.update(later)
        for stamp in stamps[: max(bisect_right(stamps, time) - 1, 0)]:
            self.versions.remove(stamp)

    def send(self) -> None:
        """Send the rows that are due."""
        if not self.due:
            return
        due, self.due = self.due, []
        rows: list[Row] = []
        kinds = array("b")
        try:
            true = self.true([row + version for row, _, version in due if version is not None])
            at = 0
            for row, kind, version in due:
                if version is not None:
                    at += 1
                    if true is None or true[at - 1]:
                        rows.append(row + version)
                        kinds.append(kind)
                        continue
                if self.plan.outer:
                    rows.append(row + self.nothing)
                    kinds.append(kind)
            if rows:
                self.output.emit(from_rows(rows, self.plan.result, kinds=kinds if any(kinds) else None))
        except Exception as error:
            raise self.site.wrap(error, "in a temporal join") from error

    def true(self, pairs: list[Row]) -> list[Any] | None:
        """For which pairs the condition is true; None for all."""
        if self.test is None or not pairs:
            return None
        return [row[0] for row in to_rows(self.test(from_rows(pairs, self.plan.pair)), "tuple")]
