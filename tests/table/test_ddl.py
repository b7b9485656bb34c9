"""CREATE, DROP, ALTER, SHOW and DESCRIBE."""

import pytest

from pyflinkx.errors import ConfigurationError, SqlError
from pyflinkx.table import DataTypes, EnvironmentSettings, Schema, TableDescriptor, TableEnvironment
from pyflinkx.table.catalog import ObjectPath


@pytest.fixture
def environment():
    return TableEnvironment.create(EnvironmentSettings.in_streaming_mode())


def rows(result):
    return [tuple(row) for row in result.collect()]


ORDERS = """CREATE TABLE orders (
  id BIGINT NOT NULL COMMENT 'the number',
  price DECIMAL(10, 2),
  doubled AS price * 2,
  `at` TIMESTAMP(3),
  `path` STRING METADATA FROM 'file.path' VIRTUAL,
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND,
  PRIMARY KEY (id) NOT ENFORCED
) COMMENT 'what was bought' WITH ('connector' = 'filesystem', 'path' = '/nowhere', 'format' = 'json')"""


def test_a_table_is_described(environment):
    environment.execute_sql(ORDERS)
    assert rows(environment.execute_sql("DESCRIBE orders")) == [
        ("id", "BIGINT", False, "PRI(id)", None, None, "the number"),
        ("price", "DECIMAL(10, 2)", True, None, None, None, None),
        ("doubled", "DECIMAL(21, 2)", True, None, "AS price * 2", None, None),
        ("at", "TIMESTAMP(3) *ROWTIME*", True, None, None, "`at` - INTERVAL '5' SECOND", None),
        ("path", "STRING", True, None, "METADATA FROM 'file.path' VIRTUAL", None, None),
    ]
    ((shown,),) = rows(environment.execute_sql("SHOW CREATE TABLE orders"))
    environment.execute_sql("DROP TABLE orders")
    environment.execute_sql(shown)
    assert rows(environment.execute_sql("SHOW CREATE TABLE orders")) == [(shown,)]
    assert rows(environment.execute_sql("SHOW COLUMNS FROM orders LIKE '%x_'")) == []
    assert [row[0] for row in rows(environment.execute_sql("SHOW COLUMNS IN orders LIKE 'p%'"))] == ["price", "path"]


def test_catalogs_and_databases(environment):
    environment.execute_sql("CREATE CATALOG other WITH ('type' = 'generic_in_memory')")
    environment.execute_sql("CREATE DATABASE other.shop COMMENT 'goods' WITH ('owner' = 'me')")
    assert rows(environment.execute_sql("SHOW DATABASES FROM other")) == [("default",), ("shop",)]
    assert rows(environment.execute_sql("DESCRIBE DATABASE EXTENDED other.shop")) == [
        ("name", "shop"),
        ("comment", "goods"),
        ("option:owner", "me"),
    ]
    environment.execute_sql("CREATE TABLE other.shop.t (a INT) WITH ('connector' = 'print')")
    environment.execute_sql("USE CATALOG other")
    assert environment.get_current_database() == "default"
    environment.execute_sql("USE shop")
    assert environment.list_tables() == ["t"]
    assert rows(environment.execute_sql("SHOW CURRENT CATALOG")) == [("other",)]
    with pytest.raises(SqlError, match="is in use"):
        environment.execute_sql("DROP DATABASE shop CASCADE")
    environment.execute_sql("USE CATALOG default_catalog")
    with pytest.raises(SqlError, match="is not empty: CASCADE"):
        environment.execute_sql("DROP DATABASE other.shop")
    environment.execute_sql("DROP DATABASE other.shop CASCADE")
    environment.execute_sql("DROP CATALOG other")
    environment.execute_sql("DROP CATALOG IF EXISTS other")
    with pytest.raises(SqlError, match="there is no catalog othr"):
        environment.use_catalog("othr")
    with pytest.raises(SqlError, match="there is no catalog of type 'hive'; there is 'generic_in_memory'"):
        environment.execute_sql("CREATE CATALOG h WITH ('type' = 'hive')")


def test_a_temporary_table_is_before_another_one(environment):
    environment.execute_sql("CREATE TABLE t (a INT) WITH ('connector' = 'print')")
    environment.execute_sql("CREATE TEMPORARY TABLE t (b INT) WITH ('connector' = 'print')")
    assert [row[0] for row in rows(environment.execute_sql("DESCRIBE t"))] == ["b"]
    with pytest.raises(SqlError, match="DROP TEMPORARY TABLE comes first"):
        environment.execute_sql("DROP TABLE t")
    assert environment.list_temporary_tables() == ["t"]
    environment.execute_sql("DROP TEMPORARY TABLE t")
    assert [row[0] for row in rows(environment.execute_sql("DESCRIBE t"))] == ["a"]
    assert environment.drop_table("t")
    assert not environment.drop_table("t")
    with pytest.raises(SqlError, match="there is no table"):
        environment.drop_table("t", False)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("ADD (c STRING FIRST, d AS b + 1 AFTER a)", ["c", "a", "d", "b"]),
        ("MODIFY b STRING FIRST", ["b", "a"]),
        ("RENAME b TO e", ["a", "e"]),
        ("DROP b", ["a"]),
    ],
)
def test_columns_are_changed(environment, change, expected):
    environment.execute_sql("CREATE TABLE t (a INT, b INT) WITH ('connector' = 'print')")
    environment.execute_sql(f"ALTER TABLE t {change}")
    assert [row[0] for row in rows(environment.execute_sql("DESCRIBE t"))] == expected


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ADD a STRING", "there is a column a already: MODIFY"),
        ("MODIFY x STRING", "there is no column x"),
        ("DROP a", "column a is needed by column c"),
        ("RENAME a TO x", "column a is needed by column c"),
        ("DROP b", "column b is needed by the primary key"),
        ("DROP WATERMARK", "the table has no watermark"),
        ("ADD PRIMARY KEY (a) NOT ENFORCED", "has a primary key already"),
        ("RESET ('connector')", "the option 'connector' stays"),
    ],
)
def test_changes_that_do_not_fit(environment, change, said):
    environment.execute_sql(
        "CREATE TABLE t (a INT, b INT PRIMARY KEY NOT ENFORCED, c AS a + 1) WITH ('connector' = 'x')"
    )
    with pytest.raises(SqlError, match=said):
        environment.execute_sql(f"ALTER TABLE t {change}")


def test_tables_like_others(environment):
    environment.execute_sql(ORDERS)
    environment.execute_sql(
        "CREATE TABLE b (extra INT) WITH ('path' = '/elsewhere') LIKE orders (EXCLUDING WATERMARKS)"
    )
    described = rows(environment.execute_sql("DESCRIBE b"))
    assert [row[0] for row in described] == ["id", "price", "doubled", "at", "path", "extra"]
    assert not any(row[5] for row in described)
    catalog = environment.get_catalog("default_catalog")
    assert catalog.get_table(ObjectPath("default_database", "b")).get_options()["path"] == "/elsewhere"
    with pytest.raises(SqlError, match="both tables have the option 'path'"):
        environment.execute_sql("CREATE TABLE c WITH ('path' = 'x') LIKE orders (INCLUDING OPTIONS)")
    with pytest.raises(SqlError, match="both tables have a column id"):
        environment.execute_sql("CREATE TABLE c (id INT) LIKE orders")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE TABLE t (a INT, a INT)", "there is a column a already"),
        ("CREATE TABLE t (a INT, PRIMARY KEY (b) NOT ENFORCED)", "the primary key has no column b"),
        ("CREATE TABLE t (a INT PRIMARY KEY)", "PRIMARY KEY NOT ENFORCED"),
        ("CREATE TABLE t (a INT, WATERMARK FOR b AS b)", "there is no column b"),
        ("CREATE TABLE t (a INT) PARTITIONED BY (b)", "PARTITIONED BY: there is no column b"),
        ("CREATE TABLE t (a INTT)", "there is no type INTT; did you mean INT"),
    ],
)
def test_tables_that_cannot_be(environment, statement, said):
    with pytest.raises(SqlError, match=said):
        environment.execute_sql(f"{statement} WITH ('connector' = 'print')")


def test_options_are_known(environment):
    environment.execute_sql("CREATE TABLE t (a INT) WITH ('connector' = 'datagen', 'rows-per-secnd' = '1')")
    with pytest.raises(ConfigurationError, match="there is no option 'rows-per-secnd'; did you mean 'rows-per-second'"):
        environment.from_path("t")
    environment.execute_sql("ALTER TABLE t RESET ('rows-per-secnd')")
    environment.execute_sql("ALTER TABLE t SET ('rows-per-second' = 'many')")
    with pytest.raises(ConfigurationError, match="option 'rows-per-second' is a whole number of 64 bits, not 'many'"):
        environment.from_path("t")
    environment.execute_sql("CREATE TABLE u (a INT) WITH ('connector' = 'datagn')")
    with pytest.raises(ConfigurationError, match="there is no connector 'datagn'; did you mean 'datagen'"):
        environment.from_path("u")
    environment.execute_sql("CREATE TABLE v (a INT) WITH ('connector' = 'filesystem', 'path' = '/x', 'format' = 'jsn')")
    with pytest.raises(ConfigurationError, match="there is no format 'jsn'; did you mean 'json'"):
        environment.from_path("v")
    environment.execute_sql("CREATE TABLE w (a INT) WITH ('connector' = 'filesystem', 'format' = 'json')")
    with pytest.raises(ConfigurationError, match="option 'path' is missing: the file, or the folder of files"):
        environment.from_path("w")
    environment.execute_sql("CREATE TABLE p (a INT) WITH ('connector' = 'print')")
    with pytest.raises(ConfigurationError, match="the connector 'print' can only be written to"):
        environment.from_path("p")


def test_descriptors(environment):
    schema = Schema.new_builder().column("a", DataTypes.INT()).column_by_expression("b", "a + 1").build()
    descriptor = TableDescriptor.for_connector("datagen").schema(schema).option("number-of-rows", 2).build()
    environment.create_table("t", descriptor)
    environment.create_temporary_table("u", descriptor)
    assert environment.list_tables() == ["t", "u"]
    assert all(b == a + 1 for a, b in rows(environment.from_path("t").execute()))
    assert len(rows(environment.from_descriptor(descriptor).execute())) == 2
    with pytest.raises(SqlError, match="already"):
        environment.create_table("t", descriptor)
    environment.create_table("t", descriptor, True)
    assert str(environment.get_catalog("default_catalog").get_table(ObjectPath("default_database", "t"))
               .get_unresolved_schema()) == str(schema)  # fmt: skip


def test_options_of_the_job(environment):
    environment.execute_sql("SET 'parallelism.default' = '3'")
    assert ("'parallelism.default' = '3'",) in rows(environment.execute_sql("SET"))
    environment.execute_sql("RESET 'parallelism.default'")
    assert "parallelism.default" not in environment.get_config().to_map()
    environment.get_config().set_local_timezone("Europe/Berlin")
    assert environment.get_config().get_local_timezone() == "Europe/Berlin"
    with pytest.raises(ValueError, match="there is no time zone"):
        environment.get_config().set_local_timezone("Nowhere")
