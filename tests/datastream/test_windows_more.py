"""Windows of whole programs: evictors, cumulative windows, windows of windows, and windows over all records."""

from collections import Counter

import pytest

from pyflinkx.common import Duration, Time, WatermarkStrategy
from pyflinkx.datastream import ProcessAllWindowFunction, ProcessWindowFunction, StreamExecutionEnvironment
from pyflinkx.datastream.state import ValueStateDescriptor
from pyflinkx.datastream.window import (
    ContinuousEventTimeTrigger,
    CountEvictor,
    CountSlidingWindowAssigner,
    CountTrigger,
    CumulativeEventTimeWindows,
    DynamicEventTimeSessionWindows,
    EventTimeSessionWindows,
    GlobalWindows,
    Min,
    ProcessingTimeSessionWindows,
    PurgingTrigger,
    SlidingEventTimeWindows,
    SlidingProcessingTimeWindows,
    TimeEvictor,
    TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
    WindowStagger,
)
from pyflinkx.errors import GraphError
from pyflinkx.runtime.task.clock import ManualClock

RECORDS = [(f"k{i % 3}", (i * 37) % 1000, i) for i in range(600)]


def timed(env, records=RECORDS):
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(10_000))
    return env.from_collection(records).assign_timestamps_and_watermarks(
        strategy.with_timestamp_assigner(lambda record, _: record[1])
    )


def collect(stream):
    with stream.execute_and_collect() as results:
        return sorted(results)


class Values(ProcessWindowFunction):
    def process(self, key, context, elements):
        yield key, context.window().start, sorted(value for _, _, value in elements)


def test_an_evictor_in_every_execution(env):
    windows = timed(env).key_by(lambda r: r[0]).window(TumblingEventTimeWindows.of(Time.milliseconds(500)))
    stream = windows.evictor(TimeEvictor.of(Time.milliseconds(100))).process(Values())
    expected = []
    for key in ("k0", "k1", "k2"):
        for start in (0, 500):
            inside = [r for r in RECORDS if r[0] == key and start <= r[1] < start + 500]
            last = max(time for _, time, _ in inside)
            expected.append((key, start, sorted(value for _, time, value in inside if time > last - 100)))
    assert collect(stream) == sorted(expected)


def test_reduce_with_an_evictor(inline_env):
    windows = inline_env.from_collection([5, 3, 9, 7]).key_by(lambda x: 0).window(GlobalWindows.create())
    stream = windows.trigger(CountTrigger.of(2)).evictor(CountEvictor.of(2)).reduce(Min())
    assert collect(stream) == [3, 7]


def test_windows_of_windows(inline_env):
    """The results of a window are stamped with its end, so that a window of twice the size holds them."""
    counts = (
        timed(inline_env)
        .map(lambda r: (r[0], 1))
        .key_by(lambda r: r[0])
        .window(TumblingEventTimeWindows.of(Time.milliseconds(100)))
        .reduce(lambda a, b: (a[0], a[1] + b[1]))
    )
    busiest = counts.window_all(TumblingEventTimeWindows.of(Time.milliseconds(200)))
    expected = []
    for start in range(0, 1000, 200):
        small = Counter((key, time // 100) for key, time, _ in RECORDS if start <= time < start + 200)
        expected.append(max(small.values()))
    assert sorted(count for _, count in collect(busiest.reduce(lambda a, b: max(a, b, key=lambda r: r[1])))) == sorted(
        expected
    )


def test_cumulative_windows(inline_env):
    windows = timed(inline_env).key_by(lambda r: r[0])
    stream = windows.window(CumulativeEventTimeWindows.of(Time.milliseconds(500), Time.milliseconds(250)))
    lengths = [(key, start, len(values)) for key, start, values in collect(stream.process(Values()))]
    expected = []
    for key in ("k0", "k1", "k2"):
        for start in (0, 500):
            for end in (start + 250, start + 500):
                expected.append((key, start, sum(r[0] == key and start <= r[1] < end for r in RECORDS)))
    assert sorted(lengths) == sorted(expected)


class Running(ProcessWindowFunction):
    """Counts the windows of a key in its global state, and the firings of a window in the window's."""

    def process(self, key, context, elements):
        windows = context.global_state().get_state(ValueStateDescriptor("windows"))
        firings = context.window_state().get_state(ValueStateDescriptor("firings"))
        firings.update((firings.value() or 0) + 1)
        if firings.value() == 1:
            windows.update((windows.value() or 0) + 1)
        yield key, windows.value(), firings.value()

    def clear(self, context):
        context.window_state().get_state(ValueStateDescriptor("firings")).clear()


def test_window_and_global_state(inline_env):
    inline_env.set_parallelism(1)
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda r, _: r)
    stream = inline_env.from_collection([1, 2, 3, 11, 12]).assign_timestamps_and_watermarks(strategy)
    windows = stream.key_by(lambda r: "k").window(TumblingEventTimeWindows.of(Time.milliseconds(10)))
    assert collect(windows.trigger(CountTrigger.of(2)).process(Running())) == [("k", 1, 1), ("k", 2, 1)]


class All(ProcessAllWindowFunction):
    def process(self, context, elements):
        yield len(list(elements))


ASSIGNERS = {
    "tumbling": (lambda: TumblingEventTimeWindows.of(1000), [6]),
    "staggered": (lambda: TumblingEventTimeWindows.of(1000, 0, WindowStagger.ALIGNED), [6]),
    "sliding": (lambda: SlidingEventTimeWindows.of(1000, 500), [1, 5, 6]),
    "cumulative": (lambda: CumulativeEventTimeWindows.of(1000, 500), [5, 6]),
    "session": (lambda: EventTimeSessionWindows.with_gap(Time.milliseconds(100)), [1, 5]),
    "dynamic session": (lambda: DynamicEventTimeSessionWindows.with_dynamic_gap(lambda r: 10), [1, 5]),
    "global": (GlobalWindows.create, [2, 2, 2]),
    "count": (lambda: CountSlidingWindowAssigner(3, 2), [3, 3]),
    "clock, tumbling": (lambda: TumblingProcessingTimeWindows.of(1000), []),
    "clock, sliding": (lambda: SlidingProcessingTimeWindows.of(1000, 500), []),
    "clock, session": (lambda: ProcessingTimeSessionWindows.with_gap(Time.milliseconds(100)), []),
}


@pytest.mark.parametrize("name", ASSIGNERS)
def test_windows_over_all_records_with_every_assigner(name):
    env = StreamExecutionEnvironment.get_execution_environment()
    env._clock = ManualClock(0)
    make, sizes = ASSIGNERS[name]
    windows = timed(env, [("a", i, i) for i in (0, 3, 6, 9, 12, 900)]).window_all(make())
    if name == "global":
        windows.trigger(PurgingTrigger.of(CountTrigger.of(2)))
    assert collect(windows.process(All())) == sizes


def test_a_continuous_trigger_gives_early_results(inline_env):
    inline_env.set_parallelism(1)
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda r, _: r)
    stream = inline_env.from_collection(range(3000)).assign_timestamps_and_watermarks(strategy)
    windows = stream.window_all(TumblingEventTimeWindows.of(Time.seconds(3)))
    results = collect(windows.trigger(ContinuousEventTimeTrigger.of(Time.seconds(1))).process(All()))
    assert results == [1024, 2048, 3000]


@pytest.mark.parametrize("wrong", [lambda w: w.evictor(3), lambda w: w.allowed_lateness(Time.milliseconds(-1))])
def test_wrong_arguments(wrong):
    env = StreamExecutionEnvironment.get_execution_environment()
    with pytest.raises(GraphError):
        wrong(timed(env).key_by(lambda r: r[0]).window(TumblingEventTimeWindows.of(5)))
