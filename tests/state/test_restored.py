"""What a checkpoint has of keyed state, put into tables and queues of timers, against plain dicts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.keys.partition import key_group
from pyflinkx._core.state.restored import rows_of_groups
from pyflinkx.errors import CorruptDataError, WrongStateError
from pyflinkx.state import KeyedStateBackend, MapStateDescriptor, ValueStateDescriptor
from pyflinkx.types.typeinfo import Types
from tests.state.backends import contents

GROUPS = 16
KEYS = st.one_of(
    st.integers(-(2**70), 2**70), st.text(max_size=3), st.tuples(st.text(max_size=2), st.integers(0, 9)), st.none()
)
NAMESPACES = st.one_of(st.none(), st.builds(TimeWindow, st.integers(0, 2), st.integers(3, 5)))
ROWS = st.lists(st.tuples(NAMESPACES, KEYS, st.integers(-(2**63), 2**63 - 1)), max_size=30)


def exported(rows, groups=GROUPS):
    """A state that was filled in this order: names of tables, or of maps, and its batches."""
    backend = KeyedStateBackend(max_parallelism=groups)
    table = backend.table("values", "ValueState", Types.LONG())
    for namespace, backend.context.key, value in rows:
        table.put(namespace, value)
        backend.timers("timers").register(value, backend.context.key, namespace)
    return table, backend.export(groups)


@given(ROWS, st.integers(0, GROUPS), st.integers(0, GROUPS))
def test_rows_of_the_key_groups_come_back_in_their_order(rows, first, last):
    groups = range(min(first, last), max(first, last))
    table, batches = exported(rows)
    other = KeyedStateBackend(max_parallelism=GROUPS, groups=groups)
    other.restore(batches, groups)
    restored = other.table("values", "ValueState", Types.LONG())
    own = [entry for entry in table.entries() if key_group(entry[1], GROUPS) in groups]
    # Windows come in the order of their first rows of these groups.
    assert {repr(entry) for entry in restored.entries()} == {repr(entry) for entry in own}
    assert contents(restored) == {
        namespace: found
        for namespace, values in contents(table).items()
        if (found := {key: value for key, value in values.items() if key_group(key, GROUPS) in groups})
    }
    due = dict.fromkeys((value, key, namespace) for namespace, key, value in rows if key_group(key, GROUPS) in groups)
    assert other.timers("timers").items() == list(due)


def test_windows_between_rows_without_one_are_told_apart():
    """A batch need not have a namespace's rows together, as those of a database do not."""
    window = TimeWindow(0, 5)
    _, (batch, *_) = exported([(None, "a", 1), (window, "b", 2)])
    mixed = batch.take([1, 0, 1, 0])
    other = KeyedStateBackend(max_parallelism=GROUPS)
    other.restore([mixed], range(GROUPS))
    assert contents(other.table("values", "ValueState", Types.LONG())) == {None: {"a": 1}, window: {"b": 2}}


def test_maps_are_the_states_own():
    first = KeyedStateBackend(key_type=Types.STRING())
    described = MapStateDescriptor("map", Types.STRING(), Types.LONG())
    first.context.key = "k"
    first.get_map_state(described).put_all({"x": 1, "y": 2})
    second = KeyedStateBackend(key_type=Types.STRING())
    second.restore(first.export(128), range(128))
    second.context.key = "k"
    state = second.get_map_state(described)
    slices = second.in_slices(128)  # a snapshot that has begun is of what was there
    state.put("x", 5)
    third = KeyedStateBackend(key_type=Types.STRING())
    third.restore(list(slices), range(128))
    third.context.key = "k"
    assert dict(third.get_map_state(described).items()) == {"x": 1, "y": 2}
    assert state.get("x") == 5


def test_a_batch_of_which_all_rows_are_wanted_is_not_copied():
    _, (batch, *_) = exported([(None, number, number) for number in range(50)])
    assert rows_of_groups(batch, 0, GROUPS) is batch
    assert len(rows_of_groups(batch, 0, 0)) == 0


def test_bytes_that_are_no_value_are_refused():
    _, (batch, *_) = exported([(None, "a", 1)])
    rows = [(*row[:3], row[3] + b"\x00" * 20) for row in batch.to_rows("tuple")]
    broken = ColumnBatch.from_rows(rows, batch.schema)
    other = KeyedStateBackend(max_parallelism=GROUPS)
    other.restore([broken], range(GROUPS))
    with pytest.raises(CorruptDataError):
        other.get_state(ValueStateDescriptor("values", Types.LONG()))
    with pytest.raises(WrongStateError, match="no state by key"):
        rows_of_groups(batch.select(["key", "key_group", "namespace", "value"]), 0, 1)
