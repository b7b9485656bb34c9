"""Fresh interpreters of this machine: how they are started, and what they are told before they can import anything."""

from __future__ import annotations

import contextlib
import errno
import marshal
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from pyflinkx.errors import ConfigurationError

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
    sys.path[:], sys.argv[:], role, told = marshal.loads(read)
    from pyflinkx.runtime.control import worker_process
    getattr(worker_process, role)(control, *told)
boot()
"""

# Linux takes 128 KiB for one variable, and a quarter of the stack's limit for all of them and the arguments.
LONGEST_VARIABLE = 1 << 16
MOST_VARIABLES = 1 << 20


@dataclass
class Interpreter:
    """A process that was started, which nobody waits for yet.

    Args:
        pid: of the process, a child of this one.
        control: our end of the connection to it.
        outputs: descriptors of its standard output and standard error.
    """

    pid: int
    control: socket.socket
    outputs: list[int]


def start_interpreter(
    executable: str, start: bytes, environment: dict[bytes, bytes], descriptors: list[int]
) -> Interpreter:
    """Start one.

    Args:
        executable: of Python.
        start: from ``start_of_process``.
        environment: its variables.
        descriptors: that it inherits.

    Raises:
        OSError: the system refuses.
    """
    with contextlib.ExitStack() as undo:
        file = undo.enter_context(unnamed_file())
        file.write(start)
        file.flush()
        ours, theirs = socket.socketpair()
        undo.callback(theirs.close)
        failed = undo.enter_context(contextlib.ExitStack())
        failed.callback(ours.close)
        process = subprocess.Popen(
            [executable, *interpreter_flags(executable), "-c", BOOTSTRAP, str(file.fileno()), str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            pass_fds=[file.fileno(), theirs.fileno(), *descriptors],
        )
        process.returncode = 0  # the handle waits for the process; Popen must not
        assert process.stdout is not None
        assert process.stderr is not None
        outputs = []
        with process.stdout, process.stderr:
            for stream in (process.stdout, process.stderr):
                outputs.append(os.dup(stream.fileno()))
                failed.callback(os.close, outputs[-1])
        failed.pop_all()
    return Interpreter(process.pid, ours, outputs)


def interpreter_flags(executable: str) -> list[str]:
    """The options of this interpreter, such as ``-O`` or ``-X utf8``, for another process of the same one."""
    if executable != sys.executable:
        return []
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    return flags


def start_of_process(role: str, *told: Any) -> bytes:
    """What a fresh interpreter is told before it can import anything: by marshal, which is no module in a folder.

    A file brings it, as an argument may have no more than 128 KiB.

    Args:
        role: the function of ``worker_process`` that it runs.
        told: the arguments of that, behind its end of the connection.
    """
    return marshal.dumps((*program(), role, told), 2)


def program() -> tuple[list[str], list[str]]:
    """The search path and the arguments of this process."""
    return [as_text(entry) for entry in sys.path], [as_text(argument) for argument in getattr(sys, "argv", [])]


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


def parent_to_follow() -> int:
    """The process that a worker is to end with; 0 where the system would watch a thread that may end before the job."""
    return os.getpid() if threading.current_thread() is threading.main_thread() else 0
