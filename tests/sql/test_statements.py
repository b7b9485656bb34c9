"""Each kind of statement but for CREATE, ALTER and DROP, and the tree that it becomes."""

import pytest

from pyflinkx.errors import SqlError
from pyflinkx.sql.parser import parse, parse_path, parse_statement
from pyflinkx.sql.tree import queries as q
from pyflinkx.sql.tree import statements as st
from pyflinkx.sql.tree.expressions import Name, Prefix
from pyflinkx.sql.unparser import unparse
from tests.sql.short import a, b, call, n, num, one, op, s, select, star, t, two, u

QUERY = st.QueryStatement(select(one))
INSERT = st.Insert(n("t"), select(one))
OPTIONS = q.Hint("OPTIONS", (q.HintOption(s("v"), "k"),))
DML = [
    ("SELECT 1;", QUERY),
    ("(SELECT 1)", QUERY),
    ("INSERT INTO t SELECT 1", INSERT),
    ("INSERT INTO t (SELECT 1)", INSERT),
    ("INSERT INTO c.d.t (a, b) VALUES (1, 2)", st.Insert(n("c.d.t"), q.Values(((one, two),)), (a, b))),
    ("INSERT INTO t PARTITION (a = 1, b = 'x') (c) SELECT 1", st.Insert(
        n("t"), select(one), (n("c"),), (st.PartitionValue("a", one), st.PartitionValue("b", s("x"))))),
    ("INSERT OVERWRITE t PARTITION (a = -1) SELECT 1", st.Insert(
        n("t"), select(one), partition=(st.PartitionValue("a", Prefix("-", one)),), overwrite=True)),
    ("INSERT INTO t /*+ OPTIONS('k' = 'v') */ SELECT 1", st.Insert(n("t"), select(one), hints=(OPTIONS,))),
    ("INSERT INTO t SELECT 1 ON CONFLICT DO NOTHING", st.Insert(n("t"), select(one), on_conflict="NOTHING")),
    ("INSERT INTO t SELECT * FROM t CROSS JOIN u ON CONFLICT DO ERROR", st.Insert(
        n("t"), select(star, source=q.Join("CROSS", t, u)), on_conflict="ERROR")),
    ("UPSERT INTO t SELECT 1", st.Insert(n("t"), select(one), upsert=True)),
    ("UPDATE t SET a = 1, b.c = a + 1 WHERE a = 2", st.Update(
        n("t"), (st.Assignment(a, one), st.Assignment(n("b.c"), op("+", a, one))), op("=", a, two))),
    ("UPDATE t AS x SET a = 1", st.Update(n("t"), (st.Assignment(a, one),), alias="x")),
    ("DELETE FROM t", st.Delete(n("t"))),
    ("DELETE FROM t x WHERE a = 1", st.Delete(n("t"), op("=", a, one), "x")),
    ("TRUNCATE TABLE t", st.Truncate(n("t"))),
    ("STATEMENT SET BEGIN INSERT INTO t SELECT 1; INSERT INTO t SELECT 1; END", st.StatementSet((INSERT, INSERT))),
    ("BEGIN STATEMENT SET", st.BeginStatementSet()),
    ("END", st.EndStatementSet()),
    ("EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1; END", st.Execute(st.StatementSet((INSERT,)))),
    ("EXECUTE INSERT INTO t SELECT 1", st.Execute(INSERT)),
    ("EXECUTE SELECT 1", st.Execute(QUERY)),
    ("EXECUTE PLAN '/tmp/p'", st.ExecutePlan("/tmp/p")),
    ("COMPILE PLAN 'p' FOR INSERT INTO t SELECT 1", st.CompilePlan("p", INSERT)),
    ("COMPILE PLAN 'p' IF NOT EXISTS FOR INSERT INTO t SELECT 1", st.CompilePlan("p", INSERT, True)),
    ("COMPILE AND EXECUTE PLAN 'p' FOR STATEMENT SET BEGIN INSERT INTO t SELECT 1; END", st.CompilePlan(
        "p", st.StatementSet((INSERT,)), execute=True)),
    ("CALL a.f(1, 'x')", st.CallProcedure(call("a.f", one, s("x")))),
]  # fmt: skip
QUESTIONS = [
    ("EXPLAIN SELECT 1", st.Explain(QUERY)),
    ("EXPLAIN PLAN FOR INSERT INTO t SELECT 1", st.Explain(INSERT)),
    ("EXPLAIN CHANGELOG_MODE, ESTIMATED_COST SELECT 1", st.Explain(QUERY, ("CHANGELOG_MODE", "ESTIMATED_COST"))),
    ("EXPLAIN STATEMENT SET BEGIN INSERT INTO t SELECT 1; END", st.Explain(st.StatementSet((INSERT,)))),
    ("DESCRIBE t", st.Describe("TABLE", n("t"))),
    ("DESC EXTENDED a.t", st.Describe("TABLE", n("a.t"), True)),
    ("DESCRIBE catalog", st.Describe("TABLE", n("catalog"))),
    ("DESCRIBE CATALOG EXTENDED x", st.Describe("CATALOG", n("x"), True)),
    ("DESCRIBE DATABASE a.b", st.Describe("DATABASE", n("a.b"))),
    ("DESCRIBE FUNCTION f", st.Describe("FUNCTION", n("f"))),
    ("DESCRIBE MODEL m", st.Describe("MODEL", n("m"))),
    ("DESCRIBE JOB 'abc'", st.Describe("JOB", n("abc"))),
    ("SHOW TABLES", st.Show("TABLES")),
    ("SHOW TABLES FROM a.b NOT LIKE 'x%'", st.Show("TABLES", n("a.b"), "FROM", "x%", negated=True)),
    ("SHOW CATALOGS LIKE 'x'", st.Show("CATALOGS", pattern="x")),
    ("SHOW DATABASES IN x ILIKE 'y'", st.Show("DATABASES", n("x"), "IN", "y", "ILIKE")),
    ("SHOW USER FUNCTIONS", st.Show("USER FUNCTIONS")),
    ("SHOW MATERIALIZED TABLES IN x", st.Show("MATERIALIZED TABLES", n("x"), "IN")),
    ("SHOW VIEWS", st.Show("VIEWS")),
    ("SHOW PROCEDURES LIKE 'x'", st.Show("PROCEDURES", pattern="x")),
    ("SHOW MODELS", st.Show("MODELS")),
    ("SHOW COLUMNS FROM t LIKE 'a%'", st.Show("COLUMNS", n("t"), "FROM", "a%")),
    ("SHOW CREATE TABLE a.t", st.Show("CREATE TABLE", n("a.t"))),
    ("SHOW CREATE OR ALTER MATERIALIZED TABLE t", st.Show("CREATE OR ALTER MATERIALIZED TABLE", n("t"))),
    ("SHOW CURRENT DATABASE", st.Show("CURRENT DATABASE")),
    ("SHOW PARTITIONS t PARTITION (a = 1)", st.Show("PARTITIONS", n("t"), partition=(st.PartitionValue("a", one),))),
    ("SHOW FULL MODULES", st.Show("FULL MODULES")),
    ("SHOW JARS", st.Show("JARS")),
    ("SHOW JOBS", st.Show("JOBS")),
]
SESSIONS = [
    ("USE db", st.Use("DATABASE", n("db"))),
    ("USE c.db", st.Use("DATABASE", n("c.db"))),
    ("USE CATALOG c", st.Use("CATALOG", n("c"))),
    ("USE MODULES a, b", st.UseModules(("a", "b"))),
    ("LOAD MODULE m WITH ('k' = 'v')", st.LoadModule("m", (("k", "v"),))),
    ("UNLOAD MODULE m", st.UnloadModule("m")),
    ("SET", st.SetOption()),
    ("SET 'k' = 'it''s'", st.SetOption("k", "it's")),
    ("SET execution.runtime-mode = batch", st.SetOption("execution.runtime-mode", "batch")),
    ("SET state.path=s3://b/c//d--e", st.SetOption("state.path", "s3://b/c//d--e")),
    ("SET pipeline.name = 'my job'", st.SetOption("pipeline.name", "my job")),
    ("RESET", st.ResetOption()),
    ("RESET 'k'", st.ResetOption("k")),
    ("RESET a.b-c", st.ResetOption("a.b-c")),
    ("ADD JAR '/x.jar'", st.Jar("ADD", "/x.jar")),
    ("REMOVE JAR 'x'", st.Jar("REMOVE", "x")),
    ("ANALYZE TABLE t COMPUTE STATISTICS", st.Analyze(n("t"))),
    ("ANALYZE TABLE t PARTITION (a = 1, b) COMPUTE STATISTICS FOR COLUMNS a, b", st.Analyze(
        n("t"), (st.PartitionValue("a", one), st.PartitionValue("b")), ("a", "b"))),
    ("ANALYZE TABLE t COMPUTE STATISTICS FOR ALL COLUMNS", st.Analyze(n("t"), columns=())),
    ("STOP JOB 'x' WITH SAVEPOINT WITH DRAIN", st.StopJob("x", True, True)),
    ("STOP JOB 'x'", st.StopJob("x")),
    ("quit;", st.Command("QUIT")),
    ("HELP", st.Command("HELP")),
    ("CLEAR", st.Command("CLEAR")),
]  # fmt: skip
ALL = [*DML, *QUESTIONS, *SESSIONS]


@pytest.mark.parametrize(("text", "tree"), ALL, ids=[text for text, _ in ALL])
def test_statements(text, tree):
    found = parse_statement(text)
    assert found == tree
    assert parse_statement(unparse(found)) == tree


def test_several_statements():
    text = "-- first\nUSE db;; SET a=b ;\nSELECT * FROM t; /* no more */ ;"
    found = parse(text)
    assert found == (
        st.Use("DATABASE", n("db")), st.SetOption("a", "b"), st.QueryStatement(select(star, source=t))
    )  # fmt: skip
    assert [text[slice(*statement.span)] for statement in found] == ["USE db", "SET a=b", "SELECT * FROM t"]


@pytest.mark.parametrize("text", ["", " ; ;", "-- nothing", "/* nothing */"])
def test_no_statements(text):
    assert parse(text) == ()


def test_one_statement_is_one():
    with pytest.raises(SqlError, match="takes one statement, and another one follows"):
        parse_statement("SELECT 1; SELECT 2")
    with pytest.raises(SqlError, match="found the end of the text, expected a statement"):
        parse_statement("")


def test_paths_of_objects_may_have_reserved_words():
    assert parse_path("default.order.`a b`") == Name(("default", "order", "a b"))
    with pytest.raises(SqlError, match=r"found '\.', expected the end of the text"):
        parse_path("a.b.c.d")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELCT 1", "did you mean SELECT?"),
        ("INSRT INTO t SELECT 1", "did you mean INSERT?"),
        ("SELECT a FORM t", "did you mean FROM instead of FORM?"),
        ("SELECT a FROM t WHER b = 1", "did you mean WHERE instead of WHER?"),
        ("SELECT a FROM t GROPU BY a", "did you mean GROUP instead of GROPU?"),
        ("INSERT INTOO t SELECT 1", "did you mean INTO?"),
        ("SHOW TABELS", "did you mean TABLES?"),
        ("DESCRIBE", "expected a name"),
        ("EXPLAIN DROP TABLE t", "expected a query, INSERT"),
        ("EXPLAIN CHANGELOG_MODE, CHANGELOG_MODE SELECT 1", "a detail is asked for twice"),
        ("STOP JOB 'x' WITH DRAIN", "WITH DRAIN needs WITH SAVEPOINT before it"),
        ("SET a", "'key' = 'value'"),
        ("INSERT INTO t PARTITION (a = b) SELECT 1", "expected a literal"),
        ("SELECT 1 SELECT 2", "found SELECT, expected the end of the statement"),
        ("STATEMENT SET BEGIN END", "found END, expected INSERT"),
        ("CALL f", "expected '('"),
        ("quit now", "expected a statement"),
    ],
)
def test_faults_are_said(text, said):
    with pytest.raises(SqlError) as caught:
        parse_statement(text)
    assert said in str(caught.value)


def test_insert_with_a_column_list_and_parentheses():
    values = q.Ordered(q.Values(((num(1),),)), limit=num(1))
    assert parse_statement("INSERT INTO t (b) (VALUES (1) LIMIT 1)") == st.Insert(n("t"), values, (b,))
