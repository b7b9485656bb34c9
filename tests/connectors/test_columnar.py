import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pyflinkx._core.columns.arrow_stream import ColumnStream
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.common import Row
from pyflinkx.connectors.columnar import ColumnarSource, batch_of_arrays
from pyflinkx.connectors.source import END, ReaderContext
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import SourceError

TABLE = pa.table({"key": [1, 2, None], "name": ["a", None, "c"], "value": [0.5, 1.5, float("inf")]})

BATCH = ColumnBatch.from_arrow(TABLE.to_batches()[0])


def read(source, limit=2):
    reader = source.create_reader(ReaderContext(None))
    reader.add_splits(source.splits(1))
    batches = []
    while (batch := reader.poll(limit)) is not END:
        batches.append(batch)
    reader.close()
    return batches


def rows(stream):
    with stream.execute_and_collect() as results:
        return [row.as_dict() for row in results]


@pytest.fixture
def env():
    return StreamExecutionEnvironment.get_execution_environment()


def test_batches_are_cut_to_the_limit_and_share_the_memory_of_their_table():
    batches = read(ColumnarSource(TABLE))
    assert [len(batch) for batch in batches] == [2, 1]
    address = TABLE.column("value").chunk(0).buffers()[1].address
    assert [batch.column("value").buffers[1].address for batch in batches] == [address, address]


def test_each_library_gives_the_same_rows(env):
    expected = TABLE.to_pylist()
    batch = TABLE.to_batches()[0]
    for data in (TABLE, batch, TABLE.to_reader()):
        assert rows(env.from_arrow(data).map(lambda row: row)) == expected
    polars = pl.from_arrow(TABLE)
    assert rows(env.from_polars(polars).map(lambda row: row)) == expected
    assert rows(env.from_polars(polars.lazy()).map(lambda row: row)) == expected
    frame = pd.DataFrame({"key": [1, 2], "name": ["a", "b"]})
    assert rows(env.from_pandas(frame).map(lambda row: row)) == frame.to_dict("records")


def test_numpy_arrays_of_every_supported_type(env):
    day = np.array(["2020-02-29", "NaT"], "datetime64[D]")
    stamp = np.array(["2020-02-29T12:00:00.123", "1969-12-31T23:59:59.999"], "datetime64[ms]")
    arrays = {
        **{name: np.array([1, 2], name) for name in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64")},
        "uint64": np.array([2**64 - 1, 0], "uint64"),
        "float32": np.array([0.5, -1], "float32"),
        "float64": np.array([0.1, np.inf]),
        "swapped": np.array([1, 2], ">i4"),
        "strided": np.arange(4)[::2],
        "bool": np.array([True, False]),
        "text": np.array(["ä", "b"]),
        "object": np.array(["x", None], object),
        "day": day,
        "stamp": stamp,
    }
    expected = [
        {
            **{name: array[i].item() for name, array in arrays.items() if name not in ("object", "day", "stamp")},
            "object": ["x", None][i],
            "day": day[i].item(),
            "stamp": stamp[i].item(),
        }
        for i in range(2)
    ]
    assert expected[0]["day"] == datetime.date(2020, 2, 29)
    assert rows(env.from_numpy(arrays).map(lambda row: row)) == expected


def test_numbers_share_the_memory_of_their_array():
    array = np.arange(10.0)
    assert batch_of_arrays({"x": array}).column("x").buffers[1].address == array.ctypes.data


def test_a_python_function_sees_rows_behind_a_visible_conversion(env):
    env.from_arrow(TABLE).filter(lambda row: row.key == 2).print()
    plan = env.get_execution_plan()
    assert plan.index("ColumnsToRows") < plan.index("Filter")
    env.close()
    with env.from_arrow(TABLE).filter(lambda row: row["key"] == 1).execute_and_collect() as results:
        assert list(results) == [Row(key=1, name="a", value=0.5)]


def test_a_columnar_stream_may_have_several_readers(env):
    stream = env.from_arrow(TABLE)
    both = stream.map(lambda row: ("first", row.key)).union(stream.map(lambda row: ("second", row.key)))
    with both.execute_and_collect() as results:
        assert sorted(results, key=str) == [(name, key) for name in ("first", "second") for key in (1, 2, None)]


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, 2, 3], "int16"),
        np.array([0.5, 2, 3]),
        np.array([True, False, True]),
        np.array(["2020-02-29", "2020-02-28", "NaT"], "datetime64[D]"),
        np.array(["2020-02-29T12:00", "NaT", "NaT"], "datetime64[us]"),
        np.array(["a", "b", "c"]),
        np.array(["a", "b", None], object),
    ],
)
def test_what_is_masked_is_null(values):
    expected = [value if row != 1 else None for row, value in enumerate(values.tolist())]
    batch = batch_of_arrays({"a": np.ma.array(values, mask=[False, True, False])})
    assert [value for (value,) in batch.to_rows("tuple")] == expected
    plain = batch_of_arrays({"a": np.ma.array(values)})
    assert [value for (value,) in plain.to_rows("tuple")] == values.tolist()


def test_the_type_names_the_columns(env):
    assert str(env.from_arrow(TABLE).get_type()) == "RowTypeInfo(key: Long, name: String, value: Double)"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([1, 2], "builtins.list does not"),
        ({}, "at least one column"),
        ({"a": np.arange(2), "b": np.arange(3)}, "columns differ in length"),
        ({"a": np.zeros((2, 2))}, "column 'a': an array of one dimension"),
        ({"a": np.array([1j])}, "column 'a': NumPy type complex128"),
        ({"a": np.array([object()])}, "column 'a', row 0: an array of objects holds str or None"),
        ({1: np.arange(2)}, "a column name is a str, not 1"),
        ({"a": np.array(["2020-01"], "datetime64[M]")}, "not in days"),
        ({"a": np.array([0, 2**31], "datetime64[D]")}, "column 'a', row 1: day 2147483648 does not fit a date"),
        (pa.table([[1], [2]], names=["x", "x"]), r"\['x'\] come more than once"),
    ],
)
def test_data_that_is_no_table_is_refused_when_the_source_is_made(data, message):
    with pytest.raises(SourceError, match=message):
        ColumnarSource(data)


ONE_SHOT = {
    "reader": TABLE.to_reader,
    "column stream": lambda: ColumnStream(BATCH.schema, iter([BATCH])),
}


@pytest.mark.parametrize("kind", ONE_SHOT)
def test_a_stream_that_can_be_read_once_is_refused_the_second_time(env, kind):
    stream = ONE_SHOT[kind]()
    source = ColumnarSource(stream)
    read(source)
    for again in (source.check, lambda: read(source), lambda: ColumnarSource(stream)):
        with pytest.raises(SourceError, match=r"can be read only once: hand over its table \(read_all\(\)"):
            again()


def test_a_second_job_over_a_stream_fails_before_it_starts(env):
    stream = env.from_arrow(TABLE.to_reader()).map(lambda row: row)
    assert rows(stream) == TABLE.to_pylist()
    with pytest.raises(SourceError, match=r"this pyarrow\.lib\.RecordBatchReader is another source's"):
        rows(stream)


def test_what_can_be_read_again_is(env):
    for data in (TABLE, TABLE.to_batches()[0], pl.from_arrow(TABLE), ColumnStream(BATCH.schema, [BATCH])):
        source = ColumnarSource(data)
        assert [sum(map(len, read(source))) for _ in range(3)] == [3, 3, 3]
        read(ColumnarSource(data))


def test_a_stream_that_did_not_become_a_source_is_not_taken():
    reader = pa.table([[1], [2]], names=["a", "a"]).to_reader()
    for _ in range(2):
        with pytest.raises(SourceError, match="come more than once"):
            ColumnarSource(reader)
