"""What the tests of native operators share: a harness for columnar batches, and aggregates worked out the slow way."""

import math
import statistics
from array import array
from fractions import Fraction

import pytest

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx.operators.aggregations import Aggregation
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.testing.harness import ManualClock

SCHEMA = Schema([Field("key", "u"), Field("value", "l")])
LIST = {"n": Aggregation("count"), "total": Aggregation("sum", "value")}


class ColumnOutput:
    """Keeps rows as tuples, each with its timestamp."""

    def __init__(self):
        self.batches, self.side, self.watermarks = [], {}, []

    def emit(self, batch):
        batch.validate(full=True)
        self.batches.append(batch)

    def emit_watermark(self, timestamp):
        self.watermarks.append(timestamp)

    def emit_side(self, tag_id, batch):
        self.side.setdefault(tag_id, []).extend(rows_of(batch))


def rows_of(batch):
    stamps = memoryview(batch.timestamps) if batch.timestamps is not None else [None] * len(batch)
    return list(zip(batch.to_rows("tuple"), stamps, strict=True))


class NativeHarness:
    """An opened native operator."""

    def __init__(self, operator, schema=SCHEMA, now=0):
        self.operator, self.schema = operator, schema
        self.output, self.clock = ColumnOutput(), ManualClock(now)
        self.context = OperatorContext("operator under test", "test", self.output, self.clock)
        operator.open(self.context)

    def push(self, rows, timestamps=None):
        stamps = None
        if timestamps is not None:
            stamps = array("q", [NO_TIMESTAMP if stamp is None else stamp for stamp in timestamps])
        self.operator.process_batch(ColumnBatch.from_rows(rows, self.schema, stamps))
        self.complete()

    def watermark(self, timestamp):
        self.operator.process_watermark(timestamp)
        self.complete()

    def set_processing_time(self, now):
        self.clock.time = now
        self.operator.advance_processing_time(now)
        self.complete()

    def complete(self):
        while self.operator.resume():
            pass

    def finish(self):
        self.watermark(MAX_WATERMARK)
        self.operator.finish()

    def take(self):
        """The rows since the last call, as (values, timestamp)."""
        taken = [row for batch in self.output.batches for row in rows_of(batch)]
        self.output.batches = []
        return taken

    def take_late(self, tag):
        return self.output.side.pop(tag.tag_id, [])


def order(value):
    """Numbers with NaN as the greatest; other values as they are."""
    if isinstance(value, float):
        return (math.isnan(value), 0.0 if math.isnan(value) else value)
    return (False, value)


def distinct(values):
    return len({"NaN" if value != value else value for value in values})


def naive(function, values, bys=None):
    """An aggregate of values in order of arrival, None for null."""
    if bys is not None:
        pairs = [(v, by) for v, by in zip(values, bys, strict=True) if v is not None and by is not None]
        if not pairs:
            return None
        best = pairs[0]
        for pair in pairs[1:]:
            better = order(pair[1]) < order(best[1]) if function == "min_by" else order(pair[1]) > order(best[1])
            best = pair if better else best
        return best[0]
    values = [value for value in values if value is not None]
    if function == "count":
        return len(values)
    if function == "count_distinct":
        return distinct(values)
    if function == "stddev":
        if any(not math.isfinite(value) for value in values):
            return math.nan if len(values) > 1 else None
        return statistics.stdev(map(Fraction, values)) if len(values) > 1 else None
    if not values:
        return None
    if function in ("sum", "avg"):
        if all(isinstance(value, int) for value in values):
            return sum(values) if function == "sum" else float(Fraction(sum(values), len(values)))
        total = sum(values) if any(not math.isfinite(v) for v in values) else math.fsum(values)
        return total if function == "sum" else total / len(values)
    return {
        "min": lambda: min(values, key=order),
        "max": lambda: max(values, key=order),
        "first": lambda: values[0],
        "last": lambda: values[-1],
    }[function]()


def same(found, expected):
    """Equality, of floats but for the last digits; NaN equals NaN."""
    if isinstance(expected, float) and isinstance(found, float):
        return found == expected or found == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)
    return found == expected and type(found) is type(expected)


def processed(join, batch, side, emit):
    """All pieces of a batch; the rows that came too late, None for none."""
    pieces = join.process(batch, side, emit)
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value
