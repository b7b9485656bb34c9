"""A server that all processes of one pytest session share, and that ends with the session, however that ends."""

import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest


def free_ports(count):
    """Ports that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def missing(what):
    """A server cannot be had: its tests are skipped, and in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def shared(name, tmp_path_factory, start):
    """What ``start()`` gives as JSON, called once in a session by whichever of its processes comes first.

    Args:
        name: of the server.
        tmp_path_factory: pytest's.
        start: starts the server, which is to end with the process of ``session_process()``.
    """
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    known = folder / f"{name}.json"
    with open(folder / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not known.exists():
            try:
                known.write_text(json.dumps(start()))
            except BaseException as error:
                if isinstance(error, pytest.skip.Exception | pytest.fail.Exception):
                    raise
                known.write_text(json.dumps({"failed": str(error)}))  # once is enough: others do not try again
                raise
    return json.loads(known.read_text())


def session_process():
    """The process that ends last of the session's: pytest's own, whose children are xdist's workers."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def guarded(command, folder):
    """Start a server that is stopped, and whose folder is removed, as soon as this session's pytest has ended.

    Args:
        command: what runs the server in the foreground.
        folder: of its data.
    """
    arguments = [sys.executable, "-m", "tests.servers.processes", str(session_process()), str(folder), *command]
    quiet = subprocess.DEVNULL
    guard = subprocess.Popen(arguments, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    GUARDS.append(guard)  # or its end would be reported as a process left behind


GUARDS = []


def guard(process, folder, command):
    """Run a server until a process has ended; remove its folder then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = subprocess.Popen(command)
    try:
        waiting = select.poll()
        for pid in (process, server.pid):
            waiting.register(os.pidfd_open(pid), select.POLLIN)
        waiting.poll()
    except ProcessLookupError:
        pass  # it has ended already
    finally:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def new_folder(name):
    """A folder for a server's data."""
    return Path(tempfile.mkdtemp(prefix=f"pyflinkx-{name}-"))


def until(ready, seconds, what):
    """Wait until ``ready()`` gives something other than None or False; return that."""
    deadline = time.monotonic() + seconds
    while True:
        result = ready()
        if result is not None and result is not False:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} within {seconds} s")
        time.sleep(0.1)  # other processes have no other way to say so


if __name__ == "__main__":
    guard(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
