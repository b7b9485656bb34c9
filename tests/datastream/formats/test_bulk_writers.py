"""Bulk writers of Parquet, ORC, Arrow and CSV, held to pyarrow's and DuckDB's readers."""

import dataclasses
import datetime
import decimal
import io
import os
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.common import Configuration, Row, Types, WatermarkStrategy
from pyflinkx.connectors.files.arrow_sink import ArrowWriterFactory
from pyflinkx.connectors.files.bulk import BulkStream
from pyflinkx.connectors.files.orc_sink import OrcWriterFactory
from pyflinkx.connectors.files.parquet import ParquetSource
from pyflinkx.connectors.files.parquet_sink import ParquetWriterFactory
from pyflinkx.datastream import col
from pyflinkx.datastream.connectors.file_system import (
    BucketAssigner,
    CheckpointRollingPolicy,
    FileSink,
    FileSource,
    OutputFileConfig,
)
from pyflinkx.datastream.formats.csv import CsvBulkWriters, CsvReaderFormat, CsvSchema
from pyflinkx.datastream.formats.orc import OrcBulkWriters
from pyflinkx.datastream.formats.parquet import ParquetBulkWriters, ParquetColumnarRowInputFormat
from pyflinkx.errors import ConfigurationError, SinkError
from pyflinkx.table import DataTypes
from tests.core.arrow_tables import record_batches

FACTORIES = {
    "parquet": (ParquetWriterFactory, lambda data: pq.read_table(io.BytesIO(data))),
    "orc": (OrcWriterFactory, lambda data: orc.read_table(io.BytesIO(data))),
    "arrow": (ArrowWriterFactory, lambda data: ipc.open_file(data).read_all()),
    "stream": (
        lambda row_type: ArrowWriterFactory(row_type, stream_format=True),
        lambda data: ipc.open_stream(data).read_all(),
    ),
}
ROW = DataTypes.ROW(
    [
        DataTypes.FIELD("id", DataTypes.BIGINT().not_null()),
        DataTypes.FIELD("name", DataTypes.STRING()),
        DataTypes.FIELD("fare", DataTypes.DECIMAL(10, 2)),
        DataTypes.FIELD("at", DataTypes.TIMESTAMP(3)),
        DataTypes.FIELD("day", DataTypes.DATE()),
        DataTypes.FIELD("tags", DataTypes.ARRAY(DataTypes.STRING())),
        DataTypes.FIELD("more", DataTypes.MAP(DataTypes.STRING(), DataTypes.INT())),
        DataTypes.FIELD("in", DataTypes.ROW([DataTypes.FIELD("x", DataTypes.DOUBLE())])),
    ]
)
RECORDS = [
    Row(
        number,
        None if number % 5 == 0 else f"n{number}",
        decimal.Decimal(number) / 4,
        datetime.datetime(2024, 1, 1) + datetime.timedelta(milliseconds=number),
        datetime.date(2024, 1, 1 + number % 28),
        [f"t{n}" for n in range(number % 3)],
        {"k": number},
        Row(number / 2),
    )
    for number in range(50)
]
COLUMNS = [field.name for field in ROW]


@pytest.fixture(params=FACTORIES)
def kind(request):
    return request.param


def written(factory, *given):
    """The bytes of a file with records and batches of columns."""
    file = io.BytesIO()
    writer = factory.create(BulkStream(file))
    for one in given:
        if isinstance(one, pa.RecordBatch):
            writer.add_columns(ColumnBatch.from_arrow(one))
        else:
            writer.add_element(one)
    writer.finish()
    return file.getvalue()


def plain(value):
    if isinstance(value, Row):
        return {name: plain(part) for name, part in zip(getattr(value, "_fields", ["x"]), value, strict=True)}
    return value


def expected():
    return [dict(zip(COLUMNS, map(plain, record), strict=True)) for record in RECORDS]


def test_rows(kind):
    make, read = FACTORIES[kind]
    table = read(written(make(ROW), *RECORDS))
    assert table.to_pylist(maps_as_pydicts="strict") == expected()


def test_duckdb_reads_the_same(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(written(ParquetWriterFactory(ROW, compression="zstd", group_rows=7), *RECORDS))
    assert pq.ParquetFile(path).num_row_groups == 8
    found = duckdb.sql(f"select id, name, fare, \"at\", day, tags, more['k'], \"in\".x from '{path}'").fetchall()
    assert found == [(*record[:6], record[0], record[0] / 2) for record in map(list, RECORDS)]


def test_a_file_without_rows_has_its_columns(kind):
    make, read = FACTORIES[kind]
    table = read(written(make(ROW)))
    assert (len(table), table.schema.names) == (0, COLUMNS)


def test_slices_of_structs():
    kind = pa.struct([("f0", pa.list_(pa.bool_()))])
    batch = pa.RecordBatch.from_arrays([pa.array([None] * 3 + [{"f0": None}, {"f0": [True, None]}], kind)], ["c0"])
    for make, read in FACTORIES.values():
        data = written(make(None), batch.slice(0, 1), batch.slice(1, 4))
        assert read(data).to_pylist() == batch.to_pylist()


@settings(max_examples=40)
@given(batch=record_batches(max_rows=20, encoded=False), cuts=st.lists(st.integers(0, 20), max_size=3))
def test_columns_of_any_type(batch, cuts):
    ends = sorted({0, batch.num_rows, *(cut for cut in cuts if cut < batch.num_rows)})
    parts = [batch.slice(start, end - start) for start, end in pairwise(ends)] or [batch]
    for kind, (make, read) in FACTORIES.items():
        try:
            factory = make(None)
            data = written(factory, *parts)
        except ConfigurationError as error:
            if kind not in ("orc", "parquet") or "has no columns of" not in str(error):
                raise
            continue
        if kind == "orc" and "timestamp" in str(batch.schema):  # which pyarrow reads as nanoseconds only
            continue
        found = read(data)
        assert found.to_pylist() == pa.Table.from_batches([batch]).to_pylist()


def test_columns_by_name_and_by_position(kind):
    make, read = FACTORIES[kind]
    row_type = Types.ROW_NAMED(["a", "b"], [Types.LONG(), Types.STRING()])
    named = pa.record_batch({"b": ["x", None], "a": pa.array([1, 2], pa.int32())})
    others = pa.record_batch({"x": pa.array([3], pa.int64()), "y": ["z"]})
    table = read(written(make(row_type), named, Row(a=4, b="r"), Row(b="s", a=5), (6, "t"), Row(p=7, q="u"), others))
    assert table.to_pylist() == [
        {"a": 1, "b": "x"},
        {"a": 2, "b": None},
        {"a": 4, "b": "r"},
        {"a": 5, "b": "s"},
        {"a": 6, "b": "t"},
        {"a": 7, "b": "u"},
        {"a": 3, "b": "z"},
    ]


@dataclasses.dataclass
class Trip:
    id: int
    fare: float | None


def test_classes_describe_what_is_written(kind):
    make, read = FACTORIES[kind]
    table = read(written(make(Trip), Trip(1, 2.5), Trip(2, None)))
    assert table.to_pylist() == [{"id": 1, "fare": 2.5}, {"id": 2, "fare": None}]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (Row(a="x", b="y"), "record Row.*does not fit the file"),
        ((1, "y", 3), "does not fit the file"),
        (None, "a record that is None"),
        ((2**63, "y"), "does not fit the file"),
    ],
)
def test_records_that_do_not_fit(record, said):
    row_type = Types.ROW_NAMED(["a", "b"], [Types.LONG(), Types.STRING()])
    with pytest.raises(SinkError, match=said):
        written(ParquetWriterFactory(row_type), (1, "x"), record)


def test_columns_that_do_not_fit():
    row_type = Types.ROW_NAMED(["a", "b"], [Types.INT(), Types.STRING()])
    for batch, said in (
        (pa.record_batch({"a": [1]}), "the stream has the columns a, the file a, b"),
        (pa.record_batch({"a": ["x"], "b": ["y"]}), "column 'a' is of type string, which does not fit int32"),
        (pa.record_batch({"a": [2**40], "b": ["y"]}), "column 'a'.*not in range"),
    ):
        with pytest.raises((SinkError, Exception), match=said):
            written(ParquetWriterFactory(row_type), batch)


def test_types_that_a_format_has_not():
    times = DataTypes.ROW([DataTypes.FIELD("in", DataTypes.ROW([DataTypes.FIELD("t", DataTypes.TIME(3))]))])
    with pytest.raises(ConfigurationError, match=r"field 'in.t': ORC has no columns of time32\[ms\]"):
        OrcBulkWriters.for_row_type(times)
    ParquetBulkWriters.for_row_type(times)
    with pytest.raises(ConfigurationError, match="no column holds values of RAW"):
        ParquetBulkWriters.for_row_type(Types.ROW_NAMED(["a"], [Types.PICKLED_BYTE_ARRAY()]))
    with pytest.raises(TypeError, match="a type such as"):
        ParquetBulkWriters.for_row_type("a row")


def test_hadoop_options():
    options = Configuration()
    options.set_string("parquet.compression", "GZIP")
    options.set_string("parquet.block.size", "1000")
    factory = ParquetBulkWriters.for_row_type(ROW, options)
    assert (factory.compression, factory.group_bytes) == ("gzip", 1000)
    table = pq.ParquetFile(io.BytesIO(written(factory, *RECORDS)))
    assert table.metadata.row_group(0).column(0).compression == "GZIP"
    assert OrcBulkWriters.for_row_type(Trip, {"orc.compress": "ZSTD"}).compression == "zstd"
    with pytest.raises(ConfigurationError, match=r"orc\.compress is one of"):
        OrcBulkWriters.for_row_type(Trip, {"orc.compress": "LZO"})


# ---- in jobs ----


def sink(path, factory):
    builder = FileSink.for_bulk_format(str(path), factory)
    builder = builder.with_bucket_assigner(BucketAssigner.base_path_bucket_assigner())
    return builder.with_output_file_config(OutputFileConfig("part", ".parquet"))


def files(path):
    return sorted(os.path.join(where, name) for where, _, names in os.walk(path) for name in names)


def test_what_a_job_writes_another_reads(env, tmp_path):
    info = Types.ROW_NAMED(["id", "name"], [Types.LONG(), Types.STRING()])
    rows = [Row(id=number, name=f"n{number}") for number in range(500)]
    env.from_collection(rows, info).sink_to(sink(tmp_path, ParquetBulkWriters.for_row_type(info)).build())
    env.execute()
    source = FileSource.for_bulk_file_format(ParquetColumnarRowInputFormat(info), str(tmp_path)).build()
    read = env.from_source(source, WatermarkStrategy.no_watermarks(), "files")
    doubled = read.filter(col("id") % 2 == 0).map(lambda row: (row.id, row.name))
    assert sorted(doubled.execute_and_collect()) == [(number, f"n{number}") for number in range(0, 500, 2)]


class ByRest(BucketAssigner):
    def get_bucket_id(self, element, context):
        assert context.timestamp() is None
        return f"rest={element.id % 3}"


class SmallFiles(CheckpointRollingPolicy):
    def should_roll_on_event(self, part_file_state, element):
        return element.id % 100 == 0


def test_columns_go_to_buckets_and_files_roll(env, tmp_path):
    table = pa.table({"id": range(600), "name": [f"n{number}" for number in range(600)]})
    source = tmp_path / "in.parquet"
    pq.write_table(table, source)
    env.set_parallelism(1)
    read = env.from_source(ParquetSource(str(source)), WatermarkStrategy.no_watermarks(), "files")
    buckets = sink(tmp_path / "buckets", ParquetWriterFactory()).with_bucket_assigner(ByRest()).build()
    rolled = sink(tmp_path / "rolled", ParquetWriterFactory(table_type())).with_rolling_policy(SmallFiles()).build()
    read.sink_to(buckets)
    read.sink_to(rolled)
    env.execute()
    found = {
        os.path.relpath(path, tmp_path / "buckets").split("/")[0]: pq.read_table(path, partitioning=None)
        for path in files(tmp_path / "buckets")
    }
    assert {name: part.column("id").to_pylist() for name, part in found.items()} == {
        f"rest={rest}": list(range(rest, 600, 3)) for rest in range(3)
    }
    counts = [pq.read_metadata(path).num_rows for path in files(tmp_path / "rolled")]
    assert counts == [100] * 6


def table_type():
    return Types.ROW_NAMED(["id", "name"], [Types.LONG(), Types.STRING()])


def test_a_record_that_does_not_fit_names_the_file(env, tmp_path):
    info = Types.ROW_NAMED(["id"], [Types.STRING()])
    env.from_collection([Row(id="x")], info).sink_to(
        sink(tmp_path, ParquetBulkWriters.for_row_type(Types.ROW_NAMED(["id"], [Types.INT()]))).build()
    )
    with pytest.raises(SinkError, match=r"part-.*-0\.parquet: the record .*does not fit the file") as failure:
        env.execute()
    assert str(tmp_path) in str(failure.value)
    assert files(tmp_path) == []


def test_csv_files(env, tmp_path):
    schema = (
        CsvSchema.builder()
        .add_string_column("name")
        .add_number_column("age", Types.INT())
        .add_array_column("tags", separator="|", element_type=Types.INT())
        .set_column_separator(";")
        .set_use_header()
        .set_strict_headers()
        .set_null_value("-")
        .build()
    )
    rows = [("a;b", 1, [1, 2]), ("c", 2, []), ("d", None, [3])]
    info = Types.TUPLE([Types.STRING(), Types.INT(), Types.LIST(Types.INT())])
    env.from_collection(rows, info).sink_to(sink(tmp_path, CsvBulkWriters.for_schema(schema)).build())
    env.execute()
    texts = [Path(path).read_text() for path in files(tmp_path)]
    assert all(text.startswith("name;age;tags\n") for text in texts)
    source = FileSource.for_record_stream_format(CsvReaderFormat.for_schema(schema), str(tmp_path)).build()
    read = env.from_source(source, WatermarkStrategy.no_watermarks(), "files").map(tuple)
    assert sorted(read.execute_and_collect()) == rows


def test_csv_of_columns(env, tmp_path):
    schema = CsvSchema.builder().add_number_column("id").add_string_column("name").build()
    env.from_arrow(pa.table({"id": range(5000), "name": ["x,y"] * 5000})).sink_to(
        sink(tmp_path, CsvBulkWriters.for_schema(schema)).build()
    )
    env.execute()
    lines = [line for path in files(tmp_path) for line in Path(path).read_text().splitlines()]
    assert sorted(lines) == sorted(f'{number},"x,y"' for number in range(5000))


def test_csv_schemas_that_cannot_be_written():
    with pytest.raises(ConfigurationError, match=r"made by CsvSchema\.builder"):
        CsvBulkWriters.for_schema("a,b")
    with pytest.raises(ConfigurationError, match="without an escape character"):
        CsvBulkWriters.for_schema(CsvSchema.builder().add_string_column("a").set_escape_char("\\").build())
