"""Sessions of records where a key has many open ones: found by an index, with the results that looking at all gives."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing import merging, open_windows
from pyflinkx.operators.windowing.assigners import DynamicEventTimeSessionWindows, EventTimeSessionWindows
from pyflinkx.operators.windowing.open_windows import OpenWindows
from pyflinkx.testing.harness import OperatorHarness

SMALL = st.integers(1, 40)


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(open_windows, "CHUNK", 2)


def test_the_index_against_looking_at_all(small_chunks):
    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 30), st.booleans()), max_size=80))
    def check(steps):
        index, live = OpenWindows([]), []
        for start, size, goes in steps:
            window = TimeWindow(start, start + size)
            met = [other for other in live if other.intersects(window)]
            assert index.meeting(window) == met
            if goes or met:
                for other in met:
                    index.remove(other)
                    live.remove(other)
            else:
                index.add(window)
                live.append(window)
            assert len(index) == len(live)

    check()


def sessions(assigner, records, lateness, watermarks):
    """The results of sessions that list their records; a trigger fires late ones again."""

    class Listing:
        def process(self, key, context, elements):
            window = context.window()
            yield key, window.start, window.end, list(elements)

    operator = WindowOperator(lambda value: value[0], assigner, window_function=Listing(), allowed_lateness=lateness)
    with OperatorHarness(operator) as harness:
        for number, record in enumerate(records):
            harness.push([record], [record[1]])
            if number in watermarks:
                harness.watermark(watermarks[number])
        harness.watermark(MAX_WATERMARK)
        assert len(operator.windowing.merging._indices) == 0
        return harness.results, dict(harness.counters)


@pytest.mark.parametrize("seed", range(12))
def test_results_do_not_depend_on_the_index(seed, monkeypatch, small_chunks):
    random = Random(seed)
    records = [(random.choice("ab"), random.randrange(3000), random.randrange(1, 60)) for _ in range(400)]
    if seed % 3 == 0:
        records.sort(key=lambda record: -record[1])
    marks, watermarks = sorted(random.sample(range(3000), 6)), {}
    if seed % 2:
        watermarks = dict(zip(sorted(random.sample(range(400), 6)), marks, strict=True))
    for assigner in (
        EventTimeSessionWindows(5),
        DynamicEventTimeSessionWindows.with_dynamic_gap(lambda record: record[2]),
    ):
        found = []
        for many in (10**9, 1):
            monkeypatch.setattr(merging, "MANY", many)
            monkeypatch.setattr(merging, "FEW", 1)
            found.append(sessions(assigner, records, 50 if seed % 4 else 0, watermarks))
        assert found[0] == found[1]
        assert len(found[0][0]) > 20
