"""A NATS server with JetStream for tests, which have streams of their own."""

import asyncio
import itertools

import pytest

from tests.servers.database import server
from tests.servers.proxy import Proxy

NUMBERS = itertools.count()


class Server:
    """Where it is, and what tests do with it."""

    def __init__(self, port):
        self.port = port
        self.url = f"nats://127.0.0.1:{port}"

    def run(self, work):
        """What ``work(jetstream)`` gives."""

        async def connected():
            import nats

            connection = await nats.connect(self.url)
            try:
                return await work(connection.jetstream())
            finally:
                await connection.close()

        return asyncio.run(connected())

    def stream(self, values=()):
        """A stream of a test's own, with messages of its one subject; the name of both."""
        name = f"stream-{next(NUMBERS)}"

        async def make(jetstream):
            await jetstream.add_stream(name=name, subjects=[name])
            for value in values:
                await jetstream.publish(name, value.encode())

        self.run(make)
        return name

    def messages(self, name):
        """All messages of a stream."""

        async def read(jetstream):
            count = (await jetstream.stream_info(name)).state.messages
            return [(await jetstream.get_msg(name, number + 1)).data.decode() for number in range(count)]

        return self.run(read)

    def pending(self, name, durable):
        """How many messages are not acknowledged, and how many were not given to anybody."""

        async def ask(jetstream):
            found = await jetstream.consumer_info(name, durable)
            return found.num_ack_pending, found.num_pending

        return self.run(ask)


@pytest.fixture(scope="session")
def nats():
    pytest.importorskip("nats")
    with server("messages.py", "nats") as (_, port, _):
        yield Server(int(port))


@pytest.fixture
def proxy(nats):
    found = Proxy(nats.port)
    yield found
    found.close()
