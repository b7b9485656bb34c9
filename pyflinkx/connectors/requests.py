"""Requests to a running job, each of which gets its own answer; see docs/internals/requests.md.

A request has a number that travels beside its record, through every task that it comes to. Each task tells the client
how many pieces a piece has become, and what has reached a sink of replies: so the client knows when nothing of a
request is under way any more, and what its answers are.
"""

from __future__ import annotations

import contextlib
import time
from array import array
from collections import deque
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from itertools import count
from threading import get_ident
from typing import Any

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.client_end import DEFAULT_CAPACITY, ClientSource, Ended
from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext
from pyflinkx.connectors.enumerator import ReaderRegistered
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.connectors.source import END, WAIT, ReaderContext, SourceReader
from pyflinkx.connectors.wait_point import timed_out
from pyflinkx.errors import (
    ConfigurationError,
    JobExecutionError,
    NoAnswerError,
    RequestError,
    SeveralAnswersError,
    SinkError,
    WrongStateError,
)
from pyflinkx.types.typeinfo import TypeInformation

ON_ERROR = ("request", "job")
FULL = "the job has as many requests as it may have, and took no other one"
LATE = "no answer came"

# ---- what the client and the tasks tell each other ----


@dataclass(frozen=True)
class Requests:
    """Requests on their way to the reader: number, record and timestamp (ms, or None) of each."""

    requests: list[tuple[int, Any, int | None]]


@dataclass(frozen=True)
class Passed:
    """A piece of a request has passed through a task.

    ``at`` is where the piece came in: 0 at the source, else the node of an operator, or the uid of one that has held
    it; ``sent`` how many pieces it has become, by where each was sent. ``replies`` are answers, ``failure.error`` is
    what a function raised.
    """

    number: int
    at: int | str
    sent: dict[int | str, int]
    replies: list[Any]
    failure: Any
    task: str


class Request:
    """What the client knows of a request.

    Args:
        number: of the request.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.future: Future[list[Any]] = Future()
        # Pieces that were sent to each node and have not passed it, as far as reports tell; below 0 where the report of
        # a piece has come before that of its sender. Each piece is reported together with those that it has become, and
        # none comes back to a node where it was: so all are 0 when nothing is under way, and not before.
        self.under_way: dict[int | str, int] = {0: 1}
        self.replies: list[Any] = []
        self.failure: BaseException | None = None
        self.ended_in: list[str] = []

    def passed(self, event: Passed) -> bool:
        """Take a task's report; whether the request is done."""
        under_way = self.under_way
        under_way[event.at] = under_way.get(event.at, 0) - 1
        for node, pieces in event.sent.items():
            under_way[node] = under_way.get(node, 0) + pieces
        self.replies += event.replies
        if event.failure is not None and self.failure is None:
            self.failure = event.failure.error
        if not event.sent and event.task not in self.ended_in:
            self.ended_in.append(event.task)
        return not any(under_way.values())

    def settle(self) -> None:
        """Tell whoever waits how it has gone."""
        if self.failure is not None:
            self.fail(self.failure)
            return
        with contextlib.suppress(InvalidStateError):  # nobody waits any more
            self.future.set_result(self.replies)

    def fail(self, error: BaseException) -> None:
        """Tell whoever waits what went wrong."""
        with contextlib.suppress(InvalidStateError):
            self.future.set_exception(error)


class RequestSource(ClientSource):
    """Requests that the host program makes while the job runs, each of which gets its own answer.

    What the job's functions send on while they work for a request's record, in all its tasks, is the request's; what of
    it reaches ``replies`` is its answer.

    Args:
        capacity: the most requests that the job has at a time; who makes another one waits.
        on_error: what a function's failure on a request's record makes fail: the "request" alone, or the "job".
        type_info: type of the records, if known.

    Raises:
        TypeError, ConfigurationError: the capacity is no whole number of 1 or more, ``on_error`` none of the two.

    Example:
        >>> from pyflinkx.common import WatermarkStrategy
        >>> from pyflinkx.datastream import StreamExecutionEnvironment
        >>> requests = RequestSource()
        >>> env = StreamExecutionEnvironment.get_execution_environment()
        >>> stream = env.from_source(requests, WatermarkStrategy.no_watermarks(), "requests")
        >>> _ = stream.map(str.upper).sink_to(requests.replies)
        >>> client = env.execute_async("service")
        >>> requests.ask("hello", timeout=60)
        'HELLO'
        >>> requests.close()
    """

    def __init__(
        self,
        capacity: int = DEFAULT_CAPACITY,
        on_error: str = "request",
        type_info: TypeInformation | None = None,
    ) -> None:
        if on_error not in ON_ERROR:
            raise ConfigurationError(f"on_error is one of {', '.join(map(repr, ON_ERROR))}, not {on_error!r}")
        self.on_error = on_error
        super().__init__(capacity, type_info, "request source")
        self._numbers = count(1)
        self._pending: dict[int, tuple[int, Any, int | None]] = {}
        self._requests: dict[int, Request] = {}
        self._thread = 0

    def __repr__(self) -> str:
        return f"RequestSource(capacity={self._end.capacity}, on_error={self.on_error!r})"

    def __len__(self) -> int:
        """Requests that the job has not done with."""
        return len(self._requests)

    def __bool__(self) -> bool:
        return True

    @property
    def fails_job(self) -> bool:
        """Whether a function's failure on a request's record is the job's."""
        return self.on_error == "job"

    @property
    def replies(self) -> ReplySink:
        """A sink for the answers; a job may have several, and each answers the requests of all its sources."""
        return ReplySink()

    # ---- the host's side, from any thread ----

    def ask(self, value: Any, timeout: float | None = None, *, timestamp: int | None = None) -> Any:
        """The job's answer to a request.

        Args:
            value: the request's record.
            timeout: seconds to wait, for room in the job and for the answer; None for no limit.
            timestamp: event time of the record, in milliseconds since the epoch; None for none.

        Raises:
            NoAnswerError: nothing has come of the record: it was filtered out, say, or waits for a window or a timer.
            SeveralAnswersError: more than one answer has come; ``ask_all`` gives all.
            RequestError: a function failed on it, and failures are requests' own.
            WaitTimeoutError: the time is over. The job still works on a request that it has taken.
            JobCancelledError, JobExecutionError: the job was cancelled, or has failed.
            WrongStateError: the source was closed, or the job has ended.
        """
        return only(*self._ask(value, timeout, timestamp))

    def ask_all(self, value: Any, timeout: float | None = None, *, timestamp: int | None = None) -> list[Any]:
        """All answers to a request, none among them too, once nothing of it is under way any more; else as ``ask``."""
        return self._ask(value, timeout, timestamp)[1]

    async def ask_async(self, value: Any, timeout: float | None = None, *, timestamp: int | None = None) -> Any:
        """As ``ask``, in a coroutine."""
        return only(*await self._ask_async(value, timeout, timestamp))

    async def ask_all_async(
        self, value: Any, timeout: float | None = None, *, timestamp: int | None = None
    ) -> list[Any]:
        """As ``ask_all``, in a coroutine."""
        return (await self._ask_async(value, timeout, timestamp))[1]

    def _ask(self, value: Any, timeout: float | None, timestamp: int | None) -> tuple[Request, list[Any]]:
        deadline = None if timeout is None else time.monotonic() + timeout
        request = self._end.point.wait_for(lambda: self._admit(value, timestamp), timeout, FULL)
        try:
            return request, request.future.result(None if deadline is None else deadline - time.monotonic())
        except FutureTimeoutError:
            raise timed_out(timeout, LATE) from None
        except JobExecutionError as error:
            raise self._told(error) from error
        finally:
            self._withdraw(request)

    async def _ask_async(self, value: Any, timeout: float | None, timestamp: int | None) -> tuple[Request, list[Any]]:
        import asyncio

        deadline = None if timeout is None else time.monotonic() + timeout
        request = await self._end.point.async_wait_for(lambda: self._admit(value, timestamp), timeout, FULL)
        answers = asyncio.wrap_future(request.future)
        try:
            left = None if deadline is None else max(deadline - time.monotonic(), 0)
            return request, await asyncio.wait_for(answers, left)
        except (asyncio.TimeoutError, TimeoutError):
            raise timed_out(timeout, LATE) from None
        except JobExecutionError as error:
            raise self._told(error) from error
        finally:
            self._withdraw(request)

    def _told(self, error: JobExecutionError) -> Exception:
        """What to raise for a failure: the request's own, or the job's."""
        self._end.raise_failure()
        return RequestError(f"the request has failed: {error}")

    def _admit(self, value: Any, timestamp: int | None) -> Request | None:
        """The request, if there is room; the lock is held."""
        end = self._end
        if self._travelled or self._thread == get_ident():
            raise WrongStateError("a RequestSource is asked by the program that runs the job, not by its functions")
        end.raise_failure()
        if self._closed or end.ended:
            raise WrongStateError("the source of requests is closed" if self._closed else "the job has ended")
        if len(self._requests) >= end.capacity:
            return None
        request = Request(next(self._numbers))
        # A copy: the program may go on to change what it has asked.
        self._pending[request.number] = request.number, self._copier.copy(value), timestamp
        self._requests[request.number] = request
        self._schedule()
        return request

    def _withdraw(self, request: Request) -> None:
        """Nobody waits for the request any more: what the job has not been sent yet, it is not sent."""
        with self._end.point:
            if self._pending.pop(request.number, None) is not None:
                self._done(request)

    def _done(self, request: Request) -> None:
        """There is room for another one; the lock is held."""
        if self._requests.pop(request.number, None) is not None:
            self._end.point.notify_all()

    # ---- the job's side, in its thread ----

    def _take_pending(self) -> Requests | None:
        pending, self._pending = self._pending, {}
        return Requests(list(pending.values())) if pending else None

    def _handle(self, event: Any) -> None:
        if isinstance(event, ReaderRegistered):
            with self._end.point:
                self._reader_registered()
        elif isinstance(event, Passed):
            request = self._requests.get(event.number)
            if request is not None and request.passed(event):
                with self._end.point:
                    self._done(request)
                request.settle()

    def job_ended(self, failure: BaseException | None) -> None:
        self._end.end(failure)
        self._fail_rest()

    def _attempt_ended(self, failure: BaseException | None) -> None:
        self._thread = 0
        self._end.detach()
        self._end.failure = failure
        self._fail_rest()

    def _fail_rest(self) -> None:
        """Nobody will answer the requests that are under way."""
        with self._end.point:
            left, self._requests, self._pending = list(self._requests.values()), {}, {}
        for request in left:
            try:
                self._end.raise_failure()
                raise WrongStateError("the job has ended without an answer to the request")
            except Exception as error:
                request.fail(error)

    def create_coordinator(self, context: CoordinatorContext) -> Coordinator:
        self._end.attach(context)
        self._thread = get_ident()
        return RequestCoordinator(self)

    def create_reader(self, context: ReaderContext) -> RequestReader:
        return RequestReader()

    def __reduce__(self) -> Any:
        return travelled_source, (self._end.capacity, self.on_error, self.output_type)


def only(request: Request, answers: list[Any]) -> Any:
    """The one answer of a request.

    Raises:
        NoAnswerError, SeveralAnswersError: there is none, or more than one.
    """
    if len(answers) == 1:
        return answers[0]
    if answers:
        error = SeveralAnswersError(f"the request has {len(answers)} answers; ask_all() gives all of them")
        error.answers = tuple(answers)
        raise error
    raise NoAnswerError(
        f"the request has no answer: nothing that came of it in {', '.join(map(repr, request.ended_in))} reached the "
        "sink of replies; it was filtered out, or is kept for a window, a timer or a state, whose results "
        "are no request's"
    )


def travelled_source(capacity: int, on_error: str, type_info: TypeInformation | None) -> RequestSource:
    """A source of requests as a worker has it: who asks has stayed in the client."""
    source = RequestSource(capacity, on_error, type_info)
    source._travelled = True
    return source


class RequestCoordinator(Coordinator):
    """Stands between who asks and the tasks.

    Args:
        source: of the requests.
    """

    outside = True

    def __init__(self, source: RequestSource) -> None:
        self.source = source

    def handle_event(self, subtask: int, event: Any) -> None:
        self.source._handle(event)

    def close(self, failure: BaseException | None) -> None:
        self.source._attempt_ended(failure)


class RequestReader(SourceReader):
    """Gives out requests one by one; ``request`` is the number of the last."""

    requests_splits = True
    unreplayable = "the program makes each request once"

    def __init__(self) -> None:
        self.waiting: deque[tuple[int, Any, int | None]] = deque()
        self.ended = False
        self.request = 0

    def add_splits(self, splits: list[Any]) -> None:
        pass

    def handle_event(self, event: Any) -> None:
        if isinstance(event, Ended):
            self.ended = True
        else:
            self.waiting += event.requests

    def poll(self, limit: int) -> Any:
        if not self.waiting:
            return END if self.ended else WAIT
        self.request, value, timestamp = self.waiting.popleft()
        return ObjectBatch([value], None if timestamp is None else array("q", [timestamp]))

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        return []  # who asked is told when an attempt fails, and may ask again


class ReplySink(Sink):
    """Answers the requests of the job's sources: each record is an answer to the request that it came of.

    What came of none, such as the result of a window or of a timer, is counted (``numResultsOfNoRequest``) and dropped.
    """

    def __repr__(self) -> str:
        return "ReplySink()"

    def create_writer(self, context: WriterContext) -> ReplyWriter:
        if context.requests is None:
            raise SinkError("a ReplySink answers the requests of a RequestSource, and the job has none")
        return ReplyWriter(context)


class ReplyWriter(SinkWriter):
    """Hands answers to what tells the client of the request.

    Args:
        context: of the task.
    """

    def __init__(self, context: WriterContext) -> None:
        self.scope = context.requests
        self.counters = context.counters

    def write(self, batch: Any) -> None:
        passing = self.scope.current
        if passing is not None:
            passing.replies += batch.values
        else:
            self.counters["numResultsOfNoRequest"] = self.counters.get("numResultsOfNoRequest", 0) + len(batch)
