"""Expressions and methods of tables: each is what its SQL is."""

import datetime
from decimal import Decimal

import pytest

from pyflinkx.errors import GraphError
from pyflinkx.table import DataTypes, EnvironmentSettings, TableEnvironment
from pyflinkx.table import expressions as ex
from pyflinkx.table.expression import JsonOnNull, JsonType, JsonValueOnEmptyOrError, TimeIntervalUnit, TimePointUnit
from pyflinkx.table.expressions import col, lit

ROW = (7, "flink sql", -2.5, datetime.datetime(2024, 3, 5, 13, 14, 15), [3, 1, None], {"a": 1}, '{"x": [1]}')
TYPES = DataTypes.ROW(
    [
        DataTypes.FIELD("n", DataTypes.BIGINT()),
        DataTypes.FIELD("s", DataTypes.STRING()),
        DataTypes.FIELD("x", DataTypes.DOUBLE()),
        DataTypes.FIELD("t", DataTypes.TIMESTAMP(3)),
        DataTypes.FIELD("a", DataTypes.ARRAY(DataTypes.BIGINT())),
        DataTypes.FIELD("m", DataTypes.MAP(DataTypes.STRING(), DataTypes.BIGINT())),
        DataTypes.FIELD("j", DataTypes.STRING()),
    ]
)


@pytest.fixture(scope="module")
def environment():
    made = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
    made.create_temporary_view("r", made.from_elements([ROW], TYPES))
    return made


def rows(table):
    return [tuple(row) for row in table.execute().collect()]


@pytest.mark.parametrize(
    ("expression", "sql"),
    [
        (col("x").abs, "ABS(x)"),
        (col("n").log(2), "LOG(2, n)"),
        (col("n").sqrt.round(2), "ROUND(SQRT(n), 2)"),
        (col("x").truncate(), "TRUNCATE(x, 0)"),
        (col("x").floor(), "FLOOR(x)"),
        (col("n").hex, "HEX(n)"),
        (ex.atan2(col("x"), col("n")), "ATAN2(x, n)"),
        (col("s").upper_case.substring(2, 3), "SUBSTRING(UPPER(s), 2, 3)"),
        (col("s").like("f%"), "s LIKE 'f%'"),
        (col("s").similar("f.*"), "s SIMILAR TO 'f.*'"),
        (lit("sql").position(col("s")), "POSITION('sql' IN s)"),
        (col("s").trim_leading("f"), "TRIM(LEADING 'f' FROM s)"),
        (col("s").overlay("X", 2), "OVERLAY(s PLACING 'X' FROM 2)"),
        (col("s").split_index(" ", 1), "SPLIT_INDEX(s, ' ', 1)"),
        (col("s").regexp_extract("(s)(ql)", 2), "REGEXP_EXTRACT(s, '(s)(ql)', 2)"),
        (col("s").sha2(256), "SHA2(s, 256)"),
        (col("s").lpad(12, "*"), "LPAD(s, 12, '*')"),
        (col("s").in_("a", "flink sql"), "s IN ('a', 'flink sql')"),
        (col("t").extract(TimeIntervalUnit.DAY), "EXTRACT(DAY FROM t)"),
        (col("t").floor(TimeIntervalUnit.HOUR), "FLOOR(t TO HOUR)"),
        (col("t") + lit(1).day, "t + INTERVAL '1' DAY"),
        (col("t") - lit(3).months, "t - INTERVAL '3' MONTH"),
        (col("t") + lit(-90).minutes, "t + INTERVAL '-90' MINUTE"),
        (col("t") + lit(5).millis, "t + INTERVAL '0.005' SECOND"),
        (col("t") + col("n").hours, "t + n * INTERVAL '1' HOUR"),
        (lit("2024-01-02").to_date, "TO_DATE('2024-01-02')"),
        (ex.date_format(col("t"), "yyyy"), "DATE_FORMAT(t, 'yyyy')"),
        (
            ex.timestamp_diff(TimePointUnit.DAY, lit(datetime.datetime(2024, 3, 1)), col("t")),
            "TIMESTAMPDIFF(DAY, TIMESTAMP '2024-03-01 00:00:00', t)",
        ),
        (
            ex.temporal_overlaps(col("t"), lit(1).hour, lit(datetime.datetime(2024, 3, 5)), lit(1).day),
            "(t, INTERVAL '1' HOUR) OVERLAPS (TIMESTAMP '2024-03-05 00:00:00', INTERVAL '1' DAY)",
        ),
        (ex.to_timestamp("05.03.2024", "dd.MM.yyyy"), "TO_TIMESTAMP('05.03.2024', 'dd.MM.yyyy')"),
        (
            ex.convert_tz("2024-01-01 00:00:00", "UTC", "Asia/Tokyo"),
            "CONVERT_TZ('2024-01-01 00:00:00', 'UTC', 'Asia/Tokyo')",
        ),
        (col("a").at(1), "a[1]"),
        (col("a").array_sort(False), "ARRAY_SORT(a, FALSE)"),
        (col("a").array_contains(lit(3, DataTypes.BIGINT())), "ARRAY_CONTAINS(a, CAST(3 AS BIGINT))"),
        (col("a").cardinality, "CARDINALITY(a)"),
        (col("m").at("a"), "m['a']"),
        (col("m").map_keys, "MAP_KEYS(m)"),
        (ex.array(1, 2, col("n")), "ARRAY[1, 2, n]"),
        (ex.map_("k", col("n")), "MAP['k', n]"),
        (ex.row(1, "x").get(1), "ROW(1, 'x')[2]"),
        (col("j").json_value("$.x[0]", DataTypes.INT()), "JSON_VALUE(j, '$.x[0]' RETURNING INT)"),
        (
            col("j").json_value(
                "lax $.y", DataTypes.STRING(), JsonValueOnEmptyOrError.DEFAULT, "none", JsonValueOnEmptyOrError.NULL
            ),
            "JSON_VALUE(j, 'lax $.y' DEFAULT 'none' ON EMPTY)",
        ),
        (col("j").json_query("$.x"), "JSON_QUERY(j, '$.x')"),
        (col("j").json_exists("$.x"), "JSON_EXISTS(j, '$.x')"),
        (col("j").is_json(JsonType.ARRAY), "j IS JSON ARRAY"),
        (ex.json_object(JsonOnNull.NULL, "k", col("n")), "JSON_OBJECT('k' VALUE n)"),
        (ex.json_array(JsonOnNull.ABSENT, 1, ex.json("[]")), "JSON_ARRAY(1, JSON('[]'))"),
        (ex.call("GREATEST", col("n"), 9), "GREATEST(n, 9)"),
        (lit([1, 2]), "ARRAY[1, 2]"),
        (lit({"a": 1}), "MAP['a', 1]"),
        (lit(Decimal("1.50")), "1.50"),
        (lit(datetime.timedelta(hours=1)) + lit(1).second, "INTERVAL '1:00:01' HOUR TO SECOND"),
    ],
)
def test_an_expression_is_what_its_sql_is(environment, expression, sql):
    table = environment.from_path("r")
    assert rows(table.select(expression)) == rows(environment.sql_query(f"SELECT {sql} FROM r"))


def test_aggregates(environment):
    table = environment.from_elements([(1, "a"), (2, "a"), (2, "b")], ["n", "k"])
    fields = [col("n").sum, col("n").count, col("n").min, col("n").max, col("n").avg, col("n").count.distinct]
    assert rows(table.select(*fields)) == [(5, 3, 1, 2, 1, 2)]
    grouped = table.group_by(col("k")).select(
        col("k"), col("n").sum.alias("s"), col("n").list_agg("-") if False else col("n").max
    )
    assert sorted(rows(grouped)) == [("a", 3, 2), ("b", 2, 2)]


def test_columns(environment):
    table = environment.from_path("r").select(col("n"), col("s"), col("x"))
    assert rows(table.add_columns((col("n") + 1).alias("next"))) == [(7, "flink sql", -2.5, 8)]
    assert rows(table.add_or_replace_columns((col("n") + 1).alias("n"), lit(1).alias("one"))) == [
        (8, "flink sql", -2.5, 1)
    ]
    assert [name for name, _ in table.rename_columns(col("n").alias("m"))._node.columns] == ["m", "s", "x"]
    assert rows(table.drop_columns(col("s"))) == [(7, -2.5)]
    assert rows(table.drop_columns(ex.with_columns(ex.range_("s", "x")))) == [(7,)]
    assert rows(table.select(ex.without_columns("s"), lit(1))) == [(7, -2.5, 1)]
    assert rows(table.select(ex.with_columns(3, "n"))) == [(-2.5, 7)]
    assert rows(table.select(ex.with_all_columns(), lit(1))) == [(7, "flink sql", -2.5, 1)]
    for wrong, said in [
        (lambda: table.add_columns(lit(1).alias("n")), "there is a column n already"),
        (lambda: table.rename_columns(col("q").alias("m")), "is none of the columns: n, s, x"),
        (lambda: table.rename_columns(col("n")), "takes columns with an alias"),
        (lambda: table.drop_columns(col("n"), col("s"), col("x")), "no column is left"),
        (lambda: table.select(ex.with_columns(9)), "there is no column 9"),
        (lambda: table.limit(-1), "fetch is a number from 0"),
    ]:
        with pytest.raises(GraphError, match=said):
            wrong()


def test_rows_in_order_and_parts_of_them(environment):
    table = environment.from_elements([(2, "a"), (1, "b"), (3, "a"), (1, "b")], ["n", "k"])
    assert rows(table.order_by(col("n").desc, col("k").asc)) == [(3, "a"), (2, "a"), (1, "b"), (1, "b")]
    assert rows(table.order_by(col("n")).offset(1).fetch(2)) == [(1, "b"), (2, "a")]
    assert rows(table.order_by(col("n")).limit(1)) == [(1, "b")]
    assert sorted(rows(table.distinct())) == [(1, "b"), (2, "a"), (3, "a")]


def test_fields_of_rows_become_columns(environment):
    table = environment.from_path("r").select(ex.row(col("n"), col("s")).alias("pair"))
    assert rows(table.select(col("pair").flatten)) == [(7, "flink sql")]
    assert rows(environment.sql_query("SELECT q.pair.*, 1 FROM (SELECT ROW(n, s) AS pair FROM r) AS q")) == [
        (7, "flink sql", 1)
    ]
