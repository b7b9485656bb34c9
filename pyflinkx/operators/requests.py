"""Which request a task works for at the moment, so that what comes of it is known to be the request's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyflinkx.errors import ChannelClosedError, JobCancelledError, MemoryBudgetError, PyflinkxError

# What is no single request's fault, whatever the task worked for.
OF_THE_JOB = (ChannelClosedError, JobCancelledError, MemoryBudgetError)


@dataclass
class Passing:
    """A piece of a request on its way through one task.

    ``number`` is the request's, ``at`` the node where the piece came in. ``sent`` says how many pieces it has become,
    by the node that each was sent to; ``replies`` is what has reached a sink of replies, ``failure`` what a function
    raised.
    """

    number: int
    at: int
    sent: dict[int, int] = field(default_factory=dict)
    replies: list[Any] = field(default_factory=list)
    failure: PyflinkxError | None = None


class RequestScope:
    """What a task knows of the requests that pass through it; everything is called from its thread.

    Args:
        report: ``report(passing)`` tells the client that a piece has passed.
        resume: has operators send all that they have left.
        fails_job: ``fails_job(number)`` says whether a failure of that request is the job's.
    """

    def __init__(
        self,
        report: Callable[[Passing], None],
        resume: Callable[[], None],
        fails_job: Callable[[int], bool],
    ) -> None:
        self.report = report
        self.resume = resume
        self.fails_job = fails_job
        self.current: Passing | None = None
        self.fatal: BaseException | None = None

    def run(self, passing: Passing, emit: Callable[[Any], None], batch: Any) -> None:
        """Have records of a request processed, with all that comes of it at once.

        Args:
            passing: the request's piece that they are of.
            emit: takes them.
            batch: the records.
        """
        self.current = passing
        try:
            self._contained(passing, lambda: emit(batch))
            while self._contained(passing, self.resume):
                pass
        finally:
            self.current = None

    def _contained(self, passing: Passing, call: Callable[[], None]) -> bool:
        """Do something; whether it was the request that failed."""
        try:
            call()
        except PyflinkxError as error:
            if error is self.fatal or isinstance(error, OF_THE_JOB) or self.fails_job(passing.number):
                raise
            passing.failure = passing.failure or error
            return True
        return False

    def pass_through(self, number: int, at: int, emit: Callable[[Any], None], batch: Any) -> None:
        """Have a whole piece of a request processed, and say so."""
        passing = Passing(number, at)
        self.run(passing, emit, batch)
        self.report(passing)

    def aside(self, call: Callable[[Any], None]) -> Callable[[Any], None]:
        """The same call, but what comes of it is no request's: what time sets off belongs to other records, too."""

        def called(argument: Any) -> None:
            passing, self.current = self.current, None
            try:
                call(argument)
            finally:
                self.current = passing

        return called

    def fatal_in(self, call: Callable[..., None]) -> Callable[..., None]:
        """The same call, but what it raises fails the job."""

        def called(*arguments: Any) -> None:
            try:
                call(*arguments)
            except BaseException as error:
                self.fatal = error
                raise

        return called
