"""Sinks that gather records and hand them to a server in batches, each at least once."""

from __future__ import annotations

import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from pyflinkx._core.calls.records import short_repr, told
from pyflinkx._core.records.row import Row, RowKind
from pyflinkx._core.records.row_kinds import first_change
from pyflinkx.config.option import ConfigOption
from pyflinkx.config.values import INT, LONG
from pyflinkx.connectors.acknowledged.messages import ConnectionLostError
from pyflinkx.connectors.sink import NO_RECORD, SinkWriter, WriterContext
from pyflinkx.errors import SinkError

log = logging.getLogger("pyflinkx.connectors")

INSERT, UPDATE_AFTER = RowKind.INSERT.value, RowKind.UPDATE_AFTER.value

BATCH_SIZE = ConfigOption("batch.size", INT, 500, "after how many records they are sent, at the latest", minimum=1)
BATCH_INTERVAL = ConfigOption(
    "batch.interval.ms",
    LONG,
    1000,
    "how long a record may wait for others; 0 for as long as it takes. None waits longer than for the next checkpoint",
    minimum=0,
)
MAX_RETRIES = ConfigOption(
    "max.retries", INT, 5, "how often a batch is sent again, on another connection, before the sink fails", minimum=0
)
COMMON = (BATCH_SIZE, BATCH_INTERVAL, MAX_RETRIES)
# Between two attempts (s): twice as long each time, up to the latter.
FIRST_DELAY, MOST_DELAY = 0.2, 10.0


class Target(ABC):
    """Where batches go: a connection that is made when it is needed, and again when it broke."""

    @abstractmethod
    def send(self, items: list[Any]) -> list[Any]:
        """Send a batch, and wait until the server has it: those items that are to be sent again, in their order.

        Raises:
            ConnectionLostError: it is not known whether the server has it; it is sent again.
            SinkError: it cannot be sent.
        """

    @abstractmethod
    def close(self) -> None:
        """End the connection, if there is one; another ``send`` makes a new one."""


class BatchingWriter(SinkWriter):
    """Sends what one subtask gets: a batch at a time, and all before a checkpoint.

    Args:
        target: where to.
        server: names it, for errors.
        encode: what is sent for a record, given it and whether it is taken away again; None for nothing.
        options: with those of ``COMMON``.
        context: of the task.
        changes: whether ``encode`` knows of records that are taken away; else such a record is an error.
        delay: gives the seconds before an attempt, of which the second is number 1; None for some that grow.
        sleep: waits so many seconds before another attempt.
    """

    def __init__(
        self,
        target: Target,
        server: str,
        encode: Callable[[Any, bool], Any],
        options: Any,
        context: WriterContext,
        changes: bool = False,
        delay: Callable[[int], float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.target = target
        self.server = server
        self.encode = encode
        self.most = options.get(BATCH_SIZE)
        self.interval = options.get(BATCH_INTERVAL)
        self.retries = options.get(MAX_RETRIES)
        self.clock = context.clock
        self.counters = context.counters
        self.changes = changes
        self.delay = delay
        self.sleep = sleep
        self.items: list[Any] = []
        self.since: int | None = None  # when the first of them came

    def write(self, batch: Any) -> None:
        change = first_change(batch)
        if change >= 0 and not self.changes:
            raise SinkError(
                f"the stream holds updates or deletions, which {self.server} does not take: the first one is "
                f"{short_repr(batch.values[change])}"
            )
        kinds = None if change < 0 else batch.kinds
        if change >= 0 and kinds is None:
            kinds = [value.get_row_kind().value if isinstance(value, Row) else INSERT for value in batch.values]
        for index, value in enumerate(batch.values):
            self.record = value
            item = self.encode(value, kinds is not None and kinds[index] not in (INSERT, UPDATE_AFTER))
            if item is not None:
                self.items.append(item)
        self.record = NO_RECORD
        if self.items and self.since is None and self.interval and self.clock is not None:
            self.since = self.clock.now()
        while len(self.items) >= self.most:
            self._send(self.most)

    def _send(self, count: int) -> None:
        items = self.items[:count]
        attempt = 0
        while items:
            try:
                left, why = self.target.send(items), "the server asks for it"
                if len(left) < len(items):
                    attempt = 0
            except ConnectionLostError as error:
                left, why = items, told(error)
                with contextlib.suppress(Exception):  # it may be what broke
                    self.target.close()
            items = left
            if items:
                attempt += 1
                if attempt > self.retries:
                    raise SinkError(
                        f"{self.server}: {len(items)} records could not be written in {attempt} attempts: {why}"
                    )
                log.warning("%s: %d records are written again: %s", self.server, len(items), why)
                self.counters["numRetries"] = self.counters.get("numRetries", 0) + 1
                growing = min(FIRST_DELAY * 2 ** (attempt - 1), MOST_DELAY)
                self.sleep(growing if self.delay is None else self.delay(attempt))
        del self.items[:count]
        if not self.items:
            self.since = None

    def flush(self, end_of_input: bool) -> None:
        while self.items:
            self._send(self.most)

    def next_time(self) -> int | None:
        return None if self.since is None else self.since + self.interval

    def advance(self, now: int) -> None:
        due = self.next_time()
        if due is not None and due <= now:
            self.flush(False)

    def close(self) -> None:
        self.target.close()
