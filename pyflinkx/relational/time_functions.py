"""Functions of the time of rows: PROCTIME and CURRENT_WATERMARK."""

from __future__ import annotations

from collections.abc import Sequence

from pyflinkx.expressions.vectors import Frame, Vector
from pyflinkx.operators.base import MIN_WATERMARK
from pyflinkx.relational.bound import Apply
from pyflinkx.relational.registry import Signature, register, taking, under
from pyflinkx.relational.values import Run, missing
from pyflinkx.types.data_type import PROCTIME, ROWTIME, DataType, Kind

# Functions whose results are a time of their rows.
GIVING_TIME = ("PROCTIME",)
PROCESSING_TIME = DataType(Kind.TIMESTAMP_LTZ, 3, nullable=False, time=PROCTIME)


def now(apply: Apply, runs: Sequence[Run]) -> Run:
    """The clock's time, one for all rows of a batch."""
    return lambda frame: Vector(frame.numpy.int64(frame.moment.clock.now()))


def watermark_type(types: Sequence[DataType]) -> Signature | None:
    if len(types) != 1 or types[0].time != ROWTIME:
        return None
    return Signature(tuple(types), DataType(types[0].kind, 3))


def watermark(apply: Apply, runs: Sequence[Run]) -> Run:
    """Where event time stands before the rows; null before the first watermark."""

    def run(frame: Frame) -> Vector:
        stands = frame.moment.watermark
        return missing(frame) if stands == MIN_WATERMARK else Vector(frame.numpy.int64(stands))

    return run


under("Times")
register("PROCTIME", "PROCTIME()", taking("", PROCESSING_TIME, False), now)
register("CURRENT_WATERMARK", "CURRENT_WATERMARK(rowtime column)", watermark_type, watermark)
