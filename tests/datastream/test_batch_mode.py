"""BATCH and AUTOMATIC runtime mode: results once, at the end, as if nothing ever came late."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.common import Configuration, Time, Types, WatermarkStrategy
from pyflinkx.connectors.collection import CollectionSource
from pyflinkx.connectors.source import Boundedness
from pyflinkx.datastream import (
    CoMapFunction,
    KeyedBroadcastProcessFunction,
    KeyedCoProcessFunction,
    KeyedProcessFunction,
    OutputTag,
    RuntimeExecutionMode,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.state import MapStateDescriptor
from pyflinkx.datastream.window import (
    ContinuousProcessingTimeTrigger,
    TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
)
from pyflinkx.errors import GraphError, JobExecutionError

RATES = MapStateDescriptor("rates", Types.STRING(), Types.LONG())
BY_TIME = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda event, _: event[1])


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


@pytest.fixture
def batch(env):
    env.set_runtime_mode(RuntimeExecutionMode.BATCH)
    return env


@pytest.fixture
def inline_batch(inline_env):
    inline_env.set_runtime_mode(RuntimeExecutionMode.BATCH)
    return inline_env


def single(mode="BATCH"):
    configuration = Configuration()
    configuration.set_string("execution.runtime-mode", mode)
    return StreamExecutionEnvironment.get_execution_environment(configuration)


def by_key(event):
    return event[0]


def total(a, b):
    return a[0], a[1] + b[1]


def test_reduce_gives_the_last_value_of_each_key(batch):
    words = ["to", "be", "or", "not", "to", "be", "that", "is", "the", "question"] * 50
    counts = batch.from_collection(words).map(lambda word: (word, 1)).key_by(by_key).reduce(total)
    assert sorted(collect(counts)) == sorted(Counter(words).items())


def test_reduce_with_more_keys_than_a_batch_holds():
    events = [(number % 3000, 1) for number in range(9000)]
    assert collect(single().from_collection(events).key_by(by_key).reduce(total)) == [(n, 3) for n in range(3000)]


def test_results_of_reduce_have_the_last_of_all_timestamps():
    class Stamp(KeyedProcessFunction):
        def process_element(self, value, ctx):
            yield ctx.timestamp()

    reduced = single().from_collection([("a", 1)]).key_by(by_key).reduce(total)
    assert collect(reduced.key_by(by_key).process(Stamp())) == [2**63 - 1]


@pytest.mark.parametrize(
    ("mode", "bounded", "results"),
    [
        ("STREAMING", True, [("a", 1), ("a", 3)]),
        ("BATCH", True, [("a", 3)]),
        ("AUTOMATIC", True, [("a", 3)]),
        ("AUTOMATIC", False, [("a", 1), ("a", 3)]),
    ],
)
def test_modes(mode, bounded, results):
    env = single(mode)
    source = CollectionSource([("a", 1), ("a", 2)])
    source.boundedness = Boundedness.BOUNDED if bounded else Boundedness.CONTINUOUS_UNBOUNDED
    stream = env.from_source(source, WatermarkStrategy.no_watermarks(), "numbers").key_by(by_key).reduce(total)
    assert env._runtime_mode_is_batch() == (len(results) == 1)
    assert collect(stream) == results


def test_a_source_that_never_ends_cannot_be_a_batch():
    env = single()
    source = CollectionSource([1])
    source.boundedness = Boundedness.CONTINUOUS_UNBOUNDED
    env.from_source(source, WatermarkStrategy.no_watermarks(), "clicks").print()
    with pytest.raises(GraphError, match=r"source 'clicks' \(.*test_batch_mode.py:\d+\) never ends"):
        env.execute()


def test_the_mode_must_be_one():
    with pytest.raises(GraphError, match="RuntimeExecutionMode"):
        single().set_runtime_mode("BATCH")


events_by_key = st.lists(st.tuples(st.sampled_from("abc"), st.integers(-50, 50)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(events_by_key, st.integers(1, 4))
def test_no_record_of_a_window_is_late(events, size):
    env = single()
    env._configuration.set_integer("pyflinkx.batch.size", size)
    late = OutputTag("late")
    stream = env.from_collection(events).assign_timestamps_and_watermarks(BY_TIME).key_by(by_key)
    windows = stream.window(TumblingEventTimeWindows.of(Time.milliseconds(10))).side_output_late_data(late)
    expected = defaultdict(int)
    for key, time in events:
        expected[key, time // 10] += time
    results = collect(windows.reduce(total))
    assert sorted(results) == sorted((key, value) for (key, _), value in expected.items())


class Journal(KeyedProcessFunction):
    """Says what it is given; timers a key's last time + 5."""

    def process_element(self, value, ctx):
        ctx.timer_service().register_event_time_timer(value[1] + 5)
        yield ("element", value, ctx.timestamp(), ctx.timer_service().current_watermark())

    def on_timer(self, timestamp, ctx):
        yield ("timer", ctx.get_current_key(), timestamp, ctx.timer_service().current_watermark())


@settings(max_examples=60, deadline=None)
@given(events_by_key, st.integers(1, 4))
def test_records_of_a_key_come_together_and_in_the_order_of_time(events, size):
    env = single()
    env._configuration.set_integer("pyflinkx.batch.size", size)
    stream = env.from_collection(events).assign_timestamps_and_watermarks(BY_TIME)
    seen = collect(stream.key_by(by_key).process(Journal()))
    first_seen = list(dict.fromkeys(key for key, _ in events))
    ordered = sorted(events, key=lambda event: (first_seen.index(event[0]), event[1]))
    timers = sorted({(time + 5, key) for key, time in events})
    assert seen[: len(events)] == [("element", event, event[1], -(2**63)) for event in ordered]
    assert sorted(seen[len(events) :]) == sorted(("timer", key, time, 2**63 - 1) for time, key in timers)


def test_records_of_a_key_come_together_on_workers(batch):
    class Runs(KeyedProcessFunction):
        def open(self, runtime_context):
            self.last = None

        def process_element(self, value, ctx):
            if value[0] != self.last:
                self.last = value[0]
                yield value[0], "starts"

    events = [(number % 7, number) for number in range(700)]
    assert sorted(collect(batch.from_collection(events).key_by(by_key).process(Runs()))) == [
        (key, "starts") for key in range(7)
    ]


def test_connected_inputs_are_ordered_together(inline_batch):
    class Both(KeyedCoProcessFunction):
        def process_element1(self, value, ctx):
            yield "left", value

        def process_element2(self, value, ctx):
            yield "right", value

    def stream(times):
        return inline_batch.from_collection([("k", t) for t in times]).assign_timestamps_and_watermarks(BY_TIME)

    connected = stream([5, 1, 3]).connect(stream([4, 2])).key_by(by_key, by_key)
    sides = [("right" if time % 2 == 0 else "left", ("k", time)) for time in (1, 2, 3, 4, 5)]
    assert collect(connected.process(Both())) == sides


def test_connected_streams_without_keys_are_not_kept(inline_batch):
    class Plus(CoMapFunction):
        def map1(self, value):
            return value

        def map2(self, value):
            return -value

    connected = inline_batch.from_collection([1, 2]).connect(inline_batch.from_collection([3]))
    assert sorted(collect(connected.map(Plus()))) == [-3, 1, 2]


def test_processing_time_timers_fire_at_the_end(inline_batch):
    class Tomorrow(KeyedProcessFunction):
        def process_element(self, value, ctx):
            service = ctx.timer_service()
            service.register_processing_time_timer(service.current_processing_time() + 86_400_000)
            service.register_processing_time_timer(5)
            yield "element"

        def on_timer(self, timestamp, ctx):
            # Another one, later than all: at the end of time there is nothing to wait for.
            ctx.timer_service().register_processing_time_timer(timestamp + 10 * 86_400_000 + 2**40)
            yield "past" if timestamp == 5 else "tomorrow"

    found = collect(inline_batch.from_collection([("a", 1), ("a", 2), ("a", 3)]).key_by(by_key).process(Tomorrow()))
    assert found[:3] == ["element"] * 3
    assert found[3] == "past"
    assert set(found[4:]) == {"tomorrow"}


def test_processing_time_windows_fire_at_the_end(inline_batch):
    stream = inline_batch.from_collection([("a", 1), ("b", 1), ("a", 2)]).key_by(by_key)
    windows = stream.window(TumblingProcessingTimeWindows.of(Time.days(1)))
    assert sorted(collect(windows.reduce(total))) == [("a", 3), ("b", 1)]


def test_a_continuous_trigger_ends():
    stream = single().from_collection([("a", 1), ("a", 2)]).key_by(by_key)
    windows = stream.window(TumblingProcessingTimeWindows.of(Time.hours(1)))
    fired = collect(windows.trigger(ContinuousProcessingTimeTrigger.of(Time.minutes(30))).reduce(total))
    assert set(fired) == {("a", 3)}


@pytest.mark.parametrize("key", [lambda event: {event}, lambda event: event[7]], ids=["unhashable", "raises"])
def test_a_key_that_cannot_be_is_reported_with_its_record(key):
    stream = single().from_collection([("a", 1)]).key_by(key).process(Journal())
    with pytest.raises(JobExecutionError) as raised:
        collect(stream)
    assert "('a', 1)" in str(raised.value)
    assert "KEYED PROCESS" in str(raised.value)


def test_broadcast_records_come_before_keyed_ones(batch):
    class Rate(KeyedBroadcastProcessFunction):
        def process_element(self, value, ctx):
            yield value[0], value[1] * ctx.get_broadcast_state(RATES).get("rate")

        def process_broadcast_element(self, value, ctx):
            ctx.get_broadcast_state(RATES).put("rate", value)

    amounts = batch.from_collection([("a", 1), ("b", 2), ("a", 3)] * 10).key_by(by_key)
    rates = batch.from_collection([*range(2000), 10]).broadcast(RATES)
    results = collect(amounts.connect(rates).process(Rate()))
    assert sorted(results) == sorted([("a", 10), ("b", 20), ("a", 30)] * 10)
