"""The process in which ``testing.kills`` runs a program: a thread of it does to the job what it was ordered to."""

from __future__ import annotations

import faulthandler
import json
import os
import pickle
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyflinkx.config.values import parse_duration
from pyflinkx.faults import InjectedFault
from pyflinkx.runtime.control.worker_process import end_with
from pyflinkx.testing.exactly_once import append_line

KILLED = "worker killed"
STOPPED = "worker stopped"
FAILED = "attempt failed"
CLIENT_KILLED = "client killed"

FAULTS = "faults"
CHECKPOINTS = "checkpoints"
GLANCE = 0.002  # seconds between two looks at the job


@dataclass(frozen=True)
class Orders:
    """What this process does.

    Args:
        program: builds the job.
        folder: for all files.
        options: of the job's configuration.
        faults: kinds, in their order.
        gap: longest time (s) before each.
        seed: of moments and victims.
    """

    program: Callable[[Any, str], object]
    folder: str
    options: dict[str, str]
    faults: list[str]
    gap: float
    seed: int


class Attacker:
    """Carries out the faults, one after the other, while the job runs.

    Args:
        orders: which.
        job: the running job.
    """

    def __init__(self, orders: Orders, job: Any) -> None:
        self.orders = orders
        self.job = job
        self.chance = random.Random(orders.seed)
        # Once its checkpoints are removed, a job that has finished would be started from its beginning.
        self.ending = threading.Lock()
        self.ended = False
        end = job.checkpoints.job_ended

        def job_ended(state: Any) -> None:
            with self.ending:
                self.ended = True
            end(state)

        job.checkpoints.job_ended = job_ended
        self.timeout = seconds(orders.options.get("heartbeat.timeout", "50 s"))

    def run(self) -> None:
        """Until all have happened, or the process ends."""
        for kind in self.orders.faults:
            self._await()
            self._pause(self.chance.uniform(0, self.orders.gap))
            while not self._happen(kind):
                self._pause(GLANCE)

    def _await(self) -> None:
        """Wait until the job has come somewhere again, or not at all."""
        mode = self.chance.choice(["anyhow", "running", "running", "checkpoint"])
        before = self._completed()
        while (mode != "anyhow" and self.job.state.name != "RUNNING") or (
            mode == "checkpoint" and self._completed() == before
        ):
            self._pause(GLANCE)

    def _completed(self) -> int:
        completed: int = self.job.checkpoints.coordinator.statistics.completed
        return completed

    def _pause(self, duration: float) -> None:
        time.sleep(duration)

    def _happen(self, kind: str) -> bool:
        """Have a fault happen; False when there is nobody to suffer it now."""
        if kind == CLIENT_KILLED:
            with self.ending:
                if self.ended:
                    return False
                self._note(kind)
                os.killpg(0, signal.SIGKILL)
        if kind == FAILED:
            if self.job.state.name != "RUNNING":
                return False
            self._note(kind)
            self.job.post(fail)
            return True
        handles = [handle for handle in self._workers() if handle.pidfd >= 0]
        if not handles:
            return False
        victim = self.chance.choice(handles)
        if kind == KILLED:
            if not tell(victim, signal.SIGKILL):
                return False
            self._note(kind)
            return True
        if not tell(victim, signal.SIGSTOP):
            return False
        self._note(kind)
        self._pause(self.timeout * self.chance.uniform(0.9, 1.3))
        tell(victim, signal.SIGCONT)
        return True

    def _workers(self) -> list[Any]:
        attempt = getattr(self.job, "current", None)
        return [] if attempt is None else [view.handle for view in attempt.workers if hasattr(view.handle, "pidfd")]

    def _note(self, kind: str) -> None:
        append_line(os.path.join(self.orders.folder, FAULTS), json.dumps([kind, time.time()]))


def tell(worker: Any, number: int) -> bool:
    """Send a worker a signal; whether it is still there."""
    try:
        signal.pidfd_send_signal(worker.pidfd, number)
    except OSError:  # it has ended, and its descriptor may be closed
        return False
    return True


def fail() -> None:
    """What fails an attempt.

    Raises:
        InjectedFault: always.
    """
    raise InjectedFault("an attempt is failed by a test")


def seconds(duration: str) -> float:
    """A duration of a configuration."""
    return parse_duration(duration) / 1000


def main() -> None:
    """Run the program as ordered."""
    end_with(int(sys.argv[2]))
    faulthandler.register(signal.SIGUSR1)  # says where it stands, before it is given up
    with open(sys.argv[1], "rb") as file:
        path, packed = pickle.load(file)
    sys.path[:] = path
    orders: Orders = pickle.loads(packed)

    from pyflinkx.common import Configuration
    from pyflinkx.datastream import StreamExecutionEnvironment

    configuration = Configuration()
    for key, value in orders.options.items():
        configuration.set_string(key, value)
    env = StreamExecutionEnvironment.get_execution_environment(configuration)
    orders.program(env, orders.folder)
    client = env.execute_async("under faults")
    job = client._thread.job
    threading.Thread(target=Attacker(orders, job).run, name="attacker", daemon=True).start()
    client.get_job_execution_result().result()
    assert job.checkpoints is not None
    print(f"checkpoints: {job.checkpoints.coordinator.statistics.completed}", flush=True)


if __name__ == "__main__":
    main()
