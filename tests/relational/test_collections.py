"""Arrays, maps and rows: values worked out by hand from Flink's documentation."""

import datetime

import pytest

from pyflinkx.common import Row
from pyflinkx.errors import SqlError
from pyflinkx.relational.queries import bound_query
from tests.relational.queries import kind, run, value


@pytest.mark.parametrize(
    ("expression", "type", "result"),
    [
        ("ARRAY[1, 2]", "ARRAY<INT NOT NULL> NOT NULL", [1, 2]),
        ("ARRAY[1, NULL, 2.5]", "ARRAY<DECIMAL(11, 1)> NOT NULL", None),
        ("MAP['a', 1, 'bc', NULL]", "MAP<VARCHAR(2) NOT NULL, INT> NOT NULL", {"a": 1, "bc": None}),
        ("ARRAY[1, 2][2]", "INT", 2),
        ("ARRAY[1, 2][3]", "INT", None),
        ("MAP['a', 1]['a']", "INT", 1),
        ("MAP['a', 1]['b']", "INT", None),
        ("ROW(1, 'x').EXPR$1", "CHAR(1) NOT NULL", "x"),
        ("(1, 'x')[1]", "INT NOT NULL", 1),
        ("CARDINALITY(ARRAY[1, NULL])", "INT NOT NULL", 2),
        ("CARDINALITY(MAP['a', 1])", "INT NOT NULL", 1),
        ("ELEMENT(ARRAY['x'])", "CHAR(1)", "x"),
        ("ARRAY_APPEND(ARRAY[1], 2)", "ARRAY<INT NOT NULL> NOT NULL", [1, 2]),
        ("ARRAY_APPEND(ARRAY[1], NULL)", "ARRAY<INT> NOT NULL", [1, None]),
        ("ARRAY_PREPEND(ARRAY[1], 2)", "ARRAY<INT NOT NULL> NOT NULL", [2, 1]),
        ("ARRAY_CONTAINS(ARRAY[1, NULL], NULL)", "BOOLEAN NOT NULL", True),
        ("ARRAY_CONTAINS(ARRAY[(TRUE, 1)], (TRUE, 1))", "BOOLEAN NOT NULL", True),
        ("ARRAY_POSITION(ARRAY['a', 'b'], 'b')", "INT", 2),
        ("ARRAY_POSITION(ARRAY['a', 'b'], 'c')", "INT", 0),
        ("ARRAY_REMOVE(ARRAY[1, 2, 1], 1)", "ARRAY<INT NOT NULL> NOT NULL", [2]),
        ("ARRAY_DISTINCT(ARRAY[1, NULL, 1, NULL])", "ARRAY<INT> NOT NULL", [1, None]),
        ("ARRAY_REVERSE(ARRAY[1, 2])", "ARRAY<INT NOT NULL> NOT NULL", [2, 1]),
        ("ARRAY_CONCAT(ARRAY[1], ARRAY[NULL, 2])", "ARRAY<INT> NOT NULL", [1, None, 2]),
        ("ARRAY_UNION(ARRAY[1, 2], ARRAY[2, 3])", "ARRAY<INT NOT NULL> NOT NULL", [1, 2, 3]),
        ("ARRAY_EXCEPT(ARRAY[1, 2, 2], ARRAY[1])", "ARRAY<INT NOT NULL> NOT NULL", [2]),
        ("ARRAY_INTERSECT(ARRAY[1, NULL, 1], ARRAY[NULL, 1])", "ARRAY<INT> NOT NULL", [1, None]),
        ("ARRAY_SLICE(ARRAY[1, 2, 3, 4], -2)", "ARRAY<INT NOT NULL> NOT NULL", [3, 4]),
        ("ARRAY_SLICE(ARRAY[1, 2, 3, 4], 2, -2)", "ARRAY<INT NOT NULL> NOT NULL", [2, 3]),
        ("ARRAY_SLICE(ARRAY[1, 2], 9)", "ARRAY<INT NOT NULL> NOT NULL", []),
        ("ARRAY_SORT(ARRAY[2, NULL, 1])", "ARRAY<INT> NOT NULL", [None, 1, 2]),
        ("ARRAY_SORT(ARRAY[2, NULL, 1], FALSE)", "ARRAY<INT> NOT NULL", [2, 1, None]),
        ("ARRAY_MAX(ARRAY[2, NULL, 3])", "INT", 3),
        ("ARRAY_MIN(ARRAY['b', 'a'])", "CHAR(1)", "a"),
        ("ARRAY_JOIN(ARRAY['a', NULL, 'b'], '-', '?')", "STRING NOT NULL", "a-?-b"),
        ("ARRAY_JOIN(ARRAY['a', NULL, 'b'], '-')", "STRING NOT NULL", "a-b"),
        ("SPLIT('a,,b', ',')", "ARRAY<STRING NOT NULL> NOT NULL", ["a", "", "b"]),
        ("SPLIT('ab', '')", "ARRAY<STRING NOT NULL> NOT NULL", ["a", "b"]),
        ("MAP_KEYS(MAP['a', 1, 'b', 2])", "ARRAY<CHAR(1) NOT NULL> NOT NULL", ["a", "b"]),
        ("MAP_VALUES(MAP['a', 1, 'b', 2])", "ARRAY<INT NOT NULL> NOT NULL", [1, 2]),
        (
            "MAP_ENTRIES(MAP['a', 1])",
            "ARRAY<ROW<`key` CHAR(1) NOT NULL, `value` INT NOT NULL> NOT NULL> NOT NULL",
            [Row(key="a", value=1)],
        ),
        ("MAP_FROM_ARRAYS(ARRAY['a'], ARRAY[1])", "MAP<CHAR(1) NOT NULL, INT NOT NULL> NOT NULL", {"a": 1}),
        (
            "MAP_UNION(MAP['a', 1], MAP['a', 2, 'b', 3])",
            "MAP<CHAR(1) NOT NULL, INT NOT NULL> NOT NULL",
            {"a": 2, "b": 3},
        ),
        ("STR_TO_MAP('k1:v1;k2', ';', ':')", "MAP<STRING, STRING> NOT NULL", {"k1": "v1", "k2": None}),
        ("ARRAY[1, 2] = ARRAY[1, 2]", "BOOLEAN NOT NULL", True),
        ("MAP['a', 1, 'b', 2] = MAP['b', 2, 'a', 1]", "BOOLEAN NOT NULL", True),
        ("ROW(1, 'a') = ROW(1, 'b')", "BOOLEAN NOT NULL", False),
        ("CAST(ARRAY[1.9, 2.1] AS ARRAY<INT>)", "ARRAY<INT> NOT NULL", [1, 2]),
        ("CAST(ROW(1, '2') AS ROW<a STRING, b INT>)", "ROW<`a` STRING, `b` INT> NOT NULL", Row(a="1", b=2)),
        ("CAST(MAP['1', 1] AS MAP<INT, STRING>)", "MAP<INT, STRING> NOT NULL", {1: "1"}),
        ("CAST(ROW(1, ARRAY['a', NULL], MAP[1, TRUE]) AS STRING)", "STRING NOT NULL", "(1, [a, NULL], {1=TRUE})"),
        ("CAST(MAP[MAP[1, 2], 3] AS STRING)", "STRING NOT NULL", "{{1=2}=3}"),
        ("ARRAY[DATE '2024-01-01'][1]", "DATE", datetime.date(2024, 1, 1)),
        ("ARRAY[TIME '01:02:03']", "ARRAY<TIME(0) NOT NULL> NOT NULL", [datetime.time(1, 2, 3)]),
    ],
)
def test_values_and_types(expression, type, result):
    assert kind(expression) == type
    if result is not None or "2.5" not in expression:
        assert value(expression) == result


def test_columns_with_parts():
    columns = {
        "id": "INT",
        "person": "ROW<name STRING, born DATE, place ROW<x INT, y INT>>",
        "times": "ARRAY<TIMESTAMP(3)>",
        "known": "MAP<STRING, ARRAY<INT>>",
    }
    noon = datetime.datetime(2024, 1, 1, 12, 0, 0, 5000)
    rows = [
        (1, Row(name="Ann", born=datetime.date(2000, 2, 29), place=Row(x=3, y=4)), [noon, None], {"a": [1, 2]}),
        (2, Row(name="Bo", born=None, place=None), [], {}),
        (None, None, None, None),
    ]
    query = (
        "SELECT person.name, t.person.place.y, person.born, times[1], known['a'][2], CARDINALITY(known), times, person"
        " FROM t"
    )
    assert run(query, columns, rows) == [
        ("Ann", 4, datetime.date(2000, 2, 29), noon, 2, 1, [noon, None], rows[0][1]),
        ("Bo", None, None, None, None, 0, [], rows[1][1]),
        (None, None, None, None, None, None, None, None),
    ]
    made = run("SELECT ARRAY[times[1], NULL], ROW(id, person.born), MAP[id, times] FROM t", columns, rows[:2])
    assert [(first, list(second), third) for first, second, third in made] == [
        ([noon, None], [1, datetime.date(2000, 2, 29)], {1: [noon, None]}),
        ([None, None], [2, None], {2: []}),
    ]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("ARRAY[1][0]", "the elements of an array count from 1, and this is 0"),
        ("ARRAY[1, 'a']", "the elements of an array have types that nothing is common to"),
        ("MAP['a']", "MAP takes keys and values in turns"),
        ("ROW(1).b", "there is no field b"),
        ("ARRAY[1] < ARRAY[2]", "< does not take ARRAY"),
        ("ARRAY_SORT(ARRAY[ARRAY[1]])", "ARRAY_SORT does not take"),
        ("MAP_UNION(MAP['a', 1], ARRAY[1])", "MAP_UNION does not take"),
    ],
)
def test_what_is_refused(expression, said):
    with pytest.raises(SqlError, match=said):
        bound_query(f"SELECT {expression}", {})


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("ELEMENT(a)", "ELEMENT takes a collection of one element, and this has 2, in record"),
        ("MAP_FROM_ARRAYS(a, ARRAY[1])", "as many values as keys"),
    ],
)
def test_what_fails_with_its_record(expression, said):
    with pytest.raises(ValueError, match=said):
        run(f"SELECT {expression} FROM t", {"a": "ARRAY<INT>"}, [([1, 2],)])
