"""Sources as functions that run in a thread of their own and push records; Flink's SourceFunction."""

from __future__ import annotations

import inspect
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from pyflinkx._core.records.copier import Copier
from pyflinkx.connectors.record_reader import ElementBuffer, ReadAhead
from pyflinkx.connectors.source import (
    END,
    WAIT,
    Boundedness,
    ReaderContext,
    Source,
    SourceIdleness,
    SourceReader,
    SourceWatermark,
)
from pyflinkx.errors import JobExecutionError, WrongStateError

# Records that wait to be taken by the task; a source that is ahead by more waits.
HAND_OVER_RECORDS = 1024
# How long (s) a cancelled function may take to return.
CANCEL_PATIENCE = 30.0


class SourceCancelled(BaseException):
    """Ends a function that goes on collecting after its cancellation; no ``except Exception`` swallows it."""


class CheckpointLock:
    """Held by a source function while what it has emitted and what it says of itself may differ; can be nested.

    Args:
        room: where the function waits for room, which gives up the lock for so long.
    """

    def __init__(self, room: threading.Condition) -> None:
        self._room = room
        self._depth = 0
        self._waiting = 0  # threads that gave the lock up to wait for room
        self._snapshot = False

    def acquire(self) -> bool:
        """Take the lock; waits for it, and for a snapshot that is due."""
        self._room.acquire()
        if not self._depth:
            self._room.wait_for(lambda: not self._snapshot)
        self._depth += 1
        return True

    def release(self) -> None:
        """Let go of the lock."""
        self._depth -= 1
        if not self._depth:
            self._room.notify_all()  # a snapshot may wait for this
        self._room.release()

    def __enter__(self) -> CheckpointLock:
        self.acquire()
        return self

    def __exit__(self, *details: Any) -> None:
        self.release()

    def _wait_for_room(self, is_full: Callable[[], bool]) -> None:
        """Give the lock up while there is no room; who held it has room while a snapshot is due."""
        while is_full() and not (self._snapshot and self._depth):
            depth, self._depth = self._depth, 0
            self._waiting += depth > 0
            try:
                self._room.wait()
            finally:
                self._depth = depth
                self._waiting -= depth > 0

    @contextmanager
    def _at_rest(self) -> Iterator[None]:
        """While nobody holds the lock. A function that waits for room while it does goes on first, until it lets go."""
        with self._room:
            self._snapshot = True
            self._room.notify_all()
            try:
                self._room.wait_for(lambda: not self._waiting)
                yield
            finally:
                self._snapshot = False
                self._room.notify_all()


class SourceContext:
    """What a source function emits by; also from several threads of the function's.

    Args:
        wake: has the task look for what was emitted.
        now: the job's processing time (ms).
        copier: keeps records as they were when they were emitted; None where the function leaves them alone.
    """

    def __init__(self, wake: Any, now: Any, copier: Copier | None = None) -> None:
        self._copier = copier
        self._wake = wake
        self._now = now
        self._lock = threading.RLock()
        self._room = threading.Condition(self._lock)
        self._held = CheckpointLock(self._room)
        self._buffer = ElementBuffer()
        self._idle = False
        self._closed = False
        self._waiting = False

    def collect(self, element: Any) -> None:
        """Emit a record without a timestamp; waits while the task is behind."""
        self._put(element, None)

    def collect_with_timestamp(self, element: Any, timestamp: int) -> None:
        """Emit a record.

        Args:
            element: the record.
            timestamp: its event time, in milliseconds since the epoch.
        """
        if not isinstance(timestamp, int) or isinstance(timestamp, bool):
            raise TypeError(f"a timestamp is an int of milliseconds, not {timestamp!r}")
        self._put(element, timestamp)

    def emit_watermark(self, mark: int) -> None:
        """Say that no record at or before this event time (ms) follows."""
        if not isinstance(mark, int) or isinstance(mark, bool):
            raise TypeError(f"a watermark is an int of milliseconds, not {mark!r}")
        with self._room:
            self._enter()
            self._buffer.add_element(SourceWatermark(mark))
            self._signal()

    def mark_as_temporarily_idle(self) -> None:
        """Say that event time goes on without this source until it emits again."""
        with self._room:
            if not self._idle:
                self._check_open()
                self._idle = True
                self._buffer.add_element(SourceIdleness(True))
                self._signal()

    def get_checkpoint_lock(self) -> CheckpointLock:
        """While it is held, nothing else emits and no snapshot is taken.

        A function that can go on from a checkpoint emits a record and notes where it is under this lock, so that both
        are in a snapshot or neither; so does one that emits from several threads.
        """
        return self._held

    def current_processing_time(self) -> int:
        """The job's clock, in milliseconds since the epoch."""
        return int(self._now())

    def _put(self, element: Any, timestamp: int | None) -> None:
        if self._copier is not None:
            element = self._copier.copy(element)
        with self._room:
            if self._buffer.records >= HAND_OVER_RECORDS:
                self._held._wait_for_room(lambda: self._buffer.records >= HAND_OVER_RECORDS and not self._closed)
            self._enter()
            self._buffer.add(element, timestamp)
            self._signal()

    def _enter(self) -> None:
        self._check_open()
        if self._idle:
            self._idle = False
            self._buffer.add_element(SourceIdleness(False))

    def _check_open(self) -> None:
        if self._closed:
            raise SourceCancelled("the source was cancelled")

    def _signal(self) -> None:
        if self._waiting:
            self._waiting = False
            self._wake()

    def _take(self, limit: int) -> Any:
        """What was emitted next, or None; then the next emission wakes the task."""
        with self._room:
            element = self._buffer.take(limit)
            if element is None:
                self._waiting = True
            elif self._buffer.records < HAND_OVER_RECORDS:
                self._room.notify_all()
            return element

    def _snapshot(self, state_of: Callable[[], Any]) -> tuple[Any, list[ReadAhead]]:
        """What ``state_of`` says when nobody holds the checkpoint lock, and what was emitted and not taken by then."""
        with self._held._at_rest():
            return state_of(), self._buffer.left()

    def _close(self) -> None:
        with self._room:
            self._closed = True
            self._room.notify_all()


class SourceFunction(ABC):
    """Emits records from a method that runs until it is done or cancelled; one subtask runs it.

    A function that can go on where another one was has two more methods, called while nobody holds
    ``ctx.get_checkpoint_lock()``: those of ListCheckpointed or of CheckpointedFunction. The former's
    ``snapshot_state(checkpoint_id, timestamp) -> list``, or without arguments, says where it is, in parts that may be
    dealt out to several subtasks, and ``restore_state(state: list)`` gets some parts of one or several such lists
    before ``run``. The latter's states are dealt out as wholes: a list state has those of one or several subtasks.

    Example:
        >>> class Count(SourceFunction):
        ...     def __init__(self, end):
        ...         self.end, self.running = end, True
        ...     def run(self, ctx):
        ...         for number in range(self.end):
        ...             if not self.running:
        ...                 return
        ...             ctx.collect(number)
        ...     def cancel(self):
        ...         self.running = False
    """

    states_in_splits = True  # its reader asks for its states, not the task

    @abstractmethod
    def run(self, ctx: SourceContext) -> None:
        """Emit records by ``ctx``; the stream ends when this returns. Runs in a thread of its own."""

    @abstractmethod
    def cancel(self) -> None:
        """Have ``run`` return soon; called from another thread. Emitting fails from then on."""


class ParallelSourceFunction(SourceFunction):
    """A source function of which each subtask runs one."""


class RichSourceFunction(SourceFunction):
    """A source function that is opened and closed, and knows the task that it runs in."""

    _runtime_context: Any = None

    def open(self, runtime_context: Any) -> None:
        """Prepare; called before ``run``, in the task's thread."""

    def close(self) -> None:
        """Release what ``open`` acquired; also called after a failure."""

    def get_runtime_context(self) -> Any:
        """The RuntimeContext of the task.

        Raises:
            WrongStateError: the function does not run yet.
        """
        if self._runtime_context is None:
            raise WrongStateError("the runtime context is there from open() on")
        return self._runtime_context

    def set_runtime_context(self, runtime_context: Any) -> None:
        """Called by the task before ``open``."""
        self._runtime_context = runtime_context


class RichParallelSourceFunction(RichSourceFunction, ParallelSourceFunction):
    """A rich source function of which each subtask runs one."""


@dataclass(frozen=True)
class FunctionStart:
    """The split of a function that is to run from its start."""


@dataclass(frozen=True)
class FunctionPart:
    """A part of where a function was."""

    state: Any


class FunctionSource(Source):
    """Runs a source function in a thread of each subtask.

    Args:
        function: the user's; every subtask has a copy of its own.
        output_type: type of its records, if known.
    """

    boundedness = Boundedness.CONTINUOUS_UNBOUNDED

    def __init__(self, function: SourceFunction, output_type: Any = None) -> None:
        self.function = function
        self.output_type = output_type
        self.parallelism = None if isinstance(function, ParallelSourceFunction) else 1

    def __repr__(self) -> str:
        return f"FunctionSource({self.function!r})"

    def splits(self, parallelism: int) -> list[FunctionStart]:
        return [FunctionStart()] * parallelism

    def create_reader(self, context: ReaderContext) -> FunctionReader:
        return FunctionReader(context.own(self.function), context)


class FunctionReader(SourceReader):
    """Takes what a source function emits.

    Args:
        function: the user's.
        context: of the task.
    """

    outside = True

    def __init__(self, function: SourceFunction, context: ReaderContext) -> None:
        self.function = function
        self.context = SourceContext(context.wake, context.clock.now, context.copier)
        self.functions = (function,) if isinstance(function, RichSourceFunction) else ()
        self.wake = context.wake
        self.failure: BaseException | None = None
        self.returned = False
        self.thread: threading.Thread | None = None
        self.waiting: list[Any] = []
        self.runtime_context = context.runtime_context
        self.states: Any = None

    @property
    def unreplayable(self) -> str | None:  # type: ignore[override]
        """Why records cannot be read again: the function says so, or does not say where it is."""
        name = type(self.function).__name__
        said: str | None = getattr(self.function, "unreplayable", None)
        if said is not None or self._has("initialize_state") or self._has("restore_state"):
            return said
        return f"{name} has no snapshot_state() and restore_state(), which say and take where it is"

    @property
    def stays(self) -> bool:  # type: ignore[override]
        """Whether the function wants to hear of checkpoints."""
        return hasattr(self.function, "notify_checkpoint_complete")

    def add_splits(self, splits: list[Any]) -> None:
        for split in splits:
            if isinstance(split, ReadAhead):
                self.context._buffer.put_back(split)
            else:
                self.waiting.append(split)

    def snapshot_state(self, checkpoint_id: int) -> list[Any]:
        parts, ahead = self.context._snapshot(partial(self._parts, checkpoint_id))
        return [*ahead, *parts]

    def notify_checkpoint_complete(self, checkpoint_id: int) -> None:
        self._tell("notify_checkpoint_complete", checkpoint_id)

    def notify_checkpoint_aborted(self, checkpoint_id: int) -> None:
        self._tell("notify_checkpoint_aborted", checkpoint_id)

    def _tell(self, method: str, checkpoint_id: int) -> None:
        """Have the function told, while nobody holds the checkpoint lock, where it wants to know."""
        call = getattr(self.function, method, None)
        if call is not None:
            with self.context._held._at_rest():
                call(checkpoint_id)

    def _has(self, method: str) -> bool:
        """Whether the function keeps what it is in, in the way that has this method."""
        return hasattr(self.function, "snapshot_state") and hasattr(self.function, method)

    def _parts(self, checkpoint_id: int) -> list[Any]:
        if self.thread is None:
            return self.waiting
        if self.returned and self.failure is None:
            return []
        if self.unreplayable is not None:
            return [FunctionStart()]
        if self.states is not None:
            return [self.states.snapshot(checkpoint_id)]
        snapshot_state = self.function.snapshot_state  # type: ignore[attr-defined]
        arguments = (checkpoint_id, self.context.current_processing_time()) if takes_two(snapshot_state) else ()
        return [FunctionPart(state) for state in snapshot_state(*arguments)]

    def poll(self, limit: int) -> Any:
        if self.thread is None:
            if not self.waiting:
                element = self.context._take(limit)
                return END if element is None else element
            self._start()
        # Looked up before the buffer: what was emitted before the function returned is in there by now.
        returned = self.returned
        element = self.context._take(limit)
        if element is not None:
            return element
        if not returned:
            return WAIT
        if self.failure is not None:
            raise self.failure
        return END

    def _start(self) -> None:
        parts = [split.state for split in self.waiting if isinstance(split, FunctionPart)]
        if self._has("initialize_state"):
            self.states = self.runtime_context.states_of_source(self.function)
            self.states.initialize([split for split in self.waiting if hasattr(split, "batches")])
        elif parts:
            self.function.restore_state(parts)  # type: ignore[attr-defined]
        name = threading.current_thread().name
        self.thread = threading.Thread(target=self._run, name=f"source of {name}", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.function.run(self.context)
        except SourceCancelled:
            pass
        except BaseException as error:
            self.failure = error
        self.returned = True
        self.wake()

    def close(self) -> None:
        if self.thread is not None:
            self._stop(self.thread)

    def _stop(self, thread: threading.Thread) -> None:
        if not self.returned:
            try:
                self.function.cancel()
            finally:
                self.context._close()
        thread.join(CANCEL_PATIENCE)
        if thread.is_alive():
            raise JobExecutionError(
                f"{type(self.function).__name__}.run() did not return within {CANCEL_PATIENCE:g} s after cancel()"
            )


def takes_two(method: Any) -> bool:
    """Whether a method can be called with two arguments."""
    try:
        inspect.signature(method).bind(None, None)
    except TypeError:
        return False
    return True
