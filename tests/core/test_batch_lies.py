"""Producers of Arrow data that lie: what cannot be is refused, and released all the same."""

import ctypes
import gc
from array import array

import pyarrow as pa
import pytest

from pyflinkx._core.columns.batch import ColumnBatch, import_column
from pyflinkx._core.columns.to_rows import to_values
from pyflinkx.errors import CorruptDataError, TypeInformationError

from .arrow_abi import (
    ArrowArray,
    ArrowSchema,
    Exporter,
    ReleaseArray,
    ReleaseSchema,
)

SAMPLE = pa.record_batch(
    {
        "n": pa.array([1, None, 3], pa.int32()),
        "t": ["a", "bb", None],
        "l": [[1], None, [2, 3]],
        "s": [{"x": 1.5}, None, {"x": None}],
    }
)


TEXT = (b"u", [None, array("i", [0, 1, 3]), b"abc"], None, None)
NUMBERS = (b"l", [b"\3", array("q", [1, 2])], None, None)
LISTS = (b"+l", [None, array("i", [0, 1, 3])], [(b"i", [None, array("i", [1, 2, 3])], None, None, 3)], None)
CODES = (b"c", [None, array("b", [1, 0])], None, (b"u", [None, array("i", [0, 1, 3]), b"abc"], None, None, 2))
LONG = b"a text of more than twelve bytes"
VIEWS = (
    b"vu",
    [None, (5).to_bytes(4, "little") + b"short" + bytes(7)
     + len(LONG).to_bytes(4, "little") + LONG[:4] + bytes(4) + bytes(4), LONG, array("q", [len(LONG)])],
    None, None,
)  # fmt: skip


def test_a_table_made_by_hand_is_read_and_released():
    producer = Exporter([NUMBERS, TEXT, LISTS, CODES, VIEWS], 2)
    batch = ColumnBatch.from_arrow(producer)
    assert batch.to_rows("tuple") == [(1, "a", [1], "bc", "short"), (2, "bc", [2, 3], "a", LONG.decode())]
    assert producer.released == {"schema": 1, "array": 0}
    kept = batch.column(0)
    del batch
    gc.collect()
    assert producer.released == {"schema": 1, "array": 0}
    del kept
    gc.collect()
    assert producer.released == {"schema": 1, "array": 1}


def column_array(producer, i=0):
    return producer.array.children[i].contents


def column_schema(producer, i=0):
    return producer.schema.children[i].contents


def change(part, **values):
    def lie(producer):
        struct = {
            "array": lambda: column_array(producer),
            "schema": lambda: column_schema(producer),
            "root": lambda: producer.array,
            "root_schema": lambda: producer.schema,
            "element": lambda: column_array(producer).children[0].contents,
            "values": lambda: column_array(producer).dictionary.contents,
        }[part]()
        for name, value in values.items():
            setattr(struct, name, value)

    return lie


def no_buffer(i):
    def lie(producer):
        column_array(producer).buffers[i] = None

    return lie


def no_child(producer):
    producer.array.children[0] = ctypes.POINTER(ArrowArray)()


def no_child_schema(producer):
    producer.schema.children[0] = ctypes.POINTER(ArrowSchema)()


NO_ARRAYS = ctypes.POINTER(ctypes.POINTER(ArrowArray))()
NO_SCHEMAS = ctypes.POINTER(ctypes.POINTER(ArrowSchema))()


def views(*parts):
    def numbers(length, prefix, buffer, offset):
        return b"".join(n.to_bytes(4, "little", signed=True) for n in (length, prefix, buffer, offset))

    content = b"".join(numbers(*part) for part in parts)
    return (b"vu", [None, content, LONG, array("q", [len(LONG)])], None, None)


LIES = [
    (NUMBERS, change("array", length=-1)),
    (NUMBERS, change("array", offset=-1)),
    (NUMBERS, change("array", length=2**62)),
    (NUMBERS, change("array", offset=2**62)),
    (NUMBERS, change("array", length=1)),
    (NUMBERS, change("array", null_count=3)),
    (NUMBERS, change("array", null_count=-2)),
    (NUMBERS, change("array", n_buffers=1)),
    (NUMBERS, change("array", n_buffers=-1)),
    (NUMBERS, change("array", n_buffers=2**40)),
    (NUMBERS, change("array", buffers=ctypes.POINTER(ctypes.c_void_p)())),
    (NUMBERS, change("array", n_children=1)),
    (NUMBERS, change("array", n_children=-1)),
    (NUMBERS, change("array", release=ReleaseArray(0))),
    (NUMBERS, no_buffer(1)),
    (NUMBERS, lambda producer: (no_buffer(0)(producer), change("array", null_count=1)(producer))),
    (NUMBERS, change("root", length=3)),
    (NUMBERS, change("root", length=-1)),
    (NUMBERS, change("root", offset=-1)),
    (NUMBERS, change("root", offset=1)),
    (NUMBERS, change("root", offset=2**60, length=2**60)),
    (NUMBERS, change("root", n_children=2)),
    (NUMBERS, change("root", n_children=0)),
    (NUMBERS, change("root", children=NO_ARRAYS)),
    (NUMBERS, change("root", null_count=1)),
    (NUMBERS, no_child),
    (NUMBERS, no_child_schema),
    (NUMBERS, change("schema", format=None)),
    (NUMBERS, change("schema", format=b"")),
    (NUMBERS, change("schema", format=b"\xff")),
    (NUMBERS, change("schema", format=b"nonsense")),
    (NUMBERS, change("schema", format=b"vu")),
    (NUMBERS, change("schema", name=b"\xff")),
    (NUMBERS, change("schema", n_children=-1)),
    (NUMBERS, change("schema", n_children=1)),
    (NUMBERS, change("schema", release=ReleaseSchema(0))),
    (NUMBERS, change("schema", metadata=b"\xff\xff\xff\xff")),
    (NUMBERS, change("schema", metadata=b"\1\0\0\0\xff\xff\xff\xff")),
    (NUMBERS, change("root_schema", children=NO_SCHEMAS)),
    (NUMBERS, change("root_schema", format=b"l")),
    (TEXT, no_buffer(1)),
    (TEXT, no_buffer(2)),
    ((b"u", [None, array("i", [0, 2, 1]), b"abc"], None, None), None),
    ((b"u", [None, array("i", [0, 5, 3]), b"abc"], None, None), None),
    ((b"u", [None, array("i", [-1, 1, 3]), b"abc"], None, None), None),
    ((b"u", [None, array("i", [0, 0, -1]), b"abc"], None, None), None),
    ((b"U", [None, array("q", [0, 0, -(2**62)]), b"abc"], None, None), None),
    (LISTS, change("element", length=2)),
    (LISTS, change("element", length=-1)),
    (LISTS, change("element", release=ReleaseArray(0))),
    (LISTS, change("array", children=NO_ARRAYS)),
    (LISTS, change("array", n_children=2)),
    ((b"+s", [None], [(b"l", [None, array("q", [1])], None, None, 1)], None), None),
    (CODES, change("array", dictionary=ctypes.POINTER(ArrowArray)())),
    (CODES, change("schema", dictionary=ctypes.POINTER(ArrowSchema)())),
    (CODES, change("schema", format=b"g")),
    (CODES, change("values", length=1)),
    (CODES, change("values", length=-1)),
    ((b"c", [None, array("b", [0, -1])], None, CODES[3]), None),
    ((b"L", [None, array("Q", [0, 2**63])], None, CODES[3]), None),
    (VIEWS, change("array", n_buffers=2)),
    (VIEWS, change("array", n_buffers=3)),
    (VIEWS, change("array", n_buffers=2**31 + 4)),
    (VIEWS, change("array", n_buffers=2**62)),
    (VIEWS, no_buffer(1)),
    (VIEWS, no_buffer(2)),
    (VIEWS, no_buffer(3)),
    (views((13, 0, 0, 20), (0, 0, 0, 0)), None),
    (views((13, 0, 1, 0), (0, 0, 0, 0)), None),
    (views((13, 0, -1, 0), (0, 0, 0, 0)), None),
    (views((13, 0, 0, -1), (0, 0, 0, 0)), None),
    (views((-1, 0, 0, 0), (0, 0, 0, 0)), None),
    (views((2**31 - 1, 0, 0, 2**31 - 1), (0, 0, 0, 0)), None),
    ((b"vu", [None, VIEWS[1][1], LONG, array("q", [-1])], None, None), None),
]


@pytest.mark.parametrize(("node", "lie"), LIES, ids=range(len(LIES)))
def test_what_cannot_be_is_refused_and_released(node, lie):
    producer = Exporter([node], 2)
    if lie is not None:
        lie(producer)
    with pytest.raises((CorruptDataError, TypeInformationError)):
        ColumnBatch.from_arrow(producer)
    gc.collect()
    assert producer.released == {"schema": 1, "array": 1}


def test_nesting_has_an_end():
    node = (b"i", [None, array("i", [1, 2])], None, None)
    for _ in range(80):
        node = (b"+s", [None], [node], None)
    producer = Exporter([node], 2)
    with pytest.raises(CorruptDataError, match="nested more than 64 deep"):
        ColumnBatch.from_arrow(producer)
    assert producer.released == {"schema": 1, "array": 1}


def test_a_capsule_can_be_taken_only_once():
    producer = Exporter([NUMBERS], 2)
    ColumnBatch.from_arrow(producer)
    with pytest.raises(CorruptDataError, match="already consumed"):
        ColumnBatch.from_arrow(producer)


def test_missing_buffers_of_nothing_are_fine():
    empty = Exporter(
        [(b"u", [None, None, None], None, None), (b"l", [None, None], None, None), (b"n", [], None, None)], 0
    )
    assert pa.record_batch(ColumnBatch.from_arrow(empty)).num_rows == 0
    blank = Exporter([(b"u", [None, array("i", [0, 0, 0]), None], None, None), (b"n", [None], None, None)], 2)
    assert ColumnBatch.from_arrow(blank).to_rows("tuple") == [("", None), ("", None)]


def test_misaligned_buffers_are_copied():
    raw = ctypes.create_string_buffer(b"x" + array("q", [7, 8]).tobytes())
    producer = Exporter([(b"l", [None, ctypes.addressof(raw) + 1], None, None)], 2)
    column = ColumnBatch.from_arrow(producer).column(0)
    assert list(memoryview(column)) == [7, 8]
    assert column.buffers[1].address % 8 == 0


def test_a_producers_offset_applies_to_every_buffer():
    producer = Exporter([NUMBERS, TEXT, LISTS, CODES, VIEWS], 2)
    producer.array.offset = 1
    producer.array.length = 1
    assert ColumnBatch.from_arrow(producer).to_rows("tuple") == [(2, "bc", [2, 3], "a", LONG.decode())]


def test_columns_are_imported_one_by_one():
    assert pa.array(import_column(pa.array(["a", None]))).to_pylist() == ["a", None]
    with pytest.raises(TypeError, match="int has no __arrow_c_array__"):
        import_column(1)


HOLDERS = {
    "struct": (b"+s", [b"\5"]),
    "list": (b"+l", [b"\5", array("i", [0, 1, 2, 3])]),
    "large list": (b"+L", [b"\5", array("q", [0, 1, 2, 3])]),
    "list with a gap": (b"+l", [b"\7", array("i", [0, 1, 1, 2])]),
}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("unseen", [-1, 2, 99])
def test_what_no_value_shows_may_be_anything(holder, unseen):
    def read(*codes):
        column = (*HOLDERS[holder], [(b"c", [None, array("b", codes)], None, CODES[3], 3)], None)
        return ColumnBatch.from_arrow(Exporter([column], 3)).to_rows("tuple")

    if holder == "list with a gap":
        assert read(0, 1, unseen) == [(["a"],), ([],), (["bc"],)]
    else:
        first, hidden, last = read(0, unseen, 1)
        assert hidden == (None,)
        assert [list(value) for (value,) in (first, last)] == [["a"], ["bc"]]
    with pytest.raises(CorruptDataError, match="outside of its dictionary of 2"):
        read(unseen, 0, 0)


BAD_TEXT = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"]


def text_column(format, content, validity=None):
    """Three rows: "é", the content, "a"."""
    ends = array("q" if format == b"U" else "i", [0, 2, 2 + len(content), 3 + len(content)])
    return (format, [validity, ends, "é".encode() + content + b"a"], None, None, 3)


@pytest.mark.parametrize("content", BAD_TEXT)
@pytest.mark.parametrize("format", [b"u", b"U"])
def test_a_full_check_finds_text_that_is_not_utf8(format, content):
    batch = ColumnBatch.from_arrow(Exporter([text_column(format, content)], 3))
    batch.validate()
    with pytest.raises(CorruptDataError, match="column 'c0', row 1: not UTF-8"):
        batch.validate(full=True)
    batch.slice(0, 1).validate(full=True)
    batch.slice(2, 3).validate(full=True)
    with pytest.raises(CorruptDataError, match="row 0: not UTF-8"):
        batch.slice(1, 3).validate(full=True)


def test_a_full_check_of_text_takes_characters_row_by_row():
    # A character cut in two is in no row, though the bytes of all rows together are UTF-8.
    batch = ColumnBatch.from_arrow(Exporter([(b"u", [None, array("i", [0, 1, 2]), "é".encode()], None, None)], 2))
    with pytest.raises(CorruptDataError, match="row 0: not UTF-8"):
        batch.validate(full=True)
    whole = ColumnBatch.from_arrow(pa.record_batch({"t": ["a", "é", "€", "\U0001f600", "", None]}))
    whole.validate(full=True)
    ColumnBatch.from_arrow(Exporter([(b"z", [None, array("i", [0, 1, 2]), b"\xff\xff"], None, None)], 2)).validate(True)


def held_text(holder, outer, inner=None):
    """The bad text in the second row of a struct or list with those validity bits, its own being ``inner``."""
    format, buffers = HOLDERS[holder]
    column = (format, [outer, *buffers[1:]], [text_column(b"u", b"\xff", inner)], None)
    return ColumnBatch.from_arrow(Exporter([column], 3))


@pytest.mark.parametrize("holder", ["struct", "list", "large list"])
def test_text_that_a_null_hides_is_neither_checked_nor_read(holder):
    hidden = held_text(holder, b"\5")
    hidden.validate(full=True)
    first, second, third = hidden.to_rows("tuple")
    assert ([*first[0]], second, [*third[0]]) == (["é"], (None,), ["a"])
    assert hidden.take([2, 1]).to_rows("tuple") == [third, second]
    assert hidden.slice(1, 3).to_rows("tuple") == [second, third]
    assert to_values(hidden.column(0), "tuple") == [first[0], None, third[0]]
    null = held_text(holder, None, b"\5")
    null.validate(full=True)
    assert [[*row[0]] for row in null.to_rows("tuple")] == [["é"], [None], ["a"]]
    assert hidden.column(0).children[0].null_count == 0
    shown = held_text(holder, None)
    with pytest.raises(CorruptDataError, match="column 'c0', row 1: not UTF-8"):
        shown.validate(full=True)
    with pytest.raises(CorruptDataError, match="column 'c0', row 1: not UTF-8"):
        shown.to_rows()


def test_nulls_hide_what_lies_deeper():
    text = (b"+s", [None], [text_column(b"u", b"\xff")], None, 3)
    for outer in (
        (b"+s", [b"\5"], [text], None),
        (b"+s", [b"\5"], [(b"+l", [None, array("i", [0, 1, 2, 3])], [text], None, 3)], None),
        (b"+l", [b"\5", array("i", [0, 1, 2, 3])], [(b"+s", [b"\7"], [text], None, 3)], None),
    ):
        batch = ColumnBatch.from_arrow(Exporter([outer], 3))
        batch.validate(full=True)
        assert batch.to_rows("dict")[1] == {"c0": None}


def test_a_time_that_a_null_hides_is_not_converted():
    days = (b"tdD", [None, array("i", [0, 2**31 - 1, 1])], None, None, 3)
    batch = ColumnBatch.from_arrow(Exporter([(b"+s", [b"\5"], [days], None)], 3))
    assert [row[0] is None for row in batch.to_rows("tuple")] == [False, True, False]
    with pytest.raises(OverflowError, match="row 1"):
        ColumnBatch.from_arrow(Exporter([(b"+s", [b"\7"], [days], None)], 3)).to_rows()
