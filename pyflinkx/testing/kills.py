"""Runs a job while its processes are killed, stopped and failed at random moments, and compares what it gave."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyflinkx.errors import PyflinkxError, WaitTimeoutError
from pyflinkx.faults import ONCE_VARIABLE, VARIABLE
from pyflinkx.runtime.control.interpreters import parent_to_follow
from pyflinkx.runtime.control.pickles import dump_by_value
from pyflinkx.testing.exactly_once import first_records, shown_records
from pyflinkx.testing.killed_client import CHECKPOINTS, CLIENT_KILLED, FAILED, FAULTS, KILLED, STOPPED, Orders

Program = Callable[[Any, str], object]

DEFAULTS = {
    "execution.checkpointing.interval": "50 ms",
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": "2147483647",
    "restart-strategy.fixed-delay.delay": "0 ms",
    "heartbeat.interval": "200 ms",
    "heartbeat.timeout": "2 s",
}
LAST_LINES = 40
POINTS = "points"


class KilledJobError(PyflinkxError):
    """A job under faults failed by itself, or did not come to its end."""


@dataclass(frozen=True)
class Faults:
    """What is done to a job, in an order and at moments that the seed decides.

    Args:
        kills: how often a worker is killed.
        stops: how often a worker is stopped for longer than ``heartbeat.timeout``, and then continued.
        failures: how often an attempt is failed from within its client.
        client_kills: how often the program itself is killed with all its workers, and started again from the newest
            checkpoint.
        gap: seconds; each fault comes at most so long after the one before, or after what it waits for: until all tasks
            run again, until another checkpoint is complete, or nothing.
        seed: decides order, moments and victims.
        points: what happens at named places of the engine, in the form of PYFLINKX_FAULTS, each once in the whole job.
    """

    kills: int = 0
    stops: int = 0
    failures: int = 0
    client_kills: int = 0
    gap: float = 0.5
    seed: int = 0
    points: str = ""

    def order(self) -> list[str]:
        """The faults, in their order."""
        kinds = [KILLED] * self.kills + [STOPPED] * self.stops
        kinds += [FAILED] * self.failures + [CLIENT_KILLED] * self.client_kills
        random.Random(self.seed).shuffle(kinds)
        return kinds


@dataclass(frozen=True)
class FaultReport:
    """What became of a job under faults.

    Args:
        faults: that were asked for.
        happened: how many of each kind did before the job had ended.
        records: how many it gave.
        lost: records that the undisturbed job gives and this one did not.
        duplicated: records that it gave, and should not have, or more often than it should.
        recoveries: seconds from each fault to the first record that a writer of a later attempt got.
        checkpoints: how many were completed by the clients that came to their end.
        reached: the named places at which something happened.
    """

    faults: Faults
    happened: Counter[str]
    records: int
    lost: Counter[Any]
    duplicated: Counter[Any]
    recoveries: list[float] = field(default_factory=list)
    checkpoints: int = 0
    reached: frozenset[str] = frozenset()

    @property
    def equal(self) -> bool:
        """Whether it gave what the undisturbed job gives."""
        return not self.lost and not self.duplicated

    def recovery(self, quantile: float) -> float:
        """Seconds that a share of the recoveries took at most; NaN when there were none.

        Args:
            quantile: the share, such as 0.5 or 0.99.
        """
        times = sorted(self.recoveries)
        return times[min(int(quantile * len(times)), len(times) - 1)] if times else float("nan")

    def check(self) -> FaultReport:
        """The report itself.

        Raises:
            AssertionError: records were lost or duplicated; the message has some of them, and the seed.
        """
        if not self.equal:
            raise AssertionError(
                f"{sum(self.lost.values())} records lost, {sum(self.duplicated.values())} duplicated of "
                f"{self.records} under {self.faults}; lost {self.lost.most_common(5)}, duplicated "
                f"{self.duplicated.most_common(5)}"
            )
        return self


def run_under_faults(
    program: Program,
    faults: Faults,
    expected: Iterable[Any] | None = None,
    configuration: Mapping[str, str] | None = None,
    folder: str | None = None,
    results: Callable[[str], Iterable[Any]] = shown_records,
    timeout: float = 300,
) -> FaultReport:
    """Run a job in a process of its own, do to it what ``faults`` says, and compare what it gave.

    Args:
        program: ``program(env, folder)`` builds the job on an environment, with a sink that writes below the folder:
            an ExactlyOnceSink, or another one that ``results`` can read. It must give the same records in each run. A
            function of a module, or one that can be pickled by value.
        faults: what is done to the job.
        expected: the records that it has to give; None to find out by a run without faults.
        configuration: further options, such as ``{"parallelism.default": "2"}``. Unless it says otherwise, checkpoints
            come every 50 ms, workers are given up after 2 s without a heartbeat, and attempts follow without an end.
        folder: for the job's files, empty; None for a temporary one.
        results: reads what the sink has shown below the folder.
        timeout: seconds that one process of the program may take.

    Returns:
        What was lost and duplicated, and how long recoveries took.

    Raises:
        KilledJobError: the job failed by itself; the message has what it printed last.
        WaitTimeoutError: it took longer than ``timeout``.

    Example:
        >>> report = run_under_faults(program, Faults(kills=10, seed=7))  # doctest: +SKIP
        >>> report.check().recovery(0.5)  # doctest: +SKIP
        0.61
    """
    options = {**DEFAULTS, **(configuration or {})}
    with contextlib.ExitStack() as stack:
        if expected is None:
            undisturbed = stack.enter_context(tempfile.TemporaryDirectory(prefix="pyflinkx-"))
            KilledJob(program, Faults(seed=faults.seed), options, undisturbed, timeout).run()
            expected = results(undisturbed)
        if folder is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pyflinkx-"))
        job = KilledJob(program, faults, options, os.path.abspath(folder), timeout)
        job.run()
        given, wanted = counted(results(job.folder)), counted(expected)
        return FaultReport(
            faults=faults,
            happened=Counter(kind for kind, _ in job.happened()),
            records=sum(given.values()),
            lost=wanted - given,
            duplicated=given - wanted,
            recoveries=recoveries([time for _, time in job.happened()], first_records(job.folder)),
            checkpoints=job.checkpoints,
            reached=job.reached(),
        )


def counted(records: Iterable[Any]) -> Counter[Any]:
    """How often each record came; those that cannot be hashed by how they print."""
    counts: Counter[Any] = Counter()
    for record in records:
        try:
            counts[record] += 1
        except TypeError:
            counts[repr(record)] += 1
    return counts


def recoveries(faults: list[float], firsts: list[float]) -> list[float]:
    """Seconds from each fault to the first record behind it, of those faults that no other came before it."""
    times = []
    for index, fault in enumerate(faults):
        first = next((time for time in firsts if time > fault), None)
        later = faults[index + 1] if index + 1 < len(faults) else float("inf")
        if first is not None and first < later:
            times.append(first - fault)
    return times


class KilledJob:
    """Runs the program, again and again while it is killed.

    Args:
        program: builds the job.
        faults: what is done to it.
        options: of its configuration.
        folder: for all files.
        timeout: seconds that one process may take.
    """

    def __init__(
        self, program: Program, faults: Faults, options: Mapping[str, str], folder: str, timeout: float
    ) -> None:
        self.program = program
        self.faults = faults
        self.folder = folder
        self.timeout = timeout
        self.options = {"execution.checkpointing.dir": os.path.join(folder, CHECKPOINTS), **options}
        self.runs = 0
        self.checkpoints = 0

    def happened(self) -> list[tuple[str, float]]:
        """The faults so far, each with its time (seconds since the epoch)."""
        path = os.path.join(self.folder, FAULTS)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [(kind, time) for kind, time in map(json.loads, file)]

    def reached(self) -> frozenset[str]:
        """The named places at which something has happened."""
        return frozenset(os.listdir(os.path.join(self.folder, POINTS)))

    def run(self) -> None:
        """Until the job has come to its end."""
        while not self._run_once():
            pass

    def _run_once(self) -> bool:
        """Start the program; whether it came to its end, and was not killed by us."""
        points = os.path.join(self.folder, POINTS)
        os.makedirs(points, exist_ok=True)
        done, reached = self.happened(), self.reached()
        options = dict(self.options)
        newest = newest_checkpoint(os.path.join(self.folder, CHECKPOINTS))
        if newest is not None:
            options["execution.state-recovery.path"] = newest
        orders = Orders(
            self.program, self.folder, options, self.faults.order()[len(done) :], self.faults.gap, self._seed(len(done))
        )
        self.runs += 1
        log = os.path.join(self.folder, f"client-{self.runs}.log")
        file = os.path.join(self.folder, "orders")
        with open(file, "wb") as written:
            written.write(dump_by_value((sys.path, dump_by_value(orders))))
        with open(log, "wb") as output:
            client = subprocess.Popen(
                [sys.executable, "-m", "pyflinkx.testing.killed_client", file, str(parent_to_follow())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                    VARIABLE: self.faults.points,
                    ONCE_VARIABLE: points,
                },
            )
            try:
                code = client.wait(self.timeout)
            except subprocess.TimeoutExpired:
                client.send_signal(signal.SIGUSR1)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    client.wait(1)
                end_session(client)
                raise WaitTimeoutError(
                    f"the program took longer than {self.timeout:g} s under {self.faults}, after "
                    f"{self.happened()[-3:]}:\n{tail(log)}"
                ) from None
            except BaseException:
                end_session(client)
                raise
        now = self.happened()
        killed = len(now) > len(done) and now[-1][0] == CLIENT_KILLED
        if code == -signal.SIGKILL and (killed or self.reached() > reached):
            end_session(client)
            return False
        if code != 0:
            raise KilledJobError(f"the program ended with {code} under {self.faults}, after {now[-3:]}:\n{tail(log)}")
        found = re.search(r"^checkpoints: (\d+)$", tail(log), re.MULTILINE)
        self.checkpoints += int(found[1]) if found else 0
        return True

    def _seed(self, done: int) -> int:
        return self.faults.seed * 1_000_003 + done


def newest_checkpoint(folder: str) -> str | None:
    """The checkpoint of the highest number below a folder of checkpoints, of whichever job; None if there is none."""
    found = []
    for above, _, files in os.walk(folder):
        match = re.fullmatch(r"chk-(\d+)", os.path.basename(above))
        if match and "_metadata" in files:
            found.append((int(match[1]), above))
    return max(found)[1] if found else None


def end_session(client: subprocess.Popen[bytes]) -> None:
    """Kill a program and its workers."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(client.pid, signal.SIGKILL)
    client.wait()


def tail(path: str) -> str:
    """The last lines of a file."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-LAST_LINES:])
