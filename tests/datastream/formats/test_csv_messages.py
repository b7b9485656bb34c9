"""Messages of CSV decoded many at a time: what comes of each is what comes of it alone."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.common import Types
from pyflinkx.datastream.formats.csv import CsvRowDeserializationSchema
from pyflinkx.errors import CorruptDataError
from pyflinkx.types.arrow import schema_of

NATIVE = Types.ROW_NAMED(["id", "name", "share"], [Types.INT(), Types.STRING(), Types.DOUBLE()])
OTHERS = Types.ROW_NAMED(["id", "dec", "list"], [Types.INT(), Types.BIG_DEC(), Types.LIST(Types.INT())])
FIELDS = [
    "1",
    "-7",
    "",
    " 5",
    "2147483648",
    "x",
    '"a,b"',
    '"a""b"',
    '"a\nb"',
    "1.5",
    "nan",
    "1;2",
    "é",
    "\\",
    "NULL",
    '"',
] * 2
FIELDS += ["1", "2.25", "3"] * 8
ENDS = ["", "", "\n", "\r\n", "\r", "\n\n", "\n1,2,3"]
MESSAGES = st.lists(
    st.one_of(
        st.tuples(st.lists(st.sampled_from(FIELDS), min_size=3, max_size=3), st.sampled_from(ENDS)).map(
            lambda parts: (",".join(parts[0]) + parts[1]).encode()
        ),
        st.sampled_from(
            [b"", b"\n", b"#1,2,3", b" #1,2,3", b"1,2", b"1,2,3,4", b"1,\xff,3", b"1,\0,3", None, bytearray(b"1,2,3")]
        ),
    ),
    max_size=8,
)


def schema_with(type_info, lenient, comments, null, escape):
    builder = CsvRowDeserializationSchema.Builder(type_info).set_ignore_parse_errors(lenient)
    builder.set_allow_comments(comments)
    if null:
        builder.set_null_literal(null)
    if escape:
        builder.set_escape_character(escape)
    return builder.build()


def one_by_one(schema, messages):
    records, failures = [], []
    for place, message in enumerate(messages):
        try:
            records.append(schema.deserialize(message))
        except CorruptDataError as error:
            records.append(None)
            failures.append((place, str(error)))
    return records, failures


@given(
    MESSAGES,
    st.sampled_from([NATIVE, OTHERS]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "NULL", "1"]),
    st.sampled_from(["", "\\"]),
)
def test_many_are_what_each_is(messages, type_info, lenient, comments, null, escape):
    schema = schema_with(type_info, lenient, comments, null, escape)
    expected, failed = one_by_one(schema, messages)
    failures = []
    records = schema.decode_many(messages, failures)
    assert list(map(repr, records)) == list(map(repr, expected))
    assert [(place, str(error)) for place, error in failures] == failed
    failures = []
    columns = schema.decode_columns(messages, failures)
    some = [record for record in expected if record is not None]
    assert list(map(repr, columns.to_rows())) == list(
        map(repr, ColumnBatch.from_rows(some, schema_of(type_info)).to_rows())
    )
    assert [(place, str(error)) for place, error in failures] == failed
    for decode in (schema.decode_many, schema.decode_columns):
        if failed:
            with pytest.raises(CorruptDataError, match=f"^message {failed[0][0]}: "):
                decode(messages)
    assert pickle.loads(pickle.dumps(schema)).decode_many(messages, []) is not None
