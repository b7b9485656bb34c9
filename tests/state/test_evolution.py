"""State that is read with another type than it was written with: what a program's next version may change."""

import dataclasses
from typing import NamedTuple, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import Row, RowKind, Types
from pyflinkx.errors import WrongStateError
from pyflinkx.state import KeyedStateBackend, ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor
from pyflinkx.state.operator_state import OperatorStateStore
from pyflinkx.types.infer import type_info_from_annotation


@dataclasses.dataclass
class Before:
    name: str
    visits: int


@dataclasses.dataclass
class After:
    visits: int
    name: str
    country: str | None


class Named(NamedTuple):
    name: str
    visits: int


class Typed(TypedDict):
    name: str
    visits: int


@dataclasses.dataclass
class Stricter:
    name: str
    visits: int
    country: str


def info(cls):
    return type_info_from_annotation(cls)


LONG = Types.LONG()


def again(old, new, value, key_type=LONG, new_key_type=None, make=ValueStateDescriptor):
    """A value that is put into a state of one type, and read from it with another one."""
    first = KeyedStateBackend(key_type=key_type)
    first.context.key = 7
    put(first, make("state", *old), value)
    second = KeyedStateBackend(key_type=new_key_type or key_type)
    second.restore(first.export(128), range(128))
    second.context.key = 7
    return got(second, make("state", *new))


def put(backend, descriptor, value):
    if isinstance(descriptor, ListStateDescriptor):
        backend.get_list_state(descriptor).update(value)
    elif isinstance(descriptor, MapStateDescriptor):
        backend.get_map_state(descriptor).put_all(value)
    else:
        backend.get_state(descriptor).update(value)


def got(backend, descriptor):
    if isinstance(descriptor, ListStateDescriptor):
        return list(backend.get_list_state(descriptor).get())
    if isinstance(descriptor, MapStateDescriptor):
        return dict(backend.get_map_state(descriptor).items())
    return backend.get_state(descriptor).value()


ROW = Types.ROW_NAMED(["a", "b"], [Types.INT(), Types.STRING()])
CASES = [
    (Types.INT(), Types.LONG(), -5, -5),
    (Types.SHORT(), Types.DOUBLE(), 3, 3.0),
    (Types.FLOAT(), Types.DOUBLE(), 0.5, 0.5),
    (Types.LONG(), Types.PICKLED_BYTE_ARRAY(), 2**60, 2**60),
    (Types.PICKLED_BYTE_ARRAY(), Types.LONG(), 9, 9),
    (Types.LIST(Types.INT()), Types.LIST(Types.LONG()), [1, 2], [1, 2]),
    (Types.MAP(Types.INT(), Types.FLOAT()), Types.MAP(Types.LONG(), Types.DOUBLE()), {1: 0.5}, {1: 0.5}),
    (Types.TUPLE([Types.INT(), Types.STRING()]), Types.TUPLE([Types.LONG(), Types.STRING()]), (1, "x"), (1, "x")),
    (
        ROW,
        Types.ROW_NAMED(["b", "c", "a"], [Types.STRING(), Types.INT(), Types.LONG()]),
        Row(a=1, b="x"),
        ("x", None, 1),
    ),
    (ROW, Types.ROW_NAMED(["b"], [Types.STRING()]), Row(a=1, b="x"), ("x",)),
    (info(Before), info(After), Before("ada", 3), After(3, "ada", None)),
    (info(Before), info(Named), Before("ada", 3), Named("ada", 3)),
    (info(Named), info(Typed), Named("ada", 3), {"name": "ada", "visits": 3}),
    (Types.PICKLED_BYTE_ARRAY(), info(Before), Before("ada", 3), Before("ada", 3)),
    (Types.LIST(info(Before)), Types.LIST(info(After)), [Before("a", 1)], [After(1, "a", None)]),
]


@pytest.mark.parametrize(("old", "new", "value", "expected"), CASES)
def test_what_types_may_become(old, new, value, expected):
    found = again([old], [new], value)
    assert (tuple(found) if isinstance(found, Row) else found) == expected
    assert type(found) is type(expected) or isinstance(found, Row)


def test_a_row_keeps_its_kind_and_has_the_new_names():
    row = Row(a=1, b="x")
    row.set_row_kind(RowKind.DELETE)
    found = again([ROW], [Types.ROW_NAMED(["b", "a"], [Types.STRING(), Types.LONG()])], row)
    assert (found["a"], found["b"], found.get_row_kind()) == (1, "x", RowKind.DELETE)


def test_lists_and_maps_and_keys():
    assert again([Types.INT()], [Types.LONG()], [1, 2], make=ListStateDescriptor) == [1, 2]
    old, new = [Types.STRING(), info(Before)], [Types.STRING(), info(After)]
    assert again(old, new, {"x": Before("a", 1)}, make=MapStateDescriptor) == {"x": After(1, "a", None)}
    assert again([Types.INT()], [Types.INT()], 3, Types.INT(), Types.LONG()) == 3


def test_lists_of_a_subtask():
    first, second = OperatorStateStore(), OperatorStateStore()
    first.get_list_state(ListStateDescriptor("places", Types.INT())).update([1, 2])
    second.restore(first.export())
    assert second.get_list_state(ListStateDescriptor("places", Types.LONG())).get() == [1, 2]


REFUSED = [
    (Types.LONG(), Types.INT(), 5, "it was LONG, and is to be INT"),
    (Types.LONG(), Types.DOUBLE(), 5, "it was LONG, and is to be DOUBLE"),  # not all of them are
    (Types.STRING(), Types.LONG(), "5", "it was STRING, and is to be LONG"),
    (info(Before), info(Stricter), Before("a", 1), "field 'country' is new and cannot be None"),
    (ROW, Types.ROW_NAMED(["a", "b"], [Types.STRING(), Types.STRING()]), Row(a=1, b="x"), "field 'a' was INT"),
    (Types.TUPLE([Types.INT()]), Types.TUPLE([Types.INT(), Types.INT()]), (1,), "had 1 fields, and is to have 2"),
    (Types.LIST(Types.STRING()), Types.LIST(Types.INT()), ["x"], "an element of the list was STRING"),
    (info(Before), Types.PICKLED_BYTE_ARRAY(), Before("a", 1), "it was DATACLASS"),
    (Types.PICKLED_BYTE_ARRAY(), Types.LONG(), "text", "holds 'text', which LONG cannot be"),
]


@pytest.mark.parametrize(("old", "new", "value", "message"), REFUSED)
def test_what_they_may_not_become_is_refused_with_what_differs(old, new, value, message):
    with pytest.raises(WrongStateError, match="the value of state 'state'") as caught:
        again([old], [new], value)
    assert message in str(caught.value)


def test_fields_of_keys_stay():
    pair, longer = Types.ROW_NAMED(["a"], [Types.INT()]), Types.ROW_NAMED(["a", "b"], [Types.INT(), Types.INT()])
    for old, new, message in ((pair, longer, "'b' is new"), (longer, pair, "'b' is gone")):
        first = KeyedStateBackend(key_type=old)
        first.context.key = Row(**dict.fromkeys(old.get_field_names(), 1))
        first.get_state(ValueStateDescriptor("state", Types.INT())).update(1)
        second = KeyedStateBackend(key_type=new)
        second.restore(first.export(128), range(128))
        with pytest.raises(WrongStateError, match=message):
            second.get_state(ValueStateDescriptor("state", Types.INT()))


names = st.lists(st.sampled_from("abcde"), unique=True, min_size=1)


@given(old=names, new=names, values=st.dictionaries(st.sampled_from("abcde"), st.integers(-(2**31), 2**31 - 1)))
def test_fields_go_by_their_names(old, new, values):
    before = Types.ROW_NAMED(old, [Types.INT()] * len(old))
    after = Types.ROW_NAMED(new, [Types.LONG()] * len(new))
    found = again([before], [after], Row(**{name: values.get(name) for name in old}))
    assert {name: found[name] for name in new} == {name: values.get(name) if name in old else None for name in new}
