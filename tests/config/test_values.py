"""Values as Flink writes them; the examples of units are those of its documentation."""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyflinkx.config import values
from pyflinkx.errors import ConfigurationError

SCALARS = [
    values.INT,
    values.LONG,
    values.FLOAT,
    values.DOUBLE,
    values.BOOLEAN,
    values.MEMORY,
    values.DURATION,
    values.LIST,
    values.MAP,
    values.enumeration("A", "B"),
]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1234", 1234),
        ("12b", 12),
        ("12 bytes", 12),
        ("32kb", 32768),
        ("1K", 1024),
        ("2 kibibytes", 2048),
        ("64 mb", 64 << 20),
        ("1 Mebibytes", 1 << 20),
        ("1g", 1 << 30),
        ("1 gibibytes", 1 << 30),
        ("  3  gb ", 3 << 30),
        ("1t", 1 << 40),
        ("1tebibytes", 1 << 40),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_memory(text, size):
    assert values.MEMORY.parse(text) == size


@pytest.mark.parametrize(
    "text", ["", "kb", "-1", "1.5 kb", "1 k b", "1 kB 2", "1 pb", "9223372036854775808", "8388608 tb", "\u0661"]
)
def test_not_memory(text):
    with pytest.raises(ValueError):  # noqa: PT011
        values.MEMORY.parse(text)


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("0", 0),
        ("200", 200),
        ("200 ms", 200),
        ("5 millis", 5),
        ("1s", 1000),
        ("2 sec", 2000),
        ("2 SECONDS", 2000),
        ("1 min", 60_000),
        ("3 m", 180_000),
        ("1 h", 3_600_000),
        ("1 hour", 3_600_000),
        ("2 d", 172_800_000),
        ("2 days", 172_800_000),
        ("1500 micros", 1),
        ("999999 ns", 0),
        ("3 \u00b5s", 0),
        ("3000 \u03bcs", 3),
        ("PT1S", 1000),
        ("pt1.5s", 1500),
        ("P1DT2H3M4.005S", 93_784_005),
        ("P2D", 172_800_000),
        ("-PT1.5S", -1500),
        ("PT-1.5S", -1500),
        ("PT-0.5S", -500),
        ("+PT1M-10S", 50_000),
    ],
)
def test_duration(text, millis):
    assert values.DURATION.parse(text) == millis


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ms",
        "1.5 s",
        "-1",
        "+1",
        "-1 ms",
        "1 year",
        "1 s 2 ms",
        "P",
        "PT",
        "P1Y",
        "P1DT",
        "PT1",
        "T1S",
        "9223372036854775808",
        "1" * 400 + " d",
    ],
)
def test_not_a_duration(text):
    with pytest.raises(ValueError):  # noqa: PT011
        values.DURATION.parse(text)


@pytest.mark.parametrize(
    ("value_type", "text", "value"),
    [
        (values.INT, " -12 ", -12),
        (values.INT, "+2147483647", 2**31 - 1),
        (values.LONG, "-9223372036854775808", -(2**63)),
        (values.DOUBLE, "1e3", 1000.0),
        (values.DOUBLE, ".5", 0.5),
        (values.DOUBLE, "-2.", -2.0),
        (values.DOUBLE, "1.5f", 1.5),
        (values.DOUBLE, "-Infinity", -math.inf),
        (values.FLOAT, "0.1", 0.10000000149011612),
        (values.BOOLEAN, "TRUE", True),
        (values.BOOLEAN, " false ", False),
        (values.STRING, " as it is ", " as it is "),
        (values.enumeration("LZ4", "NONE"), "lz4", "LZ4"),
        (values.LIST, "", []),
        (values.LIST, "a;b; c ", ["a", "b", "c"]),
        (values.LIST, "'a;b';\"it's\";'it''s'", ["a;b", "it's", "it's"]),
        (values.LIST, "it's;b", ["it's", "b"]),
        (values.LIST, "[]", []),
        (values.LIST, "[a, 'b,c']", ["a", "b,c"]),
        (values.MAP, "", {}),
        (values.MAP, "a:1,b:2", {"a": "1", "b": "2"}),
        (values.MAP, "{a: 1, b: 'x,y'}", {"a": "1", "b": "x,y"}),
        (values.MAP, "url:http://host:80/,'k:1':v", {"url": "http://host:80/", "k:1": "v"}),
    ],
)
def test_others(value_type, text, value):
    assert value_type.parse(text) == value
    assert type(value_type.parse(text)) is type(value)


@pytest.mark.parametrize(
    ("value_type", "text"),
    [
        (values.INT, "2147483648"),
        (values.INT, "1_000"),
        (values.INT, "1.0"),
        (values.INT, "0x10"),
        (values.INT, ""),
        (values.INT, "\u0661"),
        (values.LONG, "9223372036854775808"),
        (values.LONG, "9" * 5000),
        (values.DOUBLE, "1,5"),
        (values.DOUBLE, "."),
        (values.DOUBLE, "infinity"),
        (values.FLOAT, "1e39"),
        (values.BOOLEAN, "yes"),
        (values.BOOLEAN, "1"),
        (values.enumeration("LZ4", "NONE"), "zstd"),
        (values.LIST, "'a"),
        (values.LIST, "'a'b"),
        (values.LIST, "'a'b'"),
        (values.MAP, "a"),
        (values.MAP, "a:1,b"),
    ],
)
def test_not_others(value_type, text):
    with pytest.raises(ValueError):  # noqa: PT011
        value_type.parse(text)


@given(st.integers(0, 2**63 - 1))
@example(0)
@settings(max_examples=50)
def test_memory_text_round_trips(size):
    assert values.MEMORY.parse(values.MEMORY.format(size)) == size
    rounded = size >> 30 << 30
    assert values.MEMORY.parse(values.MEMORY.format(rounded)) == rounded


@given(st.integers(0, 2**63 - 1))
@settings(max_examples=50)
def test_duration_text_round_trips(millis):
    assert values.DURATION.parse(values.DURATION.format(millis)) == millis


words = st.text("ab '\";:,[]{}", max_size=6)


@given(st.lists(words.filter(bool), max_size=4))
@settings(max_examples=100)
def test_list_text_round_trips(items):
    assert values.LIST.parse(values.LIST.format(items)) == items


@given(st.dictionaries(words, words, max_size=4))
@settings(max_examples=100)
def test_map_text_round_trips(pairs):
    assert values.MAP.parse(values.MAP.format(pairs)) == pairs


@given(st.text(max_size=20) | st.text("0123456789PTDHMS.+-ms kb'\"[]{};:,", max_size=12), st.sampled_from(SCALARS))
@settings(max_examples=200)
def test_any_text_is_a_value_or_a_value_error(text, value_type):
    try:
        value = value_type.parse(text)
    except ValueError as error:
        assert not isinstance(error, ConfigurationError)  # noqa: PT017
    else:
        assert isinstance(value, value_type.python)
