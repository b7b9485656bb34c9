"""Loops: inline, and over workers where the records of a loop change places."""

from collections import Counter

import pytest

from pyflinkx.common import Duration, Time, WatermarkStrategy
from pyflinkx.datastream import (
    AsyncDataStream,
    AsyncFunction,
    KeyedProcessFunction,
    OutputTag,
    ProcessFunction,
    RuntimeExecutionMode,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.errors import GraphError, JobExecutionError
from tests.datastream.conftest import make_environment


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


def collatz(pair):
    start, number, steps = pair
    return start, number // 2 if number % 2 == 0 else 3 * number + 1, steps + 1


def steps_to_one(number):
    steps = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


NUMBERS = list(range(2, 60))
EXPECTED = [(number, 1, steps_to_one(number)) for number in NUMBERS]


@pytest.mark.parametrize("shuffled", [False, True])
def test_records_circulate_until_they_are_done(env, shuffled):
    loop = env.from_collection([(number, number, 0) for number in NUMBERS]).rebalance().iterate()
    stepped = (loop.key_by(lambda pair: pair[1]) if shuffled else loop).map(collatz)
    loop.close_with(stepped.filter(lambda pair: pair[1] != 1))
    assert sorted(collect(stepped.filter(lambda pair: pair[1] == 1))) == EXPECTED


def test_a_loop_whose_ends_have_another_parallelism_than_its_body():
    env = make_environment("threads-2").set_parallelism(3)
    loop = env.from_collection([(number, number, 0) for number in NUMBERS]).iterate().set_parallelism(2)
    stepped = loop.map(collatz).map(lambda pair: pair).set_parallelism(1)
    loop.close_with(stepped.filter(lambda pair: pair[1] != 1))
    assert sorted(collect(stepped.filter(lambda pair: pair[1] == 1))) == EXPECTED


@pytest.mark.parametrize("change", [lambda loop: loop.set_parallelism(3), lambda loop: loop.force_non_parallel()])
def test_the_parallelism_of_a_loop_may_be_set_when_it_is_closed(change):
    env = make_environment("threads-2")
    loop = env.from_collection([(number, number, 0) for number in NUMBERS]).iterate()
    stepped = loop.map(collatz)
    loop.close_with(stepped.filter(lambda pair: pair[1] != 1))
    change(loop)
    assert sorted(collect(stepped.filter(lambda pair: pair[1] == 1))) == EXPECTED


def test_every_record_comes_back_as_often_as_it_should(env):
    """Each record n becomes two of n - 1: an avalanche at the end of the input."""
    loop = env.from_collection([8]).iterate()
    halves = loop.rebalance().flat_map(lambda n: [n - 1, n - 1])
    loop.close_with(halves.filter(lambda n: n > 0))
    assert Counter(collect(halves)) == {n: 2 ** (8 - n) for n in range(8)}


def test_a_loop_without_records_ends(env):
    loop = env.from_collection([]).iterate()
    loop.close_with(loop.key_by(lambda x: x).map(lambda x: x))
    assert collect(loop.map(lambda x: x)) == []


BACK = OutputTag("back")


class CountDown(ProcessFunction):
    def process_element(self, value, ctx):
        if value > 0:
            yield BACK, value - 1
        else:
            yield value


def test_a_side_output_may_come_back():
    env = make_environment("inline")
    loop = env.from_collection([3, 0, 5]).iterate()
    counted = loop.process(CountDown())
    loop.close_with(counted.get_side_output(BACK))
    assert collect(counted) == [0, 0, 0]


@pytest.mark.parametrize("execution", ["inline", "inline-3-unchained", "threads-2"])
def test_windows_behind_a_loop_get_all_that_circulates(execution):
    env = make_environment(execution)
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(1000))
    timed = env.from_collection([(5, 100), (3, 250)]).assign_timestamps_and_watermarks(
        strategy.with_timestamp_assigner(lambda record, _: record[1])
    )
    loop = timed.iterate()
    lowered = loop.rebalance().map(lambda record: (record[0] - 1, record[1]))
    loop.close_with(lowered.filter(lambda record: record[0] > 0))
    sums = lowered.window_all(TumblingEventTimeWindows.of(Time.milliseconds(200))).reduce(
        lambda a, b: (a[0] + b[0], min(a[1], b[1]))
    )
    assert sorted(collect(sums)) == [(2 + 1 + 0, 250), (4 + 3 + 2 + 1 + 0, 100)]


@pytest.mark.parametrize("execution", ["inline", "threads-2"])
def test_what_the_end_of_event_time_sets_free_circulates_too(execution):
    env = make_environment(execution)
    strategy = WatermarkStrategy.for_monotonous_timestamps()
    timed = env.from_collection([1, 2, 3]).assign_timestamps_and_watermarks(
        strategy.with_timestamp_assigner(lambda value, _: value)
    )
    loop = timed.iterate()
    small = loop.filter(lambda value: value < 10)
    total = small.window_all(TumblingEventTimeWindows.of(Time.milliseconds(100))).reduce(lambda a, b: a + b)
    loop.close_with(total.map(lambda value: value + 10))
    assert collect(loop.filter(lambda value: value >= 10)) == [16]


class Yielding(AsyncFunction):
    async def async_invoke(self, value):
        import asyncio

        for _ in range(value % 3):
            await asyncio.sleep(0)
        return [value - 1]


@pytest.mark.parametrize("execution", ["inline", "threads-2"])
def test_a_loop_is_not_at_rest_while_calls_are_under_way(execution):
    env = make_environment(execution)
    loop = env.from_collection([7, 4]).iterate()
    lowered = AsyncDataStream.unordered_wait(loop.rebalance(), Yielding(), Time.seconds(60), 2)
    loop.close_with(lowered.filter(lambda value: value > 0))
    assert sorted(collect(lowered)) == sorted([*range(7), *range(4)])


@pytest.mark.parametrize("execution", ["inline", "threads-2"])
def test_another_stream_may_join_the_loop(execution):
    env = make_environment(execution)
    loop = env.from_collection([3]).iterate()
    joined = loop.union(env.from_collection(list(range(2000)))).map(lambda value: value - 1)
    loop.close_with(joined.filter(lambda value: value > 1990))
    expected = Counter([2]) + Counter(range(-1, 1999))
    for start in range(1992, 2000):
        expected += Counter(range(1990, start - 1))
    assert Counter(collect(joined)) == expected


@pytest.mark.parametrize("execution", ["inline", "inline-unchained", "threads-2"])
def test_records_that_circulate_for_ever_do_not_keep_others_out(execution):
    env = make_environment(execution)
    loop = env.from_collection(list(range(20_000))).iterate()
    same = loop.map(lambda value: value)
    loop.close_with(same)
    missing = set(range(20_000))
    with same.execute_and_collect() as results:
        for value in results:
            missing.discard(value)
            if not missing:
                break
    assert not missing


def test_two_loops_one_after_the_other(inline_env):
    first = inline_env.from_collection([2, 4]).iterate()
    lowered = first.map(lambda value: value - 1)
    first.close_with(lowered.filter(lambda value: value > 0))
    second = lowered.filter(lambda value: value == 0).map(lambda value: 3).iterate()
    again = second.map(lambda value: value - 1)
    second.close_with(again.filter(lambda value: value > 0))
    assert sorted(collect(again)) == [0, 0, 1, 1, 2, 2]


def test_a_failure_in_a_loop_names_the_record():
    env = make_environment("threads-2")
    loop = env.from_collection([2]).iterate()
    divided = loop.map(lambda value: 10 // value - 5).name("divide")
    loop.close_with(divided)
    with pytest.raises(JobExecutionError, match=r"operator 'divide'.*on record 0.*ZeroDivisionError"):
        collect(divided)


def test_wrong_loops_are_refused():
    env = make_environment("inline")
    stream = env.from_collection([1])
    with pytest.raises(GraphError, match=r"iterate\(\) takes milliseconds"):
        stream.iterate(-1)
    loop = stream.iterate()
    with pytest.raises(GraphError, match="made from the iteration"):
        loop.close_with(stream)
    with pytest.raises(GraphError, match="takes a DataStream"):
        loop.close_with(5)
    loop.close_with(loop.map(lambda x: x))
    with pytest.raises(GraphError, match="unite the streams"):
        loop.close_with(loop.map(lambda x: x))


def counting_down(env):
    class Down(KeyedProcessFunction):
        def process_element(self, value, ctx):
            yield value - 1

    loop = env.from_collection([3, 5]).iterate(0)
    counted = loop.key_by(lambda value: value).process(Down())
    loop.close_with(counted.filter(lambda value: value > 0))
    return counted.filter(lambda value: value <= 0)


def test_a_loop_in_batch_mode_is_refused():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_runtime_mode(RuntimeExecutionMode.BATCH)
    with pytest.raises(GraphError, match=r"iterate\(\) \(.*test_iterate.py:\d+\) cannot run in BATCH mode"):
        collect(counting_down(env))


def test_the_automatic_mode_of_a_loop_is_streaming():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_runtime_mode(RuntimeExecutionMode.AUTOMATIC)
    assert collect(counting_down(env)) == [0, 0]


def test_an_open_loop_is_refused():
    env = make_environment("inline")
    env.from_collection([1]).iterate().print()
    with pytest.raises(GraphError, match=r"iterate\(\) \(.*test_iterate.py:\d+\) has no feedback"):
        env.execute()


def test_nested_loops_are_refused():
    env = make_environment("inline")
    outer = env.from_collection([1]).iterate()
    inner = outer.iterate()
    inner.close_with(inner.map(lambda x: x))
    outer.close_with(inner.map(lambda x: x))
    with pytest.raises(GraphError, match="loops cannot be nested"):
        env.execute()
