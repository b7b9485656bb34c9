"""State in files of RocksDB that is read with another type than it was written with."""

from typing import Annotated, NamedTuple

import pytest

from pyflinkx.common import Row, Types
from pyflinkx.common.typeinfo import Alias
from pyflinkx.errors import WrongStateError
from pyflinkx.state import KeyedStateBackend, ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor
from tests.state.backends import HEAP, LITTLE, ROCKSDB, contents, state_backend
from tests.state.test_aliases import NEW, OLD, After, Before, info, key_class
from tests.state.test_rocksdb import GROUPS, restored_from

LONG, INT, TEXT = Types.LONG(), Types.INT(), Types.STRING()
KEYS = range(40)
TYPES = [(OLD, NEW), (info(Before), info(After)), (INT, LONG)]


class Window(NamedTuple):
    number: int


def value_of(make, kind, number):
    value = Row(name=f"n{number}", visits=number) if kind is OLD else Before(f"n{number}", number)
    if kind is INT:
        value = number
    return {"a": value, "b": value} if make is MapStateDescriptor else value


def put(state, make, value):
    if make is MapStateDescriptor:
        state.put_all(value)
    elif make is ListStateDescriptor:
        state.add_all([value, value])
    else:
        state.update(value)


def descriptor(make, kind):
    return make("s", TEXT, kind) if make is MapStateDescriptor else make("s", kind)


def described(table):
    """What a table holds, as text: maps and rows of any class."""
    return {
        (repr(namespace), key): repr(sorted(map(repr, value.items())) if hasattr(value, "items") else value)
        for namespace, values in contents(table).items()
        for key, value in values.items()
    }


@pytest.mark.parametrize("backend", [ROCKSDB, LITTLE])
@pytest.mark.parametrize(
    ("old", "new"), [(OLD, NEW), (info(Before), info(After)), (INT, LONG)], ids=["row", "class", "number"]
)
@pytest.mark.parametrize("make", [ValueStateDescriptor, ListStateDescriptor, MapStateDescriptor])
def test_files_give_what_a_savepoint_gives(backend, make, old, new):
    first = KeyedStateBackend(backend=state_backend(backend), key_type=LONG, max_parallelism=GROUPS)
    for store in (first, first.per_window):
        for first.context.key in KEYS:
            first.context.namespace = Window(first.context.key % 3)
            put(store.get_partitioned_state(descriptor(make, old)), make, value_of(make, old, first.context.key))
    untouched = first.get_state(ValueStateDescriptor("other", LONG))
    untouched.update(7)
    heap = KeyedStateBackend(backend=state_backend(HEAP), key_type=LONG, max_parallelism=GROUPS)
    heap.restore(first.export(GROUPS), range(GROUPS))
    heap.get_partitioned_state(descriptor(make, new))
    expected = described(heap.tables["s"])
    second = KeyedStateBackend(backend=state_backend(backend), key_type=LONG, max_parallelism=GROUPS)
    second.restore_files([restored_from(first.files_snapshot(1))])
    second.get_partitioned_state(descriptor(make, new))
    assert described(second.tables["s"]) == expected
    # The next files have them in the new form only, and beside them what nobody has asked for.
    third = KeyedStateBackend(backend=state_backend(backend), key_type=LONG, max_parallelism=GROUPS)
    third.restore_files([restored_from(second.files_snapshot(2))])
    third.get_partitioned_state(descriptor(make, new))
    assert described(third.tables["s"]) == expected
    third.context.key = KEYS[-1]
    assert third.get_state(ValueStateDescriptor("other", LONG)).value() == 7
    store = third.tables["s"].cache.store
    assert store.rows_of(b"")
    assert not store.rows_of(b"\x00\x00")  # the number that the state had
    for each in (first, second, third):
        each.close()


def test_fields_of_a_keys_class_may_be_renamed():
    old, new = key_class(name=str, visits=int), key_class(title=Annotated[str, Alias("name")], visits=int)
    other = key_class(title=str, visits=int)
    first = KeyedStateBackend(backend=state_backend(ROCKSDB), key_type=info(old), max_parallelism=GROUPS)
    first.context.key = old("a", 3)
    first.get_state(ValueStateDescriptor("s", INT)).update(5)
    files = [restored_from(first.files_snapshot(1))]
    second = KeyedStateBackend(backend=state_backend(ROCKSDB), key_type=info(new), max_parallelism=GROUPS)
    second.restore_files(files)
    second.context.key = new("a", 3)
    assert second.get_state(ValueStateDescriptor("s", INT)).value() == 5
    third = KeyedStateBackend(backend=state_backend(ROCKSDB), key_type=info(other), max_parallelism=GROUPS)
    third.restore_files(files)
    with pytest.raises(
        WrongStateError, match="the key of state 's' was written with another type: field 'title' is new"
    ):
        third.get_state(ValueStateDescriptor("s", INT))
    for each in (first, second, third):
        each.close()


def test_what_cannot_become_the_new_type_says_what_differs_and_stays():
    first = KeyedStateBackend(backend=state_backend(ROCKSDB), key_type=LONG, max_parallelism=GROUPS)
    first.context.key = 1
    first.get_state(ValueStateDescriptor("s", TEXT)).update("x")
    second = KeyedStateBackend(backend=state_backend(ROCKSDB), key_type=LONG, max_parallelism=GROUPS)
    second.restore_files([restored_from(first.files_snapshot(1))])
    with pytest.raises(
        WrongStateError, match="the value of state 's' was written with another type: it was STRING, and is"
    ):
        second.get_state(ValueStateDescriptor("s", LONG))
    second.context.key = 1
    assert second.get_state(ValueStateDescriptor("s", TEXT)).value() == "x"
    for each in (first, second):
        each.close()
