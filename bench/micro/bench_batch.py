"""Columnar batches against pyarrow: import, export, slice, take, rows. Run: pytest bench/micro/bench_batch.py"""

import datetime
from array import array

import numpy as np
import pyarrow as pa
import pytest

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema

COUNT = 100_000
START = datetime.datetime(2013, 1, 1)

ROWS = [
    (i, f"user-{i % 5000}", i / 8 if i % 10 else None, START + datetime.timedelta(seconds=i), i % 3 == 0)
    for i in range(COUNT)
]
TYPES = pa.schema([("id", pa.int64()), ("name", pa.string()), ("value", pa.float64()), ("at", pa.timestamp("us")),
                   ("flag", pa.bool_())])  # fmt: skip
SCHEMA = Schema([Field("id", "l"), Field("name", "u"), Field("value", "g"), Field("at", "tsu:"), Field("flag", "b")])
DICTS = [dict(zip(TYPES.names, row, strict=True)) for row in ROWS]
THEIRS = pa.RecordBatch.from_pylist(DICTS, TYPES)
OURS = ColumnBatch.from_arrow(THEIRS)
ENCODED = pa.record_batch(
    {"d": THEIRS.column("name").dictionary_encode(), "v": THEIRS.column("name").cast("string_view")}
)
INDICES = np.random.default_rng(7).integers(0, COUNT, COUNT)
LIBRARIES = ["pyflinkx", f"pyarrow {pa.__version__}"]


@pytest.mark.benchmark(group="read a batch of the other library, 5 columns")
def test_import(benchmark):
    batch = benchmark(ColumnBatch.from_arrow, THEIRS)
    assert batch.column("id").buffers[1].address == THEIRS.column("id").buffers()[1].address
    assert pa.record_batch(batch).equals(THEIRS)


@pytest.mark.benchmark(group="read a batch of the other library, 5 columns")
def test_export(benchmark):
    batch = benchmark(pa.record_batch, OURS)
    assert batch.column("id").buffers()[1].address == OURS.column("id").buffers[1].address
    assert batch.equals(THEIRS)


@pytest.mark.benchmark(group="read 100,000 texts, in a dictionary and as views")
def test_import_and_decode(benchmark):
    batch = benchmark(ColumnBatch.from_arrow, ENCODED)
    assert pa.record_batch(batch).column("d").equals(THEIRS.column("name"))
    assert pa.record_batch(batch).column("v").equals(THEIRS.column("name"))


@pytest.mark.benchmark(group="read 100,000 texts, in a dictionary and as views")
def test_decode_by_pyarrow(benchmark):
    def decode():
        return [ENCODED.column("d").dictionary_decode(), ENCODED.column("v").cast(pa.string())]

    assert all(column.equals(THEIRS.column("name")) for column in benchmark(decode))


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.benchmark(group="slice, 5 columns")
def test_slice(benchmark, library):
    if library == "pyflinkx":
        part = benchmark(OURS.slice, 1000, 2024)
        assert pa.record_batch(part).equals(THEIRS.slice(1000, 1024))
    else:
        assert benchmark(THEIRS.slice, 1000, 1024).num_rows == 1024


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.benchmark(group="take 100,000 rows of 5 columns")
def test_take(benchmark, library):
    indices = array("q", INDICES.tolist()) if library == "pyflinkx" else pa.array(INDICES)
    taken = benchmark((OURS if library == "pyflinkx" else THEIRS).take, indices)
    assert pa.record_batch(taken).equals(THEIRS.take(pa.array(INDICES)))


@pytest.mark.parametrize("kind", ["tuple", "row", "dict", LIBRARIES[1]])
@pytest.mark.benchmark(group="100,000 rows of 5 columns as Python values")
def test_to_rows(benchmark, kind):
    rows = benchmark(OURS.to_rows, kind) if kind in ("tuple", "row", "dict") else benchmark(THEIRS.to_pylist)
    if kind == "row":
        rows = [row.as_dict() for row in rows]
    assert rows == (ROWS if kind == "tuple" else DICTS)


MAKERS = {
    "tuples": lambda: ColumnBatch.from_rows(ROWS, SCHEMA),
    "dicts": lambda: ColumnBatch.from_rows(DICTS, SCHEMA),
    "pyarrow, dicts": lambda: pa.RecordBatch.from_pylist(DICTS, TYPES),
    "pyarrow, tuples": lambda: pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(zip(*ROWS, strict=True), TYPES, strict=True)],
        schema=TYPES,
    ),
}


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.benchmark(group="100,000 rows of 5 Python values as columns")
def test_from_rows(benchmark, maker):
    assert pa.record_batch(benchmark(MAKERS[maker])).equals(THEIRS)


@pytest.mark.benchmark(group="check 100,000 rows")
def test_validate(benchmark):
    benchmark(OURS.validate, True)


@pytest.mark.benchmark(group="check 100,000 rows")
def test_validate_by_pyarrow(benchmark):
    benchmark(lambda: THEIRS.validate(full=True))
