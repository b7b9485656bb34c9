"""What a Copier copies, what it leaves, and that a copy is what copy.deepcopy makes."""

import copy
import enum
import logging
import pickle
import threading
import uuid
import weakref
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.calls.records import CallSite, flat_map_values, map_values
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx._core.records.row import Row, RowKind
from tests.ids import plain_repr


class Colour(enum.Enum):
    RED = (1,)


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass
class Point:
    x: Any
    tags: list = field(default_factory=list)


@dataclass(frozen=True)
class Fixed:
    x: Any
    y: Any = None


@dataclass(slots=True)
class Slotted:
    x: Any


class Slots:
    __slots__ = ("__weakref__", "a", "b")

    def __init__(self, a):
        self.a = a


class Plain:
    def __init__(self, x):
        self.x = x

    def __repr__(self):
        return f"{type(self).__name__}({self.__dict__})"

    def __eq__(self, other):
        return type(other) is type(self) and self.__dict__ == other.__dict__


class Hooked(Plain):
    def __deepcopy__(self, memo):
        return type(self)(("copied", copy.deepcopy(self.x, memo)))


class Measured(int):
    """An int with attributes."""


class Words(list):
    """A list with attributes."""


class Metre(float):
    __slots__ = ()


def noop():
    pass


FROZEN = [
    1,
    2**80,
    1.5,
    True,
    None,
    "text",
    b"bytes",
    1j,
    ...,
    range(3),
    date(2026, 1, 2),
    datetime(2026, 1, 2, tzinfo=timezone.utc),
    Decimal("1.5"),
    Fraction(1, 3),
    uuid.UUID(int=5),
    PurePosixPath("a/b"),
    Colour.RED,
    RowKind.DELETE,
    Metre(1.5),
    np.int64(5),
    np.datetime64("2026-01-02"),
    (),
    (1, ("a", None)),
    frozenset([1, (2, 3)]),
    Pair(1, Pair("a", b"")),
    Fixed(1, Fixed("a")),
    noop,
    Point,
]


@pytest.mark.parametrize("value", FROZEN, ids=plain_repr)
def test_what_cannot_change_is_its_own_copy(value):
    assert Copier("op").copy(value) is value


MUTABLE = [
    lambda: {},
    lambda: {"a": 1, "b": [1, {"c": ()}]},
    lambda: [1, [2], (3, [4])],
    lambda: {1, (2, 3)},
    lambda: bytearray(b"abc"),
    lambda: ([],),
    lambda: (1, {"a": 1}),
    lambda: Pair(1, [2]),
    lambda: frozenset([Fixed(1, (2,))]) and (frozenset([Slots]), [1]),
    lambda: Point(1, ["a"]),
    lambda: Slotted([1]),
    lambda: Fixed([1], {"a": 2}),
    lambda: Plain(Plain([1])),
    lambda: Hooked([1]) and [Plain(1)],
    lambda: Row(a=1, b=[2]),
    lambda: Row.of_kind(RowKind.UPDATE_AFTER, 1, {"a": 2}),
    lambda: Row(),
    lambda: OrderedDict(a=[1]),
    lambda: defaultdict(list, a=[1]),
    lambda: Counter("abca"),
    lambda: deque([1, [2]], maxlen=5),
    lambda: array("q", [1, 2]),
    lambda: Words([1, [2]]),
    lambda: SimpleNamespace(a=[1]),
    lambda: {Fixed(1): [1], (1, 2): {3}},
]


@pytest.mark.parametrize("make", MUTABLE)
def test_copies_are_those_of_deepcopy_and_share_nothing_that_changes(make):
    value, other = make(), make()
    result = Copier("op").copy(value)
    assert result is not value
    assert type(result) is type(value)
    assert repr(result) == repr(copy.deepcopy(value)) == repr(value)
    assert result == other or repr(result) == repr(other)
    assert not mutables(result) & mutables(value)


def mutables(value, found=None):
    """The addresses of all that can change in a value."""
    found = {} if found is None else found
    if isinstance(value, (list, dict, set, bytearray, Row, Point, Plain, Slotted, deque, array)):
        found[id(value)] = value
    if isinstance(value, dict):
        children = [*value, *value.values()]
    elif isinstance(value, (list, tuple, set, frozenset, deque, Row)):
        children = list(value)
    else:
        children = list(getattr(value, "__dict__", {}).values())
    for child in children:
        mutables(child, found)
    return found.keys()


def test_kind_and_names_of_a_row_survive():
    row = Row.of_kind(RowKind.UPDATE_BEFORE, a=[1], b=2)
    result = Copier("op").copy(row)
    row.a.append(2)
    row["b"] = 3
    assert (result.get_row_kind(), result.as_dict()) == (RowKind.UPDATE_BEFORE, {"a": [1], "b": 2})


def test_identity_within_a_record_survives():
    shared = {"n": 1}
    tail = [shared]
    record = {"a": shared, "b": (shared, tail), "t": [tail, Pair(tail, Plain(shared))]}
    record["me"] = record
    result = Copier("op").copy(record)
    assert result["me"] is result
    assert result["a"] is result["b"][0] is result["b"][1][0] is result["t"][1].right.x
    assert result["b"][1] is result["t"][0] is result["t"][1].left
    assert result["a"] == {"n": 1}
    assert result["a"] is not shared
    loop = ([],)
    loop[0].append(loop)
    copied = Copier("op").copy(loop)
    assert copied[0][0] is copied
    assert copied is not loop


def emitted(function, values=(0,), copier=None):
    """What a map emits of the values."""
    return map_values(CallSite("op", "uid", None, copier or Copier("op")), function, ObjectBatch(list(values))).values


class Probe:
    """Makes values and remembers their addresses, but not them."""

    def __init__(self, make):
        self.make = make
        self.made = []

    def __call__(self, value):
        result = self.make()
        self.made.append(id(result))
        return result


FRESH = [make for make in MUTABLE if type(make()) not in (array, SimpleNamespace)]


@pytest.mark.parametrize("make", FRESH)
def test_what_nobody_else_holds_is_not_copied(make):
    probe = Probe(make)
    results = emitted(probe, range(3))
    expected = probe.made
    if type(make()) is tuple and isinstance(make()[0], frozenset):
        assert repr(results[0]) == repr(make())
    assert [id(result) for result in results] == expected


@pytest.mark.parametrize("make", MUTABLE)
def test_what_the_function_holds_is_copied(make):
    held = make()
    first, second = emitted(lambda value: held, range(2))
    assert first is not held
    assert second is not held
    assert first is not second
    assert not (mutables(first) | mutables(second)) & mutables(held)
    assert not mutables(first) & mutables(second)


@pytest.mark.parametrize(
    "around",
    [
        lambda part: {"part": part},
        lambda part: [part],
        lambda part: (1, part),
        lambda part: Pair(part, 1),
        lambda part: Row(part=part),
        lambda part: Point(part),
        lambda part: Fixed(part),
        lambda part: Slotted(part),
        lambda part: Plain({"deep": (part,)}),
        lambda part: {"deep": {"er": [[part]]}},
        lambda part: deque([part]),
        lambda part: OrderedDict(part=part),
        lambda part: Words([part]),
    ],
)
def test_a_part_that_the_function_holds_is_copied(around):
    part = {"n": 0}

    def step(value):
        part["n"] = value
        return around(part)

    assert [repr(result) for result in emitted(step, range(3))] == [repr(around({"n": n})) for n in range(3)]


def test_a_part_that_is_there_twice_stays_one():
    def step(value):
        part = [value]
        return {"a": part, "b": part}

    (record,) = emitted(step)
    assert record["a"] is record["b"]


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (Point, lambda record: record),
        (lambda value: Row(value), lambda record: record),
        (lambda value: {value}, lambda record: record),
        (lambda value: deque([value]), lambda record: record),
        (lambda value: Fixed([value]), lambda record: record.x),
        (lambda value: frozenset([Slots(value)]), lambda record: next(iter(record))),
    ],
    ids=["instance", "row", "set", "deque", "frozen instance", "frozen set"],
)
def test_what_a_weak_reference_leads_to_is_copied(make, part):
    seen = []

    class Source:
        def __iter__(self):
            return self

        def __next__(self):
            result = make(1)
            seen[:] = [weakref.ref(result)]
            return result

    records = []
    Copier("op").take(Source(), records)
    found = seen[0]()
    assert found is None or part(found) is not part(records[0])


class Meddler:
    """Changes the copy that is made of what it is in, which it finds by the memo."""

    def __init__(self, parent, change):
        self.parent, self.change = parent, change

    def __deepcopy__(self, memo):
        twin = copy.deepcopy(self.parent, memo)
        self.change(twin)
        return Meddler(twin, self.change)


def test_a_copy_that_a_hook_shortens_meanwhile():
    record = [None, *([n] for n in range(1000))]
    record[0] = Meddler(record, lambda twin: twin.__delitem__(slice(1, None)))
    copied = Copier("op").copy(record)
    assert len(copied) == 1
    record[0] = Meddler(record, lambda twin: twin.clear())
    assert Copier("op").copy(record) == []


def test_a_copy_of_a_dict_that_a_hook_changes_meanwhile():
    made = 0

    def change(twin):
        nonlocal made
        made += 1
        twin.pop("meddler", None)
        twin.update((f"more {made} {n}", [n]) for n in range(100))

    record = {"meddler": None, "list": [1]}
    record["meddler"] = Meddler(record, change)
    copied = Copier("op").copy(record)
    assert copied["more 1 0"] == [0]
    assert made <= 2
    record = {n: [n] for n in range(1000)}
    record[0] = Meddler(record, lambda twin: twin.clear())
    assert set(Copier("op").copy(record)) <= set(record)


def test_the_copy_of_a_row_is_a_row_at_any_time():
    seen = []
    record = Row(a=None, b=1)
    record["a"] = [Meddler(record, lambda twin: seen.append((list(twin), twin == record)))]
    Copier("op").copy(record)
    assert seen == [([], False)]


def test_lists_that_only_the_loop_holds_are_taken_apart():
    kept = []
    made = []

    def fresh(value):
        results = [{"n": value}, {"n": value + 1}]
        made.extend(map(id, results))
        return results

    def same(value):
        kept[:] = [{"n": value}]
        return kept

    site = CallSite("op", "uid", None, Copier("op"))
    assert [id(v) for v in flat_map_values(site, fresh, ObjectBatch([1, 5])).values] == made
    records = flat_map_values(site, same, ObjectBatch([1, 5])).values
    assert records == [{"n": 1}, {"n": 5}]
    assert records[1] is not kept[0]
    twice = flat_map_values(site, lambda value: [value] * 2, ObjectBatch([{"n": 1}])).values
    assert twice[0] is not twice[1]


def test_without_a_copier_objects_are_shared():
    held = {}
    assert map_values(CallSite("op", "uid"), lambda value: held, ObjectBatch([1])).values[0] is held


def test_what_cannot_be_copied_stays_and_is_said_once(caplog):
    lock = threading.Lock()
    numbers = (n for n in range(3))
    copier = Copier("Map")
    with caplog.at_level(logging.WARNING, logger="pyflinkx.runtime"):
        record = copier.copy({"lock": lock, "tags": ["a"]})
        other = copier.copy([numbers])
    assert record["lock"] is lock
    assert other[0] is numbers
    assert copier.warned
    (message,) = [entry.getMessage() for entry in caplog.records]
    assert "operator 'Map'" in message
    assert "lock" in message
    assert "cannot be copied" in message


def test_a_record_that_is_nested_too_deep_stays(caplog):
    record = []
    for _ in range(100_000):
        record = [record]
    copier = Copier("op")
    assert copier.copy(record) is record
    assert copier.warned


def test_nested_a_few_hundred_times_is_copied():
    record = inner = []
    for _ in range(300):
        record = [record]
    result = Copier("op").copy(record)
    inner.append(1)
    while result:
        (result,) = result
    assert result == []


def test_arrays_are_copied():
    held = np.arange(3)
    (first, second) = emitted(lambda value: {"a": held[:2], "b": held}, range(2))
    held[0] = 9
    assert first["a"].tolist() == [0, 1]
    assert first["b"].tolist() == [0, 1, 2]
    assert first["a"] is not second["a"]


def test_attributes_of_immutable_subclasses_are_copied():
    value = Measured(5)
    value.unit = ["m"]
    result = Copier("op").copy((value,))
    value.unit.append("s")
    assert result == (5,)
    assert result[0].unit == ["m"]


def test_hooks_are_called():
    assert Copier("op").copy([Hooked([1])])[0].x == ("copied", [1])


def test_a_copier_travels():
    assert pickle.loads(pickle.dumps(Copier("Map"))).name == copy.deepcopy(Copier("Map")).name == "Map"


def test_take():
    def same():
        record = {}
        for n in range(3):
            record["n"] = n
            yield record

    records = []
    iterator, copier = same(), Copier("op")
    while copier.take(iterator, records):
        pass
    assert records == [{"n": 0}, {"n": 1}, {"n": 2}]


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(Pair, inner, inner)
        | st.builds(Point, inner)
        | st.builds(Fixed, inner, inner)
        | st.builds(Plain, inner)
        | st.builds(lambda a, b: Row(a=a, b=b), inner, inner)
        | st.lists(inner, max_size=2).map(deque)
        | inner.map(lambda part: [part, part, {"again": part}])
    ),
    max_leaves=12,
)


@given(values)
def test_any_record(value):
    copier = Copier("op")
    result = copier.copy(value)
    assert result == value
    assert repr(result) == repr(value)
    assert not mutables(result) & mutables(value)
    (sent,) = emitted(lambda number: value, copier=copier)
    assert sent == value
    assert not mutables(sent) & mutables(value)
    assert len(mutables(sent)) == len(mutables(value))  # what is there twice is one object in the copy too
