"""A collection that can be read by several readers at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pyflinkx._core.calls import short_repr
from pyflinkx._core.copier import Copier
from pyflinkx._core.objects import ObjectBatch
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

    def splits(self, parallelism: int) -> list[Iterator[Any]]:
        splits = list(self.iterator.split(parallelism))
        if len(splits) != parallelism:
            name = type(self.iterator).__name__
            raise SourceError(f"{name}.split({parallelism}) gave {len(splits)} iterators instead of {parallelism}")
        return splits

    def create_reader(self, context: ReaderContext) -> SplittableReader:
        return SplittableReader(context.copier)


class SplittableReader(SourceReader):
    """Reads iterators one after the other."""

    def __init__(self, copier: Copier | None) -> None:
        self.copier = copier
        self.waiting: deque[Iterator[Any]] = deque()

    def add_splits(self, splits: list[Iterator[Any]]) -> None:
        self.waiting.extend(splits)

    def poll(self, limit: int) -> Any:
        while self.waiting:
            records = next_records(self.waiting[0], limit, self.copier)
            if records:
                return ObjectBatch(records)
            self.waiting.popleft()
        return END


def next_records(records: Iterator[Any], limit: int, copier: Copier | None) -> list[Any]:
    """The next records of an iterator, ``limit`` at most, each as it was when it came."""
    if copier is None:
        return list(islice(records, limit))
    taken: list[Any] = []
    while len(taken) < limit and copier.take(records, taken):
        pass
    return taken
