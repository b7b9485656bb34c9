"""What a task reads: source readers, and channels from other tasks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.calls.turn import Turn
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.connectors.enumerator import NoMoreSplits, SourceEvent, SplitRequest, SplitsAssigned
from pyflinkx.connectors.source import END, WAIT, PollResult, SourceIdleness, SourceReader, SourceWatermark
from pyflinkx.operators.base import MAX_WATERMARK, Operator
from pyflinkx.operators.places import called
from pyflinkx.runtime.exchange.channel import (
    END_OF_DATA,
    Asked,
    Barrier,
    EndOfData,
    IterationMarker,
    RequestMark,
    Watermark,
    WatermarkStatus,
)
from pyflinkx.runtime.exchange.gates import InputChannel
from pyflinkx.runtime.task.outputs import NodeOutput, OperatorInput
from pyflinkx.runtime.task.requests import RequestInput
from pyflinkx.runtime.turns import Pace

# What a channel carries besides records of its own. Requests are not asked again after a restart.
CONTROL = (Watermark, WatermarkStatus, IterationMarker, EndOfData, RequestMark, Asked)


class ReaderInput:
    """A source reader as an input of the task.

    Args:
        reader: the reader.
        output: where its records go.
        pace: how many records at a time.
        turn: of the task.
        count: counts something of the source's.
        site: says which operator this is, for what a user's reader raises.
        send: takes events to the source's coordinator; None when it has none.
    """

    def __init__(
        self,
        reader: SourceReader,
        output: NodeOutput,
        pace: Pace,
        turn: Turn,
        count: Callable[[str, int], None],
        site: CallSite,
        send: Callable[[Any], None] | None = None,
    ) -> None:
        self.reader = reader
        self.output = output
        self.pace = pace
        self.turn = turn
        self.waiting: list[Operator] = []  # for the end of the batch
        self.taken = 0  # of a full batch
        self.latest = 0  # records of the last step
        self.splits_changed = False
        self.count = count
        self.site = site
        self.send = send
        self.records = 0
        self.ending = self.ended = False
        self.requested = False
        self.more_splits = send is not None and not reader.requests_splits
        self.aligned: list[Operator] = []
        self.by_split: list[Operator] = []
        self.paused = False
        self.blocked = False  # its barrier has come, and others' have not
        self.stopped: Barrier | None = None  # the barrier behind which the job stops

    def step(self) -> bool:
        """Read once and push what was read; whether there was anything."""
        self.turn.waiting = self.waiting
        self._follow_splits()
        if self.stopped is not None:
            return False
        if self.ending:
            self.ended = True
            self.output.end()
            return True
        self.paused = any(operator.is_ahead() for operator in self.aligned)
        if self.paused:
            return False
        size = min(self.pace.size, self.pace.most - self.taken)
        batch = self._call(self.reader.poll, size)
        for tag_id, records in self.reader.take_side_records().items():
            self.output.emit_side(tag_id, ObjectBatch(records))
        number = 0 if isinstance(batch, (PollResult, SourceWatermark, SourceIdleness)) else len(batch)
        self.latest = number
        self.taken += number
        if number < size or self.taken >= self.pace.most:
            self.taken = 0
        self.turn.input_open = self.taken > 0
        told = number == 0 and bool(self.waiting)
        if told:
            self.turn.end_batch()
        if batch is WAIT:
            return told
        if batch is END:
            if self.more_splits:
                self._request_split()
                return told
            # The end comes a step later: what the watermark fires may take many.
            self.ending = True
            self.output.emit_watermark(MAX_WATERMARK)
        elif isinstance(batch, SourceWatermark):
            self.output.emit_watermark(batch.timestamp)
        elif isinstance(batch, SourceIdleness):
            self.output.emit_idleness(batch.idle)
        else:
            self.records += number
            self.count("numRecordsIn", number)
            for operator in self.by_split:
                operator.begin_split(self.reader.current_split)
            self.splits_changed = True
            self.output.emit(batch)
        return True

    def _follow_splits(self) -> None:
        """Once all that was read has gone through: event time no longer waits for splits that have ended."""
        if self.splits_changed:
            self.splits_changed = False
            for operator in self.by_split:
                operator.wait_for_splits(self.reader.open_splits())

    def _request_split(self) -> None:
        if not self.requested and self.send is not None:
            self.requested = True
            self.send(SplitRequest())

    def handle_event(self, event: Any) -> None:
        """The source's coordinator has sent something."""
        if isinstance(event, SplitsAssigned):
            self.requested = False
            self._call(self.reader.add_splits, list(event.splits))
            self.splits_changed = True
        elif isinstance(event, NoMoreSplits):
            self.more_splits = False
            self._call(self.reader.no_more_splits)
        elif isinstance(event, SourceEvent):
            self._call(self.reader.handle_event, event.event)

    def stop_behind(self, barrier: Barrier) -> None:
        """The job stops behind this barrier, if its checkpoint completes: until then nothing is read."""
        self.stopped = barrier
        if barrier.drains:
            self.output.emit_watermark(MAX_WATERMARK)

    def end_checkpoint(self, number: int, completed: bool) -> None:
        """A checkpoint is durable, or will not be; it may be the one behind which the job stops."""
        reader = self.reader
        self._call(reader.notify_checkpoint_complete if completed else reader.notify_checkpoint_aborted, number)
        if self.stopped is not None and self.stopped.number == number:
            if not completed:
                self.stopped = None
            elif self.stopped.drains:
                self.stopped = None
                self.ending = True

    def snapshot(self, number: int) -> list[Any]:
        """The splits that it has still to read, from the first record that it has not given out."""
        splits: list[Any] = self._call(self.reader.snapshot_state, number)
        return splits

    def _call(self, call: Callable[..., Any], *arguments: Any) -> Any:
        return called(self.site, "in its reader", call, *arguments)

    def wake_time(self) -> int | None:
        """When to ask again."""
        if self.paused:
            return min(
                operator.context.clock.now() + operator.alignment.update_interval
                for operator in self.aligned
                if operator.alignment is not None
            )
        return self.reader.wake_time()


class ChannelInput:
    """A channel as an input of the task.

    Args:
        channel: the channel.
        target: takes its elements.
        pace: how many records at a time.
        turn: of the task.
        encode: makes bytes of a batch, for what is recorded of the channel.
        node: id of the operator that reads it.
        place: says which of the operator's edges it belongs to, in every program with the same structure.
    """

    def __init__(
        self,
        channel: InputChannel,
        target: OperatorInput | RequestInput,
        pace: Pace,
        turn: Turn,
        encode: Callable[[Any], Iterator[bytes]],
        node: int,
        place: str,
    ) -> None:
        self.channel = channel
        self.node = node
        self.place = place
        self.encode = encode
        self.ahead: deque[Any] = deque()  # read before their time
        self.record: list[bytes] | None = None  # what is read before a barrier that has been passed on
        self.target = target
        self.pace = pace
        self.turn = turn
        self.waiting: list[Operator] = []  # for the end of the batch
        self.batch: Any = None  # of which records from `start` on are still to be taken
        self.start = 0
        self.latest = 0  # records of the last step
        self.records = 0
        self.ended = False
        self.blocked = False  # its barrier has come, and others' have not
        self.barrier: Barrier | None = None  # that came last, until the task has seen it

    def step(self) -> bool:
        """Take one element and push it; whether there was any."""
        self.turn.waiting = self.waiting
        if self.batch is not None:
            self._take_part()
            return True
        self.latest = 0
        element = self.ahead.popleft() if self.ahead else self._read()
        if element is None:
            return False
        if isinstance(element, Watermark):
            self.target.emit_watermark(element.timestamp)
        elif isinstance(element, WatermarkStatus):
            self.target.emit_idleness(element.idle)
        elif isinstance(element, IterationMarker):
            self.target.emit_marker(element.age)
        elif isinstance(element, Barrier):
            self.barrier = element
        elif element is END_OF_DATA:
            self.ended = True
            self.target.end()
        else:
            self.records += len(element)
            if isinstance(element, ObjectBatch) and len(element) > self.pace.size:
                self.batch, self.start = element, 0
                self._take_part()
            else:
                self.latest = len(element) if isinstance(element, ObjectBatch) else 0
                self.turn.input_open = False
                self.target.emit(element)
        return True

    def _read(self) -> Any:
        element = self.channel.get()
        if self.record is not None and element is not None:
            if isinstance(element, Barrier):
                self.record = None
            elif not isinstance(element, CONTROL):
                self.record += self.encode(element)
        return element

    def begin_record(self) -> list[bytes]:
        """Record what was not processed yet, from now on until its barrier comes; see ``read_ahead``."""
        record: list[bytes] = []
        self.record = record
        if self.batch is not None:
            record += self.encode(self.batch.slice(self.start, len(self.batch)))
        return record

    def read_ahead(self, most: int) -> Barrier | None:
        """Read some elements before their time; the barrier, if it is among them: then that is the last one."""
        for _ in range(most):
            element = self._read()
            if element is None:
                return None
            if isinstance(element, Barrier):
                return element
            self.ahead.append(element)
        return None

    def _take_part(self) -> None:
        """Push some more records of a batch."""
        batch, start = self.batch, self.start
        self.start = stop = min(start + self.pace.size, len(batch))
        if stop == len(batch):
            self.batch = None
        self.latest = stop - start
        self.turn.input_open = self.batch is not None
        self.target.emit(batch.slice(start, stop))

    def wake_time(self) -> int | None:
        """A channel wakes nobody by the clock."""
        return None
