"""How workers come to life on this machine: a fresh interpreter, a copy of this process, or a thread of it."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import marshal
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, Pipe
from typing import IO, Any, Protocol

from pyflinkx.errors import ConfigurationError
from pyflinkx.runtime.control.channel import ControlChannel, StreamChannel
from pyflinkx.runtime.control.process_handle import ProcessHandle
from pyflinkx.runtime.control.queue_pair import queue_pair
from pyflinkx.runtime.control.worker import ClientGone, MakeTransport, Worker
from pyflinkx.runtime.exchange.interconnect import Interconnect, inherited
from pyflinkx.runtime.exchange.transport import LocalTransport

ChannelEnds = tuple[ControlChannel, ControlChannel]

PR_SET_PDEATHSIG = 1

# What a fresh interpreter runs. Until sys.path is the program's it imports nothing but what is built in, as a file of
# the current folder may have the name of any other module. Nothing of it stays in __main__, where the program's classes
# go.
BOOTSTRAP = """
def boot():
    import marshal, posix, sys
    del globals()["boot"]
    start, control = map(int, sys.argv[1:])
    size = posix.fstat(start).st_size
    read = posix.pread(start, size, 0)
    while len(read) < size:
        read += posix.pread(start, size - len(read), len(read))
    posix.close(start)
    sys.path[:], sys.argv[:], told = marshal.loads(read)
    from pyflinkx.runtime.control.launcher import spawned
    spawned(control, *told)
boot()
"""

# Linux takes 128 KiB for one variable, and a quarter of the stack's limit for all of them and the arguments.
LONGEST_VARIABLE = 1 << 16
MOST_VARIABLES = 1 << 20


class WorkerHandle(Protocol):
    """A worker as the JobManager sees it.

    ``outputs`` are descriptors to read its standard output and standard error from, empty where it shares ours.
    """

    name: str
    outputs: list[int]

    @property
    def control(self) -> ControlChannel:
        """Our end of what the two say to each other."""

    def ended(self) -> str | None:
        """How it ended ("killed by SIGKILL", "exit code 1"); None while it runs."""

    def wait(self, timeout: float) -> bool:
        """Whether it ends within that many seconds."""

    def kill(self) -> None:
        """End it at once, if it still runs."""

    def close(self) -> None:
        """Give back channel and descriptors."""


class WorkerLauncher(Protocol):
    """Starts workers; nothing above it knows where."""

    def launch(self, number: int) -> WorkerHandle:
        """Start a worker."""


class SpawnLauncher:
    """Starts a fresh interpreter for each worker.

    Args:
        interconnect: what connects the job's workers.
        attempt: number of the attempt that they are for.
    """

    def __init__(self, interconnect: Interconnect, attempt: int) -> None:
        self.interconnect = interconnect
        self.attempt = attempt
        self.executable = sys.executable

    def launch(self, number: int) -> WorkerHandle:
        if not self.executable:
            raise ConfigurationError(
                "no Python interpreter is known to start workers with (sys.executable is empty): "
                "set pyflinkx.workers.start-method to fork"
            )
        descriptors = self.interconnect.descriptors(number)
        with contextlib.ExitStack() as undo, too_few_descriptors_explained(number):
            environment, late = divided_environment()
            start = undo.enter_context(unnamed_file())
            start.write(start_of_worker(number, self.attempt, self.interconnect.transport, descriptors, late))
            start.flush()
            ours, theirs = socket.socketpair()
            undo.callback(theirs.close)
            failed = undo.enter_context(contextlib.ExitStack())
            failed.callback(ours.close)
            process = subprocess.Popen(
                [
                    self.executable,
                    *interpreter_flags(self.executable),
                    "-c",
                    BOOTSTRAP,
                    str(start.fileno()),
                    str(theirs.fileno()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                pass_fds=[start.fileno(), theirs.fileno(), *descriptors],
            )
            process.returncode = 0  # the handle waits for the process; Popen must not
            assert process.stdout is not None
            assert process.stderr is not None
            outputs = []
            with process.stdout, process.stderr:
                for stream in (process.stdout, process.stderr):
                    outputs.append(os.dup(stream.fileno()))
                    failed.callback(os.close, outputs[-1])
            self.interconnect.inherited_by(number)
            control = StreamChannel(Connection(os.dup(ours.fileno())))
            failed.callback(control.close)
            handle = ProcessHandle(number, process.pid, control, outputs)
            failed.pop_all()
            ours.close()
        return handle


def interpreter_flags(executable: str) -> list[str]:
    """The options of this interpreter, such as ``-O`` or ``-X utf8``, for another process of the same one."""
    if executable != sys.executable:
        return []
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    return flags


def start_of_worker(
    number: int, attempt: int, transport: str, descriptors: list[int], late: dict[bytes, bytes]
) -> bytes:
    """What a fresh interpreter is told before it can import anything: by marshal, which is no module in a folder.

    A file brings it, as an argument may have no more than 128 KiB.
    """
    path = [as_text(entry) for entry in sys.path]
    arguments = [as_text(argument) for argument in getattr(sys, "argv", [])]
    return marshal.dumps((path, arguments, (number, attempt, transport, descriptors, parent_to_follow(), late)), 2)


def divided_environment() -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    """The variables that a process can start with, and those that are too long for that: it sets them itself."""
    at_start, late = {}, {}
    left = MOST_VARIABLES
    for name, value in sorted(os.environb.items(), key=lambda item: len(item[1])):
        size = len(name) + len(value) + 2
        if size > LONGEST_VARIABLE or size > left:
            late[name] = value
        else:
            at_start[name] = value
            left -= size
    return at_start, late


def unnamed_file() -> IO[bytes]:
    """A file without a name, in memory where the system has such files."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("pyflinkx"), "w+b")
    return tempfile.TemporaryFile(prefix="pyflinkx-")


def as_text(entry: Any) -> str:
    """A path or an argument as text, whatever kind of object a program has put among them."""
    if isinstance(entry, (str, bytes, os.PathLike)):
        return str(os.fsdecode(entry))
    return str(entry)


@contextlib.contextmanager
def too_few_descriptors_explained(number: int) -> Iterator[None]:
    """Say which limit it is that leaves no descriptors for a worker.

    Raises:
        ConfigurationError: the system allows no more.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EMFILE, errno.ENFILE):
            raise
        raise ConfigurationError(
            f"worker-{number + 1} needs more descriptors than the system allows this process (ulimit -n): allow more, "
            "or have fewer workers with more slots each (taskmanager.numberOfTaskSlots)"
        ) from error


class ForkLauncher:
    """Starts each worker as a copy of this process: quickest, but threads of other libraries do not survive that.

    Args:
        interconnect: what connects the job's workers.
        attempt: number of the attempt that they are for.
    """

    def __init__(self, interconnect: Interconnect, attempt: int) -> None:
        self.interconnect = interconnect
        self.attempt = attempt
        self.launched: list[ProcessHandle] = []

    def launch(self, number: int) -> WorkerHandle:
        with contextlib.ExitStack() as undo, too_few_descriptors_explained(number):
            ours, theirs = Pipe()
            undo.callback(theirs.close)
            failed = undo.enter_context(contextlib.ExitStack())
            failed.callback(ours.close)
            outputs = []
            for _ in range(2):
                outputs.append(os.pipe())
                failed.callback(os.close, outputs[-1][0])
                undo.callback(os.close, outputs[-1][1])
            flush_standard_streams()
            parent = parent_to_follow()
            pid = os.fork()
            if pid == 0:
                self._be_worker(number, ours, theirs, outputs, parent)
            self.interconnect.inherited_by(number)
            handle = ProcessHandle(number, pid, StreamChannel(ours), [read_end for read_end, _ in outputs])
            failed.pop_all()
        self.launched.append(handle)
        return handle

    def _be_worker(
        self, number: int, ours: Connection, theirs: Connection, outputs: list[tuple[int, int]], parent: int
    ) -> None:
        """The life of the copy; never returns."""
        try:
            # Held by the copy, our ends of other workers' connections would outlive us and hide our end from them.
            ours.close()
            for handle in self.launched:
                handle.control.close()
            self.interconnect.keep_only(number)
            for read_end, _ in outputs:
                os.close(read_end)
            nothing = os.open(os.devnull, os.O_RDONLY)
            for target, descriptor in enumerate((nothing, *(write_end for _, write_end in outputs))):
                os.dup2(descriptor, target)
                os.close(descriptor)
            sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the standard streams of the copy
            sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
            descriptors = self.interconnect.descriptors(number)
            run_worker(number, self.attempt, theirs, inherited(self.interconnect.transport, descriptors), parent)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)  # whatever happens, the copy must not go on as the program


def spawned(
    control: int,
    number: int,
    attempt: int,
    transport: str,
    descriptors: list[int],
    parent: int,
    late: dict[bytes, bytes],
) -> None:
    """The main function of a fresh interpreter."""
    os.environb.update(late)
    run_worker(number, attempt, Connection(control), inherited(transport, descriptors), parent)


def run_worker(number: int, attempt: int, connection: Connection, make_transport: MakeTransport, parent: int) -> None:
    """Be a worker until the job ends; never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client cancels the job
    # Whoever ends a service often tells all its processes. A handler, as what is ignored would be so in children, too.
    signal.signal(signal.SIGTERM, lambda signum, frame: None)
    end_with(parent)
    if sys.executable:
        os.environ["python"] = sys.executable  # noqa: SIM112 # where PyFlink's workers have it
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # a sitecustomize may have replaced it
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    worker = Worker(number, attempt, StreamChannel(connection), make_transport)
    code = 0
    try:
        worker.run()
    except ClientGone:
        code = 1
    flush_standard_streams()
    os._exit(code)  # threads of user functions must not keep the process


def flush_standard_streams() -> None:
    """Write what they hold, where they can be written to: a host may have closed or replaced them."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()


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
    """A worker in a thread of this process.

    Args:
        number: of the worker.
        attempt: number of the attempt that it is for.
        make_transport: makes its end of the exchanges.
        ends: of its control channel: the JobManager's and its own.
    """

    def __init__(self, number: int, attempt: int, make_transport: MakeTransport, ends: ChannelEnds) -> None:
        self.outputs: list[int] = []
        self.name = f"worker-{number + 1}"
        self.control, self.theirs = ends
        self.worker = Worker(number, attempt, self.theirs, make_transport, own_process=False)
        self.thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.worker.run()
        except ClientGone:
            self.worker.cancel()
        finally:
            self.theirs.close()

    def ended(self) -> str | None:
        return None if self.thread.is_alive() else "its thread ended"

    def wait(self, timeout: float) -> bool:
        self.thread.join(timeout)
        return not self.thread.is_alive()

    def kill(self) -> None:
        """Threads cannot be killed: the worker was told to cancel, and is left behind if it does not."""

    def close(self) -> None:
        self.control.close()


class ThreadLauncher:
    """Starts a worker in a thread of this process, with all the job's slots.

    Args:
        attempt: number of the attempt that it is for.
        connect: makes a control channel; queues need no descriptors.
    """

    def __init__(self, attempt: int, connect: Callable[[], ChannelEnds] = queue_pair) -> None:
        self.attempt = attempt
        self.connect = connect
        self.launched: list[ThreadHandle] = []

    def launch(self, number: int) -> WorkerHandle:
        handle = ThreadHandle(number, self.attempt, LocalTransport, self.connect())
        self.launched.append(handle)
        return handle

    def stop(self) -> None:
        """Tell all tasks to stop; from any thread, and without a word through any other."""
        for handle in list(self.launched):
            handle.worker.cancel()
