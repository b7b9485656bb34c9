"""Checkpoints as one task sees them: barriers in, barriers out, and what its operators hold in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from pyflinkx import faults
from pyflinkx.graph.job_graph import JobVertex
from pyflinkx.graph.nodes import StreamNode
from pyflinkx.operators.base import OperatorContext
from pyflinkx.runtime.exchange.channel import Barrier
from pyflinkx.runtime.exchange.gates import GateOutput
from pyflinkx.runtime.sites import site_of
from pyflinkx.runtime.task.accumulators import held
from pyflinkx.runtime.task.barriers import Barriers, Passed
from pyflinkx.runtime.task.inputs import ChannelInput, ReaderInput
from pyflinkx.runtime.task.outputs import OperatorNode
from pyflinkx.runtime.task.slicing import Slicing
from pyflinkx.runtime.task.snapshots import (
    HeldStates,
    held_at_end,
    held_by_operator,
    held_by_reader,
    milliseconds_since,
)

# Elements of a channel that are read before their time at once.
MOST_AHEAD = 64


@dataclass(frozen=True)
class TakenSnapshot:
    """What a task holds at a barrier, to be written while it goes on.

    Args:
        number: of the checkpoint.
        held: by its operators and readers.
        aligned: milliseconds from its first barrier to its last one.
        taken: milliseconds that the task stood still for.
    """

    number: int
    held: Sequence[HeldStates]
    aligned: int
    taken: int

    def discard(self) -> None:
        """Nobody will write it."""
        for states in self.held:
            states.discard()


@dataclass
class UnderWay:
    """A checkpoint that has begun here, and is not complete.

    Args:
        barrier: its own.
        held: by operators and readers, by node.
        missing: nodes of the operators that still wait for what is theirs.
        records: what channels bring before their barriers.
        taken: milliseconds that the task stood still for.
        waited: milliseconds from the first of its barriers to the last one; None before all inputs have it.
    """

    barrier: Barrier
    held: dict[int, HeldStates]
    missing: set[int]
    records: list[tuple[ChannelInput, list[bytes]]]
    taken: int
    waited: int | None = None


class TaskCheckpoints:
    """The checkpoints of one task; called from its thread, between two elements of its inputs.

    Args:
        vertex: of the task.
        inputs: of the task.
        nodes: its operators, by node.
        readers: its sources' readers, by node.
        contexts: of its operators, by node.
        accumulators: of the functions of its operators and readers, by node.
        exchanges: its ways to other tasks.
        send_all: has operators send all that they have left.
        now: the clock (ms).
        give: takes a snapshot and has it written.
        decline: says that the task takes no part in a checkpoint, as a later one has overtaken it.
        patience: how long (ms) an unaligned barrier waits for alignment first.
        wake: has the task make a step; from any thread.

    Attributes:
        slicing: what is to be encoded of the snapshots that have begun, between two steps.
    """

    def __init__(
        self,
        vertex: JobVertex,
        inputs: Sequence[ReaderInput | ChannelInput],
        nodes: Mapping[int, OperatorNode],
        readers: Mapping[int, ReaderInput],
        contexts: Mapping[int, OperatorContext],
        accumulators: Mapping[int, dict[str, Any]],
        exchanges: Sequence[GateOutput],
        send_all: Callable[[], None],
        now: Callable[[], int],
        give: Callable[[TakenSnapshot], None],
        decline: Callable[[int], None],
        patience: int = 0,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.vertex = vertex
        self.nodes = nodes
        self.readers = readers
        self.contexts = contexts
        self.accumulators = accumulators
        self.exchanges = exchanges
        self.send_all = send_all
        self.give = give
        self.decline = decline
        self.barriers = Barriers(inputs, now, patience)
        self.under_way: dict[int, UnderWay] = {}
        self.slicing = Slicing()
        self.wake = wake

    # ---- from the coordinator ----

    def begin(self, barrier: Barrier) -> None:
        """A checkpoint is to begin at this task."""
        self.barriers.tell(barrier)

    @property
    def stays(self) -> bool:
        """Whether somebody here wants to hear of a checkpoint behind the task's last record."""
        operators = any(node.operator.stays for node in self.nodes.values())
        return operators or any(source.reader.stays for source in self.readers.values())

    def give_last(self, barrier: Barrier) -> None:
        """A checkpoint is taken of a task that has sent all that it had: of what those hold who want to hear of it.

        What they hold by key is over, as in Flink.
        """
        started = time.monotonic_ns()
        held = [self._held(node, barrier) for node in self.vertex.nodes]
        self.give(TakenSnapshot(barrier.number, held, 0, milliseconds_since(started)))

    def completed(self, number: int) -> None:
        """A checkpoint is durable."""
        faults.point("task.completed")
        for reader in self.readers.values():
            reader.end_checkpoint(number, completed=True)
        for node in self.nodes.values():
            node.operator.checkpoint_completed(number)

    def aborted(self, number: int) -> None:
        """A checkpoint will not be."""
        faults.point("task.aborted")
        self.barriers.give_up(number)
        for begun in [begun for begun in self.under_way if begun <= number]:
            self._drop(begun)
            if begun < number:
                self.decline(begun)
        self._decline_left_out()
        self.slicing.give_up(number)
        for reader in self.readers.values():
            reader.end_checkpoint(number, completed=False)
        for node in self.nodes.values():
            node.operator.checkpoint_aborted(number)

    def close(self) -> None:
        """The task ends early: nobody writes what has begun."""
        for begun in list(self.under_way):
            self._drop(begun)

    # ---- from the task ----

    @property
    def wanted(self) -> bool:
        """Whether the coordinator has said something that can be seen to now."""
        return bool(self.barriers.told) and not any(
            reader.ending and not reader.ended for reader in self.readers.values()
        )

    def see_to_told(self) -> bool:
        """See to what the coordinator has said, and to barriers that are waited for; whether there was a word."""
        wanted = self.wanted
        if wanted:
            self._take(self.barriers.take_told())
        if self.barriers.aligning is not None:
            self._take(self.barriers.run_out())
            self.read_ahead()
        return wanted

    def after(self, source: ReaderInput | ChannelInput) -> None:
        """An input has had its step."""
        if source.ended:
            self._take(self.barriers.end(source))
        elif isinstance(source, ChannelInput) and source.barrier is not None:
            self._take(self.barriers.arrived(source))

    def wake_time(self) -> int | None:
        """When (ms) ``see_to_told`` has something to do; None for never."""
        return self.barriers.wake_time()

    def read_ahead(self) -> None:
        """Look for the barriers of channels behind what the task has not come to yet."""
        if self.under_way:
            for source in self.barriers.recorded():
                if source.barrier is None:
                    source.barrier = source.read_ahead(MOST_AHEAD)
                if source.barrier is not None:
                    self._take(self.barriers.arrived(source))

    def _take(self, passed: Passed | None) -> None:
        self._decline_left_out()
        if passed is None or (all(self.barriers.ended) and not any(node.live for node in self.nodes.values())):
            return
        if passed.begins:
            self._begin(passed.barrier)
        begun = self.under_way.get(passed.barrier.number)
        if passed.complete and begun is not None:
            begun.waited = passed.waited
            self._give_if_complete(begun)

    def _decline_left_out(self) -> None:
        for number in self.barriers.take_left_out():
            if number in self.under_way:
                self._drop(number)
            self.decline(number)

    def _begin(self, barrier: Barrier) -> None:
        """Pass a barrier on, and take what the operators hold; what channels still bring before theirs is recorded."""
        faults.point("task.barrier-ready")
        self.send_all()
        started = time.monotonic_ns()
        for node in self.vertex.nodes:
            if node.id in self.nodes and self.nodes[node.id].live:
                self.nodes[node.id].operator.prepare_barrier(barrier.number)
                self.send_all()
        for exchange in self.exchanges:
            exchange.emit_barrier(barrier)
        faults.point("task.barrier-sent")
        missing = {node for node in self.nodes if self._completes_later(node, barrier.number)}
        held = {node.id: self._held(node, barrier) for node in self.vertex.nodes if node.id not in missing}
        faults.point("task.exported")
        records = [(source, source.begin_record()) for source in self.barriers.recorded()]
        self.under_way[barrier.number] = UnderWay(barrier, held, missing, records, milliseconds_since(started))

    def _give_if_complete(self, begun: UnderWay) -> None:
        if begun.waited is None or begun.missing:
            return
        del self.under_way[begun.barrier.number]
        for source, record in begun.records:
            source.record = None
            if record:
                begun.held[source.node].channels.setdefault(source.place, []).extend(record)
        self.give(TakenSnapshot(begun.barrier.number, list(begun.held.values()), begun.waited, begun.taken))

    def _drop(self, number: int) -> None:
        """A checkpoint that has begun will not be."""
        dropped = self.under_way.pop(number)
        for source, _ in dropped.records:
            source.record = None
        for states in dropped.held.values():
            states.discard()

    def _completes_later(self, node: int, number: int) -> bool:
        running = self.nodes[node]
        return running.live and running.operator.completes_later(number, partial(self._complete, number, node))

    def _complete(self, number: int, node: int) -> None:
        """An operator has all that belongs to a checkpoint."""
        begun = self.under_way.get(number)
        if begun is not None:
            begun.held[node] = self._held(next(one for one in self.vertex.nodes if one.id == node), begun.barrier)
            begun.missing.discard(node)
            self._give_if_complete(begun)

    def _held(self, node: StreamNode, barrier: Barrier) -> HeldStates:
        states = self._held_itself(node, barrier)
        states.batches = chain(states.batches, held(site_of(node), self.accumulators[node.id]))
        if states.sliced is not None:
            self.slicing.begin(barrier.number, states.sliced)
        return states

    def _held_itself(self, node: StreamNode, barrier: Barrier) -> HeldStates:
        number = barrier.number
        if node.id in self.readers:
            source = self.readers[node.id]
            if source.ended:
                if source.reader.stays:
                    source.snapshot(number)  # it may remember what it is told of later; there is nothing left to read
                return HeldStates(node.uid, finished=True)
            return held_by_reader(node.uid, source.snapshot(number))
        running = self.nodes.get(node.id)
        if running is not None and running.live:
            context = self.contexts[node.id]
            return held_by_operator(running.operator, context, number, barrier.by_files, self.wake)
        if running is not None and running.operator.stays:
            return held_at_end(running.operator, self.contexts[node.id], number)
        return HeldStates(node.uid, finished=True)
