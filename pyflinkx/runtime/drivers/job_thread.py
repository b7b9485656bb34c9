"""A job in a thread of its own, beside the program that started it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from pyflinkx.errors import JobCancelledError
from pyflinkx.graph.execution_graph import JobState
from pyflinkx.runtime.drivers.job import Job
from pyflinkx.runtime.tracebacks import shorten

Ended = Callable[[BaseException | None], object]


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
        self.ended = False
        self._waiting: list[Ended] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"job {job.job_id}", daemon=True)
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
        for call in self._waiting:
            call(self.failure)
