"""What a failed job's traceback shows: the user's frames and one of ours, wherever the job runs, or all of them."""

import builtins
import re
import subprocess
import sys
import textwrap
import traceback

import pytest

from pyflinkx.common import Configuration, Time, WatermarkStrategy
from pyflinkx.common.watermark_strategy import WatermarkGenerator
from pyflinkx.datastream import (
    AggregateFunction,
    KeyedProcessFunction,
    ProcessFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.errors import ConfigurationError, JobExecutionError, PyflinkxError
from pyflinkx.runtime.control.failures import pack, unpack
from pyflinkx.runtime.tracebacks import Tracebacks, shorten
from pyflinkx.state import ValueStateDescriptor
from tests.runtime import test_base_exceptions
from tests.runtime.test_base_exceptions import ON_WORKERS, PLACES, stream, timed

OURS = re.compile(r'^\s*File ".*pyflinkx/(?!examples/)[^"]*\.pyx?", line', re.MULTILINE)


def shown(error):
    return "".join(traceback.format_exception(error))


def failure_of(build, mode, **options):
    configuration = Configuration.from_dict({"pyflinkx.workers": mode, **options})
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    end = build(env.set_parallelism(1 if mode == "inline" else 2))
    run = (lambda: list(end.execute_and_collect())) if hasattr(end, "execute_and_collect") else env.execute
    with pytest.raises(PyflinkxError) as caught:
        run()
    return caught.value


class Merging(AggregateFunction):
    """Fails in one of its methods."""

    def __init__(self, where):
        self.where = where

    def create_accumulator(self):
        return self.fail("create", 0)

    def add(self, value, accumulator):
        return value

    def get_result(self, accumulator):
        return self.fail("result", accumulator)

    def merge(self, a, b):
        return a

    def fail(self, where, value):
        if where == self.where:
            raise fault()
        return value


class Telling(WatermarkGenerator):
    def __init__(self, where):
        self.where = where

    def on_event(self, event, event_timestamp, output):
        if self.where == "event":
            raise fault()

    def on_periodic_emit(self, output):
        if self.where == "periodic":
            raise fault()


def generated(env, where):
    return stream(env).assign_timestamps_and_watermarks(WatermarkStrategy.for_generator(lambda: Telling(where)))


def fault():
    return ArithmeticError("boom")


TEN = Time.milliseconds(10)


def numbers():
    yield 1
    raise fault()


MORE_PLACES = {
    "accumulator": lambda env: (
        timed(env).key_by(lambda value: 0).window(TumblingEventTimeWindows.of(TEN)).aggregate(Merging("create"))
    ),
    "result of an aggregate": lambda env: (
        timed(env).key_by(lambda value: 0).window(TumblingEventTimeWindows.of(TEN)).aggregate(Merging("result"))
    ),
    "watermark generator": lambda env: generated(env, "event"),
    "periodic watermarks": lambda env: generated(env, "periodic"),
    "iterator": lambda env: env.from_iterator(numbers()),
}


@pytest.mark.parametrize("mode", ["inline", "threads"])
@pytest.mark.parametrize("place", [*PLACES, *MORE_PLACES])
def test_the_users_line_is_shown_and_one_of_ours(monkeypatch, mode, place):
    monkeypatch.setattr(test_base_exceptions, "kind_now", fault)
    text = shown(failure_of({**PLACES, **MORE_PLACES}[place], mode))
    assert "raise kind_now()" in text or "raise fault()" in text
    assert len(OURS.findall(text)) == 1, text
    assert "RemoteTraceback" not in text


@pytest.mark.parametrize("place", ["map", "key selector", "timer", "timestamps", "window aggregate", "source", "sink"])
def test_on_processes_too(monkeypatch, place):
    monkeypatch.setenv("KIND", "4")
    text = shown(failure_of(PLACES[place], "processes"))
    assert "raise kind_now()" in text
    assert len(OURS.findall(text)) == 1, text


@pytest.mark.parametrize("place", ON_WORKERS)
def test_a_record_that_cannot_travel_shows_its_own_line(monkeypatch, place):
    monkeypatch.setenv("KIND", "4")
    assert "raise kind_now()" in shown(failure_of(ON_WORKERS[place], "processes"))


def inner(value):
    table = {}
    try:
        return table[value]
    except KeyError:
        return 1 // (value - value)


def nested(env):
    return env.from_collection([7]).map(lambda value: inner(value))


def told(text):
    """The traceback without what differs between two runs of one program."""
    return re.sub(r'File ".*pyflinkx/.*\n(?:    .*\n)*', "", text)


def test_a_worker_shows_what_an_inline_job_shows():
    inline, threads, processes = (shown(failure_of(nested, mode)) for mode in ("inline", "threads", "processes"))
    assert inline.count("During handling of the above exception") == 1
    assert inline.count("return 1 // (value - value)") == 1
    assert told(inline) == told(threads) == told(processes)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups")
def test_members_of_a_group_come_with_their_frames():
    def grouped(value):
        found = []
        for _ in range(2):
            try:
                inner(value)
            except ZeroDivisionError as error:
                found.append(error)
        raise builtins.ExceptionGroup("two", found)

    inline, processes = (
        shown(failure_of(lambda env: env.from_collection([7]).map(grouped), mode)) for mode in ("inline", "processes")
    )
    assert inline.count("return 1 // (value - value)") == 2
    assert told(inline) == told(processes)


class Wrong(ProcessFunction):
    def process_element(self, value, ctx):
        ctx.timer_service().register_event_time_timer("soon")
        yield value


class WrongState(KeyedProcessFunction):
    def open(self, runtime_context):
        self.state = runtime_context.get_state(ValueStateDescriptor("state"))

    def process_element(self, value, ctx):
        self.state.no_such_method()
        yield value


@pytest.mark.parametrize("mode", ["inline", "threads"])
def test_what_a_function_called_of_ours_is_shown_as_one_line(mode):
    text = shown(failure_of(lambda env: stream(env).key_by(lambda value: 1).process(Wrong()), mode))
    assert "register_event_time_timer" in text
    assert len(OURS.findall(text)) <= 2, text
    text = shown(failure_of(lambda env: stream(env).key_by(lambda value: 1).process(WrongState()), mode))
    assert "self.state.no_such_method()" in text


WAYS = {
    "execute": lambda env, mapped: (mapped.print(), env.execute()),
    "iterate": lambda env, mapped: list(mapped.execute_and_collect()),
    "next": lambda env, mapped: mapped.execute_and_collect().next(),
    "limit": lambda env, mapped: mapped.execute_and_collect(limit=5),
    "to_arrow": lambda env, mapped: mapped.to_arrow(),
    "to_pandas": lambda env, mapped: mapped.to_pandas(),
    "to_polars": lambda env, mapped: mapped.to_polars(),
    "execute_async": lambda env, mapped: (
        mapped.print(),
        env.execute_async().get_job_execution_result().result(),
    ),
}


@pytest.mark.parametrize("mode", ["inline", "threads"])
@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_run_a_job(way, mode):
    configuration = Configuration.from_dict({"pyflinkx.workers": mode})
    env = StreamExecutionEnvironment.get_execution_environment(configuration)

    def divided(value) -> tuple[int, int]:
        return value, 1 // (value - value)

    with pytest.raises(JobExecutionError) as caught:
        WAYS[way](env, env.from_collection([1, 2, 3]).map(divided))
    text = shown(caught.value)
    assert "return value, 1 // (value - value)" in text
    assert len(OURS.findall(text)) == 1, text
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert caught.value.__cause__.__cause__ is None


@pytest.mark.parametrize("mode", ["inline", "threads", "processes"])
@pytest.mark.parametrize("switch", ["key", "variable"])
def test_all_frames_are_shown_when_asked_for(monkeypatch, mode, switch):
    options = {"pyflinkx.tracebacks": "full"} if switch == "key" else {}
    if switch == "variable":
        monkeypatch.setenv("PYFLINKX_TRACEBACKS", "full")
    text = shown(failure_of(nested, mode, **options))
    assert "return 1 // (value - value)" in text
    assert "pyflinkx/runtime/task/task.py" in text
    assert len(OURS.findall(text)) > 5


def test_the_programs_own_setting_wins_over_the_variable(monkeypatch):
    monkeypatch.setenv("PYFLINKX_TRACEBACKS", "full")
    text = shown(failure_of(nested, "inline", **{"pyflinkx.tracebacks": "short"}))
    assert len(OURS.findall(text)) == 1


def test_a_wrong_variable_is_named(monkeypatch):
    monkeypatch.setenv("PYFLINKX_TRACEBACKS", "all")
    env = StreamExecutionEnvironment.get_execution_environment()
    with pytest.raises(ConfigurationError, match=r"PYFLINKX_TRACEBACKS.*short, full"):
        env.from_collection([1]).execute_and_collect()


PROGRAM = """
import sys
from pyflinkx.datastream import StreamExecutionEnvironment

def halved(x):
    return 1 // x

env = StreamExecutionEnvironment.get_execution_environment()
env.set_parallelism(int(sys.argv[1]))
env.from_collection([0]).map(halved).print()
env.execute()
"""


@pytest.mark.parametrize("command", ["python", "pyflinkx run"])
@pytest.mark.parametrize("parallelism", ["1", "2"])
@pytest.mark.parametrize("full", [False, True])
def test_programs(monkeypatch, tmp_path, command, parallelism, full):
    if full:
        monkeypatch.setenv("PYFLINKX_TRACEBACKS", "full")
    program = tmp_path / "job.py"
    program.write_text(PROGRAM)
    start = [] if command == "python" else ["-m", "pyflinkx.cli.main", "run"]
    done = subprocess.run(
        [sys.executable, *start, str(program), parallelism], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 1
    assert "return 1 // x" in done.stderr
    ours = len(OURS.findall(done.stderr))
    assert ours > 5 if full else ours == (1 if command == "python" else 0), done.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("unknown_name", "NameError: name 'unknown_name' is not defined"),
        ("env.from_collection([1]).map(3)", "GraphError: map() takes"),
    ],
)
def test_what_a_program_raises_itself_is_shown_from_its_first_line(tmp_path, line, words):
    program = tmp_path / "job.py"
    program.write_text(
        "from pyflinkx.datastream import StreamExecutionEnvironment\n"
        f"env = StreamExecutionEnvironment.get_execution_environment()\n{line}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pyflinkx.cli.main", "run", str(program)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[1].strip() == f'File "{program}", line 3, in <module>'
    assert words in done.stderr.splitlines()[-1]
    assert not OURS.findall(done.stderr)


def test_a_fault_of_ours_keeps_its_frames():
    namespace = {"__name__": "pyflinkx.somewhere", "Tracebacks": Tracebacks}
    exec(
        textwrap.dedent("""
        def outer():
            with Tracebacks(full=False):
                middle()

        def middle():
            lost()

        def lost():
            raise KeyError("lost")
        """),
        namespace,
    )
    with pytest.raises(KeyError) as caught:
        namespace["outer"]()
    assert [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)][1:] == ["outer", "middle", "lost"]


def test_causes_in_a_circle_end():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__context__ = second, first
    shorten(first)
    assert first.__cause__ is second


def test_a_very_deep_traceback_travels():
    def deep(value):
        return deep(value + 1) if value < 900 else 1 // 0

    try:
        deep(0)
    except ZeroDivisionError as error:
        failure = pack(error)
    frames = traceback.extract_tb(unpack(failure).__traceback__)
    assert len(frames) == 200
    assert frames[0].name == "test_a_very_deep_traceback_travels"
    assert frames[-1].line == "return deep(value + 1) if value < 900 else 1 // 0"


def test_an_exception_is_unpacked_while_another_is_handled():
    try:
        inner(1)
    except ZeroDivisionError as error:
        failure = pack(error)
    try:
        raise KeyError("other")
    except KeyError:
        found = unpack(failure)
    assert traceback.extract_tb(found.__traceback__)[-1].name == "inner"
