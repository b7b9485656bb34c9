"""A collection that can be read by several readers at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.iterator import pass_over
from pyflinkx.connectors.source import END, ReaderContext, Source, SourceReader
from pyflinkx.errors import SourceError
from pyflinkx.types.typeinfo import TypeInformation


class SplittableIterator(ABC):
    """Records that can be dealt out as several iterators.

    Example:
        >>> class Numbers(SplittableIterator):
        ...     def split(self, num_partitions):
        ...         return [iter(range(n, 10, num_partitions)) for n in range(num_partitions)]
        ...     def get_maximum_number_of_splits(self):
        ...         return 10
    """

    @abstractmethod
    def split(self, num_partitions: int) -> list[Iterator[Any]]:
        """So many iterators, which together give every record once; to travel to the readers, they are picklable."""

    @abstractmethod
    def get_maximum_number_of_splits(self) -> int:
        """The most iterators that there can be with records in each."""


@dataclass(frozen=True)
class IteratorPart:
    """What one of the iterators gives, into which an iterator was split, after so many records.

    Args:
        number: which of them.
        count: how many there are.
        taken: records that were read.
        iterator: it, from its start; None to have it made again.
    """

    number: int
    count: int
    taken: int
    iterator: Iterator[Any] | None = field(default=None, compare=False)


class SplittableSource(Source):
    """The records of a splittable iterator.

    Args:
        iterator: it.
        output_type: type of the records.

    Raises:
        TypeError: it is no SplittableIterator.
    """

    def __init__(self, iterator: SplittableIterator, output_type: TypeInformation | None) -> None:
        if not isinstance(iterator, SplittableIterator):
            raise TypeError(f"a parallel collection is a SplittableIterator, not {short_repr(iterator)}")
        self.iterator = iterator
        self.output_type = output_type

    def __repr__(self) -> str:
        return f"SplittableSource({short_repr(self.iterator)})"

    def splits(self, parallelism: int) -> list[IteratorPart]:
        parts = self._split(parallelism)
        return [IteratorPart(number, parallelism, 0, iterator) for number, iterator in enumerate(parts)]

    def _split(self, parallelism: int) -> list[Iterator[Any]]:
        splits = list(self.iterator.split(parallelism))
        if len(splits) != parallelism:
            name = type(self.iterator).__name__
            raise SourceError(f"{name}.split({parallelism}) gave {len(splits)} iterators instead of {parallelism}")
        return splits

    def create_reader(self, context: ReaderContext) -> SplittableReader:
        return SplittableReader(self, context.copier)


class SplittableReader(SourceReader):
    """Reads iterators one after the other."""

    def __init__(self, source: SplittableSource, copier: Copier | None) -> None:
        self.source = source
        self.copier = copier
        self.waiting: deque[IteratorPart] = deque()
        self.iterator: Iterator[Any] | None = None
        self.taken = 0

    def add_splits(self, splits: list[IteratorPart]) -> None:
        self.waiting.extend(splits)

    def snapshot_state(self, checkpoint_id: int) -> list[IteratorPart]:
        left = [replace(part, iterator=None) for part in self.waiting]
        if self.iterator is not None:
            left[0] = replace(left[0], taken=self.taken)
        return left

    def poll(self, limit: int) -> Any:
        while self.waiting:
            if self.iterator is None:
                self.iterator, self.taken = self._begin(self.waiting[0]), self.waiting[0].taken
            records = next_records(self.iterator, limit, self.copier)
            self.taken += len(records)
            if records:
                return ObjectBatch(records)
            self.waiting.popleft()
            self.iterator = None
        return END

    def _begin(self, part: IteratorPart) -> Iterator[Any]:
        iterator = part.iterator
        if iterator is None:
            iterator = self.source._split(part.count)[part.number]
        pass_over(iterator, part.taken, f"{type(self.source.iterator).__name__}.split({part.count})[{part.number}]")
        return iterator


def next_records(records: Iterator[Any], limit: int, copier: Copier | None) -> list[Any]:
    """The next records of an iterator, ``limit`` at most, each as it was when it came."""
    if copier is None:
        return list(islice(records, limit))
    taken: list[Any] = []
    while len(taken) < limit and copier.take(records, taken):
        pass
    return taken
