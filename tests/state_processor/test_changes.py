"""Savepoints that were changed: what the job's operators read of them."""

import pickle

import pytest

from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.keys.partition import key_group_range, key_groups
from pyflinkx.checkpoint.metadata import CHECKPOINT, Checkpoint, OperatorStates, SubtaskStates
from pyflinkx.errors import StorageError, UntrustedStateError, WrongStateError
from pyflinkx.state import KeyedStateBackend, ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor
from pyflinkx.state.operator_state import OperatorStateStore
from pyflinkx.state.rows import state_batch
from pyflinkx.state_processor import Savepoint
from pyflinkx.types.infer import type_info_from_annotation
from pyflinkx.types.typeinfo import Types
from tests.checkpoint.states import JOB, SECRET, native_batch, storage_at

from .test_savepoint import Reading, filled, timed

GROUPS = 128


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(SECRET)
    path.chmod(0o600)
    return str(path)


@pytest.fixture
def saved(tmp_path, secret_file):
    """Makes a checkpoint of the batches of two subtasks, and loads it."""

    def save(first, second=(), secret=SECRET):
        storage = storage_at(tmp_path / "chk", secret=secret, memory_threshold=0)
        writer = storage.writer(1, "a")
        places = [
            [place for batch in batches for place in writer.add(batch, native_name(batch))]
            for batches in (first, second)
        ]
        places.append(list(writer.add_bytes("coordinator", "source", pickle.dumps([1]))))
        parts = writer.finish()
        subtasks = tuple(SubtaskStates(tuple(parts[place] for place in each)) for each in places[:2])
        operator = OperatorStates("u", "counts", GROUPS, subtasks, parts[-1])
        made = storage.write_manifest(Checkpoint(1, CHECKPOINT, JOB, "job", 5, {"u": operator}))
        return Savepoint.load(made.folder, secret_file)

    return save


def native_name(batch):
    return "native" if b"pyflinkx.state" in (batch.schema.metadata or {}) else None


def rewritten(savepoint, state, rows, tmp_path, secret_file):
    return Savepoint.load(savepoint.with_state("u", state, rows).write(str(tmp_path / "new")), secret_file)


@pytest.mark.parametrize(
    ("descriptor", "values", "windows", "rows"),
    [
        (ValueStateDescriptor("s", Types.LONG()), [5, 6], None, [(1, 50), (7, 60), (8, 70)]),
        (ValueStateDescriptor("s"), [5, 6], None, [(1, {"any": "thing"})]),
        (ListStateDescriptor("s", Types.STRING()), [["a"], ["b"]], None, [(3, ["x", "y"])]),
        (
            MapStateDescriptor("s", Types.STRING(), Types.LONG()),
            [{"a": 1}],
            None,
            [(1, "b", 2), (2, "c", 3), (1, "d", 4)],
        ),
        (timed(ValueStateDescriptor("s", Types.LONG())), [5], None, [(1, 6, 2000)]),
        (timed(MapStateDescriptor("s", Types.STRING(), Types.LONG())), [{"a": 1}], None, [(1, "b", 2, 2000)]),
        (timed(ListStateDescriptor("s", Types.LONG())), [[7]], None, [(1, [(8, 2000)])]),
        (
            ValueStateDescriptor("s", Types.LONG()),
            [5, 6],
            [TimeWindow(0, 10), TimeWindow(10, 20)],
            [(1, 0, 10, 7), (1, 10, 20, 8)],
        ),
    ],
)
def test_each_kind_can_be_changed(saved, tmp_path, secret_file, descriptor, values, windows, rows):
    savepoint = saved(filled(descriptor, values, windows=windows))
    changed = savepoint.with_state("u", "s", rows)
    back = Savepoint.load(changed.write(str(tmp_path / "new")), secret_file)
    in_order = sorted(rows, key=lambda row: row[0])
    for each in (changed, back):
        assert sorted(each.read("u", "s").to_rows(), key=lambda row: row[0]) == in_order
    assert savepoint.read("u", "s").to_rows() != in_order
    about = back.checkpoint
    assert (about.kind, about.job_id, about.number) == ("savepoint", JOB, 1)
    assert back.read("u", "coordinator").to_rows() == [(-1, 1)]
    # Each subtask has the keys that are its own.
    for subtask, states in enumerate(about.operators["u"].subtasks):
        own = key_group_range(subtask, GROUPS, 2)
        for part in states.parts:
            assert part.groups is None or (part.groups[0] in own and part.groups[1] in own)


def test_an_operator_goes_on_with_what_was_changed(saved, tmp_path, secret_file):
    """With the very types that its program declares, also classes of records that nobody needed for the change."""
    kind = type_info_from_annotation(Reading)
    descriptor = ValueStateDescriptor("s", kind)
    savepoint = saved(filled(descriptor, [Reading("a", 0.5), Reading("b", 1.5)]))
    rows = [(key, (sensor, 10 * value)) for key, (sensor, value) in savepoint.read("u", "s").to_rows()]
    back = rewritten(savepoint, "s", rows, tmp_path, secret_file)
    with storage_at(None).reader(back.checkpoint) as reader:
        batches = [reader.read(part) for subtask in back.checkpoint.operators["u"].subtasks for part in subtask.parts]
    backend = KeyedStateBackend(key_type=Types.LONG())
    backend.restore(batches, range(GROUPS))
    state = backend.get_state(descriptor)
    found = []
    for key in (1, 2):
        backend.context.key = key
        found.append(state.value())
    assert found == [Reading("a", 5.0), Reading("b", 15.0)]


def test_lists_of_subtasks_and_timers_can_be_changed(saved, tmp_path, secret_file):
    store = OperatorStateStore()
    store.get_list_state(ListStateDescriptor("l", Types.LONG())).add_all([1, 2])
    backend = KeyedStateBackend(key_type=Types.STRING())
    backend.timers("event-time").register(50, "a", None)
    savepoint = saved([*store.export(), *backend.export(GROUPS)])
    changed = savepoint.with_state("u", "l", [(1, 3)]).with_state("u", "event-time", [("b", 70)])
    back = Savepoint.load(changed.write(str(tmp_path / "new")), secret_file)
    assert back.read("u", "l").to_rows() == [(1, 3)]
    assert back.read("u", "event-time").to_rows() == [("b", 70)]
    subtask = next(number for number in (0, 1) if key_groups(["b"], GROUPS)[0] in key_group_range(number, GROUPS, 2))
    rows = [
        sum(part.rows for part in s.parts if part.state == "event-time")
        for s in back.checkpoint.operators["u"].subtasks
    ]
    assert rows == [int(subtask == 0), int(subtask == 1)]


def test_untyped_maps_stay_maps(saved, tmp_path, secret_file):
    codecs = {"key": PickleCodec(), "namespace": PickleCodec(), "value": PickleCodec()}
    batch = state_batch("s", "MapState", codecs, [1], [("k", None, {"a": 1})])
    back = rewritten(saved([batch]), "s", [("k", "b", 2)], tmp_path, secret_file)
    assert back.read("u", "s").to_rows() == [("k", "b", 2)]


def test_what_cannot_be_changed_is_refused(saved, tmp_path):
    savepoint = saved([*filled(ValueStateDescriptor("s", Types.LONG()), [5]), native_batch(3)])
    for state, kind in (("coordinator", "source"), ("native", "native")):
        with pytest.raises(WrongStateError, match=f"state '{state}' of operator 'u' is of kind {kind}, which cannot"):
            savepoint.with_state("u", state, [])
    with pytest.raises(WrongStateError, match="a row of state 's' has the columns key, value, not 3: "):
        savepoint.with_state("u", "s", [(1, 2, 3)])
    with pytest.raises(WrongStateError, match="state 's' holds what its type does not allow"):
        savepoint.with_state("u", "s", [(1, "text")])
    with pytest.raises(WrongStateError, match="no state 'x'"):
        savepoint.with_state("u", "x", [])
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        savepoint.write(str(tmp_path / "file"))


def test_pickles_of_others_are_not_signed_by_the_way(saved, tmp_path):
    savepoint = saved(filled(ValueStateDescriptor("s"), [5]), secret=b"x" * 32)
    with pytest.raises(UntrustedStateError):
        savepoint.write(str(tmp_path / "new"))
    assert list((tmp_path / "new").glob("*")) == []
