"""ColumnBatch: what it is made of, slices, projections, rows by index and by mask, timestamps; judged by pyarrow."""

import pickle
from array import array

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch, concat, import_column
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx.errors import CorruptDataError, TypeInformationError

from .arrow_tables import plain_type, record_batches, storage

SAMPLE = pa.record_batch(
    {
        "n": [1, None, 3, 4],
        "t": ["a", "bb", None, "dddd"],
        "b": [True, False, None, True],
        "l": [[1], None, [], [2, 3]],
    }
)


def addresses(column):
    return [buffer and buffer.address for buffer in column.buffers] + [addresses(child) for child in column.children]


def same(ours, theirs):
    back = pa.record_batch(ours)
    back.validate(full=True)
    assert storage(back) == storage(theirs)
    assert back.schema.types == [plain_type(arrow_type) for arrow_type in theirs.schema.types]


@given(record_batches(), st.data())
@settings(max_examples=150, deadline=None)
def test_slice_take_filter_and_concat_agree_with_pyarrow(theirs, data):
    ours = ColumnBatch.from_arrow(theirs)
    rows = len(theirs)
    same(ours, theirs)
    start = data.draw(st.integers(0, rows))
    stop = data.draw(st.integers(start, rows))
    part = ours.slice(start, stop)
    same(part, theirs.slice(start, stop - start))
    theirs_part = theirs.slice(start, stop - start)
    indices = data.draw(st.lists(st.integers(0, max(stop - start - 1, 0)), max_size=20 if stop > start else 0))
    expected = [[values[i] for i in indices] for values in storage(theirs_part)]
    taken = part.take(indices)
    taken.validate(full=True)
    assert storage(pa.record_batch(taken)) == expected
    mask = data.draw(st.lists(st.booleans(), min_size=stop - start, max_size=stop - start))
    expected = [[v for v, keep in zip(values, mask, strict=True) if keep] for values in storage(theirs_part)]
    assert storage(pa.record_batch(part.filter(bytes(mask)))) == expected
    joined = concat([part, ours, taken, part.slice(0, 0)])
    joined.validate(full=True)
    assert storage(pa.record_batch(joined)) == [
        a + b + c
        for a, b, c in zip(storage(theirs_part), storage(theirs), storage(pa.record_batch(taken)), strict=True)
    ]
    same(pickle.loads(pickle.dumps(part)), theirs_part)


@given(record_batches())
@settings(max_examples=50, deadline=None)
def test_slices_share_every_buffer(theirs):
    batch = ColumnBatch.from_arrow(theirs)
    part = batch.slice(len(batch) // 3, len(batch) // 2)
    for column, whole in zip(part.columns, batch.columns, strict=True):
        assert addresses(column) == addresses(whole)


@given(record_batches(encoded=False))
@settings(max_examples=50, deadline=None)
def test_null_counts_and_sizes(theirs):
    batch = ColumnBatch.from_arrow(theirs)
    for ours, other in zip(batch.columns, theirs.columns, strict=True):
        assert ours.null_count == other.null_count
        assert [ours.is_null(i) for i in range(len(ours))] == other.is_null().to_pylist()
    assert batch.slice(0, 0).nbytes <= batch.nbytes


def test_nbytes_counts_only_the_rows_of_a_slice():
    batch = ColumnBatch.from_arrow(pa.record_batch({"a": pa.array(range(1000)), "s": pa.array(["xyz"] * 1000)}))
    assert batch.nbytes == 1000 * 8 + 1001 * 4 + 3000
    assert batch.slice(10, 20).nbytes == 10 * 8 + 11 * 4 + 30
    assert batch.slice(10, 20).with_timestamps(array("q", range(10))).nbytes == 10 * 8 + 11 * 4 + 30 + 80


def test_columns_by_name_and_number():
    batch = ColumnBatch.from_arrow(SAMPLE)
    assert batch.column("t") is batch.column(1) is batch.column(-3)
    assert batch.select(["b", 0]).schema.names == ["b", "n"]
    with pytest.raises(KeyError, match="no column 'x'; there are 'n', 't', 'b', 'l'"):
        batch.column("x")
    with pytest.raises(IndexError, match="no column 4"):
        batch.column(4)


def test_a_name_that_two_columns_have_is_not_looked_up():
    batch = ColumnBatch.from_arrow(pa.RecordBatch.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]))
    assert pa.array(batch.column(1)).to_pylist() == [2]
    with pytest.raises(KeyError, match="several columns are called 'a'"):
        batch.column("a")


def test_with_column_replaces_or_adds():
    batch = ColumnBatch.from_arrow(SAMPLE)
    doubled = import_column(pa.array([2.0, 4.0, 6.0, 8.0]))
    replaced = batch.with_column("n", doubled)
    assert replaced.schema.names == batch.schema.names
    assert replaced.schema["n"].type_name == "float64"
    added = batch.with_column("m", doubled)
    assert added.schema.names == ["n", "t", "b", "l", "m"]
    assert pa.record_batch(added).column("m").to_pylist() == [2.0, 4.0, 6.0, 8.0]
    with pytest.raises(ValueError, match="column 'm' has 3 rows, not 4"):
        batch.with_column("m", doubled.slice(0, 3))


@pytest.mark.parametrize(
    "indices",
    [
        [3, 0],
        (3, 0),
        array("q", [3, 0]),
        np.array([3, 0]),
        np.array([3, 9, 0])[::2].copy(),
        memoryview(array("q", [3, 0])),
    ],
)
def test_take_accepts_any_contiguous_int64(indices):
    assert pa.record_batch(ColumnBatch.from_arrow(SAMPLE).take(indices)).equals(SAMPLE.take(pa.array([3, 0])))


@pytest.mark.parametrize("wrong", [4, -1, 2**40])
def test_take_refuses_rows_that_do_not_exist(wrong):
    with pytest.raises(IndexError, match=f"row {wrong} of 4"):
        ColumnBatch.from_arrow(SAMPLE).take([0, wrong])


def test_take_refuses_other_items():
    with pytest.raises(ValueError, match="Buffer dtype mismatch"):
        ColumnBatch.from_arrow(SAMPLE).take(np.array([1, 2], dtype=np.int32))


def test_filter_by_bool_column_treats_null_as_false():
    batch = ColumnBatch.from_arrow(SAMPLE)
    assert pa.record_batch(batch.filter(batch.column("b"))).equals(SAMPLE.filter(SAMPLE.column("b")))
    part = batch.slice(1, 4)
    assert pa.record_batch(part.filter(part.column("b"))).column("n").to_pylist() == [4]


def test_filter_by_numpy_mask_and_wrong_masks():
    batch = ColumnBatch.from_arrow(SAMPLE)
    mask = np.array([True, False, False, True])
    assert pa.record_batch(batch.filter(mask)).equals(SAMPLE.filter(pa.array(mask)))
    assert batch.filter(b"\1\1\1\1") is batch
    with pytest.raises(ValueError, match="one byte per row"):
        batch.filter(b"\1\1")
    with pytest.raises(ValueError, match="no mask for 4 rows"):
        batch.filter(batch.column("n"))


def test_slices_outside_are_refused():
    batch = ColumnBatch.from_arrow(SAMPLE)
    for start, stop in [(-1, 2), (3, 2), (0, 5)]:
        with pytest.raises(IndexError):
            batch.slice(start, stop)
        with pytest.raises(IndexError):
            batch.column(0).slice(start, stop)


def test_concat_refuses_other_types():
    first = ColumnBatch.from_arrow(pa.record_batch({"a": [1]}))
    with pytest.raises(ValueError, match="column 'a': int64 and utf8 cannot be put together"):
        concat([first, ColumnBatch.from_arrow(pa.record_batch({"a": ["x"]}))])
    with pytest.raises(ValueError, match="batches of 1 and 4 columns"):
        concat([first, ColumnBatch.from_arrow(SAMPLE)])
    with pytest.raises(ValueError, match="no batches"):
        concat([])


# ---- timestamps and row kinds ----


def test_timestamps_and_kinds_travel_with_their_rows():
    batch = ColumnBatch.from_arrow(SAMPLE).with_timestamps(array("q", [10, 20, NO_TIMESTAMP, 40]))
    batch = batch.with_kinds(array("b", [0, 1, 2, 3]))
    part = batch.slice(1, 4).take([2, 0])
    assert list(memoryview(part.timestamps)) == [40, 20]
    assert list(memoryview(part.kinds)) == [3, 1]
    assert list(memoryview(batch.filter(b"\0\0\1\1").timestamps)) == [NO_TIMESTAMP, 40]
    assert list(memoryview(batch.select(["n"]).timestamps)) == [10, 20, NO_TIMESTAMP, 40]
    plain = ColumnBatch.from_arrow(SAMPLE).slice(0, 1)
    both = concat([plain, part])
    assert list(memoryview(both.timestamps)) == [NO_TIMESTAMP, 40, 20]
    assert list(memoryview(both.kinds)) == [0, 3, 1]
    assert concat([plain, plain]).timestamps is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (array("q", [1]), "1 timestamps for 4 rows"),
        (array("i", [1, 2, 3, 4]), "timestamps must be int64"),
        (array("d", [1, 2, 3, 4]), "timestamps must be int64"),
    ],
)
def test_wrong_timestamps_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        ColumnBatch.from_arrow(SAMPLE).with_timestamps(wrong)


@pytest.mark.parametrize("arrow_type", [pa.int64(), pa.timestamp("ms"), pa.timestamp("ms", "UTC")])
def test_millisecond_columns_become_timestamps_without_a_copy(arrow_type):
    theirs = pa.record_batch({"a": ["x"] * 5, "t": pa.array([-5, 0, 7, 10**12, 8]).cast(arrow_type)})
    batch = ColumnBatch.from_arrow(theirs).slice(1, 4).with_timestamps_from("t")
    assert list(memoryview(batch.timestamps)) == [0, 7, 10**12]
    assert batch.timestamps.buffers[1].address == theirs.column("t").buffers()[1].address


@given(
    st.sampled_from([pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")] + [pa.date32(), pa.date64()]),
    st.lists(st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)), max_size=20),
)
@settings(max_examples=100, deadline=None)
def test_other_units_become_milliseconds_rounded_down(arrow_type, values):
    if arrow_type == pa.date64():
        values = [value and value * 86_400_000 for value in values]
    storage_type = pa.int32() if arrow_type == pa.date32() else pa.int64()
    column = pa.array(values, type=storage_type).cast(arrow_type)
    batch = ColumnBatch.from_arrow(pa.record_batch({"t": column})).with_timestamps_from("t")
    if arrow_type == pa.date32():
        expected = [NO_TIMESTAMP if v is None else v * 86_400_000 for v in values]
    elif arrow_type == pa.date64():
        expected = [NO_TIMESTAMP if v is None else v for v in values]
    else:
        top, bottom = {"s": (1000, 1), "ms": (1, 1), "us": (1, 1000), "ns": (1, 10**6)}[arrow_type.unit]
        expected = [NO_TIMESTAMP if v is None else v * top // bottom for v in values]
    assert list(memoryview(batch.timestamps)) == expected


def test_timestamps_from_a_column_that_is_no_time():
    batch = ColumnBatch.from_arrow(SAMPLE)
    with pytest.raises(TypeInformationError, match="column 't': utf8 is not a time"):
        batch.with_timestamps_from("t")
    far = ColumnBatch.from_arrow(pa.record_batch({"t": pa.array([2**60]).cast(pa.timestamp("s"))}))
    with pytest.raises(OverflowError, match="column 't'"):
        far.with_timestamps_from("t")


# ---- columns over given buffers ----


def test_a_column_reads_the_memory_that_it_is_given():
    values = array("q", [1, 2, 3])
    column = Column(Field("a", "l"), 2, [None, values], offset=1)
    assert column.buffers[1].address == values.buffer_info()[0]
    assert list(memoryview(column)) == [2, 3]
    assert np.asarray(column).tolist() == [2, 3]
    assert pa.array(column).to_pylist() == [2, 3]
    with pytest.raises(BufferError):
        values.append(4)


def test_a_view_of_values_keeps_them_alive_and_cannot_write():
    column = import_column(pa.array([1.5, 2.5, 3.5])).slice(1, 3)
    view = memoryview(column)
    del column
    assert (view.format, view.tolist(), view.readonly) == ("d", [2.5, 3.5], True)
    with pytest.raises(TypeError):
        view[0] = 1.0


@pytest.mark.parametrize(
    "arrow_array", [pa.array([1, None]), pa.array(["a"]), pa.array([True]), pa.array([b"abcd"], pa.binary(4))]
)
def test_values_that_an_array_cannot_show_are_not_viewed(arrow_array):
    with pytest.raises(BufferError, match="column ''"):
        memoryview(import_column(arrow_array))


def test_misaligned_values_are_copied_to_where_they_can_be_read():
    raw = b"x" + array("q", [5, 6, 7]).tobytes()
    column = Column(Field("a", "l"), 3, [None, memoryview(raw)[1:]])
    assert list(memoryview(column)) == [5, 6, 7]
    assert column.buffers[1].address % 8 == 0


OFFSETS = array("i", [0, 2, 3])


@pytest.mark.parametrize(
    ("field", "length", "buffers", "offset", "nulls", "children"),
    [
        (Field("a", "l"), -1, [None, bytes(8)], 0, -1, ()),
        (Field("a", "l"), 1, [None, bytes(8)], -1, -1, ()),
        (Field("a", "l"), 2, [None, bytes(8)], 0, -1, ()),
        (Field("a", "l"), 1, [None, bytes(8)], 1, -1, ()),
        (Field("a", "l"), 1, [None, bytes(8)], 2**63 - 1, -1, ()),
        (Field("a", "l"), 2**62, [None, bytes(8)], 0, -1, ()),
        (Field("a", "l"), 1, [None, None], 0, -1, ()),
        (Field("a", "l"), 1, [bytes(8)], 0, -1, ()),
        (Field("a", "l"), 1, [None, bytes(8)], 0, 2, ()),
        (Field("a", "l"), 1, [None, bytes(8)], 0, 1, ()),
        (Field("a", "l"), 1, [b"\1", bytes(8)], 0, -2, ()),
        (Field("a", "l"), 9, [b"\1", bytes(72)], 0, -1, ()),
        (Field("a", "b"), 9, [None, b"\1"], 0, -1, ()),
        (Field("a", "u"), 3, [None, OFFSETS, b"abc"], 0, -1, ()),
        (Field("a", "u"), 2, [None, OFFSETS, b"ab"], 0, -1, ()),
        (Field("a", "u"), 2, [None, OFFSETS, None], 0, -1, ()),
        (Field("a", "u"), 2, [None, None, b"abc"], 0, -1, ()),
        (Field("a", "u"), 2, [None, array("i", [0, 3, 2]), b"abc"], 0, -1, ()),
        (Field("a", "u"), 2, [None, array("i", [-1, 2, 3]), b"abc"], 0, -1, ()),
        (Field("a", "U"), 2, [None, array("q", [0, 2**40, 3]), b"abc"], 0, -1, ()),
        (Field("a", "+l", True, [Field("i", "l")]), 2, [None, OFFSETS], 0, -1, ()),
        (
            Field("a", "+l", True, [Field("i", "l")]), 2, [None, OFFSETS], 0, -1,
            (Column(Field("i", "l"), 2, [None, bytes(16)]),),
        ),
        (
            Field("a", "+l", True, [Field("i", "l")]), 2, [None, OFFSETS], 0, -1,
            (Column(Field("i", "g"), 3, [None, bytes(24)]),),
        ),
        (
            Field("a", "+s", True, [Field("i", "l")]), 2, [None], 1, -1,
            (Column(Field("i", "l"), 2, [None, bytes(16)]),),
        ),
        (Field("a", "+s", True, [Field("i", "l")]), 2, [None], 0, -1, ()),
    ],
)  # fmt: skip
def test_buffers_that_cannot_hold_the_rows_are_refused(field, length, buffers, offset, nulls, children):
    with pytest.raises(CorruptDataError, match="column 'a'"):
        Column(field, length, buffers, offset, nulls, children)


def test_full_validation_counts_the_nulls():
    column = Column(Field("a", "l"), 2, [b"\1", bytes(16)], null_count=2)
    column.validate()
    with pytest.raises(CorruptDataError, match="null_count is 2, but 1 rows are null"):
        column.validate(full=True)


def test_a_batch_refuses_columns_that_do_not_fit():
    column = import_column(pa.array([1, 2]))
    schema = Schema([Field("a", "l")])
    with pytest.raises(ValueError, match="column 'a' has 2 rows, not 3"):
        ColumnBatch(schema, [column], 3)
    with pytest.raises(ValueError, match="2 columns for a schema of 1"):
        ColumnBatch(schema, [column, column], 2)
    with pytest.raises(ValueError, match="column 'a' holds int64, not utf8"):
        ColumnBatch(Schema([Field("a", "u")]), [column], 2)


TYPE_NAMES = {
    "tsm:UTC": "timestamp[ms, UTC]",
    "tsn:": "timestamp[ns]",
    "d:9,2": "decimal128(9, 2)",
    "w:7": "fixed_binary[7]",
    "ttu": "time64[us]",
    "tts": "time32[s]",
    "tDn": "duration[ns]",
    "U": "large_utf8",
    "tdD": "date32",
}


@pytest.mark.parametrize(("format", "name"), TYPE_NAMES.items())
def test_types_have_names(format, name):
    assert Field("a", format).type_name == name


OTHER_FORMATS = [
    *("", "x", "e", "vu", "+w:3", "ts", "tsx:", "tsm", "d:", "d:0,1", "d:39,0", "d:9,2,256", "d:9"),
    *("w:", "w:-1", "w:99999999999", "l ", "l\0"),
]


@pytest.mark.parametrize("format", OTHER_FORMATS)
def test_other_formats_are_refused_by_column_and_type(format):
    with pytest.raises(TypeInformationError, match="column 'a'"):
        Field("a", format)


def test_children_must_fit_the_type():
    with pytest.raises(TypeInformationError, match="has 1 children, not 0"):
        Field("a", "+l")
    with pytest.raises(TypeInformationError, match="has 0 children, not 1"):
        Field("a", "l", True, [Field("b", "l")])
    nested = Field("a", "+l", True, [Field("item", "+s", True, [Field("x", "l"), Field("y", "u")])])
    assert nested.type_name == "list<struct<x: int64, y: utf8>>"
    assert pickle.loads(pickle.dumps(nested)) == nested


def test_take_agrees_with_pyarrow_at_size():
    count = 20_000
    theirs = pa.record_batch(
        {
            "i": pa.array(range(count)),
            "s": pa.array([str(i) * (i % 5) for i in range(count)]),
            "f": pc.multiply(pa.array(range(count)), 0.5),
        }
    )
    indices = np.random.default_rng(7).integers(0, count, 30_000)
    assert pa.record_batch(ColumnBatch.from_arrow(theirs).take(indices)).equals(theirs.take(pa.array(indices)))
