"""NATS JetStream as a source and as a sink (``pyflinkx[nats]``); not PyFlink's, which has none."""

from pyflinkx.connectors.acknowledged.messages import BadMessage, Message
from pyflinkx.connectors.nats.sink import NatsSink, NatsSinkBuilder
from pyflinkx.connectors.nats.source import NatsSource, NatsSourceBuilder

__all__ = ["BadMessage", "Message", "NatsSink", "NatsSinkBuilder", "NatsSource", "NatsSourceBuilder"]
