"""Programs that change an object after it was emitted, or what another function got too, and their results."""

from pyflinkx.common import Row, Time, Types, WatermarkStrategy
from pyflinkx.common.watermark_strategy import TimestampAssigner
from pyflinkx.datastream import (
    AggregateFunction,
    AsyncDataStream,
    AsyncFunction,
    BroadcastProcessFunction,
    CoFlatMapFunction,
    CoMapFunction,
    CoProcessFunction,
    KeyedBroadcastProcessFunction,
    KeyedProcessFunction,
    MapFunction,
    Order,
    OutputTag,
    ProcessFunction,
    ProcessJoinFunction,
    ProcessWindowFunction,
    ReduceFunction,
    SourceFunction,
    WindowFunction,
)
from pyflinkx.datastream.state import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    ValueStateDescriptor,
)
from pyflinkx.datastream.window import (
    CountEvictor,
    CountTrigger,
    EventTimeSessionWindows,
    GlobalWindows,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
)
from tests.datastream.record_sources import OwnSource, Split

SIDE = OutputTag("side")
MAP = MapStateDescriptor("rules")


class At(TimestampAssigner):
    def extract_timestamp(self, value, record_timestamp):
        return value["at"]


def timed(env, records):
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(At())
    return env.from_collection(records).assign_timestamps_and_watermarks(strategy)


def seen(value):
    """What a record looks like when the next operator gets it."""
    return value["n"]


def steps(value):
    record = {}
    for n in range(3):
        record["n"] = n
        yield record


def nested_steps(value):
    inner = []
    for n in range(3):
        inner.append(n)
        yield {"n": tuple(inner), "inner": inner}


class Held(MapFunction):
    def open(self, context):
        self.record = {}

    def map(self, value):
        self.record["n"] = value
        return self.record


class HeldRow(MapFunction):
    def open(self, context):
        self.row = Row(n=0, more=[])

    def map(self, value):
        self.row["n"] = value
        return self.row


class Late(ProcessFunction):
    """Changes what it has emitted when the next record comes."""

    def open(self, context):
        self.last = None

    def process_element(self, value, ctx):
        if self.last is not None:
            self.last["n"] = -1
        self.last = {"n": value}
        yield self.last


class Kept:
    """A predicate that changes the record before."""

    def __init__(self):
        self.last = None

    def __call__(self, value):
        if self.last is not None:
            self.last["n"] = -1
        self.last = value
        return True


def accumulate(total, value):
    total["n"] += value["n"]
    return total


def raised(value):
    value["n"] += 100
    return value["n"]


class Both(ProcessFunction):
    def process_element(self, value, ctx):
        yield SIDE, value
        value["n"] += 1
        yield value


class ListOfState(KeyedProcessFunction):
    def open(self, context):
        self.values = context.get_list_state(ListStateDescriptor("list", Types.PICKLED_BYTE_ARRAY()))
        self.value = context.get_state(ValueStateDescriptor("value", Types.PICKLED_BYTE_ARRAY()))
        self.map = context.get_map_state(MapStateDescriptor("map", Types.STRING(), Types.PICKLED_BYTE_ARRAY()))

    def process_element(self, value, ctx):
        self.values.add(value)
        kept = self.value.value() or []
        kept.append(value["n"])
        self.value.update(kept)
        self.map.put("last", value)
        value["n"] = -1
        yield {"n": ("value", tuple(kept)), "kept": kept}
        yield {"n": ("list", tuple(v["n"] for v in self.values.get()))}
        yield {"n": ("map", self.map.get("last")["n"])}


class YieldsItsState(KeyedProcessFunction):
    def open(self, context):
        self.value = context.get_state(ValueStateDescriptor("value", Types.PICKLED_BYTE_ARRAY()))

    def process_element(self, value, ctx):
        total = self.value.value() or {"n": 0}
        total["n"] += value["n"]
        self.value.update(total)
        yield total


class Sum(AggregateFunction):
    def create_accumulator(self):
        return {"n": 0}

    def add(self, value, accumulator):
        accumulator["n"] += value["n"]
        value["n"] = -1
        return accumulator

    def get_result(self, accumulator):
        return accumulator

    def merge(self, a, b):
        return {"n": a["n"] + b["n"]}


class Folds(KeyedProcessFunction):
    def open(self, context):
        self.folded = context.get_reducing_state(
            ReducingStateDescriptor("folded", accumulate, Types.PICKLED_BYTE_ARRAY())
        )
        self.total = context.get_aggregating_state(
            AggregatingStateDescriptor("total", Sum(), Types.PICKLED_BYTE_ARRAY())
        )

    def process_element(self, value, ctx):
        self.folded.add(value)
        self.total.add(value)
        value["n"] = -5
        yield self.folded.get()
        yield self.total.get()


class Timer(KeyedProcessFunction):
    def open(self, context):
        self.record = {"n": 0}

    def process_element(self, value, ctx):
        ctx.timer_service().register_event_time_timer(value["at"])
        ctx.timer_service().register_event_time_timer(value["at"] + 1)

    def on_timer(self, timestamp, ctx):
        self.record["n"] = timestamp
        yield self.record


class SameAgain(CoMapFunction):
    def open(self, context):
        self.record = {}

    def map1(self, value):
        self.record["n"] = value
        return self.record

    map2 = map1


class CoSteps(CoFlatMapFunction):
    def flat_map1(self, value):
        yield from steps(value)

    flat_map2 = flat_map1


class CoProcess(CoProcessFunction):
    def process_element1(self, value, ctx):
        yield from steps(value)

    process_element2 = process_element1


class Rules(BroadcastProcessFunction):
    def process_element(self, value, ctx):
        return ()

    def process_broadcast_element(self, value, ctx):
        state = ctx.get_broadcast_state(MAP)
        state.put("rule", value)
        value["n"] = -1
        yield {"n": state.get("rule")["n"]}
        yield from steps(value)


class KeyedRules(KeyedBroadcastProcessFunction):
    def process_element(self, value, ctx):
        yield from steps(value)

    def process_broadcast_element(self, value, ctx):
        return ()

    def on_timer(self, timestamp, ctx):
        return ()


class Ask(AsyncFunction):
    def __init__(self):
        self.record = {}

    async def async_invoke(self, value):
        self.record["n"] = value
        return [self.record]


class Elements(ProcessWindowFunction):
    """Changes the elements that it sees."""

    def process(self, key, context, elements):
        for element in elements:
            element["n"] += 1
            yield element


class Totals(WindowFunction):
    def apply(self, key, window, inputs):
        (total,) = inputs
        total["n"] += 1000
        yield total


class Reduce(ReduceFunction):
    def reduce(self, value1, value2):
        value1["n"] += value2["n"]
        return value1


class ChangesPairs(ProcessJoinFunction):
    def process_element(self, left, right, ctx):
        left["n"] += 10
        right["n"] += 100
        yield left
        yield right


def changes_pair(left, right):
    left["n"] += 10
    right["n"] += 100
    return {"n": (left["n"], right["n"])}


def changes_group(first, second):
    yield {"n": raised(min(first, key=seen))}
    yield from steps(0)


class Emits(SourceFunction):
    def run(self, ctx):
        record = {}
        for n in range(3):
            record["n"] = n
            ctx.collect(record)

    def cancel(self):
        pass


def partition_steps(values):
    record = {}
    for value in values:
        record["n"] = value
        yield record


def numbers(env, count=3):
    return env.from_collection(list(range(count)))


def records(env, *values):
    return env.from_collection([{"n": value, "k": "a"} for value in values])


def keyed(env, *values):
    return records(env, *values).key_by(lambda r: r["k"])


def timed_records(env, *values):
    return timed(env, [{"n": 1, "at": at, "k": "a"} for at in values]).key_by(lambda r: r["k"])


def side(env):
    main = records(env, 1).process(Both())
    return main.map(lambda r: ("main", r["n"])).union(main.get_side_output(SIDE).map(lambda r: ("side", r["n"])))


def fan_out(env):
    source = records(env, 1, 2).map(dict)
    return source.map(raised).union(source.map(seen), source.map(raised))


def loop(env):
    """Each record goes round until it has come to 3, and out each time."""
    head = records(env, 0).iterate()
    body = head.map(bump)
    head.close_with(body.filter(lambda r: r["n"] < 3))
    return body.map(seen)


def bump(value):
    value["n"] += 1
    return value


def joined(env):
    left = timed(env, [{"n": 1, "at": 1, "k": 0}, {"n": 2, "at": 2, "k": 0}])
    right = timed(env, [{"n": 1, "at": 1, "k": 0}, {"n": 2, "at": 2, "k": 0}])
    return left, right


def window_join(env):
    left, right = joined(env)
    pairs = left.join(right).where(lambda r: r["k"]).equal_to(lambda r: r["k"])
    return pairs.window(TumblingEventTimeWindows.of(Time.milliseconds(10))).apply(changes_pair).map(seen)


def interval_join(env):
    left, right = joined(env)
    pairs = left.key_by(lambda r: r["k"]).interval_join(right.key_by(lambda r: r["k"]))
    return pairs.between(Time.milliseconds(-5), Time.milliseconds(5)).process(ChangesPairs()).map(seen)


def co_group(env):
    left, right = joined(env)
    groups = left.co_group(right).where(lambda r: r["k"]).equal_to(lambda r: r["k"])
    windows = groups.window(SlidingEventTimeWindows.of(Time.milliseconds(10), Time.milliseconds(5)))
    return windows.apply(changes_group).map(seen)


def unchanged_list(env):
    own = [{"n": 1}]
    stream = env.from_collection(own).map(raised)
    return stream.union(env.from_collection(own).map(seen))


PROGRAMS = {
    "map": (lambda env: numbers(env).map(Held()).map(seen), [0, 1, 2]),
    "map of rows": (lambda env: numbers(env).map(HeldRow()).map(lambda r: r.n), [0, 1, 2]),
    "flat_map": (lambda env: numbers(env, 1).flat_map(steps).map(seen), [0, 1, 2]),
    "flat_map with a type": (
        lambda env: numbers(env, 1).flat_map(steps, Types.MAP(Types.STRING(), Types.INT())).map(seen),
        [0, 1, 2],
    ),
    "flat_map, nested": (
        lambda env: numbers(env, 1).flat_map(nested_steps).map(lambda r: r["n"] == tuple(r["inner"])),
        [True] * 3,
    ),
    "flat_map into a sink": (lambda env: numbers(env, 1).flat_map(steps), [{"n": 0}, {"n": 1}, {"n": 2}]),
    "filter": (lambda env: records(env, 0, 1, 2).filter(Kept()).map(seen), [0, 1, 2]),
    "process": (lambda env: numbers(env).process(Late()).map(seen), [0, 1, 2]),
    "side output": (side, [("main", 2), ("side", 1)]),
    "fan-out": (fan_out, [1, 2, 101, 101, 102, 102]),
    "broadcast": (lambda env: records(env, 1).broadcast().map(raised).set_parallelism(2), [101, 101]),
    "reduce": (lambda env: keyed(env, 1, 2, 3).reduce(accumulate).map(seen), [1, 3, 6]),
    "list, value and map state": (
        lambda env: keyed(env, 1, 2).process(ListOfState()).map(seen),
        [("list", (1,)), ("list", (1, 2)), ("map", 1), ("map", 2), ("value", (1,)), ("value", (1, 2))],
    ),
    "yielded state": (lambda env: keyed(env, 1, 2, 3).process(YieldsItsState()).map(seen), [1, 3, 6]),
    "reducing and aggregating state": (
        lambda env: keyed(env, 1, 2).process(Folds()).map(seen),
        [1, 1, 3, 3],
    ),
    "timers": (lambda env: timed_records(env, 1, 5).process(Timer()).map(seen), [1, 2, 5, 6]),
    "connected map": (lambda env: numbers(env).connect(numbers(env)).map(SameAgain()).map(seen), [0, 0, 1, 1, 2, 2]),
    "connected flat_map": (
        lambda env: numbers(env, 1).connect(numbers(env, 1)).flat_map(CoSteps()).map(seen),
        [0, 0, 1, 1, 2, 2],
    ),
    "connected process": (
        lambda env: numbers(env, 1).connect(numbers(env, 1)).process(CoProcess()).map(seen),
        [0, 0, 1, 1, 2, 2],
    ),
    "broadcast state": (
        lambda env: numbers(env).connect(records(env, 7).broadcast(MAP)).process(Rules()).set_parallelism(1).map(seen),
        [0, 1, 2, 7],
    ),
    "keyed with broadcast state": (
        lambda env: keyed(env, 7).connect(records(env).broadcast(MAP)).process(KeyedRules()).map(seen),
        [0, 1, 2],
    ),
    "asynchronous": (
        lambda env: AsyncDataStream.ordered_wait(numbers(env), Ask(), Time.seconds(30), 3).map(seen),
        [0, 1, 2],
    ),
    "map_partition": (
        lambda env: numbers(env).full_window_partition().map_partition(partition_steps).map(seen),
        [0, 1, 2],
    ),
    "iterate": (loop, [1, 2, 3]),
    "window, early firings": (
        lambda env: (
            keyed(env, 1, 1, 1).window(GlobalWindows.create()).trigger(CountTrigger.of(1)).reduce(Reduce()).map(seen)
        ),
        [1, 2, 3],
    ),
    "window, firings of its elements": (
        lambda env: (
            keyed(env, 1, 5).window(GlobalWindows.create()).trigger(CountTrigger.of(1)).process(Elements()).map(seen)
        ),
        [2, 2, 6],
    ),
    "window, firings of its total": (
        lambda env: (
            keyed(env, 1, 5)
            .window(GlobalWindows.create())
            .trigger(CountTrigger.of(1))
            .reduce(Reduce(), Totals())
            .map(seen)
        ),
        [1001, 1006],
    ),
    "sliding windows, reduce": (
        lambda env: (
            timed_records(env, 1, 6)
            .window(SlidingEventTimeWindows.of(Time.milliseconds(10), Time.milliseconds(5)))
            .reduce(Reduce())
            .map(seen)
        ),
        [1, 1, 2],
    ),
    "sliding windows, aggregate": (
        lambda env: (
            timed_records(env, 1, 6)
            .window(SlidingEventTimeWindows.of(Time.milliseconds(10), Time.milliseconds(5)))
            .aggregate(Sum())
            .map(seen)
        ),
        [1, 1, 2],
    ),
    "sliding windows, elements": (
        lambda env: (
            timed_records(env, 1, 6)
            .window(SlidingEventTimeWindows.of(Time.milliseconds(10), Time.milliseconds(5)))
            .process(Elements())
            .map(seen)
        ),
        [2, 2, 2, 2],
    ),
    "window join": (window_join, [(11, 101), (11, 102), (12, 101), (12, 102)]),
    "interval join": (interval_join, [11, 11, 12, 12, 101, 101, 102, 102]),
    "co-group": (co_group, [0, 0, 1, 1, 2, 2, 101, 101]),
    "from_collection twice": (unchanged_list, [1, 101]),
    "iterator": (lambda env: env.from_iterator(lambda: steps(0)).map(seen), [0, 1, 2]),
    "iterator of the client": (lambda env: env.from_iterator(steps(0)).map(seen), [0, 1, 2]),
    "itself and a change": (
        lambda env: (lambda source: source.union(source.map(bump)).map(seen))(records(env, 1).map(dict)),
        [1, 2],
    ),
    "exchange to several tasks": (
        lambda env: (lambda source: source.rebalance().map(raised).union(source.rescale().map(seen)))(
            numbers(env).map(Held()).set_parallelism(1)
        ),
        [0, 1, 2, 100, 101, 102],
    ),
    "side output read twice": (
        lambda env: (lambda late: late.map(raised).union(late.map(seen)))(
            records(env, 1).process(Both()).get_side_output(SIDE)
        ),
        [1, 101],
    ),
    "min_by": (
        lambda env: keyed(env, 1, 2).min_by("n").map(raised),
        [101, 101],
    ),
    "session windows": (
        lambda env: (
            timed_records(env, 1, 3, 50)
            .window(EventTimeSessionWindows.with_gap(Time.milliseconds(10)))
            .reduce(Reduce(), Totals())
            .map(seen)
        ),
        [1001, 1002],
    ),
    "evictor and reduce": (
        lambda env: (
            keyed(env, 1, 2, 3)
            .window(GlobalWindows.create())
            .trigger(CountTrigger.of(1))
            .evictor(CountEvictor.of(2))
            .reduce(Reduce())
            .map(seen)
        ),
        [1, 3, 5],
    ),
    "evictor and elements": (
        lambda env: (
            keyed(env, 1, 2, 3)
            .window(GlobalWindows.create())
            .trigger(CountTrigger.of(1))
            .evictor(CountEvictor.of(2))
            .process(Elements())
            .map(seen)
        ),
        [2, 2, 3, 3, 4],
    ),
    "count windows": (
        lambda env: keyed(env, 1, 2).count_window(2).reduce(Reduce()).map(seen),
        [3],
    ),
    "reduce of a partition": (
        lambda env: records(env, 1, 2, 3).full_window_partition().reduce(accumulate).set_parallelism(1).map(seen),
        [6],
    ),
    "sorted partition": (
        lambda env: records(env, 3, 1, 2).full_window_partition().sort_partition("n", Order.ASCENDING).map(raised),
        [101, 102, 103],
    ),
    "splittable iterator": (
        lambda env: env.from_parallel_collection(Split(), Types.PICKLED_BYTE_ARRAY()).set_parallelism(1).map(seen),
        [0, 1, 2],
    ),
    "source of one's own": (
        lambda env: env.from_source(OwnSource(), WatermarkStrategy.no_watermarks(), "own").map(seen),
        [0, 1, 2],
    ),
    "source function": (lambda env: env.add_source(Emits()).map(seen), [0, 1, 2]),
}
