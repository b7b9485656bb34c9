"""A control channel between two threads of one process: two queues, no descriptors."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from pyflinkx.runtime.control.channel import ControlEnded, ControlStuck

# About what a socket holds: a worker must not run far ahead of a slow client.
CAPACITY = 1 << 18


class Way:
    """Messages in one direction.

    Args:
        capacity: bytes that it holds; a message that is longer goes when it is alone.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.messages: deque[bytes] = deque()
        self.size = 0
        self.closed = False
        self.changed = threading.Condition()
        self.arrived: Callable[[], None] | None = None

    def put(self, data: bytes, limit: float | None) -> None:
        """Append a message when there is room."""
        with self.changed:
            while not self.closed and not self.has_room(len(data)):
                if not self.changed.wait(limit):
                    raise ControlStuck
            if self.closed:
                raise ControlEnded
            self.messages.append(data)
            self.size += len(data)
            self.changed.notify_all()
        self._tell()

    def has_room(self, size: int) -> bool:
        """Whether a message of so many bytes can be appended."""
        return not self.messages or self.size + size <= self.capacity

    def get(self) -> bytes:
        """The oldest message, when there is one."""
        with self.changed:
            while not self.messages:
                if self.closed:
                    raise ControlEnded
                self.changed.wait()
            data = self.messages.popleft()
            self.size -= len(data)
            self.changed.notify_all()
            return data

    def wait(self, timeout: float) -> bool:
        """Whether there is a message, or the end."""
        if self.messages or self.closed:
            return True
        until = time.monotonic() + timeout
        with self.changed:
            while not self.messages and not self.closed:
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self.changed.wait(left)
            return True

    def close(self, discard: bool) -> None:
        """No more messages.

        Args:
            discard: whether nobody will take those that are there.
        """
        with self.changed:
            self.closed = True
            if discard:
                self.messages.clear()
            self.changed.notify_all()
        self._tell()

    def _tell(self) -> None:
        if self.arrived is not None:
            self.arrived()


class QueueEnd:
    """One end of a queue pair."""

    def __init__(self, incoming: Way, outgoing: Way) -> None:
        self.incoming = incoming
        self.outgoing = outgoing
        self.limit: float | None = None

    def send(self, data: bytes) -> None:
        self.outgoing.put(data, self.limit)

    def receive(self) -> bytes:
        return self.incoming.get()

    def wait(self, timeout: float) -> bool:
        return self.incoming.wait(timeout)

    def has_room(self) -> bool:
        return self.outgoing.closed or self.outgoing.has_room(self.outgoing.capacity // 2)

    def limit_waits(self, seconds: float) -> None:
        self.limit = seconds

    def fileno(self) -> int | None:
        """There is none."""
        return None

    def on_arrival(self, call: Callable[[], None]) -> None:
        self.incoming.arrived = call
        if self.incoming.wait(0):
            call()

    def close(self) -> None:
        self.outgoing.close(discard=False)
        self.incoming.close(discard=True)


def queue_pair(capacity: int = CAPACITY) -> tuple[QueueEnd, QueueEnd]:
    """Two ends: what is sent into one is received from the other.

    Args:
        capacity: bytes that wait in one direction before ``send`` waits.
    """
    there, back = Way(capacity), Way(capacity)
    return QueueEnd(back, there), QueueEnd(there, back)
