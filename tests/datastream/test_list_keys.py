"""Lists as keys count by their value, wherever a key is held."""

from collections import Counter

import pytest

from pyflinkx.common import Row, Time, Types, WatermarkStrategy
from pyflinkx.datastream import KeyedProcessFunction, ProcessWindowFunction
from pyflinkx.datastream.state import ListStateDescriptor, ValueStateDescriptor
from pyflinkx.datastream.window import EventTimeSessionWindows, TumblingEventTimeWindows

TIMED = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(lambda record, _: record[1])
RECORDS = [([number % 3, "x"], number) for number in range(30)]


@pytest.fixture
def stream(env):
    return env.from_collection(RECORDS).assign_timestamps_and_watermarks(TIMED)


class Sums(KeyedProcessFunction):
    def open(self, runtime_context):
        self.sum = runtime_context.get_state(ValueStateDescriptor("sum", Types.LONG()))
        self.seen = runtime_context.get_list_state(ListStateDescriptor("seen", Types.LONG()))

    def process_element(self, value, ctx):
        value[0].append("changed by the function")
        self.sum.update((self.sum.value() or 0) + value[1])
        self.seen.add(value[1])
        ctx.timer_service().register_event_time_timer(1000)

    def on_timer(self, timestamp, ctx):
        yield ctx.get_current_key(), self.sum.value(), len(list(self.seen.get()))


EXPECTED = sorted(([key, "x"], sum(n for n in range(30) if n % 3 == key), 10) for key in range(3))


@pytest.mark.parametrize("key_type", [None, Types.PICKLED_BYTE_ARRAY()])
def test_state_and_timers(stream, key_type):
    results = list(stream.key_by(lambda record: record[0], key_type).process(Sums()).execute_and_collect())
    assert sorted(results) == EXPECTED


def test_reduce(stream):
    last = {}
    for key, total in stream.key_by(lambda r: r[0]).reduce(lambda a, b: (a[0], a[1] + b[1])).execute_and_collect():
        last[str(key)] = max(last.get(str(key), 0), total)
    assert last == {str(key): total for key, total, _ in EXPECTED}


class Named(ProcessWindowFunction):
    def process(self, key, context, elements):
        yield key, context.window().start, len(list(elements))


@pytest.mark.parametrize(
    "window",
    [TumblingEventTimeWindows.of(Time.milliseconds(10)), EventTimeSessionWindows.with_gap(Time.milliseconds(5))],
)
def test_windows(stream, window):
    counted = Counter()
    for key, _, count in stream.key_by(lambda record: record[0]).window(window).process(Named()).execute_and_collect():
        counted[str(key)] += count
    assert counted == {str(key): 10 for key, _, _ in EXPECTED}


def test_a_key_that_is_sent_on_is_an_ordinary_list(stream):
    keys = stream.key_by(lambda record: [record[0]]).process(Sums()).map(lambda result: (type(result[0][0]), result[0]))
    assert {(kind, str(key)) for kind, key in keys.execute_and_collect()} >= {(list, "[[0, 'x']]")}


def test_lists_in_rows_and_columns(env):
    kind = Types.ROW_NAMED(["tags", "n"], [Types.LIST(Types.STRING()), Types.LONG()])
    rows = env.from_collection([Row(["a"], 1), Row(["a", "b"], 2), Row(["a"], 3)], kind)
    sums = rows.key_by(lambda row: row.tags, Types.LIST(Types.STRING())).reduce(lambda a, b: Row(a.tags, a.n + b.n))
    assert sorted((row.tags, row.n) for row in sums.execute_and_collect()) == [(["a"], 1), (["a"], 4), (["a", "b"], 2)]
