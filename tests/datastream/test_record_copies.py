"""The programs of record_programs, everywhere and in batches of every size, and what copies cost."""

import threading

import pytest

from pyflinkx.common import Configuration, Time, Types, WatermarkStrategy
from pyflinkx.datastream import (
    AggregateFunction,
    KeyedProcessFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.connectors.queue import QueueSource
from pyflinkx.datastream.state import (
    AggregatingStateDescriptor,
    MapStateDescriptor,
    ValueStateDescriptor,
)
from pyflinkx.datastream.window import (
    EventTimeSessionWindows,
    TumblingEventTimeWindows,
)
from tests.datastream.record_programs import PROGRAMS, numbers, raised, records, seen, timed_records

MODES = {
    "inline, one by one": {"pyflinkx.workers": "inline", "pyflinkx.batch.size": 1},
    "inline": {"pyflinkx.workers": "inline"},
    "inline, cut after each record": {"pyflinkx.workers": "inline", "execution.buffer-timeout.interval": 0},
    "inline, not chained": {"pyflinkx.workers": "inline", "pipeline.operator-chaining.enabled": False},
}


def results(build, settings, parallelism):
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(settings))
    env.set_parallelism(parallelism)
    with build(env).execute_and_collect() as found:
        return sorted(found, key=repr)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("parallelism", [1, 2])
@pytest.mark.parametrize("program", PROGRAMS)
def test_inline(program, mode, parallelism):
    build, expected = PROGRAMS[program]
    assert results(build, MODES[mode], parallelism) == sorted(expected, key=repr)


@pytest.mark.parametrize("program", PROGRAMS)
def test_workers(program):
    build, expected = PROGRAMS[program]
    assert results(build, {"pyflinkx.workers": "processes"}, 2) == sorted(expected, key=repr)


def test_in_batch_mode():
    settings = {"pyflinkx.workers": "inline", "execution.runtime-mode": "BATCH"}
    assert results(PROGRAMS["reduce"][0], settings, 1) == [6]
    for name in ("flat_map", "fan-out", "list, value and map state", "timers", "side output"):
        build, expected = PROGRAMS[name]
        assert results(build, settings, 1) == sorted(expected, key=repr)


@pytest.mark.parametrize("name", ["flat_map", "map", "process"])
def test_object_reuse_switches_it_off(name):
    settings = {"pyflinkx.workers": "inline", "pipeline.object-reuse": True}
    build, expected = PROGRAMS[name]
    assert results(build, settings, 1) != expected


def test_enable_object_reuse():
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict({"pyflinkx.workers": "inline"}))
    env.set_parallelism(1)
    env.get_config().enable_object_reuse()
    own = [{"n": 1}]
    assert list(env.from_collection(own).map(raised).execute_and_collect()) == [101]
    assert own == [{"n": 101}]


def test_the_programs_own_objects_are_left_alone():
    own = [{"n": 1}, {"n": 2}]
    assert results(lambda env: env.from_collection(own).map(raised), MODES["inline"], 1) == [101, 102]
    assert own == [{"n": 1}, {"n": 2}]


def test_a_queue_takes_what_was_put_in():
    source, record = QueueSource(), {"n": 0}
    for n in range(3):
        record["n"] = n
        source.put(record)
    source.close()

    def build(env):
        return env.from_source(source, WatermarkStrategy.no_watermarks(), "queue").map(seen)

    assert results(build, MODES["inline"], 1) == [0, 1, 2]


def test_a_cache_is_read_as_it_was_written():
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(MODES["inline"]))
    env.set_parallelism(1)
    cached = records(env, 1).map(dict).cache()
    for _ in range(3):
        assert list(cached.map(raised).execute_and_collect()) == [101]


class Counted(list):
    """A list that counts its copies."""

    copies = 0

    def __deepcopy__(self, memo):
        type(self).copies += 1
        return Counted(self)


class Grows(AggregateFunction):
    def create_accumulator(self):
        return Counted()

    def add(self, value, accumulator):
        accumulator.append(value["n"])
        return accumulator

    def get_result(self, accumulator):
        return len(accumulator)

    def merge(self, a, b):
        raise NotImplementedError


class GrowingState(KeyedProcessFunction):
    def open(self, context):
        self.value = context.get_state(ValueStateDescriptor("value", Types.PICKLED_BYTE_ARRAY()))
        self.map = context.get_map_state(MapStateDescriptor("map", Types.STRING(), Types.PICKLED_BYTE_ARRAY()))
        self.total = context.get_aggregating_state(
            AggregatingStateDescriptor("total", Grows(), Types.PICKLED_BYTE_ARRAY())
        )

    def process_element(self, value, ctx):
        kept = self.value.value()
        if kept is None:
            self.value.update(Counted())
            self.map.put("all", Counted())
            kept = self.value.value()
        kept.append(value["n"])
        self.value.update(kept)
        entry = self.map.get("all")
        entry.append(value["n"])
        self.map.put("all", entry)
        self.total.add(value)
        yield {"n": (len(kept), len(entry), self.total.get())}


@pytest.mark.parametrize(
    "build",
    [
        lambda stream: stream.window(TumblingEventTimeWindows.of(Time.milliseconds(10_000))).aggregate(Grows()),
        lambda stream: stream.window(EventTimeSessionWindows.with_gap(Time.milliseconds(100))).aggregate(Grows()),
        lambda stream: stream.process(GrowingState()).map(lambda r: max(r["n"])),
    ],
)
def test_an_accumulator_that_only_its_function_holds_is_not_copied(build):
    Counted.copies = 0
    found = results(lambda env: build(timed_records(env, *range(1000))), MODES["inline"], 1)
    assert found[-1] == found[0] == 1000 or max(found) == 1000
    assert Counted.copies <= 2  # what is put into a state for the first time


def test_what_cannot_be_copied_is_passed_on(caplog):
    build = lambda env: numbers(env).map(lambda n: {"n": n, "lock": LOCK}).map(lambda r: (r["lock"] is LOCK, r["n"]))  # noqa: E731
    assert results(build, MODES["inline"], 1) == [(True, 0), (True, 1), (True, 2)]
    (message,) = [entry.getMessage() for entry in caplog.records if "cannot be copied" in entry.getMessage()]
    assert message.startswith("operator 'Map': a lock")


LOCK = threading.Lock()
