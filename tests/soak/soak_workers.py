"""Random jobs on workers that are killed, stopped and cancelled: soak_workers [--rounds N] [--seed S] [--first R].

Each round runs one job in one way and hurts one party at a random moment, or nobody. The job must end within 30 s with
the results of an inline run, or with the error that fits; afterwards no process, descriptor, thread, mapping or
temporary file may be left. A client that is killed cannot remove its own temporary folder: that one is excepted.
"""

import argparse
import contextlib
import ctypes
import faulthandler
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pyflinkx.connectors.discard import DiscardSink
from pyflinkx.errors import JobCancelledError, JobExecutionError
from pyflinkx.runtime.drivers import job_manager
from tests.soak.jobs import environment, random_stream

PR_SET_CHILD_SUBREAPER = 36
LIMIT = 30
# fault -> (weight, the errors that it may end with)
FAULTS = {
    "nothing": (20, ()),
    "worker killed": (30, ("was lost: killed by SIGKILL",)),
    "worker stopped": (18, ("was lost: it did not answer for",)),
    "cancelled": (12, ("was cancelled",)),
    "results closed": (6, ()),
    "client killed": (14, ()),
    "client stopped": (10, ()),
}


@dataclass(frozen=True)
class Round:
    """One job, how it runs, and what is done to it after ``moment`` seconds."""

    seed: int
    workers: int
    method: str
    transport: str
    fault: str
    moment: float

    @property
    def options(self):
        """The job's configuration."""
        options = {
            "pyflinkx.workers": "processes",
            "pyflinkx.workers.start-method": self.method,
            "pyflinkx.workers.transport": self.transport,
            "taskmanager.memory.segment-size": random.Random(self.seed).choice(["4 kb", "32 kb"]),
            "taskmanager.network.compression.codec": random.Random(self.seed + 1).choice(["NONE", "LZ4"]),
        }
        if self.fault in ("worker stopped", "client stopped"):
            options |= {"heartbeat.interval": "100 ms", "heartbeat.timeout": "1 s"}
        return options

    def stream(self):
        """The job's stream, in its way."""
        return random_stream(environment(self.options, self.workers), self.seed)

    def expected(self):
        """What the job must give."""
        inline = environment({"pyflinkx.workers": "inline"}, self.workers)
        return collect(random_stream(inline, self.seed))


def make_round(seed):
    """The round of a seed."""
    chance = random.Random(seed)
    names = list(FAULTS)
    return Round(
        seed,
        chance.choice([2, 4]),
        chance.choice(["spawn", "fork"]),
        chance.choice(["shared-memory", "sockets"]),
        chance.choices(names, [FAULTS[name][0] for name in names])[0],
        chance.choice([0.02, 0.3, 0.8, 1.5]) * chance.random(),
    )


def collect(stream):
    """The multiset of a stream's records."""
    with stream.execute_and_collect() as results:
        return Counter(results)


# ---- what is there ----


def children():
    """Processes of this one that run or were not waited for."""
    found = set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == os.getpid():
                    found.add(int(entry))
    return found


def held():
    """Children, descriptors, threads, shared mappings, and what this user has in /dev/shm and the temporary folder."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    shared = [path.name for path in Path("/dev/shm").glob("*pyflinkx*")]
    return {
        "children": children(),
        "descriptors": {fd for fd in os.listdir("/proc/self/fd") if Path(f"/proc/self/fd/{fd}").exists()},
        "threads": set(threading.enumerate()),
        "mappings": sum("memfd" in line for line in maps),
        "shared memory": set(shared),
        "temporary files": set(os.listdir(tempfile.gettempdir())),
    }


def signal_child(pid, number):
    """Send a signal, only if that is a child of this process; whether it was."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if pid not in children():
            return False
        signal.pidfd_send_signal(descriptor, number)
        return True
    finally:
        os.close(descriptor)


# ---- rounds in this process ----


def hurt_a_worker(plan, others, ended):
    """Some time after the first worker came to life, signal one of them, unless the job has ended before."""
    while not children() - others:
        if ended.wait(0.005):  # that a process was made signals nothing
            return
    if ended.wait(plan.moment):
        return
    workers = sorted(children() - others)
    if workers:
        victim = random.Random(plan.seed).choice(workers)
        signal_child(victim, signal.SIGKILL if plan.fault == "worker killed" else signal.SIGSTOP)


def run_here(plan):
    """Run the job and hurt a worker; the results, or None where they are of no interest."""
    if plan.fault == "cancelled":
        stream = plan.stream()
        stream.sink_to(DiscardSink())
        client = stream.get_execution_environment().execute_async()
        result = client.get_job_execution_result()
        threading.Event().wait(plan.moment)
        client.cancel().result()
        result.result()
        return None
    if plan.fault == "results closed":
        with plan.stream().execute_and_collect() as results:
            for _ in zip(range(random.Random(plan.seed).choice([0, 1, 5000])), results, strict=False):
                pass
        return None
    ended = threading.Event()
    attacker = threading.Thread(target=hurt_a_worker, args=(plan, children(), ended))
    if plan.fault != "nothing":
        attacker.start()
    try:
        return collect(plan.stream())
    finally:
        ended.set()
        if plan.fault != "nothing":
            attacker.join()


# ---- rounds in a process of their own ----


def be_client(plan):
    """Say that the job begins, run it, compare."""
    print("begins", flush=True)
    found = collect(plan.stream())
    print("same" if found == plan.expected() else "DIFFERENT", flush=True)


def run_client(plan):
    """Run a client and hurt it; when it is gone its workers go too."""
    arguments = [sys.executable, "-m", "tests.soak.soak_workers", "--client", str(plan.seed)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout.readline() == "begins\n"
        try:
            client.wait(plan.moment)
        except subprocess.TimeoutExpired:
            signal_child(client.pid, signal.SIGKILL if plan.fault == "client killed" else signal.SIGSTOP)
        if plan.fault == "client stopped":
            with contextlib.suppress(subprocess.TimeoutExpired):
                client.wait(1.5)  # longer than the heartbeats' timeout
            signal_child(client.pid, signal.SIGCONT)
        answer = client.stdout.read()
    if client.returncode != -signal.SIGKILL:
        assert (client.returncode, answer) == (0, "same\n"), (client.returncode, answer)
    while True:
        try:
            os.waitpid(-1, 0)  # workers whose client is gone are ours
        except ChildProcessError:
            break
    for folder in Path(tempfile.gettempdir()).glob("pyflinkx-*"):
        assert client.returncode == -signal.SIGKILL, f"{folder} is left"
        shutil.rmtree(folder)
    return "killed" if client.returncode else "success"


# ---- all of it ----


def run_round(plan):
    """How the round ended, in a word; raises what is wrong."""
    if plan.fault.startswith("client"):
        return run_client(plan)
    try:
        found = run_here(plan)
    except (JobExecutionError, JobCancelledError) as error:
        if not any(words in str(error) for words in FAULTS[plan.fault][1]):
            raise
        return type(error).__name__
    if found is not None:
        expected = plan.expected()
        assert found == expected, f"{sum((found - expected).values())} more, {sum((expected - found).values())} missing"
    return "success"


def soak(rounds, seed, first):
    """Run rounds; how many failed."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    job_manager.START_PATIENCE = 10.0  # a worker that is stopped while it starts is given up within the limit
    outcomes = Counter()
    failed = 0
    slowest = 0.0
    began = time.monotonic()
    for index in range(first, first + rounds):
        plan = make_round(seed * 1_000_000 + index)
        faulthandler.dump_traceback_later(2 * LIMIT, exit=True)
        before = held()
        started = time.monotonic()
        try:
            outcome = run_round(plan)
            for thread in set(threading.enumerate()) - before["threads"]:
                thread.join(LIMIT)
            elapsed = time.monotonic() - started
            slowest = max(slowest, elapsed)
            assert elapsed < LIMIT, f"it took {elapsed:.1f} s"
            after = held()
            left = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
            assert not left, left
        except Exception:
            failed += 1
            outcome = "FAILED"
            traceback.print_exc()
        faulthandler.cancel_dump_traceback_later()
        outcomes[plan.fault, outcome] += 1
        print(f"round {index}: {outcome} after {time.monotonic() - started:.1f} s: {plan}", flush=True)
    for (fault, outcome), count in sorted(outcomes.items()):
        print(f"{count:5} {fault}: {outcome}")
    minutes = (time.monotonic() - began) / 60
    print(f"{rounds} rounds, seed {seed}, {minutes:.1f} min, slowest {slowest:.1f} s, {failed} failed")
    return failed


def main():
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--first", type=int, default=0, help="index of the first round")
    parser.add_argument("--client", type=int, help="be the client of the round with this seed")
    arguments = parser.parse_args()
    if arguments.client is not None:
        be_client(make_round(arguments.client))
        return
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        failed = soak(arguments.rounds, arguments.seed, arguments.first)
        tempfile.tempdir = None
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
