"""A cached stream is computed once; random numbers tell whether it was."""

import random

import pytest

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.errors import JobExecutionError
from tests.datastream.conftest import make_environment


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


def drawn(env):
    return env.from_collection(list(range(50))).rebalance().map(lambda n: (n, random.getrandbits(64))).cache()


def test_later_jobs_see_what_the_first_one_computed(env):
    cached = drawn(env)
    first = collect(cached)
    assert len(first) == 50
    assert sorted(collect(cached.map(lambda pair: pair))) == sorted(first)
    assert sorted(collect(cached.filter(lambda pair: pair[0] < 3).key_by(0).max(1))) == sorted(first)[:3]


def test_an_invalid_cache_is_computed_again():
    env = make_environment("threads-2")
    cached = drawn(env).set_parallelism(2)
    first = collect(cached)
    assert sorted(collect(cached)) == sorted(first)
    cached.invalidate()
    second = collect(cached)
    assert sorted(n for n, _ in second) == list(range(50))
    assert sorted(second) != sorted(first)
    assert sorted(collect(cached)) == sorted(second)


def test_a_job_that_fails_or_is_cancelled_leaves_nothing():
    env = make_environment("inline")
    cached = drawn(env)
    with pytest.raises(JobExecutionError):
        collect(cached.map(lambda pair: 1 / 0))
    with cached.execute_and_collect() as results:
        first = next(results)
    later = collect(cached)
    assert len(later) == 50
    assert first not in later
    assert collect(cached) == later


def test_looking_at_the_plan_fills_no_cache():
    env = make_environment("inline")
    cached = drawn(env)
    cached.print()
    assert '"Cache' in env.get_execution_plan()
    first = collect(cached)
    assert collect(cached) == first
    cached.print()
    assert '"Source: Cache"' in env.get_execution_plan()


def test_timestamps_and_types_are_kept():
    env = make_environment("inline")
    strategy = WatermarkStrategy.for_monotonous_timestamps()
    timed = env.from_collection([1, 12, 13], Types.INT()).assign_timestamps_and_watermarks(
        strategy.with_timestamp_assigner(lambda value, _: value)
    )
    cached = timed.cache()
    assert cached.get_type() == Types.INT()
    for _ in range(2):
        sums = cached.window_all(TumblingEventTimeWindows(10))
        assert collect(sums.reduce(lambda a, b: a + b)) == [1, 25]
