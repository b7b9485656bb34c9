"""The client of a simulated job, and the scheduler that decides what happens next."""

from __future__ import annotations

import enum
import hashlib
import pickle
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any

from pyflinkx.checkpoint import actions as do
from pyflinkx.checkpoint.coordinator import CheckpointCoordinator
from pyflinkx.checkpoint.metadata import SAVEPOINT, Checkpoint, StatePart, SubtaskStates, TaskSnapshot
from pyflinkx.checkpoint.settings import CheckpointSettings, Retention
from pyflinkx.checkpoint.topology import Task, Vertex, VertexOperator, Vertices
from tests.checkpoint.simulation.disk import Disk
from tests.checkpoint.simulation.target import Target
from tests.checkpoint.simulation.tasks import COUNT, SINK, SOURCE, SimulatedTask, Snapshot

UIDS = {SOURCE: "read", COUNT: "count", SINK: "write"}


class JobEnd(enum.Enum):
    """How a job ended, as the coordinator is told."""

    FINISHED = 1
    FAILED = 2


class ClientDied(Exception):
    """The client ended in the middle of something."""


@dataclass(frozen=True)
class Faults:
    """Probabilities, each per step."""

    task: float = 0.002
    client: float = 0.001
    power: float = 0.001
    write: float = 0.02
    store: float = 0.02

    def times(self, factor: float) -> Faults:
        """All of them so many times as often."""
        return Faults(*(getattr(self, each.name) * factor for each in fields(self)))


@dataclass
class Store:
    """A manifest that is being written: its steps are left to do."""

    checkpoint: Checkpoint
    steps: deque[Callable[[], None]]


class World:
    """One job from its start to its end, over all failures.

    Args:
        seed: decides all that happens.
        faults: how often what fails; None for one of several rates, by the seed.
        savepoints: how often one is asked for, per step.
    """

    def __init__(self, seed: int, faults: Faults | None = None, savepoints: float = 0.001) -> None:
        self.random = random = Random(seed)
        self.faults = faults if faults is not None else Faults().times(random.choice([0.0, 0.1, 0.3, 1.0]))
        self.savepoint_rate = savepoints
        self.disk = Disk(random)
        self.target = Target()
        self.trace = hashlib.blake2b(digest_size=16)
        self.now = 1_000
        self.records = random.randint(0, 120)
        self.job = random_job(random)
        self.staying = {kind for kind in (SOURCE, COUNT, SINK) if random.random() < 0.4}
        timeout = random.choice([60, 400, 4_000])
        self.settings = CheckpointSettings(
            interval=random.randint(1, 60),
            timeout=timeout,
            min_pause=random.choice([0, 0, 30]),
            max_concurrent=random.choice([1, 1, 2, 3]),
            tolerable_failures=random.choice([0, 2, 100]) if timeout > 60 else 10_000,
            retention=random.choice([Retention.RETAIN_ON_CANCELLATION, Retention.DELETE_ON_CANCELLATION]),
            retained=random.randint(1, 3),
        )
        self.clients = 0
        self.attempts = 0
        self.checkpoints = 0
        self.completed = 0
        self.deaths = 0
        self.used: set[tuple[int, int]] = set()
        self.must_have: tuple[int, int] = (0, 0)  # client and number of the newest checkpoint that was committed
        self.quiet = False  # no more faults
        self.lives = False  # the client, which is there from the first step on
        self.over = False

    # ---- one client after the other ----

    def run(self, limit: int = 200_000) -> None:
        """To the end of the job; checks that the target has each result once.

        Raises:
            AssertionError: an invariant is broken.
        """
        steps = 0
        while not self.over:
            steps += 1
            assert steps < limit, "the job does not end"
            if steps == limit // 4:
                self.quiet = True
            try:
                if self.lives:
                    self._step()
                else:
                    self._new_client()
            except ClientDied:
                self._client_dies(power=self._chance(0.5))
        self._note("end", steps)
        assert self.target.results() == self.expected()
        assert not self.target.prepared

    def expected(self) -> list[tuple[int, int, int]]:
        """What a job that nothing befalls gives."""
        counts = self.job.vertices[COUNT].parallelism
        results = []
        for source in range(self.job.vertices[SOURCE].parallelism):
            for record in range(self.records):
                route = (source + record) % counts
                results.append((source, record, sum((source + r) % counts == route for r in range(record + 1))))
        return sorted(results)

    def _new_client(self) -> None:
        self.lives = True
        self.clients += 1
        self.tasks: dict[Task, SimulatedTask] = {}
        self.messages: dict[tuple[int, Task], deque[Any]] = {}
        self.stores: list[Store] = []
        self.commits: deque[tuple[str, int | tuple[Task, ...] | None]] = deque()
        self.committables: list[tuple[int, str]] = []
        self.savepoints: dict[int, bool] = {}
        self.bases: dict[int, tuple[int, ...]] = {}
        self.finished: set[Task] = set()
        self.final_asked = False
        self.last_stored = False
        self.stopping: int | None = None
        self.running = False
        self.coordinator = CheckpointCoordinator(self.settings, self.job, str(self.clients), "job")
        found = self._newest()
        assert self._key(found) >= self.must_have, (self._key(found), self.must_have)
        if found is not None:
            # What the one before had renamed may not be sure to be there; what follows builds on it.
            self.disk.sync(found.folder + "manifest")
            self.disk.sync_names(found.folder)
            self.coordinator.restored(found, claimed=found.kind != SAVEPOINT and self._chance(0.5))
        self._begin_attempt()

    def _key(self, checkpoint: Checkpoint | None) -> tuple[int, int]:
        return (0, 0) if checkpoint is None else (int(checkpoint.job_id), checkpoint.number)

    def _newest(self) -> Checkpoint | None:
        """The newest whole checkpoint on the disk, or savepoint that a job stopped with."""
        found = []
        for path in self.disk.under(""):
            if path.endswith("/manifest"):
                checkpoint = self._read(path)
                if checkpoint is not None and checkpoint.properties.get("only") != "savepoint":
                    found.append(checkpoint)
        return max(found, key=self._key, default=None)

    def _read(self, path: str) -> Checkpoint | None:
        data = self.disk.read(path)
        if data is None or hashlib.blake2b(data[16:], digest_size=16).digest() != data[:16]:
            return None
        checkpoint: Checkpoint = pickle.loads(data[16:])
        whole = all(self._part_data(part) is not None for part in checkpoint.parts())
        return checkpoint if whole else None

    def _part_data(self, part: StatePart) -> bytes | None:
        data = self.disk.read(part.file)
        return data if data is not None and digest(data) == part.digest else None

    def _client_dies(self, power: bool) -> None:
        self.deaths += 1
        self.checkpoints += self.coordinator.statistics.triggered
        self.completed += self.coordinator.statistics.completed
        self._note("client dies", power)
        if power:
            self.disk.lose_power()
        self.lives = False

    # ---- attempts ----

    def _begin_attempt(self) -> None:
        assert not self.coordinator.storing
        self.attempts += 1
        self.number = self.attempts
        self.finished = set()
        self.committables = []
        self.commits.clear()
        self.final_asked = False
        self.stopping = None
        self.running = True
        checkpoint = self.coordinator.latest
        self._note("attempt", self.number, None if checkpoint is None else checkpoint.number)
        names = [] if checkpoint is None else checkpoint.properties["committables"].split()
        for name in names:
            self._maybe_die()
            self.target.commit(name)
        self.target.abort_all_but([])
        self.must_have = max(self.must_have, self._key(checkpoint))
        channels = {(f, task): deque() for task in self.job.tasks for f in self.job.feeders(task)}
        self.tasks = {}
        for task in self.job.tasks:
            state, parts = self._state_of(checkpoint, task)
            stays = task[0] in self.staying
            made = SimulatedTask(task, self.number, self.job, self.records, channels, state, stays)
            owned = checkpoint is not None and any(kept is checkpoint for kept in self.coordinator.retained)
            if task[0] == COUNT and parts and owned:
                made.bases[checkpoint.number] = (parts, dict(state))
            self.tasks[task] = made
        self._do(self.coordinator.attempt_started(self.now, self.number))

    def _state_of(self, checkpoint: Checkpoint | None, task: Task) -> tuple[Any, tuple[StatePart, ...]]:
        if checkpoint is None:
            return None, ()
        states = checkpoint.operators[UIDS[task[0]]].subtasks[task[1]]
        if states.finished:
            return (self.records if task[0] == SOURCE else None), ()
        values = []
        for part in states.parts:
            data = self._part_data(part)
            assert data is not None, f"checkpoint {checkpoint.number} has lost {part.file}"
            values.append(pickle.loads(data))
        if task[0] == COUNT:
            return {key: count for value in values for key, count in value.items()}, states.parts
        return values[-1], states.parts

    def _attempt_ends(self, reason: str) -> None:
        if self.running:
            self._note("attempt ends", reason)
            self.running = False
            self.tasks = {}
            self.commits.clear()
            self._do(self.coordinator.attempt_over(self.now, reason))

    # ---- one step ----

    def _step(self) -> None:
        random = self.random
        if not self.quiet:
            roll = random.random()
            faults = self.faults
            if roll < faults.client + faults.power:
                self._client_dies(power=roll < faults.power)
                return
            if roll < faults.client + faults.power + faults.task and self.running:
                self._attempt_ends("a task died")
        if not self.running and not self.coordinator.storing and self._chance(0.3):
            self._begin_attempt()
            return
        self._somebody_moves(random)
        self._end_if_done()

    def _somebody_moves(self, random: Random) -> None:
        tasks = list(self.tasks.values())
        place = int(random.random() * (2 * len(tasks) + 6))
        if place < len(tasks):
            moves = tasks[place].moves()
            if moves:
                self._task_moves(tasks[place], moves[int(random.random() * len(moves))])
        elif place < 2 * len(tasks):
            if tasks[place - len(tasks)].snapshots:
                self._write(tasks[place - len(tasks)])
        elif place < 2 * len(tasks) + 3:
            if self.messages:
                self._message(random.choice(list(self.messages)))
        elif place < 2 * len(tasks) + 4:
            if self.stores:
                self._store_moves(random.choice(self.stores))
        elif self.commits and random.random() < 0.5:
            self._commit()
        else:
            self._time_passes()

    def _time_passes(self) -> None:
        self.now += self.random.randint(0, 3)
        if self.running and not self.final_asked and not self.quiet and self._chance(self.savepoint_rate * 20):
            stop = self.stopping is None and self._chance(0.3)
            ticket = self.coordinator.trigger_savepoint(self.now, "savepoint", stop)
            self._note("savepoint", ticket, stop)
            self.savepoints[ticket] = stop
        due = self.coordinator.next_time()
        if due is None or due > self.now:
            assert self.coordinator.time(self.now) == []
            return
        self._do(self.coordinator.time(self.now))

    def _task_moves(self, task: SimulatedTask, move: Any) -> None:
        task.step(move)
        for records, number in task.prepared:
            name = f"{self.clients}/{task.attempt}/{task.task[1]}/{number}"
            self.target.prepare(name, records)
            self._tell(task, "committable", number, name)
        task.prepared.clear()
        for number in task.declined:
            self._tell(task, "left out", number)
        task.declined.clear()
        self._tell_end(task)

    def _tell_end(self, task: SimulatedTask) -> None:
        word = task.end_word()
        if word and word != task.said:
            task.said = word
            self._tell(task, word)

    def _tell(self, task: SimulatedTask, *words: Any) -> None:
        self.messages.setdefault((task.attempt, task.task), deque()).append(words)

    def _write(self, task: SimulatedTask) -> None:
        """The task's writer is done with a snapshot: what it has written is sure to be there."""
        index = self.random.randrange(len(task.snapshots))
        snapshot = task.snapshots[index]
        del task.snapshots[index]
        path = f"{self._folder(snapshot.number)}{task.task[0]}-{task.task[1]}"
        state, before = self._written(task, snapshot)
        data = pickle.dumps(state)
        self.disk.write(path, data)
        if not self.quiet and self._chance(self.faults.write):
            self.disk.remove(path)
            self._tell(task, "declined", snapshot.number)
        else:
            self.disk.sync(path)
            self.disk.sync_names(self._folder(snapshot.number))
            parts = (*before, StatePart("state", "value", 1, len(data), digest(data), path))
            if task.task[0] == COUNT:
                task.taken[snapshot.number] = (parts, snapshot.state)
            self._tell(task, "taken", snapshot.number, parts, snapshot.last)
        self._tell_end(task)

    def _written(self, task: SimulatedTask, snapshot: Snapshot) -> tuple[Any, tuple[StatePart, ...]]:
        """What has to be written, and the files of earlier checkpoints that hold the rest."""
        usable = [number for number in self.bases.get(snapshot.number, ()) if number in task.bases]
        if not usable or self._chance(0.3):
            return snapshot.state, ()
        parts, known = task.bases[max(usable)]
        task.bases = {number: base for number, base in task.bases.items() if number >= min(usable)}
        return {key: count for key, count in snapshot.state.items() if known.get(key) != count}, parts

    def _message(self, key: tuple[int, Task]) -> None:
        attempt, task = key
        words = self.messages[key].popleft()
        if not self.messages[key]:
            del self.messages[key]
        self._note("heard", attempt, task, words[0], words[1] if len(words) > 1 else 0)
        match words:
            case ("committable", number, name):
                if attempt == self.number and self.running:
                    self.committables.append((number, name))
            case ("taken", number, parts, last):
                states = {UIDS[task[0]]: SubtaskStates(parts, finished=last)}
                snapshot = TaskSnapshot(states, size=sum(part.size for part in parts))
                self._do(self.coordinator.acknowledged(self.now, attempt, number, task, snapshot))
            case ("declined", number):
                self._do(self.coordinator.declined(self.now, attempt, number, task, "no space left"))
            case ("left out", number):
                self._do(self.coordinator.declined(self.now, attempt, number, task, "left out", counts=False))
            case ("stays",):
                self._do(self.coordinator.task_stays(self.now, attempt, task))
            case ("finished",):
                self._do(self.coordinator.task_finished(self.now, attempt, task))
                if attempt == self.number and self.running:
                    self.finished.add(task)

    # ---- what the coordinator wants ----

    def _folder(self, number: int) -> str:
        return f"{self.clients}/chk-{number}/"

    def _do(self, actions: Iterable[do.Action]) -> None:
        failed = None
        for action in actions:
            self._maybe_die()
            self._note(type(action).__name__)
            match action:
                case do.TriggerTasks(number, _, tasks, options, first, staying):
                    self.bases[number] = options.bases  # as barriers carry them
                    self._trigger(number, tasks, first, staying)
                case do.StoreManifest():
                    self._store(action)
                case do.NotifyCompleted(number):
                    self._completed(number)
                case do.NotifyAborted(number, _, _):
                    for task in self.tasks.values():
                        task.abort(number)
                    assert number not in self.coordinator.pending
                case do.DiscardPending(number):
                    self._discard_pending(number)
                case do.Discard(checkpoint, retained):
                    self._discard(checkpoint, retained)
                case do.FailJob(reason):
                    failed = reason
                case do.SavepointDone(ticket, checkpoint):
                    assert self._read(checkpoint.folder + "manifest") is not None
                    del self.savepoints[ticket]
                case do.SavepointFailed(ticket, _):
                    del self.savepoints[ticket]
                case do.ReleaseTasks(tasks):
                    # Also what an attempt says that is over, or stops, is answered.
                    self.commits.append(("release", tuple(task for task in tasks if task in self.tasks)))
                case do.LastStored(_):
                    self.last_stored = True
        if failed is not None:
            self._attempt_ends(failed)
        periodic = [p for p in self.coordinator.pending.values() if p.kind != SAVEPOINT and not p.final]
        assert len(periodic) <= self.settings.max_concurrent or not self.running
        assert len(self.coordinator.retained) <= self.settings.retained + 1

    def _trigger(self, number: int, tasks: Iterable[Task], first: bool, staying: Collection[Task]) -> None:
        if first:
            assert (self.clients, number) not in self.used
            assert number > max((used for client, used in self.used if client == self.clients), default=0)
            self.used.add((self.clients, number))
        for task in tasks:
            self._note("trigger", number, task)
            if task in self.tasks and task in staying:
                self.tasks[task].give_last(number)
            elif task in self.tasks and not self.tasks[task].done:
                self.tasks[task].triggers.append(number)

    def _store(self, action: do.StoreManifest) -> None:
        checkpoint = action.checkpoint
        number = checkpoint.number
        names = [name for since, name in self.committables if since <= number]
        properties = {"committables": " ".join(names)}
        if checkpoint.kind == SAVEPOINT and not self.savepoints[number]:
            properties["only"] = "savepoint"
        folder = self._folder(number)
        checkpoint = replace(checkpoint, folder=folder, properties=properties)
        data = pickle.dumps(checkpoint)
        data = digest(data) + data
        disk = self.disk
        steps = deque(
            [
                lambda: disk.write(folder + "manifest.part", data),
                lambda: disk.sync(folder + "manifest.part"),
                lambda: disk.rename(folder + "manifest.part", folder + "manifest"),
                lambda: disk.sync_names(folder),
            ]
        )
        self.stores.append(Store(checkpoint, steps))

    def _store_moves(self, store: Store) -> None:
        number = store.checkpoint.number
        if not self.quiet and self._chance(self.faults.store):
            self.stores.remove(store)
            self._note("store fails", number)
            self._do(self.coordinator.store_failed(self.now, number, "no space left"))
        elif store.steps:
            store.steps.popleft()()
        else:
            self.stores.remove(store)
            self._note("stored", number)
            self._do(self.coordinator.stored(self.now, number, store.checkpoint))

    def _completed(self, number: int) -> None:
        latest = self.coordinator.latest
        assert latest is not None
        assert latest.number == number
        self._assert_sure(latest)
        self.must_have = max(self.must_have, self._key(latest))
        self.commits += [(name, None) for since, name in self.committables if since <= number]
        self.commits.append(("", number))
        if latest.kind == SAVEPOINT:
            self.stopping = number

    def _assert_sure(self, checkpoint: Checkpoint) -> None:
        """All of its files outlive a loss of power now."""
        for path in (checkpoint.folder + "manifest", *(part.file for part in checkpoint.parts())):
            file = self.disk.sure.get(path)
            assert file is not None, path
            assert file.synced, path

    def _commit(self) -> None:
        name, number = self.commits.popleft()
        if isinstance(number, tuple):
            for task in number:
                self._release(self.tasks[task])
            return
        if number is None:
            self.target.commit(name)
            # Only now: until then it has to be in each manifest, as an attempt may begin from that.
            self.committables = [known for known in self.committables if known[1] != name]
            return
        for task in self.tasks.values():
            task.completed(number)

    def _release(self, task: SimulatedTask) -> None:
        """It may close: it has heard of a checkpoint that has what it held at its end, or the job stops."""
        assert task.heard or self.coordinator.stopped
        task.released = True
        self._tell_end(task)

    def _discard_pending(self, number: int) -> None:
        kept = [checkpoint.number for checkpoint in self.coordinator.retained if int(checkpoint.job_id) == self.clients]
        assert number not in kept
        self._remove(self._folder(number), set())

    def _discard(self, checkpoint: Checkpoint, retained: Iterable[Checkpoint]) -> None:
        assert checkpoint not in self.coordinator.retained
        assert self.over or self.last_stored or checkpoint is not self.coordinator.latest
        self._remove(checkpoint.folder, {part.file for kept in retained for part in kept.parts()})
        held = {part.file for part in checkpoint.parts()} - {part.file for kept in retained for part in kept.parts()}
        for path in held:
            self.disk.remove(path)
        for kept in self.coordinator.retained:
            assert self._read(kept.folder + "manifest") is not None, f"checkpoint {kept.number} is damaged"

    def _remove(self, folder: str, but: set[str]) -> None:
        """The manifest first, for sure: a checkpoint that came back could name what is gone."""
        self.disk.remove(folder + "manifest")
        self.disk.sync_names(folder)
        for path in self.disk.under(folder):
            if path not in but:
                self.disk.remove(path)

    # ---- the end ----

    def _end_if_done(self) -> None:
        if not self.running or self.commits:
            return
        if self.stopping is not None:
            self.tasks = {}
            if not self.coordinator.storing:
                self._job_ends()
                self._client_ends_by_savepoint()
            return
        if len(self.finished) < len(self.job.tasks):
            return
        if not self.final_asked:
            self.final_asked = True
            self._do(self.coordinator.final(self.now))
        elif self.last_stored and not self.coordinator.storing:
            self.over = True
            self._job_ends()

    def _job_ends(self) -> None:
        self._do(self.coordinator.job_ended(self.now, JobEnd.FINISHED))
        if self.over:
            self.checkpoints += self.coordinator.statistics.triggered
            self.completed += self.coordinator.statistics.completed

    def _client_ends_by_savepoint(self) -> None:
        """The program is run again from the savepoint that it was stopped with."""
        self.checkpoints += self.coordinator.statistics.triggered
        self.completed += self.coordinator.statistics.completed
        self._note("stopped", self.stopping)
        self.lives = False

    # ---- chance ----

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def _maybe_die(self) -> None:
        if not self.quiet and self._chance(self.faults.client):
            raise ClientDied

    def _note(self, *what: Any) -> None:
        self.trace.update(repr((self.now, what)).encode())


def digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def random_job(random: Random) -> Vertices:
    """One to three readers, one or two tasks that count, and sinks behind them, each or all of which they send to."""
    counts = random.randint(1, 2)
    forward = random.random() < 0.5
    sinks = counts if forward else random.randint(1, 2)

    def vertex(kind: int, parallelism: int, inputs: tuple[int, ...]) -> Vertex:
        return Vertex(parallelism, inputs, (VertexOperator(UIDS[kind], UIDS[kind], 128),))

    return Vertices(
        {
            SOURCE: vertex(SOURCE, random.randint(1, 3), ()),
            COUNT: vertex(COUNT, counts, (SOURCE,)),
            SINK: vertex(SINK, sinks, (COUNT,)),
        },
        {(SINK, subtask): [(COUNT, subtask)] for subtask in range(sinks)} if forward else None,
    )
