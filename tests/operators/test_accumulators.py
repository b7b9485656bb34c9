"""Accumulators by themselves: whatever the split over subtasks, the result is that of all values."""

import pickle
import statistics
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import accumulators
from pyflinkx.common.accumulators import (
    AverageAccumulator,
    DoubleCounter,
    DoubleMaximum,
    DoubleMinimum,
    Histogram,
    IntCounter,
    IntMaximum,
    IntMinimum,
    ListAccumulator,
    LongCounter,
    LongMaximum,
    LongMinimum,
)

ORACLES = {
    IntCounter: sum,
    LongCounter: sum,
    DoubleCounter: lambda values: float(sum(values)),
    AverageAccumulator: lambda values: float(statistics.fmean(values)) if values else 0.0,
    Histogram: lambda values: dict(Counter(values)),
    ListAccumulator: list,
    **{kind: lambda values: min(values, default=None) for kind in (IntMinimum, LongMinimum, DoubleMinimum)},
    **{kind: lambda values: max(values, default=None) for kind in (IntMaximum, LongMaximum, DoubleMaximum)},
}


def test_all_accumulators_are_tested():
    assert {*(kind.__name__ for kind in ORACLES), "Accumulator"} == set(accumulators.__all__)


@pytest.mark.parametrize("kind", ORACLES)
@given(parts=st.lists(st.lists(st.integers(-1000, 1000)), min_size=1, max_size=4))
def test_parts_merge_to_the_whole(kind, parts):
    whole = None
    for part in parts:
        accumulator = kind()
        for value in part:
            accumulator.add(value)
        travelled = pickle.loads(pickle.dumps(accumulator.clone()))
        accumulator.add(7)  # no copy sees this
        if whole is None:
            whole = travelled
        else:
            whole.merge(travelled)
    assert whole.get_local_value() == pytest.approx(ORACLES[kind]([value for part in parts for value in part]))
    whole.reset_local()
    assert whole.get_local_value() == kind().get_local_value()


def test_a_histogram_is_in_the_order_of_its_numbers():
    histogram = Histogram()
    for value in (3, 1, 2, 1):
        histogram.add(value)
    assert list(histogram.get_local_value().items()) == [(1, 2), (2, 1), (3, 1)]


def test_counters_count_one_by_default():
    counter = IntCounter()
    counter.add()
    assert repr(counter) == "IntCounter(1)"


@pytest.mark.parametrize("accumulator", [IntCounter(), Histogram()])
def test_whole_numbers_only(accumulator):
    with pytest.raises(TypeError, match=r"1\.5"):
        accumulator.add(1.5)
