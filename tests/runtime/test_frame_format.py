"""The bytes of frames, pinned: docs/formats/frames.md says what they mean."""

import sys
from array import array

import pyarrow as pa
import pytest

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx.common import Types
from pyflinkx.runtime.exchange.frames import FrameFormat

SITE = CallSite("the operator", "uid-1", "job.py:7")
PAIR = Types.TUPLE([Types.STRING(), Types.LONG()])

pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="tables are in the machine's byte order")


def le(*numbers: int, size: int = 8) -> str:
    return " ".join(number.to_bytes(size, "little", signed=True).hex() for number in numbers)


def text(value: str) -> str:
    return value.encode().hex()


LEAST = le(NO_TIMESTAMP)
# A batch by codec begins so (docs/formats/values.md): magic, version, fingerprint of the type; then a count.
PAIRS = "70667862 01 b120520330 15ee88"

RECORDS = [
    (
        "by codec",
        PAIR,
        [("a", -1), ("bc", 2)],
        None,
        None,
        "02 00 0000 02000000" + le(23) + PAIRS + "02 00 01 61 01 00 02 62 63 04",
    ),
    ("with timestamps", PAIR, [("a", 3)], [7], None, "02 01 0000 01000000" + le(18) + le(7) + PAIRS + "01 00 01 61 06"),
    (
        "with all",
        PAIR,
        [("a", 3), None],
        [7, NO_TIMESTAMP],
        [0, 3],
        "02 0b 0000 02000000" + le(18) + le(7) + LEAST + "00 03" + "00 01" + PAIRS + "01 00 01 61 06",
    ),
    ("packed ints", None, [1, -1], None, None, "04 00 0000 02000000" + le(19) + "00 02 00" + le(1, -1)),
    (
        "packed tuples",
        None,
        [("a", 1.5, True, None), ("é", None, False, None)],
        None,
        None,
        "04 00 0000 02000000 3200000000000000 04"
        + "05 00"
        + le(3)
        + le(1, 2, size=4)
        + text("aé")
        + "03 01 00 01 000000000000f83f 0000000000000000"
        + "04 00 01 00"
        + "01 01 01 01",
    ),
    ("none, pickled", None, [], None, None, "01 00 0000 00000000" + le(5) + "80 05 5d 94 2e"),
]


def frame_of(format: FrameFormat, batch: ObjectBatch | ColumnBatch) -> bytes:
    return b"".join(bytes(part) for part in format.encode(batch))


@pytest.mark.parametrize(("name", "type_", "values", "stamps", "kinds", "frame"), RECORDS, ids=[r[0] for r in RECORDS])
def test_records(name, type_, values, stamps, kinds, frame):
    timestamps = None if stamps is None else array("q", stamps)
    row_kinds = None if kinds is None else array("b", kinds)
    format = FrameFormat(SITE, type_)
    assert frame_of(format, ObjectBatch(values, timestamps, row_kinds)).hex(" ") == bytes.fromhex(frame).hex(" ")
    found = format.decode(bytes.fromhex(frame))
    assert (found.values, found.timestamps, found.kinds) == (values, timestamps, row_kinds)


def columns() -> ColumnBatch:
    strings = pa.array(["x", None, "yz", "w"]).slice(1, 2)
    structs = pa.array([{"f": True}, {"f": None}, None]).slice(1)
    fields = {"s": strings, "t": structs, "n": pa.nulls(2)}
    batch = pa.record_batch(list(fields.values()), names=list(fields))
    return ColumnBatch.from_arrow(batch)


def test_columns():
    schema = '[[["s","u",true,[],null],["t","+s",true,[["f","b",true,[],null]],null],["n","n",true,[],null]],null]'
    numbers = [
        2,
        2,
        0,
        1,
        1,
        12,
        2,  # s: rows, offset, nulls; bytes of validity, offsets, text
        2,
        1,
        1,
        1,  # t: the first row is bit 1, as in the memory that it is a slice of
        3,
        0,
        1,
        1,
        1,  # t.f, of three rows
        2,
        0,
        2,  # n
        -1,
        -1,
    ]
    frame = FrameFormat(SITE).encode(columns())
    head = bytes.fromhex("03 00 0000" + le(len(numbers), size=4) + le(len(schema)))
    assert bytes(frame[0]) == head
    assert bytes(frame[1]).decode() == schema
    assert memoryview(frame[2]).cast("q").tolist() == numbers
    whole = b"".join(bytes(part) for part in frame)
    at = len(head) + len(schema) + 8 * len(numbers)
    buffers = ["02", le(0, 0, 2, size=4), text("yz"), "03", "05", "01"]
    expected = whole[:at]
    for buffer in buffers:
        expected += bytes(-len(expected) % 64) + bytes.fromhex(buffer)
    assert whole.hex(" ") == expected.hex(" ")
    assert pa.record_batch(FrameFormat(SITE).decode(whole)).equals(pa.record_batch(columns()))


def test_a_compressed_body_is_one_block():
    format = FrameFormat(SITE, PAIR, compressed=True)
    plain = frame_of(FrameFormat(SITE, PAIR), ObjectBatch([("a", 1)] * 50))
    frame = frame_of(format, ObjectBatch([("a", 1)] * 50))
    assert frame[:16] == bytes([plain[0], 4]) + plain[2:16]
    assert len(frame) < len(plain)
    assert format.decode(frame).values == [("a", 1)] * 50
