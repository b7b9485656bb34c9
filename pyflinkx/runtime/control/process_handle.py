"""A worker in a process of its own, whoever else in this program waits for children."""

from __future__ import annotations

import contextlib
import os
import select
import signal

from pyflinkx.runtime.control.channel import StreamChannel

UNKNOWN_END = (
    "it ended, but how was told to other code of this program (SIGCHLD is ignored, or something waits for all children)"
)


class ProcessHandle:
    """A worker in a process of its own.

    Whether it runs is asked of a descriptor of the process where the system has them: a host that ignores SIGCHLD, or
    waits for all its children, leaves nothing for ``waitpid``, and the process's number may be another's by then.

    Args:
        number: of the worker.
        pid: of the process, a child of this one.
        control: to its control loop.
        outputs: descriptors of its standard output and standard error.
    """

    def __init__(self, number: int, pid: int, control: StreamChannel, outputs: list[int]) -> None:
        self.name = f"worker-{number + 1}"
        self.pid = pid
        self.control = control
        self.outputs = outputs
        self.end: str | None = None
        self.pidfd = -1
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):  # an old kernel, no descriptor left, or the process is gone already
                self.pidfd = os.pidfd_open(pid)

    def ended(self) -> str | None:
        if self.end is None and (self.pidfd < 0 or readable(self.pidfd, 0)):
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else was told
                self.end = UNKNOWN_END
            else:
                self.end = None if pid == 0 else way_of_ending(os.waitstatus_to_exitcode(status))
        return self.end

    def wait(self, timeout: float) -> bool:
        if self.ended() is None:
            readable(self.pidfd if self.pidfd >= 0 else self.control.fileno(), timeout)
        return self.ended() is not None

    def kill(self) -> None:
        if self.ended() is not None:
            return
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            readable(self.pidfd, None)
            self.ended()
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        try:
            _, status = os.waitpid(self.pid, 0)
            self.end = way_of_ending(os.waitstatus_to_exitcode(status))
        except ChildProcessError:
            self.end = UNKNOWN_END

    def close(self) -> None:
        self.control.close()
        for descriptor in [*self.outputs, *([self.pidfd] if self.pidfd >= 0 else [])]:
            os.close(descriptor)
        self.outputs = []
        self.pidfd = -1


def readable(descriptor: int, timeout: float | None) -> bool:
    """Whether a descriptor has something to read, or its other end is closed, within so many seconds (None: ever)."""
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(None if timeout is None else timeout * 1000))


def way_of_ending(code: int) -> str:
    """What an exit code, or the negative number of a signal, says."""
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:  # a real-time signal
        name = f"signal {-code}"
    return f"killed by {name}" + (" (by a user, or by the system for want of memory)" if name == "SIGKILL" else "")
