"""Reads Parquet in parts, and writes Parquet, Avro and a table of Delta Lake, each record once."""

import os
import time
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq

from pyflinkx.common import Row, Types, WatermarkStrategy
from pyflinkx.connectors.delta.sink import DeltaSink
from pyflinkx.connectors.files.avro import AvroSource
from pyflinkx.connectors.files.avro_sink import AvroWriterFactory
from pyflinkx.connectors.files.parquet import ParquetSource
from pyflinkx.connectors.files.parquet_sink import ParquetWriterFactory
from pyflinkx.connectors.source import END, ReaderContext
from pyflinkx.datastream import col
from pyflinkx.datastream.connectors.file_system import BucketAssigner, FileSink

PAIR = Types.ROW_NAMED(["id", "name"], [Types.LONG(), Types.STRING()])


def paced(row):
    """Take ten milliseconds for some, so that the job is still there when it is killed."""
    if row.id % 16 == 0:
        time.sleep(0.01)
    return Row(id=row.id, name=row.name.upper())


def program(env, folder, count):
    """Build the job."""
    inputs = os.path.join(folder, "in.parquet")
    if not os.path.exists(inputs):
        table = pa.table({"id": range(count), "name": [f"n{number}" for number in range(count)]})
        pq.write_table(table, f"{inputs}.new", row_group_size=100)
        os.replace(f"{inputs}.new", inputs)
    source = ParquetSource(inputs, PAIR, split_size=1000, batch_size=50)
    read = env.from_source(source, WatermarkStrategy.no_watermarks(), "in")
    rows = read.map(paced, PAIR)
    base = BucketAssigner.base_path_bucket_assigner()
    for name, factory in (("parquet", ParquetWriterFactory(PAIR)), ("avro", AvroWriterFactory(PAIR))):
        sink = FileSink.for_bulk_format(os.path.join(folder, name), factory).with_bucket_assigner(base)
        rows.sink_to(sink.build())
    rows.sink_to(DeltaSink(os.path.join(folder, "delta"), PAIR))
    columns = FileSink.for_bulk_format(os.path.join(folder, "columns"), ParquetWriterFactory(PAIR))
    read.filter(col("id") % 2 == 0).sink_to(columns.with_bucket_assigner(base).build())


def expected(count):
    """The records that it gives."""
    all_of = [(kind, number, f"N{number}") for kind in ("parquet", "avro", "delta") for number in range(count)]
    return all_of + [("columns", number, f"n{number}") for number in range(0, count, 2)]


def results(folder):
    """The records that can be seen."""
    import deltalake

    found = []
    for kind, make in (
        ("parquet", ParquetSource),
        ("avro", AvroSource),
        ("columns", ParquetSource),
    ):
        path = os.path.join(folder, kind)
        found += [(kind, *row) for row in rows_of(make(path, PAIR))] if os.path.isdir(path) else []
    table = deltalake.DeltaTable(os.path.join(folder, "delta")).to_pyarrow_table()
    return found + [("delta", row["id"], row["name"]) for row in table.to_pylist()]


def rows_of(source):
    source.check()
    reader = source.create_reader(ReaderContext(None))
    reader.add_splits(source.splits(1))
    rows = []
    while (batch := reader.poll(1000)) is not END:
        rows += batch.to_rows("tuple")
    reader.close()
    return rows


def program_of(count):
    """The job with so many records."""
    return partial(program, count=count)
