"""Hands out files to readers, one at a time: those that are there at the start, or also those that come later."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pyflinkx.connectors.enumerator import SplitEnumerator, SplitEnumeratorContext
from pyflinkx.connectors.files.splits import FileSplit


@dataclass(frozen=True)
class FilesLeft:
    """Where a FileEnumerator is: the files that no reader has been given, and all that it has seen.

    What it has seen counts only where it looks for new files; a restored one that does not finds none but those left.
    """

    pending: tuple[FileSplit, ...]
    seen: frozenset[str]


class FileEnumerator(SplitEnumerator):
    """Gives a reader a file whenever it asks.

    Args:
        context: of the job.
        find: finds the files that are there.
        interval: milliseconds between two looks for new files; None to look once. A file is known by its path: each is
            read once, as it is when its turn comes.
        left: where another one was, from where this goes on; None to start.
    """

    def __init__(
        self,
        context: SplitEnumeratorContext,
        find: Callable[[], list[FileSplit]],
        interval: int | None = None,
        left: FilesLeft | None = None,
    ) -> None:
        self.context = context
        self.find = find
        self.interval = interval
        self.restored = left is not None
        self.seen: set[str] = set(left.seen if left is not None else ())
        self.pending: deque[FileSplit] = deque(left.pending if left is not None else ())
        self.waiting: deque[int] = deque()

    def start(self) -> None:
        if self.interval is not None:
            self._look(self.interval)
        elif not self.restored:
            self.pending.extend(self.find())

    def _look(self, interval: int) -> None:
        new = [split for split in self.find() if split.path not in self.seen]
        self.seen.update(split.path for split in new)
        self.pending.extend(new)
        self._assign()
        self.context.call_at(self.context.current_processing_time() + interval, lambda: self._look(interval))

    def _assign(self) -> None:
        while self.pending and self.waiting:
            self.context.assign_split(self.pending.popleft(), self.waiting.popleft())

    def add_splits_back(self, splits: list[FileSplit], subtask_id: int) -> None:
        self.pending.extendleft(reversed(splits))
        self._assign()

    def snapshot_state(self, checkpoint_id: int) -> FilesLeft:
        return FilesLeft(tuple(self.pending), frozenset(self.seen))

    def handle_split_request(self, subtask_id: int, requester_hostname: str | None) -> None:
        if self.pending:
            self.context.assign_split(self.pending.popleft(), subtask_id)
        elif self.interval is None:
            self.context.signal_no_more_splits(subtask_id)
        else:
            self.waiting.append(subtask_id)
