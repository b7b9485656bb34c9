"""The JobManager with workers that behave as no real one would at the right moment."""

import struct
import time
from multiprocessing.connection import Pipe

import pytest

from pyflinkx.common import Configuration
from pyflinkx.datastream import StreamExecutionEnvironment
from pyflinkx.errors import JobExecutionError
from pyflinkx.runtime import local_cluster
from pyflinkx.runtime.messages import Registered


class FrozenWorker:
    """Registers, says what it is told to, and is heard of no more; it reads nothing."""

    outputs = ()

    def __init__(self, number, last_words):
        self.name = f"worker-{number + 1}"
        self.connection, self.theirs = Pipe()
        self.theirs.send(Registered(1))
        with open(self.theirs.fileno(), "wb", closefd=False) as stream:
            stream.write(last_words)
        self.killed = False

    def ended(self):
        return "killed by SIGKILL" if self.killed else None

    def wait(self, timeout):
        return self.killed

    def kill(self):
        self.killed = True

    def close(self):
        self.connection.close()
        self.theirs.close()


def run_on_frozen_workers(monkeypatch, last_words, records):
    class FrozenLauncher:
        def __init__(self, interconnect):
            pass

        def launch(self, number):
            return FrozenWorker(number, last_words)

    monkeypatch.setattr(local_cluster, "ForkLauncher", FrozenLauncher)
    configuration = Configuration.from_dict(
        {
            "pyflinkx.workers": "processes",
            "pyflinkx.workers.start-method": "fork",
            "heartbeat.timeout": "400 ms",
        }
    )
    env = StreamExecutionEnvironment.get_execution_environment(configuration).set_parallelism(2)
    env.from_collection(records).rebalance().map(lambda x: x).print()
    env.execute()


@pytest.mark.parametrize(
    ("last_words", "records"),
    [(b"", [1]), (struct.pack("!i", 1000) + b"half a message", [1]), (b"", [b"x" * 5_000_000])],
    ids=["silent", "stopped while it sent", "stopped while it was sent the job"],
)
def test_a_worker_that_stops_does_not_stop_the_job_manager(monkeypatch, last_words, records):
    started = time.monotonic()
    with pytest.raises(JobExecutionError, match=r"worker-1 was lost: it did not answer for 0\.4 s"):
        run_on_frozen_workers(monkeypatch, last_words, records)
    assert time.monotonic() - started < 30
