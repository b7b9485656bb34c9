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

    def wait_until(self, timestamp: int | None, outside: bool = False) -> None:
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
        self._woken = threading.Event()

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self._now

    def set(self, timestamp: int) -> None:
        """Move the clock; it never goes back."""
        self._now = max(self._now, timestamp)

    def wake(self) -> None:
        """End a ``wait_until`` of another thread."""
        self._woken.set()

    def wait_until(self, timestamp: int | None, outside: bool = False) -> None:
        """Move to ``timestamp``; waiting without end is an error, as nobody could end it.

        Args:
            timestamp: milliseconds since the epoch; None for no end.
            outside: another thread may bring what is waited for: leave the clock as it is, and wait for ``wake``.
        """
        if outside:
            self._woken.wait()
            self._woken.clear()
        elif timestamp is None:
            raise RuntimeError("a job with a manual clock waits for an event that cannot come")
        else:
            self.set(timestamp)
