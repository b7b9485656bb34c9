"""The numbering of keys against a dict, for all types of keys, under several secrets, and with little memory."""

import datetime
import math
from decimal import Decimal
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Schema
from pyflinkx._core.keys.index import KeyIndex
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx.errors import MemoryBudgetError

MIN, MAX = -(2**63), 2**63 - 1
# Under this one all keys of one shape meet in one place, until another is taken.
USELESS = b""

# Around the bound between texts that lie in place and longer ones, and such that differ only behind it.
TEXTS = ["", "a", "b", "ü", "x" * 11, "x" * 12, "x" * 13, "x" * 12 + "y", "\0", "\0\0", "\0" * 12, "\0" * 13, "z" * 200]
BYTES = [text.encode() for text in TEXTS]
MOMENTS = [datetime.datetime(2020, 1, 1), datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)]
COLUMNS = {
    "int64": (pa.int64(), st.integers(-2, 2) | st.sampled_from([MIN, MAX]) | st.integers(MIN, MAX)),
    "dense int64": (pa.int64(), st.integers(0, 50)),
    "int8": (pa.int8(), st.integers(-128, 127)),
    "int32": (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "uint64": (pa.uint64(), st.sampled_from([0, 1, 2**63, 2**64 - 1])),
    "bool": (pa.bool_(), st.booleans()),
    "float32": (pa.float32(), st.sampled_from([0.0, -0.0, 1.5, math.inf, -math.inf, math.nan])),
    "float64": (pa.float64(), st.sampled_from([0.0, -0.0, 1.5, 1e300, math.inf, math.nan, -math.nan])),
    "date": (pa.date32(), st.sampled_from([datetime.date(2020, 1, 1), datetime.date(1900, 1, 1)])),
    "timestamp": (pa.timestamp("us"), st.sampled_from(MOMENTS)),
    "decimal": (pa.decimal128(38, 2), st.integers(-(10**30), 10**30).map(lambda value: Decimal(value).scaleb(-2))),
    "text": (pa.string(), st.sampled_from(TEXTS)),
    "large text": (pa.large_string(), st.sampled_from(TEXTS)),
    "binary": (pa.binary(), st.sampled_from(BYTES)),
    "large binary": (pa.large_binary(), st.sampled_from(BYTES)),
    "fixed 3": (pa.binary(3), st.sampled_from([b"abc", b"abd", b"\0\0\0"])),
    "fixed 12": (pa.binary(12), st.sampled_from([b"a" * 12, b"a" * 11 + b"b"])),
    "fixed 13": (pa.binary(13), st.sampled_from([b"a" * 13, b"a" * 12 + b"b"])),
    "null": (pa.null(), st.none()),
}


def value_of(value):
    """What tells keys apart: one zero, one NaN."""
    if isinstance(value, float):
        return "nan" if value != value else 0.0 if value == 0 else value
    return value


def index_over(schema, secret=None, budget=None):
    empty = pa.record_batch([pa.array([], field.type) for field in schema], schema=schema)
    native = ColumnBatch.from_arrow(empty).schema
    return KeyIndex(native, schema.names, (), native, secret=secret, budget=budget)


def numbered(rows, known):
    """The same in Python: `known` is a dict that stays in order of first appearance."""
    return [known.setdefault(tuple(map(value_of, row)), len(known)) for row in rows]


def rows_of(batch):
    columns = pa.record_batch(batch).columns if batch is not None else ()
    return [tuple(map(value_of, row)) for row in zip(*(column.to_pylist() for column in columns), strict=True)]


@st.composite
def key_batches(draw):
    """Batches of one schema, some of them slices."""
    kinds = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=5))
    kinds *= draw(st.sampled_from([1, 1, 1, 2, 4]))
    rows = st.tuples(*(st.none() | COLUMNS[kind][1] if draw(st.booleans()) else COLUMNS[kind][1] for kind in kinds))
    schema = pa.schema([(f"k{number}", COLUMNS[kind][0]) for number, kind in enumerate(kinds)])
    batches = []
    for _ in range(draw(st.integers(1, 4))):
        chosen = draw(st.lists(rows, max_size=30))
        repeated = chosen * draw(st.sampled_from([1, 1, 100]))
        arrays = [pa.array([row[i] for row in repeated], field.type) for i, field in enumerate(schema)]
        batch = pa.record_batch(arrays, schema=schema)
        start = draw(st.integers(0, min(9, len(repeated))))
        batches.append((batch.slice(start), repeated[start:]))
    return schema, batches


@given(key_batches(), st.sampled_from([None, USELESS, b"some other secret" * 30]), st.data())
@settings(max_examples=150, deadline=None)
def test_numbers_are_those_of_a_dict(given_batches, secret, data):
    schema, batches = given_batches
    index, known = index_over(schema, secret), {}
    for number, (batch, rows) in enumerate(batches):
        # Rounding to 32 bits is the column's, not the index's.
        rows = list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
        assert index.add(ColumnBatch.from_arrow(batch)) == numbered(rows, known)
        assert rows_of(index.keys()) == list(known)
        if number == len(batches) // 2 and known:
            keep = data.draw(st.lists(st.booleans(), min_size=len(known), max_size=len(known)))
            kept = [key for key, wanted in zip(known, keep, strict=True) if wanted]
            after = {key: place for place, key in enumerate(kept)}
            assert index.compact(keep) == [after.get(key) for key in known]
            known = after
            assert rows_of(index.keys()) == kept


def batch_of(**columns):
    return ColumnBatch.from_arrow(pa.record_batch({name: pa.array(values) for name, values in columns.items()}))


def test_no_column_is_one_key():
    batch = batch_of(value=[1, 2, 3])
    index = KeyIndex(batch.schema, [], (), Schema([]))
    assert index.add(batch) == [0, 0, 0]


@pytest.mark.parametrize("kind", [pa.timestamp("ns"), pa.duration("ns"), pa.date64()], ids=str)
def test_keys_coarser_than_their_type_stay_within_it(kind):
    schema = pa.schema([("k", kind)])
    index = index_over(schema)
    values = pa.array([MIN, MIN + 1, -1, 0, 1], pa.int64()).view(kind)
    assert index.add(ColumnBatch.from_arrow(pa.record_batch([values], schema=schema))) == [0, 0, 1, 2, 2]
    kept = pa.record_batch(index.keys()).column(0).view(pa.int64()).to_pylist()
    assert kept == [MIN, -86_400_000 if pa.types.is_date(kind) else -1000, 0]


def test_dense_integers_are_positions_until_one_is_far_away():
    generator, known = Random(1), {}
    rows = [generator.randrange(3000) for _ in range(9000)] + [None]
    index = index_over(pa.schema([("k", pa.int64())]))
    assert index.add(batch_of(k=rows)) == numbered([(row,) for row in rows], known)
    assert index.is_direct
    rows = [5, None, 2**62, *range(2500, 3500), MIN, MAX]
    assert index.add(batch_of(k=rows)) == numbered([(row,) for row in rows], known)
    assert not index.is_direct
    rows = list(range(100_000))
    assert index.add(batch_of(k=rows)) == numbered([(row,) for row in rows], known)
    assert not index.is_direct  # what is far away stays
    keep = [key[0] is not None and 0 <= key[0] < 100_000 for key in known]
    index.compact(keep)
    assert rows_of(index.keys()) == [key for key, wanted in zip(known, keep, strict=True) if wanted]


@pytest.mark.parametrize("columns", [2, 3, 4])
def test_dense_integers_of_several_columns_are_digits_of_a_position(columns):
    generator, known = Random(columns), {}
    sides = {2: (180, 170), 3: (30, 31, 32), 4: (13, 13, 14, 12)}[columns]
    names = [f"k{c}" for c in range(columns)]
    kinds = [pa.int64(), pa.int32(), pa.int8(), pa.date32()]
    index = index_over(pa.schema(list(zip(names, kinds, strict=False))))

    def add(rows):
        arrays = [pa.array(column, pa.int32()) for column in zip(*rows, strict=True)]
        arrays = [array.cast(kind) for array, kind in zip(arrays, kinds, strict=False)]
        batch = ColumnBatch.from_arrow(pa.record_batch(arrays, names=names))
        keys = zip(*(array.to_pylist() for array in arrays), strict=True)
        assert index.add(batch) == numbered(keys, known)

    def drawn(count, low=0.0, high=1.0):
        return [tuple(int(-side // 2 + side * generator.uniform(low, high)) for side in sides) for _ in range(count)]

    add(drawn(60_000))
    assert index.is_direct
    add(drawn(2000, -0.1, 1.1))  # beyond each side a little, so that the array grows
    assert index.is_direct
    assert rows_of(index.keys()) == list(known)
    keep = [generator.random() < 0.7 for _ in known]
    index.compact(keep)
    remaining = [key for key, wanted in zip(known, keep, strict=True) if wanted]
    known.clear()
    known.update((key, number) for number, key in enumerate(remaining))
    add(drawn(2000))
    add([(100, *row[1:]) for row in drawn(10)])
    add([(-(2**31), *row[1:]) for row in drawn(10)])
    assert not index.is_direct
    add(drawn(3000, -0.2, 1.2))
    assert rows_of(index.keys()) == list(known)


def test_a_null_beside_other_columns_brings_the_table_back():
    generator, known = Random(4), {}
    index = index_over(pa.schema([("k", pa.int64()), ("l", pa.int64())]))
    columns = {name: [generator.randrange(100) for _ in range(30_000)] for name in "kl"}
    assert index.add(batch_of(**columns)) == numbered(zip(*columns.values(), strict=True), known)
    assert index.is_direct
    for _ in range(2):
        columns = {
            name: [None if generator.random() < 0.2 else generator.randrange(-5, 150) for _ in range(5000)]
            for name in "kl"
        }
        assert index.add(batch_of(**columns)) == numbered(zip(*columns.values(), strict=True), known)
        assert not index.is_direct
    assert rows_of(index.keys()) == list(known)


@pytest.mark.parametrize("far", [(2**63 - 1, 0), (0, -(2**63)), (2**40, 2**40)])
def test_words_at_the_ends_of_their_range_are_no_digits(far):
    known = {}
    index = index_over(pa.schema([("k", pa.int64()), ("l", pa.int64())]))
    rows = [(i % 150, i // 150 % 100) for i in range(40_000)]
    for some in (rows, [far], rows[:50], [(-1, -1), (far[0], 3)]):
        columns = dict(zip("kl", map(list, zip(*some, strict=True)), strict=True))
        assert index.add(batch_of(**columns)) == numbered(some, known)
    assert rows_of(index.keys()) == list(known)


@pytest.mark.parametrize("secret", [None, USELESS])
def test_many_keys_of_every_shape_grow_the_table(secret):
    generator = Random(2)
    numbers = [generator.getrandbits(63) for _ in range(20_000)]
    shapes = {
        "numbers": {"k": numbers},
        "pairs": {"k": [number % 141 for number in numbers], "l": [number % 139 for number in numbers]},
        "texts": {"k": [f"{number % 10_000:x}" for number in numbers]},
        "long texts": {"k": [f"{'prefix' * 3}{number % 10_000}" for number in numbers]},
        "mixed": {"k": [f"{number % 99}" for number in numbers], "l": [n % 98 if n % 7 else None for n in numbers]},
        "wide": {f"k{i}": [number >> i & 1 for number in numbers] for i in range(40)},
    }
    for shape, columns in shapes.items():
        batch = batch_of(**columns)
        index, known = index_over(pa.record_batch(batch).schema, secret), {}
        assert index.add(batch) == numbered(zip(*columns.values(), strict=True), known)
        assert rows_of(index.keys()) == list(known)
        assert index.longest < 256
        # The useless secret is seen to be useless; of many columns the last ones have multipliers that are made of it.
        assert (index.secrets > 0) == (secret is not None and shape != "wide")


def test_secrets_change_nothing_that_can_be_seen():
    generator = Random(3)
    columns = {
        "k": [generator.choice(TEXTS) for _ in range(5000)],
        "l": [generator.choice([None, *range(300)]) for _ in range(5000)],
    }
    batch = batch_of(**columns)
    seen = []
    for secret in (b"one" * 200, b"another" * 90, USELESS):
        index = index_over(pa.record_batch(batch).schema, secret)
        seen.append((index.add(batch), rows_of(index.keys())))
    assert seen[0] == seen[1] == seen[2]


ODD = 0x9E3779B97F4A7C15  # what the table of old multiplied by, and so do many others
CHOSEN = {
    # The upper halves of their products with ODD are equal, or so are they themselves.
    "products": lambda count: [number * pow(ODD, -1, 2**64) % 2**64 - 2**63 for number in range(count)],
    "upper halves": lambda count: [number << 32 for number in range(count)],
    "lower halves": lambda count: [(number << 32 | number) ^ (number >> 16) for number in range(count)],
    "multiples": lambda count: [number * 2**40 + 7 for number in range(count)],
}


@pytest.mark.parametrize("form", ["words", "texts", "long texts", "pairs"])
@pytest.mark.parametrize("chosen", sorted(CHOSEN))
def test_chosen_keys_do_not_meet(chosen, form):
    """Counted in steps: a table that is at most half full needs some tens of them, whatever the keys."""
    numbers = [(number + 2**63) % 2**64 - 2**63 for number in CHOSEN[chosen](30_000)]
    columns = {
        "words": {"k": numbers},
        "texts": {"k": [number.to_bytes(8, "little", signed=True) for number in numbers]},
        "long texts": {"k": [number.to_bytes(24, "little", signed=True) for number in numbers]},
        "pairs": {"k": numbers, "l": [-number if number > MIN else 0 for number in numbers]},
    }[form]
    batch = batch_of(**columns)
    index = index_over(pa.record_batch(batch).schema)
    assert index.add(batch) == numbered(zip(*columns.values(), strict=True), {})
    assert index.longest < 100
    assert index.secrets == 0


def numbered_with(budget, batch, known):
    """Whether there was memory for all of it; what the index says at the end is right either way."""
    schema = pa.record_batch(batch).schema
    index, enough = index_over(schema, budget=budget), True
    try:
        index.add(batch)
    except MemoryBudgetError:
        enough = False
    try:
        held = rows_of(index.keys())
    except MemoryBudgetError:
        held = []
    assert held == list(known)[: len(held)]
    for row in held[:: max(len(held) // 10, 1)]:
        one = pa.record_batch([pa.array([v], f.type) for v, f in zip(row, schema, strict=True)], schema=schema)
        try:
            numbers = index.add(ColumnBatch.from_arrow(one))
        except MemoryBudgetError:
            continue
        assert numbers == [known[row]]
    return enough


@pytest.mark.parametrize("form", ["words", "dense", "texts", "long texts", "nulls"])
def test_little_memory_leaves_it_usable(form):
    generator = Random(4)
    numbers = [generator.getrandbits(40) for _ in range(6000)]
    columns = {
        "words": {"k": numbers},
        "dense": {"k": [number % 5000 for number in numbers]},
        "texts": {"k": [f"{number % 10**9}" for number in numbers]},
        "long texts": {"k": [f"{number:030x}" for number in numbers]},
        "nulls": {"k": [number % 3000 if number % 5 else None for number in numbers], "l": numbers},
    }[form]
    batch, known, ample = batch_of(**columns), {}, MemoryBudget()
    numbered(zip(*columns.values(), strict=True), known)
    assert numbered_with(ample, batch, known)
    outcomes = []
    for limit in range(0, ample.peak, max(ample.peak // 60, 1)):
        budget = MemoryBudget(limit)
        outcomes.append(numbered_with(budget, batch, known))
        assert budget.used == 0
    assert outcomes.count(False) > 10
