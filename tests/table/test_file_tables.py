"""Files of tables: formats, partitions, and what is known of files."""

import datetime
from decimal import Decimal

import pytest

from pyflinkx.errors import ConfigurationError, JobExecutionError, SourceError, SqlError
from pyflinkx.table import EnvironmentSettings, TableEnvironment


@pytest.fixture
def environment():
    return TableEnvironment.create(EnvironmentSettings.in_batch_mode())


def rows(result):
    return sorted(tuple(row) for row in result.collect())


COLUMNS = "id BIGINT, city STRING, fare DECIMAL(8, 2), started TIMESTAMP(3), dy DATE"
VALUES = (
    "(1, 'Oslo', 12.5, TIMESTAMP '2024-01-01 08:00:00.25', DATE '2024-01-01'), "
    "(2, 'Rome', 7.25, CAST(NULL AS TIMESTAMP(3)), DATE '2024-01-02'), "
    "(3, 'Oslo', CAST(NULL AS DECIMAL(8, 2)), TIMESTAMP '2024-01-01 09:00:00', DATE '2024-01-02')"
)
EXPECTED = [
    (1, "Oslo", Decimal("12.50"), datetime.datetime(2024, 1, 1, 8, 0, 0, 250_000), datetime.date(2024, 1, 1)),
    (2, "Rome", Decimal("7.25"), None, datetime.date(2024, 1, 2)),
    (3, "Oslo", None, datetime.datetime(2024, 1, 1, 9), datetime.date(2024, 1, 2)),
]


def create(environment, path, format, partitions="", name="t", columns=COLUMNS, **more):
    options = {"connector": "filesystem", "path": str(path), "format": format, **more}
    told = ", ".join(f"'{key}' = '{value}'" for key, value in options.items())
    environment.execute_sql(f"CREATE TABLE {name} ({columns}) {partitions} WITH ({told})")


@pytest.mark.parametrize("format", ["json", "csv", "parquet", "orc", "avro"])
@pytest.mark.parametrize("partitions", ["", "PARTITIONED BY (city, dy)"])
def test_rows_go_there_and_back(environment, tmp_path, format, partitions):
    if format in ("parquet", "orc"):
        pytest.importorskip("pyarrow")
    if format == "avro":
        pytest.importorskip("fastavro")
    create(environment, tmp_path / "t", format, partitions)
    environment.execute_sql(f"INSERT INTO t VALUES {VALUES}").wait()
    assert rows(environment.execute_sql("SELECT * FROM t WHERE id = 1")) == EXPECTED[:1]
    found = environment.execute_sql("SELECT city, id FROM t")
    assert rows(found) == [("Oslo", 1), ("Oslo", 3), ("Rome", 2)]
    if partitions:
        named = [row[0] for row in environment.execute_sql("SHOW PARTITIONS t").collect()]
        assert named == ["city=Oslo/dy=2024-01-01", "city=Oslo/dy=2024-01-02", "city=Rome/dy=2024-01-02"]


def test_static_partitions_and_nulls(environment, tmp_path):
    create(environment, tmp_path / "t", "json", "PARTITIONED BY (city)", columns="id INT, city STRING")
    environment.execute_sql("INSERT INTO t PARTITION (city = 'a/b=c') SELECT 1").wait()
    environment.execute_sql("INSERT INTO t VALUES (2, CAST(NULL AS STRING))").wait()
    assert rows(environment.execute_sql("SELECT id, city FROM t WHERE city IS NOT NULL")) == [(1, "a/b=c")]
    assert rows(environment.execute_sql("SELECT id FROM t WHERE city IS NULL")) == [(2,)]
    assert {folder.name for folder in (tmp_path / "t").iterdir()} == {"city=a%2Fb%3Dc", "city=__DEFAULT_PARTITION__"}


def test_what_is_known_of_files(environment, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("1\n2\n")
    create(
        environment,
        path,
        "csv",
        columns="n INT, name STRING METADATA FROM 'file.name', `file.size` BIGINT METADATA, "
        "at_time TIMESTAMP_LTZ(3) METADATA FROM 'file.modification-time', p STRING METADATA FROM 'file.path' VIRTUAL",
    )
    found = rows(environment.execute_sql("SELECT n, name, `file.size`, p FROM t"))
    assert found == [(1, "in.csv", 4, str(path)), (2, "in.csv", 4, str(path))]


def test_raw(environment, tmp_path):
    path = tmp_path / "in.log"
    path.write_text("a,b\n\nc\n")
    create(environment, path, "raw", columns="line STRING")
    assert rows(environment.execute_sql("SELECT line FROM t")) == [("",), ("a,b",), ("c",)]
    create(environment, tmp_path / "out", "raw", name="o", columns="line STRING")
    environment.execute_sql("INSERT INTO o VALUES ('x'), ('y')").wait()
    assert rows(environment.execute_sql("SELECT line FROM o")) == [("x",), ("y",)]
    create(environment, path, "raw", name="two", columns="a STRING, b STRING")
    with pytest.raises(ConfigurationError, match="the format 'raw' is of one column"):
        environment.from_path("two")


def test_files_in_no_partition(environment, tmp_path):
    (tmp_path / "in.csv").write_text("1\n")
    create(environment, tmp_path, "csv", "PARTITIONED BY (k)", columns="n INT, k INT")
    with pytest.raises((SourceError, JobExecutionError), match="the file is in no folder k="):
        rows(environment.execute_sql("SELECT * FROM t"))
    create(environment, tmp_path, "csv", "PARTITIONED BY (k)", name="u", columns="k INT")
    with pytest.raises((ConfigurationError, SqlError), match="all columns are in PARTITIONED BY"):
        environment.from_path("u")


def test_new_files_are_read(tmp_path):
    environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text("1\n")
    create(environment, folder, "csv", columns="n INT", **{"source.monitor-interval": "10 ms"})
    with environment.execute_sql("SELECT n FROM t").collect() as found:
        assert next(found)[0] == 1
        (tmp_path / "b.csv").write_text("2\n")
        (tmp_path / "b.csv").rename(folder / "b.csv")
        assert next(found)[0] == 2


def test_a_watermark_behind_each_row(tmp_path):
    environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    path = tmp_path / "in.csv"
    path.write_text("1,2024-01-01 00:00:01\n2,2024-01-01 00:00:03\n3,2024-01-01 00:00:02\n4,2024-01-01 00:00:04\n")
    columns = "n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts"
    create(environment, path, "csv", columns=columns, **{"scan.watermark.emit.strategy": "on-event"})
    query = "SELECT n, EXTRACT(SECOND FROM CURRENT_WATERMARK(ts)) FROM t"
    assert rows(environment.execute_sql(query))[1:] == [(2, 1), (3, 3), (4, 3)]
    create(environment, path, "csv", name="u", columns=columns)
    assert len(rows(environment.execute_sql("SELECT n FROM u"))) == 4
