"""WebSockets as a source (``pyflinkx[websocket]``); not PyFlink's, which has none."""

from pyflinkx.connectors.acknowledged.messages import BadMessage, Message
from pyflinkx.connectors.http.websocket import WebSocketSource, WebSocketSourceBuilder

__all__ = ["BadMessage", "Message", "WebSocketSource", "WebSocketSourceBuilder"]
