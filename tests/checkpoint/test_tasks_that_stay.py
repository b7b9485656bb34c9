"""The rules for tasks that stay open at their end, to hear of one more checkpoint."""

import pytest

from pyflinkx.checkpoint.actions import (
    DiscardPending,
    NotifyAborted,
    NotifyCompleted,
    ReleaseTasks,
    SavepointDone,
    StoreManifest,
)
from pyflinkx.checkpoint.metadata import TaskSnapshot
from tests.checkpoint.test_coordinator import JOB, kinds, started, store, trigger


@pytest.mark.parametrize("last", [(1, 0), (2, 0)])
def test_where_all_others_have_finished_a_checkpoint_begins_for_those_that_stay(last):
    coordinator = started(min_pause=1_000)
    for task in JOB.tasks:
        if task not in ((1, 0), (1, 1), last):
            coordinator.task_finished(10, 1, task)
    coordinator.task_stays(12, 1, (1, 1))
    if last == (1, 0):
        coordinator.task_stays(15, 1, last)
    else:
        coordinator.task_stays(12, 1, (1, 0))
        assert coordinator.next_time() > 15
        coordinator.task_finished(15, 1, last)
    assert coordinator.next_time() == 15
    [action] = coordinator.time(15)
    assert action.tasks == action.staying == ((1, 0), (1, 1))
    actions = coordinator.stored(20, 1, store(coordinator, 1))
    assert actions == [NotifyCompleted(1), ReleaseTasks(((1, 0), (1, 1)))]
    assert coordinator.task_finished(25, 1, (1, 0)) == []
    assert coordinator.next_time() > 1_000  # nobody waits for another
    assert coordinator.task_finished(25, 1, (1, 1)) == []
    assert kinds(coordinator.final(30)) == [StoreManifest]


def test_one_that_stays_gives_its_last_states_to_what_is_under_way():
    coordinator = started()
    number = trigger(coordinator, 100)
    [action] = coordinator.task_stays(110, 1, (0, 0))  # which leaves alone what it was told before
    assert (action.tasks, action.staying, action.first) == (((0, 0),), ((0, 0),), False)
    checkpoint = store(coordinator, number)
    assert not checkpoint.operators["read"].subtasks[0].finished  # it says so itself
    assert coordinator.stored(120, number, checkpoint) == [NotifyCompleted(number), ReleaseTasks(((0, 0),))]


def test_one_that_has_spoken_before_it_stays_is_part_of_the_next():
    coordinator = started()
    number = trigger(coordinator, 100)
    coordinator.acknowledged(105, 1, number, (0, 0), TaskSnapshot())
    assert coordinator.task_stays(110, 1, (0, 0)) == []
    assert coordinator.stored(120, number, store(coordinator, number)) == [NotifyCompleted(number)]
    [action] = coordinator.time(200)
    assert (action.tasks, action.staying) == (((0, 0), (0, 1)), ((0, 0),))
    actions = coordinator.stored(220, action.number, store(coordinator, action.number))
    assert ReleaseTasks(((0, 0),)) in actions


def test_one_that_left_out_a_checkpoint_before_it_stays_does_not_end_it():
    coordinator = started(max_concurrent=2)
    first, second = trigger(coordinator, 100), trigger(coordinator, 200)
    coordinator.acknowledged(210, 1, second, (1, 0), TaskSnapshot())
    actions = coordinator.task_stays(220, 1, (1, 0))
    assert kinds(actions) == [NotifyAborted, DiscardPending]
    assert (actions[0].number, set(coordinator.pending)) == (first, {second})


def test_those_behind_one_that_stays_get_no_barrier_from_it():
    coordinator = started()
    coordinator.task_stays(10, 1, (0, 0))
    coordinator.task_finished(10, 1, (0, 1))
    [action] = coordinator.time(100)
    assert (action.tasks, action.staying) == (((0, 0), (1, 0), (1, 1)), ((0, 0),))
    assert coordinator.task_stays(110, 1, (1, 0))[0].tasks == ((1, 0), (2, 0))


def test_a_checkpoint_of_those_that_stay_that_fails_is_tried_again():
    coordinator = started(tolerable_failures=1)
    for task in JOB.tasks:
        coordinator.task_stays(10, 1, task)
    number = trigger(coordinator, 10)
    assert kinds(coordinator.declined(20, 1, number, (0, 0), "no space left")) == [NotifyAborted, DiscardPending]
    assert coordinator.next_time() == 110
    assert trigger(coordinator) == number + 1


@pytest.mark.parametrize("settings", [{"interval": None}, {"after_tasks_finish": False}])
def test_where_no_checkpoint_follows_nobody_stays(settings):
    coordinator = started(**settings)
    assert coordinator.task_stays(10, 1, (0, 0)) == [ReleaseTasks(((0, 0),))]
    assert coordinator.task_stays(10, 0, (0, 1)) == []  # of an attempt that was


def test_the_savepoint_that_the_job_stops_with_is_the_last_for_those_that_stay():
    coordinator = started()
    coordinator.task_stays(10, 1, (0, 0))
    coordinator.trigger_savepoint(20, "folder", stop=True)
    [action] = coordinator.time(20)
    assert action.staying == ((0, 0),)
    actions = coordinator.stored(30, 1, store(coordinator, 1))
    assert kinds(actions) == [NotifyCompleted, ReleaseTasks, SavepointDone]
    assert coordinator.task_stays(40, 1, (0, 1)) == [ReleaseTasks(((0, 1),))]


def test_one_that_they_do_not_stop_with_is_none():
    coordinator = started()
    coordinator.task_stays(10, 1, (0, 0))
    coordinator.trigger_savepoint(20, "folder")
    coordinator.time(20)
    assert kinds(coordinator.stored(30, 1, store(coordinator, 1))) == [SavepointDone]
