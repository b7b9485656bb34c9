"""What is put into a state has the shape that the type of its descriptor declares: the oracle is the type's codec."""

from dataclasses import dataclass
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import Row, Time, Types
from pyflinkx.errors import TypeInformationError, WrongStateError
from pyflinkx.state import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    ValueStateDescriptor,
)
from pyflinkx.state.operator_state import OperatorStateStore
from pyflinkx.state.ttl_config import StateTtlConfig
from pyflinkx.types.codecs import codec_of
from pyflinkx.types.infer import type_info_from_annotation
from tests.state.backends import keyed_backend

pytestmark = pytest.mark.usefixtures("each_backend")


class Point(NamedTuple):
    x: int
    y: float


@dataclass
class Named:
    name: str
    sizes: list[int]


ROW = Types.ROW_NAMED(["a", "b"], [Types.INT(), Types.DOUBLE()])
NESTED = Types.ROW_NAMED(["rows", "pair"], [Types.LIST(ROW), Types.TUPLE([Types.LONG(), Types.STRING()])])

small = st.integers(-9, 9)
rows = st.one_of(
    st.builds(lambda a, b: Row(a=a, b=b), small, small),
    st.builds(lambda a, b: Row(b=b, a=a), small, small),
    st.builds(lambda a, b: {"b": b, "a": a}, small, small),
    st.tuples(small, small),
    st.builds(lambda a, b: Row(a, b), small, small),
)
typed = st.one_of(
    st.tuples(st.just(Types.INT()), small),
    st.tuples(st.just(Types.DOUBLE()), small),
    st.tuples(st.just(Types.FLOAT()), st.floats(-9, 9)),
    st.tuples(st.just(Types.STRING()), st.text(max_size=3)),
    st.tuples(st.just(ROW), rows),
    st.tuples(st.just(Types.TUPLE([Types.DOUBLE(), Types.DOUBLE()])), st.lists(small, min_size=2, max_size=2)),
    st.tuples(st.just(Types.LIST(ROW)), st.lists(rows, max_size=3)),
    st.tuples(st.just(Types.MAP(Types.LONG(), ROW)), st.dictionaries(small, rows, max_size=3)),
    st.tuples(
        st.just(NESTED), st.fixed_dictionaries({"pair": st.lists(small, max_size=0).map(lambda _: [1, "x"]),
                                                "rows": st.lists(rows, max_size=3)})
    ),
    st.tuples(st.just(type_info_from_annotation(Point)), st.builds(Point, small, small)),
    st.tuples(st.just(type_info_from_annotation(Named)), st.builds(Named, st.text(max_size=3), st.lists(small))),
)  # fmt: skip


def as_stored(value):
    """What tells two values apart: also their classes, the names of their fields, and what is in them."""
    if isinstance(value, Row):
        return "Row", tuple(value.as_dict().items()) if hasattr(value, "_fields") else None, list(map(as_stored, value))
    if isinstance(value, dict):
        return "dict", [(as_stored(key), as_stored(part)) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return type(value).__name__, list(map(as_stored, value))
    return type(value).__name__, repr(value)


class Last:
    """An aggregate whose accumulator is the last value."""

    def create_accumulator(self):
        return None

    def add(self, value, accumulator):
        return value

    def get_result(self, accumulator):
        return accumulator

    def merge(self, a, b):
        return b


def last(a, b):
    return b


class Clock:
    def now(self):
        return 1_000


def backend():
    made = keyed_backend()
    made.context.key = "k"
    made.use_clock(Clock())
    return made


def limited(descriptor, ttl):
    if ttl:
        descriptor.enable_time_to_live(StateTtlConfig.new_builder(Time.hours(1)).build())
    return descriptor


def put_everywhere(type_info, value, ttl):
    """The value put into each kind of state in each way, and what the state then gives, by the way."""
    made = backend()
    state = made.get_state(limited(ValueStateDescriptor("value", type_info), ttl))
    state.update(value)
    yield "value", state.value()
    state.update(state.value())
    yield "value again", state.value()
    state = made.get_list_state(limited(ListStateDescriptor("list", type_info), ttl))
    for way, put in (
        ("add", state.add),
        ("add_all", lambda v: state.add_all([v])),
        ("update", lambda v: state.update([v])),
    ):
        state.clear()
        put(value)
        yield f"list {way}", state.get()[0]
    state.update(state.get())
    yield "list again", state.get()[0]
    state = made.get_map_state(limited(MapStateDescriptor("map", Types.STRING(), type_info), ttl))
    for way, put in (
        ("put", lambda v: state.put("x", v)),
        ("put_all", lambda v: state.put_all({"x": v})),
        ("item", lambda v: state.__setitem__("x", v)),
    ):
        state.clear()
        put(value)
        yield f"map {way}", state.get("x")
    state = made.get_reducing_state(limited(ReducingStateDescriptor("reduced", last, type_info), ttl))
    state.add(value)
    yield "reduced first", state.get()
    state.add(value)
    yield "reduced", state.get()
    state = made.get_aggregating_state(limited(AggregatingStateDescriptor("aggregated", Last(), type_info), ttl))
    state.add(value)
    yield "aggregated first", state.get()
    state.add(value)
    yield "aggregated", state.get()


def put_without_keys(type_info, value):
    store = OperatorStateStore()
    state = store.get_list_state(ListStateDescriptor("list", type_info))
    state.add(value)
    yield "operator list add", state.get()[0]
    state.update([value])
    yield "operator list update", state.get()[0]
    state = store.get_broadcast_state(MapStateDescriptor("map", Types.STRING(), type_info))
    state.put("x", value)
    yield "broadcast", state.get("x")


@given(typed, st.booleans())
def test_each_state_gives_what_the_codec_would(typed, ttl):
    type_info, value = typed
    codec = codec_of(type_info)
    expected = as_stored(codec.decode_one(codec.encode_one(value)))
    before = as_stored(value)
    for way, got in [*put_everywhere(type_info, value, ttl), *put_without_keys(type_info, value)]:
        assert as_stored(got) == expected, way
    assert as_stored(value) == before


@pytest.mark.parametrize("ttl", [False, True])
@pytest.mark.parametrize(
    ("type_info", "value", "reason"),
    [
        (Types.INT(), "text", "expected INT, got str 'text'"),
        (Types.INT(), 2**31, "INT"),
        (Types.STRING(), 1, "expected STRING, got int 1"),
        (Types.DOUBLE(), "1.0", "expected DOUBLE"),
        (ROW, (1, 2, 3), "ROW"),
        (ROW, {"a": 1, "c": 2}, "ROW"),
        (ROW, Row(a="x", b=1.0), "field 'a': expected INT, got str 'x'"),
        (NESTED, {"rows": [(1, 2), (1, "x")], "pair": (1, "x")}, r"field 'rows\[1\].b': expected DOUBLE"),
        (Types.TUPLE([Types.LONG()]), 1, "expected TUPLE, got int 1"),
        (Types.LIST(Types.LONG()), [1, "x"], r"field '\[1\]': expected LONG"),
    ],
)
def test_what_cannot_have_the_type_is_refused_by_each(ttl, type_info, value, reason):
    def ways():
        yield backend().get_state(limited(ValueStateDescriptor("s", type_info), ttl)).update
        listed = backend().get_list_state(limited(ListStateDescriptor("s", type_info), ttl))
        yield listed.add
        yield lambda value: listed.add_all([value])
        yield lambda value: listed.update([value])
        mapped = backend().get_map_state(limited(MapStateDescriptor("s", Types.LONG(), type_info), ttl))
        yield lambda value: mapped.put(1, value)
        yield lambda value: mapped.put_all({1: value})
        yield backend().get_reducing_state(limited(ReducingStateDescriptor("s", last, type_info), ttl)).add
        yield backend().get_aggregating_state(limited(AggregatingStateDescriptor("s", Last(), type_info), ttl)).add
        yield OperatorStateStore().get_list_state(ListStateDescriptor("s", type_info)).add
        broadcast = OperatorStateStore().get_broadcast_state(MapStateDescriptor("s", Types.LONG(), type_info))
        yield lambda value: broadcast.put(1, value)

    for put in ways():
        with pytest.raises(TypeInformationError, match=f"state 's': .*{reason}"):
            put(value)


@pytest.mark.parametrize("ttl", [False, True])
def test_what_a_function_returns_has_the_shape_too(ttl):
    made = backend()
    add = limited(ReducingStateDescriptor("sum", lambda a, b: {"b": a.b + b.b, "a": a.a + b.a}, ROW), ttl)
    state = made.get_reducing_state(add)
    for number in range(3):
        state.add((number, number))
    assert as_stored(state.get()) == as_stored(Row(a=3, b=3.0))
    broken = made.get_reducing_state(
        limited(ReducingStateDescriptor("broken", lambda a, b: f"{a}{b}", Types.INT()), ttl)
    )
    broken.add(1)
    with pytest.raises(TypeInformationError, match="state 'broken': expected INT, got str '12'"):
        broken.add(2)
    assert broken.get() == 1

    def grow(a, b):
        a["a"] = "text"
        return a

    changed = made.get_reducing_state(limited(ReducingStateDescriptor("changed", grow, ROW), ttl))
    changed.add((1, 1))
    with pytest.raises(TypeInformationError, match="state 'changed': field 'a': expected INT, got str 'text'"):
        changed.add((2, 2))


class Window:
    def __init__(self, number):
        self.number = number

    def __eq__(self, other):
        return self.number == other.number

    def __hash__(self):
        return self.number


@pytest.mark.parametrize("ttl", [False, True])
def test_what_merging_windows_makes_has_the_shape(ttl):
    made = backend()
    kinds = [
        (made.per_window.get_reducing_state, ReducingStateDescriptor("sum", lambda a, b: a + b, Types.DOUBLE())),
        (made.per_window.get_aggregating_state, AggregatingStateDescriptor("last", Last(), Types.DOUBLE())),
    ]
    for get, descriptor in kinds:
        state = get(limited(descriptor, ttl))
        for number in (1, 2):
            made.context.namespace = Window(number)
            state.add(number)
        state.merge_namespaces(Window(2), [Window(1)])
        made.context.namespace = Window(2)
        assert isinstance(state.get(), float)
    broken = made.per_window.get_reducing_state(
        limited(ReducingStateDescriptor("broken", lambda a, b: "text", Types.INT()), ttl)
    )
    for number in (1, 2):
        made.context.namespace = Window(number)
        broken.add(number)
    with pytest.raises(TypeInformationError, match="state 'broken': expected INT, got str 'text'"):
        broken.merge_namespaces(Window(2), [Window(1)])


@pytest.mark.parametrize("ttl", [False, True])
def test_keys_of_maps_are_found_in_every_form(ttl):
    keys = Types.TUPLE([Types.LONG(), Types.FLOAT()])
    state = backend().get_map_state(limited(MapStateDescriptor("map", keys, Types.LONG()), ttl))
    state.put([1, 0.1], 5)
    assert state.get((1, 0.1)) == state.get([1, 0.1]) == state[[1, 0.1]] == 5
    assert state.contains((1, 0.1))
    assert [1, 0.1] in state
    ((key, _),) = state.items()
    assert as_stored(key) == as_stored(codec_of(keys).decode_one(codec_of(keys).encode_one((1, 0.1))))
    state.remove([1, 0.1])
    assert state.is_empty()
    for use in (
        lambda: state.put("x", 1),
        lambda: state.get("x"),
        lambda: state.contains(1),
        lambda: state.remove((1,)),
    ):
        with pytest.raises(TypeInformationError, match="the keys of state 'map': expected TUPLE"):
            use()
    broadcast = OperatorStateStore().get_broadcast_state(MapStateDescriptor("rules", keys, Types.LONG()))
    broadcast.put([1, 0.1], 5)
    assert broadcast.get((1, 0.1)) == 5
    assert [1, 0.1] in broadcast
    broadcast.remove([1, 0.1])
    assert broadcast.is_empty()
    with pytest.raises(TypeInformationError, match="the keys of broadcast state 'rules': expected TUPLE"):
        broadcast.get("x")


@pytest.mark.parametrize("undeclared", [None, Types.PICKLED_BYTE_ARRAY()])
def test_what_is_not_declared_is_taken_as_it_is(undeclared):
    value = frozenset({1.0, ("a", 2)})
    for way, got in [*put_everywhere(undeclared, value, False), *put_without_keys(undeclared, value)]:
        assert got == value, way
        assert repr(got) == repr(value), way


def test_what_has_the_shape_is_not_made_anew():
    made = backend()
    state = made.get_state(ValueStateDescriptor("row", ROW))
    state.update((1, 2))
    row = state.value()
    state.update(row)
    assert state.value() is row


class Listing:
    """An accumulator that goes on to fill one list."""

    def create_accumulator(self):
        return []

    def add(self, value, accumulator):
        accumulator.append(value)
        return accumulator

    def get_result(self, accumulator):
        return list(accumulator)

    def merge(self, a, b):
        return a + b


@pytest.mark.parametrize("ttl", [False, True])
def test_a_list_that_grows_is_looked_at_when_it_is_written(ttl):
    made = backend()
    descriptor = limited(AggregatingStateDescriptor("all", Listing(), Types.LIST(Types.LONG())), ttl)
    state = made.get_aggregating_state(descriptor)
    for number in range(2_000):
        state.add(number)
    assert state.get() == list(range(2_000))
    state.add("text")
    with pytest.raises(WrongStateError, match="state 'all' holds what its type does not allow"):
        made.export(8)
