"""Drives one operator by hand: records, watermarks and the clock come from the test, results are collected."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any

from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import NO_TIMESTAMP, ObjectBatch
from pyflinkx.errors import WaitTimeoutError
from pyflinkx.operators.base import MAX_WATERMARK, Operator, OperatorContext
from pyflinkx.testing.snapshot import Snapshot, given, in_order, taken

# A result and its timestamp (ms since the epoch), None when it has none.
Stamped = tuple[Any, "int | None"]


class ManualClock:
    """A clock that stands still until it is set."""

    def __init__(self, now: int) -> None:
        self.time = now

    def now(self) -> int:
        return self.time


class CollectingOutput:
    """Keeps what an operator emits."""

    def __init__(self) -> None:
        self.results: list[Stamped] = []
        self.side: dict[str, list[Stamped]] = {}
        self.watermarks: list[int] = []
        self.idleness: list[bool] = []
        self.markers: list[int] = []

    def emit(self, batch: ObjectBatch) -> None:
        self.results.extend(stamped(batch))

    def emit_watermark(self, timestamp: int) -> None:
        self.watermarks.append(timestamp)

    def emit_marker(self, age: int) -> None:
        self.markers.append(age)

    def emit_idleness(self, idle: bool) -> None:
        self.idleness.append(idle)

    def emit_side(self, tag_id: str, batch: ObjectBatch) -> None:
        self.side.setdefault(tag_id, []).extend(stamped(batch))


def stamped(batch: ObjectBatch) -> list[Stamped]:
    """The records of a batch, each with its timestamp."""
    if batch.timestamps is None:
        return [(value, None) for value in batch.values]
    return [
        (value, None if timestamp == NO_TIMESTAMP else timestamp)
        for value, timestamp in zip(batch.values, batch.timestamps, strict=True)
    ]


class OperatorHarness:
    """An opened operator whose inputs are method calls.

    Args:
        operator: not opened yet.
        now: what the clock says at first (ms since the epoch).
        restored: the snapshot from which it goes on, or those of all subtasks; None for empty states.
        options: further fields of the operator's context (``name``, ``uid``, ``location``, ``parallelism``, ...).

    Attributes:
        results: what the operator has sent so far, as (value, timestamp).
        side_outputs: tag id to the same for a side output.
        watermarks: the watermarks that it has sent.
        counters: its counters.

    Example:
        >>> from pyflinkx.operators.window import WindowOperator
        >>> from pyflinkx.operators.windowing.assigners import TumblingEventTimeWindows
        >>> with OperatorHarness(WindowOperator(len, TumblingEventTimeWindows(10), reduce=max)) as harness:
        ...     harness.push(["a", "b", "cc"], [1, 2, 3])
        ...     harness.watermark(9)
        ...     harness.results
        [('b', 9), ('cc', 9)]
    """

    def __init__(
        self, operator: Operator, now: int = 0, restored: Snapshot | Sequence[Snapshot] | None = None, **options: Any
    ) -> None:
        self.operator = operator
        self.output = CollectingOutput()
        self.clock = ManualClock(now)
        self.mails: SimpleQueue[Callable[[], None]] = SimpleQueue()
        name = options.pop("name", "operator under test")
        options.setdefault("copier", Copier(name))
        if restored is not None:
            options.update(given(restored, options.get("subtask_index", 0), options.get("parallelism", 1)))
        self.context = OperatorContext(
            name=name,
            uid=options.pop("uid", "test"),
            output=self.output,
            clock=self.clock,
            post=self.mails.put,
            **options,
        )
        operator.open(self.context)
        for snapshot in () if restored is None else in_order(restored):
            for batch in snapshot.native:
                operator.import_(batch)

    def push(self, values: Iterable[Any], timestamps: Iterable[int | None] | None = None, port: int = 0) -> None:
        """Give the operator a batch of records.

        Args:
            values: the records.
            timestamps: milliseconds since the epoch, None for a record without one; None when no record has one.
            port: the input of a two-input operator.
        """
        stamps = None
        if timestamps is not None:
            stamps = array("q", [NO_TIMESTAMP if timestamp is None else timestamp for timestamp in timestamps])
        self.operator.process_batch(ObjectBatch(list(values), stamps), port)
        self.resume()

    def watermark(self, timestamp: int) -> None:
        """Event time has reached ``timestamp`` (ms)."""
        self.operator.process_watermark(timestamp)
        self.resume()

    def snapshot(self, checkpoint_id: int = 1) -> Snapshot:
        """Take a checkpoint of the operator: its functions are asked as in a job.

        The result is picklable; another harness that gets it as ``restored`` goes on from there. What the operator
        emits before the barrier is among the results.

        Args:
            checkpoint_id: its number.

        Raises:
            JobExecutionError: a function failed.
        """
        snapshot = taken(self.operator, self.context, checkpoint_id)
        self.resume()
        return snapshot

    def notify_checkpoint_complete(self, checkpoint_id: int) -> None:
        """The checkpoint is durable: functions are told."""
        self.operator.checkpoint_completed(checkpoint_id)

    def notify_checkpoint_aborted(self, checkpoint_id: int) -> None:
        """The checkpoint will not be: functions are told."""
        self.operator.checkpoint_aborted(checkpoint_id)

    def resume(self) -> None:
        """Have the operator send all that it has left for later."""
        while self.operator.resume():
            pass

    def idle(self, idle: bool = True) -> None:
        """The input has become idle, or active again."""
        self.operator.process_idleness(idle)

    def set_processing_time(self, now: int) -> None:
        """Set the clock (ms), and fire the processing-time timers that are due."""
        self.clock.time = now
        self.operator.advance_processing_time(now)
        self.resume()

    def read_mail(self, timeout: float = 30) -> None:
        """Wait for work elsewhere to come back (results of asynchronous calls), and hand it to the operator.

        Args:
            timeout: seconds.

        Raises:
            WaitTimeoutError: nothing came.
        """
        try:
            mail = self.mails.get(timeout=timeout)
        except Empty:
            raise WaitTimeoutError(f"the operator got no mail within {timeout} s") from None
        mail()

    def finish(self) -> None:
        """All input has ended; waits for what is under way."""
        self.watermark(MAX_WATERMARK)
        self.operator.end_input()
        while not self.operator.drained():
            self.read_mail()
        self.operator.finish()

    def close(self) -> None:
        """Close the operator, and what its state uses."""
        self.operator.close()
        self.context.close()

    def take(self) -> list[Stamped]:
        """The results since the last call, as (value, timestamp)."""
        taken = self.output.results
        self.output.results = []
        return taken

    @property
    def results(self) -> list[Stamped]:
        return self.output.results

    @property
    def values(self) -> list[Any]:
        """The results without their timestamps."""
        return [value for value, _ in self.output.results]

    @property
    def side_outputs(self) -> dict[str, list[Stamped]]:
        return self.output.side

    @property
    def watermarks(self) -> list[int]:
        return self.output.watermarks

    @property
    def counters(self) -> dict[str, int]:
        return self.context.counters

    def __enter__(self) -> OperatorHarness:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
