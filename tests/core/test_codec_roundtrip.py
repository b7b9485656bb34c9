"""Encoding against the naive encoder, and back, over random types."""

import datetime
import decimal
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyflinkx._core.records.row import Row
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.typeinfo import Types
from tests.core.codec_reference import encoded, encoded_batch
from tests.core.codec_types import LEAVES, same, typed_values, types, values_of


@given(typed_values)
@settings(max_examples=150)
def test_bytes_are_those_of_the_naive_encoder_and_decode_to_the_value(typed):
    type_info, value = typed
    codec = codec_of(type_info)
    data = codec.encode_one(value)
    assert data == encoded(type_info, value)
    assert len(data) >= codec.min_size
    assert same(codec.decode_one(data), value)


@pytest.mark.parametrize("type_info", LEAVES, ids=str)
def test_each_type_without_parts(type_info):
    codec = codec_of(type_info)

    @given(values_of(type_info))
    @settings(max_examples=60)
    def check(value):
        data = codec.encode_one(value)
        assert data == encoded(type_info, value)
        assert same(codec.decode_one(data), value)

    check()


@given(st.data())
@settings(max_examples=60)
def test_batches(data):
    type_info = data.draw(types)
    values = data.draw(st.lists(values_of(type_info), max_size=6))
    codec = codec_of(type_info)
    batch = codec.encode_batch(values)
    assert batch == encoded_batch(type_info, values, codec.fingerprint)
    assert same(codec.decode_batch(batch), values)
    assert codec.decode_batch(bytearray(batch)) is not None
    assert codec.decode_batch(memoryview(batch)) is not None


def test_days_from_year_1_to_9999():
    codec = codec_of(Types.SQL_DATE())
    whole_years = {1, 4, 1600, 1899, 1900, 1969, 1970, 1972, 2000, 2100, 2400, 9999}
    days = {day for year in whole_years for day in range(ordinal(year), ordinal(year) + 365)}
    days |= set(range(1, datetime.date.max.toordinal() + 1, 29)) | {datetime.date.max.toordinal()}
    for day in days:
        date = datetime.date.fromordinal(day)
        data = codec.encode_one(date)
        since = day - 719163
        number = 2 * since if since >= 0 else -2 * since - 1
        assert sum((byte & 127) << 7 * i for i, byte in enumerate(data)) == number
        assert codec.decode_one(data) == date


def ordinal(year):
    return datetime.date(year, 1, 1).toordinal()


@pytest.mark.parametrize("bits", range(0, 65))
def test_numbers_at_every_length_of_varint(bits):
    codec = codec_of(Types.LONG())
    in_tuple = codec_of(Types.TUPLE([Types.LONG(), Types.LONG()]))
    for number in {s * 2**bits + d for s in (1, -1) for d in (-1, 0, 1)}:
        if -(2**63) <= number < 2**63:
            data = codec.encode_one(number)
            assert data == encoded(Types.LONG(), number)
            assert codec.decode_one(data) == number
            # with more bytes behind it, the varint is read by the other of the two loops
            assert in_tuple.decode_one(b"\0" + data + codec.encode_one(-(2**63))) == (number, -(2**63))


@pytest.mark.parametrize("bits", [*range(0, 130), 1000, 100_000])
def test_big_integers_at_every_length(bits):
    codec = codec_of(Types.BIG_INT())
    for number in {s * 2**bits + d for s in (1, -1) for d in (-1, 0, 1)}:
        data = codec.encode_one(number)
        size = 0 if number == 0 else ((number if number >= 0 else ~number).bit_length()) // 8 + 1
        assert data.endswith(number.to_bytes(size, "little", signed=True))
        assert codec.decode_one(data) == number


@given(st.text(max_size=40))
@example("\x7f\x80")
@example("ÿĀ")
@example("\ud7ff\ue000\uffff\U00010000\U0010ffff")
@example("a" * 7 + "é" + "b" * 9)
@example("x")
@example("é")
def test_text_of_every_width(text):
    codec = codec_of(Types.STRING())
    decoded = codec.decode_one(codec.encode_one(text))
    assert decoded == text
    assert hash(decoded) == hash(text)
    if len(text) > 1:
        fresh = text.encode("utf-32-le").decode("utf-32-le")
        assert sys.getsizeof(decoded) == sys.getsizeof(fresh)  # in the narrowest form


@pytest.mark.parametrize("capitals", [0, 1])
def test_decimals_do_not_depend_on_the_context(capitals):
    codec = codec_of(Types.BIG_DEC())
    value = decimal.Decimal("-1.23456789012345678901234567890123E+77")
    with decimal.localcontext() as context:
        context.prec = 3
        context.capitals = capitals
        context.traps[decimal.InvalidOperation] = False
        data = codec.encode_one(value)
        assert data[1:] == b"-1.23456789012345678901234567890123E+77"
        assert codec.decode_one(data).as_tuple() == value.as_tuple()


def test_what_other_values_become():
    numpy = pytest.importorskip("numpy")
    import array

    def there_and_back(type_info, value):
        codec = codec_of(type_info)
        return codec.decode_one(codec.encode_one(value))

    class Whole(int):
        pass

    pairs = [
        (Types.DOUBLE(), 3, 3.0),
        (Types.FLOAT(), 2**40, float(2**40)),
        (Types.FLOAT(), 0.1, 0.10000000149011612),
        (Types.DOUBLE(), numpy.float32(0.5), 0.5),
        (Types.DOUBLE(), numpy.float64(0.25), 0.25),
        (Types.DOUBLE(), numpy.int64(4), 4.0),
        (Types.LONG(), numpy.int64(-5), -5),
        (Types.BYTE(), numpy.uint8(5), 5),
        (Types.LONG(), Whole(6), 6),
        (Types.BIG_INT(), numpy.uint64(2**64 - 1), 2**64 - 1),
        (Types.BOOLEAN(), numpy.bool_(True), True),
        (Types.BIG_DEC(), 10**30, decimal.Decimal(10**30)),
        (Types.STRING(), numpy.str_("a"), "a"),
        (Types.TUPLE([Types.LONG(), Types.STRING()]), [1, "a"], (1, "a")),
        (Types.TUPLE([Types.LONG(), Types.STRING()]), Row(1, "a"), (1, "a")),
        (Types.ROW([Types.LONG()]), (1,), Row(f0=1)),
        (Types.ROW([Types.LONG()]), Row(a=1), Row(f0=1)),
        (Types.ROW_NAMED(["a", "b"], [Types.LONG(), Types.STRING()]), [1, None], Row(a=1, b=None)),
        (Types.ROW_NAMED(["a", "b"], [Types.LONG(), Types.STRING()]), Row(1, "x"), Row(a=1, b="x")),
        (Types.ROW_NAMED(["a", "b"], [Types.LONG(), Types.STRING()]), Row(b="x", a=1), Row(a=1, b="x")),
        (Types.ROW_NAMED(["a", "b"], [Types.LONG(), Types.STRING()]), {"b": "x"}, Row(a=None, b="x")),
        (Types.LIST(Types.INT()), (1, 2), [1, 2]),
        (Types.PRIMITIVE_ARRAY(Types.INT()), array.array("i", [1, -2]), [1, -2]),
        (Types.PRIMITIVE_ARRAY(Types.DOUBLE()), numpy.array([1.5, 2.5]), [1.5, 2.5]),
        (Types.PRIMITIVE_ARRAY(Types.BOOLEAN()), numpy.array([True, False]), [True, False]),
        (Types.PRIMITIVE_ARRAY(Types.BYTE()), bytearray(b"ab"), b"ab"),
        (Types.PRIMITIVE_ARRAY(Types.BYTE()), memoryview(b"abcd")[1:3], b"bc"),
        (Types.SQL_TIME(), datetime.time(1, 2, fold=1), datetime.time(1, 2)),
    ]
    for type_info, value, expected in pairs:
        assert same(there_and_back(type_info, value), expected), (type_info, value)


def test_the_order_of_a_map_is_kept_also_of_a_subclass_with_its_own():
    from collections import OrderedDict

    ordered = OrderedDict([("a", 1), ("b", None), ("c", 3)])
    ordered.move_to_end("a")
    codec = codec_of(Types.MAP(Types.STRING(), Types.LONG()))
    assert list(codec.decode_one(codec.encode_one(ordered)).items()) == [("b", None), ("c", 3), ("a", 1)]
