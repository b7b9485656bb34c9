"""Every exception that pyflinkx raises for its own reasons.

All derive from :class:`PyflinkxError`; where a built-in exception says the same thing, they derive from that too, so
that ``except ValueError`` keeps working.
"""

from __future__ import annotations


class PyflinkxError(Exception):
    """Base of all pyflinkx exceptions.

    Attributes:
        shows_all_frames: whether its traceback has the frames of pyflinkx that it came through, as
            ``pyflinkx.tracebacks: full`` asks for.
        restart_helps: whether a job that it made fail may be run again, if the restart strategy says so; not where the
            next attempt would fail the same way.
    """

    shows_all_frames = False
    restart_helps = True


class ConfigurationError(PyflinkxError, ValueError):
    """A configuration key is unknown, or its value has the wrong type or lies outside its range."""

    restart_helps = False


class SqlError(PyflinkxError, ValueError):
    """A text in SQL cannot be understood; the message shows the line and marks the place.

    Attributes:
        line: the line of the place, from 1; 0 where there is none.
        column: its column in characters, from 1; 0 where there is none.
    """

    line = 0
    column = 0
    restart_helps = False


class GraphError(PyflinkxError, ValueError):
    """The program describes a dataflow that cannot be run."""

    restart_helps = False


class TypeInformationError(PyflinkxError, TypeError):
    """A type cannot be described, or a value does not have its declared type."""


class KeyTypeError(PyflinkxError, TypeError):
    """A key has a type without a canonical form, so records could not be partitioned by it."""


class CorruptDataError(PyflinkxError, ValueError):
    """Bytes to be decoded are not what an encoder wrote."""


class LongBatchError(PyflinkxError, OverflowError):
    """A column would hold more text, or more elements of lists, than its type can; those of fewer rows may fit."""


class MemoryBudgetError(PyflinkxError, MemoryError):
    """A native allocation would exceed its memory budget."""


class WrongStateError(PyflinkxError, RuntimeError):
    """An object was used after its release, before it was opened, or while something else still holds it."""


class StateBackendError(PyflinkxError):
    """A state backend cannot read or write what it keeps: its files are damaged or gone, or the disk is full."""


class WaitTimeoutError(PyflinkxError, TimeoutError):
    """Something that was waited for did not come within the time that the caller allowed."""


class ChannelClosedError(PyflinkxError):
    """A channel between two tasks is closed: the job was cancelled, or a task at its other end is gone."""


class SourceError(PyflinkxError):
    """A source cannot be read: it is missing, unreadable, or holds a record that does not fit its schema."""


class SinkError(PyflinkxError):
    """A sink cannot be written."""


class StorageError(PyflinkxError, OSError):
    """A file of a checkpoint cannot be written, read or found; the message names it."""


class UntrustedStateError(PyflinkxError):
    """State holds pickles that this installation has not signed; loading them could run anybody's code."""


class CheckpointError(PyflinkxError):
    """A checkpoint or savepoint cannot be taken, read, or gone on from."""


class DependencyError(PyflinkxError):
    """What a program needs besides itself cannot be prepared: an archive is damaged or hostile, pip fails."""

    restart_helps = False


class JobExecutionError(PyflinkxError):
    """A job failed while it ran.

    The cause (``__cause__``) is the original exception, so that a traceback shows the user's own code first.
    """


class MissingExtraError(PyflinkxError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""

    restart_helps = False


class JobCancelledError(PyflinkxError):
    """The job was cancelled before its end."""


class RequestError(PyflinkxError):
    """A request to a running job failed, and the job goes on; the cause is what a function raised, if any did."""


class NoAnswerError(RequestError):
    """A request has gone through the job, and nothing of it has come to the sink of replies."""


class SeveralAnswersError(RequestError):
    """A request has several answers, where one was asked for; ``answers`` has them."""

    answers: tuple[object, ...] = ()


class QueryError(PyflinkxError):
    """A query of a job's state cannot be answered: the job is unknown, has ended, or answers no queries."""


class UnknownStateError(QueryError):
    """The job that was asked has no queryable state of that name."""


class UnknownKeyError(QueryError, KeyError):
    """The state that was asked has no value for that key."""

    def __str__(self) -> str:
        return str(self.args[0])


class QueueEndedError(PyflinkxError):
    """A queue has nothing more to give: its job has ended, and all results were fetched."""


class RemoteError(PyflinkxError):
    """Stands for an exception of a worker whose own class cannot be rebuilt in this process."""


def add_note(error: BaseException, note: str) -> None:
    """Attach a note to an exception, as Python 3.11 does."""
    if hasattr(error, "add_note"):
        error.add_note(note)
    else:
        error.__notes__ = [*getattr(error, "__notes__", []), note]  # type: ignore[attr-defined]
