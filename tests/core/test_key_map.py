"""The map for keys from outside, against a dict."""

import gc
import pickle
import sys
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.keys.map import KeyMap
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
