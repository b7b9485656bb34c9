"""pyflinkx as one of the engines: python -m bench.jobs.serve JOB ROWS FILE... (see bench/peers/serving.py)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from bench.peers.serving import Absent, serve


def version() -> str:
    from importlib.metadata import version

    return version("pyflinkx")


def make(tables: list[Any], rows: int) -> Callable[[], Any]:
    """The run of the job on the command line; where its API is not there yet, that is why it is absent."""
    from bench.jobs import limits, records

    job = sys.argv[1]
    jobs = {
        "W1": records.w1,
        "W10-W1": records.w1_on(1),
        "W10-W1/2": records.w1_on(2),
        "W8": records.w8,
        "W9": records.w9,
        **limits.JOBS,
    }
    if job not in jobs:
        from bench.jobs import columns

        jobs = columns.JOBS
    if job not in jobs:
        raise Absent(f"no {job} here")
    return jobs[job](tables, rows)


if __name__ == "__main__":
    serve(version, {sys.argv[1]: make})
