"""HTTP as a source and as a sink; not PyFlink's, which has neither."""

from pyflinkx.connectors.acknowledged.messages import BadMessage, Message
from pyflinkx.connectors.http.sink import HttpSink, HttpSinkBuilder
from pyflinkx.connectors.http.source import HttpSource, HttpSourceBuilder

__all__ = ["BadMessage", "HttpSink", "HttpSinkBuilder", "HttpSource", "HttpSourceBuilder", "Message"]
