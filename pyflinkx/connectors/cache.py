"""Results of one job that later jobs of the same program read again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.collect import BufferedSink, BufferWriter, CollectBuffer
from pyflinkx.connectors.sink import WriterContext
from pyflinkx.connectors.source import END, ReaderContext, Source, SourceReader


class CacheSink(BufferedSink):
    """Hands batches, and each writer's end, to a buffer of this process."""

    def create_writer(self, context: WriterContext) -> CacheWriter:
        return CacheWriter(self.buffer, context)


class CacheWriter(BufferWriter):
    """Writes batches as (values, timestamps), and at the end of the input how many writers there are."""

    def __init__(self, buffer: CollectBuffer, context: WriterContext) -> None:
        super().__init__(buffer, context)
        self.parallelism = context.parallelism

    def items(self, batch: Any) -> list[Any]:
        return [(batch.values, batch.timestamps)]

    def flush(self, end_of_input: bool) -> None:
        if end_of_input:
            self.buffer.extend([self.parallelism], self.after)


class Cache:
    """What the jobs of a program have written of a stream; of the first that ended well it is kept.

    Attributes:
        batches: (values, timestamps) of each batch; None until a job has ended well.
    """

    def __init__(self) -> None:
        self.batches: list[tuple[list[Any], Any]] | None = None
        self.attempts: list[tuple[CacheSink, list[Any]]] = []

    def new_sink(self) -> CacheSink:
        """The sink of a job that computes the stream."""
        sink = CacheSink()
        self.attempts.append((sink, []))
        return sink

    def find(self) -> list[tuple[list[Any], Any]] | None:
        """The batches, if a job has written them all."""
        for sink, elements in self.attempts:
            elements += sink.buffer.drain()
            ends = [element for element in elements if isinstance(element, int)]
            if ends and len(ends) == ends[0]:
                self.batches = [element for element in elements if not isinstance(element, int)]
                self.attempts.clear()
                break
        return self.batches

    def clear(self) -> None:
        """Forget everything, also what jobs that still run will write."""
        self.batches = None
        self.attempts.clear()


@dataclass(frozen=True)
class CachedSplit:
    """What is in a cache from a record of a batch on."""

    batch: int
    record: int


class CachedSource(Source):
    """Reads a cache.

    Args:
        batches: (values, timestamps) of each.
        type_info: of the values.
    """

    parallelism = 1

    def __init__(self, batches: list[tuple[list[Any], Any]], type_info: Any = None) -> None:
        self.batches = batches
        self.output_type = type_info

    def __repr__(self) -> str:
        return f"CachedSource({sum(len(values) for values, _ in self.batches)} values)"

    def splits(self, parallelism: int) -> list[CachedSplit]:
        return [CachedSplit(0, 0)]

    def create_reader(self, context: ReaderContext) -> CachedReader:
        return CachedReader(self.batches, context.copier)


class CachedReader(SourceReader):
    """Reads batches as they were written, and leaves them as they are for the next job."""

    def __init__(self, batches: list[tuple[list[Any], Any]], copier: Copier | None) -> None:
        self.copier = copier
        self.batches = batches
        self.waiting: deque[CachedSplit] = deque()

    def add_splits(self, splits: list[CachedSplit]) -> None:
        self.waiting.extend(splits)

    def snapshot_state(self, checkpoint_id: int) -> list[CachedSplit]:
        return list(self.waiting)

    def poll(self, limit: int) -> Any:
        while self.waiting:
            split = self.waiting.popleft()
            if split.batch == len(self.batches):
                continue
            values, stamps = self.batches[split.batch]
            stop = split.record + limit
            after = CachedSplit(split.batch, stop) if stop < len(values) else CachedSplit(split.batch + 1, 0)
            self.waiting.appendleft(after)
            taken = values[split.record : stop]
            batch = taken if self.copier is None else self.copier.copy_all(taken)
            return ObjectBatch(batch, None if stamps is None else stamps[split.record : stop])
        return END
