"""Functions that take long: their results, timers, mails and a cancel do not wait for the rest of a batch."""

import threading
import time
from queue import Queue

import pytest

from pyflinkx.common import Configuration, Duration, Time, WatermarkStrategy
from pyflinkx.common.watermark_strategy import TimestampAssigner, WatermarkGenerator
from pyflinkx.datastream import (
    CoFlatMapFunction,
    CoMapFunction,
    KeyedProcessFunction,
    ProcessFunction,
    ProcessJoinFunction,
    ProcessWindowFunction,
    SinkFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.window import CountTrigger, EventTimeSessionWindows, GlobalWindows, TumblingEventTimeWindows
from pyflinkx.errors import JobCancelledError

WAIT = 60  # seconds, until a test that hangs fails
SLOW = 0.05  # seconds of a slow call
NEVER_FILLED = 10_000  # records of the sources: more than are done before a test ends


def environment(mode="threads", timeout=0, clock=None):
    options = {"pyflinkx.workers": mode, "execution.buffer-timeout.interval": timeout}
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    env.set_parallelism(1)
    if clock is not None:
        env._clock = clock
    return env


class Shared:
    """An object of the test's that functions have in common with it, also where they are copied or pickled."""

    made: list = []  # noqa: RUF012

    def __init__(self):
        self.number = len(Shared.made)
        Shared.made.append(self)

    def __reduce__(self):
        return shared, (self.number,)

    def __deepcopy__(self, memo):
        return self


def shared(number):
    return Shared.made[number]


class Gate(Shared):
    """A call that lets two records pass, and none further before the test says so; it counts all.

    From then on it is slow, so that the number of further calls says how soon a cancel was heard of.

    Args:
        seconds: what the first calls take.
    """

    def __init__(self, seconds=0.0):
        super().__init__()
        self.calls = 0
        self.seconds = seconds
        self.opened = threading.Event()

    def __call__(self, value):
        self.calls += 1
        if self.calls > 2:
            assert self.opened.wait(WAIT)
            time.sleep(SLOW)
        elif self.seconds:
            time.sleep(self.seconds)
        return value


class Seen(Shared, SinkFunction):
    """Puts what it gets into a queue of the test's."""

    def __init__(self):
        super().__init__()
        self.values = Queue()

    def invoke(self, value, context):
        self.values.put(value)

    def next(self):
        return self.values.get(timeout=WAIT)


class Stamp(TimestampAssigner):
    def extract_timestamp(self, value, record_timestamp):
        return value


STRATEGY = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(Stamp())
LAZY = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_days(1)).with_timestamp_assigner(Stamp())


def mapped(numbers, gate):
    return numbers.map(gate)


def mapped_by_second(numbers, gate):
    return numbers.map(lambda value: value).map(gate)


def filtered(numbers, gate):
    return numbers.filter(lambda value: gate(value) is not None)


def flat_mapped(numbers, gate):
    return numbers.flat_map(lambda value: [gate(value)])


def generated(numbers, gate):
    """All results are those of one record."""
    lists = numbers.get_execution_environment().from_collection([list(range(NEVER_FILLED))])
    return lists.flat_map(lambda values: (gate(value) for value in values))


def many_of_one(numbers, gate):
    """A fast function makes many records of one, for a slow one."""
    lists = numbers.get_execution_environment().from_collection([list(range(NEVER_FILLED))])
    return lists.flat_map(lambda values: values).map(gate)


class Process(ProcessFunction):
    def __init__(self, gate):
        self.gate = gate

    def process_element(self, value, context):
        yield self.gate(value)


class ProcessKey(KeyedProcessFunction):
    def __init__(self, gate):
        self.gate = gate

    def process_element(self, value, context):
        return [self.gate(value)]


def processed(numbers, gate):
    return numbers.process(Process(gate))


def processed_at_once(numbers, gate):
    class All(ProcessFunction):
        def process_element(self, values, context):
            for value in values:
                yield gate(value)

    return numbers.get_execution_environment().from_collection([list(range(NEVER_FILLED))]).process(All())


def processed_by_key(numbers, gate):
    return numbers.key_by(lambda value: value % 3).process(ProcessKey(gate))


def reduced(numbers, gate):
    return numbers.key_by(lambda value: 0).reduce(lambda old, new: gate(new))


class CoMap(CoMapFunction):
    def __init__(self, gate):
        self.gate = gate

    def map1(self, value):
        return self.gate(value)

    def map2(self, value):
        return self.gate(value)


class CoFlatMap(CoFlatMapFunction):
    def __init__(self, gate):
        self.gate = gate

    def flat_map1(self, value):
        yield self.gate(value)

    def flat_map2(self, value):
        yield self.gate(value)


def connected(numbers, gate):
    return numbers.connect(numbers.filter(lambda value: False)).map(CoMap(gate))


def connected_flat(numbers, gate):
    return numbers.connect(numbers.filter(lambda value: False)).flat_map(CoFlatMap(gate))


class Fire(ProcessWindowFunction):
    def __init__(self, gate=None):
        self.gate = gate

    def process(self, key, context, elements):
        for value in elements:
            yield value if self.gate is None else self.gate(value)


def counted(numbers, gate):
    windows = numbers.key_by(gate).window(GlobalWindows.create()).trigger(CountTrigger.of(1))
    return windows.reduce(lambda old, new: new)


def fired(numbers, gate):
    """Windows that all end by one watermark, each with a slow function."""
    numbers = numbers.get_execution_environment().from_collection(list(range(100)))
    keyed = numbers.assign_timestamps_and_watermarks(LAZY).key_by(lambda value: value)
    return keyed.window(TumblingEventTimeWindows.of(Time.hours(1))).process(Fire(gate))


def fired_sessions(numbers, gate):
    numbers = numbers.get_execution_environment().from_collection(list(range(100)))
    keyed = numbers.assign_timestamps_and_watermarks(LAZY).key_by(lambda value: value)
    return keyed.window(EventTimeSessionWindows.with_gap(Time.hours(1))).process(Fire(gate))


class OnTimer(KeyedProcessFunction):
    def __init__(self, gate):
        self.gate = gate

    def process_element(self, value, context):
        context.timer_service().register_event_time_timer(value)

    def on_timer(self, timestamp, context):
        yield self.gate(timestamp)


def timers(numbers, gate):
    numbers = numbers.get_execution_environment().from_collection(list(range(100)))
    return numbers.assign_timestamps_and_watermarks(LAZY).key_by(lambda value: value).process(OnTimer(gate))


class Join(ProcessJoinFunction):
    def __init__(self, gate):
        self.gate = gate

    def process_element(self, left, right, context):
        yield self.gate(left)


def joined(numbers, gate):
    """Each record of the one side meets all of the other."""
    left = numbers.get_execution_environment().from_collection([0]).assign_timestamps_and_watermarks(LAZY)
    right = numbers.get_execution_environment().from_collection(list(range(100)))
    right = right.assign_timestamps_and_watermarks(LAZY)
    sides = left.key_by(lambda value: 0).interval_join(right.key_by(lambda value: 0))
    return sides.between(Time.hours(-1), Time.hours(1)).process(Join(gate)).map(lambda value: value)


class Assign(TimestampAssigner):
    def __init__(self, gate):
        self.gate = gate

    def extract_timestamp(self, value, record_timestamp):
        return self.gate(value)


class Silent(WatermarkGenerator):
    def __init__(self, gate=None):
        self.gate = gate

    def on_event(self, event, event_timestamp, output):
        if self.gate is not None:
            self.gate(event)

    def on_periodic_emit(self, output):
        pass


def stamped(numbers, gate):
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(Assign(gate))
    return numbers.assign_timestamps_and_watermarks(strategy)


def watched(numbers, gate):
    return numbers.assign_timestamps_and_watermarks(WatermarkStrategy.for_generator(lambda: Silent(gate)))


def exchanged(numbers, gate):
    """The slow function gets its batches from another task."""
    return numbers.rebalance().map(gate).disable_chaining()


KINDS = {
    function.__name__: function
    for function in (
        mapped,
        mapped_by_second,
        filtered,
        flat_mapped,
        generated,
        many_of_one,
        processed,
        processed_at_once,
        processed_by_key,
        reduced,
        connected,
        connected_flat,
        counted,
        fired,
        fired_sessions,
        timers,
        stamped,
        watched,
        exchanged,
    )
}


def numbers_of(env):
    return env.from_collection(list(range(NEVER_FILLED)))


def check(kind, env, gate):
    """The third call waits for the test until the results of the first two are there; then few more are made."""
    seen = Seen()
    KINDS[kind](numbers_of(env), gate).add_sink(seen)
    client = env.execute_async()
    try:
        seen.next()
        seen.next()
    finally:
        client.cancel()
        gate.opened.set()
    with pytest.raises(JobCancelledError):
        client.get_job_execution_result().result()
    # Some may have begun before the task heard of it; of a batch there would be a thousand.
    assert gate.calls < 60


@pytest.mark.parametrize("mode", ["inline", "threads"])
@pytest.mark.parametrize("kind", KINDS)
def test_results_leave_behind_every_record(kind, mode):
    check(kind, environment(mode), Gate())


@pytest.mark.parametrize("timeout", [20, 100])
@pytest.mark.parametrize("kind", KINDS)
def test_results_of_slow_calls_leave_before_the_next(kind, timeout):
    # Longer than any turn: the thread that counts them may get no processor for a while.
    check(kind, environment("threads", timeout), Gate(seconds=0.2))
