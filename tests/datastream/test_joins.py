"""Joins of whole programs: by window, by interval, and co-groups."""

from collections import defaultdict

import pytest

from pyflinkx.common import Duration, Time, WatermarkStrategy
from pyflinkx.datastream import (
    CoGroupFunction,
    FlatJoinFunction,
    JoinFunction,
    OutputTag,
    ProcessJoinFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.window import (
    CountEvictor,
    CountTrigger,
    EventTimeSessionWindows,
    GlobalWindows,
    PurgingTrigger,
    SlidingEventTimeWindows,
    TumblingEventTimeWindows,
)
from pyflinkx.errors import GraphError, JobExecutionError

LEFT = [(f"k{i % 5}", (i * 37) % 900, f"l{i}") for i in range(200)]
RIGHT = [(f"k{i % 4}", (i * 53) % 1100, f"r{i}") for i in range(150)]
LATE = OutputTag("late")


def timed(env, records, bound=5000):
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(bound))
    return env.from_collection(records).assign_timestamps_and_watermarks(
        strategy.with_timestamp_assigner(lambda record, _: record[1])
    )


def key(record):
    return record[0]


def collect(stream):
    with stream.execute_and_collect() as results:
        return sorted(results)


def both(env, kind, left=LEFT, right=RIGHT, bound=5000):
    first, second = timed(env, left, bound), timed(env, right, bound)
    return getattr(first, kind)(second).where(key).equal_to(key)


def starts(size, slide):
    """Windows of a timestamp, found by trying each."""
    return lambda time: {s for s in range(-2000, 2000) if s % slide == 0 and s <= time < s + size}


def check_pairs(env, assigner, windows):
    stream = both(env, "join").window(assigner).apply(lambda a, b: (a[0], a[2], b[2]))
    expected = [(a[0], a[2], b[2]) for a in LEFT for b in RIGHT if a[0] == b[0] for _ in windows(a[1]) & windows(b[1])]
    assert collect(stream) == sorted(expected)


def test_a_window_join_gives_every_pair(env):
    check_pairs(env, TumblingEventTimeWindows.of(Time.milliseconds(100)), starts(100, 100))


def test_a_window_join_with_sliding_windows(inline_env):
    check_pairs(inline_env, SlidingEventTimeWindows.of(Time.milliseconds(100), Time.milliseconds(60)), starts(100, 60))


class Group(CoGroupFunction):
    def open(self, runtime_context):
        self.opened = True

    def co_group(self, first, second):
        assert self.opened
        yield sorted(a[2] for a in first), sorted(b[2] for b in second)


def test_a_co_group_also_sees_keys_of_one_stream_alone(env):
    stream = both(env, "co_group").window(TumblingEventTimeWindows.of(Time.milliseconds(300))).apply(Group())
    groups = defaultdict(lambda: ([], []))
    for which, records in enumerate((LEFT, RIGHT)):
        for name, time, value in records:
            groups[name, time // 300][which].append(value)
    assert collect(stream) == sorted((sorted(a), sorted(b)) for a, b in groups.values())
    assert any(not b for _, b in groups.values())


def test_session_windows_span_both_streams(inline_env):
    left = [("a", 0, "l0"), ("a", 100, "l1")]
    right = [("a", 8, "r0"), ("a", 50, "r1"), ("b", 3, "r2")]
    joined = both(inline_env, "join", left, right).window(EventTimeSessionWindows.with_gap(Time.milliseconds(10)))
    assert collect(joined.apply(lambda a, b: (a[2], b[2]))) == [("l0", "r0")]


class Flat(FlatJoinFunction):
    def join(self, first, second):
        if first[2] == "l0":
            yield "yes"
            yield "again"
        return None


class One(JoinFunction):
    def join(self, first, second):
        return f"{first[2]}{second[2]}"


@pytest.mark.parametrize(("function", "results"), [(Flat(), ["again", "yes"]), (One(), ["l0r0", "l1r0"])])
def test_join_functions(inline_env, function, results):
    left, right = [("a", 0, "l0"), ("a", 1, "l1")], [("a", 2, "r0")]
    stream = both(inline_env, "join", left, right).window(TumblingEventTimeWindows.of(10)).apply(function)
    assert collect(stream) == results


def test_trigger_and_evictor_see_both_streams(inline_env):
    seen = both(inline_env, "co_group", [("a", i, f"l{i}") for i in range(4)], [("a", 9, "r")]).window(
        GlobalWindows.create()
    )
    seen.trigger(PurgingTrigger.of(CountTrigger.of(5))).evictor(CountEvictor.of(3))
    (result,) = collect(seen.apply(lambda first, second: [(len(first), len(second))]))
    assert sum(result) == 3


def sequential():
    env = StreamExecutionEnvironment.get_execution_environment()
    env.set_parallelism(1)
    return env


def test_late_records_of_a_window_join():
    left = [("a", 5, "early"), *[("a", 50 + i, "on time") for i in range(3000)], ("a", 6, "late")]
    right = [("a", 50 + i, "on time") for i in range(3000)]
    windowed = both(sequential(), "co_group", left, right, bound=0).window(TumblingEventTimeWindows.of(10))
    windowed.allowed_lateness(Time.milliseconds(0)).side_output_late_data(LATE)
    late = windowed.apply(lambda first, second: [a[2] for a in first]).get_side_output(LATE)
    assert [union.get_one()[2] for union in collect(late)] == ["late"]


class Pair(ProcessJoinFunction):
    def process_element(self, left, right, ctx):
        yield left[2], right[2], ctx.get_timestamp()


def interval(env, left=LEFT, right=RIGHT, lower=-30, upper=60, bound=5000):
    first, second = timed(env, left, bound).key_by(key), timed(env, right, bound).key_by(key)
    return first.interval_join(second).between(Time.milliseconds(lower), Time.milliseconds(upper))


def near(lower, upper):
    return sorted(
        (a[2], b[2], max(a[1], b[1])) for a in LEFT for b in RIGHT if a[0] == b[0] and lower <= b[1] - a[1] <= upper
    )


def test_an_interval_join_gives_every_pair(env):
    assert collect(interval(env).process(Pair())) == near(-30, 60)


def test_exclusive_bounds(inline_env):
    exclusive = interval(inline_env).lower_bound_exclusive().upper_bound_exclusive().process(Pair())
    assert collect(exclusive) == near(-29, 59) != near(-30, 60)


def test_late_records_of_an_interval_join():
    env = sequential()
    first = timed(env, [("a", i, "l") for i in (0, 3000)] + [("a", 4000 + i, "l") for i in range(3000)], bound=0)
    second = timed(env, [("a", 7000 + i, "r") for i in range(3000)] + [("a", 1, "late")], bound=0)
    tag = OutputTag("right-late")
    joined = first.key_by(key).interval_join(second.key_by(key)).between(0, 0).side_output_right_late_data(tag)
    late = joined.side_output_left_late_data(LATE).process(Pair()).get_side_output(tag)
    assert [record[2] for record in collect(late)] == ["late"]


def test_user_errors_name_the_join(inline_env):
    stream = both(inline_env, "join").window(TumblingEventTimeWindows.of(1000)).apply(lambda a, b: a[7])
    with pytest.raises(JobExecutionError, match="Window Join") as failure:
        collect(stream)
    assert isinstance(failure.value.__cause__, IndexError)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda a, b: a.join(3), "join"),
        (lambda a, b: a.join(b).where(5.5), "where"),
        (lambda a, b: a.co_group(b).where(key).equal_to(5.5), "equal_to"),
        (lambda a, b: a.join(b).where(key).equal_to(key).window(5), "WindowAssigner"),
        (lambda a, b: a.join(b).where(key).equal_to(key).window(GlobalWindows()).apply(Group()), "JoinFunction"),
        (lambda a, b: a.join(b).where(key).equal_to(key).window(GlobalWindows()).trigger(1), "Trigger"),
        (lambda a, b: a.join(b).where(key).equal_to(key).window(GlobalWindows()).evictor(1), "Evictor"),
        (lambda a, b: a.join(b).where(key).equal_to(key).window(GlobalWindows()).allowed_lateness("1"), "lateness"),
        (lambda a, b: a.key_by(key).interval_join(b), "KeyedStream"),
        (lambda a, b: a.key_by(key).interval_join(b.key_by(key)).between(3, 2), "above the upper"),
        (lambda a, b: a.key_by(key).interval_join(b.key_by(key)).between("3", 2), "lower bound"),
        (lambda a, b: a.key_by(key).interval_join(b.key_by(key)).between(3, 4).process(max), "ProcessJoinFunction"),
        (
            lambda a, b: (
                a.key_by(key).interval_join(b.key_by(key)).between(3, 3).lower_bound_exclusive().process(Pair())
            ),
            "exclusive",
        ),
        (
            lambda a, b: a.key_by(key).interval_join(b.key_by(key)).between(3, 3).side_output_left_late_data("x"),
            "OutputTag",
        ),
    ],
)
def test_wrong_arguments_are_refused_where_the_graph_is_built(wrong, message):
    env = StreamExecutionEnvironment.get_execution_environment()
    with pytest.raises(GraphError, match=message):
        wrong(timed(env, LEFT), timed(env, RIGHT))
