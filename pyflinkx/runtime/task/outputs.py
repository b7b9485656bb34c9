"""Where an operator's output goes: the next operator of the chain, a channel, several of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from pyflinkx._core.calls.records import CallSite
from pyflinkx._core.records.copier import Copier
from pyflinkx._core.records.objects import ObjectBatch
from pyflinkx.operators.base import MAX_WATERMARK, Operator
from pyflinkx.runtime.task.declared import DeclaredType
from pyflinkx.runtime.task.inserts import InsertsOnly
from pyflinkx.runtime.task.valves import MarkerValve, WatermarkValve


class OperatorNode:
    """An operator in a task, with its output and what it knows of its inputs.

    Args:
        operator: the operator.
        output: where it emits to.
        inputs: how many streams end in it.
        batch: whether the job runs in batch mode.
    """

    def __init__(self, operator: Operator, output: NodeOutput, inputs: int, batch: bool = False) -> None:
        self.operator = operator
        self.output = output
        self.valve = WatermarkValve(inputs)
        self.markers = MarkerValve(inputs)
        self.open_inputs = inputs
        self.batch = batch
        self.draining = False
        # What is done at the end, in this order; each once only, as a timer may register others.
        self.closing = deque([self._fire_last_timers] if batch else [])
        self.closing.append(operator.finish)
        self.piecewise = overrides(operator, "resume")
        self.waiting: deque[Callable[[], None]] = deque()

    @property
    def live(self) -> bool:
        """Whether the operator has not finished."""
        return self.open_inputs > 0 or self.draining

    def end_input(self) -> None:
        """One input has ended; after the last one the operator finishes, when it can, and its output ends."""
        self.open_inputs -= 1
        if self.open_inputs == 0:
            self.draining = True
            self.operator.end_input()
            self.finish_drained()

    def finish_drained(self) -> bool:
        """Finish, if all input has ended and nothing is under way any more, and then end the output.

        Returns:
            Whether something was done, so that there may be more to do: what the operator has left is sent first.
        """
        if not self.draining:
            return False
        if self.operator.resume():
            return True
        if not self.operator.drained():
            return False
        while self.closing:
            self.closing.popleft()()
            if self.piecewise:
                return True
        self.draining = False
        self.output.end()
        return True

    def _fire_last_timers(self) -> None:
        last = self.operator.last_processing_timer()
        if last is not None:
            self.operator.advance_processing_time(last)

    def resume(self) -> bool:
        """Send more of what the operator has left, then take what has come meanwhile; whether there may be more."""
        if self.operator.resume():
            return True
        while self.waiting:
            self.waiting.popleft()()
            if self.operator.has_more():
                return True
        return False

    def take(self, call: Callable[[], None]) -> None:
        """Do a call of a piecewise operator now, or later when it has something left from an earlier one."""
        if self.waiting or self.operator.has_more():
            self.waiting.append(call)
        else:
            call()


class OperatorInput:
    """One of the streams that end in an operator; what an upstream output emits to.

    Args:
        node: the operator's node.
        index: which of its inputs this is, over all ports.
        port: the operator's logical input.
        site: which operator this is, where it must be kept from updates and deletes; None where it need not.
    """

    emit: Callable[..., None]

    def __init__(self, node: OperatorNode, index: int, port: int, site: CallSite | None = None) -> None:
        self.node = node
        self.index = index
        self.port = port
        operator = node.operator
        if node.piecewise:
            self.emit = self._emit_behind
        elif port == 0:
            self.emit = operator.process_batch  # one call per batch: no layer between two chained operators
        else:
            self.emit = lambda batch: operator.process_batch(batch, port)
        if site is not None:
            self.emit = InsertsOnly(site, self.emit)

    def _emit_behind(self, batch: Any) -> None:
        node = self.node
        operator = node.operator
        if operator.turn.under_way and (node.waiting or operator.has_more()):
            node.waiting.append(lambda: operator.process_batch(batch, self.port))
        else:
            operator.process_batch(batch, self.port)

    def emit_watermark(self, timestamp: int) -> None:
        """A watermark of this input."""
        self._pass_on(None, self.node.valve.watermark(self.index, timestamp))

    def emit_idleness(self, idle: bool) -> None:
        """This input became idle or active."""
        combined, all_idle = self.node.valve.idleness(self.index, idle)
        self._pass_on(None, combined)
        self._pass_on(all_idle, None)

    def emit_marker(self, age: int) -> None:
        """A marker of this input."""
        for combined in self.node.markers.marker(self.index, age):
            self._behind(partial(self.node.operator.process_marker, combined))

    def end(self) -> None:
        """This input has ended; it no longer holds event time or markers back."""
        self._pass_on(*self.node.valve.end(self.index))
        for combined in self.node.markers.end(self.index):
            self._behind(partial(self.node.operator.process_marker, combined))
        self._behind(self.node.end_input)

    def _pass_on(self, idle: bool | None, watermark: int | None) -> None:
        if idle is not None:
            self._behind(partial(self.node.operator.process_idleness, idle))
        if watermark is not None:
            self._behind(partial(self.node.operator.process_watermark, watermark))

    def _behind(self, call: Callable[[], None]) -> None:
        if self.node.piecewise:
            self.node.take(call)
        else:
            call()


class NodeOutput:
    """All that reads one operator: its main output and its side outputs by tag id.

    A batch belongs to its receiver, so each receiver but the last gets a copy of its own.

    Args:
        batch: whether the job runs in batch mode, in which event time stands still until the end of the input: then no
            record is late.
        copier: copies records for further receivers; None where these share them.
    """

    emit: Callable[[Any], None]

    def __init__(self, batch: bool = False, copier: Copier | None = None) -> None:
        self.batch = batch
        self.copier = copier
        self.main: list[Any] = []
        self.sides: dict[str, list[Any]] = {}
        self.side_types: dict[str, DeclaredType] = {}
        self.loop: list[Any] = []
        self.emit = self._emit_to_all

    def connect(self, target: Any, side_tag: str | None, in_loop: bool = False) -> None:
        """Add a reader of the main output, or of a side output, which may be in the same loop."""
        if in_loop:
            self.loop.append(target)
        if side_tag is None:
            self.main.append(target)
        else:
            self.sides.setdefault(side_tag, []).append(target)
        self.emit = self.main[0].emit if len(self.main) == 1 else self._emit_to_all

    def declare(self, side_tag: str | None, declared: DeclaredType) -> None:
        """From now on give records of the main output, or of a side output, the shape of their declared type."""
        if side_tag is not None:
            self.side_types[side_tag] = declared
            return
        emit, shape = self.emit, declared.shape
        self.emit = lambda batch: emit(shape(batch))

    def _emit_to_all(self, batch: Any) -> None:
        send(self.main, batch, self.copier)

    def emit_side(self, tag_id: str, batch: Any) -> None:
        """Send a batch to a side output; nobody reads it, nothing happens."""
        if tag_id in self.side_types:
            batch = self.side_types[tag_id].shape(batch)
        send(self.sides.get(tag_id, ()), batch, self.copier)

    def emit_watermark(self, timestamp: int) -> None:
        """Send a watermark to every reader."""
        if self.batch and timestamp != MAX_WATERMARK:
            return
        for target in self._readers():
            target.emit_watermark(timestamp)

    def emit_marker(self, age: int) -> None:
        """Send a marker to the readers in the same loop."""
        for target in self.loop:
            target.emit_marker(age)

    def emit_idleness(self, idle: bool) -> None:
        """Send the status to every reader."""
        if self.batch:
            return
        for target in self._readers():
            target.emit_idleness(idle)

    def end(self) -> None:
        """Tell every reader that no more comes."""
        for target in self._readers():
            target.end()

    def _readers(self) -> list[Any]:
        return [*self.main, *(target for targets in self.sides.values() for target in targets)]


def send(targets: Any, batch: Any, copier: Copier | None) -> None:
    """Give a batch to several receivers."""
    last = len(targets) - 1
    for index, target in enumerate(targets):
        # Columns are never changed, so columnar batches need no copy.
        target.emit(batch.copy(copier) if index != last and isinstance(batch, ObjectBatch) else batch)


def overrides(operator: Operator, method: str) -> bool:
    """Whether an operator defines a method of its own, so that nobody else need be asked."""
    return getattr(type(operator), method) is not getattr(Operator, method)
