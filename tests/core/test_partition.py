import pickle
import struct
import sys
from array import array
from collections import Counter
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.keys.encoder import DECLARED_KEY_TYPES, KeyEncoder
from pyflinkx._core.keys.partition import (
    MAX_KEY_GROUPS,
    canonical_key_bytes,
    key_group,
    key_group_range,
    key_groups,
    scatter_objects,
    subtask_of,
    subtasks_of,
)
from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx.errors import KeyTypeError
from tests.core.key_samples import NAN, Level, Word, coincident, keys, same

# ---- key groups ----

max_parallelisms = st.one_of(
    st.integers(1, 300), st.integers(1, MAX_KEY_GROUPS), st.sampled_from([128, MAX_KEY_GROUPS])
)


@settings(max_examples=50, deadline=None)
@given(st.lists(keys, max_size=5), max_parallelisms)
def test_key_group_is_xxh64_of_the_canonical_bytes(some, max_parallelism):
    expected = [xxhash.xxh64_intdigest(canonical_key_bytes(key)) % max_parallelism for key in some]
    groups = key_groups(some, max_parallelism)
    assert groups.typecode == "i"
    assert groups.tolist() == expected
    assert [key_group(key, max_parallelism) for key in some] == expected


@settings(max_examples=50, deadline=None)
@given(coincident, coincident)
def test_equal_keys_share_a_group(a, b):
    if same(a, b):
        assert key_group(a, MAX_KEY_GROUPS) == key_group(b, MAX_KEY_GROUPS)


def test_golden_groups():
    # Where records of released programs went: a change here breaks every savepoint.
    some = [None, True, 1, -1, 2**63, 0.5, NAN, "", "a", "é", b"a", (), (1, "a"), Decimal("0.1")]
    assert key_groups(some, 128).tolist() == [104, 3, 3, 54, 47, 12, 50, 48, 96, 6, 121, 44, 116, 75]
    assert key_groups(some, 1000).tolist() == [544, 467, 467, 230, 15, 212, 274, 624, 96, 390, 553, 60, 220, 147]


@pytest.mark.parametrize("make", [int, str, float, lambda i: (i, "x"), lambda i: f"user-{i:08}", lambda i: i * 1024])
@pytest.mark.parametrize("groups", [128, 100])
def test_sequential_keys_spread_evenly(make, groups):
    count = 50_000
    sizes = Counter(key_groups([make(i) for i in range(count)], groups))
    expected = count / groups
    chi_square = sum((sizes[group] - expected) ** 2 / expected for group in range(groups))
    # Mean groups - 1, standard deviation sqrt(2 * (groups - 1)): within five of them on both sides.
    spread = 5 * (2 * (groups - 1)) ** 0.5
    assert groups - 1 - spread < chi_square < groups - 1 + spread


@settings(max_examples=50, deadline=None)
@given(max_parallelisms, st.data())
def test_ranges_tile_the_key_groups(max_parallelism, data):
    parallelism = data.draw(st.integers(1, min(max_parallelism, 500)) | st.just(max_parallelism))
    subtasks = subtasks_of(array("i", range(max_parallelism)), max_parallelism, parallelism).tolist()
    assert subtasks == [group * parallelism // max_parallelism for group in range(max_parallelism)]
    ranges = [key_group_range(subtask, max_parallelism, parallelism) for subtask in range(parallelism)]
    assert [subtask for subtask, owned in enumerate(ranges) for _ in owned] == subtasks
    assert [group for owned in ranges for group in owned] == list(range(max_parallelism))
    assert {len(owned) for owned in ranges} <= {max_parallelism // parallelism, -(-max_parallelism // parallelism)}
    group = data.draw(st.integers(0, max_parallelism - 1))
    assert subtask_of(group, max_parallelism, parallelism) == subtasks[group]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: key_group(1, 0), "max parallelism must be 1 to 32768, not 0"),
        (lambda: key_groups([1], 32769), "max parallelism must be 1 to 32768, not 32769"),
        (lambda: key_group_range(0, 128, 0), "parallelism must be 1 to the max parallelism of 128, not 0"),
        (lambda: key_group_range(0, 128, 129), "not 129"),
        (lambda: key_group_range(4, 128, 4), "no subtask 4 of 4"),
        (lambda: key_group_range(-1, 128, 4), "no subtask -1 of 4"),
        (lambda: subtask_of(128, 128, 4), "no key group 128 of 128"),
        (lambda: subtask_of(-1, 128, 4), "no key group -1 of 128"),
        (lambda: subtasks_of(array("i", [0, 128]), 128, 4), "no key group 128 of 128"),
        (lambda: subtasks_of(array("i", [-1]), 128, 4), "no key group -1 of 128"),
    ],
)
def test_numbers_outside_their_range_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_no_keys_no_groups():
    assert key_groups([], 128) == array("i")


def test_keys_that_change_while_they_are_hashed():
    some = []

    class Zone(tzinfo):
        def utcoffset(self, moment):
            some.clear()
            return timedelta(0)

    some += [datetime(2020, 1, 1, tzinfo=Zone()), *map(str, range(100))]
    assert len(key_groups(some, 128)) == 101


def test_a_key_without_canonical_form_stops_the_batch():
    with pytest.raises(KeyTypeError, match="type dict"):
        key_groups([1, "a", {}], 128)
    with pytest.raises(KeyTypeError, match="type dict"):
        key_group({}, 128)


def test_references_are_kept():
    key = "a key of its own"
    before = sys.getrefcount(key)
    key_groups([key] * 10, 128)
    key_group(key, 128)
    assert sys.getrefcount(key) == before


# ---- declared types ----

ACCEPTED = {
    "BOOLEAN": [True, False],
    "BYTE": [0, -128, 127, True, Level.ONE],
    "SHORT": [-(2**15), 2**15 - 1],
    "INT": [-(2**31), 2**31 - 1],
    "LONG": [-(2**63), 2**63 - 1, False],
    "FLOAT": [0.5, NAN, float("inf"), 7, 2.0**127],
    "DOUBLE": [0.1, NAN, -float("inf"), 7, 2**60, 1e308],
    "STRING": ["", "é", Word.A],
    "BINARY": [b"", b"a"],
}

REFUSED = {
    "BOOLEAN": [1, 1.0, "a"],
    "BYTE": [128, -129, 1.0, "1", Decimal(1)],
    "SHORT": [2**15, -(2**15) - 1],
    "INT": [2**31, -(2**31) - 1],
    "LONG": [2**63, -(2**63) - 1, 10**5000, 1.0, "1"],
    "FLOAT": [1e39, "1", Decimal("0.5")],
    "DOUBLE": [2**53 + 1, 10**400, "1", Decimal("0.5")],
    "STRING": [b"a", 1],
    "BINARY": ["a", bytearray(b"a")],
}


def test_every_declared_type_is_tested():
    assert set(ACCEPTED) == set(REFUSED) == set(DECLARED_KEY_TYPES)


@pytest.mark.parametrize("declared", sorted(ACCEPTED))
def test_declared_types_write_the_same_bytes(declared):
    encoder = KeyEncoder(declared)
    assert encoder.declared == declared
    for key in [*ACCEPTED[declared], None]:
        assert encoder.encode(key) == canonical_key_bytes(key)
        assert key_group(key, 1000, encoder) == key_group(key, 1000)
    assert key_groups(ACCEPTED[declared], 1000, encoder) == key_groups(ACCEPTED[declared], 1000)


@pytest.mark.parametrize("declared", sorted(REFUSED))
def test_declared_types_refuse_other_keys(declared):
    for key in REFUSED[declared]:
        with pytest.raises(KeyTypeError, match=f"declared as {declared}, but a key is .*{type(key).__name__}"):
            KeyEncoder(declared).encode(key)


def test_float_is_rounded_to_32_bits():
    rounded = struct.unpack("f", struct.pack("f", 0.1))[0]
    assert KeyEncoder("FLOAT").encode(0.1) == canonical_key_bytes(rounded)


def test_no_declared_type_takes_all_keys():
    assert KeyEncoder().encode((1, "a")) == canonical_key_bytes((1, "a"))
    with pytest.raises(KeyTypeError, match="type dict"):
        KeyEncoder().encode({})


def test_unknown_declared_type():
    with pytest.raises(ValueError, match="'DECIMAL'; one of BINARY, BOOLEAN"):
        KeyEncoder("DECIMAL")


def test_encoders_are_sent_to_workers():
    encoder = pickle.loads(pickle.dumps(KeyEncoder("LONG")))
    assert repr(encoder) == "KeyEncoder('LONG')"
    with pytest.raises(KeyTypeError):
        encoder.encode(1.0)


# ---- scatter ----


@st.composite
def batches(draw):
    count = draw(st.integers(0, 20))
    ints = st.integers(-(2**63), 2**63 - 1)
    timestamps = draw(st.none() | st.lists(ints, min_size=count, max_size=count).map(lambda values: array("q", values)))
    kinds = draw(
        st.none() | st.lists(st.integers(0, 3), min_size=count, max_size=count).map(lambda values: array("b", values))
    )
    receivers = draw(st.integers(1, 5))
    subtasks = draw(st.lists(st.integers(0, receivers - 1), min_size=count, max_size=count))
    return ObjectBatch([object() for _ in range(count)], timestamps, kinds), array("i", subtasks), receivers


@settings(max_examples=100, deadline=None)
@given(batches())
def test_scatter_keeps_order_timestamps_and_kinds(drawn):
    batch, subtasks, receivers = drawn
    values, timestamps, kinds = list(batch.values), batch.timestamps, batch.kinds
    parts = scatter_objects(batch, subtasks, receivers)
    assert len(parts) == receivers
    for subtask, part in enumerate(parts):
        rows = [row for row, target in enumerate(subtasks) if target == subtask]
        if not rows:
            assert part is None
            continue
        assert part.values == [values[row] for row in rows]
        for taken, given_array in ((part.timestamps, timestamps), (part.kinds, kinds)):
            if given_array is None:
                assert taken is None
            else:
                assert taken == array(given_array.typecode, [given_array[row] for row in rows])
                assert taken.typecode == given_array.typecode


def test_a_batch_for_one_subtask_is_passed_on_whole():
    batch = ObjectBatch(["a", "b"], array("q", [1, NO_TIMESTAMP]))
    parts = scatter_objects(batch, array("i", [1, 1]), 3)
    assert parts[1] is batch
    assert parts[0] is parts[2] is None


def test_an_empty_batch_goes_nowhere():
    assert scatter_objects(ObjectBatch([]), array("i"), 2) == [None, None]


def test_scattered_values_are_counted():
    value = object()
    before = sys.getrefcount(value)
    parts = scatter_objects(ObjectBatch([value, value, value]), array("i", [0, 1, 0]), 2)
    assert sys.getrefcount(value) == before + 3
    del parts
    assert sys.getrefcount(value) == before


def test_scatter_refuses_what_does_not_fit():
    batch = ObjectBatch(["a", "b"], array("q", [1, 2]), array("b", [0, 0]))
    with pytest.raises(ValueError, match="2 rows, but 1 subtasks"):
        scatter_objects(batch, array("i", [0]), 2)
    for wrong in (-1, 2):
        with pytest.raises(ValueError, match=f"row 1 goes to subtask {wrong} of 2"):
            scatter_objects(batch, array("i", [0, wrong]), 2)
    with pytest.raises(ValueError, match="negative"):
        scatter_objects(batch, array("i", [0, 1]), -1)
    batch.timestamps = array("q", [1])
    with pytest.raises(ValueError, match="2 rows has 1 timestamps"):
        scatter_objects(batch, array("i", [0, 1]), 2)
    batch.timestamps, batch.kinds = None, array("b", [0, 0, 0])
    with pytest.raises(ValueError, match="2 rows has 3 timestamps or row kinds"):
        scatter_objects(batch, array("i", [0, 1]), 2)
