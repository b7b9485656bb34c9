"""Tables in databases."""

import datetime
import sqlite3
from decimal import Decimal

import pytest

from pyflinkx.common import Row, RowKind, Types
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import ConfigurationError, SqlError
from pyflinkx.table import StreamTableEnvironment


@pytest.fixture
def program():
    return StreamExecutionEnvironment.get_execution_environment().set_parallelism(1)


@pytest.fixture
def environment(program):
    return StreamTableEnvironment.create(program)


def rows(result):
    return [tuple(row) for row in result.collect()]


COLUMNS = "id INT, b BOOLEAN, n DECIMAL(8, 2), s STRING, d DATE, ts TIMESTAMP(3), u TIMESTAMP_LTZ(3), data BYTES"


def test_rows_go_there_and_back(environment, tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE items (id, b, n, s, d, ts, u, data)")
    options = f"WITH ('connector' = 'jdbc', 'url' = 'jdbc:sqlite:{path}', 'table-name' = 'items')"
    environment.execute_sql(f"CREATE TABLE items ({COLUMNS}) {options}")
    environment.execute_sql(
        "INSERT INTO items (id, b, n, s, d, ts, data) VALUES (1, TRUE, 1.5, 'x', DATE '2024-01-02', "
        "TIMESTAMP '2024-01-02 03:04:05.678', X'00ff')"
    ).wait()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO items (id, u) VALUES (2, '1970-01-01 00:00:01')")
    first, second = rows(environment.execute_sql("SELECT * FROM items"))
    assert first == (1, True, Decimal("1.50"), "x", datetime.date(2024, 1, 2),
                     datetime.datetime(2024, 1, 2, 3, 4, 5, 678000), None, b"\x00\xff")  # fmt: skip
    assert second[0] == 2
    assert second[6].timestamp() == 1


def test_rows_replace_one_another(environment, program, tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE stock (item TEXT PRIMARY KEY, n INT)")
    options = f"WITH ('connector' = 'jdbc', 'url' = 'jdbc:sqlite:{path}', 'table-name' = 'stock')"
    environment.execute_sql(f"CREATE TABLE stock (item STRING, n INT, PRIMARY KEY (item) NOT ENFORCED) {options}")
    environment.execute_sql(f"CREATE TABLE added (item STRING, n INT) {options}")
    changes = []
    for kind, item, n in [
        (RowKind.INSERT, "a", 1), (RowKind.INSERT, "b", 2), (RowKind.UPDATE_BEFORE, "a", 1),
        (RowKind.UPDATE_AFTER, "a", 3), (RowKind.DELETE, "b", 2),
    ]:  # fmt: skip
        row = Row(item, n)
        row.set_row_kind(kind)
        changes.append(row)
    info = Types.ROW_NAMED(["item", "n"], [Types.STRING(), Types.INT()])
    table = environment.from_changelog_stream(program.from_collection(changes, info))
    table.execute_insert("stock").wait()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT * FROM stock").fetchall() == [("a", 3)]
    with pytest.raises(SqlError, match="takes inserts only, and Scan"):
        table.execute_insert("added")


def test_reading_in_parts(environment, tmp_path):
    path = tmp_path / "numbers.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE numbers (n INT)")
        connection.executemany("INSERT INTO numbers VALUES (?)", [(n,) for n in range(10)])
    options = f"'connector' = 'jdbc', 'url' = 'jdbc:sqlite:{path}', 'table-name' = 'numbers'"
    parts = "'scan.partition.column' = 'n', 'scan.partition.num' = '3', 'scan.partition.lower-bound' = '2'"
    environment.execute_sql(
        f"CREATE TABLE numbers (n BIGINT) WITH ({options}, {parts}, 'scan.partition.upper-bound' = '8')"
    )
    assert sorted(rows(environment.execute_sql("SELECT n FROM numbers"))) == [(n,) for n in range(2, 9)]
    environment.execute_sql(f"CREATE TABLE parts (n BIGINT) WITH ({options}, {parts})")
    with pytest.raises(ConfigurationError, match="are given together"):
        environment.from_path("parts").execute()
