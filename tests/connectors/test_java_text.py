import datetime
import struct
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.records.row import Row, RowKind
from pyflinkx.formats.java_text import java_double, java_float, java_string
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import ExternalTypeInfo, LocalTimeTypeInfo, Types

T = Types
ROW = T.ROW([T.INT(), T.STRING()])


# Printed by Flink 2.3 on OpenJDK 17 for the same values, unless said otherwise.
@pytest.mark.parametrize(
    ("value", "type_info", "text"),
    [
        ("a", T.STRING(), "a"),
        ("", T.STRING(), ""),
        (True, T.BOOLEAN(), "true"),
        (False, T.BOOLEAN(), "false"),
        (-128, T.BYTE(), "-128"),
        (1, T.SHORT(), "1"),
        (-5, T.INT(), "-5"),
        (2**62, T.LONG(), "4611686018427387904"),
        (10**30, T.BIG_INT(), "1000000000000000000000000000000"),
        (Decimal("1.50"), T.BIG_DEC(), "1.50"),
        (Decimal("1E+10"), T.BIG_DEC(), "1E+10"),
        (Decimal("0.0000001"), T.BIG_DEC(), "1E-7"),
        (Decimal("0E-3"), T.BIG_DEC(), "0.000"),
        (Decimal("0E-10"), T.BIG_DEC(), "0E-10"),
        (Decimal("-0"), T.BIG_DEC(), "0"),
        (Decimal("1.0E+5"), T.BIG_DEC(), "1.0E+5"),
        (datetime.date(2020, 1, 2), T.SQL_DATE(), "2020-01-02"),
        (datetime.date(9999, 12, 31), T.SQL_DATE(), "9999-12-31"),
        (datetime.date(1, 2, 3), T.SQL_DATE(), "0001-02-03"),
        (datetime.time(1, 2, 3, 456000), T.SQL_TIME(), "01:02:03"),
        (datetime.datetime(2020, 1, 2, 3, 4, 5), T.SQL_TIMESTAMP(), "2020-01-02 03:04:05.0"),
        (datetime.datetime(2020, 1, 2, 3, 4, 5, 120000), T.SQL_TIMESTAMP(), "2020-01-02 03:04:05.12"),
        (Instant(0, 0), T.INSTANT(), "1970-01-01T00:00:00Z"),
        (Instant(1, 500_000_000), T.INSTANT(), "1970-01-01T00:00:01.500Z"),
        (Instant(1, 1000), T.INSTANT(), "1970-01-01T00:00:01.000001Z"),
        (Instant(1, 5), T.INSTANT(), "1970-01-01T00:00:01.000000005Z"),
        (Instant(-1, 0), T.INSTANT(), "1969-12-31T23:59:59Z"),
        (Instant(3600 * 24 * 365 * 9000, 0), T.INSTANT(), "+10964-01-10T00:00:00Z"),
        ([1.0, 2.0], T.LIST(T.DOUBLE()), "[1.0, 2.0]"),
        ([], T.LIST(T.DOUBLE()), "[]"),
        (["a", "b, c"], T.LIST(T.STRING()), "[a, b, c]"),
        ([[1.0], []], T.LIST(T.LIST(T.DOUBLE())), "[[1.0], []]"),
        ([Row(1, "a"), Row(2, None)], T.LIST(ROW), "[+I[1, a], +I[2, null]]"),
        ({"a": 1e10, "b": None}, T.MAP(T.STRING(), T.DOUBLE()), "{a=1.0E10, b=null}"),
        ({}, T.MAP(T.STRING(), T.DOUBLE()), "{}"),
        ((1, "a"), T.TUPLE([T.INT(), T.STRING()]), "(1,a)"),
        ((1, Row(None, "a")), T.TUPLE([T.INT(), ROW]), "(1,+I[null, a])"),
        ((1, {"a": True}), T.TUPLE([T.INT(), T.MAP(T.STRING(), T.BOOLEAN())]), "(1,{a=true})"),
        ((1, [1, 2]), T.TUPLE([T.INT(), T.PRIMITIVE_ARRAY(T.INT())]), "(1,[1, 2])"),
        ((1, b"\x01\xff"), T.TUPLE([T.INT(), T.PRIMITIVE_ARRAY(T.BYTE())]), "(1,[1, -1])"),
        (
            (1, Row([1], {"k": 1.5}, Row("z"), (1, "t"))),
            T.TUPLE(
                [
                    T.INT(),
                    T.ROW(
                        [
                            T.PRIMITIVE_ARRAY(T.INT()),
                            T.MAP(T.STRING(), T.DOUBLE()),
                            T.ROW([T.STRING()]),
                            T.TUPLE([T.INT(), T.STRING()]),
                        ]
                    ),
                ]
            ),
            "(1,+I[[1], {k=1.5}, +I[z], (1,t)])",
        ),
        # From the documentation of Instant.toString: years before 0 and of more than four digits carry a sign.
        (Instant(-62_167_219_200 - 86400, 0), T.INSTANT(), "-0001-12-31T00:00:00Z"),
        (Instant(-62_167_219_200, 0), T.INSTANT(), "0000-01-01T00:00:00Z"),
        (Instant(31556889864403199, 999_999_999), T.INSTANT(), "+1000000000-12-31T23:59:59.999999999Z"),
        (None, T.STRING(), "null"),
        ("x", T.PICKLED_BYTE_ARRAY(), "x"),
        (True, ExternalTypeInfo(T.BOOLEAN()), "true"),
        (datetime.date(2020, 1, 2), LocalTimeTypeInfo(LocalTimeTypeInfo.TimeType.LOCAL_DATE), "2020-01-02"),
    ],
)
def test_values(value, type_info, text):
    assert java_string(value, type_info) == text


def test_row_kinds():
    row = Row.of_kind(RowKind.UPDATE_BEFORE, 1, "a")
    assert java_string([row], T.LIST(ROW)) == "[-U[1, a]]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0"), (1e10, "1.0E10"), (1e7, "1.0E7"), (9999999.0, "9999999.0"), (1e-3, "0.001"), (1e-4, "1.0E-4"),
        (0.1, "0.1"), (-0.0, "-0.0"), (0.0, "0.0"), (1 / 3, "0.3333333333333333"), (1e300, "1.0E300"),
        (float("nan"), "NaN"), (float("inf"), "Infinity"), (-float("inf"), "-Infinity"),
        (123456789.125, "1.23456789125E8"), (5e-324, "4.9E-324"), (2e-323, "2.0E-323"),
        (2.0**63, "9.223372036854776E18"), (1e16, "1.0E16"), (1.7976931348623157e308, "1.7976931348623157E308"),
        (2.2250738585072014e-308, "2.2250738585072014E-308"), (100.0, "100.0"), (-12345678.9, "-1.23456789E7"),
        (0.00099999, "9.9999E-4"), (9007199254740992.0, "9.007199254740992E15"), (1.1e15, "1.1E15"),
        # JDK 17 prints 9.999999999999999E22, 1.9999999999999998E23 and 8.409999999999999E21, which JDK 19 mended.
        (1e23, "1.0E23"), (2e23, "2.0E23"), (8.41e21, "8.41E21"),
    ],
)  # fmt: skip
def test_doubles(value, text):
    assert java_double(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0"), (1e10, "1.0E10"), (0.1, "0.1"), (3.4028234663852886e38, "3.4028235E38"),
        (1.401298464324817e-45, "1.4E-45"), (16777216.0, "1.6777216E7"), (1e7, "1.0E7"), (9999999.0, "9999999.0"),
        (1 / 3, "0.33333334"), (float("nan"), "NaN"), (float("inf"), "Infinity"), (1e-3, "0.001"), (1e-4, "1.0E-4"),
        (33554432.0, "3.3554432E7"), (2e10, "2.0E10"),
        # JDK 17 prints 8.5899346E9 and 1.17549435E-38.
        (8.5899346e9, "8.589935E9"), (1.17549435e-38, "1.1754944E-38"),
        (1e300, "Infinity"), (-1e300, "-Infinity"), (-0.0, "-0.0"),
    ],
)  # fmt: skip
def test_floats(value, text):
    assert java_float(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_its_text(value):
    text = java_double(value)
    assert float(text) == value
    digits = text.split("E")[0].lstrip("-").replace(".", "").strip("0")
    assert len(digits) <= max(2, len(repr(value).split("e")[0].lstrip("-").replace(".", "").strip("0")))


@given(st.integers(0, 2**32 - 1))
def test_a_float_has_the_digits_that_numpy_finds(bits):
    value = struct.unpack("f", struct.pack("I", bits))[0]
    if value != value or abs(value) == float("inf"):
        return
    text = java_float(value)
    assert np.float32(text) == np.float32(value)
    expected = np.format_float_scientific(np.float32(value), unique=True, trim="0")
    digits = expected.split("e")[0].lstrip("-").replace(".", "").strip("0")
    if len(digits) > 1:
        assert text.split("E")[0].lstrip("-").replace(".", "").strip("0") == digits
