import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx._core.calls.window_types import CountWindow, GlobalWindow, TimeWindow, Window

WINDOWS = st.builds(lambda start, size: TimeWindow(start, start + size), st.integers(-9, 9), st.integers(1, 5))


class Merges:
    def __init__(self):
        self.merges = []

    def merge(self, to_be_merged, merge_result):
        self.merges.append((set(to_be_merged), merge_result))


def test_text_is_pyflinks():
    assert str(TimeWindow(-5, 10)) == repr(TimeWindow(-5, 10)) == "TimeWindow(start=-5, end=10)"
    assert repr(CountWindow(3)) == "CountWindow(id=3)"
    assert repr(GlobalWindow.get()) == "GlobalWindow"


def test_max_timestamp():
    assert TimeWindow(-5, 10).max_timestamp() == 9
    assert CountWindow(3).max_timestamp() == GlobalWindow().max_timestamp() == 2**63 - 1


@given(WINDOWS, WINDOWS)
def test_time_windows_compare_like_their_bounds(a, b):
    bounds_a, bounds_b = (a.start, a.end), (b.start, b.end)
    assert (a == b) == (bounds_a == bounds_b)
    assert (a != b) == (bounds_a != bounds_b)
    assert (a < b) == (bounds_a < bounds_b)
    assert (a <= b) == (bounds_a <= bounds_b)
    assert (a > b) == (bounds_a > bounds_b)
    assert (a >= b) == (bounds_a >= bounds_b)
    assert a != b or hash(a) == hash(b)


def test_windows_of_another_class_are_not_equal():
    class Mine(TimeWindow):
        pass

    assert TimeWindow(0, 1) != Mine(0, 1)
    assert TimeWindow(0, 1) != (0, 1)
    assert CountWindow(0) != GlobalWindow()
    assert CountWindow(1) == CountWindow(1)
    assert GlobalWindow() == GlobalWindow.get()
    with pytest.raises(TypeError, match="cannot be ordered"):
        assert TimeWindow(0, 1) < 3


def test_hashes_spread():
    windows = [TimeWindow(start * 1000, start * 1000 + 5000) for start in range(-5000, 5000)]
    assert len({hash(window) % 2**16 for window in windows}) > 9000


@pytest.mark.parametrize("window", [TimeWindow(-1, 5), CountWindow(7), GlobalWindow()])
def test_windows_can_be_pickled(window):
    assert pickle.loads(pickle.dumps(window)) == window


def test_bounds_beyond_64_bits_are_refused():
    with pytest.raises(OverflowError):
        TimeWindow(0, 2**63)


def test_a_window_cannot_be_changed():
    with pytest.raises(AttributeError):
        TimeWindow(0, 1).start = 5


def test_windows_of_the_users_own():
    class Odd(Window):
        def __init__(self, number):
            self.number = number

        def max_timestamp(self):
            return self.number

    assert Odd(3).max_timestamp() == 3
    assert isinstance(TimeWindow(0, 1), Window)
    with pytest.raises(TypeError, match="abstract"):
        Window()


@pytest.mark.parametrize(
    ("a", "b", "touching"),
    [((0, 5), (5, 9), True), ((0, 5), (6, 9), False), ((0, 9), (2, 3), True), ((6, 9), (0, 5), False)],
)
def test_windows_that_touch_intersect(a, b, touching):
    assert TimeWindow(*a).intersects(TimeWindow(*b)) is touching


def test_cover():
    assert TimeWindow(0, 5).cover(TimeWindow(-3, 2)) == TimeWindow(-3, 5)


@given(st.integers(-(10**6), 10**6), st.integers(1, 1000), st.data())
def test_window_start(timestamp, size, data):
    offset = data.draw(st.integers(-size + 1, size - 1))
    start = TimeWindow.get_window_start_with_offset(timestamp, offset, size)
    assert start <= timestamp < start + size
    assert (start - offset) % size == 0


@given(st.lists(WINDOWS, max_size=12))
def test_merging(windows):
    """The milliseconds that windows cover, one more for touching, fall into the same runs."""
    callback = Merges()
    TimeWindow.merge_windows(windows, callback)
    runs = []
    for window in sorted(set(windows)):
        if runs and window.start <= max(w.end for w in runs[-1]):
            runs[-1].add(window)
        else:
            runs.append({window})
    expected = [(run, TimeWindow(min(w.start for w in run), max(w.end for w in run))) for run in runs if len(run) > 1]
    assert callback.merges == expected


def test_a_time_window_can_be_derived_from():
    class Named(TimeWindow):
        def __init__(self, start, end, name):
            super().__init__(start, end)
            self.name = name

    window = Named(0, 5, "first")
    assert (window.start, window.max_timestamp(), window.name) == (0, 4, "first")
