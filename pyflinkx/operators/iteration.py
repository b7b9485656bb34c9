"""The two ends of a loop, and how it is known that nothing circulates in it any more.

Once its input has ended, the head sends *markers* through the loop, one at a time: operators pass a marker on when it
has come from all their inputs, so it pushes every record before it to the tail. A marker says how many rounds in a row
no feedback came to the heads that it has been at. With n subtasks, more than n such rounds mean that the loop is at
rest: a record on its way is always the child of one that came to some head a round before, and what is known of a head
reaches all others that its records can reach in fewer than n rounds. (Dijkstra, Feijen and van Gasteren, "Derivation of
a termination detection algorithm for distributed computations", 1983, go round a ring of processes in the same way.)

A checkpoint's barrier goes through the loop too, and ends at the tail, which puts its number into the queue behind all
that comes before it. What comes out of the queue between the head's snapshot and that number was on its way when the
snapshot was taken, wherever, so it is the head's state: the head's snapshot is complete once the number is back.
(Carbone et al., "Lightweight Asynchronous Snapshots for Distributed Dataflows", 2015, section 4.3.)
"""

from __future__ import annotations

import threading
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx.operators.base import MAX_WATERMARK, Operator, OperatorContext
from pyflinkx.operators.held_records import held_records
from pyflinkx.state.descriptors import ListStateDescriptor
from pyflinkx.types.typeinfo import TypeInformation


@dataclass(frozen=True)
class BarrierReturned:
    """All that was in the loop before this checkpoint has come back."""

    checkpoint: int


@dataclass
class FeedbackLog:
    """What comes back of what was in the loop when the head had its snapshot taken.

    Args:
        ready: called once all has.
    """

    ready: Callable[[], None]
    batches: list[Any] = field(default_factory=list)


class FeedbackQueue:
    """From the tail to the head of a loop, within a slot: two threads at most."""

    def __init__(self) -> None:
        self.elements: deque[Any] = deque()
        self.lock = threading.Lock()
        self.notify: Callable[[], None] | None = None
        self.notified = False

    def put(self, element: Any) -> None:
        """Append a batch, the age of a marker, or a BarrierReturned."""
        with self.lock:
            self.elements.append(element)
            self._notify()

    def connect(self, notify: Callable[[], None]) -> None:
        """Have something called whenever there is something to take."""
        with self.lock:
            self.notify = notify
            if self.elements:
                self._notify()

    def _notify(self) -> None:
        if self.notify is not None and not self.notified:
            self.notified = True
            self.notify()

    def all(self) -> list[Any]:
        """All elements, the oldest first, which stay."""
        with self.lock:
            return list(self.elements)

    def take(self) -> list[Any]:
        """All elements, the oldest first."""
        with self.lock:
            self.notified = False
            elements = list(self.elements)
            self.elements.clear()
            return elements


def fed_back(record_type: TypeInformation | None) -> ListStateDescriptor:
    """The records that have come back and not been sent on."""
    return held_records("_feedback", record_type)


def stamped(batch: Any) -> Iterator[tuple[Any, int]]:
    """The records of a batch with their timestamps."""
    return zip(batch.values, repeat(NO_TIMESTAMP) if batch.timestamps is None else batch.timestamps, strict=False)


def feedback_queue(context: OperatorContext, iteration: str) -> FeedbackQueue:
    """The queue that the two ends of a loop share in this subtask."""
    queue: FeedbackQueue = context.shared.setdefault((iteration, context.subtask_index), FeedbackQueue())
    return queue


class IterationHeadOperator(Operator):
    """Where a loop begins: sends on its input and what comes back.

    The last watermark, which says that nothing follows, waits until the loop is at rest; what it sets free (windows,
    timers) may circulate once more before the loop ends.

    Args:
        iteration: key of the loop.
        max_wait: milliseconds without feedback after which the loop ends in any case once its input has; 0 for never.
        record_type: the declared type of the records, None where there is none.
    """

    def __init__(self, iteration: str, max_wait: int, record_type: TypeInformation | None = None) -> None:
        self.iteration = iteration
        self.record_type = record_type
        self.max_wait = max_wait
        self.age = 0
        self.received = False
        self.input_ended = False
        self.last_sent = False
        self.finished = False
        self.quiet_since = 0
        self.logs: dict[int, FeedbackLog] = {}  # of checkpoints whose barrier has not come back
        self.returned: dict[int, list[Any]] = {}  # what belongs to a checkpoint, until it is stored

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.feedback = feedback_queue(context, self.iteration)
        self.kept = context.operator_state.get_list_state(fed_back(self.record_type))
        restored = self.kept.get()
        if restored:
            self.feedback.put(ObjectBatch([value for value, _ in restored], array("q", [time for _, time in restored])))
            self.kept.clear()
        self.feedback.connect(lambda: context.post(self.take_feedback))

    def completes_later(self, checkpoint_id: int, ready: Callable[[], None]) -> bool:
        log: list[Any] = []
        for element in self.feedback.all():
            if isinstance(element, BarrierReturned):
                if element.checkpoint == checkpoint_id:
                    self.returned[checkpoint_id] = log
                    return False
            elif not isinstance(element, int):
                log.append(element)
        self.logs[checkpoint_id] = FeedbackLog(ready)
        return True

    def store(self, checkpoint_id: int) -> None:
        super().store(checkpoint_id)
        batches = self.returned.pop(checkpoint_id, None)
        if batches is None:
            batches = [element for element in self.feedback.all() if not isinstance(element, int | BarrierReturned)]
        self.kept.update(record for batch in batches for record in stamped(batch))

    def checkpoint_aborted(self, checkpoint_id: int) -> None:
        self.logs.pop(checkpoint_id, None)
        self.returned.pop(checkpoint_id, None)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.output.emit(batch)

    def process_watermark(self, timestamp: int) -> None:
        if timestamp != MAX_WATERMARK:
            self.output.emit_watermark(timestamp)

    def end_input(self) -> None:
        self.input_ended = True
        self.quiet_since = self.context.clock.now()
        self.output.emit_marker(self.age)

    def drained(self) -> bool:
        return self.finished

    def take_feedback(self) -> None:
        """The mail that says that something has come back."""
        for element in self.feedback.take():
            if isinstance(element, BarrierReturned):
                self.barrier_returned(element.checkpoint)
            elif self.finished:
                self.context.count("numFeedbackRecordsDropped", 0 if isinstance(element, int) else len(element))
            elif isinstance(element, int):
                self.marker_returned(element)
            else:
                self.received = True
                self.quiet_since = self.context.clock.now()
                self.context.count("numFeedbackRecords", len(element))
                for log in self.logs.values():
                    log.batches.append(element.copy(self.context.copier))
                self.output.emit(element)

    def barrier_returned(self, checkpoint_id: int) -> None:
        """Nothing that a checkpoint's snapshot of the loop needs is under way any more."""
        log = self.logs.pop(checkpoint_id, None)
        if log is not None:
            self.returned[checkpoint_id] = log.batches
            log.ready()

    def marker_returned(self, age: int) -> None:
        """A round is over; ``age`` is the least of what the heads that reach this one said."""
        self.age = 0 if self.received else 1 + min(self.age, age)
        self.received = False
        if self.age > self.context.parallelism:
            self.at_rest()
        if not self.finished:
            self.output.emit_marker(self.age)

    def at_rest(self) -> None:
        """Nothing circulates: end event time, and when nothing comes of that either, the loop."""
        if self.last_sent:
            self.finished = True
            return
        self.last_sent = True
        self.age = 0
        self.output.emit_watermark(MAX_WATERMARK)

    def next_processing_timer(self) -> int | None:
        if self.max_wait == 0 or not self.input_ended or self.finished:
            return None
        return self.quiet_since + self.max_wait

    def advance_processing_time(self, now: int) -> None:
        due = self.next_processing_timer()
        if due is None or now < due or self.feedback.elements:
            return
        if not self.last_sent:
            self.last_sent = True
            self.output.emit_watermark(MAX_WATERMARK)
        self.finished = True


class IterationTailOperator(Operator):
    """Where a loop ends: hands over to its head. Watermarks and the end of data do not circulate.

    Args:
        iteration: key of the loop.
    """

    def __init__(self, iteration: str) -> None:
        self.iteration = iteration

    def open(self, context: OperatorContext) -> None:
        super().open(context)
        self.feedback = feedback_queue(context, self.iteration)

    def process_batch(self, batch: Any, port: int = 0) -> None:
        self.feedback.put(batch)

    def process_marker(self, age: int) -> None:
        self.feedback.put(age)

    def prepare_barrier(self, checkpoint_id: int) -> None:
        self.feedback.put(BarrierReturned(checkpoint_id))

    def process_watermark(self, timestamp: int) -> None:
        pass

    def process_idleness(self, idle: bool) -> None:
        pass
