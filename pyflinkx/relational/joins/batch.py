"""Joins whose inputs end: both sides are held, and joined once all is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx._core.columns.batch import ColumnBatch, concat
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.from_rows import from_rows
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.columns.to_rows import to_rows, to_values
from pyflinkx._core.keys.map import KeyMap
from pyflinkx.expressions.vectors import load_column
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.piecewise import Pieces, PiecewiseOperator
from pyflinkx.relational.evaluate import Projection
from pyflinkx.relational.joins.columns import with_null_row
from pyflinkx.relational.joins.nodes import KEEPS_LEFT, KEEPS_RIGHT, MARK, OF_LEFT, SEMI
from pyflinkx.relational.joins.regular import JoinPlan

if TYPE_CHECKING:
    import numpy

# Pairs that are made at a time.
PAIRS = 65_536


class BatchJoinOperator(PiecewiseOperator):
    """Any join of rows that are only inserted, with its last results only.

    Args:
        plan: what is joined with what.
    """

    def __init__(self, plan: JoinPlan) -> None:
        self.plan = plan

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        condition = self.plan.condition
        self.test = None if condition is None else Projection([("true", condition)])
        self.held: tuple[list[ColumnBatch], list[ColumnBatch]] = ([], [])

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.held[port].append(batch)

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.begin(self.end())

    def end(self) -> Pieces:
        """Send all results, then say that no more follow."""
        yield from self.join()
        self.output.emit_watermark(MAX_WATERMARK)

    def join(self) -> Pieces:
        """Send the results of the rows that are held."""
        import numpy

        plan = self.plan
        try:
            left, right = (self.side(port) for port in (0, 1))
            ids = self.numbered(left, right)
            order = numpy.argsort(ids[1], kind="stable")
            ordered = ids[1][order]
            first = numpy.searchsorted(ordered, ids[0], "left")
            counts = numpy.searchsorted(ordered, ids[0], "right") - first
            counts[ids[0] < 0] = 0
            matched = (numpy.zeros(len(left), "bool"), numpy.zeros(len(right), "bool"))
            padded = [with_null_row(self.narrow(side, port)) for port, side in enumerate((left, right))]
            ends = numpy.cumsum(counts)
            start = 0
            while start < len(left):
                before = ends[start - 1] if start else 0
                stop = max(int(numpy.searchsorted(ends, before + PAIRS, "right")), start + 1)
                some = numpy.arange(start, stop)
                one = numpy.repeat(some, counts[start:stop])
                offsets = numpy.arange(len(one)) - numpy.repeat(
                    ends[start:stop] - counts[start:stop] - before, counts[start:stop]
                )
                other = order[numpy.repeat(first[start:stop], counts[start:stop]) + offsets]
                if len(one) and self.test is not None:
                    kept = self.true(padded, one, other)
                    one, other = one[kept], other[kept]
                matched[0][one] = True
                matched[1][other] = True
                if plan.kind not in OF_LEFT:
                    self.send(padded, one, other)
                yield None
                start = stop
            if plan.kind in OF_LEFT:
                self.send_left(padded[0].slice(0, len(left)), matched[0])
            if plan.kind in KEEPS_LEFT:
                lonely = numpy.flatnonzero(~matched[0])
                self.send(padded, lonely, numpy.full(len(lonely), len(right)))
            if plan.kind in KEEPS_RIGHT:
                lonely = numpy.flatnonzero(~matched[1])
                self.send(padded, numpy.full(len(lonely), len(left)), lonely)
        except Exception as error:
            raise self.site.wrap(error, "in a join") from error

    def side(self, port: int) -> ColumnBatch:
        """All rows of a side."""
        held = self.held[port]
        if not held:
            width = self.plan.widths[0]
            fields = self.plan.pair.fields[:width] if port == 0 else self.plan.pair.fields[width:]
            return from_rows([], Schema(fields))
        found = concat(held)
        held.clear()
        return found

    def narrow(self, side: ColumnBatch, port: int) -> ColumnBatch:
        """The columns of a side that are results."""
        return side.select(range(self.plan.widths[port]))

    def numbered(self, left: ColumnBatch, right: ColumnBatch) -> tuple[Any, Any]:
        """A number for the key of each row: equal ones for equal keys, below 0 for keys that have no equals."""
        import numpy

        count = len(left)
        if not count or not len(right):
            return numpy.full(count, -2), numpy.full(len(right), -1)
        ids = numpy.zeros(count + len(right), "int64")
        missing = numpy.zeros(len(ids), "bool")
        for one, other, nulls in zip(*self.plan.keys, self.plan.nulls, strict=True):
            codes = codes_of(left.columns[one], right.columns[other], numpy)
            if not nulls:
                missing |= codes == 0
            # Numbers of what has been seen so far and this key together, which are as many as there are rows at most.
            _, ids = numpy.unique(ids * (codes.max(initial=0) + 1) + codes, return_inverse=True)
        ids = ids.reshape(-1)
        ids[missing] = -1
        ids[:count][missing[:count]] = -2
        return ids[:count], ids[count:]

    def pairs(self, padded: list[ColumnBatch], one: Any, other: Any, schema: Schema) -> ColumnBatch:
        """The rows at some places of both sides, side by side."""
        columns = [*padded[0].take(one).columns, *padded[1].take(other).columns]
        made = [column.with_field(field) for column, field in zip(columns, schema, strict=True)]
        return ColumnBatch(schema, made, len(one))

    def true(self, padded: list[ColumnBatch], one: Any, other: Any) -> Any:
        """For which pairs the condition is true."""
        import numpy

        assert self.test is not None
        tested = self.test(self.pairs(padded, one, other, self.plan.pair))
        return numpy.asarray([bool(row[0]) for row in to_rows(tested, "tuple")], "bool")

    def send(self, padded: list[ColumnBatch], one: Any, other: Any) -> None:
        """Send the rows at some places of both sides, side by side."""
        if len(one):
            self.output.emit(self.pairs(padded, one, other, self.plan.result))

    def send_left(self, left: ColumnBatch, matched: numpy.ndarray) -> None:
        """Send the left rows that have a partner, or have none, or all with whether they have."""
        if not len(left):
            return
        fields = list(self.plan.result)
        if self.plan.kind == MARK:
            marks = from_rows([(bool(mark),) for mark in matched], Schema(fields[-1:]))
            columns = [*left.columns, marks.columns[0]]
            made = ColumnBatch(self.plan.result, columns, len(left))
        else:
            wanted = matched if self.plan.kind == SEMI else ~matched
            made = left.filter(wanted.view("uint8"))
        if len(made):
            self.output.emit(made)


def codes_of(left: Column, right: Column, numpy: Any) -> Any:
    """A number for each value of two columns: equal ones for equal values, 0 for null."""
    sides = [load_column(column, numpy) for column in (left, right)]
    if all(getattr(side.values, "ndim", 0) == 1 for side in sides):
        values = numpy.concatenate([side.values for side in sides])
        _, codes = numpy.unique(values, return_inverse=True)
        codes = codes.reshape(-1) + 1
        there = [numpy.ones(len(side.values), "bool") if side.valid is None else side.valid for side in sides]
        codes[~numpy.concatenate(there)] = 0
        return codes
    known: KeyMap[Any, int] = KeyMap()
    found = [
        0 if value is None else known.setdefault(value, len(known) + 1)
        for column in (left, right)
        for value in to_values(column)
    ]
    return numpy.asarray(found, "int64")
