"""Starts a server of messages of its own on loopback:  python ci/servers/messages.py redis|rabbitmq|mosquitto|nats

Prints `port NUMBER PID` once it takes connections, and stops it when its standard input ends or it gets SIGTERM; all
its files are in a temporary folder, which goes then. What the server needs and the machine has not is installed as
`programs.py` says; else it ends with code 3 and says how to get it. All of them keep what they have on the disk.
"""

import os
import subprocess
import sys
from pathlib import Path

from programs import answers, as_user, found, free_port, needed, run


def started(folder: Path, command: list, **options) -> subprocess.Popen:
    with open(folder / "log", "wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, stdin=subprocess.DEVNULL, **options)


def redis(folder: Path, port: int) -> tuple:
    program = needed("redis-server", "redis-server")
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes", "--save", ""]
    return started(folder, [program, *settings]), answers(port, b"PING\r\n", b"+PONG")


def mosquitto(folder: Path, port: int) -> tuple:
    program = needed("mosquitto", "mosquitto", "/usr/sbin")
    (folder / "conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
        "max_queued_messages 100000\nmax_inflight_messages 0\n" + ("user root\n" if os.geteuid() == 0 else "")
    )
    hello = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03ask"
    return started(folder, [program, "-c", folder / "conf"]), answers(port, hello, b"\x20")


def nats(folder: Path, port: int) -> tuple:
    program = needed("nats-server", "nats-server", "/usr/sbin")
    command = [program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", folder / "data"]
    return started(folder, command), answers(port, b"PING\r\n", b"INFO")


def rabbitmq(folder: Path, port: int) -> tuple:
    program = needed("rabbitmq-server", "rabbitmq-server", "/usr/sbin", "/usr/lib/rabbitmq/bin")
    user = as_user("rabbitmq", folder)
    settings = {
        "RABBITMQ_NODENAME": f"test{port}@localhost",
        "RABBITMQ_NODE_PORT": port,
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_DIST_PORT": free_port(),
        "RABBITMQ_MNESIA_BASE": folder / "data",
        "RABBITMQ_LOG_BASE": folder,
        "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "plugins",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": free_port(),
        "HOME": folder,
    }
    # Its own of the daemons that the server would leave behind.
    names = found("epmd", "/usr/lib/erlang/erts-*/bin")
    command = ["sh", "-c", f"{names} -address 127.0.0.1 -port {settings['ERL_EPMD_PORT']} & exec {program}"]
    environment = {**os.environ, **{name: str(value) for name, value in settings.items()}}
    return started(folder, command, env=environment, start_new_session=True, **user), answers(
        port, b"AMQP\x00\x00\x09\x01", b"\x01"
    )


KINDS = {"redis": redis, "rabbitmq": rabbitmq, "mosquitto": mosquitto, "nats": nats}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in KINDS:
        raise SystemExit(__doc__)
    sys.exit(run(sys.argv[1], KINDS[sys.argv[1]]))
