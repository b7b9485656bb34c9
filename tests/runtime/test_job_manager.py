"""The JobManager with workers that behave as no real one would at the right moment."""

import contextlib
import re
import struct
import threading
import time
from multiprocessing.connection import Pipe

import pytest

from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import JobExecutionError
from pyflinkx.graph.execution_graph import ExecutionState
from pyflinkx.runtime.control.attempt import WorkersAttempt
from pyflinkx.runtime.control.channel import StreamChannel
from pyflinkx.runtime.control.messages import Deploy, Heartbeat, Registered, Shutdown, TaskReport, pack, unpack
from pyflinkx.runtime.control.placement import WorkerView
from pyflinkx.runtime.drivers import worker_jobs
from pyflinkx.runtime.task.metrics import TaskMetrics


class FrozenWorker:
    """Registers after a while, says what it is told to, and is heard of no more; it reads nothing."""

    outputs = ()

    def __init__(self, number, last_words, delay):
        self.name = f"worker-{number + 1}"
        ours, self.theirs = Pipe()
        self.control = StreamChannel(ours)
        self.killed = False
        self.heard = []
        self.starting = threading.Timer(delay, self.start, [last_words])
        self.starting.start()

    def start(self, last_words):
        self.theirs.send_bytes(pack(1, Registered(1)))
        with open(self.theirs.fileno(), "wb", closefd=False) as stream:
            stream.write(last_words)

    def ended(self):
        return "killed by SIGKILL" if self.killed else None

    def wait(self, timeout):
        return self.killed

    def kill(self):
        self.killed = True

    def close(self):
        self.starting.join()
        self.control.close()
        with self.theirs, contextlib.suppress(EOFError, OSError):
            while True:
                self.heard.append(type(unpack(self.theirs.recv_bytes())))


def run_on_frozen_workers(monkeypatch, last_words, records, delay=0):
    """Run a job on two of them, of which the second starts late; returns them and how the job failed."""
    workers = []

    class FrozenLauncher:
        def __init__(self, interconnect, attempt):
            self.interconnect = interconnect

        def launch(self, number):
            workers.append(FrozenWorker(number, last_words, delay * number))
            return workers[-1]

    monkeypatch.setattr(worker_jobs, "ForkLauncher", FrozenLauncher)
    configuration = Configuration.from_dict(
        {
            "pyflinkx.workers": "processes",
            "pyflinkx.workers.start-method": "fork",
            "heartbeat.timeout": "400 ms",
        }
    )
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(2)
    env.from_collection(records).rebalance().map(lambda x: x).print()
    with pytest.raises(JobExecutionError) as caught:
        env.execute()
    return workers, str(caught.value)


@pytest.mark.parametrize(
    ("last_words", "records"),
    [(b"", [1]), (struct.pack("!i", 1000) + b"half a message", [1]), (b"", [b"x" * 5_000_000])],
    ids=["silent", "stopped while it sent", "stopped while it was sent the job"],
)
def test_a_worker_that_stops_does_not_stop_the_job_manager(monkeypatch, last_words, records):
    _, failure = run_on_frozen_workers(monkeypatch, last_words, records)
    assert re.match(r"worker-[12] was lost: it did not answer for 0\.4 s", failure), failure


def test_a_worker_that_waits_for_others_to_start_is_not_silent(monkeypatch):
    workers, _ = run_on_frozen_workers(monkeypatch, b"", [1], delay=1)
    assert [Deploy in worker.heard for worker in workers] == [True, True]


def test_no_tasks_start_when_a_worker_was_lost_while_they_were_deployed(monkeypatch):
    workers, _ = run_on_frozen_workers(monkeypatch, b"", [b"x" * 5_000_000])
    assert workers[1].heard == [Shutdown]


def test_an_old_heartbeat_does_not_replace_the_metrics_of_an_ended_task():
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict({"pyflinkx.workers": "threads"}))
    env.from_collection([1]).print()
    job = env._job(env._graph("job"), None)
    job.master.start()
    attempt = WorkersAttempt(1, job, job.common(), job.placement)
    task = job.placement.plan.tasks[0].id
    worker = FrozenWorker(0, b"", 0)
    view = WorkerView(0, worker, [task], time.monotonic())
    for state in (ExecutionState.SCHEDULED, ExecutionState.DEPLOYING, ExecutionState.RUNNING):
        job.master.task_moved(task, state)
    worker.starting.join()
    worker.theirs.send_bytes(pack(1, Heartbeat({task: TaskMetrics(records_in=1)})))
    worker.theirs.send_bytes(pack(1, TaskReport(task, ExecutionState.FINISHED, None, TaskMetrics(records_in=3))))
    worker.theirs.send_bytes(pack(1, Heartbeat({task: TaskMetrics(records_in=2)})))
    for expected in (0, 1, 3, 3):
        attempt._receive(view)
        assert sum(metrics.records_in for metrics in attempt.metrics.values()) == expected
    worker.close()
