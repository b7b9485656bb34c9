"""Frames of columns: slices, damage, and what they do not carry."""

import contextlib
import json
import pickle
from array import array

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.frame import columns_from_frame
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx.errors import CorruptDataError
from pyflinkx.runtime.exchange.frames import COLUMNS, HEADER, FrameFormat
from pyflinkx.types.schema_text import schema_from, schema_text
from tests.core.arrow_tables import record_batches

SITE = CallSite("the operator", "uid-1", "job.py:7")


def frame_of(batch):
    return b"".join(bytes(part) for part in FrameFormat(SITE).encode(batch))


@given(record_batches(encoded=False), st.data())
def test_a_slice_makes_the_trip(theirs, data):
    start = data.draw(st.integers(0, theirs.num_rows))
    stop = data.draw(st.integers(start, theirs.num_rows))
    batch = ColumnBatch.from_arrow(theirs)
    batch = batch.with_timestamps(array("q", range(len(batch)))).with_kinds(array("b", [1] * len(batch)))
    back = FrameFormat(SITE).decode(frame_of(batch.slice(start, stop)))
    back.validate(full=True)
    assert pa.record_batch(back).equals(theirs.slice(start, stop - start), check_metadata=True)
    assert list(memoryview(back.timestamps)) == list(range(start, stop))
    assert list(memoryview(back.kinds)) == [1] * (stop - start)


def test_a_slice_carries_only_its_own_rows():
    rows = 10_000
    nested = [{"x": n, "s": [str(n)] * 2} for n in range(rows)]
    columns = {"n": list(range(rows)), "s": [f"text {n}" for n in range(rows)], "b": [True] * rows, "d": nested}
    batch = ColumnBatch.from_arrow(pa.record_batch(columns))
    for start, stop in ((0, 10), (5003, 5013), (rows - 10, rows)):
        assert len(frame_of(batch.slice(start, stop))) < 2200


def test_one_format_takes_batches_of_several_schemas():
    format = FrameFormat(SITE)
    for columns in ({"a": [1, 2]}, {"b": ["x"]}, {"a": [1.5]}, {"a": [3]}):
        theirs = pa.record_batch(columns)
        frame = b"".join(bytes(part) for part in format.encode(ColumnBatch.from_arrow(theirs)))
        assert pa.record_batch(format.decode(frame)).equals(theirs)


@given(record_batches(encoded=False), st.data())
def test_a_frame_that_was_cut_or_changed_is_refused_or_can_be_read(theirs, data):
    frame = bytearray(frame_of(ColumnBatch.from_arrow(theirs)))
    if data.draw(st.booleans()):
        del frame[data.draw(st.integers(0, len(frame) - 1)) :]
    else:
        # Only the kind stays: another one would have a pickle loaded.
        at = data.draw(st.integers(4, len(frame) - 1))
        frame[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CorruptDataError):
        FrameFormat(SITE).decode(frame).validate(full=True)


@pytest.mark.parametrize("at", range(9))
@pytest.mark.parametrize("number", [-2, -(2**63), 2**63 - 1, 2**62, 1000])
def test_no_number_of_the_table_leads_out_of_the_frame(at, number):
    schema = Schema([Field("s", "u")])
    frame = bytearray(frame_of(ColumnBatch.from_rows([("ab",), (None,), ("c",)], schema)))
    _, _, count, size = HEADER.unpack_from(frame)
    assert count == 9
    place = HEADER.size + size + 8 * at
    frame[place : place + 8] = number.to_bytes(8, "little", signed=True)
    with pytest.raises(CorruptDataError):
        FrameFormat(SITE).decode(frame).validate(full=True)


@pytest.mark.parametrize(("change", "match"), [(-1, "too short"), (1, "too long")])
def test_the_table_has_as_many_numbers_as_the_schema_asks_for(change, match):
    frame = bytearray(frame_of(ColumnBatch.from_arrow(pa.record_batch({"n": [1, 2]}))))
    kind, flags, count, size = HEADER.unpack_from(frame)
    HEADER.pack_into(frame, 0, kind, flags, count + change, size)
    with pytest.raises(CorruptDataError, match=match):
        FrameFormat(SITE).decode(frame)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"7",
        b"[[],null,1]",
        b'[[["a","l",true,[]]],null]',
        b'[[["a","?",true,[],null]],null]',
        b'[[["a","+l",true,[],null]],null]',
        b'[[[1,"l",true,[],null]],null]',
        b'[[["a","l",true,[],[[1,2]]]],null]',
        b'[[],{"a":1}]',
        b"[" * 100_000,
        b'[[["a","l\\ud800",true,[],null]],null]',
    ],
)
def test_what_is_no_schema_is_refused(text):
    with pytest.raises(CorruptDataError, match="schema"):
        FrameFormat(SITE).decode(HEADER.pack(COLUMNS, 0, 3, len(text)) + text + bytes(24))


@given(record_batches(encoded=False))
def test_a_schema_survives_its_text(theirs):
    schema = ColumnBatch.from_arrow(theirs).schema
    back = schema_from(schema_text(schema))
    assert (back, back.metadata) == (schema, schema.metadata)
    assert [field.metadata for field in back.fields] == [field.metadata for field in schema.fields]


def test_the_table_lies_in_the_frame():
    for table, count in ((-1, 1), (17, 0), (0, 3), (8, 2), (16, 1), (0, -1), (0, 2**61)):
        with pytest.raises(CorruptDataError):
            columns_from_frame(bytes(16), Schema([]), table, count)


def test_columns_travel_without_a_pickle(monkeypatch):
    monkeypatch.setattr(pickle, "loads", None)
    monkeypatch.setattr(pickle, "dumps", None)
    frame = frame_of(ColumnBatch.from_arrow(pa.record_batch({"n": [1, 2]})))
    assert FrameFormat(SITE).decode(frame).to_rows("tuple") == [(1,), (2,)]
    assert json.loads(frame[HEADER.size :].split(b"]],null]")[0] + b"]],null]")[0][0][0] == "n"
