"""Native aggregates in two phases: local operators, exchange and global ones by hand, against one phase alone."""

import math
from array import array

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.graph.partitioners import HashPartitioner, PartialPartitioner
from pyflinkx.operators import local_aggregate
from pyflinkx.operators.aggregations import Aggregation
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.local_aggregate import LocalAggregateOperator, LocalWindowOperator, partial_schema
from pyflinkx.operators.native_aggregate import NativeAggregateOperator
from pyflinkx.operators.native_window import LATE_RECORDS, NativeWindowOperator, slices_of
from pyflinkx.operators.windowing.assigners import SlidingEventTimeWindows, TumblingEventTimeWindows
from pyflinkx.operators.windowing.cumulative import CumulativeEventTimeWindows
from pyflinkx.runtime.exchange.scatter import make_scatter
from pyflinkx.runtime.task.valves import WatermarkValve
from pyflinkx.testing.harness import ManualClock
from tests.operators.native_cases import same

SCHEMA = Schema([Field("key", "l"), Field("value", "l"), Field("real", "g"), Field("rank", "i")])
AGGREGATIONS = {
    "n": Aggregation("count"),
    "values": Aggregation("count", "value"),
    "total": Aggregation("sum", "value"),
    "low": Aggregation("min", "value"),
    "high": Aggregation("max", "real"),
    "mean": Aggregation("avg", "real"),
    "spread": Aggregation("stddev", "real"),
    "first": Aggregation("first", "value"),
    "last": Aggregation("last", "value"),
    "best": Aggregation("max_by", "value", "rank"),
}
FEW = {"n": Aggregation("count"), "total": Aggregation("sum", "value")}
GROUPS = 16
WINDOWS = [
    TumblingEventTimeWindows(10),
    TumblingEventTimeWindows(10, 3),
    SlidingEventTimeWindows(20, 5),
    SlidingEventTimeWindows(7, 3),
    CumulativeEventTimeWindows.of(30, 10),
]


class Channels:
    """The output of a producing operator: hands everything to the consumers at once."""

    def __init__(self, job, index, scatter):
        self.job, self.index, self.scatter = job, index, scatter
        self.emitted = []

    def emit(self, batch):
        self.emitted.append(batch)
        for consumer, part in self.scatter(batch):
            part.validate(full=True)
            self.job.consumers[consumer].process_batch(part)

    def emit_watermark(self, timestamp):
        self.job.tell(lambda valve: valve.watermark(self.index, timestamp))

    def emit_idleness(self, idle):
        self.job.tell(lambda valve: valve.idleness(self.index, idle)[0])


class Results:
    def __init__(self):
        self.rows = []

    def emit(self, batch):
        self.rows += batch.to_rows("tuple")

    def emit_watermark(self, timestamp):
        pass


class Job:
    """Producers, an exchange by key, consumers."""

    def __init__(self, make_producer, make_consumer, partitioner, producers=2, consumers=2):
        self.clock, self.results = ManualClock(0), Results()
        self.consumers = [make_consumer() for _ in range(consumers)]
        self.valves = [WatermarkValve(producers) for _ in range(consumers)]
        for consumer in self.consumers:
            consumer.open(OperatorContext("second", "2", self.results, self.clock))
        self.channels = []
        for index in range(producers):
            scatter = make_scatter(partitioner, index, producers, consumers, GROUPS, CallSite("second", "2", None))
            self.channels.append(Channels(self, index, scatter))
        self.producers = [make_producer(consumers) for _ in self.channels]
        for producer, channel in zip(self.producers, self.channels, strict=True):
            if producer is not None:
                producer.open(OperatorContext("first", "1", channel, self.clock))

    def tell(self, change):
        for consumer, valve in zip(self.consumers, self.valves, strict=True):
            combined = change(valve)
            if combined is not None:
                consumer.process_watermark(combined)

    def push(self, index, rows, stamps=None):
        batch = ColumnBatch.from_rows(rows, SCHEMA, None if stamps is None else array("q", stamps))
        ((self.producers[index] and self.producers[index].process_batch) or self.channels[index].emit)(batch)

    def watermark(self, index, timestamp):
        producer = self.producers[index]
        (self.channels[index].emit_watermark if producer is None else producer.process_watermark)(timestamp)

    def idleness(self, index, idle):
        producer = self.producers[index]
        (self.channels[index].emit_idleness if producer is None else producer.process_idleness)(idle)

    def barrier(self, index):
        producer = self.producers[index]
        if producer is not None:
            producer.prepare_barrier(1)

    def finish(self):
        for index in range(len(self.producers)):
            if self.valves[0].idle[index]:
                self.idleness(index, False)
            self.watermark(index, MAX_WATERMARK)
            if self.producers[index] is not None:
                self.producers[index].finish()
        return sorted(self.results.rows, key=repr)

    @property
    def late(self):
        return sum(consumer.context.counters.get(LATE_RECORDS, 0) for consumer in self.consumers)


def windowed(assigner, aggregations=AGGREGATIONS, phases=2, adaptive=False, **counts):
    partials = partial_schema(SCHEMA, ["key"], aggregations, True)

    def first(consumers):
        arguments = (SCHEMA, ["key"], aggregations, partials, GROUPS, consumers, adaptive)
        return LocalWindowOperator(slices_of(assigner), *arguments) if phases == 2 else None

    def second():
        options = {"partials": partials} if phases == 2 else {}
        return NativeWindowOperator(SCHEMA, ["key"], assigner, aggregations, **options)

    return Job(first, second, partitioner(partials if phases == 2 else None), **counts)


def running(aggregations=AGGREGATIONS, phases=2, adaptive=False, **counts):
    partials = partial_schema(SCHEMA, ["key"], aggregations, False)

    def first(consumers):
        arguments = (SCHEMA, ["key"], aggregations, partials, GROUPS, consumers, adaptive)
        return LocalAggregateOperator(*arguments) if phases == 2 else None

    def second():
        options = {"partials": partials} if phases == 2 else {}
        return NativeAggregateOperator(SCHEMA, ["key"], aggregations, True, **options)

    return Job(first, second, partitioner(partials if phases == 2 else None), **counts)


def partitioner(partials):
    if partials is None:
        return HashPartitioner(len, ("key",))
    return PartialPartitioner(len, ("key",), partials)


def equal(found, expected):
    return len(found) == len(expected) and all(
        all(same(one, other) for one, other in zip(row, wanted, strict=True))
        for row, wanted in zip(sorted(found, key=key_of), sorted(expected, key=key_of), strict=True)
    )


def key_of(row):
    return (row[0] is None, row[0] or 0, *row[1:3])


VALUES = st.tuples(
    st.none() | st.integers(-3, 300),
    st.none() | st.integers(-(2**40), 2**40),
    st.none() | st.sampled_from([0.5, -1.25, 3.0, 1e9, math.inf, math.nan]),
    st.none() | st.integers(0, 3),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("rows"), st.integers(0, 2), st.lists(st.tuples(VALUES, st.integers(-40, 80)), max_size=8)),
        st.tuples(st.just("watermark"), st.integers(0, 2), st.integers(-30, 70)),
        st.tuples(st.just("idle"), st.integers(0, 2), st.booleans()),
        st.tuples(st.just("barrier"), st.integers(0, 2), st.none()),
    ),
    max_size=14,
)


def drive(job, steps, tick):
    reached = {}
    for kind, index, what in steps:
        job.clock.time += tick
        if kind == "rows":
            job.push(index, [row for row, _ in what], [stamp for _, stamp in what])
        elif kind == "idle":
            job.idleness(index, what)
        elif kind == "barrier":
            job.barrier(index)
        elif what > reached.get(index, -100):
            reached[index] = what
            job.watermark(index, what)
    return job.finish()


@settings(max_examples=150, deadline=None)
@given(STEPS, st.sampled_from(WINDOWS), st.integers(1, 3))
def test_windows_and_late_rows_are_those_of_one_phase(steps, assigner, consumers):
    two = windowed(assigner, producers=3, consumers=consumers)
    one = windowed(assigner, phases=1, producers=3, consumers=consumers)
    # No watermark waits: the clock is always further on than it may.
    found, expected = (drive(job, steps, local_aggregate.LONGEST_WAIT) for job in (two, one))
    assert equal(found, expected)
    assert two.late == one.late


def any_is_behind(steps):
    """Whether a row comes after a watermark that ends one of its windows; it may be in time for others."""
    reached = -100
    for kind, _, what in steps:
        if kind == "rows" and any(stamp <= reached for _, stamp in what):
            return True
        if kind == "watermark":
            reached = max(reached, what)
    return False


@settings(max_examples=100, deadline=None)
@given(STEPS, st.sampled_from(WINDOWS), st.integers(0, 2))
@example(
    [*(("watermark", index, 4) for index in (0, 1, 2)), ("rows", 0, [((0, 1, 0.5, 0), 0)])],
    SlidingEventTimeWindows(20, 5, 0),
    0,
)
def test_watermarks_that_wait_make_no_row_late(steps, assigner, tick):
    aggregations = {"n": Aggregation("count"), "total": Aggregation("sum", "value")}
    two, one = (windowed(assigner, aggregations, phases, producers=3) for phases in (2, 1))
    found, expected = drive(two, steps, tick), drive(one, steps, tick)
    assert two.late <= one.late
    if not any_is_behind(steps):
        assert equal(found, expected)
    counts = {row[:3]: row[3] for row in found}
    assert all(counts.get(row[:3], 0) >= row[3] for row in expected)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.lists(VALUES, max_size=8)), max_size=10), st.integers(1, 3))
def test_final_results_are_those_of_one_phase(batches, consumers):
    two, one = (running(phases=phases, consumers=consumers) for phases in (2, 1))
    for job in (two, one):
        for index, rows in batches:
            job.clock.time += 1
            job.push(index, rows)
    assert equal(two.finish(), one.finish())


def many(rows, keys, span, seed=3):
    """Rows of one value, whose sums a dict of numbers gives."""
    import random

    generator = random.Random(seed)
    return [((generator.randrange(keys), 1, 0.5, 0), generator.randrange(span)) for _ in range(rows)]


@pytest.mark.parametrize(("keys", "span"), [(5, 4000), (300, 20), (3000, 20), (3000, 4000), (100_000, 30)])
@pytest.mark.parametrize("size", [50, 5000])
def test_few_and_many_keys_in_a_slice(keys, span, size):
    job = windowed(TumblingEventTimeWindows(10), FEW)
    rows = many(20_000, keys, span)
    for number, start in enumerate(range(0, len(rows), size)):
        part = rows[start : start + size]
        job.push(number % 2, [row for row, _ in part], [stamp for _, stamp in part])
        if number % 7 == 6:
            # Everything is late from here on, for the local operator; for the others nothing is.
            job.clock.time += 10
            job.watermark(number % 2, start)
            rows[start + size :] = [(row, stamp + start) for row, stamp in rows[start + size :]]
    expected = {}
    for row, stamp in rows:
        at = (row[0], stamp - stamp % 10)
        expected[at] = expected.get(at, 0) + 1
    found = {row[:2]: row[3:] for row in job.finish()}
    lost = job.late
    assert sum(n for n, _ in found.values()) + lost == len(rows)
    if not lost:
        assert found == {at: (n, n) for at, n in expected.items()}


def test_states_are_bounded(monkeypatch):
    monkeypatch.setattr(local_aggregate, "MOST_STATES", 100)
    job = windowed(TumblingEventTimeWindows(10), FEW)
    for start in range(0, 3000, 30):
        job.push(0, [(start + i, 1, 0.0, 0) for i in range(30)], range(start, start + 30))
        assert job.producers[0].slices.held <= 100
    assert len(job.channels[0].emitted) > 10
    assert len(job.finish()) == 3000
    final = running(FEW)
    for start in range(0, 3000, 30):
        final.push(0, [(start + i, 1, 0.0, 0) for i in range(30)])
        assert final.producers[0].running.keys_held <= 100
    assert [row[1:] for row in final.finish()] == [(1, 1)] * 3000


def test_slices_are_bounded():
    job = windowed(TumblingEventTimeWindows(10), FEW)
    stamps = [number * 7919 % 10_007 * 10 for number in range(10_000)]
    job.push(0, [(1, 1, 0.0, 0)] * 10_000, stamps)
    assert len(job.channels[0].emitted) >= 2
    assert job.finish() == sorted([(1, stamp, stamp + 10, 1, 1) for stamp in stamps], key=repr)


def test_keys_without_states_are_forgotten(monkeypatch):
    monkeypatch.setattr(local_aggregate, "MOST_IDLE_KEYS", 50)
    job = windowed(TumblingEventTimeWindows(10), FEW)
    for start in range(0, 3000, 30):
        job.clock.time += 10
        job.push(0, [(start + i, 1, 0.0, 0) for i in range(30)], range(start, start + 30))
        job.watermark(0, start + 15)
        assert job.producers[0].slices.keys_held <= 600
    assert [row[3:] for row in job.finish()] == [(1, 1)] * 3000


@pytest.mark.parametrize("make", [lambda **options: windowed(TumblingEventTimeWindows(10), FEW, **options), running])
def test_rows_are_passed_on_while_aggregating_does_not_pay(monkeypatch, make):
    monkeypatch.setattr(local_aggregate, "TRIAL_STATES", 20)
    monkeypatch.setattr(local_aggregate, "MOST_STATES", 40)
    options = {} if make is not running else {"aggregations": FEW}
    job = make(adaptive=True, **options)
    for start in range(0, 4000, 20):  # each key once, then each ten times
        job.clock.time += 10
        rows = [((start + i if start < 2000 else (start + i) % 2), 1, 0.0, 0) for i in range(20)]
        job.push(0, rows, range(start, start + 20))
        job.watermark(0, start)
    kinds = ["rows" if batch.schema == SCHEMA else "states" for batch in job.channels[0].emitted]
    assert kinds[0] == "states"
    assert kinds.count("rows") > 50
    assert sum(row[-1] for row in job.finish()) == sum(row[-2] for row in job.results.rows) == 4000
    late = [batch for batch in job.channels[0].emitted if batch.schema != SCHEMA]
    assert len(late[-1]) <= 40
    assert job.late == 0
    always = make(adaptive=False, **options)
    by_arrival = make(adaptive=True, aggregations={"last": Aggregation("last", "value")}) if make is running else None
    for other in filter(None, (always, by_arrival)):
        for start in range(0, 1000, 20):
            other.push(0, [(start + i, 1, 0.0, 0) for i in range(20)], range(start, start + 20))
        assert all(batch.schema != SCHEMA for batch in other.channels[0].emitted)


def test_a_watermark_waits_a_little_when_one_was_just_sent():
    job = windowed(TumblingEventTimeWindows(10), FEW)
    (first, _), emitted = job.producers, job.channels[0].emitted
    job.clock.time = 100
    job.push(0, [(1, 1, 0.0, 0)], [5])
    job.watermark(0, 12)
    assert len(emitted) == 1
    job.push(0, [(1, 1, 0.0, 0)], [15])
    job.watermark(0, 25)
    assert (len(emitted), first.next_processing_timer()) == (1, 100 + local_aggregate.LONGEST_WAIT)
    job.clock.time += local_aggregate.LONGEST_WAIT
    first.advance_processing_time(job.clock.time)
    assert (len(emitted), first.next_processing_timer()) == (2, None)
    assert job.valves[0].watermarks[0] == 25
    job.push(0, [(1, 1, 0.0, 0)], [27])
    job.watermark(0, 39)
    assert len(emitted) == 2
    # Rows that are late by the watermark that waits are judged by it.
    job.watermark(1, 1000)
    job.push(0, [(1, 1, 0.0, 0), (1, 1, 0.0, 0), (1, 1, 0.0, 0), (2, 1, 0.0, 0)], [41, 38, 39, 42])
    assert (len(emitted), job.valves[0].watermarks[0], job.late) == (4, 39, 2)


def test_rows_of_one_millisecond_keep_their_order():
    ends = {"first": Aggregation("first", "value"), "last": Aggregation("last", "value")}
    for job in (windowed(SlidingEventTimeWindows(20, 10), ends), running(ends)):
        for number in range(3):
            job.push(0, [(1, number * 3000 + i, 0.0, 0) for i in range(3000)], [i % 10 for i in range(3000)])
        assert {row[-2:] for row in job.finish()} == {(0, 8999)}


def test_an_idle_subtask_holds_nothing():
    job = windowed(TumblingEventTimeWindows(10), FEW)
    job.push(0, [(1, 1, 0.0, 0)], [5])
    job.idleness(0, True)
    assert job.producers[0].slices.held == 0
    job.watermark(1, 50)
    assert job.results.rows == [(1, 0, 10, 1, 1)]
    job.idleness(0, False)
    job.push(0, [(1, 1, 0.0, 0)], [55])
    assert job.producers[0].slices.held == 0
    job.watermark(1, 70)
    assert job.late == 0


def test_nothing_is_held_behind_a_barrier():
    """What the first phase has is in no checkpoint, so it goes to the second one before the barrier does."""
    job = windowed(TumblingEventTimeWindows(10), FEW)
    job.push(0, [(1, 1, 0.0, 0)], [15])
    for time in (5, 6):  # the second one waits
        job.watermark(0, time)
    job.barrier(0)
    assert job.producers[0].slices.held == 0
    assert sum(consumer.windows.held for consumer in job.consumers) == 1
    assert [valve.watermarks[0] for valve in job.valves] == [6, 6]
    job = running(FEW)
    job.push(0, [(1, 1, 0.0, 0)])
    job.barrier(0)
    assert job.producers[0].running.keys_held == 0
