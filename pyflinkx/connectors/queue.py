"""Queues between a host program and its running job: records go in by a source, results come out by a sink.

The queues are in the client. What travels to and from the tasks, as events, is counted: a queue source has at most
``capacity`` records that no task has taken yet, and a queue sink pauses its task while so many results wait to be
fetched. So a slow job makes the host wait, and a slow host the job.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from pyflinkx.connectors.client_end import DEFAULT_CAPACITY, ClientEnd, ClientSource, Ended
from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext
from pyflinkx.connectors.enumerator import ReaderRegistered
from pyflinkx.connectors.record_reader import ElementBuffer, ReadAhead
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext
from pyflinkx.connectors.source import END, WAIT, ReaderContext, SourceReader
from pyflinkx.errors import QueueEndedError, WrongStateError
from pyflinkx.types.typeinfo import TypeInformation

# ---- what the client's ends and the tasks tell each other ----


@dataclass(frozen=True)
class Records:
    """Records on their way, each with its timestamp (ms) or None."""

    records: list[tuple[Any, int | None]]


@dataclass(frozen=True)
class Results:
    """Results of one subtask on their way to the program.

    Args:
        values: the results.
        sequence: which of the subtask's results the first of them is, from 0.
        after: the newest checkpoint that they came behind, 0 for none.
        restored_from: the checkpoint that the attempt began with, 0 for none.
    """

    values: list[Any]
    sequence: int
    after: int
    restored_from: int


@dataclass(frozen=True)
class Taken:
    """So many records more have been taken."""

    count: int


class QueueSource(ClientSource):
    """Records that the host program puts in while the job runs; one reader keeps their order.

    Args:
        capacity: the most records that no task has taken yet; who puts more waits.
        type_info: type of the records, if known.

    Raises:
        TypeError, ConfigurationError: the capacity is no whole number of 1 or more.

    Example:
        >>> requests = QueueSource()
        >>> requests.put("a", timeout=5)
        >>> len(requests)
        1
    """

    def __init__(self, capacity: int = DEFAULT_CAPACITY, type_info: TypeInformation | None = None) -> None:
        super().__init__(capacity, type_info, "queue source")
        self._pending: list[tuple[Any, int | None]] = []
        self._outstanding = 0

    def __repr__(self) -> str:
        return f"QueueSource(capacity={self._end.capacity})"

    def __len__(self) -> int:
        return self._outstanding

    def __bool__(self) -> bool:
        return True

    # ---- the host's side, from any thread ----

    def put(self, record: Any, timeout: float | None = None, *, timestamp: int | None = None) -> None:
        """Put a record in; waits while the queue is full.

        Args:
            record: the record.
            timeout: seconds to wait; None for no limit.
            timestamp: its event time, in milliseconds since the epoch; None for none.

        Raises:
            WaitTimeoutError: the queue stayed full.
            JobCancelledError, JobExecutionError: the job was cancelled, or has failed.
            WrongStateError: the queue was closed, or the job has ended.
        """
        self._end.point.wait_for(lambda: self._try(iter([(record, timestamp)])), timeout, FULL)

    def put_many(self, records: Iterable[Any], timeout: float | None = None) -> None:
        """Put records in, as many at a time as there is room for.

        Args:
            records: the records; those that went in before an error stay in.
            timeout: seconds that the queue may stay full; None for no limit.

        Raises:
            As ``put``.
        """
        iterator = iter([(record, None) for record in records])
        while self._end.point.wait_for(lambda: self._try(iterator), timeout, FULL):
            pass

    async def aput(self, record: Any, timeout: float | None = None, *, timestamp: int | None = None) -> None:
        """As ``put``, in a coroutine."""
        await self._end.point.async_wait_for(lambda: self._try(iter([(record, timestamp)])), timeout, FULL)

    async def aput_many(self, records: Iterable[Any], timeout: float | None = None) -> None:
        """As ``put_many``, in a coroutine."""
        iterator = iter([(record, None) for record in records])
        while await self._end.point.async_wait_for(lambda: self._try(iterator), timeout, FULL):
            pass

    def _try(self, records: Iterator[tuple[Any, int | None]]) -> int | None:
        """Put in as many as there is room for; how many, or None when there is none."""
        end = self._end
        if self._travelled:
            raise WrongStateError("a QueueSource is fed by the program that runs the job, not by its functions")
        end.raise_failure()
        if self._closed or end.ended:
            raise WrongStateError("the queue is closed" if self._closed else "the job has ended")
        if self._outstanding >= end.capacity:
            return None
        copy = self._copier.copy  # the program may go on to change what it has put in
        taken = [(copy(record), timestamp) for record, timestamp in islice(records, end.capacity - self._outstanding)]
        if taken:
            self._pending += taken
            self._outstanding += len(taken)
            self._schedule()
        return len(taken)

    # ---- the job's side, in its thread ----

    def _take_pending(self) -> Records | None:
        pending, self._pending = self._pending, []
        return Records(pending) if pending else None

    def _handle(self, event: Any) -> None:
        with self._end.point:
            if isinstance(event, ReaderRegistered):
                self._reader_registered()
            elif isinstance(event, Taken):
                self._outstanding -= event.count
                self._end.point.notify_all()

    def create_coordinator(self, context: CoordinatorContext) -> Coordinator:
        self._end.attach(context)
        with self._end.point:
            # What tasks of an earlier attempt had not taken is lost with them.
            self._registered = self._posted = False
            self._outstanding = len(self._pending)
            self._end.point.notify_all()
        return QueueCoordinator(self._end, lambda subtask, event: self._handle(event))

    def job_ended(self, failure: BaseException | None) -> None:
        self._end.end(failure)

    def create_reader(self, context: ReaderContext) -> QueueReader:
        return QueueReader(context)

    def __reduce__(self) -> Any:
        return travelled_source, (self._end.capacity, self.output_type)


FULL = "the queue stayed full and took no record"
EMPTY = "no result came"


def travelled_source(capacity: int, type_info: TypeInformation | None) -> QueueSource:
    """A queue source as a worker has it: its queue has stayed in the client."""
    source = QueueSource(capacity, type_info)
    source._travelled = True
    return source


class QueueCoordinator(Coordinator):
    """Stands between a queue and the tasks.

    Args:
        end: of the client.
        handle: takes what a task sends.
    """

    outside = True

    def __init__(self, end: ClientEnd, handle: Any) -> None:
        self.end = end
        self.handle = handle

    def handle_event(self, subtask: int, event: Any) -> None:
        self.handle(subtask, event)

    def close(self, failure: BaseException | None) -> None:
        self.end.detach()


class QueueReader(SourceReader):
    """Gives out what has come from the client."""

    requests_splits = True
    unreplayable = "the program puts each record into the queue once"

    def __init__(self, context: ReaderContext) -> None:
        self.context = context
        self.buffer = ElementBuffer()
        self.ended = False

    def add_splits(self, splits: list[Any]) -> None:
        for split in splits:
            if isinstance(split, ReadAhead):
                self.buffer.put_back(split)

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        return list(self.buffer.left())

    def handle_event(self, event: Any) -> None:
        if isinstance(event, Ended):
            self.ended = True
        else:
            for record, timestamp in event.records:
                self.buffer.add(record, timestamp)

    def poll(self, limit: int) -> Any:
        batch = self.buffer.take(limit)
        if batch is None:
            return END if self.ended else WAIT
        self.context.send(Taken(len(batch)))
        return batch


class Delivery(NamedTuple):
    """A result, and what tells it from one that comes again in a restarted job.

    Args:
        value: the result.
        subtask: of the sink, that it comes from.
        sequence: which of the subtask's results it is, from 0, over all attempts.
        after: the newest checkpoint that it came behind, 0 for none.
        restored_from: the checkpoint that the attempt began with, 0 for none.
        attempt: which attempt it is of, from 1.
    """

    value: Any
    subtask: int
    sequence: int
    after: int
    restored_from: int
    attempt: int


class QueueSink(Sink):
    """Results that the host program fetches while the job runs.

    A job that is restarted gives again what came behind its newest checkpoint. ``get_numbered`` tells: the results of
    an attempt take the place of all that earlier ones gave with an ``after`` of its ``restored_from`` or more. Where
    the order of each subtask's results is always the same, they have the same ``subtask`` and ``sequence``, too.

    Args:
        capacity: the most results that wait; the job pauses when there are as many. A batch that is under way then may
            still come on top.

    Raises:
        TypeError, ConfigurationError: the capacity is no whole number of 1 or more.

    Example:
        >>> answers = QueueSink()
        >>> len(answers)
        0
    """

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self._end = ClientEnd(capacity)
        self._results: deque[Delivery] = deque()
        self._attempt = 0
        self._taken: dict[int, int] = {}
        self._posted = False
        self._travelled = False

    def __repr__(self) -> str:
        return f"QueueSink(capacity={self._end.capacity})"

    def __len__(self) -> int:
        return len(self._results)

    def __bool__(self) -> bool:
        return True

    # ---- the host's side, from any thread ----

    def get(self, timeout: float | None = None) -> Any:
        """The next result; waits for one.

        Args:
            timeout: seconds; None for no limit.

        Raises:
            WaitTimeoutError: none came.
            QueueEndedError: the job has ended, and all its results were fetched.
            JobCancelledError, JobExecutionError: likewise, after a job that was cancelled or has failed.
        """
        return self.get_numbered(timeout).value

    async def aget(self, timeout: float | None = None) -> Any:
        """As ``get``, in a coroutine."""
        return (await self.aget_numbered(timeout)).value

    def get_numbered(self, timeout: float | None = None) -> Delivery:
        """As ``get``: the next result with its numbers."""
        return self._end.point.wait_for(self._try, timeout, EMPTY)

    async def aget_numbered(self, timeout: float | None = None) -> Delivery:
        """As ``get_numbered``, in a coroutine."""
        return await self._end.point.async_wait_for(self._try, timeout, EMPTY)

    def __iter__(self) -> Iterator[Any]:
        """The results until the job ends."""
        while True:
            try:
                result = self.get()
            except QueueEndedError:
                return
            yield result

    async def __aiter__(self) -> AsyncIterator[Any]:
        """The results until the job ends."""
        while True:
            try:
                result = await self.aget()
            except QueueEndedError:
                return
            yield result

    def _try(self) -> Delivery | None:
        """The next result; None when there is none."""
        end = self._end
        if self._travelled:
            raise WrongStateError("a QueueSink is read by the program that runs the job, not by its functions")
        if self._results:
            result = self._results.popleft()
            if result.attempt == self._attempt and end.context is not None:
                self._taken[result.subtask] = self._taken.get(result.subtask, 0) + 1
                if not self._posted and not end.ended:
                    self._posted = True
                    end.context.post(self._acknowledge)
            return result
        if end.ended:
            end.raise_failure()
            raise QueueEndedError("the job has ended, and all its results were fetched")
        return None

    # ---- the job's side, in its thread ----

    def _acknowledge(self) -> None:
        with self._end.point:
            context = self._end.context
            self._posted = False
            taken, self._taken = self._taken, {}
        if context is None:
            return
        for subtask, count in taken.items():
            context.send(subtask, Taken(count))

    def _handle(self, subtask: int, event: Results) -> None:
        with self._end.point:
            for sequence, value in enumerate(event.values, event.sequence):
                delivery = Delivery(value, subtask, sequence, event.after, event.restored_from, self._attempt)
                self._results.append(delivery)
            self._end.point.notify_all()

    def create_coordinator(self, context: CoordinatorContext) -> Coordinator:
        self._end.attach(context)
        with self._end.point:
            self._attempt += 1
            self._posted = False
            self._taken.clear()
        return QueueCoordinator(self._end, self._handle)

    def job_ended(self, failure: BaseException | None) -> None:
        self._end.end(failure)

    def create_writer(self, context: WriterContext) -> QueueWriter:
        return QueueWriter(context, max(self._end.capacity // context.parallelism, 1))

    def __reduce__(self) -> Any:
        return travelled_sink, (self._end.capacity,)


def travelled_sink(capacity: int) -> QueueSink:
    """A queue sink as a worker has it: its queue has stayed in the client."""
    sink = QueueSink(capacity)
    sink._travelled = True
    return sink


class QueueWriter(SinkWriter):
    """Sends results to the client.

    Args:
        context: of the task.
        capacity: this subtask's share of the results that may wait.
    """

    def __init__(self, context: WriterContext, capacity: int) -> None:
        self.context = context
        self.capacity = capacity
        self.waiting = 0
        self.after = context.restored_from
        own = context.subtask_index
        self.sequence = next((count for subtask, count in context.restored_by_all if subtask == own), 0)

    @property
    def writable(self) -> bool:
        """Whether fewer results wait than may."""
        return self.waiting < self.capacity

    def write(self, batch: Any) -> None:
        self.waiting += len(batch)
        self.context.send(Results(list(batch.values), self.sequence, self.after, self.context.restored_from))
        self.sequence += len(batch)

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        self.after = checkpoint_id
        return []

    def snapshot_for_all(self, checkpoint_id: int) -> list[tuple[int, int]]:
        """How many results the subtask has given."""
        return [(self.context.subtask_index, self.sequence)]

    def handle_event(self, event: Taken) -> None:
        self.waiting -= event.count
