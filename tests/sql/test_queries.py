"""Each construct of queries, and the tree that it becomes."""

import pytest

from pyflinkx.errors import SqlError
from pyflinkx.sql.parser import parse_query
from pyflinkx.sql.tree import expressions as x
from pyflinkx.sql.tree import queries as q
from pyflinkx.sql.tree.types import TypeName
from pyflinkx.sql.unparser import unparse
from tests.sql.short import a, b, c, call, interval, n, num, one, op, s, select, star, t, table, three, two, u

ORDER = (x.OrderItem(a),)
SELECTS = [
    ("SELECT 1", select(one)),
    (
        "SELECT a AS x, b y, t.* FROM t",
        q.Select((q.SelectItem(a, "x"), q.SelectItem(b, "y"), q.SelectItem(x.Star(n("t")))), t),
    ),
    ("SELECT DISTINCT a FROM t", select(a, source=t, quantifier="DISTINCT")),
    ("SELECT ALL a FROM t", select(a, source=t, quantifier="ALL")),
    ("SELECT * FROM t WHERE a = 1", select(star, source=t, where=op("=", a, one))),
    (
        "SELECT a FROM t GROUP BY a, b HAVING COUNT(*) > 1",
        select(a, source=t, group_by=(a, b), having=op(">", call("COUNT", star), one)),
    ),
    (
        "SELECT a FROM t GROUP BY DISTINCT a, ()",
        select(a, source=t, group_by=(a, x.Row(())), group_quantifier="DISTINCT"),
    ),
    (
        "SELECT a FROM t GROUP BY GROUPING SETS ((a, b), a, ())",
        select(a, source=t, group_by=(q.GroupingSets("GROUPING SETS", (x.Row((a, b)), a, x.Row(()))),)),
    ),
    (
        "SELECT a FROM t GROUP BY ROLLUP (a, b), CUBE (c, (a, b))",
        select(a, source=t, group_by=(q.GroupingSets("ROLLUP", (a, b)), q.GroupingSets("CUBE", (c, x.Row((a, b)))))),
    ),
    (
        "SELECT a FROM t GROUP BY TUMBLE(ts, INTERVAL '1' HOUR)",
        select(a, source=t, group_by=(call("TUMBLE", n("ts"), interval("1", "HOUR")),)),
    ),
    (
        "SELECT SUM(a) OVER w FROM t WINDOW w AS (ORDER BY a), v AS (w)",
        select(
            call("SUM", a, over="w"),
            source=t,
            windows=(q.NamedWindow("w", x.Window(order_by=ORDER)), q.NamedWindow("v", x.Window("w"))),
        ),
    ),
    (
        "SELECT a FROM t QUALIFY ROW_NUMBER() OVER () = 1",
        select(a, source=t, qualify=op("=", call("ROW_NUMBER", over=x.Window()), one)),
    ),
    (
        "SELECT /*+ BROADCAST(t), STATE_TTL('t' = '1d', 'u' = '2d') */ a FROM t",
        select(
            a,
            source=t,
            hints=(
                q.Hint("BROADCAST", (q.HintOption(n("t")),)),
                q.Hint("STATE_TTL", (q.HintOption(s("1d"), "t"), q.HintOption(s("2d"), "u"))),
            ),
        ),
    ),
    ("SELECT /*+ NO_ARGUMENTS */ 1", select(one, hints=(q.Hint("NO_ARGUMENTS"),))),
    ("select a from t -- comment\n where /* more\n */ b // end", select(a, source=t, where=b)),
]
QUERIES = [
    ("VALUES (1, 'a'), (2, 'b')", q.Values(((one, s("a")), (two, s("b"))))),
    ("VALUES ROW(1, 2), 3", q.Values(((one, two), (three,)))),
    ("VALUES (ROW(1, 2))", q.Values(((one, two),))),
    ("VALUES (ROW(1, 2), 3)", q.Values(((x.Row((one, two)), three),))),
    ("VALUES (1, DEFAULT)", q.Values(((one, x.Default()),))),
    ("TABLE a.t", q.TableQuery(n("a.t"))),
    ("SELECT 1 UNION SELECT 2", q.SetOperation("UNION", False, (select(one), select(two)))),
    ("SELECT 1 UNION DISTINCT SELECT 2", q.SetOperation("UNION", False, (select(one), select(two)))),
    (
        "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3",
        q.SetOperation("UNION", True, (select(one), select(two), select(three))),
    ),
    (
        "SELECT 1 UNION ALL SELECT 2 UNION SELECT 3",
        q.SetOperation("UNION", False, (q.SetOperation("UNION", True, (select(one), select(two))), select(three))),
    ),
    ("SELECT 1 EXCEPT ALL SELECT 2", q.SetOperation("EXCEPT", True, (select(one), select(two)))),
    (
        "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3",
        q.SetOperation("UNION", False, (select(one), q.SetOperation("INTERSECT", False, (select(two), select(three))))),
    ),
    (
        "(SELECT 1 UNION SELECT 2) INTERSECT SELECT 3",
        q.SetOperation("INTERSECT", False, (q.SetOperation("UNION", False, (select(one), select(two))), select(three))),
    ),
    ("SELECT 1 UNION ALL VALUES (2)", q.SetOperation("UNION", True, (select(one), q.Values(((two,),))))),
    (
        "WITH x AS (SELECT 1), y (c, d) AS (TABLE t) SELECT * FROM x",
        q.Ordered(
            select(star, source=table("x")),
            (q.CommonTable("x", (), select(one)), q.CommonTable("y", ("c", "d"), q.TableQuery(n("t")))),
        ),
    ),
    (
        "WITH RECURSIVE x AS (SELECT 1) TABLE x",
        q.Ordered(q.TableQuery(n("x")), (q.CommonTable("x", (), select(one)),), True),
    ),
    (
        "SELECT a FROM t ORDER BY a DESC NULLS LAST, b ASC LIMIT 10 OFFSET 5 ROWS",
        q.Ordered(
            select(a, source=t), order_by=(x.OrderItem(a, True, False), x.OrderItem(b)), offset=num(5), limit=num(10)
        ),
    ),
    ("SELECT 1 OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY", q.Ordered(select(one), offset=two, limit=three)),
    ("SELECT 1 FETCH FIRST ? ROW ONLY", q.Ordered(select(one), limit=x.Parameter())),
    ("SELECT 1 LIMIT ALL", select(one)),
    (
        "(SELECT 1 LIMIT 1) UNION (SELECT 2 LIMIT 2) LIMIT 3",
        q.Ordered(
            q.SetOperation("UNION", False, (q.Ordered(select(one), limit=one), q.Ordered(select(two), limit=two))),
            limit=three,
        ),
    ),
    (
        "SELECT ((SELECT 1) UNION (SELECT 2))",
        select(x.Subquery(q.SetOperation("UNION", False, (select(one), select(two))))),
    ),
    (
        "SELECT a IN ((SELECT 1) UNION SELECT 2)",
        select(x.In(a, q.SetOperation("UNION", False, (select(one), select(two))))),
    ),
]
TVF = call("TUMBLE", x.TableArgument(n("t")), x.Descriptor((x.DescribedColumn(n("ts")),)), interval("1", "DAY"))
SOURCES = [
    ("a.b.t", table("a.b.t")),
    ("t AS x (c, d)", q.Aliased(t, "x", ("c", "d"))),
    ("t x", table("t", "x")),
    ("t, u", q.Join("COMMA", t, u)),
    ("t JOIN u ON a = b", q.Join("INNER", t, u, op("=", a, b))),
    ("t INNER JOIN u USING (a, b)", q.Join("INNER", t, u, using=("a", "b"))),
    ("t LEFT OUTER JOIN u ON a", q.Join("LEFT", t, u, a)),
    ("t RIGHT JOIN u ON a", q.Join("RIGHT", t, u, a)),
    ("t FULL OUTER JOIN u ON a", q.Join("FULL", t, u, a)),
    ("t CROSS JOIN u", q.Join("CROSS", t, u)),
    ("t NATURAL LEFT JOIN u", q.Join("LEFT", t, u, natural=True)),
    ("t LEFT ASOF JOIN u MATCH_CONDITION a > b ON c", q.Join("LEFT ASOF", t, u, c, match=op(">", a, b))),
    ("t JOIN u ON a JOIN t AS v ON b", q.Join("INNER", q.Join("INNER", t, u, a), table("t", "v"), b)),
    ("t JOIN (u JOIN t AS v ON a) ON b", q.Join("INNER", t, q.Join("INNER", u, table("t", "v"), a), b)),
    ("t, u JOIN t AS v ON a", q.Join("INNER", q.Join("COMMA", t, u), table("t", "v"), a)),
    ("(SELECT 1) AS x", q.Aliased(q.Derived(select(one)), "x")),
    ("(VALUES (1)) AS x (c)", q.Aliased(q.Derived(q.Values(((one,),))), "x", ("c",))),
    ("((SELECT 1) UNION (SELECT 2)) x", q.Aliased(
        q.Derived(q.SetOperation("UNION", False, (select(one), select(two)))), "x")),
    ("(t)", t),
    ("t, LATERAL (SELECT 1)", q.Join("COMMA", t, q.Derived(select(one), True))),
    ("LATERAL TABLE(f(a))", q.TableFunction(call("f", a), True)),
    ("t LEFT JOIN LATERAL TABLE(f(a)) AS x (b) ON TRUE", q.Join(
        "LEFT", t, q.Aliased(q.TableFunction(call("f", a), True), "x", ("b",)), x.Boolean(True))),
    ("TABLE(f(a))", q.TableFunction(call("f", a))),
    ("f(a)", q.TableFunction(call("f", a))),
    ("TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY)", q.TableFunction(TVF)),
    ("TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY)) w", q.Aliased(q.TableFunction(TVF), "w")),
    ("HOP(DATA => TABLE t, SIZE => INTERVAL '2' DAY, TIMECOL => DESCRIPTOR(ts INT))", q.TableFunction(call(
        "HOP", x.NamedArgument("DATA", x.TableArgument(n("t"))), x.NamedArgument("SIZE", interval("2", "DAY")),
        x.NamedArgument("TIMECOL", x.Descriptor((x.DescribedColumn(n("ts"), TypeName("INT")),)))))),
    ("SESSION(TABLE t PARTITION BY (a, b) ORDER BY (c DESC), DESCRIPTOR(ts), INTERVAL '1' DAY)", q.TableFunction(call(
        "SESSION", x.TableArgument(n("t"), (a, b), (x.OrderItem(c, True),)), TVF.arguments[1], interval("1", "DAY")))),
    ("f(TABLE t PARTITION BY a, 1)", q.TableFunction(call("f", x.TableArgument(n("t"), (a,)), one))),
    ("f((SELECT 1) PARTITION BY a)", q.TableFunction(call("f", x.TableArgument(select(one), (a,))))),
    ("f(SELECT 1)", q.TableFunction(call("f", x.Subquery(select(one))))),
    ("ML_PREDICT(TABLE t, MODEL `m`.x, DESCRIPTOR(a))", q.TableFunction(call(
        "ML_PREDICT", x.TableArgument(n("t")), x.ModelArgument(n("m.x")), x.Descriptor((x.DescribedColumn(a),))))),
    ("UNNEST(a)", q.Unnest((a,))),
    ("t CROSS JOIN UNNEST(a, b) WITH ORDINALITY AS x (e, o)", q.Join(
        "CROSS", t, q.Aliased(q.Unnest((a, b), True), "x", ("e", "o")))),
    ("UNNEST(SELECT a)", q.Unnest((x.Subquery(select(a)),))),
    ("t FOR SYSTEM_TIME AS OF o.ts AS x", q.Aliased(q.Table(n("t"), as_of=n("o.ts")), "x")),
    ("t /*+ OPTIONS('a' = 'b', c = 'd') */ AS x", q.Aliased(
        q.Table(n("t"), (q.Hint("OPTIONS", (q.HintOption(s("b"), "a"), q.HintOption(s("d"), "c"))),)), "x")),
    ("t TABLESAMPLE BERNOULLI (10.5) REPEATABLE (7)", q.Sampled(t, "BERNOULLI", num("10.5"), 7)),
    ("t AS x TABLESAMPLE SYSTEM (1)", q.Sampled(table("t", "x"), "SYSTEM", one)),
    ("t PIVOT (SUM(a) AS s FOR b IN (1 AS x, 2))", q.Pivot(
        t, (q.PivotItem((call("SUM", a),), "s"),), ("b",), (q.PivotItem((one,), "x"), q.PivotItem((two,))))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tree"), [*SELECTS, *QUERIES], ids=[text for text, _ in [*SELECTS, *QUERIES]])
def test_queries(text, tree):
    found = parse_query(text)
    assert found == tree
    assert parse_query(unparse(found)) == tree


@pytest.mark.parametrize(("text", "tree"), SOURCES, ids=[text for text, _ in SOURCES])
def test_sources(text, tree):
    found = parse_query(f"SELECT * FROM {text}")
    assert found == select(star, source=tree)
    assert parse_query(unparse(found)) == found
    assert (not text.startswith("(") and found.source.span == (14, 14 + len(text))) or text.startswith("(")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT FROM t", "found FROM, expected an expression"),
        ("SELECT a FROM", "found the end of the text, expected a table"),
        ("SELECT a FROM t LIMIT 1, 2", "write LIMIT count OFFSET start"),
        ("SELECT 1 MINUS SELECT 2", "write EXCEPT"),
        ("SELECT a FROM t JOIN", "expected a table"),
        ("SELECT a FROM LATERAL (t JOIN u ON a)", "LATERAL is followed by a query or a function"),
        ("SELECT a FROM (SELECT 1", "expected"),
        ("WITH x AS SELECT 1", "found SELECT, expected '('"),
        ("SELECT a FROM t GROUP a", "found the name a, expected BY"),
        ("SELECT a FROM t ORDER BY", "expected an expression"),
        ("SELECT a FROM t LIMIT x", "expected a number of rows"),
        ("SELECT /*+ a", "expected"),
        ("SELECT a, FROM t", "found FROM, expected an expression"),
        ("SELECT order FROM t", "ORDER is reserved: as a name it is written `order`"),
        ("SELECT a FROM t WHERE date > 1", "DATE is reserved: as a name it is written `date`"),
        ("SELECT count, a FROM t", "COUNT is reserved: as a name it is written `count`"),
        ("SELECT a AS value FROM t", "VALUE is reserved: as a name it is written `value`"),
        ("INSERT INTO t SELECT 1", "found INSERT, expected a query"),
    ],
)
def test_faults_are_said(text, said):
    with pytest.raises(SqlError) as caught:
        parse_query(text)
    assert said in str(caught.value)
