"""Waiting for another thread, for plain threads and for asyncio alike."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from pyflinkx.errors import WaitTimeoutError

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")


class WaitPoint:
    """A condition variable that coroutines can wait on as well.

    Use it in ``with``, as its lock; nothing polls.

    Example:
        >>> point = WaitPoint()
        >>> point.wait_for(lambda: "there", None, "it did not come")
        'there'
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def __enter__(self) -> None:
        self._condition.acquire()

    def __exit__(self, *error: object) -> None:
        self._condition.release()

    def notify_all(self) -> None:
        """Have all who wait look again; the lock is held."""
        self._condition.notify_all()
        waiting, self._waiting = self._waiting, []
        for loop, event in waiting:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # the loop was closed meanwhile
                continue

    def wait_for(self, attempt: Callable[[], T | None], timeout: float | None, what: str) -> T:
        """Call ``attempt``, with the lock held, until it gives something other than None; return that.

        Args:
            attempt: called at first, and after each ``notify_all``.
            timeout: seconds; None for no limit.
            what: says in the error what did not happen.

        Raises:
            WaitTimeoutError: the time is over.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._condition:
            while (result := attempt()) is None:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise timed_out(timeout, what)
                self._condition.wait(left)
            return result

    async def async_wait_for(self, attempt: Callable[[], T | None], timeout: float | None, what: str) -> T:
        """As ``wait_for``, in a coroutine."""
        import asyncio

        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        while True:
            with self._condition:
                if (result := attempt()) is not None:
                    return result
                event = asyncio.Event()
                entry = (loop, event)
                self._waiting.append(entry)
            left = None if deadline is None else max(deadline - loop.time(), 0)
            try:
                await asyncio.wait_for(event.wait(), left)
            except (asyncio.TimeoutError, TimeoutError):
                raise timed_out(timeout, what) from None
            finally:
                with self._condition:
                    if entry in self._waiting:
                        self._waiting.remove(entry)


def timed_out(timeout: float | None, what: str) -> WaitTimeoutError:
    """What a wait that was too long raises."""
    return WaitTimeoutError(f"{what} within {timeout:g} s")
