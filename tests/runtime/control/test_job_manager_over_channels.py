"""The JobManager over each kind of control channel: workers that die at any word, and words of old attempts."""

import contextlib
import os
import socket
from multiprocessing.connection import Pipe

import pytest

from pyflinkx.common import Configuration, WatermarkStrategy
from pyflinkx.connectors.collect import CollectBuffer, CollectSink
from pyflinkx.datastream import MapFunction, StreamExecutionEnvironment
from pyflinkx.datastream.connectors.number_seq import NumberSequenceSource
from pyflinkx.errors import JobCancelledError, JobExecutionError
from pyflinkx.graph.execution_graph import ExecutionState, JobState, TaskId
from pyflinkx.runtime.control import failures
from pyflinkx.runtime.control.channel import ControlEnded, StreamChannel
from pyflinkx.runtime.control.messages import (
    CancelTasks,
    Collected,
    DeploymentFailed,
    Heartbeat,
    Registered,
    Shutdown,
    TaskReport,
    pack,
)
from pyflinkx.runtime.control.queue_pair import queue_pair
from tests.runtime.test_attempts import Once


def socket_channels():
    ours, theirs = Pipe()
    return StreamChannel(ours), StreamChannel(theirs)


CHANNELS = pytest.mark.parametrize("connect", [socket_channels, queue_pair])


class Wrapped:
    """A channel, but for what a test changes."""

    def __init__(self, channel):
        self.channel = channel

    def __getattr__(self, name):
        return getattr(self.channel, name)


class DiesAt(Wrapped):
    """The worker's end of a channel: after so many messages the worker is gone, and what it said last with it."""

    def __init__(self, channel, words):
        super().__init__(channel)
        self.left = words

    def send(self, data):
        self.left -= 1
        if self.left == -1:
            end(self.channel)
        if self.left < 0:
            raise ControlEnded
        self.channel.send(data)


def end(channel):
    """What the system does with the connection of a process that dies."""
    if channel.fileno() is None:
        channel.close()
    else:
        with socket.socket(fileno=os.dup(channel.fileno())) as connection:
            connection.shutdown(socket.SHUT_RDWR)


class Haunted(Wrapped):
    """Sends messages of another attempt before each of its own."""

    def __init__(self, channel, ghosts):
        super().__init__(channel)
        self.ghosts = ghosts

    def send(self, data):
        for ghost in self.ghosts:
            self.channel.send(ghost)
        self.channel.send(data)


def six(env):
    return env.from_collection(range(6))


def endless(env):
    return env.from_source(NumberSequenceSource(0, 2**62), WatermarkStrategy.no_watermarks(), "numbers")


def job_over(connect, function, restarts=None, source=six):
    """A job on threads that collects what a function makes of the records of a source, and its buffer.

    Args:
        connect: makes the control channel of each attempt, by its number.
        function: applied to each record.
        restarts: strategy.
        source: gives the stream.
    """
    configuration = Configuration.from_dict({"pyflinkx.workers": "threads", "pyflinkx.batch.size": "2"})
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(2)
    buffer = CollectBuffer()
    stream = source(env).rebalance().map(function)
    stream._end("Collect", CollectSink(buffer))
    job = env._job(env._graph("job"), None)
    place = job.place

    def place_over(attempt):
        placement = place(attempt)
        placement.resources.launcher.connect = lambda: connect(attempt)
        return placement

    job.place = place_over
    job.placement = place_over(1)
    if restarts is not None:
        job.master.restarts = restarts
    return job, buffer


def square(value):
    return value * value


SQUARES = [0, 1, 4, 9, 16, 25]


@CHANNELS
def test_a_job_runs_over_any_channel(connect):
    job, buffer = job_over(lambda attempt: connect(), square)
    job.run()
    assert sorted(buffer.drain()) == SQUARES


@CHANNELS
def test_a_job_is_cancelled_over_any_channel(connect):
    job, _ = job_over(lambda attempt: connect(), lambda value: value)
    job.request_cancel()
    with pytest.raises(JobCancelledError):
        job.run()
    assert job.state is JobState.CANCELED


class FailsOnce(MapFunction):
    """Fails the attempt that finds nothing in a list; then squares."""

    def __init__(self, failed):
        self.failed = failed

    def map(self, value):
        if not self.failed.exists():
            self.failed.touch()
            raise ValueError("not this time")
        return value * value


@CHANNELS
def test_a_job_is_run_again_over_a_channel_of_its_own(connect, tmp_path):
    attempts = []

    def connected(attempt):
        attempts.append(attempt)
        return connect()

    job, buffer = job_over(connected, FailsOnce(tmp_path / "failed"), Once())
    job.run()
    assert attempts == [1, 2]
    assert set(buffer.drain()) == set(SQUARES)


@CHANNELS
def test_a_worker_that_dies_at_any_word_ends_the_job_and_nothing_waits_for_it(connect):
    """What it said last is lost with it. The job fails by its name, or has all results when all tasks were heard of."""
    words = 0
    while True:

        def dying(attempt, words=words):
            ours, theirs = connect()
            return ours, DiesAt(theirs, words)

        job, buffer = job_over(dying, square)
        with contextlib.suppress(JobExecutionError):
            job.run()
            break
        assert job.state is JobState.FAILED
        assert "worker-1 was lost: " in str(job.master.failures[0].error)
        words += 1
        assert words < 1000
    assert sorted(buffer.drain()) == SQUARES
    assert words >= 1 + 6 + 3  # it registers, three tasks run and end, results come


class Unreadable:
    """Fails whoever unpickles it."""

    def __reduce__(self):
        return divide, (1, 0)


def divide(first, second):
    return first / second


def ghosts(attempt):
    """What a worker of an attempt may say or hear."""
    task = TaskId(0, 0, attempt)
    failure = failures.pack(ValueError("a ghost failed"))
    return [
        pack(attempt, message)
        for message in (
            Registered(1),
            Collected(0, ["ghost"]),
            DeploymentFailed(failure),
            TaskReport(task, ExecutionState.FAILED, failure),
            TaskReport(task._replace(attempt=2), ExecutionState.FAILED, failure),  # it lies, but its channel does not
            Heartbeat({}),
            Unreadable(),
        )
    ]


@CHANNELS
@pytest.mark.parametrize("other", [1, 3])
def test_words_of_another_attempt_change_nothing(connect, other, tmp_path):
    """Both ends hear what is not for their attempt: before each word of the second one there are some of another."""

    def haunted(attempt):
        ours, theirs = connect()
        if attempt != 2:
            return ours, theirs
        orders = [pack(other, message) for message in (Shutdown(), CancelTasks(), Unreadable())]
        return Haunted(ours, orders), Haunted(theirs, [*ghosts(other), b""])

    job, buffer = job_over(haunted, FailsOnce(tmp_path / "failed"), Once())
    job.run()
    assert job.state is JobState.FINISHED
    assert [record.attempt for record in job.master.failures] == [1]
    assert "not this time" in str(job.master.failures[0].error)
    found = buffer.drain()
    assert set(found) == set(SQUARES)
    assert sorted(found[-6:]) == SQUARES


def test_the_words_of_a_ghost_do_matter_where_they_are_of_the_attempt(tmp_path):
    """The test above would tell: the same words in the name of the attempt that runs fail it."""

    def haunted(attempt):
        ours, theirs = queue_pair()
        return ours, Haunted(theirs, ghosts(attempt))

    job, _ = job_over(haunted, square)
    with pytest.raises(ValueError, match="a ghost failed"):
        job.run()


def test_tasks_on_threads_stop_without_the_job_managers_thread():
    job, _ = job_over(lambda attempt: queue_pair(), square, source=endless)
    steps = job.run_by_steps()
    while job.master.execution.count(ExecutionState.RUNNING) < max(len(job.master.execution.tasks), 1):
        next(steps)
    (handle,) = job.placement.resources.handles.values()
    tasks = list(handle.worker.threads.values())
    assert tasks
    job.request_cancel()  # nobody runs the job: ``steps`` is not asked to go on
    for task in tasks:
        task.thread.join(60)
        assert not task.thread.is_alive()
    with pytest.raises(JobCancelledError):
        list(steps)
    assert job.state is JobState.CANCELED
