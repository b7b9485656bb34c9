"""Bytes that no encoder wrote: refused with CorruptDataError, at no cost in memory."""

import datetime
import math
import pickle
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.codecs.codec import NullableCodec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.records.row import Row
from pyflinkx.errors import CorruptDataError
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import Types
from tests.core.codec_reference import encoded, sized, varint, zigzag
from tests.core.codec_types import FROZEN, POINT, READING, Frozen, Point, Reading, typed_values

NESTED = Types.ROW_NAMED(
    ["id", "tags", "place"],
    [Types.LONG(), Types.MAP(Types.STRING(), Types.LIST(Types.DOUBLE())), Types.TUPLE([Types.SQL_DATE(), POINT])],
)
SAMPLES = [
    (Types.BOOLEAN(), True),
    (Types.BYTE(), -7),
    (Types.SHORT(), -30_000),
    (Types.INT(), 2**31 - 1),
    (Types.LONG(), -(2**63)),
    (Types.FLOAT(), 1.5),
    (Types.DOUBLE(), math.nan),
    (Types.STRING(), "naïve 日本 \U0001f600"),
    (Types.CHAR(), "\U0001f600"),
    (Types.BIG_INT(), -(2**70)),
    (Types.BIG_DEC(), __import__("decimal").Decimal("-12.50E+7")),
    (Types.INSTANT(), Instant(1_700_000_000, 5)),
    (Types.SQL_DATE(), datetime.date(2024, 2, 29)),
    (Types.SQL_TIME(), datetime.time(12, 30)),
    (Types.SQL_TIMESTAMP(), datetime.datetime(2024, 2, 29, 1, 2, 3, 4)),
    (Types.PRIMITIVE_ARRAY(Types.BYTE()), b"bytes"),
    (Types.PRIMITIVE_ARRAY(Types.BOOLEAN()), [True, False]),
    (Types.PRIMITIVE_ARRAY(Types.SHORT()), [1, -1]),
    (Types.PRIMITIVE_ARRAY(Types.FLOAT()), [0.5, -math.inf]),
    (Types.PRIMITIVE_ARRAY(Types.CHAR()), ["a", "é"]),
    (Types.BASIC_ARRAY(Types.STRING()), ["a", None]),
    (Types.OBJECT_ARRAY(Types.SQL_DATE()), [None, datetime.date(1970, 1, 1)]),
    (Types.LIST(Types.LONG()), [1, None, 3]),
    (Types.MAP(Types.LONG(), Types.STRING()), {1: "a", 2: None}),
    (Types.TUPLE([]), ()),
    (Types.TUPLE([Types.LONG()] * 9), (1, None) * 4 + (5,)),
    (Types.ROW([Types.LONG(), Types.STRING()]), Row(1, "a")),
    (NESTED, Row(id=1, tags={"a": [1.0, None]}, place=(datetime.date(2024, 1, 1), Point(1, 2.0)))),
    (READING, Reading("s", 1.0, None)),
    (FROZEN, Frozen(a=1, b=None)),
]
NAMES = [str(sample[0])[:40] for sample in SAMPLES]


def accepted(codec, data):
    """Whether bytes are accepted; if so, they must be the one encoding of what they were decoded to."""
    try:
        value = codec.decode_one(data)
    except CorruptDataError:
        return False
    assert codec.encode_one(value) == data
    return True


@pytest.mark.parametrize(("type_info", "value"), SAMPLES, ids=NAMES)
def test_every_truncation_is_refused(type_info, value):
    codec = codec_of(type_info)
    data = codec.encode_one(value)
    for length in range(len(data)):
        with pytest.raises(CorruptDataError, match=f"of {length}: "):
            codec.decode_one(data[:length])
    for batch in (codec.encode_batch([value, value]), codec.encode_batch([])):
        for length in range(len(batch)):
            with pytest.raises(CorruptDataError):
                codec.decode_batch(batch[:length])


@pytest.mark.parametrize(("type_info", "value"), SAMPLES, ids=NAMES)
def test_bytes_behind_the_value_are_refused(type_info, value):
    codec = codec_of(type_info)
    with pytest.raises(CorruptDataError, match="1 bytes follow the value"):
        codec.decode_one(codec.encode_one(value) + b"\0")
    with pytest.raises(CorruptDataError, match="3 bytes follow the last of 1 records"):
        codec.decode_batch(codec.encode_batch([value]) + b"\0\0\0")


@pytest.mark.parametrize(("type_info", "value"), SAMPLES, ids=NAMES)
def test_every_changed_bit_is_refused_or_another_value(type_info, value):
    codec = codec_of(type_info)
    data = codec.encode_one(value)
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        accepted(codec, bytes(changed))


@given(typed_values, st.data())
@settings(max_examples=100)
def test_random_damage(typed, data):
    type_info, value = typed
    codec = codec_of(type_info)
    mutable = bytearray(codec.encode_one(value))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(mutable)))
        mutable[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    accepted(codec, bytes(mutable))


@given(typed_values, st.binary(max_size=60))
@settings(max_examples=60)
def test_bytes_of_no_origin(typed, data):
    accepted(codec_of(typed[0]), data)


HUGE = [2**31 - 1, 2**32, 2**40, 2**61, 2**63 - 1, 2**64 - 1]
LENGTHS = [
    Types.STRING(),
    Types.BIG_INT(),
    Types.BIG_DEC(),
    Types.PICKLED_BYTE_ARRAY(),
    Types.LIST(Types.LONG()),
    Types.LIST(Types.TUPLE([])),
    Types.LIST(Types.ROW([])),
    Types.LIST(Types.LIST(Types.LIST(Types.LONG()))),
    Types.MAP(Types.LONG(), Types.LONG()),
    Types.MAP(Types.TUPLE([]), Types.TUPLE([])),
    Types.OBJECT_ARRAY(Types.DOUBLE()),
    Types.BASIC_ARRAY(Types.STRING()),
    Types.PRIMITIVE_ARRAY(Types.BYTE()),
    Types.PRIMITIVE_ARRAY(Types.BOOLEAN()),
    Types.PRIMITIVE_ARRAY(Types.DOUBLE()),
    Types.PRIMITIVE_ARRAY(Types.CHAR()),
]


@pytest.mark.parametrize("length", HUGE)
@pytest.mark.parametrize("type_info", LENGTHS, ids=str)
def test_a_huge_length_allocates_nothing(type_info, length):
    codec = codec_of(type_info)
    filling = bytes(range(1, 60))
    inputs = [
        varint(length),
        varint(length) + filling,
        varint(length & ~1) + b"\xff" * 40,
        varint(length | 1) + filling,
    ]
    tracemalloc.start()
    try:
        for data in inputs:
            with pytest.raises(CorruptDataError):
                codec.decode_one(data)
            with pytest.raises(CorruptDataError):
                codec.decode_batch(codec.encode_batch([])[:-1] + data)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_nulls_cost_their_bits_and_no_more_are_believed():
    codec = codec_of(Types.LIST(Types.TUPLE([])))
    assert codec.decode_one(varint(2 * 64 + 1) + b"\xff" * 8) == [None] * 64
    for data in (varint(2 * 65 + 1) + b"\xff" * 8, varint(2 * 2**50 + 1) + b"\xff" * 50):
        with pytest.raises(CorruptDataError, match="the bytes end too early"):
            codec.decode_one(data)


def test_elements_are_believed_only_as_far_as_there_are_bytes():
    codec = codec_of(Types.LIST(Types.DOUBLE()))
    with pytest.raises(CorruptDataError, match="3 items cannot be in the 23 bytes left"):
        codec.decode_one(varint(6) + bytes(23))
    assert codec.decode_one(varint(6) + bytes(24)) == [0.0] * 3
    with pytest.raises(CorruptDataError, match="4 items cannot be in the 23 bytes left"):
        codec.decode_one(varint(9) + b"\1" + bytes(23))
    codec = codec_of(Types.MAP(Types.LONG(), Types.DOUBLE()))
    with pytest.raises(CorruptDataError, match="2 items cannot be in the 17 bytes left"):
        codec.decode_one(varint(4) + bytes(17))


LONG, TEXT, DOUBLE = Types.LONG(), Types.STRING(), Types.DOUBLE()
NOT_CANONICAL = [
    (Types.BOOLEAN(), b"\2", "a boolean is 2, not 0 or 1"),
    (Types.SHORT(), zigzag(2**15), "32768 does not lie within -32768 and 32767"),
    (Types.INT(), zigzag(-(2**31) - 1), "-2147483649 does not lie within"),
    (LONG, b"\x80\x00", "corrupt data"),
    (LONG, b"\x80" * 9 + b"\x00", "corrupt data"),
    (LONG, b"\xff" * 9 + b"\x02", "corrupt data"),
    (LONG, b"\xff" * 10 + b"\x01", "corrupt data"),
    (LONG, b"\x81\x80\x00" + bytes(5), "corrupt data"),
    (Types.FLOAT(), b"\1\0\xc0\x7f", "corrupt data"),
    (Types.FLOAT(), b"\0\0\xc0\xff", "corrupt data"),
    (DOUBLE, b"\1\0\0\0\0\0\xf8\x7f", "corrupt data"),
    (DOUBLE, b"\0\0\0\0\0\0\xf0\xff"[:6] + b"\xf1\x7f", "corrupt data"),
    (TEXT, sized(b"\xc0\x80"), "invalid UTF-8"),
    (TEXT, sized(b"\xe0\x9f\xbf"), "invalid UTF-8"),
    (TEXT, sized(b"\xf0\x8f\xbf\xbf"), "invalid UTF-8"),
    (TEXT, sized(b"\xed\xa0\x80"), "invalid UTF-8"),
    (TEXT, sized(b"\xf4\x90\x80\x80"), "invalid UTF-8"),
    (TEXT, sized(b"\xf5\x80\x80\x80"), "invalid UTF-8"),
    (TEXT, sized(b"long enough\x80"), "invalid UTF-8"),
    (TEXT, sized(b"long enough\xe2\x82"), "invalid UTF-8"),
    (Types.CHAR(), varint(0x110000), "0x110000 is no character"),
    (Types.CHAR(), varint(0xD800), "0xd800 is no character"),
    (Types.CHAR(), varint(2**32 + 65), "is no character"),
    (Types.PRIMITIVE_ARRAY(Types.CHAR()), b"\1\xff\xff\xff\xff", "is no character"),
    (Types.PRIMITIVE_ARRAY(Types.BOOLEAN()), b"\2\1\x07", r"field '\[1\]': a boolean is 7"),
    (Types.BIG_INT(), sized(b"\0"), "takes more bytes than it needs"),
    (Types.BIG_INT(), sized(b"\x05\0"), "takes more bytes than it needs"),
    (Types.BIG_INT(), sized(b"\x85\xff"), "takes more bytes than it needs"),
    (Types.BIG_INT(), sized(bytes(20)), "takes more bytes than it needs"),
    *(
        (Types.BIG_DEC(), sized(text.encode()), "is not how|are no decimal")
        for text in ["", " 1", "+1", "1_0", "01", "1e5"]
    ),
    *(
        (Types.BIG_DEC(), sized(text.encode()), "is not how|are no decimal")
        for text in ["inf", "nan", "0x1", "\u0661", "1E+0"]
    ),
    (Types.BIG_DEC(), sized(b"1E+9999999999999999999"), "are no decimal|is not how"),
    (Types.INSTANT(), zigzag(0) + varint(10**9), "has 1000000000 nanoseconds"),
    (Types.INSTANT(), zigzag(2**62) + varint(0), "is out of range"),
    (Types.SQL_DATE(), zigzag(2_932_897), "day 2932897 lies outside the years 1 to 9999"),
    (Types.SQL_DATE(), zigzag(-719_163), "day -719163 lies outside"),
    (Types.SQL_DATE(), zigzag(2**62), "lies outside"),
    (Types.SQL_TIME(), varint(86_400_000_000), "86400000000 microseconds are no time of day"),
    (Types.SQL_TIMESTAMP(), b"\xff" * 7 + b"\x7f", "outside the years 1 to 9999"),
    (Types.SQL_TIMESTAMP(), b"\0" * 7 + b"\x80", "outside the years 1 to 9999"),
    (Types.LIST(LONG), b"\3\0\0", "a bitmap of nulls, but no null"),
    (Types.LIST(LONG), b"\3\3", "corrupt data"),
    (Types.LIST(LONG), b"\1", "a bitmap of nulls, but no null"),
    (Types.MAP(LONG, LONG), b"\4\2\2\2\4", "the same key twice"),
    (Types.MAP(DOUBLE, LONG), varint(4) + bytes(9) + bytes(7) + b"\x80\0", "the same key twice"),
    (Types.MAP(Types.BIG_DEC(), LONG), varint(2) + sized(b"sNaN") + b"\0", "cannot be the key of a map"),
    (Types.TUPLE([LONG]), b"\2\0", "corrupt data"),
    (Types.TUPLE([]), b"\1", "corrupt data"),
    (Types.ROW([]), b"\4", "corrupt data"),
    (Types.ROW([LONG] * 6), b"\xff" + b"\0" * 6, "bytes follow the value"),
    (Types.ROW([LONG] * 7), b"\0\2" + b"\0" * 7, "corrupt data"),
    (READING, b"\1" + bytes(9), "field 'sensor': a field that cannot be null is null"),
    (NESTED, b"\0\2\2\1a\4" + bytes(8), r"field 'tags\.|field 'tags\["),
]


@pytest.mark.parametrize(
    ("type_info", "data", "message"),
    NOT_CANONICAL,
    ids=[f"{case[0]}-{case[1].hex()[:16]}"[-50:] for case in NOT_CANONICAL],
)
def test_every_other_encoding_of_a_value_is_refused(type_info, data, message):
    with pytest.raises(CorruptDataError, match=message):
        codec_of(type_info).decode_one(data)


def test_flags_of_optional_values():
    codec = NullableCodec(codec_of(LONG))
    with pytest.raises(CorruptDataError, match="is 2, not 0 or 1"):
        codec.decode_one(b"\2\0")
    with pytest.raises(CorruptDataError, match="1 bytes follow"):
        codec.decode_one(b"\0\0")


@pytest.mark.parametrize("shape", ["3", "9", "27"])
def test_utf8_is_what_python_takes_for_it(shape):
    codec = codec_of(TEXT)
    prefix = b"a" * (int(shape) - 3)

    @given(st.binary(min_size=1, max_size=6))
    @settings(max_examples=200)
    def check(tail):
        data = prefix + tail
        try:
            expected = data.decode()
        except UnicodeDecodeError:
            expected = None
        try:
            found = codec.decode_one(sized(data))
        except CorruptDataError:
            found = None
        assert found == expected

    check()


def test_where_damage_was_found():
    codec = codec_of(NESTED)
    value = Row(id=1, tags={"a": [1.0, 2.0]}, place=None)
    data = bytearray(codec.encode_one(value))
    data[-1] = 0xFF
    data[-2] = 0xF8
    with pytest.raises(
        CorruptDataError, match=r"^byte 14 of 22: field 'tags\[entry 0\]\[1\]': corrupt data \(decoding ROW\)"
    ):
        codec.decode_one(data)
    batch = codec.encode_batch([value, value])
    with pytest.raises(CorruptDataError, match=r"^record 1, byte \d+ of 58: field 'tags"):
        codec.decode_batch(batch[:-2] + data[-2:])


class Unwanted:
    def __reduce__(self):
        raise AssertionError("pickled")


def test_a_pickle_that_cannot_be_loaded():
    codec = codec_of(Types.TUPLE([Types.PICKLED_BYTE_ARRAY()]))
    with pytest.raises(CorruptDataError, match="field 'f0': the pickle cannot be loaded: UnpicklingError") as caught:
        codec.decode_one(b"\0" + sized(b"garbage"))
    assert isinstance(caught.value.__cause__, pickle.UnpicklingError)


def test_pickles_are_announced_and_can_be_limited():
    assert codec_of(Types.LIST(Types.MAP(TEXT, Types.PICKLED_BYTE_ARRAY()))).contains_pickle
    assert not codec_of(NESTED).contains_pickle

    def refuse(data):
        raise ValueError("no pickles here")

    with pytest.raises(CorruptDataError, match="no pickles here"):
        PickleCodec(refuse).decode_one(PickleCodec().encode_one([1]))


def test_the_oracle_agrees_about_the_samples():
    for type_info, value in SAMPLES:
        assert codec_of(type_info).encode_one(value) == encoded(type_info, value)
