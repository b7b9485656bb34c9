"""Messages as they come, for a task that must not wait for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

# How long (s) the waiting thread waits at a time, and so may hold up the end of the reader.
WAIT_SECONDS = 0.2
# How long (s) one question may take, whether brokers can be reached again.
ASK_SECONDS = 5.0


class Feed:
    """Gives what a consumer has fetched. Where that is nothing, a thread waits for the next message and wakes the task;
    it alone uses the consumer to fetch then, and the task does otherwise, without any hand-over.

    Args:
        consumer: of the library's.
        wake: wakes the task.
        idle: called by the thread, again and again while nothing comes; what it raises the next ``take`` raises.
    """

    def __init__(self, consumer: Any, wake: Callable[[], None], idle: Callable[[], None]) -> None:
        self.consumer = consumer
        self.wake = wake
        self.idle = idle
        self.changed = threading.Condition()
        self.waiting = False
        self.closed = False
        self.arrived: list[Any] = []
        self.failure: BaseException | None = None
        self.thread: threading.Thread | None = None

    def take(self, limit: int) -> list[Any]:
        """Up to ``limit`` messages and events that are there; when there are none, the task is woken for the next.

        Raises:
            Exception: what the consumer raised.
        """
        if self.waiting:
            return []
        if self.failure is not None:
            raise self.failure
        if self.arrived:
            arrived, self.arrived = self.arrived, []
            return arrived
        messages: list[Any] = self.consumer.consume(limit, 0)
        if not messages:
            self._wait()
        return messages

    def _wait(self) -> None:
        with self.changed:
            self.waiting = True
            self.changed.notify_all()
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, name="kafka reader", daemon=True)
            self.thread.start()

    def _run(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.waiting or self.closed)
                if self.closed:
                    return
            messages, failure = [], None
            try:
                messages = self.consumer.consume(1, WAIT_SECONDS)
                if not messages:
                    self.idle()
            except BaseException as error:
                failure = error
            if messages or failure is not None:
                with self.changed:
                    self.arrived, self.failure, self.waiting = messages, failure, False
                self.wake()

    def close(self) -> None:
        """End the thread, then the consumer."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        if self.thread is not None:
            self.thread.join()
        self.consumer.close()


class Outage:
    """Whether the brokers can be reached, as far as that is known.

    Args:
        ask: raises where no broker answers within the seconds that it gets.
        patience: how long (s) they may be away.
        now: a clock (s).
    """

    def __init__(self, ask: Callable[[float], Any], patience: float, now: Callable[[], float] = time.monotonic) -> None:
        self.ask = ask
        self.patience = patience
        self.now = now
        self.since: float | None = None
        self.reason = ""

    def begin(self, reason: str) -> None:
        """No broker can be reached."""
        if self.since is None:
            self.since = self.now()
        self.reason = reason

    def end(self) -> None:
        """Something has come from a broker."""
        self.since = None

    def lasts(self) -> bool:
        """Whether it has lasted for too long; asks the brokers, if they were away when last heard of."""
        since = self.since
        if since is None:
            return False
        try:
            self.ask(ASK_SECONDS)
        except Exception:  # of whatever kind: there was no answer
            return self.now() - since >= self.patience
        self.end()
        return False
