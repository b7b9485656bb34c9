"""Native calls that would take long, or give long texts, stop and go on; nothing else changes by that."""

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.partials import LocalKeys, LocalSlices
from pyflinkx._core.native.windows import CountWindows, RunningAggregates, SessionWindows, SliceWindows
from pyflinkx.errors import WrongStateError
from pyflinkx.operators.aggregations import WINDOW_FIELDS, Aggregation, native_arguments, result_schema
from pyflinkx.operators.local_aggregate import partial_schema
from pyflinkx.operators.native_window import NativeWindowOperator
from pyflinkx.operators.windowing.assigners import (
    CountSlidingWindowAssigner,
    EventTimeSessionWindows,
    SlidingEventTimeWindows,
)
from tests.operators.native_cases import NativeHarness, rows_of

SCHEMA = Schema([Field("key", "u"), Field("value", "l"), Field("text", "u")])
FLAT = {"n": Aggregation("count"), "total": Aggregation("sum", "value")}
OWNING = FLAT | {"last": Aggregation("last", "text"), "different": Aggregation("count_distinct", "value")}
TEXTS = FLAT | {"most": Aggregation("max", "text")}
ALL = 2**63 - 1


def batch_of(rows, stamps=None):
    return ColumnBatch.from_rows(rows, SCHEMA, None if stamps is None else array("q", stamps))


def added(windows, batch, limit):
    """Late rows and results of a batch, and how many calls that took."""
    late, found, done, calls = [], [], 0, 0
    while done is not None:
        lost, results, done = windows.add(batch, done, limit)
        calls += 1
        late += [] if lost is None else rows_of(lost)
        if results is not None:
            assert len(results) <= limit
            found += rows_of(results)
    return late, found, calls


def fired(windows, watermark, limit):
    found, more, calls = [], True, 0
    while more:
        results, more = windows.fire(watermark, limit)
        calls += 1
        if results is not None:
            assert len(results) <= limit
            found += rows_of(results)
    return found, calls


def columns(aggregations, bounds=WINDOW_FIELDS):
    return SCHEMA, ["key"], native_arguments(aggregations), result_schema(SCHEMA, ["key"], aggregations, bounds)


WINDOWS = {
    "sliding": lambda aggregations: SliceWindows(*columns(aggregations), 12, 3, lateness=8),
    "paired": lambda aggregations: SliceWindows(*columns(aggregations), 20, 3, lateness=30),
    "cumulative": lambda aggregations: SliceWindows(*columns(aggregations), 12, 3, cumulative=True, lateness=8),
    "tumbling": lambda aggregations: SliceWindows(*columns(aggregations), 5, 5, lateness=8),
    "sessions": lambda aggregations: SessionWindows(*columns(aggregations), 4, 8),
    "counts": lambda aggregations: CountWindows(*columns(aggregations, ()), 5, 2),
}
ROWS = st.tuples(
    st.sampled_from(["a", "b", "a key of more than twelve bytes", ""]),
    st.integers(0, 5),
    st.one_of(st.none(), st.text("xyz", max_size=20)),
)
STEPS = st.lists(
    st.one_of(
        st.lists(st.tuples(ROWS, st.integers(0, 60)), min_size=1, max_size=12),
        st.integers(0, 70),
    ),
    max_size=8,
)


@pytest.mark.parametrize("aggregations", [FLAT, OWNING, TEXTS], ids=["flat", "owning", "texts"])
@pytest.mark.parametrize("kind", WINDOWS)
@settings(max_examples=20, deadline=None)
@given(steps=STEPS, limit=st.integers(1, 6), most_bytes=st.sampled_from([1, 15, 1 << 26]))
def test_pieces_make_what_one_call_makes(kind, aggregations, steps, limit, most_bytes):
    whole, pieces = WINDOWS[kind](aggregations), WINDOWS[kind](aggregations)
    pieces.most_bytes = most_bytes
    watermark = 0
    for step in [*steps, 100]:
        if isinstance(step, int):
            watermark = max(watermark, step)
            assert fired(pieces, watermark, limit)[0] == fired(whole, watermark, ALL)[0]
        else:
            batch = batch_of([row for row, _ in step], [stamp for _, stamp in step])
            assert added(pieces, batch, limit)[:2] == added(whole, batch, ALL)[:2]


@settings(max_examples=20, deadline=None)
@given(
    batches=st.lists(st.lists(ROWS, min_size=1, max_size=12), max_size=4),
    limit=st.integers(1, 6),
    most_bytes=st.sampled_from([1, 15, 1 << 26]),
    stamped=st.booleans(),
)
def test_pieces_of_running_aggregates(batches, limit, most_bytes, stamped):
    whole, pieces = (RunningAggregates(*columns(OWNING | TEXTS, ())) for _ in range(2))
    pieces.most_bytes = most_bytes
    for rows in batches:
        batch = batch_of(rows, range(len(rows)) if stamped else None)
        results, done = whole.add(batch, True)
        assert done is None
        found, done = [], 0
        while done is not None:
            part, done = pieces.add(batch, True, done, limit)
            assert part is None or len(part) <= limit
            found += [] if part is None else rows_of(part)
        assert found == rows_of(results)
    first, found = 0, []
    while first < pieces.keys_held:
        part = pieces.finish(first, limit)
        assert 1 <= len(part) <= limit
        first += len(part)
        found += rows_of(part)
    assert found == ([] if whole.keys_held == 0 else rows_of(whole.finish(0, ALL)))


@pytest.mark.parametrize("most_bytes", [1, 60, 1 << 26])
def test_partial_aggregates_of_long_keys_come_in_several_batches(most_bytes):
    rows = [(f"key {number} of twenty bytes", 1, None) for number in range(40)]

    def made(kind, sliced, *more):
        partials = partial_schema(SCHEMA, ["key"], FLAT, sliced)
        return kind(SCHEMA, ["key"], native_arguments(FLAT), partials, 128, 2, *more)

    keys, slices = made(LocalKeys, False), made(LocalSlices, True, 10, 10)
    keys.most_bytes = slices.most_bytes = most_bytes
    keys.add(batch_of(rows), 0)
    slices.add(batch_of(rows, [5] * len(rows)), 0)
    found, first = [], 0
    while first < len(rows):
        found.append(keys.send(first, 1000))
        first += len(found[-1])
    more = True
    while more:
        part, more = slices.send(100, 1000)
        found.append(part)
    for parts in (found[: len(found) // 2], found[len(found) // 2 :]):
        assert sorted(row[1] for part in parts for row, _ in rows_of(part)) == sorted(row[0] for row in rows)
        assert all(len(part) == 1 or len(part) * 25 <= most_bytes for part in parts)
    assert len(found) == {1: 80, 60: 40, 1 << 26: 2}[most_bytes]


def test_a_late_row_of_many_windows_sends_them_in_pieces():
    for aggregations in (FLAT, OWNING):
        windows = SliceWindows(*columns(aggregations), 10_000, 1, lateness=100_000)
        stamps = [10_000 + 5 * number for number in range(4_000)]
        windows.add(batch_of([("a", 1, None)] * len(stamps), stamps))
        fired(windows, 60_000, ALL)
        # 10,000 windows; where states own memory, each is merged from up to 2,000 slices.
        _, found, calls = added(windows, batch_of([("a", 2, None)], [20_001]), 500)
        assert len(found) == 10_000
        assert calls >= (20 if aggregations is FLAT else 10_000 * 1000 / (500 * 16))


def test_merging_many_slices_is_work_too():
    for aggregations in (FLAT, OWNING):
        windows = SliceWindows(*columns(aggregations), 4_000, 2)
        windows.add(batch_of([("a", 1, None)] * 2_000, range(0, 4_000, 2)))
        found, calls = fired(windows, 8_000, 10)
        assert len(found) == 3_999
        assert calls >= (4_000 * 2_000 / 2 / (10 * 16) / 2 if aggregations is OWNING else 400)


def test_windows_of_many_rows_are_merged_in_pieces():
    windows = CountWindows(*columns(OWNING, ()), 1_000, 1)
    rows = [("a", number, None) for number in range(3_000)]
    _, found, calls = added(windows, batch_of(rows), 10)
    assert [values[1] for values, _ in found] == [1_000] * 2_001
    assert calls >= 2_001 * 1_000 / (10 * 16) / 2


def test_a_huge_batch_is_added_in_pieces():
    rows = batch_of([("a", 1, None)] * 10_000, range(10_000))
    for windows in (WINDOWS["tumbling"](FLAT), WINDOWS["sessions"](FLAT), WINDOWS["counts"](FLAT)):
        assert added(windows, rows, 1)[2] >= 4
    running, done, calls = RunningAggregates(*columns(FLAT, ())), 0, 0
    while done is not None:
        _, done = running.add(rows, False, done, 1)
        calls += 1
    assert calls >= 4


@pytest.mark.parametrize(
    ("assigner", "stamp"),
    [
        (SlidingEventTimeWindows.of(200_000, 1), 200_000),
        (EventTimeSessionWindows(10), 5),
        (CountSlidingWindowAssigner(1, 1), 0),
    ],
)
def test_an_operator_sends_a_batch_of_results_at_a_step(assigner, stamp):
    schema = Schema([Field("key", "u"), Field("value", "l")])
    late = {} if isinstance(assigner, CountSlidingWindowAssigner) else {"allowed_lateness": 10**6}
    harness = NativeHarness(NativeWindowOperator(schema, ["key"], assigner, FLAT, **late), schema)
    harness.watermark(500_000)
    harness.take()
    rows = 1 if isinstance(assigner, SlidingEventTimeWindows) else 100_000
    batch = ColumnBatch.from_rows([("a", 1)] * rows, schema, array("q", [stamp] * rows))
    harness.operator.process_batch(batch)
    sent = [len(harness.take())]
    while harness.operator.resume():
        sent.append(len(harness.take()))
    sent.append(len(harness.take()))
    assert max(sent) <= 32_768
    assert sum(sent) == (200_000 if rows == 1 else rows)


def test_an_operator_has_no_whole_states_before_a_batch_is_done():
    """Of sessions the structure itself would export what it has: rows that it has not been given would be lost."""
    schema = Schema([Field("key", "u"), Field("value", "l")])
    operator = NativeWindowOperator(schema, ["key"], EventTimeSessionWindows(10), FLAT, allowed_lateness=10**6)
    harness = NativeHarness(operator, schema)
    harness.watermark(500_000)
    rows = ColumnBatch.from_rows([("a", 1)] * 100_000, schema, array("q", [5] * 100_000))
    operator.process_batch(rows)
    with pytest.raises(WrongStateError, match="in the middle of a batch or firing"):
        operator.export()
    with pytest.raises(WrongStateError, match="in the middle of a batch or firing"):
        operator.import_(rows)
    harness.complete()
    (states,) = operator.export()
    assert states.to_rows("dict")[0]["rows().n"] == 100_000


@pytest.mark.parametrize("name", [*WINDOWS, "running"])
def test_parts_of_batches_and_limits_that_there_are_not_are_refused(name):
    made = RunningAggregates(*columns(OWNING, ())) if name == "running" else WINDOWS[name](OWNING)
    each, batch = (True,) if name == "running" else (), batch_of([("a", 1, None)] * 3, range(3))
    for done in (-1, 4, 2**62):
        with pytest.raises(IndexError, match=f"row {done} of 3"):
            made.add(batch, *each, done=done)
    for limit in (0, -1):
        with pytest.raises(ValueError, match="results of at most"):
            made.add(batch, *each, limit=limit)
    if name == "running":
        with pytest.raises(IndexError, match="row -1 of"):
            made.finish(-1, 10)
    elif "counts" not in name:
        with pytest.raises(ValueError, match="results of at most"):
            made.fire(1, 0)


def test_a_batch_of_states_takes_memory_for_what_there_is():
    budget = MemoryBudget()
    made = SliceWindows(*columns(FLAT), 10, 10, budget=budget)
    made.add(batch_of([("a", 1, None)], [0]))
    before = budget.used
    (states,) = made.export(128, 2**40)
    assert len(states) == 1
    assert budget.peak < before + 2**20
