"""Pickles that are written without the pickler load as those that it writes."""

import copyreg
import dataclasses
import enum
import pickle
from abc import ABC
from typing import Generic, NamedTuple, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx._core.codecs.plain_pickle import beginning_of

T = TypeVar("T")
CODEC = PickleCodec()
MADE_BY_PICKLE = b"\x95"  # a frame


@dataclasses.dataclass
class Point:
    x: object
    y: object = "y"


class Mixed(ABC, Generic[T]):
    def __init__(self, **held):
        self.__dict__.update(held)


class Derived(Point, Mixed):
    pass


class Restores:
    def __setstate__(self, state):
        self.__dict__.update(state, restored=True)


class Reduces:
    def __reduce__(self):
        return Point, (1, 2)


class GivesState:
    def __getstate__(self):
        return {"given": 1}


class Slotted:
    __slots__ = ("a",)

    def __repr__(self):
        return f"Slotted({self.a})"


class SlottedWithDict(Slotted):
    pass


class ListOfOwn(list):
    pass


class Texts(str):
    pass


class Hides:
    @property
    def __dict__(self):
        return {"hidden": 1}


class Registered:
    pass


class Coloured(enum.Enum):
    RED = 1


class Pair(NamedTuple):
    a: int


def plainly(value):
    return MADE_BY_PICKLE not in CODEC.encode_one(value)[:6]


def shape(value):
    """What a value consists of, one thing behind the other, with types, and where it is in itself."""
    found, waiting, seen = [], [value], {}
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            found.append(seen[id(value)][0])
            continue
        parts = ()
        if isinstance(value, dict):
            parts = [part for entry in value.items() for part in entry]
        elif isinstance(value, (list, tuple)):
            parts = list(value)
        if hasattr(value, "__dict__") and not isinstance(value, enum.Enum):
            parts = [*parts, dict(vars(value))]
        if not isinstance(value, tuple) and (parts or isinstance(value, (list, dict))):
            seen[id(value)] = len(seen), value
        found.append((type(value).__name__, len(parts)) if parts else (type(value).__name__, repr(value)[:400]))
        waiting += parts
    return found


def check(value):
    assert shape(CODEC.decode_one(CODEC.encode_one(value))) == shape(pickle.loads(pickle.dumps(value, 5)))


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**64), 2**64),
    st.floats(),
    st.text(),
    st.text(st.characters(codec=None), max_size=3),
    st.binary(),
    st.sampled_from([Coloured.RED, Pair(3), frozenset({1}), Texts("x"), 2**31, -(2**31) - 1, 255, 256, "x" * 300]),
)
KEYS = st.one_of(st.integers(), st.text(max_size=4), st.tuples(st.integers(), st.none()))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(KEYS, inner, max_size=5),
        st.lists(inner, max_size=5).map(tuple),
        st.builds(Point, inner, inner),
        st.builds(Mixed, a=inner),
        st.lists(inner, max_size=3).map(lambda parts: (parts, parts)),
        st.lists(inner, max_size=3).map(ListOfOwn),
    ),
    max_leaves=40,
)


@given(VALUES)
def test_values_come_back_as_from_pickle(value):
    check(value)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 30])
def test_containers_of_every_size(count):
    check(list(range(count)))
    check(tuple(range(count)))
    check({number: [number] for number in range(count)})
    check([[] for _ in range(count)])


def test_what_is_in_itself_or_comes_twice_stays_one():
    value = [1]
    value.append(value)
    check(value)
    point = Point(None)
    point.x = point
    check(point)
    shared = {"a": [1]}
    check([shared, shared])
    check(Point(shared, shared))
    one, other = CODEC.decode_one(CODEC.encode_one((shared, shared)))
    assert one is other


def test_deep_ones():
    value = leaf = []
    for _ in range(200):
        leaf.append([])
        leaf = leaf[0]
    check(value)
    deep = ()
    for _ in range(200):
        deep = (deep,)
    check(deep)


def test_which_are_written_plainly():
    for value in (Point(1, [2]), Mixed(a=1), Derived(1, 2), {"é": 1}, (1, "a", None, 2.5, b"x", True), Restores()):
        assert plainly(value)
        check(value)
    restores = Restores()
    restores.a = 1
    assert CODEC.decode_one(CODEC.encode_one(restores)).restored
    slotted, mixed = Slotted(), SlottedWithDict()
    slotted.a = mixed.a = mixed.b = 1
    for value in (
        Reduces(),
        GivesState(),
        slotted,
        mixed,
        ListOfOwn([1]),
        Coloured.RED,
        Pair(1),
        Hides(),
        "\ud800",
        2**64,
    ):
        assert not plainly(value)
        check(value)


def test_a_class_that_is_registered_later_is_asked():
    assert plainly(Registered())
    copyreg.pickle(Registered, lambda value: (Point, (7,)))
    try:
        assert CODEC.decode_one(CODEC.encode_one(Registered())) == Point(7)
    finally:
        del copyreg.dispatch_table[Registered]


def test_classes_that_no_name_leads_to_are_for_pickle_to_refuse():
    class Local:
        pass

    assert beginning_of(Local) is None
    with pytest.raises(Exception, match="cannot be pickled"):
        CODEC.encode_one(Local())
