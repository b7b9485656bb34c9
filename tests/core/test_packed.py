"""Records packed as columns, against the records themselves."""

import gc
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.exchange.packed import pack, unpack
from pyflinkx.errors import CorruptDataError

LONGS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80) | st.sampled_from(["", "a", "user", "ünïcode"])
PLAIN = [LONGS, st.floats(), TEXTS, st.booleans(), st.none()]
COLUMNS = [column for kind in PLAIN for column in (kind, st.none() | kind)]


def same(ours, theirs):
    """Equal, of the same types, and NaNs bit by bit."""
    if type(ours) is not type(theirs):
        return False
    if type(ours) in (tuple, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if type(ours) is float:
        return struct.pack("d", ours) == struct.pack("d", theirs)
    return ours == theirs


@st.composite
def alike(draw):
    """Records that are all alike and plain."""
    columns = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=16))
    record = st.tuples(*columns) if draw(st.booleans()) else columns[0]
    return draw(st.lists(record, min_size=1, max_size=30))


@given(alike())
def test_records_that_are_alike_make_the_trip(values):
    data = pack(values)
    assert data is not None
    assert same(unpack(data, len(values)), values)
    assert same(unpack(memoryview(bytearray(data)), len(values)), values)


MIXED = st.lists(
    st.sampled_from([1, 1.0, True, None, "a", b"a", 2**63, "\ud800", (1,), (1, 2), (), ((1,),), [1]]), max_size=4
)


@given(MIXED | st.lists(st.tuples(MIXED.map(tuple), st.none()), max_size=3))
def test_what_is_packed_comes_back_whatever_it_is(values):
    data = pack(values)
    if data is not None:
        assert same(unpack(data, len(values)), values)


class Text(str):
    pass


class Pair(tuple):
    pass


@pytest.mark.parametrize(
    "values",
    [
        [],
        [()],
        [(1,) * 17],
        [(1, 2), (1,)],
        [(1, 2), 1],
        [1, (1, 2)],
        [1, True],
        [1, 1.0],
        [1, 2**63],
        [-(2**63) - 1],
        ["\ud800"],
        [("a", "\udfff")],
        [b"bytes"],
        [Text("a")],
        [Pair((1, 2))],
        [(1, Text("a"))],
        [[1, 2]],
        [((1,),)],
        [1j],
    ],
    ids=repr,
)
def test_other_records_are_not_packed(values):
    assert pack(values) is None


def test_a_nan_keeps_its_payload():
    (odd,) = struct.unpack("<d", bytes.fromhex("efbeadde0000f87f"))
    (back,) = unpack(pack([odd]), 1)
    assert math.isnan(back)
    assert struct.pack("<d", back).hex() == "efbeadde0000f87f"


def test_equal_texts_become_one_object():
    values = [(f"user{i % 3}", i) for i in range(100)]
    back = unpack(pack(values), 100)
    assert back == values
    assert len({id(record[0]) for record in back}) == 3


def test_the_collector_need_not_look_at_unpacked_tuples():
    back = unpack(pack([(1, "a"), (2, None)]), 2)
    assert gc.is_tracked(back)
    assert not any(map(gc.is_tracked, back))


SEED = pack([(1, "text", None, 1.5, True), (None, "ü", None, None, False)])


@given(st.data())
def test_damage_is_refused_or_gives_plain_records(data):
    damaged = bytearray(SEED)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    del damaged[data.draw(st.integers(0, len(damaged))) :]
    try:
        values = unpack(damaged, 2)
    except CorruptDataError:
        return
    assert len(values) == 2
    assert same(unpack(pack(values), 2), values)


@pytest.mark.parametrize("count", [-1, 0, 1, 3, 1000, 2**62])
def test_another_count_is_refused(count):
    with pytest.raises(CorruptDataError):
        unpack(SEED, count)


@pytest.mark.parametrize(
    ("data", "count", "words"),
    [
        (b"", 1, "cannot be"),
        (b"\x11", 1, "at most 16"),
        (b"\x00\x00\x00", 1, "unknown kind 0"),
        (b"\x00\x06\x00", 1, "unknown kind 6"),
        (b"\x00\x01\x00", 1, "no column of kind 1"),
        (b"\x00\x01\x01\x00", 1, "a value in a column without any"),
        (b"\x00\x02\x02", 1, "no column of kind 2"),
        (b"\x00\x04\x00\x02", 1, "neither 0 nor 1"),
        (b"\x00\x02\x00" + bytes(7), 1, "7 bytes where 8"),
        (b"\x00\x02\x00" + bytes(9), 1, "1 bytes too many"),
        (b"\x00\x05\x00" + struct.pack("<QI", 1, 0) + b"a", 1, "1 bytes of text too many"),
        (b"\x00\x05\x00" + struct.pack("<QI", 1, 1) + b"\xff", 1, "not UTF-8"),
        (b"\x00\x05\x00" + struct.pack("<QI", 1, 2**32 - 1) + b"a", 1, "1 bytes where 4294967295"),
        (b"\x00\x05\x00" + struct.pack("<QI", 2**63, 1) + b"a", 1, "cannot have"),
    ],
)
def test_what_is_wrong_is_said(data, count, words):
    with pytest.raises(CorruptDataError, match=words):
        unpack(data, count)
