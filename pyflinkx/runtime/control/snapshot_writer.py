"""Writes the snapshots of tasks, and tells the coordinator of checkpoints what became of them."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from pyflinkx import faults
from pyflinkx._core.calls.records import told
from pyflinkx.checkpoint.metadata import TaskSnapshot
from pyflinkx.checkpoint.storage import CheckpointStorage
from pyflinkx.graph.execution_graph import TaskId
from pyflinkx.runtime.control.messages import CheckpointDeclined, CheckpointOver, CheckpointTaken, TriggerCheckpoint
from pyflinkx.runtime.task.checkpoints import TakenSnapshot
from pyflinkx.runtime.task.snapshots import milliseconds_since, write_states
from pyflinkx.runtime.task.task import Task
from pyflinkx.state.slices import GivenUpError

log = logging.getLogger("pyflinkx.runtime")


class Announced:
    """The checkpoints that the coordinator has told this process of: a barrier may come sooner than its word."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._known: dict[int, TriggerCheckpoint] = {}
        self._over = 0

    def begin(self, trigger: TriggerCheckpoint) -> None:
        """One has begun."""
        with self._changed:
            self._known[trigger.number] = trigger
            self._changed.notify_all()

    def end(self, number: int) -> None:
        """One is complete or given up."""
        with self._changed:
            self._known.pop(number, None)
            self._over = max(self._over, number)
            self._changed.notify_all()

    def wait(self, number: int, patience: float | None) -> TriggerCheckpoint | None:
        """What was said of a checkpoint; None when it is over, or nothing was said for so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: number in self._known or number <= self._over, patience)
            return self._known.get(number)


def write_snapshot(
    storage: CheckpointStorage, trigger: TriggerCheckpoint, task: TaskId, taken: TakenSnapshot
) -> CheckpointTaken | CheckpointDeclined:
    """Write what a task holds; what the coordinator is to be told."""
    started = time.monotonic_ns()
    name = f"{task.vertex}-{task.subtask}-{task.attempt}"
    try:
        storage.use_secret(trigger.secret)
        faults.point("snapshot.begun")
        writer = storage.writer(trigger.number, name, trigger.folder)
        operators = write_states(writer, taken.held, trigger.number, trigger.bases)
        faults.point("snapshot.written")  # and the coordinator was not told
    except GivenUpError as error:
        taken.discard()
        return CheckpointDeclined(task, trigger.number, told(error))
    except Exception as error:
        taken.discard()
        # The coordinator says why a checkpoint fails. Of one that is over, whose files are gone, nobody need hear.
        log.debug("checkpoint %d: the states of a task cannot be written", trigger.number, exc_info=error)
        return CheckpointDeclined(task, trigger.number, told(error))
    snapshot = TaskSnapshot(
        operators, taken.taken, milliseconds_since(started), taken.aligned, writer.size, writer.size - writer.named
    )
    return CheckpointTaken(task, trigger.number, snapshot)


def begin_checkpoint(trigger: TriggerCheckpoint, task: Task) -> None:
    """The mail by which a checkpoint begins at a task."""
    if task.checkpoints is not None:
        if task.id in trigger.staying:
            task.checkpoints.give_last(trigger.barrier)
        else:
            task.checkpoints.begin(trigger.barrier)


def end_checkpoint(over: CheckpointOver, task: Task) -> None:
    """The mail by which a task learns that a checkpoint is over."""
    if task.checkpoints is not None:
        if over.completed:
            task.checkpoints.completed(over.number)
        else:
            task.checkpoints.aborted(over.number)


class SnapshotThread:
    """Writes the snapshots of a worker's tasks one after the other, in a thread of its own.

    Args:
        storage: where they go.
        announced: the checkpoints that the coordinator has told of.
        send: takes what the coordinator is to be told.
        name: of the thread.
    """

    def __init__(
        self, storage: CheckpointStorage, announced: Announced, send: Callable[[Any], None], name: str
    ) -> None:
        self.storage = storage
        self.announced = announced
        self.send = send
        self.waiting: queue.SimpleQueue[tuple[TaskId, TakenSnapshot] | None] = queue.SimpleQueue()
        self.left = 0  # snapshots that are still to be written
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def write(self, task: TaskId, taken: TakenSnapshot) -> None:
        """Have a snapshot written; from any thread."""
        with self.changed:
            self.left += 1
        self.waiting.put((task, taken))

    def drain(self) -> None:
        """Wait until all that was given before is written and told; from any thread but its own."""
        with self.changed:
            self.changed.wait_for(lambda: self.left == 0)

    def close(self) -> None:
        """Wait for the thread, which ends before it begins on anything more."""
        self.announced.end(2**62)
        self.waiting.put(None)
        self.thread.join()

    def _run(self) -> None:
        while (item := self.waiting.get()) is not None:
            task, taken = item
            del item
            trigger = self.announced.wait(taken.number, None)
            if trigger is not None:
                try:
                    self.send(write_snapshot(self.storage, trigger, task, taken))
                except Exception:  # nobody listens any more: the worker's main thread sees it too
                    log.debug("checkpoint %d: nobody listens", taken.number, exc_info=True)
            taken.discard()
            del taken
            with self.changed:
                self.left -= 1
                self.changed.notify_all()
