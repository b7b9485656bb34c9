"""What the thread that runs a job sleeps on."""

from __future__ import annotations

import contextlib
import os
import queue
import selectors
import threading
from typing import Any


class WaitSet:
    """Ends a wait when a descriptor can be read, or when another thread says so.

    It has descriptors of its own only from the first that is added: a job on threads needs none.
    """

    def __init__(self) -> None:
        # SimpleQueue, as its put() may be called from a signal handler that interrupts get().
        self._words: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._selector: selectors.BaseSelector | None = None
        self._read = -1
        self._write: int | None = None
        self._closing = threading.RLock()

    def wake(self) -> None:
        """End the wait under way, or the next one; from any thread, also when it is closed."""
        if self._words.empty():
            self._words.put(None)
        with self._closing:
            if self._write is not None:
                with contextlib.suppress(BlockingIOError):  # it is full of wake-ups already
                    os.write(self._write, b"!")

    def add(self, descriptor: int, data: Any) -> None:
        """Wait for a descriptor too; ``wait`` gives ``data`` with it."""
        if self._selector is None:
            self._open()
        assert self._selector is not None
        self._selector.register(descriptor, selectors.EVENT_READ, data)

    def _open(self) -> None:
        read, write = os.pipe()
        try:
            os.set_blocking(read, False)
            os.set_blocking(write, False)
            selector = selectors.DefaultSelector()
            selector.register(read, selectors.EVENT_READ, None)
        except BaseException:
            os.close(read)
            os.close(write)
            raise
        self._selector, self._read, self._write = selector, read, write

    def remove(self, descriptor: int) -> None:
        """Wait for a descriptor no longer, if it was waited for."""
        if self._selector is not None and descriptor in self._selector.get_map():
            self._selector.unregister(descriptor)

    def __contains__(self, descriptor: int) -> bool:
        return self._selector is not None and descriptor in self._selector.get_map()

    def wait(self, timeout: float | None) -> list[tuple[int, Any]]:
        """Sleep for so many seconds at most (None: for ever); the descriptors that can be read, with their data."""
        if self._selector is None:
            with contextlib.suppress(queue.Empty):
                self._words.get(timeout=timeout)
            return []
        if not self._words.empty():
            timeout = 0
        ready = [(key.fd, key.data) for key, _ in self._selector.select(timeout)]
        with contextlib.suppress(queue.Empty):
            while True:
                self._words.get_nowait()
        if (self._read, None) in ready:
            ready.remove((self._read, None))
            with contextlib.suppress(BlockingIOError):
                os.read(self._read, 1024)
        return ready

    def clear(self) -> None:
        """Wait for none of the descriptors any longer."""
        if self._selector is not None:
            for descriptor in set(self._selector.get_map()) - {self._read}:
                self._selector.unregister(descriptor)

    def close(self) -> None:
        """Give back its own descriptors."""
        with self._closing:
            selector, self._selector = self._selector, None
            write, self._write = self._write, None
        if selector is not None:
            selector.close()
            os.close(self._read)
        if write is not None:
            os.close(write)
