"""Between streams of the DataStream API and tables."""

import datetime
from decimal import Decimal

import pytest

from pyflinkx.common import Instant, Row, RowKind, Types, WatermarkStrategy
from pyflinkx.common.watermark_strategy import TimestampAssigner
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import GraphError, JobExecutionError, SqlError
from pyflinkx.table import ChangelogMode, DataTypes, Schema, StreamTableEnvironment
from pyflinkx.table.expressions import col


@pytest.fixture
def program():
    return StreamExecutionEnvironment.get_execution_environment().set_parallelism(1)


@pytest.fixture
def environment(program):
    return StreamTableEnvironment.create(program)


def rows(result):
    return [tuple(row) for row in result.collect()]


def changes(result):
    return [(str(row.get_row_kind()), *row) for row in result.collect()]


class FirstField(TimestampAssigner):
    def extract_timestamp(self, value, record_timestamp):
        return value[0]


def test_records_become_rows(environment, program):
    info = Types.ROW_NAMED(
        ["n", "d", "at", "l"], [Types.LONG(), Types.BIG_DEC(), Types.INSTANT(), Types.LIST(Types.STRING())]
    )
    stream = program.from_collection([Row(1, Decimal("1.5"), Instant.of_epoch_milli(5), ["a"])], info)
    table = environment.from_data_stream(stream)
    assert [str(kind) for _, kind in table._node.columns] == [
        "BIGINT", "DECIMAL(38, 18)", "TIMESTAMP_LTZ(9)", "ARRAY<STRING>",
    ]  # fmt: skip
    ((n, d, at, elements),) = rows(table.execute())
    assert (n, d, elements) == (1, Decimal("1.5"), ["a"])
    assert at == datetime.datetime(1970, 1, 1, 0, 0, 0, 5000, datetime.timezone.utc)
    schema = Schema.new_builder().column("d", "DECIMAL(3, 1)").column("n", DataTypes.INT()).build()
    assert rows(environment.from_data_stream(stream, schema).execute()) == [(Decimal("1.5"), 1)]
    with pytest.raises(SqlError, match="the records have no field m"):
        environment.from_data_stream(stream, Schema.new_builder().column("m", "INT").build())


def test_values_that_are_no_rows_are_one_column(environment, program):
    numbers = program.from_collection([1, 2, 3], Types.INT()).map(lambda n: n * n, Types.INT())
    environment.create_temporary_view("squares", numbers)
    assert rows(environment.execute_sql("SELECT f0 FROM squares WHERE f0 > 1")) == [(4,), (9,)]


def test_columns_are_named(environment, program):
    info = Types.ROW([Types.INT(), Types.STRING()])
    stream = program.from_collection([(1, "a")], info)
    assert rows(environment.from_data_stream(stream, col("x"), col("y")).select(col("y"), col("x")).execute()) == [
        ("a", 1)
    ]
    named = program.from_collection([Row(1, "a")], Types.ROW_NAMED(["i", "s"], [Types.INT(), Types.STRING()]))
    assert rows(environment.from_data_stream(named, col("s"), col("i").alias("j")).execute()) == [("a", 1)]
    schema = Schema.new_builder().column("x", "INT").column("y", "STRING").build()
    assert rows(environment.from_data_stream(stream, schema).execute()) == [(1, "a")]


def test_event_time_goes_there_and_back(environment, program):
    info = Types.ROW_NAMED(["t", "v"], [Types.LONG(), Types.INT()])
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(FirstField())
    stream = program.from_collection([Row(1000, 1), Row(2000, 2)], info).assign_timestamps_and_watermarks(strategy)
    schema = (
        Schema.new_builder()
        .column("v", "INT")
        .column_by_metadata("rowtime", "TIMESTAMP_LTZ(3)")
        .column_by_expression("w", "v * 2")
        .watermark("rowtime", "SOURCE_WATERMARK()")
        .build()
    )
    table = environment.from_data_stream(stream, schema)
    assert str(dict(table._node.columns)["rowtime"]) == "TIMESTAMP_LTZ(3) *ROWTIME*"
    assert [(v, w) for v, _, w in rows(table.execute())] == [(1, 2), (2, 4)]

    from pyflinkx.datastream.functions import ProcessFunction

    class Times(ProcessFunction):
        def process_element(self, value, ctx):
            yield value.w, ctx.timestamp()

    found = environment.to_data_stream(table).process(Times())
    assert list(found.execute_and_collect()) == [(2, 1000), (4, 2000)]


def changed(*rows_of_kinds):
    made = []
    for kind, *values in rows_of_kinds:
        row = Row(*values)
        row.set_row_kind(kind)
        made.append(row)
    return made


CHANGES = changed(
    (RowKind.INSERT, "a", 1), (RowKind.UPDATE_BEFORE, "a", 1), (RowKind.UPDATE_AFTER, "a", 2), (RowKind.DELETE, "a", 2)
)
INFO = Types.ROW_NAMED(["k", "n"], [Types.STRING(), Types.INT()])


def test_changes_go_there_and_back(environment, program):
    stream = program.from_collection(CHANGES, INFO)
    table = environment.from_changelog_stream(stream)
    assert changes(table.execute()) == [("+I", "a", 1), ("-U", "a", 1), ("+U", "a", 2), ("-D", "a", 2)]
    assert table.to_pandas().empty
    back = environment.to_changelog_stream(table).map(lambda row: (str(row.get_row_kind()), row.n))
    assert list(back.execute_and_collect()) == [("+I", 1), ("-U", 1), ("+U", 2), ("-D", 2)]
    key = Schema.new_builder().column("k", "STRING NOT NULL").column("n", "INT").primary_key("k").build()
    upserts = environment.from_changelog_stream(stream, key, ChangelogMode.all())
    kept = environment.to_changelog_stream(upserts, None, ChangelogMode.upsert())
    assert [str(row.get_row_kind()) for row in kept.execute_and_collect()] == ["+I", "+U", "-D"]
    with pytest.raises(SqlError, match=r"to_data_stream\(\) takes a table of inserts, .* gives updates and deletes"):
        environment.to_data_stream(table)
    pairs = environment.to_retract_stream(table, Types.ROW([Types.STRING(), Types.INT()]))
    assert [there for there, _ in pairs.execute_and_collect()] == [True, False, True, False]


def test_a_table_of_inserts_refuses_changes(environment, program):
    table = environment.from_data_stream(program.from_collection(CHANGES, INFO))
    with pytest.raises(JobExecutionError, match=r"a row of kind UPDATE_BEFORE: from_changelog_stream\(\) makes"):
        rows(table.execute())


def test_appended_records(environment):
    table = environment.from_elements([(1, "a")], ["n", "s"])
    records = environment.to_append_stream(table, Types.TUPLE([Types.LONG(), Types.STRING()]))
    assert list(records.execute_and_collect()) == [(1, "a")]


def test_a_statement_set_is_a_part_of_the_program(environment, program, capsys):
    environment.execute_sql("CREATE TABLE shown (n BIGINT) WITH ('connector' = 'print')")
    statements = environment.create_statement_set()
    statements.add_insert("shown", environment.from_elements([(1,)], ["n"])).attach_as_datastream()
    program.from_collection([2]).print()
    program.execute()
    assert sorted(capsys.readouterr().out.split()) == ["+I[1]", "2"]


def test_a_view_of_sql_is_bound_anew(environment):
    environment.execute_sql("CREATE VIEW v AS SELECT 1 AS a")
    environment.execute_sql("CREATE VIEW w (b) AS SELECT a + 1 FROM v")
    assert rows(environment.execute_sql("SELECT b FROM w")) == [(2,)]
    environment.execute_sql("ALTER VIEW v AS SELECT 10 AS a")
    assert rows(environment.execute_sql("SELECT b FROM w")) == [(11,)]
    assert rows(environment.execute_sql("SHOW VIEWS")) == [("v",), ("w",)]
    ((shown,),) = rows(environment.execute_sql("SHOW CREATE VIEW w"))
    environment.execute_sql("DROP VIEW w")
    environment.execute_sql(shown)
    assert rows(environment.execute_sql("SELECT b FROM w")) == [(11,)]


def test_other_libraries(environment):
    import pandas
    import pyarrow

    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None], "t": pandas.to_datetime(["2024-01-01", "2024-01-02"])})
    table = environment.from_pandas(frame)
    assert rows(table.select(col("a"), col("b")).execute()) == [(1, "x"), (2, None)]
    assert environment.from_pandas(frame, ["i", "j", "k"]).get_schema().get_field_names() == ["i", "j", "k"]
    typed = environment.from_pandas(frame[["a"]], DataTypes.ROW([DataTypes.FIELD("a", DataTypes.TINYINT())]))
    assert str(typed._node.columns[0][1]) == "TINYINT"
    assert table.to_pandas()["a"].tolist() == [1, 2]
    arrow = pyarrow.table({"n": pyarrow.array([1, None], pyarrow.uint8()), "l": [[1], []]})
    assert environment.from_arrow(arrow).to_arrow().to_pylist() == [{"n": 1, "l": [1]}, {"n": None, "l": []}]
    assert environment.from_arrow(arrow.slice(0, 0)).to_arrow().num_rows == 0
    with pytest.raises(GraphError, match="takes a Table or a DataStream"):
        environment.create_temporary_view("v", frame)


def test_names_of_tables_in_sql(environment):
    table = environment.from_elements([(1,), (2,)], ["a"])
    assert rows(environment.sql_query(f"SELECT a + 1 FROM {table} WHERE a > 1").execute()) == [(3,)]
