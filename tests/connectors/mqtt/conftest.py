"""An MQTT server for tests, which have topics and sessions of their own."""

import itertools
import queue

import pytest

from tests.servers.database import server
from tests.servers.proxy import Proxy

NUMBERS = itertools.count()


class Server:
    """Where it is, and what tests do with it."""

    def __init__(self, port):
        self.port = port
        self.url = f"mqtt://127.0.0.1:{port}"

    def name(self):
        """One that nobody has used."""
        return f"name-{next(NUMBERS)}"

    def connected(self, client_id="", **callbacks):
        """A client; ``loop_stop`` it in the end."""
        import paho.mqtt.client as mqtt

        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=not client_id)
        for name, call in callbacks.items():
            setattr(client, name, call)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        return client

    def session(self, topic, client_id):
        """Have the server keep what comes for a client that is not there."""
        done = queue.Queue()
        client = self.connected(client_id, on_subscribe=lambda *_: done.put(None))
        client.subscribe(topic, 1)
        done.get(timeout=30)
        self.end(client)

    def publish(self, topic, values):
        """Publish messages, and wait until the server has them."""
        client = self.connected()
        for sent in [client.publish(topic, value, 1) for value in values]:
            sent.wait_for_publish(30)
        self.end(client)

    def end(self, client):
        client.disconnect()
        client.loop_stop()


@pytest.fixture(scope="session")
def mqtt():
    pytest.importorskip("paho.mqtt.client")
    with server("messages.py", "mosquitto") as (_, port, _):
        yield Server(int(port))


@pytest.fixture
def proxy(mqtt):
    found = Proxy(mqtt.port)
    yield found
    found.close()
