"""The bytes of each type, pinned: a change of the wire format fails here, and needs a new format version."""

import datetime
import math
from decimal import Decimal

import pytest

from pyflinkx._core.codecs.basic import LongCodec
from pyflinkx._core.codecs.codec import FORMAT_VERSION, NullableCodec
from pyflinkx._core.records.row import Row, RowKind
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import ExternalTypeInfo, LocalTimeTypeInfo, Types
from tests.core.codec_types import FROZEN, LATE, POINT, READING, Frozen, Point, Reading, same


def named(row):
    """The row with the names that fields have where the type gives none."""
    row.set_field_names([f"f{index}" for index in range(len(row))])
    return row


GOLDEN = [
    (Types.BOOLEAN(), True, "01"),
    (Types.BOOLEAN(), False, "00"),
    (Types.BYTE(), -128, "80"),
    (Types.BYTE(), 127, "7f"),
    (Types.SHORT(), 0, "00"),
    (Types.SHORT(), -1, "01"),
    (Types.SHORT(), -32768, "ff ff 03"),
    (Types.INT(), 63, "7e"),
    (Types.INT(), 64, "80 01"),
    (Types.INT(), 2**31 - 1, "fe ff ff ff 0f"),
    (Types.INT(), -(2**31), "ff ff ff ff 0f"),
    (Types.LONG(), 1_700_000_000_123, "f6 a1 ab fe f9 62"),
    (Types.LONG(), 2**63 - 1, "fe ff ff ff ff ff ff ff ff 01"),
    (Types.LONG(), -(2**63), "ff ff ff ff ff ff ff ff ff 01"),
    (Types.FLOAT(), 1.5, "00 00 c0 3f"),
    (Types.FLOAT(), math.nan, "00 00 c0 7f"),
    (Types.FLOAT(), -math.inf, "00 00 80 ff"),
    (Types.DOUBLE(), 0.1, "9a 99 99 99 99 99 b9 3f"),
    (Types.DOUBLE(), -0.0, "00 00 00 00 00 00 00 80"),
    (Types.DOUBLE(), -math.nan, "00 00 00 00 00 00 f8 7f"),
    (Types.STRING(), "", "00"),
    (Types.STRING(), "héllo", "06 68 c3 a9 6c 6c 6f"),
    (Types.STRING(), "a" * 128, "80 01" + " 61" * 128),
    (Types.CHAR(), "A", "41"),
    (Types.CHAR(), "\U0001f600", "80 ec 07"),
    (Types.BIG_INT(), 0, "00"),
    (Types.BIG_INT(), -1, "01 ff"),
    (Types.BIG_INT(), 128, "02 80 00"),
    (Types.BIG_INT(), -128, "01 80"),
    (Types.BIG_INT(), 2**63, "09 00 00 00 00 00 00 00 80 00"),
    (Types.BIG_INT(), -(2**64), "09 00 00 00 00 00 00 00 00 ff"),
    (Types.BIG_DEC(), Decimal("-1.50"), "05 2d 31 2e 35 30"),
    (Types.BIG_DEC(), Decimal("-0E+3"), "05 2d 30 45 2b 33"),
    (Types.BIG_DEC(), Decimal("sNaN12"), "06 73 4e 61 4e 31 32"),
    (Types.INSTANT(), Instant(-1, 999_999_999), "01 ff 93 eb dc 03"),
    (Types.SQL_DATE(), datetime.date(1969, 12, 31), "01"),
    (Types.SQL_DATE(), datetime.date(2024, 2, 29), "8c b5 02"),
    (Types.SQL_TIME(), datetime.time(23, 59, 59, 999_999), "ff bf dd ee c1 02"),
    (Types.SQL_TIMESTAMP(), datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999), "ff ff ff ff ff ff ff ff"),
    (Types.SQL_TIMESTAMP(), datetime.datetime(2024, 2, 29, 12), "00 f0 af ff 83 12 06 00"),
    (LocalTimeTypeInfo(LocalTimeTypeInfo.TimeType.LOCAL_DATE), datetime.date(1970, 1, 2), "02"),
    (LocalTimeTypeInfo(LocalTimeTypeInfo.TimeType.LOCAL_TIME), datetime.time(0, 0, 1), "c0 84 3d"),
    (
        LocalTimeTypeInfo(LocalTimeTypeInfo.TimeType.LOCAL_DATE_TIME),
        datetime.datetime(1970, 1, 2),
        "00 60 d7 1d 14 00 00 00",
    ),
    (ExternalTypeInfo(Types.INT()), 1, "02"),
    (Types.PICKLED_BYTE_ARRAY(), None, "04 80 05 4e 2e"),
    (Types.PICKLED_BYTE_ARRAY(), {1: [2]}, "0d 80 05 7d 28 4b 01 5d 28 4b 02 65 75 2e"),
    (Types.PRIMITIVE_ARRAY(Types.BYTE()), b"\x00\xff", "02 00 ff"),
    (Types.PRIMITIVE_ARRAY(Types.BOOLEAN()), [True, False], "02 01 00"),
    (Types.PRIMITIVE_ARRAY(Types.SHORT()), [1, -2], "02 01 00 fe ff"),
    (Types.PRIMITIVE_ARRAY(Types.INT()), [1, -2], "02 01 00 00 00 fe ff ff ff"),
    (Types.PRIMITIVE_ARRAY(Types.LONG()), [1, -2], "02 01 00 00 00 00 00 00 00 fe ff ff ff ff ff ff ff"),
    (Types.PRIMITIVE_ARRAY(Types.FLOAT()), [0.5, math.nan], "02 00 00 00 3f 00 00 c0 7f"),
    (Types.PRIMITIVE_ARRAY(Types.DOUBLE()), [0.5], "01 00 00 00 00 00 00 e0 3f"),
    (Types.PRIMITIVE_ARRAY(Types.CHAR()), ["a", "€"], "02 61 00 00 00 ac 20 00 00"),
    (Types.BASIC_ARRAY(Types.STRING()), ["a", None, "b"], "07 02 01 61 01 62"),
    (Types.OBJECT_ARRAY(Types.SQL_DATE()), [datetime.date(1970, 1, 1)], "02 00"),
    (Types.LIST(Types.LONG()), [], "00"),
    (Types.LIST(Types.LONG()), [1, 2, 3], "06 02 04 06"),
    (Types.LIST(Types.LONG()), [None] * 9, "13 ff 01"),
    (Types.LIST(Types.LIST(Types.BOOLEAN())), [[True], None, []], "07 02 02 01 00"),
    (Types.MAP(Types.STRING(), Types.LONG()), {"b": 1, "a": 2}, "04 01 62 02 01 61 04"),
    (Types.MAP(Types.STRING(), Types.LONG()), {"b": None, "a": 2}, "05 01 01 62 01 61 04"),
    (Types.TUPLE([]), (), "00"),
    (Types.TUPLE([Types.LONG(), Types.STRING()]), (5, "x"), "00 0a 01 78"),
    (Types.TUPLE([Types.LONG(), Types.STRING()]), (None, "x"), "01 01 78"),
    (Types.TUPLE([Types.BOOLEAN()] * 9), (None,) + (True,) * 7 + (None,), "01 01 01 01 01 01 01 01 01"),
    (Types.ROW([]), named(Row()), "00"),
    (Types.ROW([Types.LONG(), Types.STRING()]), named(Row(5, "x")), "00 0a 01 78"),
    (Types.ROW([Types.LONG()]), named(Row.of_kind(RowKind.DELETE, None)), "07"),
    (Types.ROW([Types.BOOLEAN()] * 7), named(Row.of_kind(RowKind.UPDATE_AFTER, *[None] * 7)), "fe 01"),
    (
        Types.ROW_NAMED(["a", "b"], [Types.LONG(), Types.STRING()]),
        Row.of_kind(RowKind.UPDATE_BEFORE, a=5, b="x"),
        "01 0a 01 78",
    ),
    (POINT, Point(-1, None), "02 01"),
    (READING, Reading("s1", 2.0), "04 02 73 31 00 00 00 00 00 00 00 40"),
    (FROZEN, Frozen(a=1, b=Reading("s", 0.0, "n")), "00 02 00 01 73 00 00 00 00 00 00 00 00 01 6e 0e"),
]


@pytest.mark.parametrize(("type_info", "value", "data"), GOLDEN, ids=[f"{case[0]}-{case[2][:20]}" for case in GOLDEN])
def test_golden_bytes(type_info, value, data):
    codec = codec_of(type_info)
    assert codec.encode_one(value).hex(" ") == data
    assert same(codec.decode_one(bytes.fromhex(data)), value)


def test_pickles_of_any_form_are_read():
    written = bytes.fromhex("16 80 05 95 0b 00 00 00 00 00 00 00 7d 94 4b 01 5d 94 4b 02 61 73 2e")
    assert codec_of(Types.PICKLED_BYTE_ARRAY()).decode_one(written) == {1: [2]}


def test_optional_values():
    codec = NullableCodec(LongCodec())
    assert [codec.encode_one(value).hex(" ") for value in (None, 0, 5)] == ["00", "01 00", "01 0a"]
    assert [codec.decode_one(bytes.fromhex(data)) for data in ("00", "01 00", "01 0a")] == [None, 0, 5]


def test_a_batch():
    codec = codec_of(Types.TUPLE([Types.LONG(), Types.STRING()]))
    data = codec.encode_batch([(5, "x"), (None, "y")])
    assert data.hex(" ") == "70 66 78 62 01 60 ed 8c be 4d 96 1f f8 02 00 0a 01 78 01 01 79"
    assert codec.decode_batch(data) == [(5, "x"), (None, "y")]


def test_format_version():
    assert FORMAT_VERSION == 1


FINGERPRINTS = [
    (Types.STRING(), 0xB6E920595E23FC2E),
    (Types.LONG(), 0xE83CD0E065FB3DA0),
    (Types.TUPLE([Types.LONG(), Types.STRING()]), 0xF81F964DBE8CED60),
    (Types.ROW([Types.LONG()]), 0x5C46F6D4DB3F026A),
    (Types.ROW_NAMED(["a"], [Types.LONG()]), 0xD0656F2CA7CBDF89),
    (Types.ROW_NAMED(["b"], [Types.LONG()]), 0x7A221E6B5609FB83),
    (Types.LIST(Types.LONG()), 0xD2C01E09066D5B2F),
    (Types.OBJECT_ARRAY(Types.LONG()), 0xA4FCBB7153B2393E),
    (Types.PRIMITIVE_ARRAY(Types.BYTE()), 0xF4FA96215C279AB3),
    (Types.PRIMITIVE_ARRAY(Types.LONG()), 0x02DAE596DF3B93A1),
    (Types.MAP(Types.STRING(), Types.LONG()), 0x87890453C13E5E09),
    (POINT, 0xCC273905F07D6931),
    (READING, 0x7C2AE7616CEE97F7),
    (FROZEN, 0x1CD6F47ED84286E7),
    (LATE, 0xBA71747442ACD9AE),
]


@pytest.mark.parametrize(("type_info", "fingerprint"), FINGERPRINTS, ids=[str(case[0]) for case in FINGERPRINTS])
def test_fingerprints_do_not_change(type_info, fingerprint):
    assert codec_of(type_info).fingerprint == fingerprint


def test_a_snapshot():
    row = Types.ROW_NAMED(["id", "tags"], [Types.LONG(), Types.MAP(Types.STRING(), Types.LIST(Types.INT()))])
    assert codec_of(row).snapshot() == (
        b'{"codec":{"fields":[{"codec":{"type":"LONG","version":1},"name":"id","optional":true},{"co'
        b'dec":{"key":{"type":"STRING","version":1},"type":"MAP","value":{"element":{"type":"INT","v'
        b'ersion":1},"type":"LIST","version":1},"version":1},"name":"tags","optional":true}],"type":'
        b'"ROW_NAMED","version":1},"format":1}'
    )
    assert codec_of(READING).snapshot() == (
        b'{"codec":{"class":"tests.core.codec_types.Reading","fields":[{"codec":{"type":"STRING","ve'
        b'rsion":1},"name":"sensor","optional":false},{"codec":{"type":"DOUBLE","version":1},"name":'
        b'"value","optional":false},{"codec":{"type":"STRING","version":1},"name":"note","optional":'
        b'true}],"type":"DATACLASS","version":1},"format":1}'
    )
