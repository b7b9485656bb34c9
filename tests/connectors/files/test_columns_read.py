"""Parquet, ORC and Arrow files: what is read, held to pyarrow's own readers."""

import datetime
import decimal
import os
import pickle
from itertools import pairwise

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.feather as feather
import pyarrow.ipc as ipc
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from pyflinkx.common import Types
from pyflinkx.connectors.files.arrow import ArrowSource
from pyflinkx.connectors.files.columnar import first_group
from pyflinkx.connectors.files.orc import OrcSource
from pyflinkx.connectors.files.parquet import ParquetSource
from pyflinkx.connectors.source import END
from pyflinkx.errors import ConfigurationError, SourceError
from pyflinkx.table import DataTypes
from tests.connectors.positions import check_positions, new_reader
from tests.core.arrow_tables import record_batches

TABLE = pa.table(
    {
        "i": pa.array(range(100), pa.int32()),
        "s": [None if i % 7 == 0 else f"t{i}" for i in range(100)],
        "l": [[i] * (i % 3) for i in range(100)],
        "m": pa.array([[("k", i)] for i in range(100)], pa.map_(pa.string(), pa.int64())),
        "d": [decimal.Decimal(i) / 4 for i in range(100)],
    }
)


def write_parquet(table, path, rows):
    pq.write_table(table, path, row_group_size=rows)


def write_orc(table, path, rows):
    with orc.ORCWriter(path, stripe_size=1, batch_size=rows) as writer:
        for start in range(0, len(table), rows):
            writer.write(table.slice(start, rows))


def write_arrow(table, path, rows):
    with ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, rows)


def write_stream(table, path, rows):
    with ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, rows)


FORMATS = {
    "parquet": (ParquetSource, write_parquet),
    "orc": (OrcSource, write_orc),
    "arrow": (ArrowSource, write_arrow),
    "stream": (ArrowSource, write_stream),
}


@pytest.fixture(params=FORMATS)
def kind(request):
    return request.param


def read(source, limit=1000):
    """All rows as a table."""
    source.check()
    batches = []
    for split in source.splits(1):
        reader = new_reader(source, [split])
        while (batch := reader.poll(limit)) is not END:
            batches.append(pa.record_batch(batch))
        reader.close()
    return pa.Table.from_batches(batches, pa.schema(source.schema))


def rows(table):
    return table.to_pylist(maps_as_pydicts="strict")


# ---- types ----


@settings(max_examples=30)
@given(batch=record_batches(max_rows=20), rows_of_group=st.integers(1, 30))
def test_any_parquet_file(batch, rows_of_group, tmp_path_factory):
    table = pa.Table.from_batches([batch])
    assume(not any(word in str(table.schema) for word in ("struct<>", "-3)")))  # of which Parquet has none
    path = str(tmp_path_factory.mktemp("any") / "a.parquet")
    try:
        pq.write_table(table, path, row_group_size=rows_of_group)
    except pa.ArrowNotImplementedError:  # such as structs of views in several groups
        reject()
    found = read(ParquetSource(path))
    assert rows(found) == rows(pq.read_table(path))


@settings(max_examples=30)
@given(batch=record_batches(max_rows=20), stream=st.booleans())
def test_any_arrow_file(batch, stream, tmp_path_factory):
    table = pa.Table.from_batches([batch])
    path = str(tmp_path_factory.mktemp("any") / "a.arrow")
    (write_stream if stream else write_arrow)(table, path, 7)
    found = read(ArrowSource(path))
    assert rows(found) == rows(table)


def test_layouts_that_columns_here_have_not(tmp_path):
    table = pa.table(
        {
            "codes": pa.array(["a", None, "a"]).dictionary_encode(),
            "halves": pa.array([1.5, 2, None], pa.float16()),
            "pairs": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int8(), 2)),
            "views": pa.array([["x"], [], None], pa.list_view(pa.string_view())),
            "small": pa.array([decimal.Decimal("1.5")] * 3, pa.decimal32(5, 1)),
            "large": pa.array([decimal.Decimal("1.5")] * 3, pa.decimal256(20, 1)),
            "ids": pa.array([b"0123456789abcdef"] * 3, pa.uuid()),
            "deep": pa.array([{"x": [1.5]}] * 3, pa.struct([("x", pa.list_(pa.float16()))])),
        }
    )
    path = str(tmp_path / "a.arrow")
    write_arrow(table, path, 2)
    found = read(ArrowSource(path))
    assert [str(field.type) for field in found.schema] == [
        "string",
        "float",
        "list<item: int8>",
        "list<item: string>",
        "decimal128(5, 1)",
        "decimal128(20, 1)",
        "fixed_size_binary[16]",
        "struct<x: list<item: float>>",
    ]
    expected = rows(table)
    for row in expected:
        row["ids"] = row["ids"].bytes
    assert rows(found) == expected


def test_a_type_that_is_not_supported_names_file_and_column(tmp_path):
    path = str(tmp_path / "a.arrow")
    write_arrow(pa.table({"a": [1], "bad": pa.array([(1, 2, 3)], pa.month_day_nano_interval())}), path, 1)
    with pytest.raises(SourceError, match=r"a\.arrow: .*'bad'.*"):
        ArrowSource(path).check()
    assert rows(read(ArrowSource(path, Types.ROW_NAMED(["a"], [Types.LONG()])))) == [{"a": 1}]


# ---- positions and parts ----


@pytest.mark.parametrize("split_size", [1 << 20, 3000, 100])
def test_positions(kind, split_size, tmp_path):
    make, write = FORMATS[kind]
    path = str(tmp_path / "a")
    write(TABLE, path, 13)
    source = make(path, split_size=split_size, batch_size=5)
    source.check()
    expected = [list(row.values()) for row in rows(TABLE)]
    for stops, limit in (([], 7), ([1, 2, 0, 4], 4), ([9, 9], 1), ([3], 100)):
        check_positions(source, source.splits(1), stops, limit, expected)


@given(size=st.integers(1, 1000), groups=st.integers(0, 50), cuts=st.lists(st.integers(0, 1000)))
def test_each_group_is_in_one_part(size, groups, cuts):
    ends = sorted({0, size, *(cut for cut in cuts if cut < size)})
    numbers = [
        number
        for start, end in pairwise(ends)
        for number in range(first_group(start, size, groups), first_group(end, size, groups))
    ]
    assert numbers == list(range(groups))


def test_a_file_that_changes_after_it_was_found(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(TABLE, path)
    source = ParquetSource(str(path))
    splits = source.splits(1)
    pq.write_table(TABLE.slice(0, 50), path)
    with pytest.raises(SourceError, match=r"a\.parquet: has \d+ bytes, but had \d+ when it was found"):
        new_reader(source, splits).poll(10)


def test_the_columns_travel_with_the_source(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(TABLE, path)
    source = ParquetSource(str(path))
    source.check()
    source = pickle.loads(pickle.dumps(source))
    path.unlink()
    assert source.schema.names == TABLE.column_names


# ---- columns ----


def test_projection_keeps_the_order_that_is_asked_for(kind, tmp_path):
    make, write = FORMATS[kind]
    path = str(tmp_path / "a")
    write(TABLE, path, 13)
    for columns in (["d", "i"], ["s"], ["m", "l"], ["i", "l", "s"]):
        assert rows(read(make(path, columns=columns), 6)) == rows(TABLE.select(columns))


def test_columns_are_found_by_name_and_fit_their_type(kind, tmp_path):
    make, write = FORMATS[kind]
    path = str(tmp_path / "a")
    write(TABLE, path, 13)
    types = [Types.BIG_DEC(), Types.LONG(), Types.STRING(), Types.DOUBLE()]
    source = make(path, Types.ROW_NAMED(["d", "i", "s", "new"], types))
    expected = [{"d": row["d"], "i": row["i"], "s": row["s"], "new": None} for row in rows(TABLE)]
    assert rows(read(source)) == expected
    with pytest.raises(SourceError, match=r"/a: has no column 'new'"):
        read(make(path, Types.ROW_NAMED(["new"], [Types.LONG()]), missing_columns="error"))
    with pytest.raises(SourceError, match="has no column 'new'"):
        read(make(path, DataTypes.ROW([DataTypes.FIELD("new", DataTypes.INT().not_null())])))


@pytest.mark.parametrize(
    ("found", "wanted", "values"),
    [
        (pa.int8(), DataTypes.BIGINT(), [1, None, -128]),
        (pa.int64(), DataTypes.INT(), [1, None, 2**31 - 1]),
        (pa.uint64(), DataTypes.BIGINT(), [1, 2]),
        (pa.int32(), DataTypes.DECIMAL(12, 2), [7, None]),
        (pa.float32(), DataTypes.DOUBLE(), [1.5, None]),
        (pa.decimal128(5, 2), DataTypes.DECIMAL(20, 4), [decimal.Decimal("1.25")]),
        (pa.decimal128(20, 4), DataTypes.DECIMAL(5, 2), [decimal.Decimal("1.2500")]),
        (pa.timestamp("s"), DataTypes.TIMESTAMP(6), [datetime.datetime(2020, 1, 2, 3)]),
        (pa.timestamp("ns"), DataTypes.TIMESTAMP(3), [datetime.datetime(2020, 1, 2, 3, 4, 5, 6000)]),
        (pa.time32("s"), DataTypes.TIME(3), [datetime.time(1, 2, 3)]),
        (pa.large_string(), DataTypes.STRING(), ["ä", None]),
        (pa.binary(2), DataTypes.BYTES(), [b"ab", None]),
        (pa.list_(pa.int8()), DataTypes.ARRAY(DataTypes.BIGINT()), [[1, None], None, []]),
        (pa.null(), DataTypes.BIGINT(), [None, None]),
        (
            pa.struct([("x", pa.int8()), ("more", pa.string())]),
            DataTypes.ROW([DataTypes.FIELD("x", DataTypes.INT())]),
            [{"x": 1}, None],
        ),
        (pa.map_(pa.string(), pa.int8()), DataTypes.MAP(DataTypes.STRING(), DataTypes.INT()), [[("k", 1)]]),
    ],
    ids=str,
)
def test_types_that_hold_the_values(found, wanted, values, tmp_path):
    path = str(tmp_path / "a.arrow")
    given = [{**value, "more": "?"} if isinstance(value, dict) else value for value in values]
    write_arrow(pa.table({"x": pa.array(given, found)}), path, 10)
    source = ArrowSource(path, DataTypes.ROW([DataTypes.FIELD("x", wanted)]))
    assert read(source).column("x").to_pylist() == values


@pytest.mark.parametrize(
    ("found", "wanted", "values", "said"),
    [
        (pa.int64(), DataTypes.INT(), [2**31], "2147483648 not in range"),
        (pa.string(), DataTypes.INT(), ["1"], "type string, which does not fit int32"),
        (pa.int32(), DataTypes.STRING(), [1], "type int32, which does not fit string"),
        (pa.float64(), DataTypes.INT(), [1.0], "does not fit int32"),
        (pa.float64(), DataTypes.FLOAT(), [0.1], "does not fit float"),
        (pa.decimal128(5, 2), DataTypes.DECIMAL(5, 1), [decimal.Decimal("1.25")], "would cause data loss"),
        (pa.timestamp("us"), DataTypes.TIMESTAMP(3), [datetime.datetime(1, 1, 1, 0, 0, 0, 1)], "would lose data"),
        (pa.timestamp("us"), DataTypes.TIMESTAMP_LTZ(3), [datetime.datetime(2020, 1, 1)], "does not fit"),
        (pa.int32(), DataTypes.INT().not_null(), [None], "has nulls, but its type is NOT NULL"),
        (pa.struct([("y", pa.int8())]), DataTypes.ROW([DataTypes.FIELD("x", DataTypes.INT())]), [{"y": 1}], "not fit"),
    ],
    ids=str,
)
def test_types_that_do_not(found, wanted, values, said, tmp_path):
    path = str(tmp_path / "a.arrow")
    write_arrow(pa.table({"x": pa.array(values, found)}), path, 10)
    with pytest.raises(SourceError, match=rf"a\.arrow: column 'x'.*{said}"):
        read(ArrowSource(path, DataTypes.ROW([DataTypes.FIELD("x", wanted)])))


def test_names_in_upper_and_lower_case(tmp_path):
    path = str(tmp_path / "a.parquet")
    pq.write_table(pa.table({"ID": [1], "Name": ["x"]}), path)
    schema = Types.ROW_NAMED(["name", "id"], [Types.STRING(), Types.LONG()])
    assert rows(read(ParquetSource(path, schema))) == [{"name": None, "id": None}]
    assert rows(read(ParquetSource(path, schema, case_sensitive=False))) == [{"name": "x", "id": 1}]
    pq.write_table(pa.table({"ID": [1], "id": [2]}), path)
    with pytest.raises(SourceError, match="has two columns 'id': 'ID' and 'id'"):
        read(ParquetSource(path, schema, case_sensitive=False))


# ---- filters ----

COMPARED = st.tuples(
    st.sampled_from(["i", "s", "d"]),
    st.sampled_from(["==", "!=", "<", ">", "<=", ">=", "in", "not in"]),
    st.integers(-3, 105),
).map(
    lambda drawn: (
        drawn[0],
        drawn[1],
        (lambda value: [value] if "in" in drawn[1] else value)(
            {"i": drawn[2], "s": f"t{drawn[2]}", "d": decimal.Decimal(drawn[2]) / 4}[drawn[0]]
        ),
    )
)


@pytest.fixture(scope="module")
def filtered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("filtered")
    for kind, (_, write) in FORMATS.items():
        write(TABLE, str(folder / kind), 9)
    return folder


@settings(max_examples=25)
@given(choices=st.lists(st.lists(COMPARED, min_size=1, max_size=3), min_size=1, max_size=3))
def test_filters(choices, filtered):
    expected = rows(ds.dataset(TABLE).to_table(filter=pq.filters_to_expression(choices)))
    if any("not in" in one for choice in choices for one in choice):  # which takes nulls for pyarrow, and not here
        asked = {one[0] for choice in choices for one in choice if one[1] == "not in"}
        expected = [row for row in expected if all(row[name] is not None for name in asked)]
        if len(choices) > 1:
            return
    for kind, (make, _) in FORMATS.items():
        found = read(make(str(filtered / kind), columns=["l", "i"], filters=choices, batch_size=4), 10)
        assert rows(found) == [{"l": row["l"], "i": row["i"]} for row in expected]


def test_groups_that_cannot_match_are_not_read(tmp_path):
    path = str(tmp_path / "a.parquet")
    write_parquet(TABLE, path, 10)
    source = ParquetSource(path, filters=[("i", ">=", 50), ("i", "<", 60)])
    source.check()
    (split,) = source.splits(1)
    file = source.open_records(split)
    read_groups = []
    batches = file.file.batches
    file.file.batches = lambda group, columns: read_groups.append(group) or batches(group, columns)
    while file.read(1000) is not None:
        pass
    assert read_groups == [5]
    file.close()


def test_positions_with_filters(kind, filtered):
    make, _ = FORMATS[kind]
    source = make(str(filtered / kind), columns=["i"], filters=[("s", ">=", "t5")], split_size=2000, batch_size=4)
    source.check()
    expected = [[row["i"]] for row in rows(TABLE) if row["s"] is not None and row["s"] >= "t5"]
    for stops, limit in (([2, 3, 1], 5), ([40], 1)):
        check_positions(source, source.splits(1), stops, limit, expected)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ([], "at least one condition"),
        ([("i", "~", 1)], "compares by one of"),
        ([("i", "in", "ab")], "has a list of values"),
        ([("i", ">")], "a filter is a tuple"),
        ([("i", "==", None)], "which nothing equals"),
        ([("nowhere", "==", 1)], "name the column 'nowhere'"),
        ([("i", ">", "x")], "filters do not fit the columns"),
    ],
)
def test_filters_that_cannot_be(filters, said, filtered):
    with pytest.raises(ConfigurationError, match=said):
        ParquetSource(str(filtered / "parquet"), filters=filters).check()


# ---- what goes wrong ----


def test_a_file_that_is_cut_off(kind, tmp_path):
    make, write = FORMATS[kind]
    path = tmp_path / "a"
    write(TABLE, str(path), 13)
    whole = path.read_bytes()
    schema = Types.ROW_NAMED(["i"], [Types.INT()])
    for size in (0, 4, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(SourceError, match=r"/a: cannot be read as an? (Parquet|ORC|Arrow IPC) file"):
            read(make(str(path), schema))


def test_a_stream_that_is_cut_between_two_batches(tmp_path):
    path = tmp_path / "a"
    with open(path, "wb") as file:
        writer = ipc.new_stream(file, TABLE.schema)
        writer.write_table(TABLE, 50)
        file.flush()
        size = os.path.getsize(path)
        writer.close()
    os.truncate(path, size)
    with pytest.raises(SourceError, match="has no end: it was cut off"):
        read(ArrowSource(str(path)))


def test_a_bad_file_among_good_ones_is_named(kind, tmp_path):
    make, write = FORMATS[kind]
    for name in ("a", "c"):
        write(TABLE, str(tmp_path / name), 13)
    (tmp_path / "b").write_bytes(b"no such file at all, but long enough to be one")
    with pytest.raises(SourceError, match=r"/b: cannot be read as"):
        read(make(str(tmp_path)))


def test_columns_that_change_among_files(kind, tmp_path):
    make, write = FORMATS[kind]
    write(pa.table({"a": pa.array([1], pa.int32())}), str(tmp_path / "1"), 5)
    write(pa.table({"b": ["more"], "a": pa.array([2], pa.int16())}), str(tmp_path / "2"), 5)
    assert rows(read(make(str(tmp_path)))) == [{"a": 1}, {"a": 2}]
    write(pa.table({"a": ["text"]}), str(tmp_path / "3"), 5)
    with pytest.raises(SourceError, match=r"/3: column 'a' is of type string, which does not fit int32"):
        read(make(str(tmp_path)))


def test_no_files(tmp_path):
    with pytest.raises(SourceError, match="there is no file that tells the columns: give the schema"):
        ParquetSource(str(tmp_path)).check()
    assert rows(read(ParquetSource(str(tmp_path), Types.ROW_NAMED(["a"], [Types.INT()])))) == []


def test_feather_files(tmp_path):
    path = str(tmp_path / "a.feather")
    feather.write_feather(TABLE, path, compression="zstd")
    assert rows(read(ArrowSource(path))) == rows(TABLE)


def test_options_that_cannot_be(tmp_path):
    for options, said in (
        ({"columns": []}, "columns holds names"),
        ({"columns": ["a", "a"]}, "columns holds names"),
        ({"columns": ["b"]}, "columns names 'b'; there are a"),
        ({"missing_columns": "ignore"}, "missing_columns is one of"),
        ({"batch_size": 0}, "batch_size is 1 or more"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            ParquetSource(str(tmp_path), Types.ROW_NAMED(["a"], [Types.INT()]), **options)
    with pytest.raises(TypeError, match="columns is a list of names"):
        ParquetSource(str(tmp_path), columns="a")
