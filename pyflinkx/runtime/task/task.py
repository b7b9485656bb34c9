"""One task: the operators of a vertex's subtask, driven step by step."""

from __future__ import annotations

import contextlib
import enum
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pyflinkx import faults
from pyflinkx._core.calls.records import told
from pyflinkx._core.calls.turn import Turn
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx._core.records.copier import Copier
from pyflinkx.connectors.enumerator import ReaderRegistered
from pyflinkx.connectors.record_reader import batch_reader
from pyflinkx.connectors.source import (
    ReaderContext,
    SourceReader,
)
from pyflinkx.errors import add_note
from pyflinkx.graph.execution_graph import TaskId
from pyflinkx.graph.job_graph import JobVertex
from pyflinkx.graph.nodes import StreamEdge, StreamNode
from pyflinkx.operators.base import MAX_WATERMARK, MIN_WATERMARK, Clock, Operator, OperatorContext
from pyflinkx.operators.function import RuntimeContext
from pyflinkx.operators.functions import UserFunctions
from pyflinkx.operators.source_alignment import AlignmentGroups
from pyflinkx.runtime.control.coordination import TaskLink
from pyflinkx.runtime.exchange.gates import GateOutput, InputChannel
from pyflinkx.runtime.sites import site_of
from pyflinkx.runtime.task.accumulators import copies, taken_out
from pyflinkx.runtime.task.checkpoints import TaskCheckpoints
from pyflinkx.runtime.task.declared import DeclaredType
from pyflinkx.runtime.task.function_copies import copy_for_subtask
from pyflinkx.runtime.task.in_flight import InFlight, edge_places, encoder
from pyflinkx.runtime.task.inputs import ChannelInput, ReaderInput
from pyflinkx.runtime.task.metrics import TaskMetrics
from pyflinkx.runtime.task.outputs import NodeOutput, OperatorInput, OperatorNode, overrides
from pyflinkx.runtime.task.requests import TaskRequests
from pyflinkx.runtime.task.snapshots import RestoredStates, RestoredTask
from pyflinkx.runtime.task.splits import AssignedSplits
from pyflinkx.runtime.turns import Pace, turn_length
from pyflinkx.state.rocksdb import RocksDBSettings, RocksDBStateBackend
from pyflinkx.state.state_backend import StateBackend
from pyflinkx.types.changes import CARRIED


class StepResult(enum.Enum):
    """What one step of a task came to."""

    MORE = "it did something and may have more to do"
    WAIT = "nothing to do before its wake time, or before an input has something"
    BLOCKED = "a channel that it writes to is full, or its sink is: neither input nor a timer lets it go on"
    STAYS = "as FINISHED, but somebody in it wants to hear of a checkpoint first"
    FINISHED = "all its input has ended and everything was sent on"


@dataclass
class TaskSettings:
    """What the job says to all its tasks.

    ``one_graph``: whether all subtasks of all attempts are made from one graph in one process, so that function objects
    must be copied for them; ``run_again`` whether there may be further attempts. ``batch``: whether it runs in batch
    mode. ``cached_files``: absolute paths by name. ``shared``: what operators of one slot have in common.
    ``object_reuse``: whether operators may share the objects of records. ``checkpoints``: whether it takes any
    without being asked. ``request_sources``: see
    ``runtime.task.requests``. ``alignment_patience``: how long (ms) an unaligned barrier waits for alignment first.
    ``seed``: of random numbers. ``rocksdb``: how operators use RocksDB; None to keep state in memory.
    """

    clock: Clock
    batch_size: int = 1024
    columnar_batch_size: int = 131_072
    job_parameters: dict[str, str] = field(default_factory=dict)
    one_graph: bool = True
    run_again: bool = False
    batch: bool = False
    cached_files: dict[str, str] = field(default_factory=dict)
    shared: dict[Any, Any] = field(default_factory=dict)
    alignment: AlignmentGroups = field(default_factory=AlignmentGroups)
    object_reuse: bool = False
    request_sources: tuple[tuple[int, bool], ...] = ()
    checkpoints: bool = False
    alignment_patience: int = 0
    seed: str = ""
    rocksdb: RocksDBSettings | None = None

    def state_backend(self) -> StateBackend:
        """Where operators keep state by key; a batch job in memory, as in Flink: it holds no key for long."""
        if self.rocksdb is None or self.batch:
            return StateBackend()
        made: StateBackend | None = self.shared.get(RocksDBStateBackend)
        if made is None:
            made = self.shared.setdefault(RocksDBStateBackend, RocksDBStateBackend(self.rocksdb))
        return made

    def copied(self, subtasks: int) -> bool:
        """Whether a subtask needs a copy of its functions, as other subtasks, or attempts, are made from the same."""
        return self.one_graph and (subtasks > 1 or self.run_again)


class Task:
    """The operators of one subtask, their inputs and outputs; everything is called from one thread.

    Args:
        vertex: the operators.
        subtask: index of this subtask.
        attempt: number of the attempt, from 1.
        settings: of the job.
        in_channels: for each edge that comes from another vertex, a channel per producing subtask that sends here.
        out_exchanges: for each edge that goes to another vertex, where its batches go.
        splits: what its sources' readers read, but for those whose coordinators hand it out.
        link: to what is outside of the task.
        restored: what it begins with; None for nothing.
    """

    def __init__(
        self,
        vertex: JobVertex,
        subtask: int,
        attempt: int,
        settings: TaskSettings,
        in_channels: Sequence[tuple[StreamEdge, Sequence[InputChannel]]],
        out_exchanges: Sequence[tuple[StreamEdge, GateOutput]],
        splits: AssignedSplits,
        link: TaskLink,
        restored: RestoredTask | None = None,
    ) -> None:
        self.vertex = vertex
        self.link = link
        self.readers: dict[int, ReaderInput] = {}
        self.pausing: list[Operator] = []
        self.mailbox = link.mailbox
        self.splits = splits
        self.subtask = subtask
        self.attempt = attempt
        self.id = TaskId(vertex.id, subtask, attempt)
        self.settings = settings
        self.name = f"{vertex.name} ({subtask + 1}/{vertex.parallelism})"
        self.out_exchanges = out_exchanges
        self.exchanges = [exchange for _, exchange in out_exchanges]
        self.turn_length = turn_length(node.buffer_timeout for node in vertex.nodes)
        self.turn = Turn(self.turn_length)
        self.spent = 0  # nanoseconds of work on what the last input gave
        self.taking = False  # whether that is going on
        self.latest: ReaderInput | ChannelInput | None = None
        self.counters: dict[int, dict[str, int]] = {node.id: {} for node in vertex.nodes}
        self.accumulators: dict[int, dict[str, Any]] = {node.id: {} for node in vertex.nodes}
        self.user_metrics: dict[int, dict[str, Any]] = {node.id: {} for node in vertex.nodes}
        self.inputs: list[ReaderInput | ChannelInput] = []
        self.next_input = 0
        self.copiers = {node.id: None if settings.object_reuse else Copier(node.name) for node in vertex.nodes}
        self.outputs = {node.id: NodeOutput(settings.batch, self.copiers[node.id]) for node in vertex.nodes}
        self.nodes: dict[int, OperatorNode] = {}
        self.requests: TaskRequests | None = None
        if settings.request_sources:
            self.requests = TaskRequests(self.name, settings.request_sources, link.send, self._send_all)
        self.on_close = contextlib.ExitStack()
        for node in vertex.nodes:
            if node.spec is not None:
                streams = sum(edge.target == node.id for edge in vertex.inner_edges)
                streams += sum(len(channels) for edge, channels in in_channels if edge.target == node.id)
                operator = make_operator(node, settings.copied(node.parallelism))
                if settings.batch:
                    operator = operator.for_batch()
                self.nodes[node.id] = OperatorNode(operator, self.outputs[node.id], streams, settings.batch)
                if self.requests is not None:
                    self.requests.watch(node, self.nodes[node.id])
        self.gating = [node for node in self.nodes.values() if overrides(node.operator, "accepts_input")]
        # What lies furthest downstream has been sent first.
        self.piecewise = [self.nodes[node.id] for node in reversed(vertex.nodes) if node.id in self.nodes]
        self.piecewise = [node for node in self.piecewise if node.piecewise]
        self.draining = [node for node in self.nodes.values() if node.piecewise or overrides(node.operator, "drained")]
        self.unfinished = False  # whether an operator may have left something for resume()
        self.contexts: dict[int, OperatorContext] = {}
        # By operator: its edges, and what takes their batches.
        self.entries: dict[int, dict[str, tuple[StreamEdge, Callable[[Any], None]]]] = {id: {} for id in self.nodes}
        self.in_flight: deque[tuple[Callable[[Any], None], Any]] = deque()  # batches of before a restore
        self.checkpoints: TaskCheckpoints | None = None
        self.staying = self.released = False  # for a checkpoint; from that
        self.restored = None if restored is None else RestoredStates(restored, subtask, vertex.parallelism)
        self._connect(in_channels, out_exchanges)

    def _connect(
        self,
        in_channels: Sequence[tuple[StreamEdge, Sequence[InputChannel]]],
        out_exchanges: Sequence[tuple[StreamEdge, GateOutput]],
    ) -> None:
        used = dict.fromkeys(self.nodes, 0)
        nodes = {node.id: node for node in self.vertex.nodes}

        def new_input(edge: StreamEdge) -> OperatorInput:
            index = used[edge.target]
            used[edge.target] += 1
            node = nodes[edge.target]
            assert node.spec is not None
            watched = edge.changes == CARRIED and node.spec.input(edge.port).inserts_only
            site = site_of(node) if watched else None
            return OperatorInput(self.nodes[edge.target], index, edge.port, site)

        places = edge_places([*self.vertex.inner_edges, *(edge for edge, _ in in_channels)])
        for edge in self.vertex.inner_edges:
            inner = new_input(edge)
            self.entries[edge.target][places[id(edge)]] = edge, inner.emit
            self.outputs[edge.source].connect(inner, edge.side_tag, edge.in_loop)
        for edge, exchange in out_exchanges:
            reader = exchange if self.requests is None else self.requests.output(edge, exchange)
            self.outputs[edge.source].connect(reader, edge.side_tag, edge.in_loop)
        for edge, channels in in_channels:
            for channel in channels:
                target = new_input(edge)
                read = target if self.requests is None else self.requests.input(edge, target)
                pace = Pace(self.settings.batch_size, self.turn_length)
                encode = encoder(nodes[edge.target], edge)
                self.entries[edge.target].setdefault(places[id(edge)], (edge, target.emit))
                self.inputs.append(ChannelInput(channel, read, pace, self.turn, encode, edge.target, places[id(edge)]))
        self._declare_types([*self.vertex.inner_edges, *(edge for edge, _ in out_exchanges)])

    def _declare_types(self, edges: list[StreamEdge]) -> None:
        """Have the records of outputs with a declared type get its shape, but where they did on their way in."""
        sources = {node.id: node for node in self.vertex.nodes}
        outputs = {(edge.source, edge.side_tag): edge for edge in edges if edge.type_declared}
        for (source, side_tag), edge in outputs.items():
            node = sources[source]
            maker = node.source if node.spec is None else self.nodes[source].operator
            if edge.record_type is not None and (side_tag is not None or not maker.values_checked):
                self.outputs[source].declare(side_tag, DeclaredType(site_of(node), edge.record_type))

    def open(self) -> None:
        """Open exchanges and operators, last ones first, then the readers; on failure close what was opened."""
        try:
            for edge, exchange in self.out_exchanges:
                self.on_close.callback(exchange.scatter.close)
                exchange.scatter.open(self._context(next(node for node in self.vertex.nodes if node.id == edge.source)))
            for node in reversed(self.vertex.nodes):
                if node.spec is None:
                    self._open_reader(node)
                else:
                    self._open_operator(node)
            if self.restored is not None:
                for node in self.vertex.nodes:
                    if node.id in self.nodes:
                        edges = self.entries[node.id]
                        self.in_flight += InFlight(self.restored, node, self.contexts[node.id], edges).calls()
                self.restored.close()
        except BaseException as error:
            self.close(error)
            raise
        self._begin_checkpoints(self.nodes)

    def _begin_checkpoints(self, nodes: dict[int, OperatorNode]) -> None:
        """Take part in checkpoints, with these operators."""
        if self.link.snapshot is not None:
            self.checkpoints = TaskCheckpoints(
                self.vertex,
                self.inputs,
                nodes,
                self.readers,
                self.contexts,
                self.accumulators,
                self.exchanges,
                self._send_all,
                self.settings.clock.now,
                self.link.snapshot,
                self.link.decline,
                self.settings.alignment_patience,
                self.mailbox.wake,
            )
            self.on_close.callback(self.checkpoints.close)
            self.on_close.callback(self.checkpoints.slicing.close)

    def _open_operator(self, node: StreamNode) -> None:
        operator, context = self.nodes[node.id].operator, self._context(node)
        self.on_close.callback(context.close)
        self.on_close.callback(operator.close)
        self.contexts[node.id] = context
        if self.restored is not None:
            context.restored_keyed = self.restored.keyed(node.uid)
            self._restore_lists(node, context)
            context.restored_files = self.restored.files(node.uid)
            if context.restored_files:
                _ = context.keyed_state  # takes them while they are there
        operator.open(context)
        if self.restored is not None:
            faults.point("task.restored")  # what it keeps by key and by subtask, and nothing native
            for batch in self.restored.native(node.uid):
                operator.import_(batch)
        if operator.may_pause:
            self.pausing.append(operator)

    def _restore_lists(self, node: StreamNode, context: OperatorContext) -> None:
        """Have an operator, or a reader's functions, begin with what was the subtask's own."""
        if self.restored is not None:
            lists = self.restored.lists(node.uid)
            found = taken_out(site_of(node), lists, self.accumulators[node.id])
            context.restored_operator, context.restored_accumulators = found

    def _restore_accumulators(self, node: StreamNode) -> None:
        """Go on with what functions that do not run any more had added up."""
        assert self.restored is not None
        taken_out(site_of(node), self.restored.lists(node.uid), self.accumulators[node.id])

    def _context(self, node: StreamNode) -> OperatorContext:
        return OperatorContext(
            name=node.name,
            uid=node.uid,
            output=self.outputs[node.id],
            clock=self.settings.clock,
            location=node.location,
            subtask_index=self.subtask,
            parallelism=node.parallelism,
            max_parallelism=node.max_parallelism,
            attempt=self.attempt - 1,
            job_parameters=self.settings.job_parameters,
            counters=self.counters[node.id],
            batch=self.settings.batch,
            accumulators=self.accumulators[node.id],
            metrics=self.user_metrics[node.id],
            cached_files=self.settings.cached_files,
            send=partial(self.link.send, node.id),
            post=self.mailbox.post,
            shared=self.settings.shared,
            alignment=self.settings.alignment,
            copier=self.copiers[node.id],
            key_type=None if node.spec is None else node.spec.input(0).key_type,
            state_backend=self.settings.state_backend(),
            requests=None if self.requests is None else self.requests.scope,
            turn=self.turn,
            restored_checkpoint=None if self.restored is None else self.restored.task.number,
            checkpoints=self.settings.checkpoints,
            seed=self.settings.seed,
        )

    def _open_reader(self, node: StreamNode) -> None:
        counters = self.counters[node.id]
        send = partial(self.link.send, node.id)
        operator_context = self._context(node)
        self._restore_lists(node, operator_context)
        context = ReaderContext(
            self.settings.clock,
            self.subtask,
            node.parallelism,
            counters,
            send,
            self.mailbox.wake,
            RuntimeContext(operator_context),
            self.copiers[node.id],
            self.settings.copied(node.parallelism),
        )
        made = node.source.create_reader(context)
        functions = UserFunctions(made.functions if isinstance(made, SourceReader) else ())
        self.on_close.callback(functions.close)
        reader = batch_reader(made, context)
        self.on_close.callback(reader.close)
        functions.open(site_of(node), context.runtime_context)
        splits = self.splits.get((node.id, self.subtask))
        coordinated = splits is None
        if self.restored is not None:
            splits = self.restored.splits(node.uid, site_of(node))
        if splits is not None and (splits or not coordinated):
            reader.add_splits(splits)
        pace = Pace(self.settings.batch_size, self.turn_length)
        if node.source.columnar:
            pace = Pace(self.settings.columnar_batch_size, 0)
            pace.size = pace.most

        def count(name: str, amount: int) -> None:
            counters[name] = counters.get(name, 0) + amount

        output = (
            self.outputs[node.id] if self.requests is None else self.requests.entry(node, reader, self.outputs[node.id])
        )
        source = ReaderInput(reader, output, pace, self.turn, count, site_of(node), send if coordinated else None)
        source.aligned = self._aligned_after(node.id)
        following = [self.nodes[edge.target].operator for edge in self.vertex.inner_edges if edge.source == node.id]
        source.by_split = [operator for operator in following if operator.follows_splits]
        for operator in source.by_split:
            operator.wait_for_splits(reader.open_splits())
        self.inputs.append(source)
        self.readers[node.id] = source
        if coordinated:
            send(ReaderRegistered())

    def _aligned_after(self, source: int) -> list[Operator]:
        """The operators of this task that say whether a source is too far ahead of others."""
        reached = {source}
        for node in self.vertex.nodes:
            if any(edge.target == node.id and edge.source in reached for edge in self.vertex.inner_edges):
                reached.add(node.id)
        operators = [self.nodes[number].operator for number in reached - {source}]
        return [operator for operator in operators if operator.alignment is not None]

    def handle_event(self, node_id: int, event: Any) -> None:
        """The coordinator of a source or sink has sent something; called between two steps."""
        if node_id in self.readers:
            self.readers[node_id].handle_event(event)
        else:
            self.nodes[node_id].operator.handle_event(event)
        # Fewer splits to wait for may have been what let event time go on.
        self.unfinished = self.unfinished or bool(self.piecewise)

    def step(self) -> StepResult:
        """Run control mail; then, if it may write, work until the turn is over: send more of what operators have left,
        fire due timers, read an operator's mail, and when nothing is left take one batch or element.

        A mail and an element, from the next input that has any, so that neither mails nor inputs have to wait for the
        others to come to an end.
        """
        self.mailbox.run_control()
        if self.staying:
            return self.over()
        # Also while it may not write: a snapshot waits for nobody.
        sliced = self.checkpoints is not None and self.checkpoints.slicing.step()
        if not self._writable():
            if self.checkpoints is not None:
                self.checkpoints.read_ahead()
            return StepResult.MORE if sliced else StepResult.BLOCKED
        started = self.turn.begin()
        result = self._work(started)
        if result is StepResult.WAIT and sliced:
            result = StepResult.MORE
        if not self.unfinished and self.turn.waiting and not self.turn.open:
            self.turn.end_batch()
            self.unfinished = bool(self.piecewise)
        return result

    def _work(self, started: int) -> StepResult:
        if self.unfinished:
            self.unfinished = any(node.resume() for node in self.piecewise)
            if self.taking:
                self.spent += time.monotonic_ns() - started
                self.taking = self.unfinished
            if not self.unfinished:
                self._finish_drained()
            if self.unfinished:
                # Nothing piles up before a slow operator: what this makes it send is done before the next time. And a
                # request is answered with nothing of others.
                if self.requests is None and not any(node.waiting for node in self.piecewise):
                    self._fire_timers()
                    self.mailbox.run_one()
                    self._finish_drained()
                return StepResult.MORE
        if self.in_flight:
            take, batch = self.in_flight.popleft()
            take(batch)
            self.unfinished = bool(self.piecewise)
            return StepResult.MORE
        # Before timers and mail, of which there may be no end: a loop posts one for all that comes back. Nor need there
        # be an end of checkpoints, so what follows is done all the same.
        took = self.checkpoints is not None and self.checkpoints.see_to_told()
        if self._fire_timers():
            self._finish_drained()
            self.unfinished = bool(self.piecewise)
            return StepResult.MORE
        read = self.mailbox.run_one()
        if read:
            self._finish_drained()
            self.unfinished = bool(self.piecewise)
        if not all(node.operator.accepts_input() for node in self.gating):
            return StepResult.MORE if read or took else StepResult.WAIT
        for _ in range(len(self.inputs)):
            source = self.inputs[self.next_input]
            self.next_input = (self.next_input + 1) % len(self.inputs)
            if not source.ended and not source.blocked and self._take(source):
                if self.checkpoints is not None:
                    self.checkpoints.after(source)
                self.unfinished = self.turn.under_way > 0 or (source.ended and bool(self.piecewise))
                return StepResult.MORE
        # A mail may be what ended the input of an operator whose end waits behind what it has left.
        ended = not self.unfinished and all(source.ended for source in self.inputs)
        if ended and not any(node.draining for node in self.draining):
            return self.over()
        return StepResult.MORE if read or took else StepResult.WAIT

    def finish_snapshots(self) -> None:
        """Encode what is left of the snapshots that it has begun: no step follows, or all wait for them."""
        if self.checkpoints is not None:
            self.checkpoints.slicing.finish()

    def over(self) -> StepResult:
        """Everything was sent on: whether the task may close."""
        self.finish_snapshots()
        stays = self.settings.checkpoints and self.checkpoints is not None and self.checkpoints.stays
        self.staying = stays and not self.released
        return StepResult.STAYS if self.staying else StepResult.FINISHED

    def release(self) -> None:
        """The checkpoint that the task has stayed for is durable, or there will be none."""
        self.released = True

    def _take(self, source: ReaderInput | ChannelInput) -> bool:
        """Have an input take its next step; whether it had anything."""
        if self.latest is not None:
            self.latest.pace.went(self.latest.latest, self.spent)
        self.latest = source
        self.taking = True
        started = time.monotonic_ns()
        found = source.step()
        self.spent = time.monotonic_ns() - started
        return found

    def _fire_timers(self) -> bool:
        """Fire the due timers of the first operator that has any and is not in the middle of something."""
        now = self.settings.clock.now()
        for node in self.nodes.values():
            operator = node.operator
            due = operator.next_processing_timer()
            if due is not None and due <= now and node.live and operator.between_records():
                operator.advance_processing_time(now)
                return True
        return False

    def _send_all(self) -> None:
        """Have operators send all that they have left."""
        while any(node.resume() for node in self.piecewise):
            pass

    def _writable(self) -> bool:
        return all(exchange.writable for exchange in self.exchanges) and all(
            operator.writable for operator in self.pausing
        )

    def _finish_drained(self) -> None:
        for node in self.draining:
            if node.finish_drained():
                self.unfinished = True

    @property
    def waits_outside(self) -> bool:
        """Whether another thread may bring what a reader waits for."""
        return any(source.reader.outside and not source.ended for source in self.readers.values())

    def wake_time(self) -> int | None:
        """After WAIT: when (ms) the clock alone gives this task something to do; None for never."""
        times = [source.wake_time() for source in self.inputs if not source.ended]
        times += [node.operator.next_processing_timer() for node in self.nodes.values() if node.live]
        if self.checkpoints is not None:
            times.append(self.checkpoints.wake_time())
        return min((time for time in times if time is not None), default=None)

    def metrics(self) -> TaskMetrics:
        """What it has done so far, but for its times; from any thread."""
        channels = [source.channel for source in self.inputs if isinstance(source, ChannelInput)]
        gates = [exchange.gate for _, exchange in self.out_exchanges]
        return TaskMetrics(
            records_in=sum(source.records for source in self.inputs),
            records_out=sum(exchange.records for _, exchange in self.out_exchanges),
            bytes_in=sum(channel.bytes_received for channel in channels),
            bytes_out=sum(gate.bytes_sent for gate in gates),
            buffers_out=max((gate.buffers_in_use for gate in gates), default=0),
            buffers_in=sum(channel.buffers_queued for channel in channels),
            watermark=min(self.watermarks(), default=None),
            counters={node: dict(counters) for node, counters in self.counters.items()},
            accumulators={node: copies(found) for node, found in self.accumulators.items() if found},
            user={
                name: metric.value() for found in self.user_metrics.values() for name, metric in tuple(found.items())
            },
        )

    def watermarks(self) -> list[int]:
        """The watermarks (ms) of the operators that have seen one and still wait for more."""
        return [
            node.valve.combined for node in self.nodes.values() if MIN_WATERMARK < node.valve.combined < MAX_WATERMARK
        ]

    def close(self, failure: BaseException | None = None) -> None:
        """Close readers and operators, the last opened first; all are closed even if some fail.

        Args:
            failure: why the task ends early; errors while closing become notes of it. Without one, the last error while
                closing is raised, with those before it as its context.
        """
        try:
            self.on_close.close()
        except BaseException as error:
            if failure is None or is_interrupt(error):
                raise
            if error is not failure:
                add_note(failure, f"while closing task '{self.name}': {told(error)}")


def make_operator(node: StreamNode, copied: bool) -> Operator:
    """The operator of one subtask, with function objects of its own.

    Args:
        node: the operator's node.
        copied: whether others are made from this node too.

    Raises:
        GraphError: a function object cannot be copied.
    """
    assert node.spec is not None
    spec = copy_for_subtask(node.spec, node.name, node.location) if copied else node.spec
    operator: Operator = spec.build()
    return operator
