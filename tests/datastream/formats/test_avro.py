"""Avro and Parquet of Avro's records by PyFlink's names."""

import datetime
import io
import json
import os
import pickle

import fastavro
import pytest

from pyflinkx.common import AvroRowDeserializationSchema, AvroRowSerializationSchema, Row, WatermarkStrategy
from pyflinkx.datastream.connectors.file_system import BucketAssigner, FileSink, FileSource, OutputFileConfig
from pyflinkx.datastream.formats.avro import AvroBulkWriters, AvroInputFormat, AvroSchema, GenericRecordAvroTypeInfo
from pyflinkx.datastream.formats.parquet import AvroParquetReaders, AvroParquetWriters
from pyflinkx.errors import ConfigurationError, CorruptDataError

TRIP = {
    "type": "record",
    "name": "Trip",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}], "default": None},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "to", "type": {"type": "record", "name": "Place", "fields": [{"name": "n", "type": "int"}]}},
    ],
}
TEXT = json.dumps(TRIP)
ROWS = [
    Row(
        id=number,
        at=None if number % 3 == 0 else datetime.datetime(2024, 1, 1, 0, 0, number),
        tags=["x"] * number,
        to=Row(n=-number),
    )
    for number in range(7)
]


def test_messages():
    write, read = (
        AvroRowSerializationSchema(avro_schema_string=TEXT),
        AvroRowDeserializationSchema(avro_schema_string=TEXT),
    )
    messages = [write.serialize(row) for row in ROWS]
    assert [read.deserialize(message) for message in messages] == ROWS
    assert pickle.loads(pickle.dumps(read)).decode_many(messages) == ROWS
    assert pickle.loads(pickle.dumps(write)).encode_many(ROWS) == messages
    assert str(read.get_produced_type()).startswith("RowTypeInfo(id: Long, at: TimestampTypeInfo, tags: ")
    assert read.deserialize(None) is None
    for row, message in zip(ROWS, messages, strict=True):
        found = fastavro.schemaless_reader(io.BytesIO(message), fastavro.parse_schema(TRIP))
        assert (found["id"], found["to"]["n"]) == (row.id, row.to.n)


def test_messages_that_are_none():
    read = AvroRowDeserializationSchema(avro_schema_string=TEXT)
    good = AvroRowSerializationSchema(avro_schema_string=TEXT).serialize(ROWS[1])
    for bad, said in ((b"", "no Avro record"), (good[:-1], "no Avro record"), (good + b"x", "it ends after")):
        with pytest.raises(CorruptDataError, match=said):
            read.deserialize(bad)
        failures = []
        assert read.decode_many([good, bad, good], failures) == [ROWS[1], None, ROWS[1]]
        assert [place for place, _ in failures] == [1]
    with pytest.raises(TypeError, match="does not fit the Avro schema"):
        AvroRowSerializationSchema(avro_schema_string=TEXT).serialize(Row(id="x", at=None, tags=[], to=Row(n=1)))


def test_messages_of_another_schema():
    wider = {**TRIP, "fields": [*TRIP["fields"], {"name": "more", "type": "string", "default": "?"}]}
    read = AvroRowDeserializationSchema(avro_schema_string=json.dumps(wider), writer_schema_string=TEXT)
    message = AvroRowSerializationSchema(avro_schema_string=TEXT).serialize(ROWS[1])
    assert read.deserialize(message).more == "?"


def test_schemas_that_are_none():
    with pytest.raises(ConfigurationError, match="record_class names a class of Java"):
        AvroRowDeserializationSchema(record_class="org.example.Trip")
    with pytest.raises(ConfigurationError, match="no schema was given"):
        AvroRowSerializationSchema()


RECORDS = [{**row.as_dict(True), "at": row.at and row.at.replace(tzinfo=datetime.timezone.utc)} for row in ROWS]


def sink(folder, factory):
    builder = FileSink.for_bulk_format(str(folder), factory)
    builder = builder.with_bucket_assigner(BucketAssigner.base_path_bucket_assigner())
    return builder.with_output_file_config(OutputFileConfig("part", "")).build()


@pytest.mark.parametrize("kind", ["avro", "parquet"])
def test_generic_records_are_written_and_read(kind, env, tmp_path):
    schema = AvroSchema.parse_string(TEXT)
    factory = (AvroBulkWriters if kind == "avro" else AvroParquetWriters).for_generic_record(schema)
    env.from_collection(RECORDS).sink_to(sink(tmp_path, factory))
    env.execute()
    if kind == "avro":
        source = AvroInputFormat(str(tmp_path), schema).source()
    else:
        format = AvroParquetReaders.for_generic_record(schema)
        source = FileSource.for_record_stream_format(format, str(tmp_path)).build()
    read = env.from_source(source, WatermarkStrategy.no_watermarks(), "files")
    assert read.get_type() == GenericRecordAvroTypeInfo(schema)
    found = read.map(lambda record: {**record, "seen": True}).execute_and_collect()
    assert sorted(found, key=lambda record: record["id"]) == [{**record, "seen": True} for record in RECORDS]
    if kind == "avro":
        read_by_fastavro = []
        for name in os.listdir(tmp_path):
            with open(tmp_path / name, "rb") as file:
                read_by_fastavro += fastavro.reader(file)
        assert sorted(read_by_fastavro, key=lambda record: record["id"]) == RECORDS


def test_what_takes_a_schema():
    for make in (
        AvroBulkWriters.for_generic_record,
        AvroParquetWriters.for_generic_record,
        AvroParquetReaders.for_generic_record,
    ):
        with pytest.raises(TypeError, match="AvroSchema"):
            make(TEXT)
