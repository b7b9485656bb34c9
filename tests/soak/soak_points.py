"""The small job at each fault point of checkpoints: soak_points [--pairs N] [--seed S] [--first R].

First a crash, an error and a delay at each point alone, then random pairs; each run must give what the job gives.
"""

import argparse
import random
import sys
import time
import traceback

from tests.reliability import points

ACTIONS = ("crash", "error", "delay:200")
# What has to fail for some points to be reached: a task that cannot write, a commit that the next attempt does again.
BEFORE = {
    "task.aborted": "snapshot.begun=error@3",
    "sink.commit-again": "sink.commit=error@2",
    "sink.committed-again": "sink.commit=error@2",
}


def runs(pairs, seed, only=""):
    """The texts of all runs, in their order."""
    chance = random.Random(seed)
    found = [point for point in points.all_points() if only in point]
    texts = [f"{point}={action}" for point in found for action in ACTIONS]
    for _ in range(pairs):
        some = chance.sample(found, 2)
        texts.append(",".join(f"{point}={chance.choice(ACTIONS)}@{chance.randint(1, 4)}" for point in some))
    return texts


def soak(pairs, seed, first, limit, only=""):
    """Do all runs; how many went wrong."""
    failed, done, reached, began = 0, 0, set(), time.monotonic()
    for number, text in enumerate(runs(pairs, seed, only)):
        if number < first:
            continue
        if time.monotonic() - began > limit:
            break
        done += 1
        besides = next((f",{what}" for point, what in BEFORE.items() if point in text), "")
        try:
            report = points.run(text + besides, seed=seed + number)
        except Exception:
            failed += 1
            traceback.print_exc()
            print(f"{text}: FAILED", flush=True)
            continue
        reached |= report.reached
        failed += not report.equal
        print(f"{text}: {'equal' if report.equal else f'DIFFERENT {report}'}, at {sorted(report.reached)}", flush=True)
    every = points.all_points()
    print(
        f"{done} runs, seed {seed}, {(time.monotonic() - began) / 60:.1f} min: {failed} failed; "
        f"{len(reached & set(every))} of {len(every)} points reached, not {sorted(set(every) - reached)}"
    )
    return failed


def main():
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--first", type=int, default=0, help="index of the first run")
    parser.add_argument("--only", default="", help="points whose names have this text in them")
    parser.add_argument("--limit", type=float, default=float("inf"), help="seconds after which no run begins")
    arguments = parser.parse_args()
    sys.exit(bool(soak(arguments.pairs, arguments.seed, arguments.first, arguments.limit, arguments.only)))


if __name__ == "__main__":
    main()
