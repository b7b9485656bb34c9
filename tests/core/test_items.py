"""Keys that are an item of their record."""

import operator
from collections import namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.keys.items import item_index, select_items

DEFAULT = 3


def first(pair):
    return pair[0]


def documented(pair):
    """The first."""
    return pair[0]


@pytest.mark.parametrize(
    ("function", "index"),
    [
        (lambda pair: pair[0], 0),
        (lambda t: t[1], 1),
        (lambda t: t[15], 15),
        (first, 0),
        (lambda t: t[-1], None),
        (lambda t: t[16], None),
        (lambda t: t["a"], None),
        (lambda t: t[True], None),
        (lambda t: t[1.0], None),
        (lambda t: t[0][0], None),
        (lambda t: t[DEFAULT], None),
        (lambda t, i=1: t[i], None),
        (lambda t: t, None),
        (lambda *t: t[0], None),
        (operator.itemgetter(0), None),
        (str, None),
    ],
)
def test_only_plain_items_are_known(function, index):
    assert item_index(function) == index
    assert index is None or type(item_index(function)) is int


def test_where_a_function_was_written_does_not_matter():
    unused = 1
    assert item_index(lambda t: t[0]) == 0
    assert item_index(lambda t: t[unused]) is None
    scope = {}
    exec("from __future__ import annotations\ndef make():\n    return lambda t: t[1]\nf = make()", scope)
    assert item_index(scope["f"]) == 1
    exec("def g(t):\n    yield t[1]\nasync def h(t):\n    return t[1]", scope)
    assert item_index(scope["g"]) is item_index(scope["h"]) is None


def test_whatever_is_said_of_a_function_is_so():
    for index in range(16):
        function = eval(f"lambda t: t[{index}]")
        assert function(range(100, 200)) == 100 + item_index(function)
    assert item_index(documented) in (0, None)


Point = namedtuple("Point", "x y")


@given(st.lists(st.tuples(st.integers(), st.text()) | st.tuples(st.none())), st.integers(-1, 2))
def test_items_of_tuples(values, index):
    expected = [value[index] for value in values] if all(0 <= index < len(value) for value in values) else None
    assert select_items(values, index) == (expected if index >= 0 else None)


@pytest.mark.parametrize("value", [[1], "text", {0: 1}, Point(1, 2), None])
def test_only_tuples_are_looked_into(value):
    assert select_items([(1, 2), value], 0) is None
