"""The compiled loop of aligned windows by itself; tests/operators has what it means."""

import gc
import sys
from array import array

import pytest

from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx._core.calls.windows import AlignedLoop, call_each
from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.errors import KeyTypeError

BEGINNING = -(2**63)


def loop(kind="ListState", function=None, create=None, key=lambda r: r, size=10, slide=10, offset=0, lateness=0):
    windows, fired = KeyMap(), []
    made = AlignedLoop(
        key, kind, function, create, windows, size, slide, offset, lateness, lambda *call: fired.append(call)
    )
    return made, windows, fired


def plain(windows):
    return {window: dict(stored.items()) for window, stored in windows.items()}


def batch(values, timestamps):
    return ObjectBatch(list(values), array("q", timestamps))


def test_lists():
    aligned, windows, fired = loop()
    aligned.add(batch("aba", [0, 5, 10]), BEGINNING)
    assert plain(windows) == {TimeWindow(0, 10): {"a": ["a"], "b": ["b"]}, TimeWindow(10, 20): {"a": ["a"]}}
    assert aligned.opened == [TimeWindow(0, 10), TimeWindow(10, 20)]
    aligned.add(batch("a", [3]), BEGINNING)
    assert windows[TimeWindow(0, 10)]["a"] == ["a", "a"]
    assert aligned.opened == fired == []


def test_reducing_and_aggregating():
    aligned, windows, _ = loop("ReducingState", lambda a, b: a + b, key=len)
    aligned.add(batch(["x", "y", "zz"], [0, 1, 2]), BEGINNING)
    assert plain(windows) == {TimeWindow(0, 10): {1: "xy", 2: "zz"}}
    aligned, windows, _ = loop("AggregatingState", lambda value, total: total + 1, lambda: 100, key=len)
    aligned.add(batch(["x", "y", "zz"], [0, 1, 2]), BEGINNING)
    assert plain(windows) == {TimeWindow(0, 10): {1: 102, 2: 101}}


def test_late_and_repeated_firings():
    aligned, windows, fired = loop(lateness=5)
    aligned.add(batch("abc", [-1, 1, 10]), 9)
    assert fired == [("b", TimeWindow(0, 10), ["b"])]
    assert (aligned.late.values, list(aligned.late.timestamps)) == (["a"], [-1])
    assert list(windows) == [TimeWindow(0, 10), TimeWindow(10, 20)]


def test_windows_far_apart_share_slots():
    aligned, windows, _ = loop(size=1, slide=1)
    times = [0, 64, 0, 128, 64, 0]
    aligned.add(batch(range(6), times), BEGINNING)
    assert {window.start: sorted(stored) for window, stored in windows.items()} == {0: [0, 2, 5], 64: [1, 4], 128: [3]}


@pytest.mark.parametrize("key", [[{}], {}, {1}, object()], ids=["list of dict", "dict", "set", "object"])
def test_bad_keys_are_refused(key):
    aligned, _, _ = loop(key=lambda r: key if r == "bad" else r)
    with pytest.raises(KeyTypeError):
        aligned.add(batch(["good", "bad"], [0, 0]), BEGINNING)
    assert aligned.record == "bad"


def test_timestamps_that_are_no_longs_are_refused():
    aligned, _, _ = loop()
    with pytest.raises(TypeError):
        aligned.add(ObjectBatch(["a"], [1]), BEGINNING)


def test_no_references_are_lost_or_kept():
    value, key = object(), "key of the test"
    aligned, windows, _ = loop(
        "AggregatingState", lambda v, total: (v, total), lambda: None, key=lambda r: key, slide=5
    )
    before = sys.getrefcount(value), sys.getrefcount(key)
    for at in range(0, 1000, 3):
        aligned.add(batch([value] * 3, [at] * 3), at - 50)
        with pytest.raises(ValueError, match="has none"):
            aligned.add(ObjectBatch([value]), at - 50)
    for window in list(windows):
        aligned.forget(window)
    windows.clear()
    aligned.add(batch([], []), BEGINNING)
    gc.collect()
    assert (sys.getrefcount(value), sys.getrefcount(key)) == before


def test_call_each_keeps_what_came_before_a_failure():
    results = []
    with pytest.raises(ZeroDivisionError):
        call_each(lambda n: 12 / n, iter([3, 0, 1]), 10, results)
    assert results == [4]


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_a_piece_adds_to_few_windows_and_changes_nothing(limit):
    stamps = array("q", [5, 105, 90, -40, 33])
    whole, pieces, fired, fired_in_pieces = KeyMap(), KeyMap(), [], []

    def made(windows, fired):
        return AlignedLoop(
            lambda value: value % 2,
            "ListState",
            None,
            None,
            windows,
            20,
            3,
            1,
            30,
            lambda key, window, stored: fired.append((key, window, list(stored))),
        )

    one, other = made(whole, fired), made(pieces, fired_in_pieces)
    assert not one.add(ObjectBatch(list(range(5)), stamps), 60)
    more = other.add(ObjectBatch(list(range(5)), stamps), 60, limit)
    opened, late, steps = list(other.opened), list(other.late.values), 1
    while more:
        more = other.resume(limit)
        opened += other.opened
        late += other.late.values
        steps += 1
    assert (plain(pieces), fired_in_pieces, opened, late) == (plain(whole), fired, one.opened, one.late.values)
    assert late == [0, 3]
    assert fired
    assert steps >= sum(len(values) for stored in whole.values() for values in stored.values()) / (limit + 1)
