"""What a user's function raises fails the job and nothing else, whatever kind of exception it is."""

import asyncio
import os
import re
import signal
import time

import pytest

from pyflinkx.common import Configuration, Time, WatermarkStrategy
from pyflinkx.datastream import (
    AggregateFunction,
    AsyncDataStream,
    AsyncFunction,
    KeyedProcessFunction,
    MapFunction,
    ProcessWindowFunction,
    SinkFunction,
    SourceFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.connectors.base import InputStatus, Source, SourceReader, SplitEnumerator
from pyflinkx.datastream.window import EventTimeSessionWindows, SlidingEventTimeWindows, TumblingEventTimeWindows
from pyflinkx.errors import GraphError, JobExecutionError, RemoteError
from tests.ctrl_c import ctrl_c_arrives


class OwnError(BaseException):
    """No Exception."""


KINDS = [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError(), OwnError("x")]


def boom(*arguments):
    raise kind_now()


def kind_now():
    return KINDS[int(os.environ["KIND"])]


class Framed(MapFunction):
    def __init__(self, where):
        self.where = where

    def open(self, runtime_context):
        if self.where == "open":
            boom()

    def map(self, value):
        return value

    def close(self):
        if self.where == "close":
            boom()


class Keyed(KeyedProcessFunction):
    def __init__(self, in_timer):
        self.in_timer = in_timer

    def process_element(self, value, ctx):
        if not self.in_timer:
            boom()
        ctx.timer_service().register_event_time_timer(5)

    def on_timer(self, timestamp, ctx):
        boom()


class Asking(AsyncFunction):
    def __init__(self, where):
        self.where = where

    async def open(self, runtime_context):
        if self.where == "open":
            boom()

    async def async_invoke(self, value):
        await asyncio.sleep(0)
        boom()


class Emitting(SourceFunction):
    def run(self, ctx):
        boom()

    def cancel(self):
        pass


class Writing(SinkFunction):
    def invoke(self, value, context=None):
        boom()


class Adding(AggregateFunction):
    def create_accumulator(self):
        return 0

    def add(self, value, accumulator):
        boom()

    def get_result(self, accumulator):
        return accumulator

    def merge(self, a, b):
        return a


class OfWindow(ProcessWindowFunction):
    def process(self, key, context, elements):
        boom()
        yield 1


class Reduced:
    """A record that raises when it travels."""

    def __reduce__(self):
        boom()


def yields_first(value):
    yield value
    boom()


def stream(env):
    return env.from_collection([1, 2, 3])


def timed(env):
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, stamp: value)
    return stream(env).assign_timestamps_and_watermarks(strategy)


def windows(env, assigner):
    return timed(env).key_by(lambda value: 0).window(assigner)


TEN = Time.milliseconds(10)
PLACES = {
    "map": lambda env: stream(env).map(boom),
    "filter": lambda env: stream(env).filter(boom),
    "flat_map": lambda env: stream(env).flat_map(boom),
    "generator": lambda env: stream(env).flat_map(yields_first),
    "key selector": lambda env: stream(env).key_by(boom).reduce(lambda a, b: a),
    "reduce": lambda env: stream(env).key_by(lambda value: 0).reduce(boom),
    "open": lambda env: stream(env).map(Framed("open")),
    "close": lambda env: stream(env).map(Framed("close")),
    "process": lambda env: stream(env).key_by(lambda value: value).process(Keyed(False)),
    "timer": lambda env: timed(env).key_by(lambda value: value).process(Keyed(True)),
    "timestamps": lambda env: stream(env).assign_timestamps_and_watermarks(
        WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(boom)
    ),
    "window reduce": lambda env: windows(env, TumblingEventTimeWindows.of(TEN)).reduce(boom),
    "window aggregate": lambda env: windows(env, SlidingEventTimeWindows.of(TEN, Time.milliseconds(5))).aggregate(
        Adding()
    ),
    "window process": lambda env: windows(env, TumblingEventTimeWindows.of(TEN)).process(OfWindow()),
    "session": lambda env: windows(env, EventTimeSessionWindows.with_gap(TEN)).reduce(boom),
    "count window": lambda env: stream(env).key_by(lambda value: 0).count_window(2).reduce(boom),
    "join": lambda env: (
        timed(env)
        .join(timed(env))
        .where(lambda value: 0)
        .equal_to(lambda value: 0)
        .window(TumblingEventTimeWindows.of(TEN))
        .apply(boom)
    ),
    "async": lambda env: AsyncDataStream.unordered_wait(stream(env), Asking("call"), Time.seconds(60), 2),
    "async open": lambda env: AsyncDataStream.unordered_wait(stream(env), Asking("open"), Time.seconds(60), 2),
    "source": lambda env: env.add_source(Emitting()).map(lambda value: value),
    "partitioner": lambda env: stream(env).partition_custom(boom, lambda value: value).map(lambda value: value),
    "sink": lambda env: stream(env).add_sink(Writing()),
}
ON_WORKERS = {
    "record that travels on": lambda env: stream(env).map(lambda _: Reduced()).rebalance().map(lambda value: value),
    "record that comes back": lambda env: stream(env).map(lambda _: Reduced()),
}


def failure_of(mode, build):
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict({"pyflinkx.workers": mode}))
    end = build(env.set_parallelism(1 if mode == "inline" else 2))
    run = (lambda: list(end.execute_and_collect())) if hasattr(end, "execute_and_collect") else env.execute
    with pytest.raises((JobExecutionError, GraphError)) as caught:
        run()
    return caught.value


def check(failure):
    assert isinstance(failure, JobExecutionError)
    chain = [failure]
    while chain[-1].__cause__ is not None and len(chain) < 5:
        chain.append(chain[-1].__cause__)
    assert any(type(error) is type(kind_now()) for error in chain[1:]), chain
    assert "operator '" in str(failure)


@pytest.mark.parametrize("kind", range(len(KINDS)), ids=[type(kind).__name__ for kind in KINDS])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("mode", ["inline", "threads"])
def test_it_fails_the_job_by_name(monkeypatch, mode, place, kind):
    monkeypatch.setenv("KIND", str(kind))
    failure = failure_of(mode, PLACES[place])
    check(failure)
    if place in ("map", "filter", "flat_map", "generator", "reduce", "sink"):
        assert "on record " in str(failure)


@pytest.mark.parametrize("place", ["map", "async", *ON_WORKERS])
def test_it_fails_a_job_on_processes_by_name(monkeypatch, place):
    monkeypatch.setenv("KIND", "0")
    check(failure_of("processes", {**PLACES, **ON_WORKERS}[place]))


class Untold(Exception):
    """Cannot be told."""

    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


def test_an_exception_without_a_text_is_told_by_its_class():
    def fail(value):
        raise Untold

    failure = failure_of("inline", lambda env: stream(env).map(fail))
    assert str(failure).endswith("Untold: <str() raised ValueError>")
    assert isinstance(failure.__cause__, Untold)


class ReadBadly:
    """A record whose pickle raises when it is read."""

    def __reduce__(self):
        return boom, ()


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda env: stream(env).map(lambda _: ReadBadly()), r"what worker-[12] sent cannot be read in the client"),
        (
            lambda env: env.from_collection([ReadBadly()]).map(lambda value: value),
            "the job cannot be read on a worker: SystemExit: 3; what its functions hold is pickled to get there",
        ),
        (
            lambda env: stream(env).map(lambda _: ReadBadly()).key_by(lambda value: 1).map(lambda value: 1),
            "operator '.*' .* failed while its records were unpickled in another worker",
        ),
    ],
    ids=["in the client", "with the job", "in another worker"],
)
def test_a_record_that_cannot_be_read_fails_the_job(monkeypatch, build, words):
    monkeypatch.setenv("KIND", "0")
    assert re.match(words, str(failure_of("processes", build)))


class Waits(MapFunction):
    """Gives what cannot be read once a file is there."""

    def __init__(self, file):
        self.file = file

    def map(self, value):
        if value == 1:
            return value
        while not self.file.exists():
            time.sleep(0.001)
        return ReadBadly()


@pytest.mark.parametrize("mode", ["threads", "processes"])
def test_a_record_that_cannot_be_read_is_nobodys_after_the_jobs_end(monkeypatch, tmp_path, mode):
    monkeypatch.setenv("KIND", "0")
    configuration = Configuration.from_dict({"pyflinkx.workers": mode, "pyflinkx.batch.size": "1"})
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(1)
    results = env.from_collection([1, 2]).map(Waits(tmp_path / "ended")).execute_and_collect()
    assert next(results) == 1
    (tmp_path / "ended").touch()
    results.close()  # the worker finishes its call, and sends the record


class Talkative(Source):
    """Sends what cannot be read, as an event to the client ("up") or as a split ("down")."""

    def __init__(self, way):
        self.way = way

    def create_enumerator(self, enum_context):
        return TalkativeEnumerator(enum_context)

    def create_reader(self, context):
        return TalkativeReader(context, self.way)


class TalkativeEnumerator(SplitEnumerator):
    def __init__(self, context):
        self.context = context

    def handle_split_request(self, subtask_id, requester_hostname):
        self.context.assign_split(ReadBadly(), subtask_id)


class TalkativeReader(SourceReader):
    def __init__(self, context, way):
        self.context = context
        self.way = way

    def start(self):
        if self.way == "up":
            self.context.send_source_event_to_coordinator(ReadBadly())
        else:
            self.context.send_split_request()

    def poll_next(self, output):
        return InputStatus.NOTHING_AVAILABLE


@pytest.mark.parametrize("mode", ["threads", "processes"])
@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("up", "an event of operator 'Talk' from worker-[12] cannot be read in the client: SystemExit: 3"),
        ("down", "operator 'Talk' .* failed while an event from the client was unpickled; .*: SystemExit: 3"),
    ],
)
def test_an_event_that_cannot_be_read_fails_the_job(monkeypatch, mode, way, words):
    monkeypatch.setenv("KIND", "0")

    def talk(env):
        return env.from_source(Talkative(way), WatermarkStrategy.no_watermarks(), "Talk")

    failure = failure_of(mode, talk)
    assert re.match(words, str(failure))
    assert isinstance(failure.__cause__, (SystemExit, RemoteError))


def test_ctrl_c_ends_an_inline_job():
    env = StreamExecutionEnvironment.get_execution_environment().set_parallelism(1)
    closed = []

    class Pressing(MapFunction):
        def map(self, value):
            if value == 2:
                os.kill(os.getpid(), signal.SIGINT)
                for _ in range(1000):
                    pass
            return value

        def close(self):
            closed.append(True)

    with ctrl_c_arrives(), pytest.raises(KeyboardInterrupt):
        list(env.from_collection([1, 2, 3]).map(Pressing()).execute_and_collect())
    assert closed == [True]
