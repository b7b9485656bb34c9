"""Batches as bytes, against the batches themselves."""

import collections
import logging
import threading
from array import array

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.exchange.packed import pack
from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx.common import Row, Types
from pyflinkx.errors import CorruptDataError, JobExecutionError
from pyflinkx.runtime.exchange import frames
from pyflinkx.runtime.exchange.frames import COLUMNS, HEADER, NONES, PACKED, PICKLED, TYPED, FrameFormat
from tests.core.arrow_tables import record_batches

SITE = CallSite("the operator", "uid-1", "job.py:7")
PAIR = Types.TUPLE([Types.STRING(), Types.LONG()])
Point = collections.namedtuple("Point", "x y")

records = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.builds(Point, inner, inner),
    max_leaves=5,
)


@st.composite
def object_batches(draw, values=records):
    values = draw(st.lists(values, max_size=20))
    count = len(values)
    timestamps = st.lists(st.integers(NO_TIMESTAMP, 2**63 - 1), min_size=count, max_size=count)
    kinds = st.lists(st.integers(0, 3), min_size=count, max_size=count)
    return ObjectBatch(
        values,
        draw(st.none() | timestamps.map(lambda numbers: array("q", numbers))),
        draw(st.none() | kinds.map(lambda numbers: array("b", numbers))),
    )


def frame_of(format, batch):
    return b"".join(bytes(part) for part in format.encode(batch))


def parts(batch):
    return batch.values, batch.timestamps, batch.kinds


@given(object_batches(), st.booleans())
def test_untyped_records_make_the_trip(batch, compressed):
    format = FrameFormat(SITE, None, compressed)
    frame = frame_of(format, batch)
    assert HEADER.unpack_from(frame)[0] == (PICKLED if pack(batch.values) is None else PACKED)
    assert parts(format.decode(frame)) == parts(batch)


@given(
    object_batches(st.tuples(st.integers(-(2**63), 2**63 - 1), st.none() | st.floats(allow_nan=False))), st.booleans()
)
def test_untyped_records_that_are_alike_travel_as_columns(batch, compressed):
    format = FrameFormat(SITE, None, compressed)
    frame = frame_of(format, batch)
    assert HEADER.unpack_from(frame)[0] == (PACKED if batch.values else PICKLED)
    assert parts(FrameFormat(SITE, PAIR, compressed).decode(frame)) == parts(batch)
    assert not batch.values or not format.said


@given(object_batches(st.tuples(st.text(), st.integers(-(2**63), 2**63 - 1))), st.booleans())
def test_typed_records_make_the_trip_without_pickles(batch, compressed):
    format = FrameFormat(SITE, PAIR, compressed)
    frame = frame_of(format, batch)
    assert HEADER.unpack_from(frame)[0] == TYPED
    assert parts(FrameFormat(SITE, PAIR, compressed).decode(frame)) == parts(batch)


@given(object_batches(st.none() | st.tuples(st.text(), st.integers(-(2**63), 2**63 - 1))), st.booleans())
def test_none_is_a_record_of_every_type(batch, compressed):
    frame = frame_of(FrameFormat(SITE, PAIR, compressed), batch)
    assert HEADER.unpack_from(frame)[0] == TYPED
    assert HEADER.unpack_from(frame)[1] & NONES == (NONES if None in batch.values else 0)
    assert parts(FrameFormat(SITE, PAIR, compressed).decode(frame)) == parts(batch)


def test_frames_whose_nones_are_not_as_many_as_they_say():
    format = FrameFormat(SITE, PAIR)
    frame = bytearray(frame_of(format, ObjectBatch([None, ("a", 1), None])))
    assert frame[HEADER.size : HEADER.size + 3] == b"\1\0\1"
    for damage in (b"\0\0\1", b"\1\1\1"):
        frame[HEADER.size : HEADER.size + 3] = damage
        with pytest.raises(CorruptDataError, match="1 records that are not None instead of"):
            format.decode(frame)
    with pytest.raises(JobExecutionError, match=r"while its records were encoded.*f1.*expected LONG"):
        format.encode(ObjectBatch([None, ("a", "b")]))


@given(record_batches(encoded=False), st.booleans(), st.data())
def test_columns_make_the_trip(theirs, compressed, data):
    batch = ColumnBatch.from_arrow(theirs)
    if data.draw(st.booleans()):
        numbers = data.draw(st.lists(st.integers(0, 2**40), min_size=len(batch), max_size=len(batch)))
        batch = batch.with_timestamps(array("q", numbers))
    format = FrameFormat(SITE, None, compressed)
    frame = frame_of(format, batch)
    assert HEADER.unpack_from(frame)[0] == COLUMNS
    back = format.decode(frame)
    assert pa.record_batch(back).equals(pa.record_batch(batch), check_metadata=True)
    assert (back.timestamps is None) == (batch.timestamps is None)
    if batch.timestamps is not None:
        assert list(memoryview(back.timestamps)) == list(memoryview(batch.timestamps))


def test_columns_stay_in_their_frame():
    batch = ColumnBatch.from_arrow(pa.record_batch({"n": list(range(1000))}))
    frame = bytearray(frame_of(FrameFormat(SITE), batch))
    back = FrameFormat(SITE).decode(frame)
    at = bytes(frame).index((999).to_bytes(8, "little"))
    frame[at : at + 8] = (5).to_bytes(8, "little")
    assert back.to_rows("tuple")[999] == (5,)


@given(object_batches(), st.data())
def test_a_frame_cut_short_is_refused(batch, data):
    format = FrameFormat(SITE, None)
    frame = frame_of(format, batch)
    with pytest.raises(CorruptDataError):
        format.decode(frame[: data.draw(st.integers(0, len(frame) - 1))])


def test_records_of_local_classes_travel_with_their_class(caplog):
    class Local:
        def __init__(self, value):
            self.value = value

    caplog.set_level(logging.INFO, "pyflinkx.runtime")
    format = FrameFormat(SITE)
    for _ in range(2):
        (back,) = format.decode(frame_of(format, ObjectBatch([Local(3)]))).values
        assert back.value == 3
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert all("the operator" in message for message in messages)


def test_a_record_that_cannot_travel_is_named():
    with pytest.raises(JobExecutionError, match=r"the operator.*cannot travel.*_thread\.lock") as caught:
        FrameFormat(SITE).encode(ObjectBatch([1, threading.Lock()]))
    assert isinstance(caught.value.__cause__, TypeError)


def test_a_record_that_breaks_its_declared_type_is_named():
    with pytest.raises(JobExecutionError, match=r"the operator.*encoded"):
        FrameFormat(SITE, PAIR).encode(ObjectBatch([("a", 1), ("b", "2")]))


def taken_apart(format, batch):
    """The batches of the frames of a batch, and the frames' sizes."""
    frames = [b"".join(bytes(part) for part in parts) for parts in format.frames(batch)]
    return [format.decode(frame) for frame in frames], [len(frame) for frame in frames]


@given(object_batches(), st.integers(1, 400), st.booleans())
def test_frames_of_records_together_hold_the_batch(batch, target, compressed):
    format = FrameFormat(SITE, None, compressed)
    format.cutter.target = target
    batches, _ = taken_apart(format, batch)
    whole = batches[0]
    for further in batches[1:]:
        assert whole.append(further)
    assert parts(whole) == parts(batch)


@given(object_batches(st.tuples(st.text(), st.integers(-9, 9))), st.integers(1, 100))
def test_frames_of_typed_records_together_hold_the_batch(batch, target):
    format = FrameFormat(SITE, PAIR)
    format.cutter.target = target
    batches, _ = taken_apart(format, batch)
    assert [value for part in batches for value in part.values] == batch.values


@given(record_batches(), st.integers(64, 1000))
def test_frames_of_columns_together_hold_the_batch(theirs, target):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frames, "TARGET_COLUMNS", target)
        batches, _ = taken_apart(FrameFormat(SITE), ColumnBatch.from_arrow(theirs))
    found = pa.Table.from_batches([pa.record_batch(batch) for batch in batches])
    assert found.to_pylist() == pa.Table.from_batches([theirs]).to_pylist() or "nan" in str(found.to_pylist())


class Nested:
    """Hides its size from who looks at the record only."""

    __slots__ = ("items",)

    def __init__(self, size):
        self.items = {"data": [("name", b"x" * size)]}


LARGE = {
    "bytes": lambda size: b"x" * size,
    "text": lambda size: "x" * size,
    "tuples": lambda size: (1, "name", b"x" * size),
    "dicts": lambda size: {"a": 1, "b": bytearray(size)},
    "arrays": lambda size: array("q", [0] * (size // 8)),
    "objects": Nested,
    "named": lambda size: Point(1, "x" * size),
    "rows": lambda size: Row(1, b"x" * size),
}


@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.parametrize("first", [10, 10_000])
def test_large_records_are_cut_to_frames_of_about_the_target(monkeypatch, kind, first):
    monkeypatch.setattr(frames, "TARGET_FRAME", 100_000)
    format = FrameFormat(SITE)
    sizes = [
        taken_apart(format, ObjectBatch([LARGE[kind](size) for _ in range(100)]))[1] for size in (first, 10_000, 10)
    ]
    assert all(size <= 120_000 for sizes_of_batch in sizes for size in sizes_of_batch)
    assert 10 <= len(sizes[1]) <= 15
    assert sum(sizes[0]) < 2_000_000


@pytest.mark.parametrize("record_type", [None, Types.PRIMITIVE_ARRAY(Types.BYTE())], ids=["untyped", "typed"])
def test_a_batch_that_turns_out_too_long_is_cut_again(monkeypatch, record_type):
    monkeypatch.setattr(frames, "MAX_FRAME", 5_000)
    format = FrameFormat(SITE, record_type)
    values = [b"x" * size for size in (1, 1, 3000, 1, 3000, 1, 3000, 1, 1)]
    batches, sizes = taken_apart(format, ObjectBatch(values, array("q", range(9))))
    assert max(sizes) <= 5_000
    assert [value for batch in batches for value in batch.values] == values
    assert [stamp for batch in batches for stamp in batch.timestamps] == list(range(9))


def test_columns_that_turn_out_too_long_are_cut_again(monkeypatch):
    monkeypatch.setattr(frames, "MAX_FRAME", 5_000)
    theirs = pa.record_batch(
        {"text": pa.array(["x" * size for size in (1, 1, 3000, 1, 3000, 1, 3000)], pa.large_utf8())}
    )
    batches, sizes = taken_apart(FrameFormat(SITE), ColumnBatch.from_arrow(theirs))
    assert max(sizes) <= 5_000
    assert pa.Table.from_batches([pa.record_batch(batch) for batch in batches]) == pa.Table.from_batches([theirs])


@pytest.mark.parametrize(
    "batch", [ObjectBatch([b"x", b"x" * 6000]), ColumnBatch.from_arrow(pa.record_batch({"a": ["x", "x" * 6000]}))]
)
def test_one_record_longer_than_a_frame_can_be_is_refused_by_name(monkeypatch, batch):
    monkeypatch.setattr(frames, "MAX_FRAME", 5_000)
    with pytest.raises(
        JobExecutionError, match=r"operator 'the operator'.*a record of 6\d\d\d bytes is longer than the 5000"
    ):
        list(FrameFormat(SITE).frames(batch))


def test_a_row_kind_that_is_none_is_damage():
    batch = ObjectBatch([1, 2], None, array("b", [0, 3]))
    batch.kinds[1] = 9
    frame = frame_of(FrameFormat(SITE, None), batch)
    with pytest.raises(CorruptDataError, match="a frame is damaged: record 1: 9 is no row kind"):
        FrameFormat(SITE, None).decode(frame)
