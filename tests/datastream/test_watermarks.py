"""Watermarks of whole programs: generators and idle streams."""

import os

import pytest

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.common import Configuration, Duration, WatermarkStrategy
from pyflinkx.common.watermark_strategy import WatermarkGenerator
from pyflinkx.connectors.source import END, WAIT, Source, SourceReader
from pyflinkx.datastream import ProcessFunction, StreamExecutionEnvironment
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.operators.source_alignment import KNOWN
from pyflinkx.runtime.task.clock import ManualClock
from pyflinkx.testing import TestSource


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


class Order(ProcessFunction):
    def process_element(self, value, ctx):
        yield value


def largest_drift(env, aligned):
    """How far the records of one of two sources come before those of the other, in milliseconds."""
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: value[1])
    if aligned:
        strategy = strategy.with_watermark_alignment("both", Duration.of_seconds(20), Duration.of_millis(5))
    fast = env.from_collection([("fast", i * 100) for i in range(20_000)]).assign_timestamps_and_watermarks(strategy)
    slow = env.from_collection([("slow", i) for i in range(20_000)]).assign_timestamps_and_watermarks(strategy)
    with fast.union(slow).process(Order()).execute_and_collect() as results:
        records = list(results)
    assert len(records) == 40_000
    latest, drift = {"fast": 0, "slow": 0}, 0
    for name, stamp in records:
        latest[name] = stamp
        if latest["slow"] < 19_999:
            drift = max(drift, latest["fast"] - latest["slow"])
    return drift


def test_a_source_that_is_ahead_waits_for_its_group():
    def env():
        environment = StreamExecutionEnvironment.get_execution_environment()
        environment.set_parallelism(1)
        return environment

    batch = 1024 * 100
    assert largest_drift(env(), aligned=True) <= 20_000 + batch
    assert largest_drift(env(), aligned=False) > 1_000_000


def test_alignment_on_workers_ends(env):
    largest_drift(env, aligned=True)


class Feed(Source):
    """Rows (name, time); it starts when its worker knows of the other one or, with a gate, ends when that is there."""

    parallelism = 1

    def __init__(self, name, times, gate=None):
        self.name, self.times, self.gate = name, times, gate

    def splits(self, parallelism):
        return [None]

    def create_reader(self, context):
        return FeedReader(self, context.clock)


class FeedReader(SourceReader):
    def __init__(self, feed, clock):
        self.feed, self.clock = feed, clock
        self.sent = 0
        self.give_up = clock.now() + 60_000

    def add_splits(self, splits):
        pass

    def poll(self, limit):
        times = self.feed.times
        assert self.clock.now() < self.give_up, "it heard nothing of the other worker"
        others = any(groups.others for groups in list(KNOWN.values()))
        if self.feed.gate is None:  # begins when it knows of the other one
            if self.sent == 0 and not others:
                return WAIT
        elif self.sent == len(times) and not os.path.exists(self.feed.gate):
            return WAIT
        if self.sent == len(times):
            return END
        part = times[self.sent : self.sent + 100]
        self.sent += len(part)
        return ObjectBatch([(self.feed.name, time) for time in part])

    def wake_time(self):
        return self.clock.now() + 5

    def close(self):
        pass


@pytest.mark.parametrize("start", ["spawn", "fork"])
def test_a_source_waits_for_one_of_another_worker(tmp_path, start):
    """The fast one stays near the slow one until that ends: when all of it, and some of the fast one, was seen."""
    gate = tmp_path / "gate"
    configuration = Configuration.from_dict({"pyflinkx.workers": "processes", "pyflinkx.workers.start-method": start})
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    env.set_parallelism(1)
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: value[1])
    strategy = strategy.with_watermark_alignment("both", Duration.of_millis(500), Duration.of_millis(5))
    streams = []
    for feed in (Feed("fast", range(100_000)), Feed("slow", range(1000), str(gate))):
        source = env.from_source(feed, WatermarkStrategy.no_watermarks(), feed.name).slot_sharing_group(feed.name)
        streams.append(source.assign_timestamps_and_watermarks(strategy))
    fastest, slowest = -1, -1
    with streams[0].union(streams[1]).map(lambda value: value).execute_and_collect() as results:
        for name, time in results:
            if name == "slow":
                slowest = time
            elif not gate.exists():
                fastest = max(fastest, time)
            if slowest == 999 and fastest >= 0 and not gate.exists():
                gate.write_text("")
    assert 0 <= fastest < 999 + 500 + 100 + 1


def test_silent_and_ended_sources_are_not_waited_for():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(1)
    env._clock = ManualClock(0)
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: value)
    aligned = strategy.with_watermark_alignment("g", Duration.of_millis(1)).with_idleness(Duration.of_seconds(1))
    ends = env.from_collection([5]).assign_timestamps_and_watermarks(aligned)
    goes_on = env.from_collection(range(10_000)).assign_timestamps_and_watermarks(aligned)
    source = TestSource().record(7).pause(60_000).record(8)
    pauses = env.from_source(source, WatermarkStrategy.no_watermarks(), "pauses")
    stream = ends.union(goes_on, pauses.assign_timestamps_and_watermarks(aligned)).process(When())
    with stream.execute_and_collect() as results:
        times = dict(results)
    assert len(times) == 10_000
    assert times[9_999] < 60_000


class TwoFeeds(Source):
    """Two splits, read in turn: one is far behind the other in event time."""

    parallelism = 1

    def splits(self, parallelism):
        return ["ahead", "behind"]

    def create_reader(self, context):
        return TurnsReader()


class TurnsReader(SourceReader):
    def __init__(self):
        self.turn = 0

    def add_splits(self, splits):
        self.names = splits

    def open_splits(self):
        return self.names

    def poll(self, limit):
        if self.turn == 20:
            return END
        self.current_split = self.names[self.turn % 2]
        base = 100_000 if self.current_split == "ahead" else 0
        batch = [base + self.turn * 1000]
        self.turn += 1
        return ObjectBatch(batch)

    def close(self):
        pass


def test_splits_of_a_source_do_not_make_each_other_late(inline_env):
    inline_env.set_parallelism(1)
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: value)
    stream = inline_env.from_source(TwoFeeds(), strategy, "feeds")
    windows = stream.key_by(lambda x: x >= 100_000).window(TumblingEventTimeWindows.of(10_000))
    with windows.reduce(lambda a, b: a + b).execute_and_collect() as results:
        counted = sum(results)
    records = [(100_000 if turn % 2 == 0 else 0) + turn * 1000 for turn in range(20)]
    if inline_env.is_chaining_enabled():
        assert counted == sum(records)
    else:  # the reader and its strategy are not in one task: splits are not told apart
        assert counted < sum(records)
