from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.calls.records import CallSite, filter_values, map_values
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.from_rows import from_objects
from pyflinkx._core.columns.to_rows import to_objects
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx._core.records.row import Row, RowKind
from pyflinkx._core.records.row_kinds import first_change, kind_at
from pyflinkx.connectors.files.csv_sink import CsvSink
from pyflinkx.connectors.files.text_sink import TextSink
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.datastream.connectors.file_system import FileSink
from pyflinkx.errors import JobExecutionError, SinkError
from pyflinkx.types.arrow import schema_of
from pyflinkx.types.serialization import Encoder
from pyflinkx.types.typeinfo import Types
from tests.connectors.reading import FixedClock

SCHEMA = schema_of(Types.ROW_NAMED(["a"], [Types.LONG()]))


class Special(Row):
    pass


def special(kind):
    row = Special(1)
    row.set_row_kind(kind)
    return row


RECORDS = st.one_of(
    st.integers(),
    st.none(),
    st.text(max_size=2),
    st.tuples(st.integers()),
    st.sampled_from(list(RowKind)).map(lambda kind: Row.of_kind(kind, 1)),
    st.sampled_from(list(RowKind)).map(special),
)


@given(st.lists(RECORDS, max_size=20), st.data())
def test_the_first_change_is_that_of_a_naive_search(values, data):
    kinds = None
    if data.draw(st.booleans()):
        kinds = array("b", [data.draw(st.sampled_from([0, 0, 0, 3])) for _ in values])
    batch = ObjectBatch(values, None, kinds)
    changed = [
        index
        for index, value in enumerate(values)
        if (kinds[index] if kinds is not None else isinstance(value, Row) and value.get_row_kind() != RowKind.INSERT)
    ]
    assert first_change(batch) == (changed[0] if changed else -1)
    if changed:
        value = values[changed[0]]
        own = value.get_row_kind() if isinstance(value, Row) else RowKind.INSERT
        assert kind_at(batch, changed[0]) == (own if kinds is None else RowKind(kinds[changed[0]]))


def test_columns_have_the_kinds_of_their_batch():
    assert first_change(ColumnBatch.from_rows([(1,), (2,)], SCHEMA)) == -1
    changed = ColumnBatch.from_rows([(1,), (2,)], SCHEMA, kinds=array("b", [0, 1]))
    assert first_change(changed) == 1
    assert kind_at(changed, 1) == RowKind.UPDATE_BEFORE


# ---- one kind, whoever asks ----

KINDS = st.sampled_from(list(RowKind))


def kinds_of(values, kinds):
    """What each Row says, and its batch."""
    said = [value.get_row_kind().value if isinstance(value, Row) else None for value in values]
    return [(own, kind) for own, kind in zip(said, kinds, strict=True) if own is not None]


def agree(batch):
    return all(own == kind for own, kind in kinds_of(batch.values, batch.kinds))


@given(st.lists(st.tuples(RECORDS, KINDS), max_size=10), st.data())
def test_rows_are_of_the_kinds_of_their_batch(records, data):
    kinds = array("b", [kind.value for _, kind in records])
    batch = ObjectBatch([value for value, _ in records], None, kinds)
    assert agree(batch)
    assert [kind_at(batch, index).value for index in range(len(records))] == list(kinds)
    assert agree(batch.slice(0, len(records) // 2))
    assert agree(batch.copy())


@given(st.lists(KINDS, min_size=1, max_size=10), st.data())
def test_kinds_from_columns_to_rows_and_back(kinds, data):
    """What a function gives to a Row counts; what it makes of a record that is no Row has the kind of that record."""
    numbers = array("b", [kind.value for kind in kinds])
    columns = ColumnBatch.from_rows([(index,) for index in range(len(kinds))], SCHEMA, kinds=numbers)
    batch = to_objects(columns)
    assert agree(batch)
    does = [data.draw(st.sampled_from(["keep", "new", "set", "number"])) for _ in kinds]
    wanted = data.draw(KINDS)
    expected = []
    for kind, what in zip(kinds, does, strict=True):
        expected.append({"new": RowKind.INSERT, "set": wanted}.get(what, kind).value)

    def function(row):
        what = does[row.a]
        if what == "new":
            return Row(a=row.a)
        if what == "set":
            row.set_row_kind(wanted)
        return (row.a,) if what == "number" else row

    mapped = map_values(CallSite("map", "uid"), function, batch)
    assert list(mapped.kinds) == expected
    assert agree(mapped)
    again = from_objects(mapped, SCHEMA)
    assert list(memoryview(again.kinds)) == expected


def test_kinds_that_a_filter_changes():
    columns = ColumnBatch.from_rows([(1,), (2,), (3,)], SCHEMA, kinds=array("b", [3, 3, 1]))

    def change(row):
        if row.a == 3:
            row.set_row_kind(RowKind.INSERT)
        return row.a != 1

    kept = filter_values(CallSite("filter", "uid"), change, to_objects(columns))
    assert (list(kept.kinds), agree(kept)) == ([3, 0], True)


def test_kinds_before_a_failure():
    batch = to_objects(ColumnBatch.from_rows([(1,), (2,)], SCHEMA, kinds=array("b", [3, 3])))
    site = CallSite("map", "uid")
    with pytest.raises(JobExecutionError):
        map_values(site, lambda row: Row(a=1) if row.a == 1 else 1 / 0, batch)
    assert list(site.take_partial().kinds) == [0]


@pytest.mark.parametrize("kind", [4, -1, 127])
def test_what_is_no_kind(kind):
    kinds = array("b", [0, kind])
    with pytest.raises(ValueError, match=f"record 1: {kind} is no row kind"):
        ObjectBatch([1, 2], None, kinds)
    with pytest.raises(ValueError, match=f"row 1: {kind} is no row kind"):
        ColumnBatch.from_rows([(1,), (2,)], SCHEMA, kinds=kinds)


@pytest.mark.parametrize("sink", ["csv", "text", "rows"])
def test_files_take_no_deletes_that_only_the_row_tells_of(sink, tmp_path):
    made = {
        "csv": lambda: CsvSink(tmp_path / "a.csv"),
        "text": lambda: TextSink(tmp_path / "a.txt"),
        "rows": lambda: FileSink.for_row_format(str(tmp_path), Encoder.simple_string_encoder()).build(),
    }[sink]()
    writer = made.create_writer(WriterContext(0, 1, clock=FixedClock()))
    with pytest.raises(SinkError, match="updates or deletions"):
        writer.write(ObjectBatch([Row.of_kind(RowKind.DELETE, 1)]))
    writer.close()
