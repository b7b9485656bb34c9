"""A connection to an MQTT server, whose thread takes what comes."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Any
from urllib.parse import unquote, urlsplit

from pyflinkx._core.calls.records import told
from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import LONG, STRING
from pyflinkx.connectors.acknowledged.messages import ConnectionLostError
from pyflinkx.connectors.extras import library
from pyflinkx.connectors.option_table import Options
from pyflinkx.errors import PyflinkxError

log = logging.getLogger("pyflinkx.connectors")

PORTS = {"mqtt": 1883, "mqtts": 8883}
URL = ConfigOption(
    "url",
    STRING,
    description="the server, mqtt://user:password@host:1883, mqtts:// for TLS",
    fault=lambda url: None if urlsplit(url).scheme in PORTS else "does not begin with mqtt:// or mqtts://",
)
CA_FILE = ConfigOption(
    "ca.file", STRING, description="a file of certificates (PEM) that the server's is checked by; else the system's"
)
CLIENT_ID = ConfigOption(
    "client.id.prefix",
    STRING,
    description="what the client id of each subtask begins with, -0, -1, ... follow; by it the server knows a session",
)
KEEPALIVE = ConfigOption("keepalive.ms", LONG, 60_000, "between two signs of life, at most", minimum=1000)
TIMEOUT = ConfigOption(
    "request.timeout.ms",
    LONG,
    10_000,
    "how long the server may take to answer before the connection is made anew",
    minimum=1,
)
CLIENT_OPTIONS = (URL, CA_FILE, CLIENT_ID, KEEPALIVE, TIMEOUT)

# Answers to CONNECT after which another attempt may help; of the others none would.
BUSY = ("server unavailable", "server busy", "unspecified error")


def shown_url(url: str) -> str:
    """A URL without its password."""
    password = urlsplit(url).password
    return url if password is None else url.replace(f":{password}@", ":******@")


class Client:
    """A connection, made when this is; never made anew by itself.

    Args:
        options: which server.
        client_id: by which the server knows the session; empty for none that it keeps.
        failure: raised where the server refuses.
        in_flight: the most messages that are published and have no answer.

    Raises:
        ConnectionLostError: the server cannot be reached.
    """

    def __init__(self, options: Options, client_id: str, failure: type[PyflinkxError], in_flight: int = 20) -> None:
        mqtt = library("paho.mqtt.client", "MQTT", "paho-mqtt", "mqtt")
        self.mqtt = mqtt
        self.failure = failure
        self.where = shown_url(options.get(URL))
        self.seconds = options.get(TIMEOUT) / 1000
        self.changed = threading.Condition()
        self.messages: deque[Any] = deque()
        self.answered: set[int] = set()
        self.refused: str | None = None
        self.lost: str | None = None
        self.connected = self.subscribed = False
        parts = urlsplit(options.get(URL))
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=not client_id,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client = self.client
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_subscribe, client.on_publish, client.on_message = (
            self._on_subscribe,
            self._on_publish,
            self._on_message,
        )
        client.max_inflight_messages_set(in_flight)
        client.connect_timeout = self.seconds
        if parts.username is not None:
            client.username_pw_set(unquote(parts.username), None if parts.password is None else unquote(parts.password))
        if parts.scheme == "mqtts":
            client.tls_set(options.get(CA_FILE))
        try:
            client.connect(parts.hostname or "", parts.port or PORTS[parts.scheme], options.get(KEEPALIVE) // 1000)
        except (OSError, ValueError) as error:
            raise ConnectionLostError(told(error)) from error
        client.loop_start()
        try:
            self.wait(lambda: self.connected, "an answer to CONNECT")
        except BaseException:
            self.close()
            raise

    # ---- in paho's thread ----

    def _on_connect(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        with self.changed:
            if reason.is_failure:
                said = str(reason).lower()
                if said in BUSY:
                    self.lost = said
                else:
                    self.refused = said
            else:
                self.connected = True
            self.changed.notify_all()

    def _on_disconnect(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        with self.changed:
            self.lost = self.lost or f"disconnected: {reason}"
            self.changed.notify_all()

    def _on_subscribe(self, client: Any, data: Any, mid: int, reasons: Any, properties: Any) -> None:
        with self.changed:
            refused = [str(reason) for reason in reasons if reason.is_failure]
            if refused:
                self.refused = f"the subscription: {', '.join(refused)}"
            self.subscribed = True
            self.changed.notify_all()

    def _on_publish(self, client: Any, data: Any, mid: int, reason: Any, properties: Any) -> None:
        with self.changed:
            self.answered.add(mid)
            self.changed.notify_all()

    def _on_message(self, client: Any, data: Any, message: Any) -> None:
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()

    # ---- in the thread of whoever has the connection ----

    def check(self) -> None:
        """Raise what has happened to the connection."""
        if self.refused is not None:
            raise self.failure(f"{self.where}: the server refuses: {self.refused}")
        if self.lost is not None:
            raise ConnectionLostError(self.lost)

    def wait(self, done: Any, what: str) -> None:
        """Wait for something that the server answers.

        Raises:
            ConnectionLostError: it did not, or the connection broke.
        """
        with self.changed:
            self.changed.wait_for(lambda: self.refused or self.lost or done(), self.seconds)
            self.check()
            if not done():
                raise ConnectionLostError(f"{what} did not come within {self.seconds:g} s")

    def close(self) -> None:
        """End it."""
        self.client.disconnect()
        self.client.loop_stop()
