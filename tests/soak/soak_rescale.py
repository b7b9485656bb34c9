"""The job of tests.reliability at 1, 2, 4, 3 and 1 subtasks: soak_rescale [--rounds N] [--seed S] [--only TEXT].

In each cell of what it leaves (savepoint or checkpoint), aligned and unaligned, state backend, compression, and
subtasks in threads or worker processes; each run ends behind some of its checkpoints.
"""

import argparse
import itertools
import random
import sys
import tempfile
import time
import traceback

from tests.reliability.rescaling import CHECKPOINT, SAVEPOINT, Cell, EndedError, rescale

BACKENDS = ("hashmap", "rocksdb", "rocksdb incremental")
# Those with worker processes come first, as a process that has used RocksDB itself must not be forked.
CELLS = [
    Cell(*each, workers)
    for workers, *each in itertools.product(
        ("processes", "threads"), (CHECKPOINT, SAVEPOINT), (False, True), BACKENDS, (False, True)
    )
]
MOST_CHECKPOINTS = 6


def rescaled(cell, checkpoints):
    """Rescale the job; behind fewer checkpoints where it came to its end before."""
    while True:
        try:
            with tempfile.TemporaryDirectory(prefix="pyflinkx-") as folder:
                return rescale(cell, folder, checkpoints)
        except EndedError:
            if max(checkpoints) == 1:
                raise
            checkpoints[:] = [max(each // 2, 1) for each in checkpoints]


def soak(rounds, seed, only):
    """Go through all cells, so often; how many went wrong."""
    failed, frames, began = 0, 0, time.monotonic()
    cells = [cell for cell in CELLS if only in str(cell)]
    for (index, cell), number in itertools.product(enumerate(cells), range(rounds)):
        chance = random.Random(f"{seed} {number} {index}")
        checkpoints = [chance.randint(1, MOST_CHECKPOINTS) for _ in range(4)]
        started = time.monotonic()
        try:
            lost, duplicated, found = rescaled(cell, checkpoints)
        except Exception:
            failed += 1
            traceback.print_exc()
            print(f"{cell}, behind {checkpoints}: FAILED", flush=True)
            continue
        frames += found
        equal = not lost and not duplicated
        failed += not equal
        outcome = "equal" if equal else f"DIFFERENT, lost {lost.most_common(3)}, twice {duplicated.most_common(3)}"
        took = time.monotonic() - started
        print(f"{cell}, behind {checkpoints}: {outcome}; {found} frames on their way, {took:.1f} s", flush=True)
    print(
        f"{rounds} x {len(cells)} cells, seed {seed}, {(time.monotonic() - began) / 60:.1f} min: {failed} failed; "
        f"{frames} frames were on their way"
    )
    return failed


def main():
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--only", default="", help="cells whose names have this text in them")
    arguments = parser.parse_args()
    sys.exit(bool(soak(arguments.rounds, arguments.seed, arguments.only)))


if __name__ == "__main__":
    main()
