"""A job in a thread of its own, beside the program that started it."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager

from pyflinkx.errors import JobCancelledError
from pyflinkx.graph.execution_graph import JobState
from pyflinkx.runtime.drivers.job import Job
from pyflinkx.runtime.drivers.unasked import FailureWatch
from pyflinkx.runtime.tracebacks import shorten

Ended = Callable[[BaseException | None], object]

# Seconds that all jobs together have to end in when the interpreter ends.
EXIT_PATIENCE = 30.0

log = logging.getLogger("pyflinkx")


class JobThread:
    """Runs a job to its end.

    Args:
        job: the job.
        shown: entered by the thread while the job runs (what shows its progress).
    """

    def __init__(self, job: Job, shown: AbstractContextManager[object]) -> None:
        self.job = job
        self.shown = shown
        self.failure: BaseException | None = None
        self.watch = FailureWatch(job.graph.name, job.job_id)
        self.ended = False
        self._waiting: deque[Ended] = deque()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"job {job.job_id}", daemon=True)
        running.add(self)
        self._thread.start()

    @property
    def state(self) -> JobState:
        """Where the job stands; an end only once everything it held is given back."""
        if not self.ended:
            state = self.job.state
            return JobState.RUNNING if state.terminal else state
        if self.failure is None:
            return JobState.FINISHED
        return JobState.CANCELED if isinstance(self.failure, JobCancelledError) else JobState.FAILED

    def when_ended(self, call: Ended) -> None:
        """Call that when the job has ended, with what made it fail or None; at once if it has ended already."""
        with self._lock:
            if not self.ended:
                self._waiting.append(call)
                return
        call(self.failure)

    def join(self, timeout: float) -> bool:
        """Wait so many seconds, at most, until nothing of the thread is left; whether that is so."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with self.shown:
                self.job.run()
        except BaseException as error:
            self.failure = error
            if not self.job.tracebacks.full:
                shorten(error)
        with self._lock:
            self.ended = True
        while self._waiting:  # none is added any more; what has been called is not held any longer
            self._waiting.popleft()(self.failure)
        if self.state is JobState.FAILED:
            assert self.failure is not None
            self.watch.failed(self.failure)
        running.discard(self)


# Jobs whose threads have something to do; a copy of this process has none of them.
running: set[JobThread] = set()
os.register_at_fork(after_in_child=running.clear)


@atexit.register
def end_jobs() -> None:
    """The interpreter ends: cancel what still runs, and have what has failed told of."""
    left = list(running)
    for thread in left:
        thread.watch.let_go()
        if not thread.ended:
            log.warning(
                "job '%s' (%s) still runs while the interpreter ends, so it is cancelled: "
                "a program that wants its end waits for client.get_job_execution_result().result()",
                thread.job.graph.name,
                thread.job.job_id,
            )
            thread.job.request_cancel()
    patience = EXIT_PATIENCE
    for thread in left:
        started = time.monotonic()
        if not thread.join(patience):
            log.error("job '%s' (%s) does not end: it is left alone", thread.job.graph.name, thread.job.job_id)
        patience = max(patience - (time.monotonic() - started), 0)
