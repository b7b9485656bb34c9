"""Column batches through the Arrow interface: four libraries, ownership in every order."""

import ctypes
import datetime
import gc
import subprocess
import sys
import threading
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings

from pyflinkx._core.columns.arrow_stream import ColumnStream, import_stream
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.memory.budget import MemoryBudget, process_budget
from pyflinkx.errors import CorruptDataError, MemoryBudgetError, SourceError, TypeInformationError

from .arrow_abi import (
    ArrowArray,
    ArrowArrayStream,
    GetError,
    GetNext,
    GetSchema,
    ReleaseArray,
    ReleaseStream,
    capsule,
    opened,
)
from .arrow_tables import record_batches

SAMPLE = pa.record_batch(
    {
        "n": pa.array([1, None, 3], pa.int32()),
        "t": ["a", "bb", None],
        "l": [[1], None, [2, 3]],
        "s": [{"x": 1.5}, None, {"x": None}],
    }
)

FRAME = pl.DataFrame(
    {
        "flag": [True, None, False, True],
        "i8": pl.Series([1, -1, None, 127], dtype=pl.Int8),
        "u64": pl.Series([0, None, 2**64 - 1, 5], dtype=pl.UInt64),
        "f32": pl.Series([0.5, None, -1.0, 2.0], dtype=pl.Float32),
        "text": ["short", "a text that is longer than twelve bytes", None, ""],
        "bytes": [b"\x00", None, b"abc" * 9, b""],
        "date": [datetime.date(1969, 7, 20), None, datetime.date(2020, 2, 29), datetime.date(1, 1, 1)],
        "time": [datetime.time(1, 2, 3, 4), None, datetime.time(0), datetime.time(23, 59, 59)],
        "when": pl.Series([datetime.datetime(2013, 1, 1), None, None, datetime.datetime(1900, 1, 1)]),
        "zoned": pl.Series([0, 1, None, 2], dtype=pl.Datetime("ms", "Europe/Paris")),
        "span": [datetime.timedelta(days=1), None, datetime.timedelta(0), datetime.timedelta(microseconds=-5)],
        "price": pl.Series([Decimal("1.25"), None, Decimal("-9.99"), Decimal(0)], dtype=pl.Decimal(9, 2)),
        "list": [["one", "two words that are long"], None, [], [None]],
        "struct": [{"a": 1, "b": "x"}, {"a": None, "b": "yy"}, None, {"a": 3, "b": None}],
        "category": pl.Series(["x", None, "a category of many letters", "x"], dtype=pl.Categorical),
    }
)


def exported(batch):
    return pa.record_batch(batch)


# ---- libraries ----


@given(record_batches(encoded=False))
@settings(max_examples=100, deadline=None)
def test_pyarrow_gets_back_what_it_gave(theirs):
    back = exported(ColumnBatch.from_arrow(theirs))
    back.validate(full=True)
    assert back.equals(theirs)


def test_names_nullability_and_metadata_travel():
    fields = [
        pa.field("ä", pa.int64(), nullable=False, metadata={b"k\0": b"\0v", b"": b""}),
        pa.field("list", pa.list_(pa.field("item", pa.string(), nullable=False))),
    ]
    schema = pa.schema(fields, metadata={b"table": b"1"})
    theirs = pa.record_batch([pa.array([1]), pa.array([["a"]], fields[1].type)], schema=schema)
    batch = ColumnBatch.from_arrow(theirs)
    assert batch.schema["ä"].metadata == {b"k\0": b"\0v", b"": b""}
    assert not batch.schema["ä"].nullable
    assert exported(batch).schema.equals(schema, check_metadata=True)
    assert pa.schema(batch.schema).equals(schema, check_metadata=True)
    assert pa.field(batch.schema["list"]).equals(fields[1])


def test_polars_round_trip():
    batches = list(import_stream(FRAME))
    plain = FRAME.with_columns(pl.col("category").cast(pl.String))
    assert pl.DataFrame(ColumnStream(batches[0].schema, batches)).equals(plain)
    assert [row["text"] for batch in batches for row in batch.to_rows("dict")] == FRAME["text"].to_list()
    assert [row for batch in batches for row in batch.select(FRAME.columns[:9]).to_rows("tuple")] == FRAME.select(
        FRAME.columns[:9]
    ).rows()
    for start in range(4):
        part = list(import_stream(FRAME.slice(start, 2)))
        assert pl.DataFrame(ColumnStream(batches[0].schema, part)).equals(plain.slice(start, 2))


def test_pandas_round_trip():
    frame = pd.DataFrame(
        {
            "i": [1, 2, 3],
            "f": [0.5, float("nan"), 1.5],
            "t": ["a", None, "c"],
            "when": pd.to_datetime(["2013-01-01", None, "2020-01-01"]).tz_localize("UTC"),
            "category": pd.Categorical(["x", "y", "x"]),
            "n": pd.array([1, None, 3], dtype="Int32"),
        }
    )
    batches = list(import_stream(frame))
    back = pd.DataFrame.from_arrow(ColumnStream(batches[0].schema, batches))
    assert back["i"].tolist() == [1, 2, 3]
    assert back["f"].isna().tolist() == [False, True, False]
    assert back["when"].tolist()[0] == frame["when"][0]
    assert back["category"].tolist() == ["x", "y", "x"]
    rows = batches[0].to_rows("tuple")
    assert rows[1][:5] == (2, None, None, None, "y")
    assert [row[5] for row in rows] == [1, None, 3]


def test_duckdb_round_trip():
    relation = duckdb.sql(
        "select range::integer as i, 'number ' || range as t, range::decimal(9, 2) / 4 as d, "
        "date '2013-01-01' + range::integer as day, timestamp '2013-01-01' + interval (range) hour as at, "
        "[range, null] as l, {'x': range, 'y': 'z'} as s, "
        "case when range % 3 = 0 then (range % 200)::utinyint end as u from range(5000)"
    )
    expected = relation.fetchall()
    batches = list(import_stream(relation))
    assert sum(len(batch) for batch in batches) == 5000
    rows = [row for batch in batches for row in batch.to_rows("dict")]
    assert [tuple(row.values()) for row in rows] == expected
    # DuckDB finds Python variables by their names.
    stream = ColumnStream(batches[0].schema, batches)
    assert stream.batches is batches
    totals = duckdb.sql("select sum(i), count(u), max(t), sum(s.x) from stream")
    assert totals.fetchall() == [(12497500, 1667, "number 999", 12497500)]
    one = batches[0]
    days = duckdb.sql("select count(*), min(day) from one")
    assert days.fetchall() == [(len(one), datetime.date(2013, 1, 1))]


def test_empty_tables_keep_their_schema():
    for table in (pl.DataFrame(schema=FRAME.schema), pa.table(FRAME.slice(0, 0)), SAMPLE.slice(0, 0).to_pandas()):
        with import_stream(table) as stream:
            assert stream.schema.names == list(
                table.columns if hasattr(table, "columns") and not isinstance(table, pa.Table) else table.column_names
            )
            assert list(stream) == []
    empty = ColumnBatch.from_arrow(SAMPLE.slice(0, 0))
    assert exported(empty).num_rows == 0
    assert pl.DataFrame(empty).height == 0
    assert duckdb.sql("select count(*) from empty").fetchall() == [(0,)]
    assert len(ColumnBatch.from_arrow(pa.record_batch({}))) == 0


# ---- no copies ----


def test_pyarrow_memory_is_read_in_place():
    batch = ColumnBatch.from_arrow(SAMPLE)
    for ours, theirs in zip(batch.columns, SAMPLE.columns, strict=True):
        expected = [buffer and buffer.address for buffer in theirs.buffers()]
        assert [b and b.address for b in flat_buffers(ours)] == expected


def flat_buffers(column):
    return column.buffers + [buffer for child in column.children for buffer in flat_buffers(child)]


def test_pyarrow_reads_our_memory_in_place():
    batch = ColumnBatch.from_rows(
        [(1, "a", [1]), (None, None, None)] * 3,
        Schema([Field("n", "l"), Field("t", "u"), Field("l", "+L", True, [Field("item", "l")])]),
    )
    part = batch.slice(1, 5)
    for ours, theirs in zip(batch.columns, exported(part).columns, strict=True):
        assert [b and b.address for b in theirs.buffers()] == [b and b.address for b in flat_buffers(ours)]
        assert theirs.offset == 1


def test_polars_shares_numbers_both_ways():
    series = pl.Series("a", np.arange(1000.0))
    batch = next(import_stream(series.to_frame()))
    assert batch.column("a").buffers[1].address == series.to_numpy(allow_copy=False).ctypes.data
    ours = ColumnBatch.from_rows([(float(i),) for i in range(1000)], Schema([Field("a", "g")]))
    theirs = pl.DataFrame(ours)["a"].to_numpy(allow_copy=False)
    assert theirs.ctypes.data == ours.column("a").buffers[1].address


def test_pandas_shares_numbers():
    values = np.arange(1000.0)
    frame = pd.DataFrame({"a": values}, copy=False)
    batch = next(import_stream(frame))
    assert batch.column("a").buffers[1].address == frame["a"].to_numpy().ctypes.data == values.ctypes.data


def test_slices_of_a_stream_share_the_batch():
    table = pa.table({"a": range(100), "t": ["x"] * 100})
    batches = list(import_stream(table, batch_size=30))
    assert [len(batch) for batch in batches] == [30, 30, 30, 10]
    assert [batch.column(0).offset for batch in batches] == [0, 30, 60, 90]
    assert {batch.column(0).buffers[1].address for batch in batches} == {table.column(0).chunk(0).buffers()[1].address}


def test_views_and_dictionaries_are_decoded_in_ranges():
    frame = pl.DataFrame({"t": [f"text number {i} of this frame" for i in range(1000)]})
    frame = frame.with_columns(c=pl.col("t").str.slice(0, 13).cast(pl.Categorical))
    budget = MemoryBudget(40_000)
    rows = []
    for batch in import_stream(frame, batch_size=100, budget=budget):
        rows += batch.to_rows("tuple")
        del batch
    assert rows == frame.rows()
    with pytest.raises(MemoryBudgetError):
        next(import_stream(frame, budget=budget))


# ---- ownership ----


def test_columns_keep_the_producers_memory():
    theirs = pa.record_batch({"a": list(range(1000)), "t": ["text"] * 1000})
    column = ColumnBatch.from_arrow(theirs).slice(500, 502).column("a")
    del theirs
    gc.collect()
    assert pa.array(column).to_pylist() == [500, 501]


def test_consumers_keep_our_memory():
    batch = ColumnBatch.from_rows([(i, str(i)) for i in range(1000)], Schema([Field("a", "l"), Field("t", "u")]))
    theirs = exported(batch.slice(990, 1000))
    frame = pl.DataFrame(batch.slice(990, 1000))
    del batch
    gc.collect()
    assert theirs.column("t").to_pylist() == [str(i) for i in range(990, 1000)]
    assert frame["t"].to_list() == theirs.column("t").to_pylist()


def new_batch(budget):
    schema = Schema([Field("a", "l"), Field("l", "+l", True, [Field("item", "u")])])
    return ColumnBatch.from_rows([(1, ["x", "yy"]), (None, None)], schema, budget=budget)


def test_capsules_that_nobody_takes_give_everything_back():
    budget = MemoryBudget()
    before = process_budget().used
    for _ in range(3):
        batch = new_batch(budget)
        batch.__arrow_c_array__()
        batch.__arrow_c_schema__()
        batch.__arrow_c_stream__()
        batch.column("l").__arrow_c_array__()
    assert budget.used > 0
    del batch
    gc.collect()
    assert (budget.used, process_budget().used) == (0, before)


def test_a_child_moved_out_outlives_its_parent():
    budget = MemoryBudget()
    before = process_budget().used
    batch = new_batch(budget)
    schema_capsule, array_capsule = batch.__arrow_c_array__()
    root = opened(array_capsule, ArrowArray)
    child = ArrowArray()
    ctypes.memmove(ctypes.byref(child), root.children[1], ctypes.sizeof(ArrowArray))
    root.children[1].contents.release = ReleaseArray(0)
    root.release(ctypes.byref(root))
    assert not root.release
    del batch, schema_capsule, array_capsule, root
    gc.collect()
    assert budget.used > 0
    offsets = ctypes.cast(child.buffers[1], ctypes.POINTER(ctypes.c_int32))
    assert offsets[:3] == [0, 2, 2]
    child.release(ctypes.byref(child))
    gc.collect()
    assert (budget.used, process_budget().used) == (0, before)


def test_release_from_another_thread_without_the_interpreter_lock():
    # ctypes lets go of the lock around each call of these foreign function pointers.
    budget = MemoryBudget()
    before = process_budget().used
    structs = []
    for _ in range(200):
        schema_capsule, array_capsule = new_batch(budget).__arrow_c_array__()
        root = opened(array_capsule, ArrowArray)
        own = ArrowArray()
        ctypes.memmove(ctypes.byref(own), ctypes.byref(root), ctypes.sizeof(ArrowArray))
        root.release = ReleaseArray(0)
        structs.append(own)
    del schema_capsule, array_capsule, root

    def release(part):
        for struct in part:
            struct.release(ctypes.byref(struct))

    threads = [threading.Thread(target=release, args=(structs[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (budget.used, process_budget().used) == (0, before)


LEAK_CHECK = """
import gc, resource
import polars as pl
import pyarrow as pa
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.memory.budget import process_budget
from pyflinkx._core.columns.arrow_stream import ColumnStream, import_stream

theirs = pa.record_batch({"n": list(range(1000)), "t": ["text of some length"] * 1000, "l": [[1, 2]] * 1000})
theirs = theirs.append_column("d", theirs.column("t").dictionary_encode())
frame = pl.DataFrame({"t": ["a text that is longer than twelve bytes"] * 1000})

def round_trip():
    batch = ColumnBatch.from_arrow(theirs)
    pa.record_batch(batch.slice(1, 900).take([1, 2, 3]))
    batch.__arrow_c_array__()
    for part in import_stream(ColumnStream(batch.schema, [batch, batch]), batch_size=700):
        pa.record_batch(part)
    stream = import_stream(frame)
    next(stream)

def used(count):
    for _ in range(count):
        round_trip()
    gc.collect()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

first = used(1000)
second = used(9000)
assert process_budget().used == 0, process_budget()
assert second - first < 8 * 1024, (first, second)
assert pa.total_allocated_bytes() < 1 << 20, pa.total_allocated_bytes()
"""


def test_ten_thousand_round_trips_leave_no_memory_behind():
    subprocess.run([sys.executable, "-c", LEAK_CHECK], check=True, timeout=300)


# ---- streams ----


def test_a_stream_is_read_one_batch_at_a_time_and_released_at_its_end():
    made = []

    def batches():
        for i in range(3):
            made.append(i)
            yield pa.record_batch({"a": [i]})
        made.append("end")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches())
    stream = import_stream(reader)
    assert stream.schema.names == ["a"]
    assert made == []
    assert next(stream).to_rows("tuple") == [(0,)]
    assert made == [0]
    assert [batch.to_rows("tuple") for batch in stream] == [[(1,)], [(2,)]]
    assert made == [0, 1, 2, "end"]
    assert list(stream) == []


def test_our_streams_are_read_lazily_too():
    batch = ColumnBatch.from_arrow(SAMPLE)
    made = []

    def batches():
        for i in range(3):
            made.append(i)
            yield batch.slice(i, i + 1)

    reader = pa.RecordBatchReader.from_stream(ColumnStream(batch.schema, batches()))
    assert made == []
    assert reader.read_next_batch().equals(SAMPLE.slice(0, 1))
    assert made == [0]
    assert reader.read_all().num_rows == 2


def test_a_closed_stream_has_no_more_batches():
    with import_stream(pa.table({"a": range(10)}), batch_size=3) as stream:
        assert len(next(stream)) == 3
    assert list(stream) == []
    stream.close()


def test_a_failing_producer_is_a_source_error_in_its_own_words():
    def batches():
        yield pa.record_batch({"a": [1]})
        raise RuntimeError("the disk is on fire")

    stream = import_stream(pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches()))
    assert len(next(stream)) == 1
    with pytest.raises(SourceError, match=r"pyarrow.lib.RecordBatchReader: (?s:.)*the disk is on fire"):
        next(stream)
    assert list(stream) == []


def test_our_failing_stream_tells_its_reader():
    batch = ColumnBatch.from_arrow(SAMPLE)

    def failing():
        yield batch
        raise ValueError("bad row 7")

    with pytest.raises(pa.ArrowInvalid, match="ValueError: bad row 7"):
        pa.table(ColumnStream(batch.schema, failing()))
    with pytest.raises(OSError, match="KeyError: 'x'"):
        pa.table(ColumnStream(batch.schema, ({}["x"] for _ in "a")))
    with pytest.raises(pa.ArrowInvalid, match="in a stream of"):
        pa.table(ColumnStream(batch.schema, [batch.select(["n"])]))
    with pytest.raises(SourceError, match="bad row 7"):
        list(import_stream(ColumnStream(batch.schema, failing())))


def broken_stream(words):
    struct = ArrowArrayStream()
    calls = {"release": 0}
    text = ctypes.create_string_buffer(words) if words is not None else None

    def release(stream):
        calls["release"] += 1
        stream.contents.release = ReleaseStream(0)

    struct.get_schema = GetSchema(lambda stream, out: 5)
    struct.get_next = GetNext(lambda stream, out: 5)
    struct.get_last_error = GetError(lambda stream: ctypes.addressof(text) if text is not None else None)
    struct.release = ReleaseStream(release)

    class Producer:
        kept = (struct, text)

        def __arrow_c_stream__(self):
            return capsule(struct)

    return Producer(), calls


@pytest.mark.parametrize(("words", "shown"), [(b"no \xff table", "no \ufffd table"), (None, "error 5")])
def test_a_stream_without_a_schema_is_released(words, shown):
    producer, calls = broken_stream(words)
    with pytest.raises(SourceError, match=shown):
        import_stream(producer)
    assert calls["release"] == 1
    with pytest.raises(CorruptDataError, match="already consumed"):
        import_stream(producer)


# ---- producers that do not offer what is asked for ----


def test_other_objects_are_refused():
    class Liar:
        def __arrow_c_array__(self):
            return "schema", "array"

        def __arrow_c_stream__(self):
            return None

    with pytest.raises(TypeError, match="list has no __arrow_c_array__"):
        ColumnBatch.from_arrow([1])
    with pytest.raises(TypeError, match=r"DataFrame has no __arrow_c_array__; import_stream\(\) reads it"):
        ColumnBatch.from_arrow(FRAME)
    with pytest.raises(TypeError, match="int has no __arrow_c_stream__"):
        import_stream(5)
    with pytest.raises(TypeError, match="gave no capsule 'arrow_schema'"):
        ColumnBatch.from_arrow(Liar())
    with pytest.raises(TypeError, match="gave no capsule 'arrow_array_stream'"):
        import_stream(Liar())
    with pytest.raises(ValueError, match="batch_size must be positive"):
        import_stream(FRAME, batch_size=0)


def test_a_column_is_not_a_table():
    with pytest.raises(TypeInformationError, match="one column of int64, not a table"):
        ColumnBatch.from_arrow(pa.array([1]))
    with pytest.raises(TypeInformationError, match="one column of int64, not a table"):
        import_stream(pa.chunked_array([[1]]))
    with pytest.raises(CorruptDataError, match="cannot have null rows"):
        ColumnBatch.from_arrow(pa.array([{"a": 1}, None]))
    assert len(ColumnBatch.from_arrow(pa.array([{"a": 1}, {"a": 2}]))) == 2


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        (pa.array([1.0], pa.float16()), "column 'c': the Arrow type float16"),
        (pa.array([Decimal(1)], pa.decimal256(50, 0)), "column 'c': the Arrow type decimal"),
        (pa.array([[1, 2]], pa.list_(pa.int64(), 2)), "column 'c': the Arrow type fixed_size_list"),
        (pa.array([[1]], pa.list_view(pa.int64())), "column 'c': the Arrow type list_view"),
        (
            pa.array([{"x": [np.float16(1)]}], pa.struct([("x", pa.list_(pa.float16()))])),
            "column 'c.x.item': the Arrow",
        ),
        (pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array([1])]), "type union"),
        (pa.RunEndEncodedArray.from_arrays([1], [5]), "type run_end_encoded"),
    ],
)
def test_types_that_columns_do_not_have_are_named(column, shown):
    theirs = pa.record_batch([column], names=["c"])
    with pytest.raises(TypeInformationError, match=shown):
        ColumnBatch.from_arrow(theirs)
    with pytest.raises(TypeInformationError, match=shown):
        import_stream(pa.table(theirs))
