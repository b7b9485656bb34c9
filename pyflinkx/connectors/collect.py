"""Results that come back to the program."""

from __future__ import annotations

from typing import Any

from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext


class CollectBuffer:
    """Where a CollectSink of the same process puts records until the program takes them.

    Nothing here waits: who runs the job pauses it while the buffer holds more than it wants to.

    Example:
        >>> buffer = CollectBuffer()
        >>> buffer.extend(["a", "b"])
        >>> buffer.drain(), len(buffer)
        (['a', 'b'], 0)
    """

    def __init__(self) -> None:
        self._records: list[Any] = []

    def __len__(self) -> int:
        return len(self._records)

    def extend(self, records: list[Any]) -> None:
        """Add records."""
        self._records += records

    def drain(self) -> list[Any]:
        """The records gathered since the last call, in order; they are the caller's from now on."""
        records, self._records = self._records, []
        return records

    def __reduce__(self) -> Any:
        raise TypeError("a CollectBuffer stays in its process: a job that runs elsewhere cannot fill it")


class CollectSink(Sink):
    """Hands records to a buffer of this process.

    Args:
        buffer: where they go; a new one by default, as ``sink.buffer``.
    """

    def __init__(self, buffer: CollectBuffer | None = None) -> None:
        self.buffer = CollectBuffer() if buffer is None else buffer

    def create_writer(self, context: WriterContext) -> CollectWriter:
        return CollectWriter(self.buffer)


class CollectColumnsSink(CollectSink):
    """Hands columnar batches to a buffer of this process: each of its items is one ColumnBatch."""

    columnar = True

    def create_writer(self, context: WriterContext) -> CollectColumnsWriter:
        return CollectColumnsWriter(self.buffer)


class CollectWriter(SinkWriter):
    """Writes to the buffer."""

    def __init__(self, buffer: CollectBuffer) -> None:
        self.buffer = buffer

    def write(self, batch: Any) -> None:
        self.buffer.extend(batch.values)


class CollectColumnsWriter(CollectWriter):
    """Writes batches as they are."""

    def write(self, batch: Any) -> None:
        self.buffer.extend([batch])
