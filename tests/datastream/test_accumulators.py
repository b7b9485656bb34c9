"""Accumulators, metrics and cached files of functions in whole programs."""

import os
import threading
from collections import Counter

import pytest

from pyflinkx.common import Configuration
from pyflinkx.common.accumulators import Accumulator, AverageAccumulator, Histogram, IntCounter, ListAccumulator
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import KeyedProcessFunction, MapFunction, ReduceFunction, StreamExecutionEnvironment
from pyflinkx.errors import ConfigurationError, GraphError, JobExecutionError


def single():
    return StreamExecutionEnvironment.get_execution_environment()


class Longest(Accumulator):
    """A class of the test's own: what workers send has to be found again."""

    def __init__(self):
        self.word = ""

    def add(self, value):
        self.word = max(self.word, value, key=lambda word: (len(word), word))

    def get_local_value(self):
        return self.word

    def reset_local(self):
        self.word = ""

    def merge(self, other):
        self.add(other.word)


class Measure(MapFunction):
    def open(self, runtime_context):
        self.words = IntCounter()
        self.mean = AverageAccumulator()
        self.longest = Longest()
        runtime_context.add_accumulator("words", self.words)
        runtime_context.add_accumulator("mean length", self.mean)
        runtime_context.add_accumulator("longest", self.longest)
        assert runtime_context.get_accumulator("words") is self.words
        assert runtime_context.get_accumulator("lines") is None
        self.lengths = runtime_context.get_histogram("lengths")

    def map(self, value):
        self.words.add(1)
        self.mean.add(len(value))
        self.longest.add(value)
        self.lengths.add(len(value))
        return value

    def close(self):
        self.words.add(1000)


WORDS = ["to", "be", "or", "not", "to", "be", "question"] * 30


def test_accumulators_of_all_subtasks_come_to_one_result(env):
    env.from_collection(WORDS).rebalance().map(Measure()).sink_to(DiscardSink())
    client = env.execute_async()
    result = client.get_job_execution_result().result()
    assert client.get_accumulators().result() == result.get_all_accumulator_results()
    subtasks = env.get_parallelism()
    assert result.get_accumulator_result("words") == len(WORDS) + 1000 * subtasks
    assert result.get_accumulator_result("mean length") == pytest.approx(sum(map(len, WORDS)) / len(WORDS))
    assert result.get_accumulator_result("longest") == "question"
    assert result.get_accumulator_result("lengths") == dict(Counter(map(len, WORDS)))
    assert result.get_accumulator_result("none") is None
    everything = result.get_all_accumulator_results()
    assert everything["longest"] == "question"
    assert everything["Collection Source.numRecordsIn"] == len(WORDS)
    assert "- longest: question" in str(result)


def test_operators_add_to_one_accumulator():
    class Count(MapFunction):
        def open(self, runtime_context):
            self.seen = runtime_context.get_int_counter("seen")
            assert runtime_context.get_int_counter("seen") is self.seen

        def map(self, value):
            self.seen.add(1)
            return value

    env = single()
    env.from_collection([1, 2, 3]).map(Count()).filter(lambda x: x > 1).map(Count()).sink_to(DiscardSink())
    assert env.execute().get_accumulator_result("seen") == 5


def test_keyed_functions_and_reduce_functions_have_accumulators(env):
    class Keys(KeyedProcessFunction):
        def open(self, runtime_context):
            self.keys = ListAccumulator()
            runtime_context.add_accumulator("keys", self.keys)

        def process_element(self, value, ctx):
            self.keys.add(ctx.get_current_key())
            yield value

    class Sum(ReduceFunction):
        def open(self, runtime_context):
            self.calls = runtime_context.get_long_counter("calls")
            self.total = runtime_context.get_double_counter("total")

        def reduce(self, value1, value2):
            self.calls.add()
            self.total.add(value2[1])
            return value1[0], value1[1] + value2[1]

    pairs = [(number % 3, 0.5) for number in range(30)]
    stream = env.from_collection(pairs).key_by(lambda pair: pair[0]).process(Keys())
    stream.key_by(lambda pair: pair[0]).reduce(Sum()).sink_to(DiscardSink())
    result = env.execute()
    assert sorted(result.get_accumulator_result("keys")) == sorted(number % 3 for number in range(30))
    assert result.get_accumulator_result("calls") == 27
    assert result.get_accumulator_result("total") == 13.5


def test_what_running_jobs_have_come_to():
    reached, go_on = threading.Event(), threading.Event()

    class Count(MapFunction):
        def open(self, runtime_context):
            self.seen = runtime_context.get_int_counter("seen")

        def map(self, value):
            self.seen.add(value)
            if value == 3:
                reached.set()
                assert go_on.wait(60)
            return value

    configuration = Configuration().set_string("pyflinkx.workers", "inline")
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    env.from_collection([1, 2, 3, 4]).map(Count()).sink_to(DiscardSink())
    client = env.execute_async()
    assert reached.wait(60)
    assert client.get_accumulators().result()["seen"] == 6
    go_on.set()
    assert client.get_job_execution_result().result().get_accumulator_result("seen") == 10
    assert client.get_accumulators().result()["seen"] == 10
    assert client.get_accumulators().result()["seen"] == 10


def opening(call):
    class Opens(MapFunction):
        def open(self, runtime_context):
            call(runtime_context)

        def map(self, value):
            return value

    env = single()
    env.from_collection([1]).map(Opens()).map(Opens()).sink_to(DiscardSink())
    return env


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda context: context.add_accumulator("a", 7), "takes an Accumulator"),
        (lambda context: context.add_accumulator("", IntCounter()), "name is text"),
        (
            lambda context: [context.add_accumulator("a", IntCounter()) for _ in range(2)],
            "accumulator 'a' exists already",
        ),
        (
            lambda context: (context.get_int_counter("a"), context.get_histogram("a")),
            "is a IntCounter, not a Histogram",
        ),
        (lambda context: context.get_distributed_cache().get_file("a"), "no file is registered as 'a'"),
    ],
)
def test_wrong_calls_name_the_operator(call, message):
    with pytest.raises(JobExecutionError, match=message) as raised:
        opening(call).execute()
    assert "in open()" in str(raised.value)


def test_accumulators_of_one_name_must_be_of_one_class():
    kinds = iter([IntCounter(), Histogram()])
    env = opening(lambda context: context.add_accumulator("mixed", next(kinds)))
    with pytest.raises(JobExecutionError, match=r"'mixed' is a .* in operator 'Map' and a"):
        env.execute()


def test_an_accumulator_that_cannot_travel_is_named(env):
    class Locks(MapFunction):
        def open(self, runtime_context):
            self.locks = ListAccumulator()
            runtime_context.add_accumulator("locks", self.locks)

        def map(self, value):
            self.locks.add(threading.Lock())
            return value

    env.from_collection([1, 2]).map(Locks()).sink_to(DiscardSink())
    if env.get_parallelism() == 1 or env._configuration.get_string("pyflinkx.workers", "") == "inline":
        assert len(env.execute().get_accumulator_result("locks")) == 2
    else:
        with pytest.raises(JobExecutionError, match="accumulator 'locks' of operator 'Map' cannot be sent: TypeError"):
            env.execute()


def test_an_accumulator_whose_merge_raises_is_named():
    class Stubborn(IntCounter):
        def merge(self, other):
            raise ValueError("never")

    env = opening(lambda context: context.add_accumulator("stubborn", Stubborn()))
    with pytest.raises(JobExecutionError, match=r"'stubborn' of operator 'Map' fails in merge\(\): ValueError: never"):
        env.execute()


class Untold(BaseException):
    """Neither an Exception nor one with a text."""

    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


def untold(*arguments):
    raise Untold


def told_badly(method):
    return type("Badly", (IntCounter,), {"merge": lambda self, other: None, method: untold})()


@pytest.mark.parametrize("mode", ["inline", "threads", "processes"])
@pytest.mark.parametrize(
    ("method", "what"),
    [
        ("clone", "cannot be copied: "),
        ("__reduce__", "cannot be sent: "),
        ("get_local_value", r"fails in get_local_value\(\): "),
    ],
)
def test_an_accumulator_that_raises_anything_is_named(mode, method, what):
    env = opening(lambda context: context.add_accumulator("badly", told_badly(method)))
    env.configure(Configuration.from_dict({"pyflinkx.workers": mode}))
    if (mode, method) == ("inline", "__reduce__"):
        env.execute()
        return
    words = rf"the accumulator 'badly' of operator 'Map' {what}Untold: <str\(\) raised ValueError>"
    with pytest.raises(JobExecutionError, match=words):
        env.execute()


class ReadBadly:
    def __reduce__(self):
        return untold, ()

    def __repr__(self):
        return "<bad>"


@pytest.mark.parametrize("mode", ["inline", "threads", "processes"])
def test_a_gauge_of_what_cannot_travel_ends_no_job(mode):
    def gauges(context):
        group = context.get_metrics_group()
        group.gauge("generator", lambda: (number for number in range(3)))
        group.gauge("bad", ReadBadly)
        group.gauge("raises", untold)
        group.gauge("set", lambda: {1, 2})

    env = opening(gauges)
    env.configure(Configuration.from_dict({"pyflinkx.workers": mode, "heartbeat.interval": "10 ms"}))
    client = env.execute_async()
    client.get_job_execution_result().result()
    (found,) = [found for found in client.get_metrics().values() if "Map.set" in found]
    assert found["Map.set"] == {1, 2}
    assert found["Map.raises"] is None
    assert "generator object" in str(found["Map.generator"])
    assert str(found["Map.bad"]) == "<bad>"


def test_metrics_of_functions_show_in_the_client(env):
    class Measured(MapFunction):
        def open(self, runtime_context):
            group = runtime_context.get_metrics_group()
            self.seen = group.add_group("mine").counter("seen")
            self.sizes = group.distribution("sizes")
            self.events = group.meter("events")
            group.gauge("twice", lambda: 2 * self.seen.get_count())

        def map(self, value):
            self.seen.inc()
            self.sizes.update(value)
            self.events.mark_event()
            return value

    env.from_collection(list(range(100))).rebalance().map(Measured()).name("Gauged").sink_to(DiscardSink())
    client = env.execute_async()
    client.get_job_execution_result().result()
    metrics = [found for found in client.get_metrics().values() if "Gauged.mine.seen" in found]
    assert len(metrics) == env.get_parallelism()
    assert sum(found["Gauged.mine.seen"] for found in metrics) == 100
    assert sum(found["Gauged.twice"] for found in metrics) == 200
    assert sum(found["Gauged.sizes"]["sum"] for found in metrics) == sum(range(100))
    assert sum(found["Gauged.events"]["count"] for found in metrics) == 100


def test_functions_find_registered_files(env, tmp_path):
    (tmp_path / "stop words.txt").write_text("or\nnot\n")
    (tmp_path / "folder").mkdir()

    class Stops(MapFunction):
        def open(self, runtime_context):
            cache = runtime_context.get_distributed_cache()
            with open(cache.get_file("stops")) as lines:
                self.stops = lines.read().split()
            self.folder = os.path.isdir(cache.get_file("folder"))

        def map(self, value):
            return value in self.stops, self.folder

    env.register_cached_file(f"{tmp_path}/folder", "stops")  # replaced
    env.register_cached_file(f"{tmp_path}/stop words.txt", "stops")
    env.register_cached_file(f"file://{tmp_path}/folder", "folder", False)
    with env.from_collection(["to", "or"]).map(Stops()).execute_and_collect() as results:
        assert sorted(results) == [(False, True), (True, True)]


def test_executable_files(tmp_path):
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o600)
    env = single()
    with pytest.raises(GraphError, match=r"register_cached_file\(\): cached file 'run': .*run.sh is not executable"):
        env.register_cached_file(str(script), "run", executable=True)
    script.chmod(0o700)
    env.register_cached_file(str(script), "run", executable=True)
    assert env._configuration.to_dict() == {"pipeline.cached-files": f"name:run,path:{script},executable:true"}


@pytest.mark.parametrize(
    ("path", "name", "message"),
    [
        ("missing.txt", "a", "missing.txt does not exist"),
        (".", "a;b", "';', which separates"),
        (".", "", "takes a non-empty str"),
        (7, "a", "7"),
        ("hdfs://host/file", "a", "not a file of this machine"),
    ],
)
def test_wrong_files_are_refused_at_once(path, name, message):
    with pytest.raises(GraphError, match=message):
        single().register_cached_file(path, name)


@pytest.mark.parametrize(
    "text",
    [
        "words.txt",
        "name:a",
        "name:a,path:.,mode:7",
        "name:a,path:.,executable:yes",
        "name:a,path:.;name:a,path:/",
        "name:a,path:/no/such",
    ],
)
def test_a_wrong_option_stops_the_job(text):
    env = StreamExecutionEnvironment.get_execution_environment(
        Configuration().set_string("pipeline.cached-files", text)
    )
    env.from_collection([1]).sink_to(DiscardSink())
    with pytest.raises(ConfigurationError, match="cached"):
        env.execute()
