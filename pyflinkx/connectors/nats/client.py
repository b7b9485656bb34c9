"""A connection to NATS, used by one thread, and what its errors mean."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any

from pyflinkx._core.calls.records import told
from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import LONG, STRING
from pyflinkx.connectors.acknowledged.messages import ConnectionLostError
from pyflinkx.connectors.extras import library
from pyflinkx.connectors.option_table import Options
from pyflinkx.errors import PyflinkxError

SERVERS = ConfigOption("servers", STRING, description="the servers, nats://host:port, with commas between them")
USER = ConfigOption("user", STRING, description="who connects")
PASSWORD = ConfigOption("password", STRING, description="the password")
TOKEN = ConfigOption("token", STRING, description="a token in place of user and password")
CREDENTIALS = ConfigOption("credentials.file", STRING, description="a file of credentials (.creds), for NKEYs and JWTs")
STREAM = ConfigOption("stream", STRING, description="the stream of JetStream, which has to be there")
TIMEOUT = ConfigOption(
    "request.timeout.ms",
    LONG,
    10_000,
    "how long the server may take to answer before the connection is made anew",
    minimum=1,
)
CLIENT_OPTIONS = (SERVERS, USER, PASSWORD, TOKEN, CREDENTIALS, TIMEOUT)


# How long (s) a connection may take to close in good order.
CLOSE_SECONDS = 0.5


class Client:
    """A connection with an event loop of its own, which runs while something is asked of it.

    Args:
        options: which server, and who connects.

    Raises:
        ConnectionLostError: the server cannot be reached.
    """

    def __init__(self, options: Options) -> None:
        self.nats = library("nats", "NATS", "nats-py", "nats")
        self.timeout = options.get(TIMEOUT) / 1000
        self.lost: str | None = None
        more: dict[str, Any] = {
            name: value
            for name, option in (
                ("user", USER),
                ("password", PASSWORD),
                ("token", TOKEN),
                ("user_credentials", CREDENTIALS),
            )
            if (value := options.get(option)) is not None
        }
        self.connection: Any = None
        self.loop = asyncio.new_event_loop()
        servers = [server.strip() for server in options.get(SERVERS).split(",")]
        try:
            self.connection = self.nats.NATS()
            self.run(
                self.connection.connect(
                    servers,
                    allow_reconnect=False,
                    connect_timeout=self.timeout,
                    max_reconnect_attempts=0,
                    error_cb=self._failed,
                    disconnected_cb=self._gone,
                    closed_cb=self._gone,
                    **more,
                )
            )
        except BaseException:
            self.close()
            raise
        self.stream = self.connection.jetstream(timeout=self.timeout)

    async def _failed(self, error: BaseException) -> None:
        self.lost = self.lost or told(error)

    async def _gone(self) -> None:
        self.lost = self.lost or "the server has closed the connection"

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What a coroutine gives; the connection is alive meanwhile only.

        Raises:
            ConnectionLostError: it broke.
        """
        if self.lost is not None:
            work.close()
            raise ConnectionLostError(self.lost)
        return self.loop.run_until_complete(work)

    async def _close(self) -> None:
        if self.connection is not None:
            with contextlib.suppress(Exception):  # it may be what broke
                await self.connection.close()
        waiting = asyncio.all_tasks(self.loop) - {asyncio.current_task()}
        if waiting:  # one of them may be what closes a connection that broke
            _, waiting = await asyncio.wait(waiting, timeout=CLOSE_SECONDS)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.sleep(0)  # for transports to close

    def close(self) -> None:
        """End it."""
        if self.loop.is_closed():
            return
        try:
            self.loop.run_until_complete(self._close())
        finally:
            self.loop.close()


@contextlib.contextmanager
def told_as(failure: type[PyflinkxError], where: str) -> Iterator[None]:
    """Broken connections are ConnectionLostError, what a server refuses is another error.

    Args:
        failure: raised where another attempt would not help.
        where: the server and the stream.
    """
    errors = library("nats.errors", "NATS", "nats-py", "nats")
    streams = library("nats.js.errors", "NATS", "nats-py", "nats")
    try:
        yield
    except streams.ServiceUnavailableError as error:  # it starts, or has no JetStream
        raise ConnectionLostError(f"JetStream does not answer: {told(error)}") from error
    except (streams.NotFoundError, streams.BadRequestError, streams.NoStreamResponseError) as error:
        raise failure(f"{where}: {told(error)}") from error
    except (errors.AuthorizationError, errors.InvalidUserCredentialsError) as error:
        raise failure(f"{where}: the server refuses these credentials: {told(error)}") from error
    except (errors.Error, streams.Error, OSError, asyncio.TimeoutError) as error:
        if "authorization" in str(error).lower():
            raise failure(f"{where}: the server refuses these credentials: {told(error)}") from error
        raise ConnectionLostError(told(error)) from error
