"""Hands out files to readers, one at a time: those that are there at the start, or also those that come later."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pyflinkx.connectors.enumerator import SplitEnumerator, SplitEnumeratorContext
from pyflinkx.connectors.files import FileSplit


class FileEnumerator(SplitEnumerator):
    """Gives a reader a file whenever it asks.

    Args:
        context: of the job.
        find: finds the files that are there.
        interval: milliseconds between two looks for new files; None to look once. A file is known by its path: each is
            read once, as it is when its turn comes.
    """

    def __init__(
        self, context: SplitEnumeratorContext, find: Callable[[], list[FileSplit]], interval: int | None = None
    ) -> None:
        self.context = context
        self.find = find
        self.interval = interval
        self.seen: set[FileSplit] = set()
        self.pending: deque[FileSplit] = deque()
        self.waiting: deque[int] = deque()

    def start(self) -> None:
        if self.interval is None:
            self.pending.extend(self.find())
        else:
            self._look(self.interval)

    def _look(self, interval: int) -> None:
        for split in self.find():
            if split not in self.seen:
                self.seen.add(split)
                self.pending.append(split)
        while self.pending and self.waiting:
            self.context.assign_split(self.pending.popleft(), self.waiting.popleft())
        self.context.call_at(self.context.current_processing_time() + interval, lambda: self._look(interval))

    def handle_split_request(self, subtask_id: int, requester_hostname: str | None) -> None:
        if self.pending:
            self.context.assign_split(self.pending.popleft(), subtask_id)
        elif self.interval is None:
            self.context.signal_no_more_splits(subtask_id)
        else:
            self.waiting.append(subtask_id)
