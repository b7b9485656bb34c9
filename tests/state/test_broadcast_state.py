import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.errors import WrongStateError
from pyflinkx.state.broadcast import DeclaredBroadcastStates
from pyflinkx.state.descriptors import MapStateDescriptor, ValueStateDescriptor
from pyflinkx.state.operator_state import OperatorStateStore

KEYS = st.integers(0, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, st.integers()),
        st.tuples(st.just("put_all"), st.dictionaries(KEYS, st.integers())),
        st.tuples(st.just("remove"), KEYS),
        st.tuples(st.just("clear")),
    )
)


@given(STEPS)
def test_it_is_a_map(steps):
    store = OperatorStateStore()
    state = store.get_broadcast_state(MapStateDescriptor("m"))
    model = {}
    for name, *arguments in steps:
        getattr(state, name)(*arguments)
        {
            "put": model.__setitem__,
            "put_all": model.update,
            "remove": lambda key, model=model: model.pop(key, None),
            "clear": model.clear,
        }[name](*arguments)
        again = store.get_broadcast_state(MapStateDescriptor("m"))
        assert list(again.items()) == list(model.items())
        assert (list(again.keys()), list(again.values())) == (list(model), list(model.values()))
        assert again.is_empty() == (not model)
        assert [again.get(key) for key in range(4)] == [model.get(key) for key in range(4)]
        assert [again.contains(key) for key in range(4)] == [key in model for key in range(4)]


def test_it_may_be_changed_while_it_is_iterated_over():
    state = OperatorStateStore().get_broadcast_state(MapStateDescriptor("m"))
    state.put_all({1: "a", 2: "b"})
    for key in state:
        del state[key]
    for _ in state.items():
        raise AssertionError
    state[3] = "c"
    assert 3 in state
    assert state[3] == "c"


def test_the_read_only_view_follows_and_cannot_change_anything():
    descriptor = MapStateDescriptor("m")
    states = DeclaredBroadcastStates([OperatorStateStore().get_broadcast_state(descriptor)])
    writable, view = states.find(descriptor, states.writable), states.find(descriptor, states.read_only)
    writable.put("a", 1)
    assert view.get("a") == 1
    for change in ("put", "put_all", "remove", "clear"):
        assert not hasattr(view, change)


def test_only_declared_states_are_found():
    states = DeclaredBroadcastStates([OperatorStateStore().get_broadcast_state(MapStateDescriptor("m"))])
    with pytest.raises(WrongStateError, match=r"'n' was not declared: broadcast\(\) got 'm'"):
        states.find(MapStateDescriptor("n"), states.writable)
    with pytest.raises(TypeError, match="MapStateDescriptor"):
        states.find(ValueStateDescriptor("m"), states.writable)
    with pytest.raises(TypeError, match="MapStateDescriptor"):
        OperatorStateStore().get_broadcast_state(ValueStateDescriptor("m"))
