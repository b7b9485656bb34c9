"""Asynchronous calls under control: the test decides which call is answered when, and what time it is."""

import asyncio
import threading
from functools import partial
from queue import SimpleQueue

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflinkx.datastream.async_retry_predicates import (
    empty_result_predicate,
    exception_type_predicate,
    has_exception_predicate,
)
from pyflinkx.datastream.functions import AsyncRetryStrategy
from pyflinkx.errors import JobExecutionError, WaitTimeoutError
from pyflinkx.operators.async_wait import LEAST_TIMERS, AsyncWaitOperator
from pyflinkx.operators.base import MAX_WATERMARK
from pyflinkx.operators.functions import UserFunction
from pyflinkx.state.operator_state import redistributed
from pyflinkx.testing.harness import OperatorHarness


class Calls:
    """An async function whose answers the test gives."""

    def __init__(self):
        self.made = SimpleQueue()
        self.futures = {}
        self.cancelled = SimpleQueue()

    async def async_invoke(self, value):
        future = asyncio.get_running_loop().create_future()
        self.futures[value] = future
        self.made.put(value)
        try:
            return await future
        except asyncio.CancelledError:
            self.cancelled.put(value)
            raise

    def await_calls(self, count):
        return [self.made.get(timeout=300) for _ in range(count)]

    def answer(self, value, *results):
        future = self.futures[value]
        future.get_loop().call_soon_threadsafe(future.set_result, list(results))

    def fail(self, value, error):
        future = self.futures[value]
        future.get_loop().call_soon_threadsafe(future.set_exception, error)


def timeout(value):
    raise TimeoutError(f"no answer for {value}")


def harness(calls, *, ordered=True, capacity=100, time=0, on_timeout=timeout, retry=None, restored=()):
    function = UserFunction(calls.async_invoke, calls)
    operator = AsyncWaitOperator(function, on_timeout, time, capacity, ordered, retry)
    return OperatorHarness(operator, name="lookup", uid="u", restored_operator=restored)


def answer(h, calls, value, *results):
    calls.answer(value, *results)
    h.read_mail()


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("count", [1, 2])
def test_records_under_way_are_state_and_the_function_is_called_for_them_again(ordered, count):
    """Those that wait for room as well, and those that have an answer which waits for others."""
    calls = Calls()
    with harness(calls, ordered=ordered, capacity=4) as h:
        h.push(["a", "b", "c"], [1, 2, None])
        h.operator.process_watermark(2)
        h.push(["d", "e", "f"], [4, 5, 6])
        calls.await_calls(4)
        answer(h, calls, "d", "D")
        if not ordered:
            answer(h, calls, "b", "B")
        sent = h.take()
        h.operator.store(1)
        parts = redistributed([h.context.operator_state.export()], count)
    expected = [("a", 1), ("b", 2), ("c", None), ("d", 4), ("e", 5), ("f", 6)]
    expected = [record for record in expected if record[0].upper() not in [value for value, _ in sent]]
    found = []
    for part in parts:
        again = Calls()
        with harness(again, ordered=ordered, capacity=100, restored=part) as h:
            mine = again.await_calls(-(-len(expected) // count) if part is parts[0] else len(expected) // count)
            for value in mine:
                answer(h, again, value, value)
            assert h.operator.drained()
            found += h.take()
            h.operator.store(1)
            assert all(len(batch) == 0 for batch in h.context.operator_state.export())
    assert sorted(found) == sorted(expected)
    if count == 1 and ordered:
        assert found == expected


def test_ordered_results_wait_for_those_before_them():
    calls = Calls()
    with harness(calls) as h:
        h.push(["a", "b", "c"], [1, 2, None])
        assert sorted(calls.await_calls(3)) == ["a", "b", "c"]
        answer(h, calls, "c", "C")
        answer(h, calls, "b", "B1", "B2")
        assert h.results == []
        answer(h, calls, "a")
        assert h.results == [("B1", 2), ("B2", 2), ("C", None)]


def test_unordered_results_do_not_wait_but_for_watermarks():
    calls = Calls()
    with harness(calls, ordered=False) as h:
        h.push(["a", "b"], [1, 2])
        h.watermark(2)
        h.push(["c"], [3])
        calls.await_calls(3)
        answer(h, calls, "c", "C")
        answer(h, calls, "b", "B")
        assert (h.values, h.watermarks) == (["B"], [])
        answer(h, calls, "a", "A")
        assert (h.values, h.watermarks) == (["B", "A", "C"], [2])


class Log:
    """An output that keeps records and watermarks in one list."""

    def __init__(self):
        self.log = []

    def emit(self, batch):
        self.log.extend(batch.values)

    def emit_watermark(self, timestamp):
        self.log.append(("watermark", timestamp))

    def emit_idleness(self, idle):
        self.log.append(("idle", idle))


EVENTS = st.lists(st.sampled_from(["record", "watermark", "idle"]), max_size=12)


@settings(max_examples=40, deadline=None)
@given(EVENTS, st.booleans(), st.integers(1, 4), st.data())
def test_any_order_of_answers(events, ordered, capacity, data):
    calls = Calls()
    expected, segments, number = [], [[]], 0
    with harness(calls, ordered=ordered, capacity=capacity) as h:
        log = Log()
        h.operator.output = log
        for event in events:
            if event == "record":
                h.push([number])
                segments[-1].append(number)
                expected.append(number)
                number += 1
            else:
                segments.append([])
                if event == "watermark":
                    h.watermark(number + len(segments))
                    expected.append(("watermark", number + len(segments)))
                else:
                    h.idle(len(segments) % 2 == 0)
                    expected.append(("idle", len(segments) % 2 == 0))
        waiting = set()
        unanswered = number
        while unanswered:
            while not calls.made.empty() or not waiting:
                waiting.add(calls.made.get(timeout=300))
            assert len(waiting) <= capacity
            value = data.draw(st.sampled_from(sorted(waiting)))
            waiting.discard(value)
            unanswered -= 1
            answer(h, calls, value, value)
        assert h.operator.drained()
    if ordered:
        assert log.log == expected
        return
    controls = [item for item in expected if isinstance(item, tuple)]
    found = [[]]
    for item in log.log:
        if isinstance(item, tuple):
            assert item == controls.pop(0)
            found.append([])
        else:
            found[-1].append(item)
    assert controls == []
    assert [sorted(segment) for segment in found] == segments


def test_no_more_calls_are_under_way_than_there_is_room_for():
    calls = Calls()
    with harness(calls, capacity=2) as h:
        h.push([1, 2, 3, 4])
        assert sorted(calls.await_calls(2)) == [1, 2]
        assert calls.made.empty()
        assert not h.operator.accepts_input()
        answer(h, calls, 2, 2)
        assert calls.made.empty(), "a result that waits for its turn takes room"
        answer(h, calls, 1, 1)
        assert sorted(calls.await_calls(2)) == [3, 4]
        assert h.operator.accepts_input()


def test_the_end_of_input_waits_for_the_answers():
    calls = Calls()
    with harness(calls) as h:
        h.push([1])
        calls.await_calls(1)
        assert not h.operator.drained()
        calls.answer(1, "one")
        h.finish()
        assert h.values == ["one"]
        assert h.watermarks == [MAX_WATERMARK]


def test_a_record_whose_time_is_over_gets_what_timeout_gives():
    calls = Calls()
    with harness(calls, time=10, on_timeout=lambda value: [f"late {value}"]) as h:
        h.push(["a"])
        h.set_processing_time(5)
        h.push(["b"])
        calls.await_calls(2)
        assert h.operator.next_processing_timer() == 10
        h.set_processing_time(10)
        assert h.values == ["late a"]
        assert calls.cancelled.get(timeout=300) == "a"
        answer(h, calls, "b", "B")
        assert h.values == ["late a", "B"]
        assert h.operator.next_processing_timer() is None
        assert h.counters == {"numTimeouts": 1}


def test_timeout_may_be_a_coroutine():
    async def late(value):
        await asyncio.sleep(0)
        return [value, value]

    calls = Calls()
    with harness(calls, time=10, on_timeout=late) as h:
        h.push(["a"])
        calls.await_calls(1)
        h.set_processing_time(10)
        assert calls.cancelled.get(timeout=300) == "a"
        h.read_mail()
        assert h.values == ["a", "a"]


def test_a_timeout_that_is_a_coroutine_may_fail():
    async def late(value):
        raise LookupError("no default")

    calls = Calls()
    with harness(calls, time=10, on_timeout=late, retry=retry(error=has_exception_predicate)) as h:
        h.push(["a"])
        h.set_processing_time(10)
        with pytest.raises(JobExecutionError, match="on record 'a': LookupError: no default"):
            h.read_mail()


def test_a_record_that_waits_long_does_not_pile_up_the_timers_of_others():
    class OneWaits:
        async def async_invoke(self, value):
            if value == 0:
                await asyncio.Event().wait()
            return []

    with harness(OneWaits(), ordered=False, capacity=500, time=1000) as h:
        h.push([0])
        for _ in range(20):
            h.push(range(1, 400))
            while h.operator.queue.entries > 1:
                h.read_mail()
        assert len(h.operator.timers) <= LEAST_TIMERS + 400
        assert h.operator.next_processing_timer() == 1000


def test_a_test_does_not_wait_for_ever():
    calls = Calls()
    with harness(calls) as h, pytest.raises(WaitTimeoutError, match="no mail"):
        h.read_mail(timeout=0)


def test_nothing_is_called_for_a_record_whose_time_is_over_at_once():
    calls = Calls()
    with harness(calls, time=10, on_timeout=lambda value: [value]) as h:
        h.operator.events.run(hold(h, calls))
        h.operator.events.run(asyncio.sleep(0))
        assert h.values == ["a"]
        assert calls.made.empty()


async def hold(h, calls):
    """Push a record and let its time pass while the event loop is busy."""
    h.push(["a"])
    h.set_processing_time(10)


def test_by_default_the_job_fails_with_the_record():
    calls = Calls()
    with harness(calls, time=10) as h:
        h.push(["a"])
        with pytest.raises(
            JobExecutionError, match=r"'lookup' \(uid u\) failed on record 'a'.*no answer for a"
        ) as raised:
            h.set_processing_time(10)
        assert isinstance(raised.value.__cause__, TimeoutError)


def test_an_exception_comes_with_its_record_after_what_was_ready():
    calls = Calls()
    with harness(calls, ordered=False) as h:
        h.push(["a", "b"])
        calls.await_calls(2)
        answer(h, calls, "b", "B")
        calls.fail("a", KeyError("gone"))
        with pytest.raises(JobExecutionError, match=r"on record 'a': KeyError: 'gone'"):
            h.read_mail()
        assert h.values == ["B"]


@pytest.mark.parametrize(
    ("results", "fault"),
    [(None, "cannot be none"), (5, "should be of list type"), ("text", "should be of list type")],
)
def test_results_are_a_list(results, fault):
    class Wrong:
        async def async_invoke(self, value):
            return results

    with harness(Wrong()) as h:
        h.push(["a"])
        expected = rf"on record 'a'.*The result of AsyncFunction {fault}: async_invoke\(\) gave {results!r}"
        with pytest.raises(JobExecutionError, match=expected):
            h.read_mail()


def test_a_call_that_is_cancelled_by_its_own_code_is_a_failure():
    class Cancels:
        async def async_invoke(self, value):
            raise asyncio.CancelledError

    with harness(Cancels()) as h:
        h.push(["a"])
        with pytest.raises(JobExecutionError, match=r"on record 'a'.*was cancelled"):
            h.read_mail()


def retry(result=None, error=None, attempts=2):
    return AsyncRetryStrategy.fixed_delay(attempts, 10, result, error)


def test_a_failed_call_is_made_again_after_the_delay():
    calls = Calls()
    with harness(calls, time=1000, retry=retry(error=has_exception_predicate)) as h:
        h.push(["a"])
        for now in (10, 20):
            calls.await_calls(1)
            calls.fail("a", OSError("down"))
            h.read_mail()
            assert h.operator.next_processing_timer() == now
            h.set_processing_time(now - 1)
            assert calls.made.empty()
            h.set_processing_time(now)
        calls.await_calls(1)
        answer(h, calls, "a", "A")
        assert h.values == ["A"]


def test_after_the_last_attempt_the_outcome_counts():
    calls = Calls()
    with harness(calls, time=1000, retry=retry(empty_result_predicate, has_exception_predicate, attempts=1)) as h:
        h.push(["a", "b"])
        calls.await_calls(2)
        answer(h, calls, "a")
        calls.fail("b", OSError("down"))
        h.read_mail()
        h.set_processing_time(10)
        calls.await_calls(2)
        answer(h, calls, "a")
        assert h.values == []
        calls.fail("b", OSError("still down"))
        with pytest.raises(JobExecutionError, match="on record 'b': OSError: still down"):
            h.read_mail()


def test_other_exceptions_are_not_retried():
    calls = Calls()
    only = partial(exception_type_predicate, expected_error_type=OSError)
    with harness(calls, time=1000, retry=retry(error=only)) as h:
        h.push(["a"])
        calls.await_calls(1)
        calls.fail("a", KeyError("x"))
        with pytest.raises(JobExecutionError, match="KeyError"):
            h.read_mail()


def test_the_timeout_is_for_all_attempts_together():
    calls = Calls()
    with harness(calls, time=15, retry=retry(error=has_exception_predicate), on_timeout=lambda v: ["late"]) as h:
        h.push(["a"])
        calls.await_calls(1)
        calls.fail("a", OSError())
        h.read_mail()
        h.set_processing_time(10)
        calls.await_calls(1)
        h.set_processing_time(15)
        assert h.values == ["late"]
        assert calls.cancelled.get(timeout=300) == "a"


def test_a_retry_that_would_come_after_the_timeout_is_not_made():
    calls = Calls()
    with harness(calls, time=5, retry=retry(error=has_exception_predicate), on_timeout=lambda v: ["late"]) as h:
        h.push(["a"])
        calls.await_calls(1)
        calls.fail("a", OSError())
        h.read_mail()
        h.set_processing_time(50)
        assert h.values == ["late"]
        assert calls.made.empty()


def test_a_predicate_that_raises_names_the_record():
    calls = Calls()
    with harness(calls, time=5, retry=retry(result=lambda results: 1 / 0)) as h:
        h.push(["a"])
        calls.await_calls(1)
        calls.answer("a")
        with pytest.raises(JobExecutionError, match="on record 'a': ZeroDivisionError"):
            h.read_mail()


def test_open_and_close_may_be_coroutines_on_the_loop_of_the_calls():
    events = []

    class Client:
        async def open(self, runtime_context):
            self.loop = asyncio.get_running_loop()
            events.append(runtime_context.get_task_name())

        async def async_invoke(self, value):
            assert asyncio.get_running_loop() is self.loop
            return [value]

        async def close(self):
            assert asyncio.get_running_loop() is self.loop
            events.append("closed")

    before = threading.active_count()
    with harness(Client()) as h:
        h.push([1])
        h.finish()
        assert h.values == [1]
    assert events == ["lookup", "closed"]
    assert threading.active_count() == before


def test_closing_cancels_what_is_under_way_first():
    events = []

    class Client(Calls):
        def close(self):
            events.append(("closed", not self.cancelled.empty()))

    before = threading.active_count()
    calls = Client()
    with harness(calls) as h:
        h.push([1])
        calls.await_calls(1)
    assert events == [("closed", True)]
    assert threading.active_count() == before


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_a_failure_in_open_leaves_no_thread(kind):
    class Plain(Calls):
        def open(self, runtime_context):
            raise OSError("no network")

    class Coroutine(Calls):
        async def open(self, runtime_context):
            raise OSError("no network")

    before = threading.active_count()
    calls = Plain() if kind == "plain" else Coroutine()
    operator = AsyncWaitOperator(UserFunction(calls.async_invoke, calls), timeout, 0, 1, True)
    with pytest.raises(JobExecutionError, match=r"in open\(\): OSError: no network"):
        OperatorHarness(operator)
    operator.close()
    assert threading.active_count() == before
