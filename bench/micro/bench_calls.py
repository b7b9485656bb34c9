"""The loops that call a user's function for each record, against the same loops in Python.

Run: pytest bench/micro/bench_calls.py; a batch is of 1,000 records.
"""

import pytest

from pyflinkx._core.calls.records import CallSite, filter_values, map_values, reduce_values
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx._core.state.keyed import KeyContext, StateTable

COUNT = 1000
SITE = CallSite("bench", "bench")


def double(x):
    return x * 2


def is_even(x):
    return x % 2 == 0


def key_of(x):
    return x % 100


def add(a, b):
    return a + b


def map_in_python(values):
    out = []
    for value in values:
        out.append(double(value))
    return out


def filter_in_python(values):
    out = []
    for value in values:
        if is_even(value):
            out.append(value)
    return out


def reduce_in_python(values):
    state = {}
    out = []
    for value in values:
        key = key_of(value)
        if key in state:
            value = add(state[key], value)
        state[key] = value
        out.append(value)
    return out


LOOPS = {
    "map": (lambda batch: map_values(SITE, double, batch), map_in_python),
    "filter": (lambda batch: filter_values(SITE, is_even, batch), filter_in_python),
    "reduce": (
        lambda batch: reduce_values(SITE, key_of, add, StateTable("r", "ReducingState", KeyContext()), batch),
        reduce_in_python,
    ),
}


@pytest.mark.parametrize("who", ["pyflinkx", "Python"])
@pytest.mark.parametrize("loop", LOOPS)
def test_loop(benchmark, loop, who):
    ours, python = LOOPS[loop]
    benchmark.group = f"{loop} of {COUNT} records"
    given = range(COUNT)
    if who == "pyflinkx":
        # A loop takes its batch over, so each call has a new one; so has Python's.
        result = benchmark(lambda: ours(ObjectBatch(list(given))).values)
    else:
        result = benchmark(lambda: python(list(given)))
    assert result == python(list(given))
