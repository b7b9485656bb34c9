"""A RabbitMQ for tests, which have queues of their own."""

import itertools

import pytest

from pyflinkx.datastream.connectors.rabbitmq import RMQConnectionConfig
from tests.servers.database import server
from tests.servers.proxy import Proxy

NUMBERS = itertools.count()


class Server:
    """Where it is, and what tests do with it."""

    def __init__(self, port):
        self.port = port
        self.config = config_of(port)

    def queue(self, values=(), ids=True):
        """A queue of a test's own, with messages; its name."""
        name = f"queue-{next(NUMBERS)}"
        self.add(name, values, ids)
        return name

    def channel(self):
        """A connection's only channel; close ``channel.connection`` in the end."""
        import pika

        return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port)).channel()

    def add(self, name, values, ids=True):
        """Write messages; each has itself as its correlation id."""
        import pika

        channel = self.channel()
        channel.queue_declare(name, durable=True)
        for value in values:
            channel.basic_publish("", name, value, pika.BasicProperties(correlation_id=value if ids else None))
        channel.connection.close()

    def left(self, name):
        """Messages that are in a queue, which is empty then."""
        channel = self.channel()
        found = []
        while (got := channel.basic_get(name, auto_ack=True))[0] is not None:
            found.append(got[2].decode())
        channel.connection.close()
        return found


def config_of(port, **more):
    builder = RMQConnectionConfig.Builder().set_host("127.0.0.1").set_port(port).set_virtual_host("/")
    builder.set_user_name("guest").set_password("guest")
    for key, value in more.items():
        builder.set_option(key.replace("_", "."), value)
    return builder.build()


@pytest.fixture(scope="session")
def rabbitmq():
    pytest.importorskip("pika")
    with server("messages.py", "rabbitmq") as (_, port, _):
        yield Server(int(port))


@pytest.fixture
def proxy(rabbitmq):
    found = Proxy(rabbitmq.port)
    yield found
    found.close()
