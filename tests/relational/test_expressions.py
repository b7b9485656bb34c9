"""Bound expressions: types, values and errors, with Flink's rules."""

import math
from decimal import Decimal

import pytest

from pyflinkx.errors import SqlError
from pyflinkx.relational.nodes import explained
from pyflinkx.relational.queries import bound_query
from tests.relational.queries import kind, run, scan, value


@pytest.mark.parametrize(
    ("expression", "type", "result"),
    [
        ("1", "INT NOT NULL", 1),
        ("2147483648", "BIGINT NOT NULL", 2**31),
        ("-2147483648", "INT NOT NULL", -(2**31)),
        ("9223372036854775808", "DECIMAL(19, 0) NOT NULL", Decimal(2**63)),
        ("1.50", "DECIMAL(3, 2) NOT NULL", Decimal("1.50")),
        ("1e2", "DOUBLE NOT NULL", 100.0),
        ("'abc'", "CHAR(3) NOT NULL", "abc"),
        ("NULL", "NULL", None),
        ("5 / 2", "INT NOT NULL", 2),
        ("-5 / 2", "INT NOT NULL", -2),
        ("-5 % 3", "INT NOT NULL", -2),
        ("MOD(5, -3)", "INT NOT NULL", 2),
        ("2147483647 + 1", "INT NOT NULL", -(2**31)),
        ("CAST(-128 AS TINYINT) / CAST(-1 AS TINYINT)", "TINYINT NOT NULL", -128),
        ("1 + 1e0", "DOUBLE NOT NULL", 2.0),
        ("1.5 * 1.5", "DECIMAL(5, 2) NOT NULL", Decimal("2.25")),
        ("1.0 / 3", "DECIMAL(13, 12) NOT NULL", Decimal("0.333333333333")),
        ("CAST(1000 AS DECIMAL(3, 0))", "DECIMAL(3, 0) NOT NULL", None),
        ("CAST(99 AS DECIMAL(2, 0)) + 0.5", "DECIMAL(4, 1) NOT NULL", Decimal("99.5")),
        ("NULL + 1", "INT", None),
        ("TRUE AND NULL", "BOOLEAN", None),
        ("FALSE AND NULL", "BOOLEAN", False),
        ("TRUE OR NULL", "BOOLEAN", True),
        ("NOT CAST(NULL AS BOOLEAN)", "BOOLEAN", None),
        ("NULL IS NULL", "BOOLEAN NOT NULL", True),
        ("CAST(NULL AS BOOLEAN) IS NOT TRUE", "BOOLEAN NOT NULL", True),
        ("1 IS DISTINCT FROM NULL", "BOOLEAN NOT NULL", True),
        ("CAST(NULL AS INT) IS NOT DISTINCT FROM NULL", "BOOLEAN NOT NULL", True),
        ("1 IN (2, NULL)", "BOOLEAN", None),
        ("1 NOT IN (2, 3)", "BOOLEAN NOT NULL", True),
        ("2 BETWEEN 1 AND 3", "BOOLEAN NOT NULL", True),
        ("2 BETWEEN SYMMETRIC 3 AND 1", "BOOLEAN NOT NULL", True),
        ("1 = 1.0", "BOOLEAN NOT NULL", True),
        ("'12' > 2", "BOOLEAN", True),
        ("'x' = 2", "BOOLEAN", None),
        ("'a' < 'b'", "BOOLEAN NOT NULL", True),
        ("CASE WHEN 1 > 2 THEN 'a' ELSE 'bcd' END", "VARCHAR(3) NOT NULL", "bcd"),
        ("CASE 2 WHEN 1 THEN 10 WHEN 2 THEN 20 END", "INT", 20),
        ("COALESCE(NULL, 1, 2)", "INT NOT NULL", 1),
        ("NULLIF(1, 1)", "INT", None),
        ("IF(1 = 1, 2, 3e0)", "DOUBLE NOT NULL", 2.0),
        ("GREATEST(1, 3, 2)", "INT NOT NULL", 3),
        ("LEAST(1, NULL)", "INT", None),
        ("ROUND(2.345, 2)", "DECIMAL(4, 2) NOT NULL", Decimal("2.35")),
        ("ROUND(-2.5)", "DECIMAL(2, 0) NOT NULL", Decimal(-3)),
        ("TRUNCATE(42.324, 2)", "DECIMAL(5, 2) NOT NULL", Decimal("42.32")),
        ("ROUND(125, -1)", "INT NOT NULL", 130),
        ("CEIL(1.2)", "DECIMAL(2, 0) NOT NULL", Decimal(2)),
        ("FLOOR(-1.5e0)", "DOUBLE NOT NULL", -2.0),
        ("SQRT(16)", "DOUBLE NOT NULL", 4.0),
        ("LN(0)", "DOUBLE NOT NULL", -math.inf),
        ("UPPER('aß')", "STRING NOT NULL", "ASS"),
        ("SUBSTRING('hello' FROM -3 FOR 2)", "STRING NOT NULL", "ll"),
        ("POSITION('l' IN 'hello')", "INT NOT NULL", 3),
        ("INSTR('Corporate Floor', 'or', -3, 2)", "INT NOT NULL", 2),
        ("TRIM(LEADING 'x' FROM 'xxax')", "STRING NOT NULL", "ax"),
        ("LPAD('hi', 5, 'ab')", "STRING", "abahi"),
        ("LPAD('hi', -1, 'ab')", "STRING", None),
        ("'a' || 'bc'", "CHAR(3) NOT NULL", "abc"),
        ("CONCAT_WS('-', 'a', NULL, 'b')", "STRING", "a-b"),
        ("SPLIT_INDEX('a,b', ',', 1)", "STRING", "b"),
        ("'50%' LIKE '50!%' ESCAPE '!'", "BOOLEAN NOT NULL", True),
        ("'a\nb' LIKE 'a_b'", "BOOLEAN NOT NULL", True),
        ("INITCAP('hello wORLD')", "STRING NOT NULL", "Hello World"),
        ("OVERLAY('abcdef' PLACING 'XY' FROM 2 FOR 3)", "STRING NOT NULL", "aXYef"),
        ("MD5('')", "STRING NOT NULL", "d41d8cd98f00b204e9800998ecf8427e"),
        ("HEX(-1)", "STRING NOT NULL", "F" * 16),
        ("CAST(' 12.9 ' AS INT)", "INT NOT NULL", 12),
        ("TRY_CAST('x' AS INT)", "INT", None),
        ("CAST(300 AS TINYINT)", "TINYINT NOT NULL", 44),
        ("CAST(1e20 AS BIGINT)", "BIGINT NOT NULL", 2**63 - 1),
        ("CAST(1e7 AS STRING)", "STRING NOT NULL", "1.0E7"),
        ("CAST(TRUE AS STRING)", "STRING NOT NULL", "TRUE"),
        ("CAST('ab' AS CHAR(3)) || '|'", "CHAR(4) NOT NULL", "ab |"),
        ("CAST('abc' AS VARCHAR(2))", "VARCHAR(2) NOT NULL", "ab"),
        ("CAST('yes' AS BOOLEAN)", "BOOLEAN NOT NULL", True),
        ("CAST(DATE '2024-02-29' AS STRING)", "STRING NOT NULL", "2024-02-29"),
        ("CAST(TIMESTAMP '2024-02-29 01:02:03.45' AS STRING)", "STRING NOT NULL", "2024-02-29 01:02:03.45"),
        ("CAST(CAST('2024-1-2 3:4:5' AS TIMESTAMP(3)) AS STRING)", "STRING NOT NULL", "2024-01-02 03:04:05.000"),
        ("EXTRACT(YEAR FROM DATE '2024-02-29')", "BIGINT NOT NULL", 2024),
        ("DAYOFWEEK(TIMESTAMP '2024-03-03 23:59:58')", "BIGINT NOT NULL", 1),
        ("QUARTER(DATE '1969-12-31')", "BIGINT NOT NULL", 4),
        ("MINUTE(TIMESTAMP '1969-12-31 23:59:58.5')", "BIGINT NOT NULL", 59),
        ("EXTRACT(SECOND FROM TIME '01:02:03')", "BIGINT NOT NULL", 3),
        ("REGEXP_REPLACE('foobar', '(o+)|ar', '<$1>')", "STRING", "f<oo>b<>"),
        ("REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 2)", "STRING", "bar"),
        ("REGEXP_EXTRACT('x', 'y')", "STRING", None),
        ("REGEXP('hello', 'l+o')", "BOOLEAN NOT NULL", True),
        ("REGEXP_COUNT('banana', 'an')", "INT", 2),
        ("REGEXP_COUNT('banana', '(')", "INT", None),
        ("UNHEX('146')", "BYTES", b"\0F"),
        ("UNHEX('zz')", "BYTES", None),
        ("DATE '2024-01-01' < '2024-01-02'", "BOOLEAN", True),
    ],
)
def test_values_and_types(expression, type, result):
    assert kind(expression) == type
    found = value(expression)
    assert found == result
    assert found.__class__ is result.__class__


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nam FROM t", "line 1, column 8: there is no column nam; did you mean name?"),
        ("SELECT\n  x.id FROM t", "line 2, column 3: there is no column x.id"),
        ("SELECT id FROM s", "line 1, column 16: there is no table s"),
        ("SELECT UPER(name) FROM t", "line 1, column 8: there is no function UPER; did you mean UPPER?"),
        ("SELECT id + name FROM t", "line 1, column 8: + does not take BIGINT, STRING; it is written a + b"),
        ("SELECT 1 FROM t WHERE 'x'", "line 1, column 23: WHERE takes a condition, and this is CHAR(1) NOT NULL"),
        ("SELECT CAST(DATE '2024-01-01' AS INT)", "line 1, column 8: DATE NOT NULL cannot be cast to INT"),
        ("SELECT EXTRACT(HOUR FROM DATE '2024-01-01')", "EXTRACT does not take CHAR(4) NOT NULL, DATE NOT NULL"),
        ("SELECT a.* FROM t", "line 1, column 8: there is no table a here"),
        ("VALUES (1), (1, 2)", "different numbers of columns"),
        ("VALUES (1), (DATE '2024-01-01')", "nothing is common to"),
    ],
)
def test_errors_have_a_place_and_a_remedy(query, said):
    with pytest.raises(SqlError) as caught:
        bound_query(query, {"t": scan({"id": "BIGINT", "name": "STRING"})})
    assert said in str(caught.value)
    assert "^" in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("10 / a", "(10 / a): division by zero, in record"),
        ("1.5 % CAST(a AS DECIMAL(3, 1))", "division by zero"),
        ("CAST(s AS INT)", "CAST(s AS INT): 'x' is no INT, in record"),
        ("REGEXP(s, '(')", "'(' is no regular expression"),
        ("REGEXP_REPLACE(s, '[x7]', '$2')", "names a group that '[x7]' has not"),
        ("'a' LIKE 'a!b' ESCAPE '!'", "is before neither % nor _ nor itself"),
    ],
)
def test_errors_name_the_record(expression, said):
    rows = [(1, "7"), (0, "x")]
    with pytest.raises((ValueError, ArithmeticError)) as caught:
        run(f"SELECT {expression} FROM t", {"a": "INT", "s": "STRING"}, rows)
    assert said in str(caught.value)
    assert "'a'" in str(caught.value)


def test_an_error_counts_only_where_its_row_does():
    rows = [(1, "7"), (0, "x"), (None, None)]
    columns = {"a": "INT", "s": "STRING"}
    assert run("SELECT CASE WHEN a <> 0 THEN 10 / a ELSE -1 END FROM t", columns, rows) == [(10,), (-1,), (-1,)]
    assert run("SELECT a <> 0 AND 10 / a > 1 FROM t", columns, rows) == [(True,), (False,), (None,)]
    assert run("SELECT COALESCE(a, 1 / 0) FROM t", columns, rows[:2]) == [(1,), (0,)]
    assert run("SELECT CAST(s AS INT) FROM t WHERE a = 1", columns, rows) == [(7,)]
    assert run("SELECT IF(s = 'x', 0, CAST(s AS INT)) FROM t", columns, rows) == [(7,), (0,), (None,)]


def test_names_of_columns_and_plans():
    table = {"t": scan({"id": "BIGINT", "name": "STRING"})}
    plan = bound_query("SELECT *, id, id + 1, 2 AS two FROM t AS x (id, n) WHERE x.id > 1", table)
    assert [name for name, _ in plan.columns] == ["id", "n", "id0", "EXPR$3", "two"]
    assert explained(plan).splitlines() == [
        "Calc(select=[id, n, id AS id0, (id + 1) AS EXPR$3, 2 AS two], where=[(id > 1)])",
        "  Calc(select=[id, name AS n])",
        "    Scan(table=[t], columns=[id, name])",
    ]
    same = bound_query("WITH a (n) AS (SELECT name FROM t) SELECT a.n FROM a", table)
    assert same.columns == plan.columns[1:2]
