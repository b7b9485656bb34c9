"""Records on their way from a worker to the program."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from pyflinkx._core.columns.batch import ColumnBatch
from pyflinkx.connectors.collect import PackedRecords
from pyflinkx.runtime.control.messages import Collected, pack
from pyflinkx.runtime.exchange.frames import TARGET_FRAME, first_unpicklable
from pyflinkx.runtime.exchange.handover import Lender
from pyflinkx.runtime.exchange.weights import RecordCutter
from pyflinkx.runtime.task.thread import TaskThread

# Bytes of packed records that are worth a message, and how long (ns) after a message the next one waits for more: a
# client that is woken for every batch has more to do with that than with the records.
MESSAGE = 1 << 17
GATHERING = 10_000_000


class RemoteBuffer:
    """Stands for the client's CollectBuffer: sends what it is given. A slow client makes the sender wait.

    It belongs to the task that first puts something into it, whose thread sends what is held back in time.

    Args:
        number: of the client's buffer.
        attempt: that messages belong to.
        send: sends a packed message.
        lender: lends columns to a client of the same process; None where it is another one.
        threads: those of the worker's tasks.
    """

    def __init__(
        self,
        number: int,
        attempt: int,
        send: Callable[[bytes], None],
        lender: Lender | None,
        threads: Callable[[], list[TaskThread]],
    ) -> None:
        self.number = number
        self.attempt = attempt
        self.send = send
        self.lender = lender
        self.threads = threads
        self.cutter = RecordCutter(TARGET_FRAME)
        self.held: list[PackedRecords] = []
        self.size = self.next_time = 0
        self.gathers = False
        self.after: int | None = None  # of what is held back

    def extend(self, records: list[Any], after: int | None = None) -> None:
        """Send records, in messages that are no longer than they need to be; ``after`` as for ``CollectBuffer``."""
        if after != self.after:
            self.flush()
            self.after = after
        if self.lender is not None and all(isinstance(record, ColumnBatch) for record in records):
            # Nobody changes columns, so a thread of the client's process need not copy them.
            self._send(self.lender.lend(records))
            return
        while records:
            count = self.cutter.next_run(records)
            some = records if count == len(records) else records[:count]
            # Packed, they are less work for a client that has several workers to keep up with.
            packed = PackedRecords.of(some)
            self.cutter.took(count, self._send(some) if packed is None else self._hold(packed))
            records = records[count:]

    def _hold(self, records: PackedRecords) -> int:
        if not self.gathers:
            own = threading.current_thread()
            self.gathers = any(thread.gather(self) for thread in self.threads() if thread.thread is own)
        self.held.append(records)
        self.size += len(records.data)
        if self.size >= MESSAGE or not self.gathers:
            self.flush()
        return len(records.data)

    @property
    def due(self) -> int | None:
        """When what is held back has to be sent (monotonic, ns); None for nothing."""
        return self.next_time if self.held else None

    def flush(self) -> None:
        """Send what is held back."""
        if self.held:
            held, self.held, self.size = self.held, [], 0
            self._send_bytes(held[0] if len(held) == 1 else tuple(held))

    def _send(self, records: Any) -> int:
        self.flush()
        return self._send_bytes(records)

    def _send_bytes(self, records: Any) -> int:
        try:
            data = pack(self.attempt, Collected(self.number, records, self.after))
        except BaseException as error:  # code of the records' classes runs here
            raise ValueError(f"a record cannot travel to the client: {first_unpicklable(records)}") from error
        self.send(data)
        self.next_time = time.monotonic_ns() + GATHERING
        return len(data)
