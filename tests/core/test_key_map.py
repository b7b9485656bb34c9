"""The map for keys from outside, against a dict."""

import gc
import pickle
import random
import sys
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.memory.budget import process_budget
from tests.core.key_samples import check_key, coincident

steps = st.lists(
    st.tuples(st.sampled_from(["set", "get", "pop", "setdefault", "in", "del", "clear"]), coincident, st.integers()),
    max_size=40,
)


@given(steps)
def test_does_what_a_dict_does(steps):
    ours, model = KeyMap(), {}
    for number, (what, key, value) in enumerate(steps):
        key = check_key(key)
        if what == "set":
            ours[key] = model[key] = value
        elif what == "get":
            assert ours.get(key, number) == model.get(key, number)
        elif what == "pop":
            assert ours.pop(key, number) == model.pop(key, number)
        elif what == "setdefault":
            assert ours.setdefault(key, value) == model.setdefault(key, value)
        elif what == "in":
            assert (key in ours) == (key in model)
        elif what == "del":
            if key in model:
                del model[key], ours[key]
            else:
                with pytest.raises(KeyError):
                    del ours[key]
                with pytest.raises(KeyError):
                    ours[key]
        elif number % 3 == 0:
            ours.clear()
            model.clear()
        assert len(ours) == len(model)
        # The keys that came first stay, in their order.
        assert list(map(id, ours)) == list(map(id, model)) == list(map(id, ours.keys()))
    assert list(ours.items()) == list(model.items())
    assert list(ours.values()) == list(model.values())


@pytest.mark.parametrize("seed", range(3))
def test_grows_and_shrinks_as_a_dict_does(seed):
    rng = random.Random(seed)
    ours, model = KeyMap(), {}
    for share in (0.9, 0.5, 0.1, 0.6, 0.02):  # of steps that add
        for _ in range(1500):
            if rng.random() < share:
                key = rng.choice([rng.randrange(3000), str(rng.randrange(300)), (1, rng.randrange(300))])
                ours[key] = model[key] = rng.random()
            elif model:
                key = rng.choice([next(iter(model)), rng.randrange(3000)])
                assert ours.pop(key) == model.pop(key, None)
        assert list(ours.items()) == list(model.items())
        assert all(ours[key] == value for key, value in model.items())


def test_is_not_changed_while_it_is_gone_through():
    for change in (lambda entries: entries.pop(0), lambda entries: entries.setdefault(-1, 0), KeyMap.clear):
        entries = KeyMap((i, i) for i in range(200))
        found = iter(entries.items())
        next(found)
        change(entries)
        with pytest.raises(RuntimeError, match="changed"):
            next(found)
        assert list(found) == []


def test_keys_that_change_the_map_while_they_are_compared():
    class Key:
        def __init__(self, entries):
            self.entries = entries

        def __hash__(self):
            return 1

        def __eq__(self, other):
            self.entries.clear()
            return self is other

    entries = KeyMap()
    for _ in range(3):
        entries[Key(entries)] = [0]
        assert len(entries) == 1


def test_memory_goes_with_the_entries():
    entries = KeyMap((i, str(i)) for i in range(10_000))
    full = sys.getsizeof(entries)
    for i in range(9_990):
        assert entries.pop(i) == str(i)
    assert sys.getsizeof(entries) < full / 100
    assert list(entries) == list(range(9_990, 10_000))
    assert [entries.get((i, "a"), entries.get(i)) for i in range(9_989, 9_992)] == [None, "9990", "9991"]


def test_is_collected_when_it_leads_to_itself():
    class Value:
        pass

    entries, value = KeyMap(), Value()
    entries["me"] = [entries, value]
    gone = weakref.ref(value)
    del entries, value
    gc.collect()
    assert gone() is None


def test_what_it_says_and_refuses():
    entries = KeyMap([((1, 2), 3)])
    assert repr(entries) == "KeyMap([((1, 2), 3)])"
    assert list(pickle.loads(pickle.dumps(entries)).items()) == [((1, 2), 3)]
    with pytest.raises(TypeError, match="unhashable"):
        entries.get([])


def test_its_memory_is_charged_to_the_budget_of_the_process():
    gc.collect()
    before = process_budget().used
    ours, rng, model = KeyMap(), random.Random(3), set()
    for number in range(20_000):
        key = rng.randrange(5_000)
        if rng.random() < (0.8 if number < 12_000 else 0.2):
            ours[key] = number
            model.add(key)
        elif key in model:
            del ours[key]
            model.discard(key)
        if number % 1_000 == 0:
            charged = process_budget().used - before
            assert 28 * len(ours) <= charged == sys.getsizeof(ours) - sys.getsizeof(KeyMap())
    ours.clear()
    assert process_budget().used == before
    small = [KeyMap([(1, 2)]) for _ in range(100)]
    assert process_budget().used >= before + 100 * 24
    del small
    assert process_budget().used == before
