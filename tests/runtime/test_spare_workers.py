"""Interpreters that wait to become workers of the next attempt."""

import contextlib
import os
import signal
import sys

import pytest

from pyflinkx.common import Configuration
from pyflinkx.datastream import MapFunction, StreamExecutionEnvironment
from pyflinkx.graph.execution_graph import JobState
from pyflinkx.runtime.control.process_handle import readable
from pyflinkx.runtime.control.spares import SpareWorkers
from tests.runtime.test_attempts import Once


class DiesOnce(MapFunction):
    """Kills its worker at the first record of the first attempt; writes down what the one of the second is like."""

    def __init__(self, folder):
        self.folder = folder

    def open(self, context):
        self.first = context.get_attempt_number() == 0

    def map(self, value):
        if self.first:
            (self.folder / "go").read_text()  # a pipe: once some wait
            os.kill(os.getpid(), signal.SIGKILL)
        told = [os.getpid(), os.getcwd(), os.environ.get("SET_LATER"), os.environ.get("GONE_LATER"), sys.path[-1]]
        (self.folder / "second").write_text("\n".join(map(str, told)))
        return value


def alive(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@pytest.mark.parametrize("transport", ["shared-memory", "sockets"])
def test_a_worker_that_waited_is_as_if_it_had_been_started_when_it_was_needed(tmp_path, monkeypatch, transport):
    os.mkfifo(tmp_path / "go")
    monkeypatch.setenv("GONE_LATER", "1")
    options = {
        "pyflinkx.workers": "processes",
        "pyflinkx.workers.transport": transport,
        "slotmanager.redundant-taskmanager-num": "2",
    }
    env = StreamExecutionEnvironment.get_execution_environment(Configuration.from_dict(options))
    env.set_parallelism(2).from_collection([1]).rebalance().map(DiesOnce(tmp_path)).print()
    job = env._job(env._graph("job"), None)
    job.master.restarts = Once()
    waited = set()
    for _ in job.steps():
        if job.spares.waiting and not waited:
            waited = {spare.pid for spare in job.spares.waiting}
            elsewhere = tmp_path / "elsewhere"
            elsewhere.mkdir()
            monkeypatch.chdir(elsewhere)
            monkeypatch.setenv("SET_LATER", "é")
            monkeypatch.delenv("GONE_LATER")
            monkeypatch.syspath_prepend(str(elsewhere))
            monkeypatch.setattr(sys, "path", [*sys.path, "last"])
            (tmp_path / "go").write_text("")
    assert job.state is JobState.FINISHED
    assert len(waited) == 2
    told = (tmp_path / "second").read_text().split("\n")
    assert int(told[0]) in waited
    assert told[1:] == [str(elsewhere), "é", "None", "last"]
    assert not job.spares.waiting
    with pytest.raises(ChildProcessError):
        os.waitpid(int(told[0]), os.WNOHANG)


def test_one_that_died_is_passed_over_and_the_rest_end_with_the_job():
    spares = SpareWorkers(2)
    before = set(os.listdir("/proc/self/fd"))
    spares.refill()
    pids = [spare.pid for spare in spares.waiting]
    dead = os.pidfd_open(pids[0])
    os.kill(pids[0], signal.SIGKILL)
    assert readable(dead, 60)
    os.close(dead)
    reading, writing = os.pipe()
    taken = spares.take((0, 1, "sockets", [], 0), [reading])
    assert taken is not None
    assert taken.pid == pids[1]
    assert not spares.waiting
    spares.waiting.append(taken)
    spares.close()
    os.close(reading)
    os.close(writing)
    assert not any(map(alive, pids))
    assert set(os.listdir("/proc/self/fd")) == before
    assert spares.take((0, 1, "sockets", [], 0), []) is None
