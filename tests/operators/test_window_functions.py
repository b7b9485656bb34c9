"""Window functions: their context, state, results and failures, in both ways of running windows."""

import traceback

import pytest

from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx.errors import JobExecutionError, WrongStateError
from pyflinkx.operators.window import WindowOperator
from pyflinkx.operators.windowing.assigners import (
    EventTimeSessionWindows,
    GlobalWindows,
    TumblingEventTimeWindows,
)
from pyflinkx.operators.windowing.triggers import (
    CountTrigger,
    PurgingTrigger,
)
from pyflinkx.state import ValueStateDescriptor
from pyflinkx.testing.harness import OperatorHarness
from pyflinkx.types.output_tag import OutputTag
from tests.operators.window_cases import add, first, windows

# ---- window functions ----


class Recorder:
    """A process window function that yields what its context says."""

    def __init__(self):
        self.events = []

    def open(self, runtime_context):
        self.events.append(("open", runtime_context.get_task_name()))

    def process(self, key, context, elements):
        in_window = context.window_state().get_state(ValueStateDescriptor("firings"))
        overall = context.global_state().get_state(ValueStateDescriptor("firings of key"))
        in_window.update((in_window.value() or 0) + 1)
        overall.update((overall.value() or 0) + 1)
        yield key, context.window(), in_window.value(), overall.value()
        yield context.current_watermark(), context.current_processing_time()

    def clear(self, context):
        self.events.append(("clear", context.window()))
        context.window_state().get_state(ValueStateDescriptor("firings")).clear()

    def close(self):
        self.events.append("close")


def test_state_of_windows_and_of_keys(trigger):
    function = Recorder()
    with OperatorHarness(
        WindowOperator(first, TumblingEventTimeWindows(10), trigger, window_function=function, allowed_lateness=5),
        now=77,
        name="my windows",
    ) as harness:
        harness.push([("a", 1), ("a", 2)], [1, 11])
        harness.watermark(9)
        harness.push([("a", 3)], [2])
        harness.watermark(14)
        assert harness.take() == [
            (("a", TimeWindow(0, 10), 1, 1), 9),
            ((9, 77), 9),
            (("a", TimeWindow(0, 10), 2, 2), 9),
            ((9, 77), 9),
        ]
        assert function.events == [("open", "my windows"), ("clear", TimeWindow(0, 10))]
        harness.watermark(19)
        assert harness.take()[0] == (("a", TimeWindow(10, 20), 1, 3), 19)
        harness.finish()
        assert {name: len(table) for name, table in harness.operator.backend.tables.items() if len(table)} == {
            "firings of key": 1
        }
    assert function.events[2:] == [("clear", TimeWindow(10, 20)), "close"]


def test_clear_is_called_per_key(trigger):
    cleared = []

    class Clearing:
        def process(self, key, context, elements):
            context.global_state().get_state(ValueStateDescriptor("my key")).update(key)
            return ()

        def clear(self, context):
            cleared.append((context.global_state().get_state(ValueStateDescriptor("my key")).value(), context.window()))

    harness = windows(TumblingEventTimeWindows(10), trigger, window_function=Clearing())
    harness.push([("a", 1), ("b", 1), ("a", 1)], [1, 2, 3])
    harness.finish()
    assert cleared == [("a", TimeWindow(0, 10)), ("b", TimeWindow(0, 10))]


def test_merging_windows_have_no_state_of_their_own():
    class Stateful:
        def process(self, key, context, elements):
            context.window_state().get_state(ValueStateDescriptor("v"))

    harness = windows(EventTimeSessionWindows(5), window_function=Stateful())
    harness.push([("a", 1)], [1])
    with pytest.raises(JobExecutionError, match="global_state") as failure:
        harness.finish()
    assert isinstance(failure.value.__cause__, WrongStateError)


def test_a_window_function_may_yield_to_side_outputs(trigger):
    odd = OutputTag("odd")

    def split(key, window, inputs):
        for record in inputs:
            yield (odd, record) if record[1] % 2 else record

    harness = windows(TumblingEventTimeWindows(10), trigger, window_function=split)
    harness.push([("a", 1), ("a", 2), ("a", 3)], [1, 2, 3])
    harness.finish()
    assert harness.results == [(("a", 2), 9)]
    assert harness.side_outputs == {"odd": [(("a", 1), 9), (("a", 3), 9)]}


def test_a_window_function_may_return_nothing_or_any_iterable(trigger):
    answers = {"a": None, "b": [], "c": ("x", "y"), "d": {"z": 1}}
    harness = windows(TumblingEventTimeWindows(10), trigger, window_function=lambda key, window, inputs: answers[key])
    harness.push([(key, 1) for key in answers], [1] * 4)
    harness.finish()
    assert harness.values == ["x", "y", "z"]


def test_a_window_functions_records_are_its_own(trigger):
    kept = []

    def keep(key, window, inputs):
        kept.append(inputs)

    harness = windows(TumblingEventTimeWindows(10), trigger, window_function=keep, allowed_lateness=5)
    harness.push([("a", 1)], [1])
    harness.watermark(9)
    harness.push([("a", 2)], [1])
    assert kept == [[("a", 1)], [("a", 1), ("a", 2)]]


class AllRecords:
    def process(self, context, elements):
        yield context.window(), sorted(elements)


class ApplyAll:
    def apply(self, window, inputs):
        yield window, sorted(inputs)


@pytest.mark.parametrize(
    "function", [AllRecords(), ApplyAll(), lambda window, inputs: [(window, sorted(inputs))]], ids=["p", "a", "f"]
)
def test_windows_over_all_records_get_no_key(trigger, function):
    harness = windows(TumblingEventTimeWindows(10), trigger, key=None, window_function=function)
    harness.push([3, 1, 2], [1, 2, 3])
    harness.finish()
    assert harness.results == [((TimeWindow(0, 10), [1, 2, 3]), 9)]


def test_functions_may_be_objects(trigger):
    class Key:
        def get_key(self, value):
            return value[0]

    class Sum:
        opened = closed = 0

        def open(self, runtime_context):
            self.opened += 1

        def reduce(self, value1, value2):
            return add(value1, value2)

        def close(self):
            self.closed += 1

    class Window:
        def apply(self, key, window, inputs):
            return [(key, *inputs)]

    reduce = Sum()
    with windows(TumblingEventTimeWindows(10), trigger, key=Key(), reduce=reduce, window_function=Window()) as harness:
        harness.push([("a", 1), ("a", 2)], [1, 2])
        harness.finish()
        assert harness.values == [("a", ("a", 3))]
    assert (reduce.opened, reduce.closed) == (1, 1)


# ---- failures ----


def broken(a, b):
    return a[0], a[1] / b[1]


def test_a_failure_names_operator_and_record(trigger):
    harness = OperatorHarness(
        WindowOperator(first, TumblingEventTimeWindows(10), trigger, reduce=broken),
        name="ratios",
        uid="u-7",
        location="job.py:12",
    )
    with pytest.raises(JobExecutionError) as failure:
        harness.push([("a", 1), ("a", 0), ("a", 2)], [1, 2, 3])
    for part in ("'ratios'", "u-7", "job.py:12", "('a', 0)", "ZeroDivisionError"):
        assert part in str(failure.value)
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


def test_the_traceback_begins_in_the_users_code(trigger):
    def fail(key, window, inputs):
        raise OSError("no")

    harness = windows(TumblingEventTimeWindows(10), trigger, window_function=fail)
    harness.push([("a", 1)], [1])
    with pytest.raises(JobExecutionError) as failure:
        harness.finish()
    frames = traceback.extract_tb(failure.value.__cause__.__traceback__)
    assert [frame.name for frame in frames] == ["fail"]


def test_results_before_a_failure_are_sent():
    harness = windows(GlobalWindows(), PurgingTrigger(CountTrigger(2)), reduce=broken)
    with pytest.raises(JobExecutionError):
        harness.push([("a", 8), ("a", 2), ("a", 1), ("a", 0)])
    assert harness.values == [("a", 4)]


def test_late_records_before_a_failure_are_sent(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger, reduce=broken, late_tag=OutputTag("late"))
    harness.watermark(5)
    harness.push([("a", 1)], [15])
    harness.watermark(9)
    with pytest.raises(JobExecutionError):
        harness.push([("a", 7), ("a", 0)], [1, 15])
    assert harness.side_outputs == {"late": [(("a", 7), 1)]}


def test_results_of_keys_before_a_failing_one_are_sent(trigger):
    class Ratio:
        def create_accumulator(self):
            return 1, 0

        def add(self, value, accumulator):
            return accumulator[0], value[1]

        def get_result(self, accumulator):
            return accumulator[0] / accumulator[1]

        def merge(self, a, b):
            raise AssertionError("these windows do not merge")

    harness = windows(TumblingEventTimeWindows(10), trigger, aggregate=Ratio())
    harness.push([("a", 2), ("b", 4), ("c", 0), ("d", 1)], [1, 2, 3, 4])
    with pytest.raises(JobExecutionError, match=r"in TimeWindow\(start=0, end=10\) of key 'c'"):
        harness.finish()
    assert harness.results == [(0.5, 9), (0.25, 9)]


def test_results_before_a_failing_window_function_are_sent(trigger):
    def invert(key, window, inputs):
        for record in inputs:
            yield 1 / record[1]

    harness = windows(TumblingEventTimeWindows(10), trigger, window_function=invert)
    harness.push([("a", 2), ("b", 4), ("b", 0), ("c", 1)], [1, 2, 3, 4])
    with pytest.raises(JobExecutionError, match=r"in TimeWindow\(start=0, end=10\) of key 'b'"):
        harness.finish()
    assert harness.results == [(0.5, 9), (0.25, 9)]


@pytest.mark.parametrize("method", ["open", "close"])
def test_failures_of_open_and_close(method):
    def fail(*arguments):
        raise OSError("no")

    function = type("Failing", (), {"apply": lambda *a: None, method: fail})()
    with (
        pytest.raises(JobExecutionError, match=rf"in {method}\(\).*OSError: no"),
        windows(TumblingEventTimeWindows(10), window_function=function),
    ):
        pass


def test_a_failing_downstream_operator_is_not_blamed_on_the_window(trigger):
    class Full(Exception):
        pass

    harness = windows(TumblingEventTimeWindows(10), trigger)

    def refuse(batch):
        raise Full

    harness.output.emit = refuse
    harness.push([("a", 1)], [1])
    with pytest.raises(Full):
        harness.watermark(9)


def test_records_without_timestamps_are_refused(trigger):
    harness = windows(TumblingEventTimeWindows(10), trigger)
    with pytest.raises(JobExecutionError, match="assign_timestamps_and_watermarks"):
        harness.push([("a", 1)])
    with pytest.raises(JobExecutionError, match="assign_timestamps_and_watermarks"):
        harness.push([("a", 1)], [None])


@pytest.mark.parametrize("timestamp", [2**63 - 1, -(2**63) + 1])
def test_timestamps_at_the_limits_are_refused(trigger, timestamp):
    harness = windows(TumblingEventTimeWindows(1000), trigger)
    with pytest.raises(JobExecutionError, match="OverflowError"):
        harness.push([("a", 1)], [timestamp])
