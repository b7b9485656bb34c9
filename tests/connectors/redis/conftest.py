"""A Redis for tests, which have keys of their own."""

import itertools

import pytest

from tests.servers.database import server
from tests.servers.proxy import Proxy

NUMBERS = itertools.count()


class Server:
    """Where it is, and what tests do with it."""

    def __init__(self, port):
        import redis

        self.port = port
        self.url = f"redis://127.0.0.1:{port}"
        self.client = redis.Redis(port=port)

    def key(self):
        """A key that nobody has used."""
        return f"key-{next(NUMBERS)}"

    def add(self, values, stream=None):
        """Write entries; the stream's key."""
        stream = stream or self.key()
        for value in values:
            self.client.xadd(stream, {"value": value})
        return stream


@pytest.fixture(scope="session")
def redis():
    pytest.importorskip("redis")
    with server("messages.py", "redis") as (_, port, _):
        found = Server(int(port))
        yield found
        found.client.close()


@pytest.fixture
def proxy(redis):
    found = Proxy(redis.port)
    yield found
    found.close()
