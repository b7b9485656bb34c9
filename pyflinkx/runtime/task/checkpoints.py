"""Checkpoints as one task sees them: barriers in, barriers out, and what its operators hold in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyflinkx import faults
from pyflinkx.graph.job_graph import JobVertex
from pyflinkx.operators.base import OperatorContext
from pyflinkx.runtime.exchange.channel import Barrier
from pyflinkx.runtime.exchange.gates import GateOutput
from pyflinkx.runtime.task.barriers import Aligned, Barriers
from pyflinkx.runtime.task.inputs import ChannelInput, ReaderInput
from pyflinkx.runtime.task.outputs import OperatorNode
from pyflinkx.runtime.task.snapshots import HeldStates, held_by_operator, held_by_reader, milliseconds_since


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


class TaskCheckpoints:
    """The checkpoints of one task; called from its thread, between two elements of its inputs.

    Args:
        vertex: of the task.
        inputs: of the task.
        nodes: its operators, by node.
        readers: its sources' readers, by node.
        contexts: of its operators, by node.
        exchanges: its ways to other tasks.
        send_all: has operators send all that they have left.
        now: the clock (ms).
        give: takes a snapshot and has it written.
    """

    def __init__(
        self,
        vertex: JobVertex,
        inputs: Sequence[ReaderInput | ChannelInput],
        nodes: Mapping[int, OperatorNode],
        readers: Mapping[int, ReaderInput],
        contexts: Mapping[int, OperatorContext],
        exchanges: Sequence[GateOutput],
        send_all: Callable[[], None],
        now: Callable[[], int],
        give: Callable[[TakenSnapshot], None],
    ) -> None:
        self.vertex = vertex
        self.nodes = nodes
        self.readers = readers
        self.contexts = contexts
        self.exchanges = exchanges
        self.send_all = send_all
        self.give = give
        self.barriers = Barriers(inputs, now)

    # ---- from the coordinator ----

    def begin(self, barrier: Barrier) -> None:
        """A checkpoint is to begin at this task."""
        self.barriers.tell(barrier)

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
        for reader in self.readers.values():
            reader.end_checkpoint(number, completed=False)
        for node in self.nodes.values():
            node.operator.checkpoint_aborted(number)

    # ---- from the task ----

    @property
    def wanted(self) -> bool:
        """Whether the coordinator has said something that can be seen to now."""
        return bool(self.barriers.told) and not any(reader.ending for reader in self.readers.values())

    def see_to_told(self) -> None:
        """See to what the coordinator has said."""
        self._take(self.barriers.take_told())

    def after(self, source: ReaderInput | ChannelInput) -> None:
        """An input has had its step."""
        if source.ended:
            self._take(self.barriers.end(source))
        elif isinstance(source, ChannelInput) and source.barrier is not None:
            self._take(self.barriers.arrived(source))

    def _take(self, aligned: Aligned | None) -> None:
        if aligned is None or all(self.barriers.ended):
            return
        barrier = aligned.barrier
        faults.point("task.barriers-aligned")
        self.send_all()
        started = time.monotonic_ns()
        for node in self.vertex.nodes:
            if node.id in self.nodes and self.nodes[node.id].live:
                self.nodes[node.id].operator.prepare_barrier(barrier.number)
                self.send_all()
        for exchange in self.exchanges:
            exchange.emit_barrier(barrier)
        faults.point("task.barrier-sent")
        held = [self._held(node.id, node.uid, barrier.number) for node in self.vertex.nodes]
        faults.point("task.exported")
        self.give(TakenSnapshot(barrier.number, held, aligned.waited, milliseconds_since(started)))

    def _held(self, node: int, uid: str, number: int) -> HeldStates:
        if node in self.readers:
            source = self.readers[node]
            return HeldStates(uid, finished=True) if source.ended else held_by_reader(uid, source.snapshot(number))
        running = self.nodes[node]
        if not running.live:
            return HeldStates(uid, finished=True)
        return held_by_operator(running.operator, self.contexts[node], number)
