"""JSON texts that are made to take much time or memory, or have no value in Python."""

import datetime
import tracemalloc
from decimal import Decimal

import pytest

from pyflinkx._core.records.row import Row
from pyflinkx.datastream.formats.csv import CsvRowDeserializationSchema
from pyflinkx.datastream.formats.json import JsonRowDeserializationSchema, JsonRowSerializationSchema
from pyflinkx.errors import CorruptDataError
from pyflinkx.formats import json_numbers
from pyflinkx.formats.json_numbers import MAX_NUMBER_LENGTH, load_json
from pyflinkx.types.typeinfo import Types

TYPES = {
    "int": Types.BIG_INT(),
    "dec": Types.BIG_DEC(),
    "text": Types.STRING(),
    "double": Types.DOUBLE(),
    "day": Types.SQL_DATE(),
    "time": Types.SQL_TIMESTAMP(),
    "at": Types.INSTANT(),
}
ROW = Types.ROW_NAMED(list(TYPES), list(TYPES.values()))


def reader(ignore=False):
    builder = JsonRowDeserializationSchema.builder().type_info(ROW)
    return (builder.ignore_parse_errors() if ignore else builder).build()


HOSTILE = {
    '{"int": %s}' % ("9" * 10**6): "a number has 1000000 characters, more than 1000: 99999",
    '{"int": -%s}' % ("9" * 1000): "a number has 1001 characters",
    '{"int": "%s"}' % ("9" * 10**6): r"\$\.int: expected BIG_INT, got '9999",
    '{"dec": %s.5}' % ("9" * 10**6): "a number has 1000002 characters",
    '{"unknown": 1e%s}' % ("9" * 2000): "a number has 2002 characters",
    '{"dec": 1e9999999999999999999999}': "a number or time is out of range",
    '{"unknown": 1e-9999999999999999999999}': "a number or time is out of range",
    '{"text": %s}' % ("[" * 10**6): "it is nested too deep",
    '{"text": ' + '{"a":' * 10**5 + "1" + "}" * 10**5 + "}": "it is nested too deep",
    '{"day": "%s"}' % ("1" * 10**6): r"\$\.day: expected a date",
    '{"time": "%s"}' % ("x" * 10**6): r"\$\.time: expected a date and time",
    '{"time": "0001-01-01T00:00:00+10:00"}': r"\$\.time: expected a date and time from year 1 to 9999",
    '{"time": "9999-12-31T23:59:59-10:00"}': r"\$\.time: expected a date and time from year 1 to 9999",
    "x" * 10**7: "Expecting value",
}


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_what_cannot_be_read_is_one_kind_of_error(number):
    message, reason = list(HOSTILE.items())[number]
    with pytest.raises(CorruptDataError, match=reason) as caught:
        reader().deserialize(message.encode())
    assert len(str(caught.value)) < 1000
    ignored = reader(ignore=True).deserialize(message.encode())
    assert ignored is None or set(ignored) == {None}  # no JSON; or a field that is none of its type, as in Flink


def test_no_number_is_made_of_too_many_digits(monkeypatch):
    longest = 0

    def measured(make):
        def call(text):
            nonlocal longest
            longest = max(longest, len(text))
            return make(text)

        return call

    monkeypatch.setattr(json_numbers, "int", measured(int), raising=False)
    monkeypatch.setattr(json_numbers, "Decimal", measured(Decimal))
    digits = "7" * MAX_NUMBER_LENGTH
    assert load_json(f"[{digits}, 0.{digits[2:]}]") == [int(digits), Decimal(f"0.{digits[2:]}")]
    for text in (digits + "7", f"0.{digits}", f"1e{digits}"):
        with pytest.raises(ValueError, match="more than 1000"):
            load_json(f"[1, {text}]")
    assert longest == MAX_NUMBER_LENGTH


def test_a_message_in_an_error_is_not_shown_whole():
    message = b"[" + b" " * 20_000_000
    tracemalloc.start()
    try:
        with pytest.raises(CorruptDataError):
            reader().deserialize(message)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * len(message)  # the decoded text; its repr would be as much again


def test_decimals_are_not_written_with_gigabytes_of_zeros():
    writer = JsonRowSerializationSchema.builder().with_type_info(Types.ROW([Types.BIG_DEC()])).build()
    for text, written in (
        ("1E+999999999", b"1E+999999999"),
        ("-1.5E-999999999", b"-1.5E-999999999"),
        ("0E+999999999", b"0E+999999999"),
        ("1E+3", b"1000"),
        ("1.50", b"1.50"),
        ("1E-7", b"0.0000001"),
    ):
        assert writer.serialize(Row(Decimal(text))) == b'{"f0":' + written + b"}"


def test_times_at_the_ends_of_what_there_is():
    row = reader().deserialize(b'{"time": "0001-01-01T00:00:00Z", "at": "0001-01-01T00:00:00+10:00"}')
    assert row.time == datetime.datetime(1, 1, 1)
    assert row["at"].seconds == -62135596800 - 36_000


@pytest.mark.parametrize("field", [f"{'9' * 100_000}", "1e99999999999999999999", "[" * 100_000])
def test_csv_fields_of_messages(field):
    schema = CsvRowDeserializationSchema.Builder(Types.ROW([Types.LONG(), Types.BIG_INT()])).build()
    with pytest.raises(CorruptDataError, match="expected BIG_INT"):
        schema.deserialize(f"1,{field}\n".encode())
