"""Arrow data that is read as the job goes on: readers, data sets, iterables of batches."""

import pyarrow
import pytest
from pyarrow import dataset, parquet

from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment, col
from pyflinkx.errors import SourceError

ROWS = 10_000


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rows.parquet"
    parquet.write_table(pyarrow.table({"n": range(ROWS)}), path, row_group_size=1000)
    return path


def environment(workers="inline", parallelism=1):
    configuration = Configuration.from_dict({"pyflinkx.workers": workers})
    return StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(parallelism)


SOURCES = {
    "iter_batches": lambda path: parquet.ParquetFile(path).iter_batches(batch_size=300),
    "list of batches": lambda path: parquet.read_table(path).to_batches(),
    "reader": lambda path: parquet.read_table(path).to_reader(),
    "data set": lambda path: dataset.dataset(path),
    "scanner": lambda path: dataset.dataset(path).scanner(),
    "generator": lambda path: (batch for batch in parquet.read_table(path).to_batches(max_chunksize=777)),
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize(("workers", "parallelism"), [("inline", 1), ("threads", 2), ("processes", 2)])
def test_all_rows_come(file, name, workers, parallelism):
    stream = environment(workers, parallelism).from_arrow(SOURCES[name](file))
    assert list(stream.schema) == ["n"]
    doubled = stream.select(n=col("n") * 2).to_arrow().column("n").to_pylist()
    assert sorted(doubled) == [number * 2 for number in range(ROWS)]


def batches(read, count=1000):
    for number in range(count):
        read.append(number)
        yield pyarrow.record_batch({"n": [number] * 100})


def test_batches_are_asked_for_as_the_job_takes_them():
    read = []
    stream = environment().from_arrow(batches(read))
    assert read == [0]
    with stream.map(lambda row: row.n).execute_and_collect() as results:
        for _, found in zip(range(150), results, strict=False):
            assert found in (0, 1)
            assert len(read) < 20
    assert len(read) < 20


def test_a_data_set_is_read_by_each_job(file):
    stream = environment().from_arrow(dataset.dataset(file))
    for _ in range(2):
        assert [row.n for row in stream.head(3)] == [0, 1, 2]


def test_a_reader_is_for_one_job(file):
    stream = environment().from_arrow(parquet.ParquetFile(file).iter_batches())
    assert len(stream.to_arrow()) == ROWS
    with pytest.raises(SourceError, match="read only once"):
        stream.to_arrow()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "this one has none"),
        (iter([]), "this one has none"),
        ([1, 2], r"item 0 is no pyarrow\.RecordBatch, but 1 \(int\)"),
        ("rows", "columnar data is"),
        (7, "columnar data is"),
    ],
)
def test_what_is_no_batch_is_refused(data, words):
    with pytest.raises(SourceError, match=words):
        environment().from_arrow(data)


def test_a_batch_of_other_columns_fails_the_job():
    stream = environment().from_arrow([pyarrow.record_batch({"n": [1]}), pyarrow.record_batch({"m": [1]})])
    with pytest.raises(Exception, match="batch 1 has the columns m: int64, and the first one has n: int64"):
        stream.to_arrow()
