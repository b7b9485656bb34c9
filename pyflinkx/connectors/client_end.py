"""What a host program holds of its running job: where records wait on their way between the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyflinkx._core.records.copier import Copier
from pyflinkx.config.arguments import check_count
from pyflinkx.connectors.coordinator import CoordinatorContext
from pyflinkx.connectors.enumerator import SourceEvent
from pyflinkx.connectors.source import Boundedness, Source
from pyflinkx.connectors.wait_point import WaitPoint
from pyflinkx.errors import JobCancelledError, JobExecutionError, WrongStateError
from pyflinkx.types.typeinfo import TypeInformation

DEFAULT_CAPACITY = 1024


@dataclass(frozen=True)
class Ended:
    """No more records come."""


class ClientEnd:
    """What all such ends have in common: capacity, the wait, and the job that they belong to.

    Args:
        capacity: the most records that wait.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = check_count(capacity, "capacity")
        self.point = WaitPoint()
        self.context: CoordinatorContext | None = None
        self.ended = False
        self.failure: BaseException | None = None

    def attach(self, context: CoordinatorContext) -> None:
        """The job that it belongs to starts.

        Raises:
            WrongStateError: it belongs to another job.
        """
        with self.point:
            if self.context is not None or self.ended:
                raise WrongStateError(f"the queue of '{context.name}' belongs to another job: make one for each job")
            self.context, self.failure = context, None

    def detach(self) -> None:
        """An attempt of the job has ended; there may be another."""
        with self.point:
            self.context = None

    def end(self, failure: BaseException | None) -> None:
        """The job has ended."""
        with self.point:
            self.ended, self.failure = True, failure
            self.point.notify_all()

    def raise_failure(self) -> None:
        """Raise what made the job fail, if it has."""
        if isinstance(self.failure, JobCancelledError):
            raise JobCancelledError(str(self.failure))
        if self.failure is not None:
            raise JobExecutionError(f"the job has failed: {self.failure}") from self.failure


class ClientSource(Source):
    """A source whose records the host program hands over while the job runs; one reader keeps their order.

    Args:
        capacity: the most records that wait.
        type_info: type of the records, if known.
        what: the source, for warnings about records that cannot be copied.
    """

    boundedness = Boundedness.CONTINUOUS_UNBOUNDED
    parallelism = 1

    def __init__(self, capacity: int, type_info: TypeInformation | None, what: str) -> None:
        self.output_type = type_info
        self._end = ClientEnd(capacity)
        self._closed = self._posted = self._registered = self._travelled = False
        self._copier = Copier(what)  # the program may go on to change what it has handed over

    def close(self) -> None:
        """No more records come: the stream ends when those handed over have been read. May be called again."""
        with self._end.point:
            self._closed = True
            self._end.point.notify_all()
            self._schedule()

    def _take_pending(self) -> Any:
        """What is to be sent to the reader, as an event; None for nothing. The lock is held."""
        raise NotImplementedError

    def _schedule(self) -> None:
        """Have the job's thread send what is pending; the lock is held."""
        context = self._end.context
        if context is not None and self._registered and not self._posted:
            self._posted = True
            context.post(self._send)

    def _reader_registered(self) -> None:
        """The reader is there; the lock is held."""
        self._registered = True
        self._schedule()

    def _send(self) -> None:
        """In the job's thread."""
        with self._end.point:
            context = self._end.context
            self._posted = False
            if context is None:  # between two attempts
                return
            pending, closed = self._take_pending(), self._closed
        if pending is not None:
            context.send(0, SourceEvent(pending))
        if closed:
            context.send(0, SourceEvent(Ended()))
