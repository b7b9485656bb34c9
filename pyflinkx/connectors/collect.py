"""Results that come back to the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyflinkx._core.exchange.packed import pack, unpack
from pyflinkx.connectors.sink import Sink, SinkWriter, WriterContext


@dataclass(frozen=True)
class PackedRecords:
    """Records on their way to the program: bytes that become objects when the program reads on.

    Args:
        data: as ``_core.packed.pack`` makes them.
        count: how many records there are.
    """

    data: bytes
    count: int

    @classmethod
    def of(cls, records: list[Any]) -> PackedRecords | None:
        """The records packed; None where they are not all alike and plain."""
        data = pack(records)
        return None if data is None else cls(data, len(records))

    def __len__(self) -> int:
        return self.count

    def unpacked(self) -> list[Any]:
        """The records."""
        return unpack(self.data, self.count)


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
        self._parts: list[list[Any] | PackedRecords] = []

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def extend(self, records: list[Any] | PackedRecords) -> None:
        """Add records."""
        last = self._parts[-1] if self._parts else None
        if isinstance(records, PackedRecords):
            self._parts.append(records)
        elif isinstance(last, list):
            last += records
        else:
            self._parts.append(list(records))

    def flush(self) -> None:
        """Nothing is held back here; what stands for a buffer elsewhere may gather."""

    def drain(self) -> list[Any]:
        """The records gathered since the last call, in order; they are the caller's from now on."""
        records: list[Any] = []
        for part in self.drain_parts():
            records += part.unpacked() if isinstance(part, PackedRecords) else part
        return records

    def drain_parts(self) -> list[list[Any] | PackedRecords]:
        """As ``drain``, in parts that are still to be unpacked."""
        parts, self._parts = self._parts, []
        return parts

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

    def flush(self, end_of_input: bool) -> None:
        self.buffer.flush()

    def close(self) -> None:
        self.buffer.flush()


class CollectColumnsWriter(CollectWriter):
    """Writes batches as they are."""

    def write(self, batch: Any) -> None:
        self.buffer.extend([batch])
