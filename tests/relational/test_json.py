"""JSON: values worked out by hand from Flink's documentation."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import SqlError
from pyflinkx.relational.json_path import PathFault, path_of
from pyflinkx.relational.json_text import written
from pyflinkx.relational.queries import bound_query
from tests.relational.queries import run, value

DOCUMENT = '{"a": {"b": [1, 2, {"c": "x"}]}, "d": null, "e": true, "f": 1.5, "g h": "q"}'


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("JSON_EXISTS(j, '$.a.b')", True),
        ("JSON_EXISTS(j, '$.z')", False),
        ("JSON_EXISTS(j, 'strict $.z' TRUE ON ERROR)", True),
        ("JSON_EXISTS(j, 'strict $.z' UNKNOWN ON ERROR)", None),
        ("JSON_VALUE(j, '$.e')", "true"),
        ("JSON_VALUE(j, '$.f')", "1.5"),
        ("JSON_VALUE(j, '$.a.b[0]' RETURNING INT)", 1),
        ("JSON_VALUE(j, '$.f' RETURNING DOUBLE)", 1.5),
        ("JSON_VALUE(j, '$.e' RETURNING BOOLEAN)", True),
        ("JSON_VALUE(j, '$[\"g h\"]')", "q"),
        ("JSON_VALUE(j, 'lax $.z')", None),
        ("JSON_VALUE(j, 'lax $.z' DEFAULT 'none' ON EMPTY)", "none"),
        ("JSON_VALUE(j, 'strict $.z' DEFAULT 'wrong' ON ERROR)", "wrong"),
        ("JSON_VALUE(j, 'lax $.a' DEFAULT 'empty' ON EMPTY DEFAULT 'error' ON ERROR)", "empty"),
        ("JSON_VALUE(j, 'strict $.a' DEFAULT 'empty' ON EMPTY DEFAULT 'error' ON ERROR)", "error"),
        ("JSON_VALUE('no json', '$.a' DEFAULT 'error' ON ERROR)", "error"),
        ("JSON_QUERY(j, '$.a.b')", '[1,2,{"c":"x"}]'),
        ("JSON_QUERY(j, 'lax $.f')", None),
        ("JSON_QUERY(j, '$.f' WITH WRAPPER)", "[1.5]"),
        ("JSON_QUERY(j, '$.a.b' WITH CONDITIONAL WRAPPER)", '[1,2,{"c":"x"}]'),
        ("JSON_QUERY(j, '$.a.b' WITH UNCONDITIONAL WRAPPER)", '[[1,2,{"c":"x"}]]'),
        ("JSON_QUERY(j, 'lax $.z' EMPTY OBJECT ON EMPTY)", "{}"),
        ("JSON_QUERY(j, 'strict $.z' EMPTY ARRAY ON ERROR)", "[]"),
        ("JSON_QUERY(j, '$.a.b' RETURNING ARRAY<STRING>)", ["1", "2", '{"c":"x"}']),
        ("JSON_TYPE(j)", "object"),
        ("JSON_TYPE(j, '$.d')", "null"),
        ("JSON_TYPE('x')", None),
        ("JSON_LENGTH(j)", 5),
        ("JSON_LENGTH(j, '$.a.b')", 3),
        ("JSON_LENGTH(j, '$.f')", 1),
        ("j IS JSON", True),
        ("j IS JSON ARRAY", False),
        ("'1' IS JSON SCALAR", True),
        ("'{' IS NOT JSON OBJECT", True),
        ("JSON_OBJECT('b' VALUE 1, KEY 'a' VALUE 'x')", '{"a":"x","b":1}'),
        ("JSON_OBJECT('a' VALUE CAST(NULL AS INT) ABSENT ON NULL)", "{}"),
        ("JSON_OBJECT('a' VALUE JSON_OBJECT('b' VALUE JSON('[1, 2]')))", '{"a":{"b":[1,2]}}'),
        ("JSON_OBJECT('a' VALUE UPPER('{}'))", '{"a":"{}"}'),
        ("JSON_ARRAY(1, 'a', TRUE, 1.50, NULL)", '[1,"a",true,1.50]'),
        ("JSON_ARRAY(1, NULL NULL ON NULL)", "[1,null]"),
        (
            "JSON_ARRAY(ARRAY[1, NULL], MAP['b', 1, 'a', 2], (1, 'x'))",
            '[[1,null],{"a":2,"b":1},{"EXPR$0":1,"EXPR$1":"x"}]',
        ),
        ("JSON_STRING(TIMESTAMP '1990-06-02 13:37:42.001')", '"1990-06-02T13:37:42.001"'),
        ("JSON_STRING(TIMESTAMP '1990-06-02 13:37:42')", '"1990-06-02T13:37:42"'),
        ("JSON_STRING(X'54657374')", '"VGVzdA=="'),
        ("JSON_STRING(1e7)", "1.0E7"),
        ("JSON_QUOTE('a\"/≠\t')", '"a\\"\\/\\u2260\\t"'),
        ("JSON_UNQUOTE('\"\\u0041\"')", "A"),
        ("JSON_UNQUOTE('\"\\u00zz\"')", '"\\u00zz"'),
        ("JSON_UNQUOTE('[1]')", "[1]"),
    ],
)
def test_values(expression, result):
    assert run(f"SELECT {expression} FROM t", {"j": "STRING"}, [(DOCUMENT,)]) == [(result,)]
    if "j" in expression and "JSON_OBJECT" not in expression:
        assert run(f"SELECT {expression} FROM t WHERE j IS NULL", {"j": "STRING"}, [(DOCUMENT,)]) == []


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.store.book[*].price", [8, 12, 22]),
        ("$..price", [8, 12, 22, 19]),
        ("$.store.book[-1].price", 22),
        ("$.store.book[0:2].price", [8, 12]),
        ("$.store.book[0,2].price", [8, 22]),
        ("$.store.book[?(@.price > 10)].price", [12, 22]),
        ("$.store.book[?(@.price > 10 && @.isbn)].price", [22]),
        ("$.store.book[?(@.author == 'A')].price", [8]),
        ("$.store.book.length()", 3),
        ("$['store']['bicycle'].*", [19]),
        ("store.bicycle.price", 19),
    ],
)
def test_paths(path, found):
    document = {
        "store": {
            "book": [
                {"price": 8, "author": "A"},
                {"price": 12, "author": "B"},
                {"price": 22, "author": "C", "isbn": "1"},
            ],
            "bicycle": {"price": 19},
        }
    }
    assert path_of(path).read(document) == found


@pytest.mark.parametrize("path", ["", "$.[", "$.a[", "$.a[x]", "$.a..", "$.a[?(@.b ~ 1)]"])
def test_what_is_no_path(path):
    with pytest.raises(PathFault):
        path_of(path)


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_what_is_written_is_read(value):
    assert json.loads(written(value)) == value


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("JSON('{}')", "stands as a value of JSON_OBJECT or JSON_ARRAY only"),
        ("JSON_VALUE(1, '$')", "JSON is text, and this is INT"),
        ("JSON_VALUE('1', '$' RETURNING DATE)", "JSON_VALUE returns text, a number or a truth value, and not DATE"),
        ("JSON_OBJECT(1 VALUE 1)", "a key of JSON_OBJECT is text"),
        ("JSON_STRING(INTERVAL '1' DAY)", "has no form in JSON"),
    ],
)
def test_what_is_refused(expression, said):
    with pytest.raises(SqlError, match=said):
        bound_query(f"SELECT {expression}", {})


def test_errors_that_are_asked_for_name_the_record():
    with pytest.raises(ValueError, match=r"JSON_VALUE: there is nothing at 'lax \$.z', in record"):
        run("SELECT JSON_VALUE(j, 'lax $.z' ERROR ON EMPTY) FROM t", {"j": "STRING"}, [("{}",)])
    with pytest.raises(ValueError, match="in record"):
        value("JSON_QUERY('x', '$' ERROR ON ERROR)")
