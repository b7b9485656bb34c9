"""The states of savepoints as tables."""

import dataclasses
import datetime
import decimal
import pickle
from typing import NamedTuple

import pytest

from pyflinkx._core.calls.window_types import CountWindow, TimeWindow
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.columns.schema import Field, Schema
from pyflinkx._core.records.row import Row
from pyflinkx.errors import CorruptDataError, UntrustedStateError, WrongStateError
from pyflinkx.state import (
    KeyedStateBackend,
    ListStateDescriptor,
    MapStateDescriptor,
    StateTtlConfig,
    ValueStateDescriptor,
)
from pyflinkx.state.operator_state import OperatorStateStore
from pyflinkx.state.rows import state_batch
from pyflinkx.state_processor import Savepoint
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.descriptions import described_type
from pyflinkx.types.infer import type_info_from_annotation
from pyflinkx.types.time import Instant, Time
from pyflinkx.types.typeinfo import Types
from tests.checkpoint.states import SECRET, checkpoint_of, storage_at


class Clock:
    def now(self):
        return 1000


class Point(NamedTuple):
    x: int
    y: str


@dataclasses.dataclass
class Reading:
    sensor: str
    value: float


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(SECRET)
    path.chmod(0o600)
    return str(path)


@pytest.fixture
def saved(tmp_path, secret_file):
    """Makes a savepoint of batches, one subtask each, and loads it."""

    def save(*subtasks, secret=SECRET, others=()):
        storage = storage_at(tmp_path / "all", secret=secret, memory_threshold=0)
        folder = storage.new_savepoint_folder(str(tmp_path / "all"))
        writer = storage.writer(1, "a", folder)
        for batches in subtasks:
            for batch in batches:
                writer.add(batch, "native" if b"pyflinkx.state" in (batch.schema.metadata or {}) else None)
        for state, kind, data in others:
            writer.add_bytes(state, kind, data)
        return Savepoint.load(storage.write_manifest(checkpoint_of(1, writer.finish()), folder).folder, secret_file)

    return save


def read(savepoint, state):
    return savepoint.read("uid-1", state)


def filled(descriptor, values, key_type=None, windows=None):
    """The batches of a backend whose keys 1, 2, ... have these values."""
    backend = KeyedStateBackend(key_type=Types.LONG() if key_type is None else key_type)
    backend.use_clock(Clock())
    store = backend if windows is None else backend.per_window
    for number, value in enumerate(values, 1):
        backend.context.key = number
        if windows is not None:
            backend.context.namespace = windows[number - 1]
        if isinstance(descriptor, MapStateDescriptor):
            store.get_map_state(descriptor).put_all(value)
        elif isinstance(descriptor, ListStateDescriptor):
            store.get_list_state(descriptor).update(value)
        else:
            store.get_state(descriptor).update(value)
    return backend.export(128)


def timed(descriptor):
    descriptor.enable_time_to_live(StateTtlConfig.new_builder(Time.seconds(10)).build())
    return descriptor


@pytest.mark.parametrize(
    ("descriptor", "values", "names", "rows"),
    [
        (ValueStateDescriptor("s", Types.LONG()), [5, 6], ["key", "value"], [(1, 5), (2, 6)]),
        (
            ListStateDescriptor("s", Types.STRING()),
            [["a"], ["b", "c"]],
            ["key", "value"],
            [(1, ["a"]), (2, ["b", "c"])],
        ),
        (
            MapStateDescriptor("s", Types.STRING(), Types.LONG()),
            [{"a": 1, "b": 2}, {"c": 3}],
            ["key", "map_key", "map_value"],
            [(1, "a", 1), (1, "b", 2), (2, "c", 3)],
        ),
        (timed(ValueStateDescriptor("s", Types.LONG())), [5], ["key", "value", "renewed"], [(1, 5, 1000)]),
        (
            timed(MapStateDescriptor("s", Types.STRING(), Types.LONG())),
            [{"a": 1}],
            ["key", "map_key", "map_value", "renewed"],
            [(1, "a", 1, 1000)],
        ),
        (timed(ListStateDescriptor("s", Types.LONG())), [[7]], ["key", "value"], [(1, [(7, 1000)])]),
    ],
)
def test_each_kind_of_keyed_state_is_a_table(saved, descriptor, values, names, rows):
    table = read(saved(filled(descriptor, values)), "s")
    assert table.names == names
    assert table.to_rows() == rows
    arrow = table.to_arrow()
    assert arrow.column_names == names
    assert arrow.column("key").to_pylist() == [row[0] for row in rows]
    assert len(table.to_pandas()) == len(table.to_polars()) == len(table) == len(rows)


@pytest.mark.parametrize(
    ("kind", "value", "arrow", "seen"),
    [
        (Types.STRING(), "ü", "string", "ü"),
        (Types.BOOLEAN(), True, "bool", True),
        (Types.INT(), 5, "int32", 5),
        (Types.DOUBLE(), 0.5, "double", 0.5),
        (Types.BIG_INT(), 10**30, "decimal128(38, 0)", decimal.Decimal(10**30)),
        (Types.BIG_INT(), 10**50, "string", str(10**50)),
        (Types.BIG_DEC(), decimal.Decimal("1.5"), "decimal128(38, 18)", decimal.Decimal("1.5")),
        (Types.SQL_DATE(), datetime.date(2020, 2, 29), "date32[day]", datetime.date(2020, 2, 29)),
        (Types.SQL_TIMESTAMP(), datetime.datetime(2020, 1, 1, 5), "timestamp[us]", datetime.datetime(2020, 1, 1, 5)),
        (Types.INSTANT(), Instant(5, 7), "string", repr(Instant(5, 7))),
        (Types.TUPLE([Types.LONG(), Types.STRING()]), (1, "a"), "struct<f0: int64, f1: string>", {"f0": 1, "f1": "a"}),
        (Types.ROW_NAMED(["a"], [Types.LONG()]), Row(a=1), "struct<a: int64>", {"a": 1}),
        (Types.LIST(Types.LONG()), [1, 2], "list<item: int64>", [1, 2]),
        (Types.MAP(Types.STRING(), Types.LONG()), {"a": 1}, "map<string, int64>", [("a", 1)]),
        (Types.PRIMITIVE_ARRAY(Types.BYTE()), b"ab", "binary", b"ab"),
        (Point, Point(1, "a"), "struct<x: int64, y: string>", {"x": 1, "y": "a"}),
        (Reading, Reading("a", 0.5), "struct<sensor: string, value: double>", {"sensor": "a", "value": 0.5}),
        (None, 5, "int64", 5),
        (None, {1, 2}, "string", "{1, 2}"),
        (None, "text", "string", "text"),
    ],
)
def test_each_type_is_a_column(saved, kind, value, arrow, seen):
    info = kind if kind is None or not isinstance(kind, type) else type_info_from_annotation(kind)
    column = read(saved(filled(ValueStateDescriptor("s", info), [value])), "s").to_arrow().column("value")
    assert str(column.type) == arrow
    assert column.to_pylist() == [seen]


def test_windows_and_keys_have_columns(saved):
    windows = [TimeWindow(0, 10), TimeWindow(10, 20)]
    table = read(saved(filled(ValueStateDescriptor("s", Types.LONG()), [5, 6], windows=windows)), "s")
    assert table.names == ["key", "window_start", "window_end", "value"]
    assert table.to_rows() == [(1, 0, 10, 5), (2, 10, 20, 6)]
    table = read(saved(filled(ValueStateDescriptor("s", Types.LONG()), [5], windows=[CountWindow(3)])), "s")
    assert table.names == ["key", "namespace", "value"]
    assert table.to_arrow().column("namespace").to_pylist() == [repr(CountWindow(3))]


def test_untyped_maps_are_tables_too(saved):
    codecs = {"key": PickleCodec(), "namespace": PickleCodec(), "value": PickleCodec()}
    batch = state_batch("s", "MapState", codecs, [1], [("k", None, {"a": 1, "b": 2})])
    table = read(saved([batch]), "s")
    assert table.to_rows() == [("k", "a", 1), ("k", "b", 2)]
    assert [str(kind) for kind in table.to_arrow().schema.types] == ["string", "string", "int64"]


def test_timers_are_a_table(saved):
    backend = KeyedStateBackend(key_type=Types.STRING())
    queue = backend.timers("event-time")
    queue.register(50, "a", None)
    queue.register(70, "b", None)
    table = read(saved(backend.export(128)), "event-time")
    assert table.names == ["key", "timestamp"]
    assert sorted(table.to_rows()) == [("a", 50), ("b", 70)]


def test_state_of_subtasks_says_of_which(saved):
    batches = []
    for subtask in range(2):
        store = OperatorStateStore()
        store.get_list_state(ListStateDescriptor("l", Types.LONG())).add_all([subtask, 7])
        store.get_broadcast_state(MapStateDescriptor("b", Types.STRING(), Types.LONG())).put("k", subtask)
        batches.append(store.export())
    savepoint = saved(batches[0])
    assert savepoint.states("uid-1") == {"l": "split", "b": "broadcast"}
    assert read(savepoint, "l").names == ["subtask", "value"]
    assert read(savepoint, "l").to_rows() == [(0, 0), (0, 7)]
    assert read(savepoint, "b").to_rows() == [(0, "k", 0)]


def test_several_parts_are_one_table(saved):
    descriptor = ValueStateDescriptor("s", Types.LONG())
    table = read(saved(filled(descriptor, [1, 2]), filled(descriptor, [3])), "s")
    assert table.to_rows() == [(1, 1), (2, 2), (1, 3)]


def test_native_state_is_a_table(saved):
    fields = [Field("key_group", "i", False), Field("key.user", "u"), Field("count.n", "l", False)]
    batch = ColumnBatch.from_rows(
        [(3, "a", 5), (4, None, 6)], Schema(fields, {b"pyflinkx.state": b"running 1; count 1"})
    )
    table = read(saved([batch]), "native")
    assert table.names == ["key.user", "count.n"]
    assert table.to_rows() == [("a", 5), (None, 6)]


def test_splits_are_a_table(saved):
    table = read(saved((), others=[("splits", "source", pickle.dumps(["a", "b"]))]), "splits")
    assert table.to_rows() == [(0, "a"), (0, "b")]


def test_what_was_on_its_way_is_no_table(saved):
    with pytest.raises(WrongStateError, match="no table"):
        read(saved((), others=[("0", "channel", b"a frame")]), "0")


def test_an_empty_state_has_its_columns(saved):
    codecs = {"key": codec_of(Types.LONG()), "namespace": PickleCodec(), "value": codec_of(Types.STRING())}
    arrow = read(saved([state_batch("s", "ValueState", codecs, [], [])]), "s").to_arrow()
    assert (arrow.num_rows, [str(kind) for kind in arrow.schema.types]) == (0, ["int64", "string"])


def test_what_is_not_there_is_named_with_what_is(saved):
    savepoint = saved(filled(ValueStateDescriptor("s", Types.LONG()), [5]))
    assert savepoint.operators() == {"uid-1": "counts"}
    with pytest.raises(WrongStateError, match=r"no operator of uid 'x' in .*; there are uid-1 \(counts\)"):
        savepoint.read("x", "s")
    with pytest.raises(WrongStateError, match=r"operator 'counts' \(uid uid-1\) has no state 'x'; it has 's'"):
        savepoint.read("uid-1", "x")
    assert "checkpoint 1 of job 'job'" in repr(savepoint)


def test_pickles_of_others_are_refused(saved):
    savepoint = saved(filled(ValueStateDescriptor("s"), [5]), secret=b"x" * 32)
    with pytest.raises(UntrustedStateError, match="state 's'"):
        read(savepoint, "s")
    typed = saved(filled(ValueStateDescriptor("s", Types.LONG()), [5]), secret=b"x" * 32)
    assert read(typed, "s").to_rows() == [(1, 5)]


def test_a_codec_that_hides_its_pickles_is_refused(saved):
    """JSON can write a name in several ways, and the reader of the part looks for one."""
    (batch,) = filled(ValueStateDescriptor("s"), [5])
    hidden = b'{"codec":{"type":"PICKLED\\u005fBYTE_ARRAY","version":1},"format":1}'
    fields = [
        Field(f.name, f.format, f.nullable, metadata=f.metadata and {b"codec": hidden}) for f in batch.schema.fields
    ]
    schema = Schema(fields, batch.schema.metadata)
    columns = [column.with_field(field) for column, field in zip(batch.columns, fields, strict=True)]
    savepoint = saved([ColumnBatch(schema, columns, len(batch))], secret=b"x" * 32)
    with pytest.raises(UntrustedStateError, match="hides that it holds pickles"):
        read(savepoint, "s")


@pytest.mark.parametrize(
    "snapshot",
    [
        b"{}",
        b'{"codec":{"type":"NEW","version":1},"format":1}',
        b'{"codec":{"type":"LIST","version":1},"format":1}',
        b'{"codec":{"fields":[{"codec":{"type":"LONG","version":1}}],"type":"TUPLE","version":1},"format":1}',
    ],
)
def test_a_type_that_is_unknown_is_damage(snapshot):
    with pytest.raises(CorruptDataError):
        described_type(snapshot)
