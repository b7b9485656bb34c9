"""A job's checkpoints over all its attempts: carries out what the coordinator of checkpoints wants."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, InvalidStateError
from functools import partial
from typing import Any, Protocol

from pyflinkx import faults
from pyflinkx._core.calls.records import told
from pyflinkx._core.interrupts import is_interrupt
from pyflinkx._core.keys.partition import key_group_range
from pyflinkx.checkpoint.actions import (
    Action,
    Discard,
    DiscardPending,
    FailJob,
    NotifyAborted,
    NotifyCompleted,
    ReleaseTasks,
    SavepointDone,
    SavepointFailed,
    StoreManifest,
    TriggerTasks,
)
from pyflinkx.checkpoint.coordinator import CheckpointCoordinator
from pyflinkx.checkpoint.metadata import CHECKPOINT, Checkpoint, OperatorStates, StatePart, SubtaskStates
from pyflinkx.checkpoint.settings import CheckpointSettings, ClaimMode
from pyflinkx.checkpoint.storage import CheckpointStorage
from pyflinkx.checkpoint.topology import Vertex, VertexOperator, Vertices
from pyflinkx.errors import CheckpointError, JobExecutionError
from pyflinkx.graph.execution_graph import JobState, TaskId
from pyflinkx.graph.job_graph import JobGraph, JobVertex
from pyflinkx.operators.base import Clock
from pyflinkx.runtime.control.coordination import Coordination
from pyflinkx.runtime.control.messages import CheckpointDeclined, CheckpointOver, CheckpointTaken, TriggerCheckpoint
from pyflinkx.runtime.exchange.channel import Barrier
from pyflinkx.runtime.sites import site_of
from pyflinkx.runtime.task.accumulators import STATE as ACCUMULATORS
from pyflinkx.runtime.task.accumulators import Lost, held
from pyflinkx.runtime.task.snapshots import RestoredTask, restored_task
from pyflinkx.state.spec import FILES, SINK, SOURCE

log = logging.getLogger("pyflinkx.runtime")


class Tasks(Protocol):
    """The tasks of an attempt, as they are told of checkpoints."""

    def begin_checkpoint(self, trigger: TriggerCheckpoint) -> None:
        """Tell all workers of a checkpoint, and some tasks to begin it."""

    def end_checkpoint(self, over: CheckpointOver) -> None:
        """Tell all tasks that a checkpoint is over."""

    def close_tasks(self, tasks: tuple[TaskId, ...]) -> None:
        """Tell tasks that stayed for a checkpoint that they may close."""

    def fail_checkpoint(self, failure: BaseException) -> None:
        """The attempt fails."""

    def stop_behind_savepoint(self) -> None:
        """The savepoint behind which the job was to stop is durable."""


class JobCheckpoints:
    """The checkpoints of one job.

    Args:
        graph: the job.
        settings: how it takes them.
        storage: where they lie.
        clock: of the job.
        job_id: of the job.
        restored: what it begins with; None for nothing.
        claimed: whether that is removed like the job's own, once it is no longer needed.
    """

    def __init__(
        self,
        graph: JobGraph,
        settings: CheckpointSettings,
        storage: CheckpointStorage,
        clock: Clock,
        job_id: str,
        restored: Checkpoint | None = None,
        claimed: bool = False,
    ) -> None:
        self.graph = graph
        self.settings = settings
        self.storage = storage
        self.clock = clock
        self.coordinator = CheckpointCoordinator(settings, vertices_of(graph), job_id, graph.name)
        if restored is not None:
            self.coordinator.restored(restored, claimed)
        self.coordination: Coordination | None = None
        self.tasks: Tasks | None = None
        self.attempt = 0
        # What coordinators said before the barrier, by checkpoint and node.
        self.early: dict[int, dict[int, bytes]] = {}
        self.waiting: deque[Future[str]] = deque()
        self.later: list[Callable[[], None]] = []  # once the tasks run
        self.savepoints: dict[int, tuple[Future[str], bool, bool]] = {}
        self.actions: deque[Action] = deque()
        # What the functions of tasks that have ended had added up, by task and node: no snapshot has it any more.
        self.ended: dict[tuple[int, int], dict[int, dict[str, Any]]] = {}

    # ---- the attempt ----

    def prepare(self, coordination: Coordination) -> None:
        """An attempt begins: its coordinators go on from the newest checkpoint.

        Raises:
            JobExecutionError: one cannot.
        """
        self.coordination = coordination
        latest = self.coordinator.latest
        if latest is None:
            return
        faults.point("checkpoint.restore")
        with self.storage.reader(latest) as reader:
            for node in nodes_of(self.graph):
                states = latest.operators.get(node.uid)
                if states is not None and states.coordinator is not None:
                    data = reader.read_bytes(states.coordinator)
                    coordination.restore(node.id, latest.number, data)

    def restored_task(self, vertex: JobVertex, subtask: int) -> RestoredTask | None:
        """What a task of the next attempt begins with; None for nothing."""
        latest = self.coordinator.latest
        if latest is None:
            return None
        operators = [(node.uid, node.max_parallelism) for node in vertex.nodes]
        return restored_task(latest, self.storage, operators, subtask, vertex.parallelism, key_group_range)

    def attempt_started(self, number: int, tasks: Tasks) -> None:
        """All tasks of an attempt run."""
        self.attempt, self.tasks = number, tasks
        self._do(self.coordinator.attempt_started(self.clock.now(), number))
        later, self.later = self.later, []
        for call in later:
            call()

    def attempt_over(self, reason: str) -> None:
        """The attempt has ended, and what is under way with it."""
        self._do(self.coordinator.attempt_over(self.clock.now(), reason))
        self.tasks = None
        self.early.clear()
        self.ended.clear()

    def job_finished(self) -> None:
        """All tasks have finished: write that down before the sinks commit what they have last.

        Raises:
            CheckpointError: it cannot be written.
        """
        self.tasks = None  # they are gone
        failed: list[str] = []
        problem: Exception | None = None
        for action in self.coordinator.final(self.clock.now()):
            if isinstance(action, StoreManifest):
                self.actions += self._store(action)
            else:
                self.actions.append(action)
        while self.actions:
            action = self.actions.popleft()
            if isinstance(action, FailJob):
                failed.append(action.reason)
            else:
                try:
                    self._act(action)
                except Exception as error:
                    problem = problem or error
        if problem is not None:
            raise problem
        if failed:
            raise CheckpointError(f"the last checkpoint of job '{self.graph.name}' failed: {failed[0]}")

    def job_ended(self, state: JobState) -> None:
        """The job has ended: keep or remove its checkpoints, as the settings say."""
        self._tolerantly(lambda: faults.point("checkpoint.job-ended"))
        self._do(self.coordinator.job_ended(self.clock.now(), state))
        self.savepoints.clear()
        self.refuse_rest()

    def expect(self, future: Future[str]) -> None:
        """Somebody waits for a savepoint; from any thread."""
        self.waiting.append(future)

    def refuse_rest(self) -> None:
        """The job has ended: tell those who still wait for savepoints; from any thread."""
        while self.waiting:
            with contextlib.suppress(IndexError, InvalidStateError):
                self.waiting.popleft().set_exception(CheckpointError(f"job '{self.graph.name}' has ended"))

    # ---- what happens ----

    def next_time(self) -> int | None:
        """When (ms) ``run`` has something to do; None for never."""
        return self.coordinator.next_time()

    def run(self) -> None:
        """See to what is due."""
        due = self.coordinator.next_time()
        if due is not None and due <= self.clock.now():
            self._do(self.coordinator.time(self.clock.now()))

    def told(self, message: CheckpointTaken | CheckpointDeclined) -> None:
        """A task has written its part, or cannot."""
        now, task = self.clock.now(), message.task
        place = (task.vertex, task.subtask)
        if isinstance(message, CheckpointTaken):
            actions = self.coordinator.acknowledged(now, task.attempt, message.number, place, message.snapshot)
        else:
            actions = self.coordinator.declined(
                now, task.attempt, message.number, place, message.reason, message.counts
            )
        self._do(actions)

    def task_finished(self, task: TaskId, accumulators: dict[int, dict[str, Any]]) -> None:
        """A task has come to its end, with these accumulators of its operators."""
        now, place = self.clock.now(), (task.vertex, task.subtask)
        self.ended[place] = accumulators
        self._do(self.coordinator.task_finished(now, task.attempt, place))

    def task_stays(self, task: TaskId) -> None:
        """A task has sent all that it had, and waits to hear of one more checkpoint."""
        now, place = self.clock.now(), (task.vertex, task.subtask)
        self._do(self.coordinator.task_stays(now, task.attempt, place))

    def trigger_savepoint(self, folder: str | None, stop: bool, drain: bool, future: Future[str]) -> None:
        """Begin a savepoint, or do so once all tasks run; from the job's thread.

        Args:
            folder: where it goes; None for the configured place.
            stop: whether the job ends behind it.
            drain: whether it first fires windows and timers as at the end of its input.
            future: gets its folder, or the failure.
        """
        if self.tasks is None:
            self.later.append(partial(self.trigger_savepoint, folder, stop, drain, future))
            return
        target = folder or self.settings.savepoint_folder
        if target is None:
            future.set_exception(
                CheckpointError("a savepoint needs a folder: say which, or set execution.checkpointing.savepoint-dir")
            )
            return
        made = self.storage.new_savepoint_folder(target)
        ticket = self.coordinator.trigger_savepoint(self.clock.now(), made, stop, drain)
        self.savepoints[ticket] = future, stop, drain

    # ---- what is to be done ----

    def _do(self, actions: Iterable[Action]) -> None:
        """Carry out what the coordinator wants, and what comes of it."""
        running = bool(self.actions)
        self.actions += actions
        if running:
            return
        problem: BaseException | None = None
        while self.actions:
            try:
                self._act(self.actions[0])
            except BaseException as error:  # the coordinator counts on the others all the same
                problem = problem or error
            self.actions.popleft()
        if problem is not None:
            raise problem

    def _act(self, action: Action) -> None:
        if isinstance(action, TriggerTasks):
            self._trigger(action)
        elif isinstance(action, StoreManifest):
            self.actions += self._store(action)
        elif isinstance(action, NotifyCompleted):
            self._completed(action.number)
        elif isinstance(action, NotifyAborted):
            level = logging.WARNING if action.counts else logging.INFO
            log.log(level, "checkpoint %d of job '%s' failed: %s", action.number, self.graph.name, action.reason)
            self.early.pop(action.number, None)
            self._tell_over(CheckpointOver(action.number, completed=False))
        elif isinstance(action, DiscardPending):
            self._tolerantly(lambda: self.storage.discard_number(action.number, retained=action.retained))
        elif isinstance(action, Discard):
            self._tolerantly(lambda: self.storage.discard(action.checkpoint, action.retained))
        elif isinstance(action, ReleaseTasks):
            if self.tasks is not None:
                self.tasks.close_tasks(tuple(TaskId(*task, self.attempt) for task in action.tasks))
        elif isinstance(action, FailJob):
            if self.tasks is not None:
                self.tasks.fail_checkpoint(JobExecutionError(action.reason))
        elif isinstance(action, SavepointDone):
            self._savepoint_done(action)
        elif isinstance(action, SavepointFailed):
            future, _, _ = self.savepoints.pop(action.ticket)
            future.set_exception(CheckpointError(f"the savepoint failed: {action.reason}"))

    def _trigger(self, action: TriggerTasks) -> None:
        assert self.coordination is not None
        assert self.tasks is not None
        if action.first:
            try:
                self.early[action.number] = self.coordination.snapshot(action.number, last=False)
            except BaseException as error:
                if is_interrupt(error):
                    raise
                self.actions += self.coordinator.store_failed(self.clock.now(), action.number, told(error))
                return
        faults.point("checkpoint.begun")  # and no task was told
        options = action.options
        unaligned = options.unaligned and options.exactly_once
        by_files = action.kind == CHECKPOINT and self.settings.incremental and self.storage.shares_files
        barrier = Barrier(action.number, options.exactly_once, options.stop, options.drain, unaligned, by_files)
        tasks = tuple(TaskId(*task, self.attempt) for task in action.tasks)
        staying = tuple(TaskId(*task, self.attempt) for task in action.staying)
        trigger = TriggerCheckpoint(barrier, tasks, options.folder, self.storage.secret, options.bases, staying)
        self.tasks.begin_checkpoint(trigger)

    def _store(self, action: StoreManifest) -> list[Action]:
        checkpoint = action.checkpoint
        number = checkpoint.number
        try:
            assert self.coordination is not None
            states = self.early.pop(number, {}) | self.coordination.snapshot(number, last=True)
            checkpoint = self._with_coordinators(checkpoint, states, action.folder)
            checkpoint = self._with_ended(checkpoint, action.folder)
            faults.point("checkpoint.all-written")  # but the manifest
            written = self.storage.write_manifest(checkpoint, action.folder)
        except Exception as error:
            log.warning("checkpoint %d of job '%s' cannot be written", number, self.graph.name, exc_info=error)
            return self.coordinator.store_failed(self.clock.now(), number, told(error))
        faults.point("checkpoint.stored")  # and nobody knows that
        actions = self.coordinator.stored(self.clock.now(), number, written)
        record = self.coordinator.statistics.completed_as(number)
        if record is not None:
            log.info(
                "%s %d of job '%s' is complete: %d bytes in %d ms%s",
                checkpoint.kind,
                number,
                self.graph.name,
                record.size,
                record.duration,
                f", in {record.folder}" if record.folder else "",
            )
        return actions

    def _with_coordinators(self, checkpoint: Checkpoint, states: dict[int, bytes], folder: str | None) -> Checkpoint:
        """The checkpoint with what coordinators have said."""
        if not states:
            return checkpoint
        writer = self.storage.writer(checkpoint.number, "coordinators", folder)
        try:
            for node, data in states.items():
                kind = SOURCE if self.graph.node_of(node).source is not None else SINK
                writer.add_bytes("coordinator", kind, data)
            parts = writer.finish()
        except BaseException:
            writer.abort()
            raise
        operators = dict(checkpoint.operators)
        for node, part in zip(states, parts, strict=True):
            uid = self.graph.node_of(node).uid
            operators[uid] = self._of_coordinator(operators.get(uid), node, part)
        return dataclasses.replace(checkpoint, operators=operators)

    def _with_ended(self, checkpoint: Checkpoint, folder: str | None) -> Checkpoint:
        """The checkpoint with the accumulators of tasks that had ended when it was taken."""
        found = []
        for (_, subtask), accumulators in self.ended.items():
            for id, own in accumulators.items():
                node = self.graph.node_of(id)
                states = checkpoint.operators[node.uid].subtasks[subtask]
                if own and states.finished and not any(part.state == ACCUMULATORS for part in states.parts):
                    found.append((node, subtask, {name: one for name, one in own.items() if not isinstance(one, Lost)}))
        if not found:
            return checkpoint
        writer = self.storage.writer(checkpoint.number, "ended", folder)
        try:
            counts = [
                sum(len(writer.add(batch)) for batch in held(site_of(node), accumulators))
                for node, _, accumulators in found
            ]
            parts = iter(writer.finish())
        except BaseException:
            writer.abort()
            raise
        operators = dict(checkpoint.operators)
        for (node, subtask, _), count in zip(found, counts, strict=True):
            subtasks = list(operators[node.uid].subtasks)
            own_parts = tuple(next(parts) for _ in range(count))
            subtasks[subtask] = dataclasses.replace(subtasks[subtask], parts=(*subtasks[subtask].parts, *own_parts))
            operators[node.uid] = dataclasses.replace(operators[node.uid], subtasks=tuple(subtasks))
        return dataclasses.replace(checkpoint, operators=operators)

    def _of_coordinator(self, states: OperatorStates | None, node: int, part: StatePart) -> OperatorStates:
        if states is None:
            found = self.graph.node_of(node)
            states = OperatorStates(found.uid, found.name, found.max_parallelism, ())
        return dataclasses.replace(states, coordinator=part)

    def _completed(self, number: int) -> None:
        assert self.coordination is not None
        self.coordination.checkpoint_completed(number)
        faults.point("checkpoint.committed")  # and no task was told
        self._tell_over(CheckpointOver(number, completed=True))

    def _tell_over(self, over: CheckpointOver) -> None:
        if self.tasks is not None:
            self.tasks.end_checkpoint(over)

    def _savepoint_done(self, action: SavepointDone) -> None:
        future, stop, drain = self.savepoints.pop(action.ticket)
        future.set_result(action.checkpoint.folder)
        if stop and not drain and self.tasks is not None:
            self.tasks.stop_behind_savepoint()

    def _tolerantly(self, call: Callable[[], object]) -> None:
        """Remove something; what cannot be removed stays, and the job goes on."""
        try:
            call()
        except Exception as error:
            log.warning("job '%s': a checkpoint cannot be removed: %s", self.graph.name, told(error))


def beginning(graph: JobGraph) -> Checkpoint | None:
    """The checkpoint or savepoint that a job is to begin with; None for none.

    Raises:
        CheckpointError: the program cannot go on from it.
        StorageError, CorruptDataError: it cannot be read.
    """
    restore = graph.restore
    if restore.path is None:
        return None
    found = CheckpointStorage(None, "").read_manifest(restore.path)
    refuse_foreign_states(graph, found, restore.allow_non_restored_state)
    return found


def job_checkpoints(graph: JobGraph, job_id: str, clock: Clock, found: Checkpoint | None) -> JobCheckpoints:
    """The checkpoints of a job as its configuration wants them.

    Args:
        graph: the job.
        job_id: of the job.
        clock: of the job.
        found: what it begins with.
    """
    settings = graph.checkpoints
    storage = CheckpointStorage(
        settings.folder,
        job_id,
        compressed=settings.compressed,
        memory_threshold=settings.memory_threshold,
        subfolder=settings.subfolder,
        secret_file=settings.secret_file,
    )
    claimed = graph.restore.claim_mode is ClaimMode.CLAIM
    return JobCheckpoints(graph, settings, storage, clock, job_id, found, claimed)


def close_coordinators(
    coordination: Coordination, checkpoints: JobCheckpoints | None, failure: BaseException | None
) -> BaseException | None:
    """End an attempt: write the last checkpoint if it finished, then close its coordinators.

    Args:
        coordination: of the attempt.
        checkpoints: of the job, if it takes any.
        failure: why the attempt did not finish; None when it did.

    Returns:
        What went wrong meanwhile; None for nothing.
    """
    problem: BaseException | None = None
    if checkpoints is not None:
        try:
            if failure is None:
                checkpoints.job_finished()
        except Exception as error:
            problem = error
        reason = failure or problem
        try:
            checkpoints.attempt_over("the job has finished" if reason is None else f"the job failed: {told(reason)}")
        except Exception as error:
            problem = problem or error
    try:
        coordination.close(failure or problem)
    except Exception as error:
        problem = problem or error
    return problem


def nodes_of(graph: JobGraph) -> Iterable[Any]:
    """All operators of a job."""
    return (node for vertex in graph.vertices for node in vertex.nodes)


def vertices_of(graph: JobGraph) -> Vertices:
    """A job as its coordinator of checkpoints knows it."""
    vertices = {}
    feeders: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for vertex in graph.vertices:
        operators = tuple(VertexOperator(node.uid, node.name, node.max_parallelism) for node in vertex.nodes)
        inputs = {graph.vertex_of(edge.source).id for edge in graph.exchanges if graph.vertex_of(edge.target) is vertex}
        vertices[vertex.id] = Vertex(vertex.parallelism, tuple(sorted(inputs)), operators)
        for subtask in range(vertex.parallelism):
            feeders[vertex.id, subtask] = set()
    for edge in graph.exchanges:
        source, target = graph.vertex_of(edge.source), graph.vertex_of(edge.target)
        for producer in range(source.parallelism):
            for consumer in edge.partitioner.targets(producer, source.parallelism, target.parallelism):
                feeders[target.id, consumer].add((source.id, producer))
    return Vertices(vertices, feeders)


def keeps(subtask: SubtaskStates) -> bool:
    """Whether there is more of a subtask than results of the job so far."""
    return any(part.state != ACCUMULATORS for part in subtask.parts)


def refuse_foreign_states(graph: JobGraph, checkpoint: Checkpoint, allowed: bool) -> None:
    """Refuse a checkpoint that the program cannot go on from.

    Args:
        graph: the program's job.
        checkpoint: to go on from.
        allowed: whether states of operators that the program does not have may be left out.

    Raises:
        CheckpointError: it has states that no operator takes, another number of key groups, or another state
            backend's files.
    """
    nodes = {node.uid: node for node in nodes_of(graph)}
    foreign = [
        states
        for uid, states in checkpoint.operators.items()
        if uid not in nodes and (states.coordinator is not None or any(keeps(old) for old in states.subtasks))
    ]
    if foreign and not allowed:
        names = ", ".join(f"'{states.name}' (uid {states.uid})" for states in foreign)
        raise CheckpointError(
            f"{checkpoint.folder or 'the checkpoint'} has states of {names}, which the program does not have: give the "
            "operators their uid() back, or allow to leave states out (--allow-non-restored-state, "
            "execution.state-recovery.ignore-unclaimed-state)"
        )
    for uid, states in checkpoint.operators.items():
        node = nodes.get(uid)
        keyed = any(part.groups is not None for old in states.subtasks for part in old.parts)
        files = any(part.kind == FILES for old in states.subtasks for part in old.parts)
        if node is not None and files and graph.checkpoints.state_backend != "rocksdb":
            raise CheckpointError(
                f"the states of {node} in {checkpoint.folder}, an incremental checkpoint, are files of RocksDB: set "
                "state.backend.type to rocksdb, or start from a savepoint, which every state backend reads"
            )
        if node is not None and keyed and node.max_parallelism != states.max_parallelism:
            raise CheckpointError(
                f"{node} has {node.max_parallelism} key groups (its max parallelism), and its states in "
                f"{checkpoint.folder or 'the checkpoint'} have {states.max_parallelism}: set_max_parallelism("
                f"{states.max_parallelism}) gives it as many again"
            )
