"""A worker that was given up and lives on, as on a machine that cannot be reached: it changes nothing any more."""

import signal
import threading
from collections import Counter

from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.runtime.control.process_handle import ProcessHandle
from pyflinkx.testing.exactly_once import shown_records
from tests.reliability import small_job


def test_a_worker_that_was_stopped_and_goes_on_after_it_was_given_up(tmp_path, monkeypatch):
    """Instead of being killed it is continued; its files and words are those of an attempt that is over."""
    stopped, continued = [], []
    kill = ProcessHandle.kill

    def spared(handle):
        if handle.pid in stopped and handle.pid not in continued:
            continued.append(handle.pid)
            signal.pidfd_send_signal(handle.pidfd, signal.SIGCONT)
            return
        kill(handle)

    monkeypatch.setattr(ProcessHandle, "kill", spared)
    options = {
        "parallelism.default": "2",
        "pyflinkx.workers": "processes",
        "pyflinkx.workers.start-method": "fork",
        "pyflinkx.batch.size": "16",
        "execution.checkpointing.interval": "20 ms",
        "execution.checkpointing.dir": str(tmp_path / "checkpoints"),
        "execution.checkpointing.data-inline-threshold": "0 b",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "10",
        "restart-strategy.fixed-delay.delay": "0 ms",
        "heartbeat.interval": "100 ms",
        "heartbeat.timeout": "1 s",
    }
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    small_job.program(env, str(tmp_path))
    client = env.execute_async()
    job = client._thread.job
    result = client.get_job_execution_result()
    pause = threading.Event()
    while not result.done() and not (job.checkpoints.coordinator.statistics.completed and job.state.name == "RUNNING"):
        pause.wait(0.002)
    victim = job.current.workers[0].handle
    stopped.append(victim.pid)
    signal.pidfd_send_signal(victim.pidfd, signal.SIGSTOP)
    result.result()
    assert continued == stopped
    assert job.master.number == 2
    assert Counter(shown_records(tmp_path)) == Counter(small_job.expected())
