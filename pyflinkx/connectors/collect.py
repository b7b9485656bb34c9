"""Results that come back to the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyflinkx._core.exchange.packed import pack, unpack
from pyflinkx.connectors.coordinator import Coordinator, CoordinatorContext
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

    Nothing here waits: who runs the job pauses it while the buffer holds more than it wants to. In a job with
    checkpoints records are held back until the next one is durable, as before that a restarted job may give them again.

    Example:
        >>> buffer = CollectBuffer()
        >>> buffer.extend(["a", "b"])
        >>> buffer.drain(), len(buffer)
        (['a', 'b'], 0)
        >>> buffer.extend(["c"], after=1)
        >>> buffer.drain()
        []
        >>> buffer.release(2)
        >>> buffer.drain()
        ['c']
    """

    def __init__(self) -> None:
        self._parts: list[list[Any] | PackedRecords] = []
        self._held: list[tuple[int, list[Any] | PackedRecords]] = []

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def extend(self, records: list[Any] | PackedRecords, after: int | None = None) -> None:
        """Add records.

        Args:
            records: they are the buffer's from now on.
            after: the newest checkpoint that they came behind, 0 for none: the next one to be completed releases them.
                None in a job without checkpoints.
        """
        if after is not None:
            self._held.append((after, records if isinstance(records, PackedRecords) else list(records)))
            return
        last = self._parts[-1] if self._parts else None
        if isinstance(records, PackedRecords):
            self._parts.append(records)
        elif isinstance(last, list):
            last += records
        else:
            self._parts.append(list(records))

    def release(self, checkpoint: int | None) -> None:
        """A checkpoint is durable, and what came before it is the program's; None at the end of the job, for all."""
        held, self._held = self._held, []
        for after, records in held:
            if checkpoint is None or after < checkpoint:
                self.extend(records)
            else:
                self._held.append((after, records))

    def drop(self) -> None:
        """The attempt has ended: what it gave behind the newest checkpoint comes again, or never."""
        self._held.clear()

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


class CollectCoordinator(Coordinator):
    """Lets the program have records once the checkpoint behind them is durable."""

    snapshot_last = True

    def __init__(self, buffer: CollectBuffer) -> None:
        self.buffer = buffer

    def start(self) -> None:
        self.buffer.drop()

    def checkpoint_completed(self, checkpoint_id: int) -> None:
        self.buffer.release(checkpoint_id)

    def close(self, failure: BaseException | None) -> None:
        if failure is None:
            self.buffer.release(None)
        else:
            self.buffer.drop()


class BufferedSink(Sink):
    """A sink whose writers put records into a buffer of the program's process.

    Args:
        buffer: where they go; a new one by default.
    """

    def __init__(self, buffer: CollectBuffer | None = None) -> None:
        self.buffer = CollectBuffer() if buffer is None else buffer

    def create_coordinator(self, context: CoordinatorContext) -> CollectCoordinator:
        return CollectCoordinator(self.buffer)


class BufferWriter(SinkWriter):
    """Puts into the buffer what ``items`` makes of a batch.

    Args:
        buffer: of the sink, or what stands for it on a worker.
        context: of the task.
    """

    def __init__(self, buffer: CollectBuffer, context: WriterContext) -> None:
        self.buffer = buffer
        self.after = context.restored_from if context.checkpoints else None

    def items(self, batch: Any) -> list[Any]:
        """What is to be put into the buffer."""
        raise NotImplementedError

    def write(self, batch: Any) -> None:
        self.buffer.extend(self.items(batch), self.after)

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        self.after = checkpoint_id
        return []

    def flush(self, end_of_input: bool) -> None:
        self.buffer.flush()

    def close(self) -> None:
        self.buffer.flush()


class CollectSink(BufferedSink):
    """Hands records to a buffer of this process.

    Args:
        buffer: where they go; a new one by default, as ``sink.buffer``.
    """

    def create_writer(self, context: WriterContext) -> CollectWriter:
        return CollectWriter(self.buffer, context)


class CollectColumnsSink(CollectSink):
    """Hands columnar batches to a buffer of this process: each of its items is one ColumnBatch."""

    columnar = True

    def create_writer(self, context: WriterContext) -> CollectColumnsWriter:
        return CollectColumnsWriter(self.buffer, context)


class CollectWriter(BufferWriter):
    """Writes records."""

    def items(self, batch: Any) -> list[Any]:
        return batch.values


class CollectColumnsWriter(CollectWriter):
    """Writes batches as they are."""

    def items(self, batch: Any) -> list[Any]:
        return [batch]
