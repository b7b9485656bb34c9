"""Which request a task works for at the moment, so that what comes of it is known to be the request's."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pyflinkx.errors import ChannelClosedError, JobCancelledError, MemoryBudgetError, PyflinkxError

T = TypeVar("T")

# What is no single request's fault, whatever the task worked for.
OF_THE_JOB = (ChannelClosedError, JobCancelledError, MemoryBudgetError)


@dataclass
class Passing:
    """A piece of a request on its way through one task.

    ``number`` is the request's, ``at`` the node where the piece came in, or the uid of an operator that has held it.
    ``sent`` says how many pieces it has become, by where each was sent; ``replies`` is what has reached a sink of
    replies, ``failure`` what a function raised.
    """

    number: int
    at: int | str
    sent: dict[int | str, int] = field(default_factory=dict)
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
        with self.working_for(passing):
            self._contained(passing, lambda: emit(batch))
            while self._contained(passing, self.resume):
                pass

    def _contained(self, passing: Passing, call: Callable[[], None]) -> bool:
        """Do something; whether it was the request that failed."""
        try:
            call()
        except PyflinkxError as error:
            if not self.take(passing, error):
                raise
            return True
        return False

    def take(self, passing: Passing, error: PyflinkxError) -> bool:
        """Have a failure be that of a request, if it can be; whether it is."""
        if error is self.fatal or isinstance(error, OF_THE_JOB) or self.fails_job(passing.number):
            return False
        passing.failure = passing.failure or error
        return True

    def hold(self, uid: str) -> Passing | None:
        """A piece of the request that the task works for, under way until it is reported; None where it is for none.

        Args:
            uid: of the operator that holds it, for a result that comes later.
        """
        if self.current is None:
            return None
        self.current.sent[uid] = self.current.sent.get(uid, 0) + 1
        return Passing(self.current.number, uid)

    def pass_through(self, number: int, at: int, emit: Callable[[Any], None], batch: Any) -> None:
        """Have a whole piece of a request processed, and say so."""
        passing = Passing(number, at)
        self.run(passing, emit, batch)
        self.report(passing)

    @contextlib.contextmanager
    def working_for(self, passing: Passing | None) -> Iterator[None]:
        """Meanwhile the task works for a request, or for none."""
        before, self.current = self.current, passing
        try:
            yield
        finally:
            self.current = before

    def aside(self, call: Callable[[Any], None]) -> Callable[[Any], None]:
        """The same call, but what comes of it is no request's: what time sets off belongs to other records, too."""

        def called(argument: Any) -> None:
            with self.working_for(None):
                call(argument)

        return called

    def bound(self, call: Callable[[], None]) -> Callable[[], None]:
        """The same call, for what the task works for now, whenever it is called."""
        passing = self.current

        def called() -> None:
            with self.working_for(passing):
                call()

        return called

    def bound_pieces(self, pieces: Iterator[T]) -> Iterator[T]:
        """The same work in pieces, all of it for what the task works for now."""
        return self._pieces_for(self.current, pieces)

    def _pieces_for(self, passing: Passing | None, pieces: Iterator[T]) -> Iterator[T]:
        while True:
            with self.working_for(passing):
                try:
                    piece = next(pieces)
                except StopIteration:
                    return
            yield piece

    def fatal_in(self, call: Callable[..., None]) -> Callable[..., None]:
        """The same call, but what it raises fails the job."""

        def called(*arguments: Any) -> None:
            try:
                call(*arguments)
            except BaseException as error:
                self.fatal = error
                raise

        return called
