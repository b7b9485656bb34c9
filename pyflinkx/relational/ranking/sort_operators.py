"""Rows in order: at the end of the input, by event time, and the first ones that come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch, concat
from pyflinkx.expressions.vectors import Frame
from pyflinkx.operators.base import LATE_RECORDS, MAX_WATERMARK, Operator, OperatorContext
from pyflinkx.operators.kept_watermark import WATERMARK, KeptWatermark
from pyflinkx.operators.piecewise import PiecewiseOperator
from pyflinkx.relational.keyed_rows import (
    BEFORE,
    DELETE,
    as_key,
    batch_of,
    column_of_values,
    kinds_of,
    numbered,
    rows_of,
    schema_of,
)
from pyflinkx.relational.nodes import Columns
from pyflinkx.relational.ranking.order import SortKey, place_of
from pyflinkx.relational.values import is_object, load, validity
from pyflinkx.state.descriptors import ListStateDescriptor
from pyflinkx.state.spec import SPLIT, StateSpec

BATCH_SIZE = 65_536
# Rows that are gathered before all but the first ones are let go, where only those are wanted.
MOST_GATHERED = 262_144


WAITING = ListStateDescriptor("waiting")
SEEN = ListStateDescriptor("seen")
TIME_SORT_STATES = (StateSpec(WAITING.name, SPLIT), WATERMARK)
LIMIT_STATE = StateSpec(SEEN.name, SPLIT)


class GatheringOperator(PiecewiseOperator):
    """Keeps all rows to the end of the input; what is taken back goes with one row that is equal."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.batches: list[ColumnBatch] = []
        self.gathered = 0

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.batches.append(batch)
        self.gathered += len(batch)

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.begin(self.finished())
        else:
            self.output.emit_watermark(timestamp)

    def finished(self) -> Iterator[None]:
        """Send the results, a batch at each step, then the last watermark."""
        for batch in self.results(self.rest()):
            self.output.emit(batch)
            yield
        self.output.emit_watermark(MAX_WATERMARK)

    def rest(self) -> ColumnBatch:
        """All rows that are left, as one batch of inserts."""
        whole = concat(self.batches) if self.batches else batch_of([], self.columns)
        self.batches = []
        kinds = kinds_of(whole)
        if kinds is None:
            return whole.with_timestamps(None)
        rows = [as_key(row) for row in rows_of(whole, self.columns, range(len(self.columns)))]
        gone = Counter(row for row, kind in zip(rows, kinds, strict=True) if kind in (BEFORE, DELETE))
        kept = []
        for number, (row, kind) in enumerate(zip(rows, kinds, strict=True)):
            if kind in (BEFORE, DELETE):
                continue
            if gone[row]:
                gone[row] -= 1
            else:
                kept.append(number)
        return taken(whole.with_kinds(None).with_timestamps(None), kept)

    def results(self, rows: ColumnBatch) -> Iterator[ColumnBatch]:
        """What becomes of the rows."""
        raise NotImplementedError


class SortOperator(GatheringOperator):
    """Rows in order, or the first of them; for results that come once, at the end.

    Args:
        columns: of the rows.
        order: by what; empty for as they come.
        offset: how many rows are left out first.
        limit: how many there are at most after those; None for all.
    """

    def __init__(self, columns: Columns, order: Sequence[SortKey], offset: int = 0, limit: int | None = None) -> None:
        super().__init__(columns)
        self.order = tuple(order)
        self.offset, self.limit = offset, limit

    def process_batch(self, batch: Any, port: int = 0) -> None:
        super().process_batch(batch, port)
        wanted = None if self.limit is None else self.offset + self.limit
        if wanted is None or self.gathered <= MOST_GATHERED + 2 * wanted:
            return
        if all(each.kinds is None for each in self.batches):
            whole = concat(self.batches)
            best = taken(whole, sorted_rows(whole, self.columns, self.order)[:wanted])
            self.batches, self.gathered = [best], len(best)

    def results(self, rows: ColumnBatch) -> Iterator[ColumnBatch]:
        last = None if self.limit is None else self.offset + self.limit
        order = sorted_rows(rows, self.columns, self.order)[self.offset : last]
        for start in range(0, len(order), BATCH_SIZE):
            yield taken(rows, order[start : start + BATCH_SIZE])


class NumberingOperator(GatheringOperator):
    """Rows with their numbers within a partition; for results that come once, at the end.

    Args:
        columns: of the rows.
        function: ROW_NUMBER, RANK or DENSE_RANK.
        partition: positions of the columns of the partition.
        order: by what they are numbered.
        first: the least number that is wanted.
        last: the greatest; None for all.
        results: the columns that come out: those of the rows and the number.
    """

    def __init__(
        self,
        columns: Columns,
        function: str,
        partition: Sequence[int],
        order: Sequence[SortKey],
        first: int,
        last: int | None,
        results: Columns,
    ) -> None:
        super().__init__(columns)
        self.function = function
        self.partition = tuple(partition)
        self.order = tuple(order)
        self.first, self.last = first, last
        self.result_columns = results

    def results(self, rows: ColumnBatch) -> Iterator[ColumnBatch]:
        import numpy

        partitions, _ = numbered(rows, self.partition)
        made = sort_columns(rows, self.columns, self.order)
        order = numpy.lexsort([*made[::-1], partitions])
        places = numpy.arange(len(order))
        new = changed(partitions[order])
        starts = numpy.maximum.accumulate(numpy.where(new, places, 0))
        numbers = places - starts + 1
        if self.function != "ROW_NUMBER":
            others = new.copy()
            for column in made:
                others |= changed(column[order])
            if self.function == "RANK":
                numbers = numpy.maximum.accumulate(numpy.where(others, places, 0)) - starts + 1
            else:
                counted = numpy.cumsum(others)
                numbers = counted - counted[starts] + 1
        wanted = numbers >= self.first
        if self.last is not None:
            wanted &= numbers <= self.last
        chosen, numbers = order[wanted], numbers[wanted]
        schema = schema_of(self.result_columns)
        for start in range(0, len(chosen), BATCH_SIZE):
            part = taken(rows, chosen[start : start + BATCH_SIZE])
            column = column_of_values(numbers[start : start + BATCH_SIZE].tolist(), *self.result_columns[-1])
            columns = [each.with_field(one) for each, one in zip(part.columns, schema.fields, strict=False)]
            yield ColumnBatch(schema, [*columns, column], len(part))


def changed(values: Any) -> Any:
    """Where an array has another value than before; at its beginning it has."""
    import numpy

    found = numpy.ones(len(values), "bool")
    found[1:] = values[1:] != values[:-1]
    return found


class TimeSortOperator(PiecewiseOperator):
    """Rows by event time: those up to the watermark, in order; what comes before a row that was sent is left out.

    Args:
        columns: of the rows.
        order: by what; its first column is the time of the rows.
        per_second: how many units of its values a second has.
    """

    def __init__(self, columns: Columns, order: Sequence[SortKey], per_second: int) -> None:
        self.columns = columns
        self.time = order[0].index
        self.place = place_of(order, [kind for _, kind in columns])
        self.per_second = per_second

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.sent = KeptWatermark(context)  # the time of the last row
        self.kept = context.operator_state.get_list_state(WAITING)
        self.waiting: list[tuple[Any, ...]] = list(self.kept.get())

    def store(self, checkpoint_id: int) -> None:
        super().store(checkpoint_id)
        self.kept.update(self.waiting)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        for row in rows_of(batch, self.columns, range(len(self.columns))):
            if row[self.time] is not None and self.millis(row) > self.sent.time:
                self.waiting.append(row)
            else:
                self.context.count(LATE_RECORDS)

    def millis(self, row: Sequence[Any]) -> int:
        """The time of a row."""
        return int(row[self.time]) * 1000 // self.per_second

    def process_watermark(self, timestamp: int) -> None:
        due = [row for row in self.waiting if self.millis(row) <= timestamp]
        if due:
            self.waiting = [row for row in self.waiting if self.millis(row) > timestamp]
            due.sort(key=self.place)
            self.sent.advance(self.millis(due[-1]))
            self.output.emit(batch_of(due, self.columns))
        self.output.emit_watermark(timestamp)


class LimitOperator(Operator):
    """The first rows that come, of rows that are never taken back.

    Args:
        offset: how many are left out first.
        limit: how many there are at most after those; None for all.
    """

    def __init__(self, offset: int, limit: int | None) -> None:
        self.offset, self.limit = offset, limit

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.kept = context.operator_state.get_list_state(SEEN)
        self.seen = sum(self.kept.get())

    def store(self, checkpoint_id: int) -> None:
        super().store(checkpoint_id)
        self.kept.update([self.seen])

    def process_batch(self, batch: Any, port: int = 0) -> None:
        first = max(self.offset - self.seen, 0)
        last = len(batch) if self.limit is None else min(self.offset + self.limit - self.seen, len(batch))
        self.seen += len(batch)
        if first < last:
            self.output.emit(batch.slice(first, last))


def sort_columns(batch: ColumnBatch, columns: Columns, order: Sequence[SortKey]) -> list[Any]:
    """Arrays by which rows are in order, the first one first: see ``order.place_of`` for what they mean."""
    import numpy

    frame = Frame(batch, numpy)
    made: list[Any] = []
    for key in order:
        name, kind = columns[key.index]
        vector = load(name, kind, frame)
        there = validity(vector, frame)
        if not there.all():
            made.append(there if key.nulls_first else ~there)
        values = vector.values
        if values is None:
            continue
        if is_object(kind):
            known = sorted(set(values[there].tolist()))
            numbers = {value: number for number, value in enumerate(known)}
            values = numpy.fromiter((numbers.get(value, 0) for value in values), "int64", len(values))
        values = numpy.broadcast_to(values, frame.length)
        if values.dtype.kind == "f":
            missing = numpy.isnan(values)
            if missing.any():
                made.append(~missing if key.descending else missing)
        elif not there.all():
            values = numpy.where(there, values, 0)
        made.append((-values if values.dtype.kind == "f" else ~values) if key.descending else values)
    return made


def sorted_rows(batch: ColumnBatch, columns: Columns, order: Sequence[SortKey]) -> Any:
    """The numbers of a batch's rows in order; rows of one place stay as they came."""
    import numpy

    made = sort_columns(batch, columns, order)
    return numpy.lexsort(made[::-1]) if made else numpy.arange(len(batch))


def taken(batch: ColumnBatch, numbers: Any) -> ColumnBatch:
    """Some rows of a batch."""
    import numpy

    return batch.take(numpy.ascontiguousarray(numbers, "int64"))
