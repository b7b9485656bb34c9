"""A job with state of all kinds whose records do not depend on how it runs, and what it gives, in plain Python."""

import asyncio
import time
from collections import Counter, defaultdict
from functools import partial

from pyflinkx.common import Row, Time, Types, WatermarkStrategy
from pyflinkx.common.watermark_strategy import TimestampAssigner
from pyflinkx.datastream import (
    AsyncDataStream,
    AsyncFunction,
    KeyedProcessFunction,
    OutputTag,
    ProcessFunction,
    ProcessJoinFunction,
    ProcessWindowFunction,
    agg,
)
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.datastream.functions import (
    AggregateFunction,
    KeyedBroadcastProcessFunction,
    ReduceFunction,
)
from pyflinkx.datastream.state import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    StateTtlConfig,
    ValueStateDescriptor,
)
from pyflinkx.datastream.window import EventTimeSessionWindows, SlidingEventTimeWindows, TumblingEventTimeWindows
from pyflinkx.testing.exactly_once import ExactlyOnceSink

KEYS = 5
BUCKET = 500  # ms of event time
RULES = [(0, 1), (1_000, 10), (7_000, 100), (20_000, 1_000)]  # event time (ms), value
ODD = OutputTag("odd", Types.LONG())
END = 10**12


def time_of(number):
    """Event time (ms) of a number: every 400 numbers there is nothing for a while."""
    return number * 10 + number // 400 * 3_000


def key_of(number):
    """The key of a number."""
    return number % KEYS


class Timed(TimestampAssigner):
    """Numbers' event time."""

    def extract_timestamp(self, value, record_timestamp):
        """In milliseconds."""
        return time_of(value)


class Sum(ReduceFunction):
    """The sum of two numbers."""

    def reduce(self, value1, value2):
        return value1 + value2


class Mean(AggregateFunction):
    """Count and sum; their pair is the result."""

    def create_accumulator(self):
        return 0, 0

    def add(self, value, accumulator):
        return accumulator[0] + 1, accumulator[1] + value

    def get_result(self, accumulator):
        return accumulator

    def merge(self, a, b):
        return a[0] + b[0], a[1] + b[1]


class AllStates(KeyedProcessFunction):
    """Keyed state of each kind, and timers of both kinds."""

    def open(self, runtime_context):
        get = runtime_context
        self.count = get.get_state(ValueStateDescriptor("count", Types.LONG()))
        self.last = get.get_list_state(ListStateDescriptor("last", Types.LONG()))
        self.buckets = get.get_map_state(MapStateDescriptor("buckets", Types.LONG(), Types.LONG()))
        self.sum = get.get_reducing_state(ReducingStateDescriptor("sum", Sum(), Types.LONG()))
        self.mean = get.get_aggregating_state(
            AggregatingStateDescriptor("mean", Mean(), Types.TUPLE([Types.LONG(), Types.LONG()]))
        )
        kept = ValueStateDescriptor("kept", Types.LONG())
        kept.enable_time_to_live(StateTtlConfig.new_builder(Time.hours(1)).build())
        self.kept = get.get_state(kept)
        self.pending = get.get_list_state(ListStateDescriptor("pending", Types.LONG()))

    def process_element(self, value, ctx):
        count = (self.count.value() or 0) + 1
        self.count.update(count)
        last = [*(self.last.get() or []), value][-3:]
        self.last.update(last)
        self.sum.add(value)
        self.mean.add(value)
        self.kept.update((self.kept.value() or 0) + value)
        bucket = time_of(value) // BUCKET
        self.buckets.put(bucket, (self.buckets.get(bucket) or 0) + 1)
        timers = ctx.timer_service()
        timers.register_event_time_timer((bucket + 1) * BUCKET - 1)
        timers.register_event_time_timer(END)
        self.pending.add(value)
        timers.register_processing_time_timer(timers.current_processing_time() + 20)
        yield ("state", key_of(value), count, tuple(last), self.sum.get(), self.mean.get(), self.kept.value())

    def on_timer(self, timestamp, ctx):
        if timestamp < END and (timestamp + 1) % BUCKET == 0 and self.buckets.contains(timestamp // BUCKET):
            bucket = timestamp // BUCKET
            yield ("bucket", ctx.get_current_key(), bucket, self.buckets.get(bucket))
            self.buckets.remove(bucket)
        else:
            for value in self.pending.get() or []:
                yield ("pending", value)
            self.pending.clear()


class OfWindow(ProcessWindowFunction):
    """Name, key, start, end, count and sum of a window."""

    def __init__(self, name):
        self.name = name

    def process(self, key, context, elements):
        numbers = list(elements)
        window = context.window()
        yield (self.name, key, window.start, window.end, len(numbers), sum(numbers))


class Joined(ProcessJoinFunction):
    """Both numbers."""

    def process_element(self, left, right, ctx):
        yield ("join", left, right)


class Slow(AsyncFunction):
    """Takes a little while."""

    async def async_invoke(self, value):
        await asyncio.sleep(value % 4 / 1000)
        return [("async", value)]


class Rules(KeyedBroadcastProcessFunction):
    """How many numbers a bucket of time has, and the sum of the rules until then."""

    descriptor = MapStateDescriptor("rules", Types.LONG(), Types.LONG())

    def open(self, runtime_context):
        self.counts = runtime_context.get_map_state(MapStateDescriptor("counts", Types.LONG(), Types.LONG()))

    def process_element(self, value, ctx):
        bucket = time_of(value) // BUCKET
        self.counts.put(bucket, (self.counts.get(bucket) or 0) + 1)
        ctx.timer_service().register_event_time_timer((bucket + 1) * BUCKET - 1)

    def process_broadcast_element(self, value, ctx):
        ctx.get_broadcast_state(self.descriptor).put(value[0], value[1])

    def on_timer(self, timestamp, ctx):
        bucket = timestamp // BUCKET
        rules = ctx.get_broadcast_state(self.descriptor)
        total = sum(rules.get(at) for at, _ in RULES if at <= timestamp and rules.contains(at))
        yield ("rules", ctx.get_current_key(), bucket, self.counts.get(bucket), total)
        self.counts.remove(bucket)


class Parted(ProcessFunction):
    """Odd numbers go to a side output."""

    def process_element(self, value, ctx):
        if value % 2:
            yield ODD, value
        else:
            yield ("even", value)


def paced(every, value):
    """Take ten milliseconds for some: on a busy machine it is how often somebody sleeps that takes long."""
    if value % every == 0:
        time.sleep(0.01)
    return value


def as_row(value):
    """Key and value as columns."""
    return Row(key=key_of(value), value=value)


def numbers(env, name, count, every, parallelism=None):
    """A stream of numbers with event time."""
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(Timed())
    source = env.from_source(NumberSequenceSource(0, count - 1), strategy, name).uid(name)
    if parallelism:
        source.set_parallelism(parallelism)
    mapped = source.map(partial(paced, every), Types.LONG()).uid(f"{name}-paced")
    return mapped.set_parallelism(parallelism) if parallelism else mapped


def program(env, folder, count=1_500, every=10):
    """Build the job.

    Args:
        env: to build it on.
        folder: of its sink.
        count: how many numbers each of its sources gives.
        every: for how many numbers it takes ten milliseconds.
    """
    ordered = numbers(env, "ordered", count, every, parallelism=1)
    others = numbers(env, "others", count, every)
    both = ordered.union(others)
    row = Types.ROW_NAMED(["key", "value"], [Types.LONG(), Types.LONG()])
    rows = both.map(as_row, row).uid("rows").key_by("key")
    ordered_rows = ordered.map(as_row, row).set_parallelism(1).uid("ordered-rows").key_by("key")
    keyed = both.key_by(key_of, Types.LONG())
    rules = env.from_collection(RULES, Types.TUPLE([Types.LONG(), Types.LONG()])).uid("rules")
    rules = rules.assign_timestamps_and_watermarks(
        WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: value[0])
    ).uid("rules-timed")
    parted = both.process(Parted()).uid("parted")
    results = [
        ordered.key_by(key_of, Types.LONG()).process(AllStates()).uid("all-states"),
        keyed.window(SlidingEventTimeWindows.of(Time.seconds(2), Time.seconds(1)))
        .process(OfWindow("sliding"))
        .uid("sliding"),
        keyed.window(EventTimeSessionWindows.with_gap(Time.seconds(1))).process(OfWindow("session")).uid("session"),
        ordered.key_by(key_of, Types.LONG())
        .count_window(7)
        .reduce(Sum())
        .uid("counted")
        .map(lambda value: ("counted", value)),
        rows.window(TumblingEventTimeWindows.of(Time.seconds(1)))
        .agg(n=agg.count(), total=agg.sum("value"))
        .uid("native-windows")
        .map(lambda row: ("native", row[0], row[1], row[3], row[4])),
        ordered_rows.agg(n=agg.count(), total=agg.sum("value"))
        .uid("native-running")
        .map(lambda row: ("running", row[0], row[1], row[2])),
        ordered.key_by(key_of, Types.LONG())
        .interval_join(others.key_by(key_of, Types.LONG()))
        .between(Time.milliseconds(-60), Time.milliseconds(60))
        .process(Joined())
        .uid("join"),
        AsyncDataStream.unordered_wait(both, Slow(), Time.seconds(30), 20).uid("async"),
        keyed.connect(rules.broadcast(Rules.descriptor)).process(Rules()).uid("ruled"),
        parted,
        parted.get_side_output(ODD).map(lambda value: ("odd", value)),
    ]
    results[0].union(*results[1:]).sink_to(ExactlyOnceSink(folder)).uid("sink")


def expected(count=1_500):
    """The records that the job has to give."""
    found = []
    counts, sums, lasts = Counter(), Counter(), defaultdict(list)
    buckets, sevens = Counter(), Counter()
    for number in range(count):
        key = key_of(number)
        counts[key] += 1
        sums[key] += number
        sevens[key] += number
        lasts[key] = [*lasts[key], number][-3:]
        buckets[key, time_of(number) // BUCKET] += 1
        mean = counts[key], sums[key]
        found.append(("state", key, counts[key], tuple(lasts[key]), sums[key], mean, sums[key]))
        found.append(("pending", number))
        found.append(("running", key, counts[key], sums[key]))
        if counts[key] % 7 == 0:
            found.append(("counted", sevens.pop(key)))
        for other in range(max(number - 10, 0), min(number + 10, count)):
            if key_of(other) == key and abs(time_of(other) - time_of(number)) <= 60:
                found.append(("join", number, other))
        found += 2 * [("async", number), ("odd" if number % 2 else "even", number)]
    found += [("bucket", key, bucket, amount) for (key, bucket), amount in buckets.items()]
    for (key, bucket), amount in buckets.items():
        total = sum(value for at, value in RULES if at <= (bucket + 1) * BUCKET - 1)
        found.append(("rules", key, bucket, 2 * amount, total))
    for key in range(KEYS):
        own = [number for number in range(count) if key_of(number) == key]
        found += windows(key, own)
    return found


def windows(key, own):
    """What windows give of a key's numbers, each of which comes twice."""
    sliding, tumbling = defaultdict(list), defaultdict(list)
    sessions = []
    for number in own:
        at = time_of(number)
        for start in (at // 1_000 * 1_000, at // 1_000 * 1_000 - 1_000):
            sliding[start].append(number)
        tumbling[at // 1_000 * 1_000].append(number)
        if sessions and at <= time_of(sessions[-1][-1]) + 1_000:
            sessions[-1].append(number)
        else:
            sessions.append([number])
    for start, found in sliding.items():
        yield ("sliding", key, start, start + 2_000, 2 * len(found), 2 * sum(found))
    for start, found in tumbling.items():
        yield ("native", key, start, 2 * len(found), 2 * sum(found))
    for found in sessions:
        yield ("session", key, time_of(found[0]), time_of(found[-1]) + 1_000, 2 * len(found), 2 * sum(found))
