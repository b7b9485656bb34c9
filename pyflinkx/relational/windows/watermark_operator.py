"""Watermarks of a table's rows, each of which may be late for those before it."""

from __future__ import annotations

from typing import Any

from pyflinkx.expressions.vectors import Frame
from pyflinkx.operators.base import MIN_WATERMARK, OperatorContext
from pyflinkx.operators.columnar_timestamps import MOST_ROWS, ColumnTimestampsOperator
from pyflinkx.operators.piecewise import Pieces
from pyflinkx.relational.bound import Bound, Input
from pyflinkx.relational.evaluate import compiled
from pyflinkx.relational.moment import Moment
from pyflinkx.relational.times import units_of
from pyflinkx.relational.values import spread, validity


class RowWatermarksOperator(ColumnTimestampsOperator):
    """Takes timestamps from a column, and watermarks from it or from an expression.

    A watermark follows each batch. A batch is cut where a row would come too late for a watermark that the rows before
    it bring, as Flink's watermarks go out between rows wherever event time goes on by more than its interval: so
    which rows are late does not depend on how large batches are.

    Args:
        time: the column.
        delay: milliseconds that watermarks are behind the latest time; None where an expression says what they are.
        expression: the watermark of each row, null for none; None, and no delay, to keep those of the source.
        interval: milliseconds that event time goes on between two watermarks in the middle of a batch.
        idle_timeout: milliseconds without a row after which the rows count as idle; None for never.
        gap: after how many rows a watermark follows, if event time went on by then; None for one behind each batch.
    """

    def __init__(
        self,
        time: Input,
        delay: int | None,
        expression: Bound | None,
        interval: int,
        idle_timeout: int | None,
        gap: int | None = None,
    ) -> None:
        self.keeps = delay is None and expression is None
        bound = None if self.keeps else -1 if delay is None else delay - 1
        super().__init__(time.name, bound, idle_timeout)
        self.time = time
        self.delay = delay
        self.expression = expression
        self.step = interval
        self.gap = gap

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.moment = Moment(context.clock)
        self.run = None if self.expression is None else compiled(self.expression)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if len(batch):
            assert self.column is not None
            self.begin(self.parts(self.timed(batch, self.column)))

    def parts(self, batch: Any) -> Pieces:
        """Send a batch, cut where rows would be late."""
        if self.keeps:
            self.send(batch, MIN_WATERMARK)
            return
        import numpy

        times = numpy.asarray(batch.timestamps)
        marks = numpy.maximum.accumulate(self.watermarks(batch, times, numpy))
        begin = 0
        places = set(self.cuts(times, marks, numpy) if self.gap is None else self.after_rows(marks, numpy))
        if self.context.parallelism == 1:
            places.update(range(MOST_ROWS, len(batch), MOST_ROWS))
        for end in sorted(places):
            self.send(batch.slice(begin, end), int(marks[end - 1]))
            begin = end
            if self.context.turn.over():
                yield True
        self.send(batch.slice(begin, len(batch)) if begin else batch, int(marks[-1]))

    def after_rows(self, marks: Any, numpy: Any) -> list[int]:
        """Behind how many rows of a batch a watermark is due, where one follows so many rows each time."""
        assert self.gap is not None
        ends = numpy.arange(self.gap, len(marks), self.gap)
        before = numpy.concatenate(([self.current], marks[ends[:-1] - 1])) if len(ends) else ends
        places: list[int] = ends[marks[ends - 1] > before].tolist()
        return places

    def send(self, batch: Any, watermark: int) -> None:
        """Send rows, and the watermark behind them."""
        if self.idle_timeout is not None:
            self.plan_idleness(self.idle_timeout)
            self.set_idle(False)
        self.output.emit(batch)
        self.advance(watermark)

    def process_watermark(self, timestamp: int) -> None:
        if self.keeps:
            self.advance(timestamp)
        else:
            super().process_watermark(timestamp)

    def process_idleness(self, idle: bool) -> None:
        if self.keeps:
            self.set_idle(idle)

    def watermarks(self, batch: Any, times: Any, numpy: Any) -> Any:
        """The watermark of each row (ms); MIN_WATERMARK for none."""
        if self.run is None:
            return times - self.delay
        assert self.expression is not None
        frame = Frame(batch, numpy)
        frame.moment = self.moment
        kind = self.expression.type
        try:
            vector = self.run(frame)
        except Exception as error:
            raise self.site.wrap(error, "in a watermark") from error
        values = spread(vector, kind, frame).astype("int64")
        unit = units_of(kind)
        millis = values * (1000 // unit) if unit <= 1000 else values // (unit // 1000)
        return numpy.where(validity(vector, frame), millis, MIN_WATERMARK)

    def cuts(self, times: Any, marks: Any, numpy: Any) -> list[int]:
        """Behind how many rows of a batch a watermark is due, as a later row is late for it."""
        before = numpy.empty_like(marks)
        before[0] = self.current
        before[1:] = numpy.maximum(marks[:-1], self.current)
        late = numpy.flatnonzero(times <= before)
        late = late[times[late] > self.current]  # of the others it is known already
        if not len(late):
            return []
        # The rows behind which Flink would send a watermark.
        places: list[int] = []
        sent = max(self.current, 0)  # where Flink's begin
        place = int(numpy.searchsorted(marks, sent + self.step, "right"))
        while place < len(marks):
            places.append(place)
            place = int(numpy.searchsorted(marks, int(marks[place]) + self.step, "right"))
        if not places:
            return []
        last = numpy.searchsorted(places, late, "left") - 1
        found = last >= 0
        late, last = late[found], numpy.asarray(places)[last[found]]
        return [int(place) + 1 for place in numpy.unique(last[times[late] <= marks[last]])]
