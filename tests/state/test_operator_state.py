"""State of subtasks, and what becomes of it when there are other subtasks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.errors import TypeInformationError, WrongStateError
from pyflinkx.state.descriptors import ListStateDescriptor, MapStateDescriptor
from pyflinkx.state.operator_state import OperatorStateStore, redistributed
from pyflinkx.types.typeinfo import Types

SPLITS, ALL, RULES = (
    ListStateDescriptor("splits"),
    ListStateDescriptor("all", Types.LONG()),
    MapStateDescriptor("rules"),
)

numbers = st.lists(st.lists(st.integers(-9, 9), max_size=7), min_size=1, max_size=4)


def restored(parts, count):
    stores = []
    for part in redistributed([store.export() for store in parts], count):
        store = OperatorStateStore()
        store.restore(part)
        stores.append(store)
    return stores


@given(numbers, st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_lists_are_dealt_out_and_unions_are_everybodys(numbers, counts):
    stores = []
    for values in numbers:
        store = OperatorStateStore()
        store.get_list_state(SPLITS).add_all(values)
        store.get_union_list_state(ALL).update(values)
        store.get_broadcast_state(RULES).put((1, "a"), numbers)
        stores.append(store)
    union = [value for values in numbers for value in values]
    for count in counts:
        stores = restored(stores, count)
        lists = [store.get_list_state(SPLITS).get() for store in stores]
        assert sorted(value for values in lists for value in values) == sorted(union)
        assert max(map(len, lists)) - min(map(len, lists)) <= 1
        assert [store.get_union_list_state(ALL).get() for store in stores] == [union] * count
        assert [store.get_broadcast_state(RULES).get((1.0, "a")) for store in stores] == [numbers] * count
        # A union that each subtask kept as it was would grow without end; functions pick what is theirs.
        for number, store in enumerate(stores):
            if number:
                store.get_union_list_state(ALL).clear()


def test_a_list_is_its_own():
    state = OperatorStateStore().get_list_state(SPLITS)
    state.add_all([1, 2])
    state.get().append(3)
    assert list(state) == [1, 2]
    state.update(state.get()[1:])
    assert state.get() == [2]
    state.clear()
    assert state.get() == []
    assert repr(state) == "OperatorListState('splits')"


def test_what_nobody_asks_for_is_kept():
    first = OperatorStateStore()
    first.get_list_state(SPLITS).add("x")
    (second,) = restored([first], 1)
    (third,) = restored([second], 1)
    assert third.get_list_state(SPLITS).get() == ["x"]


def test_wrong_use_is_refused():
    store = OperatorStateStore()
    store.get_list_state(SPLITS).add("x")
    with pytest.raises(WrongStateError, match="'splits' is a split state"):
        store.get_union_list_state(SPLITS)
    with pytest.raises(TypeError, match="ListStateDescriptor"):
        store.get_list_state(RULES)
    with pytest.raises(TypeError, match="MapStateDescriptor"):
        store.get_broadcast_state(SPLITS)
    (other,) = restored([store], 1)
    with pytest.raises(WrongStateError, match="stored as a split state"):
        other.get_union_list_state(SPLITS)
    (another,) = restored([store], 1)
    with pytest.raises(WrongStateError, match="'splits' holds 'x', which LONG cannot be"):
        another.get_list_state(ListStateDescriptor("splits", Types.LONG()))
    with pytest.raises(TypeInformationError, match=r"^state 'all': expected LONG, got str 'no number'$"):
        store.get_union_list_state(ALL).add("no number")
    lists = store.get_list_state(ListStateDescriptor("lists", Types.LIST(Types.LONG())))
    lists.add([1])
    lists.get()[0].append("no number")
    with pytest.raises(WrongStateError, match="state 'lists' holds what its type does not allow"):
        store.export()
