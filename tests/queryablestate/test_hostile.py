"""What listens for queries refuses whoever does not know the token, and survives whatever is sent to it."""

import contextlib
import os
import pickle
import random
import socket
import struct
import threading

import pytest

from pyflinkx.common import JobID, Types
from pyflinkx.errors import ConfigurationError, QueryError
from pyflinkx.queryablestate import QueryableStateClient
from pyflinkx.runtime.control.query_protocol import MAGIC, introduce, token
from pyflinkx.state import ValueStateDescriptor, plain
from tests.queryablestate.test_queryable_state import Job, home  # noqa: F401 - the fixture gives each test its own token


class Runs:
    """A pickle that leaves a mark when somebody loads it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def connect(job):
    connection = socket.create_connection(job.client.get_queryable_state_address(), 10)
    connection.settimeout(10)
    return connection


def closed(connection):
    """Whether the other end has closed a connection, after all that it has sent."""
    with contextlib.suppress(ConnectionError):
        while connection.recv(1 << 16):
            pass
    return True


def goes_on(job):
    return job.get("sum", "a").value() == 1


def test_whoever_does_not_know_the_token_is_refused(tmp_path):
    other = tmp_path / "other"
    other.write_bytes(b"x" * 32)
    other.chmod(0o600)
    with Job("inline") as job:
        job.give([("a", 1)])
        address = job.client.get_queryable_state_address()
        assert address[0] == "127.0.0.1"
        with (
            QueryableStateClient(*address, token_file=str(other)) as client,
            pytest.raises(QueryError, match="the token is not that of the job"),
        ):
            client.get_kv_state(JobID(), "sum", "a", None, ValueStateDescriptor("a")).result(60)
        with connect(job) as connection:
            greeting = connection.recv(1000)
            assert greeting.startswith(MAGIC)
            connection.sendall(greeting[-32:] + b"\0" * 32)
            assert closed(connection)
        assert goes_on(job)


def test_a_token_that_others_may_read_is_refused(tmp_path):
    loose = tmp_path / "loose"
    loose.write_bytes(b"x" * 32)
    loose.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        QueryableStateClient(token_file=str(loose))
    assert len(token(None)) == 32
    assert os.stat(tmp_path / ".pyflinkx" / "queryable-state").st_mode & 0o777 == 0o600


def test_what_does_not_know_the_token_is_not_believed():
    """Somebody else's process that listens in the job's place can give nothing."""
    listener = socket.create_server(("127.0.0.1", 0))

    def pretend():
        connection, _ = listener.accept()
        with connection:
            connection.sendall(MAGIC + b"\0" * 32)
            connection.recv(64)
            connection.sendall(b"\0" * 32)

    thread = threading.Thread(target=pretend, daemon=True)
    thread.start()
    with (
        QueryableStateClient(*listener.getsockname()) as client,
        pytest.raises(QueryError, match="does not know the token, so it is not trusted"),
    ):
        client.get_kv_state(JobID(), "a", 1, None, ValueStateDescriptor("a")).result(60)
    thread.join(10)
    listener.close()


def test_bytes_of_a_stranger(tmp_path):
    chosen = random.Random(7)
    with Job("inline") as job:
        job.give([("a", 1)])
        for _ in range(50):
            with connect(job) as connection:
                with contextlib.suppress(ConnectionError):
                    connection.sendall(chosen.randbytes(chosen.randrange(64, 500)))
                assert closed(connection)
        assert goes_on(job)


def test_bytes_of_somebody_who_knows_the_token(tmp_path):
    chosen = random.Random(8)
    mark = tmp_path / "loaded"
    good = {
        "job": "",
        "name": "sum",
        "consistency": "live",
        "keys": plain.encoded(["a"]),
        "start": None,
        "stop": None,
        "limit": None,
        "timeout": 1.0,
    }
    with Job("inline") as job:
        job.give([("a", 1)])
        good["job"] = str(job.client.get_job_id())
        payload = pickle.dumps(Runs(str(mark)))
        messages = [payload, plain.encoded(payload), plain.encoded({**good, "keys": payload})]
        messages += [plain.encoded({**good, "keys": plain.encoded([payload])})]
        messages += [plain.encoded({**good, name: value}) for name in good for value in (None, 1, b"", "\0", [], {})]
        for _ in range(100):
            damaged = bytearray(plain.encoded(good))
            for _ in range(chosen.randrange(1, 5)):
                damaged[chosen.randrange(len(damaged))] = chosen.randrange(256)
            messages.append(bytes(damaged))
        for message in messages:
            with connect(job) as connection:
                introduce(connection, token(None))
                connection.sendall(struct.pack("<I", len(message)) + message)
                connection.shutdown(socket.SHUT_WR)
                assert closed(connection)
        with connect(job) as connection:
            introduce(connection, token(None))
            connection.sendall(b"\xff\xff\xff\xff")
            assert closed(connection)
        assert not mark.exists()
        assert goes_on(job)
        found = job.queries.get_kv_states(
            job.client.get_job_id(), "sum", ["a"], Types.STRING(), ValueStateDescriptor("sum", Types.LONG())
        )
        assert found["a"].value() == 1
