"""How the servers of tests are found, installed where that may be, run, and stopped."""

import contextlib
import fcntl
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ABSENT = 3
POLICY = Path("/usr/sbin/policy-rc.d")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def found(name: str, *places: str) -> str | None:
    """The path of a program, that of the newest version first."""
    places = sorted((path for place in places for path in glob.glob(place)), reverse=True)
    return next((path for folder in places if (path := shutil.which(name, path=folder))), None) or shutil.which(name)


def install(package: str) -> None:
    """Install a package of Debian's, whose services are not to start."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None or not {"CI", "INSTALL_SERVERS"} & set(os.environ):
        return
    quiet = {"stdout": sys.stderr, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", package]
    with open("/var/lock/pyflinkx-servers", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes of one test run come here at once
        made = not POLICY.exists()
        if made:
            POLICY.write_text("#!/bin/sh\nexit 101\n")
            POLICY.chmod(0o755)
        try:
            if subprocess.run(command, check=False, **quiet).returncode:
                subprocess.run(["apt-get", "update", "-q"], check=False, **quiet)
                subprocess.run(command, check=False, **quiet)
        finally:
            if made:
                POLICY.unlink()


def needed(name: str, package: str, *places: str) -> str:
    """The path of a program, which is installed if it has to and may be."""
    path = found(name, *places)
    if path is None:
        install(package)
        path = found(name, *places)
    if path is None:
        print(f"{name} was not found: install it (Debian and Ubuntu: apt-get install {package})", file=sys.stderr)
        raise SystemExit(ABSENT)
    return path


def as_user(name: str, folder: Path) -> dict:
    """How a program is run that refuses to be root's: arguments of subprocess for it."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(name)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def run(kind: str, start: Callable, stop: int = signal.SIGTERM) -> int:
    """Have a server run in a temporary folder until the standard input ends; print `port NUMBER PID` once it is ready.

    Args:
        kind: of the server, for the folder's name.
        start: given the folder and a free port, gives the process and what says whether it is ready: a function, or
            a command that succeeds.
        stop: the signal that ends it.
    """
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix=f"{kind}-") as folder:
        return serve(Path(folder), start, stop)


def serve(folder: Path, start: Callable, stop: int) -> int:
    """Have a server run until the standard input ends."""
    port = free_port()
    server, ready = start(folder, port)
    try:
        deadline = time.monotonic() + 120
        while said := not_ready(ready):
            if server.poll() is not None or time.monotonic() > deadline:
                print((folder / "log").read_text(errors="replace")[-2000:], said, file=sys.stderr)
                return 1
            time.sleep(0.05)
        print("port", port, server.pid, flush=True)
        sys.stdin.read()
        return 0
    finally:
        end(server, stop)


def end(server: subprocess.Popen, stop: int) -> None:
    """End a server; one that leads a group of processes with all of them."""
    leads = server.poll() is None and os.getpgid(server.pid) == server.pid
    server.send_signal(stop)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(20)
    server.kill()
    server.wait()
    if leads:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
            for _ in range(200):
                os.killpg(server.pid, 0)
                time.sleep(0.05)
            os.killpg(server.pid, signal.SIGKILL)


def not_ready(ready: Callable | list) -> str:
    """Why a server is not ready; empty when it is."""
    if callable(ready):
        try:
            return "" if ready() else "it does not answer"
        except OSError as error:
            return str(error)
    done = subprocess.run(ready, check=False, capture_output=True, text=True)
    return (done.stderr or "no") if done.returncode else ""


def answers(port: int, question: bytes, beginning: bytes) -> Callable[[], bool]:
    """Whether a server answers something, once it is asked."""

    def ask() -> bool:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(question)
            return connection.recv(64).startswith(beginning)

    return ask
