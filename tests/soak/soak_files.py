"""The job of tests.reliability.files_job under random kills: soak_files [--kills N] [--seed S] [--limit SECONDS].

Each round runs the job once with another seed, until N workers or clients were killed in all.
"""

import argparse
import sys
import time
from collections import Counter

from pyflinkx.testing.kills import Faults, run_under_faults
from tests.reliability import files_job
from tests.reliability.test_files import OPTIONS

COUNT = 3_000


def soak(kills, seed, limit):
    """Run rounds; how many went wrong."""
    happened, failed, index, began = Counter(), 0, 0, time.monotonic()
    while sum(happened.values()) < kills and time.monotonic() - began < limit:
        faults = Faults(kills=12, failures=2, client_kills=2, gap=0.3, seed=seed + index)
        index += 1
        report = run_under_faults(
            files_job.program_of(COUNT), faults, files_job.expected(COUNT), OPTIONS, results=files_job.results
        )
        happened += report.happened
        failed += not report.equal
        lost, twice = sum(report.lost.values()), sum(report.duplicated.values())
        print(f"round {index} seed {faults.seed}: {dict(report.happened)}, lost {lost}, duplicated {twice}", flush=True)
    print(f"{index} rounds, {dict(happened)}, {failed} wrong, {time.monotonic() - began:.0f} s")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=7200)
    given = parser.parse_args()
    sys.exit(1 if soak(given.kills, given.seed, given.limit) else 0)


if __name__ == "__main__":
    main()
