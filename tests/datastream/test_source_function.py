"""Source and sink functions."""

import threading

import pytest

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.connectors.source import SourceIdleness, SourceWatermark
from pyflinkx.connectors.source_function import HAND_OVER_RECORDS, SourceContext
from pyflinkx.datastream import ProcessFunction, StreamExecutionEnvironment
from pyflinkx.datastream.functions import (
    ParallelSourceFunction,
    RichParallelSourceFunction,
    RichSinkFunction,
    RichSourceFunction,
    SinkFunction,
    SourceFunction,
)
from pyflinkx.errors import GraphError, JobCancelledError, JobExecutionError, WrongStateError
from pyflinkx.runtime.task.clock import ManualClock


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


class Count(SourceFunction):
    def __init__(self, end=None, fail_at=None):
        self.end = end
        self.fail_at = fail_at
        self.running = True

    def run(self, ctx):
        number = 0
        while self.running and number != self.end:
            if number == self.fail_at:
                raise ValueError("this one")
            ctx.collect_with_timestamp(number, number * 2)
            number += 1

    def cancel(self):
        self.running = False


class ParallelCount(Count, ParallelSourceFunction):
    pass


class Timed(ProcessFunction):
    def process_element(self, value, ctx):
        yield value, ctx.timestamp()


def test_one_subtask_runs_a_source_function(env):
    count = 3 * HAND_OVER_RECORDS + 1
    result = collect(env.add_source(Count(count), "count", Types.LONG()).process(Timed()))
    assert sorted(result) == [(n, 2 * n) for n in range(count)]


def test_every_subtask_runs_a_parallel_one(env):
    result = collect(env.add_source(ParallelCount(10)))
    assert sorted(result) == sorted(list(range(10)) * env.get_parallelism())


def test_what_it_raises(env):
    env.add_source(Count(fail_at=5), "count").sink_to(DiscardSink())
    with pytest.raises(JobExecutionError, match=r"'count'.*ValueError: this one"):
        env.execute()


class Stubborn(Count):
    """Does not look whether it was cancelled."""

    def cancel(self):
        pass


class Sleeper(Count):
    """Waits for its cancellation without emitting anything."""

    def run(self, ctx):
        self.woken = threading.Event()
        self.woken.wait()

    def cancel(self):
        self.woken.set()


@pytest.mark.parametrize("function", [Count, Stubborn, Sleeper])
def test_a_cancelled_job_ends_the_thread(env, function):
    before = set(threading.enumerate())
    env.add_source(function()).sink_to(DiscardSink())
    client = env.execute_async()
    client.cancel().result()
    with pytest.raises(JobCancelledError):
        client.get_job_execution_result().result()
    assert {thread for thread in threading.enumerate() if not thread.name.startswith("job ")} <= before


def test_an_endless_source_waits_for_whoever_reads(inline_env):
    ahead = []

    class Ahead(Count):
        def run(self, ctx):
            while self.running:
                ctx.collect(len(ahead))
                ahead.append(None)

    with inline_env.add_source(Ahead()).execute_and_collect() as results:
        assert [record for record, _ in zip(results, range(10), strict=False)] == list(range(10))
    assert len(ahead) <= 3 * HAND_OVER_RECORDS


class Rich(RichParallelSourceFunction):
    def __init__(self, log):
        self.log = log
        with pytest.raises(WrongStateError, match="from open"):
            self.get_runtime_context()

    def open(self, runtime_context):
        assert runtime_context is self.get_runtime_context()
        self.log = [*self.log, "open"]

    def run(self, ctx):
        ctx.collect((self.get_runtime_context().get_task_name_with_subtasks(), self.log))

    def cancel(self):
        pass


def test_a_rich_function_is_opened_in_its_task(env):
    parallelism = env.get_parallelism()
    result = sorted(collect(env.add_source(Rich([]), "rich")))
    assert result == [(f"rich ({n}/{parallelism})", ["open"]) for n in range(1, parallelism + 1)]


def test_open_and_close_frame_the_run():
    log = []

    class Framed(RichSourceFunction):
        def open(self, runtime_context):
            log.append("open")

        def run(self, ctx):
            log.append("run")
            raise RuntimeError("broken")

        def cancel(self):
            log.append("cancel")

        def close(self):
            log.append("close")

    env = StreamExecutionEnvironment.get_execution_environment()
    env.add_source(Framed()).sink_to(DiscardSink())
    with pytest.raises(JobExecutionError, match="broken"):
        env.execute()
    assert log == ["open", "run", "close"]


def elements_of(context, limit=100):
    taken = []
    while (element := context._take(limit)) is not None:
        taken.append(element if not hasattr(element, "values") else (element.values, element.timestamps))
    return taken


def test_elements_keep_their_order():
    context = SourceContext(lambda: None, lambda: 7)
    context.collect("a")
    context.collect_with_timestamp("b", -3)
    context.emit_watermark(-3)
    context.mark_as_temporarily_idle()
    context.mark_as_temporarily_idle()
    context.collect("c")
    (first, stamps), *rest = elements_of(context)
    assert (first, list(stamps)) == (["a", "b"], [-(2**63), -3])
    assert rest == [SourceWatermark(-3), SourceIdleness(True), SourceIdleness(False), (["c"], None)]
    assert context.current_processing_time() == 7
    with context.get_checkpoint_lock():
        context.collect("d")
    assert elements_of(context) == [(["d"], None)]


def test_the_task_is_woken_once_it_waits():
    woken = []
    context = SourceContext(lambda: woken.append(1), lambda: 0)
    context.collect(1)
    assert woken == []
    elements_of(context)
    context.collect(2)
    context.collect(3)
    assert woken == [1]


@pytest.mark.parametrize("stamp", ["1", 1.5, None, True])
def test_what_is_no_timestamp(stamp):
    context = SourceContext(lambda: None, lambda: 0)
    with pytest.raises(TypeError, match="timestamp is an int"):
        context.collect_with_timestamp(1, stamp)
    with pytest.raises(TypeError, match="watermark is an int"):
        context.emit_watermark(stamp)


def test_a_source_function_under_a_manual_clock():
    env = StreamExecutionEnvironment.get_execution_environment()
    env._clock = ManualClock(5)
    assert collect(env.add_source(Count(3))) == [0, 1, 2]


class Write(RichSinkFunction):
    def __init__(self, log):
        self.log = log

    def open(self, runtime_context):
        self.log.append(("open", runtime_context.get_index_of_this_subtask()))

    def invoke(self, value, context):
        self.log.append((value, context.timestamp(), context.current_watermark(), context.current_processing_time()))

    def write_watermark(self, watermark):
        self.log.append(("watermark", watermark))

    def finish(self):
        self.log.append("finish")

    def close(self):
        self.log.append("close")


class Assigned:
    def __call__(self, value, timestamp):
        return value


def test_a_sink_function_sees_records_and_time():
    env = StreamExecutionEnvironment.get_execution_environment()
    env._clock = ManualClock(99)
    log = []
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(Assigned())
    env.from_collection([1, 5]).assign_timestamps_and_watermarks(strategy).add_sink(Write(log)).name("write")
    env.execute()
    low, high = -(2**63), 2**63 - 1
    assert log == [
        ("open", 0),
        (1, 1, low, 99),
        (5, 5, low, 99),
        ("watermark", 4),
        ("watermark", high),
        "finish",
        "close",
    ]


def test_records_without_timestamps():
    env = StreamExecutionEnvironment.get_execution_environment()
    log = []
    env.from_collection(["a"]).add_sink(Write(log))
    env.execute()
    assert log[1][:2] == ("a", None)


class AppendTo(SinkFunction):
    """Takes no context, as the oldest of Flink's do."""

    def __init__(self, path):
        self.path = path

    def invoke(self, value):
        with open(self.path, "a") as file:
            file.write(f"{value}\n")


def test_sink_functions_run_wherever_the_job_does(env, tmp_path):
    env.from_collection(list(range(100))).rebalance().add_sink(AppendTo(tmp_path / "log"))
    result = env.execute()
    assert sorted(map(int, (tmp_path / "log").read_text().split())) == list(range(100))
    assert result.get_accumulator_result("Unnamed.numRecordsOut") == 100


def test_what_a_sink_function_raises():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.from_collection([2, 1, 0]).add_sink(lambda value: 1 // value).name("divide")
    with pytest.raises(JobExecutionError, match=r"'divide'.*on record 0.*ZeroDivisionError") as raised:
        env.execute()
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def test_what_cannot_be():
    env = StreamExecutionEnvironment.get_execution_environment()
    with pytest.raises(GraphError, match=r"add_source\(\) takes a SourceFunction, not 3"):
        env.add_source(3)
    for bad in (3, Write):
        with pytest.raises(GraphError, match=r"add_sink\(\) takes a SinkFunction or a callable"):
            env.from_collection([1]).add_sink(bad)
