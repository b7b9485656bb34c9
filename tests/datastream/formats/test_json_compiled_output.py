"""JSON that compiled code writes against the encoder of one row, which has the rules."""

import datetime
import math
import struct
import threading
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.common import Instant, Row, Types
from pyflinkx.datastream.formats.json import JsonRowSerializationSchema
from pyflinkx.errors import TypeInformationError
from pyflinkx.types.arrow import schema_of
from tests.datastream.formats.test_json import KINDS, LONGS, TEXTS
from tests.datastream.formats.test_json_compiled import ALL, TYPE

MORE = {
    "byte": st.integers(-128, 127),
    "short": st.integers(-(2**15), 2**15 - 1),
    "int": st.integers(-(2**31), 2**31 - 1),
    "char": st.characters(exclude_categories=["Cs"]),
    "instant": st.builds(
        Instant,
        st.integers(-(10**11), 10**12),
        st.sampled_from([0, 1, 10**3, 5 * 10**8, 123_456_000]) | st.integers(0, 10**9 - 1),
    ),
    "named": st.builds(Row, st.integers(0, 9), st.lists(st.none() | TEXTS, max_size=2)),
    "ints": st.lists(st.integers(0, 9), max_size=3),
    "objects": st.lists(
        st.none()
        | st.builds(
            Row,
            st.none() | st.floats(allow_nan=True),
            st.dictionaries(TEXTS, st.none() | st.integers(0, 9), max_size=2),
        ),
        max_size=2,
    ),
    "deep": st.lists(
        st.none()
        | st.tuples(
            st.none() | st.decimals(allow_nan=False, allow_infinity=False),
            st.none() | st.builds(Row, LONGS, st.none() | st.booleans()),
        ),
        max_size=2,
    ),
}
VALUES = {**{name: values for name, (_, values) in KINDS.items()}, **MORE}
ROWS = st.builds(lambda values: Row(*values), st.tuples(*(st.none() | VALUES[name] for name in ALL)))


def schema_for(type_info):
    return JsonRowSerializationSchema.builder().with_type_info(type_info).build()


def check(type_info, rows):
    """All rows at once, as rows and as columns, are what each row gives alone."""
    schema = schema_for(type_info)
    single = [schema.serialize(row) for row in rows]
    assert schema.encode_many(rows) == single
    batch = ColumnBatch.from_rows(rows, schema_of(type_info))
    assert schema.encode_columns(batch) == b"".join(line + b"\n" for line in single)
    if len(rows) > 1:
        part = batch.slice(1, len(rows))
        assert schema.encode_columns(part) == b"".join(line + b"\n" for line in single[1:])


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_random_rows(rows):
    check(TYPE, rows)


def bits(pattern, values):
    return [struct.unpack(pattern, value.to_bytes(struct.calcsize(pattern), "little"))[0] for value in values]


DOUBLES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.1,
    1e-3,
    9.999e-4,
    1e7,
    9999999.0,
    123456.789,
    1e22,
    1e23,
    5e-324,
    2.2250738585072014e-308,
    1e-290,
    1.7976931348623157e308,
    2.0**60,
    2.0**-60,
    0.3,
    2 / 3,
    1e300,
    4.35,
    math.inf,
    -math.inf,
    math.nan,
    9007199254740993.0,
    1e21,
    1e-7,
]


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1))
@example([])
def test_every_double_has_its_shortest_text(patterns):
    values = DOUBLES + bits("<d", patterns)
    check(Types.ROW_NAMED(["a"], [Types.DOUBLE()]), [Row(value) for value in values])


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1))
@example([exponent << 23 for exponent in range(256)])
def test_every_float_has_its_shortest_text(patterns):
    values = [0.1, 1.0, 0.5, 3.4028234663852886e38, 16777216.0, *bits("<f", patterns)]
    check(Types.ROW_NAMED(["a"], [Types.FLOAT()]), [Row(value) for value in values])


@pytest.mark.parametrize(
    ("type_info", "values"),
    [
        (Types.LONG(), [0, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 99_999, 2**63 - 1, -(2**63), -1]),
        (
            Types.STRING(),
            ["", "a" * 5000, "é" * 5000 + "\n", "".join(map(chr, range(300))), '"\\/', "\u2028", "\x7f", "😀"],
        ),
        (Types.BIG_INT(), [0, 127, 128, -128, -129, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**40]),
        (
            Types.BIG_DEC(),
            [Decimal(text) for text in ("0", "-0", "-0.0", "1.50", "1E+3", "1E-7", "0E-7", "0E+5", "9" * 50)],
        ),
        (
            Types.SQL_DATE(),
            [datetime.date.min, datetime.date.max, datetime.date(1969, 12, 31), datetime.date(2000, 2, 29)],
        ),
        (
            Types.SQL_TIME(),
            [datetime.time.min, datetime.time.max, datetime.time(10, 5), datetime.time(0, 0, 0, 250_000)],
        ),
        (
            Types.SQL_TIMESTAMP(),
            [datetime.datetime.min, datetime.datetime.max, datetime.datetime(1969, 12, 31, 23, 59, 59, 1)],
        ),
        (
            Types.INSTANT(),
            [
                Instant(-1, 0),
                Instant(-(10**12), 1),
                Instant(10**12, 10),
                Instant(0, 123_456_789),
                Instant(253402300800, 0),
            ],
        ),
        (Types.PRIMITIVE_ARRAY(Types.BYTE()), [b"", b"a", b"ab", b"abc", bytes(range(256))]),
        (
            Types.MAP(Types.STRING(), Types.LIST(Types.BOOLEAN())),
            [{}, {"": []}, {'a"': [True, None], "b": None, "c": [False]}],
        ),
    ],
)
def test_edges(type_info, values):
    check(Types.ROW_NAMED(['a"\n'], [type_info]), [Row(value) for value in values] + [Row(None)])
    check(
        Types.ROW_NAMED(["b", "a"], [type_info, Types.LIST(type_info)]),
        [Row(value, [value, None, value]) for value in values],
    )


def test_records_in_other_shapes_and_none():
    schema = schema_for(Types.ROW_NAMED(["user", "city"], [Types.STRING(), Types.STRING()]))
    values = [Row("ada", "rome"), Row(city="rome", user="ada"), {"city": "rome", "user": "ada"}, ("ada", "rome"), None]
    assert schema.encode_many(values) == [*[b'{"user":"ada","city":"rome"}'] * 4, b"null"]
    assert schema.encode_many([]) == []


@pytest.mark.parametrize(
    ("type_info", "value", "reason"),
    [
        (Types.INT(), 1.9, "field 'a': expected INT, got float 1.9"),
        (Types.STRING(), "\ud800", "a str with surrogates"),
        (Types.BIG_DEC(), Decimal("NaN"), r"field '\$.a': JSON has no form for the decimal NaN"),
        (Types.LIST(Types.BIG_DEC()), [Decimal("Infinity")], r"field '\$.a\[\]': JSON has no form"),
    ],
)
def test_what_cannot_be_written_is_said_in_the_same_words(type_info, value, reason):
    schema = schema_for(Types.ROW_NAMED(["a"], [type_info]))
    with pytest.raises(TypeError, match=reason):
        schema.encode_many([Row(None), Row(value)])
    assert schema.encode_many([Row(None)]) == [b'{"a":null}']  # and goes on after that


def test_columns_of_another_type_are_refused():
    schema = schema_for(Types.ROW_NAMED(["a"], [Types.INT()]))
    batch = ColumnBatch.from_rows([("x",)], schema_of(Types.ROW_NAMED(["a"], [Types.STRING()])))
    with pytest.raises(TypeInformationError):
        schema.encode_columns(batch)


def test_several_threads_share_a_schema():
    schema = schema_for(Types.ROW_NAMED(["a"], [Types.LONG()]))
    rows = [Row(number) for number in range(5000)]
    wanted = [b'{"a":%d}' % number for number in range(5000)]
    results = []
    threads = [threading.Thread(target=lambda: results.append(schema.encode_many(rows))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [wanted] * 4
