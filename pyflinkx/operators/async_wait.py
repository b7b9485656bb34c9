"""Asynchronous calls: many records wait for answers from elsewhere at the same time."""

from __future__ import annotations

import heapq
import inspect
from array import array
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any, NoReturn

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx.errors import JobExecutionError
from pyflinkx.operators.async_queue import TIMED_OUT, Control, Entry, OrderedQueue, UnorderedQueue
from pyflinkx.operators.base import OperatorContext
from pyflinkx.operators.function import UserFunctionOperator
from pyflinkx.operators.functions import UserFunction, UserFunctions
from pyflinkx.operators.held_records import held_records
from pyflinkx.state.descriptors import ListStateDescriptor
from pyflinkx.types.typeinfo import TypeInformation

if TYPE_CHECKING:
    from pyflinkx.operators.async_loop import EventLoopThread


LEAST_TIMERS = 1024


def under_way(record_type: TypeInformation | None) -> ListStateDescriptor:
    """The records whose results have not been sent; after a restore the function is called for them again."""
    return held_records("_under-way", record_type)


class AsyncWaitOperator(UserFunctionOperator):
    """Calls an async function per record, and emits its results in order or, between watermarks, as they come.

    The coroutines run on an event loop in a thread of its own; what they give comes back as mail, so all else happens
    in the task's thread. While as many records are under way as there is room for, no more input is read.

    Args:
        function: ``async_invoke(record)``, a coroutine function that gives an iterable of results.
        timeout_function: ``timeout(record)``, called when a record's time is over; gives the results in its place.
        timeout: milliseconds from the first call for a record to its last answer; 0 for no end.
        capacity: records that may be under way.
        ordered: whether results keep the order of their records.
        retry: an AsyncRetryStrategy, or None to call once.
        record_type: the declared type of the records, None where there is none.
    """

    def __init__(
        self,
        function: UserFunction,
        timeout_function: Callable[[Any], Any],
        timeout: int,
        capacity: int,
        ordered: bool,
        retry: Any = None,
        record_type: TypeInformation | None = None,
    ) -> None:
        super().__init__(function)
        self.functions = UserFunctions([function], complete=self.run_coroutine)
        self.timeout_function = timeout_function
        self.timeout = timeout
        self.capacity = capacity
        self.queue: OrderedQueue | UnorderedQueue = OrderedQueue() if ordered else UnorderedQueue()
        self.record_type = record_type
        self.retry = retry
        self.retry_result = self.retry_error = never
        if retry is not None:
            predicate = retry.get_retry_predicate()
            self.retry_result = predicate.result_predicate() or never
            self.retry_error = predicate.exception_predicate() or never
        self.backlog: deque[Entry | Control] = deque()
        self.timers: list[tuple[int, int, Callable[[Entry], None], Entry]] = []
        self.timer_count = 0
        self.most_timers = LEAST_TIMERS
        self.answers: deque[tuple[Entry, int, Any, BaseException | None]] = deque()
        self.mail_sent = False
        self.running: set[Any] = set()
        self.closing = False
        self.events: EventLoopThread | None = None

    # ---- life ----

    def open(self, context: OperatorContext) -> None:
        # asyncio takes longer to import than all of pyflinkx, and few programs need it.
        from pyflinkx.operators.async_loop import EventLoopThread

        self.events = EventLoopThread(f"{context.name} ({context.subtask_index + 1}/{context.parallelism}) asyncio")
        super().open(context)
        self.kept = context.operator_state.get_list_state(under_way(self.record_type))
        self.backlog.extend(Entry(value, timestamp) for value, timestamp in self.kept.get())
        self.kept.clear()
        self.admit()

    def store(self, checkpoint_id: int) -> None:
        super().store(checkpoint_id)
        waiting = [*self.queue.waiting(), *(item for item in self.backlog if isinstance(item, Entry))]
        self.kept.update([(entry.value, entry.timestamp) for entry in waiting])

    def run_coroutine(self, result: Any) -> Any:
        """Run what a method that is a coroutine function has given; the result of any method."""
        if inspect.iscoroutine(result):
            assert self.events is not None
            return self.events.run(result)
        return result

    def close(self) -> None:
        if self.events is None:
            return
        try:
            self._close_function()
        finally:
            self.events.stop()
            self.events = None

    def _close_function(self) -> None:
        assert self.events is not None
        self.events.run(self._cancel_all())
        super().close()

    async def _cancel_all(self) -> None:
        """Cancel every call before the function is closed, so that none meets a closed client."""
        import asyncio

        self.closing = True
        running = list(self.running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    # ---- input ----

    def process_batch(self, batch: Any, port: int = 0) -> None:
        stamps: Iterable[int] = batch.timestamps if batch.timestamps is not None else repeat(NO_TIMESTAMP)
        entries = list(map(Entry, batch.values, stamps))
        if self.context.requests is not None:
            for entry in entries:
                entry.request = self.context.requests.hold(self.context.uid)
        self.backlog.extend(entries)
        self.admit()

    def process_watermark(self, timestamp: int) -> None:
        self.add_control(partial(self.output.emit_watermark, timestamp))

    def process_idleness(self, idle: bool) -> None:
        self.add_control(partial(self.output.emit_idleness, idle))

    def process_marker(self, age: int) -> None:
        self.add_control(partial(self.output.emit_marker, age))

    def add_control(self, control: Control) -> None:
        """Have something called when everything before it has left."""
        self.backlog.append(control)
        self.admit()
        self.emit_ready()

    def accepts_input(self) -> bool:
        return not self.backlog

    def drained(self) -> bool:
        return not self.backlog and not self.queue

    def admit(self) -> None:
        """Start what there is room for."""
        starting: list[Entry] = []
        backlog = self.backlog
        while backlog:
            first = backlog[0]
            if isinstance(first, Entry):
                if self.queue.entries >= self.capacity:
                    break
                self.queue.add(first)
                starting.append(first)
            else:
                self.queue.add_control(first)
            backlog.popleft()
        if starting:
            if self.timeout > 0:
                due = self.context.clock.now() + self.timeout
                for entry in starting:
                    self.set_timer(due, self.time_out, entry)
            self.start(starting)

    # ---- calls, in the event loop's thread ----

    def start(self, entries: list[Entry]) -> None:
        """Call the function for some records."""
        assert self.events is not None
        calls = [(entry, entry.attempts) for entry in entries]
        self.events.loop.call_soon_threadsafe(self._create_tasks, calls)

    def _create_tasks(self, calls: list[tuple[Entry, int]]) -> None:
        for entry, attempt in calls:
            if entry.attempts == attempt and not self.closing:
                self._create_task(entry, attempt, self.call(entry.value))

    def _create_task(self, entry: Entry, attempt: int, awaitable: Any) -> None:
        import asyncio

        entry.task = asyncio.get_running_loop().create_task(self._run(entry, attempt, awaitable))
        self.running.add(entry.task)
        entry.task.add_done_callback(self.running.discard)

    def _cancel(self, entry: Entry) -> None:
        if entry.task is not None:
            entry.task.cancel()

    def _replace(self, entry: Entry, awaitable: Any) -> None:
        """Await what ``timeout`` has given in place of the call."""
        self._cancel(entry)
        self._create_task(entry, TIMED_OUT, awaitable)

    async def _run(self, entry: Entry, attempt: int, awaitable: Any) -> None:
        import asyncio

        results: Any = None
        failure: BaseException | None = None
        try:
            results = self.settled(await awaitable)
        except asyncio.CancelledError as error:
            if self.closing or attempt != entry.attempts:
                raise
            failure = RuntimeError("the coroutine was cancelled, though its time was not over")
            failure.__cause__ = error
        except BaseException as error:
            if self.closing:
                raise
            failure = error  # also what is no Exception: it would end the event loop
        self.answers.append((entry, attempt, results, failure))
        if not self.mail_sent:
            self.mail_sent = True
            self.context.post(self.take_answers)

    def settled(self, results: Any) -> Any:
        """The results as they are now, when the call ends; what is no list or tuple is looked at in ``checked``."""
        copier = self.site.copier
        if copier is None or type(results) not in (list, tuple):
            return results
        return copier.copy_all(list(results))

    # ---- answers ----

    def take_answers(self) -> None:
        """The mail that says that there are answers."""
        self.mail_sent = False  # before looking: an answer that comes meanwhile sends the next mail
        while self.answers:
            entry, *answer = self.answers.popleft()
            self.settle(entry, self.answered, entry, *answer)
        self.emit_ready()
        self.admit()

    def answered(self, entry: Entry, attempt: int, results: Any, failure: BaseException | None) -> None:
        """A call has ended."""
        if attempt != entry.attempts:
            return  # its time was over before
        if failure is None:
            results = self.checked(results, entry, "timeout()" if attempt == TIMED_OUT else "async_invoke()")
        if attempt != TIMED_OUT and self.wants_retry(entry, results, failure):
            due = self.context.clock.now() + self.retry.get_backoff_time_millis(attempt)
            self.set_timer(due, self.call_again, entry)
        elif failure is not None:
            self.fail(failure, entry)
        else:
            self.complete(entry, results)

    def wants_retry(self, entry: Entry, results: Any, failure: BaseException | None) -> bool:
        """Whether the strategy wants another call for a record."""
        if self.retry is None:
            return False
        try:
            wanted = self.retry_result(results) if failure is None else self.retry_error(failure)
            return bool(wanted) and bool(self.retry.can_retry(entry.attempts))
        except BaseException as error:
            self.fail(error, entry)

    def call_again(self, entry: Entry) -> None:
        """The back-off time of a record is over."""
        if entry.attempts != TIMED_OUT:
            entry.attempts += 1
            self.start([entry])

    def time_out(self, entry: Entry) -> None:
        """The time of a record is over."""
        if entry.results is not None:
            return
        assert self.events is not None
        entry.attempts = TIMED_OUT
        self.context.count("numTimeouts")
        try:
            results = self.settled(self.timeout_function(entry.value))
        except BaseException as error:
            self.fail(error, entry)
        if inspect.isawaitable(results):
            self.events.loop.call_soon_threadsafe(self._replace, entry, results)
            return
        self.events.loop.call_soon_threadsafe(self._cancel, entry)
        self.complete(entry, self.checked(results, entry, "timeout()"))

    def checked(self, results: Any, entry: Entry, method: str) -> list[Any]:
        """The results as a list; fails where they are none."""
        if isinstance(results, Iterable) and not isinstance(results, (str, bytes)):
            copier = self.site.copier
            if copier is None or type(results) in (list, tuple):
                return list(results)
            taken: list[Any] = []
            iterator = iter(results)
            while copier.take(iterator, taken):
                pass
            return taken
        wrong = "cannot be none" if results is None else "should be of list type"
        hint = f"{method} gave {short_repr(results)}"
        self.fail(TypeError(f"The result of AsyncFunction {wrong}: {hint}"), entry)

    def complete(self, entry: Entry, results: list[Any]) -> None:
        """A record has its results."""
        entry.results = results
        self.queue.complete(entry)

    def fail(self, error: BaseException, entry: Entry) -> NoReturn:
        """End the job, after what is ready has left."""
        self.emit_ready()
        raise self.site.wrap(error, f"on record {short_repr(entry.value)}") from error

    def settle(self, entry: Entry, call: Callable[..., None], *arguments: Any) -> None:
        """Do what may fail for a record; a request's failure is the request's, where it can be."""
        try:
            call(*arguments)
        except JobExecutionError as error:
            if entry.request is None or not self.context.requests.take(entry.request, error):  # type: ignore[union-attr]
                raise
            self.complete(entry, [])

    def emit_ready(self) -> None:
        """Send on what may leave now."""
        values: list[Any] = []
        stamps = array("q")
        for item in self.queue.ready():
            if isinstance(item, Entry):
                assert item.results is not None
                if item.request is not None:
                    self.emit(values, stamps)
                    values, stamps = [], array("q")
                    self.emit_for(item)
                    continue
                values += item.results
                stamps.extend([item.timestamp] * len(item.results))
                continue
            self.emit(values, stamps)
            values, stamps = [], array("q")
            item()
        self.emit(values, stamps)

    def emit(self, values: list[Any], stamps: array[int]) -> None:
        """Send a batch, unless it is empty."""
        if values:
            self.output.emit(ObjectBatch(values, stamps))

    def emit_for(self, entry: Entry) -> None:
        """Send the results of a request's record, which then is done with here."""
        requests, results = self.context.requests, entry.results
        assert requests is not None
        assert results is not None
        if results:
            stamps = array("q", [entry.timestamp]) * len(results)
            requests.run(entry.request, self.output.emit, ObjectBatch(results, stamps))
        requests.report(entry.request)

    # ---- timers ----

    def set_timer(self, due: int, handler: Callable[[Entry], None], entry: Entry) -> None:
        """Have a handler called for a record when the clock has reached ``due`` (ms)."""
        if len(self.timers) >= self.most_timers:
            # Behind a record that waits long, timers of records that are done pile up; at most half of them may.
            self.timers = [timer for timer in self.timers if timer[3].results is None]
            heapq.heapify(self.timers)
            self.most_timers = 2 * len(self.timers) + LEAST_TIMERS
        self.timer_count += 1
        heapq.heappush(self.timers, (due, self.timer_count, handler, entry))

    def next_processing_timer(self) -> int | None:
        timers = self.timers
        while timers and timers[0][3].results is not None:
            heapq.heappop(timers)
        return timers[0][0] if timers else None

    def advance_processing_time(self, now: int) -> None:
        while self.timers and self.timers[0][0] <= now:
            _, _, handler, entry = heapq.heappop(self.timers)
            self.settle(entry, handler, entry)
        self.emit_ready()
        self.admit()


def never(value: Any) -> bool:
    """The predicate that wants no retry."""
    return False
