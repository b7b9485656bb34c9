"""The harnesses, source and sink that users test with, and the page that describes them."""

import re
from pathlib import Path

import pytest

from pyflinkx.common import WatermarkStrategy
from pyflinkx.datastream import (
    CoProcessFunction,
    KeyedCoProcessFunction,
    KeyedProcessFunction,
    KeySelector,
    OutputTag,
    ProcessFunction,
    ProcessJoinFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.state import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    ValueStateDescriptor,
)
from pyflinkx.runtime.task.clock import ManualClock
from pyflinkx.testing import ProcessFunctionTestHarnesses, TestSink, TestSource
from tests.datastream.conftest import EXECUTIONS, make_environment
from tests.state.test_keyed_state import Mean

PAGE = Path(__file__).resolve().parents[2] / "docs" / "testing.md"
ODD = OutputTag("odd")


@pytest.mark.parametrize("program", re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
def test_the_examples_of_the_page_hold(program):
    assert "assert" in program or "print" in program  # what is printed is held against the page elsewhere
    exec(compile(program, str(PAGE), "exec"), {"__name__": "page"})


class Halves(ProcessFunction):
    def process_element(self, value, ctx):
        if value % 2:
            yield ODD, value
        else:
            yield value // 2, ctx.timestamp(), ctx.timer_service().current_watermark()


def test_a_process_function():
    with ProcessFunctionTestHarnesses.for_process_function(Halves()) as harness:
        harness.process_watermark(3)
        harness.process_element(4, 7)
        harness.process_elements([5, 6])
        assert harness.extract_output_values() == [(2, 7, 3), (3, None, 3)]
        assert harness.get_side_output(ODD) == [5]
        assert harness.get_side_output(OutputTag("none")) == []


class FirstLetter(KeySelector):
    def get_key(self, value):
        return value[0]


class AllStates(KeyedProcessFunction):
    DESCRIPTORS = (
        ValueStateDescriptor("v"),
        ListStateDescriptor("l"),
        MapStateDescriptor("m"),
        ReducingStateDescriptor("r", lambda a, b: a + b),
        AggregatingStateDescriptor("g", Mean()),
    )

    def open(self, runtime_context):
        self.opened = True
        self.states = [runtime_context._keyed().get_partitioned_state(d) for d in self.DESCRIPTORS]

    def process_element(self, value, ctx):
        v, items, entries, r, g = self.states
        v.update(value)
        items.add(value)
        entries[value] = len(value)
        r.add(value)
        g.add(len(value))
        timers = ctx.timer_service()
        timers.register_processing_time_timer(timers.current_processing_time() + 50)

    def on_timer(self, timestamp, ctx):
        yield ctx.get_current_key(), timestamp, ctx.time_domain().name

    def close(self):
        self.opened = False


def test_state_and_timers_of_a_keyed_function():
    function = AllStates()
    with ProcessFunctionTestHarnesses.for_keyed_process_function(function, FirstLetter(), now=1000) as harness:
        assert function.opened
        harness.process_elements(["ab", "abc", "b"])
        seen = [harness.state(descriptor, "a") for descriptor in AllStates.DESCRIPTORS]
        assert seen == ["abc", ["ab", "abc"], {"ab": 2, "abc": 3}, "ababc", 2.5]
        assert harness.state(ValueStateDescriptor("v"), "z") is None
        assert harness.num_keyed_state_entries() == 10
        assert harness.processing_time_timers == [(1050, "a"), (1050, "b")]
        assert (harness.num_processing_time_timers(), harness.num_event_time_timers()) == (2, 0)
        harness.set_processing_time(1049)
        assert harness.results == []
        harness.set_processing_time(1050)
        assert harness.get_processing_time() == 1050
        assert harness.extract_output_values() == [
            ("a", 1050, "PROCESSING_TIME"),
            ("b", 1050, "PROCESSING_TIME"),
        ]
    assert not function.opened


class Both(CoProcessFunction):
    def process_element1(self, value, ctx):
        yield 1, value

    def process_element2(self, value, ctx):
        yield 2, value


class BothKeyed(KeyedCoProcessFunction):
    def process_element1(self, value, ctx):
        yield 1, ctx.get_current_key()

    def process_element2(self, value, ctx):
        yield 2, ctx.get_current_key()


def test_functions_of_two_inputs():
    harness = ProcessFunctionTestHarnesses.for_co_process_function(Both())
    harness.process_element1("a")
    harness.process_element2("b", 5)
    assert harness.results == [((1, "a"), None), ((2, "b"), 5)]
    harness = ProcessFunctionTestHarnesses.for_keyed_co_process_function(BothKeyed(), len, FirstLetter())
    harness.process_element1("a")
    harness.process_element2("b")
    assert harness.values == [(1, 1), (2, "b")]


class Pair(ProcessJoinFunction):
    def process_element(self, left, right, ctx):
        yield left, right


def test_an_interval_join():
    with ProcessFunctionTestHarnesses.for_process_join_function(Pair(), len, len, -1, 1) as harness:
        harness.push(["a"], [5])
        harness.push(["b", "c"], [6, 7], port=1)
        assert harness.results == [(("a", "b"), 6)]


def test_wrong_arguments():
    with pytest.raises(TypeError, match="process_element1"):
        ProcessFunctionTestHarnesses.for_co_process_function(Halves())
    with pytest.raises(TypeError, match="process_element"):
        ProcessFunctionTestHarnesses.for_process_function(Halves)
    with pytest.raises(TypeError, match="key selector"):
        ProcessFunctionTestHarnesses.for_keyed_process_function(AllStates(), 3)
    with pytest.raises(ValueError, match="pause"):
        TestSource().pause(-1)


@pytest.mark.parametrize("name", EXECUTIONS)
def test_source_and_sink_in_every_execution(name):
    env = make_environment(name)
    source = TestSource().record("a", 5).watermark(5).records(["b", "c"]).pause(2).record("d", 9)
    sink = TestSink()
    env.from_source(source, WatermarkStrategy.no_watermarks(), "script").map(str.upper).sink_to(sink)
    env.execute()
    assert sorted(sink.results, key=repr) == [("A", 5), ("B", None), ("C", None), ("D", 9)]
    assert sorted(sink.values) == ["A", "B", "C", "D"]


class Times(ProcessFunction):
    def process_element(self, value, ctx):
        timers = ctx.timer_service()
        yield value, timers.current_watermark(), timers.current_processing_time()


def test_watermarks_and_pauses_come_in_order():
    env = StreamExecutionEnvironment.get_execution_environment()
    env._clock = ManualClock(1000)
    source = TestSource().watermark(3).record("a").pause(500).record("b").watermark(8).pause(0).record("c")
    sink = TestSink()
    env.from_source(source, WatermarkStrategy.no_watermarks(), "script").process(Times()).sink_to(sink)
    env.execute()
    assert sink.values == [("a", 3, 1000), ("b", 3, 1500), ("c", 8, 1500)]
