import datetime
import math
from decimal import Decimal

import pytest

from pyflinkx.formats.csv_values import ColumnParser
from pyflinkx.types.time import Instant
from pyflinkx.types.typeinfo import Types


@pytest.mark.parametrize(
    ("type_info", "text", "value"),
    [
        (Types.STRING(), " a ", " a "),
        (Types.LONG(), " -9223372036854775808 ", -(2**63)),
        (Types.SHORT(), "+32767", 32767),
        (Types.BIG_INT(), "9" * 40, 10**40 - 1),
        (Types.DOUBLE(), " 1e3 ", 1000.0),
        (Types.FLOAT(), "0.1", 0.10000000149011612),
        (Types.FLOAT(), "1e300", math.inf),
        (Types.BOOLEAN(), "True", True),
        (Types.BOOLEAN(), " tRUE ", True),
        (Types.BOOLEAN(), "0", False),
        (Types.BOOLEAN(), "F", False),
        (Types.CHAR(), "é", "é"),
        (Types.BIG_DEC(), " 1.50", Decimal("1.50")),
        (Types.SQL_DATE(), "2013-01-31", datetime.date(2013, 1, 31)),
        (Types.SQL_TIME(), "10:05", datetime.time(10, 5)),
        (Types.SQL_TIME(), "10:05:07.25", datetime.time(10, 5, 7, 250_000)),
        (Types.SQL_TIMESTAMP(), "2013-01-31T10:05:00", datetime.datetime(2013, 1, 31, 10, 5)),
        (Types.SQL_TIMESTAMP(), "2013-01-31 10:05:00.000001000", datetime.datetime(2013, 1, 31, 10, 5, 0, 1)),
        (Types.INSTANT(), "1970-01-01T00:00:00Z", Instant(0, 0)),
        (Types.INSTANT(), "1969-12-31 23:59:59.000000001Z", Instant(-1, 1)),
        (Types.INSTANT(), "2013-01-01T10:00:00+02:30", Instant(1357025400, 0)),
        (Types.INSTANT(), "2013-01-01T10:00:00-0230", Instant(1357043400, 0)),
        (Types.LIST(Types.INT()), "1; 2", [1, 2]),
        (Types.LIST(Types.INT()), "", []),
        (Types.BASIC_ARRAY(Types.STRING()), "a;;b", ["a", "", "b"]),
    ],
)
def test_values(type_info, text, value):
    parsed = ColumnParser(type_info).value(text)
    assert parsed == value
    assert type(parsed) is type(value)
    assert ColumnParser(type_info).column([text] * 2) == [value] * 2


def test_an_instant_equals_what_datetime_says():
    for text in ("2013-01-01T10:00:00+02:30", "2400-02-29T23:59:59-11:00", "0001-01-02T00:00:00Z"):
        expected = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        assert ColumnParser(Types.INSTANT()).value(text).seconds == (expected - epoch) // datetime.timedelta(seconds=1)


def test_nulls():
    parser = ColumnParser(Types.INT(), frozenset(["", "NA"]))
    assert parser.column(["1", "", "NA", "2"]) == [1, None, None, 2]
    assert parser.value("NA") is None
    strict = ColumnParser(Types.INT(), frozenset(["NA"]), nullable=False)
    with pytest.raises(ValueError, match="expected INT, got 'NA', which stands for None"):
        strict.value("NA")
    with pytest.raises(ValueError):  # noqa: PT011 - a column says only that something is wrong
        strict.column(["1", "NA"])


def test_separators():
    assert ColumnParser(Types.LIST(Types.STRING()), separator="::").value("a::b") == ["a", "b"]
