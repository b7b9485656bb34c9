"""What an iterator gives, taken as the job comes to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pyflinkx._core.calls.records import short_repr
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext
from pyflinkx.connectors.queue import QueueSource
from pyflinkx.connectors.source import END, ReaderContext, Source, SourceReader
from pyflinkx.errors import JobCancelledError, JobExecutionError, SourceError, WrongStateError
from pyflinkx.types.typeinfo import TypeInformation

# Records of an iterable that may be ahead of the job.
AHEAD = 1024
# How long (s) records wait for others of their batch, should the iterator be slow.
HOLD_BACK = 0.005


@dataclass(frozen=True)
class IteratorSplit:
    """What an iterator gives after so many records."""

    taken: int


class IteratorSource(Source):
    """The records of an iterator, in order, from one reader.

    Args:
        iterator: an iterable, which stays in the client; a thread there reads ahead by as much as the job takes. Or a
            callable that makes one, which the reader calls.
        output_type: type of the records, if known.

    Raises:
        TypeError: it is neither.
    """

    parallelism = 1

    def __init__(
        self, iterator: Iterable[Any] | Callable[[], Iterable[Any]], output_type: TypeInformation | None = None
    ) -> None:
        self.make: Callable[[], Iterable[Any]] | None = None
        self.values: Iterable[Any] | None = None
        if isinstance(iterator, Iterable) and not isinstance(iterator, (str, bytes, bytearray, Mapping)):
            self.values = iterator
        elif callable(iterator):
            self.make = iterator
        else:
            raise TypeError(f"records come from an iterable or a callable that makes one, not {short_repr(iterator)}")
        self.output_type = output_type
        self.queue = QueueSource(AHEAD, output_type)
        self.context: CoordinatorContext | None = None

    def __repr__(self) -> str:
        return f"IteratorSource({short_repr(self.make or self.values)})"

    def splits(self, parallelism: int) -> list[IteratorSplit]:
        return [IteratorSplit(0)]

    def create_coordinator(self, context: CoordinatorContext) -> Coordinator | None:
        if self.make is not None:
            return None
        coordinator = self.queue.create_coordinator(context)
        first, self.context = self.context is None, context
        if first:  # the thread goes on with whatever attempt there is
            threading.Thread(target=self._feed, name=f"iterator of {context.name}", daemon=True).start()
        return coordinator

    def job_ended(self, failure: BaseException | None) -> None:
        self.queue.job_ended(failure)

    def _feed(self) -> None:
        assert self.values is not None
        try:
            for record in self.values:
                self.queue.put(record)
            self.queue.close()
        except (JobCancelledError, JobExecutionError, WrongStateError):
            return  # the job has ended
        except BaseException as error:
            assert self.context is not None
            self.context.fail(error)

    def create_reader(self, context: ReaderContext) -> SourceReader:
        return self.queue.create_reader(context) if self.make is None else IteratorReader(self.make, context.copier)

    def __reduce__(self) -> Any:
        return travelled, (self.make, self.output_type)


def travelled(make: Callable[[], Iterable[Any]] | None, output_type: TypeInformation | None) -> IteratorSource:
    """An iterator source as a worker has it: an iterable has stayed in the client."""
    return IteratorSource(() if make is None else make, output_type)


class IteratorReader(SourceReader):
    """Reads an iterator that is made in the task.

    Args:
        make: makes it.
        copier: keeps records as they were when they came; None where the iterator leaves them alone.
    """

    def __init__(self, make: Callable[[], Iterable[Any]], copier: Copier | None) -> None:
        self.copier = copier
        self.make = make
        self.iterator: Iterator[Any] | None = None
        self.split: IteratorSplit | None = None

    def add_splits(self, splits: list[IteratorSplit]) -> None:
        for split in splits:  # there is one at most
            self.split = split

    def snapshot_state(self, checkpoint_id: int) -> list[IteratorSplit]:
        return [] if self.split is None else [self.split]

    def poll(self, limit: int) -> Any:
        if self.split is None:
            return END
        if self.iterator is None:
            self.iterator = iter(self.make())
            pass_over(self.iterator, self.split.taken, "from_iterator()")
        records: list[Any] = []
        copier = self.copier
        end = time.monotonic() + HOLD_BACK
        while copier.take(self.iterator, records) if copier is not None else take(self.iterator, records):
            if len(records) >= limit or time.monotonic() >= end:
                break
        self.split = IteratorSplit(self.split.taken + len(records)) if records else None
        return ObjectBatch(records) if records else END

    def close(self) -> None:
        close = getattr(self.iterator, "close", None)
        if close is not None:
            close()


def pass_over(iterator: Iterator[Any], count: int, name: str) -> None:
    """Pass over records that were read before.

    Raises:
        SourceError: there are not as many.
    """
    passed = sum(1 for _ in islice(iterator, count))
    if passed < count:
        raise SourceError(
            f"{name} was to go on after {count} records, but its iterator gave {passed} this time: it has to give the "
            "same records each time that it is made"
        )


def take(iterator: Iterator[Any], records: list[Any]) -> bool:
    """Append the next record of an iterator; False when there is none."""
    for record in iterator:
        records.append(record)
        return True
    return False
