"""Long firings: a task sends them in pieces, and a cancel gets through in between."""

import numpy as np
import pytest

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.common import Duration, Time, Types, WatermarkStrategy
from pyflinkx.connectors.collect import CollectBuffer, CollectSink
from pyflinkx.datastream import (
    AsyncDataStream,
    AsyncFunction,
    KeyedProcessFunction,
    ProcessJoinFunction,
    RuntimeExecutionMode,
    StreamExecutionEnvironment,
    agg,
)
from pyflinkx.datastream.window import (
    CountTrigger,
    EventTimeSessionWindows,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
)
from pyflinkx.errors import JobCancelledError
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.operators.piecewise import PIECE, PiecewiseOperator
from pyflinkx.runtime.task.outputs import NodeOutput, OperatorInput, OperatorNode

STRATEGY = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_days(3650)).with_timestamp_column("ts")


class Said:
    """What comes out at the end of a chain."""

    def __init__(self):
        self.said = []

    def emit(self, batch):
        self.said += batch.values

    def emit_watermark(self, timestamp):
        self.said.append(f"watermark {timestamp}")

    def emit_idleness(self, idle):
        self.said.append(f"idle {idle}")

    def end(self):
        self.said.append("end")


class Tripled(PiecewiseOperator):
    """Sends each record and each watermark's number three times, a piece at each step."""

    def __init__(self, name):
        self.name = name

    def process_batch(self, batch, port=0):
        self.begin(self.triple(batch.values))

    def process_watermark(self, timestamp):
        self.begin(self.watermark(timestamp))

    def watermark(self, timestamp):
        yield from self.triple([f"<{timestamp}>"])
        self.output.emit_watermark(timestamp)

    def finish(self):
        self.begin(self.triple(["finish"]))

    def triple(self, values):
        for number in range(3):
            self.output.emit(ObjectBatch([f"{self.name}{number}{value}" for value in values]))
            yield


def chain(names):
    last = Said()
    nodes = []
    target = last
    for name in reversed(names):
        output = NodeOutput()
        output.connect(target, None)
        operator = Tripled(name)
        operator.output = output
        nodes.insert(0, OperatorNode(operator, output, 1))
        target = OperatorInput(nodes[0], 0, 0)
    return target, nodes, last


def tripled(names, values):
    for name in names:
        values = [f"{name}{number}{value}" for value in values for number in range(3)]
    return values


def resume_all(nodes):
    """As a task does: furthest downstream first, then the ends; how many steps it took."""
    steps = 0
    while any(node.resume() for node in reversed(nodes)) or any(node.finish_drained() for node in nodes):
        steps += 1
    return steps


@pytest.mark.parametrize("eager", [True, False])
@pytest.mark.parametrize("names", ["a", "ab", "abc"])
def test_order_does_not_depend_on_when_pieces_are_sent(names, eager):
    first, nodes, last = chain(names)
    calls = [
        lambda: first.emit(ObjectBatch(["x"])),
        lambda: first.emit_watermark(5),
        lambda: first.emit_idleness(True),
        lambda: first.emit_idleness(False),
        lambda: first.emit(ObjectBatch(["y"])),
        first.end,
    ]
    for call in calls:
        call()
        if eager:
            resume_all(nodes)
    steps = resume_all(nodes)
    assert steps > 0 or eager
    found = last.said
    assert found[-1] == "end"
    plain = [value for value in found if value.count("<") == 0 and "finish" not in value]
    assert plain == [
        *tripled(names, ["x"]),
        "watermark 5",
        "idle True",
        "idle False",
        *tripled(names, ["y"]),
        f"watermark {MAX_WATERMARK}",
        "end",
    ]
    # What a watermark makes comes before it, and what the end makes before the end.
    for name in names:
        own = [number for number, value in enumerate(found) if value.endswith(f"{name}2<5>")]
        assert own
        assert max(own) < found.index("watermark 5")
        assert any(value.endswith(f"{name}2finish") for value in found[found.index(f"watermark {MAX_WATERMARK}") :])


def streaming(parallelism=1):
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(parallelism)
    return env


def rows(count, keys):
    return {"ts": np.arange(count, dtype=np.int64) * 10, "key": np.arange(count) % keys, "v": np.arange(count)}


class OnTimer(KeyedProcessFunction):
    def process_element(self, value, context):
        context.timer_service().register_event_time_timer(value[0] + 1)

    def on_timer(self, timestamp, context):
        yield timestamp


def timers(env):
    stream = env.from_collection([(number, number) for number in range(20_000)])
    return stream.key_by(lambda value: value[1]).process(OnTimer())


def row_windows(env):
    stream = env.from_collection([(number % 20_000, 1) for number in range(20_000)])
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: 5)
    timed = stream.assign_timestamps_and_watermarks(strategy)
    window = timed.key_by(lambda value: value[0]).window(TumblingEventTimeWindows.of(Time.seconds(1)))
    return window.reduce(lambda one, other: one)


def native(assigner):
    def make(env):
        stream = env.from_numpy(rows(200_000, 1000)).assign_timestamps_and_watermarks(STRATEGY)
        return stream.key_by("key").window(assigner).agg(n=agg.count())

    return make


def final(env):
    env.set_runtime_mode(RuntimeExecutionMode.BATCH)
    return env.from_numpy(rows(300_000, 300_000)).key_by("key").agg(n=agg.count())


def join(env):
    left, right = (
        env.from_numpy({"ts": np.zeros(400, np.int64), "key": np.zeros(400, np.int64), name: np.arange(400)})
        .assign_timestamps_and_watermarks(STRATEGY)
        .key_by("key")
        for name in "ab"
    )
    return left.interval_join(right).between(Time.milliseconds(-5), Time.milliseconds(5)).rows(("_left", "_right"))


def late(env):
    # The last rows come when all windows have fired: each fires 2,000 of them again.
    stamps = np.concatenate([np.arange(2000) * 10, np.full(150, 100_000), np.full(100, 20_000)]).astype(np.int64)
    table = {"ts": stamps, "key": np.zeros(len(stamps), np.int64), "v": np.arange(len(stamps))}
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("ts")
    stream = env.from_numpy({name: values[:-100] for name, values in table.items()})
    rest = env.from_numpy({name: values[-100:] for name, values in table.items()})
    timed = stream.union(rest).assign_timestamps_and_watermarks(strategy)
    window = timed.key_by("key").window(SlidingEventTimeWindows.of(Time.seconds(20), Time.milliseconds(10)))
    return window.allowed_lateness(10**9).agg(n=agg.count())


def counted(env):
    stream = env.from_numpy(rows(131_072, 1)).key_by("key").count_window(3, 1)
    return stream.agg(n=agg.count())


def running(env):
    return env.from_numpy(rows(131_072, 1)).key_by("key").agg(n=agg.count())


def late_records(change):
    def make(env):
        stream = env.from_collection([(0, 100_000_000), (1, 20_000), (2, 20_000), (3, 20_000)])
        strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: value[1])
        env.get_config().set_auto_watermark_interval(0)
        timed = stream.map(lambda value: value).assign_timestamps_and_watermarks(strategy)
        windows = timed.key_by(lambda value: 0).window(
            SlidingEventTimeWindows.of(Time.seconds(20), Time.milliseconds(2))
        )
        return change(windows.allowed_lateness(10**9)).reduce(lambda one, other: one)

    return make


def join_of_records(env):
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: 5)
    left, right = (
        env.from_collection([(side, number) for number in range(300)])
        .assign_timestamps_and_watermarks(strategy)
        .key_by(lambda value: 0)
        for side in "ab"
    )

    class Pairs(ProcessJoinFunction):
        def process_element(self, one, other, context):
            yield one, other

    return left.interval_join(right).between(Time.milliseconds(-5), Time.milliseconds(5)).process(Pairs())


def partitions(env):
    stream = env.from_collection(list(range(10 * PIECE)))
    return stream.full_window_partition().sort_partition(lambda value: -value)


JOBS = {
    "partitions": partitions,
    "late records": late_records(lambda windows: windows),
    "late records, trigger": late_records(lambda windows: windows.trigger(CountTrigger.of(1))),
    "join of records": join_of_records,
    "late rows": late,
    "windows of rows": counted,
    "running": running,
    "tumbling": native(TumblingEventTimeWindows.of(Time.milliseconds(50))),
    "sliding": native(SlidingEventTimeWindows.of(Time.milliseconds(500), Time.milliseconds(50))),
    "sessions": native(EventTimeSessionWindows.with_gap(Time.milliseconds(5))),
    "final aggregates": final,
    "timers": timers,
    "windows of records": row_windows,
    "join": join,
}


# The most results of a piece.
LARGEST = dict.fromkeys(JOBS, 32_768) | {
    "timers": PIECE,
    "windows of records": PIECE,
    "join": 16_384,
    "late records": 4 * PIECE,
    "late records, trigger": PIECE,
    "join of records": PIECE,
    "partitions": PIECE,
}


def job_of(name):
    """A job whose results are counted, and the numbers of results after each of its steps so far."""
    env = streaming()
    stream = JOBS[name](env)
    counts = [0]

    class Counting(CollectBuffer):
        def extend(self, records, after=None):
            counts[0] += len(records)

    stream._end("Collect", CollectSink(Counting()))
    return env._job(env._take_graph(None), None), counts


@pytest.mark.parametrize("name", JOBS)
def test_a_step_sends_few_pieces_of_a_firing(name):
    job, counts = job_of(name)
    grown, before = [], 0
    for _ in job.steps():
        grown.append(counts[0] - before)
        before = counts[0]
    # The first piece of a call, that of the next step, and that of what waited behind it.
    assert max(grown) <= 3 * LARGEST[name]
    assert sum(grown) >= 3 * LARGEST[name]


@pytest.mark.parametrize("name", JOBS)
def test_a_cancel_gets_through_between_two_pieces(name):
    job, counts = job_of(name)
    steps = job.steps()
    while counts[0] == 0:
        next(steps)
    job.request_cancel()
    with pytest.raises(JobCancelledError):
        next(steps)
    assert 0 < counts[0] <= 4 * LARGEST[name]


class Same(AsyncFunction):
    async def async_invoke(self, value):
        return [value]

    def timeout(self, value):
        return []


@pytest.mark.parametrize("ordered", [False, True])
def test_nothing_is_lost_when_a_mail_ends_the_input_of_what_fires_in_pieces(ordered):
    env = streaming()
    count = 3 * PIECE + 5
    stream = env.from_collection(list(range(count)), Types.LONG())
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_days(1))
    timed = stream.assign_timestamps_and_watermarks(strategy.with_timestamp_assigner(lambda value, _: value))
    wait = AsyncDataStream.ordered_wait if ordered else AsyncDataStream.unordered_wait
    answered = wait(timed, Same(), Time.seconds(100), 2 * count, Types.LONG())
    # One task has it all: the last answers bring the end of the input to the windows.
    windows = answered.window_all(TumblingEventTimeWindows.of(Time.milliseconds(1)))
    results = windows.reduce(lambda one, other: one)
    assert sorted(results.execute_and_collect()) == list(range(count))
