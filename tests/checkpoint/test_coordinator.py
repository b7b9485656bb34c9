"""The rules that a coordinator of checkpoints goes by, one at a time."""

import enum
import pickle

import pytest

from pyflinkx.checkpoint.actions import (
    Discard,
    DiscardPending,
    FailJob,
    LastStored,
    NotifyAborted,
    NotifyCompleted,
    SavepointDone,
    SavepointFailed,
    StoreManifest,
    TriggerTasks,
)
from pyflinkx.checkpoint.coordinator import CheckpointCoordinator
from pyflinkx.checkpoint.metadata import CHECKPOINT, SAVEPOINT, Checkpoint, StatePart, SubtaskStates, TaskSnapshot
from pyflinkx.checkpoint.settings import CheckpointSettings, Retention
from pyflinkx.checkpoint.statistics import CheckpointStatus
from pyflinkx.checkpoint.topology import Vertex, VertexOperator, Vertices

State = enum.Enum("State", ["FINISHED", "CANCELED", "FAILED"])

# Two sources, what reads them both, and a sink fed subtask by subtask.
JOB = Vertices(
    {
        0: Vertex(2, (), (VertexOperator("read", "Source", 128),)),
        1: Vertex(2, (0,), (VertexOperator("sum", "Sum", 128), VertexOperator("map", "Map", 128))),
        2: Vertex(2, (1,), (VertexOperator("write", "Sink", 128),)),
    },
    {(2, 0): [(1, 0)], (2, 1): [(1, 1)]},
)
SOURCES = ((0, 0), (0, 1))


def started(job=JOB, attempt=1, **settings):
    coordinator = CheckpointCoordinator(CheckpointSettings(**{"interval": 100, **settings}), job, "id", "job")
    assert coordinator.attempt_started(0, attempt) == []
    return coordinator


def kinds(actions):
    return [type(action) for action in actions]


def trigger(coordinator, now=None):
    actions = coordinator.time(coordinator.next_time() if now is None else now)
    [action] = [action for action in actions if isinstance(action, TriggerTasks)]
    return action.number


def store(coordinator, number, now=50, tasks=None):
    """All tasks that are waited for give their states; the action that wants the manifest written."""
    actions = []
    for task in tasks if tasks is not None else sorted(coordinator.pending[number].waiting):
        actions += coordinator.acknowledged(now, coordinator.attempt, number, task, TaskSnapshot())
    [action] = [action for action in actions if isinstance(action, StoreManifest)]
    return action.checkpoint


def complete(coordinator, number=None, now=None):
    number = trigger(coordinator, now) if number is None else number
    at = 50 if now is None else now
    return coordinator.stored(at, number, store(coordinator, number, at))


# ---- one checkpoint ----


def test_a_checkpoint_goes_from_sources_to_the_manifest():
    coordinator = started()
    assert coordinator.next_time() == 100
    assert coordinator.time(99) == []
    [action] = coordinator.time(100)
    assert (action.number, action.kind, action.tasks, action.first) == (1, CHECKPOINT, SOURCES, True)
    assert action.options.exactly_once
    assert not action.options.unaligned
    assert not action.options.stop
    part = StatePart("total", "value", 1, 10, b"digest")
    for task in JOB.tasks[:-1]:
        operators = {"sum": SubtaskStates((part,))} if task == (1, 1) else {}
        assert coordinator.acknowledged(110, 1, 1, task, TaskSnapshot(operators, 1, 2, 3, 4)) == []
    [action] = coordinator.acknowledged(120, 1, 1, (2, 1), TaskSnapshot())
    checkpoint = action.checkpoint
    assert (checkpoint.number, checkpoint.kind, checkpoint.job_id, checkpoint.job_name) == (1, CHECKPOINT, "id", "job")
    assert checkpoint.time == 100
    assert set(checkpoint.operators) == {"read", "sum", "map", "write"}
    assert checkpoint.operators["sum"].subtasks == (SubtaskStates(), SubtaskStates((part,)))
    assert coordinator.latest is None
    assert coordinator.stored(130, 1, checkpoint) == [NotifyCompleted(1)]
    assert coordinator.latest is checkpoint
    [record] = coordinator.statistics.history
    assert (record.status, record.duration, record.size, record.alignment) == (CheckpointStatus.COMPLETED, 30, 10, 3)
    assert record.tasks[1, 1].size == 4


def test_a_snapshot_travels():
    snapshot = TaskSnapshot({"sum": SubtaskStates((StatePart("total", "value", 1, 10, b"digest"),))}, 1, 2, 3, 4)
    assert pickle.loads(pickle.dumps(snapshot)) == snapshot


# ---- when ----


def test_the_interval_goes_from_start_to_start():
    coordinator = started()
    number = trigger(coordinator)
    coordinator.stored(190, number, store(coordinator, number, 190))
    assert coordinator.next_time() == 200
    assert trigger(coordinator, 230) == 2
    complete(coordinator, 2, 240)
    assert coordinator.next_time() == 330


def test_the_pause_goes_from_the_end_of_the_last():
    coordinator = started(min_pause=60)
    number = trigger(coordinator, 100)
    coordinator.stored(190, number, store(coordinator, number, 180))
    assert coordinator.next_time() == 250
    assert coordinator.time(249) == []
    assert trigger(coordinator, 250) == 2


def test_no_more_are_under_way_than_the_settings_say():
    coordinator = started(max_concurrent=2, timeout=10_000)
    assert [trigger(coordinator, 100), trigger(coordinator, 200)] == [1, 2]
    assert coordinator.time(300) == []
    assert coordinator.next_time() == 10_100
    complete(coordinator, 1, 310)
    assert coordinator.next_time() == 300
    assert trigger(coordinator, 310) == 3


def test_a_later_one_that_is_complete_takes_the_place_of_earlier_ones():
    coordinator = started(max_concurrent=2)
    first, second = trigger(coordinator, 100), trigger(coordinator, 200)
    actions = complete(coordinator, second, 210)
    assert kinds(actions) == [NotifyAborted, DiscardPending, NotifyCompleted]
    assert (actions[0].number, actions[1].number, actions[2].number) == (first, first, second)
    assert not actions[0].counts
    assert coordinator.failures == 0


def test_nothing_is_triggered_before_all_tasks_run_or_after_the_attempt():
    coordinator = CheckpointCoordinator(CheckpointSettings(interval=10), JOB)
    assert (coordinator.next_time(), coordinator.time(1_000)) == (None, [])
    coordinator.attempt_started(1_000, 1)
    coordinator.attempt_over(1_005, "a worker died")
    assert (coordinator.next_time(), coordinator.time(2_000)) == (None, [])


def test_without_an_interval_there_are_only_savepoints():
    coordinator = started(interval=None)
    assert coordinator.next_time() is None
    assert coordinator.trigger_savepoint(7, None) == 1
    assert coordinator.next_time() == 7
    assert kinds(coordinator.time(7)) == [TriggerTasks]
    assert coordinator.final(9) == []


# ---- what fails ----


def test_what_takes_too_long_is_given_up_and_names_who_was_waited_for():
    coordinator = started(timeout=40, tolerable_failures=1)
    trigger(coordinator, 100)
    for task in JOB.tasks[:-1]:
        coordinator.acknowledged(110, 1, 1, task, TaskSnapshot())
    assert coordinator.next_time() == 140
    aborted, discard = coordinator.time(140)
    assert isinstance(aborted, NotifyAborted)
    assert aborted.counts
    assert "(2, 1)" in aborted.reason
    assert "40 ms" in aborted.reason
    assert discard == DiscardPending(1)
    assert coordinator.acknowledged(150, 1, 1, (2, 1), TaskSnapshot()) == [DiscardPending(1)]
    assert trigger(coordinator, 200) == 2


@pytest.mark.parametrize("tolerated", [0, 1, 3])
def test_the_job_fails_when_more_in_a_row_fail_than_it_tolerates(tolerated):
    coordinator = started(tolerable_failures=tolerated)
    now = 0
    for _ in range(2):
        for failed in range(tolerated + 1):
            now += 100
            number = trigger(coordinator, now)
            actions = coordinator.declined(now, 1, number, (0, 0), "disk full")
            assert (FailJob in kinds(actions)) == (failed == tolerated)
    assert "disk full" in actions[-1].reason


def test_nothing_is_begun_when_the_job_has_to_fail():
    coordinator = started(timeout=40)
    trigger(coordinator, 100)
    assert kinds(coordinator.time(200)) == [NotifyAborted, DiscardPending, FailJob]


def test_a_success_begins_the_count_anew_and_some_reasons_do_not_count():
    coordinator = started(tolerable_failures=1)
    for now in (100, 300, 500):
        assert FailJob not in kinds(coordinator.declined(now, 1, trigger(coordinator, now), (0, 0), "no"))
        complete(coordinator, now=now + 100)
    for now in (700, 800, 900):
        number = trigger(coordinator, now)
        assert FailJob not in kinds(coordinator.declined(now, 1, number, (0, 0), "a later barrier", counts=False))


def test_a_manifest_that_cannot_be_written_leaves_the_one_before():
    coordinator = started()
    complete(coordinator, now=100)
    before = coordinator.latest
    number = trigger(coordinator, 200)
    store(coordinator, number)
    actions = coordinator.store_failed(210, number, "no space left")
    assert kinds(actions) == [NotifyAborted, DiscardPending, FailJob]
    assert coordinator.latest is before
    assert coordinator.statistics.latest_failed.reason == "no space left"


def test_what_is_given_up_while_it_is_stored_is_removed_once_it_is_there():
    coordinator = started(timeout=40, tolerable_failures=5)
    number = trigger(coordinator, 100)
    checkpoint = store(coordinator, number)
    assert kinds(coordinator.time(140)) == [NotifyAborted]
    assert coordinator.stored(150, number, checkpoint) == [Discard(checkpoint)]
    assert coordinator.latest is None
    number = trigger(coordinator, 200)
    store(coordinator, number)
    coordinator.time(240)
    assert coordinator.store_failed(250, number, "no") == [DiscardPending(number)]


# ---- attempts ----


def test_numbers_go_on_over_attempts_and_late_words_change_nothing():
    coordinator = started()
    trigger(coordinator, 100)
    assert kinds(coordinator.attempt_over(110, "a task failed")) == [NotifyAborted, DiscardPending]
    coordinator.attempt_started(200, 2)
    assert coordinator.failures == 0
    number = trigger(coordinator, 300)
    assert number == 2
    for task in JOB.tasks:
        assert coordinator.acknowledged(310, 1, 1, task, TaskSnapshot()) == [DiscardPending(1)]
        assert coordinator.acknowledged(310, 1, 2, task, TaskSnapshot()) == []
        assert coordinator.declined(310, 1, 1, task, "late") == [DiscardPending(1)]
    assert coordinator.task_finished(310, 1, (0, 0)) == []
    assert coordinator.attempt_started(310, 1) == []
    assert coordinator.attempt == 2
    assert coordinator.pending[2].waiting == set(JOB.tasks)


def test_words_about_what_is_complete_remove_nothing():
    coordinator = started()
    complete(coordinator)
    assert coordinator.acknowledged(110, 1, 1, (0, 0), TaskSnapshot()) == []
    assert coordinator.stored(110, 1, coordinator.latest) == []
    assert coordinator.acknowledged(110, 1, 7, (0, 0), TaskSnapshot()) == []


def test_numbers_go_on_from_a_restored_checkpoint():
    coordinator = CheckpointCoordinator(CheckpointSettings(interval=100), JOB)
    old = Checkpoint(41, CHECKPOINT, "old", "job", 0, {})
    coordinator.restored(old)
    assert coordinator.latest is old
    coordinator.attempt_started(0, 1)
    assert complete(coordinator) == [NotifyCompleted(42)]
    assert coordinator.latest.number == 42
    assert coordinator.statistics.restored is old
    assert coordinator.statistics.restores == 1


def test_a_claimed_checkpoint_is_removed_like_the_jobs_own():
    coordinator = CheckpointCoordinator(CheckpointSettings(interval=100), JOB)
    old = Checkpoint(41, CHECKPOINT, "old", "job", 0, {})
    coordinator.restored(old, claimed=True)
    coordinator.attempt_started(0, 1)
    actions = complete(coordinator)
    assert actions == [NotifyCompleted(42), Discard(old, (coordinator.latest,))]


def test_what_all_tasks_gave_their_states_for_outlives_the_attempt():
    coordinator = started(retention=Retention.RETAIN_ON_CANCELLATION)
    complete(coordinator, now=100)
    number = trigger(coordinator, 200)
    checkpoint = store(coordinator, number)
    assert coordinator.attempt_over(210, "a worker died") == []
    assert set(coordinator.storing) == {number}
    actions = coordinator.stored(220, number, checkpoint)
    assert kinds(actions) == [Discard]  # nobody is told: the next attempt commits what is in it
    assert coordinator.latest is checkpoint
    assert not coordinator.storing
    coordinator.attempt_started(230, 2)
    number = trigger(coordinator, 330)
    checkpoint = store(coordinator, number)
    aborted = coordinator.job_ended(340, State.CANCELED)
    assert kinds(aborted) == [NotifyAborted]
    assert coordinator.stored(350, number, checkpoint) == [Discard(checkpoint, (coordinator.latest,))]


def test_the_last_checkpoint_of_an_attempt_that_fails_all_the_same_is_like_any_other():
    coordinator = started()
    [action] = coordinator.final(100)
    assert coordinator.attempt_over(110, "a commit failed") == []
    assert coordinator.stored(120, 1, action.checkpoint) == []
    assert coordinator.latest is action.checkpoint


def test_a_savepoint_that_was_being_written_outlives_the_attempt():
    coordinator = started()
    ticket = coordinator.trigger_savepoint(50, None, stop=True)
    coordinator.time(50)
    savepoint = store(coordinator, ticket)
    assert coordinator.attempt_over(60, "a worker died") == []
    assert coordinator.stored(70, ticket, savepoint) == [SavepointDone(ticket, savepoint)]
    assert coordinator.latest is savepoint


# ---- tasks that finish ----


def test_a_finished_tasks_operators_have_finished_subtasks():
    coordinator = started()
    coordinator.task_finished(10, 1, (0, 0))
    [action] = coordinator.time(100)
    assert action.tasks == ((0, 1),)
    checkpoint = store(coordinator, 1)
    assert [subtask.finished for subtask in checkpoint.operators["read"].subtasks] == [True, False]


def test_tasks_without_a_barrier_are_triggered():
    coordinator = started()
    for task in SOURCES:
        coordinator.task_finished(10, 1, task)
    assert coordinator.time(100)[0].tasks == ((1, 0), (1, 1))


def test_forward_edges_are_looked_at_by_subtask():
    coordinator = started()
    for task in (*SOURCES, (1, 0)):
        coordinator.task_finished(10, 1, task)
    assert coordinator.time(100)[0].tasks == ((1, 1), (2, 0))


def test_a_task_that_finishes_meanwhile_counts_and_those_behind_it_are_triggered():
    coordinator = started()
    trigger(coordinator, 100)
    assert coordinator.task_finished(110, 1, (0, 0)) == []
    [action] = coordinator.task_finished(110, 1, (0, 1))
    assert (action.number, action.tasks, action.first) == (1, ((1, 0), (1, 1)), False)
    assert coordinator.declined(110, 1, 1, (0, 1), "it has ended") == []
    checkpoint = store(coordinator, 1)
    assert checkpoint.operators["read"].finished


def test_a_task_that_finishes_after_its_barrier_has_passed_it_on():
    coordinator = started()
    trigger(coordinator, 100)
    coordinator.acknowledged(105, 1, 1, (0, 0), TaskSnapshot())
    for task in SOURCES:
        assert coordinator.task_finished(110, 1, task) == []


def test_states_of_a_task_that_counts_as_finished_spoil_the_checkpoint():
    coordinator = started(tolerable_failures=1)
    trigger(coordinator, 100)
    coordinator.task_finished(110, 1, (0, 0))
    assert kinds(coordinator.acknowledged(120, 1, 1, (0, 0), TaskSnapshot())) == [NotifyAborted, DiscardPending]


def test_a_task_that_left_out_a_checkpoint_does_not_end_it():
    coordinator = started(max_concurrent=2)
    first, second = trigger(coordinator, 100), trigger(coordinator, 200)
    coordinator.acknowledged(210, 1, second, (1, 0), TaskSnapshot())
    actions = coordinator.task_finished(220, 1, (1, 0))
    assert kinds(actions) == [NotifyAborted, DiscardPending]
    assert actions[0].number == first
    assert set(coordinator.pending) == {second}


def test_without_checkpoints_after_tasks_finish_there_are_none():
    coordinator = started(after_tasks_finish=False)
    coordinator.task_finished(10, 1, (0, 0))
    assert (coordinator.next_time(), coordinator.time(100)) == (None, [])
    ticket = coordinator.trigger_savepoint(100, None)
    [failed] = coordinator.time(100)
    assert failed.ticket == ticket
    assert "checkpoints-after-tasks-finish" in failed.reason


def test_the_last_checkpoint():
    coordinator = started()
    complete(coordinator, now=100)
    first = coordinator.latest
    for task in JOB.tasks:
        assert coordinator.task_finished(150, 1, task) == []
    assert coordinator.next_time() is None
    [store] = coordinator.final(160)
    assert store.final
    assert all(operator.finished for operator in store.checkpoint.operators.values())
    actions = coordinator.stored(170, 2, store.checkpoint)
    assert actions == [NotifyCompleted(2), LastStored(2), Discard(first, (store.checkpoint,))]
    assert coordinator.job_ended(180, State.FINISHED) == [Discard(store.checkpoint)]


def test_when_the_last_checkpoint_fails_so_does_the_attempt():
    coordinator = started(tolerable_failures=5)
    coordinator.final(160)
    assert kinds(coordinator.store_failed(170, 1, "no space left")) == [NotifyAborted, DiscardPending, FailJob]


# ---- savepoints ----


def test_a_savepoint_neither_counts_as_retained_nor_waits():
    coordinator = started(max_concurrent=1)
    complete(coordinator, now=100)
    first = coordinator.latest
    trigger(coordinator, 200)
    ticket = coordinator.trigger_savepoint(205, "there")
    [action] = coordinator.time(205)
    assert (action.number, action.kind, action.options.folder) == (ticket, SAVEPOINT, "there")
    savepoint = store(coordinator, ticket)
    assert coordinator.stored(210, ticket, savepoint) == [SavepointDone(ticket, savepoint)]
    assert coordinator.latest is first
    assert coordinator.retained == [first]
    second = store(coordinator, 2)
    assert coordinator.stored(220, 2, second) == [NotifyCompleted(2), Discard(first, (second,))]
    assert coordinator.job_ended(230, State.FINISHED) == [Discard(second)]


def test_of_two_savepoints_that_the_job_was_to_stop_with_the_newer_one_is_gone_on_from():
    coordinator = started()
    tickets = [coordinator.trigger_savepoint(now, None, stop=True) for now in (50, 60)]
    coordinator.time(60)
    older, newer = (store(coordinator, ticket) for ticket in tickets)
    assert SavepointDone(tickets[1], newer) in coordinator.stored(70, tickets[1], newer)
    assert coordinator.stored(80, tickets[0], older) == [SavepointDone(tickets[0], older)]
    assert coordinator.latest is newer


def test_savepoints_that_fail_do_not_count():
    coordinator = started()
    for now in (10, 20):
        ticket = coordinator.trigger_savepoint(now, None)
        coordinator.time(now)
        actions = coordinator.declined(now, 1, ticket, (0, 0), "no")
        assert kinds(actions) == [NotifyAborted, DiscardPending, SavepointFailed]
        assert actions[-1].ticket == ticket


def test_a_savepoint_of_a_job_that_does_not_run_fails():
    coordinator = CheckpointCoordinator(CheckpointSettings(), JOB)
    ticket = coordinator.trigger_savepoint(10, None)
    assert coordinator.time(10) == [SavepointFailed(ticket, "not all tasks of the job are running")]
    coordinator.attempt_started(20, 1)
    ticket = coordinator.trigger_savepoint(20, None)
    assert coordinator.attempt_over(20, "a task failed") == [SavepointFailed(ticket, "a task failed")]


def test_a_job_that_stops_with_a_savepoint_takes_no_other():
    coordinator = started(timeout=10_000)
    trigger(coordinator, 100)
    ticket = coordinator.trigger_savepoint(110, None, stop=True, drain=True)
    assert coordinator.next_time() == 110
    aborted, discard, action = coordinator.time(110)
    assert (aborted.number, discard.number, action.number) == (1, 1, ticket)
    assert action.options.stop
    assert action.options.drain
    assert coordinator.time(500) == []
    savepoint = store(coordinator, ticket)
    assert coordinator.stored(510, ticket, savepoint) == [NotifyCompleted(ticket), SavepointDone(ticket, savepoint)]
    assert coordinator.latest is savepoint
    assert (coordinator.next_time(), coordinator.time(900)) == (None, [])
    other = coordinator.trigger_savepoint(900, None)
    assert kinds(coordinator.time(900)) == [SavepointFailed]
    assert other == 3
    assert coordinator.final(910) == []
    assert coordinator.job_ended(920, State.FINISHED) == []


def test_a_stop_that_fails_lets_the_job_go_on():
    coordinator = started()
    ticket = coordinator.trigger_savepoint(50, None, stop=True)
    coordinator.time(50)
    coordinator.declined(60, 1, ticket, (0, 0), "no")
    assert trigger(coordinator, 100) == 2


def test_an_attempt_after_a_stop_that_was_not_finished_goes_on():
    coordinator = started()
    ticket = coordinator.trigger_savepoint(50, None, stop=True)
    coordinator.time(50)
    complete(coordinator, ticket, 60)
    coordinator.attempt_over(70, "a worker died")
    coordinator.attempt_started(80, 2)
    assert coordinator.latest.number == ticket
    assert trigger(coordinator, 180) == 2


# ---- retention ----


@pytest.mark.parametrize("retained", [1, 2, 5])
def test_so_many_are_retained(retained):
    coordinator = started(retained=retained)
    discarded = []
    for now in range(100, 1_000, 100):
        discarded += [a.checkpoint.number for a in complete(coordinator, now=now) if isinstance(a, Discard)]
    assert [kept.number for kept in coordinator.retained] == list(range(10 - retained, 10))
    assert discarded == list(range(1, 10 - retained))


def test_what_one_under_way_may_name_files_of_stays_until_it_ends():
    coordinator = started(max_concurrent=2)
    complete(coordinator, now=100)
    first = coordinator.latest
    trigger(coordinator, 200), trigger(coordinator, 300)
    assert complete(coordinator, 2, 310) == [NotifyCompleted(2)]
    second = coordinator.latest
    actions = complete(coordinator, 3, 320)
    assert actions == [
        NotifyCompleted(3),
        Discard(first, (coordinator.latest,)),
        Discard(second, (coordinator.latest,)),
    ]


def test_what_is_stored_too_late_leaves_the_files_of_those_that_one_under_way_may_name():
    coordinator = started(max_concurrent=3)
    complete(coordinator, now=100)
    first = coordinator.latest
    late, second, third = trigger(coordinator, 200), trigger(coordinator, 300), trigger(coordinator, 400)
    late_manifest = store(coordinator, late)
    assert kinds(complete(coordinator, second, 410)) == [NotifyAborted, NotifyCompleted]
    assert coordinator.pending[third].options.bases == (first.number,)
    assert coordinator.stored(420, late, late_manifest) == [Discard(late_manifest, (coordinator.latest, first))]


@pytest.mark.parametrize("failed", [False, True])
def test_files_that_an_aborted_one_names_stay_while_its_manifest_may_come_to_be_there(failed):
    coordinator = started(max_concurrent=2)
    complete(coordinator, now=100)
    first = coordinator.latest
    aborted, newer = trigger(coordinator, 200), trigger(coordinator, 300)
    assert coordinator.pending[aborted].options.bases == (first.number,)
    manifest = store(coordinator, aborted)
    assert kinds(complete(coordinator, newer, 310)) == [NotifyAborted, NotifyCompleted]
    newest = coordinator.latest
    if failed:
        actions = coordinator.store_failed(320, aborted, "no space left")
        assert actions == [DiscardPending(aborted, (newest, first)), Discard(first, (newest,))]
    else:
        actions = coordinator.stored(320, aborted, manifest)
        assert actions == [Discard(manifest, (newest, first)), Discard(first, (newest,))]


@pytest.mark.parametrize(
    ("retention", "state", "kept"),
    [
        (Retention.NO_EXTERNALIZED_CHECKPOINTS, State.FINISHED, False),
        (Retention.NO_EXTERNALIZED_CHECKPOINTS, State.CANCELED, False),
        (Retention.NO_EXTERNALIZED_CHECKPOINTS, State.FAILED, False),
        (Retention.DELETE_ON_CANCELLATION, State.FINISHED, False),
        (Retention.DELETE_ON_CANCELLATION, State.CANCELED, False),
        (Retention.DELETE_ON_CANCELLATION, State.FAILED, True),
        (Retention.RETAIN_ON_CANCELLATION, State.FINISHED, False),
        (Retention.RETAIN_ON_CANCELLATION, State.CANCELED, True),
        (Retention.RETAIN_ON_CANCELLATION, State.FAILED, True),
    ],
)
def test_what_is_kept_when_the_job_has_ended(retention, state, kept):
    coordinator = started(retention=retention)
    complete(coordinator)
    trigger(coordinator, 200)
    actions = coordinator.job_ended(210, state)
    assert kinds(actions) == [NotifyAborted, DiscardPending, *([] if kept else [Discard])]
    assert (coordinator.latest is not None) == kept
