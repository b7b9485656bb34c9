"""Starts a database server of its own on loopback:  python ci/servers/database.py postgresql|mariadb

Prints `port NUMBER PID` once it takes connections, and stops it when its standard input ends or it gets SIGTERM; all
its files are in a temporary folder, which goes then. What the server needs and the machine has not is installed by
apt-get where that may be (as root, with CI or INSTALL_SERVERS in the environment); else it ends with code 3 and says
how to get it.

PostgreSQL has the user `test` (trusted) and the database `test`, with logical replication and prepared transactions;
MariaDB the same names, with a row-based binary log.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from programs import as_user, needed, run


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


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("postgresql", "mariadb"):
        raise SystemExit(__doc__)
    kind = sys.argv[1]
    start = {"postgresql": postgresql, "mariadb": mariadb}[kind]
    sys.exit(run(kind, start, signal.SIGINT if kind == "postgresql" else signal.SIGTERM))
