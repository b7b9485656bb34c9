"""How workers come to life on this machine: a fresh interpreter, a copy of this process, or a thread of it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import traceback
from multiprocessing.connection import Connection, Pipe
from typing import Protocol

from pyflinkx.errors import ConfigurationError
from pyflinkx.runtime.interconnect import Interconnect, inherited
from pyflinkx.runtime.transport import LocalTransport
from pyflinkx.runtime.worker import ClientGone, MakeTransport, Worker

PR_SET_PDEATHSIG = 1


class WorkerHandle(Protocol):
    """A worker as the JobManager sees it.

    ``outputs`` are descriptors to read its standard output and standard error from, empty where it shares ours.
    """

    name: str
    connection: Connection
    outputs: list[int]

    def ended(self) -> str | None:
        """How it ended ("killed by SIGKILL", "exit code 1"); None while it runs."""

    def wait(self, timeout: float) -> bool:
        """Whether it ends within that many seconds."""

    def kill(self) -> None:
        """End it at once, if it still runs."""

    def close(self) -> None:
        """Give back connection and descriptors."""


class WorkerLauncher(Protocol):
    """Starts workers; nothing above it knows where."""

    def launch(self, number: int) -> WorkerHandle:
        """Start a worker."""


class ProcessHandle:
    """A worker in a process of its own.

    Args:
        number: of the worker.
        pid: of the process, a child of this one.
        connection: to its control loop.
        outputs: descriptors of its standard output and standard error.
    """

    def __init__(self, number: int, pid: int, connection: Connection, outputs: list[int]) -> None:
        self.name = f"worker-{number + 1}"
        self.pid = pid
        self.connection = connection
        self.outputs = outputs
        self.status: int | None = None
        self.pidfd = -1
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):  # an old kernel
                self.pidfd = os.pidfd_open(pid)

    def ended(self) -> str | None:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid == 0:
                return None
            self.status = os.waitstatus_to_exitcode(status)
        if self.status >= 0:
            return f"exit code {self.status}"
        name = signal.Signals(-self.status).name
        return f"killed by {name}" + (" (by a user, or by the system for want of memory)" if name == "SIGKILL" else "")

    def wait(self, timeout: float) -> bool:
        if self.ended() is None:
            wait_for_exit(self.pidfd, self.connection, timeout)
        return self.ended() is not None

    def kill(self) -> None:
        if self.ended() is None:
            os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
            self.status = os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        self.connection.close()
        for descriptor in [*self.outputs, *([self.pidfd] if self.pidfd >= 0 else [])]:
            os.close(descriptor)
        self.outputs = []
        self.pidfd = -1


def wait_for_exit(pidfd: int, connection: Connection, timeout: float) -> None:
    """Return when the process ends, or its connection does where the system has no descriptors of processes."""
    poller = select.poll()
    poller.register(pidfd if pidfd >= 0 else connection.fileno(), select.POLLIN)
    poller.poll(timeout * 1000)


def limit_blocking(connection: Connection, seconds: float) -> None:
    """Have reads and writes raise BlockingIOError when the other side neither takes nor gives a byte for so long.

    A process may stop in the middle of a message, and would stop the JobManager with it.
    """
    limit = struct.pack("ll", int(seconds), round(seconds % 1 * 1_000_000))
    with socket.socket(fileno=os.dup(connection.fileno())) as control:
        control.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)


class SpawnLauncher:
    """Starts a fresh interpreter for each worker.

    Args:
        interconnect: what connects the job's workers.
    """

    def __init__(self, interconnect: Interconnect) -> None:
        self.interconnect = interconnect
        self.executable = sys.executable

    def launch(self, number: int) -> WorkerHandle:
        if not self.executable:
            raise ConfigurationError(
                "no Python interpreter is known to start workers with (sys.executable is empty): "
                "set pyflinkx.workers.start-method to fork"
            )
        descriptors = self.interconnect.descriptors(number)
        ours, theirs = socket.socketpair()
        with theirs:
            arguments = (number, theirs.fileno(), self.interconnect.transport, descriptors, parent_to_follow())
            code = (
                f"import sys; sys.path[:] = {sys.path!r}; sys.argv[:] = {sys.argv!r}; "
                f"from pyflinkx.runtime.launcher import spawned; spawned{arguments}"
            )
            try:
                process = subprocess.Popen(
                    [self.executable, "-c", code],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=[theirs.fileno(), *descriptors],
                )
            except BaseException:
                ours.close()
                raise
        self.interconnect.inherited_by(number)
        assert process.stdout is not None
        assert process.stderr is not None
        outputs = [os.dup(process.stdout.fileno()), os.dup(process.stderr.fileno())]
        process.stdout.close()
        process.stderr.close()
        process.returncode = 0  # the handle waits for the process; Popen must not
        return ProcessHandle(number, process.pid, Connection(ours.detach()), outputs)


class ForkLauncher:
    """Starts each worker as a copy of this process: quickest, but threads of other libraries do not survive that.

    Args:
        interconnect: what connects the job's workers.
    """

    def __init__(self, interconnect: Interconnect) -> None:
        self.interconnect = interconnect
        self.launched: list[ProcessHandle] = []

    def launch(self, number: int) -> WorkerHandle:
        ours, theirs = Pipe()
        outputs = [os.pipe(), os.pipe()]
        sys.stdout.flush()
        sys.stderr.flush()
        parent = parent_to_follow()
        pid = os.fork()
        if pid == 0:
            try:
                # Held by the copy, our ends of other workers' connections would outlive us and hide our end from them.
                ours.close()
                for handle in self.launched:
                    handle.connection.close()
                self.interconnect.keep_only(number)
                for target, (_, write_end) in zip((1, 2), outputs, strict=True):
                    os.dup2(write_end, target)
                sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - the standard streams of the copy
                sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
                descriptors = self.interconnect.descriptors(number)
                run_worker(number, theirs, inherited(self.interconnect.transport, descriptors), parent)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)  # whatever happens, the copy must not go on as the program
        theirs.close()
        self.interconnect.inherited_by(number)
        for _, write_end in outputs:
            os.close(write_end)
        handle = ProcessHandle(number, pid, ours, [read_end for read_end, _ in outputs])
        self.launched.append(handle)
        return handle


def spawned(number: int, control: int, transport: str, descriptors: list[int], parent: int) -> None:
    """The main function of a fresh interpreter."""
    run_worker(number, Connection(control), inherited(transport, descriptors), parent)


def run_worker(number: int, connection: Connection, make_transport: MakeTransport, parent: int) -> None:
    """Be a worker until the job ends; never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client cancels the job
    end_with(parent)
    worker = Worker(number, connection, make_transport)
    code = 0
    try:
        worker.run()
    except ClientGone:
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # threads of user functions must not keep the process


def parent_to_follow() -> int:
    """The process that a worker is to end with; 0 where the system would watch a thread that may end before the job."""
    return os.getpid() if threading.current_thread() is threading.main_thread() else 0


def end_with(parent: int) -> None:
    """Have the system kill this process when its parent dies, where it can; the end of the connection tells too."""
    if parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


class ThreadHandle:
    """A worker in a thread of this process."""

    def __init__(self, number: int, make_transport: MakeTransport) -> None:
        self.outputs: list[int] = []
        self.name = f"worker-{number + 1}"
        self.connection, theirs = Pipe()
        self.worker = Worker(number, theirs, make_transport, own_process=False)
        self.theirs = theirs
        self.thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with self.theirs:
            try:
                self.worker.run()
            except ClientGone:
                self.worker.cancel()

    def ended(self) -> str | None:
        return None if self.thread.is_alive() else "its thread ended"

    def wait(self, timeout: float) -> bool:
        self.thread.join(timeout)
        return not self.thread.is_alive()

    def kill(self) -> None:
        """Threads cannot be killed: the worker was told to cancel, and is left behind if it does not."""

    def close(self) -> None:
        self.connection.close()


class ThreadLauncher:
    """Starts a worker in a thread of this process, with all the job's slots."""

    def launch(self, number: int) -> WorkerHandle:
        return ThreadHandle(number, LocalTransport)
