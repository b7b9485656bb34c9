"""Columns to Python rows and back, judged by pyarrow."""

import dataclasses
import datetime
import gc
import random
from array import array
from collections import namedtuple
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch, import_column
from pyflinkx._core.columns.build import ColumnBuilder
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.from_rows import from_objects
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.columns.to_rows import to_objects, to_rows, to_values
from pyflinkx._core.memory.budget import MemoryBudget
from pyflinkx._core.records.row import Row, RowKind
from pyflinkx.errors import CorruptDataError, MemoryBudgetError, TypeInformationError, WrongStateError

from .arrow_abi import Exporter
from .arrow_tables import record_batches, storage

UTC = datetime.timezone.utc


def plain(value):
    """pyarrow's value without pandas's types."""
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime()
    if hasattr(value, "to_pytimedelta"):
        return value.to_pytimedelta()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def as_dicts(value):
    if isinstance(value, Row):
        return {name: as_dicts(item) for name, item in value.as_dict().items()}
    if isinstance(value, list):
        return [as_dicts(item) for item in value]
    if isinstance(value, dict):
        return {key: as_dicts(item) for key, item in value.items()}
    return value


def types_in(value):
    if isinstance(value, dict):
        return {name: types_in(item) for name, item in value.items()}
    return [types_in(item) for item in value] if isinstance(value, list) else type(value)


@given(record_batches())
@settings(max_examples=200, deadline=None)
def test_rows_agree_with_pyarrow(theirs):
    batch = ColumnBatch.from_arrow(theirs)
    expected = plain(theirs.to_pylist(maps_as_pydicts="strict"))
    dicts = to_rows(batch, "dict")
    assert dicts == expected
    assert types_in(dicts) == types_in(expected)
    assert as_dicts(to_rows(batch)) == expected
    if not any(field.format.startswith("+") for field in batch.schema):
        assert to_rows(batch, "tuple") == [tuple(row.values()) for row in expected]


@given(record_batches(), st.sampled_from(["row", "tuple", "dict"]))
@settings(max_examples=150, deadline=None)
def test_rows_make_the_same_columns_again(theirs, kind):
    batch = ColumnBatch.from_arrow(theirs)
    again = ColumnBatch.from_rows(batch.to_rows(kind), batch.schema)
    again.validate(full=True)
    assert again.schema == batch.schema
    assert storage(pa.record_batch(again)) == storage(pa.record_batch(batch))


def test_pieces_are_put_together_in_order():
    count = 5000
    theirs = pa.record_batch({"n": pa.array(range(count)), "t": [f"text {i % 700}" for i in range(count)]})
    batch = ColumnBatch.from_arrow(theirs)
    expected = [(i, f"text {i % 700}") for i in range(count)]
    assert to_rows(batch, "tuple") == expected
    assert [tuple(row) for row in to_rows(batch)] == expected
    assert to_rows(batch.slice(511, 1025), "tuple") == expected[511:1025]
    assert pa.record_batch(ColumnBatch.from_rows(expected, batch.schema)).equals(theirs)


def test_repeated_text_is_one_object():
    values = ["carrier", "x" * 33, "carrier", "", "ünï", "ünï", None]
    made = to_values(import_column(pa.array(values)))
    assert made == values
    assert made[0] is made[2]
    assert made[4] is made[5]


def test_texts_that_share_a_slot_stay_apart():
    chooser = random.Random(3)
    values = ["".join(chooser.choices("ab", k=chooser.randrange(1, 30))) for _ in range(20_000)]
    assert to_values(import_column(pa.array(values))) == values


def test_row_kinds_and_timestamps():
    batch = ColumnBatch.from_arrow(pa.record_batch({"a": [1, 2]}))
    batch = batch.with_kinds(array("b", [3, 0])).with_timestamps(array("q", [5, 6]))
    rows = to_rows(batch)
    assert [row.get_row_kind() for row in rows] == [RowKind.DELETE, RowKind.INSERT]
    objects = to_objects(batch)
    assert (objects.values, objects.timestamps, objects.kinds) == (rows, array("q", [5, 6]), array("b", [3, 0]))
    again = from_objects(objects, batch.schema)
    assert list(memoryview(again.timestamps)) == [5, 6]
    assert list(memoryview(again.kinds)) == [3, 0]
    assert list(memoryview(ColumnBatch.from_rows(rows, batch.schema).kinds)) == [3, 0]
    assert ColumnBatch.from_rows(rows[1:], batch.schema).kinds is None
    assert to_objects(batch.select(["a"]).slice(0, 1), "tuple").values == [(1,)]


def test_an_unknown_kind_of_row():
    with pytest.raises(ValueError, match="not 'list'"):
        ColumnBatch.from_arrow(pa.record_batch({"a": [1]})).to_rows("list")


def test_the_collector_is_left_as_it_was():
    batch = ColumnBatch.from_arrow(pa.record_batch({"a": [1]}))
    assert gc.isenabled()
    batch.to_rows()
    assert gc.isenabled()
    with pytest.raises(OverflowError):
        ColumnBatch.from_arrow(pa.record_batch({"a": pa.array([2**62]).cast(pa.timestamp("s"))})).to_rows()
    assert gc.isenabled()
    gc.disable()
    try:
        batch.to_rows()
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("arrow_type", "number"),
    [
        (pa.timestamp("s"), 2**62),
        (pa.timestamp("ms"), 253_402_300_800_000),
        (pa.timestamp("us"), -62_135_596_800_000_001),
        (pa.date32(), 2**31 - 1),
        (pa.date64(), -(2**63)),
        (pa.time32("s"), 86_400),
        (pa.time64("ns"), -1),
        (pa.duration("s"), 2**60),
    ],
)
def test_times_that_python_does_not_have(arrow_type, number):
    storage_type = pa.int32() if arrow_type.bit_width == 32 else pa.int64()
    values = pa.Array.from_buffers(arrow_type, 2, pa.array([0, number], storage_type).buffers())
    with pytest.raises(OverflowError, match="column 'when', row 1"):
        ColumnBatch.from_arrow(pa.record_batch({"when": values})).to_rows()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_ends_of_the_calendar(unit):
    ends = [datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59)]
    if unit == "ns":
        ends = [datetime.datetime(1677, 9, 22), datetime.datetime(2262, 4, 11)]
    schema = Schema([Field("t", f"ts{unit[0]}:")])
    batch = ColumnBatch.from_rows([(value,) for value in ends], schema)
    assert [row[0] for row in batch.to_rows("tuple")] == ends
    assert pa.record_batch(batch).column(0).cast(pa.timestamp("s")).to_pylist() == ends


def test_nanoseconds_are_rounded_down():
    column = import_column(pa.array([-1, 1999]).cast(pa.timestamp("ns")))
    assert to_values(column) == [
        datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999),
        datetime.datetime(1970, 1, 1, 0, 0, 0, 1),
    ]
    assert to_values(import_column(pa.array([-1]).cast(pa.duration("ns")))) == [datetime.timedelta(microseconds=-1)]


def test_text_that_is_not_utf8_names_the_row():
    column = Column(Field("a", "u"), 2, [None, array("i", [0, 1, 2]), b"a\xff"])
    with pytest.raises(CorruptDataError, match="column 'a', row 1: not UTF-8"):
        to_values(column)


def test_rows_in_every_form():
    @dataclasses.dataclass
    class Flight:
        tail: str
        delay: int

    named = namedtuple("Flight", "delay tail")
    rows = [
        (1, "a"),
        [2, "b"],
        Row(3, "c"),
        Row(tail="d", delay=4),
        {"tail": "e", "delay": 5},
        Flight("f", 6),
        named(7, "g"),
    ]
    batch = ColumnBatch.from_rows(rows, Schema([Field("delay", "i"), Field("tail", "u")]))
    assert batch.to_rows("tuple") == list(zip(range(1, 8), "abcdefg", strict=True))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((1,), r"row 1: \(1,\) has 1 fields, not 2: a, b"),
        ({"a": 1, "c": 2}, "no field 'b'"),
        ({"a": 1}, "has 1 fields, not 2"),
        ("xy", "row 1: 'xy' is a str, not a tuple, list, Row, dict or dataclass"),
        (None, "is a NoneType"),
        (Row(a=1, c=2), "no field 'b'"),
        ((1, 2), "row 1, column 'b': 2 does not fit utf8: it is a int, not str"),
    ],
)
def test_rows_that_do_not_fit(row, message):
    with pytest.raises(TypeInformationError, match=message):
        ColumnBatch.from_rows([(0, "x"), row], Schema([Field("a", "l"), Field("b", "u")]))


TEXT_LIST = Field("v", "+l", True, [Field("item", "u")])
PAIR = Field("v", "+s", True, [Field("x", "l"), Field("y", "u", False)])

MISFITS = [
    ("c", 128, "out of range"),
    ("c", -129, "out of range"),
    ("C", 256, "out of range"),
    ("C", -1, "out of range"),
    ("s", 2**15, "out of range"),
    ("S", -1, "out of range"),
    ("i", 2**31, "out of range"),
    ("I", 2**32, "out of range"),
    ("l", 2**63, "out of range"),
    ("l", -(2**63) - 1, "out of range"),
    ("L", 2**64, "out of range"),
    ("L", -1, "out of range"),
    ("l", 1.0, "it is a float, not int"),
    ("l", True, "it is a bool, not int"),
    ("l", "1", "it is a str, not int"),
    ("g", "1", "it is a str, not float"),
    ("g", True, "it is a bool"),
    ("g", 10**400, "out of range"),
    ("f", 1e300, "out of range"),
    ("b", 1, "it is a int, not True or False"),
    ("u", b"x", "it is a bytes, not str"),
    ("u", "\ud800", "cannot be written as UTF-8"),
    ("z", "x", "it is a str, not bytes"),
    ("w:3", b"xy", "it has 2 bytes"),
    ("tdD", datetime.datetime(2020, 1, 1), "it is a datetime, not date"),
    ("tdm", "2020-01-01", "not date"),
    ("ttu", datetime.time(1, tzinfo=UTC), "not time without a time zone"),
    ("tsm:", datetime.datetime(2020, 1, 1, tzinfo=UTC), "it has a time zone"),
    ("tsm:UTC", datetime.datetime(2020, 1, 1), "it has no time zone"),
    ("tsm:", datetime.date(2020, 1, 1), "it is a date, not datetime"),
    ("tsn:", datetime.datetime(2263, 1, 1), "out of range"),
    ("tDm", 5, "not timedelta"),
    ("tDn", datetime.timedelta(days=200_000), "out of range"),
    ("tDu", datetime.timedelta.max, "out of range"),
    ("d:5,2", Decimal("1000"), "too many digits"),
    ("d:5,2", Decimal("1.001"), "digits beyond its scale"),
    ("d:5,2", Decimal("NaN"), "it is no number"),
    ("d:5,2", Decimal("-Infinity"), "it is no number"),
    ("d:5,2", 1.5, "it is a float, not Decimal or int"),
    ("d:38,0", 10**5000, "too many digits"),
    ("n", 1, "it is a int, not None"),
]


@pytest.mark.parametrize(("format", "value", "why"), MISFITS, ids=range(len(MISFITS)))
def test_values_that_do_not_fit(format, value, why):
    builder = ColumnBuilder(Field("v", format))
    builder.append(None)
    with pytest.raises(TypeInformationError, match=rf"^row 1, column 'v': (?s:.)* does not fit (?s:.)*{why}"):
        builder.append(value)
    with pytest.raises(WrongStateError, match="a value did not fit"):
        builder.append(None)
    with pytest.raises(WrongStateError, match="a value did not fit"):
        builder.finish()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (TEXT_LIST, "ab", "row 0, column 'v': 'ab' does not fit list<utf8>"),
        (TEXT_LIST, ["a", 1], "row 1, column 'v.item': 1 does not fit utf8"),
        (PAIR, (1,), "it has 1 fields, not 2"),
        (PAIR, 5, "not a tuple, list, Row, dict or dataclass"),
        (PAIR, (1, None), "row 0, column 'v.y': None does not fit utf8: the column has no nulls"),
        (PAIR, {"x": 1, "z": 2}, "no field 'y'"),
        (Field("v", "l", False), None, "the column has no nulls"),
    ],
)
def test_nested_values_that_do_not_fit(field, value, message):
    with pytest.raises(TypeInformationError, match=message):
        ColumnBuilder(field).append(value)


@pytest.mark.parametrize("format", ["tss:", "tsn:", "tsu:UTC", "tdD", "tdm", "ttu", "tDs"])
def test_nat_is_a_null_among_dates_and_times(format):
    schema = Schema([Field("a", format), Field("l", "+l", True, [Field("item", format)])])
    batch = ColumnBatch.from_rows([(pd.NaT, [pd.NaT]), (None, None)], schema)
    assert batch.to_rows("tuple") == [(None, [None]), (None, None)]
    with pytest.raises(TypeInformationError, match=r"row 0, column 'a': None does not fit .*: the column has no nulls"):
        ColumnBatch.from_rows([(pd.NaT,)], Schema([Field("a", format, nullable=False)]))


def test_nat_is_nothing_else():
    for format in ("l", "g", "u", "b"):
        with pytest.raises(TypeInformationError, match="NaT does not fit"):
            ColumnBatch.from_rows([(pd.NaT,)], Schema([Field("a", format)]))


def test_columns_of_pandas_times_are_as_pandas_exports_them():
    frame = pd.DataFrame(
        {"t": pd.to_datetime(["2024-02-29T12:00:00.123456", None]), "d": pd.to_timedelta([None, "1s"])}
    )
    schema = Schema([Field("t", "tsu:"), Field("d", "tDu")])
    ours = ColumnBatch.from_rows(list(zip(frame["t"], frame["d"], strict=True)), schema)
    theirs = pa.RecordBatch.from_pandas(frame).cast(pa.schema(ours))
    assert pa.record_batch(ours).equals(theirs)


def test_long_values_are_cut_in_messages():
    with pytest.raises(TypeInformationError) as caught:
        ColumnBuilder(Field("v", "l")).append("x" * 5000)
    assert len(str(caught.value)) < 300


def test_a_null_struct_covers_a_field_without_nulls():
    builder = ColumnBuilder(PAIR)
    builder.extend([None, (1, "a"), None, (None, "b")])
    column = builder.finish()
    column.validate(full=True)
    assert to_values(column, "tuple") == [None, (1, "a"), None, (None, "b")]
    assert column.children[1].null_count == 0


def test_other_numbers_and_sequences():
    schema = Schema([Field("i", "l"), Field("f", "g"), TEXT_LIST, Field("b", "z")])
    rows = [(np.int16(5), np.float32(0.5), ("a",), bytearray(b"x")), (7, 3, np.array(["b"]), memoryview(b"yz"))]
    assert ColumnBatch.from_rows(rows, schema).to_rows("tuple") == [(5, 0.5, ["a"], b"x"), (7, 3.0, ["b"], b"yz")]


def test_aware_times_become_utc():
    zone = datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))
    batch = ColumnBatch.from_rows(
        [(datetime.datetime(2020, 1, 1, 20, 0, tzinfo=zone),)], Schema([Field("t", "tsu:America/Nowhere")])
    )
    assert batch.to_rows("tuple") == [(datetime.datetime(2020, 1, 2, 1, 30, tzinfo=UTC),)]


@given(
    st.integers(1, 38).flatmap(
        lambda precision: st.tuples(
            st.just(precision), st.integers(-5, precision), st.integers(-(10**precision) + 1, 10**precision - 1)
        )
    ),
    st.sampled_from(["{}", "{:e}", "{:f}", "{:+}"]),
)
@settings(max_examples=200, deadline=None)
def test_decimals_agree_with_pyarrow(parts, form):
    precision, scale, digits = parts
    exact = Decimal((digits < 0, tuple(map(int, str(abs(digits)))), -scale))
    written = Decimal(form.format(exact))
    try:
        column = pa.array([exact], pa.decimal128(precision, scale))
    except pa.ArrowInvalid:
        reject()  # pyarrow refuses some large values of negative scale, though they fit
    ours = to_values(import_column(column))[0]
    assert (ours, ours.as_tuple()) == (exact, exact.as_tuple())
    builder = ColumnBuilder(Field("d", f"d:{precision},{scale}"))
    builder.append(written)
    assert pa.array(builder.finish()).to_pylist() == [exact]


def test_a_builder_starts_again_after_finish():
    builder = ColumnBuilder(Field("a", "u"))
    builder.extend(["x", None])
    assert len(builder) == 2
    first = builder.finish()
    assert len(builder) == 0
    builder.append("y")
    assert (to_values(first), to_values(builder.finish())) == (["x", None], ["y"])
    assert to_values(builder.finish()) == []


def test_builders_are_charged_to_their_budget():
    budget = MemoryBudget(100_000)
    builder = ColumnBuilder(Field("a", "l"), budget)
    builder.extend(range(1000))
    assert budget.used >= 8000
    column = builder.finish()
    assert budget.used == 8000
    with pytest.raises(MemoryBudgetError):
        builder.extend(range(20_000))
    del builder, column
    gc.collect()
    assert budget.used == 0


@pytest.mark.parametrize("make", [list, lambda values: Row(*values)], ids=["list", "row"])
@pytest.mark.parametrize("nested", [False, True], ids=["row", "struct"])
def test_a_row_that_its_own_value_shortens_is_an_error(make, nested):
    columns = 40
    inner = [("at", pa.timestamp("us", "UTC")), *((f"n{i}", pa.int64()) for i in range(1, columns))]
    kept = []

    class Zone(datetime.tzinfo):
        def utcoffset(self, moment):
            row = kept[0]
            (row if isinstance(row, list) else row._values).clear()
            return datetime.timedelta(0)

    kept.append(make([datetime.datetime(2020, 1, 1, tzinfo=Zone()), *range(10**15, 10**15 + columns - 1)]))
    schema = pa.schema([("s", pa.struct(inner))] if nested else inner)
    empty = pa.record_batch([pa.array([], field.type) for field in schema], schema=schema)
    native = ColumnBatch.from_arrow(empty).schema
    with pytest.raises(RuntimeError, match="changed while"):
        ColumnBatch.from_rows([(kept[0],)] if nested else kept, native)


# ---- maps ----


def map_field(key, value, name="m"):
    return Field(name, "+m", True, [Field("entries", "+s", False, [key, value])])


NUMBERS = map_field(Field("key", "u", False), Field("value", "l"))


def test_dicts_become_maps_and_come_back():
    rows = [({"b": 1, "a": None},), (None,), ({},), ({"": -1},)]
    batch = ColumnBatch.from_rows(rows, Schema([NUMBERS]))
    assert pa.array(batch.column(0)).to_pylist() == [[("b", 1), ("a", None)], None, [], [("", -1)]]
    assert batch.to_rows("tuple") == rows
    assert [list(row[0]) for row in batch.to_rows("tuple")[:1]] == [["b", "a"]]
    assert batch.slice(2, 4).to_rows("tuple") == rows[2:]
    assert NUMBERS.type_name == "map<utf8, int64>"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([("a", 1)], "row 1, column 'm': .* does not fit map<utf8, int64>: it is a list, not a dict"),
        ({None: 1}, "row 0, column 'm.entries.key': None does not fit utf8: the column has no nulls"),
        ({1: 1}, "column 'm.entries.key': 1 does not fit utf8: it is a int, not str"),
        ({"a": "b"}, "column 'm.entries.value': 'b' does not fit int64"),
    ],
)
def test_what_is_no_map_is_named(value, message):
    builder = ColumnBuilder(NUMBERS)
    builder.append({})
    with pytest.raises(TypeInformationError, match=message):
        builder.append(value)


def test_of_a_key_that_comes_twice_the_last_counts():
    theirs = pa.array([[("a", 1), ("b", 2), ("a", 3)]], pa.map_(pa.string(), pa.int64()))
    assert ColumnBatch.from_arrow(pa.record_batch({"m": theirs})).to_rows("tuple") == [({"a": 3, "b": 2},)]


def test_keys_that_are_records_or_lists():
    keys = pa.array([{"x": 1, "y": "a"}, {"x": 2, "y": None}])
    theirs = pa.MapArray.from_arrays([0, 1, 2], keys, pa.array([10, 20]))
    batch = ColumnBatch.from_arrow(pa.record_batch({"m": theirs}))
    assert batch.to_rows("dict") == [{"m": {(1, "a"): 10}}, {"m": {(2, None): 20}}]
    lists = pa.MapArray.from_arrays([0, 1], pa.array([[1]]), pa.array([10]))
    with pytest.raises(TypeInformationError, match=r"column 'm', row 0: a map<list<int64>, int64> is no dict:"):
        ColumnBatch.from_arrow(pa.record_batch({"m": lists})).to_rows()


@pytest.mark.parametrize(
    "field",
    [
        ("+m", [Field("entries", "l", False)]),
        ("+m", [Field("entries", "+s", False, [Field("key", "l")])]),
        ("+m", [Field("entries", "+s", False, [Field("a", "l"), Field("b", "l"), Field("c", "l")])]),
    ],
)
def test_what_is_no_type_of_maps(field):
    format, children = field
    with pytest.raises(TypeInformationError, match="the entries of a map are structs of key and value"):
        Field("m", format, True, children)


def test_null_keys_are_damage():
    nodes = [
        (b"u", [b"\1", array("i", [0, 1, 1]), b"a"], None, None, 2),
        (b"l", [None, array("q", [1, 2])], None, None, 2),
    ]
    entries = (b"+s", [None], nodes, None, 2)
    batch = ColumnBatch.from_arrow(Exporter([(b"+m", [None, array("i", [0, 1, 2])], [entries], None)], 2))
    assert batch.slice(0, 1).to_rows("tuple") == [({"a": 1},)]
    with pytest.raises(CorruptDataError, match=r"row 1: a key of a map is null"):
        batch.to_rows()
