"""States of subtasks and jobs."""

from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.errors import JobExecutionError
from pyflinkx.graph.execution_graph import FOLLOWS, ExecutionGraph, ExecutionState, JobState, TaskId

S = ExecutionState
TASKS = [TaskId(0, 0), TaskId(0, 1), TaskId(1, 0)]


def started():
    graph = ExecutionGraph(TASKS)
    for task in TASKS:
        for state in (S.SCHEDULED, S.DEPLOYING, S.RUNNING):
            graph.move(task, state)
    return graph


def test_a_job_finishes_with_its_last_task():
    graph = started()
    for task in TASKS:
        assert graph.state is JobState.RUNNING
        graph.move(task, S.FINISHED)
    assert graph.state is JobState.FINISHED


def test_the_first_failure_is_the_jobs():
    graph = started()
    first, second = JobExecutionError("first"), JobExecutionError("second")
    graph.move(TASKS[0], S.FINISHED)
    assert graph.fail(first) == TASKS[1:]
    graph.move(TASKS[1], S.FAILED)
    assert graph.fail(second) == []
    assert graph.state is JobState.FAILING
    graph.move(TASKS[2], S.RUNNING)  # crossed the order to stop
    graph.move(TASKS[2], S.CANCELED)
    assert (graph.state, graph.failure) == (JobState.FAILED, first)


def test_cancelling_ends_when_all_tasks_have():
    graph = started()
    assert graph.cancel() == TASKS
    graph.lose(TASKS[:2])
    assert graph.state is JobState.CANCELLING
    graph.move(TASKS[2], S.FINISHED)
    assert graph.state is JobState.CANCELED


def test_a_job_that_was_never_deployed_is_cancelled_at_once():
    graph = ExecutionGraph(TASKS)
    assert graph.cancel() == []
    assert graph.state is JobState.CANCELED


@given(st.lists(st.tuples(st.sampled_from(["move", "fail", "cancel", "lose"]), st.sampled_from(TASKS), st.randoms())))
def test_whatever_happens_an_ended_job_stays_ended(events):
    graph = ExecutionGraph(TASKS)
    ended = None
    for event, task, random in events:
        if event == "move":
            following = sorted(FOLLOWS[graph.tasks[task]], key=lambda state: state.name)
            if following:
                graph.move(task, random.choice(following))
        elif event == "fail":
            graph.fail(JobExecutionError("why"))
        elif event == "cancel":
            graph.cancel()
        else:
            graph.lose([task])
        if ended is not None:
            assert graph.state is ended
        if graph.state.terminal:
            ended = graph.state
            assert all(state.terminal for state in graph.tasks.values())
            assert ended is not JobState.FINISHED or set(graph.tasks.values()) == {S.FINISHED}
