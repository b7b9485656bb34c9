"""Records that come too late: each job says at its end which operator dropped how many, and what to do about it."""

import logging
import re

import pyarrow as pa
import pytest

from pyflinkx.common import Types, WatermarkStrategy
from pyflinkx.common.time import Time
from pyflinkx.common.watermark_strategy import WatermarkGenerator
from pyflinkx.datastream import ProcessJoinFunction, StreamExecutionEnvironment, agg
from pyflinkx.datastream.output_tag import OutputTag
from pyflinkx.datastream.window import EventTimeSessionWindows, SlidingEventTimeWindows, TumblingEventTimeWindows
from pyflinkx.errors import JobExecutionError

# The third, fifth and sixth come after the watermark has passed the end of their windows.
TIMES = [1000, 2000, 100, 3000, 200, 150]
TYPE = Types.ROW_NAMED(["k", "t", "v"], [Types.STRING(), Types.LONG(), Types.LONG()])


@pytest.fixture
def env():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(1)
    return env


def columns(env, keys="a"):
    """A row per batch, and a watermark after each batch."""
    batches = [pa.record_batch({"k": [key], "t": [time], "v": [1]}) for time in TIMES for key in keys]
    strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("t")
    return env.from_arrow(pa.Table.from_batches(batches)).assign_timestamps_and_watermarks(strategy)


class AfterEach(WatermarkGenerator):
    def __init__(self):
        self.latest = -(2**63)

    def on_event(self, event, event_timestamp, output):
        self.latest = max(self.latest, event_timestamp)
        output.emit_watermark(self.latest - 1)

    def on_periodic_emit(self, output):
        pass


def rows(env, keys="a"):
    strategy = WatermarkStrategy.for_generator(AfterEach).with_timestamp_assigner(lambda row, _: row[1])
    stream = env.from_collection([(key, time, 1) for time in TIMES for key in keys], TYPE)
    return stream.assign_timestamps_and_watermarks(strategy)


class Pairs(ProcessJoinFunction):
    def process_element(self, left, right, ctx):
        yield left, right


def added(a, b):
    return a


TUMBLING = TumblingEventTimeWindows.of(Time.milliseconds(500))


def windowed(assigner, make=rows):
    return lambda env: make(env).key_by("k").window(assigner)


def joined(make):
    return lambda env: (
        make(env).key_by("k").interval_join(make(env).key_by("k")).between(Time.milliseconds(-5), Time.milliseconds(5))
    )


# What drops records, the operator's name and how many of one key it drops.
DROPPING = {
    "tumbling": (lambda env: windowed(TUMBLING)(env).reduce(added), "Reduce", 3),
    "sliding": (
        lambda env: windowed(SlidingEventTimeWindows.of(Time.milliseconds(500), Time.milliseconds(250)))(env).reduce(
            added
        ),
        "Reduce",
        3,
    ),
    "sessions": (
        lambda env: windowed(EventTimeSessionWindows.with_gap(Time.milliseconds(50)))(env).reduce(added),
        "Reduce",
        3,
    ),
    "all": (lambda env: rows(env).window_all(TUMBLING).reduce(added), "Reduce", 3),
    "native tumbling": (lambda env: windowed(TUMBLING, columns)(env).agg(n=agg.count()), "Aggregate", 3),
    "native sessions": (
        lambda env: windowed(EventTimeSessionWindows.with_gap(Time.milliseconds(50)), columns)(env).agg(n=agg.count()),
        "Aggregate",
        3,
    ),
    "native all": (lambda env: columns(env).window_all(TUMBLING).agg(n=agg.count()), "Aggregate", 3),
    "native by rows": (lambda env: windowed(TUMBLING)(env).agg(n=agg.count()), "Aggregate", 3),
    "interval join": (lambda env: joined(rows)(env).process(Pairs()), "Join", 6),
    "native interval join": (lambda env: joined(columns)(env).rows(), "Join", 6),
    "window join": (
        lambda env: (
            rows(env)
            .join(rows(env))
            .where(lambda row: row[0])
            .equal_to(lambda row: row[0])
            .window(TUMBLING)
            .apply(lambda left, right: left)
        ),
        "",
        6,
    ),
    "native window join": (
        lambda env: columns(env).join(columns(env)).where("k").equal_to("k").window(TUMBLING).rows(),
        "Join",
        6,
    ),
}


def warnings(caplog):
    return [record for record in caplog.records if record.levelno == logging.WARNING and "late" in record.getMessage()]


@pytest.mark.parametrize("kind", DROPPING)
def test_each_operator_that_drops_records_is_named(env, caplog, kind):
    make, name, late = DROPPING[kind]
    stream = make(env)
    with stream.execute_and_collect("shop") as results:
        list(results)
    (warning,) = warnings(caplog)
    message = warning.getMessage()
    assert warning.name == "pyflinkx.runtime"
    found = re.match(
        r"job 'shop': operator '(.*)' \(uid \w+, created at .*test_late_records.py:\d+\) dropped (\d+) ", message
    )
    assert found, message
    assert name in found[1]
    assert 0 < int(found[2]) <= late
    if late == 3:
        assert int(found[2]) == 3
    for remedy in ("for_bounded_out_of_orderness", "allowed_lateness", "side_output_late_data"):
        assert remedy in message
    assert env.get_last_job_execution_result().get_late_records() == {found[1]: int(found[2])}


@pytest.mark.parametrize("make", [rows, columns])
def test_one_line_for_all_subtasks_of_an_operator(env, caplog, make):
    stream = windowed(TUMBLING, lambda env: make(env, "abcdefgh"))(env)
    stream = stream.reduce(added) if make is rows else stream.agg(n=agg.count())
    stream.set_parallelism(3)
    with stream.execute_and_collect() as results:
        list(results)
    (warning,) = warnings(caplog)
    assert "dropped 24 records that came too late" in warning.getMessage()


def test_two_operators_of_one_name_have_a_line_each(env, caplog):
    for _ in range(2):
        windowed(TUMBLING)(env).reduce(added).print()
    env.execute()
    first, second = warnings(caplog)
    assert first.getMessage() != second.getMessage()
    assert sum(env.get_last_job_execution_result().get_late_records().values()) == 6


@pytest.mark.parametrize("call", ["to_arrow", "to_pandas", "to_polars"])
def test_the_count_can_be_asked_for_after_a_table(env, call):
    assert env.get_last_job_execution_result() is None
    table = getattr(windowed(TUMBLING, columns)(env).agg(n=agg.count()), call)()
    assert len(table) == 3
    result = env.get_last_job_execution_result()
    assert list(result.get_late_records().values()) == [3]
    assert result.get_net_runtime() >= 0
    env.from_arrow(pa.table({"a": [1]})).to_arrow()
    assert env.get_last_job_execution_result().get_late_records() == {}


def test_what_is_kept_is_not_warned_of(env, caplog):
    tag = OutputTag("late", TYPE)
    for make in (rows, columns):
        for stream in (
            windowed(TUMBLING, make)(env).allowed_lateness(10_000),
            windowed(TUMBLING, make)(env).side_output_late_data(tag),
        ):
            (stream.reduce(added) if make is rows else stream.agg(n=agg.count())).print()
    result = env.execute()
    assert not warnings(caplog)
    assert result.get_late_records() == {}


def test_a_failing_job_warns_too(env, caplog):
    stream = windowed(TUMBLING)(env).reduce(added).map(lambda row: 1 // (row[1] - 3000))
    with pytest.raises(JobExecutionError), stream.execute_and_collect() as results:
        list(results)
    assert len(warnings(caplog)) == 1
    assert env.get_last_job_execution_result() is None


def test_an_asynchronous_job_warns_too(env, caplog):
    windowed(TUMBLING)(env).reduce(added).print()
    result = env.execute_async().get_job_execution_result().result()
    assert len(warnings(caplog)) == 1
    assert list(result.get_late_records().values()) == [3]
