"""Key selectors are function objects: opened and closed wherever keys are taken, whatever reads the keyed stream."""

import json

import pytest

from pyflinkx.common import Configuration, Time
from pyflinkx.common.watermark_strategy import WatermarkStrategy
from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.datastream import (
    CoProcessFunction,
    KeyedProcessFunction,
    KeySelector,
    ProcessJoinFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.window import TumblingEventTimeWindows
from pyflinkx.errors import JobExecutionError


class Selector(KeySelector):
    """Takes a key by what it looked up when it was opened; writes its life into a file."""

    def __init__(self, file, name="selector"):
        self.file = file
        self.name = name
        self.table = None

    def say(self, what):
        with open(self.file, "a") as file:
            file.write(json.dumps([self.name, what, id(self)]) + "\n")

    def open(self, context):
        assert self.table is None, "opened twice"
        assert context.get_attempt_number() == 0
        self.table = {number: number % 2 for number in range(10)}
        self.say("open")

    def close(self):
        self.table = None
        self.say("close")

    def get_key(self, value):
        return self.table[value]


class Pass(KeyedProcessFunction):
    def process_element(self, value, context):
        yield value


class PassBoth(CoProcessFunction):
    def process_element1(self, value, context):
        yield value

    process_element2 = process_element1


class Joined(ProcessJoinFunction):
    def process_element(self, left, right, context):
        yield left


def reduced(stream, select):
    return stream.key_by(select("a")).reduce(lambda first, second: max(first, second))


def processed(stream, select):
    return stream.key_by(select("a")).process(Pass())


def connected(stream, select):
    return stream.connect(stream).key_by(select("a"), select("b")).process(PassBoth())


def joined(stream, select):
    left, right = stream.key_by(select("a")), stream.key_by(select("b"))
    return left.interval_join(right).between(Time.seconds(-1), Time.seconds(1)).process(Joined())


def windowed(stream, select):
    windows = stream.key_by(select("a")).window(TumblingEventTimeWindows.of(Time.seconds(1)))
    return windows.reduce(lambda first, second: max(first, second))


def by_two(stream, select):
    return stream.key_by(select("a"), select("b")).reduce(lambda first, second: max(first, second))


def partitioned(stream, select):
    return stream.key_by(select("a")).full_window_partition().reduce(lambda first, second: max(first, second))


def twice(stream, select):
    keyed = stream.key_by(select("a"))
    return keyed.process(Pass()).union(keyed.reduce(lambda first, second: max(first, second)))


def life_of(path):
    life = {}
    for line in path.read_text().splitlines():
        name, what, number = json.loads(line)
        life.setdefault((name, number), []).append(what)
    return life


@pytest.mark.parametrize("parallelism", [1, 2])
@pytest.mark.parametrize("workers", ["inline", "threads"])
@pytest.mark.parametrize("build", [reduced, processed, connected, joined, windowed, by_two, partitioned, twice])
def test_key_selectors_are_opened_and_closed(tmp_path, build, workers, parallelism):
    configuration = Configuration.from_dict({"pyflinkx.workers": workers})
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(parallelism)
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda value, _: value)
    stream = env.from_collection(range(10)).assign_timestamps_and_watermarks(strategy)
    build(stream, lambda name: Selector(tmp_path / "life", name)).sink_to(DiscardSink())
    env.execute()
    life = life_of(tmp_path / "life")
    assert {name for name, _ in life} >= {"a"}
    for events in life.values():
        assert events == ["open", "close"] * (len(events) // 2)  # an id may be taken again


class Broken(Selector):
    def open(self, context):
        raise ValueError("no table")


@pytest.mark.parametrize("parallelism", [1, 2])
def test_a_key_selector_that_cannot_be_opened_is_named_with_its_operator(tmp_path, parallelism):
    configuration = Configuration.from_dict({"pyflinkx.workers": "inline"})
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(parallelism)
    env.from_collection(range(10)).key_by(Broken(tmp_path / "life")).process(Pass()).sink_to(DiscardSink())
    with pytest.raises(JobExecutionError, match=r"'KEYED PROCESS' .* in open\(\)( of its key selector)?; .*no table"):
        env.execute()
