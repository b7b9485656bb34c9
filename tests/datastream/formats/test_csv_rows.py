"""Single rows as CSV."""

import datetime
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import Row, Types
from pyflinkx.datastream.formats.csv import CsvRowDeserializationSchema, CsvRowSerializationSchema
from pyflinkx.errors import ConfigurationError, CorruptDataError

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
MOMENTS = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1))
TYPE = Types.ROW_NAMED(
    ["text", "long", "double", "flag", "dec", "moment", "list"],
    [
        Types.STRING(),
        Types.LONG(),
        Types.DOUBLE(),
        Types.BOOLEAN(),
        Types.BIG_DEC(),
        Types.SQL_TIMESTAMP(),
        Types.LIST(Types.LONG()),
    ],
)
VALUES = st.tuples(
    TEXTS,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False, places=2),
    MOMENTS,
    st.lists(st.integers(-5, 5), max_size=4),
)


def made(kind, type_info, **settings):
    builder = kind.Builder(type_info)
    for method, value in settings.items():
        builder = getattr(builder, method)(*([] if value is None else [value]))
    return pickle.loads(pickle.dumps(builder.build()))


@given(VALUES, st.sampled_from(",|\t;"), st.sampled_from(["\n", "\r\n", "\r", ""]), st.sampled_from([None, "\\"]))
def test_rows_come_back(values, delimiter, line_delimiter, escape):
    settings = {"set_field_delimiter": delimiter, "set_array_element_delimiter": "/"}
    if escape is not None:
        settings["set_escape_character"] = escape
    write = made(CsvRowSerializationSchema, TYPE, set_line_delimiter=line_delimiter, **settings)
    read = made(CsvRowDeserializationSchema, TYPE, **settings)
    row = read.deserialize(write.serialize(Row(*values)))
    assert tuple(row) == values
    assert row.as_dict()["long"] == values[1]
    assert read.get_produced_type() == TYPE


def test_what_it_looks_like():
    write = made(CsvRowSerializationSchema, TYPE)
    moment = datetime.datetime(2013, 1, 31, 10, 5)
    row = Row('a"b', -1, 1e10, True, Decimal("1.50"), moment, [1, None, 2])
    assert write.serialize(row) == b'"a""b",-1,1.0E10,true,1.50,"2013-01-31 10:05:00",1;;2\n'
    assert write.serialize(Row("plain", *[None] * 6)) == b"plain,,,,,,\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [("a b", '"a b"'), ("a-b", "a-b"), ("x" * 24, "x" * 24), ("x" * 25, '"' + "x" * 25 + '"'), ("", ""), ("'", '"\'"')],
)
def test_quotes_as_flink_puts_them(text, written):
    write = made(CsvRowSerializationSchema, Types.ROW([Types.STRING()]), set_line_delimiter="")
    assert write.serialize(Row(text)).decode() == written


def test_other_quotes_and_nulls():
    type_info = Types.ROW([Types.STRING(), Types.INT()])
    settings = {"set_quote_character": "'", "set_null_literal": "n/a"}
    write = made(CsvRowSerializationSchema, type_info, **settings)
    assert write.serialize(Row("it's", None)) == b"'it''s',n/a\n"
    assert made(CsvRowDeserializationSchema, type_info, **settings).deserialize(b"'it''s',n/a\n") == Row(
        f0="it's", f1=None
    )
    assert (
        made(CsvRowSerializationSchema, type_info, disable_quote_character=None).serialize(Row('a "b"', 1))
        == b'a "b",1\n'
    )


def test_nested_rows_are_joined():
    type_info = Types.ROW([Types.ROW([Types.INT(), Types.STRING()]), Types.SQL_TIME()])
    write = made(CsvRowSerializationSchema, type_info)
    assert write.serialize(Row(Row(1, None), datetime.time(10, 5))) == b"1;,10:05:00\n"


@pytest.mark.parametrize(
    ("line", "reason", "kept"),
    [
        (b"5", "2 columns are expected, not 1", Row(id=5, name=None)),
        (b"1,2,3", "2 columns are expected, not 3", None),
        (b"a,b", "column 'id': expected INT, got 'a'", Row(id=None, name="b")),
        (b",b", "column 'id': expected INT, got ''", Row(id=None, name="b")),
        (b"1.9,b", "column 'id': expected INT, got '1.9'", Row(id=None, name="b")),
        (b"1099511627776,b", "column 'id': expected INT", Row(id=None, name="b")),
        (b'1,"b', "unexpected end", None),
        (b"1,a\n2,b", "one line is expected, not 2", None),
        (b"", "one line is expected, not 0", None),
        (b"1,\xff", "can't decode", None),
    ],
)
def test_what_does_not_fit(line, reason, kept):
    type_info = Types.ROW_NAMED(["id", "name"], [Types.INT(), Types.STRING()])
    with pytest.raises(CorruptDataError, match=reason):
        made(CsvRowDeserializationSchema, type_info).deserialize(line)
    assert made(CsvRowDeserializationSchema, type_info, set_ignore_parse_errors=True).deserialize(line) == kept


def test_line_ends_of_unicode_end_no_line():
    type_info = Types.ROW([Types.STRING(), Types.STRING()])
    row = Row(f0="a\u2028b", f1="c\x85")
    line = made(CsvRowSerializationSchema, type_info).serialize(row)
    assert made(CsvRowDeserializationSchema, type_info).deserialize(line) == row


def test_comments():
    type_info = Types.ROW([Types.STRING()])
    assert made(CsvRowDeserializationSchema, type_info).deserialize(b"#a") == Row(f0="#a")
    assert made(CsvRowDeserializationSchema, type_info, set_allow_comments=True).deserialize(b"#a") is None
    assert made(CsvRowDeserializationSchema, type_info).deserialize(None) is None


def test_what_cannot_be():
    row = Types.ROW([Types.INT()])
    for kind in (CsvRowDeserializationSchema, CsvRowSerializationSchema):
        with pytest.raises(TypeError, match="a row type"):
            kind.Builder(Types.INT())
        with pytest.raises(ConfigurationError, match="at least one field"):
            kind.Builder(Types.ROW([]))
        with pytest.raises(ConfigurationError, match="delimiter is one character"):
            kind.Builder(row).set_field_delimiter(",,").build()
        with pytest.raises(ConfigurationError, match="the same character"):
            kind.Builder(row).set_quote_character(",").build()
        with pytest.raises(TypeError, match="is a str"):
            kind.Builder(row).set_null_literal(None)
    with pytest.raises(ConfigurationError, match="delimiter is one of"):
        CsvRowSerializationSchema.Builder(row).set_line_delimiter(";")
    with pytest.raises(TypeError, match="no row of type"):
        made(CsvRowSerializationSchema, row).serialize(Row(1, 2))


NAMED = Types.ROW_NAMED(["user", "city"], [Types.STRING(), Types.STRING()])


class Person:
    def __init__(self):
        self.city, self.user = "rome", "ada"


@pytest.mark.parametrize(
    "value",
    [Row("ada", "rome"), Row(city="rome", user="ada"), {"city": "rome", "user": "ada"}, ("ada", "rome"), Person()],
)
def test_records_are_written_by_their_names(value):
    assert made(CsvRowSerializationSchema, NAMED).serialize(value) == b"ada,rome\n"


@pytest.mark.parametrize(
    ("type_info", "value", "reason"),
    [
        (Types.INT(), 1.9, "field 'a': expected INT, got float 1.9"),
        (Types.INT(), 2**40, "field 'a': expected INT"),
        (Types.BOOLEAN(), "false", "field 'a': expected BOOLEAN"),
        (Types.STRING(), b"x", "field 'a': expected STRING"),
        (Types.BIG_DEC(), Decimal("NaN"), "field 'a': CSV has no form for the decimal NaN"),
        (Types.LIST(Types.BIG_DEC()), [Decimal("Infinity")], "field 'a': CSV has no form for the decimal"),
        (Types.BIG_DEC(), 1.5, "field 'a': expected BIG_DEC"),
        (Types.LIST(Types.INT()), {3: 4}, "field 'a': expected LIST"),
        (Types.SQL_DATE(), datetime.datetime(2024, 1, 1, 5), "field 'a': expected SQL_DATE"),
        (Types.SQL_TIMESTAMP(), datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc), "expected SQL_TIMESTAMP"),
        (Types.ROW([Types.INT()]), Row("x"), "field 'a.f0': expected INT"),
    ],
)
def test_records_of_another_type_are_refused(type_info, value, reason):
    with pytest.raises(TypeError, match="no row of type") as raised:
        made(CsvRowSerializationSchema, Types.ROW_NAMED(["a"], [type_info])).serialize(Row(value))
    assert reason in str(raised.value)


@pytest.mark.parametrize(
    "value", [Row(x="ada", y="rome"), "ab", 5, None, {"user": "ada", "town": "rome"}, Row(user="ada")]
)
def test_records_of_other_fields_are_refused(value):
    with pytest.raises(TypeError, match="no row of type"):
        made(CsvRowSerializationSchema, NAMED).serialize(value)
