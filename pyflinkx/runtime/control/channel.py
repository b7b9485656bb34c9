"""How the JobManager and a worker say things to each other, and how they do over a pipe or a socket."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Protocol


class ControlEnded(Exception):
    """The other end is closed or gone; what it had sent whole before has been received."""


class ControlStuck(Exception):
    """The other end neither took nor gave a byte for as long as it may."""


class ControlChannel(Protocol):
    """One end of a connection: whole messages of bytes, each way in the order in which they were sent.

    Nothing but what is here is asked of it, a descriptor neither: any carrier of messages will do. Messages can be lost
    only at the end: those that were under way when an end was closed, or died. ``send`` and ``receive`` may be called
    by two threads at once, but neither of them by two.
    """

    def send(self, data: bytes) -> None:
        """Send a message, waiting for room.

        Raises:
            ControlEnded: nobody will receive it.
            ControlStuck: there is a limit, and there was no room for so long.
        """

    def receive(self) -> bytes:
        """The next message, waiting for it.

        Raises:
            ControlEnded: none will come.
            ControlStuck: there is a limit, and it stopped in the middle of one.
        """

    def wait(self, timeout: float) -> bool:
        """Whether ``receive`` has something to say, if only that it is the end, within so many seconds."""

    def has_room(self) -> bool:
        """Whether ``send`` would not wait, but for a long message."""

    def limit_waits(self, seconds: float) -> None:
        """From now on raise ControlStuck when the other end lets ``send`` or ``receive`` wait for so long."""

    def fileno(self) -> int | None:
        """A descriptor that is readable when there is something to receive; None where there is none."""

    def on_arrival(self, call: Callable[[], None]) -> None:
        """Have something called, from any thread, whenever there is more to receive; where there is no descriptor."""

    def close(self) -> None:
        """End it: the other end receives what was sent, then ControlEnded."""


class StreamChannel:
    """Over a pair of sockets or pipes.

    Args:
        connection: this end; the channel's from now on.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, data: bytes) -> None:
        try:
            self.connection.send_bytes(data)
        except BlockingIOError as error:
            raise ControlStuck from error
        except OSError as error:
            raise ControlEnded from error

    def receive(self) -> bytes:
        try:
            return self.connection.recv_bytes()
        except BlockingIOError as error:
            raise ControlStuck from error
        except (EOFError, OSError) as error:
            raise ControlEnded from error

    def wait(self, timeout: float) -> bool:
        try:
            return self.connection.poll(timeout)
        except OSError:
            return True  # receive() will say so

    def has_room(self) -> bool:
        poller = select.poll()
        poller.register(self.connection.fileno(), select.POLLOUT)
        return bool(poller.poll(0))

    def limit_waits(self, seconds: float) -> None:
        # A process may stop in the middle of a message, and would stop the JobManager with it.
        limit = struct.pack("ll", int(seconds), round(seconds % 1 * 1_000_000))
        with socket.socket(fileno=os.dup(self.connection.fileno())) as control:
            control.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
            control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)

    def fileno(self) -> int:
        return self.connection.fileno()

    def on_arrival(self, call: Callable[[], None]) -> None:
        """Nothing is ever called: its descriptor tells."""

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.close()
