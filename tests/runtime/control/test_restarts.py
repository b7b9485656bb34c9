"""Restart strategies: what they answer to failures at given times, and what a configuration makes of them."""

import gc
import random
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflinkx.common import Configuration, RestartStrategies
from pyflinkx.datastream import MapFunction, StreamExecutionEnvironment
from pyflinkx.errors import ConfigurationError, GraphError, JobExecutionError
from pyflinkx.graph.execution_graph import ExecutionState, JobState, TaskId
from pyflinkx.runtime.control.master import (
    EndAttempt,
    EndJob,
    FailureRecord,
    JobMaster,
    NoRestart,
    StartAttempt,
    restart_helps,
)
from pyflinkx.runtime.control.restarts import (
    ExponentialDelayRestart,
    FailureRateRestart,
    FixedDelayRestart,
    strategy_of,
)


def answers(strategy, times):
    return [strategy.delay_after([FailureRecord(1, ValueError(), time)]) for time in times]


def test_fixed_delay():
    assert answers(FixedDelayRestart(3, 50), [0, 10, 10**9, 10**9 + 1]) == [50, 50, 50, None]
    assert answers(FixedDelayRestart(0, 50), [0]) == [None]


def test_failure_rate():
    assert answers(FailureRateRestart(2, 100, 5), [0, 50, 101, 120]) == [5, 5, 5, None]
    assert answers(FailureRateRestart(2, 100, 5), [0, 50, 100]) == [5, 5, None]
    assert answers(FailureRateRestart(0, 100, 5), [0]) == [None]


@given(st.integers(0, 5), st.integers(1, 50), st.lists(st.integers(0, 40), max_size=30))
def test_failure_rate_against_counting(allowed, interval, gaps):
    strategy = FailureRateRestart(allowed, interval, 1)
    now, times = 0, []
    for gap in gaps:
        now += gap
        times.append(now)
        within = sum(now - time <= interval for time in times)
        assert answers(strategy, [now]) == [1 if within <= allowed else None]


def test_the_delay_grows_up_to_the_longest_and_begins_anew():
    strategy = ExponentialDelayRestart(100, 300, 1.5, reset=1_000, jitter=0.0)
    now, delays = 0, []
    for gap in (0, 1, 1, 1, 999, 1_000, 1):
        now += (delays[-1] if delays else 0) + gap
        delays += answers(strategy, [now])
    assert delays == [100, 150, 225, 300, 300, 100, 150]


def test_so_many_failures_before_the_delay_begins_anew():
    strategy = ExponentialDelayRestart(10, 10, 2.0, reset=100, jitter=0.0, attempts=2)
    assert answers(strategy, [0, 20, 200, 220, 240]) == [10, 10, 10, 10, None]


@given(st.integers(1, 10**6), st.floats(0, 1), st.integers(0, 2**32))
def test_jitter_stays_within_its_part(initial, jitter, seed):
    def delays():
        strategy = ExponentialDelayRestart(initial, initial * 10, 2.0, jitter=jitter, random=random.Random(seed))
        return answers(strategy, range(12))

    backoff = initial
    for delay in delays():
        assert max(initial, backoff - backoff * jitter - 1) <= delay <= min(backoff + backoff * jitter, initial * 10)
        backoff = min(backoff * 2, initial * 10)
    assert delays() == delays()


def test_jitter_is_drawn():
    strategy = ExponentialDelayRestart(1_000, 2_000, 2.0, jitter=0.5, random=random.Random(1))
    assert len(set(answers(strategy, range(20)))) > 5


# ---- from a configuration ----


@pytest.mark.parametrize(
    ("entries", "checkpoints", "kind"),
    [
        ({}, False, NoRestart),
        ({}, True, ExponentialDelayRestart),
        ({"restart-strategy.type": "none"}, True, NoRestart),
        ({"restart-strategy.type": "off"}, True, NoRestart),
        ({"restart-strategy.type": "disable"}, True, NoRestart),
        ({"restart-strategy": "fixeddelay"}, False, FixedDelayRestart),
        ({"restart-strategy.type": "fixed-delay", "restart-strategy": "none"}, False, FixedDelayRestart),
        ({"restart-strategy.type": "failurerate"}, False, FailureRateRestart),
        ({"restart-strategy.type": "failure-rate"}, True, FailureRateRestart),
        ({"restart-strategy.type": "exponential-delay"}, False, ExponentialDelayRestart),
        ({"restart-strategy.type": "ExponentialDelay"}, False, ExponentialDelayRestart),
    ],
)
def test_the_strategy_of_a_configuration(entries, checkpoints, kind):
    assert type(strategy_of(Configuration.from_dict(entries), checkpoints)) is kind


def test_all_options_are_read():
    made = strategy_of(
        Configuration.from_dict(
            {
                "restart-strategy.type": "exponential-delay",
                "restart-strategy.exponential-delay.initial-backoff": "2 s",
                "restart-strategy.exponential-delay.max-backoff": "9 s",
                "restart-strategy.exponential-delay.backoff-multiplier": 3,
                "restart-strategy.exponential-delay.reset-backoff-threshold": "1 min",
                "restart-strategy.exponential-delay.jitter-factor": 0.25,
                "restart-strategy.exponential-delay.attempts-before-reset-backoff": 7,
            }
        ),
        False,
    )
    assert (made.initial, made.longest, made.multiplier, made.reset) == (2_000, 9_000, 3.0, 60_000)
    assert (made.jitter, made.attempts) == (0.25, 7)
    made = strategy_of(
        Configuration.from_dict(
            {
                "restart-strategy.type": "failure-rate",
                "restart-strategy.failure-rate.max-failures-per-interval": 3,
                "restart-strategy.failure-rate.failure-rate-interval": "5 min",
                "restart-strategy.failure-rate.delay": "10 s",
            }
        ),
        False,
    )
    assert (made.times.maxlen, made.interval, made.delay) == (4, 300_000, 10_000)
    made = strategy_of(
        Configuration.from_dict(
            {
                "restart-strategy.type": "fixed-delay",
                "restart-strategy.fixed-delay.attempts": 4,
                "restart-strategy.fixed-delay.delay": "3 s",
            }
        ),
        False,
    )
    assert (made.left, made.delay) == (4, 3_000)


def test_an_unknown_strategy_is_refused():
    with pytest.raises(ConfigurationError, match="restart-strategy"):
        strategy_of(Configuration.from_dict({"restart-strategy.type": "often"}), False)


# ---- failures that no restart helps ----


def caused(error, by):
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    ("error", "helps"),
    [
        (ValueError("a record"), True),
        (JobExecutionError("a worker died"), True),
        (GraphError("no exchange"), False),
        (ConfigurationError("no such value"), False),
        (caused(JobExecutionError("task failed"), GraphError("cannot be copied")), False),
        (caused(JobExecutionError("task failed"), ValueError("a record")), True),
    ],
)
def test_a_failure_that_would_come_again_ends_the_job(error, helps):
    assert restart_helps(error) is helps
    master = JobMaster("job", [(0, 0)], FixedDelayRestart(5, 0))
    master.start()
    assert [type(action) for action in master.attempt_failed(1, error)] == [EndAttempt]
    [action] = master.attempt_ended(1)
    assert isinstance(action, StartAttempt if helps else EndJob)


def test_records_of_failures_say_when_where_and_what():
    master = JobMaster("job", [(0, 0), (1, 0)], FixedDelayRestart(50, 0))
    master.remember(3)
    master.start()
    for attempt in range(1, 6):
        for task in list(master.execution.tasks):
            for state in ("SCHEDULED", "DEPLOYING", "RUNNING"):
                master.task_moved(task, ExecutionState[state])
        error = ValueError(attempt)
        master.task_moved(TaskId(1, 0, attempt), ExecutionState.FAILED, error, 100 * attempt, f"worker {attempt}")
        later = master.task_moved(TaskId(0, 0, attempt), ExecutionState.FAILED, ValueError("torn down"), 9_999)
        assert isinstance(later[-1], EndAttempt)
        master.attempt_ended(attempt)
    assert [(f.attempt, f.time, f.worker) for f in master.failures] == [
        (3, 300, "worker 3"),
        (4, 400, "worker 4"),
        (5, 500, "worker 5"),
    ]
    assert master.failures[-1].task == TaskId(1, 0, 5)


# ---- in jobs ----


class FailsTwice(MapFunction):
    def __init__(self, folder):
        self.folder = folder

    def open(self, context):
        self.attempt = context.get_attempt_number()

    def map(self, value):
        if self.attempt < 2:
            raise ValueError(f"attempt {self.attempt}")
        return value


@pytest.mark.parametrize("workers", ["inline", "threads", "processes"])
def test_a_configured_job_is_run_again_and_tells_of_its_failures(tmp_path, workers):
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict({"pyflinkx.workers": workers}))
    env.set_restart_strategy(RestartStrategies.fixed_delay_restart(2, 1))
    env.from_collection([1, 2]).map(FailsTwice(tmp_path)).name("Twice").print()
    client = env.execute_async("job")
    client.get_job_execution_result().result(60)
    second, first = client.get_exceptions()
    assert (first.attempt, second.attempt) == (1, 2)
    assert 0 < first.time <= second.time
    assert "attempt 0" in str(first.error)
    assert "Twice" in second.task
    assert (second.worker is None) == (workers == "inline")


def test_a_job_fails_when_the_strategy_says_so(tmp_path):
    env = StreamExecutionEnvironment.get_execution_environment(
        Configuration.from_dict({"pyflinkx.workers": "inline", "web.exception-history-size": 1})
    )
    env.set_restart_strategy(RestartStrategies.fixed_delay_restart(1, 1))
    env.from_collection([1, 2]).map(FailsTwice(tmp_path)).print()
    job = env._job(env._graph("job"), None)
    with pytest.raises(JobExecutionError, match="attempt 1"):
        job.run()
    assert job.state is JobState.FAILED
    assert [failure.attempt for failure in job.failures()] == [2]


class Held:
    """An object that a test can see go."""


class Holds(MapFunction):
    def __init__(self, seen):
        self.seen = seen

    def open(self, context):
        self.held = Held()
        self.attempt = context.get_attempt_number()
        self.seen.append(weakref.ref(self.held))

    def map(self, value):
        held = self.held
        if self.attempt < 3:
            raise ValueError(type(held).__name__)
        return value


SEEN: list = []


def test_the_history_holds_no_state_of_attempts_that_failed():
    SEEN.clear()
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict({"pyflinkx.workers": "inline"}))
    env.set_restart_strategy(RestartStrategies.fixed_delay_restart(3, 1))
    env.from_collection([1, 2]).map(Holds(Seen())).print()
    job = env._job(env._graph("job"), None)
    job.run()
    gc.collect()
    assert len(job.failures()) == 3
    for failure in job.failures():
        assert "in map" in failure.traceback
        assert "ValueError: Held" in failure.traceback
        assert failure.error.__traceback__ is None
    assert [ref() is None for ref in SEEN[:3]] == [True] * 3


class Seen:
    """Stays one list, however often a function is copied."""

    def append(self, ref):
        SEEN.append(ref)


def test_an_error_that_is_its_own_cause_is_looked_at_once():
    error = ValueError("round and round")
    error.__cause__ = error
    assert restart_helps(error)
