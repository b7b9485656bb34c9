"""Whole programs, each at several parallelisms and with and without chaining."""

import json
import threading
from collections import Counter

import pytest

from pyflinkx.common import Configuration, Types, WatermarkStrategy
from pyflinkx.datastream import (
    CoMapFunction,
    KeyedProcessFunction,
    MapFunction,
    OutputTag,
    ProcessFunction,
    StreamExecutionEnvironment,
)
from pyflinkx.datastream.state import ValueStateDescriptor
from pyflinkx.errors import ConfigurationError, GraphError, JobExecutionError


@pytest.fixture
def single():
    return StreamExecutionEnvironment.get_execution_environment()


def collect(stream):
    with stream.execute_and_collect() as results:
        return list(results)


def test_word_count(env):
    lines = ["to be or not to be", "that is the question"] * 100
    counts = (
        env.from_collection(lines)
        .flat_map(str.split)
        .map(lambda word: (word, 1))
        .key_by(lambda pair: pair[0])
        .reduce(lambda a, b: (a[0], a[1] + b[1]))
    )
    final = {}
    for word, count in collect(counts):
        assert count == final.get(word, 0) + 1
        final[word] = count
    assert final == Counter(" ".join(lines).split())


def test_filter_union_and_rebalance(env):
    numbers = env.from_collection(list(range(1000)))
    even = numbers.filter(lambda x: x % 2 == 0)
    odd = numbers.filter(lambda x: x % 2)
    doubled = even.union(odd).rebalance().map(lambda x: x * 2)
    assert sorted(collect(doubled)) == [x * 2 for x in range(1000)]


def test_records_keep_their_order_in_one_subtask(single):
    assert collect(single.from_collection(list(range(5000))).map(lambda x: x)) == list(range(5000))


def test_map_function_is_opened_and_closed_once_per_subtask(inline_env):
    events = []

    class Tracked(MapFunction):
        def open(self, runtime_context):
            events.append(("open", runtime_context.get_index_of_this_subtask()))
            self.name = runtime_context.get_task_name()

        def map(self, value):
            return self.name

        def close(self):
            events.append(("close",))

    stream = inline_env.from_collection([1, 2, 3]).map(Tracked()).name("tracked")
    assert collect(stream) == ["tracked"] * 3
    opens = [event for event in events if event[0] == "open"]
    assert sorted(index for _, index in opens) == list(range(inline_env.get_parallelism()))
    assert events.count(("close",)) == inline_env.get_parallelism()


class CountPerKey(MapFunction):
    def open(self, runtime_context):
        self.count = runtime_context.get_state(ValueStateDescriptor("count", Types.LONG()))

    def map(self, value):
        self.count.update((self.count.value() or 0) + 1)
        return value, self.count.value()


def test_a_map_function_on_a_keyed_stream_has_keyed_state(env):
    stream = env.from_collection(["a", "b", "a", "a"]).key_by(lambda x: x).map(CountPerKey())
    assert sorted(collect(stream)) == [("a", 1), ("a", 2), ("a", 3), ("b", 1)]


def test_keyed_state_without_keys_is_refused(single):
    with pytest.raises(JobExecutionError, match="call key_by first"):
        collect(single.from_collection([1]).map(CountPerKey()))


def test_a_function_that_cannot_be_copied_for_its_subtasks_is_refused(single):
    class Locked(MapFunction):
        def __init__(self):
            self.lock = threading.Lock()

        def map(self, value):
            return value

    assert collect(single.from_collection([1]).map(Locked())) == [1]
    single.configure(Configuration.from_dict({"pyflinkx.workers": "inline"}))
    with pytest.raises(GraphError, match=r"each of its subtasks needs a copy.*lock"):
        collect(single.from_collection([1]).map(Locked()).set_parallelism(2))


class LastPerKey(KeyedProcessFunction):
    """Emits each key's last value when event time has reached its timer."""

    def open(self, runtime_context):
        self.last = runtime_context.get_state(ValueStateDescriptor("last", Types.LONG()))

    def process_element(self, value, ctx):
        assert ctx.get_current_key() == value[0]
        self.last.update(value[1])
        ctx.timer_service().register_event_time_timer(ctx.timestamp() // 100 * 100 + 100)

    def on_timer(self, timestamp, ctx):
        yield ctx.get_current_key(), timestamp, self.last.value()


def timed(env, records, bound=0):
    from pyflinkx.common import Duration

    strategy = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(bound))
    return env.from_collection(records).assign_timestamps_and_watermarks(
        strategy.with_timestamp_assigner(lambda record, _: record[1])
    )


def test_event_time_timers_fire_once_per_key_and_time(inline_env):
    records = [("a", 10), ("a", 20), ("b", 130), ("a", 199), ("c", 350)]
    stream = timed(inline_env, records).key_by(lambda r: r[0]).process(LastPerKey())
    # All records are in one batch, so event time passes only after the last one.
    assert sorted(collect(stream)) == [("a", 100, 199), ("a", 200, 199), ("b", 200, 130), ("c", 400, 350)]


@pytest.mark.parametrize("parallelism", [1, 2])
@pytest.mark.parametrize(("selector", "message"), [(lambda x: x / 0, "ZeroDivisionError"), (lambda x: {x}, "set")])
def test_a_failing_key_selector_names_the_operator_that_needs_the_key(single, parallelism, selector, message):
    stream = single.set_parallelism(parallelism).from_collection([7]).key_by(selector).reduce(max).uid("needs-key")
    with pytest.raises(JobExecutionError, match=rf"operator 'Reduce' \(uid needs-key\).*{message}"):
        collect(stream)


def test_side_outputs(env):
    tag = OutputTag("odd", Types.LONG())

    class Split(ProcessFunction):
        def process_element(self, value, ctx):
            if value % 2:
                yield tag, value
            else:
                yield value

    main = env.from_collection(list(range(10))).process(Split())
    both = main.map(lambda x: ("even", x)).union(main.get_side_output(tag).map(lambda x: ("odd", x)))
    assert sorted(collect(both)) == [("even", x) for x in range(0, 10, 2)] + [("odd", x) for x in range(1, 10, 2)]


def test_connected_streams_tell_their_inputs_apart(env):
    class Label(CoMapFunction):
        def map1(self, value):
            return "first", value

        def map2(self, value):
            return "second", value

    connected = env.from_collection([1, 2]).connect(env.from_collection(["x"]))
    assert sorted(collect(connected.map(Label())), key=str) == [("first", 1), ("first", 2), ("second", "x")]


def test_a_failing_function_shows_the_user_what_where_and_which_record(single, capsys):
    def parse(text):
        return int(text)

    stream = single.from_collection(["1", "2", "three"]).map(parse).name("parse").uid("parse-1")
    results = stream.execute_and_collect()
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(JobExecutionError) as caught:
        next(results)
    message = str(caught.value)
    assert "operator 'parse' (uid parse-1) failed on record 'three'" in message
    assert "test_pipeline.py:" in message
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_failure_closes_every_function(single):
    closed = []

    class Closing(MapFunction):
        def map(self, value):
            return value

        def close(self):
            closed.append(1)

    with pytest.raises(JobExecutionError):
        collect(single.from_collection([1]).map(Closing()).map(lambda x: x / 0).map(Closing()))
    assert closed == [1, 1]


def test_an_error_while_closing_is_a_note_and_never_hides_the_first(single):
    class BadClose(MapFunction):
        def map(self, value):
            return value

        def close(self):
            raise RuntimeError("cannot close")

    with pytest.raises(JobExecutionError, match="ZeroDivisionError") as caught:
        collect(single.from_collection([1]).map(BadClose()).map(lambda x: x / 0))
    assert any("cannot close" in note for note in caught.value.__notes__)


def test_an_iterator_that_is_closed_early_cancels_the_job(single):
    seen, closed = [], []

    class Watch(MapFunction):
        def map(self, value):
            seen.append(value)
            return value

        def close(self):
            closed.append(1)

    results = single.from_collection(list(range(100_000))).map(Watch()).execute_and_collect()
    assert next(results) == 0
    results.close()
    assert closed == [1]
    assert len(seen) < 100_000
    assert list(results) == []


def test_a_limit_gives_a_list_of_at_most_that_many(single):
    assert single.from_collection(list(range(10))).execute_and_collect(limit=3) == [0, 1, 2]
    assert single.from_collection([1]).execute_and_collect("job", 5) == [1]


def test_an_environment_can_run_one_program_after_another(single):
    assert collect(single.from_collection([1])) == [1]
    assert collect(single.from_collection([2])) == [2]


def test_a_job_needs_operators(single):
    with pytest.raises(GraphError, match="no operators"):
        single.execute()


def test_plan_shows_the_operators_and_leaves_the_program_runnable(single):
    single.from_collection([1]).map(lambda x: x).name("same").key_by(lambda x: x).reduce(max).print()
    plan = json.loads(single.get_execution_plan())
    assert [node["contents"] for node in plan["nodes"]] == [
        "Source: Collection Source",
        "same",
        "Reduce",
        "Sink: Print to Std. Out",
    ]
    assert plan["nodes"][2]["predecessors"][0]["ship_strategy"] == "HASH"
    single.execute()


def test_print_writes_a_line_per_record(single, capsys):
    single.from_collection([1, "two", (3, 4.5)]).print()
    single.execute()
    assert capsys.readouterr().out.splitlines() == ["1", "two", "(3, 4.5)"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.map(5), r"map\(\) takes a MapFunction or a callable, not 5 \(int\)"),
        (lambda s: s.map(CountPerKey), r"not the class CountPerKey: add \(\)"),
        (lambda s: s.filter(CountPerKey()), r"filter\(\) takes a FilterFunction or a callable"),
        (lambda s: s.process(lambda v, c: [v]), r"process\(\) takes an instance of ProcessFunction"),
        (lambda s: s.key_by(lambda x: x).process(5), "KeyedProcessFunction"),
        (lambda s: s.key_by(1.5), r"key_by\(\) takes a KeySelector"),
        (lambda s: s.set_parallelism(0), "parallelism must be a positive int, not 0"),
        (lambda s: s.set_parallelism("2"), "parallelism must be a positive int"),
        (lambda s: s.name(""), "non-empty str"),
        (lambda s: s.union(1), r"union\(\) takes a DataStream"),
        (lambda s: s.sink_to("file"), r"sink_to\(\) takes a Sink"),
        (lambda s: s.map(str, output_type=str), "output_type takes a TypeInformation"),
        (lambda s: s.assign_timestamps_and_watermarks(1), "takes a WatermarkStrategy"),
        (lambda s: s.get_side_output("late"), "takes an OutputTag"),
        (lambda s: s.execute_and_collect(limit=-1), "limit must be a positive int"),
    ],
)
def test_wrong_arguments_fail_when_the_graph_is_built(single, call, message):
    with pytest.raises(GraphError, match=message):
        call(single.from_collection([1]))


def test_streams_of_different_environments_do_not_mix(single):
    other = StreamExecutionEnvironment.get_execution_environment()
    with pytest.raises(GraphError, match="one environment"):
        single.from_collection([1]).union(other.from_collection([2]))


def test_a_misspelt_option_is_refused_before_the_job_starts(single):
    single.from_collection([1]).map(print)
    single._configuration.set_string("pyflinkx.batch.sise", "5")
    with pytest.raises(ConfigurationError, match=r"pyflinkx\.batch\.size"):
        single.execute()


def test_results_report_runtime_and_id(single):
    single.from_collection([1, 2]).print()
    result = single.execute("named")
    assert len(str(result.get_job_id())) == 32
    assert result.get_net_runtime() >= 0
    assert result.get_all_accumulator_results() == {
        "Collection Source.numRecordsIn": 2,
        "Print to Std. Out.numRecordsOut": 2,
    }
