"""The coordinator against a naive model, through random events."""

from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pyflinkx.checkpoint.actions import (
    Discard,
    DiscardPending,
    FailJob,
    NotifyAborted,
    NotifyCompleted,
    SavepointDone,
    SavepointFailed,
    StoreManifest,
    TriggerTasks,
)
from pyflinkx.checkpoint.coordinator import CheckpointCoordinator
from pyflinkx.checkpoint.metadata import SAVEPOINT, TaskSnapshot
from pyflinkx.checkpoint.settings import CheckpointSettings
from pyflinkx.checkpoint.topology import Vertex, VertexOperator, Vertices

JOB = Vertices(
    {
        0: Vertex(2, (), (VertexOperator("a", "a", 4),)),
        1: Vertex(1, (0,), (VertexOperator("b", "b", 4),)),
    }
)
TASKS = ((0, 0), (0, 1), (1, 0))


class Known:
    """What the model knows of one checkpoint."""

    def __init__(self, kind, began, finished):
        self.kind = kind
        self.began = began
        self.given = set()
        self.finished = set(finished)
        self.state = "open"  # then storing, and then gone or durable

    @property
    def complete(self):
        return self.given | self.finished == set(TASKS)


class CoordinatorMachine(RuleBasedStateMachine):
    @initialize(
        interval=st.integers(1, 20),
        timeout=st.integers(5, 60),
        min_pause=st.sampled_from([0, 0, 7]),
        max_concurrent=st.integers(1, 3),
        tolerable=st.integers(0, 2),
        retained=st.integers(1, 3),
    )
    def begin(self, interval, timeout, min_pause, max_concurrent, tolerable, retained):
        self.settings = CheckpointSettings(
            interval=interval,
            timeout=timeout,
            min_pause=min_pause,
            max_concurrent=max_concurrent,
            tolerable_failures=tolerable,
            retained=retained,
        )
        self.coordinator = CheckpointCoordinator(self.settings, JOB)
        self.now = 100
        self.attempt = 0
        self.running = False
        self.finished = set()
        self.known = {}
        self.manifests = {}
        self.durable = []  # numbers of checkpoints, as they became so
        self.discarded = set()
        self.failures = 0
        self.starts = []
        self.ends = []
        self.attempt_began = None
        self.asked = []

    # ---- the model ----

    def alive(self):
        return {number: known for number, known in self.known.items() if known.state in ("open", "storing")}

    def gone(self, number, counts):
        """One will not be; whether the job has to fail for it."""
        known = self.known[number]
        known.state = "gone while storing" if known.state == "storing" else "gone"
        self.ends.append(self.now)
        if counts and known.kind != SAVEPOINT:
            self.failures += 1
            if self.failures > self.settings.tolerable_failures:
                self.failures = 0
                return True
        return False

    def expect(self, actions, aborted=(), fails=False, stores=None):
        """Compare what follows from one event with what was answered."""
        assert [a.number for a in actions if isinstance(a, NotifyAborted)] == list(aborted)
        assert any(isinstance(a, FailJob) for a in actions) == fails
        assert [a.checkpoint.number for a in actions if isinstance(a, StoreManifest)] == (
            [] if stores is None else stores
        )
        removed = [a.number for a in actions if isinstance(a, DiscardPending)]
        assert all(self.known[number].state == "gone" or number in self.discarded for number in removed)
        for action in actions:
            if isinstance(action, StoreManifest):
                self.manifests[action.checkpoint.number] = action.checkpoint
                assert self.known[action.checkpoint.number].complete
            if isinstance(action, Discard):
                assert action.checkpoint.number not in self.discarded
                self.discarded.add(action.checkpoint.number)

    def store_what_is_complete(self):
        stores = []
        for number, known in self.alive().items():
            if known.state == "open" and known.complete:
                known.state = "storing"
                stores.append(number)
        return stores

    # ---- events ----

    @rule(step=st.integers(1, 15))
    def time(self, step):
        self.now += step
        actions = self.coordinator.time(self.now)
        aborted, fails = [], False
        for number, known in self.alive().items():
            if self.now >= known.began + self.settings.timeout:
                fails = self.gone(number, counts=True) or fails
                aborted.append(number)
        begun = [a for a in actions if isinstance(a, TriggerTasks)]
        if fails:
            assert begun == []
        else:
            for number in self.asked:
                failed = [a.ticket for a in actions if isinstance(a, SavepointFailed)]
                if not self.running or self.finished == set(TASKS):
                    assert number in failed
                    continue
                self.known[number] = Known(SAVEPOINT, self.now, self.finished)
            self.asked = []
            wanted = self.periodic_due()
            periodic = [a.number for a in begun if a.kind != SAVEPOINT]
            assert len(periodic) == wanted
            for number in periodic:
                assert number > max(self.known, default=0)
                self.known[number] = Known("checkpoint", self.now, self.finished)
                self.starts.append(self.now)
        for action in begun:
            waits = set(TASKS) - self.finished
            sources = {task for task in waits if task[0] == 0}
            assert set(action.tasks) == (sources or waits)
        self.expect(actions, aborted, fails)

    def periodic_due(self):
        if not self.running or self.finished == set(TASKS):
            return False
        limit = 1 if self.settings.min_pause else self.settings.max_concurrent
        if len(self.alive()) >= limit:
            return False
        since = [start for start in self.starts if start >= self.attempt_began]
        due = since[-1] + self.settings.interval if since else None
        if due is None:
            due = self.attempt_began + max(self.settings.interval, self.settings.min_pause)
        rested = not self.ends or self.now >= max(self.ends) + self.settings.min_pause
        return self.now >= due and rested

    @precondition(lambda self: not self.running and not self.coordinator.storing)
    @rule()
    def start_attempt(self):
        self.attempt += 1
        self.finished = set()
        assert self.coordinator.attempt_started(self.now, self.attempt) == []
        self.running = True
        self.attempt_began = self.now

    @precondition(lambda self: self.running)
    @rule()
    def end_attempt(self):
        actions = self.coordinator.attempt_over(self.now, "why")
        aborted = [number for number, known in self.alive().items() if known.state == "open"]
        for number in aborted:
            self.gone(number, counts=False)
        assert {a.ticket for a in actions if isinstance(a, SavepointFailed)} >= set(self.asked)
        self.asked = []
        self.running = False
        self.expect(actions, aborted)

    @precondition(lambda self: self.running)
    @rule(task=st.sampled_from(TASKS), data=st.data(), late=st.booleans())
    def acknowledge(self, task, data, late):
        if not self.known:
            return
        number = data.draw(st.sampled_from(sorted(self.known)))
        known = self.known[number]
        attempt = self.attempt - 1 if late else self.attempt
        if known.state in ("open", "storing") and task in self.finished and not late:
            return  # a task that has finished says nothing more
        if not late and any(task in other.given for n, other in self.alive().items() if n > number):
            return  # tasks take them one after the other
        actions = self.coordinator.acknowledged(self.now, attempt, number, task, TaskSnapshot())
        if known.state == "open" and not late:
            known.given.add(task)
        if known.state in ("open", "storing", "durable") and number not in self.discarded:
            assert not any(isinstance(a, DiscardPending) for a in actions)
        self.expect(actions, stores=self.store_what_is_complete())

    @precondition(lambda self: self.running)
    @rule(task=st.sampled_from(TASKS), data=st.data(), counts=st.booleans())
    def decline(self, task, data, counts):
        if not self.known:
            return
        number = data.draw(st.sampled_from(sorted(self.known)))
        known = self.known[number]
        waits = known.state == "open" and task not in known.given | known.finished
        actions = self.coordinator.declined(self.now, self.attempt, number, task, "why", counts)
        fails = waits and self.gone(number, counts)
        self.expect(actions, [number] if waits else [], fails)

    @precondition(lambda self: self.running)
    @rule(task=st.sampled_from(TASKS))
    def finish(self, task):
        if task in self.finished:
            return
        if task == (1, 0) and not self.finished >= {(0, 0), (0, 1)}:
            return
        spoken = self.coordinator.spoken.get(task, 0)
        actions = self.coordinator.task_finished(self.now, self.attempt, task)
        self.finished.add(task)
        aborted = []
        for number, known in self.alive().items():
            if known.state == "open" and task not in known.given:
                if spoken > number:
                    self.gone(number, counts=False)
                    aborted.append(number)
                else:
                    known.finished.add(task)
        self.expect(actions, aborted, stores=self.store_what_is_complete())

    @precondition(lambda self: self.coordinator.storing)
    @rule(data=st.data(), works=st.booleans())
    def store(self, data, works):
        number = data.draw(st.sampled_from(sorted(self.coordinator.storing)))
        known = self.known[number]
        checkpoint = self.manifests[number]
        if not works:
            actions = self.coordinator.store_failed(self.now, number, "why")
            if known.state == "storing":
                known.state = "open"
                fails = self.gone(number, counts=True)
                self.expect(actions, [number], fails)
            else:
                known.state = "gone"
                self.expect(actions)
            return
        actions = self.coordinator.stored(self.now, number, checkpoint)
        if known.state != "storing":
            assert Discard in map(type, actions)
            self.expect(actions)
            return
        known.state = "durable"
        self.failures = 0
        self.ends.append(self.now)
        told = any(isinstance(a, NotifyCompleted) for a in actions)
        if known.kind == SAVEPOINT:
            assert any(isinstance(a, SavepointDone) for a in actions)
            assert not told
            self.expect(actions)
            return
        assert told == self.running
        self.durable.append(number)
        aborted = [n for n, other in self.alive().items() if n < number and other.kind != SAVEPOINT]
        for other in aborted:
            self.gone(other, counts=False)
        self.expect(actions, aborted)

    @rule()
    def ask(self):
        number = self.coordinator.trigger_savepoint(self.now, None)
        assert number > max(self.known, default=0)
        self.asked.append(number)

    # ---- always ----

    @invariant()
    def the_newest_are_retained(self):
        if not hasattr(self, "durable"):
            return
        newest = sorted(self.durable)[-self.settings.retained :]
        assert [checkpoint.number for checkpoint in self.coordinator.retained] == newest
        assert not self.discarded & set(newest)
        latest = self.coordinator.latest
        assert (latest and latest.number) == (newest[-1] if newest else None)

    @invariant()
    def nothing_else_is_under_way(self):
        if hasattr(self, "known"):
            assert set(self.coordinator.pending) == set(self.alive())
            if not self.alive():
                kept = set(sorted(self.durable)[-self.settings.retained :])
                assert set(self.durable) - kept <= self.discarded

    @invariant()
    def counts_add_up(self):
        if hasattr(self, "known"):
            statistics = self.coordinator.statistics
            states = [known.state for known in self.known.values()]
            assert statistics.triggered == len(states)
            assert statistics.completed == states.count("durable")
            assert statistics.in_progress == len(self.alive())


TestCoordinator = CoordinatorMachine.TestCase
TestCoordinator.settings = hypothesis_settings(
    max_examples=60, stateful_step_count=50, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
