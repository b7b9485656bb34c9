"""Times of rows: their types, and watermarks against a model that goes row by row."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx.errors import SqlError
from pyflinkx.operators.base import MIN_WATERMARK, OperatorContext
from pyflinkx.relational.bound import Input
from pyflinkx.relational.nodes import Scan
from pyflinkx.relational.queries import bound_query
from pyflinkx.relational.values import field
from pyflinkx.relational.windows.watermark import watermarked
from pyflinkx.relational.windows.watermark_operator import RowWatermarksOperator
from pyflinkx.sql.parser import parse_expression
from pyflinkx.testing.harness import ManualClock
from pyflinkx.types.data_type import INT, ROWTIME, DataType, Kind
from tests.operators.native_cases import ColumnOutput

STAMP = DataType(Kind.TIMESTAMP, 3)
SCAN = Scan(None, (("ts", STAMP), ("v", INT), ("fine", DataType(Kind.TIMESTAMP, 6))), "t")
EPOCH = datetime(1970, 1, 1)


def node(expression: str, column: str = "ts"):
    return watermarked(SCAN, column, parse_expression(expression), expression)


def test_a_time_of_rows_is_carried_by_its_column_and_by_nothing_that_is_made_of_it():
    tables = {"t": node("ts - INTERVAL '5' SECOND")}
    query = "SELECT ts, ts AS other, CAST(ts AS TIMESTAMP(3)) AS c, COALESCE(ts, ts) AS d, PROCTIME() AS p, v FROM t"
    plan = bound_query(f"SELECT * FROM ({query})", tables)
    assert [str(kind) for _, kind in plan.columns] == [
        "TIMESTAMP(3) *ROWTIME*",
        "TIMESTAMP(3) *ROWTIME*",
        "TIMESTAMP(3)",
        "TIMESTAMP(3)",
        "TIMESTAMP_LTZ(3) *PROCTIME* NOT NULL",
        "INT",
    ]


@pytest.mark.parametrize(
    ("expression", "delay"),
    [
        ("ts", 0),
        ("ts - INTERVAL '5' SECOND", 5_000),
        ("ts - INTERVAL '0.001' SECOND", 1),
        ("ts - INTERVAL '1:30' MINUTE TO SECOND", 90_000),
        ("ts - INTERVAL '1 02:03:04.5' DAY TO SECOND", 93_784_500),
        ("SOURCE_WATERMARK()", None),
    ],
)
def test_the_delay_of_a_watermark(expression, delay):
    made = node(expression)
    assert (made.delay, made.columns[0][1].time) == (delay, ROWTIME)
    assert made.describe() == f"WatermarkAssigner(rowtime=[ts], watermark=[{expression}])"


@pytest.mark.parametrize(
    ("expression", "column", "message"),
    [
        ("ts", "nothing", "there is no such column; there are ts, v, fine"),
        ("v", "v", "v is INT"),
        ("fine", "fine", "fine is TIMESTAMP(6); a column AS CAST(fine AS TIMESTAMP(3)) can be it"),
        ("ts - INTERVAL '1' MONTH", "ts", "an interval of days, hours"),
        ("v + 1", "ts", "a watermark is a TIMESTAMP or TIMESTAMP_LTZ, and this is INT"),
        ("ts - INTERVAL 'x' SECOND", "ts", "'x' is no interval of SECOND"),
    ],
)
def test_what_is_no_watermark_is_refused(expression, column, message):
    with pytest.raises(SqlError, match=message.replace("(", r"\(").replace(")", r"\)")):
        node(expression, column)


def flinks_late_rows(times, delay, interval):
    """Which rows are at or below the watermark that was sent last, if a watermark goes out row by row as in Flink."""
    late, current, sent = [], 0, 0
    for time in times:
        late.append(0 < sent >= time)
        current = max(current, time - delay)
        if current - sent > interval:
            sent = current
    return late


class Recorded(ColumnOutput):
    """Which rows are late for the watermarks before them."""

    def __init__(self):
        super().__init__()
        self.late = []
        self.stands = MIN_WATERMARK

    def emit(self, batch):
        self.late += [time <= self.stands for time in numpy.asarray(batch.timestamps).tolist()]
        super().emit(batch)

    def emit_watermark(self, timestamp):
        assert timestamp > self.stands
        self.stands = timestamp
        super().emit_watermark(timestamp)


@given(
    st.lists(st.integers(0, 3000), min_size=1, max_size=60),
    st.sampled_from([0, 1, 100, 1500]),
    st.sampled_from([0, 200, 1000]),
)
def test_the_same_rows_are_late_in_one_batch_as_if_each_came_alone(times, delay, interval):
    schema = Schema([field("ts", STAMP)])
    operator = RowWatermarksOperator(Input(STAMP, 0, "ts"), delay, None, interval, None)
    operator.open(OperatorContext("watermarks", "w", Recorded(), ManualClock(0)))
    rows = [(EPOCH + timedelta(milliseconds=time),) for time in times]
    operator.process_batch(ColumnBatch.from_rows(rows, schema))
    output = operator.output
    assert sum(len(batch) for batch in output.batches) == len(times)
    assert output.late == flinks_late_rows(times, delay, interval)
    assert output.stands == max(times) - delay
