"""Columns written as CSV: the same bytes as the rows that they hold."""

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.files.csv_sink import CsvSink, CsvText
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.datastream.expressions import col
from pyflinkx.errors import SinkError
from tests.connectors.reading import Writing

TEXT = st.text(st.sampled_from("ab,;\"'\n\r\t é\U0001f600#.") | st.characters(codec="utf-8"), max_size=12)
COLUMNS = {
    "int8": (pa.int8(), st.integers(-128, 127)),
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "uint16": (pa.uint16(), st.integers(0, 2**16 - 1)),
    "double": (pa.float64(), st.floats()),
    "float": (pa.float32(), st.floats(width=32)),
    "bool": (pa.bool_(), st.booleans()),
    "text": (pa.string(), TEXT),
    "large": (
        pa.large_string(),
        st.sampled_from(["", "a", "b,c", 'd"', "long text without anything in it", "long, text"]),
    ),
    "date": (pa.date32(), st.dates()),
    "time": (pa.time64("us"), st.times()),
    "seconds": (pa.time32("s"), st.times().map(lambda time: time.replace(microsecond=0))),
    "timestamp": (pa.timestamp("us"), st.datetimes()),
    "millis": (
        pa.timestamp("ms"),
        st.datetimes().map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)),
    ),
    "utc": (pa.timestamp("us", "UTC"), st.datetimes(timezones=st.just(datetime.timezone.utc))),
    "decimal": (pa.decimal128(10, 2), st.decimals(-(10**7), 10**7, places=2)),
}


@st.composite
def tables(draw):
    names = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=4, unique=True))
    rows = draw(st.integers(1, 6))
    arrays = []
    for name in names:
        kind, values = COLUMNS[name]
        some = st.lists(st.none() | values | values, min_size=rows, max_size=rows)
        arrays.append(pa.array(draw(some), kind))
    return pa.record_batch(arrays, names)


@given(
    tables(),
    st.sampled_from([",", ";", "|", "\t", "e", "5", "."]),
    st.sampled_from(['"', "'"]),
    st.sampled_from(["", "null", "a,b", "\r"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_the_bytes_are_those_of_the_rows(table, delimiter, quote, null, end, reordered):
    names = table.schema.names[::-1] if reordered else None
    sink = CsvSink("file.csv", True, names, delimiter, quote=quote, null_value=null, line_separator=end)
    batch = ColumnBatch.from_arrow(table)
    by_rows = CsvText(sink)
    expected = by_rows.lines(batch.to_rows()).encode()
    by_columns = CsvText(sink)
    given_out = by_columns.of_columns(batch)
    if given_out is not None:
        assert given_out == expected
        assert by_columns.state() == by_rows.state()
        assert by_columns.of_columns(batch.slice(1, len(batch))) == by_rows.lines(batch.to_rows()[1:]).encode()


def test_what_is_left_to_the_rows():
    sink = CsvSink("file.csv")
    for values, left in (
        (pa.array([1]), False),
        (pa.array(["a\n"]), False),
        (pa.array(["a\rb"]), True),
        (pa.array([Decimal("1.5")]), True),
        (pa.array([10**17], pa.timestamp("us")), False),
        (pa.array([10**18], pa.timestamp("us")), True),
        (pa.array([[1]]), True),
    ):
        batch = ColumnBatch.from_arrow(pa.record_batch([values], ["a"]))
        assert (CsvText(sink).of_columns(batch) is None) == left, values


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_columns_and_rows_in_one_file(tmp_path, charset):
    path = tmp_path / "file.csv"
    writing = Writing(CsvSink(path, charset=charset))
    for number in range(3):
        batch = ColumnBatch.from_arrow(
            pa.record_batch({"a": [number, None], "b": ["x\u00e9", "y\rz" if number else ""]})
        )
        writing.writer.write(batch if number != 1 else ObjectBatch(batch.to_rows()))
    writing.finish()
    text = "a,b\n0,xé\n,\n" + '"1","xé"\n"","y\rz"\n' + '"2","xé"\n"","y\rz"\n'
    assert path.read_bytes() == text.encode(charset)


def test_columns_of_another_number_are_refused(tmp_path):
    writing = Writing(CsvSink(tmp_path / "file.csv", field_names=["a", "b"]))
    with pytest.raises(SinkError, match=r"a record has 1 fields, but the file 2 columns"):
        writing.writer.write(ColumnBatch.from_arrow(pa.record_batch({"a": [1]})))
    writing.fail()


def test_a_job_writes_the_columns_it_has(tmp_path):
    env = StreamExecutionEnvironment.get_execution_environment()
    table = pa.table({"key": [3, 1, 2], "name": ["c", None, "b,b"], "share": [0.5, 1e20, None]})
    stream = env.from_arrow(table).select(col("name"), (col("key") * 2).alias("twice"), col("share"))
    stream.sink_to(CsvSink(tmp_path / "file.csv")).set_parallelism(1)
    stream.write_as_csv(tmp_path / "other.csv").set_parallelism(1)
    env.execute()
    lines = 'c,6,0.5\n,2,1e+20\n"b,b",4,\n'
    assert (tmp_path / "file.csv").read_text() == "name,twice,share\n" + lines
    assert (tmp_path / "other.csv").read_text() == lines
