"""Tasks of a simulated job: readers, what counts by key, and sinks with transactions."""

from __future__ import annotations

import copy
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from pyflinkx.checkpoint.metadata import StatePart
from pyflinkx.checkpoint.topology import Task, Vertices
from pyflinkx.runtime.task.valves import BarrierValve

END = ("end",)
SOURCE, COUNT, SINK = 0, 1, 2


@dataclass
class Snapshot:
    """What a task has still to write for a checkpoint."""

    number: int
    state: Any
    last: bool = False  # of a task that stays


@dataclass
class SimulatedTask:
    """One task of one attempt.

    Inputs are its channels, then the trigger, which is an input that has ended until one comes.

    Args:
        task: vertex and subtask.
        attempt: its attempt.
        job: all vertices.
        records: how many a reader has.
        channels: all channels of the attempt, by producer and consumer.
        state: what it begins with.
        stays: whether it wants to hear of a checkpoint behind its end.
    """

    task: Task
    attempt: int
    job: Vertices
    records: int
    channels: dict[tuple[Task, Task], deque]
    state: Any
    stays: bool = False
    inputs: list[Task] = field(init=False)
    outputs: list[Task] = field(init=False)
    valve: BarrierValve = field(init=False)
    ended: set[int] = field(default_factory=set)
    triggers: deque = field(default_factory=deque)
    aborted: set[int] = field(default_factory=set)
    passed: set[int] = field(default_factory=set)
    left_out: set[int] = field(default_factory=set)
    declined: list[int] = field(default_factory=list)
    last: int = 0  # the last barrier that it passed
    snapshots: deque[Snapshot] = field(default_factory=deque)
    prepared: list = field(default_factory=list)
    bases: dict[int, tuple[tuple[StatePart, ...], dict]] = field(default_factory=dict)  # of durable checkpoints
    taken: dict[int, tuple[tuple[StatePart, ...], dict]] = field(default_factory=dict)
    done: bool = False
    said: str = ""  # of its end
    given_last: set[int] = field(default_factory=set)  # checkpoints that have what it held at its end
    heard: bool = False  # of one of them
    released: bool = False

    def __post_init__(self) -> None:
        self.inputs = sorted(self.job.feeders(self.task))
        self.outputs = [task for task in self.job.tasks if self.task in self.job.feeders(task)]
        self.valve = BarrierValve(len(self.inputs) + 1)
        if self.inputs:
            self.valve.end(len(self.inputs))
        if self.state is None:
            self.state = {SOURCE: 0, COUNT: {}, SINK: []}[self.task[0]]

    # ---- what it can do next ----

    def moves(self) -> list[Any]:
        if self.done:
            return []
        trigger = len(self.inputs)
        mail = ["mail"] if self.triggers and not self.valve.blocked(trigger) else []
        if not self.inputs:
            return [*mail, "read"]
        open_inputs = [
            index
            for index, source in enumerate(self.inputs)
            if self.channels[source, self.task] and not self.valve.blocked(index)
        ]
        over = len(self.ended) == len(self.inputs) and not self.triggers
        return [*mail, *open_inputs, *(["finish"] if over else [])]

    def step(self, move: Any) -> None:
        if move == "mail":
            self._triggered(self.triggers.popleft())
        elif move == "read":
            if self.state == self.records:
                self._finish()
            else:
                self._emit((self.task[1], self.state))
                self.state += 1
        elif move == "finish":
            self._finish()
        else:
            self._take(move, self.channels[self.inputs[move], self.task].popleft())

    def abort(self, number: int) -> None:
        """The client says that a checkpoint will not be."""
        self.aborted.add(number)
        if self.valve.number == number:
            self.valve.give_up(number)

    def give_last(self, number: int) -> None:
        """It stays, and the client wants what it holds at its end."""
        if number not in self.aborted:
            assert self.done
            assert self.stays
            self.given_last.add(number)
            self.snapshots.append(Snapshot(number, copy.copy(self.state), last=True))

    def end_word(self) -> str:
        """What it has to say of its end."""
        if not self.done or self.snapshots:
            return ""
        return "stays" if self.stays and not self.released else "finished"

    def completed(self, number: int) -> None:
        """The client says that a checkpoint is durable: later ones may name its files."""
        self.heard = self.heard or number in self.given_last
        if number in self.taken:
            self.bases[number] = self.taken[number]
        self.taken = {taken: what for taken, what in self.taken.items() if taken > number}

    # ---- what happens then ----

    def _triggered(self, number: int) -> None:
        if number in self.aborted:
            return
        trigger = len(self.inputs)
        # Where all that sends to it has finished, what they sent may still be in the channels: it comes before the
        # barrier. Without a trigger, that input has ended.
        self.valve.ended[trigger] = False
        self._barrier(trigger, number)
        self.valve.ended[trigger] = bool(self.inputs)

    def _take(self, index: int, item: tuple) -> None:
        if item is END:
            self.ended.add(index)
            self._passed(self.valve.end(index))
        elif item[0] == "barrier":
            self._barrier(index, item[1])
        elif self.task[0] == COUNT:
            source, record = item
            self.state[source] = self.state.get(source, 0) + 1
            self._emit((source, record, self.state[source]))
        else:
            self.state.append(item)

    def _barrier(self, index: int, number: int) -> None:
        if number in self.aborted or number in self.left_out:
            return
        under_way = self.valve.number
        if under_way is not None and number > under_way:
            self._leave_out(under_way)
        elif number <= self.valve.over or (under_way is not None and number < under_way):
            if number not in self.passed:
                self._leave_out(number)
            return
        self._passed(self.valve.barrier(index, number))

    def _leave_out(self, number: int) -> None:
        """What is given up for a later one is declined: the end of a task that said nothing counts as its barrier."""
        self.left_out.add(number)
        self.declined.append(number)

    def _emit(self, record: tuple) -> None:
        target = self.outputs[sum(record) % len(self.outputs)]
        self.channels[self.task, target].append(record)

    def _send_all(self, item: tuple) -> None:
        for target in self.outputs:
            self.channels[self.task, target].append(item)

    def _passed(self, number: int | None) -> None:
        if number is None:
            return
        self.last = number
        self.passed.add(number)
        if self.task[0] == SINK:
            self._prepare(number)
        self._send_all(("barrier", number))
        self.snapshots.append(Snapshot(number, copy.copy(self.state)))

    def _prepare(self, number: int) -> None:
        if self.state:
            self.prepared.append((self.state, number))
            self.state = []

    def _finish(self) -> None:
        if self.task[0] == SINK:
            self._prepare(self.last + 1)
        self._send_all(END)
        self.done = True
