"""SIGTERM in the main thread: the job that runs there is cancelled in order, and the program ends with 143."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from pyflinkx._core.interrupts import Terminated
from pyflinkx.errors import JobCancelledError
from pyflinkx.runtime.drivers.job import Job

# Seconds that a job has to see that it is cancelled; then the function that it calls is interrupted, as by Ctrl-C.
PATIENCE = 0.5

log = logging.getLogger("pyflinkx.runtime")


def end_program(signum: int, frame: FrameType | None) -> None:
    """A handler of SIGTERM for programs that have none, while no job runs in their main thread."""
    raise Terminated


@contextlib.contextmanager
def program_ends_on_sigterm() -> Iterator[None]:
    """Have SIGTERM end the program by an exception meanwhile, unless it has a handler of its own, or ignores it."""
    with handler_of_sigterm(end_program):
        yield


@contextlib.contextmanager
def cancelled_by_sigterm(job: Job) -> Iterator[None]:
    """Have SIGTERM cancel the job that the main thread runs meanwhile; then ``Terminated`` comes in place of its end.

    Other threads, and programs with a handler of their own, are left alone.

    Raises:
        Terminated: the signal came.
    """
    stop = Stop(job)
    with handler_of_sigterm(stop.handle) as taken:
        try:
            yield
        except JobCancelledError:
            if not stop.asked:
                raise
        except Exception:
            if not stop.asked:
                raise
            log.exception("job '%s' failed while SIGTERM cancelled it", job.graph.name)
        finally:
            stop.ended.set()
            if taken:
                stop.wait()
    if stop.asked:
        raise Terminated


@contextlib.contextmanager
def handler_of_sigterm(handler: object) -> Iterator[bool]:
    """Handle SIGTERM meanwhile, where that is ours to do; whether it is."""
    taken = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) in (
        signal.SIG_DFL,
        end_program,
    )
    if not taken:
        yield False
        return
    before = signal.signal(signal.SIGTERM, handler)  # type: ignore[arg-type]
    try:
        yield True
    finally:
        signal.signal(signal.SIGTERM, before)


class Stop:
    """Cancels a job when its process is told to end.

    Args:
        job: runs in the main thread.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.asked = self.insists = False
        self.ended = threading.Event()
        self.thread: threading.Thread | None = None

    def handle(self, signum: int, frame: FrameType | None) -> None:
        """The handler of the signal. The first one asks; one that ``_cancel`` sends interrupts; others do nothing."""
        if not self.asked:
            self.asked = True
            # In a thread: what the main thread holds at this moment, locks among it, is not ours to wait for.
            self.thread = threading.Thread(target=self._cancel, name="SIGTERM", daemon=True)
            self.thread.start()
        elif self.insists:
            self.insists = False
            if self.job.at_work:  # not what is done to end in order
                raise Terminated

    def _cancel(self) -> None:
        self.job.request_cancel()
        while not self.ended.wait(PATIENCE):
            if self.job.at_work:
                self.insists = True
                signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)  # type: ignore[arg-type]

    def wait(self) -> None:
        """Until no more signals come from here."""
        if self.thread is not None:
            self.thread.join()
