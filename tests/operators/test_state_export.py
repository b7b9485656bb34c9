"""States of native structures that are exported in mid-stream and imported by any number of subtasks: the results are
those of one subtask that nobody has interrupted."""

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.columns.batch import ColumnBatch, concat
from pyflinkx._core.columns.column import Column
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.keys.partition import column_key_groups, key_group_range
from pyflinkx._core.native.windows import CountWindows, RunningAggregates, SessionWindows, SliceWindows
from pyflinkx.errors import KeyTypeError, WrongStateError
from pyflinkx.operators.aggregations import WINDOW_FIELDS, Aggregation, native_arguments, result_schema
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.types.carried import carried
from pyflinkx.types.typeinfo import Types
from tests.operators.native_cases import same

GROUPS = 16
SCHEMA = Schema(
    [
        Field("key", "l"),
        Field("part", "u"),
        Field("price", "d:20,2"),
        Field("value", "l"),
        Field("real", "g"),
        Field("text", "u"),
        Field("flag", "b"),
    ]
)
AGGREGATIONS = {
    "n": Aggregation("count"),
    "values": Aggregation("count", "value"),
    "total": Aggregation("sum", "value"),
    "real_total": Aggregation("sum", "real"),
    "low": Aggregation("min", "value"),
    "high": Aggregation("max", "real"),
    "first_text": Aggregation("min", "text"),
    "dearest": Aggregation("max", "price"),
    "spread": Aggregation("stddev", "real"),
    "first": Aggregation("first", "text"),
    "last": Aggregation("last", "value"),
    "best": Aggregation("max_by", "value", "price"),
    "worst": Aggregation("min_by", "text", "real"),
    "kinds": Aggregation("count_distinct", "value"),
    "words": Aggregation("count_distinct", "text"),
    "prices": Aggregation("count_distinct", "price"),
    "any": Aggregation("max", "flag"),
}
KEYS = [("key",), ("part",), ("price",), ("key", "part", "price")]

values = st.tuples(
    st.none() | st.integers(0, 5),
    st.none() | st.sampled_from(["", "a", "bb", "a text of more than twelve bytes", "ü"]),
    st.none() | st.decimals(-3, 3, places=2),
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9),
    st.none() | st.integers(-8, 8).map(float),
    st.none() | st.text(max_size=3) | st.sampled_from(["another text that is long", "y" * 40]),
    st.none() | st.booleans(),
)
# Steps of a stream: rows with their times, or a watermark.
rows = st.lists(st.tuples(values, st.integers(0, 60)), max_size=8)
steps = st.lists(rows | st.integers(0, 60), max_size=12)
parallelisms = st.lists(st.sampled_from([1, 2, 3, 5]), min_size=1, max_size=3)


def batch_of(records):
    return ColumnBatch.from_rows([row for row, _ in records], SCHEMA, array("q", [time for _, time in records]))


class Subtasks:
    """Structures that share the keys, and what they give."""

    def __init__(self, make, keys, count=1):
        self.make, self.keys = make, keys
        self.results, self.late, self.watermark = [], [], None
        self.sequence = 0
        self.parts = [make(keys) for _ in range(count)]

    def route(self, batch, groups):
        for number, part in enumerate(self.parts):
            own = key_group_range(number, GROUPS, len(self.parts))
            yield part, batch.filter(array("B", [group in own for group in groups]))

    def push(self, records):
        batch = batch_of(records)
        self.sequence += 1000  # by the clock: later rows have later numbers, wherever they are
        for part, rows in self.route(batch, column_key_groups(batch, self.keys, GROUPS)):
            if len(rows):
                self.add(part, rows)

    def add(self, part, rows):
        done = 0
        while done is not None:
            if isinstance(part, RunningAggregates):
                results, done = part.add(rows, True, done, 3, self.sequence)
            else:
                late, results, done = part.add(rows, done, 3, self.sequence)
                self.late += [] if late is None else late.to_rows("tuple")
            self.take(results)

    def take(self, batch):
        if batch is not None:
            batch.validate(full=True)
            stamps = [None] * len(batch) if batch.timestamps is None else list(memoryview(batch.timestamps))
            self.results += [(*row, stamp) for row, stamp in zip(batch.to_rows("tuple"), stamps, strict=True)]

    def advance(self, watermark):
        if self.watermark is not None and watermark <= self.watermark:
            return
        self.watermark = watermark
        for part in self.parts:
            more = not isinstance(part, RunningAggregates)
            while more:
                results, more = part.fire(watermark, 3)
                self.take(results)

    def rescale(self, count, limit):
        """Export everything and import it into so many new ones."""
        batches = [batch for part in self.parts for batch in part.export(GROUPS, limit)]
        for batch in batches:
            batch.validate(full=True)
            assert 0 < len(batch) <= limit
        self.parts = [self.make(self.keys) for _ in range(count)]
        if self.watermark is not None and hasattr(self.parts[0], "watermark"):
            for part in self.parts:
                part.watermark = self.watermark
        if batches:
            whole = concat(batches)
            batches = [whole.slice(start, min(start + 3, len(whole))) for start in range(0, len(whole), 3)]
        for batch in batches:
            groups = memoryview(batch.columns[0])
            assert list(groups) == list(column_key_groups(batch, [f"key.{name}" for name in self.keys], GROUPS))
            for part, rows in self.route(batch, groups):
                part.import_(rows)  # also of no rows

    def finish(self):
        self.advance(MAX_WATERMARK)
        for part in self.parts:
            if isinstance(part, RunningAggregates):
                self.take(part.finish(0, 1_000_000))
        return self.results, self.late


def arguments(keys, bounds=WINDOW_FIELDS):
    return SCHEMA, keys, native_arguments(AGGREGATIONS), result_schema(SCHEMA, keys, AGGREGATIONS, bounds)


STRUCTURES = {
    "running": lambda keys: RunningAggregates(*arguments(keys, ())),
    "tumbling": lambda keys: SliceWindows(*arguments(keys), 10, 10),
    "tumbling late": lambda keys: SliceWindows(*arguments(keys), 10, 10, 3, False, 15),
    "sliding": lambda keys: SliceWindows(*arguments(keys), 20, 5),
    "sliding uneven": lambda keys: SliceWindows(*arguments(keys), 7, 3, 0, False, 5),
    "gaps": lambda keys: SliceWindows(*arguments(keys), 5, 12),
    "cumulative": lambda keys: SliceWindows(*arguments(keys), 30, 10, 0, True),
    "sessions": lambda keys: SessionWindows(*arguments(keys), 4),
    "sessions late": lambda keys: SessionWindows(*arguments(keys), 4, 20),
    "counts": lambda keys: CountWindows(*arguments(keys, ()), 3, 3),
    "counts sliding": lambda keys: CountWindows(*arguments(keys, ()), 5, 2),
    "counts with gaps": lambda keys: CountWindows(*arguments(keys, ()), 2, 5),
}


def key_of(row):
    return [(value is None, str(type(value)), repr(value)) for value in row]


def assert_equal(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(sorted(found, key=key_of), sorted(expected, key=key_of), strict=True):
        assert all(same(a, b) for a, b in zip(one, other, strict=True)), (one, other)


@pytest.mark.parametrize("name", STRUCTURES)
@settings(max_examples=40)
@given(
    before=steps, between=steps, after=steps, keys=st.sampled_from(KEYS), counts=parallelisms, limit=st.integers(1, 9)
)
def test_an_import_goes_on_where_the_export_ended(name, before, between, after, keys, counts, limit):
    whole, parts = Subtasks(STRUCTURES[name], keys), Subtasks(STRUCTURES[name], keys, counts[-1])
    for part in (before, between, after):
        for step in part:
            for subtasks in (whole, parts):
                try:
                    (subtasks.push if isinstance(step, list) else subtasks.advance)(step)
                except OverflowError:  # of a sum
                    return
        for count in counts if part is not after else ():
            parts.rescale(count, limit)
    try:
        expected, late = whole.finish()
        found, too_late = parts.finish()
    except OverflowError:
        return
    assert_equal(found, expected)
    assert_equal(too_late, late)


# ---- the form ----


def structure(name, keys=("key",), aggregations=AGGREGATIONS):
    bounds = () if name in ("running", "counts") else WINDOW_FIELDS
    common = (SCHEMA, keys, native_arguments(aggregations), result_schema(SCHEMA, keys, aggregations, bounds))
    return {
        "running": lambda: RunningAggregates(*common),
        "slices": lambda: SliceWindows(*common, 10, 10),
        "sessions": lambda: SessionWindows(*common, 4, 20),
        "counts": lambda: CountWindows(*common, 3, 3),
    }[name]()


def filled(name, records, keys=("key",), aggregations=AGGREGATIONS):
    made = structure(name, keys, aggregations)
    batch = batch_of(records)
    made.add(batch, False, sequence=100) if name == "running" else made.add(batch, sequence=100)
    return made


ROW = (1, "p", None, 7, 0.5, "t", True)
FORMS = {
    "running": "",
    "slices": " slice_last:l!",
    "sessions": " session_start:l! session_end:l! session_fired:l",
    "counts": " key_rows:l! slice:l",
}
ACCUMULATORS = [
    "rows().n:l!",
    "count('value').n:l!",
    "sum_int('value').low:L!",
    "sum_int('value').high:l!",
    "sum_int('value').n:l!",
    "sum_real('real').sum:g!",
    "sum_real('real').compensation:g!",
    "sum_real('real').n:l!",
    "min('value').value:l",
    "max('real').value:g",
    "min_by('text', 'text').sequence:l",
    "min_by('text', 'text').value:U",
    "min_by('text', 'text').by:U",
    "max_by('price', 'price').sequence:l",
    "max_by('price', 'price').value:d:20,2",
    "max_by('price', 'price').by:d:20,2",
    "moments('real').n:l!",
    "moments('real').mean:g!",
    "moments('real').squares:g!",
    "first('text').sequence:l",
    "first('text').value:U",
    "last('value').sequence:l",
    "last('value').value:l",
    "max_by('value', 'price').sequence:l",
    "max_by('value', 'price').value:l",
    "max_by('value', 'price').by:d:20,2",
    "min_by('text', 'real').sequence:l",
    "min_by('text', 'real').value:U",
    "min_by('text', 'real').by:g",
    "distinct('value').values:+L!<item:l!>",
    "distinct('text').values:+L!<item:U!>",
    "distinct('price').values:+L!<item:d:20,2!>",
    "max('flag').value:b",
]
KINDS = ["count", "distinct", "first", "last", "max", "max_by", "min", "min_by", "moments", "rows"]
KINDS += ["sum_int", "sum_real"]
VERSION = f" 1; {', '.join(f'{kind} 1' for kind in KINDS)}"


def form_of(field):
    children = f"<{', '.join(map(form_of, field.children))}>" if field.children else ""
    return f"{field.name}:{field.format}{'' if field.nullable else '!'}{children}"


@pytest.mark.parametrize("name", FORMS)
def test_the_columns_of_states_stay_what_they_are(name):
    """A change here is a new version of what it changes: docs/formats/states.md."""
    made = filled(name, [(ROW, 12)], ("key", "part"))
    (batch,) = made.export(GROUPS)
    expected = ["key_group:i!", "key.key:l", "key.part:u", *FORMS[name].split(), *ACCUMULATORS]
    assert list(map(form_of, batch.schema)) == expected
    assert batch.schema.metadata == {b"pyflinkx.state": (name + VERSION).encode()}


def test_what_the_columns_hold():
    made = filled("sessions", [(ROW, 12), ((1, "q", None, -9, 2.5, None, None), 14)])
    made.fire(17, 10)
    (batch,) = made.export(GROUPS)
    values = batch.to_rows("dict")[0]
    assert {name: values[name] for name in values if name.startswith("session")} == {
        "session_start": 12,
        "session_end": 18,
        "session_fired": 18,
    }
    assert values["sum_int('value').low"] == 2**64 - 2
    assert (values["sum_int('value').high"], values["sum_int('value').n"]) == (-1, 2)
    assert (values["sum_real('real').sum"], values["moments('real').mean"]) == (3.0, 1.5)
    assert (values["moments('real').squares"], values["min('value').value"]) == (2.0, -9)
    assert (values["first('text').sequence"], values["first('text').value"]) == (100, "t")
    assert (values["last('value').sequence"], values["last('value').value"]) == (101, -9)
    assert (values["max_by('price', 'price').sequence"], values["max_by('price', 'price').value"]) == (None, None)
    assert sorted(values["distinct('value').values"]) == [-9, 7]
    assert (values["distinct('text').values"], values["distinct('price').values"]) == (["t"], [])


def test_states_can_be_read_by_others_and_come_back():
    pyarrow = pytest.importorskip("pyarrow")
    made = filled("slices", [(ROW, 12), ((None, "q", None, -9, 2.5, "ü", None), 33)])
    table = pyarrow.record_batch(next(made.export(GROUPS)))
    assert table.column("distinct('text').values").to_pylist() == [["t"], ["ü"]]
    other = structure("slices")
    columns = sorted(table.schema.names)  # in any order
    for part in (table.slice(1, 1), table.slice(0, 1)):
        other.import_(ColumnBatch.from_arrow(part.select(columns)))
    assert sorted(map(repr, other.fire(100, 10)[0].to_rows("tuple"))) == sorted(
        map(repr, made.fire(100, 10)[0].to_rows("tuple"))
    )


# ---- order of arrival ----


@pytest.mark.parametrize("function", ["first", "last", "min_by", "max_by"])
def test_rows_that_come_after_an_import_have_later_numbers(function):
    aggregations = {"kept": Aggregation(function, "text", "real" if "by" in function else None)}
    old = filled("running", [(ROW, 0)], aggregations=aggregations)
    new = structure("running", aggregations=aggregations)
    for batch in old.export(GROUPS):
        new.import_(batch)
    # The clock of the new subtask is behind that of the old one.
    new.add(batch_of([((1, "p", None, 7, 0.5, "later", True), 0)]), False, sequence=3)
    kept = new.finish(0, 10).to_rows("tuple")
    assert kept == [(1, "later" if function == "last" else "t")]


@pytest.mark.parametrize("function", ["first", "last", "min_by"])
@pytest.mark.parametrize("swapped", [False, True])
def test_rows_of_one_number_are_kept_whichever_is_merged_into_which(function, swapped):
    aggregations = {"kept": Aggregation(function, "text", "real" if "by" in function else None)}
    others = [(1, "p", None, 7, 0.5, text, True) for text in ("b", "a")]
    parts = [filled("running", [(row, 0)], aggregations=aggregations) for row in others]
    merged = structure("running", aggregations=aggregations)
    for part in reversed(parts) if swapped else parts:
        for batch in part.export(GROUPS):
            merged.import_(batch)
    assert merged.finish(0, 10).to_rows("tuple") == [(1, "b" if function == "last" else "a")]


# ---- what is refused ----


def test_states_are_not_exported_while_windows_fire():
    made = filled("slices", [((number, "p", None, 1, 0.5, "t", True), 5) for number in range(9)])
    _, more = made.fire(20, 2)
    assert more
    with pytest.raises(WrongStateError, match="while results are sent"):
        next(made.export(GROUPS))
    with pytest.raises(WrongStateError, match="beside states"):
        made.watermark = 5


def in_the_middle(name):
    """A structure that has added a row, but not sent all that it makes, and one with states."""
    kept = {"last": Aggregation("last", "text")}
    bounds = () if name in ("running", "counts") else WINDOW_FIELDS
    common = (SCHEMA, ("key",), native_arguments(kept), result_schema(SCHEMA, ("key",), kept, bounds))
    make = {
        "running": lambda: RunningAggregates(*common),
        "late": lambda: SliceWindows(*common, 40, 10, lateness=100),
        "counts": lambda: CountWindows(*common, 1, 1),
    }[name]
    made, other = make(), make()
    made.most_bytes = 1
    arguments = (True,) if name == "running" else ()
    many = [((number % 2, "p", None, 1, 0.5, "a text", True), 60) for number in range(8)]
    other.add(batch_of(many[:2]), *arguments)
    if name == "late":
        made.add(batch_of(many[:1]))
        while made.fire(80, 10)[1]:
            pass
    # Of running aggregates it is the text of the next row that does not fit.
    *_, done = made.add(batch_of(many), *arguments, limit=8 if name == "running" else 1)
    assert done is not None
    return made, list(other.export(GROUPS))


@pytest.mark.parametrize("name", ["running", "late", "counts"])
def test_states_stay_where_they_are_while_results_of_a_batch_are_sent(name):
    made, states = in_the_middle(name)
    with pytest.raises(WrongStateError, match="exported while results are sent"):
        next(made.export(GROUPS))
    for batch in states:
        with pytest.raises(WrongStateError, match="imported while results are sent"):
            made.import_(batch)


@pytest.mark.parametrize("name", ["slices", "sessions"])
def test_states_are_not_imported_while_windows_fire(name):
    made = filled(name, [((number, "p", None, 1, 0.5, "t", True), 5) for number in range(9)])
    (batch,) = filled(name, [(ROW, 50)]).export(GROUPS)
    _, more = made.fire(40, 2)
    assert more
    with pytest.raises(WrongStateError, match="imported while results are sent"):
        made.import_(batch)


def test_sessions_in_the_middle_of_firing_go_on_elsewhere():
    records = [((number, "p", None, 1, 0.5, "t", True), number) for number in range(9)]
    made, other = filled("sessions", records), structure("sessions")
    results, more = made.fire(40, 4)
    assert (len(results), more) == (4, True)
    for batch in made.export(GROUPS, 2):
        other.import_(batch)
    rest, more = other.fire(40, 100)
    assert sorted(row[0] for row in [*results.to_rows("tuple"), *rest.to_rows("tuple")]) == list(range(9))


def test_a_session_that_had_fired_fires_again_when_a_row_comes_under_an_earlier_watermark():
    made, other = filled("sessions", [(ROW, 10)]), structure("sessions")
    assert len(made.fire(13, 10)[0]) == 1
    other.watermark = 5
    for batch in made.export(GROUPS):
        other.import_(batch)
    assert other.add(batch_of([(ROW, 9)])) == (None, None, None)
    assert [row[1:4] for row in other.fire(13, 10)[0].to_rows("tuple")] == [(9, 14, 2)]


def test_exports_of_wrong_arguments_are_refused():
    made = filled("running", [(ROW, 0)])
    for groups, limit in ((0, 10), (32_769, 10), (GROUPS, 0)):
        with pytest.raises(ValueError, match=r"invalid|batches of at most"):
            list(made.export(groups, limit))
    assert list(structure("running").export(GROUPS)) == []


def test_a_key_without_canonical_form_is_named():
    schema = Schema([Field("day", "tts"), Field("when", "tss:UTC")])
    aggregations = {"n": Aggregation("count")}
    made = RunningAggregates(
        schema, ["when"], native_arguments(aggregations), result_schema(schema, ["when"], aggregations)
    )
    pyarrow = pytest.importorskip("pyarrow")
    columns = [pyarrow.array([1], "time32[s]"), pyarrow.array([2**60], pyarrow.timestamp("s", "UTC"))]
    made.add(ColumnBatch.from_arrow(pyarrow.record_batch(columns, ["day", "when"])), False)
    with pytest.raises(KeyTypeError, match="no key by 'when'"):
        list(made.export(GROUPS))


def test_states_of_another_version_or_structure_are_refused():
    (batch,) = filled("running", [(ROW, 0)]).export(GROUPS)
    other = Schema(batch.schema.fields, {b"pyflinkx.state": b"running 2; count 1"})
    with pytest.raises(ValueError, match=r"'running 2; count 1'.*another operator or release"):
        structure("running").import_(ColumnBatch(other, batch.columns, 1))
    with pytest.raises(ValueError, match="are those of another operator or release"):
        structure("slices").import_(batch)
    few = {"n": Aggregation("count")}
    bare = Schema(batch.schema.fields)
    with pytest.raises(ValueError, match=r"has columns that this operator has not: count\('value'\).n"):
        structure("running", aggregations=few).import_(ColumnBatch(bare, batch.columns, 1))


@pytest.mark.parametrize("kind", [Types.PICKLED_BYTE_ARRAY(), Types.LIST(Types.PICKLED_BYTE_ARRAY()), Types.BIG_INT()])
def test_pickles_that_do_not_say_so_are_refused(kind):
    """Whoever restores looks at the batch before it is imported, and refuses pickles that nobody has signed."""
    schema = Schema([Field("key", "l"), carried("thing", kind)])
    aggregations = {"last": Aggregation("last", "thing")}
    common = (schema, ("key",), native_arguments(aggregations), result_schema(schema, ("key",), aggregations, ()))
    states = RunningAggregates(*common)
    value = [5] if kind == Types.LIST(Types.PICKLED_BYTE_ARRAY()) else 5
    states.add(ColumnBatch.from_rows([(1, value)], schema), False, sequence=100)
    (batch,) = states.export(GROUPS)
    RunningAggregates(*common).import_(batch)
    silent = Schema([Field(f.name, f.format, f.nullable) for f in batch.schema.fields], batch.schema.metadata)
    bare = ColumnBatch(
        silent,
        [Column(field, 1, column.buffers, column.offset) for column, field in zip(batch.columns, silent, strict=True)],
        1,
    )
    if kind == Types.BIG_INT():
        RunningAggregates(*common).import_(bare)
    else:
        with pytest.raises(ValueError, match=r"value. of a batch of states holds large_binary, not"):
            RunningAggregates(*common).import_(bare)
