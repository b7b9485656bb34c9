"""How the aligned sources of several workers hear of each other: each worker reports, the JobManager passes on."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pyflinkx.operators.source_alignment import AlignmentGroups


class AlignmentReporter:
    """Says of one worker, whenever it changes and at most each update interval, how far its aligned sources are.

    Its thread starts with the first aligned source.

    Args:
        groups: of the job, in this worker.
        send: takes the lowest watermark (ms) of each group to the JobManager; False where nobody listens any more.
    """

    def __init__(self, groups: AlignmentGroups, send: Callable[[dict[str, int]], bool]) -> None:
        self.groups = groups
        self.send = send
        self.closed = threading.Event()
        self.interval: int | None = None
        self.thread: threading.Thread | None = None
        self.lock = threading.Lock()
        groups.on_join = self.start

    def start(self, interval: int) -> None:
        """Report at least so often (ms); from any thread."""
        with self.lock:
            self.interval = interval if self.interval is None else min(interval, self.interval)
            if self.thread is None and not self.closed.is_set():
                self.thread = threading.Thread(target=self._run, name="watermark alignment", daemon=True)
                self.thread.start()

    def _run(self) -> None:
        told: dict[str, int] = {}
        while True:
            own = self.groups.own()
            if own != told:
                if not self.send(own):
                    return
                told = own
            assert self.interval is not None
            if self.closed.wait(self.interval / 1000):
                return

    def close(self) -> None:
        """End the thread."""
        self.groups.on_join = None
        with self.lock:
            self.closed.set()
        if self.thread is not None:
            self.thread.join()


class AlignmentBoard:
    """What the JobManager knows of the workers' aligned sources."""

    def __init__(self) -> None:
        self.lowest: dict[int, dict[str, int]] = {}
        self.told: dict[int, dict[str, int]] = {}

    def report(self, worker: int, lowest: dict[str, int], workers: list[int]) -> dict[int, dict[str, int]]:
        """Take a worker's report.

        Args:
            worker: its number.
            lowest: its lowest watermark (ms) of each group.
            workers: the numbers of all workers.

        Returns:
            For each worker to which it makes a difference, the lowest watermarks of the others.
        """
        self.lowest[worker] = lowest
        changed = {}
        for number in workers:
            others: dict[str, int] = {}
            for other, groups in self.lowest.items():
                if other != number:
                    for group, watermark in groups.items():
                        others[group] = min(watermark, others.get(group, watermark))
            if others != self.told.get(number, {}):
                self.told[number] = changed[number] = others
        return changed
