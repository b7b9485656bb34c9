"""RabbitMQ as a source and as a sink (``pyflinkx[rabbitmq]``), with PyFlink's names."""

from pyflinkx.connectors.acknowledged.messages import BadMessage, Message
from pyflinkx.connectors.rabbitmq.config import RMQConnectionConfig
from pyflinkx.connectors.rabbitmq.sink import RMQSink
from pyflinkx.connectors.rabbitmq.source import RMQSource

__all__ = ["BadMessage", "Message", "RMQConnectionConfig", "RMQSink", "RMQSource"]
