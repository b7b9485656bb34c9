"""Rows as JSON."""

import datetime
import json
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import Instant, Row, Types
from pyflinkx.datastream.formats.json import JsonRowDeserializationSchema, JsonRowSerializationSchema
from pyflinkx.errors import ConfigurationError, CorruptDataError

LONGS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
MOMENTS = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1))
KINDS = {
    "text": (Types.STRING(), TEXTS),
    "long": (Types.LONG(), LONGS),
    "flag": (Types.BOOLEAN(), st.booleans()),
    "double": (Types.DOUBLE(), st.floats(allow_nan=False)),
    "float": (Types.FLOAT(), st.floats(width=32, allow_nan=False)),
    "big": (Types.BIG_DEC(), st.decimals(allow_nan=False, allow_infinity=False, places=3)),
    "huge": (Types.BIG_INT(), st.integers()),
    "date": (Types.SQL_DATE(), MOMENTS.map(datetime.datetime.date)),
    "time": (Types.SQL_TIME(), MOMENTS.map(datetime.datetime.time)),
    "moment": (Types.SQL_TIMESTAMP(), MOMENTS),
    "bytes": (Types.PRIMITIVE_ARRAY(Types.BYTE()), st.binary(max_size=5)),
    "list": (Types.LIST(Types.LONG()), st.lists(st.none() | LONGS, max_size=3)),
    "map": (Types.MAP(Types.STRING(), Types.STRING()), st.dictionaries(TEXTS, st.none() | TEXTS, max_size=3)),
    "row": (
        Types.ROW([Types.LONG(), Types.STRING()]),
        st.tuples(LONGS, TEXTS).map(lambda pair: Row(f0=pair[0], f1=pair[1])),
    ),
    "pair": (Types.TUPLE([Types.LONG(), Types.STRING()]), st.tuples(LONGS, TEXTS)),
}
TYPE = Types.ROW_NAMED(list(KINDS), [type_info for type_info, _ in KINDS.values()])


def reader(type_info, *calls):
    builder = JsonRowDeserializationSchema.builder().type_info(type_info)
    for call in calls:
        builder = getattr(builder, call)()
    return pickle.loads(pickle.dumps(builder.build()))


def writer(type_info):
    return pickle.loads(pickle.dumps(JsonRowSerializationSchema.builder().with_type_info(type_info).build()))


READ, WRITE = reader(TYPE), writer(TYPE)


@given(st.tuples(*(st.none() | values for _, values in KINDS.values())))
def test_rows_come_back(values):
    data = WRITE.serialize(Row(*values))
    assert list(json.loads(data)) == list(KINDS)
    row = READ.deserialize(data)
    assert tuple(row) == values
    assert row.as_dict()["long"] == values[1]
    assert READ.get_produced_type() == TYPE


def test_what_it_looks_like():
    moment = datetime.datetime(2013, 1, 31, 10, 5, 0, 250_000)
    values = ('é"\n', 1, True, 1e10, 0.1, Decimal("1.50"), 10**20, moment.date(), moment.time(), moment, b"\0\xff")
    data = WRITE.serialize(Row(*values, [1, None], {"a": "b"}, Row(1, "x"), (2, "y")))
    assert data.decode() == (
        '{"text":"é\\"\\n","long":1,"flag":true,"double":1.0E10,"float":0.1,"big":1.50,"huge":100000000000000000000,'
        '"date":"2013-01-31","time":"10:05:00.250000Z","moment":"2013-01-31T10:05:00.250000Z","bytes":"AP8=",'
        '"list":[1,null],"map":{"a":"b"},"row":{"f0":1,"f1":"x"},"pair":[2,"y"]}'
    )


def test_missing_fields():
    type_info = Types.ROW_NAMED(["a", "b"], [Types.INT(), Types.STRING()])
    assert reader(type_info).deserialize(b'{"b": "x", "c": 5}') == Row(a=None, b="x")
    assert reader(type_info).deserialize(None) is None
    with pytest.raises(CorruptDataError, match=r"\$\.a: the field is missing"):
        reader(type_info, "fail_on_missing_field").deserialize(b'{"b": "x"}')


@pytest.mark.parametrize(
    ("type_info", "text", "value"),
    [
        (Types.INT(), '" 5 "', 5),
        (Types.STRING(), "5", "5"),
        (Types.STRING(), '{"a": [1, true]}', '{"a":[1,true]}'),
        (Types.DOUBLE(), '"1.5"', 1.5),
        (Types.DOUBLE(), "1", 1.0),
        (Types.BOOLEAN(), '"TRUE"', True),
        (Types.BIG_DEC(), "0.10000000000000000000000001", Decimal("0.10000000000000000000000001")),
        (
            Types.SQL_TIMESTAMP(),
            '"2013-01-31T10:05:00.123456789+02:00"',
            datetime.datetime(2013, 1, 31, 8, 5, 0, 123456),
        ),
        (Types.SQL_TIME(), '"10:05:00"', datetime.time(10, 5)),
        (Types.INSTANT(), '"1969-12-31T23:59:59.5Z"', Instant(-1, 500_000_000)),
    ],
)
def test_other_spellings(type_info, text, value):
    assert reader(Types.ROW([type_info])).deserialize(f'{{"f0": {text}}}'.encode())[0] == value


@pytest.mark.parametrize(
    ("type_info", "text", "reason"),
    [
        (Types.INT(), "1.0", r"\$\.f0: expected INT"),
        (Types.INT(), "true", "expected INT, got True"),
        (Types.BYTE(), "128", "expected BYTE of -128 to 127, got 128"),
        (Types.LONG(), '"x"', "expected LONG, got 'x'"),
        (Types.DOUBLE(), "[]", "expected DOUBLE"),
        (Types.BOOLEAN(), "1", "expected BOOLEAN"),
        (Types.CHAR(), '"ab"', "expected CHAR"),
        (Types.BIG_DEC(), '"NaN"', "expected BIG_DEC"),
        (Types.SQL_DATE(), '"2013-02-30"', "expected a date"),
        (Types.SQL_TIME(), '"10:05:00+02:00"', "without an offset"),
        (Types.SQL_TIMESTAMP(), "5", "expected a date and time"),
        (Types.INSTANT(), '"2013-01-31T10:05:00"', "with Z or an offset"),
        (Types.PRIMITIVE_ARRAY(Types.BYTE()), '"?"', "expected Base64"),
        (Types.LIST(Types.INT()), '[1, "a"]', r"\$\.f0\[1\]: expected INT"),
        (Types.LIST(Types.INT()), "5", "expected an array"),
        (Types.MAP(Types.STRING(), Types.INT()), '{"k": []}', r"\$\.f0\['k'\]: expected INT"),
        (Types.ROW_NAMED(["x"], [Types.INT()]), '{"x": {}}', r"\$\.f0\.x: expected INT"),
        (Types.TUPLE([Types.INT()]), "[1, 2]", "expected an array of 1"),
    ],
)
def test_what_does_not_fit(type_info, text, reason):
    data = f'{{"f0": {text}}}'.encode()
    with pytest.raises(CorruptDataError, match=reason):
        reader(Types.ROW([type_info])).deserialize(data)
    kept = reader(Types.ROW([type_info, Types.INT()]), "ignore_parse_errors").deserialize(data[:-1] + b', "f1": 7}')
    # as in Flink, at the depth where it does not fit
    nested = {"[1": [1, None], '{"k': {"k": None}, '{"x': Row(x=None)}
    assert kept == Row(f0=nested.get(text[:3] if text[0] == "{" else text[:2]) if "f0" in reason else None, f1=7)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000, b'{"f0": NaN}', b'{"f0": 1, "f1": Infinity}']
)
def test_what_is_no_json_object(data):
    with pytest.raises(CorruptDataError, match="no JSON row"):
        reader(Types.ROW([Types.INT()])).deserialize(data)
    assert reader(Types.ROW([Types.INT()]), "ignore_parse_errors").deserialize(data) is None


STRINGS = [
    ("7", "7"),
    ("true", "true"),
    ("1.5", "1.5"),
    ("-0.25", "-0.25"),
    ("1.50", "1.5"),
    ("100.0", "100.0"),
    ("1e10", "1.0E10"),
    ("-0.0", "-0.0"),
    ("1e999", "1E+999"),
    ("100000000000000000000000", "100000000000000000000000"),
    ('"1.50"', "1.50"),
    ("{}", "{}"),
    ("[]", "[]"),
    (
        '{"p": 0.25, "q": [1.5, 2, null, "é\\n", {"r": [false, 1e-9]}]}',
        '{"p":0.25,"q":[1.5,2,null,"é\\n",{"r":[false,1.0E-9]}]}',
    ),
]


@pytest.mark.parametrize(("text", "value"), STRINGS)
def test_a_string_takes_every_value_as_the_text_that_flink_gives_it(text, value):
    assert reader(Types.ROW([Types.STRING()])).deserialize(f'{{"f0": {text}}}'.encode())[0] == value
    nested = Types.ROW([Types.LIST(Types.MAP(Types.STRING(), Types.STRING()))])
    assert reader(nested).deserialize(f'{{"f0": [{{"k": {text}}}]}}'.encode())[0] == [{"k": value}]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXTS, lambda parts: st.lists(parts) | st.dictionaries(TEXTS, parts)
    )
)
def test_the_text_of_what_holds_no_fractions_is_that_of_the_standard_library(value):
    read = reader(Types.ROW([Types.STRING()])).deserialize(json.dumps({"f0": value}).encode())[0]
    if isinstance(value, (dict, list)):
        assert read == json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    elif isinstance(value, str) or value is None:
        assert read == value
    else:
        assert read == json.dumps(value)


@pytest.mark.parametrize(
    ("type_info", "text"),
    [
        (Types.INT(), "1.9"),
        (Types.INT(), str(2**40)),
        (Types.INT(), '"1_000"'),
        (Types.INT(), '"٣"'),
        (Types.DOUBLE(), '"1_0.5"'),
        (Types.BIG_DEC(), '"1_0"'),
        (Types.BOOLEAN(), "0"),
        (Types.BOOLEAN(), '"yes"'),
        (Types.SQL_DATE(), '"20130131"'),
        (Types.SQL_DATE(), "5"),
        (Types.STRING(), '"\\ud800"'),
        (Types.CHAR(), '"\\ud800"'),
        (Types.PRIMITIVE_ARRAY(Types.INT()), "[1, null]"),
        (Types.LIST(Types.INT()), '{"a": 1}'),
    ],
)
def test_nothing_is_lost_in_silence(type_info, text):
    with pytest.raises(CorruptDataError, match=r"\$\.f0"):
        reader(Types.ROW([type_info])).deserialize(f'{{"f0": {text}}}'.encode())


NAMED = Types.ROW_NAMED(["user", "city"], [Types.STRING(), Types.STRING()])
INDIA = datetime.timezone(datetime.timedelta(hours=5, minutes=30))


class Person:
    def __init__(self):
        self.city, self.user = "rome", "ada"


@pytest.mark.parametrize(
    "value",
    [
        Row("ada", "rome"),
        Row(city="rome", user="ada"),
        {"city": "rome", "user": "ada"},
        ("ada", "rome"),
        ["ada", "rome"],
        Person(),
    ],
)
def test_records_are_written_by_their_names(value):
    assert writer(NAMED).serialize(value) == b'{"user":"ada","city":"rome"}'


@pytest.mark.parametrize(
    ("type_info", "value", "reason"),
    [
        (Types.INT(), 1.9, "field 'a': expected INT, got float 1.9"),
        (Types.INT(), 2**40, "field 'a': expected INT"),
        (Types.INT(), "5", "field 'a': expected INT"),
        (Types.BOOLEAN(), "false", "field 'a': expected BOOLEAN"),
        (Types.STRING(), b"x", "field 'a': expected STRING"),
        (Types.STRING(), 5, "field 'a': expected STRING"),
        (Types.BIG_DEC(), Decimal("NaN"), "field '$.a': JSON has no form for the decimal NaN"),
        (Types.LIST(Types.BIG_DEC()), [1, Decimal("-Infinity")], "field '$.a[]': JSON has no form"),
        (Types.TUPLE([Types.INT(), Types.BIG_DEC()]), (1, Decimal("sNaN")), "field '$.a[1]': JSON has no form"),
        (Types.BIG_DEC(), 1.123456789, "field 'a': expected BIG_DEC"),
        (Types.LIST(Types.INT()), {3: 4}, "field 'a': expected LIST"),
        (Types.LIST(Types.STRING()), "ab", "field 'a': expected LIST"),
        (Types.MAP(Types.STRING(), Types.INT()), {"k": 1.5}, "field \"a['k']\": expected INT"),
        (Types.MAP(Types.STRING(), Types.INT()), {5: 1}, "field 'a[key 5]': expected STRING"),
        (Types.SQL_DATE(), datetime.datetime(2024, 1, 1, 5), "field 'a': expected SQL_DATE"),
        (Types.SQL_TIMESTAMP(), datetime.datetime(2024, 1, 1, tzinfo=INDIA), "field 'a': expected SQL_TIMESTAMP"),
        (Types.SQL_TIMESTAMP(), datetime.date(2024, 1, 1), "field 'a': expected SQL_TIMESTAMP"),
        (Types.SQL_TIME(), datetime.time(1, tzinfo=INDIA), "field 'a': expected SQL_TIME"),
        (Types.PRIMITIVE_ARRAY(Types.BYTE()), "x", "field 'a': expected PRIMITIVE_ARRAY"),
        (Types.ROW([Types.INT()]), "x", "field 'a': expected ROW"),
    ],
)
def test_records_of_another_type_are_refused(type_info, value, reason):
    with pytest.raises(TypeError, match="no row of type") as raised:
        writer(Types.ROW_NAMED(["a"], [type_info])).serialize(Row(value))
    assert reason in str(raised.value)


@pytest.mark.parametrize(
    "value", [Row(x="ada", y="rome"), "ab", 5, {"user": "ada", "town": "rome"}, Row(user="ada"), object()]
)
def test_records_of_other_fields_are_refused(value):
    with pytest.raises(TypeError, match="no row of type"):
        writer(NAMED).serialize(value)


def test_a_json_schema():
    schema = {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "name": {"type": ["string", "null"]},
            "when": {"oneOf": [{"type": "null"}, {"type": "string", "format": "date-time"}]},
            "data": {"type": "string", "contentEncoding": "base64"},
            "tags": {"type": "array", "items": {"type": "boolean"}},
            "pair": {"type": "array", "items": [{"type": "number"}, {"type": "string", "format": "date"}]},
            "at": {"type": "object", "properties": {"time": {"type": "string", "format": "time"}}},
        },
    }
    made = JsonRowDeserializationSchema.builder().json_schema(json.dumps(schema)).build()
    names = ["id", "name", "when", "data", "tags", "pair", "at"]
    assert made.get_produced_type() == Types.ROW_NAMED(
        names,
        [
            Types.BIG_DEC(),
            Types.STRING(),
            Types.SQL_TIMESTAMP(),
            Types.PRIMITIVE_ARRAY(Types.BYTE()),
            Types.OBJECT_ARRAY(Types.BOOLEAN()),
            Types.TUPLE([Types.BIG_DEC(), Types.SQL_DATE()]),
            Types.ROW_NAMED(["time"], [Types.SQL_TIME()]),
        ],
    )
    assert made.get_produced_type().get_field_names() == names


@pytest.mark.parametrize(
    "schema",
    [
        "{",
        "[]",
        '{"type": "string"}',
        '{"type": "object"}',
        '{"type": "object", "properties": {"a": {}}}',
        '{"type": "object", "properties": {"a": {"oneOf": [{"type": "string"}, {"type": "number"}]}}}',
        '{"type": "object", "properties": {"a": {"type": "array"}}}',
    ],
)
def test_schemas_that_are_not_understood(schema):
    with pytest.raises(ConfigurationError):
        JsonRowDeserializationSchema.builder().json_schema(schema)


def test_what_cannot_be():
    with pytest.raises(TypeError, match="a row type"):
        JsonRowDeserializationSchema.builder().type_info(Types.INT())
    with pytest.raises(TypeError, match="a JSON schema is a str"):
        JsonRowDeserializationSchema.builder().json_schema(5)
    for made in (JsonRowDeserializationSchema, JsonRowSerializationSchema):
        with pytest.raises(ConfigurationError, match="must be called first"):
            made.builder().build()
    builder = JsonRowDeserializationSchema.builder()
    with pytest.raises(ConfigurationError, match="exclude each other"):
        builder.ignore_parse_errors().fail_on_missing_field()
    with pytest.raises(ConfigurationError, match="exclude each other"):
        JsonRowDeserializationSchema.builder().fail_on_missing_field().ignore_parse_errors()
    for odd in (Types.PICKLED_BYTE_ARRAY(), Types.MAP(Types.INT(), Types.INT())):
        with pytest.raises(ConfigurationError, match="JSON has no form"):
            reader(Types.ROW([odd]))
        with pytest.raises(ConfigurationError, match="JSON has no form"):
            writer(Types.ROW([odd]))
    for value in (Row(1), 5, Row("a", "b", "c")):
        with pytest.raises(TypeError, match="no row of type"):
            writer(Types.ROW([Types.INT(), Types.STRING()])).serialize(value)
