"""When a job takes checkpoints, and what becomes of them: a state machine without threads, clocks, files or messages.

A driver tells the coordinator what has happened and carries out what it answers, in that order. What is said of a
checkpoint names attempt and number, and numbers are never used twice, so late words are recognised.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pyflinkx.checkpoint.actions import (
    Action,
    BarrierOptions,
    Discard,
    DiscardPending,
    FailJob,
    LastStored,
    NotifyAborted,
    NotifyCompleted,
    ReleaseTasks,
    SavepointDone,
    SavepointFailed,
    StoreManifest,
    TriggerTasks,
)
from pyflinkx.checkpoint.metadata import CHECKPOINT, SAVEPOINT, Checkpoint, TaskSnapshot
from pyflinkx.checkpoint.pending import PendingCheckpoint
from pyflinkx.checkpoint.settings import CheckpointSettings, Retention
from pyflinkx.checkpoint.statistics import CheckpointStatistics
from pyflinkx.checkpoint.topology import Task, Vertices


@dataclass(frozen=True)
class SavepointRequest:
    """A savepoint that somebody has asked for, and the next ``time`` begins."""

    number: int
    time: int
    options: BarrierOptions


KEPT_AT_THE_END = {
    Retention.NO_EXTERNALIZED_CHECKPOINTS: frozenset[str](),
    Retention.DELETE_ON_CANCELLATION: frozenset({"FAILED"}),
    Retention.RETAIN_ON_CANCELLATION: frozenset({"FAILED", "CANCELED"}),
}


class CheckpointCoordinator:
    """The checkpoints of one job, over all its attempts; times in milliseconds since the epoch.

    After each event, and when ``next_time`` has come, the driver asks ``time`` what is due. It begins no attempt, and
    does not end the job, while manifests are being written (``storing``).

    Args:
        settings: when and how.
        topology: the job's vertices.
        job_id: of the job, for manifests.
        job_name: of the job, for manifests.
        history: how many checkpoints the statistics keep in detail.

    Example:
        >>> from pyflinkx.checkpoint.topology import Vertex
        >>> settings = CheckpointSettings(interval=100)
        >>> coordinator = CheckpointCoordinator(settings, Vertices({0: Vertex(1), 1: Vertex(1, (0,))}))
        >>> coordinator.attempt_started(1_000, 1)
        []
        >>> coordinator.next_time()
        1100
        >>> [trigger] = coordinator.time(1_100)
        >>> trigger.number, trigger.tasks
        (1, ((0, 0),))
        >>> coordinator.acknowledged(1_110, 1, 1, (0, 0), TaskSnapshot())
        []
        >>> [store] = coordinator.acknowledged(1_120, 1, 1, (1, 0), TaskSnapshot())
        >>> coordinator.stored(1_130, 1, store.checkpoint)
        [NotifyCompleted(number=1)]
        >>> coordinator.latest.number
        1
    """

    def __init__(
        self,
        settings: CheckpointSettings,
        topology: Vertices,
        job_id: str = "",
        job_name: str = "",
        history: int = 10,
    ) -> None:
        self.settings = settings
        self.topology = topology
        self.job_id = job_id
        self.job_name = job_name
        self.statistics = CheckpointStatistics(history)
        self.number = 0  # of the newest checkpoint
        self.attempt = 0
        self.running = False  # all tasks of the attempt are
        self.finished: set[Task] = set()
        self.staying: set[Task] = set()  # they have sent all that they had, and want to hear of one more checkpoint
        self.spoken: dict[Task, int] = {}  # the latest checkpoint that a task of this attempt took or declined
        self.pending: dict[int, PendingCheckpoint] = {}
        self.retained: list[Checkpoint] = []  # the coordinator's own, oldest first
        self.base: Checkpoint | None = (
            None  # what is not its own: what was restored, the savepoint that the job stopped with
        )
        self.dropped: list[Checkpoint] = []  # no longer retained, but one under way may name their files
        self.requested: list[SavepointRequest] = []
        # Whose manifests are being written, so that nobody knows whether they are there, and whose files they may name.
        self.storing: dict[int, tuple[int, ...]] = {}
        self.savepoints: set[int] = set()  # numbers of those that are durable
        self.stopped = False  # by a savepoint: what follows it is not the job's
        self.failures = 0  # in a row
        self.due: int | None = None
        self.last_end: int | None = None

    @property
    def latest(self) -> Checkpoint | None:
        """What the next attempt begins from: the newest checkpoint, or the savepoint that the job was to stop with.

        What sinks have committed is in it. As in Flink, savepoints that a job did not stop with are not its business.
        """
        candidates = [*self.retained[-1:], *([self.base] if self.base is not None else [])]
        return max(candidates, key=lambda checkpoint: checkpoint.number, default=None)

    # ---- the job ----

    def restored(self, checkpoint: Checkpoint, claimed: bool = False) -> None:
        """The first attempt begins from a checkpoint of another job; numbers go on from it.

        Args:
            checkpoint: which.
            claimed: whether it is removed like the job's own.
        """
        self.number = max(self.number, checkpoint.number)
        if claimed:
            self.retained.append(checkpoint)
        else:
            self.base = checkpoint
        self.statistics.restore(checkpoint)

    def attempt_started(self, now: int, attempt: int) -> list[Action]:
        """All tasks of an attempt run, or have finished already."""
        if attempt < self.attempt:
            return []
        self._meet(attempt)
        if attempt > 1 and self.latest is not None:
            self.statistics.restore(self.latest)
        self.running = True
        self.stopped = False
        interval = self.settings.interval
        self.due = None if interval is None else now + max(interval, self.settings.min_pause)
        self._hurry(now)
        return []

    def attempt_over(self, now: int, reason: str) -> list[Action]:
        """The attempt has begun to fail or to be cancelled, or has ended; what is under way will not be.

        But what all tasks have given their states for goes on. The next attempt has to wait until it is known whether
        it is durable: one that begins from the checkpoint before has sinks remove what only the later one commits, so
        that nobody may begin from that one any more.
        """
        self.running = False
        self.due = None
        actions = self._refuse_requested(reason)
        for pending in list(self.pending.values()):
            if pending.number in self.storing:
                pending.final = False  # what it is the last of has not finished
            else:
                actions += self._abort(now, pending, reason, counts=False)
        return self._with_discards(actions)

    def task_finished(self, now: int, attempt: int, task: Task) -> list[Action]:
        """A task has come to its end, which is its barrier in what it has not spoken of.

        So it has said before that all its snapshots are written, or why not, and has declined what it gave up for a
        later one.
        """
        if attempt < self.attempt:
            return []
        self._meet(attempt)
        self.staying.discard(task)
        self.finished.add(task)
        self._hurry(now)
        return self._with_discards(self._ends(now, task, stays=False))

    def task_stays(self, now: int, attempt: int, task: Task) -> list[Action]:
        """A task has sent all that it had, and stays open to take part in one more checkpoint and to hear of it.

        That is one under way that it has not spoken of, or the next, which is begun at once where all others have
        finished or stay too. It is released when it has heard, or when no checkpoint follows.
        """
        if attempt < self.attempt:
            return []
        self._meet(attempt)
        settings = self.settings
        if not settings.enabled or not settings.after_tasks_finish or self.stopped:
            return self._with_discards([*self._ends(now, task, stays=False), ReleaseTasks((task,))])
        self.staying.add(task)
        self._hurry(now)
        return self._with_discards(self._ends(now, task, stays=True))

    def _hurry(self, now: int) -> None:
        """Where all that run only wait for a checkpoint, it is due."""
        if self._only_staying() and self.due is not None:
            self.due = now

    def _only_staying(self) -> bool:
        return bool(self.staying) and len(self.finished) + len(self.staying) == len(self.topology.tasks)

    def _ends(self, now: int, task: Task, stays: bool) -> list[Action]:
        """Nothing more comes of a task to the checkpoints under way, but, if it stays, what it holds at its end."""
        actions: list[Action] = []
        for pending in list(self.pending.values()):
            if task not in pending.waiting:
                continue
            if self.spoken.get(task, 0) > pending.number:
                reason = f"task {task} left it out for checkpoint {self.spoken[task]}"
                actions += self._abort(now, pending, reason, counts=False)
            else:
                pending.end(task, stays)
                actions += self._trigger(pending, first=False)
                actions += self._store_if_complete(pending)
        return actions

    def final(self, now: int) -> list[Action]:
        """All tasks have finished: the last checkpoint, after which ``LastStored`` comes; nothing if there is none.

        There is none for a job that a savepoint stopped, as all that it has done is in that.
        """
        if not self.settings.enabled or self.stopped:
            return []
        actions = self._refuse_requested("the job has finished")
        self.running = False
        self.number += 1
        self._begin(now, self.number, CHECKPOINT, self._options(), self.topology.tasks, final=True)
        return actions + self._store_if_complete(self.pending[self.number])

    def job_ended(self, now: int, state: enum.Enum) -> list[Action]:
        """The job has ended: FINISHED, CANCELED or FAILED; what is not to be kept is removed."""
        reason = f"the job has ended: {state.name}"
        actions = self.attempt_over(now, reason)
        for pending in list(self.pending.values()):
            actions += self._abort(now, pending, reason, counts=False)
        if state.name not in KEPT_AT_THE_END[self.settings.retention]:
            self.dropped += self.retained
            self.retained = []
        return self._with_discards(actions)

    # ---- time ----

    def next_time(self) -> int | None:
        """When ``time`` has something to do next, unless something happens before; None for never."""
        times = [pending.time + self.settings.timeout for pending in self.pending.values() if not pending.final]
        if self.requested:
            times.append(min(request.time for request in self.requested))
        periodic = self._periodic_time()
        if periodic is not None:
            times.append(periodic)
        return min(times, default=None)

    def time(self, now: int) -> list[Action]:
        """What is due: give up those that take too long, begin new ones."""
        actions: list[Action] = []
        for pending in list(self.pending.values()):
            if not pending.final and now >= pending.time + self.settings.timeout:
                actions += self._abort(now, pending, self._expired(pending), counts=True)
        if any(isinstance(action, FailJob) for action in actions):
            return self._with_discards(actions)
        requested, self.requested = self.requested, []
        for request in requested:
            actions += self._begin_savepoint(now, request)
        periodic = self._periodic_time()
        if periodic is not None and now >= periodic:
            self.number += 1
            actions += self._begin(now, self.number, CHECKPOINT, self._options(), self.finished)
        return self._with_discards(actions)

    def trigger_savepoint(self, now: int, folder: str | None, stop: bool = False, drain: bool = False) -> int:
        """Ask for a savepoint, which the next ``time`` begins; the ticket that its outcome is told with.

        Args:
            now: the time.
            folder: where it goes; None for what the settings say.
            stop: whether the job ends with it.
            drain: whether its inputs are then taken as ended: last watermark, all windows.
        """
        self.number += 1
        options = BarrierOptions(self.settings.exactly_once, stop=stop, drain=drain, folder=folder)
        self.requested.append(SavepointRequest(self.number, now, options))
        return self.number

    # ---- a checkpoint under way ----

    def acknowledged(self, now: int, attempt: int, number: int, task: Task, snapshot: TaskSnapshot) -> list[Action]:
        """A task has written its states for a checkpoint."""
        self._speaks(attempt, number, task)
        pending = self._current(attempt, number)
        if pending is None:
            return self._late(number)
        if task in pending.finished:
            reason = f"task {task} gave its states after it had finished"
            return self._with_discards(self._abort(now, pending, reason, counts=True))
        if task in pending.waiting:
            pending.waiting.discard(task)
            pending.snapshots[task] = snapshot
            self.statistics.task_done(pending.record, now, task, snapshot)
        return self._store_if_complete(pending)

    def declined(
        self, now: int, attempt: int, number: int, task: Task, reason: str, counts: bool = True
    ) -> list[Action]:
        """A task cannot take or write its snapshot, and has removed what it had written.

        Args:
            now: the time.
            attempt: of the task.
            number: of the checkpoint.
            task: vertex and subtask.
            reason: why.
            counts: whether that is a failure which the job has to tolerate; not so when a later one took its place.
        """
        self._speaks(attempt, number, task)
        pending = self._current(attempt, number)
        if pending is None:
            return self._late(number)
        if task not in pending.waiting:
            return []  # it finished before the trigger came
        return self._with_discards(self._abort(now, pending, f"task {task} declined: {reason}", counts))

    def stored(self, now: int, number: int, checkpoint: Checkpoint) -> list[Action]:
        """A manifest is durable."""
        self.storing.pop(number, None)
        pending = self.pending.get(number)
        if pending is None:
            if number in self.savepoints or any(kept.number == number for kept in self.retained):
                return []
            return self._with_discards([Discard(checkpoint, self._kept())])
        del self.pending[number]
        self.last_end = now
        self.failures = 0
        pending.record.finished = tuple(sorted(pending.finished))
        self.statistics.complete(pending.record, now, checkpoint, pending.kind == SAVEPOINT)
        if pending.kind == SAVEPOINT:
            return self._with_discards(self._savepoint_done(pending, checkpoint))
        self.retained.append(checkpoint)
        actions: list[Action] = []
        for older in [older for older in self.pending.values() if older.number < number and older.kind == CHECKPOINT]:
            actions += self._abort(now, older, f"checkpoint {number} was complete before it", counts=False)
        self.retained.sort(key=lambda kept: kept.number)
        keep = max(1, self.settings.retained)
        self.dropped += self.retained[:-keep]
        del self.retained[:-keep]
        if self.running or pending.final:
            actions.append(NotifyCompleted(number))
            actions += [LastStored(number)] if pending.final else []
            actions += self._release(pending.staying)
        return self._with_discards(actions)

    def store_failed(self, now: int, number: int, reason: str) -> list[Action]:
        """A manifest cannot be written, or a coordinator of a source or sink cannot say what it holds."""
        self.storing.pop(number, None)
        pending = self.pending.get(number)
        if pending is None:
            return self._with_discards(self._late(number))
        return self._with_discards(self._abort(now, pending, reason, counts=True))

    # ---- what follows ----

    def _meet(self, attempt: int) -> None:
        if attempt > self.attempt:
            self.attempt = attempt
            self.running = False
            self.finished = set()
            self.staying = set()
            self.spoken = {}

    def _speaks(self, attempt: int, number: int, task: Task) -> None:
        if attempt == self.attempt:
            self.spoken[task] = max(number, self.spoken.get(task, 0))

    def _options(self) -> BarrierOptions:
        settings = self.settings
        return BarrierOptions(settings.exactly_once, settings.unaligned, settings.aligned_timeout)

    def _periodic_time(self) -> int | None:
        if self.due is None or not self.running or self._hindrance() is not None or self.stopped:
            return None
        under_way = [pending.options for pending in self.pending.values()]
        if any(options.stop for options in (*under_way, *(request.options for request in self.requested))):
            return None
        limit = 1 if self.settings.min_pause > 0 else self.settings.max_concurrent
        if len(self.pending) >= limit:
            return None
        if self.last_end is None or self.settings.min_pause == 0 or self._only_staying():
            return self.due
        return max(self.due, self.last_end + self.settings.min_pause)

    def _hindrance(self) -> str | None:
        """Why no checkpoint can be taken now."""
        if not self.running:
            return "not all tasks of the job are running"
        if len(self.finished) == len(self.topology.tasks):
            return "all tasks of the job have finished"
        if self.finished and not self.settings.after_tasks_finish:
            return (
                "some tasks of the job have finished, and execution.checkpointing.checkpoints-after-tasks-finish is off"
            )
        return None

    def _begin_savepoint(self, now: int, request: SavepointRequest) -> list[Action]:
        hindrance = "the job is stopping with another savepoint" if self.stopped else self._hindrance()
        if hindrance is not None:
            return [SavepointFailed(request.number, hindrance)]
        actions: list[Action] = []
        if request.options.stop:
            reason = f"the job is to stop with savepoint {request.number}"
            for other in [other for other in self.pending.values() if other.kind == CHECKPOINT]:
                actions += self._abort(now, other, reason, counts=False)
        return actions + self._begin(now, request.number, SAVEPOINT, request.options, self.finished)

    def _begin(
        self,
        now: int,
        number: int,
        kind: str,
        options: BarrierOptions,
        finished: Iterable[Task],
        final: bool = False,
    ) -> list[Action]:
        over = set(finished)
        if kind == CHECKPOINT:
            options = replace(options, bases=tuple(kept.number for kept in self.retained))
        record = self.statistics.begin(number, kind, self.attempt, now)
        pending = PendingCheckpoint(
            number,
            kind,
            self.attempt,
            now,
            options,
            record,
            waiting=set(self.topology.tasks) - over,
            finished=over,
            staying=self.staying - over,
            final=final,
        )
        self.pending[number] = pending
        if kind == CHECKPOINT and self.settings.interval is not None:
            self.due = now + self.settings.interval
        return self._trigger(pending, first=True)

    def _trigger(self, pending: PendingCheckpoint, first: bool) -> list[Action]:
        tasks = tuple(pending.without_barrier(self.topology))
        if not tasks:
            return []
        pending.triggered.update(tasks)
        staying = tuple(task for task in tasks if task in pending.staying)
        return [TriggerTasks(pending.number, pending.kind, tasks, pending.options, first, staying)]

    def _store_if_complete(self, pending: PendingCheckpoint) -> list[Action]:
        if pending.waiting or pending.number in self.storing:
            return []
        self.storing[pending.number] = pending.options.bases
        checkpoint = pending.checkpoint(self.topology, self.job_id, self.job_name)
        return [StoreManifest(checkpoint, pending.options.folder, pending.final)]

    def _savepoint_done(self, pending: PendingCheckpoint, checkpoint: Checkpoint) -> list[Action]:
        self.savepoints.add(pending.number)
        actions: list[Action] = []
        if pending.options.stop:
            self.stopped = True
            # Of two that the job was to stop with the newer one counts, whichever is durable first.
            if self.base is None or self.base.number < checkpoint.number:
                self.base = checkpoint
                if self.running:
                    actions += [NotifyCompleted(pending.number), *self._release(self.staying)]
        return [*actions, SavepointDone(pending.number, checkpoint)]

    def _release(self, tasks: Iterable[Task]) -> list[Action]:
        """Let tasks go that have heard of a checkpoint, or will hear of none."""
        released = tuple(sorted(self.staying.intersection(tasks)))
        self.staying.difference_update(released)
        return [ReleaseTasks(released)] if released else []

    def _abort(self, now: int, pending: PendingCheckpoint, reason: str, counts: bool) -> list[Action]:
        del self.pending[pending.number]
        self.last_end = now
        self.statistics.fail(pending.record, now, reason)
        actions: list[Action] = [NotifyAborted(pending.number, reason, counts)]
        if pending.number not in self.storing:  # else it is removed when its manifest is known to be there or not
            actions.append(DiscardPending(pending.number, self._kept()))
        if pending.kind == SAVEPOINT:
            actions.append(SavepointFailed(pending.number, reason))
        elif pending.final:
            if counts:
                actions.append(FailJob(f"the last checkpoint ({pending.number}) of the job failed: {reason}"))
        elif counts:
            actions += self._count_failure(pending.number, reason)
        return actions

    def _count_failure(self, number: int, reason: str) -> list[Action]:
        self.failures += 1
        tolerated = self.settings.tolerable_failures
        if self.failures <= tolerated:
            return []
        self.failures = 0
        return [
            FailJob(
                f"more than {tolerated} checkpoints in a row failed "
                f"(execution.checkpointing.tolerable-failed-checkpoints); checkpoint {number}: {reason}"
            )
        ]

    def _refuse_requested(self, reason: str) -> list[Action]:
        requested, self.requested = self.requested, []
        return [SavepointFailed(request.number, reason) for request in requested]

    def _expired(self, pending: PendingCheckpoint) -> str:
        if pending.number in self.storing:
            return f"its manifest was not written within {self.settings.timeout} ms of its start"
        waiting = sorted(pending.waiting)
        more = f" and {len(waiting) - 5} more" if len(waiting) > 5 else ""
        named = ", ".join(str(task) for task in waiting[:5])
        return f"it expired after {self.settings.timeout} ms, without the states of {named}{more} (vertex, subtask)"

    def _current(self, attempt: int, number: int) -> PendingCheckpoint | None:
        pending = self.pending.get(number)
        return pending if pending is not None and pending.attempt == attempt else None

    def _late(self, number: int) -> list[Action]:
        """Somebody speaks of one that is not under way: what was written for it is removed, if it will not be."""
        kept = {checkpoint.number for checkpoint in (*self.retained, *self.dropped)} | self.savepoints
        base = self.base.number if self.base is not None else 0
        asked = {request.number for request in self.requested}
        waits = number in self.pending or number in self.storing or number in asked
        if number in kept or waits or number == base or number > self.number:
            return []
        return [DiscardPending(number, self._kept())]

    def _kept(self) -> tuple[Checkpoint, ...]:
        """Those whose files stay."""
        return (*self.retained, *self.dropped)

    def _with_discards(self, actions: list[Action]) -> list[Action]:
        """Remove, too, what is no longer retained and nobody under way can name a file of; a failure comes last.

        An aborted checkpoint whose manifest is being written may be what the next client finds.
        """
        held = frozenset[int]().union(*(pending.options.bases for pending in self.pending.values()))
        held = held.union(*self.storing.values())
        free = [checkpoint for checkpoint in self.dropped if checkpoint.number not in held]
        self.dropped = [checkpoint for checkpoint in self.dropped if checkpoint.number in held]
        kept = self._kept()
        failures = [action for action in actions if isinstance(action, FailJob)]
        others = [action for action in actions if not isinstance(action, FailJob)]
        return [*others, *(Discard(checkpoint, kept) for checkpoint in free), *failures]
