import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.errors import TypeInformationError, WrongStateError
from pyflinkx.state import (
    AggregatingState,
    AggregatingStateDescriptor,
    AppendingState,
    ListState,
    ListStateDescriptor,
    MapState,
    MapStateDescriptor,
    MergingState,
    ReducingState,
    ReducingStateDescriptor,
    State,
    StateDescriptor,
    ValueState,
    ValueStateDescriptor,
)
from pyflinkx.types.typeinfo import Types
from tests.state.backends import contents, keyed_backend

pytestmark = pytest.mark.usefixtures("each_backend")


class Mean:
    def create_accumulator(self):
        return 0, 0

    def add(self, value, accumulator):
        return accumulator[0] + value, accumulator[1] + 1

    def get_result(self, accumulator):
        return accumulator[0] / accumulator[1]

    def merge(self, a, b):
        return a[0] + b[0], a[1] + b[1]


@pytest.fixture
def backend():
    backend = keyed_backend()
    backend.context.key = "a"
    return backend


def by_window(table):
    return {window: values for window, values in contents(table).items() if window is not None}


def stored(backend):
    return sum(map(len, backend.tables.values()))


def test_value_state_is_per_key(backend):
    state = backend.get_state(ValueStateDescriptor("v"))
    assert state.value() is None
    state.update(1)
    backend.context.key = "b"
    assert state.value() is None
    state.update(2)
    backend.context.key = "a"
    assert state.value() == 1
    state.clear()
    assert state.value() is None
    assert contents(backend.tables["v"]) == {None: {"b": 2}}


def test_updating_a_value_to_none_removes_it(backend):
    state = backend.get_state(ValueStateDescriptor("v"))
    state.update(1)
    state.update(None)
    assert stored(backend) == 0


def test_list_state(backend):
    state = backend.get_list_state(ListStateDescriptor("l"))
    assert state.get() == []
    state.add(1)
    state.add_all([2, 3])
    assert list(state) == [1, 2, 3]
    state.get().append(4)
    assert state.get() == [1, 2, 3]
    state.update([9])
    assert state.get() == [9]
    state.update([])
    assert stored(backend) == 0
    state.add_all([])
    assert stored(backend) == 0


def test_list_state_does_not_keep_the_callers_list(backend):
    state = backend.get_list_state(ListStateDescriptor("l"))
    mine = [1]
    state.update(mine)
    mine.append(2)
    assert state.get() == [1]


def test_map_state(backend):
    state = backend.get_map_state(MapStateDescriptor("m"))
    assert state.is_empty()
    assert state.get("x") is None
    state.put("x", 1)
    state["y"] = 2
    state.put_all({"z": 3})
    assert (state["x"], state["y"], state["z"]) == (1, 2, 3)
    assert "y" in state
    assert state.contains("z")
    assert not state.is_empty()
    assert sorted(state.items()) == [("x", 1), ("y", 2), ("z", 3)]
    assert sorted(state.keys()) == sorted(state) == ["x", "y", "z"]
    assert sorted(state.values()) == [1, 2, 3]
    for key in state:
        del state[key]
    assert state.is_empty()
    assert stored(backend) == 0
    state.remove("never there")
    state.put_all({})
    assert stored(backend) == 0


def test_reducing_state_takes_a_callable_or_an_object(backend):
    class Longest:
        def reduce(self, value1, value2):
            return max(value1, value2, key=len)

    total = backend.get_reducing_state(ReducingStateDescriptor("total", lambda a, b: a + b))
    longest = backend.get_reducing_state(ReducingStateDescriptor("longest", Longest()))
    assert total.get() is None
    for word in ["a", "ccc", "bb"]:
        total.add(len(word))
        longest.add(word)
    assert (total.get(), longest.get()) == (6, "ccc")
    total.add(None)
    assert total.get() is None


def test_aggregating_state(backend):
    state = backend.get_aggregating_state(AggregatingStateDescriptor("mean", Mean()))
    assert state.get() is None
    state.add(1)
    state.add(4)
    assert state.get() == 2.5
    state.add(None)
    assert stored(backend) == 0


def test_per_window_state_follows_the_current_window(backend):
    descriptor = ValueStateDescriptor("v")
    windowed = backend.per_window.get_state(descriptor)
    alone = backend.get_state(descriptor)
    backend.context.namespace = "w1"
    windowed.update(1)
    backend.context.namespace = "w2"
    assert windowed.value() is None
    windowed.update(2)
    alone.update(0)
    assert by_window(backend.tables["v"]) == {"w1": {"a": 1}, "w2": {"a": 2}}
    assert contents(backend.tables["v"])[None] == {"a": 0}
    windowed.clear()
    assert "w2" not in by_window(backend.tables["v"])
    assert alone.value() == 0


def test_window_state_outside_of_a_window_is_refused(backend):
    state = backend.per_window.get_state(ValueStateDescriptor("v"))
    with pytest.raises(WrongStateError, match="outside of a window"):
        state.value()


def test_state_without_a_key_is_refused():
    state = keyed_backend().get_state(ValueStateDescriptor("v"))
    with pytest.raises(WrongStateError, match=r"state 'v'.*no current key"):
        state.value()


def test_none_is_a_key(backend):
    backend.context.key = None
    state = backend.get_state(ValueStateDescriptor("v"))
    state.update(5)
    assert contents(backend.tables["v"]) == {None: {None: 5}}


def test_a_name_gives_one_handle(backend):
    first = backend.get_state(ValueStateDescriptor("v"))
    assert backend.get_state(ValueStateDescriptor("v")) is first
    assert backend.get_partitioned_state(ValueStateDescriptor("v")) is first


def test_a_name_of_another_kind_is_refused(backend):
    backend.get_state(ValueStateDescriptor("s"))
    with pytest.raises(WrongStateError, match="'s' is a ValueState"):
        backend.get_list_state(ListStateDescriptor("s"))


def test_a_descriptor_of_another_kind_is_refused(backend):
    backend.get_state(ValueStateDescriptor("s"))
    with pytest.raises(TypeError, match="ValueStateDescriptor"):
        backend.get_state(ListStateDescriptor("s"))
    with pytest.raises(TypeError, match="not a state descriptor"):
        backend.get_state("s")
    with pytest.raises(TypeError, match="not a state descriptor"):
        backend.get_partitioned_state(StateDescriptor("s"))


def test_a_descriptor_may_be_subclassed(backend):
    class Mine(ValueStateDescriptor):
        pass

    assert isinstance(backend.get_partitioned_state(Mine("v")), ValueState)
    assert backend.get_state(Mine("v")) is backend.get_state(ValueStateDescriptor("v"))


@pytest.mark.parametrize(("name", "error"), [("", ValueError), (None, TypeError), (3, TypeError)])
def test_bad_names_are_refused(name, error):
    with pytest.raises(error, match="name of a state"):
        ValueStateDescriptor(name)


@pytest.mark.parametrize("function", [None, 3, max.__class__, Mean])
def test_bad_functions_are_refused(function):
    with pytest.raises(TypeError, match="'s' needs"):
        ReducingStateDescriptor("s", function)
    with pytest.raises(TypeError, match="'s' needs"):
        AggregatingStateDescriptor("s", function)


def test_class_hierarchy_is_flinks(backend):
    assert issubclass(ValueState, State)
    assert issubclass(MapState, State)
    for kind in (ListState, ReducingState, AggregatingState):
        assert issubclass(kind, MergingState)
    assert issubclass(MergingState, AppendingState)
    assert ValueState[int].__origin__ is ValueState


def test_merging_namespaces(backend):
    descriptor = ListStateDescriptor("l")
    state = backend.per_window.get_list_state(descriptor)
    for window in (1, 2, 3):
        backend.context.namespace = window
        state.add_all([window * 10, window * 10 + 1])
    backend.context.key = "b"
    backend.context.namespace = 2
    state.add(99)
    backend.context.key = "a"
    state.merge_namespaces(1, [2, 3, 4])
    assert by_window(backend.tables["l"]) == {1: {"a": [10, 11, 20, 21, 30, 31]}, 2: {"b": [99]}}


def test_merging_into_an_empty_namespace(backend):
    state = backend.per_window.get_aggregating_state(AggregatingStateDescriptor("mean", Mean()))
    for window in (1, 2):
        backend.context.namespace = window
        state.add(window)
    state.merge_namespaces(7, [2, 1])
    backend.context.namespace = 7
    assert state.get() == 1.5
    assert list(by_window(backend.tables["mean"])) == [7]
    state.merge_namespaces(7, [])
    assert state.get() == 1.5


def test_merging_reduces_in_order(backend):
    state = backend.per_window.get_reducing_state(ReducingStateDescriptor("r", lambda a, b: f"({a} {b})"))
    for window in "tuv":
        backend.context.namespace = window
        state.add(window)
    state.merge_namespaces("t", ["u", "v"])
    backend.context.namespace = "t"
    assert state.get() == "(t (u v))"


OPERATIONS = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from(["w1", "w2"]), st.sampled_from(["add", "clear", "get"]), st.integers(-9, 9)
    ),
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(OPERATIONS)
def test_all_kinds_agree_with_a_plain_model(operations):
    """Every (key, window) is a list in the model; each kind of state is a view of it."""
    backend = keyed_backend()
    store = backend.per_window
    listed = store.get_list_state(ListStateDescriptor("l"))
    reduced = store.get_reducing_state(ReducingStateDescriptor("r", lambda a, b: a + b))
    averaged = store.get_aggregating_state(AggregatingStateDescriptor("a", Mean()))
    mapped = store.get_map_state(MapStateDescriptor("m"))
    last = store.get_state(ValueStateDescriptor("v"))
    model = {}
    for key, window, action, value in operations:
        backend.context.key = key
        backend.context.namespace = window
        if action == "add":
            for state in (listed, reduced, averaged):
                state.add(value)
            mapped.put(value, len(model.get((key, window), [])))
            last.update(value)
            model.setdefault((key, window), []).append(value)
        elif action == "clear":
            for state in (listed, reduced, averaged, mapped, last):
                state.clear()
            model.pop((key, window), None)
        expected = model.get((key, window), [])
        assert listed.get() == expected
        assert reduced.get() == (sum(expected) if expected else None)
        assert averaged.get() == (sum(expected) / len(expected) if expected else None)
        assert dict(mapped.items()) == {value: at for at, value in enumerate(expected)}
        assert last.value() == (expected[-1] if expected else None)
    assert {len(table) for table in backend.tables.values()} == {len(model)}


def test_types_of_descriptors():
    assert ValueStateDescriptor("s").type_info == Types.PICKLED_BYTE_ARRAY()
    assert ListStateDescriptor("s", Types.INT()).type_info == Types.LIST(Types.INT())
    assert MapStateDescriptor("s", Types.INT(), Types.STRING()).type_info == Types.MAP(Types.INT(), Types.STRING())
    with pytest.raises(TypeInformationError, match="'s'"):
        ValueStateDescriptor("s", int)
