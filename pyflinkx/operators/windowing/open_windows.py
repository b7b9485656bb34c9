"""The open windows of a key that has many of them, in order of time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from pyflinkx._core.calls.window_types import TimeWindow
from pyflinkx._core.keys.map import KeyMap

# Starts in a chunk: at twice as many it is cut in two.
CHUNK = 512


class OpenWindows:
    """Windows that neither overlap nor touch, so that those which a new one meets are found without looking at all.

    Their starts are kept in sorted chunks: to add, remove or find one of n looks at O(log n) of them, and moves a
    thousand at the most.

    Args:
        windows: the first ones, in the order in which they came.
    """

    def __init__(self, windows: Iterable[TimeWindow]) -> None:
        self._by_start: KeyMap[int, tuple[int, TimeWindow]] = KeyMap()
        self._count = 0
        self._chunks: list[list[int]] = [[]]
        self._firsts: list[int] = []  # of all chunks but the first
        for window in windows:
            self.add(window)

    def __len__(self) -> int:
        return len(self._by_start)

    def _chunk_of(self, start: int) -> int:
        return bisect_right(self._firsts, start)

    def add(self, window: TimeWindow) -> None:
        """Add a window, as the latest to come."""
        self._count += 1
        self._by_start[window.start] = self._count, window
        number = self._chunk_of(window.start)
        chunk = self._chunks[number]
        chunk.insert(bisect_right(chunk, window.start), window.start)
        if len(chunk) > 2 * CHUNK:
            self._chunks.insert(number + 1, chunk[CHUNK:])
            self._firsts.insert(number, chunk[CHUNK])
            del chunk[CHUNK:]

    def remove(self, window: TimeWindow) -> None:
        """Take a window away that is there."""
        del self._by_start[window.start]
        number = self._chunk_of(window.start)
        chunk = self._chunks[number]
        del chunk[bisect_right(chunk, window.start) - 1]
        if not chunk and self._firsts:
            del self._chunks[number]
            del self._firsts[max(number - 1, 0)]

    def meeting(self, window: TimeWindow) -> list[TimeWindow]:
        """The windows that overlap or touch another, in the order in which they came."""
        found = []
        number = self._chunk_of(window.end)
        at = bisect_right(self._chunks[number], window.end) - 1
        while True:
            if at < 0:
                if number == 0:
                    break
                number -= 1
                at = len(self._chunks[number]) - 1
                continue
            entry = self._by_start[self._chunks[number][at]]
            if entry[1].end < window.start:
                break
            found.append(entry)
            at -= 1
        return [met for _, met in sorted(found, key=lambda entry: entry[0])]
