"""Clients of librdkafka, made so that a process that forks harms none of them."""

from __future__ import annotations

import ctypes
import functools
import logging
import os
from typing import Any
from weakref import WeakSet

from pyflinkx.connectors.kafka.library import client_library
from pyflinkx.errors import ConfigurationError

log = logging.getLogger("pyflinkx.connectors.kafka")

LIVE: WeakSet[Any] = WeakSet()


@functools.cache
def followed(kind: type) -> type:
    """The same kind of client, of which there can be weak references."""
    return type(kind.__name__, (kind,), {})


def keep_forever() -> None:
    """In a process that was forked: clients that it has from the one before must never end, as their ends would wait
    for threads that are only there."""
    for client in list(LIVE):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(client))
    LIVE.clear()


os.register_at_fork(after_in_child=keep_forever)


def made_client(kind: type, properties: dict[str, Any]) -> Any:
    """A client of librdkafka, whose messages go to the log.

    Raises:
        ConfigurationError: a property is unknown to it, or has a value that cannot be.
    """
    library = client_library()
    try:
        client = followed(kind)({"log_level": 4, **properties, "logger": log})
    except library.KafkaException as error:
        raise ConfigurationError(f"Kafka's properties: {error.args[0].str()}") from None
    LIVE.add(client)
    return client
