"""The RocksDB state backend against the one in memory, and its files."""

import contextlib
import enum
import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.calls.window_types import CountWindow, GlobalWindow, TimeWindow
from pyflinkx._core.keys.canonical import canonical_key_bytes, check_key
from pyflinkx._core.keys.partition import key_group_range
from pyflinkx._core.state.keyed import ABSENT
from pyflinkx._core.state.row_cache import estimated_weight
from pyflinkx._core.state.row_keys import RowKeys, split_row
from pyflinkx.errors import CorruptDataError, MissingExtraError, StateBackendError, WrongStateError
from pyflinkx.state import (
    AggregatingStateDescriptor,
    KeyedStateBackend,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    StateTtlConfig,
    ValueStateDescriptor,
)
from pyflinkx.state.rocksdb import RocksDBSettings, RocksDBStateBackend
from pyflinkx.state.rocksdb import folders as working_folders
from pyflinkx.state.rocksdb.files import FilesMeta, KeptFiles
from pyflinkx.state.rocksdb.folders import WorkingFolder
from pyflinkx.types.time import Time
from pyflinkx.types.typeinfo import Types
from tests.state.backends import HEAP, LITTLE, ROCKSDB, contents, state_backend

GROUPS = 16
LONG = Types.LONG()


class Color(enum.Enum):
    RED = 1
    BLUE = "b"


class Joined:
    def create_accumulator(self):
        return []

    def add(self, value, accumulator):
        return [*accumulator, value]

    def get_result(self, accumulator):
        return accumulator

    def merge(self, a, b):
        return a + b


class ManualClock:
    time = 0

    def now(self):
        return self.time


class Operator:
    """Keyed state of all kinds, in one backend, and what a step does to it."""

    def __init__(self, backend, typed, limited, clock, groups=range(GROUPS)):
        self.state = KeyedStateBackend(
            backend=backend, key_type=None, max_parallelism=GROUPS, groups=groups, name="operator 'tested'"
        )
        self.state.use_clock(clock)
        self.typed, self.limited, self.groups = typed, limited, groups

    def ask(self):
        typed = self.typed
        store = {False: self.state, True: self.state.per_window}
        self.handles = {}
        for window, suffix in ((False, ""), (True, " of window")):
            self.handles["value", window] = store[window].get_state(
                self.described(ValueStateDescriptor("value" + suffix, LONG if typed else None))
            )
            self.handles["list", window] = store[window].get_list_state(
                self.described(ListStateDescriptor("list" + suffix, LONG if typed else None))
            )
            self.handles["map", window] = store[window].get_map_state(
                self.described(MapStateDescriptor("map" + suffix, *((LONG, LONG) if typed else (None, None))))
            )
            self.handles["reduced", window] = store[window].get_reducing_state(
                self.described(ReducingStateDescriptor("reduced" + suffix, max, LONG if typed else None))
            )
            self.handles["joined", window] = store[window].get_aggregating_state(
                self.described(
                    AggregatingStateDescriptor("joined" + suffix, Joined(), Types.LIST(LONG) if typed else None)
                )
            )

    def described(self, descriptor):
        if self.limited:
            config = StateTtlConfig.new_builder(Time.milliseconds(10)).update_ttl_on_read_and_write()
            descriptor.enable_time_to_live(config.cleanup_incrementally(2, False).build())
        return descriptor

    def step(self, key, window, kind, action, number):
        self.state.context.key = check_key(key)
        self.state.context.namespace = window
        handle = self.handles[kind, window is not None]
        if action == "clear":
            return handle.clear()
        if action == "merge" and kind in ("list", "reduced", "joined") and window is not None:
            return handle.merge_namespaces(TimeWindow(0, 10), [TimeWindow(10, 20), CountWindow(1)])
        return getattr(self, kind)(handle, action, number)

    def value(self, handle, action, number):
        if action == "write":
            handle.update(number if number % 7 else None)
        return handle.value()

    def list(self, handle, action, number):
        if action == "write":
            handle.add(number)
        elif action == "replace":
            handle.update([number] * (number % 3))
        elif action == "merge":
            return None
        return handle.get()

    def map(self, handle, action, number):
        key = number % 5
        if action == "write":
            handle.put(key, number)
        elif action == "replace":
            handle.put_all({key: number, key + 1: number})
        elif action == "merge":
            handle.remove(key)
        elif action == "peek":
            return handle.get(key), handle.contains(key + 1), handle.is_empty()
        else:
            return sorted(handle.items()), sorted(handle.keys()), sorted(handle.values())

    def reduced(self, handle, action, number):
        if action == "write":
            handle.add(number)
        return handle.get()

    joined = reduced

    def contents(self):
        found = {}
        for name, table in self.state.tables.items():
            for namespace, values in contents(table).items():
                for key, value in values.items():
                    value = sorted(value.items()) if name.startswith("map") else value
                    found[name, repr(namespace), repr(key)] = value
        return found


KEYS = [
    1, True, 1.0, -(2**70), 0.5, None, "", "ä\ud800", b"x", (1, "a"), (1.0, None, (2,)), Decimal("1.50"), float("nan"),
    Color.RED, UUID(int=5), [1, "l"],
]  # fmt: skip
WINDOWS = [None, TimeWindow(0, 10), TimeWindow(10, 20), CountWindow(1), GlobalWindow.get(), "own"]
STATES = ["value", "list", "map", "reduced", "joined"]
ACTIONS = ["write", "write", "read", "peek", "clear", "replace", "merge"]
steps = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(KEYS),
            st.sampled_from(WINDOWS),
            st.sampled_from(STATES),
            st.sampled_from(ACTIONS),
            st.integers(0, 60),
        ),
        st.sampled_from(["time", "canonical", "files", "rescaled", "rescaled files"]),
    ),
    max_size=40,
)


class Twins:
    """The same operator in memory and in RocksDB, each of several subtasks."""

    def __init__(self, kind, typed, limited):
        self.clock = ManualClock()
        self.kind = kind
        self.of = lambda backend, groups=range(GROUPS): Operator(backend, typed, limited, self.clock, groups)
        self.heap = self.of(state_backend(HEAP))
        self.backend = state_backend(kind)
        self.subtasks = [self.of(self.backend)]
        self.number = 0
        for each in (self.heap, *self.subtasks):
            each.ask()

    def close(self):
        for each in self.subtasks:
            each.state.close()

    def step(self, key, *rest):
        expected = self.heap.step(key, *rest)
        group = RowKeys(GROUPS).row_of(check_key(key))
        subtask = next(each for each in self.subtasks if int.from_bytes(group[:2], "big") in each.groups)
        assert subtask.step(key, *rest) == expected

    def exchange(self, how):
        parallelism = 1 + self.number % 3 if how.startswith("rescaled") else len(self.subtasks)
        self.number += 1
        parts = [key_group_range(index, GROUPS, parallelism) for index in range(parallelism)]
        old, self.subtasks = self.subtasks, [self.of(self.backend, groups) for groups in parts]
        if "files" in how:
            snapshots = [each.state.files_snapshot(self.number) for each in old]
            files = [restored_from(taken) for taken in snapshots]
            for each in self.subtasks:
                each.state.restore_files([files[old_groups(old, each.groups)]] if how == "files" else files)
            for taken in snapshots:
                taken.release()
        else:
            batches = [batch for each in old for batch in each.state.export(GROUPS)]
            for each in self.subtasks:
                each.state.restore(batches, each.groups)
            heap, self.heap = self.heap, self.of(state_backend(HEAP))
            # What RocksDB has written is what is in memory from now on, and the other way round.
            self.heap.state.restore(batches, range(GROUPS))
            self.heap.ask()
            assert self.heap.contents() == heap.contents()
        for each in self.subtasks:
            each.ask()
        for each in old:
            each.state.close()

    def contents(self):
        found = {}
        for each in self.subtasks:
            found |= each.contents()
        return found


def old_groups(old, groups):
    return next(index for index, each in enumerate(old) if each.groups == groups)


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("kind", [ROCKSDB, LITTLE])
@settings(max_examples=25)
@given(steps)
def test_both_backends_hold_the_same(kind, typed, limited, steps):
    twins = Twins(kind, typed, limited)
    try:
        for step in steps:
            if step == "time":
                twins.clock.time += 4
            elif isinstance(step, str):
                twins.exchange(step)
            else:
                twins.step(*step)
        if not limited:  # what has ended goes at different times
            assert twins.contents() == twins.heap.contents()
    finally:
        twins.close()


# ---- keys of rows ----


@pytest.mark.parametrize("namespace", WINDOWS, ids=repr)
@pytest.mark.parametrize("key", [check_key(key) for key in KEYS], ids=repr)
def test_rows_of_a_key_lie_together(key, namespace, rocksdb):
    rows = RowKeys(GROUPS)
    row = rows.row_of(key)
    assert row[2:] == canonical_key_bytes(key)
    table = rocksdb.table("t", "ValueState")
    rocksdb.context.key = key
    table.put(namespace, 1)
    ((group, got, window, stored, rest, _, _),) = table_rows(table)
    assert (group, window, rest) == (int.from_bytes(row[:2], "big"), namespace, len(stored))
    assert repr(got) == repr(key)
    for end in range(2, len(stored)):
        with pytest.raises(CorruptDataError, match="row's key"):
            split_row(stored[:end], 2)


def table_rows(table):
    table.cache.flush()
    return list(table.rows(table.cache.store))


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_hostile_row_keys_are_refused_or_read(data):
    if b"\xf0" not in data:  # a namespace that is a pickle is as safe as the folder that it is in
        with contextlib.suppress(CorruptDataError):
            split_row(data, 0)


@pytest.fixture(scope="module")
def rocksdb():
    made = KeyedStateBackend(backend=state_backend(ROCKSDB), max_parallelism=GROUPS)
    names = iter(range(10_000))
    table = made.table
    made.table = lambda name, kind, *rest: table(f"{name}{next(names)}", kind, *rest)
    yield made
    made.close()


def test_keys_of_maps_that_are_no_keys_of_streams(rocksdb):
    rocksdb.context.key = "k"
    table = rocksdb.table("m", "MapState", None, True)
    for number, key in enumerate([frozenset({1, 2}), frozenset({"b", "a"}), Fraction(1, 3), 2j]):
        table.put_entry(None, key, number)
    table.cache.flush()
    table.cache.drop(table)
    assert table.entry(None, frozenset({2, 1})) == 0
    assert table.entry(None, frozenset({"a", "b"})) == 1
    assert table.entry(None, Fraction(2, 6)) == 2
    assert table.entry(None, 2j) == 3
    assert table.entry(None, Fraction(2, 3)) is ABSENT


def test_weights_follow_what_values_take():
    for value in [1, "x" * 1000, [1.5] * 1000, {n: str(n) for n in range(100)}, [[1, 2], "a" * 50] * 100]:
        assert 0.2 < estimated_weight(value) / deep_size(value) < 5


def deep_size(value):
    if isinstance(value, dict):
        return sys.getsizeof(value) + sum(deep_size(key) + deep_size(part) for key, part in value.items())
    return sys.getsizeof(value) + (sum(map(deep_size, value)) if isinstance(value, list) else 0)


# ---- files ----


def filled(backend, keys, value=b"x" * 100):
    state = KeyedStateBackend(backend=backend, max_parallelism=GROUPS, name="operator 'filled'")
    values = state.get_state(ValueStateDescriptor("v"))
    for state.context.key in range(keys):
        values.update(value)
    return state


def test_a_checkpoint_after_few_changes_writes_little(tmp_path):
    # Values that do not compress, in files that are not few: what is changed is little of all.
    rng = random.Random(1)
    state = filled(RocksDBStateBackend(RocksDBSettings(memory=8 << 20)), 0)
    values = state.get_state(ValueStateDescriptor("v"))
    for state.context.key in range(100_000):
        values.update(rng.randbytes(200))
    # What was written at once is merged in the background for a while, and then no more.
    state.files_snapshot(0).release()
    state.tables["v"].cache.store.compact()
    first = state.files_snapshot(1)
    first.kept.keep(1, {file.name: file.size for file in first.files if file.shared})
    for state.context.key in range(0, 100_000, 100):
        values.update(rng.randbytes(200))
    second = state.files_snapshot(2)
    new = [file for file in second.files if not file.shared or second.kept.find(file.name, {1}) is None]
    assert sum(file.size for file in second.files) > 20_000_000
    assert sum(file.size for file in new) <= 0.05 * sum(file.size for file in second.files)
    old = {file.name: contents_of(file.path) for file in first.files}
    assert all(contents_of(file.path) == old[file.name] for file in second.files if file not in new)
    state.close()


def test_files_are_named_again_only_of_bases():
    kept = KeptFiles()
    for number, names in ((1, "ab"), (2, "abc"), (4, "c")):
        kept.keep(number, {name: (number, name) for name in names})
    assert kept.find("a", ()) is None
    assert kept.find("a", (1, 2)) == (2, "a")
    assert kept.find("c", (1,)) is None
    assert kept.find("d", (1, 2, 4)) is None
    kept.forget_but((2,))
    assert kept.find("a", (1,)) is None
    assert (kept.find("a", (1, 2)), kept.find("c", (4,))) == ((2, "a"), (4, "c"))


def contents_of(path):
    with open(path, "rb") as file:
        return file.read()


@dataclass
class LaidOut:
    """Files of a snapshot, to begin with."""

    meta: bytes
    paths: dict
    number: int = 1
    places: dict = field(default_factory=dict)

    def lay_out(self, folder):
        for name, path in self.paths.items():
            shutil.copyfile(path, os.path.join(folder, name))


def restored_from(snapshot):
    return LaidOut(snapshot.meta, {file.name: file.path for file in snapshot.files})


def test_what_is_written_later_is_not_in_a_snapshot():
    backend = state_backend(ROCKSDB)
    state = filled(backend, 10)
    state.timers("t").register(5, 1, None)
    snapshot, timers, exported = state.files_snapshot(1), state.in_slices(GROUPS), state.exported(GROUPS)
    for state.context.key in range(10):
        state.get_state(ValueStateDescriptor("v")).clear()
    state.files_snapshot(2).release()  # writes what has changed
    later = KeyedStateBackend(backend=backend, max_parallelism=GROUPS)
    later.restore_files([restored_from(snapshot)])
    later.restore([*snapshot.batches, *timers], range(GROUPS))
    assert sorted(contents(later.table("v", "ValueState"))[None]) == list(range(10))
    assert later.timers("t").items() == [(5, 1, None)]
    heap = KeyedStateBackend(max_parallelism=GROUPS)
    heap.restore(list(exported), range(GROUPS))
    assert sorted(contents(heap.table("v", "ValueState"))[None]) == list(range(10))
    for each in (state, later):
        each.close()


@pytest.mark.parametrize("typed", [False, True])
def test_what_nobody_asks_for_stays(typed):
    clock = ManualClock()
    operator = Operator(state_backend(LITTLE), typed, False, clock)
    operator.ask()
    for number in range(30):
        for kind in STATES:
            operator.step(number % 4, WINDOWS[number % 3], kind, "write", number)
    again = Operator(state_backend(ROCKSDB), typed, False, clock)
    again.state.restore_files([restored_from(operator.state.files_snapshot(1))])
    heap = Operator(state_backend(HEAP), typed, False, clock)
    heap.state.restore(again.state.export(GROUPS), range(GROUPS))
    heap.ask()
    assert heap.contents() == operator.contents()
    once_more = Operator(state_backend(ROCKSDB), typed, False, clock)
    once_more.state.restore_files([restored_from(again.state.files_snapshot(2))])
    once_more.ask()
    assert once_more.contents() == operator.contents()
    for each in (operator, again, once_more):
        each.state.close()


def test_another_type_or_kind_than_the_files_have_is_refused():
    backend = state_backend(ROCKSDB)
    state = filled(backend, 3)
    files = [restored_from(state.files_snapshot(1))]
    for descriptor, said in ((ListStateDescriptor("v"), "stored as a ValueState, it cannot be a ListState"),):
        other = KeyedStateBackend(backend=backend, max_parallelism=GROUPS)
        other.restore_files(files)
        with pytest.raises(WrongStateError, match=said):
            other.get_partitioned_state(descriptor)
        other.close()
    other = KeyedStateBackend(backend=backend, max_parallelism=8)
    with pytest.raises(WrongStateError, match="set the max parallelism to 16"):
        other.restore_files(files)
    other.close()
    with pytest.raises(WrongStateError, match="start from a savepoint"):
        KeyedStateBackend().restore_files(files)
    state.close()


def read_all(state, files):
    state.restore_files([files])
    values = state.get_state(ValueStateDescriptor("v"))
    for state.context.key in range(20_000):
        assert values.value() == b"x" * 100


@pytest.mark.parametrize("kind", [".sst", "MANIFEST", "CURRENT"])
def test_damaged_files_are_named(kind):
    backend = state_backend(ROCKSDB)
    state = filled(backend, 20_000)
    snapshot = state.files_snapshot(1)
    file = next(file for file in snapshot.files if kind in file.name)
    with open(file.path, "rb") as original:
        data = bytearray(original.read())
    for place in range(len(data) // 4, len(data), max(len(data) // 4, 1)):
        data[place] ^= 0x55
    damaged = f"{file.path}.damaged"
    with open(damaged, "wb") as copy:
        copy.write(data)
    paths = {each.name: each.path for each in snapshot.files}
    missing = {name: path for name, path in paths.items() if name != file.name}
    for files in (paths | {file.name: damaged}, missing):
        other = KeyedStateBackend(backend=backend, max_parallelism=GROUPS, name="operator 'hurt'")
        with pytest.raises(StateBackendError, match=r"database of operator 'hurt' in .* cannot be (opened|read)"):
            read_all(other, LaidOut(snapshot.meta, files))
        other.close()
    state.close()


def test_what_snapshots_say_of_themselves_is_checked():
    backend = state_backend(ROCKSDB)
    state = filled(backend, 3)
    snapshot = state.files_snapshot(1)
    meta = FilesMeta.from_bytes(snapshot.meta)
    assert meta.to_bytes() == snapshot.meta
    for bad in (b"", b"{}", b"[]", snapshot.meta[:-1], snapshot.meta.replace(b'"format":1', b'"format":2')):
        with pytest.raises(CorruptDataError, match="RocksDB snapshot"):
            FilesMeta.from_bytes(bad)
    state.close()


# ---- working folders ----


def test_folders_go_at_the_end_and_leftovers_with_the_next(tmp_path):
    left = "from pyflinkx.state.rocksdb.folders import WorkingFolder; import os, sys\n"
    left += "print(WorkingFolder((sys.argv[1],)).path, flush=True); os._exit(0)"
    path = subprocess.run(
        [sys.executable, "-c", left, str(tmp_path)], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert os.path.isdir(path)
    fresh = tmp_path / f"{working_folders.PREFIX}being-made"
    fresh.mkdir()
    mine = WorkingFolder((str(tmp_path),))
    other = WorkingFolder((str(tmp_path),))
    assert sorted(os.listdir(tmp_path)) == sorted(
        [fresh.name, *(os.path.basename(each.path) for each in (mine, other))]
    )
    os.utime(fresh, (0, 0))
    mine.remove()
    other.remove()
    WorkingFolder((str(tmp_path),)).remove()
    assert os.listdir(tmp_path) == []


def test_databases_take_their_folders_with_them(tmp_path):
    backend = RocksDBStateBackend(RocksDBSettings(folders=(str(tmp_path / "a"), str(tmp_path / "b"))))
    states = [filled(backend, 5) for _ in range(4)]
    assert len(os.listdir(tmp_path / "a")) == len(os.listdir(tmp_path / "b")) == 2
    snapshots = []
    for state in states:
        snapshots.append(state.files_snapshot(1))
        state.close()
    # What nobody has written yet stays.
    assert all(os.path.exists(file.path) for snapshot in snapshots for file in snapshot.files)
    assert [sorted(os.listdir(folder)) for folder in (tmp_path / "a").iterdir()] == [["checkpoint-1", "lock"]] * 2
    for snapshot in snapshots * 2:
        snapshot.release()
    assert os.listdir(tmp_path / "a") == os.listdir(tmp_path / "b") == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(StateBackendError, match=r"cannot work in .*state\.backend\.rocksdb\.localdir"):
        filled(RocksDBStateBackend(RocksDBSettings(folders=(str(file),))), 1)


def test_without_its_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "rocksdict", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pyflinkx\[rocksdb\]'"):
        RocksDBStateBackend()


@pytest.mark.parametrize("wrong", [{"memory": 1000}, {"write_buffer_ratio": 0.0}, {"write_buffer_ratio": 1.0}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=r"MiB|between 0 and 1"):
        RocksDBSettings(**wrong)


@pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="only Linux tells how much memory there was at most"
)
def test_memory_stays_within_the_budget():
    program = [sys.executable, "-m", "tests.state.rocksdb_memory", "100", "32"]
    told = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    before, most, files = map(int, told.split())
    assert files > 100_000_000
    assert most - before <= 1.25 * (32 << 20)


def test_a_copy_of_a_process_that_has_databases_is_refused_others():
    """It has none of RocksDB's threads, and would wait for them when it closes its first database."""
    state_backend(ROCKSDB).for_operator("counts", None, GROUPS, range(GROUPS)).close()
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            state_backend(ROCKSDB).for_operator("counts", None, GROUPS, range(GROUPS))
        except StateBackendError as error:
            os.write(theirs, str(error).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    os.waitpid(child, 0)
    with open(ours, "rb") as said:
        assert re.search(r"of counts in .* was forked from .*start-method to spawn", said.read().decode())
