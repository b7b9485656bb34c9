"""Connections to RabbitMQ, and what their errors mean."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from pyflinkx._core.calls.records import told
from pyflinkx.connectors.acknowledged.messages import ConnectionLostError
from pyflinkx.connectors.extras import library
from pyflinkx.connectors.rabbitmq.config import (
    CHANNEL_MAX,
    CONNECTION_TIMEOUT,
    FRAME_MAX,
    HEARTBEAT,
    HOST,
    PASSWORD,
    PORT,
    URI,
    USERNAME,
    VIRTUAL_HOST,
    RMQConnectionConfig,
)
from pyflinkx.errors import PyflinkxError

# What a server says that goes away, or that somebody has closed: another attempt may help.
GOING = (320, 501, 541)


def client_library() -> Any:
    """The package ``pika``.

    Raises:
        MissingExtraError: it is not installed.
    """
    return library("pika", "RabbitMQ", "pika", "rabbitmq")


def connected(config: RMQConnectionConfig) -> Any:
    """A connection, for one thread.

    Raises:
        ConnectionLostError: the server cannot be reached.
        Exception: it refuses who connects, or the virtual host.
    """
    pika = client_library()
    options = config.options
    uri = options.get(URI)
    if uri is not None:
        parameters = pika.URLParameters(uri)
    else:
        parameters = pika.ConnectionParameters(
            host=options.get(HOST),
            port=options.get(PORT),
            virtual_host=options.get(VIRTUAL_HOST),
            credentials=pika.PlainCredentials(options.get(USERNAME), options.get(PASSWORD)),
        )
    parameters.heartbeat = options.get(HEARTBEAT)
    parameters.frame_max = options.get(FRAME_MAX)
    parameters.channel_max = options.get(CHANNEL_MAX)
    seconds = options.get(CONNECTION_TIMEOUT) / 1000
    parameters.socket_timeout = seconds
    parameters.stack_timeout = 1.5 * seconds
    parameters.blocked_connection_timeout = max(seconds, 60.0)
    return pika.BlockingConnection(parameters)


@contextlib.contextmanager
def told_as(failure: type[PyflinkxError], where: str) -> Iterator[None]:
    """Broken connections are ConnectionLostError, what a server refuses is another error.

    Args:
        failure: raised where another attempt would not help.
        where: the server and the queue.
    """
    errors = library("pika.exceptions", "RabbitMQ", "pika", "rabbitmq")
    refused = (errors.ProbableAuthenticationError, errors.ProbableAccessDeniedError, errors.AuthenticationError)
    try:
        yield
    except refused as error:
        raise failure(f"{where}: the server refuses this user, password or virtual host: {told(error)}") from error
    except errors.ConnectionClosedByBroker as error:
        if error.reply_code in GOING:
            raise ConnectionLostError(told(error)) from error
        raise failure(f"{where}: {told(error)}") from error
    except errors.ChannelClosedByBroker as error:
        raise failure(f"{where}: {error.reply_text}") from error
    except (errors.AMQPError, OSError) as error:
        raise ConnectionLostError(told(error)) from error
