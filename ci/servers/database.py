"""Starts a database server of its own on loopback:  python ci/servers/database.py postgresql|mariadb

Prints `port NUMBER PID` once it takes connections, and stops it when its standard input ends or it gets SIGTERM; all
its files are in a temporary folder, which goes then. What the server needs and the machine has not is installed by
apt-get where that may be (as root, with CI or INSTALL_SERVERS in the environment); else it ends with code 3 and says
how to get it.

PostgreSQL has the user `test` (trusted) and the database `test`, with logical replication and prepared transactions;
MariaDB the same names, with a row-based binary log.
"""

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


def postgresql(folder: Path, port: int) -> tuple[subprocess.Popen, "list[str]"]:
    places = "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"
    initdb = needed("initdb", "postgresql", *places)
    programs = Path(os.path.realpath(initdb)).parent
    user = as_user("postgres", folder)
    data = folder / "data"
    subprocess.run(
        [initdb, "-D", data, "-U", "test", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        **user,
    )
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": folder,
        "wal_level": "logical",
        "max_prepared_transactions": 64,
        "max_replication_slots": 16,
        "max_wal_senders": 16,
        "fsync": "off",
        "max_connections": 100,
    }
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *options], stdout=log, stderr=log, cwd=folder, **user
        )
    client = [programs / "psql", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "test", "postgres", "-c"]
    return server, [*client, "CREATE DATABASE test"]


def mariadb(folder: Path, port: int) -> tuple[subprocess.Popen, "list[str]"]:
    server_program = needed("mariadbd", "mariadb-server", "/usr/sbin", "/usr/local/sbin")
    client_program = needed("mariadb", "mariadb-client")
    user = as_user("mysql", folder)
    data = folder / "data"
    subprocess.run(
        [
            needed("mariadb-install-db", "mariadb-server"),
            "--no-defaults",
            f"--datadir={data}",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **user,
    )
    options = [
        "--no-defaults",
        f"--datadir={data}",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        f"--socket={folder}/socket",
        f"--pid-file={folder}/pid",
        "--log-bin=binlog",
        "--binlog-format=ROW",
        "--binlog-row-image=FULL",
        "--character-set-server=utf8mb4",
        "--server-id=1",
        "--innodb-flush-log-at-trx-commit=0",
        "--sync-binlog=0",
        "--innodb-doublewrite=0",
    ]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen([server_program, *options], stdout=log, stderr=log, cwd=folder, **user)
    grant = "CREATE DATABASE test; CREATE USER test@'127.0.0.1'; GRANT ALL ON *.* TO test@'127.0.0.1'"
    return server, [client_program, "--no-defaults", f"--socket={folder}/socket", "-u", "root", "-e", grant]


def main(kind: str) -> int:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix=f"{kind}-") as folder:
        return serve(kind, Path(folder))


def serve(kind: str, folder: Path) -> int:
    """Have a server run until the standard input ends."""
    port = free_port()
    server, greeting = {"postgresql": postgresql, "mariadb": mariadb}[kind](folder, port)
    try:
        deadline = time.monotonic() + 120
        while (said := subprocess.run(greeting, check=False, capture_output=True, text=True)).returncode:
            if server.poll() is not None or time.monotonic() > deadline:
                print((folder / "log").read_text(errors="replace")[-2000:], said.stderr, file=sys.stderr)
                return 1
            time.sleep(0.05)
        print("port", port, server.pid, flush=True)
        sys.stdin.read()
        return 0
    finally:
        server.send_signal(signal.SIGINT if kind == "postgresql" else signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(20)
        server.kill()
        server.wait()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("postgresql", "mariadb"):
        raise SystemExit(__doc__)
    sys.exit(main(sys.argv[1]))
