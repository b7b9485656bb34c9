"""MQTT as a source and as a sink (``pyflinkx[mqtt]``); not PyFlink's, which has none."""

from pyflinkx.connectors.acknowledged.messages import BadMessage, Message
from pyflinkx.connectors.mqtt.sink import MqttSink, MqttSinkBuilder
from pyflinkx.connectors.mqtt.source import MqttSource, MqttSourceBuilder

__all__ = ["BadMessage", "Message", "MqttSink", "MqttSinkBuilder", "MqttSource", "MqttSourceBuilder"]
