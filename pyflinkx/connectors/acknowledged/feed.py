"""Messages as they come, for a task that must not wait for them; and acknowledgements, the other way."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from pyflinkx.connectors.acknowledged.messages import Connection, ConnectionLostError, Message
from pyflinkx.errors import SourceError

log = logging.getLogger("pyflinkx.connectors")

# How long (s) the thread waits at a time, and so may hold up acknowledgements and the end.
WAIT_SECONDS = 0.1
# Between attempts to connect (s): twice as long each time, up to the latter.
FIRST_DELAY, MOST_DELAY = 0.1, 3.0
# An acknowledgement that nobody confirms has come through if the connection lives for so long (s) after it.
SETTLE_SECONDS = 5.0
# How long (s) the last acknowledgements may take.
CLOSE_SECONDS = 10.0


class Held:
    """A message that is not acknowledged yet.

    Args:
        message: it.
        generation: which of the reader's connections it came by.
        token: acknowledges it there.
    """

    __slots__ = ("generation", "message", "token")

    def __init__(self, message: Message, generation: int, token: Any) -> None:
        self.message = message
        self.generation = generation
        self.token = token


class Feed:
    """A thread with a connection, which is made anew when it breaks.

    Args:
        connect: makes one; raises ConnectionLostError where another attempt may help.
        server: names the server, for errors.
        wake: wakes the task.
        capacity: the most messages that wait to be taken.
        patience: seconds that the server may be away.
        delay: seconds between two attempts to connect; None for some that grow.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        server: str,
        wake: Callable[[], None],
        capacity: int,
        patience: float,
        delay: float | None = None,
    ) -> None:
        self.connect = connect
        self.server = server
        self.wake = wake
        self.capacity = capacity
        self.patience = patience
        self.delay = delay
        self.changed = threading.Condition()
        self.arrived: deque[Held] = deque()
        self.acknowledged: list[Held] = []
        self.settled: list[Held] = []
        self.unconfirmed: deque[tuple[float, list[Held]]] = deque()
        self.failure: BaseException | None = None
        self.generation = 0
        self.closed = False
        self.thread = threading.Thread(target=self._run, name=f"reader of {server}", daemon=True)
        self.thread.start()

    def take(self, limit: int) -> list[Held]:
        """Up to so many messages that are there.

        Raises:
            Exception: the connection has failed for good.
        """
        with self.changed:
            if not self.arrived and self.failure is not None:
                raise self.failure
            taken = [self.arrived.popleft() for _ in range(min(limit, len(self.arrived)))]
            if taken:
                self.changed.notify_all()
            return taken

    def acknowledge(self, messages: list[Held]) -> None:
        """Have these acknowledged, soon; those of a connection that broke meanwhile will come again."""
        with self.changed:
            self.acknowledged += messages
            self.changed.notify_all()

    def take_settled(self) -> list[str]:
        """The ids of messages that the server knows now to have been acknowledged."""
        with self.changed:
            settled, self.settled = self.settled, []
        return [held.message.id for held in settled if held.message.id is not None]

    def close(self) -> None:
        """End the connection, once everything is acknowledged that is to be."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        self.thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        since: float | None = None
        delay = FIRST_DELAY
        while True:
            try:
                connection = self.connect()
                self.generation += 1
                self.unconfirmed.clear()
                try:
                    while self._serve(connection):
                        since, delay = None, FIRST_DELAY  # not before: a connection may be made when it is used
                    return
                finally:
                    with contextlib.suppress(Exception):  # it may be what broke
                        connection.close()
            except ConnectionLostError as error:
                now = time.monotonic()
                since = now if since is None else since
                if now - since >= self.patience:
                    away = f"{self.server} could not be reached for {self.patience:g} s: {error}"
                    self._fail(SourceError(away))
                    return
                log.warning("the connection to %s is tried again: %s", self.server, error)
            except BaseException as error:
                self._fail(error)
                return
            with self.changed:
                if self.changed.wait_for(lambda: self.closed, delay if self.delay is None else self.delay):
                    return
            delay = min(2 * delay, MOST_DELAY)

    def _fail(self, error: BaseException) -> None:
        with self.changed:
            self.failure = error
        self.wake()

    def _settle(self, connection: Connection, due: list[Held]) -> None:
        """Know what the server knows to be acknowledged."""
        settled = due if connection.confirms else []
        if due and not connection.confirms:
            self.unconfirmed.append((time.monotonic(), due))
        while self.unconfirmed and time.monotonic() - self.unconfirmed[0][0] > SETTLE_SECONDS:
            settled = settled + self.unconfirmed.popleft()[1]
        if settled:
            with self.changed:
                self.settled += settled

    def _serve(self, connection: Connection) -> bool:
        """Acknowledge and receive once; False when that was the last time."""
        with self.changed:
            due = [held for held in self.acknowledged if held.generation == self.generation]
            self.acknowledged = []
            closed = self.closed
            room = self.capacity - len(self.arrived)
        if due:
            connection.acknowledge([held.token for held in due])
        self._settle(connection, due)
        if closed:
            return False
        if room > 0:
            came = connection.receive(room, WAIT_SECONDS)
            if came:
                with self.changed:
                    self.arrived.extend(Held(message, self.generation, token) for message, token in came)
                self.wake()
            return True
        connection.idle(0)
        with self.changed:
            self.changed.wait_for(
                lambda: self.acknowledged or self.closed or len(self.arrived) < self.capacity, WAIT_SECONDS
            )
        return True
