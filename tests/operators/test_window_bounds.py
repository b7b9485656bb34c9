"""The bounds of native windows have the unit and the zone of the column that the time comes from."""

import datetime

import pyarrow
import pytest

from pyflinkx.common import Configuration, Time, WatermarkStrategy
from pyflinkx.datastream import RuntimeExecutionMode, StreamExecutionEnvironment, agg, col
from pyflinkx.datastream.window import (
    CumulativeEventTimeWindows,
    EventTimeSessionWindows,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
    TumblingProcessingTimeWindows,
)
from pyflinkx.errors import JobExecutionError

DAY = datetime.datetime(2024, 2, 29, 23, 59, 57)
TIMES = [DAY + datetime.timedelta(seconds=seconds) for seconds in (0, 1, 4, 9, 15)]
TYPES = {
    "s": (pyarrow.timestamp("s"), pyarrow.timestamp("ms")),
    "ms": (pyarrow.timestamp("ms"), pyarrow.timestamp("ms")),
    "us": (pyarrow.timestamp("us"), pyarrow.timestamp("us")),
    "ns": (pyarrow.timestamp("ns"), pyarrow.timestamp("ns")),
    "us in UTC": (pyarrow.timestamp("us", "UTC"), pyarrow.timestamp("us", "UTC")),
    "ns in Rome": (pyarrow.timestamp("ns", "Europe/Rome"), pyarrow.timestamp("ns", "Europe/Rome")),
    "int64": (pyarrow.int64(), pyarrow.int64()),
}
STRATEGY = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_column("ts")
FIVE = Time.seconds(5)
WINDOWS = {
    "tumbling": TumblingEventTimeWindows.of(FIVE),
    "sliding": SlidingEventTimeWindows.of(FIVE, Time.milliseconds(2500)),
    "cumulative": CumulativeEventTimeWindows.of(FIVE, Time.seconds(1)),
    "sessions": EventTimeSessionWindows.with_gap(Time.milliseconds(3500)),
}


def environment(parallelism=1):
    configuration = Configuration.from_dict({"pyflinkx.workers": "inline" if parallelism == 1 else "threads"})
    return StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(parallelism)


def rows(kind, parallelism=1, env=None):
    env = env or environment(parallelism)
    micros = pyarrow.array(TIMES, pyarrow.timestamp("us")).cast(pyarrow.int64())
    if pyarrow.types.is_timestamp(kind):
        times = pyarrow.array(TIMES, pyarrow.timestamp("us")).cast(pyarrow.timestamp(kind.unit)).cast(kind)
    else:
        times = pyarrow.compute.divide(micros, 1000)
    table = pyarrow.table({"ts": times, "key": [1, 2, 1, 2, 1]})
    return env.from_arrow(table).assign_timestamps_and_watermarks(STRATEGY)


def bounds(result):
    """Pairs of milliseconds."""

    def millis(name):
        column = result.column(name)
        if pyarrow.types.is_timestamp(column.type):
            column = column.cast(pyarrow.timestamp("ms", column.type.tz)).cast(pyarrow.int64())
        return column.to_pylist()

    return sorted(zip(millis("window_start"), millis("window_end"), strict=True))


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("parallelism", [1, 2])
def test_bounds(kind, name, parallelism):
    given, wanted = TYPES[kind]
    windows = rows(given, parallelism).key_by("key").window(WINDOWS[name])
    stream = windows.agg(n=agg.count())
    result = stream.to_arrow()
    assert [result.schema.field(bound).type for bound in ("window_start", "window_end")] == [wanted, wanted]
    numbers = rows(pyarrow.int64()).key_by("key").window(WINDOWS[name]).agg(n=agg.count()).to_arrow()
    assert bounds(result) == bounds(numbers)
    assert len(result) > 3


def test_bounds_can_be_calculated_with():
    windows = rows(pyarrow.timestamp("us", "UTC")).window_all(WINDOWS["tumbling"]).agg(n=agg.count())
    found = windows.filter(col("n") > 1).map(lambda row: (row.window_start, row.window_end - row.window_start))
    utc = datetime.timezone.utc
    assert list(found.execute_and_collect()) == [
        (datetime.datetime(2024, 2, 29, 23, 59, 55, tzinfo=utc), datetime.timedelta(seconds=5))
    ]


def test_batch_mode_and_two_phases():
    stream = rows(pyarrow.timestamp("us"), 2)
    stream.get_execution_environment().set_runtime_mode(RuntimeExecutionMode.BATCH)
    result = stream.key_by("key").window(WINDOWS["tumbling"]).agg(n=agg.count()).to_arrow()
    assert result.schema.field("window_start").type == pyarrow.timestamp("us")


def test_windows_by_the_clock_have_numbers():
    windows = rows(pyarrow.timestamp("us")).key_by("key").window(TumblingProcessingTimeWindows.of(FIVE))
    assert str(windows.agg(n=agg.count()).schema["window_start"]) == "BIGINT NOT NULL"


@pytest.mark.parametrize("other", ["us", "ns in Rome", "int64"])
def test_streams_of_different_times_have_numbers(other):
    env = environment()
    streams = [rows(TYPES[kind][0], env=env).select("key") for kind in ("us", other)]
    windows = streams[0].union(streams[1]).key_by("key").window(WINDOWS["tumbling"])
    result = windows.agg(n=agg.count()).to_arrow()
    alike = other == "us"
    assert result.schema.field("window_start").type == (pyarrow.timestamp("us") if alike else pyarrow.int64())
    assert sum(result.column("n").to_pylist()) == 10


def test_a_time_that_nanoseconds_cannot_tell_is_refused():
    env = StreamExecutionEnvironment.get_execution_environment()
    table = pyarrow.table({"ts": pyarrow.array([2**63 - 1], pyarrow.timestamp("ns")), "key": [1]})
    stream = env.from_arrow(table).assign_timestamps_and_watermarks(STRATEGY)
    windows = stream.key_by("key").window(TumblingEventTimeWindows.of(Time.days(7)))
    with pytest.raises(JobExecutionError, match="window_end lies outside the range"):
        windows.agg(n=agg.count()).to_arrow()


def test_days_give_timestamps():
    env = StreamExecutionEnvironment.get_execution_environment()
    table = pyarrow.table({"ts": pyarrow.array([DAY.date()]), "key": [1]})
    stream = env.from_arrow(table).assign_timestamps_and_watermarks(STRATEGY)
    result = stream.key_by("key").window(TumblingEventTimeWindows.of(Time.hours(12))).agg(n=agg.count()).to_arrow()
    assert result.column("window_end").to_pylist() == [datetime.datetime(2024, 2, 29, 12)]
