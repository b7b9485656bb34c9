"""Snapshots of Python objects: whatever changes between two slices, they hold what was there when they began."""

import pickle
import threading
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx._core.codecs.basic import LongCodec
from pyflinkx._core.codecs.pickled import PickleCodec
from pyflinkx.common import Types
from pyflinkx.common.time import Time
from pyflinkx.datastream.functions import AggregateFunction, ReduceFunction
from pyflinkx.datastream.state import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    StateTtlConfig,
    ValueStateDescriptor,
)
from pyflinkx.errors import WrongStateError
from pyflinkx.state.backend import KeyedStateBackend
from pyflinkx.state.rows import state_name, state_rows
from pyflinkx.state.slices import GivenUpError
from pyflinkx.state.stored_form import StoredForm

KEYS = st.integers(0, 12)
NUMBERS = st.integers(0, 99)
WINDOWS = [TimeWindow(start, start + 10) for start in range(0, 40, 10)]


class Joined(ReduceFunction):
    """Changes what is stored in place."""

    def reduce(self, value1, value2):
        value1.extend(value2)
        return value1


class Collected(AggregateFunction):
    """Has an accumulator that is changed in place and shown as it is."""

    def create_accumulator(self):
        return {"all": []}

    def add(self, value, accumulator):
        accumulator["all"].append(value)
        return accumulator

    def get_result(self, accumulator):
        return accumulator

    def merge(self, a, b):
        a["all"].extend(b["all"])
        return a


class Seen:
    """Tells when it is encoded."""

    encoded: ClassVar[list[int]] = []

    def __init__(self, number):
        self.number = number

    def __getstate__(self):
        self.encoded.append(self.number)
        return self.__dict__


class Clock:
    def __init__(self):
        self.time = 0

    def now(self):
        return self.time


class Subject:
    """A backend with states of every kind."""

    def __init__(self):
        self.backend = KeyedStateBackend(key_type=Types.LONG())
        self.clock = Clock()
        self.backend.use_clock(self.clock)
        get = self.backend
        short = StateTtlConfig.new_builder(Time.milliseconds(5)).build()

        def timed(descriptor):
            descriptor.enable_time_to_live(short)
            return descriptor

        self.plain = get.get_state(ValueStateDescriptor("plain", Types.LONG()))
        self.value = get.get_state(ValueStateDescriptor("value", Types.PICKLED_BYTE_ARRAY()))
        self.list = get.get_list_state(ListStateDescriptor("list", Types.PICKLED_BYTE_ARRAY()))
        self.map = get.get_map_state(MapStateDescriptor("map", Types.LONG(), Types.PICKLED_BYTE_ARRAY()))
        self.reduced = get.get_reducing_state(ReducingStateDescriptor("reduced", Joined(), Types.LIST(Types.LONG())))
        self.collected = get.get_aggregating_state(
            AggregatingStateDescriptor("collected", Collected(), Types.PICKLED_BYTE_ARRAY())
        )
        self.brief = get.get_state(timed(ValueStateDescriptor("brief", Types.LONG())))
        self.brief_map = get.get_map_state(timed(MapStateDescriptor("brief map", Types.LONG(), Types.LONG())))
        self.of_window = get.per_window.get_list_state(ListStateDescriptor("of window", Types.LONG()))
        self.map_of_window = get.per_window.get_map_state(
            MapStateDescriptor("map of window", Types.LONG(), Types.PICKLED_BYTE_ARRAY())
        )
        self.timers = get.timers("timers")

    def at(self, key, window=None):
        self.backend.context.key = key
        self.backend.context.namespace = window

    # Each of these is a change.

    def set_plain(self, key, number):
        self.at(key)
        self.plain.update(number)

    def clear_plain(self, key, number):
        self.at(key)
        self.plain.clear()

    def change_value(self, key, number):
        self.at(key)
        value = self.value.value()
        if not isinstance(value, dict):
            value = {"seen": []}
        value["seen"].append(number)
        self.value.update(value)

    def replace_value(self, key, number):
        self.at(key)
        self.value.update(({"seen": [number]}, number)[number % 2])

    def change_unseen(self, key, number):
        """Of which the table hears nothing."""
        self.at(key)
        value = self.value.value()
        if isinstance(value, dict):
            value["seen"].insert(0, number)

    def append(self, key, number):
        self.at(key)
        self.list.add([number])

    def change_elements(self, key, number):
        self.at(key)
        elements = self.list.get()
        for element in elements:
            element.append(number)
        self.list.update(elements[number % 3 :])

    def put_entry(self, key, number):
        self.at(key)
        self.map.put(number % 4, [number])

    def change_entry(self, key, number):
        self.at(key)
        for entry in self.map.values():
            entry.append(number)
        found = self.map.get(number % 4)
        if found is not None:
            found.append(-number)

    def remove_entry(self, key, number):
        self.at(key)
        self.map.remove(number % 4)

    def reduce(self, key, number):
        self.at(key)
        self.reduced.add([number])

    def collect(self, key, number):
        self.at(key)
        self.collected.add(number)
        self.collected.get()["all"].append(-1)

    def set_brief(self, key, number):
        self.at(key)
        self.brief.update(number)
        self.brief_map.put(number % 3, number)
        self.clock.time += number % 3

    def read_brief(self, key, number):
        self.clock.time += number % 4
        self.at(key)
        self.brief.value()
        self.brief_map.get(number % 3)

    def add_to_window(self, key, number):
        self.at(key, WINDOWS[number % 4])
        self.of_window.add(number)
        self.map_of_window.put(number % 3, [number])

    def change_in_window(self, key, number):
        self.at(key, WINDOWS[number % 4])
        for entry in self.map_of_window.values():
            entry.append(number)

    def clear_window(self, key, number):
        self.at(key, WINDOWS[number % 4])
        self.of_window.clear()
        self.map_of_window.clear()

    def merge_windows(self, key, number):
        self.at(key)
        self.of_window.merge_namespaces(WINDOWS[number % 4], [WINDOWS[(number + 1) % 4], WINDOWS[(number + 2) % 4]])

    def drop_window(self, key, number):
        self.of_window.table.namespaces.pop(WINDOWS[number % 4])

    def register(self, key, number):
        self.timers.register(number, key, WINDOWS[number % 4] if number % 2 else None)

    def fire(self, key, number):
        self.timers.pop_due(number)

    def delete(self, key, number):
        self.timers.delete(number, key, WINDOWS[number % 4] if number % 2 else None)

    def take_all(self, key, number):
        if number > 97:
            self.list.table.take_all()

    # What is there, by looking at all of it.

    def held(self):
        tables = {}
        for name, table in self.backend.tables.items():
            rows = []
            for namespace, key in table.entries():
                self.backend.context.key = key
                value = table.get(namespace)
                rows.append(
                    (key, namespace, list(value.items()) if hasattr(value, "items") and "map" in name else value)
                )
            tables[name] = rows
        tables["timers"] = [(key, namespace, time) for time, key, namespace in self.timers.items()]
        return pickle.loads(pickle.dumps(tables))

    def written(self, batches):
        """The rows of batches."""
        found = {name: [] for name in (*self.backend.tables, "timers")}
        assert {state_name(batch) for batch in batches} == set(found)
        for batch in batches:
            name = state_name(batch)
            codec = LongCodec()
            if name != "timers":
                codec = StoredForm(self.backend.tables[name].kind, self.backend.value_types[name]).codec
            columns = {"key": LongCodec(), "namespace": PickleCodec(), "value": codec}
            found[name] += state_rows(batch, columns, range(128))
        return found


CHANGES = [
    name
    for name, found in vars(Subject).items()
    if callable(found) and name not in ("__init__", "at", "held", "written")
]
EVENTS = st.sampled_from(["begin", "advance", "end", "finish"])
changes = st.lists(st.tuples(st.sampled_from(CHANGES), KEYS, NUMBERS), max_size=40)


def run(subject, steps):
    for name, key, number in steps:
        getattr(subject, name)(key, number)


@settings(max_examples=150, deadline=None)
@given(changes, st.lists(st.tuples(st.integers(1, 9), changes), max_size=6))
def test_it_holds_what_was_there_when_it_began(before, slices):
    subject = Subject()
    run(subject, before)
    expected = subject.held()
    snapshot = subject.backend.in_slices(128)
    for size, steps in slices:
        snapshot.advance(size)
        run(subject, steps)
    assert subject.written(list(snapshot)) == expected
    # And nothing of it is left behind.
    now = subject.held()
    assert subject.written(subject.backend.export(128)) == now


@settings(max_examples=60, deadline=None)
@given(
    changes,
    st.lists(st.tuples(EVENTS, st.integers(1, 60), changes), max_size=9),
)
def test_several_at_a_time(before, events):
    subject = Subject()
    run(subject, before)
    under_way = []
    for what, number, steps in events:
        if what == "begin":
            under_way.append((subject.held(), subject.backend.in_slices(128)))
        elif under_way:
            expected, snapshot = under_way[number % len(under_way)]
            if what == "advance":
                snapshot.advance(number)
            else:
                under_way.remove((expected, snapshot))
                if what == "end":
                    snapshot.close()
                else:
                    assert subject.written(list(snapshot)) == expected
        run(subject, steps)
    for expected, snapshot in under_way:
        assert subject.written(list(snapshot)) == expected


def test_to_begin_one_encodes_nothing_and_a_slice_as_much_as_it_is_told():
    encoded = Seen.encoded
    backend = KeyedStateBackend()
    state = backend.get_state(ValueStateDescriptor("seen", Types.PICKLED_BYTE_ARRAY()))
    for key in range(1000):
        backend.context.key = key
        state.update(Seen(key))
    encoded.clear()
    snapshot = backend.in_slices(128)
    assert encoded == []
    assert snapshot.advance(10) == 10
    assert encoded == list(range(10))
    backend.context.key = 500
    state.update(Seen(-1))
    encoded.clear()
    while not snapshot.over:
        assert snapshot.advance(64) <= 64
    assert encoded == list(range(10, 1000))


def test_what_cannot_be_encoded_is_said_where_the_batches_are_taken():
    backend = KeyedStateBackend()
    state = backend.get_state(ValueStateDescriptor("locks", Types.PICKLED_BYTE_ARRAY()))
    for key, value in enumerate([1, lambda: 1, 3]):
        backend.context.key = key
        state.update(value)
    snapshot = backend.in_slices(128)
    assert snapshot.advance(10) == 0
    assert snapshot.over
    with pytest.raises(WrongStateError, match=r"state 'locks' .*cannot be pickled.*\(key 1\)"):
        list(snapshot)
    backend.context.key = 1
    state.update(2)
    assert [len(batch) for batch in backend.export(128)] == [3]


def test_another_thread_takes_what_the_first_makes():
    backend = KeyedStateBackend(key_type=Types.LONG())
    state = backend.get_state(ValueStateDescriptor("x", Types.LONG()))
    for key in range(100):
        backend.context.key = key
        state.update(key)
    taken, woken = [], threading.Event()
    snapshot = backend.in_slices(128, woken.set)
    reader = threading.Thread(target=lambda: taken.extend(snapshot))
    reader.start()
    while not snapshot.over:
        snapshot.advance(7)
    reader.join()
    assert sum(map(len, taken)) == 100

    errors = []

    def read():
        try:
            list(given_up)
        except GivenUpError as error:
            errors.append(error)

    given_up = backend.in_slices(128, woken.set)
    given_up.advance(1)
    reader = threading.Thread(target=read)
    reader.start()
    given_up.close()
    reader.join()
    assert errors
    assert given_up.over
    # Closed by another thread: the states' own lets go of them.
    given_up = backend.in_slices(128, woken.set)
    other = threading.Thread(target=given_up.close)
    other.start()
    other.join()
    assert woken.is_set()
    assert not given_up.over
    assert given_up.advance(1) == 0
    assert given_up.over
