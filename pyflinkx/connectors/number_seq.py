"""Numbers in a row."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import Any

from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.source import END, ReaderContext, Source, SourceReader
from pyflinkx.errors import ConfigurationError
from pyflinkx.types.typeinfo import Types

LONG = range(-(2**63), 2**63)


class NumberSequenceSource(Source):
    """The numbers from ``start`` to ``end``, both included; each of its readers has a piece of the row, in order.

    Args:
        start: the first number.
        end: the last number; none are made when it is less than ``start`` by 1.

    Raises:
        TypeError: one is no int.
        ConfigurationError: one does not fit 64 bits, or ``start`` is beyond ``end``.

    Example:
        >>> NumberSequenceSource(1, 10)
        NumberSequenceSource(1, 10)
    """

    output_type = Types.LONG()

    def __init__(self, start: int, end: int) -> None:
        for number in (start, end):
            if not isinstance(number, int) or isinstance(number, bool):
                raise TypeError(f"a number sequence starts and ends with an int, not {number!r}")
            if number not in LONG:
                raise ConfigurationError(f"the numbers of a sequence fit 64 bits, but {number} does not")
        if start > end:
            raise ConfigurationError(f"a number sequence starts at or before its end, not at {start} with end {end}")
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"NumberSequenceSource({self.start}, {self.end})"

    def splits(self, parallelism: int) -> list[range]:
        return number_splits(self.start, self.end + 1, parallelism)

    def create_reader(self, context: ReaderContext) -> NumberReader:
        return NumberReader()


def number_splits(start: int, stop: int, parallelism: int) -> list[range]:
    """A range in as many pieces as there are readers; they differ by 1 at most."""
    count = stop - start
    bounds = [start + count * index // parallelism for index in range(parallelism + 1)]
    return [range(first, last) for first, last in pairwise(bounds)]


class NumberReader(SourceReader):
    """Reads ranges."""

    def __init__(self) -> None:
        self.waiting: deque[range] = deque()

    def add_splits(self, splits: list[range]) -> None:
        self.waiting.extend(split for split in splits if split)

    def snapshot_state(self, checkpoint_id: int) -> list[range]:
        return list(self.waiting)

    def take(self, limit: int) -> range | None:
        """The next numbers, at most ``limit``; None at the end."""
        if not self.waiting:
            return None
        numbers = self.waiting.popleft()
        if len(numbers) > limit:
            self.waiting.appendleft(numbers[limit:])
            numbers = numbers[:limit]
        return numbers

    def poll(self, limit: int) -> Any:
        numbers = self.take(limit)
        return END if numbers is None else ObjectBatch(list(numbers))
