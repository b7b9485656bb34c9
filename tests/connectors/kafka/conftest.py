"""The brokers of these tests."""

from tests.servers.kafka import broker, own_broker

__all__ = ["broker", "own_broker"]
