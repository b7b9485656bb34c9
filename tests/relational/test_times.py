"""Functions of times, each with a value worked out by hand from Flink's documentation."""

import datetime

import pytest

from pyflinkx.errors import SqlError
from pyflinkx.relational.faults import ValueFault
from pyflinkx.relational.queries import QueryBinder, bound_query
from pyflinkx.relational.session import Session
from pyflinkx.relational.zones import offset_at, to_instant, to_local, zone_of
from pyflinkx.sql.parser import parse_query
from tests.relational.queries import kind, run, value


def text(expression, zone="UTC"):
    """An expression as text, in a time zone."""
    from pyflinkx._core.columns.from_rows import from_rows
    from pyflinkx._core.columns.schema import Field, Schema
    from pyflinkx._core.columns.to_rows import to_rows
    from pyflinkx.relational.evaluate import Projection

    query = f"SELECT CAST({expression} AS STRING)"
    plan = QueryBinder(query, lambda path: None, session=Session(zone)).bind(parse_query(query))
    return to_rows(Projection(plan.projection)(from_rows([(0,)], Schema([Field("z", "i")]))))[0][0]


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("INTERVAL '2-10' YEAR TO MONTH", "+2-10"),
        ("INTERVAL '-1' QUARTER", "-0-03"),
        ("INTERVAL '10 00:12' DAY TO MINUTE", "+10 00:12:00.000"),
        ("INTERVAL '0.003' SECOND", "+0 00:00:00.003"),
        ("-INTERVAL '1:30' HOUR TO MINUTE", "-0 01:30:00.000"),
        ("INTERVAL '1' DAY + INTERVAL '2' HOUR", "+1 02:00:00.000"),
        ("INTERVAL '2' HOUR * 3", "+0 06:00:00.000"),
        ("DATE '2024-01-31' + INTERVAL '1' MONTH", "2024-02-29"),
        ("DATE '2024-03-31' - INTERVAL '1' DAY", "2024-03-30"),
        ("DATE '2024-01-01' + INTERVAL '90' MINUTE", "2024-01-01 01:30:00.000000"),
        ("INTERVAL '1' DAY + TIMESTAMP '2024-02-28 23:00:00.5'", "2024-02-29 23:00:00.5"),
        ("TIME '23:30:00' + INTERVAL '1' HOUR", "00:30:00"),
        ("(TIMESTAMP '2024-01-02 00:00:00' - TIMESTAMP '2024-01-01 12:00:00') HOUR", "+0 12:00:00.000"),
        ("TIMESTAMPADD(MONTH, 1, DATE '2024-01-31')", "2024-02-29"),
        ("TIMESTAMPADD(HOUR, -1, DATE '2024-01-01')", "2023-12-31 23:00:00.000000"),
        ("TIMESTAMPADD(WEEK, 1, TIMESTAMP '2024-01-01 10:00:00')", "2024-01-08 10:00:00"),
        ("TIMESTAMPDIFF(MONTH, DATE '2019-09-01', DATE '2020-03-01')", "6"),
        ("TIMESTAMPDIFF(MONTH, TIMESTAMP '2024-01-31 10:00:00', TIMESTAMP '2024-02-29 09:00:00')", "0"),
        ("TIMESTAMPDIFF(DAY, TIMESTAMP '2024-01-02 00:00:00', TIMESTAMP '2024-01-01 12:00:00')", "0"),
        ("TIMESTAMPDIFF(SECOND, TIME '10:00:00', TIME '11:00:01')", "3601"),
        ("FLOOR(TIMESTAMP '2024-03-05 13:14:15.678' TO HOUR)", "2024-03-05 13:00:00.000"),
        ("FLOOR(DATE '2024-03-05' TO WEEK)", "2024-03-03"),
        ("FLOOR(DATE '2024-05-05' TO QUARTER)", "2024-04-01"),
        ("CEIL(DATE '2024-05-05' TO CENTURY)", "2101-01-01"),
        ("CEIL(TIMESTAMP '2024-03-01 13:14:15' TO DAY)", "2024-03-02 00:00:00"),
        ("CEIL(TIME '13:14:15' TO MINUTE)", "13:15:00"),
        ("DATE_FORMAT(TIMESTAMP '2024-03-05 13:14:15.678', 'yyyy/MM/dd hh:mm a, SSS')", "2024/03/05 01:14 PM, 678"),
        ("DATE_FORMAT('2024-03-05 13:14:15', 'EEE d MMM yy ''at'' H')", "Tue 5 Mar 24 at 13"),
        ("TO_TIMESTAMP('05.03.2024 1:02', 'dd.MM.yyyy H:mm')", "2024-03-05 01:02:00.000"),
        ("TO_TIMESTAMP('20240305', 'yyyyMMdd')", "2024-03-05 00:00:00.000"),
        ("TO_TIMESTAMP('nonsense')", None),
        ("TO_TIMESTAMP('2024-02-30', 'yyyy-MM-dd')", None),
        ("TO_DATE('2024-03-05 01:02:03')", "2024-03-05"),
        ("TO_TIMESTAMP_LTZ(1234, 3)", "1970-01-01 00:00:01.234"),
        ("TO_TIMESTAMP_LTZ(-100, 0)", "1969-12-31 23:58:20.000"),
        ("FROM_UNIXTIME(44)", "1970-01-01 00:00:44"),
        ("FROM_UNIXTIME(44, 'HH:mm')", "00:00"),
        ("UNIX_TIMESTAMP('1970-01-02 00:00:00')", "86400"),
        ("UNIX_TIMESTAMP('1970-01-02', 'yyyy-MM-dd')", "86400"),
        ("UNIX_TIMESTAMP('x')", str(-(2**63))),
        ("CONVERT_TZ('2018-03-14 11:00:00', 'UTC', 'Asia/Shanghai')", "2018-03-14 19:00:00"),
        ("EXTRACT(DAY FROM INTERVAL '19 12:10:10.123' DAY TO SECOND(3))", "19"),
        ("EXTRACT(MILLISECOND FROM TIMESTAMP '2024-01-01 00:00:01.234')", "234"),
        ("EXTRACT(EPOCH FROM DATE '1970-01-02')", "86400"),
        ("(TIME '9:00:00', TIME '9:30:00') OVERLAPS (TIME '9:29:00', TIME '9:31:00')", "TRUE"),
        ("(TIME '9:00:00', INTERVAL '1' HOUR) OVERLAPS (TIME '10:15:00', INTERVAL '3' HOUR)", "FALSE"),
        ("CAST(INTERVAL '3' MONTH AS INT)", "3"),
        ("CAST('1-02' AS INTERVAL YEAR TO MONTH)", "+1-02"),
        ("CAST('1 02:03:04.5' AS INTERVAL DAY TO SECOND)", "+1 02:03:04.500"),
        ("ARRAY[DATE '2024-01-01', NULL]", "[2024-01-01, NULL]"),
    ],
)
def test_values(expression, result):
    assert text(expression) == result


@pytest.mark.parametrize(
    ("expression", "zone", "result"),
    [
        ("TO_TIMESTAMP_LTZ(0, 3)", "Asia/Shanghai", "1970-01-01 08:00:00.000"),
        ("TO_TIMESTAMP_LTZ(0, 3)", "GMT-08:00", "1969-12-31 16:00:00.000"),
        ("CAST(TO_TIMESTAMP_LTZ(0, 3) AS TIMESTAMP(3))", "Europe/Berlin", "1970-01-01 01:00:00.000"),
        ("CAST(TO_TIMESTAMP_LTZ(0, 3) AS DATE)", "America/New_York", "1969-12-31"),
        (
            "CAST(TIMESTAMP '2024-07-01 12:00:00' AS TIMESTAMP_LTZ(0)) = TO_TIMESTAMP_LTZ(1719828000, 0)",
            "Europe/Berlin",
            "TRUE",
        ),
        # An hour that is not there is moved behind the gap, as Java does.
        (
            "CAST(CAST(TIMESTAMP '2024-03-31 02:30:00' AS TIMESTAMP_LTZ(0)) AS TIMESTAMP(0))",
            "Europe/Berlin",
            "2024-03-31 03:30:00",
        ),
        ("DATE_FORMAT(TO_TIMESTAMP_LTZ(0, 3), 'HH')", "Asia/Tokyo", "09"),
        ("HOUR(TO_TIMESTAMP_LTZ(0, 3))", "Asia/Kolkata", "5"),
        ("FLOOR(TO_TIMESTAMP_LTZ(0, 3) TO DAY)", "Asia/Kolkata", "1970-01-01 00:00:00.000"),
        ("FROM_UNIXTIME(44)", "Asia/Tokyo", "1970-01-01 09:00:44"),
        ("UNIX_TIMESTAMP('1970-01-01 09:00:00')", "Asia/Tokyo", "0"),
        ("TIMESTAMP WITH LOCAL TIME ZONE '1970-01-01 09:00:00' = TO_TIMESTAMP_LTZ(0, 0)", "Asia/Tokyo", "TRUE"),
        ("TIMESTAMPDIFF(HOUR, TO_TIMESTAMP_LTZ(0, 3), TIMESTAMP '1970-01-01 10:00:00')", "Asia/Tokyo", "1"),
    ],
)
def test_the_local_time_zone(expression, zone, result):
    assert text(expression, zone) == result


def test_rows_at_once_are_what_rows_one_by_one_are():
    """Offsets are looked up per quarter of an hour, over a change of clocks and before 1970."""
    zone = "Europe/Berlin"
    seconds = [-2_500_000_000, -1, 0, 1711846799, 1711846800, 1729990799, 1729990800, 4_000_000_000]
    stamps = [datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=each) for each in seconds]
    query = "SELECT CAST(a AS TIMESTAMP_LTZ(0)) FROM t"
    columns = {"a": "TIMESTAMP(0)"}
    from pyflinkx.relational.session import within

    with within(Session(zone)):
        found = run(query, columns, [(each,) for each in stamps])
    assert [int(row[0].timestamp()) for row in found] == [to_instant(each, 1, zone) for each in seconds]


def test_there_and_back():
    for zone in ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "+05:30"):
        for seconds in range(1_700_000_000, 1_760_000_000, 1_234_567):
            local = datetime.datetime.fromtimestamp(seconds, zone_of(zone))
            assert offset_at(zone, seconds) == local.utcoffset().total_seconds()
            # Of an hour that is there twice the first one is meant.
            assert to_instant(to_local(seconds, 1, zone), 1, zone) == seconds - 3600 * local.fold


def test_a_zone_that_there_is_not():
    with pytest.raises(ValueFault, match="there is no time zone 'Mars/Olympus'"):
        zone_of("Mars/Olympus")


def test_the_clock():
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs(value("CURRENT_TIMESTAMP") - now) < datetime.timedelta(minutes=5)
    assert abs(value("UNIX_TIMESTAMP()") - now.timestamp()) < 300
    assert value("LOCALTIMESTAMP = LOCALTIMESTAMP")
    assert kind("NOW()") == "TIMESTAMP_LTZ(3) NOT NULL"
    assert kind("CURRENT_DATE") == "DATE NOT NULL"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("INTERVAL '1:2' DAY", "'1:2' is no interval of DAY"),
        ("DATE '2024-01-01' + 1", r"\+ does not take DATE NOT NULL, INT NOT NULL"),
        ("DATE_FORMAT(1, 'yyyy')", "DATE_FORMAT does not take INT NOT NULL"),
        ("FLOOR(DATE '2024-01-01' TO FORTNIGHT)", "FLOOR TO does not take"),
        ("INTERVAL '1' DAY + INTERVAL '1' MONTH", "does not take INTERVAL"),
    ],
)
def test_what_is_refused(expression, said):
    with pytest.raises(SqlError, match=said):
        bound_query(f"SELECT {expression}", {})


def test_a_pattern_that_is_none_names_the_record():
    with pytest.raises(ValueError, match="the letter b, which stands for nothing, in record"):
        run("SELECT DATE_FORMAT(a, 'yyyy b') FROM t", {"a": "TIMESTAMP(3)"}, [(datetime.datetime(2024, 1, 1),)])
