"""Turns: when loops over records stop, and what is seen between two records."""

import threading
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx._core.calls.records import CallSite, filter_values, flat_map_values, map_values
from pyflinkx._core.calls.turn import ENDLESS, Turn
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.common import Configuration, Time, WatermarkStrategy
from pyflinkx.common.watermark_strategy import TimestampAssigner, WatermarkGenerator
from pyflinkx.datastream import KeyedProcessFunction, OutputTag, ProcessFunction, StreamExecutionEnvironment
from pyflinkx.datastream.window import (
    CountTrigger,
    EventTimeSessionWindows,
    GlobalWindows,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
)
from pyflinkx.runtime.task.clock import ManualClock
from pyflinkx.runtime.turns import Pace, turn_length

MS = 1_000_000


def test_a_turn_is_over_when_its_time_is_up_and_stays_so():
    turn = Turn(1)
    turn.begin()
    while not turn.over():  # a thread moves the number that says when to look at the clock
        pass
    assert turn.over()
    turn = Turn(3_600_000 * MS)
    turn.begin()
    assert not turn.over()
    assert not ENDLESS.over()
    assert Turn(0).over()


def test_a_turn_that_nobody_looked_at_for_long_is_over():
    """The thread ends when nobody wants it for a second, which moves the number, too."""
    turn = Turn(1)
    turn.begin()
    ticker_idle = threading.Event()
    ticker_idle.wait(1.5)
    assert turn.over()
    turn.begin()
    while not turn.over():
        pass


def test_turns_are_half_of_what_a_record_may_wait():
    assert turn_length([100]) == 20 * MS
    assert turn_length([20, 100]) == 10 * MS
    assert turn_length([-1]) == turn_length([]) == 20 * MS
    assert turn_length([-1, 0]) == 0


def test_a_pace_follows_what_records_take():
    pace = Pace(1024, 20 * MS)
    assert pace.size == 1024
    pace.size = 1
    sizes = []
    for _ in range(12):
        sizes.append(pace.size)
        pace.went(pace.size, MS)
    assert sizes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024]
    pace.went(1024, 1024 * 50 * MS)  # 50 ms each
    assert pace.size == 1
    pace.went(1, 50 * MS)
    assert pace.size == 1
    pace.size = 512
    pace.went(3, MS)  # there were no more: nothing follows from it
    assert pace.size == 512
    pace = Pace(1024, 0)
    pace.went(1, 1)
    assert pace.size == 1


def pieces(loop, function, values, stamps=None):
    """What a loop makes of a batch that is left and gone on with behind every record."""
    site = CallSite("op", "uid", None, None, Turn(0))
    rest = ObjectBatch(list(values), None if stamps is None else array("q", stamps))
    found = []
    while rest is not None:
        result = loop(site, function, rest)
        found.append((list(result.values), None if result.timestamps is None else list(result.timestamps)))
        rest = site.take_rest()
    return found


def test_loops_go_on_where_they_have_stopped():
    assert pieces(map_values, lambda n: n + 1, [1, 2], [5, 6]) == [([2], [5]), ([3], [6])]
    assert pieces(filter_values, lambda n: n != 2, [1, 2, 3]) == [([1], None), ([], None), ([3], None)]
    assert pieces(flat_map_values, lambda n: [n] * n, [2, 0, 1], [7, 8, 9]) == [([2, 2], [7, 7]), ([], []), ([1], [9])]


def test_the_results_of_a_generator_are_left_and_gone_on_with():
    calls = []

    def twice(n):
        calls.append(n)
        yield n
        yield -n

    found = pieces(flat_map_values, twice, [1, 2], [5, 6])
    assert [values for values, _ in found if values] == [[1], [-1], [2], [-2]]
    assert [stamp for _, stamps in found for stamp in stamps] == [5, 5, 6, 6]
    assert calls == [1, 2]


def test_one_record_of_many_results_is_sent_in_parts():
    site = CallSite("op", "uid", None, None, Turn())
    result = flat_map_values(site, lambda n: iter(range(n)), ObjectBatch([10_000]))
    assert len(result.values) < 10_000
    found = list(result.values)
    while (rest := site.take_rest()) is not None:
        found += flat_map_values(site, None, rest).values  # the function is not called again
    assert found == list(range(10_000))


def environment(timeout=0, clock=None, **options):
    options = {"pyflinkx.workers": "inline", "execution.buffer-timeout.interval": timeout, **options}
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    env.set_parallelism(1)
    if clock is not None:
        env._clock = clock
    return env


class Itself(TimestampAssigner):
    def extract_timestamp(self, value, record_timestamp):
        return value


class Alarm(KeyedProcessFunction):
    """The clock moves on by a millisecond with every record; the first one sets an alarm."""

    def __init__(self, clock):
        self.clock = clock

    def process_element(self, value, context):
        service = context.timer_service()
        if value == 0:
            service.register_processing_time_timer(service.current_processing_time() + 3)
        self.clock.set(self.clock.now() + 1)
        yield value

    def on_timer(self, timestamp, context):
        yield "alarm"


class Unmoved(ManualClock):
    """A clock that is the same one wherever it is copied to."""

    def __deepcopy__(self, memo):
        return self


def test_timers_fire_between_two_records_of_a_batch():
    clock = Unmoved()
    env = environment(clock=clock)
    stream = env.from_collection(list(range(6))).key_by(lambda value: 0).process(Alarm(clock))
    assert list(stream.execute_and_collect()) == [0, 1, 2, "alarm", 3, 4, 5]


def test_timers_fire_while_a_slow_function_behind_them_has_records_left():
    """The batch of many records is made within the task, so no input divides it."""
    clock = Unmoved()
    env = environment(clock=clock)

    class First(KeyedProcessFunction):
        def process_element(self, value, context):
            context.timer_service().register_processing_time_timer(clock.now() + 3)
            return list(range(10))

        def on_timer(self, timestamp, context):
            fired.append(len(seen))
            yield "alarm"

    def slow(value):
        clock.set(clock.now() + 1)
        seen.append(value)
        return value

    fired, seen = [], []
    results = list(env.from_collection([1]).key_by(lambda value: 0).process(First()).map(slow).execute_and_collect())
    assert results == [*range(10), "alarm"]  # what the timer sends takes its place in the order
    assert fired == [3]


class Periodic(WatermarkGenerator):
    latest = -1

    def on_event(self, event, event_timestamp, output):
        self.latest = event_timestamp

    def on_periodic_emit(self, output):
        output.emit_watermark(self.latest)


class Watch(ProcessFunction):
    def process_element(self, value, context):
        return [(value, context.timer_service().current_watermark())]


@pytest.mark.parametrize("generated", [True, False])
@pytest.mark.parametrize("interval", [100, 0])
def test_event_time_goes_on_within_a_batch_that_takes_long(generated, interval):
    clock = Unmoved()
    env = environment(clock=clock, **{"pipeline.auto-watermark-interval": interval})

    def slow(value):
        clock.set(clock.now() + 40)
        return value

    strategy = WatermarkStrategy.for_monotonous_timestamps()
    if generated:
        strategy = WatermarkStrategy.for_generator(Periodic)
    stream = env.from_collection(list(range(10))).map(slow)
    stream = stream.assign_timestamps_and_watermarks(strategy.with_timestamp_assigner(Itself())).process(Watch())
    watermarks = [watermark for _, watermark in stream.execute_and_collect()]
    # After 120 ms, and so on: never behind every record, which a batch of one record would do.
    assert len(set(watermarks)) == (4 if interval else 1)
    assert watermarks == sorted(watermarks)


# ---- the same results wherever a batch is cut ----

SIDE = OutputTag("side")


class Running(KeyedProcessFunction):
    def open(self, context):
        self.sums = {}

    def process_element(self, value, context):
        key = context.get_current_key()
        self.sums[key] = self.sums.get(key, 0) + value
        context.timer_service().register_event_time_timer(value + 7)
        yield self.sums[key]
        if value % 3 == 0:
            yield SIDE, value

    def on_timer(self, timestamp, context):
        yield timestamp


def split(value):
    for part in range(value % 4):
        yield value + part


def running(stream):
    return stream.key_by(lambda value: value % 3).process(Running())


def windows(assigner):
    return lambda stream: stream.key_by(lambda value: value % 3).window(assigner).reduce(lambda a, b: a + b)


def counted(stream):
    keyed = stream.key_by(lambda value: value % 2)
    return keyed.window(GlobalWindows.create()).trigger(CountTrigger.of(2)).reduce(lambda a, b: a + b)


STEPS = {
    "map": lambda stream: stream.map(lambda value: value + 1),
    "filter": lambda stream: stream.filter(lambda value: value % 5),
    "flat_map": lambda stream: stream.flat_map(split),
    "lists": lambda stream: stream.flat_map(lambda value: [value] * (value % 3)),
    "reduce": lambda stream: stream.key_by(lambda value: value % 3).reduce(lambda a, b: a + b),
    "process": running,
    "tumbling": windows(TumblingEventTimeWindows.of(Time.milliseconds(10))),
    "sliding": windows(SlidingEventTimeWindows.of(Time.milliseconds(10), Time.milliseconds(3))),
    "sessions": windows(EventTimeSessionWindows.with_gap(Time.milliseconds(4))),
    "counted": counted,
    "partition": lambda stream: (
        stream.key_by(lambda value: value % 3).full_window_partition().reduce(lambda a, b: a + b)
    ),
}
TIMELESS = {"counted", "partition"}  # their results have no time


def run(values, names, options):
    env = environment(**options)
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(Itself())
    stream = env.from_collection(values).assign_timestamps_and_watermarks(strategy)
    for name in names:
        stream = STEPS[name](stream)
    return list(stream.execute_and_collect())


@given(
    st.lists(st.integers(0, 50), max_size=12),
    st.lists(st.sampled_from(list(STEPS)), max_size=3),
)
@settings(deadline=None, max_examples=12)
def test_results_do_not_depend_on_where_batches_are_cut(values, names):
    values.sort()  # nothing is late
    names.sort(key=lambda name: name in TIMELESS)
    whole = run(values, names, {"timeout": 100})
    cut = run(values, names, {"timeout": 0})
    assert cut == whole


@pytest.mark.parametrize("name", STEPS)
def test_results_of_each_kind_do_not_depend_on_it(name):
    values, names = list(range(40)), ["lists", name]  # several results of a record, so there is something to cut
    assert run(values, names, {"timeout": 0}) == run(values, names, {"timeout": 100}) != []
