"""Timestamps, watermarks, generators and idleness, driven by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.common import Duration, WatermarkStrategy
from pyflinkx.common.watermark_strategy import (
    IngestionTimeAssigner,
    WatermarkGenerator,
    timestamps_operator,
)
from pyflinkx.errors import GraphError, JobExecutionError
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.columnar_timestamps import ColumnTimestampsOperator
from pyflinkx.testing.harness import ManualClock, OperatorHarness
from tests.operators.native_cases import ColumnOutput


class AtMarks(WatermarkGenerator):
    """Punctuated: a negative record says that event time has come to its timestamp."""

    def on_event(self, event, event_timestamp, output):
        if event < 0:
            output.emit_watermark(event_timestamp)

    def on_periodic_emit(self, output):
        pass


class Largest(WatermarkGenerator):
    """Periodic, with the largest timestamp so far."""

    def __init__(self):
        self.largest = None
        self.asked = 0

    def on_event(self, event, event_timestamp, output):
        self.largest = max(event_timestamp, self.largest or event_timestamp)

    def on_periodic_emit(self, output):
        self.asked += 1
        if self.largest is not None:
            output.emit_watermark(self.largest)


class Recorder:
    """The output of a harness, in the order of what was sent."""

    def __init__(self, output):
        self.output = output
        self.sent = []

    def emit(self, batch):
        self.sent += zip(batch.values, batch.timestamps or [None] * len(batch), strict=True)

    def emit_watermark(self, timestamp):
        self.sent.append(("watermark", timestamp))

    def emit_idleness(self, idle):
        self.sent.append(("idle", idle))


def harness_of(strategy, interval=200):
    harness = OperatorHarness(timestamps_operator(strategy, interval).build())
    harness.operator.output = recorder = Recorder(harness.output)
    return harness, recorder


@settings(max_examples=100, deadline=None)
@given(batches=st.lists(st.lists(st.tuples(st.integers(-3, 9), st.integers(-50, 50)), max_size=6), max_size=5))
def test_a_punctuated_generator_cuts_the_batch_where_it_speaks(batches):
    harness, recorder = harness_of(WatermarkStrategy.for_generator(AtMarks))
    expected, latest = [], -(10**9)
    for batch in batches:
        harness.push([value for value, _ in batch], [stamp for _, stamp in batch])
        for value, stamp in batch:
            expected.append((value, stamp))
            if value < 0 and stamp > latest:
                latest = stamp
                expected.append(("watermark", stamp))
    assert recorder.sent == expected


def test_a_periodic_generator_is_asked_after_batches_and_by_the_clock():
    strategy = WatermarkStrategy.for_generator(Largest).with_timestamp_assigner(lambda value, _: value * 10)
    harness, recorder = harness_of(strategy, interval=50)
    generator = harness.operator.generator
    harness.push([3, 1, 2])
    assert recorder.sent == [(3, 30), (1, 10), (2, 20), ("watermark", 30)]
    assert generator.asked == 1
    assert harness.operator.next_processing_timer() == 50
    generator.largest = 45
    harness.set_processing_time(49)
    assert generator.asked == 1
    harness.set_processing_time(50)
    assert recorder.sent[-1] == ("watermark", 45)
    assert harness.operator.next_processing_timer() == 100
    harness.watermark(20)  # from upstream: dropped
    assert recorder.sent[-1] == ("watermark", 45)
    generator.largest = 46
    harness.finish()
    assert recorder.sent[-2:] == [("watermark", 46), ("watermark", 2**63 - 1)]


def test_an_interval_of_0_asks_after_batches_only():
    harness, _ = harness_of(WatermarkStrategy.for_generator(Largest), interval=0)
    assert harness.operator.next_processing_timer() is None
    harness.push([1], [5])
    harness.set_processing_time(1000)
    assert harness.operator.generator.asked == 1


class Quiet(AtMarks):
    """Says by itself that it is idle."""

    def on_event(self, event, event_timestamp, output):
        if event == 0:
            output.mark_idle()
        else:
            output.mark_active()


def test_a_generator_may_mark_the_stream_idle():
    harness, recorder = harness_of(WatermarkStrategy.for_generator(Quiet))
    harness.push([1, 0, 0, 2])
    assert recorder.sent == [(1, None), (0, None), ("idle", True), (0, None), (2, None), ("idle", False)]


@pytest.mark.parametrize(
    "strategy",
    [
        WatermarkStrategy.for_monotonous_timestamps(),
        WatermarkStrategy.for_generator(Largest),
        WatermarkStrategy.no_watermarks(),
    ],
)
def test_a_quiet_stream_becomes_idle_and_a_record_makes_it_active(strategy):
    harness, recorder = harness_of(strategy.with_idleness(Duration.of_millis(100)), interval=0)
    harness.set_processing_time(harness.operator.next_processing_timer())
    harness.push([1], [5])
    assert ("idle", True) not in recorder.sent
    for time in (100, 149):
        harness.set_processing_time(time)
    assert ("idle", True) not in recorder.sent
    harness.set_processing_time(150)
    assert recorder.sent[-1] == ("idle", True)
    assert harness.operator.next_processing_timer() is None
    harness.idle(False)  # from upstream: this operator decides
    harness.push([], [])
    assert recorder.sent[-1] == ("idle", True)
    harness.push([2], [6])
    idle = recorder.sent.index(("idle", True))
    assert recorder.sent[idle + 1 : idle + 3] == [("idle", False), (2, 6)]


def test_a_task_that_was_busy_too_long_is_not_idle():
    harness, recorder = harness_of(WatermarkStrategy.for_monotonous_timestamps().with_idleness(Duration.of_millis(100)))
    harness.set_processing_time(5000)
    harness.push([1], [5])
    harness.set_processing_time(5049)
    assert not any(sent[0] == "idle" for sent in recorder.sent)


def test_without_records_a_stream_is_idle_from_the_start():
    harness, recorder = harness_of(WatermarkStrategy.no_watermarks().with_idleness(Duration.of_millis(7)))
    for time in (3, 7):
        harness.set_processing_time(time)
    assert recorder.sent == [("idle", True)]


def test_ingestion_time_is_the_clocks_and_never_goes_back():
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(IngestionTimeAssigner())
    harness, recorder = harness_of(strategy)
    harness.clock.time = 1000
    harness.push(["a", "b"])
    harness.clock.time = 900
    harness.push(["c"])
    assert recorder.sent == [("a", 1000), ("b", 1000), ("watermark", 999), ("c", 1000)]


class Broken(AtMarks):
    def on_event(self, event, event_timestamp, output):
        if event == 2:
            output.emit_watermark("soon")


def test_a_failing_generator_names_the_record_after_what_came_before():
    harness, recorder = harness_of(WatermarkStrategy.for_generator(Broken))
    with pytest.raises(JobExecutionError, match="on record 2"):
        harness.push([1, 2, 3], [1, 2, 3])
    assert recorder.sent == [(1, 1)]


class BrokenPeriodic(AtMarks):
    def on_periodic_emit(self, output):
        raise RuntimeError("no")


def test_other_failures_say_where():
    harness, _ = harness_of(WatermarkStrategy.for_generator(BrokenPeriodic))
    with pytest.raises(JobExecutionError, match="on_periodic_emit"):
        harness.push([1], [1])
    with pytest.raises(JobExecutionError, match="no WatermarkGenerator"):
        harness_of(WatermarkStrategy.for_generator(list))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: WatermarkStrategy.for_generator(Largest()),
        lambda: WatermarkStrategy.no_watermarks().with_idleness(5),
        lambda: WatermarkStrategy.no_watermarks().with_idleness(Duration.of_millis(0)),
        lambda: WatermarkStrategy.no_watermarks().with_idleness(Duration.of_millis(-1)),
    ],
)
def test_wrong_arguments(wrong):
    with pytest.raises(GraphError):
        wrong()


def test_with_idleness_keeps_the_strategy_and_changes_only_the_copy():
    plain = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: value)
    idle = plain.with_idleness(Duration.of_seconds(1))
    assert (plain.idle_timeout_ms, idle.idle_timeout_ms) == (None, 1000)
    assert idle.timestamp_assigner is plain.timestamp_assigner
    assert not WatermarkStrategy.no_watermarks().with_idleness(Duration.of_seconds(1)).gives_nothing()


@pytest.mark.parametrize(("parallelism", "lengths"), [(1, [32_768, 32_768, 4464]), (2, [70_000])])
def test_a_large_batch_of_columns_has_watermarks_in_between_where_there_is_one_subtask(parallelism, lengths):
    schema = Schema([Field("ts", "l")])
    context = OperatorContext("times", "test", ColumnOutput(), ManualClock(0), parallelism=parallelism)
    operator = ColumnTimestampsOperator("ts", 10)
    operator.open(context)
    operator.process_batch(ColumnBatch.from_rows([(stamp,) for stamp in range(70_000)], schema))
    assert [len(batch) for batch in context.output.batches] == lengths
    ends = [sum(lengths[: i + 1]) for i in range(len(lengths))]
    assert context.output.watermarks == [end - 1 - 10 - 1 for end in ends]
    assert [row[0] for batch in context.output.batches for row in batch.to_rows("tuple")] == list(range(70_000))
