"""Files behind URLs: in memory, and on an S3 server."""

import gzip
import sys

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pyflinkx.common import Duration, Encoder, Row, Types, WatermarkStrategy
from pyflinkx.connectors.files.arrow import ArrowSource
from pyflinkx.connectors.files.avro import AvroSource
from pyflinkx.connectors.files.avro_sink import GenericAvroWriterFactory
from pyflinkx.connectors.files.csv import CsvSource
from pyflinkx.connectors.files.json_lines import JsonLinesSource
from pyflinkx.connectors.files.orc import OrcSource
from pyflinkx.connectors.files.parquet import ParquetSource
from pyflinkx.connectors.files.parquet_sink import ParquetWriterFactory
from pyflinkx.connectors.files.text import TextFileSource
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.connectors.file_system import BucketAssigner, FileSink, FileSource, StreamFormat
from pyflinkx.datastream.formats.avro import AvroSchema
from pyflinkx.errors import ConfigurationError, MissingExtraError, SinkError, SourceError
from pyflinkx.types.described import described_type
from tests.connectors.files.test_columns_read import write_arrow, write_orc, write_parquet
from tests.connectors.positions import check_positions, new_reader, rest
from tests.servers.s3 import bucket, needs_packages, s3_server

__all__ = ["bucket", "s3_server"]  # fixtures

TABLE = pa.table({"id": range(50), "name": [f"n{number}" for number in range(50)]})
ROW = Types.ROW_NAMED(["id", "name"], [Types.LONG(), Types.STRING()])
LIST = [list(row.values()) for row in TABLE.to_pylist()]


@pytest.fixture
def memory():
    fs = fsspec.filesystem("memory")
    yield fs
    fs.store.clear()


def put(fs, path, data):
    with fs.open(path, "wb") as file:
        file.write(data)


def read(source):
    source.check()
    return rest(new_reader(source, source.splits(1)), 10, [])


def test_folders_and_compressed_files(memory):
    put(memory, "/in/b.txt.gz", gzip.compress(b"z\n"))
    put(memory, "/in/a.txt", b"x\ny\n")
    put(memory, "/in/_hidden/c.txt", b"no\n")
    put(memory, "/in/.d.txt", b"no\n")
    assert read(TextFileSource("memory://in")) == ["x", "y", "z"]
    source = TextFileSource(["memory://in/b.txt.gz", "memory:///in/a.txt"])
    assert read(source) == ["z", "x", "y"]
    check_positions(source, source.splits(1), [1, 1], 1, ["z", "x", "y"])


def test_text_formats(memory):
    put(memory, "/a.csv", b"id,name\n1,a\n2,b\n")
    put(memory, "/a.json", b'{"id": 1, "name": "a"}\n')
    assert [list(row) for row in read(CsvSource("memory://a.csv", ROW))] == [[1, "a"], [2, "b"]]
    assert read(JsonLinesSource("memory://a.json", ROW)) == [[1, "a"]]


@pytest.mark.parametrize(
    ("make", "write"), [(ParquetSource, write_parquet), (OrcSource, write_orc), (ArrowSource, write_arrow)]
)
def test_files_of_columns(make, write, memory, tmp_path):
    write(TABLE, str(tmp_path / "a"), 7)
    put(memory, "/in/a", (tmp_path / "a").read_bytes())
    source = make("memory://in", split_size=500, batch_size=3)
    source.check()
    check_positions(source, source.splits(1), [1, 2, 0], 4, LIST)


@pytest.mark.parametrize("path", ["memory://nowhere", "memory://in/a.txt/b"])
def test_what_is_not_there(path, memory):
    put(memory, "/in/a.txt", b"x\n")
    with pytest.raises(SourceError, match=f"{path}: cannot be read: "):
        TextFileSource(path).check()


def test_protocols_that_are_not_there(monkeypatch):
    with pytest.raises(ConfigurationError, match="nosuch://a: Protocol not known"):
        TextFileSource("nosuch://a").check()
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(MissingExtraError, match=r"files at gs://a need another package: .*gcsfs"):
        TextFileSource("gs://a").check()
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"pyflinkx\[fsspec\]"):
        FileSink.for_row_format("s3://a", Encoder.simple_string_encoder()).build().check()


class Outside(BucketAssigner):
    def get_bucket_id(self, element, context):
        return "../outside"


def environment():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(1)
    return env


def test_a_bucket_does_not_lead_out_of_the_folder(tmp_path):
    env = environment()
    sink = FileSink.for_row_format(f"local://{tmp_path}/out", Encoder.simple_string_encoder())
    env.from_collection([1]).sink_to(sink.with_bucket_assigner(Outside()).build())
    with pytest.raises(SinkError, match="leads out of this folder"):
        env.execute()


def test_a_failed_job_leaves_no_files(tmp_path):
    env = environment()
    sink = FileSink.for_row_format(f"local://{tmp_path}/out", Encoder.simple_string_encoder()).build()
    env.from_collection([1, 0]).map(lambda x: 1 // x).sink_to(sink)
    with pytest.raises(Exception, match="ZeroDivisionError"):
        env.execute()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


class ByRest(BucketAssigner):
    def get_bucket_id(self, element, context):
        return f"rest={element.id % 2}"


@needs_packages
def test_s3(bucket, monkeypatch):
    base = BucketAssigner.base_path_bucket_assigner()
    env = environment()
    env.enable_checkpointing(200)
    rows = env.from_collection([Row(*row) for row in LIST], ROW)
    parquet = FileSink.for_bulk_format(f"{bucket}/parquet", ParquetWriterFactory(ROW)).with_bucket_assigner(ByRest())
    text = FileSink.for_row_format(f"{bucket}/text", Encoder.simple_string_encoder()).with_bucket_assigner(base)
    writers = GenericAvroWriterFactory(AvroSchema.of_type(described_type(ROW)))
    avro = FileSink.for_bulk_format(f"{bucket}/avro", writers).with_bucket_assigner(base)
    rows.sink_to(parquet.build())
    rows.map(lambda row: row.name, Types.STRING()).sink_to(text.build())
    rows.sink_to(avro.build())
    env.execute()
    fs = fsspec.filesystem("s3")
    fs.invalidate_cache()
    names = fs.find(bucket)
    assert not any("/." in name for name in names)
    for name in names:
        if "/parquet/" in name:
            with fs.open(name, "rb") as file:
                found = pq.read_table(file).column("id").to_pylist()
            assert {number % 2 for number in found} == {int(name.split("rest=")[1][0])}
    env = environment()
    source = FileSource.for_record_stream_format(StreamFormat.text_line_format(), f"{bucket}/text").build()
    lines = env.from_source(source, WatermarkStrategy.no_watermarks(), "text")
    assert sorted(lines.execute_and_collect()) == sorted(row[1] for row in LIST)
    for source in (ParquetSource(f"{bucket}/parquet", split_size=300), AvroSource(f"{bucket}/avro", split_size=300)):
        assert sorted(read(source)) == LIST


@needs_packages
def test_new_files_on_s3(bucket):
    fs = fsspec.filesystem("s3")
    put(fs, f"{bucket}/in/a.txt", b"a\n")
    env = environment()
    source = FileSource.for_record_stream_format(StreamFormat.text_line_format(), f"{bucket}/in")
    source = source.monitor_continuously(Duration.of_millis(100)).build()
    lines = env.from_source(source, WatermarkStrategy.no_watermarks(), "text").execute_and_collect()
    assert next(lines) == "a"
    put(fs, f"{bucket}/in/b.txt", b"b\n")
    assert next(lines) == "b"
    lines.close()
