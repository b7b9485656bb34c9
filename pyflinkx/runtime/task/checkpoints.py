"""Checkpoints as one task sees them: barriers in, barriers out, and what its operators hold in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

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
from pyflinkx.runtime.task.snapshots import HeldStates, held_by_operator, held_by_reader, milliseconds_since

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


@dataclass(frozen=True)
class UnderWay:
    """A checkpoint that has begun here, and whose barrier not all inputs have.

    Args:
        number: of the checkpoint.
        held: by operators and readers, by node.
        records: what channels bring before their barriers.
        taken: milliseconds that the task stood still for.
        missing: nodes of the operators that do not have all that belongs to it yet.
    """

    number: int
    held: dict[int, HeldStates]
    records: list[tuple[ChannelInput, list[bytes]]]
    taken: int
    missing: set[int]

    def discard(self) -> None:
        """Nobody will write it."""
        for source, _ in self.records:
            source.record = None
        for states in self.held.values():
            states.discard()


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
        patience: how long (ms) an unaligned barrier waits for alignment first.
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
        patience: int = 0,
    ) -> None:
        self.vertex = vertex
        self.nodes = nodes
        self.readers = readers
        self.contexts = contexts
        self.accumulators = accumulators
        self.exchanges = exchanges
        self.send_all = send_all
        self.give = give
        self.barriers = Barriers(inputs, now, patience)
        self.under_way: UnderWay | None = None
        self.incomplete: dict[int, tuple[UnderWay, int]] = {}

    # ---- from the coordinator ----

    def begin(self, barrier: Barrier) -> None:
        """A checkpoint is to begin at this task."""
        self.barriers.tell(barrier)

    def completed(self, number: int) -> None:
        """A checkpoint is durable."""
        for reader in self.readers.values():
            reader.end_checkpoint(number, completed=True)
        for node in self.nodes.values():
            node.operator.checkpoint_completed(number)

    def aborted(self, number: int) -> None:
        """A checkpoint will not be."""
        self.barriers.give_up(number)
        if self.under_way is not None and self.under_way.number <= number:
            self._drop()
        incomplete = self.incomplete.pop(number, None)
        if incomplete is not None:
            incomplete[0].discard()
        for reader in self.readers.values():
            reader.end_checkpoint(number, completed=False)
        for node in self.nodes.values():
            node.operator.checkpoint_aborted(number)

    # ---- from the task ----

    @property
    def wanted(self) -> bool:
        """Whether the coordinator has said something that can be seen to now."""
        return bool(self.barriers.told) and not any(
            reader.ending and not reader.ended for reader in self.readers.values()
        )

    def see_to_told(self) -> None:
        """See to what the coordinator has said."""
        self._take(self.barriers.take_told())

    def after(self, source: ReaderInput | ChannelInput) -> None:
        """An input has had its step."""
        if source.ended:
            self._take(self.barriers.end(source))
        elif isinstance(source, ChannelInput) and source.barrier is not None:
            self._take(self.barriers.arrived(source))

    def wake_time(self) -> int | None:
        """When (ms) ``look`` has something to do; None for never."""
        return self.barriers.wake_time()

    @property
    def busy(self) -> bool:
        """Whether a barrier is being waited for."""
        return self.barriers.aligning is not None

    def look(self) -> None:
        """A barrier may have waited long enough for alignment, or wait behind what the task has not come to yet."""
        self._take(self.barriers.run_out())
        self.read_ahead()

    def read_ahead(self) -> None:
        """Look for the barriers of channels behind what the task has not come to yet."""
        if self.under_way is not None:
            for source in self.barriers.recorded():
                if source.barrier is None:
                    source.barrier = source.read_ahead(MOST_AHEAD)
                if source.barrier is not None:
                    self._take(self.barriers.arrived(source))

    def _take(self, passed: Passed | None) -> None:
        if passed is None or (all(self.barriers.ended) and not any(node.live for node in self.nodes.values())):
            return
        if passed.begins:
            self._begin(passed.barrier)
        if passed.complete and self.under_way is not None:
            done, self.under_way = self.under_way, None
            for source, record in done.records:
                source.record = None
                if record:
                    done.held[source.node].channels[source.place] = record
            if done.missing:
                self.incomplete[done.number] = done, passed.waited
            else:
                self._give(done, passed.waited)

    def _give(self, done: UnderWay, waited: int) -> None:
        self.give(TakenSnapshot(done.number, list(done.held.values()), waited, done.taken))

    def _drop(self) -> None:
        """The checkpoint that has begun will not be."""
        dropped, self.under_way = self.under_way, None
        if dropped is not None:
            dropped.discard()

    def _begin(self, barrier: Barrier) -> None:
        """Pass a barrier on, and take what the operators hold; what channels still bring before theirs is recorded."""
        self._drop()
        self.send_all()
        started = time.monotonic_ns()
        for node in self.vertex.nodes:
            if node.id in self.nodes and self.nodes[node.id].live:
                self.nodes[node.id].operator.prepare_barrier(barrier.number)
                self.send_all()
        for exchange in self.exchanges:
            exchange.emit_barrier(barrier)
        missing = {node for node in self.nodes if self._completes_later(node, barrier.number)}
        held = {
            node.id: HeldStates(node.uid) if node.id in missing else self._held(node, barrier.number)
            for node in self.vertex.nodes
        }
        records = [(source, source.begin_record()) for source in self.barriers.recorded()]
        self.under_way = UnderWay(barrier.number, held, records, milliseconds_since(started), missing)

    def _completes_later(self, node: int, number: int) -> bool:
        running = self.nodes[node]
        return running.live and running.operator.completes_later(number, partial(self._complete, number, node))

    def _complete(self, number: int, node: int) -> None:
        """An operator has all that belongs to a checkpoint."""
        incomplete = self.incomplete.get(number)
        if incomplete is not None:
            found = incomplete[0]
        elif self.under_way is not None and self.under_way.number == number:
            found = self.under_way
        else:
            return
        states = self._held(next(one for one in self.vertex.nodes if one.id == node), number)
        states.channels.update(found.held[node].channels)
        found.held[node] = states
        found.missing.discard(node)
        if incomplete is not None and not found.missing:
            del self.incomplete[number]
            self._give(*incomplete)

    def _held(self, node: StreamNode, number: int) -> HeldStates:
        states = self._held_itself(node, number)
        states.batches += held(site_of(node), self.accumulators[node.id])
        return states

    def _held_itself(self, node: StreamNode, number: int) -> HeldStates:
        if node.id in self.readers:
            source = self.readers[node.id]
            if source.ended:
                return HeldStates(node.uid, finished=True)
            return held_by_reader(node.uid, source.snapshot(number))
        running = self.nodes[node.id]
        if not running.live:
            return HeldStates(node.uid, finished=True)
        return held_by_operator(running.operator, self.contexts[node.id], number)
