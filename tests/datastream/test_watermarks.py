"""Watermarks of whole programs: generators and idle streams."""

from pyflinkx.common import Duration, WatermarkStrategy
from pyflinkx.common.watermark_strategy import WatermarkGenerator
from pyflinkx.connectors.source import END, WAIT, Source, SourceReader
from pyflinkx.datastream import ProcessFunction, StreamExecutionEnvironment
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.runtime.clock import ManualClock


class EveryTenth(WatermarkGenerator):
    def on_event(self, event, event_timestamp, output):
        if event % 10 == 0:
            output.emit_watermark(event_timestamp)

    def on_periodic_emit(self, output):
        pass


class Watermark(ProcessFunction):
    def process_element(self, value, ctx):
        yield value, ctx.timer_service().current_watermark()


def test_records_see_the_watermark_of_the_record_before_them(inline_env):
    inline_env.set_parallelism(1)
    strategy = WatermarkStrategy.for_generator(EveryTenth).with_timestamp_assigner(lambda value, _: value)
    stream = inline_env.from_collection(range(1, 3000)).assign_timestamps_and_watermarks(strategy).process(Watermark())
    with stream.execute_and_collect() as results:
        seen = dict(results)
    assert seen == {i: (i - 1) // 10 * 10 if i > 10 else -(2**63) for i in range(1, 3000)}


def test_windows_of_a_custom_generator(env):
    strategy = WatermarkStrategy.for_generator(EveryTenth).with_timestamp_assigner(lambda value, _: 10_000_000)
    stream = env.from_collection(range(100)).assign_timestamps_and_watermarks(strategy).key_by(lambda x: x % 3)
    with stream.window(TumblingEventTimeWindows.of(1000)).reduce(lambda a, b: a + b).execute_and_collect() as results:
        assert sorted(results) == sorted(sum(range(k, 100, 3)) for k in range(3))


class SilentUntil(Source):
    """Gives nothing until a time, then ends."""

    parallelism = 1

    def __init__(self, end):
        self.end = end

    def splits(self, parallelism):
        return [None]

    def create_reader(self, context):
        return SilentReader(self.end, context.clock)


class SilentReader(SourceReader):
    def __init__(self, end, clock):
        self.end = end
        self.clock = clock

    def add_splits(self, splits):
        pass

    def poll(self, limit):
        return END if self.clock.now() >= self.end else WAIT

    def wake_time(self):
        return self.end

    def close(self):
        pass


class When(ProcessFunction):
    def process_element(self, value, ctx):
        yield value, ctx.timer_service().current_processing_time()


def first_result(idle):
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(1)
    env._clock = ManualClock(0)
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: value)
    if idle:
        strategy = strategy.with_idleness(Duration.of_seconds(2))
    busy = env.from_collection([5, 2500]).assign_timestamps_and_watermarks(strategy)
    silent = env.from_source(SilentUntil(60_000), strategy, "silent")
    forever = env.from_source(SilentUntil(90_000), WatermarkStrategy.no_watermarks(), "keeps the job alive")
    stream = busy.union(silent).key_by(lambda x: 0).window(TumblingEventTimeWindows.of(1000)).reduce(max)
    with stream.process(When()).union(forever).execute_and_collect() as results:
        return next(iter(results))


def test_an_idle_source_does_not_hold_windows_back():
    assert first_result(idle=True) == (5, 2000)
    assert first_result(idle=False) == (5, 60_000)
