"""Sinks of the user's own that take record by record; after Flink's sink API (Sink, SinkWriter, Committer)."""

from __future__ import annotations

import enum
import logging
from abc import ABC, abstractmethod
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.objects import NO_TIMESTAMP
from pyflinkx._core.records.row_kinds import first_change
from pyflinkx.connectors.sink import NO_RECORD, Committer, Sink, SinkWriter, WriterContext
from pyflinkx.errors import SinkError

log = logging.getLogger("pyflinkx.runtime")

MOST_RETRIES = 10


class DeliveryGuarantee(enum.Enum):
    """How often a record is in the results of a job that is restarted: once, once or more, or anything."""

    EXACTLY_ONCE = "exactly-once"
    AT_LEAST_ONCE = "at-least-once"
    NONE = "none"


class RecordContext:
    """What a writer learns of the record that it gets."""

    def __init__(self) -> None:
        self.time: int | None = None
        self.watermark = -(2**63)

    def timestamp(self) -> int | None:
        """The record's event time (ms); None where it has none."""
        return self.time

    def current_watermark(self) -> int:
        """The event time that the stream has reached (ms); -2^63 before the first watermark."""
        return self.watermark


class RecordSinkWriter(ABC):
    """Writes the records of one subtask; Flink's SinkWriter.

    Example:
        >>> class Printed(RecordSinkWriter):
        ...     def write(self, element, context):
        ...         print(element, context.timestamp())
    """

    @abstractmethod
    def write(self, element: Any, context: RecordContext) -> None:
        """Take a record; it may be held back until ``flush``."""

    def flush(self, end_of_input: bool) -> None:  # noqa: B027
        """Write out what is held back: before a checkpoint, and at the end of the input."""

    def write_watermark(self, watermark: int) -> None:  # noqa: B027
        """Event time has reached ``watermark`` (ms)."""

    def close(self) -> None:  # noqa: B027
        """Release what is held; also called after a failure."""

    def adapted(self, context: WriterContext) -> SinkWriter:
        """As the engine calls it: by the batch."""
        return BatchesOfRecords(self)


class CommittingSinkWriter(RecordSinkWriter):
    """A writer whose results become visible only when a Committer says so."""

    @abstractmethod
    def prepare_commit(self) -> list[Any]:
        """What was written since the last call, as values by which the committer makes it visible. They are pickled
        into the checkpoint; after this call they are the committer's. Called after ``flush``."""


class StatefulSinkWriter(RecordSinkWriter):
    """A writer that has to know, in a restored job, where it was; see ``SupportsWriterState``."""

    @abstractmethod
    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        """What ``restore_writer`` needs to go on behind this checkpoint, as values that can be pickled."""


class CommitRequest:
    """One thing to be committed.

    Args:
        committable: what ``prepare_commit`` gave.
    """

    def __init__(self, committable: Any) -> None:
        self._committable = committable
        self._retries = 0
        self._again = False
        self._failure: BaseException | None = None

    def get_committable(self) -> Any:
        """What ``prepare_commit`` gave."""
        return self._committable

    def get_number_of_retries(self) -> int:
        """How often it was to be committed before, in this attempt."""
        return self._retries

    def retry_later(self) -> None:
        """It could not be committed, but may be: have it come again."""
        self._again = True

    def update_and_retry_later(self, committable: Any) -> None:
        """As ``retry_later``, of what is left of it."""
        self._committable = committable
        self._again = True

    def signal_already_committed(self) -> None:
        """It was committed before, which is no fault."""

    def signal_failed_with_known_reason(self, reason: BaseException) -> None:
        """It can never be committed, and the job is to go on without: that is logged as an error."""
        log.error(
            "a sink's results cannot be committed and are left out: %s: %s", short_repr(self._committable), reason
        )

    def signal_failed_with_unknown_reason(self, reason: BaseException) -> None:
        """It cannot be committed, and the job is to fail; a restarted one tries again."""
        self._failure = reason


class RequestCommitter(ABC):
    """Makes visible what writers have written; Flink's Committer. It lives in the program's process.

    Example:
        >>> class Moved(RequestCommitter):
        ...     def commit(self, requests):
        ...         for request in requests:
        ...             source, target = request.get_committable()
        ...             if os.path.exists(source):  # otherwise it was moved before
        ...                 os.replace(source, target)
    """

    @abstractmethod
    def commit(self, requests: list[CommitRequest]) -> None:
        """Make visible what is asked for. A request without a signal has been committed.

        The same may come again, in another process too, after a crash that left nobody who knew of the first time: then
        it is to stay as it is.
        """

    def abort(self, committables: list[Any]) -> None:  # noqa: B027
        """No checkpoint has these, and they are never to be seen: remove them. After a crash this may not be called."""

    def close(self) -> None:  # noqa: B027
        """Release what is held."""

    def adapted(self) -> Committer:
        """As the engine calls it."""
        return CommitterOfRequests(self)


class SupportsCommitter(ABC):
    """What a sink with a committer has."""

    @abstractmethod
    def create_committer(self) -> Any:
        """The committer, a RequestCommitter; made in the program's process for each attempt."""


class SupportsWriterState(ABC):
    """What a sink has whose writers go on from a checkpoint."""

    @abstractmethod
    def restore_writer(self, context: WriterContext, recovered_state: list[Any]) -> RecordSinkWriter:
        """A writer of a restored job.

        Args:
            context: of the task.
            recovered_state: what writers gave by ``snapshot_state``, dealt out to those that there are now.
        """


class TwoPhaseCommittingSink(SupportsCommitter, Sink):
    """A sink whose results become visible with the checkpoint that they belong to, or at the end of the job.

    Its ``create_writer(context)`` gives a CommittingSinkWriter, its ``create_committer()`` a committer.
    """


class BatchesOfRecords(SinkWriter):
    """A RecordSinkWriter as the engine calls it."""

    def __init__(self, writer: Any) -> None:
        self.writer = writer
        self.context = RecordContext()

    def write(self, batch: Any) -> None:
        context, write, times = self.context, self.writer.write, batch.timestamps
        if first_change(batch) >= 0:
            raise SinkError("the stream holds updates or deletions, and a writer of records cannot tell them")
        for index, value in enumerate(batch.values):
            time = NO_TIMESTAMP if times is None else times[index]
            context.time = None if time == NO_TIMESTAMP else time
            self.record = value
            write(value, context)
        self.record = NO_RECORD

    def write_watermark(self, timestamp: int) -> None:
        self.context.watermark = timestamp
        self.writer.write_watermark(timestamp)

    def flush(self, end_of_input: bool) -> None:
        self.writer.flush(end_of_input)

    def prepare_commit(self) -> list[Any]:
        if isinstance(self.writer, CommittingSinkWriter):
            return list(self.writer.prepare_commit())
        return []

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        if isinstance(self.writer, StatefulSinkWriter):
            return list(self.writer.snapshot_state(checkpoint_id))
        return []

    def close(self) -> None:
        self.writer.close()


class CommitterOfRequests(Committer):
    """A RequestCommitter as the engine calls it."""

    def __init__(self, committer: RequestCommitter) -> None:
        self.committer = committer

    def commit(self, committables: list[Any]) -> None:
        requests = [CommitRequest(value) for value in committables]
        while requests:
            self.committer.commit(requests)
            for request in requests:
                if request._failure is not None:
                    raise SinkError(
                        f"{short_repr(request._committable)} cannot be committed: {request._failure}"
                    ) from request._failure
            requests = [request for request in requests if request._again]
            for request in requests:
                request._again = False
                request._retries += 1
                if request._retries > MOST_RETRIES:
                    raise SinkError(
                        f"{short_repr(request._committable)} could not be committed in {MOST_RETRIES} retries"
                    )

    def abort(self, committables: list[Any]) -> None:
        self.committer.abort(committables)

    def close(self) -> None:
        self.committer.close()
