"""The native join against nested loops over all pairs."""

import itertools
import random
from array import array
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.keys.partition import column_key_groups, key_group_range
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.native.join import NativeJoin
from pyflinkx.errors import KeyTypeError, MemoryBudgetError
from tests.core import native
from tests.operators.native_cases import processed

MIN, MAX = -(2**63), 2**63 - 1
KEYS = {
    "l": (pa.int64(), st.none() | st.integers(-2, 2)),
    "l without nulls": (pa.int64(), st.integers(-2, 2)),
    "u": (pa.string(), st.none() | st.sampled_from(["", "a", "ü" * 20])),
    "b": (pa.bool_(), st.none() | st.booleans()),
    "g": (pa.float64(), st.none() | st.sampled_from([0.0, -0.0, 1.0, 1.5])),
}


def batch_of(rows, kind, timestamps):
    keys, numbers, texts = zip(*rows, strict=True) if rows else ((), (), ())
    table = pa.record_batch(
        [pa.array(keys, kind), pa.array(numbers, pa.int32()), pa.array(texts, pa.string())], ["k", "n", "t"]
    )
    return ColumnBatch.from_arrow(table).with_timestamps(array("q", timestamps))


def schema_of(left, right):
    return Schema([*left.fields, *(field.renamed(field.name + "_right") for field in right.fields)])


class Oracle:
    """Flink's rules, one row at a time and with no index."""

    def __init__(self, lower, upper, size, offset):
        self.lower, self.upper, self.size, self.offset = lower, upper, size, offset
        self.held = ([], [])
        self.watermark = MIN

    def window_end(self, time):
        return (time - self.offset) // self.size * self.size + self.offset + self.size - 1

    def late(self, time):
        return self.window_end(time) <= self.watermark if self.size else time < self.watermark

    def forgotten(self, time, side):
        if self.size:
            return self.window_end(time) <= self.watermark
        return time + max(self.upper if side == 0 else -self.lower, 0) <= self.watermark

    def meet(self, left, right):
        if self.size:
            return self.window_end(left) == self.window_end(right)
        return left + self.lower <= right <= left + self.upper

    def process(self, rows, side):
        pairs, late = [], []
        for time, row in rows:
            if self.late(time):
                late.append((time, row))
                continue
            for other_time, other in self.held[1 - side]:
                times = (time, other_time) if side == 0 else (other_time, time)
                if row[0] == other[0] and not self.forgotten(other_time, 1 - side) and self.meet(*times):
                    stamp = self.window_end(time) if self.size else max(times)
                    pairs.append((stamp, *(row + other if side == 0 else other + row)))
            self.held[side].append((time, row))
        return pairs, late


def rows_of(batch):
    return [(time, *row) for time, row in zip(memoryview(batch.timestamps), batch.to_rows("tuple"), strict=True)]


TIMES = st.integers(-30, 30)
BOUNDS = st.tuples(st.integers(-12, 12), st.integers(0, 15)).map(lambda pair: (pair[0], pair[0] + pair[1], 0, 0))
WINDOWS = st.integers(1, 15).flatmap(
    lambda size: st.tuples(st.just(0), st.just(0), st.just(size), st.integers(-14, 14))
)
STEPS = st.lists(
    st.tuples(st.just("watermark"), st.integers(-40, 40)) | st.tuples(st.sampled_from([0, 1]), st.integers(0, 12)),
    max_size=12,
)


GROUPS = 16


class Subtasks:
    """Joins that share the keys; what they hold moves to so many others now and then."""

    def __init__(self, schema, times):
        self.make = lambda: NativeJoin([0], [0], schema_of(schema, schema), *times)
        self.watermark = MIN
        self.parts = [self.make()]

    def advance(self, watermark):
        self.watermark = max(self.watermark, watermark)
        for part in self.parts:
            part.advance(watermark)

    def route(self, batch, groups):
        for number, part in enumerate(self.parts):
            own = key_group_range(number, GROUPS, len(self.parts))
            yield part, batch.filter(array("B", [group in own for group in groups]))

    def process(self, batch, side, emitted):
        late = []
        for part, rows in self.route(batch, column_key_groups(batch, [0], GROUPS)):
            found = processed(part, rows, side, emitted.append)
            late += [] if found is None else rows_of(found)
        return late

    def rescale(self, count):
        states = [[b for part in self.parts for b in part.export(side, GROUPS, 3)] for side in (0, 1)]
        self.parts = [self.make() for _ in range(count)]
        for part in self.parts:
            part.advance(self.watermark)
        for side, batches in enumerate(states):
            for batch in batches:
                batch.validate(full=True)
                assert 0 < len(batch) <= 3
                for part, rows in self.route(batch, memoryview(batch.columns[0])):
                    part.import_(side, rows)


RESCALED = st.lists(
    st.tuples(st.just("rescale"), st.integers(1, 3))
    | st.tuples(st.just("watermark"), st.integers(-40, 40))
    | st.tuples(st.sampled_from([0, 1]), st.integers(0, 12)),
    max_size=14,
)


@settings(max_examples=300)
@given(st.sampled_from(sorted(KEYS)), BOUNDS | WINDOWS, RESCALED, st.data())
def test_what_is_held_can_be_exported_and_imported_at_any_time(kind, times, steps, data):
    key_type, keys = KEYS[kind]
    schema = batch_of([], key_type, []).schema
    subtasks, oracle = Subtasks(schema, times), Oracle(*times)
    numbers = itertools.count()
    for what, amount in steps:
        if what == "rescale":
            subtasks.rescale(amount)
            continue
        if what == "watermark":
            subtasks.advance(amount)
            oracle.watermark = max(oracle.watermark, amount)
            continue
        rows = data.draw(st.lists(st.tuples(TIMES, keys), min_size=amount, max_size=amount))
        rows = [(time, (key, next(numbers), f"text {time}" if time % 3 else None)) for time, key in rows]
        batch = batch_of([row for _, row in rows], key_type, [time for time, _ in rows])
        emitted = []
        late = subtasks.process(batch, what, emitted)
        pairs, expected_late = oracle.process(rows, what)
        assert Counter(row for part in emitted for row in rows_of(part)) == Counter(pairs)
        assert Counter(late) == Counter((time, *row) for time, row in expected_late)


@settings(max_examples=200)
@given(BOUNDS | WINDOWS, STEPS, STEPS, st.data())
def test_an_export_says_what_was_held_when_it_began_whatever_comes_before_it_is_read(times, before, after, data):
    schema = batch_of([], pa.int64(), []).schema
    join, oracle = NativeJoin([0], [0], schema_of(schema, schema), *times), Oracle(*times)
    numbers = itertools.count()

    def take(steps):
        for what, amount in steps:
            if what == "watermark":
                join.advance(amount)
                oracle.watermark = max(oracle.watermark, amount)
                continue
            drawn = data.draw(st.lists(st.tuples(TIMES, st.integers(-2, 2)), min_size=amount, max_size=amount))
            rows = [(time, (key, next(numbers), None)) for time, key in drawn]
            oracle.process(rows, what)
            batch = batch_of([row for _, row in rows], pa.int64(), [time for time, _ in rows])
            processed(join, batch, what, lambda pairs: None)

    take(before)
    exports = [join.export(side, GROUPS, 3) for side in (0, 1)]
    held = [[row for row in oracle.held[side] if not oracle.forgotten(row[0], side)] for side in (0, 1)]
    take(after)
    for side in (0, 1):
        found = [row[1:] for batch in exports[side] for row in batch.to_rows("tuple")]
        assert sorted(found) == sorted((time, *row) for time, row in held[side])


def test_rows_among_many_that_are_over_are_found_by_their_numbers():
    """Blocks lose rows at their beginning, in their middle, and so many of them that they are put together."""
    join, held, number = long_join(), [], 0
    generator = random.Random(5)
    for start in range(0, 60_000, 1500):
        # One in fifty lies far ahead.
        times = [start + generator.randrange(50) + (0 if generator.randrange(50) else 100_000) for _ in range(6000)]
        rows = [(generator.randrange(300), number + i, "x") for i in range(len(times))]
        number += len(times)
        held += zip(times, rows, strict=True)
        processed(join, batch_of(rows, pa.int64(), times), 0, lambda pairs: None)
        join.advance(start + 49)
    probes = [(key, key, None) for key in range(300) for _ in range(10)]
    times = [100_000 + generator.randrange(60_000) for _ in probes]
    found = []
    processed(join, batch_of(probes, pa.int64(), times), 1, found.append)
    at = Counter((time, row[0], row[1]) for time, row in held if time > 99_000)
    expected = Counter(
        (key, number, probe_time)
        for (key, _, _), probe_time in zip(probes, times, strict=True)
        for (time, other, number) in at
        if other == key and abs(time - probe_time) <= 5
    )
    assert expected
    assert Counter((k, n, None) for batch in found for _, k, n, *_ in rows_of(batch)) == Counter(
        (key, number, None) for key, number, _ in expected.elements()
    )
    assert join.rows[0] < 20_000


def test_the_columns_of_held_rows_stay_what_they_are():
    """A change here is a new version: docs/formats/states.md."""
    join = long_join()
    processed(join, batch_of([(1, 7, "x"), (2, 8, None)], pa.int64(), [5, 3]), 1, lambda pairs: None)
    assert list(join.export(0, 128)) == []
    (batch,) = join.export(1, 128)
    assert [(field.name, field.format, field.nullable) for field in batch.schema] == [
        ("key_group", "i", False),
        ("time", "l", False),
        ("row.k", "l", True),
        ("row.n", "i", True),
        ("row.t", "u", True),
    ]
    assert batch.schema.metadata == {b"pyflinkx.state": b"join right 1"}
    assert sorted(row[1:] for row in batch.to_rows("tuple")) == [(3, 2, 8, None), (5, 1, 7, "x")]


def test_held_rows_of_other_columns_are_refused():
    join = long_join()
    processed(join, batch_of([(1, 7, "x")], pa.int64(), [5]), 0, lambda pairs: None)
    (batch,) = join.export(0, 128)
    other = long_join()
    with pytest.raises(ValueError, match="'join left 1', not 'join right 1'"):
        other.import_(1, batch)
    with pytest.raises(ValueError, match="no side 2"):
        other.import_(2, batch)
    bare = ColumnBatch(Schema(batch.schema.fields), batch.columns, 1)
    for columns in ([0, 1], [0, 1, 2, 3, 4, 2, 3, 4]):
        with pytest.raises(ValueError, match="a row of a join of 6 columns cannot have"):
            other.import_(0, bare.select(columns))
    with pytest.raises(ValueError, match=r"'row\.t' of a batch of states holds utf8"):
        other.import_(0, bare.select([0, 1, 2, 4, 3]))
    nulls = ColumnBatch.from_rows([(0, None, 1, 7, "x")], Schema([Field(f.name, f.format) for f in batch.schema]))
    with pytest.raises(ValueError, match="'time' of a batch of states"):
        other.import_(0, nulls)
    timeless = ColumnBatch.from_rows([(0, MIN, 1, 7, "x")], Schema(batch.schema.fields))
    with pytest.raises(ValueError, match="row 0 of a batch of states has no time"):
        other.import_(0, timeless)
    other.import_(0, bare.select([0, 1, 2, 3]))
    with pytest.raises(ValueError, match="pairs of 5 columns, not 6"):
        processed(other, batch_of([(1, 7, "x")], pa.int64(), [5]), 1, lambda pairs: None)


@settings(max_examples=300)
@given(st.sampled_from(sorted(KEYS)), BOUNDS | WINDOWS, STEPS, st.data())
def test_pairs_are_those_of_nested_loops(kind, times, steps, data):
    key_type, keys = KEYS[kind]
    schema = batch_of([], key_type, []).schema
    join = NativeJoin([0], [0], schema_of(schema, schema), *times)
    oracle = Oracle(*times)
    numbers = itertools.count()
    for what, amount in steps:
        if what == "watermark":
            join.advance(amount)
            oracle.watermark = max(oracle.watermark, amount)
            continue
        rows = data.draw(st.lists(st.tuples(TIMES, keys), min_size=amount, max_size=amount))
        rows = [(time, (key, next(numbers), f"text {time}" if time % 3 else None)) for time, key in rows]
        batch = batch_of([row for _, row in rows], key_type, [time for time, _ in rows])
        emitted = []
        late = processed(join, batch, what, emitted.append)
        pairs, expected_late = oracle.process(rows, what)
        assert all(part.schema.names == ["k", "n", "t", "k_right", "n_right", "t_right"] for part in emitted)
        assert Counter(row for part in emitted for row in rows_of(part)) == Counter(pairs)
        assert ([] if late is None else rows_of(late)) == [(time, *row) for time, row in expected_late]


def test_keys_of_several_columns_and_of_other_types():
    left = ColumnBatch.from_arrow(pa.record_batch({"a": pa.array([1, 1, 2], pa.int32()), "b": ["x", "y", "x"]}))
    right = ColumnBatch.from_arrow(pa.record_batch({"b": ["x", "y", "z"], "a": [1.0, 1.5, 2.0]}))
    join = NativeJoin([0, 1], [1, 0], schema_of(left.schema, right.schema), lower=0, upper=0)
    emitted = []
    assert processed(join, left.with_timestamps(array("q", [0] * 3)), 0, emitted.append) is None
    assert processed(join, right.with_timestamps(array("q", [0] * 3)), 1, emitted.append) is None
    assert [row for batch in emitted for row in rows_of(batch)] == [(0, 1, "x", "x", 1.0)]


def long_join(budget=None):
    schema = batch_of([], pa.int64(), []).schema
    return NativeJoin([0], [0], schema_of(schema, schema), lower=-5, upper=5, budget=budget)


def test_what_can_make_no_more_pairs_is_given_back():
    budget = MemoryBudget()
    join = long_join(budget)
    most = count = 0

    def emit(pairs):
        nonlocal count
        count += len(pairs)
        assert memoryview(pairs.column("n")) == memoryview(pairs.column("n_right")) == memoryview(pairs.column("k"))

    for start in range(0, 400_000, 4000):
        times = range(start, start + 4000)
        # A new key for each millisecond, so that keys without rows must go too.
        batch = batch_of([(time, time, "x") for time in times], pa.int64(), times)
        for side in (0, 1):
            assert processed(join, batch, side, emit) is None
        join.advance(start + 3999 - 100)
        most = max(most, budget.used)
    assert count == 400_000
    assert sum(join.rows) < 150_000
    assert most < 60 << 20
    del join, batch
    assert budget.used == 0


def test_the_memory_of_a_burst_is_given_back_once_event_time_has_passed_it():
    budget = MemoryBudget()
    join = long_join(budget)
    for start, count in [(0, 100_000), (200_000, 1000)]:
        times = range(start, start + count)
        # Half of the rows have keys of their own, and half one and the same.
        batch = batch_of([(max(time - count // 2, start), time, "x") for time in times], pa.int64(), times)
        for side in (0, 1):
            processed(join, batch, side, lambda pairs: None)
        if start == 0:
            held = budget.used
            join.advance(100_000 - 6)
            assert budget.used > held // 2
    join.advance(200_000)
    assert sum(join.rows) == 2000
    assert budget.used < held // 20


def test_a_side_may_hold_more_text_than_one_column_can():
    schema = Schema([Field("k", "l"), Field("s", "u")])
    join = NativeJoin([0], [0], schema_of(schema, schema), lower=-5, upper=5)
    # Memory that is not touched takes none: of the texts only the sizes matter here.
    size = 3 << 29
    text = np.zeros(size, "uint8")
    for time in range(4):
        columns = [
            Column(schema.fields[0], 1, [None, array("q", [time])]),
            Column(schema.fields[1], 1, [None, array("i", [0, size]), text]),
        ]
        batch = ColumnBatch(schema, columns, 1).with_timestamps(array("q", [time]))
        assert processed(join, batch, 0, pytest.fail) is None
    assert join.rows == (4, 0)


def test_one_key_backwards_in_time_and_many_pairs_of_a_row():
    join = long_join()
    seen = Counter()
    for start in reversed(range(0, 40_000, 1000)):
        times = list(reversed(range(start, start + 1000)))
        processed(join, batch_of([(1, time, None) for time in times], pa.int64(), times), 0, None)

    def emit(pairs):
        assert len(pairs) <= 16384
        seen.update(memoryview(pairs.column("n")).tolist())

    times = [20_000] * 10_000
    processed(join, batch_of([(1, 0, None)] * 10_000, pa.int64(), times), 1, emit)
    assert seen == dict.fromkeys(range(19_995, 20_006), 10_000)


def test_the_ends_of_time():
    join = long_join()
    emitted = []
    processed(join, batch_of([(1, 1, None), (1, 2, None)], pa.int64(), [MIN + 1, MAX]), 0, emitted.append)
    processed(join, batch_of([(1, 3, None), (1, 4, None)], pa.int64(), [MIN + 2, MAX - 5]), 1, emitted.append)
    assert sorted(row[2::3] for batch in emitted for row in rows_of(batch)) == [(1, 3), (2, 4)]
    join.advance(MAX)
    emitted.clear()
    processed(join, batch_of([(1, 5, None)], pa.int64(), [MAX]), 1, emitted.append)
    assert emitted == []


@pytest.mark.parametrize("change", ["no timestamps", "one without"])
def test_a_row_without_timestamp_is_refused(change):
    batch = batch_of([(1, 1, "one"), (2, 2, "two")], pa.int64(), [0, MIN])
    if change == "no timestamps":
        batch = batch.with_timestamps(None)
    row = 0 if change == "no timestamps" else 1
    with pytest.raises(ValueError, match=f"row {row} of the right side has no timestamp: .*'{['one', 'two'][row]}'"):
        processed(long_join(), batch, 1, None)


def test_retractions_are_refused():
    batch = batch_of([(1, 1, "one")], pa.int64(), [0])
    assert processed(long_join(), batch.with_kinds(array("b", [0])), 0, None) is None
    with pytest.raises(ValueError, match="inserts only"):
        processed(long_join(), batch.with_kinds(array("b", [3])), 0, None)


def test_what_can_be_no_key_is_refused():
    batch = ColumnBatch.from_arrow(pa.record_batch({"a": [[1]]})).with_timestamps(array("q", [0]))
    join = NativeJoin([0], [0], schema_of(batch.schema, batch.schema))
    with pytest.raises(KeyTypeError, match="list<int64>"):
        processed(join, batch, 0, None)
    far = ColumnBatch.from_arrow(pa.record_batch([pa.array([2**50], pa.timestamp("s"))], ["t"]))
    far = far.with_timestamps(array("q", [0]))
    join = NativeJoin([0], [0], schema_of(far.schema, far.schema))
    with pytest.raises(KeyTypeError, match="row 0 has no key"):
        processed(join, far, 0, None)


def test_arguments_that_make_no_sense():
    schema = Schema([Field("a", "l")])
    for keys, times in [
        (([], []), {}),
        (([0], [0, 0]), {}),
        (([0], [0]), {"lower": 1}),
        (([0], [0]), {"window_size": -1}),
    ]:
        with pytest.raises(ValueError, match=r"cannot be joined|no time is|a window cannot"):
            NativeJoin(*keys, schema, **times)
    with pytest.raises(ValueError, match="no side 2"):
        processed(long_join(), batch_of([], pa.int64(), []), 2, None)


def test_memory_is_charged_to_the_budget():
    join = long_join(MemoryBudget(1 << 20))
    times = range(100_000)
    with pytest.raises(MemoryBudgetError):
        processed(join, batch_of([(time, 0, "x") for time in times], pa.int64(), times), 0, None)


def test_chosen_keys_do_not_meet():
    """Counted in steps: a table that is at most half full needs some tens of them, whatever the keys."""
    count = 20_000
    products = [number * pow(0x9E3779B97F4A7C15, -1, 2**64) % 2**64 for number in range(count)]
    numbers = [
        *((number + 2**63) % 2**64 - 2**63 for number in products),
        *(number << 32 for number in range(count)),
        *(number * 2**40 + 7 for number in range(count)),
    ]
    for keys in (numbers, [number.to_bytes(8, "little", signed=True).hex() for number in numbers]):
        rows = pa.record_batch({"k": keys, "n": range(len(keys))})
        batch = ColumnBatch.from_arrow(rows).with_timestamps(array("q", [0]) * len(keys))
        join, found = NativeJoin([0], [0], schema_of(batch.schema, batch.schema)), []
        for side in (0, 1):
            processed(join, batch, side, found.append)
        assert sum(len(pairs) for pairs in found) == len(keys) + numbers.count(0) ** 2 - numbers.count(0)
        assert join.longest < 100


@pytest.mark.parametrize("flags", [("-O2",), ("-fsanitize=address,undefined", "-DPFX_DEBUG")], ids=str)
def test_a_join_goes_on_after_memory_has_run_out(tmp_path, flags):
    parts = [
        "interval_join",
        "rows",
        "bag",
        "states",
        "snapshot",
        "key_index",
        "key_block",
        "key_table",
        "key_direct",
        "key_hash",
        "key_columns",
        "key",
    ]
    parts += ["xxh64", "memory", "words", "out_column", "bitmap", "status", "calendar", "decimal", "arrow"]
    result = native.run(native.build(tmp_path, "join_failures", parts, *flags))
    assert (result.returncode, result.stderr) == (0, "")
