"""Keys that are an item of their record."""

import operator
import pickle
from collections import namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.calls.process import ResultCollector, process_values
from pyflinkx._core.calls.records import CallSite, RecordContext, group_values, reduce_values, select_keys
from pyflinkx._core.keys.items import ItemKey, item_index, select_items
from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx._core.state.keyed import KeyContext, StateTable
from pyflinkx.operators.fields import FieldPath
from pyflinkx.operators.functions import own_selector
from pyflinkx.types.output_tag import OutputTag

DEFAULT = 3


def first(pair):
    return pair[0]


def wants_more(pair, *, other):
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
        (wants_more, None),
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


class Row2(tuple):
    def __getitem__(self, index):
        return "its own"


records = st.one_of(
    st.tuples(st.integers(), st.text(max_size=2)),
    st.tuples(st.none()),
    st.lists(st.integers(), min_size=1, max_size=2),
    st.text(min_size=1, max_size=2),
    st.builds(Point, st.integers(), st.integers()),
    st.builds(lambda x: Row2((x,)), st.integers()),
    st.fixed_dictionaries({0: st.integers()}),
    st.just(()),
    st.none(),
)


def outcome(call):
    try:
        return call()
    except Exception as error:
        return type(error), str(error)


@given(records, st.sampled_from([lambda r: r[0], lambda r: r[1]]))
def test_an_item_key_does_what_its_function_does(record, function):
    key = ItemKey(function, item_index(function))
    assert outcome(lambda: key(record)) == outcome(lambda: function(record))
    assert outcome(lambda: pickle.loads(pickle.dumps(ItemKey(first, 0)))(record)) == outcome(lambda: first(record))


def keyed_by(select_key, values):
    """What each loop that selects keys makes of the records, or how it fails."""
    site = CallSite("Reduce", "uid")

    def reduced():
        table = StateTable("reduced", "ReducingState", KeyContext())
        batch = reduce_values(site, select_key, lambda a, b: (*a, *b), table, ObjectBatch(list(values)))
        return batch.values, list(table.keys.items())

    def grouped():
        groups = KeyMap()
        group_values(site, select_key, list(values), groups)
        return list(groups.items())

    def processed():
        context, seen = KeyContext(), []
        process_values(
            site,
            lambda value, _: seen.append(context.key),
            RecordContext(),
            ResultCollector(OutputTag),
            ObjectBatch(list(values)),
            select_key,
            context,
        )
        return seen

    return [
        outcome(call) for call in (lambda: select_keys(site, select_key, list(values)), reduced, grouped, processed)
    ]


@given(st.lists(records, max_size=6))
def test_loops_find_the_same_keys_with_and_without_it(values):
    assert keyed_by(ItemKey(first, 0), values) == keyed_by(first, values)


def test_a_function_that_takes_an_item_of_a_tuple_is_not_called():
    calls = []
    key = ItemKey(lambda pair: calls.append(pair) or pair[0], 0)
    site = CallSite("Reduce", "uid")
    assert select_keys(site, key, [(1, "a"), (2, "b")]) == [1, 2]
    assert calls == []
    assert select_keys(site, key, [[3]]) == [3]
    assert calls == [[3]]


@pytest.mark.parametrize("steps", [(0,), (1,), (0, 0), ("f0",), (-1,)])
@given(record=records)
def test_positions_of_fields_are_items_too(steps, record):
    path = FieldPath(steps)
    own = own_selector(path)
    assert isinstance(own, ItemKey) == (steps in [(0,), (1,)])
    assert outcome(lambda: own(record)) == outcome(lambda: path(record))


@pytest.mark.parametrize("selector", [lambda pair: pair[-1], lambda pair: (pair[0],), first, None])
def test_operators_take_what_only_takes_an_item_for_that(selector):
    own = own_selector(selector)
    assert (own is selector) == (item_index(selector) is None)
    assert own is None or own((1, 2)) == selector((1, 2))
