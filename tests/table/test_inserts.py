"""INSERT into the connectors that come with the engine."""

import datetime
import json
from decimal import Decimal

import pytest

from pyflinkx.errors import ConfigurationError, GraphError, JobExecutionError, SqlError
from pyflinkx.table import EnvironmentSettings, TableEnvironment

ALL_TYPES = """(
  b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT, i64 BIGINT, f FLOAT, d DOUBLE, n DECIMAL(12, 3),
  s STRING, v VARCHAR(3), dy DATE, clock TIME(3), t TIMESTAMP(3), u TIMESTAMP(6)
)"""
VALUES = """(TRUE, CAST(1 AS TINYINT), CAST(-2 AS SMALLINT), 3, CAST(4 AS BIGINT), CAST(0.5 AS FLOAT), 1E10,
  CAST(12345.678 AS DECIMAL(12, 3)), 'it''s "x", y', 'abc', DATE '2024-02-29', TIME '01:02:03.004',
  TIMESTAMP '2024-02-29 01:02:03.004', TIMESTAMP '2024-02-29 01:02:03.000456')"""
EXPECTED = (
    True, 1, -2, 3, 4, 0.5, 1e10, Decimal("12345.678"), 'it\'s "x", y', "abc", datetime.date(2024, 2, 29),
    datetime.time(1, 2, 3, 4000), datetime.datetime(2024, 2, 29, 1, 2, 3, 4000),
    datetime.datetime(2024, 2, 29, 1, 2, 3, 456),
)  # fmt: skip


@pytest.fixture
def environment():
    return TableEnvironment.create(EnvironmentSettings.in_streaming_mode())


def rows(result):
    return [tuple(row) for row in result.collect()]


@pytest.mark.parametrize("format", ["json", "csv"])
def test_files_give_back_what_was_written(environment, tmp_path, format):
    nulls = f"({', '.join(['NULL'] * 14)})" if format == "json" else VALUES
    environment.execute_sql(
        f"CREATE TABLE t {ALL_TYPES} WITH ('connector' = 'filesystem', 'path' = '{tmp_path}/t', 'format' = '{format}')"
    )
    result = environment.execute_sql(f"INSERT INTO t VALUES {VALUES}")
    result.wait()
    assert rows(result) == [(-1,)]
    assert rows(environment.execute_sql("SELECT * FROM t")) == [EXPECTED]
    columns = ALL_TYPES.replace("(\n", "", 1)
    if format == "json":
        casts = ", ".join(f"CAST(NULL AS {part.strip().split(' ', 1)[1]})" for part in split_columns(columns))
        environment.execute_sql(f"INSERT INTO t SELECT {casts}").wait()
        assert rows(environment.execute_sql("SELECT * FROM t WHERE b IS NULL")) == [(None,) * 14]
    assert nulls


def split_columns(text):
    """The columns of a list, which has commas within parentheses too."""
    depth, part, parts = 0, "", []
    for sign in text.strip().removesuffix(")"):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            parts.append(part)
            part = ""
        else:
            part += sign
    return [*parts, part]


def test_nested_json(environment, tmp_path):
    path = tmp_path / "in.json"
    values = {"r": {"a": 1, "t": "2024-01-01 00:00:00.5"}, "l": [1.5, None], "m": {"k": "2024-01-02"}, "z": None}
    path.write_text(json.dumps(values) + "\n")
    columns = "(r ROW<a INT, t TIMESTAMP(3)>, l ARRAY<DECIMAL(5, 2)>, m MAP<STRING, DATE>, z ROW<q INT>)"
    options = f"WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json')"
    environment.execute_sql(f"CREATE TABLE t {columns} {options}")
    ((r, elements, m, z),) = rows(environment.execute_sql("SELECT * FROM t"))
    assert tuple(r) == (1, datetime.datetime(2024, 1, 1, 0, 0, 0, 500_000))
    assert (elements, m, z) == ([Decimal("1.50"), None], {"k": datetime.date(2024, 1, 2)}, None)
    environment.execute_sql(f"CREATE TABLE o {columns} {options.replace(str(path), str(tmp_path / 'out'))}")
    environment.execute_sql("INSERT INTO o SELECT * FROM t").wait()
    (written,) = (tmp_path / "out").glob("part-*")
    assert json.loads(written.read_text()) == {**values, "l": [1.50, None]}


def test_bad_files(environment, tmp_path):
    path = tmp_path / "in.json"
    path.write_text('{"a": 1}\n{"a": "x"}\nno json\n{"a": 3}\n')
    with_options = f"WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json'"
    environment.execute_sql(f"CREATE TABLE t (a INT) {with_options})")
    with pytest.raises(Exception, match=r"in.json:2: .*expected INT, got 'x'"):
        rows(environment.execute_sql("SELECT * FROM t"))
    environment.execute_sql(f"CREATE TABLE u (a INT) {with_options}, 'json.ignore-parse-errors' = 'true')")
    assert rows(environment.execute_sql("SELECT * FROM u")) == [(1,), (None,), (3,)]
    hinted = "SELECT * FROM t /*+ OPTIONS('json.ignore-parse-errors' = 'true') */"
    assert rows(environment.execute_sql(hinted)) == [(1,), (None,), (3,)]


def test_csv_with_options(environment, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("# no row\n1|'a|b'|N\n2||x\n")
    environment.execute_sql(
        f"""CREATE TABLE t (a INT, b STRING, c STRING) WITH ('connector' = 'filesystem', 'path' = '{path}',
        'format' = 'csv', 'csv.field-delimiter' = '|', 'csv.quote-character' = '''', 'csv.null-literal' = 'N',
        'csv.allow-comments' = 'true')"""
    )
    assert rows(environment.execute_sql("SELECT * FROM t")) == [(1, "a|b", None), (2, "", "x")]
    path.write_text("1,,\n,b,2024-01-01 00:00:00\nx,y,z\n")
    columns = "(a INT, b STRING, c TIMESTAMP(3))"
    options = f"WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'csv'"
    environment.execute_sql(f"CREATE TABLE u {columns} {options}, 'csv.ignore-parse-errors' = 'true')")
    assert rows(environment.execute_sql("SELECT * FROM u")) == [
        (1, "", None),
        (None, "b", datetime.datetime(2024, 1, 1)),
        (None, "y", None),
    ]


def test_printed(environment, capsys):
    environment.execute_sql("CREATE TABLE shown (a INT, b STRING, c DOUBLE) WITH ('connector' = 'print')")
    environment.execute_sql("INSERT INTO shown VALUES (1, 'x', 1E10), (CAST(NULL AS INT), 'y', 0.5E0)").wait()
    assert capsys.readouterr().out == "+I[1, x, 1.0E10]\n+I[null, y, 0.5]\n"
    environment.execute_sql("CREATE TABLE err WITH ('print-identifier' = 'id', 'standard-error' = 'true') LIKE shown")
    environment.execute_sql("INSERT INTO err (c, a) VALUES (1E0, 2)").wait()
    assert capsys.readouterr().err.endswith("id> +I[2, null, 1.0]\n")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("INSERT INTO t VALUES (1)", "the query has 1 columns, and 2 are to be filled"),
        ("INSERT INTO t (a, x) VALUES (1, 2)", "column x is not there"),
        ("INSERT INTO t (a, a) VALUES (1, 2)", "a column is named twice"),
        ("INSERT INTO t (b) VALUES ('x')", "column a is INT NOT NULL, and gets no value"),
        ("INSERT INTO t VALUES ('x', 'y')", r"column a is INT NOT NULL, and column EXPR\$0 of the query is CHAR"),
        ("INSERT INTO tt VALUES (1, 'y')", "there is no table tt; did you mean t"),
        ("INSERT OVERWRITE t VALUES (1, 'y')", "the connector 'print' cannot overwrite"),
    ],
)
def test_rows_that_do_not_fit(environment, statement, said):
    environment.execute_sql("CREATE TABLE t (a INT NOT NULL, b STRING) WITH ('connector' = 'print')")
    with pytest.raises(SqlError, match=said):
        environment.execute_sql(statement)


def test_nulls_of_columns_that_have_none(environment, capsys):
    environment.execute_sql("CREATE TABLE t (a INT NOT NULL) WITH ('connector' = 'print')")
    query = "INSERT INTO t SELECT a FROM (VALUES (1), (CAST(NULL AS INT))) AS v (a)"
    with pytest.raises(JobExecutionError, match=r"column 'a' of table .* is NOT NULL"):
        environment.execute_sql(query).wait()
    environment.execute_sql("SET 'table.exec.sink.not-null-enforcer' = 'DROP'")
    capsys.readouterr()
    environment.execute_sql(query).wait()
    assert capsys.readouterr().out == "+I[1]\n"


def test_several_inserts_are_one_job(environment, tmp_path):
    for name in "ab":
        environment.execute_sql(
            f"CREATE TABLE {name} (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '{tmp_path}/{name}', "
            "'format' = 'json')"
        )
    environment.execute_sql(
        "CREATE TABLE g (n BIGINT) WITH ('connector' = 'datagen', 'fields.n.kind' = 'sequence', "
        "'fields.n.start' = '1', 'fields.n.end' = '6')"
    )
    statements = environment.create_statement_set()
    statements.add_insert_sql("INSERT INTO a SELECT n FROM g WHERE n > 3")
    statements.add_insert("b", environment.sql_query("SELECT n * 10 FROM g WHERE n < 3"))
    assert "Sink(table=[default_catalog.default_database.a]" in statements.explain()
    result = statements.execute()
    result.wait()
    assert rows(result) == [(-1, -1)]
    assert sorted(rows(environment.execute_sql("SELECT * FROM a"))) == [(4,), (5,), (6,)]
    assert sorted(rows(environment.execute_sql("SELECT * FROM b"))) == [(10,), (20,)]
    with pytest.raises(GraphError, match="the statement set is empty"):
        statements.execute()
    environment.execute_sql(
        "EXECUTE STATEMENT SET BEGIN INSERT INTO a VALUES (7); INSERT INTO b VALUES (30); END"
    ).wait()
    assert (7,) in rows(environment.execute_sql("SELECT * FROM a"))
    environment.execute_sql("INSERT OVERWRITE a SELECT 8").wait()
    assert rows(environment.execute_sql("SELECT * FROM a")) == [(8,)]
    environment.execute_sql("TRUNCATE TABLE a")
    assert rows(environment.execute_sql("SELECT * FROM a")) == []


def test_create_table_as(environment, tmp_path):
    environment.execute_sql(
        f"""CREATE TABLE t (extra AS n + 1) WITH ('connector' = 'filesystem', 'path' = '{tmp_path}/t', 'format' = 'csv')
        AS SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS v (n, s)"""
    ).wait()
    assert sorted(rows(environment.execute_sql("SELECT * FROM t"))) == [(2, 1, "x"), (3, 2, "y")]


def test_datagen(environment):
    environment.execute_sql(
        """CREATE TABLE g (n INT, s STRING, x DOUBLE, m DECIMAL(6, 2), l ARRAY<INT>, r ROW<a INT, b STRING>, k INT,
        t TIMESTAMP(3)) WITH ('connector' = 'datagen', 'number-of-rows' = '500',
        'fields.n.kind' = 'sequence', 'fields.n.start' = '10', 'fields.n.end' = '20000', 'fields.s.length' = '7',
        'fields.s.var-len' = 'true', 'fields.x.min' = '-1', 'fields.x.max' = '1', 'fields.m.max' = '5',
        'fields.l.length' = '2', 'fields.l.element.min' = '7', 'fields.l.element.max' = '8', 'fields.r.a.max' = '0',
        'fields.r.b.length' = '3', 'fields.k.null-rate' = '1.0')"""
    )
    found = rows(environment.execute_sql("SELECT * FROM g"))
    assert [row[0] for row in found] == list(range(10, 510))
    assert {len(row[1]) for row in found} == set(range(1, 8))
    assert all(-1 <= row[2] <= 1 for row in found)
    assert all(0 <= row[3] <= 5 and row[3].as_tuple().exponent == -2 for row in found)
    assert {value for row in found for value in row[4]} == {7, 8}
    assert all(row[5][0] <= 0 and len(row[5][1]) == 3 for row in found)
    assert {row[6] for row in found} == {None}
    assert all(isinstance(row[7], datetime.datetime) for row in found)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("'fields.a.kind' = 'sequence'", "needs 'fields.a.start' and 'fields.a.end'"),
        ("'fields.a.min' = '9', 'fields.a.max' = '1'", "'fields.a.min' is at most '.max'"),
        ("'fields.a.mx' = '9'", "there is no option 'fields.a.mx'"),
        ("'fields.aa.max' = '9'", "there is no column 'aa'; did you mean 'a'"),
        ("'fields.a.kind' = 'other'", "is 'random' or 'sequence', not 'other'"),
        ("'fields.a.max' = 'x'", "is a INT, not 'x'"),
        ("'rows-per-second' = '0'", "is above 0"),
    ],
)
def test_datagen_options(environment, options, said):
    environment.execute_sql(f"CREATE TABLE g (a INT) WITH ('connector' = 'datagen', {options})")
    with pytest.raises(ConfigurationError, match=said):
        environment.from_path("g")
