"""TO_CHANGELOG, FROM_CHANGELOG, and upserts on their way in and out."""

import pytest

from pyflinkx.common import Row, RowKind, Types
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import JobExecutionError, SqlError
from pyflinkx.table import ChangelogMode, Schema, StreamTableEnvironment

INSERT, BEFORE, AFTER, DELETE = RowKind.INSERT, RowKind.UPDATE_BEFORE, RowKind.UPDATE_AFTER, RowKind.DELETE
INFO = Types.ROW_NAMED(["k", "n"], [Types.STRING(), Types.INT()])


@pytest.fixture
def environment():
    return StreamTableEnvironment.create(StreamExecutionEnvironment.get_execution_environment().set_parallelism(1))


def changes(result):
    return [(str(row.get_row_kind()), *row) for row in result.collect()]


def rows(*given):
    made = []
    for kind, *values in given:
        row = Row(*values)
        row.set_row_kind(kind)
        made.append(row)
    return made


def view(environment, mode, *given):
    schema = Schema.new_builder().column("k", "STRING NOT NULL").column("n", "INT").primary_key("k").build()
    stream = environment._env.from_collection(rows(*given), INFO)
    environment.create_temporary_view("t", environment.from_changelog_stream(stream, schema, mode))


def test_changes_become_inserts_and_back(environment):
    given = [(INSERT, "a", 1), (INSERT, "b", 2), (BEFORE, "a", 1), (AFTER, "a", 3), (DELETE, "b", 2)]
    view(environment, ChangelogMode.all(), *given)
    found = changes(environment.execute_sql("SELECT * FROM TO_CHANGELOG(input => TABLE t)"))
    assert found == [("+I", kind.name, *values) for kind, *values in given]
    environment.execute_sql("CREATE TEMPORARY VIEW log AS SELECT * FROM TO_CHANGELOG(input => TABLE t)")
    back = changes(environment.execute_sql("SELECT * FROM FROM_CHANGELOG(input => TABLE log)"))
    assert back == [(str(kind), *values) for kind, *values in given]
    mapped = "op => DESCRIPTOR(gone), op_mapping => MAP['INSERT, UPDATE_AFTER', 'no', 'DELETE', 'yes']"
    found = changes(environment.execute_sql(f"SELECT * FROM TO_CHANGELOG(input => TABLE t PARTITION BY n, {mapped})"))
    assert found == [("+I", 1, "no", "a"), ("+I", 2, "no", "b"), ("+I", 3, "no", "a"), ("+I", 2, "yes", "b")]


def test_upserts_get_their_row_before(environment):
    view(environment, ChangelogMode.upsert(), (INSERT, "a", 1), (AFTER, "a", 3), (AFTER, "b", 2), (DELETE, "b", None))
    expected = [("+I", "a", 1), ("-U", "a", 1), ("+U", "a", 3), ("+I", "b", 2), ("-D", "b", 2)]
    assert changes(environment.execute_sql("SELECT * FROM t")) == expected
    keys = "SELECT * FROM TO_CHANGELOG(input => TABLE t, produces_full_deletes => FALSE)"
    assert changes(environment.execute_sql(keys))[-1] == ("+I", "DELETE", "b", None)


def test_codes_that_are_not_known(environment):
    environment.execute_sql(
        "CREATE TEMPORARY VIEW log AS VALUES ('INSERT', 1), ('other', 2), (CAST(NULL AS STRING), 3)"
    )
    query = "SELECT * FROM FROM_CHANGELOG(input => TABLE log, op => DESCRIPTOR(`EXPR$0`)"
    with pytest.raises(JobExecutionError, match="says 'other', which op_mapping does not know"):
        changes(environment.execute_sql(f"{query})"))
    assert changes(environment.execute_sql(f"{query}, error_handling => 'SKIP')")) == [("+I", 1)]
    upserts = f"{query}, op_mapping => MAP['INSERT', 'UPDATE_AFTER']"
    with pytest.raises(SqlError, match="need PARTITION BY"):
        environment.execute_sql(f"{upserts})")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("TO_CHANGELOG(input => TABLE t, op => DESCRIPTOR(a, b))", "of one column"),
        ("TO_CHANGELOG(input => TABLE t, op => DESCRIPTOR(n))", "the table has a column n"),
        ("TO_CHANGELOG(input => TABLE t, op_mapping => MAP['INSERT, DELETE', 'A', 'DELETE', 'B'])", "says twice"),
        ("TO_CHANGELOG(input => TABLE t, op_mapping => MAP['ADD', 'A'])", "there is no kind ADD"),
        ("TO_CHANGELOG(TABLE t, other => 1)", "there is no such argument"),
        ("FROM_CHANGELOG(input => TABLE t)", "takes a table of inserts"),
    ],
)
def test_calls_that_do_not_fit(environment, call, said):
    view(environment, ChangelogMode.all(), (INSERT, "a", 1))
    with pytest.raises(SqlError, match=said):
        environment.sql_query(f"SELECT * FROM {call}")
