"""What a task does between two batches for the snapshots that it has begun."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from pyflinkx.state.slices import SlicedBatches

# Nanoseconds that a slice is to take, and how many entries the first one has.
SLICE = 3_000_000
FIRST = 512
LEAST, MOST = 16, 1 << 15


class Slicing:
    """Encodes states of Python objects, slice by slice: as many entries as take a few milliseconds.

    A value is encoded in one piece, whatever it holds.

    Args:
        clock: nanoseconds; only the sizes of slices depend on it.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self.clock = clock
        self.size = FIRST
        self._waiting: deque[tuple[int, SlicedBatches]] = deque()

    def begin(self, number: int, batches: SlicedBatches) -> None:
        """A checkpoint wants these."""
        self._waiting.append((number, batches))

    def step(self) -> bool:
        """Encode a slice; whether there was anything to do."""
        while self._waiting and self._waiting[0][1].over:
            self._waiting.popleft()
        if not self._waiting or self._waiting[0][1].idle:
            return False
        started = self.clock()
        count = self._waiting[0][1].advance(self.size)
        spent = self.clock() - started
        if spent > SLICE:
            self.size = max(min(self.size, count) * SLICE // spent, LEAST)
        elif spent < SLICE // 2 and count >= self.size:
            self.size = min(self.size * 2, MOST)
        return True

    def finish(self) -> None:
        """Encode all that is left: the task ends, and nobody waits for it."""
        while self._waiting:
            self._waiting.popleft()[1].finish()

    def give_up(self, number: int) -> None:
        """Checkpoints up to this one will not be."""
        for waiting in list(self._waiting):
            if waiting[0] <= number:
                waiting[1].close()
                self._waiting.remove(waiting)

    def close(self) -> None:
        """The task has ended, and nothing more will be encoded."""
        while self._waiting:
            self._waiting.popleft()[1].close()
