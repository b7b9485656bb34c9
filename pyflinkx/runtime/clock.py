"""Processing time."""

from __future__ import annotations

import threading
import time
from typing import Any


class SystemClock:
    """The machine's clock."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def __reduce__(self) -> Any:
        return SystemClock, ()

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def wait_until(self, timestamp: int | None) -> None:
        """Return at ``timestamp`` (ms), or when ``wake`` is called; None waits for ``wake`` alone."""
        timeout = None if timestamp is None else max(timestamp - self.now(), 0) / 1000
        self._woken.wait(timeout)
        self._woken.clear()

    def wake(self) -> None:
        """End a ``wait_until`` of another thread early."""
        self._woken.set()


class ManualClock:
    """A clock that stands still until it is set, for tests: waiting moves it to the awaited time at once.

    Args:
        now: milliseconds since the epoch.
    """

    def __init__(self, now: int = 0) -> None:
        self._now = now

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self._now

    def set(self, timestamp: int) -> None:
        """Move the clock; it never goes back."""
        self._now = max(self._now, timestamp)

    def wait_until(self, timestamp: int | None) -> None:
        """Move to ``timestamp``; waiting without end is an error, as nobody could end it."""
        if timestamp is None:
            raise RuntimeError("a job with a manual clock waits for an event that cannot come")
        self.set(timestamp)
