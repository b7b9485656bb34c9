"""Values that do not have their declared type: what the messages say."""

import datetime
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import pytest

from pyflinkx._core.codecs.basic import LongCodec
from pyflinkx._core.codecs.codec import MAX_DEPTH, NullableCodec
from pyflinkx._core.codecs.collection import ArrayCodec
from pyflinkx._core.codecs.record import NamedTupleCodec, TupleCodec
from pyflinkx._core.codecs.row import RowCodec
from pyflinkx._core.records.row import Row, RowKind
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.structured import DataclassTypeInfo
from pyflinkx.types.typeinfo import TypeInformation, Types
from tests.core.codec_types import FROZEN, POINT, READING, Frozen, Point, Reading

LONG, TEXT = Types.LONG(), Types.STRING()
AB = Types.ROW_NAMED(["a", "b"], [LONG, TEXT])
UTC = datetime.timezone.utc


class NoRepr:
    def __repr__(self):
        raise ValueError("no")


class Other(NamedTuple):
    x: int
    y: float | None


class MoreReading(Reading):
    pass


WRONG = [
    (LONG, "x", "expected LONG, got str 'x'"),
    (LONG, None, "expected LONG, got None"),
    (LONG, True, "expected LONG, got bool True"),
    (LONG, 1.0, "expected LONG, got float 1.0"),
    (LONG, 2**63, "expected LONG (-9223372036854775808 to 9223372036854775807), got int 9223372036854775808"),
    (Types.INT(), 2**31, "expected INT (-2147483648 to 2147483647), got int 2147483648"),
    (Types.INT(), -(2**31) - 1, "expected INT (-2147483648 to 2147483647), got int -2147483649"),
    (Types.SHORT(), 2**15, "expected SHORT (-32768 to 32767), got int 32768"),
    (Types.BYTE(), 128, "expected BYTE (-128 to 127), got int 128"),
    (Types.BYTE(), -129, "expected BYTE (-128 to 127), got int -129"),
    (Types.BIG_INT(), False, "expected BIG_INT, got bool False"),
    (Types.BIG_INT(), 1.0, "expected BIG_INT, got float 1.0"),
    (Types.BOOLEAN(), 1, "expected BOOLEAN, got int 1"),
    (Types.DOUBLE(), True, "expected DOUBLE, got bool True"),
    (Types.DOUBLE(), "1.0", "expected DOUBLE, got str '1.0'"),
    (Types.DOUBLE(), Decimal(1), "expected DOUBLE, got decimal.Decimal Decimal('1')"),
    (Types.DOUBLE(), 2**53 + 1, "expected DOUBLE, got int 9007199254740993, which is no float exactly"),
    (Types.DOUBLE(), 10**400, "expected DOUBLE, got int 1000"),
    (Types.FLOAT(), 1e39, "expected FLOAT (32 bits), got float 1e+39: out of range"),
    (TEXT, b"x", "expected STRING, got bytes b'x'"),
    (TEXT, "\ud800", "expected STRING, got a str with surrogates, which UTF-8 cannot hold: str '\\ud800'"),
    (Types.CHAR(), "ab", "expected CHAR (a str of one character), got str 'ab'"),
    (Types.CHAR(), 65, "expected CHAR (a str of one character), got int 65"),
    (Types.CHAR(), "\udfff", "expected CHAR, got a surrogate: str '\\udfff'"),
    (Types.BIG_DEC(), 1.5, "expected BIG_DEC, got float 1.5"),
    (Types.INSTANT(), 5, "expected INSTANT, got int 5"),
    (
        Types.SQL_DATE(),
        datetime.datetime(2024, 1, 1),
        "expected SQL_DATE, got datetime.datetime datetime.datetime(2024",
    ),
    (Types.SQL_DATE(), "2024-01-01", "expected SQL_DATE, got str '2024-01-01'"),
    (Types.SQL_TIME(), 5, "expected SQL_TIME, got int 5"),
    (Types.SQL_TIME(), datetime.time(1, tzinfo=UTC), "expected SQL_TIME (without a time zone), got datetime.time"),
    (Types.SQL_TIMESTAMP(), datetime.date(2024, 1, 1), "expected SQL_TIMESTAMP, got datetime.date datetime.date(2024"),
    (Types.SQL_TIMESTAMP(), datetime.datetime(2024, 1, 1, tzinfo=UTC), "astimezone(timezone.utc).replace(tzinfo=None)"),
    (Types.PRIMITIVE_ARRAY(Types.BYTE()), "x", "expected PRIMITIVE_ARRAY(BYTE), got str 'x'"),
    (Types.PRIMITIVE_ARRAY(Types.BYTE()), [1], "expected PRIMITIVE_ARRAY(BYTE), got list [1]"),
    (Types.PRIMITIVE_ARRAY(Types.BYTE()), memoryview(b"abcd")[::2], "expected PRIMITIVE_ARRAY(BYTE), got memoryview"),
    (Types.PRIMITIVE_ARRAY(Types.INT()), [1, None], "field '[1]': expected INT, got None"),
    (Types.PRIMITIVE_ARRAY(Types.INT()), {1}, "expected PRIMITIVE_ARRAY(INT), got set {1}"),
    (Types.PRIMITIVE_ARRAY(Types.INT()), "12", "expected PRIMITIVE_ARRAY(INT), got str '12'"),
    (Types.LIST(LONG), "ab", "expected LIST(LONG), got str 'ab'"),
    (Types.LIST(LONG), [1, 2, "x"], "field '[2]': expected LONG, got str 'x'"),
    (Types.MAP(TEXT, LONG), [("a", 1)], "expected MAP(STRING, LONG), got list [('a', 1)]"),
    (Types.MAP(TEXT, LONG), {"k": "x"}, "field \"['k']\": expected LONG, got str 'x'"),
    (Types.MAP(TEXT, LONG), {5: 1}, "field '[key 5]': expected STRING, got int 5"),
    (Types.MAP(TEXT, LONG), {None: 1}, "field '[key None]': expected STRING, got None; a key of a map cannot be None"),
    (Types.TUPLE([LONG, TEXT]), (1,), "expected TUPLE of 2 fields, got 1: tuple (1,)"),
    (Types.TUPLE([LONG, TEXT]), [1], "expected TUPLE of 2 fields, got 1: list [1]"),
    (Types.TUPLE([LONG, TEXT]), (1, 2), "field 'f1': expected STRING, got int 2"),
    (Types.TUPLE([LONG]), 5, "expected TUPLE, got int 5"),
    (
        Types.TUPLE([LONG]),
        Row.of_kind(RowKind.DELETE, 1),
        "expected TUPLE, got pyflinkx._core.records.row.Row <Row(1)>",
    ),
    (Types.ROW([LONG]), "x", "expected ROW, got str 'x'"),
    (Types.ROW([LONG]), Row(1, 2), "expected ROW of 1 fields, got 2: pyflinkx._core.records.row.Row <Row(1, 2)>"),
    (Types.ROW([LONG]), {"a": 1}, "expected ROW with fields ['f0'], got unknown ones ['a']: dict {'a': 1}"),
    (AB, Row(a="x", b="y"), "field 'a': expected LONG, got str 'x'"),
    (AB, Row(a=1, c="y"), "expected ROW with fields ['a', 'b'], got pyflinkx._core.records.row.Row Row(a=1, c='y')"),
    (AB, {"a": 1, "c": 2}, "expected ROW with fields ['a', 'b'], got unknown ones ['c']: dict"),
    (AB, (1,), "expected ROW of 2 fields, got 1: tuple (1,)"),
    (
        Types.ROW_NAMED(["a"], [Types.ROW_NAMED(["b"], [LONG])]),
        Row(a=Row(b="x")),
        "field 'a.b': expected LONG, got str 'x'",
    ),
    (
        Types.ROW_NAMED(["a"], [Types.LIST(Types.MAP(TEXT, Types.TUPLE([LONG])))]),
        Row(a=[{}, {"k": (b"",)}]),
        "field \"a[1]['k'].f0\": expected LONG, got bytes b''",
    ),
    (POINT, (1, 2.0), "expected tests.core.codec_types.Point, got tuple (1, 2.0)"),
    (POINT, Other(1, 2.0), "expected tests.core.codec_types.Point, got tests.core.test_codec_errors.Other Other(x=1"),
    (POINT, Point(None, None), "field 'x': expected LONG, got None"),
    (READING, Reading("s", None), "field 'value': expected DOUBLE, got None"),
    (READING, MoreReading("s", 1.0), "expected tests.core.codec_types.Reading, got tests.core.test_codec_errors.MoreR"),
    (FROZEN, Frozen(a=1, b=Reading(5, 1.0)), "field 'b.sensor': expected STRING, got int 5"),
    (LONG, "x" * 500, "expected LONG, got str '" + "x" * 199 + "..."),
    (LONG, NoRepr(), "<repr raised ValueError>"),
    (Types.PICKLED_BYTE_ARRAY(), lambda: 0, "expected PICKLED_BYTE_ARRAY, got a value that cannot be pickled ("),
]


@pytest.mark.parametrize(("type_info", "value", "message"), WRONG, ids=range(len(WRONG)))
def test_messages(type_info, value, message):
    codec = codec_of(type_info)
    with pytest.raises(TypeInformationError) as caught:
        codec.encode_one(value)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 500
    with pytest.raises(TypeInformationError) as caught:
        codec.encode_batch([value])
    assert str(caught.value).startswith("record 0: ")
    assert message in str(caught.value)


def test_a_record_of_a_batch_is_named():
    with pytest.raises(TypeInformationError, match=r"^record 2: field 'a': expected LONG, got str 'x'$"):
        codec_of(AB).encode_batch([Row(a=1, b=""), Row(a=2, b=""), Row(a="x", b="")])


def test_an_attribute_that_is_gone():
    reading = Reading("s", 1.0)
    del reading.value
    with pytest.raises(TypeInformationError, match="field 'value': the instance has no such attribute"):
        codec_of(READING).encode_one(reading)


@dataclass
class Picky:
    n: int

    def __post_init__(self):
        if self.n > 5:
            raise ValueError("too large")


def test_a_class_that_refuses_its_values():
    from pyflinkx.errors import CorruptDataError

    codec = codec_of(DataclassTypeInfo(Picky, [LONG], [True]))
    picky = Picky(5)
    assert codec.decode_one(codec.encode_one(picky)) == picky
    picky.n = 6
    with pytest.raises(CorruptDataError, match="Picky refuses the decoded values: too large"):
        codec.decode_one(codec.encode_one(picky))


def test_pandas_values_lose_nothing_in_silence():
    pandas = pytest.importorskip("pandas")
    codec = codec_of(Types.SQL_TIMESTAMP())
    stamp = pandas.Timestamp("2024-01-01 00:00:00.000001")
    assert codec.decode_one(codec.encode_one(stamp)) == datetime.datetime(2024, 1, 1, 0, 0, 0, 1)
    for value in (pandas.Timestamp("2024-01-01 00:00:00.000000001"), pandas.NaT):
        with pytest.raises(TypeInformationError, match="expected SQL_TIMESTAMP"):
            codec.encode_one(value)
    with pytest.raises(TypeInformationError, match="expected SQL_DATE"):
        codec_of(Types.SQL_DATE()).encode_one(pandas.NaT)


def test_numpy_values_that_do_not_fit():
    numpy = pytest.importorskip("numpy")
    for type_info, value in [
        (LONG, numpy.float64(1.0)),
        (LONG, numpy.bool_(True)),
        (LONG, numpy.uint64(2**63)),
        (Types.BOOLEAN(), numpy.int8(1)),
        (Types.DOUBLE(), numpy.bool_(True)),
        (Types.DOUBLE(), numpy.datetime64("2024-01-01")),
        (Types.PRIMITIVE_ARRAY(Types.INT()), numpy.array(5)),
        (Types.PRIMITIVE_ARRAY(Types.INT()), numpy.array([[1], [2]])),
    ]:
        with pytest.raises(TypeInformationError, match="expected"):
            codec_of(type_info).encode_one(value)


# ---- types without a codec ----


def deep(levels, inner):
    for _ in range(levels):
        inner = Types.LIST(inner)
    return inner


def test_nesting_is_limited():
    codec = codec_of(deep(MAX_DEPTH - 1, LONG))
    assert codec.depth == MAX_DEPTH
    value = []
    for _ in range(MAX_DEPTH - 2):
        value = [value]
    assert codec.decode_one(codec.encode_one(value)) == value
    for levels in (MAX_DEPTH, 5 * MAX_DEPTH):
        with pytest.raises(TypeInformationError, match="nests more than 100 levels deep"):
            codec_of(deep(levels, LONG))
    with pytest.raises(TypeInformationError, match="nests more than 100 levels deep"):
        TupleCodec([codec])


@pytest.mark.parametrize(
    "key",
    [Types.LIST(LONG), Types.MAP(LONG, LONG), Types.PRIMITIVE_ARRAY(LONG), Types.TUPLE([Types.LIST(LONG)]), READING],
)
def test_keys_that_cannot_be_hashed(key):
    with pytest.raises(TypeInformationError, match="cannot be hashed, so they cannot be keys of a MAP"):
        codec_of(Types.MAP(key, LONG))


def test_what_is_no_type():
    with pytest.raises(TypeInformationError, match="there is no codec of"):
        codec_of(TypeInformation())
    with pytest.raises(TypeInformationError, match="there is no codec of 'LONG'"):
        codec_of("LONG")


def test_faults_of_constructors():
    with pytest.raises(TypeInformationError, match="OPTIONAL LONG is optional already"):
        NullableCodec(NullableCodec(LongCodec()))
    with pytest.raises(TypeInformationError, match="a field name occurs twice"):
        RowCodec([LongCodec(), LongCodec()], ["a", "a"])
    with pytest.raises(TypeInformationError, match="1 names and 2 marks for 2 field types"):
        RowCodec([LongCodec(), LongCodec()], ["a"])
    with pytest.raises(TypeInformationError, match="2 names and 1 marks for 2 field types"):
        NamedTupleCodec(Point, [LongCodec(), LongCodec()], [True])
    with pytest.raises(TypeError, match="a codec is expected for each field, not 'x'"):
        TupleCodec(["x"])
    with pytest.raises(TypeInformationError, match="cannot be the element of a PRIMITIVE_ARRAY"):
        ArrayCodec(codec_of(TEXT))


def test_not_a_number_is_a_number():
    assert math.isnan(codec_of(Types.FLOAT()).decode_one(codec_of(Types.FLOAT()).encode_one(math.nan)))
