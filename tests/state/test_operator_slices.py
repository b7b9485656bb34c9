"""Broadcast maps and lists of a subtask, encoded by and by while they change: what comes out is what was there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.records.copier import Copier
from pyflinkx.errors import WrongStateError
from pyflinkx.state import ListStateDescriptor, MapStateDescriptor
from pyflinkx.state.operator_state import OperatorStateStore
from pyflinkx.state.slices import SlicedBatches
from pyflinkx.types.typeinfo import Types

RULES = MapStateDescriptor("rules", Types.STRING(), Types.PICKLED_BYTE_ARRAY())
LISTED = ListStateDescriptor("listed", Types.PICKLED_BYTE_ARRAY())


def a_store():
    return OperatorStateStore(Copier("an operator"))


def read(batches):
    """Rules and list that a store begins with after these."""
    store = a_store()
    store.restore(batches)
    return dict(store.get_broadcast_state(RULES).items()), store.get_list_state(LISTED).get()


KEYS = st.sampled_from(["a", "b", "c", "d"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, st.integers()),
        st.tuples(st.just("remove"), KEYS),
        st.tuples(st.just("change in place"), KEYS, st.integers()),
        st.tuples(st.just("clear")),
        st.tuples(st.just("add"), st.integers()),
        st.tuples(st.just("update"), st.lists(st.integers(), max_size=3)),
        st.tuples(st.just("change elements")),
        st.tuples(st.just("begin")),
        st.tuples(st.just("encode"), st.integers(1, 3)),
        st.tuples(st.just("give up")),
    ),
    max_size=40,
)


@given(STEPS)
def test_snapshots_hold_what_was_there_when_they_began(steps):
    store = a_store()
    rules, listed = store.get_broadcast_state(RULES), store.get_list_state(LISTED, sliced=True)
    model_rules, model_list = {}, []
    under_way = []
    for step, *given_ in steps:
        if step == "put":
            rules.put(given_[0], [given_[1]])
            model_rules[given_[0]] = [given_[1]]
        elif step == "remove":
            rules.remove(given_[0])
            model_rules.pop(given_[0], None)
        elif step == "change in place":
            found = rules.get(given_[0])
            if found is not None:
                found.append(given_[1])
                model_rules[given_[0]] = [*model_rules[given_[0]], given_[1]]
        elif step == "clear":
            rules.clear()
            listed.clear()
            model_rules, model_list = {}, []
        elif step == "add":
            listed.add([given_[0]])
            model_list = [*model_list, [given_[0]]]
        elif step == "update":
            listed.update([[value] for value in given_[0]])
            model_list = [[value] for value in given_[0]]
        elif step == "change elements":
            for element in listed:
                element.append(0)
            model_list = [[*element, 0] for element in model_list]
        elif step == "begin":
            expected = {key: list(value) for key, value in model_rules.items()}, [list(each) for each in model_list]
            under_way.append((expected, SlicedBatches([*store.exports()])))
        elif step == "encode" and under_way:
            under_way[-1][1].advance(given_[0])
        elif step == "give up" and under_way:
            under_way.pop()[1].close()
    for (expected_rules, expected_list), snapshot in under_way:
        assert read(list(snapshot)) == (expected_rules, expected_list)
    assert read(store.export()) == (model_rules, model_list)


def test_nothing_is_encoded_at_the_barrier():
    """A value that has not the state's type is noticed only when it is its turn."""
    store = OperatorStateStore(Copier("an operator"))
    numbers = MapStateDescriptor("numbers", Types.STRING(), Types.LIST(Types.LONG()))
    state = store.get_broadcast_state(numbers)
    for number in range(10):
        state.put(str(number), [number])
    state.get("9").append("no number")
    snapshot = SlicedBatches(store.exports())
    assert snapshot.advance(9) == 9
    with pytest.raises(WrongStateError, match="state 'numbers' holds what its type does not allow"):
        list(snapshot)


def test_large_ones_are_several_batches():
    store = a_store()
    listed = store.get_list_state(LISTED, sliced=True)
    listed.add_all(["x" * 100_000 for _ in range(100)])
    batches = store.export()
    assert len(batches) > 1
    assert read(batches)[1] == ["x" * 100_000] * 100


def test_what_may_be_shared_is_encoded_at_once():
    """Where elements are not copied their owner may go on changing them."""
    store = OperatorStateStore()
    mine = [1]
    store.get_list_state(LISTED, sliced=True).add(mine)
    batches, later = store.export_own(), store.exports()
    mine.append(2)
    assert later == []
    assert read(batches)[1] == [[1]]
