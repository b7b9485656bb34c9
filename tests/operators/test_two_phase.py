"""Native aggregates in two phases: local operators, exchange and global ones by hand, against one phase alone."""

import math
from array import array

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyflinkx._core.batch import ColumnBatch
from pyflinkx._core.calls import CallSite
from pyflinkx._core.column import Column
from pyflinkx._core.memory import MemoryBudget
from pyflinkx._core.native_partial import LocalKeys, LocalSlices
from pyflinkx._core.native_window import RunningAggregates, SliceWindows
from pyflinkx._core.partition import column_key_groups, slice_by_subtask, subtasks_of
from pyflinkx._core.schema import Field, Schema
from pyflinkx.errors import JobExecutionError, KeyTypeError, MemoryBudgetError
from pyflinkx.graph.partitioners import HashPartitioner, PartialPartitioner
from pyflinkx.operators import local_aggregate
from pyflinkx.operators.aggregations import WINDOW_FIELDS, Aggregation, native_arguments, result_schema
from pyflinkx.operators.base import MAX_WATERMARK, OperatorContext
from pyflinkx.operators.local_aggregate import LocalAggregateOperator, LocalWindowOperator, partial_schema
from pyflinkx.operators.native_aggregate import NativeAggregateOperator
from pyflinkx.operators.native_window import LATE_RECORDS, NativeWindowOperator, slices_of
from pyflinkx.operators.windowing.assigners import SlidingEventTimeWindows, TumblingEventTimeWindows
from pyflinkx.operators.windowing.cumulative import CumulativeEventTimeWindows
from pyflinkx.runtime.scatter import make_scatter
from pyflinkx.runtime.valves import WatermarkValve
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
    partials = partial_schema(SCHEMA, ["key"], aggregations)

    def first(consumers):
        arguments = (SCHEMA, ["key"], aggregations, partials, GROUPS, consumers, adaptive)
        return LocalWindowOperator(slices_of(assigner), *arguments) if phases == 2 else None

    def second():
        options = {"partials": partials} if phases == 2 else {}
        return NativeWindowOperator(SCHEMA, ["key"], assigner, aggregations, **options)

    return Job(first, second, partitioner(partials if phases == 2 else None), **counts)


def running(aggregations=AGGREGATIONS, phases=2, adaptive=False, **counts):
    partials = partial_schema(SCHEMA, ["key"], aggregations)

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
        if kind not in ("rows", "idle"):
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
    kinds = ["rows" if len(batch.columns) == len(SCHEMA) else "states" for batch in job.channels[0].emitted]
    assert kinds[0] == "states"
    assert kinds.count("rows") > 50
    assert sum(row[-1] for row in job.finish()) == sum(row[-2] for row in job.results.rows) == 4000
    late = [batch for batch in job.channels[0].emitted if len(batch.columns) != len(SCHEMA)]
    assert len(late[-1]) <= 40
    assert job.late == 0
    always = make(adaptive=False, **options)
    by_arrival = make(adaptive=True, aggregations={"last": Aggregation("last", "value")}) if make is running else None
    for other in filter(None, (always, by_arrival)):
        for start in range(0, 1000, 20):
            other.push(0, [(start + i, 1, 0.0, 0) for i in range(20)], range(start, start + 20))
        assert all(len(batch.columns) != len(SCHEMA) for batch in other.channels[0].emitted)


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


def test_partial_aggregates_go_where_their_rows_would():
    partials = partials_of([(key, 1, 0.0, 0) for key in range(-50, 50)], [0] * 100)
    subtasks = [row[2] for row in partials.to_rows("tuple")]
    assert subtasks == list(subtasks_of(column_key_groups(partials, ["key"], GROUPS), GROUPS, 2))
    assert set(subtasks) == {0, 1}


# ---- what fails ----


def local_slices(aggregations=FEW, budget=None, schema=SCHEMA, keys=("key",), windows=(10, 10)):
    partials = partial_schema(schema, keys, aggregations)
    return LocalSlices(schema, keys, native_arguments(aggregations), partials, GROUPS, 2, *windows, budget=budget)


def slice_windows(aggregations=FEW, **options):
    results = result_schema(SCHEMA, ["key"], aggregations, WINDOW_FIELDS)
    return SliceWindows(SCHEMA, ["key"], native_arguments(aggregations), results, 10, 10, **options)


def partials_of(rows, stamps):
    slices = local_slices()
    slices.add(ColumnBatch.from_rows(rows, SCHEMA, array("q", stamps)), 0)
    return slices.send(MAX_WATERMARK, 1000)[0]


ONE = ([(1, 5, 0.0, 0), (2, 6, 0.0, 0)], [3, 4])


def test_states_of_another_width_or_type_are_refused():
    partials = partials_of(*ONE)
    other = slice_windows({"total": Aggregation("sum", "value"), "low": Aggregation("min", "value")}, partials=True)
    with pytest.raises(ValueError, match=r"'state' holds .*32.*, not states of 48 bytes"):
        other.merge(partials)
    windows = slice_windows(partials=True)
    with pytest.raises(ValueError, match="not states of 32 bytes"):
        windows.merge(partials.select([0, 2, 1]))
    with pytest.raises(ValueError, match="the state is missing"):
        windows.merge(partials.select([0]))
    with pytest.raises(ValueError, match="key column 'state' holds"):
        windows.merge(partials.select([1, 0]))
    fields = [SCHEMA["key"], Field("state", "w:32"), Field("subtask", "i")]
    nulls = ColumnBatch.from_rows([(1, None, 0)], Schema(fields))
    with pytest.raises(ValueError, match="not states"):
        windows.merge(nulls)
    with pytest.raises(ValueError, match="no timestamps"):
        windows.merge(ColumnBatch(partials.schema, partials.columns, len(partials)))
    with pytest.raises(OverflowError, match="out of range"):
        windows.merge(partials.with_timestamps(array("q", [2**61, 0])))
    keys = RunningAggregates(SCHEMA, ["key"], native_arguments(FEW), result_schema(SCHEMA, ["key"], FEW), partials=True)
    with pytest.raises(ValueError, match="the state is missing"):
        keys.merge(partials.select([0]))


def test_states_that_own_memory_do_not_travel():
    different = {"different": Aggregation("count_distinct", "value")}
    assert partial_schema(SCHEMA, ["key"], different) is None
    with pytest.raises(ValueError, match="cannot travel"):
        slice_windows(different, partials=True)


def test_the_state_column_has_a_name_that_the_stream_has_not():
    schema = Schema([Field("state", "l"), Field("state_", "l")])
    assert partial_schema(schema, ["state"], {"n": Aggregation("count")}).names == ["state", "state__", "subtask"]


def test_windows_with_gaps_and_wrong_columns_are_refused():
    with pytest.raises(ValueError, match="invalid"):
        local_slices(windows=(10, 20))
    with pytest.raises(ValueError, match="keys, states of 32 bytes and subtasks"):
        LocalKeys(SCHEMA, ["key"], native_arguments(FEW), result_schema(SCHEMA, ["key"], FEW), GROUPS, 2)
    partials = partial_schema(SCHEMA, ["key"], FEW)
    with pytest.raises(ValueError, match="invalid"):
        LocalKeys(SCHEMA, ["key"], native_arguments(FEW), partials, GROUPS, GROUPS + 1)


@pytest.mark.parametrize("subtasks", [[1, 0], [0, 2], [-1, 0], [0, 1, 0]])
def test_partial_aggregates_name_their_subtasks_in_order(subtasks):
    batch = ColumnBatch.from_rows([(number,) for number in subtasks], Schema([Field("subtask", "i", False)]))
    with pytest.raises(ValueError, match="goes to subtask"):
        slice_by_subtask(batch, 0, 2)


def test_a_column_of_another_type_names_no_subtasks():
    for kind, value in (("l", 0), ("i", None)):
        batch = ColumnBatch.from_rows([(value,)], Schema([Field("subtask", kind)]))
        with pytest.raises(ValueError, match="does not say where rows go"):
            slice_by_subtask(batch, 0, 2)


def test_states_that_are_not_aligned_are_copied():
    partials = partials_of(*ONE)
    packed = bytes(1) + b"".join(row[1] for row in partials.to_rows("tuple"))
    shifted = Column(partials.schema.fields[1], 2, [None, memoryview(packed)[1:]])
    batch = ColumnBatch(partials.schema, (partials.columns[0], shifted, partials.columns[2]), 2, partials.timestamps)
    windows = slice_windows(partials=True)
    assert windows.merge(batch) == 0
    assert windows.fire(9, 10)[0].to_rows("tuple") == [(1, 0, 10, 1, 5), (2, 0, 10, 1, 6)]


@pytest.mark.parametrize(
    ("stamps", "message"),
    [(None, "no timestamps"), ([1, -(2**63)], "row 1 has no timestamp"), ([1, 2**61], "row 1: the timestamp")],
)
def test_rows_without_a_time_fail_before_the_exchange(stamps, message):
    job = windowed(TumblingEventTimeWindows(10), FEW)
    with pytest.raises(JobExecutionError, match=message):
        job.push(0, ONE[0], stamps)


def test_a_key_without_canonical_form_fails():
    schema = Schema([Field("key", "tss:"), Field("value", "l")])
    slices = local_slices({"n": Aggregation("count")}, schema=schema)
    columns = [Column(field, 1, [None, array("q", [2**60])]) for field in schema]
    batch = ColumnBatch(schema, columns, 1, array("q", [1]))
    slices.add(batch, 0)
    with pytest.raises(KeyTypeError, match="no key by 'key'"):
        slices.send(MAX_WATERMARK, 10)


def test_memory_is_charged_and_given_back():
    budget = MemoryBudget()
    slices = local_slices(budget=budget)
    empty = budget.used
    for start in range(0, 5000, 1000):
        rows = [(start + i, i, 0.5, 0) for i in range(1000)]
        slices.add(ColumnBatch.from_rows(rows, SCHEMA, array("q", range(1000))), 0)
    assert budget.used > empty + 5000 * 32
    more, batches = True, []
    while more:
        batch, more = slices.send(MAX_WATERMARK, 333)
        batches.append(batch)
    assert sorted(row[0] for batch in batches for row in batch.to_rows("tuple")) == list(range(5000))
    assert max(map(len, batches)) == 333
    with pytest.raises(OverflowError, match="row 2: the timestamp"):
        slices.add(ColumnBatch.from_rows(rows[:3], SCHEMA, array("q", [1, 2, 2**62])), 0)
    del batch, batches, slices
    assert budget.used == 0


def test_a_slice_of_few_keys_takes_little_memory():
    budget = MemoryBudget()
    slices = local_slices(budget=budget)
    for stamps in (range(0, 400, 10), [1000] * 3000, range(0, 400, 10)):
        rows = [(number if len(stamps) > 40 else 0, 1, 0.5, 0) for number in range(len(stamps))]
        slices.add(ColumnBatch.from_rows(rows, SCHEMA, array("q", stamps)), 0)
    # Not 40 slices of 3,000 keys.
    assert budget.used < 40 * 3000 * 32 / 4
    assert slices.send(MAX_WATERMARK, 40)[0].to_rows("tuple")[0][0] == 0


def test_too_little_memory_fails_without_a_leak():
    for limit in range(60_000, 400_000, 9000):
        budget = MemoryBudget(limit)
        try:
            slices = local_slices(budget=budget)
            rows = [(i, i, 0.5, 0) for i in range(1000)]
            slices.add(ColumnBatch.from_rows(rows, SCHEMA, array("q", [i * 7 % 200 for i in range(1000)])), 0)
            batch, _ = slices.send(MAX_WATERMARK, 1000)
            assert len(batch) == 1000
            break
        except MemoryBudgetError:
            slices = None
        assert budget.used == 0
    else:
        pytest.fail("it never had enough")
