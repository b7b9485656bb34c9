"""Avro files, held to fastavro."""

import contextlib
import datetime
import decimal
import io
import json
import uuid

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.common import Row, Types
from pyflinkx.connectors.files.avro import AvroSource
from pyflinkx.connectors.files.avro_sink import AvroWriterFactory, GenericAvroWriterFactory
from pyflinkx.connectors.files.bulk import BulkStream
from pyflinkx.errors import ConfigurationError, SinkError, SourceError
from pyflinkx.formats.avro_schema import AvroSchema
from pyflinkx.table import DataTypes
from tests.connectors.positions import check_positions, new_reader, rest

UTC = datetime.timezone.utc
TRIP = {
    "type": "record",
    "name": "Trip",
    "namespace": "a.b",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "name", "type": ["null", "string"]},
        {"name": "fare", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["x", "y"]}},
        {"name": "from", "type": {"type": "record", "name": "Place", "fields": [{"name": "n", "type": "int"}]}},
        {"name": "to", "type": ["Place", "null"]},
        {"name": "tags", "type": {"type": "map", "values": {"type": "array", "items": "Kind"}}},
        {"name": "key", "type": {"type": "string", "logicalType": "uuid"}},
    ],
}
TRIPS = [
    {
        "id": number,
        "name": None if number % 3 == 0 else f"n{number}",
        "fare": decimal.Decimal(number) / 4,
        "at": datetime.datetime(2024, 1, 1, tzinfo=UTC) + datetime.timedelta(microseconds=number),
        "kind": "xy"[number % 2],
        "from": {"n": number},
        "to": None if number % 4 == 0 else {"n": -number},
        "tags": {"k": ["x"] * (number % 3)},
        "key": str(uuid.UUID(int=number)),
    }
    for number in range(150)
]
ROWS = [
    [
        *list(trip.values())[:5],
        Row(n=trip["from"]["n"]),
        trip["to"] and Row(n=trip["to"]["n"]),
        *list(trip.values())[7:],
    ]
    for trip in TRIPS
]


def write(path, records=TRIPS, schema=TRIP, **options):
    with open(path, "wb") as file:
        fastavro.writer(file, schema, records, sync_interval=300, **options)
    return str(path)


def read(source, limit=1000):
    source.check()
    records = []
    for split in source.splits(1):
        with contextlib.closing(new_reader(source, [split])) as reader:
            records += rest(reader, limit, [])
    return records


def record(**fields):
    return {"type": "record", "name": "R", "fields": [{"name": name, "type": kind} for name, kind in fields.items()]}


# ---- reading ----


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_rows_and_generic_records(codec, tmp_path):
    path = write(tmp_path / "a.avro", codec=codec)
    assert read(AvroSource(path)) == ROWS
    found = read(AvroSource(path, generic=True))
    assert found == [{**trip, "key": uuid.UUID(trip["key"])} for trip in TRIPS]


@pytest.mark.parametrize("split_size", [1 << 20, 2000, 300, 40])
@pytest.mark.parametrize("generic", [False, True])
def test_positions(generic, split_size, tmp_path):
    path = write(tmp_path / "a.avro", codec="deflate")
    source = AvroSource(path, generic=generic, split_size=split_size)
    source.check()
    expected = [{**trip, "key": uuid.UUID(trip["key"])} for trip in TRIPS] if generic else ROWS
    for stops, limit in (([], 7), ([1, 2, 0, 4], 9), ([30], 1)):
        check_positions(source, source.splits(1), stops, limit, expected)


def test_many_blocks_are_split_anywhere(tmp_path):
    path = write(tmp_path / "a.avro", [{"n": number} for number in range(3000)], record(n="int"))
    for size in range(17, 400, 23):
        assert [row for (row,) in read(AvroSource(path, split_size=size))] == list(range(3000))


def test_fields_are_found_by_name(tmp_path):
    path = write(tmp_path / "a.avro")
    row_type = DataTypes.ROW(
        [
            DataTypes.FIELD("at", DataTypes.TIMESTAMP(6)),
            DataTypes.FIELD("nowhere", DataTypes.INT()),
            DataTypes.FIELD("id", DataTypes.BIGINT()),
            DataTypes.FIELD("to", DataTypes.ROW([DataTypes.FIELD("n", DataTypes.BIGINT())])),
        ]
    )
    expected = [
        [trip["at"].replace(tzinfo=None), None, trip["id"], row[6]] for trip, row in zip(TRIPS, ROWS, strict=True)
    ]
    assert read(AvroSource(path, row_type)) == expected


def test_a_schema_to_read_with(tmp_path):
    path = write(tmp_path / "a.avro", [{"a": 1, "b": "x"}], record(a="int", b="string"))
    reader = {
        **record(a="double"),
        "fields": [{"name": "a", "type": "double"}, {"name": "c", "type": "string", "default": "?"}],
    }
    schema = AvroSchema.parse_string(json.dumps(reader))
    assert read(AvroSource(path, schema)) == [[1.0, "?"]]
    assert read(AvroSource(path, schema, generic=True)) == [{"a": 1.0, "c": "?"}]
    other = AvroSchema.parse_string(json.dumps(record(zzz="int")))
    with pytest.raises(SourceError, match=r"a\.avro: cannot be read as an Avro file, or not on: SchemaResolutionError"):
        read(AvroSource(path, other))


def test_files_of_several_schemas(tmp_path):
    write(tmp_path / "1", [{"a": 1}], record(a="int"))
    write(tmp_path / "2", [{"b": "x", "a": 2}], record(b="string", a="int"))
    write(tmp_path / "3", [{"b": "x"}], record(b="string"))
    assert read(AvroSource(str(tmp_path), Types.ROW_NAMED(["a"], [Types.LONG()]))) == [[1], [2], [None]]
    with pytest.raises(SourceError, match=r"/3: row 0, column 'a'"):  # as it may not be null in the first file
        read(AvroSource(str(tmp_path)))
    write(tmp_path / "4", [{"a": "text"}], record(a="string"))
    with pytest.raises(SourceError, match=r"/4: row 0, column 'a'.*rows count from record 0 of the block at byte"):
        read(AvroSource(str(tmp_path), Types.ROW_NAMED(["a"], [Types.LONG()])))


def test_instants_without_a_zone(tmp_path):
    path = write(tmp_path / "a.avro")
    assert [row[3] for row in read(AvroSource(path, legacy_timestamps=True))] == [
        trip["at"].replace(tzinfo=None) for trip in TRIPS
    ]


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (record(a=["int", "string"]), "field 'a' is a union of several types"),
        (record(a=["null", "R"]), "field 'a': R is within itself"),
        (record(a={"type": "array", "items": ["int", "long"]}), r"field 'a\[\]' is a union"),
    ],
)
def test_what_no_column_can_be_is_read_generically(schema, said, tmp_path):
    values = {"a": None} if "null" in schema["fields"][0]["type"] else {"a": [1] if "array" in str(schema) else 1}
    path = write(tmp_path / "a.avro", [values], schema)
    with pytest.raises(SourceError, match=rf"a\.avro: {said}"):
        AvroSource(path).check()
    assert read(AvroSource(path, generic=True)) == [values]


# ---- damage ----


def test_a_file_that_is_cut_off_or_damaged(tmp_path):
    path = tmp_path / "a.avro"
    write(path)
    whole = path.read_bytes()
    schema = Types.ROW_NAMED(["id"], [Types.LONG()])
    for size in (0, 3, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(SourceError, match=r"a\.avro: cannot be read as an Avro file, or not on: (it ends|it has)"):
            read(AvroSource(str(path), schema))
    path.write_bytes(whole[:-1] + b"?")
    with pytest.raises(SourceError, match="does not end with the file's marker"):
        read(AvroSource(str(path), schema))


@settings(max_examples=60)
@given(place=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_changed_byte_is_an_error_or_other_values(place, byte, tmp_path_factory):
    path = tmp_path_factory.mktemp("damaged") / "a.avro"
    write(path, TRIPS[:20])
    data = bytearray(path.read_bytes())
    data[place % len(data)] = byte
    path.write_bytes(data)
    try:
        read(AvroSource(str(path), Types.ROW_NAMED(["id", "name"], [Types.LONG(), Types.STRING()])))
    except SourceError as error:
        named = str(error)
        assert str(path) in named


# ---- writing ----


def written(factory, *records):
    file = io.BytesIO()
    writer = factory.create(BulkStream(file))
    for one in records:
        writer.add_element(one)
    writer.finish()
    file.seek(0)
    return list(fastavro.reader(file))


def test_generic_records_are_written():
    factory = GenericAvroWriterFactory(AvroSchema.parse_string(json.dumps(TRIP)), "deflate")
    assert written(factory, *TRIPS) == [{**trip, "key": uuid.UUID(trip["key"])} for trip in TRIPS]
    row = Row(**{**TRIPS[1], "from": Row(n=5)})
    assert written(factory, row)[0]["from"] == {"n": 5}


def test_a_record_that_does_not_fit():
    factory = GenericAvroWriterFactory(AvroSchema.parse_string(json.dumps(record(a="int"))))
    for bad in ({"a": "x"}, {"b": 1}, Row(1), 7):
        with pytest.raises(SinkError, match="does not fit the Avro schema"):
            written(factory, bad)
    with pytest.raises(SinkError, match=r"does not fit the Avro schema: .*expected LONG"):
        written(AvroWriterFactory(Types.ROW_NAMED(["a"], [Types.LONG()])), Row(a="x"))


VALUES = [
    (DataTypes.BOOLEAN(), st.booleans()),
    (DataTypes.TINYINT(), st.integers(-128, 127)),
    (DataTypes.INT(), st.integers(-(2**31), 2**31 - 1)),
    (DataTypes.BIGINT(), st.integers(-(2**63), 2**63 - 1)),
    (DataTypes.DOUBLE(), st.floats(allow_nan=False)),
    (DataTypes.STRING(), st.text(st.characters(codec="utf-8"))),
    (DataTypes.BYTES(), st.binary()),
    (DataTypes.BINARY(3), st.binary(min_size=3, max_size=3)),
    (DataTypes.DECIMAL(12, 3), st.integers(-(10**12) + 1, 10**12 - 1).map(lambda n: decimal.Decimal(n).scaleb(-3))),
    (DataTypes.DATE(), st.dates()),
    (DataTypes.TIME(6), st.times()),
    (DataTypes.TIMESTAMP(6), st.datetimes()),
    (DataTypes.TIMESTAMP_LTZ(6), st.datetimes().map(lambda value: value.replace(tzinfo=UTC))),
]


@st.composite
def typed(draw, depth=2):
    if depth and draw(st.integers(0, 2)) == 0:
        kind, values = draw(typed(depth - 1))
        which = draw(st.sampled_from(["array", "map", "row"]))
        if which == "array":
            return DataTypes.ARRAY(kind), st.none() | st.lists(values, max_size=3)
        if which == "map":
            return DataTypes.MAP(DataTypes.STRING(), kind), st.none() | st.dictionaries(
                st.text(st.characters(codec="utf-8")), values, max_size=3
            )
        return DataTypes.ROW([DataTypes.FIELD("x", kind)]), st.none() | values.map(lambda value: Row(x=value))
    kind, values = draw(st.sampled_from(VALUES))
    return kind, st.none() | values


@settings(max_examples=80)
@given(data=st.data(), legacy=st.booleans())
def test_rows_of_any_type_come_back(data, legacy, tmp_path_factory):
    columns = data.draw(st.lists(typed(), min_size=1, max_size=3))
    row_type = DataTypes.ROW([DataTypes.FIELD(f"f{number}", kind) for number, (kind, _) in enumerate(columns)])
    rows = data.draw(st.lists(st.tuples(*(values for _, values in columns)), max_size=5))
    path = tmp_path_factory.mktemp("any") / "a.avro"
    with open(path, "wb", buffering=0) as file:
        writer = AvroWriterFactory(row_type, legacy_timestamps=legacy).create(BulkStream(file))
        for row in rows:
            writer.add_element(row)
        writer.finish()
    assert read(AvroSource(str(path), row_type)) == [list(row) for row in rows]
    if not legacy:
        assert read(AvroSource(str(path))) == [list(row) for row in rows]


def test_types_that_avro_has_not():
    for kind, said in (
        (DataTypes.TIMESTAMP(9), r"'a': Avro has nothing for TIMESTAMP\(9\)"),
        (DataTypes.MAP(DataTypes.INT(), DataTypes.INT()), "'a': Avro has nothing for MAP<INT, INT>"),
        (DataTypes.ARRAY(DataTypes.INTERVAL(DataTypes.DAY())), "'a_item': Avro has nothing for INTERVAL"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            AvroWriterFactory(DataTypes.ROW([DataTypes.FIELD("a", kind)]))


# ---- schemas ----


def test_schemas(tmp_path):
    path = tmp_path / "trip.avsc"
    path.write_text(json.dumps(TRIP))
    schema = AvroSchema.parse_file(str(path))
    assert schema == AvroSchema.parse_string(json.dumps(TRIP))
    assert repr(schema) == "AvroSchema('Trip')"
    for text, said in (("{", "is a str of JSON"), ('{"type": "nothing"}', "this is no Avro schema")):
        with pytest.raises(ConfigurationError, match=said):
            AvroSchema.parse_string(text)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        AvroSchema.parse_file(str(tmp_path / "nowhere"))
