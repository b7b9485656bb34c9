"""Measures pyflinkx and its peers in one run, and writes one table of ratios.

Run: python -m bench.run [--quick] [--page] [--jobs W1,W2] [--peers duckdb,polars] [--scale 0.5] [--turns 5]

All engines of a job take turns, each in a process that has its input in memory; every answer is held against one that
NumPy computed. Ratios are of the rates of one turn, and the table gives their median, least and largest. The peers are
installed by ci/peers.sh; one that is not there, fails, hangs or answers wrongly is told as absent, with the reason.
Results go to build/bench/results.json; with --page also into docs/performance.md and docs/performance.svg.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from bench.engines import ROOT, Engine
from bench.jobs.answers import answer, difference
from bench.jobs.data import data_file
from bench.plan import CASES, FAST_PEERS, LATENCY, LIMITS, PEERS, Case, Limit
from bench.report import Report, write_page

# Fewer rows than this say more about starting a job than about running it.
FEWEST_ROWS = 20_000
QUICK = {"scale": 0.1, "turns": 3, "seconds": 10}


@dataclass
class Options:
    jobs: list[str]
    peers: list[str]
    scale: float
    turns: int
    seconds: int
    page: bool


@dataclass
class Seen:
    """Rates of one engine (rows/s, a turn each), or why there are none."""

    engine: str
    version: str
    rows: int
    why_absent: str = ""
    rates: list[float] = field(default_factory=list)
    cpu_rates: list[float] = field(default_factory=list)
    figures: list[dict[str, float]] = field(default_factory=list)


def parse(arguments: list[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*(case.name for case in CASES), LATENCY.name, *(limit.name for limit in LIMITS)]
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, 3 turns, peers that start fast")
    parser.add_argument("--page", action="store_true", help="write docs/performance.md and .svg")
    parser.add_argument("--jobs", help=f"of {','.join(names)}; all by default")
    parser.add_argument("--peers", help=f"of {','.join(PEERS)}")
    parser.add_argument("--scale", type=float, help="of the number of rows")
    parser.add_argument("--turns", type=int, help="of each engine, 5 by default")
    given = parser.parse_args(arguments)
    jobs = given.jobs.split(",") if given.jobs else names
    peers = given.peers.split(",") if given.peers else FAST_PEERS if given.quick else PEERS
    for name, known in [*((job, names) for job in jobs), *((peer, PEERS) for peer in peers)]:
        if name not in known:
            parser.error(f"{name!r} is none of {', '.join(known)}")
    scale = given.scale or (QUICK["scale"] if given.quick else 1.0)
    turns = given.turns or (int(QUICK["turns"]) if given.quick else 5)
    return Options(jobs, peers, scale, turns, int(QUICK["seconds"] if given.quick else LATENCY.seconds), given.page)


def scaled(rows: int, scale: float) -> int:
    """Whole thousands of rows, not fewer than say something."""
    return max(int(rows * scale) // 1000 * 1000, min(rows, FEWEST_ROWS))


def run_case(case: Case, options: Options) -> list[Seen]:
    """pyflinkx, then the peers that are wanted."""
    full = scaled(case.rows, options.scale)
    paths = [str(data_file(name, full)) for name in case.files]
    engines = [Engine("pyflinkx", case.job, full, paths)]
    for peer, most in case.peers.items():
        if peer in options.peers or peer == "self":
            rows = min(full, scaled(most, options.scale))
            engines.append(Engine(peer, case.against or case.name, rows, paths))
    take_turns(engines, options.turns)
    expected = {rows: answer(case.job, paths, rows) for rows in {engine.rows for engine in engines}}
    # A join reads both sides.
    sides = len(paths) if case.name == "W6" else 1
    return [judged(engine, expected[engine.rows], engine.rows * sides) for engine in engines]


def take_turns(engines: list[Engine], turns: int, warm: bool = True) -> None:
    try:
        for engine in engines:
            engine.start()
            if warm:
                engine.turn(counted=False)
        for _ in range(turns):
            for engine in engines:
                engine.turn()
    finally:
        for engine in engines:
            engine.stop()


def judged(engine: Engine, expected: dict[str, Any], rows: int) -> Seen:
    """What an engine did, or that its answer was wrong."""
    seen = Seen(engine.name, engine.version, rows, engine.why_absent)
    for turn in engine.turns:
        wrong = difference(expected, turn.answer)
        if wrong is not None and not seen.why_absent:
            seen.why_absent = f"wrong answer: {wrong}"
    if not seen.why_absent:
        # A job on workers tells its own time, without the start of its processes.
        seen.rates = [rows / turn.answer.get("seconds", turn.seconds) for turn in engine.turns]
        seen.cpu_rates = [rows / max(turn.cpu, 1e-9) for turn in engine.turns]
    return seen


def run_latency(options: Options) -> list[Seen]:
    """One long run of each."""
    rows = 10_000 * options.seconds
    names = ["pyflinkx", *(peer for peer in LATENCY.peers if peer in options.peers)]
    seen = []
    for name in names:
        engine = Engine(name, LATENCY.name, rows, [])
        take_turns([engine], 1, warm=False)
        figures = [turn.answer for turn in engine.turns]
        seen.append(Seen(name, engine.version, rows, engine.why_absent, figures=figures))
    return seen


def run_limit(limit: Limit, options: Options) -> Seen:
    rows = scaled(limit.rows, options.scale) if limit.rows else 0
    engine = Engine("pyflinkx", limit.name, rows, [str(data_file(name, rows)) for name in limit.files])
    take_turns([engine], options.turns)
    figures = [turn.answer for turn in engine.turns]
    return Seen("pyflinkx", engine.version, rows, engine.why_absent, figures=figures)


def machine() -> dict[str, Any]:
    """What the figures were seen on."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "commit": commit.stdout.strip(),
        "date": time.strftime("%Y-%m-%d"),
    }


def main() -> None:
    options = parse()
    started = time.monotonic()
    report = Report(machine(), options.scale, options.turns)
    for case in CASES:
        if case.name in options.jobs:
            say(started, case.name)
            report.add_case(case, run_case(case, options))
    if LATENCY.name in options.jobs:
        say(started, LATENCY.name)
        report.add_latency(run_latency(options))
    for limit in LIMITS:
        if limit.name in options.jobs:
            say(started, limit.name)
            report.add_limit(limit, run_limit(limit, options))
    report.machine["minutes"] = round((time.monotonic() - started) / 60, 1)
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(report.data(), indent=1) + "\n")
    text = report.text()
    (folder / "results.md").write_text(text)
    print(text)
    if options.page:
        write_page(report)


def say(started: float, name: str) -> None:
    print(f"{time.monotonic() - started:6.0f} s  {name}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
