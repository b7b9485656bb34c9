"""Random jobs whose results, as a multiset, do not depend on how the job runs."""

import random
import time
from functools import partial

from pyflinkx.common import Configuration, Duration, Time, Types, WatermarkStrategy
from pyflinkx.datastream import StreamExecutionEnvironment, WindowFunction
from pyflinkx.datastream.window import TumblingEventTimeWindows


class SumOfWindow(WindowFunction):
    """Start of the window, key, and the sum of its numbers."""

    def apply(self, key, window, inputs):
        return [(window.start, key, sum(number for number, _ in inputs))]


def environment(options, parallelism):
    """An environment with those options."""
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    return env.set_parallelism(parallelism)


def pause(every, value):
    """Take some time for some records, so that a random moment falls into the job."""
    if value[0] % every == 0:
        time.sleep(0.001)
    return value


def step(stream, chance, declared):
    """The stream behind one more random operator."""
    every = chance.choice([10, 100, 1000])
    divisor = chance.randint(2, 50)
    return chance.choice(
        [
            lambda: stream.map(partial(pause, every), declared),
            lambda: stream.rebalance().map(partial(pause, every), declared),
            lambda: stream.key_by(lambda value: value[0] % divisor).map(partial(pause, every), declared),
            lambda: stream.broadcast().filter(lambda value: value[0] % divisor == 0),
            lambda: stream.rescale().flat_map(lambda value: [value] * (value[0] % 3), declared),
            lambda: stream.filter(lambda value: value[0] % divisor != 0).slot_sharing_group("other"),
        ]
    )()


def random_stream(env, seed):
    """A stream of (number, text), or of windows over it, that the seed determines."""
    chance = random.Random(seed)
    count = chance.choice([50, 2_000, 10_000, 30_000])
    fill = "x" * chance.choice([0, 10, 100, 20_000 if count <= 2_000 else 200])
    declared = chance.choice([None, Types.TUPLE([Types.LONG(), Types.STRING()])])

    def source(numbers):
        return env.from_collection([(number, fill) for number in numbers]).map(lambda value: value, declared)

    stream = source(range(count))
    if chance.random() < 0.3:
        stream = stream.union(source(range(-500, 0)))
    for _ in range(chance.randint(1, 4)):
        stream = step(stream, chance, declared)
    if chance.random() < 0.7:
        return stream
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_days(1))
    timed = stream.assign_timestamps_and_watermarks(strategy.with_timestamp_assigner(lambda value, _: value[0]))
    keyed = timed.key_by(lambda value: value[0] % 11)
    return keyed.window(TumblingEventTimeWindows.of(Time.seconds(1))).apply(SumOfWindow())
