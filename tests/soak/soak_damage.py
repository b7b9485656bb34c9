"""Damages files of a checkpoint, and forges its pickles: soak_damage [--runs N] [--pickles M] [--seed S].

Each time one thing is done to one file (a bit flipped, a piece cut off, zeroed, moved or appended, a file removed or
swapped with another), then all is read: there has to be an error that names the file. Then M checkpoints with pickles
that somebody without the secret has made: each has to be refused, and none of the pickles to be loaded.
"""

import argparse
import collections
import random
import sys
import tempfile
import time

from pyflinkx.errors import UntrustedStateError
from tests.checkpoint.attacks import attack
from tests.checkpoint.damage import contents, damage, made_in, noticed


def damages(runs: int, rng: random.Random, folder: str) -> collections.Counter[str]:
    """What was done, and how often."""
    done: collections.Counter[str] = collections.Counter()
    for compressed in (False, True):
        storage, made = made_in(f"{folder}/{compressed}", compressed)
        sound = contents(storage, made.folder)
        for _ in range(runs // 2):
            kind, names, undo = damage(rng, made.folder)
            said = noticed(storage, made.folder)
            assert said is not None, f"{kind} of {names} was not noticed"
            assert any(name in said for name in names), f"{kind} of {names}: {said}"
            undo()
            done[kind] += 1
        assert contents(storage, made.folder) == sound
    return done


def forgeries(runs: int, rng: random.Random, folder: str) -> collections.Counter[str]:
    """Which forged pickles were refused, and how often."""
    done: collections.Counter[str] = collections.Counter()
    for number in range(runs):
        what, error, run = attack(folder, number, rng)
        assert isinstance(error, UntrustedStateError), f"{what}: {error!r}"
        assert not run, what
        done[what] += 1
    return done


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--pickles", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    rng = random.Random(chosen.seed)
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = damages(chosen.runs, rng, folder)
            refused = forgeries(chosen.pickles, rng, folder)
        except AssertionError:
            print(f"a case of seed {chosen.seed} failed", file=sys.stderr)
            raise
    each = ", ".join(f"{count} {kind}" for kind, count in sorted(done.items()))
    print(f"damage: {sum(done.values())} noticed, 0 not ({each})")
    print(f"pickles: {sum(refused.values())} refused in {len(refused)} forms, 0 loaded")
    print(f"{time.process_time() - start:.0f} s of processor time")


if __name__ == "__main__":
    main()
