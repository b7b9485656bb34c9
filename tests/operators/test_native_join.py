"""What the operator of native joins does around the join itself."""

from array import array

import pyarrow as pa
import pytest

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.native_join import JoinSpec, NativeJoinOperator

SCHEMA = Schema([Field("k", "l"), Field("k_right", "l")])


class Recorded:
    def __init__(self):
        self.said = []

    def emit(self, batch):
        self.said += [
            (time, *row) for time, row in zip(memoryview(batch.timestamps), batch.to_rows("tuple"), strict=True)
        ]

    def emit_watermark(self, timestamp):
        self.said.append(timestamp)

    def emit_side(self, tag, batch):
        self.said.append((tag, batch.to_rows("tuple")))


def opened(**spec):
    operator = NativeJoinOperator(JoinSpec(SCHEMA, (0,), (0,), **spec))
    operator.open(OperatorContext("Interval Join", "uid-1", Recorded(), None, "job.py:7"))
    return operator, operator.output.said


def batch(key, *times):
    columns = ColumnBatch.from_arrow(pa.record_batch({"k": pa.array([key] * len(times), pa.int64())}))
    return columns.with_timestamps(array("q", times))


def test_pairs_come_with_the_later_row_before_the_watermark():
    operator, said = opened(lower=-5, upper=5)
    operator.process_batch(batch(1, 10, 20), 0)
    operator.process_batch(batch(1, 7, 22), 1)
    operator.process_watermark(15)
    operator.process_batch(batch(1, 25), 0)
    operator.process_watermark(MAX_WATERMARK)
    operator.finish()
    operator.close()
    assert said == [(10, 1, 1), (22, 1, 1), 15, (25, 1, 1), MAX_WATERMARK]


def test_late_rows_are_counted():
    operator, said = opened(lower=-5, upper=5)
    operator.process_batch(batch(1, 10), 0)
    operator.process_watermark(10)
    operator.process_batch(batch(1, 9, 10, 8), 1)
    assert said == [10, (10, 1, 1)]
    assert operator.context.counters == {"numLateRecordsDropped": 2}


def test_a_row_at_the_watermark_is_not_late_but_what_ended_there_is_gone():
    operator, said = opened(lower=-5, upper=0)
    operator.process_batch(batch(1, 10, 11), 0)
    operator.process_watermark(10)
    operator.process_batch(batch(1, 10), 1)
    assert said == [10, (11, 1, 1)]


def test_late_rows_go_to_the_side_output_of_their_side():
    operator, said = opened(window_size=10, late_tags=("left", "right"))
    operator.process_watermark(9)
    operator.process_batch(batch(1, 9, 10), 0)
    operator.process_batch(batch(2, 3), 1)
    assert said == [9, ("left", [(1,)]), ("right", [(2,)])]
    assert operator.context.counters == {}


def test_an_error_names_operator_and_side():
    operator, _ = opened()
    with pytest.raises(JobExecutionError, match=r"Interval Join.*on the right side.*no timestamp"):
        operator.process_batch(batch(1, 5).with_timestamps(None), 1)
