"""JSON by compiled code against the decoder of one message, which has the rules."""

import datetime
import json
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyflinkx.common import Row, Types
from pyflinkx.datastream.formats.json import JsonRowDeserializationSchema
from pyflinkx.errors import CorruptDataError
from pyflinkx.formats.json_decoder import JsonDecoder
from tests.datastream.formats.test_json import KINDS, TEXTS

ALL = {
    **{name: type_info for name, (type_info, _) in KINDS.items()},
    "byte": Types.BYTE(),
    "short": Types.SHORT(),
    "int": Types.INT(),
    "char": Types.CHAR(),
    "instant": Types.INSTANT(),
    "named": Types.ROW_NAMED(["x", "y"], [Types.INT(), Types.LIST(Types.STRING())]),
    "ints": Types.PRIMITIVE_ARRAY(Types.INT()),
    "objects": Types.OBJECT_ARRAY(
        Types.ROW_NAMED(["p", "q"], [Types.DOUBLE(), Types.MAP(Types.STRING(), Types.INT())])
    ),
    "deep": Types.LIST(Types.TUPLE([Types.BIG_DEC(), Types.ROW([Types.BIG_INT(), Types.BOOLEAN()])])),
}
TYPE = Types.ROW_NAMED(list(ALL), list(ALL.values()))
MODES = ([], ["fail_on_missing_field"], ["ignore_parse_errors"])


def schema_for(type_info, calls=()):
    builder = JsonRowDeserializationSchema.builder().type_info(type_info)
    for call in calls:
        builder = getattr(builder, call)()
    return builder.build()


def outcome(read):
    try:
        return repr(read())  # also -0.0, NaN, and 1 apart from True
    except CorruptDataError as error:
        return str(error)


def check(schema, messages):
    """Batches of all the messages, as rows and as columns, are what each message gives alone."""
    single = [outcome(lambda m=message: schema.deserialize(m)) for message in messages]
    failures = []
    rows = schema.decode_many(messages, failures)
    for place, error in failures:
        assert rows[place] is None
        rows[place] = error
    assert [str(row) if isinstance(row, CorruptDataError) else repr(row) for row in rows] == single
    failures = []
    batch = schema.decode_columns(messages, failures)
    batch.validate(full=True)
    bad = {place for place, _ in failures}
    kept = [one for place, one in enumerate(single) if place not in bad and one != "None"]
    assert [repr(row) for row in batch.to_rows()] == kept
    return len(failures)


# What values of one type are, and others are not.
SCALARS = [
    *Path(__file__).with_name("json_values.txt").read_text(encoding="utf-8").split("\n")[:-1],
    '"a\nb"',
    "[" * 70 + "]" * 70,
]


@pytest.mark.parametrize("calls", MODES)
@pytest.mark.parametrize("name", list(ALL))
def test_every_spelling_of_every_type(name, calls):
    schema = schema_for(Types.ROW_NAMED([name, "after"], [ALL[name], Types.INT()]), calls)
    messages = [f'{{"{name}": {text}, "after": 7}}'.encode() for text in SCALARS]
    check(schema, messages)


def test_unknown_fields_are_held_against_the_grammar():
    schema = schema_for(Types.ROW_NAMED(["a"], [Types.INT()]))
    texts = [
        *SCALARS,
        '"\\ud800"',
        "1" * 1001,
        "1" * 950,
        "1e1000000000000000000000",
        '{"a": {"a": {"a": [{"a": 1}]}}}',
        "[" * 2000 + "]" * 2000,
    ]
    check(schema, [f'{{"b": {text}, "a": 1}}'.encode() for text in texts])
    check(schema, [f'{{"a": 1, "b": {text}}}'.encode() for text in texts])


STRANGE = [
    b"",
    b" ",
    b"null",
    b"5",
    b"[]",
    b"{",
    b"{}",
    b" { } ",
    b"\n{\r\n\t}\n",
    b"{}x",
    b"{} {}",
    b"{},",
    b'{"a":1}\0',
    b'\0{"a":1}',
    b'{"a":1\0}',
    b'\xef\xbb\xbf{"a": 1}',
    '{"a": 1}'.encode("utf-16"),
    '{"a": 1}'.encode("utf-16-le"),
    '{"a": 1}'.encode("utf-32"),
    b'{"a": 1, "\xff": 2}',
    b'{"a": 1, "b": "\xed\xa0\x80"}',
    b'{"t": "\xed\xa0\x80"}',
    b'{"t": "\xc3"}',
    b'{"t": "\xc3\xa9"}',
    b'{"\xc3\xa9": 1, "a": 2}',
    b'{"a": 1, "a": 2}',
    b'{"a": null, "a": 2}',
    b'{"b": 1, "b": 2, "a": 3}',
    b'{"\\u0061": 1}',
    b'{"a" : 1 , "t":"x" }',
    b'{"t":"x","a":1}',
    b'{"a":1"t":"x"}',
    b'{"a":1,"t":"x",}',
    None,
]


@pytest.mark.parametrize("calls", MODES)
def test_what_is_no_usual_message(calls):
    schema = schema_for(Types.ROW_NAMED(["a", "t", "é"], [Types.INT(), Types.STRING(), Types.LONG()]), calls)
    usual = b'{"a": 1, "t": "x", "\xc3\xa9": 3}'
    check(schema, STRANGE)
    check(schema, [one for strange in STRANGE for one in (usual, strange)] + [usual])
    check(schema, [bytearray(usual), bytearray(b"{"), usual])


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | TEXTS
    | st.sampled_from(["AP8=", "2013-01-31"]),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from("xyabpq"), parts, max_size=3),
    max_leaves=6,
)
RIGHT = st.fixed_dictionaries({}, optional={name: st.none() | values for name, (_, values) in KINDS.items()})


def as_json(value):
    """A value of a type, as a message would have it."""
    if isinstance(value, Row):
        return {"f0": value["f0"], "f1": value["f1"]}
    if isinstance(value, bytes):
        import base64

        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else value


def dumps(value, ascii_only):
    return json.dumps(value, ensure_ascii=ascii_only, default=as_json)


MESSAGES = st.one_of(
    st.builds(dumps, RIGHT, st.booleans()),
    st.builds(dumps, st.dictionaries(st.sampled_from([*ALL, "other"]), VALUES, max_size=5), st.booleans()),
).map(lambda text: text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("calls", MODES)
def test_random_messages(calls):
    schema = schema_for(TYPE, calls)

    @given(st.lists(MESSAGES, max_size=8))
    @example([b"{}", b"{", b"{}"])
    def compare(messages):
        check(schema, messages)

    compare()


PUT = [b"", b'"', b"\\", b"{", b"}", b"[", b",", b":", b"\0", b"\xff", b"\xc3", b"1", b"e", b"\n"]


@given(st.lists(MESSAGES, min_size=1, max_size=3), st.data())
def test_damaged_messages(messages, data):
    schema = schema_for(TYPE)
    damaged = []
    for message in messages:
        at = data.draw(st.integers(0, len(message)))
        put = data.draw(st.sampled_from(PUT))
        cut = data.draw(st.integers(0, 3))
        damaged.append(message[:at] + put + message[at + cut :])
    check(schema, damaged)
    check(schema, [message[: data.draw(st.integers(0, len(message)))] for message in messages])


def usual_only(schema, messages):
    """Whether compiled code reads them all."""
    reader = JsonDecoder(schema.get_produced_type(), False, schema.deserialize).new_reader()
    return reader.read_messages(messages) == []


def test_what_is_usual_is_read_by_compiled_code():
    row = {
        "text": 'é"\n😀',
        "long": -(2**63),
        "flag": True,
        "double": 0.30000000000000004,
        "float": 1.5,
        "big": 1.25,
        "huge": 7,
        "date": "2013-01-31",
        "time": "10:05:00.25Z",
        "moment": "2013-01-31T10:05:00.123+01:00",
        "bytes": "AP8=",
        "list": [1, None, 3],
        "map": {"a": "b", "c": None},
        "row": {"f0": 1, "f1": "x"},
        "pair": [1, "y"],
        "byte": -128,
        "short": 32767,
        "int": 5,
        "char": "é",
        "instant": "1969-12-31T23:59:59.5Z",
        "named": {"y": ["q"]},
        "ints": [1, 2],
        "objects": [{"p": 1e300, "q": {}}, None],
        "deep": [[1.5, {"f0": 1, "f1": None}]],
        "other": {"a": [1, {"b": "\\"}]},
    }
    messages = [
        json.dumps(row).encode(),
        json.dumps(row, ensure_ascii=False).encode(),
        json.dumps(dict(reversed(row.items())), indent=2).encode(),
        json.dumps(dict.fromkeys(row)).replace('"ints": null, ', "").encode(),
        b"{}",
    ]
    schema = schema_for(TYPE)
    assert [message for message in messages if not usual_only(schema, [message])] == []
    assert check(schema, messages) == 0


def test_a_failure_names_its_message():
    schema = schema_for(Types.ROW_NAMED(["a"], [Types.INT()]))
    with pytest.raises(CorruptDataError, match=r"message 2: no JSON row of this type: \$\.a: expected INT, got 'x'"):
        schema.decode_many([b'{"a": 1}', b"{}", b'{"a": "x"}', b"{"])
    with pytest.raises(CorruptDataError, match="message 1: "):
        schema.decode_columns([b'{"a": 1}', b"{"])
    assert schema.decode_many([b'{"a": 1}']) == [Row(a=1)]  # it has kept nothing of those


def test_no_messages():
    schema = schema_for(TYPE)
    assert schema.decode_many([]) == []
    assert len(schema.decode_columns([])) == 0
    assert schema.decode_columns([]).schema == schema.decode_columns([b"{}"]).schema


def test_several_threads_share_a_schema():
    schema = schema_for(Types.ROW_NAMED(["a", "b"], [Types.INT(), Types.STRING()]))
    messages = [b'{"a": %d, "b": "x"}' % number for number in range(2000)]
    wanted = [Row(a=number, b="x") for number in range(2000)]
    results = []
    threads = [threading.Thread(target=lambda: results.append(schema.decode_many(messages))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [wanted] * 4


def test_maps_with_many_keys_and_with_keys_that_come_twice():
    schema = schema_for(Types.ROW_NAMED(["m"], [Types.MAP(Types.STRING(), Types.INT())]))
    many = {f"key-{number}": number for number in range(5000)}
    text = json.dumps({"m": many})
    twice = text.replace('"key-4999"', '"key-0"')
    assert usual_only(schema, [text.encode()])
    check(schema, [text.encode(), twice.encode(), text.encode()])


def test_many_fields_and_names_that_share_a_start():
    names = [f"a-rather-long-name-of-a-field-{number}" for number in range(300)] + [
        "",
        "a",
        "ab",
        "abc",
        'q"',
        "b\\",
        "\t",
    ]
    schema = schema_for(Types.ROW_NAMED(names, [Types.INT()] * len(names)))
    row = {name: number for number, name in enumerate(names)}
    shuffled = dict(sorted(row.items(), key=lambda pair: pair[1] * 7919 % 307))
    check(schema, [json.dumps(one).encode() for one in (row, shuffled, dict(list(row.items())[::2]), row)])
