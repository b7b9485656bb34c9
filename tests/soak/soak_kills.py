"""The job of tests.reliability under random faults: soak_kills [--kills N] [--seed S] [--first R] [--backend B].

Each round runs the job once, on 2 to 4 workers or inline, with another seed, until N workers were killed in all.
"""

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from functools import partial

from pyflinkx.testing.kills import KILLED, FaultReport, Faults, run_under_faults
from tests.reliability import full_job

COUNT = 3_000
BACKENDS = ["hashmap", "rocksdb", "rocksdb incremental"]


def run_round(seed, backend=None, method=None):
    """One job, and what the seed does to it."""
    chance = random.Random(seed)
    backend = backend or chance.choice(BACKENDS)
    workers = chance.choice([1, 2, 2, 2, 3, 3, 4])
    options = {
        "parallelism.default": str(workers),
        "pyflinkx.workers": "inline" if workers == 1 else "processes",
        "pyflinkx.workers.start-method": method or chance.choice(["spawn", "fork", "fork", "fork"]),
        "pyflinkx.workers.transport": chance.choice(["shared-memory", "sockets"]),
        "execution.checkpointing.interval": chance.choice(["20 ms", "50 ms", "200 ms"]),
        "execution.checkpointing.snapshot-compression": chance.choice(["true", "false"]),
        "execution.checkpointing.data-inline-threshold": chance.choice(["0 b", "20 kb", "1 mb"]),
        "execution.checkpointing.unaligned.enabled": chance.choice(["true", "false"]),
        "pyflinkx.batch.size": chance.choice(["16", "100", "1024"]),
        "state.backend.type": backend.split()[0],
        "execution.checkpointing.incremental": str("incremental" in backend).lower(),
        "heartbeat.interval": "200 ms",
        "heartbeat.timeout": "2 s",
    }
    many = 0 if workers == 1 else chance.randint(10, 25)
    faults = Faults(
        kills=many,
        stops=0 if workers == 1 else chance.randint(0, 3),
        failures=chance.randint(0, 6 if workers == 1 else 2),
        client_kills=chance.randint(0, 6),
        gap=chance.choice([0.1, 0.2, 0.5]),
        seed=seed,
    )
    options["execution.checkpointing.incremental"] = chance.choice(["true", "false"])  # of RocksDB alone
    options["execution.checkpointing.num-retained"] = chance.choice(["1", "3"])
    program = partial(full_job.program, count=COUNT)
    return run_under_faults(program, faults, full_job.expected(COUNT), options, timeout=400)


def soak(kills, seed, first, limit, backend=None, method=None):
    """Run rounds; how many went wrong."""
    happened, lost, duplicated, recoveries = Counter(), 0, 0, []
    failed, index, began = 0, first, time.monotonic()
    while happened[KILLED] < kills and time.monotonic() - began < limit:
        started = time.monotonic()
        try:
            report = run_round(seed * 1_000_000 + index, backend, method)
        except Exception:
            failed += 1
            traceback.print_exc()
            print(f"round {index}: FAILED", flush=True)
        else:
            happened += report.happened
            lost += sum(report.lost.values())
            duplicated += sum(report.duplicated.values())
            recoveries += report.recoveries
            failed += not report.equal
            outcome = (
                "equal"
                if report.equal
                else f"DIFFERENT {report.lost.most_common(3)} {report.duplicated.most_common(3)}"
            )
            print(f"round {index}: {outcome}, {time.monotonic() - started:.1f} s, {dict(report.happened)}", flush=True)
        index += 1
    total = FaultReport(Faults(), happened, 0, Counter(), Counter(), recoveries)
    print(
        f"{index - first} rounds, seed {seed}, {(time.monotonic() - began) / 60:.1f} min: {dict(happened)}; "
        f"{lost} lost, {duplicated} duplicated, {failed} rounds failed; recovery p50 {total.recovery(0.5):.2f} s, "
        f"p99 {total.recovery(0.99):.2f} s of {len(recoveries)}"
    )
    return failed


def main():
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--first", type=int, default=0, help="index of the first round")
    parser.add_argument("--limit", type=float, default=float("inf"), help="seconds after which no round begins")
    parser.add_argument("--backend", choices=BACKENDS, help="of state; by the seed when left out")
    parser.add_argument("--start-method", choices=["spawn", "fork"], help="of workers; by the seed when left out")
    arguments = parser.parse_args()
    limits = arguments.kills, arguments.seed, arguments.first, arguments.limit
    sys.exit(bool(soak(*limits, arguments.backend, arguments.start_method)))


if __name__ == "__main__":
    main()
