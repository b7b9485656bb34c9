"""Snapshots of compiled states that are written by another thread while the operator goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Protocol

from pyflinkx._core.columns.batch import ColumnBatch


class SnapshotStates(Protocol):
    """Compiled states that can be read while they change; see ``_core.native.states.NativeStates``."""

    def snapshot(self, max_parallelism: int) -> Iterator[ColumnBatch]:
        """Begin a snapshot, whose batches another thread takes."""

    def forget_snapshot(self) -> None:
        """Give back what a snapshot takes that nobody reads any more."""


class LaterBatches:
    """The batches of a snapshot, for one thread to go through once, or to close without.

    Args:
        batches: what is to be gone through.
    """

    def __init__(self, batches: Iterator[ColumnBatch]) -> None:
        self._batches: Iterator[ColumnBatch] | None = batches
        self.done = threading.Event()

    def __iter__(self) -> Iterator[ColumnBatch]:
        batches, self._batches = self._batches, None
        try:
            if batches is not None:
                yield from batches
        finally:
            del batches
            self.done.set()

    def close(self) -> None:
        """Nobody will read it."""
        if self._batches is not None:
            self._batches = None
            self.done.set()


class NativeSnapshots:
    """The snapshots of an operator's states, of which there is one at a time; called by the task's thread.

    Args:
        states: the operator's.
        max_parallelism: number of key groups.
    """

    def __init__(self, states: SnapshotStates, max_parallelism: int) -> None:
        self.states = states
        self.max_parallelism = max_parallelism
        self.current: LaterBatches | None = None

    def begin(self) -> LaterBatches:
        """Begin one; one that is still being read is waited for."""
        if self.current is not None:
            self.current.done.wait()
            self.forget()
        self.current = LaterBatches(self.states.snapshot(self.max_parallelism))
        return self.current

    def forget(self) -> None:
        """Give back what the last one takes, if it has been read."""
        if self.current is not None and self.current.done.is_set():
            self.current = None
            self.states.forget_snapshot()
