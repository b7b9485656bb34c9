"""Batches of a snapshot that one thread makes, a few entries at a time, and another takes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx._core.state.exported import StateExport
from pyflinkx._core.state.exported_entries import EntriesExport

# Batches that wait to be taken before no more are made; each has about 4 MB.
MOST_WAITING = 8
# Entries that are encoded at once where nobody waits.
MANY = 1 << 16


Export = StateExport | EntriesExport


class GivenUpError(Exception):
    """Nobody wants the snapshot any more."""


class SlicedBatches:
    """What several states held when this was made.

    The thread that makes it owns the states: it alone calls ``advance`` and ``finish``, until it is ``over``. Any
    thread may go through the batches, once; where that is the owner, they are made then and there.

    Args:
        exports: of the states.
        wake: called by another thread when the owner has something to do again.
    """

    def __init__(self, exports: Sequence[Export], wake: Callable[[], None] = lambda: None) -> None:
        self.wake = wake
        self._owner = threading.get_ident()
        self._left = deque(exports)
        self._made: deque[ColumnBatch] = deque()
        self._changed = threading.Condition()
        self._failure: BaseException | None = None
        self._given_up = False

    @property
    def over(self) -> bool:
        """Whether there is nothing left to be encoded."""
        return not self._left

    @property
    def idle(self) -> bool:
        """Whether what is made has to be taken first."""
        return len(self._made) >= MOST_WAITING and not self._given_up

    def advance(self, limit: int) -> int:
        """Encode so many entries, or fewer; how many. What fails is raised where the batches are taken."""
        if self._given_up:
            self._release()
            return 0
        if not self._left:
            return 0
        export = self._left[0]
        try:
            count = export.advance(limit)
        except Exception as error:
            self._failure = error
            count = 0
        with self._changed:
            while export.batches:
                self._made.append(export.batches.pop(0))
            if self._failure is not None:
                self._release()
            elif export.over:
                self._left.popleft()
            self._changed.notify_all()
        return count

    def finish(self) -> None:
        """Encode all that is left."""
        while self._left:
            self.advance(MANY)

    def close(self) -> None:
        """Nobody will take what is left; from any thread."""
        with self._changed:
            if self._given_up or (self.over and not self._made):
                return
            self._given_up = True
            self._made.clear()
            self._changed.notify_all()
        if threading.get_ident() == self._owner:
            self._release()
        else:
            self.wake()

    def _release(self) -> None:
        while self._left:
            self._left.popleft().close()

    def __iter__(self) -> Iterator[ColumnBatch]:
        while (batch := self._next()) is not None:
            yield batch

    def _next(self) -> ColumnBatch | None:
        if threading.get_ident() == self._owner:
            while self._left and not self._made:
                self.advance(MANY)
        with self._changed:
            self._changed.wait_for(lambda: self._made or self._given_up or self.over)
            if self._failure is not None:
                raise self._failure
            if self._given_up:
                raise GivenUpError("the snapshot was given up while it was written")
            if not self._made:
                return None
            was_idle = self.idle
            batch = self._made.popleft()
        if was_idle:
            self.wake()
        return batch
