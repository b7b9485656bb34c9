"""Windows of whole programs; the operator itself is tested in tests/operators."""

from collections import Counter, defaultdict

import pytest

from pyflinkx.common import Duration, Time, WatermarkStrategy
from pyflinkx.datastream import (
    AggregateFunction,
    AllWindowFunction,
    OutputTag,
    ProcessWindowFunction,
    StreamExecutionEnvironment,
    WindowFunction,
)
from pyflinkx.datastream.window import (
    EventTimeSessionWindows,
    NeverTrigger,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
)
from pyflinkx.errors import GraphError, JobExecutionError

LATE = OutputTag("late")
RECORDS = [(f"k{i % 7}", (i * 37) % 5000, i) for i in range(3000)]


def timed(env, records, bound=10_000):
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(bound))
    return env.from_collection(records).assign_timestamps_and_watermarks(
        strategy.with_timestamp_assigner(lambda record, _: record[1])
    )


def windowed(env, records=RECORDS):
    return timed(env, records).key_by(lambda r: r[0]).window(TumblingEventTimeWindows.of(Time.milliseconds(500)))


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


def expected(records=RECORDS):
    groups = defaultdict(list)
    for key, time, value in records:
        groups[key, time // 500 * 500].append(value)
    return groups


class Sum(AggregateFunction):
    def create_accumulator(self):
        return 0

    def add(self, value, accumulator):
        return accumulator + value[2]

    def get_result(self, accumulator):
        return accumulator

    def merge(self, acc_a, acc_b):
        return acc_a + acc_b


class WithWindow(ProcessWindowFunction):
    def process(self, key, context, elements):
        yield key, context.window().start, list(elements)


def test_reduce(env):
    stream = windowed(env).reduce(lambda a, b: (a[0], a[1] // 500 * 500, a[2] + b[2]))
    totals = {(key, time // 500 * 500): value for key, time, value in collect(stream)}
    assert totals == {group: sum(values) for group, values in expected().items()}


def test_aggregate_with_a_window_function(env):
    stream = windowed(env).aggregate(Sum(), WithWindow())
    totals = {(key, start): elements for key, start, elements in collect(stream)}
    assert totals == {group: [sum(values)] for group, values in expected().items()}


def test_process_sees_all_records(env):
    stream = windowed(env).process(WithWindow())
    found = {(key, start): sorted(record[2] for record in elements) for key, start, elements in collect(stream)}
    assert found == {group: sorted(values) for group, values in expected().items()}


def test_apply(env):
    class Count(WindowFunction):
        def apply(self, key, window, inputs):
            return [(key, window.start, len(list(inputs)))]

    counts = {(key, start): count for key, start, count in collect(windowed(env).apply(Count()))}
    assert counts == {group: len(values) for group, values in expected().items()}


def test_window_all_groups_over_all_keys(env):
    class Count(AllWindowFunction):
        def apply(self, window, inputs):
            yield window.start, len(list(inputs))

    stream = timed(env, RECORDS).window_all(TumblingEventTimeWindows.of(Time.seconds(1))).apply(Count())
    counts = Counter(time // 1000 * 1000 for _, time, _ in RECORDS)
    assert sorted(collect(stream)) == sorted(counts.items())


def test_sessions(env):
    records = [("a", 0, 1), ("a", 90, 2), ("b", 95, 4), ("a", 300, 8), ("b", 180, 16)]
    keyed = timed(env, records).key_by(lambda r: r[0])
    stream = keyed.window(EventTimeSessionWindows.with_gap(Time.milliseconds(100))).aggregate(Sum())
    assert sorted(collect(stream)) == [3, 8, 20]


def test_late_records_go_to_the_side_output_or_are_counted():
    single = StreamExecutionEnvironment.get_execution_environment()
    single._configuration.set_integer("pyflinkx.batch.size", 1)
    records = [("a", 100, 1), ("a", 700, 2), ("a", 200, 4), ("a", 800, 8)]

    def windows():
        return (
            timed(single, records, bound=0)
            .key_by(lambda r: r[0])
            .window(TumblingEventTimeWindows.of(Time.milliseconds(500)))
        )

    sums = windows().side_output_late_data(LATE).aggregate(Sum())
    both = sums.map(lambda x: ("sum", x)).union(sums.get_side_output(LATE).map(lambda x: ("late", x)))
    assert sorted(collect(both), key=str) == [("late", ("a", 200, 4)), ("sum", 1), ("sum", 10)]
    windows().aggregate(Sum()).name("sums").print()
    assert single.execute().get_accumulator_result("sums.numLateRecordsDropped") == 1


def test_allowed_lateness_fires_again():
    single = StreamExecutionEnvironment.get_execution_environment()
    single._configuration.set_integer("pyflinkx.batch.size", 1)
    records = [("a", 100, 1), ("a", 700, 2), ("a", 200, 4), ("a", 1600, 8), ("a", 300, 16)]
    stream = (
        timed(single, records, bound=0)
        .key_by(lambda r: r[0])
        .window(TumblingEventTimeWindows.of(Time.milliseconds(500)))
        .allowed_lateness(1000)
        .aggregate(Sum())
    )
    assert collect(stream) == [1, 5, 2, 8]


def test_results_carry_the_windows_last_timestamp(env):
    stamped = windowed(env).aggregate(Sum()).key_by(lambda x: 0)
    again = stamped.window(TumblingEventTimeWindows.of(Time.milliseconds(1000))).reduce(lambda a, b: a + b)
    totals = defaultdict(int)
    for (_, start), values in expected().items():
        totals[start // 1000] += sum(values)
    assert sorted(collect(again)) == sorted(totals.values())


def test_a_failing_aggregate_names_operator_and_record(env):
    class Broken(Sum):
        def add(self, value, accumulator):
            return accumulator + value[9]

    with pytest.raises(JobExecutionError, match=r"operator 'sums' .*on record \('k\d', \d+, \d+\).*IndexError"):
        collect(windowed(env).aggregate(Broken()).name("sums"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: w.reduce(5), r"reduce\(\) takes a ReduceFunction or a callable, not 5"),
        (lambda w: w.aggregate(sum), r"aggregate\(\) takes an instance of AggregateFunction"),
        (lambda w: w.process(sum), r"process\(\) takes an instance of ProcessWindowFunction"),
        (lambda w: w.reduce(max, sum), "a window function is a WindowFunction or ProcessWindowFunction"),
        (lambda w: w.reduce(max, 5), "a window function is a WindowFunction or ProcessWindowFunction, not 5"),
        (lambda w: w.trigger(1), "takes a Trigger"),
        (lambda w: w.allowed_lateness(-1), "allowed lateness must be milliseconds from 0 up"),
        (lambda w: w.side_output_late_data("late"), "takes an OutputTag"),
    ],
)
def test_wrong_arguments_fail_when_the_graph_is_built(env, call, message):
    with pytest.raises(GraphError, match=message):
        call(windowed(env))


def test_windows_that_merge_need_a_trigger_that_can(env):
    sessions = timed(env, RECORDS).key_by(lambda r: r[0]).window(EventTimeSessionWindows.with_gap(Time.seconds(1)))
    with pytest.raises(GraphError, match="merge"):
        sessions.trigger(NeverTrigger()).reduce(max)


def test_count_windows(env):
    numbers = env.from_collection(list(range(1, 11))).key_by(lambda number: number % 2)
    assert sorted(collect(numbers.count_window(2).reduce(lambda a, b: a + b))) == [4, 6, 12, 14]
    assert sorted(collect(numbers.count_window(3, 1).reduce(lambda a, b: a + b))) == [9, 12, 15, 18, 21, 24]


def test_sliding_windows(env):
    stream = timed(env, RECORDS).key_by(lambda r: r[0]).window(SlidingEventTimeWindows.of(Time.seconds(1), 500))
    slices = expected()
    wholes = {(key, end) for key, start in slices for end in (start, start + 500)}
    both = sorted(sum(slices.get((key, end), [])) + sum(slices.get((key, end - 500), [])) for key, end in wholes)
    assert sorted(collect(stream.aggregate(Sum()))) == both
