"""Hints at what a program hardly means: each is given once, and only where there is something to be said."""

import logging
import re
import subprocess
import sys

import numpy
import pytest

from pyflinkx.common import Configuration, Row, Types, WatermarkStrategy
from pyflinkx.common.watermark_strategy import WatermarkGenerator
from pyflinkx.connectors.files.part_files import WriteMode
from pyflinkx.datastream import (
    KeyedProcessFunction,
    MapFunction,
    ProcessFunction,
    RuntimeExecutionMode,
    StreamExecutionEnvironment,
)
from pyflinkx.errors import SinkError
from pyflinkx.operators.hints import ONCE


@pytest.fixture(autouse=True)
def anew():
    ONCE.given.clear()


def environment(parallelism=1, workers="auto"):
    configuration = Configuration.from_dict({"pyflinkx.workers": workers})
    return StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(parallelism)


def hints(caplog, stream):
    """What is said of a stream, whatever becomes of it."""
    with caplog.at_level(logging.WARNING):
        try:
            with stream.execute_and_collect() as results:
                for result in results:
                    if hasattr(result, "close"):
                        result.close()  # a coroutine that nobody awaits warns
        except Exception as error:
            caplog.failure = error
    return [record.getMessage() for record in caplog.records if record.name == "pyflinkx.hints"]


async def answer(value):
    return value


def times(value):
    yield value


class Process(ProcessFunction):
    def __init__(self, function):
        self.function = function

    def process_element(self, value, ctx):
        return self.function(value)


class KeyedProcess(KeyedProcessFunction):
    def __init__(self, function):
        self.function = function

    def process_element(self, value, ctx):
        return self.function(value)


class Map(MapFunction):
    def map(self, value):
        return times(value)


def yields_a_generator(value):
    yield times(value)


HINTED = {
    "coroutine from map": (lambda stream: stream.map(answer), "returns a coroutine.*AsyncDataStream"),
    "coroutine from a lambda": (lambda stream: stream.map(lambda value: answer(value)), "returns a coroutine"),
    "coroutine from filter": (lambda stream: stream.filter(answer).map(str), "returns a coroutine"),
    "coroutine from flat_map": (lambda stream: stream.flat_map(answer), "returns a coroutine"),
    "generator from map": (lambda stream: stream.map(times).map(type), "a generator for a record.*flat_map"),
    "generator from a keyed map": (
        lambda stream: stream.key_by(lambda value: 1).map(Map()).map(type),
        "a generator for a record",
    ),
    "generator within flat_map": (
        lambda stream: stream.flat_map(yields_a_generator).map(type),
        "a generator for a record.*yield from",
    ),
    "text from flat_map": (lambda stream: stream.flat_map(lambda value: "word"), r"returns text \('word'\).*character"),
    "bytes from flat_map": (lambda stream: stream.flat_map(lambda value: b"word"), "returns text"),
    "text from process": (lambda stream: stream.process(Process(lambda value: "word")), "returns text"),
    "text from a keyed process": (
        lambda stream: stream.key_by(lambda value: 1).process(KeyedProcess(lambda value: "word")),
        "returns text",
    ),
    "dict from flat_map": (lambda stream: stream.flat_map(lambda value: {"a": 1}), "one record.*each key"),
    "Row from process": (lambda stream: stream.process(Process(lambda value: Row(1, 2))), "one record.*each field"),
    "number from flat_map": (lambda stream: stream.flat_map(lambda value: 7), "returns 7, over which nobody can"),
    "number from process": (lambda stream: stream.process(Process(lambda value: 7)), "yield what is to be a record"),
}


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
@pytest.mark.parametrize("name", HINTED)
def test_a_hint_names_operator_and_remedy(caplog, name):
    build, words = HINTED[name]
    found = hints(caplog, build(environment().from_collection([1, 2, 3])))
    assert len(found) == 1, found
    assert found[0].startswith("operator '")
    assert "test_hints.py:" in found[0]
    assert re.search(words, found[0])


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
@pytest.mark.parametrize("workers", ["threads", "processes"])
def test_all_subtasks_and_batches_give_one_hint(caplog, workers):
    stream = environment(2, workers).from_collection(range(5000)).rebalance().flat_map(lambda value: "ab")
    assert len(hints(caplog, stream)) == 1


def test_two_operators_give_two_hints(caplog):
    stream = environment().from_collection([1]).flat_map(lambda value: "ab").flat_map(lambda value: "cd")
    assert len(hints(caplog, stream)) == 2


SILENT = {
    "list": lambda stream: stream.flat_map(lambda value: [value]),
    "tuple": lambda stream: stream.flat_map(lambda value: (value, value)),
    "None": lambda stream: stream.flat_map(lambda value: None),
    "generator": lambda stream: stream.flat_map(times),
    "numpy": lambda stream: stream.flat_map(lambda value: numpy.arange(2)),
    "set": lambda stream: stream.process(Process(lambda value: {value})),
    "nothing": lambda stream: stream.process(Process(lambda value: None)),
    "text from map": lambda stream: stream.map(str),
    "later records": lambda stream: stream.flat_map(lambda value: [value] if value < 2000 else "ab"),
}


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said_of_what_is_meant(caplog, name):
    assert hints(caplog, SILENT[name](environment().from_collection(range(5000)))) == []


@pytest.mark.parametrize("name", ["generator", "list"])
def test_the_first_batch_comes_through_as_all_others(name):
    results = SILENT[name](environment().from_collection(range(3000)))
    assert list(results.execute_and_collect()) == list(range(3000))


class Nothing(WatermarkGenerator):
    def on_event(self, event, event_timestamp, output):
        pass

    def on_periodic_emit(self, output):
        pass


STRATEGIES = {
    "monotonous": WatermarkStrategy.for_monotonous_timestamps,
    "generator": lambda: WatermarkStrategy.for_generator(Nothing),
    "none": WatermarkStrategy.no_watermarks,
}


def stamped(values, strategy):
    strategy = STRATEGIES[strategy]().with_timestamp_assigner(lambda value, timestamp: value)
    return environment().from_collection(values).assign_timestamps_and_watermarks(strategy)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(
    ("now", "words"),
    [
        (1_700_000_000, "look like seconds .*2023-11-14 22:13:20.*multiply by 1000"),
        (1_700_000_000_000_000, "look like microseconds .*2023-11-14 22:13:20.*divide by 1,000"),
        (1_700_000_000_000_000_000, "look like nanoseconds .*2023-11-14 22:13:20.*divide by 1,000,000"),
    ],
)
def test_times_of_another_unit(caplog, strategy, now, words):
    (found,) = hints(caplog, stamped([now, now], strategy))
    assert re.search(words, found)


@pytest.mark.parametrize("now", [0, 1, 1000, 86_400_000, 1_700_000_000_000, -(2**40)])
def test_times_in_milliseconds(caplog, now):
    assert hints(caplog, stamped([now, now + 1], "monotonous")) == []


def test_a_column_of_seconds(caplog):
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("ts")
    rows = environment().from_numpy({"ts": numpy.array([1_700_000_000])})
    (found,) = hints(caplog, rows.assign_timestamps_and_watermarks(strategy))
    assert "look like seconds" in found
    times = environment().from_numpy({"ts": numpy.array(["2024-01-01"], "datetime64[s]")})
    caplog.clear()
    assert hints(caplog, times.assign_timestamps_and_watermarks(strategy)) == []


def test_batch_mode_gives_hints_too(caplog):
    env = environment()
    env.set_runtime_mode(RuntimeExecutionMode.BATCH)
    stream = env.from_collection([1, 2]).key_by(lambda value: 1).process(KeyedProcess(lambda value: "ab"))
    assert len(hints(caplog, stream)) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [("window", "window_all"), ("count_window", "window_all"), ("reduce", "key_by"), ("sum", "key_by")],
)
def test_a_stream_without_keys_says_what_it_lacks(name, words):
    stream = environment().from_collection([1])
    with pytest.raises(AttributeError, match=rf"no attribute '{name}': .*{words}"):
        getattr(stream, name)
    assert not hasattr(stream, name)
    assert hasattr(stream.key_by(lambda value: value), name)


def test_a_file_that_is_there_says_how_it_is_replaced(tmp_path):
    target = tmp_path / "out.txt"
    target.write_text("old")
    env = environment()
    env.from_collection(["a"], Types.STRING()).write_as_text(str(target))
    with pytest.raises(SinkError, match=r"WriteMode\.OVERWRITE"):
        env.execute()
    env.from_collection(["a"], Types.STRING()).write_as_text(str(target), WriteMode.OVERWRITE)
    env.execute()
    assert target.read_text() == "a\n"


PROGRAM = """
from pyflinkx.datastream import StreamExecutionEnvironment

def main():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.from_collection([1]).print().name("shown")
    {more}

main()
"""


@pytest.mark.parametrize("run", ["python", "pyflinkx run"])
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("pass", True),
        ("globals()['kept'] = env", True),
        ("env.from_collection([2]).head(1)", True),
        ("env.from_collection([2]).execute_and_collect(limit=1)", False),
        ("env.execute()", False),
        ("env.get_execution_plan()", False),
        ("env.close()", False),
        ("1 / 0", False),
    ],
)
def test_a_program_that_ends_without_its_sinks(tmp_path, run, more, said):
    program = tmp_path / "job.py"
    program.write_text(PROGRAM.format(more=more))
    start = [] if run == "python" else ["-m", "pyflinkx.cli.main", "run"]
    done = subprocess.run(
        [sys.executable, *start, str(program)], capture_output=True, text=True, timeout=600, check=False
    )
    assert ("never executed as far as sink 'shown' (created at" in done.stderr) == said, done.stderr
