"""Table environments: queries as jobs, views, results, and what is refused."""

import datetime
from decimal import Decimal

import pytest

from pyflinkx.common import Instant, Row
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import GraphError, JobExecutionError, SqlError, TypeInformationError
from pyflinkx.table import (
    DataTypes,
    EnvironmentSettings,
    ResultKind,
    StreamTableEnvironment,
    TableEnvironment,
)
from pyflinkx.table.expressions import and_, call_sql, coalesce, col, if_then_else, lit, not_, null_of

CITIES = [(1, "Oslo", 1.5), (2, None, -2.0), (3, "Rome", 0.25)]


@pytest.fixture
def environment():
    return TableEnvironment.create(EnvironmentSettings.in_streaming_mode())


@pytest.fixture
def cities(environment):
    table = environment.from_elements(CITIES, ["id", "name", "x"])
    environment.create_temporary_view("cities", table)
    return table


def rows(table):
    with table.execute().collect() as found:
        return [tuple(row) for row in found]


def test_a_query_runs_as_a_job(environment, cities):
    result = environment.execute_sql("SELECT id + 1 AS following_id, UPPER(name) AS n FROM cities WHERE x < 1")
    assert result.get_result_kind() is ResultKind.SUCCESS_WITH_CONTENT
    result.wait()
    found = list(result.collect())
    assert found == [Row(3, None), Row(4, "ROME")]
    assert [str(row.get_row_kind()) for row in found] == ["+I", "+I"]


def test_workers_give_the_same(environment, cities):
    environment.get_config().set("parallelism.default", "2")
    environment.get_config().set("pyflinkx.workers", "processes")
    found = rows(environment.sql_query("SELECT id * 2 FROM cities WHERE name LIKE '%o%'"))
    assert sorted(found) == [(2,), (6,)]  # two subtasks, so in any order


def test_streams_are_printed_as_flink_prints_them(environment, capsys):
    query = (
        "SELECT CAST(id AS INT) AS id, name, b, d, CAST(t AS TIMESTAMP(3)) AS t FROM (VALUES "
        "(1, 'Oslo', TRUE, 1.50, '2024-01-31 10:00:00'), "
        "(2, CAST(NULL AS STRING), FALSE, -0.25, '2024-02-01 00:00:00.5'), "
        "(3, 'a name that is longer than its column is', TRUE, 2.00, NULL), (4, '東京', TRUE, 3.00, NULL)) "
        "AS v (id, name, b, d, t)"
    )
    environment.execute_sql(query).print()
    assert capsys.readouterr().out.splitlines() == [
        "+----+-------------+--------------------------------+--------+--------+-------------------------+",
        "| op |          id |                           name |      b |      d |                       t |",
        "+----+-------------+--------------------------------+--------+--------+-------------------------+",
        "| +I |           1 |                           Oslo |   TRUE |   1.50 | 2024-01-31 10:00:00.000 |",
        "| +I |           2 |                         <NULL> |  FALSE |  -0.25 | 2024-02-01 00:00:00.500 |",
        "| +I |           3 | a name that is longer than ... |   TRUE |   2.00 |                  <NULL> |",
        "| +I |           4 |                           東京 |   TRUE |   3.00 |                  <NULL> |",
        "+----+-------------+--------------------------------+--------+--------+-------------------------+",
        "4 rows in set",
    ]


def test_batches_are_printed_as_wide_as_they_are(capsys):
    environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
    environment.execute_sql("VALUES (1, 'abc'), (22, CAST(NULL AS STRING))").print()
    environment.execute_sql("SELECT 1 FROM (VALUES 1) AS t (a) WHERE a > 1").print()
    environment.execute_sql("CREATE TEMPORARY VIEW v AS SELECT 1 AS uno").print()
    assert capsys.readouterr().out.splitlines() == [
        "+--------+--------+",
        "| EXPR$0 | EXPR$1 |",
        "+--------+--------+",
        "|      1 |    abc |",
        "|     22 | <NULL> |",
        "+--------+--------+",
        "2 rows in set",
        "Empty set",
        "OK",
    ]


def test_views_are_made_and_dropped(environment, cities):
    assert list(environment.execute_sql("CREATE TEMPORARY VIEW ids (n) AS SELECT id FROM cities").collect()) == [
        Row("OK")
    ]
    assert rows(environment.from_path("default_catalog.default_database.ids")) == [(1,), (2,), (3,)]
    assert environment.list_temporary_views() == ["cities", "ids"]
    environment.create_temporary_view("named", cities, "a", col("b"))
    assert rows(environment.sql_query("SELECT a FROM named WHERE b = 'Oslo' AND x > 0")) == [(1,)]
    taken = r"there is a temporary view default_catalog\.default_database\.ids already"
    with pytest.raises(SqlError, match=rf"line 1, column 23: {taken}"):
        environment.execute_sql("CREATE TEMPORARY VIEW ids AS SELECT 1")
    with pytest.raises(SqlError, match=taken):
        environment.create_temporary_view("ids", cities)
    environment.execute_sql("CREATE TEMPORARY VIEW IF NOT EXISTS ids AS SELECT 1")
    environment.execute_sql("DROP TEMPORARY VIEW ids")
    assert not environment.drop_temporary_view("ids")
    environment.execute_sql("DROP VIEW IF EXISTS ids")
    with pytest.raises(SqlError, match=r"there is no view default_catalog\.default_database\.ids"):
        environment.execute_sql("DROP VIEW ids")
    with pytest.raises(SqlError, match="there is no table citees; did you mean cities"):
        environment.sql_query("SELECT * FROM citees")


def test_methods_of_tables_say_what_sql_says(environment, cities):
    found = cities.filter((col("id") > 1) & ~(col("x") < -5)).select(
        col("id").alias("i"),
        2 - col("id") * 2,
        -col("x") / 2,
        coalesce(col("name"), "?"),
        if_then_else(col("x") >= 0, lit("plus"), "minus"),
        col("id").cast(DataTypes.STRING()),
        null_of(DataTypes.INT()),
        call_sql("CHAR_LENGTH(name)"),
    )
    assert rows(found) == [
        (2, -2, 1.0, "?", "minus", "2", None, None),
        (3, -4, -0.125, "Rome", "plus", "3", None, 4),
    ]
    assert [name for name, _ in found._node.columns][:3] == ["i", "_c1", "_c2"]
    assert rows(cities.alias("n").where(not_(and_(col("n") == 1, True, col("name").is_not_null))).select(col("n"))) == [
        (2,),
        (3,),
    ]
    assert rows(cities.where(col("id").between(2, 3) & col("name").is_null).select(col("name").if_null("none"))) == [
        ("none",)
    ]


def test_constants_are_what_they_are_in_sql(environment):
    table = environment.from_elements([1])
    values = [
        True, -7, 2**40, 1.5, -1e300, Decimal("-1.50"), "it's", b"\x01\xff", None,
        datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 1, 2, 3, 450000), datetime.time(1, 2, 3),
    ]  # fmt: skip
    assert rows(table.select(*map(lit, values))) == [tuple(values)]
    assert rows(table.select(lit(1, DataTypes.DECIMAL(5, 2)))) == [(Decimal("1.00"),)]


def test_elements_have_the_types_that_are_asked_for(environment):
    kind = DataTypes.ROW(
        [
            DataTypes.FIELD("a", DataTypes.DECIMAL(5, 2)),
            DataTypes.FIELD("b", DataTypes.ARRAY(DataTypes.INT())),
            DataTypes.FIELD("c", DataTypes.FLOAT()),
        ]
    )
    table = environment.from_elements([(Decimal("1.25"), [1, None], 2), Row(None, [], 0.5)], kind)
    assert rows(table) == [(Decimal("1.25"), [1, None], 2.0), (None, [], 0.5)]
    assert rows(environment.from_elements(["a", None], DataTypes.STRING())) == [("a",), (None,)]
    inferred = environment.from_elements([{"b": 1, "a": [1.5]}, {"a": None, "b": 2}])
    assert [(name, str(kind)) for name, kind in inferred._node.columns] == [
        ("a", "ARRAY<DOUBLE>"),
        ("b", "BIGINT"),
    ]
    stamped = environment.from_elements([(Instant.of_epoch_milli(1500),)], ["at"])
    assert str(stamped._node.columns[0][1]) == "TIMESTAMP_LTZ(9)"
    assert len(rows(stamped)) == 1


@pytest.mark.parametrize(
    ("elements", "schema", "said"),
    [
        ([], None, "of no rows the types are not known"),
        ([(1, 2), (1,)], None, "row 1 has 1 values for 2 columns"),
        ([(None,)], ["a"], "column 'a' from None in every row"),
        ([(1,), ("x",)], ["a"], "column 'a' from BIGINT, STRING"),
        ([(object(),)], ["a"], "no type follows for column 'a'"),
        ([(1, 2)], ["a", "a"], "more than one column is called a"),
        (
            [(None,)],
            DataTypes.ROW([DataTypes.FIELD("a", DataTypes.INT(False))]),
            "row 0, column 'a' of INT NOT NULL is None",
        ),
        ([("x",)], DataTypes.ROW([DataTypes.FIELD("a", DataTypes.INT())]), "row 0, column 'a'"),
        ([(1,)], [1], "names of columns"),
    ],
)
def test_elements_that_do_not_fit_are_refused(environment, elements, schema, said):
    with pytest.raises(TypeInformationError, match=said):
        environment.from_elements(elements, schema)


def test_what_is_wrong_is_said_where_it_is(environment, cities):
    with pytest.raises(JobExecutionError, match=r"\(10 / id\): division by zero, in record .*'id': 0"):
        rows(environment.from_elements([(0,)], ["id"]).select(10 / col("id")))
    with pytest.raises(SqlError, match="there is no column nam; did you mean name"):
        cities.select(col("nam"))
    with pytest.raises(SqlError, match="WHERE takes a condition"):
        cities.filter(col("id"))
    with pytest.raises(TypeError, match=r"columns are expressions such as col\('name'\), not 'id'"):
        cities.select("id")
    with pytest.raises(TypeError, match="write & for and"):
        bool(col("a") == 1 and col("b") == 2)
    with pytest.raises(GraphError, match="4 names for 3 columns"):
        cities.alias("a", "b", "c", "d")
    with pytest.raises(SqlError, match="CallProcedure is a statement that this version does not run"):
        environment.execute_sql("CALL tidy_up(1)")
    with pytest.raises(SqlError, match=r"there is no table other\.t"):
        environment.from_path("other.t")


def test_tables_belong_to_a_program_of_streams():
    program = StreamExecutionEnvironment.get_execution_environment()
    environment = StreamTableEnvironment.create(program, environment_settings=EnvironmentSettings.in_streaming_mode())
    table = environment.from_elements([(1, "a"), (2, "b")], ["n", "s"])
    lengths = environment.to_data_stream(table.filter(col("n") > 1)).map(lambda row: (row.s, row["n"]))
    assert list(environment.sql_query("SELECT 1").execute().collect()) == [Row(1)]
    assert list(lengths.execute_and_collect()) == [("b", 2)]


def test_a_result_that_is_closed_ends_its_job(environment, cities):
    with environment.execute_sql("SELECT id FROM cities").collect() as found:
        assert found.next() == Row(1)
    with pytest.raises(StopIteration):
        found.next()


def test_settings():
    settings = (
        EnvironmentSettings.new_instance().with_built_in_catalog_name("c").with_built_in_database_name("d").build()
    )
    environment = TableEnvironment.create(settings)
    assert (environment.get_current_catalog(), environment.get_current_database()) == ("c", "d")
    config = environment.get_config().set("table.local-time-zone", "UTC")
    assert config.get("table.local-time-zone", "") == "UTC"
    assert config.get("no.such", "else") == "else"
    assert config.get_configuration().get_string("table.local-time-zone", "") == "UTC"
