"""CREATE, ALTER and DROP, and the trees that they become."""

import pytest

from pyflinkx.errors import SqlError
from pyflinkx.sql.parser import parse_statement
from pyflinkx.sql.tree import ddl as d
from pyflinkx.sql.tree.expressions import Cast, Temporal
from pyflinkx.sql.tree.statements import Explain, PartitionValue
from pyflinkx.sql.tree.types import TypeName
from pyflinkx.sql.unparser import unparse
from tests.sql.short import a, b, call, interval, n, one, op, s, select, t, two

INT, STRING, TS = TypeName("INT"), TypeName("STRING"), TypeName("TIMESTAMP", (3,))
KV = (("k", "v"),)


def physical(name, type_=INT, **more):
    return d.PhysicalColumn(n(name), type_, **more)


def test_a_table_with_everything():
    text = """
        CREATE TEMPORARY TABLE IF NOT EXISTS c.d.t (
            a INT NOT NULL PRIMARY KEY NOT ENFORCED COMMENT 'about a',
            b STRING,
            cost AS price * 2 COMMENT 'computed',
            ts TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL COMMENT 'meta',
            part INT METADATA,
            WATERMARK FOR ts AS ts - INTERVAL '5' SECOND,
            CONSTRAINT pk UNIQUE (a, b) ENFORCED
        ) COMMENT 'a table'
        DISTRIBUTED BY HASH(a) INTO 4 BUCKETS
        PARTITIONED BY (b, part)
        WITH ('connector' = 'kafka', 'topic' = 'it''s')
    """
    found = parse_statement(text)
    assert found == d.CreateTable(
        n("c.d.t"),
        (
            d.PhysicalColumn(
                a, TypeName("INT", nullable=False), d.Constraint("PRIMARY KEY", enforced=False), "about a"
            ),
            physical("b", STRING),
            d.ComputedColumn(n("cost"), op("*", n("price"), two), "computed"),
            d.MetadataColumn(n("ts"), TS, "timestamp", True, "meta"),
            d.MetadataColumn(n("part"), INT),
        ),
        (d.Constraint("UNIQUE", ("a", "b"), "pk", True),),
        d.Watermark(n("ts"), op("-", n("ts"), interval("5", "SECOND"))),
        "a table",
        d.Distribution("HASH", ("a",), 4),
        ("b", "part"),
        options=(("connector", "kafka"), ("topic", "it's")),
        temporary=True,
        if_not_exists=True,
    )
    assert parse_statement(unparse(found)) == found
    assert text[slice(*found.watermark.span)] == "WATERMARK FOR ts AS ts - INTERVAL '5' SECOND"


CREATES = [
    ("CREATE TABLE t (a INT)", d.CreateTable(n("t"), (physical("a"),))),
    ("CREATE TABLE t", d.CreateTable(n("t"))),
    ("CREATE TABLE t (a INT) WITH ()", d.CreateTable(n("t"), (physical("a"),))),
    ("CREATE TABLE t DISTRIBUTED INTO 3 BUCKETS", d.CreateTable(n("t"), distribution=d.Distribution(buckets=3))),
    ("CREATE TABLE t DISTRIBUTED BY (a)", d.CreateTable(n("t"), distribution=d.Distribution(columns=("a",)))),
    ("CREATE TABLE t (a INT, PRIMARY KEY (a) NOT ENFORCED)", d.CreateTable(
        n("t"), (physical("a"),), (d.Constraint("PRIMARY KEY", ("a",), enforced=False),))),
    ("CREATE TABLE t (WATERMARK FOR a.b AS SOURCE_WATERMARK())", d.CreateTable(
        n("t"), watermark=d.Watermark(n("a.b"), call("SOURCE_WATERMARK")))),
    ("CREATE TABLE t (p AS PROCTIME(), `time` AS CAST(a AS INT))", d.CreateTable(n("t"), (
        d.ComputedColumn(n("p"), call("PROCTIME")), d.ComputedColumn(n("time"), Cast(a, INT))))),
    ("CREATE TABLE t (metadata INT METADATA)", d.CreateTable(n("t"), (d.MetadataColumn(n("metadata"), INT),))),
    ("CREATE TABLE t (a INT) USING CONNECTION c.x WITH ('k' = 'v')", d.CreateTable(
        n("t"), (physical("a"),), connection=n("c.x"), options=KV)),
    ("CREATE TABLE t LIKE b", d.CreateTable(n("t"), like=d.TableLike(b))),
    ("CREATE TABLE t WITH ('k' = 'v') LIKE b (INCLUDING ALL OVERWRITING OPTIONS EXCLUDING WATERMARKS)", d.CreateTable(
        n("t"), options=KV, like=d.TableLike(b, (
            d.LikeOption("INCLUDING", "ALL"), d.LikeOption("OVERWRITING", "OPTIONS"),
            d.LikeOption("EXCLUDING", "WATERMARKS"))))),
    ("CREATE TABLE t WITH ('k' = 'v') AS SELECT 1", d.CreateTable(n("t"), options=KV, query=select(one))),
    ("CREATE TABLE t (b, a) AS SELECT 1", d.CreateTable(n("t"), (d.Column(b), d.Column(a)), query=select(one))),
    ("CREATE OR REPLACE TABLE t AS SELECT 1", d.CreateTable(n("t"), query=select(one), replace="CREATE OR REPLACE")),
    ("REPLACE TABLE t AS SELECT 1", d.CreateTable(n("t"), query=select(one), replace="REPLACE")),
    ("CREATE VIEW v AS SELECT 1", d.CreateView(n("v"), select(one))),
    ("CREATE OR REPLACE TEMPORARY VIEW IF NOT EXISTS v (a, b) COMMENT 'c' AS SELECT 1", d.CreateView(
        n("v"), select(one), ("a", "b"), "c", True, True, True)),
    ("CREATE CATALOG IF NOT EXISTS c COMMENT 'x' WITH ('k' = 'v')", d.CreateCatalog(n("c"), KV, "x", True)),
    ("CREATE DATABASE c.d COMMENT 'x' WITH ('k' = 'v')", d.CreateDatabase(n("c.d"), KV, "x")),
    ("CREATE FUNCTION f AS 'm.f' LANGUAGE PYTHON", d.CreateFunction(n("f"), "m.f", "PYTHON")),
    ("CREATE TEMPORARY SYSTEM FUNCTION IF NOT EXISTS f AS 'C' LANGUAGE JAVA USING JAR 'a', ARTIFACT 'b' WITH ('k'='v')",
     d.CreateFunction(n("f"), "C", "JAVA", (("JAR", "a"), ("ARTIFACT", "b")), KV, True, True, True)),
    ("CREATE MODEL m INPUT (a INT) OUTPUT (b STRING COMMENT 'x') COMMENT 'y' WITH ('k' = 'v')", d.CreateModel(
        n("m"), (physical("a"),), (physical("b", STRING, comment="x"),), "y", KV)),
    ("CREATE TEMPORARY MODEL m AS SELECT 1", d.CreateModel(n("m"), query=select(one), temporary=True)),
    ("CREATE TEMPORARY SYSTEM CONNECTION x COMMENT 'y' WITH ('k' = 'v')", d.CreateConnection(
        n("x"), KV, "y", True, True)),
    ("CREATE MATERIALIZED TABLE t FRESHNESS = INTERVAL '1' MINUTE REFRESH_MODE = FULL AS SELECT 1",
     d.CreateMaterializedTable(n("t"), select(one), freshness=interval("1", "MINUTE"), refresh_mode="FULL")),
    ("CREATE OR ALTER MATERIALIZED TABLE t (a INT, PRIMARY KEY (a)) COMMENT 'x' PARTITIONED BY (a) WITH ('k' = 'v') "
     "START_MODE = FROM_TIMESTAMP(TIMESTAMP '2024-01-01 00:00:00') AS SELECT 1",
     d.CreateMaterializedTable(
        n("t"), select(one), (physical("a"),), (d.Constraint("PRIMARY KEY", ("a",)),), None, "x", None, ("a",), KV,
        d.StartMode("FROM_TIMESTAMP", Temporal("TIMESTAMP", "2024-01-01 00:00:00")), or_alter=True)),
    ("CREATE MATERIALIZED TABLE t START_MODE = RESUME_OR_FROM_NOW(INTERVAL '1' DAY) AS SELECT 1",
     d.CreateMaterializedTable(
        n("t"), select(one), start_mode=d.StartMode("RESUME_OR_FROM_NOW", interval("1", "DAY")))),
    ("EXPLAIN CREATE TABLE t AS SELECT 1", Explain(d.CreateTable(n("t"), query=select(one)))),
]  # fmt: skip
DROPS = [
    ("DROP TABLE t", d.Drop("TABLE", n("t"))),
    ("DROP TEMPORARY TABLE IF EXISTS c.d.t", d.Drop("TABLE", n("c.d.t"), True, if_exists=True)),
    ("DROP VIEW v", d.Drop("VIEW", n("v"))),
    ("DROP TEMPORARY SYSTEM FUNCTION f", d.Drop("FUNCTION", n("f"), True, True)),
    ("DROP DATABASE IF EXISTS d CASCADE", d.Drop("DATABASE", n("d"), if_exists=True, cascade=True)),
    ("DROP DATABASE d RESTRICT", d.Drop("DATABASE", n("d"), cascade=False)),
    ("DROP CATALOG c", d.Drop("CATALOG", n("c"))),
    ("DROP MATERIALIZED TABLE t", d.Drop("MATERIALIZED TABLE", n("t"))),
    ("DROP MODEL m", d.Drop("MODEL", n("m"))),
    ("DROP CONNECTION x", d.Drop("CONNECTION", n("x"))),
]
PARTITION = (PartitionValue("a", one), PartitionValue("b", s("x")))
CHANGES = [
    ("TABLE", "RENAME TO u", d.Rename(n("u"))),
    ("TABLE", "RENAME a.b TO c", d.RenameColumn(n("a.b"), n("c"))),
    ("TABLE", "SET ('k' = 'v')", d.SetOptions(KV)),
    ("TABLE", "RESET ('k', 'l')", d.ResetOptions(("k", "l"))),
    ("TABLE", "ADD a INT FIRST", d.ChangeSchema("ADD", (d.PlacedColumn(physical("a"), True),))),
    ("TABLE", "ADD (a INT AFTER b, c AS a + 1, PRIMARY KEY (a) NOT ENFORCED, WATERMARK FOR t AS t)", d.ChangeSchema(
        "ADD",
        (d.PlacedColumn(physical("a"), after=b), d.PlacedColumn(d.ComputedColumn(n("c"), op("+", a, one)))),
        (d.Constraint("PRIMARY KEY", ("a",), enforced=False),),
        d.Watermark(n("t"), n("t")))),
    ("TABLE", "ADD DISTRIBUTION BY RANGE(a) INTO 2 BUCKETS", d.ChangeSchema(
        "ADD", distribution=d.Distribution("RANGE", ("a",), 2))),
    ("TABLE", "MODIFY a.f STRING COMMENT 'x'", d.ChangeSchema(
        "MODIFY", (d.PlacedColumn(physical("a.f", STRING, comment="x")),))),
    ("TABLE", "MODIFY WATERMARK FOR t AS t", d.ChangeSchema("MODIFY", watermark=d.Watermark(n("t"), n("t")))),
    ("TABLE", "DROP a.b", d.DropColumns((n("a.b"),))),
    ("TABLE", "DROP (a, b)", d.DropColumns((a, b))),
    ("TABLE", "DROP PRIMARY KEY", d.DropPart("PRIMARY KEY")),
    ("TABLE", "DROP CONSTRAINT x", d.DropPart("CONSTRAINT", "x")),
    ("TABLE", "DROP WATERMARK", d.DropPart("WATERMARK")),
    ("TABLE", "DROP DISTRIBUTION", d.DropPart("DISTRIBUTION")),
    ("TABLE", "ADD IF NOT EXISTS PARTITION (a = 1, b = 'x') WITH ('k' = 'v') PARTITION (a = 1, b = 'x')",
     d.AddPartitions((d.Partition(PARTITION, KV), d.Partition(PARTITION)), True)),
    ("TABLE", "DROP IF EXISTS PARTITION (a = 1, b = 'x'), PARTITION (a = 1, b = 'x')",
     d.DropPartitions((d.Partition(PARTITION), d.Partition(PARTITION)), True)),
    ("VIEW", "RENAME TO u", d.Rename(n("u"))),
    ("VIEW", "AS SELECT 1", d.SetQuery(select(one))),
    ("DATABASE", "SET ('k' = 'v')", d.SetOptions(KV)),
    ("CATALOG", "COMMENT 'x'", d.SetComment("x")),
    ("CATALOG", "RESET ('k')", d.ResetOptions(("k",))),
    ("FUNCTION", "AS 'C' LANGUAGE SCALA", d.SetClass("C", "SCALA")),
    ("MODEL", "RENAME TO u", d.Rename(n("u"))),
    ("CONNECTION", "SET ('k' = 'v')", d.SetOptions(KV)),
    ("MATERIALIZED TABLE", "SUSPEND", d.Suspend()),
    ("MATERIALIZED TABLE", "RESUME WITH ('k' = 'v')", d.Resume(KV)),
    ("MATERIALIZED TABLE", "REFRESH PARTITION (a = 1, b = 'x')", d.Refresh(PARTITION)),
    ("MATERIALIZED TABLE", "SET FRESHNESS = INTERVAL '1' DAY", d.SetFreshness(interval("1", "DAY"))),
    ("MATERIALIZED TABLE", "SET REFRESH_MODE = CONTINUOUS", d.SetRefreshMode("CONTINUOUS")),
    ("MATERIALIZED TABLE", "AS SELECT 1", d.SetQuery(select(one))),
    ("MATERIALIZED TABLE", "ADD a INT", d.ChangeSchema("ADD", (d.PlacedColumn(physical("a")),))),
    ("MATERIALIZED TABLE", "DROP WATERMARK", d.DropPart("WATERMARK")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tree"), [*CREATES, *DROPS], ids=[text for text, _ in [*CREATES, *DROPS]])
def test_create_and_drop(text, tree):
    found = parse_statement(text)
    assert found == tree
    assert parse_statement(unparse(found)) == tree


@pytest.mark.parametrize(("kind", "text", "change"), CHANGES, ids=[f"{kind} {text}" for kind, text, _ in CHANGES])
def test_alter(kind, text, change):
    found = parse_statement(f"ALTER {kind} t {text}")
    assert found == d.Alter(kind, n("t"), change)
    assert parse_statement(unparse(found)) == found


def test_what_alter_may_say_before_the_name():
    assert parse_statement("ALTER TABLE IF EXISTS t RENAME TO u") == d.Alter("TABLE", t.name, d.Rename(n("u")), True)
    text = "ALTER TEMPORARY SYSTEM FUNCTION IF EXISTS f AS 'C'"
    found = parse_statement(text)
    assert found == d.Alter("FUNCTION", n("f"), d.SetClass("C"), True, True, True)
    assert unparse(found) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CREATE TABL t (a INT)", "did you mean TABLE?"),
        ("CREATE TABLE t (a INT,)", "expected a name"),
        ("CREATE TABLE t (a)", "AS is missing"),
        ("CREATE TABLE t (a INT, WATERMARK FOR x AS x, WATERMARK FOR y AS y)", "one watermark"),
        ("CREATE TABLE t (date DATE)", "DATE is reserved: as a name it is written `date`"),
        ("CREATE TABLE t (a INT) WITH (k = 'v')", "found the name k, expected ')' or a string"),
        ("CREATE TABLE t (a INT) WITH ('k' = v)", "found the name v, expected a string"),
        ("CREATE TABLE t (a INT) WITH ('k')", "found ')', expected '='"),
        ("CREATE TABLE t (a INT) DISTRIBUTED INTO 0 BUCKETS", "at least one bucket"),
        ("CREATE TABLE t LIKE b ()", "expected INCLUDING, EXCLUDING or OVERWRITING"),
        ("CREATE TABLE t (a INT PRIMARY)", "expected KEY"),
        ("CREATE OR REPLACE TABLE t (a INT)", "expected"),
        ("CREATE SYSTEM FUNCTION f AS 'C'", "write CREATE TEMPORARY SYSTEM"),
        ("CREATE FUNCTION f AS 'C' LANGUAGE RUST", "expected JAVA, SCALA, SQL or PYTHON"),
        ("CREATE FUNCTION f AS C", "expected a string"),
        ("CREATE TEMPORARY SYSTEM FUNCTION a.f AS 'C'", "its name has one part"),
        ("CREATE TABLE t (a, b INT) AS SELECT 1", "either all columns have a type"),
        ("CREATE TABLE t (a, PRIMARY KEY (a)) AS SELECT 1", "either all columns have a type"),
        ("CREATE MATERIALIZED TABLE t START_MODE = FROM_TIMESTAMP(INTERVAL '1' DAY) AS SELECT 1", "a time such as"),
        ("CREATE VIEW v SELECT 1", "found SELECT, expected"),
        ("CREATE MATERIALIZED TABLE t FRESHNESS = 5 AS SELECT 1", "expected an interval such as"),
        ("ALTER TABLE t ADD a", "expected a data type"),
        ("ALTER TABLE t FOO", "expected RENAME, ADD, MODIFY, DROP, SET or RESET"),
        ("ALTER VIEW v SET ('a' = 'b')", "expected RENAME or AS"),
        ("DROP t", "expected TEMPORARY"),
        ("DROP TEMPORARY DATABASE d", "found the name DATABASE, expected SYSTEM, TABLE, VIEW"),
    ],
)
def test_faults_are_said(text, said):
    with pytest.raises(SqlError) as caught:
        parse_statement(text)
    assert said in str(caught.value)
