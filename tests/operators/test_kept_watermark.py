"""The watermark is state of the operators whose results depend on it: after a restore nothing fires twice."""

from array import array

import pytest

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.native_join import JoinSpec, NativeJoinOperator
from pyflinkx.operators.native_window import NativeWindowOperator
from pyflinkx.operators.windowing.assigners import TumblingEventTimeWindows, TumblingProcessingTimeWindows
from pyflinkx.state.operator_state import redistributed
from pyflinkx.testing.harness import ManualClock
from tests.operators.native_cases import LIST, SCHEMA, ColumnOutput, rows_of


def opened(operator, restored=(), now=0):
    context = OperatorContext("operator under test", "test", ColumnOutput(), ManualClock(now))
    context.restored_operator = restored
    operator.open(context)
    return operator


def push(operator, rows, stamps=None, port=0):
    operator.process_batch(ColumnBatch.from_rows(rows, SCHEMA, None if stamps is None else array("q", stamps)), port)
    while operator.resume():
        pass


def own_state(*operators):
    (part,) = redistributed([operator.context.operator_state.export() for operator in operators], 1)
    return part


def results(operator):
    return [row for batch in operator.output.batches for row, _ in rows_of(batch)]


def late_windows():
    return NativeWindowOperator(SCHEMA, ["key"], TumblingEventTimeWindows.of(10), LIST, allowed_lateness=20)


def test_a_window_that_has_fired_does_not_fire_again_and_a_late_row_makes_it():
    first = opened(late_windows())
    push(first, [("a", 1), ("a", 2)], [1, 11])
    first.process_watermark(9)
    assert [row[-2:] for row in results(first)] == [(1, 1)]
    second = opened(late_windows(), own_state(first))
    for batch in first.export():
        second.import_(batch)
    second.process_watermark(5)  # as sources may have it that begin anew
    second.process_watermark(10)
    assert results(second) == []
    assert second.output.watermarks == [10]
    push(second, [("a", 5)], [2])
    assert [row[-2:] for row in results(second)] == [(2, 6)]
    second.process_watermark(19)
    assert [row[-2:] for row in results(second)] == [(2, 6), (1, 2)]


def test_windows_by_the_clock_that_have_fired_take_no_more_rows():
    def windows():
        return NativeWindowOperator(SCHEMA, ["key"], TumblingProcessingTimeWindows.of(10), LIST)

    first = opened(windows(), now=3)
    push(first, [("a", 1)])
    first.advance_processing_time(12)
    second = opened(windows(), own_state(first), now=4)  # a machine whose clock is behind
    push(second, [("a", 5)])
    second.advance_processing_time(10)
    assert results(second) == []
    second.advance_processing_time(20)
    assert [row[-2:] for row in results(second)] == [(1, 5)]


def test_a_join_knows_what_is_late():
    schema = Schema([Field("key", "u"), Field("value", "l"), Field("key_right", "u"), Field("value_right", "l")])

    def join():
        return NativeJoinOperator(JoinSpec(schema, (0,), (0,), -5, 5))

    first = opened(join())
    push(first, [("a", 1)], [20])
    first.process_watermark(18)
    second = opened(join(), own_state(first))
    for batch in first.export():
        second.import_(batch)
    push(second, [("a", 2), ("a", 3)], [17, 18], port=1)
    assert results(second) == [("a", 1, "a", 3)]
    assert second.context.counters == {"numLateRecordsDropped": 1}


@pytest.mark.parametrize("behind", [0, 1])
def test_where_subtasks_differ_the_earliest_counts(behind):
    subtasks = [opened(late_windows()) for _ in range(2)]
    for number, operator in enumerate(subtasks):
        operator.process_watermark(30 if number == behind else 50)
    after = opened(late_windows(), own_state(*subtasks))
    push(after, [("a", 1)], [15])
    assert after.context.counters == {}
    assert after.kept_watermark.time == 30
