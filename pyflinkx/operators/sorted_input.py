"""Batch execution of keyed functions: the records of a key come together, in the order of their timestamps."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from pyflinkx._core.keys.map import KeyMap
from pyflinkx._core.keys.partition import check_key
from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx.operators.base import MAX_WATERMARK, Operator, OperatorContext
from pyflinkx.operators.piecewise import PIECE, Pieces, PiecewiseOperator

BATCH_SIZE = 1024


class SortedInputOperator(PiecewiseOperator):
    """Keeps the input of a keyed operator until it has ended, then gives it on key by key, as Flink's BATCH mode does.

    Within a key records are ordered by timestamp, equal ones as they came; those of a connected stream's inputs are
    ordered together. Keys follow each other in the order of their first records. All of it is held in memory.

    Args:
        operator: what is given the records.
        key_selectors: for each of its keyed inputs from record to key. What comes from later inputs (a broadcast
            stream) is given on at once, and so are records with row kinds, whose order means something.
    """

    def __init__(self, operator: Operator, key_selectors: Sequence[Callable[[Any], Any]]) -> None:
        self.operator = operator
        self.key_selectors = key_selectors
        self.groups: KeyMap[Any, list[tuple[int, int, Any]]] = KeyMap()

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.operator.open(context)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        if port >= len(self.key_selectors) or batch.kinds is not None:
            self.operator.process_batch(batch, port)
            return
        select = self.key_selectors[port]
        values = batch.values
        stamps = batch.timestamps
        groups = self.groups
        for index, value in enumerate(values):
            try:
                key = select(value)
                try:
                    group = groups.setdefault(key, [])
                except TypeError:  # a list, which is found as a copy that cannot change
                    group = groups.setdefault(check_key(key), [])
            except BaseException:
                # The operator calls the selector too, and reports what is wrong with it or its key.
                self.operator.process_batch(batch.slice(index, index + 1), port)
                raise
            group.append((NO_TIMESTAMP if stamps is None else stamps[index], port, value))

    def process_watermark(self, timestamp: int) -> None:
        if timestamp == MAX_WATERMARK:
            self.begin(self.give_on())
        else:
            self.operator.process_watermark(timestamp)

    def give_on(self) -> Pieces:
        """Give on all that is held, and forget it as it goes; then the last watermark. A piece at each step."""
        groups, self.groups = self.groups, KeyMap()
        given = 0
        # The oldest first; popping frees each group's memory before the next is handled.
        for key in list(groups):
            group = groups.pop(key, [])
            group.sort(key=itemgetter(0))
            for start, stop, port in runs(group):
                part = group[start:stop]
                stamps = array("q", [stamp for stamp, _, _ in part])
                timed = None if all(stamp == NO_TIMESTAMP for stamp in stamps) else stamps
                self.operator.process_batch(ObjectBatch([value for _, _, value in part], timed), port)
                given += len(part)
                if given >= PIECE or self.operator.has_more():
                    given = 0
                    yield False
        self.operator.process_watermark(MAX_WATERMARK)

    def has_more(self) -> bool:
        return self.operator.has_more() or super().has_more()

    def resume(self) -> bool:
        return self.operator.resume() or super().resume()

    def process_idleness(self, idle: bool) -> None:
        self.operator.process_idleness(idle)

    def advance_processing_time(self, now: int) -> None:
        self.operator.advance_processing_time(now)

    def next_processing_timer(self) -> int | None:
        return self.operator.next_processing_timer()

    def last_processing_timer(self) -> int | None:
        return self.operator.last_processing_timer()

    def end_input(self) -> None:
        self.operator.end_input()

    def accepts_input(self) -> bool:
        return self.operator.accepts_input()

    def drained(self) -> bool:
        return self.operator.drained()

    def finish(self) -> None:
        self.operator.finish()

    def close(self) -> None:
        self.groups.clear()
        self.operator.close()


def runs(group: Sequence[tuple[int, int, Any]]) -> list[tuple[int, int, int]]:
    """Start, stop and port of the longest stretches of a group that belong to one input, at most a batch each."""
    found = []
    start = 0
    for index in range(1, len(group) + 1):
        if index == len(group) or group[index][1] != group[start][1] or index - start == BATCH_SIZE:
            found.append((start, index, group[start][1]))
            start = index
    return found
