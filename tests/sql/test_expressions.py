"""Each construct of expressions, and the tree that it becomes."""

from decimal import Decimal

import pytest

from pyflinkx.errors import SqlError
from pyflinkx.sql.parser import parse_expression
from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.tree.types import IntervalUnit, TypeName
from pyflinkx.sql.unparser import unparse
from tests.sql.short import a, b, c, call, d, interval, n, num, one, op, s, select, star, table, three, two

LITERALS = [
    ("1", num(1)),
    ("1.50", num("1.50")),
    (".5", num(".5")),
    ("1e3", num("1e3")),
    ("2.5E-3", num("2.5E-3")),
    ("DECIMAL ' 1.50 '", num("1.50")),
    ("DECIMAL '-2.5E2'", x.Prefix("-", num("250"))),
    ("'it''s'", s("it's")),
    ("'a'\n  'b'", s("ab")),
    ("''", s("")),
    ("N'ü'", x.String("ü", "UTF16")),
    ("_UTF8'x'", x.String("x", "UTF8")),
    ("U&'d\\0061t\\+000061'", s("data")),
    ("u&'!00e4!!' UESCAPE '!'", s("ä!")),
    ("U&'\\d83d\\de00'", s("\U0001f600")),
    ("e'a\\tb\\u0041\\'c''d'", s("a\tbA'c'd")),
    ("X'00fF'", x.Bytes(b"\x00\xff")),
    ("x''", x.Bytes(b"")),
    ("TRUE", x.Boolean(True)),
    ("false", x.Boolean(False)),
    ("UNKNOWN", x.Boolean(None)),
    ("NULL", x.Null()),
    ("DATE '2024-02-29'", x.Temporal("DATE", "2024-02-29")),
    ("TIME '23:59:59.5'", x.Temporal("TIME", "23:59:59.5")),
    ("TIMESTAMP '2024-01-01 00:00:00.123456789'", x.Temporal("TIMESTAMP", "2024-01-01 00:00:00.123456789")),
    ("TIMESTAMP '2024-01-01'", x.Temporal("TIMESTAMP", "2024-01-01")),
    ("TIMESTAMP WITH LOCAL TIME ZONE '2024-01-01 00:00:00'", x.Temporal("TIMESTAMP_LTZ", "2024-01-01 00:00:00")),
    (
        "UUID '123e4567-e89b-12d3-a456-426614174000'",
        x.Temporal("UUID", "123e4567-e89b-12d3-a456-426614174000"),
    ),
    ("INTERVAL '1' DAY", interval("1", "DAY")),
    ("INTERVAL '2' days", interval("2", "DAY")),
    ("INTERVAL -'1-2' YEAR TO MONTH", x.Interval(s("1-2"), IntervalUnit("YEAR", end="MONTH"), True)),
    (
        "INTERVAL '1 02:03:04.5' DAY(3) TO SECOND(6)",
        x.Interval(s("1 02:03:04.5"), IntervalUnit("DAY", 3, "SECOND", 6)),
    ),
    ("INTERVAL '1.5' SECOND(2, 3)", x.Interval(s("1.5"), IntervalUnit("SECOND", 2, None, 3))),
    ("INTERVAL '5' HOUR TO MINUTE", x.Interval(s("5"), IntervalUnit("HOUR", end="MINUTE"))),
    ("INTERVAL '3' WEEK", interval("3", "WEEK")),
    ("INTERVAL '1' QUARTER", interval("1", "QUARTER")),
    ("INTERVAL (a + 1) HOUR", x.Interval(op("+", a, one), IntervalUnit("HOUR"))),
    ("INTERVAL 5 MINUTE", x.Interval(num(5), IntervalUnit("MINUTE"))),
    ("INTERVAL a MINUTE", x.Interval(a, IntervalUnit("MINUTE"))),
    ("?", x.Parameter()),
]
NAMES = [
    ("a.b.c", n("a.b.c")),
    ("`a`.`b c`.`d``e`", x.Name(("a", "b c", "d`e"))),
    ("MixedCase", n("MixedCase")),
    ("größe", n("größe")),
    ("_x$1", n("_x$1")),
    ("name", n("name")),
    ("`select`", n("select")),
    ("map", n("map")),
    ("t.*", x.Star(n("t"))),
    ("a.b.*", x.Star(n("a.b"))),
]
OPERATORS = [
    ("a + b * c", op("+", a, op("*", b, c))),
    ("(a + b) * c", op("*", op("+", a, b), c)),
    ("a - b - c", op("-", a, b, c)),
    ("a - (b - c)", op("-", a, op("-", b, c))),
    ("a - b + c", op("+", op("-", a, b), c)),
    ("a / b % c", op("%", op("/", a, b), c)),
    ("a + b || c", op("+", a, op("||", b, c))),
    ("a || b || c", op("||", a, b, c)),
    ("-a * b", op("*", x.Prefix("-", a), b)),
    ("- -1", x.Prefix("-", x.Prefix("-", one))),
    ("+a", x.Prefix("+", a)),
    ("-a.b[1]", x.Prefix("-", x.Item(n("a.b"), one))),
    ("a = 1 AND b <> 2 OR c < 3", op("OR", op("AND", op("=", a, one), op("<>", b, two)), op("<", c, three))),
    ("a AND b AND c", op("AND", a, b, c)),
    ("a AND (b AND c)", op("AND", a, op("AND", b, c))),
    ("a OR b AND c", op("OR", a, op("AND", b, c))),
    ("NOT a = b", x.Prefix("NOT", op("=", a, b))),
    ("NOT a AND b", op("AND", x.Prefix("NOT", a), b)),
    ("NOT a IS NULL", x.Prefix("NOT", x.Is(a, "NULL"))),
    ("a = b IS NULL", x.Is(op("=", a, b), "NULL")),
    ("a & b ^ c", op("^", op("&", a, b), c)),
    ("a << 2", op("<<", a, two)),
    ("a <= b", op("<=", a, b)),
    ("a >= b", op(">=", a, b)),
    ("a IS DISTINCT FROM b", op("IS DISTINCT FROM", a, b)),
    ("a IS NOT DISTINCT FROM b + 1", op("IS NOT DISTINCT FROM", a, op("+", b, one))),
    ("(a, b) OVERLAPS (c, d)", op("OVERLAPS", x.Row((a, b)), x.Row((c, d)))),
    ("PERIOD(a, b) CONTAINS c", op("CONTAINS", call("PERIOD", a, b), c)),
    ("a IMMEDIATELY PRECEDES b", op("IMMEDIATELY PRECEDES", a, b)),
    ("a MEMBER OF b", op("MEMBER OF", a, b)),
    ("a NOT SUBMULTISET OF b", op("NOT SUBMULTISET OF", a, b)),
    ("a MULTISET UNION ALL b", op("MULTISET UNION", a, b)),
    ("a MULTISET EXCEPT DISTINCT b", op("MULTISET EXCEPT DISTINCT", a, b)),
    ("a AT TIME ZONE 'UTC'", op("AT TIME ZONE", a, s("UTC"))),
    ("(a - b) DAY", x.Difference(a, b, IntervalUnit("DAY"))),
    ("(a - b - c) DAY TO SECOND", x.Difference(op("-", a, b), c, IntervalUnit("DAY", end="SECOND"))),
]
PREDICATES = [
    ("a IS NULL", x.Is(a, "NULL")),
    ("a IS NOT NULL", x.Is(a, "NULL", True)),
    ("a IS TRUE", x.Is(a, "TRUE")),
    ("a IS NOT FALSE", x.Is(a, "FALSE", True)),
    ("a IS UNKNOWN", x.Is(a, "UNKNOWN")),
    ("a IS A SET", x.Is(a, "A SET")),
    ("a IS NOT EMPTY", x.Is(a, "EMPTY", True)),
    ("a IS JSON", x.Is(a, "JSON VALUE")),
    ("a IS NOT JSON OBJECT", x.Is(a, "JSON OBJECT", True)),
    ("a IS JSON ARRAY", x.Is(a, "JSON ARRAY")),
    ("a IS JSON SCALAR", x.Is(a, "JSON SCALAR")),
    ("a BETWEEN 1 AND 2", x.Between(a, one, two)),
    ("a NOT BETWEEN SYMMETRIC b + 1 AND c AND d", op("AND", x.Between(a, op("+", b, one), c, True, True), d)),
    ("a BETWEEN ASYMMETRIC 1 AND 2", x.Between(a, one, two)),
    ("a = b BETWEEN c = d AND 1", op("=", a, x.Between(b, op("=", c, d), one))),
    ("a LIKE 'x%'", x.Like(a, s("x%"))),
    ("a NOT LIKE b || '_' ESCAPE '!'", x.Like(a, op("||", b, s("_")), s("!"), negated=True)),
    ("a ILIKE b", x.Like(a, b, operator="ILIKE")),
    ("a NOT RLIKE b", x.Like(a, b, operator="RLIKE", negated=True)),
    ("a SIMILAR TO b ESCAPE '\\'", x.Like(a, b, s("\\"), "SIMILAR TO")),
    ("a NOT SIMILAR TO b", x.Like(a, b, operator="SIMILAR TO", negated=True)),
    ("a IN (1, 2)", x.In(a, (one, two))),
    ("a NOT IN (1)", x.In(a, (one,), True)),
    ("(a, b) IN ((1, 2), (2, 3))", x.In(x.Row((a, b)), (x.Row((one, two)), x.Row((two, three))))),
    ("a IN (SELECT b FROM t)", x.In(a, select(b, source=table("t")))),
    ("a IN ((SELECT b), 2)", x.In(a, (x.Subquery(select(b)), two))),
    ("a = ANY (SELECT b)", x.Quantified(a, "=", "ANY", select(b))),
    ("a <> SOME (1, 2)", x.Quantified(a, "<>", "SOME", (one, two))),
    ("a + 1 > ALL (SELECT b)", x.Quantified(op("+", a, one), ">", "ALL", select(b))),
    ("EXISTS (SELECT 1)", x.Exists(select(one))),
    ("NOT EXISTS (SELECT 1)", x.Prefix("NOT", x.Exists(select(one)))),
    ("UNIQUE (SELECT 1)", x.Prefix("UNIQUE", x.Subquery(select(one)))),
    ("(SELECT 1) + 1", op("+", x.Subquery(select(one)), one)),
    ("((SELECT 1))", x.Subquery(select(one))),
]
CONSTRUCTORS = [
    ("CASE WHEN a THEN 1 WHEN b THEN 2 END", x.Case(None, (x.When((a,), one), x.When((b,), two)))),
    ("CASE a WHEN 1, 2 THEN b ELSE c END", x.Case(a, (x.When((one, two), b),), c)),
    ("CAST(a AS INT)", x.Cast(a, TypeName("INT"))),
    ("TRY_CAST(a AS DECIMAL(10, 2))", x.Cast(a, TypeName("DECIMAL", (10, 2)), True)),
    ("CAST(a AS INTERVAL DAY)", x.Cast(a, TypeName("INTERVAL", unit=IntervalUnit("DAY")))),
    ("ROW(a, 1)", x.Row((a, one))),
    ("(a, 1)", x.Row((a, one))),
    ("ROW(a)", x.Row((a,))),
    ("ROW()", x.Row(())),
    ("ARRAY[1, 2]", x.Array((one, two))),
    ("ARRAY[]", x.Array(())),
    ("ARRAY(1, 2)", x.Array((one, two))),
    ("MAP['a', 1]", x.Map((s("a"), one))),
    ("MULTISET[a]", x.Multiset((a,))),
    ("ARRAY(SELECT a)", x.Collected("ARRAY", select(a))),
    ("MAP(SELECT a)", x.Collected("MAP", select(a))),
    ("a[1]", x.Item(a, one)),
    ("a['k'].f[2]", x.Item(x.Field(x.Item(a, s("k")), "f"), two)),
    ("(a).f", x.Field(a, "f")),
    ("f(a).g.h", x.Field(x.Field(call("f", a), "g"), "h")),
    ("f(a).*", x.Field(call("f", a), "*")),
    ("CAST(a AS ROW<x INT>).x", x.Field(parse_expression("CAST(a AS ROW<x INT>)"), "x")),
]
WINDOW = x.Window(None, (a,), (x.OrderItem(b, True),))
FUNCTIONS = [
    ("f()", call("f")),
    ("a.b.f(1)", call("a.b.f", one)),
    ("COUNT(*)", call("COUNT", star)),
    ("count(DISTINCT a)", call("count", a, quantifier="DISTINCT")),
    ("SUM(ALL a)", call("SUM", a, quantifier="ALL")),
    ("`count`(a)", call("count", a)),
    ("f(x => 1, y => DEFAULT)", call("f", x.NamedArgument("x", one), x.NamedArgument("y", x.Default()))),
    ("f(x -> x + 1)", call("f", x.Lambda(("x",), op("+", n("x"), one)))),
    ("f((x, y) -> x, () -> 1)", call("f", x.Lambda(("x", "y"), n("x")), x.Lambda((), one))),
    ("f((a, b))", call("f", x.Row((a, b)))),
    ("CURRENT_TIMESTAMP", call("CURRENT_TIMESTAMP")),
    ("LOCALTIME", call("LOCALTIME")),
    ("CURRENT_DATE()", call("CURRENT_DATE")),
    ("SUM(a) FILTER (WHERE b > 1)", call("SUM", a, filter=op(">", b, one))),
    ("LISTAGG(a, ',') WITHIN GROUP (ORDER BY b)", call("LISTAGG", a, s(","), within_group=(x.OrderItem(b),))),
    ("ARRAY_AGG(a RESPECT NULLS ORDER BY b)", call("ARRAY_AGG", a, nulls="RESPECT", order_by=(x.OrderItem(b),))),
    ("GROUP_CONCAT(a ORDER BY b SEPARATOR ';')", call("GROUP_CONCAT", a, order_by=(x.OrderItem(b),), separator=s(";"))),
    ("LAST_VALUE(a) IGNORE NULLS OVER w", call("LAST_VALUE", a, nulls="IGNORE", over="w")),
    ("SUM(a) OVER ()", call("SUM", a, over=x.Window())),
    ("ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC)", call("ROW_NUMBER", over=WINDOW)),
    (
        "SUM(a) OVER (w ROWS 2 PRECEDING)",
        call("SUM", a, over=x.Window("w", frame=x.Frame("ROWS", x.Bound("PRECEDING", two)))),
    ),
    (
        "SUM(a) OVER (ORDER BY b RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW)",
        call(
            "SUM",
            a,
            over=x.Window(
                order_by=(x.OrderItem(b),),
                frame=x.Frame("RANGE", x.Bound("PRECEDING", interval("1", "HOUR")), x.Bound("CURRENT ROW")),
            ),
        ),
    ),
    (
        "SUM(a) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING EXCLUDE TIES)",
        call("SUM", a, over=x.Window(frame=x.Frame("ROWS", x.Bound("PRECEDING"), x.Bound("FOLLOWING", one), "TIES"))),
    ),
    ("EXTRACT(YEAR FROM a)", call("EXTRACT", x.Symbol("YEAR"), a)),
    ("EXTRACT(`year` FROM a)", call("EXTRACT", x.Symbol("YEAR"), a)),
    ("EXTRACT(doy FROM a)", call("EXTRACT", x.Symbol("DOY"), a)),
    ("FLOOR(a TO day)", call("FLOOR", a, x.Symbol("DAY"))),
    ("CEIL(a)", call("CEIL", a)),
    ("POSITION('x' IN a)", call("POSITION", s("x"), a)),
    ("POSITION(a IN b FROM 2)", call("POSITION", a, b, two)),
    ("SUBSTRING(a FROM 1 FOR 2)", call("SUBSTRING", a, one, two)),
    ("SUBSTRING(a, 1)", call("SUBSTRING", a, one)),
    ("OVERLAY(a PLACING b FROM 1 FOR 2)", call("OVERLAY", a, b, one, two)),
    ("TRIM(a)", call("TRIM", x.Symbol("BOTH"), s(" "), a)),
    ("TRIM(LEADING FROM a)", call("TRIM", x.Symbol("LEADING"), s(" "), a)),
    ("TRIM('x' FROM a)", call("TRIM", x.Symbol("BOTH"), s("x"), a)),
    ("TRIM(TRAILING 'x' FROM a)", call("TRIM", x.Symbol("TRAILING"), s("x"), a)),
    ("TRIM(BOTH a)", call("TRIM", x.Symbol("BOTH"), s(" "), a)),
    ("CONVERT(a USING utf8)", call("CONVERT", a, x.Symbol("UTF8"))),
    ("TRANSLATE(a, b, c)", call("TRANSLATE", a, b, c)),
    ("TIMESTAMPADD(DAY, 1, a)", call("TIMESTAMPADD", x.Symbol("DAY"), one, a)),
    ("TIMESTAMPDIFF(WEEK, a, b)", call("TIMESTAMPDIFF", x.Symbol("WEEK"), a, b)),
    ("YEAR(a)", call("YEAR", a)),
    ("IF(a, 1, 2)", call("IF", a, one, two)),
    ("TUMBLE(a, INTERVAL '1' DAY)", call("TUMBLE", a, interval("1", "DAY"))),
    ("TRUNCATE(a, 2)", call("TRUNCATE", a, two)),
    ("LEFT(a, 1)", call("LEFT", a, one)),
    ("GROUPING(a, b)", call("GROUPING", a, b)),
    ("FINAL LAST(A.price, 1)", x.Prefix("FINAL", call("LAST", n("A.price"), one))),
    ("RUNNING AVG(a)", x.Prefix("RUNNING", call("AVG", a))),
    ("PREV(a.b, 2)", call("PREV", n("a.b"), two)),
    ("MATCH_NUMBER()", call("MATCH_NUMBER")),
]
JSON = [
    ("JSON_EXISTS(a, '$.x')", x.JsonPath("JSON_EXISTS", a, s("$.x"))),
    (
        "JSON_EXISTS(a, '$.x' PASSING b AS y TRUE ON ERROR)",
        x.JsonPath("JSON_EXISTS", a, s("$.x"), (x.NamedArgument("y", b),), on_error=x.JsonBehavior("TRUE")),
    ),
    (
        "JSON_VALUE(a, 'lax $.x' RETURNING INT DEFAULT 1 ON EMPTY ERROR ON ERROR)",
        x.JsonPath(
            "JSON_VALUE",
            a,
            s("lax $.x"),
            returning=TypeName("INT"),
            on_empty=x.JsonBehavior("DEFAULT", one),
            on_error=x.JsonBehavior("ERROR"),
        ),
    ),
    (
        "JSON_VALUE(a, b RETURNING INT NULL ON EMPTY)",
        x.JsonPath("JSON_VALUE", a, b, returning=TypeName("INT"), on_empty=x.JsonBehavior("NULL")),
    ),
    ("JSON_OBJECT(KEY (a) VALUE b)", call("JSON_OBJECT", x.JsonEntry(a, b))),
    ("JSON_OBJECT(key VALUE b)", call("JSON_OBJECT", x.JsonEntry(n("key"), b))),
    ("JSON_VALUE(a, b NULL ON ERROR)", x.JsonPath("JSON_VALUE", a, b, on_error=x.JsonBehavior("NULL"))),
    (
        "JSON_QUERY(a, b RETURNING ARRAY<STRING> WITH WRAPPER EMPTY ARRAY ON EMPTY EMPTY OBJECT ON ERROR)",
        x.JsonPath(
            "JSON_QUERY",
            a,
            b,
            returning=TypeName("ARRAY", children=(TypeName("STRING"),)),
            wrapper="WITH UNCONDITIONAL",
            on_empty=x.JsonBehavior("EMPTY ARRAY"),
            on_error=x.JsonBehavior("EMPTY OBJECT"),
        ),
    ),
    ("JSON_QUERY(a, b WITHOUT ARRAY WRAPPER)", x.JsonPath("JSON_QUERY", a, b, wrapper="WITHOUT")),
    ("JSON_QUERY(a, b WITH CONDITIONAL ARRAY WRAPPER)", x.JsonPath("JSON_QUERY", a, b, wrapper="WITH CONDITIONAL")),
    ("JSON_OBJECT()", call("JSON_OBJECT")),
    (
        "JSON_OBJECT(KEY 'a' VALUE 1, 'b' VALUE b, 'c' : c ABSENT ON NULL)",
        call(
            "JSON_OBJECT",
            x.JsonEntry(s("a"), one),
            x.JsonEntry(s("b"), b),
            x.JsonEntry(s("c"), c),
            on_null="ABSENT",
        ),
    ),
    ("JSON_OBJECT('a', 1)", call("JSON_OBJECT", x.JsonEntry(s("a"), one))),
    (
        "JSON_OBJECT('a' VALUE b FORMAT JSON)",
        call("JSON_OBJECT", x.JsonEntry(s("a"), x.FormatJson(b))),
    ),
    ("JSON_ARRAY(1, NULL NULL ON NULL)", call("JSON_ARRAY", one, x.Null(), on_null="NULL")),
    ("JSON_ARRAY(NULL ON NULL)", call("JSON_ARRAY", on_null="NULL")),
    ("JSON_OBJECTAGG(KEY a VALUE b NULL ON NULL)", call("JSON_OBJECTAGG", x.JsonEntry(a, b), on_null="NULL")),
    ("JSON_ARRAYAGG(a ORDER BY b)", call("JSON_ARRAYAGG", a, order_by=(x.OrderItem(b),))),
]
ALL = [*LITERALS, *NAMES, *OPERATORS, *PREDICATES, *CONSTRUCTORS, *FUNCTIONS, *JSON]


@pytest.mark.parametrize(("text", "tree"), ALL, ids=[text for text, _ in ALL])
def test_text_becomes_its_tree(text, tree):
    found = parse_expression(text)
    assert found == tree
    assert found.span == (0, len(text)) or text.startswith("(")
    assert parse_expression(unparse(found)) == tree


def test_values_of_numbers():
    assert parse_expression("007").value == 7
    assert parse_expression("1.50").value == Decimal("1.50")
    assert parse_expression("1e2").value == 100.0
    assert isinstance(parse_expression("1e2").value, float)


@pytest.mark.parametrize("function", ["GROUP_CONCAT", "LAG", "SUM", "ROW_NUMBER", "PERCENTILE_CONT"])
def test_words_are_read_in_any_case(function):
    assert parse_expression(f"{function.lower()}(a)") == call(function.lower(), a)
    assert parse_expression("Case When a Then 1 end") == x.Case(None, (x.When((a,), one),))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DATE '2023-02-29'", "'2023-02-29' is no DATE"),
        ("DECIMAL '1,5'", "'1,5' is no DECIMAL"),
        ("DECIMAL 'NaN'", "'NaN' is no DECIMAL"),
        ("TIME '24:00:00'", "'24:00:00' is no TIME"),
        ("TIMESTAMP '2024-01-01T00:00:00'", "is no TIMESTAMP: it is written as in '2024-01-31 23:59:59.999'"),
        ("X'0'", "two hexadecimal digits for each byte"),
        ("X'0g'", "two hexadecimal digits for each byte"),
        ("U&'\\00'", "followed by neither four hexadecimal digits"),
        ("'a' 'b'", "on a line of its own"),
        ("a != b", "write <>"),
        ("INTERVAL '1' DAY TO YEAR", "found TO, expected"),
        ("INTERVAL '1'", "expected a unit of time such as DAY"),
        ("CASE WHEN a THEN 1", "expected WHEN, ELSE or END"),
        ("CASE END", "expected an expression"),
        ("a IN ()", "expected an expression"),
        ("a NOT b", "found NOT"),
        ("a BETWEEN 1 OR 2", "found OR, expected AND"),
        ("JSON_VALUE(a, b NULL ON EMPTY NULL ON EMPTY)", "expected ERROR"),
        ("FLOOR(a TO)", "expected a unit of time"),
        ("``", "a name has at least one character"),
        ("f(a", "expected"),
        ("EXISTS (1)", "expected a query"),
    ],
)
def test_faults_are_said(text, said):
    with pytest.raises(SqlError) as caught:
        parse_expression(text)
    assert said in str(caught.value)
