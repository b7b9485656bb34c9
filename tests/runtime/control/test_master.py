"""The life of a job over its attempts, event by event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.errors import JobCancelledError, JobExecutionError, WrongStateError
from pyflinkx.graph.execution_graph import FOLLOWS, ExecutionState, JobState, TaskId
from pyflinkx.runtime.control.master import EndAttempt, EndJob, JobMaster, StartAttempt, StopTasks

S = ExecutionState
TASKS = [(0, 0), (0, 1), (1, 0)]


class Restarts:
    """As many as it is told, each after a delay."""

    def __init__(self, times, delay=0):
        self.times = times
        self.delay = delay

    def delay_after(self, failures):
        return self.delay if len(failures) <= self.times else None


def begun(restarts=None):
    master = JobMaster("job", TASKS, restarts)
    assert master.start() == [StartAttempt(1)]
    return master


def run(master):
    """All tasks of the attempt start."""
    for task in master.execution.tasks:
        for state in (S.SCHEDULED, S.DEPLOYING, S.RUNNING):
            assert master.task_moved(task, state) == []
    return list(master.execution.tasks)


def test_a_job_finishes_once_its_last_attempt_has_given_everything_back():
    master = begun()
    first, second, third = run(master)
    assert master.state is JobState.RUNNING
    assert master.task_moved(first, S.FINISHED) + master.task_moved(second, S.FINISHED) == []
    assert master.task_moved(third, S.FINISHED) == [EndAttempt(1, None)]
    assert master.state is JobState.RUNNING
    assert master.attempt_ended(1) == [EndJob(JobState.FINISHED, None)]
    assert master.state is JobState.FINISHED


def test_what_goes_wrong_at_the_very_end_fails_the_job():
    master = begun()
    for task in run(master):
        master.task_moved(task, S.FINISHED)
    error = OSError("not committed")
    assert master.attempt_ended(1, error) == [EndJob(JobState.FAILED, error)]


def test_a_job_that_goes_on_from_checkpoints_is_run_again_when_its_very_end_fails():
    for restarts, cancelled, expected in (
        (Restarts(1), False, [StartAttempt(2, 0)]),
        (Restarts(1), True, None),
        (None, False, None),
    ):
        master = JobMaster("job", TASKS, restarts)
        master.start()
        for task in run(master):
            master.task_moved(task, S.FINISHED)
        if cancelled:
            master.cancel_asked = True
        error = OSError("not committed")
        ended = [EndJob(JobState.FAILED, error)]
        assert master.attempt_ended(1, error, resumes=True) == (ended if expected is None else expected)
        assert [record.error for record in master.failures] == [error]


def test_without_restarts_the_first_failure_ends_the_job_after_all_tasks_have():
    master = begun()
    first, second, third = run(master)
    error = JobExecutionError("first")
    assert master.task_moved(second, S.FAILED, error) == [StopTasks((first, second, third))]
    assert master.state is JobState.FAILING
    assert master.task_moved(first, S.FAILED, JobExecutionError("because of the first")) == []
    assert master.task_moved(third, S.CANCELED) == [EndAttempt(1, error)]
    assert master.attempt_ended(1) == [EndJob(JobState.FAILED, error)]
    assert [(record.attempt, record.error) for record in master.failures] == [(1, error)]


def test_a_failed_attempt_is_followed_by_another_and_the_first_ones_words_change_nothing():
    master = begun(Restarts(1))
    old = run(master)
    master.tasks_lost(old, JobExecutionError("the worker was lost"))
    assert master.attempt_ended(1) == [StartAttempt(2)]
    assert master.state is JobState.RESTARTING
    new = run(master)
    assert master.state is JobState.RUNNING
    assert [task.attempt for task in new] == [2, 2, 2]
    for zombie in old:
        assert master.task_moved(zombie, S.FAILED, JobExecutionError("a zombie's")) == []
        assert master.tasks_lost([zombie], JobExecutionError("a zombie's")) == []
    assert master.attempt_failed(1, JobExecutionError("a zombie's")) == []
    assert master.attempt_ended(1) == []
    assert master.state is JobState.RUNNING
    error = JobExecutionError("again")
    master.tasks_lost(new, error)
    assert master.attempt_ended(2) == [EndJob(JobState.FAILED, error)]
    assert [record.attempt for record in master.failures] == [1, 2]


def test_a_job_that_waits_for_its_next_attempt_can_be_cancelled():
    master = begun(Restarts(1, delay=5_000))
    master.tasks_lost(run(master), JobExecutionError("lost"))
    assert master.attempt_ended(1) == [StartAttempt(2, delay=5_000)]
    assert master.state is JobState.RESTARTING
    (ended,) = master.cancel()
    assert (ended.state, type(ended.failure)) == (JobState.CANCELED, JobCancelledError)
    assert not master.delay_over(2)


def test_a_delayed_attempt_runs_when_its_time_has_come():
    master = begun(Restarts(1, delay=1))
    master.tasks_lost(run(master), JobExecutionError("lost"))
    master.attempt_ended(1)
    assert master.task_moved(TaskId(0, 0, 2), S.SCHEDULED) == []
    assert master.delay_over(2)
    assert not master.delay_over(2)
    run(master)
    assert master.state is JobState.RUNNING


def test_a_job_that_is_cancelled_while_it_fails_is_not_run_again():
    master = begun(Restarts(9))
    first, second, third = run(master)
    error = JobExecutionError("first")
    master.task_moved(first, S.FAILED, error)
    assert master.cancel() == []
    assert master.state is JobState.CANCELLING
    master.task_moved(second, S.CANCELED)
    assert master.task_moved(third, S.CANCELED) == [EndAttempt(1, error)]
    assert master.attempt_ended(1) == [EndJob(JobState.FAILED, error)]


def test_a_job_begins_once():
    master = begun()
    with pytest.raises(WrongStateError, match="has begun already"):
        master.start()


def test_a_job_that_never_began_is_cancelled_at_once():
    (ended,) = JobMaster("job", TASKS).cancel()
    assert ended.state is JobState.CANCELED


EVENTS = st.tuples(
    st.sampled_from(["move", "move", "move", "lose", "fail", "cancel", "ended", "delay over"]),
    st.sampled_from(TASKS),
    st.integers(0, 2),  # how many attempts ago
    st.randoms(use_true_random=False),
)


@given(st.lists(EVENTS, max_size=80), st.integers(0, 3), st.sampled_from([0, 10]))
def test_whatever_happens_attempts_follow_each_other_and_a_job_ends_once(events, times, delay):
    master = JobMaster("job", TASKS, Restarts(times, delay))
    actions = master.start()
    for event, place, back, random in events:
        number = max(master.number - back, 1)
        task = TaskId(*place, number)
        before = (master.state, dict(master.execution.tasks), len(master.failures), master.number)
        if event == "move":
            following = sorted(FOLLOWS[master.execution.tasks[TaskId(*place, master.number)]], key=lambda s: s.name)
            state = random.choice(following) if following else S.RUNNING
            new = master.task_moved(task, state, JobExecutionError("why") if state is S.FAILED else None)
        elif event == "lose":
            new = master.tasks_lost([task], JobExecutionError("lost"))
        elif event == "fail":
            new = master.attempt_failed(number, JobExecutionError("a coordinator's"))
        elif event == "cancel":
            new = master.cancel()
        elif event == "ended":
            new = master.attempt_ended(number)
        else:
            new = []
            master.delay_over(number)
        if number != before[3] and event != "cancel":  # words of an attempt that is over
            assert new == []
            assert before == (master.state, dict(master.execution.tasks), len(master.failures), master.number)
        assert not any(isinstance(action, EndJob) for action in actions) or new == []
        for action in new:
            if isinstance(action, EndAttempt):
                assert action.number == master.number
                assert all(state.terminal for state in master.execution.tasks.values())
            if isinstance(action, StopTasks):
                assert all(told.attempt == master.number for told in action.tasks)
        actions += new
    order = [(type(action), getattr(action, "number", None)) for action in actions if not isinstance(action, StopTasks)]
    expected = []
    for number in range(1, master.number + 1):
        expected += [(StartAttempt, number), (EndAttempt, number)]
    if order and order[-1][0] is EndJob:
        assert master.state.terminal
        order.pop()
    assert order in (expected, expected[:-1])
    assert master.number <= times + 1
