"""What made a job fail in the background is told to somebody: to who asks, else to the log."""

from __future__ import annotations

import contextlib
import logging
import queue
import weakref

# Seconds that a program has to ask for what made a job fail; then it is logged.
PATIENCE = 1.0

log = logging.getLogger("pyflinkx")


class Asker:
    """Held by all that can be asked for a job's failure; when it is gone, nobody can ask any more."""


class FailureWatch:
    """Logs a job's failure that nobody asks for within a second, or can ask for any more.

    Args:
        name: of the job.
        job_id: of the job.
    """

    def __init__(self, name: str, job_id: str) -> None:
        self.name = name
        self.job_id = job_id
        # SimpleQueue, as its put() may be called by the garbage collector, whatever its thread is at.
        self._words: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._asker: weakref.ref[Asker] | None = None

    def asker(self) -> Asker:
        """What is to be held as long as somebody may ask; all who call this while it lives get the same."""
        asker = None if self._asker is None else self._asker()
        if asker is None:
            words, asker = self._words, Asker()
            self._asker = weakref.ref(asker, lambda _: words.put(False))
        return asker

    def take(self) -> None:
        """Somebody has asked, and knows."""
        self._words.put(True)

    def let_go(self) -> None:
        """Nobody will ask: the interpreter ends."""
        self._words.put(False)

    def failed(self, failure: BaseException) -> None:
        """The job has failed: wait for somebody who asks, else log it.

        Args:
            failure: what made it fail; a cause of it that is the user's own exception is shown with its traceback.
        """
        asked = False
        with contextlib.suppress(queue.Empty):
            asked = self._words.get(timeout=PATIENCE)
        if not asked:
            log.error(
                "job '%s' (%s) has failed, and nobody has asked for its result: %s: %s",
                self.name,
                self.job_id,
                type(failure).__name__,
                failure,
                exc_info=failure.__cause__ or failure,
            )
