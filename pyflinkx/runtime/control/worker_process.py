"""The life of a process that is a worker, and of one that waits to become one."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import marshal
import os
import signal
import socket
import sys
from multiprocessing.connection import Connection
from typing import Any

from pyflinkx.runtime.control.channel import StreamChannel
from pyflinkx.runtime.control.worker import ClientGone, MakeTransport, Worker
from pyflinkx.runtime.exchange.interconnect import inherited

PR_SET_PDEATHSIG = 1
# The system passes no more descriptors at once.
MOST_PASSED = 253


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


def spare(control: int, parent: int, modules: list[str]) -> None:
    """The main function of a fresh interpreter that is no worker yet: it imports what workers need, and waits.

    What it is to be comes as a file, with the descriptors that such a worker inherits behind it; see ``started_as``.

    Args:
        control: descriptor of its end of the connection.
        parent: as of ``run_worker``.
        modules: the engine's, to be imported.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda signum, frame: None)
    end_with(parent)
    for module in modules:
        with contextlib.suppress(Exception):  # whoever needs it will say so
            importlib.import_module(module)
    with socket.socket(fileno=os.dup(control)) as connection:
        data, passed, _, _ = socket.recv_fds(connection, 1, MOST_PASSED)
    if not data:  # nobody needed it
        os._exit(0)
    start, *descriptors = passed
    spawned(control, *started_as(start, descriptors))


def started_as(start: int, descriptors: list[int]) -> tuple[Any, ...]:
    """What a worker is told at its start, once this process has become one that could have been started just now.

    Args:
        start: descriptor of a file with that, which is closed.
        descriptors: as this process has them.
    """
    with open(start, "rb") as file:
        file.seek(0)
        path, arguments, folder, environment, (number, attempt, transport, _, parent, late) = marshal.load(file)
    sys.path[:], sys.argv[:] = path, arguments
    for name in os.environb.keys() - environment.keys():
        del os.environb[name]
    os.environb.update(environment)
    if folder is not None:
        os.chdir(folder)
    return number, attempt, transport, descriptors, parent, late


def end_with(parent: int) -> None:
    """Have the system kill this process when its parent dies, where it can; the end of the connection tells too."""
    if parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
